"""The page and the results of a run of bench tests."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from photonrig.cli.hil_run import Hil, report_hil, run_hil, verdict
from photonrig.errors import UsageError
from photonrig.history import History
from photonrig.report.bench_run import BenchRun, write_results
from photonrig.testing import FakeClock

DEVICE = "0123456789abcdef01234567"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def attempt(variant: str, outcome: str = "passed", cause: str | None = None, **more: Any) -> dict[str, Any]:
    moments = [
        {"at": 0.1, "seconds": 0.0, "lane": "serial", "text": "> ping <1> " + "x" * 400, "trouble": ""},
        {"at": 0.2, "seconds": 0.9, "lane": "http", "text": f"GET /v1/devices/{DEVICE}", "trouble": "silent"},
    ]
    return {
        "outcome": outcome,
        "seconds": 1.25,
        "call_seconds": 1.0,
        "variant": variant,
        "device": DEVICE,
        "firmware": {
            "variant": variant,
            "version": 3,
            "bytes": 31276,
            "flash": 21104,
            "ram": 4088,
            "stack": 1144,
            "heap": 560,
            "loop": 1799,
            "sha256": "ab" * 32,
        },
        "facts": [["Particle CLI", "3.19.0 on Node.js v20.20.2"]],
        "cause": cause,
        "layer": cause,
        "why": f"{DEVICE}: " + "no-spaces-in-here-" * 30 if cause else "",
        "proofs": [["power", "the device has power", "proved"], ["network", "the API is reached", "no " + "y" * 300]],
        "error": "E   assert " + "z" * 500 if cause else "",
        "recovered": [f"{DEVICE}: switched on again"] if cause else [],
        "folder": "",
        "files": [],
        "moments": moments,
        "moments_not_shown": 1234,
    } | more


@pytest.fixture
def run() -> BenchRun:
    tests = {}
    for variant in ("roller", "venetian", "drapery", "honeycomb"):
        tests[f"tests/test_life.py::test_it_moves[{variant}]"] = [attempt(variant)]
        tests[f"tests/test_life.py::test_it_stops[{variant}-2]"] = [attempt(variant)]
    tests["tests/test_life.py::test_it_moves[roller]"] = [attempt("roller", "failed", "firmware")]
    tests["tests/test_life.py::test_it_moves[drapery]"] = [attempt("drapery", "failed", "network"), attempt("drapery")]
    tests["tests/test_life.py::test_it_stops[venetian-2]"] = [attempt("venetian", "known bad", "firmware")]
    tests["tests/test_life.py::test_a_cloud"] = [attempt("") | {"variant": None, "firmware": None}]
    return BenchRun.of(tests, datetime(2026, 1, 2, tzinfo=UTC), 61.0, (("commit", "abc"),))


def test_scenarios_are_rows_and_variants_columns(run: BenchRun) -> None:
    assert run.variants == ["any", "drapery", "honeycomb", "roller", "venetian"]
    rows = {scenario: {variant: case.mark for variant, case in cases.items()} for scenario, cases in run.matrix}
    assert rows == {
        "life: a cloud": {"any": "✓"},
        "life: it moves": {"drapery": "✓↻", "honeycomb": "✓", "roller": "✗", "venetian": "✓"},
        "life: it stops[2]": {"drapery": "✓", "honeycomb": "✓", "roller": "✓", "venetian": "!"},
    }


def test_a_slower_test_is_told_on_the_page_and_terminal_and_is_no_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = History(tmp_path, "hil")

    def report(seconds: float, setup: float, since: str | None) -> tuple[bool, list[str], Path]:
        took = {"seconds": seconds + setup, "call_seconds": seconds}
        tests = {f"test_life.py::test_it_moves[{each}]": [attempt(each, **took)] for each in ("roller", "drapery")}
        tests["test_life.py::test_it_moves[drapery]"][0]["call_seconds"] = 1.0
        folder = history.begin(FakeClock())
        write_results(BenchRun.of(tests, datetime(2026, 1, 2, tzinfo=UTC), 61.0, ()), folder)
        (folder / "junit.xml").write_text("<testsuites/>")
        changed = report_hil(folder, history, None if since is None else history.since(since), Hil("virtual"))
        return changed, capsys.readouterr().out.splitlines(), folder

    report(1.0, 1.0, None)
    _, told, _ = report(1.0, 60.0, "last")  # a bench that starts in another test's set-up makes none slower
    assert not [line for line in told if line.startswith("slower")]
    changed, told, folder = report(3.5, 1.0, "last")
    assert not changed and told[0] == "slower: life / it moves / roller: 1.0 s → 3.5 s" and len(told) == 3
    assert re.fullmatch(r"held: 2 cases, none changed since [\d.-]+, in 61.0 s", told[-1])
    assert [each.get("failures") for each in ET.parse(folder / "junit.xml").getroot()] == ["0"]
    page = (folder / "index.html").read_text()
    assert f"Slower than in {[*history.runs()][-2]}: 1" in page
    (anchor,) = re.findall(r'<a href="index.html#([^"]+)">life / it moves / roller</a>: <span[^>]*>1.0 s → 3.5 s', page)
    assert f'id="{anchor}"' in page and page.index("Slower than") < page.index("<nav")


def test_causes_count_what_stayed_and_what_was_retried(run: BenchRun) -> None:
    assert run.causes == [("firmware", 1, 0), ("network", 0, 1)]
    assert not run.held


def test_results_are_for_programs(run: BenchRun, tmp_path: Path) -> None:
    write_results(run, tmp_path)
    results = json.loads((tmp_path / "results.json").read_text())
    assert (results["held"], results["facts"]["Particle CLI"]) == (False, "3.19.0 on Node.js v20.20.2")
    assert len(results["tests"]) == 9 and [each["variant"] for each in results["firmware"]][-1] == "venetian"


def test_the_page_is_one_file_and_escapes_what_it_is_told(run: BenchRun, tmp_path: Path) -> None:
    write_results(run, tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert "&gt; ping &lt;1&gt;" in page and "<1>" not in page
    assert not re.search(r"<script [^>]*src|<link|<img|<iframe|https?://|url\(|import[ (]", page)
    assert "switched on again" in page and "31,276" in page and "21,104" in page and "1,144" in page and "1,799" in page


def test_files_of_a_test_are_linked_if_they_lie_beside_the_page(tmp_path: Path) -> None:
    beside = {"folder": str(tmp_path / "tests" / "one"), "files": ["serial.log"]}
    elsewhere = {"folder": "/somewhere/else", "files": ["http.log"]}
    tests = {"t.py::test_a": [attempt("roller", **beside)], "t.py::test_b": [attempt("roller", **elsewhere)]}
    write_results(BenchRun.of(tests, datetime.now(UTC), 1.0, ()), tmp_path)
    page = (tmp_path / "index.html").read_text()
    assert 'href="tests/one/serial.log"' in page and "http.log" not in page


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
@pytest.mark.parametrize("width", [400, 1200])
def test_nothing_is_wider_than_the_screen(run: BenchRun, tmp_path: Path, width: int) -> None:
    write_results(run, tmp_path)
    page = (tmp_path / "index.html").read_text().replace("<details>", "<details open>")
    # In a frame: a window of its own is never narrower than 500 pixels.
    measure = "parent.postMessage(document.documentElement.scrollWidth + ' of ' + window.innerWidth, '*')"
    (tmp_path / "inner.html").write_text(page.replace("</body>", f"<script>{measure}</script></body>"))
    (tmp_path / "measured.html").write_text(
        "<title></title><script>onmessage = (told) => { document.title = told.data }</script>"
        f"<iframe src='inner.html' width='{width}' height='800' style='border:0'></iframe>"
    )
    assert CHROMIUM is not None
    argv = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    argv += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}"]
    argv += [
        "--window-size=1400,900",
        "--virtual-time-budget=3000",
        "--dump-dom",
        f"file://{tmp_path / 'measured.html'}",
    ]
    dom = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.search(r"<title>(\d+) of (\d+)</title>", dom)
    assert found is not None, dom[:300]
    assert int(found[1]) <= int(found[2]) == width


@pytest.mark.parametrize(
    ("code", "causes", "said"),
    [(0, [], 0), (1, ["firmware", "rig"], 1), (1, ["rig", "rig"], 3), (1, [], 1), (2, [], 130), (4, [], 2), (5, [], 2)],
)
def test_the_exit_code_says_whether_only_the_bench_failed(
    tmp_path: Path, code: int, causes: list[str], said: int
) -> None:
    tests = [{"attempts": [{"outcome": "failed", "cause": cause}]} for cause in causes]
    (tmp_path / "results.json").write_text(json.dumps({"tests": tests}))
    assert verdict(code, tmp_path / "results.json") == said


def test_no_more_workers_than_slots(tmp_path: Path) -> None:
    slot = '[[slot]]\nname = "{}"\nvariant = "{}"\nvirtual = true\n'
    slots = (("1", "roller"), ("2", "roller"), ("3", "venetian"))
    (tmp_path / "lab.toml").write_text("".join(slot.format(*each) for each in slots))
    with pytest.raises(UsageError, match="has 1 venetian"):
        run_hil(tmp_path, tmp_path, Hil(str(tmp_path / "lab.toml"), workers=2))
