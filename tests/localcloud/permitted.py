"""Who may do what, as written down in ``permitted.tsv`` apart from the cloud's own rules: a line for each request.

The eras of 2016 share a column. A cell names the tokens that may, with ``_`` for a space, or ``nobody``; ``-``: the era
has no such endpoint. The tokens are those of ``asking.EVERYBODY``; customer c owns the device, u one outside products.
"""

from __future__ import annotations

import csv
from pathlib import Path

from .asking import EVERYBODY, Asked

_COLUMNS = {"2016-before": "2016", "2016-after": "2016", "today": "today"}

with Path(__file__).with_suffix(".tsv").open(newline="") as file:
    ROWS = {(row["action"], row["method"], row["route"]): row for row in csv.DictReader(file, delimiter="\t")}


def permitted(era: str, asked: Asked) -> frozenset[str]:
    """The tokens that may ask this."""
    cell = ROWS[asked.action.name, asked.method, asked.route][_COLUMNS[era]]
    who = frozenset(name.replace("_", " ") for name in cell.split() if name not in ("-", "nobody"))
    assert who <= set(EVERYBODY), cell
    return who
