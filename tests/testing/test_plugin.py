"""The plugin in a project of somebody else's: fixtures, markers, order, causes, attempts, known-bad tests."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import photonrig.report.bench_run
import photonrig.testing.bench
import photonrig.testing.known_bad  # noqa: F401


def run(project: pytest.Pytester, *words: str) -> pytest.RunResult:
    without = [word for name in ("cacheprovider", "schemathesis", "hypothesispytest") for word in ("-p", f"no:{name}")]
    return project.runpytest_inprocess(*without, *words)


def test_a_test_runs_once_for_every_variant_present(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(photon): assert photon.variant in ('roller', 'venetian')")
    result = run(project, "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines_random(["*test_it?roller? PASSED*", "*test_it?venetian? PASSED*"])


def test_the_variant_marker_chooses_and_says_what_is_missing(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        @pytest.mark.variant("venetian", "drapery")
        def test_some(photon): assert photon.variant == "venetian"
        @pytest.mark.variant("honeycomb")
        def test_none(photon): pass
        """
    )
    result = run(project, "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*the rig has no honeycomb; it has roller, venetian*"])


def test_needs_hil_and_destructive(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.variant("roller")
        @pytest.mark.needs("power", "serial")
        def test_needs(photon): pass
        @pytest.mark.hil
        def test_hil(photon): pass
        @pytest.mark.destructive
        def test_destructive(photon): pass
        """
    )
    result = run(project, "-rs", "--strict-markers")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines_random(["*slot roller has no power*", "*only on real devices*"])


def test_a_need_that_cannot_be_is_the_tests_fault(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        @pytest.mark.variant("roller")
        @pytest.mark.needs(owner="me")
        def test_it(photon): pass
        """
    )
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*owner, one of central, nobody, customer*", "*test *failed*"])


def test_the_order_is_told_and_comes_again(project: pytest.Pytester) -> None:
    project.makepyfile(
        "import pytest\n"
        "def test_plain_first(): pass\n"
        "@pytest.mark.parametrize('n', range(12))\ndef test_it(photon, n): pass\n"
        "def test_plain_last(): pass\n"
    )

    def order(result: pytest.RunResult) -> list[str]:
        return re.findall(r"::(test_\S+) PASSED", result.stdout.str())

    first = run(project, "-v")
    seed = re.search(r"--rig-seed (\d+)", first.stdout.str())
    assert seed is not None
    assert order(run(project, "-v", "--rig-seed", seed[1])) == order(first)
    assert order(run(project, "-v", "--rig-seed", "1")) != order(run(project, "-v", "--rig-seed", "2"))
    assert (order(first)[0], order(first)[-1]) == ("test_plain_first", "test_plain_last")


SICK = """
import pytest
from photonrig.errors import LinkLost
pytestmark = pytest.mark.variant("roller")
def test_it(photon, rig):
    if rig.recoveries < {sick}:
        rig.troubles[{reading!r}] = "out of order"
        raise {error}
"""


@pytest.mark.parametrize(
    ("reading", "cause"), [("power", "rig"), ("device_path", "network"), ("cloud_answers", "cloud")]
)
def test_what_is_not_the_firmwares_is_tried_again_and_shown(project: pytest.Pytester, reading: str, cause: str) -> None:
    project.makepyfile(
        "def test_more(cloud): pass\n"
        + SICK.format(sick=1, reading=reading, error="LinkLost('no answer')").replace(
            "test_it(photon,", "test_it(photon, cloud,"
        )
    )
    result = run(project, "-rA", "--junitxml=junit.xml", "--rig-report=report")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"*{cause} *retried*test_it?roller?: out of order*", "*put right*", "*1 rerun*"])
    cases = {case.get("name"): case for case in ET.parse(project.path / "junit.xml").getroot().iter("testcase")}
    assert {(prop.get("name"), prop.get("value")) for prop in cases["test_it[roller]"].iter("property")} >= {
        ("retried", f"{cause}: out of order")
    }
    results = json.loads((project.path / "report" / "results.json").read_text())
    attempts = next(test["attempts"] for test in results["tests"] if "test_it" in test["id"])
    assert [(attempt["outcome"], attempt["cause"]) for attempt in attempts] == [("failed", cause), ("passed", None)]


def test_attempts_end(project: pytest.Pytester) -> None:
    project.makepyfile(SICK.format(sick=9, reading="power", error="LinkLost('no answer')"))
    result = run(project, "--rig-retries", "2", "--junitxml=junit.xml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*1 failed, 2 rerun*"])
    properties = [
        (prop.get("name"), prop.get("value"))
        for prop in ET.parse(project.path / "junit.xml").getroot().iter("property")
    ]
    assert properties.count(("cause", "rig")) == 1


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("assert photon.variant == 'other'", "firmware"),
        ("raise ProtocolError('garbage')", "firmware"),
        ("photon.no_such_thing()", "test"),
        ("raise UsageError('wrong words')", "test"),
        ("rig.troubles['crash'] = 'SIGSEGV'; rig.troubles['power'] = 'off'; raise LinkLost('gone')", "firmware"),
    ],
)
def test_what_may_be_the_firmwares_or_the_tests_is_never_tried_again(
    project: pytest.Pytester, body: str, cause: str
) -> None:
    project.makepyfile(
        "import pytest\nfrom photonrig.errors import *\n"
        f"@pytest.mark.variant('roller')\ndef test_it(photon, rig):\n    {body}\n"
    )
    result = run(project, "--rig-retries", "5", "--junitxml=junit.xml")
    result.assert_outcomes(failed=1)
    assert "rerun" not in result.stdout.str()
    result.stdout.fnmatch_lines([f"*{cause} *failed*test_it?roller?*"])
    found = {
        prop.get("name"): prop.get("value") for prop in ET.parse(project.path / "junit.xml").getroot().iter("property")
    }
    assert found["cause"] == cause


def known_bad(project: pytest.Pytester, until: str, test: str = "test_bad.py::test_bad") -> str:
    (project.path / "known.toml").write_text(
        f'[[known_bad]]\ntest = "{test}"\nreason = "the motor is late"\nuntil = {until}\n'
    )
    return "--known-bad=known.toml"


def test_a_known_bad_test_is_excused_until_its_date(project: pytest.Pytester) -> None:
    project.makepyfile(test_bad="def test_bad(photon): assert photon.variant == 'roller'")
    result = run(project, "-rxX", known_bad(project, "2999-12-31"))
    result.assert_outcomes(xfailed=1, xpassed=1)
    result.stdout.fnmatch_lines(["*known bad until 2999-12-31: the motor is late*"])
    result = run(project, known_bad(project, "2020-01-01"))
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*its known-bad entry ended on 2020-01-01: the motor is late*"])


def test_a_known_bad_entry_may_stand_for_one_variant(project: pytest.Pytester) -> None:
    project.makepyfile(test_bad="def test_bad(photon): assert 0")
    run(project, known_bad(project, "2999-12-31", "test_bad.py::test_bad[roller]")).assert_outcomes(failed=1, xfailed=1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[known_bad]]\ntest = 'x'\n", "known.toml:1: known_bad?0?: reason is missing"),
        (
            "[[known_bad]]\ntest = 'x'\nreason = ' '\nuntil = 2030-01-01\n",
            "known.toml:3: known_bad?0?.reason: must be a text that is not empty",
        ),
        (
            "[[known_bad]]\ntest = 'x'\nreason = 'y'\nuntil = '2030-01-01'\n",
            "known.toml:4: known_bad?0?.until: must be a date, as in 2026-12-31, not '2030-01-01'",
        ),
        ("other = 1\n", "known.toml:1: other: is not known here; there are: known_bad"),
        ("[[known_bad", "known.toml*"),
    ],
)
def test_a_list_that_excuses_nothing_is_refused(project: pytest.Pytester, text: str, why: str) -> None:
    project.makepyfile("def test_it(): pass")
    (project.path / "known.toml").write_text(text)
    result = run(project, "--known-bad=known.toml")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{why}*"])


def test_each_test_has_a_folder_of_what_it_saw(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        @pytest.mark.variant("roller")
        def test_it(photon, photonrig_run):
            photonrig_run.recorder.note("serial", "> ping 1")
            photonrig_run.recorder.note("serial", "< nothing", trouble="silent")
        """
    )
    run(project, "--rig-report=report").assert_outcomes(passed=1)
    (log,) = Path(project.path / "report" / "tests").rglob("*.log")
    assert log.name == "serial.log" and "test_it[roller]" in log.parent.name
    assert [line[9:] for line in log.read_text().splitlines()] == ["  > ping 1", "! < nothing"]


def test_reports_hold_tests_without_the_bench_beside_those_on_it(project: pytest.Pytester) -> None:
    project.makepyfile(
        "import pytest\n"
        "def test_alone(): assert 0\n"
        "@pytest.mark.variant('roller')\ndef test_it(photon): assert photon.variant\n"
    )
    result = run(project, "--rig-report=report")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["1 passed; failures by cause: none; 0 retried"])
    results = json.loads((project.path / "report" / "results.json").read_text())
    last = {test["scenario"].partition(": ")[2]: test["attempts"][-1] for test in results["tests"]}
    assert {name: (each["outcome"], each["cause"]) for name, each in last.items()} == {
        "alone": ("failed", None),
        "it": ("passed", None),
    }
    assert all(0 < each["call_seconds"] < each["seconds"] for each in last.values())
    assert "assert 0" in last["alone"]["error"] and not results["held"]


def test_projects_that_do_not_use_it_notice_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(): pass\ndef test_two(): assert 0")
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=1)
    assert "photonrig" not in result.stdout.str().replace("plugins: ", "").split("collected", 1)[1]
