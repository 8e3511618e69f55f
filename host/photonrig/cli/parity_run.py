"""Work of ``photonrig parity``: records, compares and replays."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from photonrig import __version__
from photonrig.bench.config import load_config
from photonrig.bench.session import open_bench
from photonrig.build.device_os import LATEST, RELEASES
from photonrig.build.toolchain import Toolchain
from photonrig.cli.values import writable
from photonrig.clock import SYSTEM, utc
from photonrig.errors import UsageError
from photonrig.files import replace as write
from photonrig.invocation import quiet
from photonrig.parity import cloud, device
from photonrig.parity.account import GUESTS, Account
from photonrig.parity.difference import Comparison, compare
from photonrig.parity.programme import Skipped
from photonrig.parity.recording import Head, Line, Recording, decode, encode, read, signing_key
from photonrig.parity.scrub import Scrubber
from photonrig.parity.subject import PROBE, Photon, build_probe, photon_of, scrubber, virtual_photon
from photonrig.particle.cloud import Token
from photonrig.scenarios.particle_target import OptIn, check, particle_target

_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Bench:
    """The bench to record: a file, or a virtual Photon with a Device OS."""

    rig: Path | None = None
    slot: str = ""
    device_os: str = LATEST
    watch: bool = False
    own_build: bool = False
    account: str | None = None


class _Recorder:
    """Lines as they come, with progress on the terminal, and every scrubber's secrets."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._scrubbers: list[Scrubber] = []
        self.console = Console(stderr=True, quiet=quiet())

    def take(
        self, ask: Callable[..., Iterator[Line]], subject: object, scrub: Scrubber, chapters: Collection[str]
    ) -> None:
        """Take the lines of some chapters."""
        self._scrubbers.append(scrub)
        with self.console.status("") as status:
            for line in ask(subject, scrub, chapters=chapters, begun=lambda what: status.update(escape(what))):
                self.lines.append(line)
        counts = Counter(line.chapter for line in self.lines if not line.skipped)
        self.console.print(f"answered: {', '.join(f'{name} {counts[name]}' for name in counts)}", highlight=False)

    def sealed(self, tools: Toolchain, target: str, device_os: str) -> bytes:
        """The signed recording, checked to hold no secret."""
        head = Head(target, device_os, utc(SYSTEM).isoformat(timespec="seconds"), f"photonrig {__version__}")
        data = encode(head, self.lines, signing_key(tools.work / "parity-key.pem"))
        for scrub in self._scrubbers:
            scrub.check(data.decode())
        return data


def run_record(tools: Toolchain, out: Path, bench: Bench | None, particle: OptIn | None) -> None:
    """Record a bench, an account at Particle's cloud, or both.

    :raises UsageError: wrong bench, or no opt-in to the account
    """
    writable(out.parent, "--out")
    if particle is not None:
        check(particle)
    taken = _Recorder()
    if bench is None:
        assert particle is not None
        _at_particle(taken, particle, None)
        data = taken.sealed(tools, "Particle's cloud", "")
    elif bench.rig is None:
        _ours(taken, tools, bench.device_os, device.CHAPTERS | cloud.CHAPTERS)
        data = taken.sealed(tools, "a virtual Photon and a local cloud", bench.device_os)
    else:
        release = _at_rig(taken, tools, bench, particle)
        data = taken.sealed(tools, "a board" + (" and Particle's cloud" if particle else ""), release)
    write(out, data, private=True)
    skipped = [line for line in taken.lines if line.skipped]
    _print_skipped(taken.console, skipped)
    signer = decode(data).signer
    text = f"{out}: {len(taken.lines) - len(skipped)} answers, {len(skipped)} skipped, signed by {signer}"
    taken.console.print(text, markup=False, highlight=False, soft_wrap=True)


def run_diff(a: Path, b: Path, *, as_json: bool = False) -> bool:
    """Print each difference by chapter; True if there is none.

    :raises UsageError: a file is no recording, or was changed
    """
    return _told(a.name, read(a), b.name, read(b), as_json=as_json)


def run_replay(tools: Toolchain, recording: Path, out: Path | None) -> bool:
    """Record the same chapters of ours, and print each difference; True if there is none.

    :raises UsageError: no recording, or of a Device OS that the virtual Photon does not play
    """
    given = read(recording)
    device_os = given.head.device_os or LATEST
    if device_os not in RELEASES:
        raise UsageError(f"{recording} is of Device OS {device_os}; the virtual Photon plays {', '.join(RELEASES)}")
    if out is not None:
        writable(out.parent, "--out")
    taken = _Recorder()
    _ours(taken, tools, device_os, given.chapters)
    data = taken.sealed(tools, "a virtual Photon and a local cloud", device_os)
    if out is not None:
        write(out, data, private=True)
    lines = tuple(line for line in given.lines if line.chapter in given.chapters)
    return _told(recording.name, Recording(given.head, lines, given.signer), "ours", decode(data))


def _ours(taken: _Recorder, tools: Toolchain, device_os: str, chapters: Collection[str]) -> None:
    tools.native()
    with tempfile.TemporaryDirectory(prefix="photonrig-") as folder:
        if device.CHAPTERS & set(chapters):
            with virtual_photon(tools, device_os, Path(folder)) as photon:
                taken.take(device.record_device, photon, scrubber(photon), chapters)
        if cloud.CHAPTERS & set(chapters):
            with cloud.local_account(tools, Path(folder)) as account:
                taken.take(cloud.record_cloud, account, cloud.account_scrubber(account), chapters)


def _at_rig(taken: _Recorder, tools: Toolchain, bench: Bench, particle: OptIn | None) -> str:
    assert bench.rig is not None
    config = load_config(bench.rig)
    names = [slot.name for slot in config.slots]
    if not bench.slot and len(names) > 1:
        raise UsageError(f"{bench.rig} has several slots; name one with --slot: {', '.join(names)}")
    slot = config.slot(bench.slot or names[0])
    with tempfile.TemporaryDirectory(prefix="photonrig-") as folder:
        work = Path(folder)
        projects = {slot.variant: build_probe(tools, bench.device_os, work)} if slot.virtual or bench.own_build else {}
        with open_bench(
            config,
            tools,
            slots=[slot.name],
            account=bench.account or (particle.account if particle else None),
            projects=projects,
            own_build=bench.own_build,
            device_os=bench.device_os if slot.virtual else "",
        ) as session:
            photon = photon_of(session, slot.name, PROBE, _eyes if bench.watch else None)
            release = bench.device_os if slot.virtual else str(photon.read().get("system_firmware_version", ""))
            image = projects.get(slot.variant)
            if image is None:
                image = session.image(slot, PROBE, work / "parity.bin", device_os=release)
            photon = replace(photon, image=image)
            if not slot.virtual:
                photon.slot.need("flasher", photon.slot.flasher).over_dfu(image)
            taken.take(device.record_device, photon, scrubber(photon), device.CHAPTERS)
            if particle is not None:
                _at_particle(taken, particle, photon)
    return release


def _at_particle(taken: _Recorder, chosen: OptIn, photon: Photon | None) -> None:
    with particle_target(chosen) as target:
        given = {kind: os.environ.get(name, "") for name, kind in GUESTS.items()}
        guests = {kind: target.cloud.using(Token(token)) for kind, token in given.items() if token}
        passwords = {kind: os.environ.get(f"PARTICLE_PASSWORD_{kind}", "") for kind in ("T", "U")}
        account = Account(target, guests, passwords, photon)
        scrub = cloud.account_scrubber(account)
        scrub.hide(chosen.client.secret)
        taken.take(cloud.record_cloud, account, scrub, cloud.CHAPTERS)


def _eyes() -> str:
    if not sys.stdin.isatty():
        raise Skipped("--watch asks at a terminal, and there is none")
    text = input("What does the LED do? Colour and solid, blink, breathe or cycle, as in `cyan breathe`: ")
    return " ".join(text.split()).lower()


# --- output -----------------------------------------------------------------------------------------------------------


def _told(name_a: str, a: Recording, name_b: str, b: Recording, *, as_json: bool = False) -> bool:
    found = compare(a, b)
    if as_json:
        print(msgspec.json.encode(found).decode())  # noqa: T201
        return not found.differences
    console = Console(width=None if sys.stdout.isatty() else 160)
    for name, each in ((name_a, a), (name_b, b)):
        head = each.head
        text = f"{name}: {head.target}, Device OS {head.device_os or '-'}, {head.made}, signed by {each.signer}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    _print_differences(console, name_a, name_b, found)
    _print_skipped(console, found.skipped)
    count = len(found.differences)
    style = "bold red" if count else "bold green"
    console.print(Text(f"{count or 'no'} differences in {found.compared} questions answered by both", style=style))
    return not count


def _print_differences(console: Console, name_a: str, name_b: str, found: Comparison) -> None:
    chapter = ""
    for each in found.differences:
        if each.chapter != chapter:
            chapter = each.chapter
            count = sum(other.chapter == chapter for other in found.differences)
            console.print(Text(f"\n{chapter}: {count}", style="bold"))
        console.print(Text(f"  {each.name} ({each.kind})"), soft_wrap=True)
        for name, answer in ((name_a, each.a), (name_b, each.b)):
            shown = json.dumps(answer[:_SHOWN], ensure_ascii=False) if answer else "not asked"
            console.print(Text(f"    {name}: {shown}"), soft_wrap=True)


def _print_skipped(console: Console, skipped: Sequence[Line]) -> None:
    reasons = Counter(line.skipped for line in skipped)
    for reason, count in reasons.most_common():
        console.print(Text(f"skipped {count}: {reason}"), soft_wrap=True)
