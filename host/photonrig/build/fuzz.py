"""Fuzzing of the virtual Photon's parsers of outside input.

Inputs found by a target lie in ``.rig/fuzz/found/TARGET`` and seed its next run; the smallest set with the same
coverage is committed (``firmware/fuzz/corpus/TARGET``) and replayed by every ``./rig test``.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from photonrig.build.toolchain import Toolchain, step
from photonrig.errors import UsageError

__all__ = ["Fuzzed", "fuzz", "targets"]

_LONGEST = 4096  # bytes of an input
_SLOWEST = 20  # seconds one input may take
_MEMORY = 2048  # MiB


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """Result of fuzzing one target; ``finding`` is the crashing input, or None."""

    target: str
    runs: int
    corpus: int
    finding: Path | None


def targets(tools: Toolchain) -> list[str]:
    """Names of all fuzz targets."""
    sources = (tools.root / "firmware" / "fuzz").glob("*.cpp")
    return sorted(source.stem for source in sources if source.stem != "replay")


def fuzz(tools: Toolchain, target: str, seconds: int, *, keep: bool) -> Fuzzed:
    """Run one target for ``seconds``; ``keep`` commits the minimized inputs to the tree.

    :raises UsageError: unknown target, or less than one second
    :raises ToolError: the targets could not be built
    """
    if target not in targets(tools):
        raise UsageError(f"there is no fuzz target {target}; there are: {', '.join(targets(tools))}")
    if seconds < 1:
        raise UsageError("fuzzing takes a second at least")  # to the fuzzer, 0 means no limit
    program = tools.fuzzers() / f"fuzz_{target}"
    found = tools.work / "fuzz" / "found" / target
    findings = tools.work / "fuzz" / "findings" / target
    kept = tools.root / "firmware" / "fuzz" / "corpus" / target
    for folder in (found, findings, kept):
        folder.mkdir(parents=True, exist_ok=True)
    before = set(findings.iterdir())
    limits = [
        f"-artifact_prefix={findings}/",
        f"-max_len={_LONGEST}",
        f"-timeout={_SLOWEST}",
        f"-rss_limit_mb={_MEMORY}",
    ]
    with step(f"fuzzing {target} for {seconds} s"):
        done = subprocess.run(
            [program, *limits, f"-max_total_time={seconds}", "-print_final_stats=1", str(found), str(kept)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    broke = set(findings.iterdir()) - before
    finding = min(broke) if broke else None
    if done.returncode != 0 and finding is None:
        finding = findings / "output.txt"
        finding.write_text(done.stderr)
    if keep and finding is None:
        _reduce(program, limits, kept, found)
    return Fuzzed(target, _stat(done.stderr, "number_of_executed_units"), len(list(kept.iterdir())), finding)


def _reduce(program: Path, limits: list[str], kept: Path, found: Path) -> None:
    """Replace the committed inputs by the smallest known set with the same coverage."""
    with step(f"reducing what {program.name} has found"):
        draft = kept.with_name(f".{kept.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        subprocess.run(
            [program, "-set_cover_merge=1", *limits, str(draft), str(kept), str(found)], capture_output=True, check=True
        )
        shutil.rmtree(kept)
        draft.rename(kept)


def _stat(text: str, name: str) -> int:
    lines = [line for line in text.splitlines() if line.startswith(f"stat::{name}:")]
    return int(lines[-1].rsplit(":", 1)[1]) if lines else 0
