"""Runs a flow step by step; interrupted anywhere, it resumes from its journal.

    progress = run(flow, context, journal=write_down)
    ...                                               # killed, unplugged, timed out: the last journaled progress is
    progress = run(flow, context, progress=found)     # where it goes on, forward or back

Each step is journaled before it acts and after it is done. A step found "begun" may have been carried out, so its
effect is checked first. A lost answer is treated the same way, once; then the flow ends as "waiting", and the caller
decides when to go on. A refusal turns the flow round: the compensations of completed steps run in reverse.

    outcome   done      the last step's proof holds
              undone    a step was refused; everything is as it was found
              waiting   cloud or device does not answer now; run it again with the same progress
              stuck     neither forward nor back; the reason names what a person must do, then run it again

A flow has no thread or lock of its own: one flow is one call, many flows are many calls on many threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import CloudError, ExpectationFailed, LinkLost, NetworkError, PhotonrigError, UsageError
from photonrig.particle.cloud_errors import CloudFailed, DeviceOffline, RateLimited

Heading = Literal["forward", "back"]
Phase = Literal["begun", "done"]
Outcome = Literal["done", "undone", "waiting", "stuck"]


class NotYet(PhotonrigError):
    """A person or a device has to act first; resume the flow after that."""

    cause = "rig"


# No answer, or one that invites a retry; the request may have been carried out.
_UNANSWERED = (NetworkError, CloudFailed)
_LATER = (NetworkError, CloudFailed, RateLimited, DeviceOffline, LinkLost, NotYet)

P = TypeVar("P")


def never(_: Any) -> bool:
    """Predicate that is always false: a step that is never skipped, or whose effect cannot be checked."""
    return False


def _nothing(_: Any) -> None:
    return None


@dataclass(frozen=True)
class Step(Generic[P]):
    """One step; all callables get the flow's context.

    ``skip``     nothing to do (from known facts, without requests)
    ``needs``    the missing precondition, None if met (from known facts)
    ``foresee``  records facts that must survive a crash during ``act``
    ``act``      does it; idempotent
    ``seen``     checks whether it is done, when an earlier ``act`` has left no answer
    ``undo``     the compensation; idempotent
    ``window``   this step begins or ends the device's unowned time
    """

    name: str
    act: Callable[[P], None]
    seen: Callable[[P], bool]
    skip: Callable[[P], bool] = never
    needs: Callable[[P], str | None] = _nothing
    foresee: Callable[[P], None] = _nothing
    undo: Callable[[P], None] | None = None
    window: Literal["opens", "closes"] | None = None


@dataclass(frozen=True)
class Flow(Generic[P]):
    """A named list of steps; ``title`` is the sentence that reports show."""

    name: str
    title: str
    steps: Sequence[Step[P]]


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Progress of a flow; msgspec writes it as JSON and reads it. Contains no secrets.

    ``turned``: why it goes back; ``reason``: why it ended so; ``retry_after``: seconds, if a cloud gave them.
    ``facts``: what steps learned for later ones. ``unowned_since``: seconds since 1970 while the device is unowned;
    ``unowned``: seconds it was, from the sending of the release to the answer of the claim.
    """

    flow: str
    device: str
    step: str = ""
    phase: Phase = "done"
    heading: Heading = "forward"
    turned: str = ""
    outcome: Outcome | None = None
    reason: str = ""
    retry_after: float | None = None
    facts: Mapping[str, Any] = msgspec.field(default_factory=dict)
    unowned_since: float | None = None
    unowned: float = 0.0


Journal = Callable[[Progress], None]


def no_journal(_: Progress) -> None:
    """Journal of a flow that is never resumed."""
    return


def run(
    flow: Flow[P],
    context: P,
    device: str,
    *,
    facts: dict[str, Any],
    progress: Progress | None = None,
    journal: Journal = no_journal,
    clock: Clock = SYSTEM,
) -> Progress:
    """Run a device's flow, from ``progress`` or from the beginning, to an outcome.

    ``facts``: dictionary of the steps, filled from ``progress`` first. ``journal`` must return only once its argument
    is durable; its errors pass through, as does anything but :class:`PhotonrigError`, such as Ctrl-C.

    :raises UsageError: ``progress`` belongs to another flow or device
    """
    running = _Running(flow, context, facts, journal, progress or Progress(flow.name, device), clock)
    if (running.at.flow, running.at.device) != (flow.name, device):
        raise UsageError(f"this progress is of {running.at.flow} for {running.at.device}", device=device)
    return running.to_the_end()


def called_back(progress: Progress, why: str) -> Progress:
    """The progress of an unfinished flow, turned round: running it undoes everything done or possibly done."""
    if progress.heading == "back":
        return progress
    return replace(progress, heading="back", phase="begun", turned=why, outcome=None)


class _Running(Generic[P]):
    def __init__(
        self, flow: Flow[P], context: P, facts: dict[str, Any], journal: Journal, at: Progress, clock: Clock
    ) -> None:
        self.clock = clock
        self.flow, self.context, self.facts, self.journal, self.at = flow, context, facts, journal, at
        self._opened: float | None = None
        facts.update(at.facts)

    def to_the_end(self) -> Progress:
        if self.at.outcome in ("done", "undone"):
            return self.at
        index, unsure = self._where()
        self.at = replace(self.at, outcome=None, reason="", retry_after=None)
        if self.at.heading == "forward":
            for number in range(index, len(self.flow.steps)):
                failed = self._forward(self.flow.steps[number], unsure and number == index)
                if failed is None:
                    continue
                if isinstance(failed, _LATER):
                    return self._end("waiting", str(failed), getattr(failed, "retry_after", None))
                self._turn(self.flow.steps[number], failed)
                index = number
                break
            else:
                return self._end("done")
        return self._back(index)

    def _where(self) -> tuple[int, bool]:
        """The step to go on with, and whether an earlier attempt may have been carried out."""
        names = [step.name for step in self.flow.steps]
        if not self.at.step:
            return 0, False
        if self.at.step not in names:
            raise UsageError(f"{self.flow.name} has no step {self.at.step!r}", device=self.at.device)
        index = names.index(self.at.step)
        if self.at.heading == "back":
            return (index if self.at.phase == "begun" else index - 1), True
        return (index, True) if self.at.phase == "begun" else (index + 1, False)

    def _forward(self, step: Step[P], unsure: bool) -> PhotonrigError | None:
        """Do one step; returns the error that ended it, None if it is done."""
        try:
            if not unsure:
                if step.skip(self.context):
                    return None
                missing = step.needs(self.context)
                if missing is not None:
                    return ExpectationFailed(missing, device=self.at.device)
            step.foresee(self.context)
        except PhotonrigError as error:
            return error
        # Without a journal the flow must not act: its errors pass through.
        self._note(step, "begun")
        try:
            if not (unsure and step.seen(self.context)):
                self._act(step)
        except PhotonrigError as error:
            return error
        self._note(step, "done")
        return None

    def _act(self, step: Step[P]) -> None:
        try:
            step.act(self.context)
        except _UNANSWERED:
            if not step.seen(self.context):
                step.act(self.context)

    def _turn(self, step: Step[P], why: PhotonrigError) -> None:
        # A refused release has left the device with its owner.
        never_opened = step.window == "opens" and isinstance(why, CloudError)
        since = None if never_opened else self.at.unowned_since
        self.at = replace(self.at, heading="back", turned=str(why), unowned_since=since)

    def _back(self, index: int) -> Progress:
        for step in reversed(self.flow.steps[: index + 1]):
            if step.undo is None:
                continue
            self._note(step, "begun")
            try:
                self._undo(step.undo)
            except _LATER as error:
                return self._end("waiting", f"{self.at.turned}; then {error}", getattr(error, "retry_after", None))
            except (CloudError, ExpectationFailed, UsageError) as error:
                return self._end("stuck", f"{self.at.turned}; then {error}")
            self._note(step, "done")
        return self._end("undone", self.at.turned)

    def _undo(self, undo: Callable[[P], None]) -> None:
        try:
            undo(self.context)
        except _UNANSWERED:
            undo(self.context)

    # --- what is written down ----------------------------------------------------------------------------------------

    def _note(self, step: Step[P], phase: Phase) -> None:
        since, unowned = self.at.unowned_since, self.at.unowned
        forward = self.at.heading == "forward"
        if phase == "begun" and forward and step.window == "opens" and since is None:
            since, self._opened = self.clock.wall(), self.clock.now()
        closes = step.window == ("closes" if forward else "opens")
        if phase == "done" and closes and since is not None:
            # After a crash only the time of day is left to measure by.
            spent = self.clock.wall() - since if self._opened is None else self.clock.now() - self._opened
            since, self._opened, unowned = None, None, unowned + max(spent, 0.0)
        self.at = replace(
            self.at,
            step=step.name,
            phase=phase,
            facts=dict(self.facts),
            unowned_since=since,
            unowned=unowned,
            retry_after=None,
        )
        self.journal(self.at)

    def _end(self, outcome: Outcome, reason: str = "", retry_after: float | None = None) -> Progress:
        self.at = replace(self.at, outcome=outcome, reason=reason, retry_after=retry_after, facts=dict(self.facts))
        self.journal(self.at)
        return self.at
