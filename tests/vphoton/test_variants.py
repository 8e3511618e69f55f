"""Every variant against the motors and sensors it drives: moves, power cuts in motion, every fault of its model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from photonrig.build.compile import collect_project, compile_project
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import VARIANTS, build_variant, with_version
from photonrig.localcloud.device.contract import FlashRefused
from photonrig.particle.module import parse_module

from .conftest import ROOT, Cloud, Photon, wait_for
from .shade import Shade

TRAVEL_MS = 800


@dataclass(frozen=True)
class Role:
    """What is particular about testing a variant."""

    product: int
    calibration: str = ""  # of the shade that takes TRAVEL_MS
    travel_ms: int = TRAVEL_MS
    off: float = 1.0  # per cent by which the real position may differ where the firmware measures it

    @property
    def told(self) -> float:
        """Per cent by which the position that is told may differ from the one asked for: what is measured may not."""
        return self.off if self.calibration else 0.0


# A timed position is as good as the machine the test runs on is punctual.
ROLES = {
    "roller": Role(20001, f"{TRAVEL_MS},{TRAVEL_MS}", off=15.0),
    "venetian": Role(20002, travel_ms=400),
    "drapery": Role(20003, travel_ms=600),
    "honeycomb": Role(20004, f"{TRAVEL_MS},{TRAVEL_MS}", off=15.0),
}


@pytest.fixture(scope="module")
def modules() -> dict[str, Path]:
    tools = Toolchain(ROOT)
    return {variant: build_variant(tools, variant) for variant in VARIANTS}


@pytest.fixture
def wired(photon: Photon, cloud: Cloud, modules: dict[str, Path]) -> Iterator[Callable[..., Shade]]:
    made: list[Shade] = []

    def start(variant: str, travel_ms: int = 0) -> Shade:
        travel_ms = travel_ms or ROLES[variant].travel_ms
        shade = Shade(photon, cloud)
        made.append(shade)
        words = ["--firmware", str(modules[variant]), "--wired-to", f"{variant}:{travel_ms}", *cloud.words]
        shade.start(*words)
        if ROLES[variant].calibration and travel_ms == TRAVEL_MS:
            assert shade.ask(f"calibrate {ROLES[variant].calibration}")["result"] == 0
        return shade

    yield start
    for shade in made:
        shade.power_cut()


every_variant = pytest.mark.parametrize("variant", VARIANTS)


def test_every_variant_has_its_role_and_its_product(modules):
    assert tuple(ROLES) == VARIANTS
    assert {variant: parse_module(module.read_bytes()).product_id for variant, module in modules.items()} == {
        variant: role.product for variant, role in ROLES.items()
    }


@every_variant
def test_open_close_a_place_between_and_a_stop(wired, variant):
    shade, off = wired(variant), ROLES[variant].off
    assert shade.move("open") == {"event": "moved", "position": 100, "target": 100, "cause": "arrived"}
    assert shade.real() == 100
    assert shade.move("close")["position"] == 0
    assert shade.real() == 0
    assert shade.move(40)["position"] == pytest.approx(40, abs=ROLES[variant].told)
    wait_for("the shade at rest", lambda: shade.world()["parts"]["lift"]["speed"] == 0)
    assert shade.real() == pytest.approx(40, abs=off)
    shade.lines.clear()
    assert shade.ask("move open")["result"] == 100
    # Seen by both: on a loaded machine a motor's answer may come after the driver's patience.
    wait_for("the shade on its way", lambda: shade.real() > 60 and shade.status()["position"] > 40)
    left = shade.ask("move stop")["result"]
    assert 40 < left < 100
    assert shade.expect("moved")["cause"] == "stopped"
    wait_for("the shade at rest", lambda: shade.world()["parts"]["lift"]["speed"] == 0)
    wait_for("where it is", lambda: shade.status()["position"] == pytest.approx(shade.real(), abs=off))
    assert shade.variable("position", "int32") == shade.status()["position"]
    assert shade.status()["fault"] == 0
    assert shade.world()["contradictions"] == 0
    wait_for("the moves as events", lambda: len(shade.events("shade/moved")) >= 4)
    # At rest a power cut costs nothing.
    before = shade.status()["position"]
    shade.power_cut()
    shade.start()
    status = shade.status()
    assert (status["position"], status["known"], status["fault"]) == (pytest.approx(before, abs=1), True, 0)
    # Every fault of the model is tried below, or known to be unseen.
    tried = {fault for name, fault, _, _ in FAULTS if name == variant} | UNSEEN.get(variant, set())
    assert set(shade.world()["faults"]) == tried


@every_variant
def test_a_power_cut_in_motion_costs_knowledge_and_no_more(wired, variant):
    shade, off = wired(variant), ROLES[variant].off
    shade.move("open")
    shade.ask("move 20")
    wait_for("the shade on its way", lambda: shade.real() < 80)
    shade.power_cut()
    shade.start()
    status = shade.status()
    assert status["calibrated"] is bool(ROLES[variant].calibration)
    if status["known"]:
        wait_for("where it is", lambda: shade.status()["position"] == pytest.approx(shade.real(), abs=off))
    assert shade.move(60)["position"] == pytest.approx(60, abs=ROLES[variant].told)
    wait_for("the shade at rest", lambda: shade.world()["parts"]["lift"]["speed"] == 0)
    assert shade.real() == pytest.approx(60, abs=off)
    assert shade.status()["known"]


FAULTS = [
    ("roller", "dead_module", 1, "driver"),
    ("venetian", "lift_stall", 4, "stalled"),
    ("venetian", "lift_dead_encoder", 4, "stalled"),
    ("venetian", "lift_slip", 5, "slipped"),
    ("venetian", "lift_lost_pulses", 6, "encoder"),
    ("venetian", "lift_overrun", 13, "overrun"),
    ("venetian", "tilt_stall", 4, "stalled"),
    ("venetian", "tilt_slip", 5, "slipped"),
    ("venetian", "tilt_lost_pulses", 6, "encoder"),
    ("venetian", "tilt_dead_encoder", 4, "stalled"),
    ("venetian", "tilt_overrun", 13, "overrun"),
    ("drapery", "dead_bus", 7, "no_answer"),
    ("drapery", "wrong_checksum", 8, "checksum"),
    ("drapery", "collision", 9, "collision"),
    ("drapery", "stall", 4, "stalled"),
    ("drapery", "overrun", 13, "overrun"),
    ("honeycomb", "stall", 11, "end_missing"),
    ("honeycomb", "open_end_missing", 11, "end_missing"),
    ("honeycomb", "closed_end_held", 10, "contradiction"),
    ("honeycomb", "shorted_switches", 10, "contradiction"),
]
# What a variant that senses nothing cannot know, see firmware/vphoton/README.md.
UNSEEN = {"roller": {"deaf", "stall"}, "honeycomb": {"ignores_stop"}}


@pytest.mark.parametrize(("variant", "fault", "code", "text"), FAULTS)
def test_a_fault_is_told_everywhere_and_over_when_it_is_gone(wired, variant, fault, code, text):
    shade = wired(variant)
    axis = "tilt" if fault.startswith("tilt") else "move"
    shade.move(50, axis)
    shade.lines.clear()
    shade.fault(fault)
    # Each shows itself on some ways only: a slip at an end, an overrun beyond a place between.
    where = "52" if fault.endswith("overrun") else "open" if "_end_" in fault else "close"
    shade.ask(f"{axis} {where}")
    shade.expect_fault(code, text)
    assert shade.ask(f"{axis} open")["result"] == -3
    assert shade.world()["contradictions"] == 0
    shade.fault(fault, on=False)
    assert shade.ask(f"{axis} stop")["result"] >= 0
    shade.lines.clear()
    rest = shade.move_there(25, axis)
    assert rest["cause"] in ("arrived", "assumed")  # by what it was lost with
    assert rest.get("position", rest.get("tilt")) == pytest.approx(25, abs=ROLES[variant].told)
    status = shade.status()
    assert (status["fault"], status["known"]) == (0, True)
    wait_for("the shade at rest", lambda: all(part.get("speed", 0) == 0 for part in shade.world()["parts"].values()))
    assert shade.real("tilt" if axis == "tilt" else "lift") == pytest.approx(25, abs=ROLES[variant].off)


def test_the_roller_cannot_see_a_stall_and_is_certain_again_at_an_end(wired):
    shade = wired("roller")
    shade.fault("stall")
    shade.move(50)
    assert shade.real() == 0
    shade.fault("stall", on=False)
    shade.move("close")
    shade.move(50)
    wait_for("the shade at rest", lambda: shade.world()["parts"]["lift"]["speed"] == 0)
    assert shade.real() == pytest.approx(50, abs=ROLES["roller"].off)


def test_a_switch_that_does_not_let_go_is_found_before_the_other_end(wired):
    shade = wired("honeycomb", 20000)
    shade.fault("closed_end_held")
    shade.ask("move open")
    shade.expect_fault(12, "end_held")
    wait_for("the motor stopped", lambda: shade.world()["parts"]["lift"]["speed"] == 0)
    assert 0 < shade.real() < 50


def test_the_honeycomb_knows_where_a_controller_went_that_does_not_stop(wired):
    shade = wired("honeycomb")
    shade.fault("ignores_stop")
    shade.move(40)
    wait_for("the end", lambda: shade.real() == 100)
    wait_for("the end known", lambda: shade.status()["position"] == 100)
    assert shade.status()["fault"] == 0


def test_a_motor_on_a_dead_bus_stops_by_itself(wired):
    shade = wired("drapery", 20000)
    shade.ask("move open")
    wait_for("the shade on its way", lambda: shade.real() > 2)
    shade.fault("dead_bus")
    shade.expect_fault(7, "no_answer")
    wait_for("the motor stopped", lambda: shade.world()["parts"]["lift"]["speed"] == 0)
    shade.fault("dead_bus", on=False)
    assert shade.ask("move stop")["result"] >= 0
    wait_for("the position", lambda: shade.status()["known"])
    assert shade.status()["position"] == pytest.approx(shade.real(), abs=1)


def test_no_power_cut_makes_the_roller_send_a_code_twice(wired):
    shade = wired("roller")
    for _ in range(4):
        shade.move("open")
        shade.ask("move close")
        shade.power_cut()
        shade.start()
    shade.move("open")
    radio = shade.world()["parts"]["radio"]
    assert radio["refused"] == 0 and radio["code"] > 4 * 16


@every_variant
def test_a_loop_that_stands_still_stops_the_motors(wired, variant):
    shade = wired(variant, 4000)
    shade.ask("move open")
    wait_for("the shade on its way", lambda: shade.real() > 2)
    shade.photon.control(do="fault", block_loop_ms=3000)  # in which it would come to 77 %
    wait_for("the motor stopped", lambda: shade.world()["parts"]["lift"]["speed"] == 0)
    assert shade.real() < 55  # the watchdog's 1.1 s bring it to 30 %
    shade.expect_fault(14, "loop_stalled")


@every_variant
def test_it_moves_on_without_cloud_and_wi_fi(wired, variant):
    shade = wired(variant)
    shade.photon.control(do="wifi", available=False)
    assert shade.move("open")["position"] == 100
    assert shade.move("close")["position"] == 0
    shade.photon.control(do="wifi", available=True)
    wait_for("what happened meanwhile as events", lambda: len(shade.events("shade/moved")) >= 2)


def test_an_update_waits_until_nothing_moves_and_an_experimental_one_says_what_it_is(wired, tmp_path):
    shade = wired("venetian", 4000)
    project = with_version(ROOT / "firmware" / "variants" / "venetian", tmp_path / "next", 2, experimental=True)
    image = compile_project(collect_project(project), Toolchain(ROOT).sdk()).image
    shade.ask("move open")
    with pytest.raises(FlashRefused):
        shade.cloud.run(shade.cloud.hub.flash(shade.photon.ready["id"], image, "venetian.bin"))
    assert shade.expect("moved")["position"] == 100
    wait_for("updates allowed again", lambda: not shade.status()["moving"])
    shade.cloud.run(shade.cloud.hub.flash(shade.photon.ready["id"], image, "venetian.bin"))
    assert shade.cloud.wait_for_hello(2).product_version == 2
    wait_for("the new firmware's boot event", lambda: len(shade.events("shade/boot")) == 2)
    assert shade.events("shade/boot")[1]["fw"] == "venetian 2 experimental"


def test_another_variant_keeps_what_makes_sense_and_refuses_the_rest(wired):
    shade = wired("roller")
    answer = set_site(shade, b"Kitchen+%26+bath")
    assert answer.startswith(b"HTTP/1.1 200 ") and b"Stored." in answer
    shade.move(40)
    shade.power_cut()
    shade = wired("honeycomb", 900)  # times as well, so the roller's hold
    status = shade.status()
    assert (status["calibrated"], status["open_ms"], status["site"], status["fault"]) == (
        True,
        800,
        "Kitchen & bath",
        0,
    )
    shade.power_cut()
    shade = wired("drapery")
    status = shade.status()
    assert (status["calibrated"], status["site"]) == (False, "Kitchen & bath")
    assert (status["fault"], status["fault_text"]) == (3, "settings_lost")
    wait_for("the fault as an event", lambda: 3 in [event["fault"] for event in shade.events("shade/fault")])
    assert shade.move(30)["position"] == 30
    assert shade.real() == pytest.approx(30, abs=1)
    assert shade.ask("calibrate reset")["result"] == 0
    assert shade.status()["fault"] == 0


def set_site(shade: Shade, name: bytes) -> bytes:
    shade.photon.control(do="setup_button", hold_ms=4000)
    body = b"site=" + name
    answer = shade.photon.exchange(
        "softap_http",
        b"POST /index HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n"
        b"Connection: close\r\n\r\n%s" % (len(body), body),
    )
    shade.photon.control(do="setup_button", hold_ms=4000)
    return answer


def test_the_installers_page_tells_what_the_device_is_and_escapes_what_it_is_called(wired):
    shade = wired("venetian")
    answer = set_site(shade, b"%3Cb%3E%22x")
    assert b"<b>" not in answer and b"&#60;b&#62;&#34;x" in answer
    for told in (shade.photon.ready["id"].encode(), b"venetian 1", b"<th>Claimed<td>no"):
        assert told in answer
    wait_for("the console back", lambda: shade.status()["site"] == '<b>"x')
    shade.photon.wait("the cloud", lambda status: status["cloud"] == "connected")
    assert shade.variable("site") == '<b>"x'
    too_long = set_site(shade, b"x" * 32)
    assert too_long.startswith(b"HTTP/1.1 400 ") and b"Not stored" in too_long
    assert shade.status()["site"] == '<b>"x'
