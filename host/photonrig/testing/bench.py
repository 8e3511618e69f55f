"""Bench of one pytest process: its rig, opened by the first test that needs it, and the tests' records."""

from __future__ import annotations

import hashlib
import re
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from photonrig.bench.config import RigConfig, load_config, virtual_config
from photonrig.bench.device_state import ANY, Declared, establish
from photonrig.bench.diagnosis import Concern, Diagnosis, Readings, diagnose, with_moments
from photonrig.bench.panic import PanicLog, explain
from photonrig.bench.rig import Rig
from photonrig.bench.shade_words import in_words
from photonrig.bench.slots.slot import Slot
from photonrig.bench.target import CloudTarget, Firmware
from photonrig.build.size import stated
from photonrig.build.variants import VARIANTS
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import PhotonrigError, RigError, UsageError
from photonrig.particle.cli import ParticleCli
from photonrig.particle.events import EventStream
from photonrig.testing.photon import Photon
from photonrig.trace import Moment, Observer, Recorder

_CANARY: Final = 3.0  # seconds for a canary event to return
_STREAM_BACK: Final = 30.0  # a silent stream is given up after 20 s


def config_of(rig: str, projects: Mapping[str, Path], folder: Path) -> RigConfig:
    """The bench named on the command line: a file, or ``virtual``, with one virtual Photon per variant.

    ``projects``: firmware projects by variant, in place of photonrig's own; ``folder``: where a bench without a file
    keeps its quarantine.

    :raises UsageError: the file is wrong
    """
    variants = list(projects or VARIANTS)
    if rig == "virtual":
        return virtual_config(folder / "virtual.toml", {variant: variant for variant in variants})
    return load_config(Path(rig), variants)


@dataclass(slots=True)
class TestRun:
    """One attempt at one test: what it used, observed and left."""

    __test__ = False  # not a test class, despite its name

    nodeid: str
    recorder: Recorder
    variant: str | None = None
    photon: Photon | None = None
    more: list[Photon] = field(default_factory=list)  # devices beside it
    uses_cloud: bool = False
    stream: EventStream | None = None
    panics: PanicLog | None = None
    prepared: int = 0  # moments until the device was in its initial state
    facts: tuple[tuple[str, str], ...] = ()
    firmware: dict[str, Any] | None = None
    diagnosis: Diagnosis | None = None
    backtrace: tuple[str, ...] = ()

    def concerns(self) -> frozenset[Concern]:
        """Interfaces the test used."""
        lanes = {moment.lane for moment in self.recorder.moments}
        found: set[Concern] = set()
        if self.photon is not None:
            found.add("device")
        if "softap" in lanes:
            found.add("softap")
        if self.uses_cloud or lanes & {"http", "event", "cli"}:
            found.add("cloud")
        return frozenset(found)


@dataclass(slots=True)
class Held:
    """A slot this process holds; its state counts as ``proved`` until a test acts on it."""

    slot: Slot
    firmware: Firmware
    facts: dict[str, Any]
    proved: bool = False


class Bench:
    """The bench of this process. ``current`` is the running test; interfaces are observed by its recorder."""

    def __init__(self, make_rig: Callable[[Path], Rig], folder: Path, *, clock: Clock = SYSTEM) -> None:
        self.folder = folder
        self.clock = clock
        self.current: TestRun | None = None
        self._make_rig = make_rig
        self._stack = ExitStack()
        self._rig: Rig | None = None
        self._broken: PhotonrigError | None = None
        self._streams: dict[int, EventStream] = {}
        self._muted = False
        self._cli: ParticleCli | None = None
        self._slots: dict[str, Held] = {}
        self._facts: tuple[tuple[str, str], ...] = ()

    # --- start and end ------------------------------------------------------------------------------------------------

    @property
    def rig(self) -> Rig:
        """The rig; opened on first use. A failed opening is not repeated.

        :raises PhotonrigError: it is not available
        """
        if self._broken is not None:
            raise RigError(f"the rig could not be opened: {self._broken}") from self._broken
        if self._rig is None:
            work = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="photonrig-")))
            try:
                self._rig = self._make_rig(work)
                self._rig.target_of(None).cloud.add_observer(self.tell)
                self._facts = self._rig.facts()
                if self.current is not None:
                    self.current.recorder.begun = self.clock.now()  # starting the bench is not part of the test
            except PhotonrigError as error:
                self._broken = error
                raise
        return self._rig

    @property
    def target(self) -> CloudTarget:
        """The cloud, with the product of the running test's variant."""
        return self.rig.target_of(None if self.current is None else self.current.variant)

    @property
    def stream(self) -> EventStream:
        """Event stream of the product, open since the first test of that product."""
        target = self.target
        if target.product_id not in self._streams:
            product = target.product_id

            def tell(moment: Moment) -> None:
                """Pass on the event if the running test uses the product."""
                if self.current is not None and self.current.stream is self._streams.get(product):
                    self.tell(moment)

            self._streams[product] = self._stack.enter_context(self._open_stream(target, tell))
        return self._streams[target.product_id]

    @property
    def cli(self) -> ParticleCli:
        """The Particle CLI, logged in as the central user."""
        if self._cli is None:
            self._cli = self.target.make_cli()
            self._cli.add_observer(self.tell)
            version = f"{self._cli.version().text.strip()} on Node.js {self._cli.node_version()}"
            self._facts += (("Particle CLI", version),)
        return self._cli

    def close(self) -> None:
        """Release everything."""
        with self._stack:
            if self._rig is not None:
                self._stack.callback(self._rig.close)

    @staticmethod
    def _open_stream(target: CloudTarget, observer: Observer | None = None) -> EventStream:
        return EventStream(target.team, f"/v1/products/{target.product_id}/events", observer=observer)

    # --- one test ---------------------------------------------------------------------------------------------------

    def begin(self, nodeid: str, attempt: int, variant: str | None = None) -> TestRun:
        """A test begins."""
        name = re.sub(r"[^\w.\-\[\]]+", "-", nodeid).strip("-")[-150:]
        folder = self.folder / (name if attempt == 1 else f"{name}.{attempt}")
        self.current = TestRun(nodeid, Recorder(folder, self.clock), variant)
        if self._rig is not None:
            self._hear(self.current)
        return self.current

    def photon(self, variant: str, **needs: Any) -> Photon:
        """The device of this variant for the running test, in its initial state; ``needs`` as in Declared."""
        run = self.current
        assert run is not None
        held = self._held(variant)
        run.variant, run.firmware = variant, held.facts
        self._hear(run)
        if held.slot.monitor is not None:
            run.panics = PanicLog(held.slot.monitor.log, from_now=True)
        run.photon = Photon(held.slot, held.firmware, self.target, run.recorder, self.clock)
        if needs or not held.proved:
            self.prepare(run.photon, self.declared(held, **needs))
            held.proved = not needs
        run.prepared = len(run.recorder.moments)
        return run.photon

    @contextmanager
    def photons(self, count: int, **needs: Any) -> Iterator[list[Photon]]:
        """The running test's device and others with its firmware, ``count`` together; released after the block.

        :raises UsageError: ``count`` is below 1, or the bench has not so many
        """
        run = self.current
        assert run is not None and run.photon is not None
        if count < 1 or run.more:
            raise UsageError(f"photons({count}): a test asks for its devices once, for at least one")
        held = self._slots[run.photon.variant]
        with self.rig.more(run.photon.variant, count - 1) as made:
            run.recorder.note("rig", f"{count - 1} more devices on")
            for slot, target in made:
                seen = replace(slot, observer=self.tell, bench_console=held.firmware.console)
                run.more.append(Photon(seen, held.firmware, target, run.recorder, self.clock))
                self.prepare(run.more[-1], self.declared(held, **needs))
            try:
                yield [run.photon, *run.more]
            finally:
                with ExitStack() as models:
                    for each in run.more:
                        models.callback(each.detach_all)

    def slot(self, variant: str) -> Slot:
        """The slot of a variant, with the capabilities of its firmware."""
        return self._held(variant).slot

    def _held(self, variant: str) -> Held:
        if variant not in self._slots:
            self._slots[variant] = self._hold(variant)
        return self._slots[variant]

    def _hold(self, variant: str) -> Held:
        firmware = self.rig.firmware(variant)
        slot = replace(self.rig.slot(variant), observer=self.tell, bench_console=firmware.console)
        image = firmware.image.read_bytes()
        facts = {"variant": variant, "version": firmware.version, "bytes": len(image)}
        facts |= {"sha256": hashlib.sha256(image).hexdigest(), **stated(firmware.project, firmware.variant)}
        return Held(slot, firmware, facts)

    def end(self, run: TestRun) -> None:
        """A test is over."""
        run.facts = self._facts
        touches = run.recorder.moments[run.prepared :]
        if run.photon is not None and any(moment.lane != "event" for moment in touches):
            self._slots[run.photon.variant].proved = False
        run.recorder.close()
        self.current = None

    def _hear(self, run: TestRun) -> None:
        """From now on, record events of the test's product."""
        if run.stream is None:
            opened = len(self._streams)
            run.stream = self.stream
            if len(self._streams) > opened:
                run.recorder.begun = self.clock.now()

    def tell(self, moment: Moment) -> None:
        """Observer: a moment of an interface, for the running test."""
        if self.current is not None and not self._muted:
            self.current.recorder(moment)

    # --- after a failure ----------------------------------------------------------------------------------------------

    def diagnose(self, run: TestRun, error: BaseException) -> Diagnosis:
        """Read everything and find the cause; these readings are not part of the test."""
        concerns = run.concerns()
        crash = self._crash(run)
        words = where = ""
        self._muted = True
        try:
            if self._rig is None:
                readings = Readings()
            else:
                slot = None if run.photon is None else run.photon.slot
                readings = with_moments(self._rig.read(slot, run.recorder.begun), run.recorder.moments)
                readings = self._with_stream(run, self._with_touches(run, readings))
                readings = replace(readings, crash=crash) if crash else readings
                words = self._words(run) if readings.console == "" and not crash else ""
                for each in run.more:
                    if not readings.troubles():
                        seen = with_moments(self._rig.read(each.slot, run.recorder.begun), run.recorder.moments)
                        readings, where = readings | self._with_touches(run, seen), f"slot {each.slot.name}: "
        finally:
            self._muted = False
        found = diagnose(error, readings, concerns)
        if readings.troubles():
            found = replace(found, why=f"{where}{found.why}")
        if words and found.cause == "firmware":
            # What a call returned is the finding itself; where the shade is comes after it.
            said, healthy, rest = found.why.partition("; every layer")
            called = said.startswith("call(")
            found = replace(found, why=f"{said}; {words}{healthy}{rest}" if called else f"{words}; {found.why}")
        run.diagnosis = found
        return found

    def recover(self, run: TestRun) -> tuple[str, ...]:
        """Repair the bench after a failure; returns one sentence per action, or why it failed."""
        if self._rig is None:
            return ()
        try:
            done = list(self._rig.recover(None if run.photon is None else run.photon.slot))
            if run.stream is not None and not self._comes_round(run.stream):
                stream = run.stream
                self.clock.wait_until(lambda: self._comes_round(stream), _STREAM_BACK, "the event stream alive again")
                done.append("waited until the event stream was alive again")
        except PhotonrigError as error:
            return (f"recovery failed: {error}",)
        return tuple(done)

    def _crash(self, run: TestRun) -> str:
        """The last panic of the test's device during the test; each becomes evidence. Empty: there was none."""
        crash = ""
        for record in [] if run.panics is None else run.panics.new():
            panic = explain(record, [self._slots[run.variant or ""].firmware.image.parent])
            if panic is not None:
                run.backtrace = tuple(panic.lines())
                run.recorder.note("device", "\n".join([panic.title, *panic.lines()]), trouble="failed")
                crash = f"the firmware panicked: {panic.title}{f', in {panic.place}' if panic.place else ''}"
        return crash

    def _words(self, run: TestRun) -> str:
        """State of the shade after the failure; "" of a firmware that does not tell it."""
        if run.photon is None or not run.photon.firmware.console:
            return ""
        monitor = run.photon.slot.monitor
        with suppress(PhotonrigError):
            status = run.photon.ask("status")
            parts = {} if monitor is None else monitor.parts()
            return in_words(run.photon.variant, status, parts, run.recorder.moments)
        return ""

    def _with_touches(self, run: TestRun, readings: Readings) -> Readings:
        """Explain resets and ended sessions by the test's own actions."""
        if run.photon is None or readings.reboot is None:
            return readings
        moments = run.recorder.moments
        if any(moment.lane == "rig" or (moment.lane, moment.text) == ("serial", "> reset") for moment in moments):
            return replace(readings, reboot="", session="")
        gone = f"from {run.photon.id}"
        for moment in moments:
            if moment.lane == "event" and moment.text.startswith("spark/status offline") and moment.text.endswith(gone):
                after = moment.at - run.recorder.begun
                return replace(readings, session=f"the cloud lost the device {after:.1f} s after the test began")
        return replace(readings, session="")

    def _with_stream(self, run: TestRun, readings: Readings) -> Readings:
        """Send a canary event through the stream the test listened on."""
        if run.stream is None:
            return readings
        since = run.stream.open_since
        if since is None or since > run.recorder.begun:
            return replace(readings, stream="the event stream was interrupted while the test ran")
        if readings.cloud_answers or readings.api_path:
            return readings
        if self._comes_round(run.stream):
            return replace(readings, stream="", canary="")
        try:
            with self._open_stream(self.target) as fresh:
                alive = self._comes_round(fresh)
        except PhotonrigError:
            alive = False
        if alive:
            return replace(readings, stream="the event stream fell silent; a new one is alive", canary="")
        return replace(readings, stream="", canary="a canary event did not come round")

    def _comes_round(self, stream: EventStream) -> bool:
        mark, name = stream.mark(), f"canary/{secrets.token_hex(8)}"
        try:
            self.target.team.publish(name, scope=self.target.product)
            stream.expect(name, _CANARY, since=mark)
        except PhotonrigError:
            return False
        return True

    # --- initial state of a test --------------------------------------------------------------------------------------

    def declared(self, held: Held, **differently: Any) -> Declared:
        """Online in the product, owned by the central user, with its firmware; overridden by the test's needs."""
        # Off the network a device is in listening mode, where its firmware does not answer.
        firmware = held.firmware if differently.get("network", True) else ANY
        usual = Declared(in_product=True, owner=self.target.team, firmware=firmware, network=True)
        return replace(usual, **differently)

    def prepare(self, photon: Photon, wanted: Declared) -> None:
        """Read the state, repair only differences, and prove it; a device that cannot be read is recovered first."""
        try:
            done = establish(photon.slot, self.target, wanted, clock=self.clock)
        except PhotonrigError:
            self.rig.recover(photon.slot)
            done = establish(photon.slot, self.target, wanted, clock=self.clock)
        if done.repaired and self.current is not None:
            self.current.recorder.note("rig", f"put right before the test: {', '.join(done.repaired)}")
