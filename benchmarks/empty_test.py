"""What an empty test costs with a device fixture: plain pytest, photonrig, labgrid and pytest-embedded in one run.

Every harness runs the same empty tests in a pytest of its own; the first test, in which fixtures of the session are
made, is left out. labgrid and pytest-embedded are installed into throw-away environments; where that cannot be done
they are left out, and the table says so.

    python benchmarks/empty_test.py [--tests 300] [--json FILE]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from _figures import percentile, write

ROUNDS = 3
CONFTEST = """
import json, os, time
starts = []
def pytest_runtest_logstart(nodeid, location):
    starts.append(time.perf_counter())
def pytest_sessionfinish(session):
    # From the second test on, to the end of the last but one.
    with open(os.environ["FIGURE"], "w") as file:
        json.dump((starts[-1] - starts[1]) / (len(starts) - 2) * 1000, file)
"""
LABGRID = """
targets:
  main:
    resources:
      RawSerialPort: {port: PORT}
    drivers:
      SerialDriver: {}
"""


def cost(python: str, fixture: str, tests: int, *words: str, files: dict[str, str] | None = None) -> float:
    """Milliseconds for one empty test, median of the rounds."""
    with tempfile.TemporaryDirectory(prefix="photonrig-") as name:
        folder = Path(name)
        (folder / "conftest.py").write_text(CONFTEST)
        (folder / "pytest.ini").write_text("[pytest]\n")
        for path, text in (files or {}).items():
            (folder / path).write_text(text)
        lines = [f"def test_{number}({fixture}): pass" for number in range(tests)]
        (folder / "test_empty.py").write_text("\n".join(lines))
        rounds = []
        for _ in range(ROUNDS):
            argv = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
            environment = os.environ | {"FIGURE": str(folder / "figure")}
            done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise SystemExit(f"{fixture or 'plain'}: pytest failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
            rounds.append(float((folder / "figure").read_text()))
        return percentile(rounds, 0.5)


def environment_with(folder: Path, *packages: str) -> str | None:
    """A Python with these packages and pytest; None if they cannot be had here."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "pytest", *packages],
        capture_output=True,
        text=True,
        check=False,
    )
    return python if done.returncode == 0 else None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tests", type=int, default=300, help="empty tests in a run (default: 300)")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    arguments = parser.parse_args()
    quiet = [word for name in ("schemathesis", "hypothesispytest", "photonrig") for word in ("-p", f"no:{name}")]
    plain = cost(sys.executable, "", arguments.tests, *quiet)
    ours = cost(sys.executable, "photon", arguments.tests, *quiet[:4], files={"pytest.ini": _one_variant()})
    rows = [
        ("plain pytest", f"{plain:.2f} ms", ""),
        (
            "photonrig, fixture photon",
            f"{ours:.2f} ms, {ours - plain:+.2f} ms, {ours / plain:.1f} x",
            "< 2 ms above plain",
        ),
    ]
    with tempfile.TemporaryDirectory(prefix="photonrig-") as name:
        work = Path(name)
        master, slave = os.openpty()
        for harness, packages, fixture, words, files in (
            (
                "labgrid",
                ("labgrid",),
                "target",
                ("--lg-env=lab.yaml",),
                {"lab.yaml": LABGRID.replace("PORT", os.ttyname(slave))},
            ),
            ("pytest-embedded", ("pytest-embedded",), "dut", (), {}),
        ):
            python = environment_with(work / harness, *packages)
            if python is None:
                rows.append((f"{harness}, fixture {fixture}", "cannot be installed here", ""))
                continue
            alone = cost(python, "", arguments.tests)
            theirs = cost(python, fixture, arguments.tests, *words, files=files)
            rows.append((f"{harness}, fixture {fixture}", f"{theirs:.2f} ms, {theirs - alone:+.2f} ms", ""))
        os.close(master)
        os.close(slave)
    write(rows, arguments.json)


def _one_variant() -> str:
    project = Path(__file__).resolve().parents[1] / "firmware" / "variants" / "roller"
    return f"[pytest]\nphotonrig_variants =\n    roller = {project}\n"


if __name__ == "__main__":
    main()
