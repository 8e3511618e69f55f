"""Writes docs/mutants.md: ./rig mutants."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

from .campaign import ROOT, judge, numbered, sources
from .equivalents import reason_of
from .operators import Change, changes

# File, change and reason with tabs between; the first two are regular expressions.
_SURVIVORS = Path(__file__).with_name("survivors.tsv")

_HEAD = """# Mutants of shade and the variants

Made by `./rig mutants`; do not edit. Each mutant is one operator, number, truth value or statement changed in
`firmware/shade/src/shade` or `firmware/variants`; it is killed when a native test fails with it. What has no code is no
mutant: comments, texts, sizes of arrays, `static_assert`, declarations without a value.

"""


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def _why(change: Change, reasons: list[list[str]]) -> str:
    for file, pattern, reason in reasons:
        if re.fullmatch(file, change.file.name) and re.fullmatch(pattern, str(change)):
            return reason
    return "no test looks here yet"


def _page(verdicts: list[tuple[Change, str]], of: int, seed: int) -> str:
    total = Counter(verdict for _, verdict in verdicts)
    real = total["killed"] + total["survived"]
    kind = "all" if len(verdicts) == of else f"a random sample (seed {seed})"
    page = _HEAD + (
        f"{len(verdicts)} of {of} mutants, {kind}: {total['killed']} of {real} that change anything are killed, "
        f"**{100 * total['killed'] / real:.1f} %**. {total['survived']} survive; {total['equivalent']} change nothing; "
        f"{total['no program']} do not compile.\n\n"
    )
    outside = sum(len(list(changes(file))) for file in sources(native=False))
    page += (
        f"Not among them: {outside} mutants of `particle_ports`, `shade_device` and the variants' `setup()`, which "
        "only the ARM build has. Tests of the virtual Photon run these; no campaign does.\n\n"
    )
    page += _row("file", "mutants", "killed", "equivalent", "survived", "no program") + _row(*["---"] * 6)
    for file in sources():
        own = Counter(verdict for change, verdict in verdicts if change.file == file)
        if own:
            counts = [own[verdict] for verdict in ("killed", "equivalent", "survived", "no program")]
            page += _row(f"`{file.relative_to(ROOT / 'firmware')}`", sum(own.values()), *counts)
    reasons = [line.split("\t") for line in _SURVIVORS.read_text().splitlines()]
    for verdict, title in (("survived", "Survivors"), ("equivalent", "Equivalent")):
        page += f"\n## {title}\n\n" + _row("where", "was", "became", "why") + _row(*["---"] * 4)
        for change, judged in sorted(verdicts, key=lambda each: (each[0].file, each[0].start)):
            if judged == verdict:
                after = f"`{change.after}`" if change.after else "left out"
                why = _why(change, reasons) if verdict == "survived" else reason_of(change)
                page += _row(f"{change.file.name}:{change.line}", f"`{change.before}`", after, why)
    return page


def main() -> None:
    """Judge ``sys.argv[1]`` mutants (0: all) of the seed ``sys.argv[2]``, and write the page."""
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    mutants = numbered()
    verdicts = []
    for change, verdict in judge(mutants, count or None, seed):
        verdicts.append((change, verdict))
        if verdict != "killed" or len(verdicts) % 100 == 0:
            print(f"{len(verdicts)} {verdict} {change.file.name}:{change.line}: {change}", flush=True)
    (ROOT / "docs" / "mutants.md").write_text(_page(verdicts, len(mutants), seed))
    print("docs/mutants.md")


if __name__ == "__main__":
    main()
