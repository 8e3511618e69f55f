"""The one exception by which the services refuse; ``http/app.py`` alone makes an answer of it, in the era's words."""

from __future__ import annotations

from photonrig.localcloud.eras.refusals import Situation

__all__ = ["ServiceRefusal", "conflict", "forbidden", "invalid", "unknown"]


class ServiceRefusal(Exception):
    """Nothing was done, because of ``situation``; ``words`` fill the names in braces of the era's text."""

    def __init__(self, situation: Situation, **words: str) -> None:
        super().__init__(f"{situation.name} {words}")
        self.situation = situation
        self.words = words


def invalid(text: str) -> ServiceRefusal:
    """What was asked for makes no sense, as ``text`` explains."""
    return ServiceRefusal(Situation.INVALID, text=text)


def forbidden(text: str) -> ServiceRefusal:
    """The caller may not do this."""
    return ServiceRefusal(Situation.FORBIDDEN, text=text)


def unknown(text: str) -> ServiceRefusal:
    """There is no such thing, or none that the caller may know of."""
    return ServiceRefusal(Situation.UNKNOWN, text=text)


def conflict(text: str) -> ServiceRefusal:
    """What is there now does not permit it."""
    return ServiceRefusal(Situation.CONFLICT, text=text)
