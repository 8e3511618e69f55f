"""Runs the native tests of shade and the variants against the one-operator mutants of them, for ./rig mutants.

In a copy of the sources, under .rig/mutants; what was killed is remembered there for as long as its source stays as it
is, so that a second run looks only at what survived.
"""

from __future__ import annotations

import functools
import hashlib
import os
import random
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .equivalents import reason_of
from .operators import Change, changes
from .switches import switched

__all__ = ["ROOT", "Bench", "judge", "numbered", "sources"]

ROOT = Path(__file__).parents[2]
_TOOLS = Path(sys.executable).parent
# Nothing but ARM builds these: Wiring as a whole, and setup() and loop() of each variant.
_NOT_NATIVE = re.compile(r"(particle_ports|shade_device)\.(h|cpp)|variants/([a-z]+)/src/\3\.cpp")
# Long ones that what passes the others must pass as well.
_LONG = ("variants_property_test.cpp", "home_week_test.cpp")
_LONG_CASES = ("honeycomb: shorted switches refuse",)
_TOO_LONG = ("week: the same seed", "the cause of a rest is true", "an answer is found behind any noise")
_NOT_RUN = ",".join(f"{name}*" for name in _TOO_LONG)
_CPU_SECONDS = 20
_CPU_SECONDS_OF_ALL = 300  # of every test, one after the other


def sources(*, native: bool = True) -> list[Path]:
    """What is mutated: the library and the variants; not ``native``: what the native tests do not build."""
    firmware = ROOT / "firmware"
    found = sorted(
        path
        for pattern in ("shade/src/shade/*", "variants/*/src/*")
        for path in firmware.glob(pattern)
        if path.suffix in (".h", ".cpp")
    )
    return [file for file in found if native != bool(_NOT_NATIVE.search(file.as_posix()))]


def _limit(cpu: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Bench:
    """A copy of the firmware with all the mutants in it that a branch can hold."""

    def __init__(self, folder: Path, mutants: Mapping[int, Change]) -> None:
        self._folder = folder
        self._firmware = folder / "firmware"
        self._build = folder / ".rig" / "build"  # as in a checkout: a compiler's cache knows it
        self.binary = self._build / "shade_tests"
        self._mutants = mutants
        self.switched: dict[int, int] = {}
        self._reached: dict[int, tuple[list[str], list[str], list[str]]] = {}

    def build(self) -> None:
        """Build it; a mutant with which it does not compile is taken out."""
        self._copy()
        self._run("cmake", "-S", str(self._firmware), "-B", str(self._build), "-G", "Ninja", "-DMUTANTS=ON")
        left = dict(self._mutants)
        objects = self._objects()
        for _ in range(20):
            self._write(left)
            broken = self._broken(left, self._ninja(*objects)) or self._broken(left, self._ninja("shade_tests"))
            if not broken:
                return
            left = {number: change for number, change in left.items() if number not in broken}
        raise SystemExit("the mutants do not compile")

    def _copy(self) -> None:
        """What has changed; the sources with mutants in them are written elsewhere."""
        mutated = set(sources())
        for file in (ROOT / "firmware").rglob("*"):
            copy = self._folder / file.relative_to(ROOT)
            if not file.is_file() or "corpus" in file.parts or (file in mutated and copy.exists()):
                continue
            if not copy.exists() or copy.read_bytes() != file.read_bytes():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)

    def _run(self, tool: str, *words: str) -> None:
        subprocess.run([_TOOLS / tool, *words], check=True, capture_output=True)

    def _ninja(self, *targets: str) -> str:
        done = subprocess.run(
            [_TOOLS / "ninja", "-C", self._build, "-k", "0", *targets],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout if done.returncode else ""

    def _objects(self) -> list[str]:
        native = [file.relative_to(ROOT / "firmware") for file in sources() if file.suffix == ".cpp"]
        return [f"CMakeFiles/shade_tests.dir/{file}.o" for file in native]

    def _write(self, left: Mapping[int, Change]) -> None:
        self.switched = {}
        for file in sources():
            own = {number: change for number, change in left.items() if change.file == file}
            text, made = switched(file.read_text(), own)
            self.switched |= made
            copy = self._folder / file.relative_to(ROOT)
            if copy.read_text() != text:
                copy.write_text(text)

    def _broken(self, left: Mapping[int, Change], output: str) -> set[int]:
        if not output:
            return set()
        for kind in ("error", "note"):
            found = {
                (file, int(line)) for file, line in re.findall(rf"firmware/([\w./]+):(\d+):(?:\d+:)? {kind}", output)
            }
            names = set(re.findall(r"[‘:](k[A-Z]\w*)’", output))
            for file, line in found:
                text = (self._firmware / file).read_text().splitlines()[line - 1]
                names |= set(re.findall(r"\bk[A-Z]\w*", text)) if "MUTANT" not in text else set()
            broken = {
                number
                for number, change in left.items()
                if (change.file.relative_to(ROOT / "firmware").as_posix(), self.switched.get(number)) in found
                or (number in self.switched and any(re.search(rf"\b{name} = ", change.before) for name in names))
            }
            if broken:
                break
        if not broken:
            raise SystemExit(output[-3000:])
        return broken

    def reach(self) -> None:
        """Run all tests once, with no mutant: they pass, and say which mutants each of them reaches."""
        log = self._folder / "reached"
        log.unlink(missing_ok=True)
        if not self._passes(0, ["*"], log=log):
            raise SystemExit("the tests fail without a mutant")
        self.read(log)

    def read(self, log: Path) -> None:
        """Which mutants each test reaches, in stages: the quickest are asked first."""
        for line in log.read_text().splitlines():
            file, name, numbers = line.split("\t")
            long = file.endswith(_LONG) or name.startswith(_LONG_CASES)
            stage = 2 if long else 0 if "/shade_" in file else 1
            for number in numbers.split():
                self._reached.setdefault(int(number), ([], [], []))[stage].append(name.replace(",", "?"))

    def _passes(self, mutant: int, cases: Sequence[str], log: Path | None = None, cpu: int = _CPU_SECONDS) -> bool:
        """Whether these tests pass with the mutant; those that hang do not."""
        environment = {**os.environ, "PHOTONRIG_MUTANT": str(mutant)}
        if log:
            environment["PHOTONRIG_REACHED"] = str(log)
        done = subprocess.run(
            ["nice", "-n", "5", self.binary, "--abort-after=1", f"-tc={','.join(cases)}", f"-tce={_NOT_RUN}"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            preexec_fn=None if log else functools.partial(_limit, cpu),
        )
        return done.returncode == 0

    def survives(self, mutant: int) -> bool:
        """Whether no test that reaches it fails."""
        return all(self._passes(mutant, cases) for cases in self._reached.get(mutant, ()) if cases)

    def alone(self, change: Change) -> str:
        """The verdict on one that no branch can hold, in a build of its own; ``no program``: it does not compile."""
        copy = self._folder / change.file.relative_to(ROOT)
        switches, text = copy.read_text(), change.file.read_text()
        copy.write_text(text[: change.start] + change.new + text[change.end :])
        try:
            if self._ninja("shade_tests"):
                return "no program"
            return "survived" if self._passes(0, ["*"], cpu=_CPU_SECONDS_OF_ALL) else "killed"
        finally:
            copy.write_text(switches)


class Verdicts:
    """What earlier runs killed, a line each: a hash of the source, and the mutant's place in it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._killed = set(file.read_text().splitlines()) if file.exists() else set()
        self._hashes: dict[Path, str] = {}

    def _key(self, change: Change) -> str:
        source = self._hashes.setdefault(change.file, hashlib.sha256(change.file.read_bytes()).hexdigest()[:16])
        return f"{source} {change.start} {change.end} {change.new}"

    def killed(self, change: Change) -> bool:
        """Whether a test has failed with it."""
        return self._key(change) in self._killed

    def add(self, change: Change) -> None:
        """A test has failed with it."""
        self._killed.add(self._key(change))
        with self._file.open("a") as out:
            out.write(self._key(change) + "\n")


def numbered() -> dict[int, Change]:
    """All mutants, in the order of their sources."""
    return dict(enumerate((change for file in sources() for change in changes(file)), 1))


def judge(mutants: Mapping[int, Change], count: int | None, seed: int) -> Iterator[tuple[Change, str]]:
    """A random sample of the mutants, or all, each with ``killed``, ``equivalent``, ``survived`` or ``no program``.

    Those that no branch can hold come last, each with a build of its own; ``no program``: it does not compile.
    """
    folder = ROOT / ".rig" / "mutants"
    folder.mkdir(parents=True, exist_ok=True)
    verdicts = Verdicts(folder / "killed")
    chosen = random.Random(seed).sample(sorted(mutants), len(mutants) if count is None else count)
    bench = Bench(folder, mutants)
    bench.build()
    bench.reach()
    for number in sorted(chosen, key=lambda each: each not in bench.switched):
        change = mutants[number]
        if reason_of(change):
            yield change, "equivalent"
        elif verdicts.killed(change):
            yield change, "killed"
        else:
            held = number in bench.switched
            verdict = ("survived" if bench.survives(number) else "killed") if held else bench.alone(change)
            if verdict == "killed":
                verdicts.add(change)
            yield change, verdict
