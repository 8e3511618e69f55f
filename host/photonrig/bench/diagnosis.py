"""Diagnosis of a failed test: health readings of every layer, and the cause they imply.

The cause is *the lowest layer that was not proved healthy* while the test ran, from the plug to the cloud;
:data:`RULES` lists the layers. If all were healthy, the error itself decides: the device is at fault unless the error
says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from photonrig.errors import Cause, ExpectationFailed, PhotonrigError, UsageError
from photonrig.particle.cloud_errors import DeviceOffline, NotFound
from photonrig.trace import Moment

# Other causes may be the firmware's and are never retried.
RETRYABLE: Final[frozenset[Cause]] = frozenset({"rig", "network", "cloud"})

# None: not checked. Empty: proved healthy. Else the problem, as reports show it.
Proof = str | None


@dataclass(frozen=True, slots=True)
class Readings:
    """Health readings of every layer, one field a rule."""

    crash: Proof = None
    power: Proof = None
    reboot: Proof = None
    port: Proof = None
    port_holder: Proof = None
    port_device: Proof = None
    serial_link: Proof = None
    console: Proof = None
    softap: Proof = None
    cloud_process: Proof = None
    cloud_answers: Proof = None
    api_path: Proof = None
    http_link: Proof = None
    stream: Proof = None
    device_path: Proof = None
    access_point: Proof = None
    canary: Proof = None
    session: Proof = None
    online: Proof = None

    def troubles(self) -> list[str]:
        """What was found wrong."""
        return [said for name in Readings.__slots__ if (said := getattr(self, name))]

    def __or__(self, other: Readings) -> Readings:
        """These readings, overridden by those of ``other`` that were checked."""
        looked_at = {name: said for name in Readings.__slots__ if (said := getattr(other, name)) is not None}
        return replace(self, **looked_at)


Concern = Literal["device", "softap", "cloud"]


class Rule(NamedTuple):
    """A reading, the layer it proves, the cause if it fails, and the tests it concerns.

    ``certain`` is False where the firmware may have caused the problem: then nothing is retried.
    """

    reading: str
    layer: str
    cause: Cause
    concerns: Concern
    proof: str
    certain: bool = True


# In order of the layers. The cloud precedes the network because it is checked at its own port: if it is healthy there,
# a problem on the path to it is the network's.
RULES: Final = (
    Rule("crash", "firmware", "firmware", "device", "the firmware did not crash"),
    Rule("power", "power", "rig", "device", "the device has power"),
    Rule("port", "serial", "rig", "device", "its serial port opens"),
    Rule("port_holder", "serial", "rig", "device", "no other process holds the port"),
    Rule("port_device", "serial", "rig", "device", "the slot's device is at the port"),
    Rule("serial_link", "serial", "rig", "device", "the port did not go away meanwhile"),
    Rule("reboot", "firmware", "firmware", "device", "no reset but those asked for"),
    Rule("console", "firmware", "firmware", "device", "the firmware runs and answers"),
    Rule("softap", "softap", "rig", "softap", "its network was there in listening mode"),
    Rule("cloud_process", "cloud", "cloud", "cloud", "the cloud is the one it was"),
    Rule("cloud_answers", "cloud", "cloud", "cloud", "the cloud answers at its own door"),
    Rule("access_point", "network", "network", "cloud", "the device's access point is in the air"),
    Rule("api_path", "network", "network", "cloud", "the API is reached the way tests go"),
    Rule("device_path", "network", "network", "cloud", "the device service is reached the way devices go"),
    Rule("http_link", "network", "network", "cloud", "every request got an answer"),
    Rule("stream", "network", "network", "cloud", "the event stream was not interrupted"),
    Rule("canary", "cloud", "cloud", "cloud", "a canary event went round"),
    Rule("online", "firmware", "firmware", "device", "the device answers the cloud"),
    Rule("session", "network", "network", "device", "the device's session was not cut", certain=False),
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Cause of a failure, its layer, the reason, and the readings it rests on."""

    cause: Cause
    layer: str
    why: str
    readings: Readings = Readings()
    certain: bool = True

    @property
    def retryable(self) -> bool:
        """Whether the test may be retried."""
        return self.certain and self.cause in RETRYABLE

    def proofs(self) -> tuple[tuple[str, str, str], ...]:
        """Layer, what was to be proved, and "proved" or the problem; unchecked layers are left out."""
        read = ((rule, getattr(self.readings, rule.reading)) for rule in RULES)
        return tuple((rule.layer, rule.proof, proof or "proved") for rule, proof in read if proof is not None)


def with_moments(readings: Readings, moments: Sequence[Moment]) -> Readings:
    """Add what the test's own moments show: links that broke while it ran, even if they work again."""

    def broke(lane: str, *troubles: str) -> Proof:
        of_lane = [moment for moment in moments if moment.lane == lane]
        bad = next((moment.text for moment in of_lane if moment.trouble in troubles), "")
        return bad[:200] if of_lane else None

    return replace(
        readings,
        serial_link=readings.serial_link or broke("serial", "broke"),
        softap=readings.softap or broke("softap", "broke", "silent"),
        http_link=readings.http_link or broke("http", "broke", "silent"),
        cloud_answers=readings.cloud_answers or broke("http", "failed") or readings.cloud_answers,
    )


def diagnose(error: BaseException, readings: Readings, concerns: frozenset[Concern]) -> Diagnosis:
    """Find the cause of ``error``; ``concerns`` names the interfaces the test used."""
    for rule in RULES:
        if rule.concerns in concerns and (trouble := getattr(readings, rule.reading)):
            return Diagnosis(rule.cause, rule.layer, trouble, readings, rule.certain)
    cause, why = _by_error(error, concerns)
    return Diagnosis(cause, cause, why, readings)


_BRIEF: Final = 160

# pytest's explanation of an assertion: "assert 0 == 1", "where 0 = call('set', 'on')".
_COMPARED: Final = re.compile(r"assert (.+) == (.+)$")
_WHERE: Final = re.compile(r"where (.+?) = ([a-z]\w*\(.*\))$")

# A variable or function the device does not have.
_OF_DEVICE: Final = re.compile(r"/devices/[0-9a-fA-F]{24}/[^/ ]+$")


def _by_error(error: BaseException, concerns: frozenset[Concern]) -> tuple[Cause, str]:
    """With every layer healthy: which side gave the wrong answer."""
    healthy = "every layer proved healthy"
    if isinstance(error, DeviceOffline) or (isinstance(error, NotFound) and _OF_DEVICE.search(error.request)):
        return "firmware", f"{healthy}, and the device did not do what it should"
    if isinstance(error, PhotonrigError) and not isinstance(error, ExpectationFailed | UsageError):
        said = {"firmware": "the device answered wrongly", "cloud": "the cloud refused"}
        return error.cause, f"{healthy}; {said.get(error.cause, f'the error is of the {error.cause}')}"
    if isinstance(error, AssertionError | ExpectationFailed) or _is_outcome(error):
        if "device" in concerns:
            return "firmware", f"{_in_brief(error)}; {healthy}, so that the device answered otherwise"
        if "cloud" in concerns:
            return "cloud", f"{_in_brief(error)}; {healthy}, so that the cloud answered otherwise"
    return "test", f"{healthy}; {type(error).__name__} is the test's own"


def _in_brief(error: BaseException) -> str:
    """What was expected and seen, in one line; of pytest's explanation of an assertion the first two lines."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line.removeprefix("+").strip() for line in lines[:2] if line is lines[0] or line.startswith("+")]
    brief = _of_a_call(told) or ", ".join(told)
    return brief if len(brief) <= _BRIEF else f"{brief[:_BRIEF]}…"


def _of_a_call(told: Sequence[str]) -> str:
    """``call('move', '40'): expected 40; seen: 20``, of an assertion that compares what a call returned."""
    compared = _COMPARED.match(told[0]) if len(told) == 2 else None
    if compared is None or (where := _WHERE.match(told[1])) is None:
        return ""
    left, right = compared.groups()
    seen, call = where.groups()
    if seen not in (left, right):
        return ""
    return f"{call}: expected {right if seen == left else left}; seen: {seen}"


def _is_outcome(error: BaseException) -> bool:
    """``pytest.fail`` and time limits, which are not exceptions of a test's code."""
    return not isinstance(error, Exception)
