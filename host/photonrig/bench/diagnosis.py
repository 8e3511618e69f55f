"""What a bench reads when a test has failed, and whose fault that makes it.

Every layer carries its own proof of life, from the plug to the cloud. The cause of a failure is *the lowest layer that
was not provably healthy* while the test ran; :data:`RULES` is the list of layers. Only when all of them proved healthy
the error itself decides, and then the device gave the wrong answer unless the error says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from photonrig.errors import Cause, ExpectationFailed, PhotonrigError, UsageError
from photonrig.particle.cloud_errors import DeviceOffline, NotFound
from photonrig.trace import Moment

__all__ = ["RETRYABLE", "RULES", "Diagnosis", "Readings", "Rule", "diagnose", "with_moments"]

# Anything else could be the firmware's, and is never tried again.
RETRYABLE: Final[frozenset[Cause]] = frozenset({"rig", "network", "cloud"})

# None: the bench did not look, or cannot. Empty: proved healthy. Else the trouble, as reports tell it.
Proof = str | None


@dataclass(frozen=True, slots=True)
class Readings:
    """The proofs of life of every layer, one field a rule."""

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

    def __or__(self, other: Readings) -> Readings:
        """These, and over them what ``other`` looked at."""
        looked_at = {name: said for name in Readings.__slots__ if (said := getattr(other, name)) is not None}
        return replace(self, **looked_at)


Concern = Literal["device", "softap", "cloud"]


class Rule(NamedTuple):
    """A reading, the layer it proves, the cause if it does not, and which tests it concerns.

    ``certain`` is False where the trouble could also have been the firmware's doing: then nothing is tried again.
    """

    reading: str
    layer: str
    cause: Cause
    concerns: Concern
    proof: str
    certain: bool = True


# The order is the order of the layers. The cloud comes before the network because it is asked at its own door: only
# when it is well there, trouble on the way to it is the network's.
RULES: Final = (
    Rule("crash", "firmware", "firmware", "device", "the firmware did not crash"),
    Rule("power", "power", "rig", "device", "the device has power"),
    Rule("port", "serial", "rig", "device", "its serial port opens"),
    Rule("port_holder", "serial", "rig", "device", "nobody else holds the port"),
    Rule("port_device", "serial", "rig", "device", "the slot's device is at the port"),
    Rule("serial_link", "serial", "rig", "device", "the port did not go away meanwhile"),
    Rule("reboot", "firmware", "firmware", "device", "no reset but those asked for"),
    Rule("console", "firmware", "firmware", "device", "the bench console answers a ping"),
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
    """The cause of a failure, the layer it was found in, why, and all readings it rests on."""

    cause: Cause
    layer: str
    why: str
    readings: Readings = Readings()
    certain: bool = True

    @property
    def retryable(self) -> bool:
        """Whether the test may be tried again."""
        return self.certain and self.cause in RETRYABLE

    def proofs(self) -> tuple[tuple[str, str, str], ...]:
        """Layer, what was to be proved, and "proved" or the trouble; what was not looked at is left out."""
        read = ((rule, getattr(self.readings, rule.reading)) for rule in RULES)
        return tuple((rule.layer, rule.proof, proof or "proved") for rule, proof in read if proof is not None)


def with_moments(readings: Readings, moments: Sequence[Moment]) -> Readings:
    """Add what a test's own moments prove: links that broke while it ran, although they are well again."""

    def broke(lane: str, *troubles: str) -> Proof:
        told = [moment for moment in moments if moment.lane == lane]
        bad = next((moment.text for moment in told if moment.trouble in troubles), "")
        return bad[:200] if told else None

    return replace(
        readings,
        serial_link=readings.serial_link or broke("serial", "broke"),
        softap=readings.softap or broke("softap", "broke", "silent"),
        http_link=readings.http_link or broke("http", "broke", "silent"),
        cloud_answers=readings.cloud_answers or broke("http", "failed") or readings.cloud_answers,
    )


def diagnose(error: BaseException, readings: Readings, concerns: frozenset[Concern]) -> Diagnosis:
    """Name the cause of ``error``; ``concerns`` says what the test had to do with."""
    for rule in RULES:
        if rule.concerns in concerns and (trouble := getattr(readings, rule.reading)):
            return Diagnosis(rule.cause, rule.layer, trouble, readings, rule.certain)
    cause, why = _by_error(error, concerns)
    return Diagnosis(cause, cause, why, readings)


# A variable or function that the device does not have.
_OF_DEVICE: Final = re.compile(r"/devices/[0-9a-fA-F]{24}/[^/ ]+$")


def _by_error(error: BaseException, concerns: frozenset[Concern]) -> tuple[Cause, str]:
    """What remains when every layer is healthy: who gave the answer that was wrong."""
    healthy = "every layer proved healthy"
    if isinstance(error, DeviceOffline) or (isinstance(error, NotFound) and _OF_DEVICE.search(error.request)):
        return "firmware", f"{healthy}, and the device did not do what it should"
    if isinstance(error, PhotonrigError) and not isinstance(error, ExpectationFailed | UsageError):
        said = {"firmware": "the device answered wrongly", "cloud": "the cloud refused"}
        return error.cause, f"{healthy}; {said.get(error.cause, f'the error is of the {error.cause}')}"
    if isinstance(error, AssertionError | ExpectationFailed) or _is_outcome(error):
        if "device" in concerns:
            return "firmware", f"{healthy}, and the device gave another answer than the test states"
        if "cloud" in concerns:
            return "cloud", f"{healthy}, and the cloud gave another answer than the test states"
    return "test", f"{healthy}; {type(error).__name__} is the test's own"


def _is_outcome(error: BaseException) -> bool:
    """``pytest.fail`` and time limits, which are no exceptions of a test's code."""
    return not isinstance(error, Exception)
