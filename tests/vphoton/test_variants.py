"""Every variant against the motors and sensors it drives: moves, power cuts in motion, every fault of its model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from photonrig.build.compile import compile_project
from photonrig.build.project import collect_project
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
    timed: bool = False  # the position goes by the time a shade takes, which is calibrated
    travel_ms: int = TRAVEL_MS
    off: float = 1.0  # per cent by which the real position may differ where the firmware measures it
    coast: float = 0.0  # per cent a motor may go on by its own weight, which is measured

    @property
    def told(self) -> float:
        """Per cent by which the position that is told may differ from the one asked for."""
        return self.off if self.timed else self.coast


# A timed position is as good as the machine the test runs on is punctual.
ROLES = {
    "roller": Role(20001, timed=True, travel_ms=1600, off=15.0),  # a stop may have to wait for a frame of 64 ms
    "venetian": Role(20002, travel_ms=1000, coast=1.0),
    "drapery": Role(20003, travel_ms=600),
    "honeycomb": Role(20004, timed=True, off=15.0),
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
        if ROLES[variant].timed and travel_ms == ROLES[variant].travel_ms:
            assert shade.ask(f"calibrate {travel_ms},{travel_ms}")["result"] == 0
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
    # At rest a power cut costs nothing, once the last of a stop's frames is over.
    if variant == "roller":
        wait_for("eight frames of the stop", lambda: shade.world()["parts"]["radio"]["repeated"] == 8)
        shade.status()  # a loop later that is stored
    before = shade.status()["position"]
    shade.power_cut()
    shade.start()
    status = shade.status()
    assert (status["position"], status["known"], status["fault"]) == (pytest.approx(before, abs=1), True, 0)
    # Every fault of the model is tried below, or known to be unseen.
    tried = {fault for name, fault, _, _ in FAULTS if name == variant} | UNSEEN.get(variant, set())
    tried |= BORNE.get(variant, set())
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
    assert status["calibrated"] is ROLES[variant].timed
    if status["known"]:
        wait_for("where it is", lambda: shade.status()["position"] == pytest.approx(shade.real(), abs=off))
    assert shade.move(60)["position"] == pytest.approx(60, abs=ROLES[variant].told)
    wait_for("the shade at rest", lambda: shade.world()["parts"]["lift"]["speed"] == 0)
    assert shade.real() == pytest.approx(60, abs=off)
    assert shade.status()["known"]


FAULTS = [
    ("roller", "broken_wire", 1, "driver"),
    ("venetian", "lift_stall", 4, "stalled"),
    ("venetian", "lift_dead_encoder", 4, "stalled"),
    ("venetian", "lift_slip", 5, "slipped"),
    ("venetian", "lift_lost_pulses", 6, "encoder"),
    ("venetian", "lift_overrun", 13, "overrun"),
    ("venetian", "lift_dither", 4, "stalled"),
    ("venetian", "lift_crossed", 15, "backwards"),
    ("venetian", "tilt_stall", 4, "stalled"),
    ("venetian", "tilt_slip", 5, "slipped"),
    ("venetian", "tilt_lost_pulses", 6, "encoder"),
    ("venetian", "tilt_dead_encoder", 4, "stalled"),
    ("venetian", "tilt_overrun", 13, "overrun"),
    ("venetian", "tilt_dither", 4, "stalled"),
    ("venetian", "tilt_crossed", 15, "backwards"),
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
# What a variant copes with.
BORNE = {
    "roller": {"noise"},
    "venetian": {"lift_bounce", "tilt_bounce", "weak_supply"},
    "drapery": {"noise", "forgets_travel"},
}


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


def test_a_motor_on_a_dead_bus_is_stopped_as_soon_as_it_hears_again(wired):
    shade = wired("drapery", 20000)
    shade.ask("move open")
    wait_for("the shade on its way", lambda: shade.real() > 2)
    shade.fault("dead_bus")
    shade.expect_fault(7, "no_answer")
    assert shade.world()["parts"]["lift"]["speed"] > 0  # nothing reaches it
    shade.fault("dead_bus", on=False)
    wait_for("the motor stopped", lambda: shade.world()["parts"]["lift"]["speed"] == 0)
    assert shade.real() < 90
    assert shade.ask("move stop")["result"] >= 0
    wait_for("the position", lambda: shade.status()["known"])
    assert shade.status()["position"] == pytest.approx(shade.real(), abs=1)


def test_the_drapery_finds_a_travel_that_its_motor_has_forgotten(wired):
    shade = wired("drapery")
    shade.move(50)
    shade.fault("forgets_travel")
    shade.fault("forgets_travel", on=False)
    assert shade.move(30)["position"] == 30  # by the closed end
    assert shade.real() == pytest.approx(30, abs=1)
    assert shade.status()["fault"] == 0


def test_the_drapery_goes_where_it_is_sent_through_noise(wired):
    shade = wired("drapery")
    shade.fault("noise")
    # A question that gets through in none of three tries is a fault, told as such.
    shade.move_there(70)
    assert shade.real() == pytest.approx(70, abs=1)


def test_the_roller_is_the_same_remote_after_every_power_cut(wired):
    shade = wired("roller")
    for _ in range(3):
        shade.ask("move open")
        wait_for("the shade on its way", lambda: shade.real() > 20)
        shade.power_cut()
        shade.start()
        assert shade.move("close")["position"] == 0
        wait_for("the shade at rest", lambda: shade.world()["parts"]["lift"]["speed"] == 0)
        assert shade.real() == 0
    radio = shade.world()["parts"]["radio"]
    assert radio["refused"] == 0
    assert radio["remote"] == int(shade.photon.ready["id"][-6:], 16)


def test_a_stop_reaches_the_roller_through_noise(wired):
    shade = wired("roller", 20000)
    shade.fault("noise")
    for _ in range(3):
        shade.ask("move open")
        wait_for("the shade on its way", lambda: shade.world()["parts"]["lift"]["speed"] > 0)
        shade.ask("move stop")
        wait_for("the shade at rest", lambda: shade.world()["parts"]["lift"]["speed"] == 0)
        assert shade.real() < 90


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


def test_firmware_of_another_variant_touches_no_output_until_the_board_is_said_to_be_its(wired):
    shade = wired("roller")
    answer = set_site(shade, b"Kitchen+%26+bath")
    assert answer.startswith(b"HTTP/1.1 200 ") and b"Stored." in answer
    shade.move(40)
    shade.power_cut()
    shade = wired("honeycomb", 900)
    assert (shade.status()["fault"], shade.status()["fault_text"]) == (18, "wrong_board")
    assert (shade.status()["board"], shade.status()["site"]) == ("roller", "Kitchen & bath")
    assert [shade.ask(f"move {word}")["result"] for word in ("open", "close", "stop", "50")] == [-3] * 4
    shade.photon.wait("the cloud", lambda status: status["cloud"] == "connected")
    assert shade.variable("health")["fault"] == 18
    wait_for("the fault as an event", lambda: 18 in [event["fault"] for event in shade.events("shade/fault")])
    assert b"<th>State<td>wrong_board" in set_site(shade, b"")
    outputs = {2, 3, 4, 10}
    pins = shade.photon.control(do="status")["pins"]
    assert not [pin for pin in pins if pin["pin"] in outputs], pins
    assert shade.world()["contradictions"] == 0
    # An update puts it right, or whoever stands before it.
    assert shade.ask("board roller")["result"] == -1
    assert shade.ask("board honeycomb")["result"] == 0
    shade.power_cut()
    shade.start()
    status = shade.status()
    # Times as well, so the roller's hold.
    assert (status["calibrated"], status["open_ms"], status["board"], status["fault"]) == (True, 1600, "honeycomb", 0)
    assert shade.move("open")["position"] == 100


def test_the_wrong_firmware_is_updated_like_any_other(wired, modules):
    shade = wired("roller")
    shade.power_cut()
    shade = wired("venetian")
    assert shade.status()["fault"] == 18
    shade.photon.wait("the cloud", lambda status: status["cloud"] == "connected")
    image = modules["roller"].read_bytes()
    shade.cloud.run(shade.cloud.hub.flash(shade.photon.ready["id"], image, "roller.bin"))
    shade.cloud.wait_for_hello(2)
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


def test_a_venetian_learns_its_ends(wired):
    shade = wired("venetian")
    assert shade.status()["calibrated"] is False
    assert shade.ask("calibrate learn")["result"] == 0
    for part in ("lift", "tilt"):
        for end, position in (("open", 100), ("closed", 0)):

            def stands(part: str = part, end: str = end) -> bool:
                status = shade.status()
                return (status.get("part"), status.get("learning")) == (part, end)

            wait_for(f"the {part} at its {end} end", stands)
            assert shade.world()["parts"][part]["position"] == position
            assert shade.ask("calibrate mark")["result"] == 0
    wait_for("a calibration", lambda: shade.status()["calibrated"])
    status = shade.status()
    assert status["lift_counts"] == pytest.approx(1200, rel=0.01)
    assert status["tilt_counts"] == pytest.approx(240, rel=0.02)
    assert shade.move(30) == {"event": "moved", "position": 30, "target": 30, "cause": "arrived"}
    wait_for("the last step as an event", lambda: [e for e in shade.events("shade/learn") if e["step"] == "stored"])
    shade.power_cut()
    shade.start()
    assert shade.status()["lift_counts"] == status["lift_counts"]


def test_a_supply_that_dips_as_a_motor_starts(wired):
    shade = wired("venetian")
    shade.move("open")
    shade.fault("weak_supply")
    hellos = len(shade.cloud.hellos)
    assert shade.ask("move 40")["result"] == 40
    boot = shade.expect("boot")
    assert (boot["reset"], boot["position"]) == (50, 100)
    shade.cloud.wait_for_hello(hellos + 1)
    # Where it was is in the journal, and that this is not certain any more; nothing goes on by itself.
    status = shade.status()
    assert (status["reset"], status["known"], status["moving"], status["fault"]) == (50, False, False, 0)
    assert status["position"] == 100
    assert shade.real() > 95
    wait_for("the start as an event", lambda: 50 in [event["reset"] for event in shade.events("shade/boot")])
    wait_for("the reset's reason", lambda: "power_brownout" in [e.data for e in shade.cloud.events])
    outputs = {0, 1, 2, 3}
    driven = [pin for pin in shade.photon.control(do="status")["pins"] if pin["pin"] in outputs and pin["level"] > 0]
    assert not driven
    shade.fault("weak_supply", on=False)
    assert shade.move(40)["position"] == 40
    assert shade.real() == pytest.approx(40, abs=1)
    assert shade.status()["known"]
    assert len(shade.cloud.hellos) == hellos + 1
