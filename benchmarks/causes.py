"""Share of failures whose cause was named rightly, over faults in every layer at moments drawn by a seed.

One run of the scenario is one trial with one fault. The bar: 95 % right, and no failure of the firmware tried again,
let alone into green. A trial in which the fault came too late to be felt counts for nothing.

    python benchmarks/causes.py [--rounds 2] [--seed 1] [--json FILE]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from _figures import write

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "causes"))

from injector import FAULTS
from tally import Result, run_trials


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=2, help="trials of each fault (default: 2)")
    parser.add_argument("--seed", type=int, default=1, help="moments and sizes of the faults (default: 1)")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    arguments = parser.parse_args()
    numbers = range(arguments.rounds * len(FAULTS))
    with tempfile.TemporaryDirectory(prefix="photonrig-") as folder:
        results = run_trials(numbers, arguments.seed, Path(folder), quiet=False)
    write(rows(results), arguments.json)
    for result in results:
        if result.failed and not result.right:
            fault = f"{result.fault.name} ({result.fault.cause}), trial {result.number}"
            print(f"wrong: {fault}: {result.named}: {result.whys[0]}")


def rows(results: list[Result]) -> list[tuple[str, str, str]]:
    """The table."""
    table = []
    for where in dict.fromkeys(fault.where for fault in FAULTS):
        table.append(_row(f"faults of {where}", [result for result in results if result.fault.where == where], ""))
    table.append(_row("all faults", results, ">= 95 % right"))
    ours = [result for result in results if result.fault.cause in ("firmware", "test")]
    others = [result for result in results if result.failed and result.fault.cause not in ("firmware", "test")]
    table.append(("firmware or test failures tried again", str(sum(result.retried for result in ours)), "0"))
    green = sum(result.green for result in ours if result.failed)
    table.append(("firmware or test failures turned green", str(green), "0"))
    table.append(("others green after the bench was put right", f"{sum(r.green for r in others)} of {len(others)}", ""))
    return table


def _row(what: str, results: list[Result], bar: str) -> tuple[str, str, str]:
    felt = [result for result in results if result.failed]
    right = sum(result.right for result in felt)
    share = f"{right / len(felt):.1%}" if felt else "none"
    return what, f"{len(results)} trials, {len(felt)} failed, {right} with the right cause: {share}", bar


if __name__ == "__main__":
    main()
