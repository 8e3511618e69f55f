"""The services' only exception; ``http/app.py`` turns it into an answer in the era's words."""

from __future__ import annotations

from photonrig.localcloud.eras.refusals import Situation


class ServiceRefusal(Exception):
    """The request was refused for ``situation`` without effect; ``words`` fill the braces of the era's text."""

    def __init__(self, situation: Situation, **words: str) -> None:
        super().__init__(f"{situation.name} {words}")
        self.situation = situation
        self.words = words


def invalid(text: str) -> ServiceRefusal:
    """Invalid request, explained by ``text``."""
    return ServiceRefusal(Situation.INVALID, text=text)


def forbidden(text: str) -> ServiceRefusal:
    """Not allowed."""
    return ServiceRefusal(Situation.FORBIDDEN, text=text)


def unknown(text: str) -> ServiceRefusal:
    """Unknown, or not visible to the caller."""
    return ServiceRefusal(Situation.UNKNOWN, text=text)


def conflict(text: str) -> ServiceRefusal:
    """In conflict with the current state."""
    return ServiceRefusal(Situation.CONFLICT, text=text)
