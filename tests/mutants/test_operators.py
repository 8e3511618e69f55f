"""One-operator mutants of shade and the variants: how they are made, and that the native tests find them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from .campaign import judge, numbered
from .operators import changes
from .switches import switched

_SAMPLE = 60
_SEED = 7
# What must be killed at least: five of six are, and a sample of 60 may be off by a twelfth.
_KILLED = 0.75


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_most_are_killed() -> None:
    verdicts = Counter(verdict for _, verdict in judge(numbered(), _SAMPLE, _SEED))
    print(dict(verdicts))
    assert verdicts["killed"] >= _KILLED * (_SAMPLE - verdicts["equivalent"])


def test_each_kind_of_change_is_made(tmp_path: Path) -> None:
    file = tmp_path / "some.cpp"
    file.write_text(
        "// if (a < b) nothing\n"
        "#define X 3\n"
        "char text[9];\n"
        "virtual bool g() = 0;\n"
        "bool f(int a) {\n"
        '  say("a < b && 3");\n'
        "  left = 7;\n"
        "  return a < 2 && !done(a - 6);\n"
        "}\n"
    )
    made = {(change.line, change.after) for change in changes(file)}
    assert made == {
        (6, ""),
        (7, ""),
        (7, "left = 2;"),
        (7, "left = 21;"),
        (8, "return a <= 2 && !done(a - 6);"),
        (8, "return a < 2 || !done(a - 6);"),
        (8, "return a < 2 && done(a - 6);"),
        (8, "return a < 2 && !done(a + 6);"),
        (8, "return a < 0 && !done(a - 6);"),
        (8, "return a < 6 && !done(a - 6);"),
        (8, "return a < 2 && !done(a - 2);"),
        (8, "return a < 2 && !done(a - 18);"),
    }


@pytest.mark.parametrize(
    ("source", "with_branches"),
    [
        ("if (a < b) go();", "if ( (MUTANT(1) ? (bool)(a <= b) : (bool)(a < b))) go();"),
        ("  left = true;", "   (MUTANT(1) ? (void)(left = false) : MUTANT(2) ? (void)(0) : (void)(left = true));"),
        ("return a + b;", "return (MUTANT(1) ? (a - b) : (a + b));"),
        (
            "static constexpr int kA = 0;",
            "static inline const int kA = (MUTANT(1) ? (1) : (0));",
        ),
        ("int a[] = {true, b};", "int a[] = { (MUTANT(1) ? (false) : (true)), b};"),
        ("A::A() : a_(true) {}", "A::A() : a_(true) {}"),
        ("for (; a < b; go()) stop();", "for (; (MUTANT(1) ? (bool)(a <= b) : (bool)(a < b)); go()) stop();"),
    ],
)
def test_mutants_become_branches(tmp_path: Path, source: str, with_branches: str) -> None:
    file = tmp_path / "some.cpp"
    file.write_text(source)
    mutants = dict(enumerate((change for change in changes(file) if change.new != "" or change.left_out), 1))
    text, made = switched(source, mutants)
    assert " ".join(text.split()) == " ".join(with_branches.split())
    assert set(made) == (set(mutants) if "MUTANT" in with_branches else set())
