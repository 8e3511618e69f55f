"""The doctor on a bench of virtual slots, and on slots whose parts lie."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from photonrig.bench.config import Timeouts, load_config
from photonrig.bench.doctor import Check, examine, examine_cloud
from photonrig.bench.identity import listen_to
from photonrig.bench.lock import Busy
from photonrig.bench.quarantine import Quarantine, Quarantined
from photonrig.bench.recovery import Recovery
from photonrig.bench.session import BenchSession, open_bench
from photonrig.bench.slots.slot import Slot
from photonrig.build.toolchain import Toolchain
from photonrig.cli.doctor_run import run_doctor
from photonrig.cli.flash_run import run_flash
from photonrig.errors import UsageError

TOOLS = Toolchain(Path(__file__).parents[2])
RIG = "".join(
    f'[[slot]]\nname = "{name}"\nvariant = "{variant}"\nvirtual = true\n'
    for name, variant in (("left", "roller"), ("right", "venetian"))
)
BRIEF = Timeouts(enumeration=3, online=20)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchSession]:
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHOTONRIG_LOCKS", str(folder / "locks"))
        (folder / "rig.toml").write_text(RIG)
        with open_bench(load_config(folder / "rig.toml"), TOOLS) as opened:
            yield opened


def verdicts(slot: Slot, bench: BenchSession) -> dict[str, Check]:
    return {check.part: check for check in examine(slot, BRIEF, bench.targets[slot.name])}


def test_everything_of_a_virtual_slot_is_proved(bench: BenchSession) -> None:
    checks = verdicts(bench.slots["left"], bench)
    assert {part: check.verdict for part, check in checks.items()} == dict.fromkeys(
        ("port", "SETUP", "SoftAP", "RESET", "power", "USB", "cloud"), "proved"
    ), checks
    assert bench.slots["left"].device_id in checks["port"].seen
    assert {check.part: check.verdict for check in examine_cloud(bench.target)} == {"CLI": "proved", "cloud": "proved"}


@dataclass
class DoesNothing:
    """A part that takes every order, and is wired to nothing."""

    def on(self) -> None: ...
    def off(self) -> None: ...
    def press(self) -> None: ...
    def hold(self, seconds: float) -> None: ...


def test_a_part_that_does_nothing_is_found_out(bench: BenchSession) -> None:
    dead = DoesNothing()
    slot = replace(bench.slots["left"], setup_button=dead, reset=dead, power=dead, flasher=None)
    checks = verdicts(slot, bench)
    assert {part: checks[part].verdict for part in checks} == {
        "port": "proved",
        "SETUP": "failed",
        "SoftAP": "proved",
        "RESET": "failed",
        "power": "failed",
        "USB": "not wired",
        "cloud": "proved",
    }
    assert "not seen within 3 s: the device gone from USB" in checks["power"].seen


def test_wires_that_are_crossed_are_found_out(bench: BenchSession) -> None:
    """The serial port of one slot, the buttons and the network of the other."""
    left, right = bench.slots["left"], bench.slots["right"]
    crossed = verdicts(replace(left, serial=right.serial), bench)
    assert crossed["port"].verdict == "failed" and f"{right.device_id} answers at the port of" in crossed["port"].seen
    assert crossed["power"].verdict == "not tried"
    buttons = verdicts(
        replace(left, setup_button=right.setup_button, softap_link=None, power=None, flasher=None), bench
    )
    assert buttons["SETUP"].verdict == "failed"
    assert right.reset is not None
    right.reset.press()


def test_asking_who_is_there_starts_nothing_in_listening_mode(bench: BenchSession) -> None:
    """An "f" to Device OS in listening mode starts an upload, which would last seconds."""
    slot = bench.slots["right"]
    assert listen_to(slot).by == "bench console"
    assert slot.setup_button is not None and slot.reset is not None
    slot.setup_button.hold(4)
    for _ in range(3):
        heard = listen_to(slot)
        assert heard.listening and heard.device_id == slot.device_id
    slot.reset.press()


def test_two_runs_share_a_bench_by_slots(bench: BenchSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PHOTONRIG_LOCKS", str(bench.config.path.parent / "locks"))
    with pytest.raises(Busy, match="left is still held by process"), open_bench(bench.config, TOOLS, slots=["left"]):
        pass


def test_each_variant_has_its_own_product(bench: BenchSession) -> None:
    left, right = (bench.targets[name] for name in ("left", "right"))
    assert left.product_id != right.product_id
    for name, target in bench.targets.items():
        assert bench.slots[name].device_id in {device.id for device in target.team.devices(target.product)}


def test_a_bench_without_virtual_slots_opens_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rig.toml"
    path.write_text('[[slot]]\nname = "1"\nvariant = "roller"\nusb = "9-9"\ndevice_id = "0123456789abcdef01234567"\n')
    assert not run_doctor(TOOLS, path, slots=[], account=None, wait=None, as_json=True)
    told = {check["part"]: check for check in json.loads(capsys.readouterr().out)["checks"] if check["slot"] == "1"}
    assert told["port"]["verdict"] == "failed" and "no Photon with a serial port at USB 9-9" in told["port"]["seen"]
    assert told["power"]["verdict"] == "not tried"


def test_quarantine_keeps_a_slot_out_until_the_doctor_proves_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rig.toml"
    path.write_text('[[slot]]\nname = "1"\nvariant = "roller"\nvirtual = true\n')
    config, quarantine = load_config(path), Quarantine(path)
    marker = quarantine.put(Recovery("1", "a" * 24, "silent since the update", (), False))
    assert json.loads(marker.read_text())["recovery"]["device_id"] == "a" * 24
    reason = r"slot 1 is in quarantine since .*: silent since the update; photonrig doctor"
    with pytest.raises(Quarantined, match=reason), open_bench(config, TOOLS):
        pass
    assert run_doctor(TOOLS, path, slots=[], account=None, wait=None, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["well"] and {check["part"] for check in told["checks"]} >= {"port", "power", "CLI", "cloud"}
    assert quarantine.reason("1") is None


def test_flash_a_variant_into_a_slot_and_see_it_alive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rig.toml"
    path.write_text('[local_cloud]\nstate = "kept"\n[[slot]]\nname = "1"\nvariant = "roller"\nvirtual = true\n')
    run_flash(TOOLS, "roller", "1", path, by="cloud", account=None, own_build=False)
    first = capsys.readouterr().out
    assert first.startswith("slot 1: ") and first.endswith(" runs roller 1, Device OS 2.3.1, online\n")
    run_flash(TOOLS, "roller", "1", path, by="dfu", account=None, own_build=False)
    assert capsys.readouterr().out == first  # the same device: it is kept
    with pytest.raises(UsageError, match="has no slot '7'"):
        run_flash(TOOLS, "roller", "7", path, by="cloud", account=None, own_build=False)
