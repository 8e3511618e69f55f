"""The lab's page in Chromium with 50 devices and 20 events a second: how soon it answers, and how smooth it stays."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

from _figures import percentile, show
from playwright.sync_api import Page, sync_playwright

from photonrig.bench.lab import Lab
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.labpage.server import LabPage
from photonrig.labpage.watch import LabWatch
from photonrig.particle.cloud import product

DEVICES = 50
EVENTS_A_SECOND = 20
READS = 100
SECONDS = 10

# From a click on Read until the value stands on the card: through the lab, its cloud and the device.
READ = """async (slot) => {
  const card = document.querySelector(`article[data-slot="${slot}"]`), answer = card.querySelector(".answer");
  answer.textContent = "";
  const began = performance.now();
  const shown = new Promise((resolve) => new MutationObserver((_, seen) => {
    if (answer.textContent) { seen.disconnect(); resolve(performance.now() - began); }
  }).observe(answer, { childList: true, characterData: true, subtree: true }));
  card.querySelector(".read").click();
  return await shown;
}"""
# From an input until the page has drawn what came of it.
FILTER = """(text) => new Promise((resolve) => {
  const filter = document.getElementById("filter"), began = performance.now();
  filter.value = text;
  filter.dispatchEvent(new Event("input"));
  requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
})"""
FRAMES = """(seconds) => new Promise((resolve) => {
  const gaps = [];
  let last = performance.now(), until = last + seconds * 1000;
  const frame = (now) => {
    gaps.push(now - last);
    last = now;
    if (now < until) requestAnimationFrame(frame); else resolve(gaps);
  };
  requestAnimationFrame(frame);
})"""


def publish(lab: Lab, ended: threading.Event) -> None:
    """Events of the product, so many a second, until it is ended."""
    number = 0
    while not ended.wait(1 / EVENTS_A_SECOND):
        number += 1
        lab.team.publish("bench/event", f'{{"number":{number}}}', scope=product(lab.product.id))


def measured(page: Page) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of each read, of each change of the filter, and between frames."""
    reads = [page.evaluate(READ, f"photon-{number % DEVICES + 1}") for number in range(READS)]
    filters = [page.evaluate(FILTER, "bench" if number % 2 else "") for number in range(READS)]
    return reads, filters, page.evaluate(FRAMES, SECONDS)


def main() -> None:
    """Measure and print."""
    tools = Toolchain(Path(__file__).resolve().parents[1])
    firmware = {"roller": build_variant(tools, "roller")}
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    ended = threading.Event()
    with (
        tempfile.TemporaryDirectory(prefix="photonrig-") as folder,
        Lab(Path(folder) / "lab", vphoton=tools.vphoton, sdk=tools.sdk(), firmware=firmware, photons=DEVICES) as lab,
        LabWatch(lab, []) as watch,
        LabPage(lab, watch) as served,
        sync_playwright() as play,
    ):
        watch.start()
        publisher = threading.Thread(target=publish, args=(lab, ended))
        publisher.start()
        page = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"]).new_page()
        page.goto(served.address)
        page.get_by_text(f"{DEVICES} slots, {DEVICES} online").wait_for()
        reads, filters, gaps = measured(page)
        ended.set()
        publisher.join()
    rows = []
    for what, values, bar in (
        ("click on Read to the value", reads, "< 100 ms"),
        ("change of the filter until drawn", filters, "< 100 ms"),
        ("between frames", gaps, ""),
    ):
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            rows.append((f"{what}, {name}", f"{percentile(values, share):.0f} ms", bar))
    show(rows)


if __name__ == "__main__":
    main()
