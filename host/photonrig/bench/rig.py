"""The bench of a test run: one slot per variant, held by this process, with health readings and recovery.

Real and virtual slots work alike, and so do a ``rig.toml`` and a generated bench.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from photonrig.bench.cloud_health import door_trouble, read_cloud
from photonrig.bench.config import RigConfig, SlotConfig
from photonrig.bench.console import has_bench_console
from photonrig.bench.diagnosis import Proof, Readings
from photonrig.bench.identity import in_listening_mode
from photonrig.bench.local_cloud import LocalCloud
from photonrig.bench.lock import Busy
from photonrig.bench.probe import probe
from photonrig.bench.quarantine import Quarantine
from photonrig.bench.recovery import recover
from photonrig.bench.session import BenchSession, is_free, open_bench
from photonrig.bench.slots.slot import Slot
from photonrig.bench.target import CloudTarget, Firmware
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import variant_project
from photonrig.clock import SYSTEM, Clock, NotSeen
from photonrig.errors import PhotonrigError, RigError, UsageError
from photonrig.particle.module import parse_module

_TRIES: Final = 5
_BACK: Final = 5.0  # seconds for a device with a broken session to be back on the cloud


class Rig:
    """A bench of held slots. Runs that share it take different slots of a variant while there are free ones."""

    def __init__(
        self,
        config: RigConfig,
        tools: Toolchain,
        work: Path,
        projects: Mapping[str, Path],
        *,
        own_build: bool = False,
        clock: Clock = SYSTEM,
    ) -> None:
        """``projects``: firmware project folders by variant, in place of photonrig's own; ``work``: a scratch folder;
        ``own_build``: boards get what is built here.

        :raises Busy: other runs hold all slots of a variant, and freed none in time
        :raises RigError: all slots of a variant are in quarantine
        """
        self.work = work
        self.config = config
        self._tools = tools
        self._projects = dict(projects)
        self._own_build = own_build
        self._quarantine = Quarantine(config.path, clock)
        self._clock = clock
        self._stack = ExitStack()
        self._firmware: dict[str, Firmware] = {}
        self._more: dict[str, str] = {}
        self.session = self._open()
        self._slots = {config.slot(name).variant: slot for name, slot in self.session.slots.items()}
        self._cloud_pid = 0 if self._local_cloud is None else self._local_cloud.pid

    def _open(self) -> BenchSession:
        for attempt in range(_TRIES):
            chosen = [self._choose(variant) for variant in self.config.variants]
            try:
                return self._stack.enter_context(
                    open_bench(
                        self.config, self._tools, slots=chosen, projects=self._projects, own_build=self._own_build
                    )
                )
            except Busy:
                # Another run was faster; try again unless all are held.
                if attempt == _TRIES - 1 or not all(self._free(variant) for variant in self.config.variants):
                    raise
        raise AssertionError

    def _choose(self, variant: str) -> str:
        usable = self._usable(variant)
        return next((slot.name for slot in usable if is_free(self.config, slot)), usable[0].name)

    def _free(self, variant: str) -> bool:
        return any(is_free(self.config, slot) for slot in self._usable(variant))

    def _usable(self, variant: str) -> list[SlotConfig]:
        slots = [slot for slot in self.config.slots if slot.variant == variant]
        usable = [slot for slot in slots if self._quarantine.reason(slot.name) is None]
        if not usable:
            self._quarantine.refuse(slots[0].name)
        return usable

    @property
    def _local_cloud(self) -> LocalCloud | None:
        return None if self.session.lab is None else self.session.lab.local_cloud

    def target_of(self, variant: str | None) -> CloudTarget:
        """The cloud of the bench, with the product of a variant, or of its first one."""
        return self.session.target if variant is None else self.session.targets[self.slot(variant).name]

    def slot(self, variant: str) -> Slot:
        """The slot held for a variant.

        :raises UsageError: there is none
        """
        if variant not in self._slots:
            raise UsageError(f"{self.config.path} has no {variant}; it has {', '.join(self._slots)}")
        return self._slots[variant]

    @contextmanager
    def more(self, variant: str, count: int) -> Iterator[list[tuple[Slot, CloudTarget]]]:
        """``count`` more slots beside that of a variant, inside the block; see :meth:`BenchSession.more`."""
        with self.session.more(self.slot(variant).name, count) as made:
            self._more |= {slot.name: variant for slot, _ in made}
            yield made

    def firmware(self, variant: str) -> Firmware:
        """The firmware of a variant's devices; for boards, compiled by the cloud once."""
        if variant not in self._firmware:
            project = self._projects.get(variant) or variant_project(self._tools, variant)
            slot = self.config.slot(self.slot(variant).name)
            image = self.session.image(slot, project, self.work / f"{variant}.bin")
            data = image.read_bytes()
            module = parse_module(data)
            self._firmware[variant] = Firmware(
                variant,
                image,
                project,
                module.product_version or 0,
                sha256=module.sha256.hex(),
                console=has_bench_console(data),
            )
        return self._firmware[variant]

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Label and text pairs for reports."""
        slots = ", ".join(
            f"{name} ({'virtual' if self.config.slot(name).virtual else slot.device_id})"
            for name, slot in self.session.slots.items()
        )
        return (("target", f"{self.config.cloud} cloud {self.session.target.cloud.api}"), ("slots", slots))

    def close(self) -> None:
        """Release everything."""
        self._stack.close()

    # --- what is healthy --------------------------------------------------------------------------------------------

    def read(self, slot: Slot | None, since: float) -> Readings:
        """Health readings of every layer, from the plug to the cloud; read-only.

        ``since``: start of the test, monotonic clock. Takes a few seconds at most.
        """
        target = self.session.target if slot is None else self.session.targets[slot.name]
        cloud = read_cloud(target, self._local_cloud, self._cloud_pid)
        if slot is None:
            return cloud
        reached = not (cloud.cloud_answers or cloud.api_path or cloud.device_path)
        online = (lambda: self._comes_online(slot)) if reached else (lambda: None)
        return probe(slot, since, wifi=target.wifi[0], online=online, clock=self._clock) | cloud

    def _comes_online(self, slot: Slot) -> Proof:
        """Whether the device is online within a few seconds: it reconnects after a broken session."""
        try:
            self._clock.wait_until(lambda: not self._offline(slot), _BACK, "an answer")
        except NotSeen:
            return self._offline(slot)
        return ""

    def _offline(self, slot: Slot) -> Proof:
        target = self.session.targets[slot.name]
        try:
            answered = target.team.ping(slot.device_id, target.product)
        except PhotonrigError as error:
            return str(error)
        return "" if answered else "the device does not answer the cloud"

    # --- putting it right -------------------------------------------------------------------------------------------

    def recover(self, slot: Slot | None) -> Sequence[str]:
        """Restart a local cloud that is down and recover a sick device; returns one sentence per action.

        A device beyond recovery is put into quarantine.

        :raises RigError: it is
        """
        done = []
        if (local := self._local_cloud) is not None:
            if not local.alive or door_trouble(local, self.session.target.central):
                local.restart()
                done.append("the local cloud was started again")
            self._cloud_pid = local.pid
        if slot is None:
            return done
        known_good = self.firmware(self._more.get(slot.name) or self.config.slot(slot.name).variant).image
        recovery = recover(slot, known_good=known_good, clock=self._clock)
        if not recovery.recovered:
            marker = self._quarantine.put(recovery)
            raise RigError(f"{'; '.join(recovery.sentences())}; in quarantine now ({marker})", device=slot.device_id)
        done += recovery.sentences()
        if not in_listening_mode(slot) and self._offline(slot):
            self._clock.wait_until(lambda: not self._offline(slot), self.config.timeouts.online, "the device online")
            done.append(f"slot {slot.name}: waited until it answered the cloud")
        return done
