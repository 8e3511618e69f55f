"""The device's chapters in their order: online, then in listening mode, at whose end it joins its network again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from photonrig.parity import serial, softap
from photonrig.parity.programme import FAILED, Question, answers
from photonrig.parity.recording import Line
from photonrig.parity.scrub import Scrubber
from photonrig.parity.session import LISTENING_QUESTIONS, ONLINE_QUESTIONS
from photonrig.parity.subject import Photon

LISTENING: tuple[Question[Photon], ...] = (*LISTENING_QUESTIONS, *softap.QUESTIONS, *serial.QUESTIONS)
CHAPTERS: frozenset[str] = frozenset(each.chapter for each in (*ONLINE_QUESTIONS, *LISTENING))


def record_device(
    photon: Photon,
    scrub: Scrubber,
    *,
    chapters: Collection[str] = CHAPTERS,
    now: Callable[[], float] | None = None,
    begun: Callable[[str], None] = lambda _: None,
) -> Iterator[Line]:
    """Ask the questions of these chapters; ``now``: stopwatch in seconds, ``begun`` is told of each question.

    :raises PhotonrigError: the Photon does not come online, or not into listening mode
    """
    now = now or photon.clock.now
    photon.wait_online()
    online = [each for each in ONLINE_QUESTIONS if each.chapter in chapters]
    for line in answers(online, photon, scrub, now, begun):
        yield line
        if line.answer.startswith(FAILED):
            photon.recover()
    listening = [each for each in LISTENING if each.chapter in chapters]
    if listening:
        photon.listen()
        yield from answers(listening, photon, scrub, now, begun)
