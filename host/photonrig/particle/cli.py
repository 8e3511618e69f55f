"""Driver for the real Particle CLI, run as a subprocess against a given cloud.

Every call has a private HOME with a seeded profile, no proxies, no update check, closed standard input and a time
limit. Results are masked and the last 1,000 kept. Where the exit code is unreliable, the success message is checked.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import ExpectationFailed, RigError, ToolError
from photonrig.kept import Kept
from photonrig.particle.cli_run import CliRefused, CliResult, CliTimedOut, CliUnproven, kill_group, plain
from photonrig.trace import Moment, Observer

_QUICK: Final = 60.0
_FLASH: Final = 180.0
_COMPILE: Final = 300.0
_NEVER: Final = 4102444800000  # ms, in 2100: the CLI's next check for an update of itself
_MASK: Final = "***"
_LINES_KEPT: Final = 10_000


class ParticleCli:
    """The CLI with a private HOME, for one cloud and one account at a time; use one per thread."""

    def __init__(
        self,
        node: Path,
        script: Path,
        home: Path,
        api: str,
        *,
        equipment: Mapping[str, str] | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        """``node`` and ``script`` are the Node.js binary and the CLI's ``index.js``; ``home`` is made if missing.

        ``equipment`` are environment variables that expose the bench's devices; its PATH comes first. Without it the
        CLI sees this machine's devices.
        """
        self.api = api
        self.home = home
        self.clock = clock
        self._observers: list[Observer] = []
        self._command = [str(node), str(script)]
        self._env = self._environment(node, home, equipment or {})
        self._secrets: dict[str, str] = {}
        (home / ".particle").mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
        self._write("profile.json", {"name": "particle", "last_version_check": _NEVER})
        self.use(None, None)

    def add_observer(self, observer: Observer) -> None:
        """Call ``observer`` with every finished call from now on; secrets masked."""
        self._observers.append(observer)

    def use(self, username: str | None, token: str | None) -> None:
        """Act as this account from now on, as if logged in; None logs out."""
        profile: dict[str, Any] = {"apiUrl": self.api, "flashWarningShownOn": 1}
        if token is not None:
            self._secrets[token] = _MASK
            profile |= {"username": username, "access_token": token}
        self._write("particle.config.json", profile)

    def run(
        self,
        *args: str,
        timeout: float = _QUICK,
        proof: str | None = None,
        cwd: Path | None = None,
        secret: Sequence[str] = (),
        typed: str = "",
    ) -> CliResult:
        """Run any command; ``proof`` is a text it must print, ``secret`` texts are masked, ``timeout`` in seconds.

        ``typed`` is its standard input; without it, a prompt finds the input closed and the CLI ends.

        :raises CliRefused: nonzero exit code or reported failure
        :raises CliTimedOut: killed at the time limit
        :raises CliUnproven: exit code 0 without ``proof``
        """
        self._secrets |= dict.fromkeys(secret, _MASK)
        started = self.clock.now()
        process = self._start(args, cwd, typed=bool(typed))
        timed_out = False
        try:
            output, errors = process.communicate(typed.encode() if typed else None, timeout=timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
            kill_group(process)
            output, errors = process.communicate()
        except BaseException:
            kill_group(process)
            process.communicate()
            raise
        result = self._keep(args, process.returncode, output, errors, started)
        if timed_out:
            raise CliTimedOut(f"did not end within {timeout:g} s and was killed", result)
        if result.exit_code != 0:
            raise CliRefused(f"failed with exit code {result.exit_code}", result)
        if proof is not None and proof not in result.text:
            raise CliUnproven(f"did not say {proof!r}", result)
        return result

    # --- commands ---------------------------------------------------------------------------------------------------

    def version(self) -> CliResult:
        """Version of the CLI."""
        return self.run("version")

    def node_version(self) -> str:
        """Version of the Node.js it runs on."""
        done = subprocess.run([self._command[0], "--version"], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    def login(self, username: str, password: str) -> CliResult:
        """Log in with user name and password; the CLI keeps its token in the private HOME."""
        return self.run(
            "login", "-u", username, "-p", password, proof="Successfully completed login", secret=[password]
        )

    def whoami(self) -> CliResult:
        """Name of the logged-in user."""
        return self.run("whoami")

    def list(self, *filters: str) -> CliResult:
        """The account's devices, with variables and functions of those online."""
        return self.run("list", *filters)

    def get(self, device: str, variable: str) -> CliResult:
        """Read a variable; its text is the result's ``value``."""
        return self.run("get", device, variable)

    def call(self, device: str, function: str, argument: str = "") -> CliResult:
        """Call a function; its return value is the result's ``value``."""
        return self.run("call", device, function, *([argument] if argument else []))

    def publish(self, event: str, data: str = "") -> CliResult:
        """Publish a private event."""
        return self.run("publish", event, *([data] if data else []), proof="Published")

    def subscribe(self, event: str = "", *, device: str | None = None, product: int | None = None) -> Subscription:
        """Listen to events in the background; use the result in a ``with`` block."""
        args = ["subscribe", *([event] if event else [])]
        args += ["--device", device] if device is not None else []
        args += ["--product", str(product)] if product is not None else []
        return Subscription(self, args)

    def compile(self, project: Path, save_to: Path, *, platform: str = "photon", device_os: str = "") -> CliResult:
        """Compile a project folder in the cloud, its linked libraries included, and save the firmware image.

        ``device_os``: the release to compile for; empty: the cloud's latest.
        """
        args = ["compile", platform, ".", "--saveTo", str(save_to.absolute()), "--followSymlinks"]
        args += ["--target", device_os] if device_os else []
        return self.run(*args, timeout=_COMPILE, proof="Saved firmware to:", cwd=project)

    def flash(self, device: str, image: Path) -> CliResult:
        """Start an over-the-air update; success means that the cloud has begun, events report the result."""
        # The CLI sends the path to the cloud as typed.
        args = ["flash", "--cloud", device, image.name]
        return self.run(*args, timeout=_FLASH, proof="Flash success!", cwd=image.absolute().parent)

    def claim(self, device: str) -> CliResult:
        """Claim a device for the account."""
        return self.run("device", "add", device, proof="Successfully claimed device")

    def remove(self, device: str) -> CliResult:
        """Release a device of the account."""
        return self.run("device", "remove", device, "--yes", proof="Okay!")

    def rename(self, device: str, name: str) -> CliResult:
        """Give a device a name."""
        return self.run("device", "rename", device, name, proof="Successfully renamed device")

    def product_device_list(self, product: int | str) -> CliResult:
        """The devices of a product, as JSON; see :meth:`CliResult.json`."""
        return self.run("product", "device", "list", str(product), "--json")

    def inspect(self, image: Path) -> CliResult:
        """Properties of a firmware image; its CRC must be right."""
        return self.run("binary", "inspect", str(image), proof="CRC is ok")

    def write_script(self, path: Path) -> None:
        """Write a wrapper script for this CLI, with its home and equipment, for interactive use."""
        words = ["env", "-i", 'TERM="$TERM"', *(shlex.quote(f"{name}={value}") for name, value in self._env.items())]
        words += map(shlex.quote, self._command)
        path.write_text(f'#!/bin/sh\nexec {" ".join(words)} "$@" --no-update-check\n')
        path.chmod(0o700)

    # --- inside -----------------------------------------------------------------------------------------------------

    @staticmethod
    def _environment(node: Path, home: Path, equipment: Mapping[str, str]) -> dict[str, str]:
        # The environment is built from scratch, so no proxy of this process applies.
        folders = [equipment.get("PATH"), str(node.parent), "/usr/local/bin", "/usr/bin", "/bin"]
        return {"LANG": "C.UTF-8", **equipment, "HOME": str(home), "PATH": ":".join(filter(None, folders))}

    def _start(self, args: Sequence[str], cwd: Path | None = None, *, typed: bool = False) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [*self._command, *args, "--no-update-check"],
                cwd=cwd or self.home,
                env=self._env,
                stdin=subprocess.PIPE if typed else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise ToolError(f"the Particle CLI cannot be started: {error}") from None

    def _keep(self, args: Sequence[str], exit_code: int, output: bytes, errors: bytes, started: float) -> CliResult:
        result = CliResult(
            argv=("particle", *(self._secrets.get(arg, arg) for arg in args)),
            exit_code=exit_code,
            stdout=plain(output, self._secrets),
            stderr=plain(errors, self._secrets),
            seconds=self.clock.now() - started,
        )
        text = f"{' '.join(result.argv)}\n{result.text.strip()}"
        for observer in self._observers:
            observer(Moment(started, "cli", text, result.seconds, "refused" if exit_code else ""))
        return result

    def _write(self, name: str, content: dict[str, Any]) -> None:
        path = self.home / ".particle" / name
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(json.dumps(content))


class Subscription:
    """``particle subscribe`` in the background; keeps the last 10,000 output lines."""

    def __init__(self, cli: ParticleCli, args: Sequence[str]) -> None:
        self._cli = cli
        self._args = args
        self._changed = threading.Condition()
        self._output: Kept[bytes] = Kept(_LINES_KEPT)
        self._errors = b""
        self._listening = self._ended = False
        self._events: Kept[dict[str, Any]] = Kept(_LINES_KEPT)

    def __enter__(self) -> Self:
        self._started = self._cli.clock.now()
        self._process = self._cli._start(self._args)
        self._threads = [threading.Thread(target=read) for read in (self._read_output, self._read_errors)]
        for thread in self._threads:
            thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._listening or self._ended, _QUICK)
            ready = self._listening
        if not ready:
            result = self._finish()
            raise CliRefused("did not begin to listen", result)
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()

    def expect(self, count: int, timeout: float) -> list[dict[str, Any]]:
        """Wait for ``count`` events and return the first of them; ``timeout`` in seconds.

        :raises ExpectationFailed: fewer came in time
        :raises RigError: the first are no longer kept
        """
        with self._changed:
            self._changed.wait_for(lambda: self._events.end >= count or self._ended, timeout)
            events, missing = self._events.after(0)
        if len(events) + missing < count:
            raise ExpectationFailed(f"particle subscribe printed {len(events) + missing} events, not {count}, in time")
        if missing:
            raise RigError(f"the first {missing} events that particle subscribe printed are no longer kept")
        return events[:count]

    def _finish(self) -> CliResult:
        kill_group(self._process)
        self._process.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        lines, missing = self._output.after(0)
        output = (b"(%d lines before these were not kept)\n" % missing if missing else b"") + b"".join(lines)
        return self._cli._keep(self._args, self._process.returncode, output, self._errors, self._started)

    def _read_output(self) -> None:
        assert self._process.stdout is not None
        for raw in self._process.stdout:
            line = plain(raw, {}).strip()
            with self._changed:
                self._output.add(raw)
                # The CLI prints an empty line after its header once the stream is open.
                self._listening |= not line
                if line.startswith("{"):
                    self._events.add(json.loads(line))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        self._errors = self._process.stderr.read()
