"""What belongs to a shade's owner, on the image that ships: keys on the wall, schedule, groups, changes of owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import VARIANTS, build_variant
from photonrig.localcloud.device.contract import Subscription

from .conftest import ROOT, Cloud, Photon, wait_for
from .shade import Shade

A3, A4, A5 = 13, 14, 15
KEYS = {"roller": (0, 1, 2), "venetian": (A3, A4, A5), "drapery": (A3, A4, A5), "honeycomb": (A3, A4, A5)}


@pytest.fixture
def wired(photon: Photon, cloud: Cloud) -> Iterator[Callable[[str], Shade]]:
    made: list[Shade] = []

    def start(variant: str) -> Shade:
        module = build_variant(Toolchain(ROOT), variant)
        made.append(Shade(photon, cloud))
        return made[0].start("--firmware", str(module), "--wired-to", f"{variant}:1000", *cloud.words)

    yield start
    for shade in made:
        shade.power_cut()


def household(shade: Shade) -> dict[str, object]:
    return shade.ask("household")


@pytest.mark.parametrize("variant", VARIANTS)
def test_keys_on_the_wall(wired, variant):
    shade = wired(variant)
    up, stop, down = KEYS[variant]

    def press(pin: int) -> None:
        shade.photon.control(do="pin", pin=pin, level=0)

    def let_go() -> None:
        for pin in (up, stop, down):
            shade.photon.control(do="pin", pin=pin, level=1)
        # By the device's own clock, for longer than a contact bounces.
        began = shade.status()["uptime"]
        wait_for("a second of the device's", lambda: shade.status()["uptime"] > began + 1)

    let_go()
    for pin, target in ((up, 100), (down, 0)):
        press(pin)
        wait_for("the shade on its way", lambda: shade.status()["target"] == target)  # noqa: B023
        let_go()
        wait_for("the shade at rest", lambda: not shade.status()["moving"])
    press(up)
    wait_for("the shade on its way", lambda: shade.status()["moving"])
    press(stop)  # both at once: stop
    wait_for("the shade at rest", lambda: not shade.status()["moving"])
    assert shade.expect("moved")["cause"] in ("stopped", "arrived", "assumed")


def test_a_schedule_is_kept_and_runs_without_being_asked(wired):
    shade = wired("drapery")
    now = datetime.now(UTC)
    # This minute's and those to come, should one begin meanwhile; the first look after a start finds its own.
    for number in range(4):
        at = now + timedelta(minutes=number)
        assert shade.call("schedule", f"{number + 1} 1234567 {at:%H:%M} 40") == 0
    assert shade.call("schedule", "place 52.52 13.4") == 0
    told = shade.variable("schedule")
    assert told.startswith(f"1 1234567 {now:%H:%M} 40;") and told.endswith(";zone STD0;place 52.52 13.40")
    shade.power_cut()
    shade.start()
    assert shade.variable("schedule") == told
    wait_for("the scheduled move", lambda: shade.status()["target"] == 40)
    wait_for("the time", lambda: shade.status()["time"])


def test_a_group_obeys_an_event_with_its_name(wired):
    shade = wired("drapery")
    assert shade.call("groups", "south,upstairs") == 0
    assert shade.variable("groups") == "south,upstairs"
    device = shade.photon.ready["id"]
    wait_for("the subscription", lambda: Subscription("shade/to/", "mine") in shade.cloud.hub.subscriptions(device))
    shade.cloud.send_event(device, "shade/to/north", "move 70")
    shade.cloud.send_event(device, "shade/to/upstairs", "move 30")
    wait_for("the shade on its way", lambda: shade.status()["target"] == 30)


def test_what_a_device_asks_the_cloud_goes_to_no_other(wired):
    """Each of a thousand devices of one account would hear a thousand questions."""
    shade = wired("drapery")
    device = shade.photon.ready["id"]
    own = Subscription(f"shade/own/{device}", "mine")
    wait_for("the subscription", lambda: own in shade.cloud.hub.subscriptions(device))
    wait_for("the question", lambda: own.prefix in [event.name for event in shade.cloud.events])
    other = f"shade/own/{'0' * 24}"
    assert not any(other.startswith(each.prefix) for each in shade.cloud.hub.subscriptions(device))


def test_a_new_owner_inherits_nothing(wired):
    shade = wired("drapery")
    assert shade.call("owner", "alice") == 0
    assert shade.call("groups", "south") == 0
    assert shade.call("schedule", "1 1234567 07:30 40") == 0
    assert shade.call("owner", "alice") == 0
    assert household(shade) == {
        "owner": "alice",
        "release": False,
        "site": "",
        "groups": "south",
        "schedule": "1 1234567 07:30 40;zone STD0",
    }
    assert shade.call("owner", "bob") == 0
    assert shade.expect("owner") == {"event": "owner", "owner": "alice", "release": False, "cleared": False}
    bare = {"owner": "bob", "release": False, "site": "", "groups": "", "schedule": "zone STD0"}
    assert household(shade) == bare
    wait_for(
        "the change as an event",
        lambda: {"owner": "bob", "release": False, "cleared": True} in shade.events("shade/owner"),
    )
    shade.power_cut()
    shade.start()
    assert household(shade) == bare


def test_setup_held_asks_to_be_given_up_until_the_cloud_answers(wired):
    shade = wired("drapery")
    assert shade.call("owner", "alice") == 0
    shade.lines.clear()
    assert shade.photon.control(do="setup_button", pressed=True)["ok"]
    assert shade.photon.control(do="setup_button", pressed=False)["ok"]
    assert household(shade)["release"] is False  # a press is not a hold
    assert shade.photon.control(do="setup_button", hold_ms=10500)["ok"]
    shade.power_cut()  # the networks are gone, too
    shade.start(*shade.cloud.words)
    asks = {"owner": "alice", "release": True, "cleared": False}
    wait_for("the question as an event", lambda: asks in shade.events("shade/owner"))
    assert household(shade)["release"] is True
    assert shade.call("owner", "none") == 0
    assert household(shade)["release"] is False


def test_events_outlast_a_reset(wired):
    shade = wired("drapery")
    assert shade.ask("move 100")["result"] == 100
    assert shade.ask("owner carol")["result"] == 0  # told when the shade rests, and it does not any more
    number = len(shade.cloud.hellos) + 1
    shade.ask("status")
    shade.say("reset")
    shade.cloud.wait_for_hello(number)
    wait_for("the event of before", lambda: [e["owner"] for e in shade.events("shade/owner")] == ["carol"])


def test_the_page_moves_the_shade_and_keeps_umlauts(wired):
    shade = wired("drapery")

    def post(body: bytes) -> bytes:
        shade.photon.control(do="setup_button", hold_ms=4000)
        answer = shade.photon.exchange(
            "softap_http",
            b"POST /index HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n"
            b"Connection: close\r\n\r\n%s" % (len(body), body),
        )
        shade.photon.control(do="setup_button", hold_ms=4000)
        return answer

    answer = post(b"move=open")
    assert answer.startswith(b"HTTP/1.1 200 ") and b"<button name=move value=close>Down</button>" in answer
    wait_for("the console back", lambda: shade.status()["target"] == 100)
    assert post(b"move=up").startswith(b"HTTP/1.1 400 ")
    answer = post(b"site=K%C3%BCche")
    assert "<h1>Küche</h1>".encode() in answer
    wait_for("the console back", lambda: shade.status()["site"] == "Küche")
    shade.photon.wait("the cloud", lambda status: status["cloud"] == "connected")
    assert shade.variable("site") == "Küche"
