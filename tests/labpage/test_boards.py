"""Boards on the lab's page: what can be known of each is shown, what its drivers offer can be done, and nothing else.

The board is a virtual Photon that the lab knows nothing of, behind the drivers of a real one: a relay at each button, a
port of a hub, a USB path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect, sync_playwright

from photonrig.bench.config import HubPort, Press, load_config
from photonrig.bench.lab import Lab
from photonrig.bench.lock import Busy, hold
from photonrig.bench.slots.real.buttons import Button, by_commands
from photonrig.bench.slots.real.power import UhubctlPower
from photonrig.bench.slots.real.serial import UsbSerial
from photonrig.bench.slots.real.usb import PID_SERIAL, VID, Attached, attached
from photonrig.bench.slots.slot import Slot
from photonrig.bench.slots.virtual.photon import AIR, Provision, Server, VirtualPhoton
from photonrig.build.variants import build_variant
from photonrig.errors import UsageError
from photonrig.labpage import boards
from photonrig.labpage.boards import Board, boards_of, import_boards
from photonrig.labpage.server import LabPage
from photonrig.labpage.watch import LabWatch
from photonrig.particle.keys import generate_device_key, private_key_der

from ..patience import wait_for
from .conftest import CHROMIUM, TOOLS, WAIT

expect.set_options(timeout=WAIT)

ID = "3f0022001247343339383037"
PLACE = "1-1.4"


class Bench:
    """The lab with its page, and what is behind the board's drivers."""

    def __init__(self, lab: Lab, board: Board, photon: VirtualPhoton, page: LabPage) -> None:
        self.lab, self.board, self.photon, self.page = lab, board, photon, page


def drivers(photon: VirtualPhoton) -> Slot:
    """A board's slot, whose equipment is wired to the device."""
    pressed: dict[str, ExitStack] = {}

    def relay(argv: Sequence[str], timeout: float) -> str:
        what, button = argv
        if what == "press":
            pressed[button] = ExitStack()
            pressed[button].enter_context(photon.pressed("reset" if button == "reset" else "setup_button"))
        elif button in pressed:
            pressed.pop(button).close()
        return ""

    def uhubctl(argv: Sequence[str], timeout: float) -> str:
        if argv[-1] == "off":
            photon.kill()
        elif not photon.alive:
            photon.start()
        return f"  Port 4: 0100{' power' if photon.alive else ' off'}\n"

    def button(name: str) -> Button:
        return Button(by_commands(Press(press=("press", name), release=("release", name)), run=relay))

    return Slot(
        name="left",
        device_id=ID,
        serial=UsbSerial(PLACE, comports=lambda: comports(photon)),
        power=UhubctlPower(HubPort(hub="1-1", port=4), run=uhubctl),
        setup_button=button("setup"),
        reset=button("reset"),
    )


def comports(photon: VirtualPhoton) -> list[SimpleNamespace]:
    there = SimpleNamespace(
        vid=VID, pid=PID_SERIAL, location=PLACE, device=photon.serial_port, serial_number=ID.upper()
    )
    return [there] if photon.alive and photon.status()["mode"] not in ("dfu", "reset", "bootloader") else []


def dfu_util(photon: VirtualPhoton) -> Callable[[Sequence[str], float], str]:
    def run(argv: Sequence[str], timeout: float) -> str:
        in_dfu = photon.alive and photon.status()["mode"] == "dfu"
        return f'Found DFU: [2b04:d006] ver=0200, path="{PLACE}", name="x", serial="{ID}"\n' if in_dfu else ""

    return run


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bench")
    roller = build_variant(TOOLS, "roller")
    TOOLS.native()
    (folder / "key.der").write_bytes(private_key_der(generate_device_key()))
    photon = VirtualPhoton(TOOLS.vphoton, folder / "board")
    board = Board(drivers(photon), "roller", f"usb:{folder}", PLACE)
    bare = Board(Slot(name="bare", device_id="b" * 24), "roller", f"place:{folder}")

    def plugged_in(run: Callable[[Sequence[str], float], str] | None = None) -> tuple[Attached, ...]:
        return attached(lambda: comports(photon), run or dfu_util(photon))

    with (
        pytest.MonkeyPatch.context() as patch,
        Lab(
            folder / "state",
            vphoton=TOOLS.vphoton,
            sdk=TOOLS.sdk(),
            firmware={"roller": roller},
            photons=1,
            admit_unknown=True,
        ) as lab,
        LabWatch(lab, [], [board, bare]) as watch,
    ):
        patch.setattr(boards, "attached", plugged_in)
        assert import_boards(lab, [board]) == [board]  # it has never connected
        cloud = lab.local_cloud
        server = Server(key=cloud.key_file, host=cloud.device_host, port=cloud.device_port)
        photon.start(Provision(ID, folder / "key.der", roller), server=server, wifi=AIR[0])
        wait_for("it to be imported", lambda: not import_boards(lab, [board]))
        watch.start()
        with LabPage(lab, watch) as page:
            yield Bench(lab, board, photon, page)
        photon.kill()


@pytest.fixture
def page(bench: Bench) -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(WAIT)
        page.goto(bench.page.address)
        expect(card(page, "left").locator(".mode")).to_have_text("online")
        yield page
        browser.close()


def card(page: Page, slot: str) -> Locator:
    return page.get_by_role("article", name=f"slot {slot}", exact=True)


def fact(page: Page, name: str) -> Locator:
    return card(page, "left").locator(f".{name}")


def test_what_is_known_is_shown_and_what_is_not_is_absent(page: Page, bench: Bench) -> None:
    expect(fact(page, "owner")).to_have_text("unowned")
    expect(fact(page, "product")).to_have_text(bench.lab.product.slug)
    expect(fact(page, "firmware")).to_contain_text(f"roller, {bench.lab.product.id} version ")
    expect(fact(page, "device")).to_have_text(ID)
    expect(fact(page, "usb")).to_have_text(f"{PLACE}: {bench.photon.serial_port}")
    expect(fact(page, "seen")).to_have_text(re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"))
    board = card(page, "left")
    for part in (".led", ".window", ".network", ".holder", ".faults", ".join", ".power", ".wifi"):
        expect(board.locator(part)).to_be_hidden()
    buttons = board.locator(".buttons button:visible")
    expect(buttons).to_have_text(["SETUP", "RESET", "Keep SETUP", "Power on", "Power off"])
    expect(card(page, "photon-1").locator(".led")).to_be_visible()


def test_a_place_that_is_not_acquired_has_what_the_cloud_knows(page: Page) -> None:
    bare = card(page, "bare")
    expect(bare.locator(".mode")).to_have_text("unknown to the cloud")
    expect(bare.locator(".buttons button:visible")).to_have_count(0)
    for part in (".owner", ".product", ".firmware", ".usb", ".seen", ".serial"):
        expect(bare.locator(part)).to_be_hidden()


def test_power_by_the_hub(page: Page, bench: Bench) -> None:
    board = card(page, "left")
    board.get_by_role("button", name="Power off").click()
    expect(fact(page, "mode")).to_have_text("offline")
    expect(fact(page, "usb")).to_have_text(f"{PLACE}: nothing")
    board.get_by_role("button", name="Power on").click()
    expect(fact(page, "mode")).to_have_text("online")


def test_buttons_by_relays(page: Page, bench: Bench) -> None:
    board = card(page, "left")
    board.get_by_role("button", name="RESET", exact=True).hover()
    page.mouse.down()
    expect(fact(page, "mode")).to_have_text("offline")
    page.mouse.up()
    expect(fact(page, "mode")).to_have_text("online")
    keep = board.get_by_role("button", name="Keep SETUP")
    keep.click()
    board.get_by_role("button", name="RESET", exact=True).click()
    expect(fact(page, "mode")).to_have_text("DFU mode")  # without a factory image it comes while SETUP is held
    expect(fact(page, "usb")).to_have_text(f"{PLACE}: DFU mode")
    keep.click()
    board.get_by_role("button", name="RESET", exact=True).click()
    expect(fact(page, "mode")).to_have_text("online")


def test_a_board_in_use_says_by_whom_and_is_left_alone(page: Page, bench: Bench) -> None:
    board = card(page, "left")
    with hold(bench.board.path):
        expect(fact(page, "holder")).to_contain_text("process ")
        for name in ("RESET", "Power off", "Read"):
            if name == "Read":
                board.get_by_text("Call and read").click()
            board.get_by_role("button", name=name, exact=True).click()
            expect(board.locator(".answer")).to_contain_text("is still held by process")
        board.get_by_text("Serial", exact=True).click()
        expect(board.locator(".answer")).to_contain_text("is still held by process")
    expect(fact(page, "holder")).to_be_hidden()
    board.get_by_role("button", name="Read").click()
    expect(board.locator(".answer")).to_have_text("position: 0")


def test_its_serial_lines(page: Page, bench: Bench) -> None:
    board = card(page, "left")
    board.get_by_text("Serial", exact=True).click()
    board.get_by_role("textbox", name="line").fill("ping 42")
    board.get_by_role("textbox", name="line").press("Enter")
    expect(board.locator(".serial pre")).to_contain_text('{"pong":"42"}')
    with pytest.raises(Busy), hold(bench.board.path):
        pass
    board.get_by_text("Serial", exact=True).click()


def test_what_is_built_here_is_not_flashed_into_a_board(page: Page) -> None:
    board = card(page, "left")
    board.get_by_text("Flash an image").click()
    board.get_by_label("application (.bin)").set_input_files(build_variant(TOOLS, "roller"))
    board.get_by_role("button", name="Flash", exact=True).click()
    expect(board.locator(".answer")).to_contain_text("no board has run yet")


RIG = """
[labgrid]
coordinator = "localhost:20408"
[[slot]]
name = "wired"
variant = "roller"
usb = "1-1.4"
device_id = "3f0022001247343339383037"
power = { hub = "1-1", port = 4 }
setup = { ask = true }
reset = { press = ["relay", "on"], release = ["relay", "off"] }
[[slot]]
name = "far"
variant = "roller"
serial = "socket://host:1"
device_id = "3f0022001247343339383038"
wifi = { adapter = "wlan1" }
[[slot]]
name = "place"
variant = "venetian"
place = "bench-3"
device_id = "3f0022001247343339383039"
[[slot]]
name = "virtual"
variant = "roller"
virtual = true
"""


def test_the_boards_of_a_bench_offer_what_their_entries_say(tmp_path: Path) -> None:
    """A button that a person presses is none of the page's."""
    (tmp_path / "rig.toml").write_text(RIG)
    found = boards_of(load_config(tmp_path / "rig.toml"), lambda: pytest.fail("no CLI is wanted"))
    assert [(board.slot.name, board.can) for board in found] == [
        ("wired", ("reset", "switch", "serial", "cloud")),
        ("far", ("serial", "softap", "cloud")),
        ("place", ("cloud",)),
    ]
    (tmp_path / "rig.toml").write_text(RIG.replace('device_id = "3f0022001247343339383037"', ""))
    with pytest.raises(UsageError, match="slot wired has no device_id"):
        boards_of(load_config(tmp_path / "rig.toml"), lambda: pytest.fail("no CLI is wanted"))


@pytest.mark.parametrize("width", [1280, 400])
def test_no_serious_finding_of_axe(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for slot in ("left", "bare"):
        for summary in card(page, slot).locator("summary:visible").all():
            summary.click()
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
