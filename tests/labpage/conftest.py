"""A lab with its page, and a browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, sync_playwright

from photonrig.bench.lab import Lab
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_project, build_variant
from photonrig.labpage.server import LabPage
from photonrig.labpage.watch import LabWatch

TOOLS = Toolchain(Path(__file__).parents[2])
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WAIT = 60_000  # milliseconds

CRASHES = """
int crash(String) { return *reinterpret_cast<volatile int*>(0x60000000); }
void setup() { Particle.function("crash", crash); }
"""


class OpenLab:
    """A lab that is up: ``photon-1`` and ``-3`` are rollers, ``-2`` crashes on demand, ``fresh-1`` is new."""

    def __init__(self, lab: Lab, watch: LabWatch, page: LabPage, crashes: Path) -> None:
        self.lab, self.watch, self.page, self.crashes = lab, watch, page, crashes


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLab]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "crashes.ino").write_text(CRASHES)
    firmware = {
        "roller": build_variant(TOOLS, "roller"),
        "crashes": build_project(TOOLS, "crashes", folder / "crashes.ino"),
    }
    TOOLS.native()
    with (
        Lab(folder / "state", vphoton=TOOLS.vphoton, sdk=TOOLS.sdk(), firmware=firmware, photons=3, fresh=1) as lab,
        LabWatch(lab, [firmware["roller"].parent]) as watch,
    ):
        watch.start()
        with LabPage(lab, watch) as page:
            yield OpenLab(lab, watch, page, firmware["crashes"])


def _is_trouble(said: ConsoleMessage) -> bool:
    """An error; but that the lab has refused something is an answer."""
    return said.type == "error" and not re.search("status of (409|413)", said.text)


@pytest.fixture
def browser_page(opened: OpenLab) -> Iterator[Page]:
    """The lab's page in a browser; what its console says in anger fails the test."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    troubles: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if _is_trouble(said) else None)
        page.goto(opened.page.address)
        page.get_by_role("article", name="slot photon-1").wait_for()
        yield page
        browser.close()
    assert troubles == []
