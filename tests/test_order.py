"""Tests run in a random order that ``--seed`` repeats, the same one in every worker."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

FILES = {
    name: f"""
import pytest

@pytest.mark.parametrize("number", range(4))
def test_{name}(number): pass

def test_alone(): pass

class TestClass:
    def test_one(self): pass
    def test_two(self): pass
    def test_three(self): pass
"""
    for name in ("a", "b", "c")
}


@pytest.fixture
def outer(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("CI", raising=False)
    pytester.makeconftest((Path(__file__).parent / "order.py").read_text())
    pytester.makepyfile(**{f"test_{name}": text for name, text in FILES.items()})
    return pytester


def order_of(outer: pytest.Pytester, *words: str) -> list[str]:
    """The tests' names in the order of a run's collection."""
    lines = outer.runpytest_subprocess("--collect-only", "-q", "-p", "no:photonrig", *words).outlines
    return [line for line in lines if "::" in line]


def test_a_seed_gives_one_order_and_another_seed_another(outer: pytest.Pytester) -> None:
    first = order_of(outer, "--seed", "1")
    assert len(first) == 24
    assert order_of(outer, "--seed", "1") == first
    other = order_of(outer, "--seed", "2")
    assert other != first
    assert sorted(other) == sorted(first)


def test_files_and_classes_stay_together(outer: pytest.Pytester) -> None:
    names = order_of(outer, "--seed", "7")
    files = [file for file, _ in groupby(names, lambda name: name.split("::")[0])]
    classes = [number for number, name in enumerate(names) if "test_a.py::TestClass" in name]
    assert len(files) == 3
    assert classes == list(range(classes[0], classes[0] + 3))


def test_one_file_alone_has_the_order_it_had_among_the_others(outer: pytest.Pytester) -> None:
    among = [name for name in order_of(outer, "--seed", "3") if name.startswith("test_b.py")]
    assert order_of(outer, "--seed", "3", "test_b.py") == among


def test_the_seed_is_printed_and_workers_share_it(outer: pytest.Pytester) -> None:
    ran = outer.runpytest_subprocess("-n", "2", "-p", "no:photonrig")
    ran.assert_outcomes(passed=24)  # xdist refuses workers that collected in different orders
    ran.stdout.re_match_lines([r"seed \d+", r"order of tests: --seed \d+"])
    quiet = outer.runpytest_subprocess("-q", "--seed", "5", "-p", "no:photonrig")
    quiet.stdout.fnmatch_lines(["order of tests: --seed 5"])
