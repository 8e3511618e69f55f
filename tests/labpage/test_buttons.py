"""SETUP and RESET of the page: held as long as a finger holds them, by mouse, touch and keyboard, and never longer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from photonrig.bench.slots.virtual.photon import VirtualPhoton
from photonrig.errors import PhotonrigError, RigError, UsageError
from photonrig.labpage.buttons import HeldButtons

from ..patience import PATIENCE, wait_for
from .conftest import WAIT, OpenLab

expect.set_options(timeout=WAIT)

SETUP_HELD = 4000  # milliseconds; over 3 s it begins listening mode, and 3 to 8 s end it
SLOT = "photon-1"


def card(page: Page, slot: str = SLOT) -> Locator:
    return page.get_by_role("article", name=f"slot {slot}", exact=True)


def button(page: Page, name: str) -> Locator:
    return card(page).get_by_role("button", name=name, exact=True)


def has_mode(page: Page, mode: str) -> None:
    expect(card(page).locator(".mode")).to_have_text(mode)


@pytest.fixture
def photon(opened: OpenLab) -> VirtualPhoton:
    return opened.lab.photons[SLOT]


@pytest.fixture
def page(browser_page: Page) -> Page:
    has_mode(browser_page, "online")
    return browser_page


def test_a_held_setup_button_begins_and_ends_listening_mode(page: Page) -> None:
    roller = card(page)
    expect(roller.locator(".mode")).to_have_text("online")
    setup = button(page, "SETUP")
    for mode in ("listening mode", "online"):
        setup.hover()
        page.mouse.down()
        expect(setup).to_have_class("setup held")
        page.wait_for_timeout(SETUP_HELD)
        page.mouse.up()
        expect(setup).to_have_class("setup")
        expect(roller.locator(".mode")).to_have_text(mode)


def press_by_mouse(page: Page, name: str) -> None:
    button(page, name).hover()
    page.mouse.down()


def test_reset_holds_the_chip_until_it_is_let_go(page: Page, photon: VirtualPhoton) -> None:
    press_by_mouse(page, "RESET")
    has_mode(page, "held in reset")
    assert photon.status()["cloud"] == "disconnected"
    expect(card(page).locator(".led")).to_have_attribute("aria-label", "LED solid #000000")
    expect(card(page).locator(".firmware")).to_have_text("roller")
    page.mouse.up()
    has_mode(page, "online")
    assert photon.status()["reset_reason"] == "pin_reset"


@pytest.mark.parametrize("key", ["Space", "Enter"])
@pytest.mark.parametrize("name", ["SETUP", "RESET"])
def test_a_key_holds_as_a_finger_does(page: Page, name: str, key: str) -> None:
    pressed = button(page, name)
    pressed.focus()
    with page.expect_response("**/do") as down:
        page.keyboard.down(key)
    expect(pressed).to_have_class(f"{name.lower()} held")
    with page.expect_response("**/do") as up:
        page.keyboard.up(key)
    expect(pressed).to_have_class(name.lower())
    assert down.value.status == up.value.status == 200
    assert [each.value.request.post_data_json["on"] for each in (down, up)] == [True, False]


def touch(finger: CDPSession, kind: str, at: Locator | None = None) -> None:
    box = None if at is None else at.bounding_box()
    points = [] if box is None else [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}]
    finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_finger_holds_until_it_is_lifted_or_slides_off(page: Page) -> None:
    finger = page.context.new_cdp_session(page)
    for end, where in (("touchEnd", None), ("touchMove", card(page).locator("h2"))):
        touch(finger, "touchStart", button(page, "RESET"))
        has_mode(page, "held in reset")
        touch(finger, end, where)
        has_mode(page, "online")
    touch(finger, "touchEnd")


def test_a_mouse_that_slides_off_lets_go(page: Page) -> None:
    press_by_mouse(page, "RESET")
    has_mode(page, "held in reset")
    card(page).locator("h2").hover()
    has_mode(page, "online")
    page.mouse.up()


def test_another_button_of_the_mouse_presses_nothing(page: Page, photon: VirtualPhoton) -> None:
    begun = photon.uptime()
    button(page, "RESET").click(button="right")
    button(page, "RESET").click(button="middle")
    assert photon.uptime() >= begun


def test_a_quick_click_presses_and_lets_go_in_this_order(page: Page, photon: VirtualPhoton) -> None:
    for _ in range(3):
        # A young one is soon as old again, and nothing would tell that it started anew.
        wait_for("some seconds since the start", lambda: photon.uptime() > 3)
        begun = photon.uptime()
        button(page, "RESET").click()
        wait_for("the restart", lambda begun=begun: photon.uptime() < begun)
        has_mode(page, "online")


@pytest.mark.parametrize(("led", "mode"), [("#FF00FF", "safe mode: requested"), ("#FFFF00", "DFU mode")])
def test_setup_kept_beyond_reset_chooses_safe_or_dfu_mode(page: Page, led: str, mode: str) -> None:
    """By one finger: SETUP is kept, RESET pressed, and SETUP let go when the LED shows what is wanted."""
    keep = button(page, "Keep SETUP")
    keep.click()
    expect(keep).to_have_attribute("aria-pressed", "true")
    button(page, "RESET").click()
    expect(card(page).locator(".led")).to_have_attribute("aria-label", f"LED blink {led}")
    keep.click()
    expect(keep).to_have_attribute("aria-pressed", "false")
    has_mode(page, mode)
    button(page, "RESET").click()
    has_mode(page, "online")


def let_go(photon: VirtualPhoton) -> None:
    """Neither button is held any more."""
    setup = photon.slot.need("setup_button", photon.slot.setup_button)

    def can_be_pressed() -> bool:
        with suppress(RigError), setup.held():
            return True
        return False

    wait_for("RESET to be let go", lambda: photon.status()["mode"] != "reset")
    wait_for("SETUP to be let go", can_be_pressed)


def test_a_page_that_is_closed_lets_go_though_another_is_open(
    page: Page, photon: VirtualPhoton, opened: OpenLab
) -> None:
    assert page.context.browser is not None
    for name in ("SETUP", "RESET"):
        other = page.context.browser.new_page()
        other.goto(opened.page.address)
        has_mode(other, "online")
        with other.expect_response("**/do"):
            press_by_mouse(other, name)
        button(page, name).click()
        expect(card(page).locator(".answer")).to_have_text(f"{name} of {SLOT} is held already, by another page")
        other.close()
        let_go(photon)
        has_mode(page, "online")


def test_a_connection_that_is_lost_lets_go(page: Page, photon: VirtualPhoton) -> None:
    press_by_mouse(page, "RESET")
    has_mode(page, "held in reset")
    page.reload()
    let_go(photon)
    has_mode(page, "online")
    page.mouse.up()


def test_power_that_goes_while_a_button_is_held(page: Page, photon: VirtualPhoton) -> None:
    press_by_mouse(page, "SETUP")
    expect(button(page, "SETUP")).to_have_class("setup held")
    photon.kill()
    has_mode(page, "off")
    expect(button(page, "SETUP")).to_be_disabled()
    page.mouse.up()
    photon.start()
    has_mode(page, "online")
    with photon.slot.need("setup_button", photon.slot.setup_button).held():
        pass


def test_who_is_not_there_presses_nothing(photon: VirtualPhoton) -> None:
    buttons = HeldButtons()
    reset = photon.slot.need("reset", photon.slot.reset)
    with pytest.raises(UsageError, match="not connected"):
        buttons.press(SLOT, "reset", reset.held(), "nobody")
    buttons.come("first")
    buttons.come("second")
    buttons.press(SLOT, "reset", reset.held(), "first")
    with pytest.raises(UsageError, match="held already"):
        buttons.press(SLOT, "reset", reset.held(), "second")
    buttons.let_go(SLOT, "reset", "second")
    assert photon.status()["mode"] == "reset"
    buttons.close()
    let_go(photon)


def test_a_button_that_cannot_be_pressed_is_not_held(photon: VirtualPhoton) -> None:
    buttons = HeldButtons()
    buttons.come("first")
    with photon.pressed("setup_button"), pytest.raises(RigError, match="pressed already"):
        buttons.press(SLOT, "setup", photon.pressed("setup_button"), "first")
    buttons.press(SLOT, "setup", photon.pressed("setup_button"), "first")
    buttons.let_go(SLOT, "setup", "first")
    with pytest.raises(PhotonrigError, match="not pressed"):
        photon.control({"do": "setup_button", "pressed": False})


def test_a_reader_that_leaves_in_the_middle_of_a_press_lets_go() -> None:
    entered, go_on, released = threading.Event(), threading.Event(), threading.Event()

    @contextmanager
    def slow() -> Iterator[None]:
        entered.set()
        assert go_on.wait(PATIENCE)
        yield
        released.set()

    buttons = HeldButtons()
    buttons.come("first")
    with ThreadPoolExecutor(2) as pool:
        pressing = pool.submit(buttons.press, SLOT, "setup", slow(), "first")
        assert entered.wait(PATIENCE)
        leaving = pool.submit(buttons.leave, "first")
        wait([leaving], 0.2)  # one that overlooks the press is through by now
        go_on.set()
        pressing.result(PATIENCE)
        leaving.result(PATIENCE)
    assert released.is_set()
