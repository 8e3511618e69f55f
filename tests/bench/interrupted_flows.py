"""Every flow cut off at every one of its requests, in every way: how it ended, and how many devices were lost."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.ownership.estate import estate
from tests.ownership.interruptions import FLOWS, HOWS, interruptions


def main() -> int:
    """Print the table; 1 if a device was lost."""
    begun, lost, total = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as folder, estate(Path(folder)) as there:
        print(f"{'flow':<16}" + "".join(f"{how:<22}" for how in HOWS) + "lost")
        for flow in FLOWS:
            row, bad = [], 0
            for how in HOWS:
                seen = list(interruptions(there, flow, how, Path(folder) / "journal"))
                counts = Counter(each.outcome for each in seen)
                row.append(", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())))
                bad += sum(each.lost for each in seen)
                total += len(seen)
            print(f"{flow:<16}" + "".join(f"{text:<22}" for text in row) + str(bad), flush=True)
            lost += bad
    print(f"{total} interruptions, {lost} devices lost, in {time.monotonic() - begun:.0f} s")
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
