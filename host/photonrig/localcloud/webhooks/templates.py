"""Mustache as webhooks use it: variables of the event, members of JSON data, list entries by number.

Rendering reaches no file and no attribute of this program: partials are empty, and only JSON values are looked into.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pystache
from pystache.parser import ParsingError

from photonrig.errors import UsageError

__all__ = ["check_template", "parse_json", "render", "render_tree", "variables_of"]

_SECTION = re.compile(r"\{\{\s*([#^/=])")
_DEEPEST = 3  # sections within sections; each may repeat its content for every entry of a list


class _Entries:
    """A JSON list: a section repeats for each entry, and ``list.0.member`` names one of them."""

    def __init__(self, entries: Sequence[Any]) -> None:
        object.__setattr__(self, "entries", entries)

    def __getattribute__(self, name: str) -> Any:
        # What pystache asks for as a member: an index, or nothing of ours.
        entries: list[Any] = object.__getattribute__(self, "entries")
        if name.isascii() and name.isdecimal() and int(name[:6]) < len(entries):
            return entries[int(name[:6])]
        raise AttributeError(name)

    def __iter__(self) -> Iterator[Any]:
        entries: list[Any] = object.__getattribute__(self, "entries")
        return iter(entries)

    def __len__(self) -> int:
        return len(object.__getattribute__(self, "entries"))

    def __repr__(self) -> str:
        return json.dumps(_plain(self))


class _Renderer(pystache.Renderer):  # type: ignore[misc]  # the library has no type hints
    def str_coerce(self, val: Any) -> str:
        """A value as JavaScript would write it."""
        if val is None:
            return ""
        if isinstance(val, str):
            return val
        if isinstance(val, float) and val.is_integer() and abs(val) < 1e21:
            return str(int(val))
        return json.dumps(_plain(val))


_renderer = _Renderer(partials={}, missing_tags="ignore")


def parse_json(text: str | None) -> Any:
    """The JSON value that a text is; None when it is none."""
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None


def variables_of(value: Any) -> dict[str, Any]:
    """The variables that JSON data gives: the members of an object, or of a list by number."""
    if isinstance(value, dict):
        return {name: _wrapped(each) for name, each in value.items()}
    if isinstance(value, list):
        return {str(index): _wrapped(each) for index, each in enumerate(value)}
    return {}


def render(template: str, variables: Mapping[str, Any]) -> str:
    """A text with its variables filled in; unknown ones are empty."""
    return str(_renderer.render(template, variables)) if "{{" in template else template


def render_tree(tree: Any, variables: Mapping[str, Any]) -> Any:
    """JSON with every text in it rendered, names of members included."""
    if isinstance(tree, str):
        return render(tree, variables)
    if isinstance(tree, Mapping):
        return {render(name, variables): render_tree(each, variables) for name, each in tree.items()}
    if isinstance(tree, list):
        return [render_tree(each, variables) for each in tree]
    return tree


def check_template(where: str, tree: Any) -> None:
    """See that every text can be rendered, and that its size stays in proportion.

    :raises UsageError: it cannot; the text names ``where``
    """
    _walk(tree, lambda text: _check_text(where, text))


def _check_text(where: str, text: str) -> None:
    depth = deepest = 0
    for tag in _SECTION.findall(text):
        if tag == "=":
            raise UsageError(f"{where}: other delimiters than {{{{ }}}} are not supported")
        depth += -1 if tag == "/" else 1
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise UsageError(f"{where}: sections may be nested {_DEEPEST} deep")
    if depth != 0:
        raise UsageError(f"{where}: a section is opened and not closed, or closed and not opened")
    try:
        render(text, {})
    except (ParsingError, ValueError, AttributeError, IndexError) as error:
        raise UsageError(f"{where} is no mustache template: {error}") from None


def _walk(tree: Any, visit: Callable[[str], None]) -> None:
    if isinstance(tree, str):
        visit(tree)
    elif isinstance(tree, Mapping):
        for name, each in tree.items():
            visit(name)
            _walk(each, visit)
    elif isinstance(tree, list):
        for each in tree:
            _walk(each, visit)


def _wrapped(value: Any) -> Any:
    if isinstance(value, list):
        return _Entries([_wrapped(each) for each in value])
    if isinstance(value, dict):
        return {name: _wrapped(each) for name, each in value.items()}
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, _Entries):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value
