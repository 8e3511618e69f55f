"""The bench of one pytest process: its rig, opened with the first test that needs it, and what tests leave behind."""

from __future__ import annotations

import hashlib
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from photonrig.bench.config import RigConfig, load_config, virtual_config
from photonrig.bench.device_state import ANY, Declared, establish
from photonrig.bench.diagnosis import Concern, Diagnosis, Readings, diagnose, with_moments
from photonrig.bench.rig import Rig
from photonrig.bench.slots.slot import Slot
from photonrig.bench.target import CloudTarget, Firmware
from photonrig.build.size import read_table
from photonrig.build.variants import VARIANTS
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import PhotonrigError, RigError
from photonrig.particle.cli import ParticleCli
from photonrig.particle.events import EventStream
from photonrig.testing.photon import Photon
from photonrig.trace import Moment, Recorder

__all__ = ["Bench", "Held", "TestRun", "config_of"]

_CANARY: Final = 3.0  # seconds for an event to go round
_STREAM_BACK: Final = 30.0  # a stream that fell silent is given up after 20 s


def config_of(rig: str, projects: Mapping[str, Path], folder: Path) -> RigConfig:
    """The bench that the command line names: a file, or ``virtual``, with one virtual Photon per variant.

    ``projects`` are firmware projects by variant, in place of photonrig's own; ``folder`` is where a bench without a
    file keeps its quarantine.

    :raises UsageError: the file is wrong
    """
    variants = list(projects or VARIANTS)
    if rig == "virtual":
        return virtual_config(folder / "virtual.toml", {variant: variant for variant in variants})
    return load_config(Path(rig), variants)


def _on_a_photon(firmware: Firmware) -> dict[str, int]:
    """Bytes of flash and static RAM as the table beside the variants states them."""
    table = firmware.project.resolve().parent.with_name("size.md")
    stated = read_table(table)[1].get(firmware.variant) if table.exists() else None
    return {} if stated is None else {"flash": stated.flash, "ram": stated.ram}


@dataclass(slots=True)
class TestRun:
    """One attempt at one test: what it used, saw and left."""

    __test__ = False  # no test class, whatever its name says

    nodeid: str
    recorder: Recorder
    variant: str | None = None
    photon: Photon | None = None
    uses_cloud: bool = False
    stream: EventStream | None = None
    first_event: int = 0
    prepared: int = 0  # moments until the device was in the state every test begins in
    facts: tuple[tuple[str, str], ...] = ()
    firmware: dict[str, Any] | None = None
    diagnosis: Diagnosis | None = None

    def concerns(self) -> frozenset[Concern]:
        """What the test had to do with."""
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
    """A slot this process holds; its state is not ``proved`` from the moment a test does something to it."""

    slot: Slot
    firmware: Firmware
    told: dict[str, Any]
    proved: bool = False


class Bench:
    """See the module. ``current`` is the test that runs; what the interfaces tell goes to its recorder."""

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
        self._told = 0
        self._slots: dict[str, Held] = {}
        self._facts: tuple[tuple[str, str], ...] = ()

    # --- up and down ------------------------------------------------------------------------------------------------

    @property
    def rig(self) -> Rig:
        """The rig; opened at first use. One that could not be opened is not tried again.

        :raises PhotonrigError: it cannot be had
        """
        if self._broken is not None:
            raise RigError(f"the rig could not be opened: {self._broken}") from self._broken
        if self._rig is None:
            work = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="photonrig-")))
            try:
                self._rig = self._make_rig(work)
                self._rig.target_of(None).cloud.tap(self.tell)
                self._facts = self._rig.facts()
                if self.current is not None:
                    self.current.recorder.begun = self.clock.now()  # the way up is no part of the test
            except PhotonrigError as error:
                self._broken = error
                raise
        return self._rig

    @property
    def target(self) -> CloudTarget:
        """The cloud, with the product of the variant that the test which runs is about."""
        return self.rig.target_of(None if self.current is None else self.current.variant)

    @property
    def stream(self) -> EventStream:
        """Everything the product's devices publish, heard since the first test of that product."""
        target = self.target
        if target.product_id not in self._streams:
            self._streams[target.product_id] = self._stack.enter_context(self._open_stream(target))
        return self._streams[target.product_id]

    @property
    def cli(self) -> ParticleCli:
        """The Particle CLI, logged in as the central user."""
        if self._cli is None:
            self._cli = self.target.make_cli()
            version = f"{self._cli.version().text.strip()} on Node.js {self._cli.node_version()}"
            self._facts += (("Particle CLI", version),)
        return self._cli

    def close(self) -> None:
        """Give everything back."""
        with self._stack:
            if self._rig is not None:
                self._stack.callback(self._rig.close)

    @staticmethod
    def _open_stream(target: CloudTarget) -> EventStream:
        return EventStream(target.team, f"/v1/products/{target.product_id}/events")

    # --- one test ---------------------------------------------------------------------------------------------------

    def begin(self, nodeid: str, attempt: int, variant: str | None = None) -> TestRun:
        """A test begins."""
        name = re.sub(r"[^\w.\-\[\]]+", "-", nodeid).strip("-")[-150:]
        folder = self.folder / (name if attempt == 1 else f"{name}.{attempt}")
        self.current = TestRun(nodeid, Recorder(folder, self.clock), variant)
        if self._rig is not None:
            self._hear(self.current)
        if self._cli is not None:
            self._told = self._cli.results.end
        return self.current

    def photon(self, variant: str, **needs: Any) -> Photon:
        """The device of this variant for the test that runs, in the state it may rely on; ``needs`` as in Declared."""
        run = self.current
        assert run is not None
        if variant not in self._slots:
            self._slots[variant] = self._hold(variant)
        held = self._slots[variant]
        run.variant, run.firmware = variant, held.told
        self._hear(run)
        run.photon = Photon(held.slot, held.firmware, self.target, run.recorder, self.clock)
        if needs or not held.proved:
            self.prepare(run.photon, self.declared(held, **needs))
            held.proved = not needs
        run.prepared = len(run.recorder.moments)
        return run.photon

    def _hold(self, variant: str) -> Held:
        slot, firmware = replace(self.rig.slot(variant), tap=self.tell), self.rig.firmware(variant)
        image = firmware.image.read_bytes()
        told = {"variant": variant, "version": firmware.version, "bytes": len(image)}
        told |= {"sha256": hashlib.sha256(image).hexdigest(), **_on_a_photon(firmware)}
        return Held(slot, firmware, told)

    def end(self, run: TestRun) -> None:
        """A test is over."""
        self.collect(run)
        run.facts = self._facts
        touches = run.recorder.moments[run.prepared :]
        if run.photon is not None and any(moment.lane != "event" for moment in touches):
            self._slots[run.photon.variant].proved = False
        run.recorder.close()
        self.current = None

    def _hear(self, run: TestRun) -> None:
        """Events of the test's product are the test's from now on."""
        if run.stream is None:
            opened = len(self._streams)
            run.stream = self.stream
            run.first_event = run.stream.mark() if run.stream is not None else 0
            if len(self._streams) > opened:
                run.recorder.begun = self.clock.now()

    def tell(self, moment: Moment) -> None:
        """A line of an interface, for the test that runs."""
        if self.current is not None and not self._muted:
            self.current.recorder(moment)

    def collect(self, run: TestRun) -> None:
        """Bring events and CLI calls that are new into the test's recorder."""
        if run.stream is not None:
            events, missing = run.stream.after(run.first_event)
            run.first_event += missing + len(events)
            if missing:
                run.recorder.note("event", f"{missing} events came in such a rush that they are no longer kept")
            for event in events:
                run.recorder(Moment(event.at, "event", f"{event.name} {event.data or ''} from {event.coreid}"))
        if self._cli is not None:
            calls, missing = self._cli.results.after(self._told)
            self._told += missing + len(calls)
            if missing:
                run.recorder.note("cli", f"{missing} calls of the CLI are no longer kept")
            for call in calls:
                text = f"{' '.join(call.argv)}\n{call.text.strip()}"
                run.recorder(Moment(call.began, "cli", text, call.seconds, "refused" if call.exit_code else ""))

    # --- when it failed ---------------------------------------------------------------------------------------------

    def diagnose(self, run: TestRun, error: BaseException) -> Diagnosis:
        """Read everything and name the cause; what is read meanwhile is no part of the test."""
        self.collect(run)
        concerns = run.concerns()
        self._muted = True
        try:
            if self._rig is None:
                readings = Readings()
            else:
                slot = None if run.photon is None else run.photon.slot
                readings = with_moments(self._rig.read(slot, run.recorder.begun), run.recorder.moments)
                readings = self._with_stream(run, self._with_touches(run, readings))
        finally:
            self._muted = False
        run.diagnosis = diagnose(error, readings, concerns)
        return run.diagnosis

    def recover(self, run: TestRun) -> tuple[str, ...]:
        """Put right what is wrong after a failure; returns what was done, or what could not be."""
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

    def _with_touches(self, run: TestRun, readings: Readings) -> Readings:
        """What the test itself did to the device explains a reset, and an end of its session."""
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
        """A canary goes round the very stream that the test heard its events on."""
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

    # --- the state a test begins in ---------------------------------------------------------------------------------

    def declared(self, held: Held, **differently: Any) -> Declared:
        """In the product, the central user's, with its firmware and on the cloud, unless a test needs it otherwise."""
        # Off the network, a device listens for set-up, and its firmware tells nothing.
        firmware = held.firmware if differently.get("network", True) else ANY
        usual = Declared(in_product=True, owner=self.target.team, firmware=firmware, network=True)
        return replace(usual, **differently)

    def prepare(self, photon: Photon, wanted: Declared) -> None:
        """Read what is, repair only what differs, and prove it; a device that cannot be read is put right first."""
        try:
            done = establish(photon.slot, self.target, wanted, clock=self.clock)
        except PhotonrigError:
            self.rig.recover(photon.slot)
            done = establish(photon.slot, self.target, wanted, clock=self.clock)
        if done.repaired and self.current is not None:
            self.current.recorder.note("rig", f"put right before the test: {', '.join(done.repaired)}")
