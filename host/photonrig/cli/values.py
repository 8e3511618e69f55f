"""Option types: numbers in a range, words of a list, files and folders.

Error texts begin with the value: the program puts the option's name before them.
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


class Whole(click.ParamType[int, Any]):
    """A whole number from ``least`` to ``most``."""

    name = "number"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Placeholder in help texts."""
        return "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse the digits."""
        text = str(value)
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text) or not self.least <= int(text) <= self.most:
            self.fail(f"{shown(text)}must be a whole number from {self.least:,} to {self.most:,}", param, ctx)
        return int(text)


class Number(click.ParamType[float, Any]):
    """A number from ``least`` to ``most``, fractions allowed."""

    name = "number"

    def __init__(self, least: float, most: float) -> None:
        self.least, self.most = least, most

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Placeholder in help texts."""
        return "X"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse the number; infinite and NaN are refused."""
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not self.least <= number <= self.most:
            self.fail(f"{shown(str(value))}must be a number from {self.least:,g} to {self.most:,g}", param, ctx)
        return number


class Text(click.ParamType[str, Any]):
    """A text that is neither empty nor another option of the command, as when its own value is missing."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the text."""
        return _given(str(value), param, ctx)


class OneOf(click.ParamType[str, Any]):
    """One word of a list, computed when it is needed."""

    name = "word"

    def __init__(self, words: Callable[[], Iterable[str]]) -> None:
        self._words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the word."""
        word, words = _given(str(value), param, ctx), list(self._words())
        if word not in words:
            self.fail(f"{word}: must be one of {', '.join(words)}{nearest(word, words)}", param, ctx)
        return word

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
        """Words with this beginning."""
        return [CompletionItem(word) for word in self._words() if word.startswith(incomplete)]


class _PathName(click.ParamType[Path, Any]):
    """The path of a file or folder, completed by the shell; existence is checked when it is opened."""

    def __init__(self, name: str, completed_as: str) -> None:
        self.name, self._completed_as = name, completed_as

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Check the path."""
        return Path(_given(str(value), param, ctx))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
        """Completion type for the shell."""
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


def shown(text: str) -> str:
    """The value as the beginning of an error text, on one line."""
    return f"{' '.join(text.split())}: " if text.strip() else "was given an empty value: "


def writable(folder: Path, option: str) -> Path:
    """The folder that ``option`` names for results, created if missing; check before starting work.

    :raises PhotonrigError: the folder is not writable
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise file_error(f"{option} {folder}", "written", error) from error
    return folder
