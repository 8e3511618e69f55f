"""The unmodified Particle CLI against a local cloud with live virtual Photons: the pinned one, and that of today.

What is typed and what must be said and done lies in cli_cases.py. One call costs about a second, so ./rig test tries
a choice of them, and ``pytest -m 'soak or not soak' tests/localcloud/test_real_cli.py`` all.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from photonrig.bench.lab import USERNAME, Lab
from photonrig.build.compile import compile_project
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.clock import SystemClock
from photonrig.particle.cli import ParticleCli
from photonrig.particle.cli_run import CliFailed, CliResult
from photonrig.particle.cloud import product
from photonrig.particle.cloud_errors import ApiError
from photonrig.particle.keys import (
    ServerAddress,
    generate_device_key,
    parse_server_key_block,
    public_key_der,
    public_key_pem,
)
from photonrig.particle.module import parse_module

from ..bench.virtual.terminal import Terminal
from ..localcloud import clients
from .archives import archive
from .cli_cases import NEW, OLD, Case, numbered

TOOLS = Toolchain(Path(__file__).parents[2])
PROGRAMS = {OLD: (TOOLS.node, TOOLS.cli_script), NEW: (TOOLS.next_node, TOOLS.next_cli_script)}
SPARE, FOREIGN, UNKNOWN = "5" * 24, "f0" * 12, "0123456789abcdef01234599"
HOOK = {"event": "shade/moved", "url": "http://127.0.0.1:9/hook"}
SKETCHES = {
    "good": 'PRODUCT_VERSION(9)\nint n = 9;\nvoid setup() { Particle.variable("n", n); }\nvoid loop() {}\n',
    "bad": "void setup() { lamp(); }\nvoid loop() {}\n",
}


class Bench:
    """A lab, a stranger's device, a spare device of ours, and a folder with the files the calls name."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.team, self.scope = lab.team, product(lab.product.id)
        self.password: str = lab.describe()["user"]["password"]
        self.token = self.other = ""
        self._make_devices()
        self.team.request("POST", "/v1/libraries", files=[("archive.tar.gz", ("archive.tar.gz", archive()))])
        self.team.request("PATCH", "/v1/libraries/Lamp", json={"visibility": "public"})
        self._write_files()

    def _make_devices(self) -> None:
        self.team.provision(SPARE, public_key_pem(generate_device_key()))
        self.lab.cloud.create_user("stranger@example.com", "theirs")
        stranger = self.lab.cloud.using(self.lab.cloud.log_in("stranger@example.com", "theirs"))
        stranger.provision(FOREIGN, public_key_pem(generate_device_key()))
        stranger.import_devices(stranger.create_product("theirs").id, [FOREIGN])
        stranger.claim(FOREIGN)

    def _write_files(self) -> None:
        for name, source in SKETCHES.items():
            (self.folder / name / "src").mkdir(parents=True)
            (self.folder / name / "project.properties").write_text(f"name={name}\n")
            (self.folder / name / "src" / f"{name}.ino").write_text(source)
        source = f"#include <Particle.h>\n{SKETCHES['good']}"
        (self.folder / "image.bin").write_bytes(compile_project({"src/good.cpp": source.encode()}, TOOLS.sdk()).image)
        (self.folder / "device.pub.pem").write_text(public_key_pem(generate_device_key()))
        shutil.copy(self.lab.local_cloud.key_file, self.folder / "server.der")

    @property
    def names(self) -> dict[str, str]:
        """What the cases call by name."""
        return {
            "user": USERNAME,
            "password": self.password,
            "token": self.token,
            "other": self.other,
            "photon": self.lab.fielded()[0].device_id,
            "product": str(self.lab.product.id),
            "spare": SPARE,
            "foreign": FOREIGN,
            "unknown": UNKNOWN,
            "hook": next(iter(self.hooks()), ""),
        }

    def hooks(self) -> list[str]:
        return [each["id"] for each in self.team.request("GET", "/v1/webhooks")]

    def spare(self) -> Any:
        """The spare device as its product sees it; None if it is in none."""
        return next((each for each in self.team.devices(self.scope) if each.id == SPARE), None)

    def prepare(self, cli: ParticleCli) -> None:
        """As every case finds it: logged in with a token of its own, the spare device unowned, no webhook."""
        if self.spare() is None:
            self.team.import_devices(self.lab.product.id, [SPARE])
        elif self.spare().owner_name is not None:
            self.team.release(SPARE, self.scope)
        for hook in self.hooks():
            self.team.request("DELETE", f"/v1/webhooks/{hook}")
        self.token, self.other = (self.lab.cloud.log_in(USERNAME, self.password).access_token for _ in range(2))
        self.cli = cli
        cli.use(USERNAME, self.token)

    # --- given ------------------------------------------------------------------------------------------------------

    def logged_out(self) -> None:
        self.cli.use(None, None)

    def token_ended(self) -> None:
        self.team.request("DELETE", f"/v1/access_tokens/{self.token}")

    def claimed(self) -> None:
        self.team.claim(SPARE)

    def outside(self) -> None:
        self.team.remove_device(self.lab.product.id, SPARE)

    def calibrated(self) -> None:
        """A shade that may still be on its way, as it was told to in another case, takes no calibration."""
        self.team.call("photon-1", "move", "stop")
        SystemClock().wait_until(
            lambda: self.team.call("photon-1", "calibrate", "500,500") == 0, 10, "the shade takes its calibration"
        )

    def roller(self) -> None:
        """The second Photon runs the firmware it came with."""
        if "n" in self.team.device("photon-2").variables:
            self.team.flash("photon-2", self.lab.firmware["roller"].read_bytes())
            self.until_photon_has("variant", "roller")

    def hooked(self) -> None:
        self.team.request("POST", "/v1/webhooks", json=HOOK)

    # --- during -----------------------------------------------------------------------------------------------------

    def publish(self) -> None:
        self.team.publish("shade/test", "7")

    def move(self) -> None:
        """Two seconds up, two seconds down: it says so whenever it arrives."""
        self.team.call("photon-1", "move", "open" if int(time.monotonic() / 2) % 2 else "close")

    # --- then -------------------------------------------------------------------------------------------------------

    def logged_in(self, result: CliResult) -> None:
        profile = json.loads((self.cli.home / ".particle" / "particle.config.json").read_text())
        assert profile["username"] == USERNAME
        assert self.lab.cloud.using(None).request("GET", f"/v1/user?access_token={profile['access_token']}")

    def spare_is_ours(self, result: CliResult) -> None:
        assert self.spare().owner_name == USERNAME

    def spare_is_kitchen(self, result: CliResult) -> None:
        assert self.spare().name == "kitchen"

    def spare_is_free(self, result: CliResult) -> None:
        assert self.spare().owner_name is None

    def spare_is_inside(self, result: CliResult) -> None:
        assert self.spare() is not None

    def spare_is_outside(self, result: CliResult) -> None:
        assert self.spare() is None

    def prints_token(self, result: CliResult) -> None:
        assert (
            self.lab.cloud.using(None).request("GET", f"/v1/user?access_token={result.value}")["username"] == USERNAME
        )

    def token_is_gone(self, result: CliResult) -> None:
        with pytest.raises(ApiError):
            self.lab.cloud.using(None).request("GET", f"/v1/user?access_token={self.other}")

    def hook_is_there(self, result: CliResult) -> None:
        (hook,) = self.team.request("GET", "/v1/webhooks")
        assert (hook["event"], hook["url"]) == (HOOK["event"], HOOK["url"])
        assert hook["id"] in result.text

    def hook_is_gone(self, result: CliResult) -> None:
        assert self.hooks() == []

    def image_is_whole(self, result: CliResult) -> None:
        assert parse_module((self.folder / "good.bin").read_bytes()).product_version == 9

    def photon_runs_it(self, result: CliResult) -> None:
        self.until_photon_has("n", 9)

    def until_photon_has(self, variable: str, value: object) -> None:
        def has() -> bool:
            try:
                return bool(self.team.variable("photon-2", variable) == value)
            except ApiError:  # on its way through the restart
                return False

        SystemClock().wait_until(has, 60, f"{variable} of the new firmware")

    def server_key_is_written(self, result: CliResult) -> None:
        (written,) = self.folder.glob("server-127_0_0_1-*.der")
        key, address = parse_server_key_block(written.read_bytes())
        assert address == ServerAddress("127.0.0.1", 5683)
        assert public_key_der(key) == self.lab.local_cloud.key_file.read_bytes()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("real-cli")
    firmware = {"roller": build_variant(TOOLS, "roller")}
    with Lab(folder / "lab", vphoton=TOOLS.vphoton, sdk=TOOLS.sdk(), firmware=firmware, photons=2) as lab:
        yield Bench(lab, folder / "work")


def calls() -> Iterator[Any]:
    """Every case with each version; those that are not quick are for soak runs."""
    for version in (OLD, NEW):
        for name, case in numbered():
            marks = [] if version in case.quick else [pytest.mark.soak]
            yield pytest.param(version, case, id=f"{version}: {name}", marks=marks)


@pytest.mark.parametrize(("version", "case"), list(calls()))
def test_call(bench: Bench, version: str, case: Case, tmp_path: Path) -> None:
    if not PROGRAMS[version][1].exists():
        pytest.skip("not installed; ./rig test --next-cli installs it")
    answer = case.answer(version)
    cli = ParticleCli(*PROGRAMS[version], tmp_path / "home", bench.lab.local_cloud.api)
    bench.prepare(cli)
    if case.given:
        getattr(bench, case.given)()
    names = bench.names
    with contextlib.ExitStack() as meanwhile:
        if case.during:
            meanwhile.enter_context(repeated(getattr(bench, case.during)))
        result = at_terminal(cli, case, names) if case.asked and not answer.cannot else typed(cli, case, names, bench)
    masked = names | {"token": "***"}
    assert without_spaces(answer.says.format(**masked)) in without_spaces(result.text)
    assert result.exit_code == answer.exit_code, result.text
    if case.then and not answer.cannot:
        getattr(bench, case.then)(result)


def typed(cli: ParticleCli, case: Case, names: dict[str, str], bench: Bench) -> CliResult:
    """The call with what is typed on its standard input."""
    words = case.words.format(**names).split()
    try:
        return cli.run(*words, typed=case.typed.format(**names), cwd=bench.folder)
    except CliFailed as failure:
        return failure.result


def at_terminal(cli: ParticleCli, case: Case, names: dict[str, str]) -> CliResult:
    """The call made by a person at a terminal, who waits for each question."""
    script = cli.home / "particle"
    cli.write_script(script)
    with Terminal([str(script), *case.words.format(**names).split()]) as person:
        for question, answer in case.asked:
            person.answer(question, answer.format(**names))
        code = person.end()
    return CliResult(("particle",), code, person.transcript.replace(names["token"], "***"), "", 0.0)


@contextlib.contextmanager
def repeated(action: Callable[[], None]) -> Iterator[None]:
    """Do it five times a second until the block ends: nobody can tell when the CLI has begun to listen."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(0.2):
            action()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        try:
            yield
        finally:
            ended.set()
        running.result()


def without_spaces(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_the_page_tells_what_is_tried() -> None:
    assert clients.DOCUMENT.read_text() == clients.render(), "python -m tests.localcloud.clients writes it anew"
