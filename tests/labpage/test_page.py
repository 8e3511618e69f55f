"""The lab's page as somebody uses it, in Chromium."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from photonrig.build.variants import build_variant
from photonrig.errors import CloudError
from photonrig.particle.cloud import product
from photonrig.particle.module import parse_module

from .conftest import TOOLS, WAIT, OpenLab

expect.set_options(timeout=WAIT)


def card(page: Page, slot: str) -> Locator:
    return page.get_by_role("article", name=f"slot {slot}", exact=True)


def test_a_new_device_is_set_up_and_its_owner_is_seen_to_change(browser_page: Page, opened: OpenLab) -> None:
    fresh = card(browser_page, "fresh-1")
    expect(fresh.locator(".owner")).to_have_text("unowned")
    fresh.get_by_text("Set up by SoftAP").click()
    fresh.get_by_label("claim code").fill(opened.lab.team.create_claim_code().code)
    fresh.get_by_role("button", name="Set up").click()
    expect(fresh.locator(".owner")).to_have_text("central@example.com")
    expect(fresh.locator(".mode")).to_have_text("online")
    change = browser_page.locator("#owners li.owner", has_text="fresh-1").first
    expect(change).to_contain_text("unowned → central@example.com, by the device, by claim code")
    expect(browser_page.get_by_role("img", name="fresh-1: unowned, then central@example.com for")).to_be_visible()


def test_calls_move_the_shade_that_is_drawn_and_events_can_be_sought(browser_page: Page) -> None:
    roller = card(browser_page, "photon-1")
    roller.get_by_text("Call and read").click()
    for target in ("70", "20"):
        roller.get_by_label("argument").fill(target)
        roller.get_by_role("button", name="Call").click()
        expect(roller.get_by_role("status")).to_have_text(f"move: {target}")
        expect(browser_page.locator("#events li").first).to_contain_text("particle/device/updates/enabled")
        # It goes by time: some per cent are the motor's.
        near = "|".join(str(int(target) + off) for off in range(-4, 5))
        expect(roller.locator(".window")).to_have_attribute("aria-label", re.compile(f"lift ({near}) %"))
    roller.get_by_role("button", name="Read").click()
    expect(roller.get_by_role("status")).to_have_text("position: 20")
    browser_page.get_by_label("only with").fill("moved")
    expect(browser_page.locator("#events li:visible").first).to_contain_text('"position":20')
    assert all("moved" in text for text in browser_page.locator("#events li:visible").all_inner_texts())


def test_a_crash_shows_its_sos_and_where_it_was(browser_page: Page, opened: OpenLab) -> None:
    broken = card(browser_page, "photon-2")
    expect(broken.locator(".mode")).to_have_text("online")
    broken.get_by_text("Call and read").click()
    broken.get_by_label("function").fill("crash")
    broken.get_by_role("button", name="Call").click()
    summary = broken.locator(".panic summary")
    expect(summary).to_contain_text("SOS")
    summary.click()
    expect(broken.locator(".panic pre")).to_contain_text("crash(String)")
    expect(broken.locator(".mode")).to_have_text("panic: SOS")
    opened.lab.photons["photon-2"].control({"do": "end_sos"})
    expect(broken.locator(".mode")).to_have_text("online")  # it resets, and is back


def test_who_asked_and_unowned_moments_are_on_the_timeline(browser_page: Page, opened: OpenLab) -> None:
    team, device = opened.lab.team, opened.lab.photons["photon-3"].device_id
    customer = opened.lab.cloud.create_customer(opened.lab.product.id, "anna@example.com", client=opened.lab.client)
    team.release(device)
    opened.lab.cloud.using(customer).claim(device)
    owners = browser_page.locator("#owners li", has_text="photon-3")
    expect(owners.filter(has_text="unowned → anna@example.com, unowned for").first).to_be_visible()
    expect(owners.filter(has_text="customer anna@example.com asked: POST /v1/devices → 200").first).to_be_visible()
    cloud = opened.lab.cloud
    cloud.create_user("stranger@example.com", "secret")
    with pytest.raises(CloudError):
        cloud.using(cloud.log_in("stranger@example.com", "secret")).variable(device, "position")
    refused = owners.filter(has_text="stranger@example.com asked: GET /v1/devices/…/position → 403").first
    expect(refused).to_be_visible()
    assert customer.access_token not in browser_page.content()
    browser_page.get_by_role("button", name="Only changes of owners").click()
    expect(refused).to_be_hidden()
    opened.lab.cloud.using(customer).release(device)
    team.claim(device)
    expect(owners.filter(has_text="→ central@example.com, unowned for").first).to_be_visible()


def test_webhooks_sent_and_answered(browser_page: Page, opened: OpenLab) -> None:
    class Target(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Target) as server:
        threading.Thread(target=server.serve_forever).start()
        hook = {"event": "test/hook", "url": f"http://127.0.0.1:{server.server_port}/"}
        opened.lab.team.request("POST", f"/v1/products/{opened.lab.product.id}/integrations", json=hook)
        opened.lab.team.publish("test/hook", scope=product(opened.lab.product.id))
        expect(browser_page.locator("#webhooks li").first).to_contain_text("test/hook sent, answered 201")
        server.shutdown()


def test_an_image_is_flashed_and_what_is_none_is_refused(browser_page: Page, opened: OpenLab, tmp_path: Path) -> None:
    target = card(browser_page, "photon-3")
    expect(target.locator(".mode")).to_have_text("online")
    target.get_by_text("Flash an image").click()
    button, chosen = target.get_by_role("button", name="Flash", exact=True), target.get_by_label("application (.bin)")
    button.click()
    expect(target.get_by_role("status")).to_have_text("choose a file first")
    (tmp_path / "none.bin").write_bytes(b"no module")
    (tmp_path / "huge.bin").write_bytes(bytes(300 * 1024))
    for file, told in (("none.bin", "firmware error|module"), ("huge.bin", "more than 262144 bytes")):
        chosen.set_input_files(tmp_path / file)
        button.click()
        expect(target.get_by_role("status")).to_have_text(re.compile(told))
    chosen.set_input_files(opened.crashes)
    button.click()
    expect(target.get_by_role("status")).to_have_text(f"{opened.crashes.name} runs")
    image = parse_module(opened.crashes.read_bytes())
    assert opened.lab.photons["photon-3"].application == image.sha256.hex()
    roller = build_variant(TOOLS, "roller")
    chosen.set_input_files(roller)
    expect(target.locator(".mode")).to_have_text("online")
    button.click()
    expect(target.get_by_role("status")).to_have_text(f"{roller.name} runs")


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_no_serious_finding_of_axe(browser_page: Page, colours: Literal["light", "dark"], width: int) -> None:
    browser_page.emulate_media(color_scheme=colours, reduced_motion="reduce")
    browser_page.set_viewport_size({"width": width, "height": 900})
    expect(card(browser_page, "photon-1").locator(".mode")).to_have_text("online")
    for summary in card(browser_page, "photon-1").locator("summary:visible").all():
        summary.click()
    found = Axe().run(browser_page).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in serious] == []
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= width


def test_serial_lines_both_ways(browser_page: Page) -> None:
    roller = card(browser_page, "photon-1")
    roller.get_by_text("Serial", exact=True).click()
    roller.get_by_role("textbox", name="line").fill("ping 42")
    roller.get_by_role("textbox", name="line").press("Enter")
    expect(roller.locator(".serial pre")).to_contain_text('{"pong":"42"}')


def test_power_and_radio(browser_page: Page) -> None:
    roller = card(browser_page, "photon-1")
    power, radio = roller.get_by_role("button", name="Power"), roller.get_by_role("button", name="Wi-Fi")
    radio.click()
    expect(roller.locator(".network")).to_have_text("radio off")
    radio.click()
    power.click()
    expect(roller.locator(".mode")).to_have_text("off")
    expect(roller.get_by_role("button", name="RESET")).to_be_disabled()
    power.click()
    expect(roller.locator(".mode")).to_have_text("online")


def test_faults_of_what_it_drives(browser_page: Page) -> None:
    roller = card(browser_page, "photon-1")
    roller.get_by_text("Faults of what it drives").click()
    stall = roller.get_by_role("button", name="stall")
    stall.click()
    expect(stall).to_have_attribute("aria-pressed", "true")
    stall.click()
    expect(stall).to_have_attribute("aria-pressed", "false")


def test_fifty_devices_with_twenty_events_a_second_each(browser_page: Page, opened: OpenLab) -> None:
    shown = {"device": "0" * 24, "variant": "roller", "product": "p", "owner": None, "can": ["setup", "power"]}
    shown |= {"power": True, "led": {"color": "#00FFFF", "pattern": "breathe", "period_ms": 4000}, "cloud": "connected"}
    shown |= {"wifi": "w", "firmware": "1 version 1", "faults": {}, "mode": "online"}
    names = [f"many-{number}" for number in range(50)]
    for position in range(20):
        for name in names:
            opened.watch.changes.tell("slot", name, **shown, parts={"lift": {"position": position}})
            opened.watch.changes.tell("event", name, name="shade/moved", data=f'{{"position":{position}}}')
    for name in names:
        expect(card(browser_page, name).locator(".window")).to_have_attribute("aria-label", "lift 19 %")
    expect(browser_page.locator("#events li")).to_have_count(500)
    browser_page.get_by_role("button", name="Pause").click()
    opened.watch.changes.tell("event", "many-1", name="shade/later", data="")
    opened.watch.changes.tell("slot", "many-1", **shown, parts={"lift": {"position": 50}})
    expect(card(browser_page, "many-1").locator(".window")).to_have_attribute("aria-label", "lift 50 %")
    expect(browser_page.locator("#events li").first).not_to_contain_text("later")
    browser_page.get_by_role("button", name="Pause").click()
    expect(browser_page.locator("#events li").first).to_contain_text("later")
    # Nothing is wider than a telephone.
    browser_page.set_viewport_size({"width": 400, "height": 800})
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= 400


def test_one_that_comes_later_sees_the_present_picture(browser_page: Page, opened: OpenLab) -> None:
    opened.watch.changes.tell("event", "photon-1", name="test/before", data="seen")
    browser_page.reload()
    expect(card(browser_page, "photon-1").locator(".mode")).to_have_text("online")
    expect(browser_page.locator("#events li", has_text="test/before")).to_have_count(1)


def test_what_devices_say_is_text(browser_page: Page, opened: OpenLab) -> None:
    said = '<img src=x onerror="document.title=1"></li><script>document.title=2</script>\x00\x1b[2J\u202e\u2028'
    opened.watch.changes.tell("event", "photon-1", name=said, data=said)
    opened.watch.changes.tell("serial", "photon-1", line=said)
    opened.watch.changes.tell("log", "photon-1", line="x" * 1_000_000)
    opened.watch.changes.tell("panic", "photon-1", title=said, lines=[said])
    opened.watch.changes.tell("asked", "photon-1", who=said, request=said, status=403, token=said)
    opened.watch.changes.tell("webhook", "", event=said, error=said, status=None)
    for where in ("#events li", "#owners li", "#webhooks li"):
        expect(browser_page.locator(where).first).to_contain_text("onerror=")
    expect(browser_page.locator("img, li script")).to_have_count(0)
    expect(browser_page).to_have_title("Lab")
