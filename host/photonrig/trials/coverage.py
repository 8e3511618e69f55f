"""Line coverage of an image, in lcov's tracefile format (geninfo(1)), which genhtml and editors read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from photonrig.build.elf import Symbols


def coverage(symbols: Symbols, executed: Sequence[tuple[int, int]], below: Path) -> dict[Path, dict[int, bool]]:
    """For each source below a folder: for each line with code, whether an instruction of it was executed."""
    begun = {address for begin, end in executed for address in range(begin, end, 2)}
    lines: dict[Path, dict[int, bool]] = defaultdict(dict)
    for line in symbols.lines:
        if not line.file.is_relative_to(below) or symbols.at(line.begin) is None:
            continue
        hit = any(address in begun for address in range(line.begin & ~1, line.end, 2))
        lines[line.file][line.number] = lines[line.file].get(line.number, False) or hit
    return dict(lines)


def lcov(covered: dict[Path, dict[int, bool]], name: str) -> str:
    """The tracefile; a line's count is 1 if it was executed."""
    return "".join(_records(covered, name))


def _records(covered: dict[Path, dict[int, bool]], name: str) -> Iterable[str]:
    for file, lines in sorted(covered.items()):
        yield f"TN:{name}\nSF:{file}\n"
        yield from (f"DA:{number},{int(hit)}\n" for number, hit in sorted(lines.items()))
        yield f"LF:{len(lines)}\nLH:{sum(lines.values())}\nend_of_record\n"
