"""Every flow cut off at every one of its requests, in every way: how it ended, and how many devices were lost."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.ownership.in_hand import in_hand
from tests.ownership.interrupted_page import DOCUMENT, Row, cell, page, total
from tests.ownership.interruptions import HOWS, Interrupter, cases
from tests.ownership.small_cloud import world

from photonrig.build.toolchain import Toolchain


def main() -> int:
    """Print the table, and with ``--docs`` write it down; 1 if a device was lost."""
    begun, rows = time.monotonic(), dict[str, Row]()
    with (
        tempfile.TemporaryDirectory() as folder,
        world(Path(folder)) as there,
        in_hand(there, Toolchain.found(), Path(folder)) as held,
    ):
        for case in cases(there).values():
            row, lost = dict.fromkeys(HOWS, ""), 0
            for how in case.hows:
                seen = list(Interrupter(there, case, Path(folder) / "journal", held).interruptions(how))
                row[how] = cell(seen)
                for each in seen:
                    if each.lost:
                        lost += 1
                        print(f"lost: {case.title}, {each}", flush=True)
            rows[case.title] = row | {"lost": str(lost)}
            told = "; ".join(f"{how}: {text}" for how, text in row.items() if text)
            print(f"{case.title}: {told}; lost: {lost}", flush=True)
            if case.device:
                held.photon.kill()
    text = page(rows)
    print(f"{total(rows)}, in {time.monotonic() - begun:.0f} s")
    if "--docs" in sys.argv:
        DOCUMENT.write_text(text)
    return int(any(row["lost"] != "0" for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
