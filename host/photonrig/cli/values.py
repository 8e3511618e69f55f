"""Values of options: numbers in a range, one of a few words, files and folders; refused in words that name the option.

A complaint begins with the value: the program puts the option before it.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from photonrig.cli.command import nearest
from photonrig.files import file_error

__all__ = ["FILE", "FOLDER", "PORT", "TEXT", "Number", "OneOf", "Whole", "writable"]


class Whole(click.ParamType[int, Any]):
    """A whole number from ``least`` to ``most``."""

    name = "number"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What stands for the value in a help text."""
        return "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the digits."""
        text = str(value)
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text) or not self.least <= int(text) <= self.most:
            self.fail(f"{_shown(text)}must be a whole number from {self.least:,} to {self.most:,}", param, ctx)
        return int(text)


class Number(click.ParamType[float, Any]):
    """A number from ``least`` to ``most``, which may have a fraction."""

    name = "number"

    def __init__(self, least: float, most: float) -> None:
        self.least, self.most = least, most

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What stands for the value in a help text."""
        return "X"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the number; what is none, infinite or NaN is refused."""
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not self.least <= number <= self.most:
            self.fail(f"{_shown(str(value))}must be a number from {self.least:,g} to {self.most:,g}", param, ctx)
        return number


class Text(click.ParamType[str, Any]):
    """Words that are not empty, and not another option of the command whose own value is missing."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the words."""
        return _given(str(value), param, ctx)


class OneOf(click.ParamType[str, Any]):
    """One of a few words, which are looked up when they are needed."""

    name = "word"

    def __init__(self, words: Callable[[], Iterable[str]]) -> None:
        self._words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Find the word."""
        word, words = _given(str(value), param, ctx), list(self._words())
        if word not in words:
            self.fail(f"{word}: must be one of {', '.join(words)}{nearest(word, words)}", param, ctx)
        return word

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
        """The words that begin so."""
        return [CompletionItem(word) for word in self._words() if word.startswith(incomplete)]


class _PathName(click.ParamType[Path, Any]):
    """The path of a file or folder, completed by the shell; whether it is there is found out by who opens it."""

    def __init__(self, name: str, completed_as: str) -> None:
        self.name, self._completed_as = name, completed_as

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Check the path."""
        return Path(_given(str(value), param, ctx))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
        """What the shell is to complete it as."""
        return [CompletionItem(incomplete, type=self._completed_as)]


PORT: Final = Whole(0, 65535)
TEXT: Final = Text()
FILE: Final = _PathName("file", "file")
FOLDER: Final = _PathName("folder", "dir")


def _given(text: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
    if not text.strip():
        raise click.BadParameter("was given an empty value", ctx, param)
    if ctx is not None and any(text in each.opts for each in ctx.command.get_params(ctx)):
        raise click.BadParameter(f"needs a value, and {text} is an option", ctx, param)
    return text


def _shown(text: str) -> str:
    return f"{text}: " if text.strip() else "was given an empty value: "


def writable(folder: Path, option: str) -> Path:
    """A folder that ``option`` names for results, made if missing; asked before work begins whose results it takes.

    :raises PhotonrigError: nothing can be written there
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise file_error(f"{option} {folder}", "written", error) from error
    return folder
