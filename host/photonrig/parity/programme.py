"""Programme: asks questions of a subject one after another, and writes down each scrubbed answer and its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from photonrig.errors import PhotonrigError
from photonrig.parity.recording import Line
from photonrig.parity.scrub import Scrubber

FAILED: Final = "failed: "  # begins the answer of a question that failed

S = TypeVar("S")


class Skipped(PhotonrigError):
    """The question cannot be asked here; the message says why, and what would be needed."""


@dataclass(frozen=True, slots=True)
class Question(Generic[S]):
    """One line of the programme; ``ask`` returns the answer, or raises :class:`Skipped`."""

    chapter: str
    name: str
    ask: Callable[[S], str]


def answers(
    questions: Iterable[Question[S]],
    subject: S,
    scrub: Scrubber,
    now: Callable[[], float],
    begun: Callable[[str], None] = lambda _: None,
) -> Iterator[Line]:
    """Ask them in order. A failed question is an answer of its own: what failed, and its kind.

    ``now``: stopwatch in seconds; ``begun`` is told of each question before it is asked.
    """
    for each in questions:
        begun(f"{each.chapter}: {each.name}")
        start = now()
        try:
            answer = each.ask(subject)
        except Skipped as why:
            yield Line(each.chapter, each.name, skipped=scrub(str(why)))
            continue
        except PhotonrigError as error:
            # The message may name ports and paths of this host.
            answer = f"{FAILED}{type(error).__name__}"
        except (LookupError, AttributeError, TypeError, ValueError):
            answer = f"{FAILED}an answer of another shape"
        yield Line(each.chapter, each.name, scrub(answer), round(now() - start, 3))
