"""``photonrig flash``: command and options."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from photonrig.build.toolchain import Toolchain
from photonrig.cli.command import Command
from photonrig.cli.values import FILE, FOLDER, TEXT, OneOf


def _variants() -> Iterable[str]:
    from photonrig.build.variants import VARIANTS

    return VARIANTS


class _Firmware(click.ParamType[str | Path, Any]):
    """A variant's name, or the path of a project, a source file or a ``.bin``."""

    name = "firmware"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | Path:
        """Take the name of a variant for it, and what looks like a path for one."""
        text = str(value)
        if text in _variants():
            return text
        if "/" in text or text.endswith((".bin", ".ino", ".cpp", ".c")) or Path(text).exists():
            return FILE.convert(value, param, ctx)
        return OneOf(_variants).convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
        """Variants with this beginning; files if there is none."""
        return OneOf(_variants).shell_complete(ctx, param, incomplete) or FILE.shell_complete(ctx, param, incomplete)


@click.command(
    cls=Command,
    examples=(
        "flash roller",
        "flash firmware/blind --watch",
        "flash blink.ino --libraries ../libraries",
        "flash tinker.bin --slot 3 --rig lab.toml --by dfu",
    ),
)
@click.argument("what", metavar="VARIANT|PATH", type=_Firmware())
@click.option("--slot", type=TEXT, metavar="NAME", default="1", help="Slot of the bench.")
@click.option(
    "--rig",
    type=FILE,
    help="File that describes the bench.  [default: rig.toml; without one, a virtual Photon]",
)
@click.option(
    "--by",
    type=OneOf(lambda: ("cloud", "serial", "dfu")),
    metavar="WAY",
    default="cloud",
    help="Way into the device: cloud, serial or dfu.",
)
@click.option(
    "--libraries",
    type=FOLDER,
    metavar="FOLDER",
    help="Where libraries are that a project depends on and does not hold in lib.",
)
@click.option("--watch", is_flag=True, help="Flash again after each change of the sources, until Ctrl-C.")
@click.option("--account", type=TEXT, help="The account at Particle's cloud that this run may touch.")
@click.option("--own-build", is_flag=True, help="Flash an image of photonrig's own build into a board, too.")
def flash(
    what: str | Path,
    slot: str,
    rig: Path | None,
    by: str,
    libraries: Path | None,
    watch: bool,
    account: str | None,
    own_build: bool,
) -> None:
    """Build firmware, flash it into a slot, and verify that it runs.

    It is a variant (roller, venetian, drapery, honeycomb), or the path of a project's folder, of a single source
    file, or of a .bin that is ready.
    """
    from photonrig.cli.flash_run import run_flash

    run_flash(
        Toolchain.found(),
        what,
        slot,
        rig,
        by=by,
        account=account,
        own_build=own_build,
        libraries=libraries,
        watch=watch,
    )
