"""Mustache templates of webhooks: variables of the event, members of JSON data, list entries by number.

Templates are untrusted: every rendering has a budget of steps and bytes, which bounds its time whatever the data and
nesting. Partials are empty, delimiters stay ``{{ }}``, nothing is called, and only JSON values are accessed.

    {{name}}  {{a.b.0}}  {{.}}     value, escaped for HTML; list entry by number; the section's current entry
    {{{name}}}  {{&name}}          value, unescaped
    {{#name}} … {{/name}}          for each entry of a list, or once for any other value except false, null, 0 and ""
    {{^name}} … {{/name}}          for those exceptions, an empty list, or an unknown name
    {{! comment }}  {{> partial}}  nothing
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from photonrig.errors import UsageError
from photonrig.safe_json import scalar_text

MAX_STEPS = 20_000  # tags, iterations and lookups over all texts of a request or response; about 20 ms
MAX_OUTPUT = 100_000  # bytes of all those texts; equals the limit kept of a response
MAX_DEPTH = 16  # nesting of sections, and of lists and objects in the configuration

_UNKNOWN = object()
_ALONE = "#^/!>="  # tags that, alone on a line, remove the line


@dataclass(slots=True)
class Budget:
    """Remaining budget of a rendering."""

    steps: int = MAX_STEPS
    output: int = MAX_OUTPUT

    def step(self, number: int = 1) -> None:
        """Spend steps.

        :raises UsageError: none are left
        """
        self.steps -= number
        if self.steps < 0:
            raise UsageError(f"the template takes more than {MAX_STEPS} steps; its sections repeat too often")

    def write(self, text: str) -> str:
        """Spend bytes for a text and return it; raises UsageError when none are left."""
        self.output -= len(text) if text.isascii() else len(text.encode(errors="replace"))
        if self.output < 0:
            raise UsageError(f"the template becomes longer than {MAX_OUTPUT} bytes")
        return text


@dataclass(frozen=True, slots=True)
class _Value:
    name: tuple[str, ...]
    escaped: bool


@dataclass(frozen=True, slots=True)
class _Section:
    name: tuple[str, ...]
    inverted: bool
    parts: list[_Part] = field(default_factory=list)


_Part = str | _Value | _Section


def parse_json(text: str | None) -> Any:
    """Parse JSON text; None if invalid."""
    try:
        return None if text is None else orjson.loads(text)
    except ValueError:
        return None


def variables_of(value: Any) -> dict[str, Any]:
    """Variables from JSON data: the members of an object, or of a list by number."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(index): each for index, each in enumerate(value)}
    return {}


def render(template: str, variables: Mapping[str, Any], budget: Budget | None = None) -> str:
    """Render a text; unknown variables are empty.

    :raises UsageError: invalid template, or budget exceeded
    """
    budget = budget or Budget()
    if "{{" not in template:
        return budget.write(template)
    written: list[str] = []
    _render(_parse(template, budget), [variables], budget, written)
    return "".join(written)


def render_tree(tree: Any, variables: Mapping[str, Any], budget: Budget | None = None) -> Any:
    """Render every text in a JSON value, member names included; raises UsageError as :func:`render`."""
    budget = budget or Budget()
    budget.step()
    if isinstance(tree, str):
        return render(tree, variables, budget)
    if isinstance(tree, Mapping):
        return {render(name, variables, budget): render_tree(each, variables, budget) for name, each in tree.items()}
    if isinstance(tree, list):
        return [render_tree(each, variables, budget) for each in tree]
    return tree


def check_template(where: str, tree: Any) -> None:
    """Check that every text in a value is a valid template.

    :raises UsageError: an invalid one, or too deep nesting; the text names ``where``
    """

    def check(text: str) -> None:
        try:
            _parse(text, Budget())
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None

    _walk(where, tree, check)


def _walk(where: str, tree: Any, visit: Callable[[str], None], depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise UsageError(f"{where}: lists and objects may be nested {MAX_DEPTH} deep")
    if isinstance(tree, str):
        visit(tree)
    elif isinstance(tree, Mapping):
        for name, each in tree.items():
            visit(name)
            _walk(where, each, visit, depth + 1)
    elif isinstance(tree, list):
        for each in tree:
            _walk(where, each, visit, depth + 1)


def _parse(text: str, budget: Budget) -> list[_Part]:
    """Parse a template; linear in its length."""
    whole: list[_Part] = []
    open_sections: list[_Section] = []
    here, position = whole, 0
    while (start := text.find("{{", position)) >= 0:
        budget.step()
        closing = "}}}" if text.startswith("{{{", start) else "}}"
        end = text.find(closing, start + len(closing))
        if end < 0:
            break  # no tag: the rest is text
        kind, name = "{" if len(closing) == 3 else text[start + 2 : start + 3], text[start + len(closing) : end]
        end += len(closing)
        before = text[position:start]
        if kind in _ALONE and kind:
            name = name[1:]
            before, end = _without_line(text, position, start, end)
        elif kind == "&":
            name = name[1:]
        if before:
            here.append(before)
        position = end
        path = _path(name)
        match kind:
            case "#" | "^":
                if len(open_sections) == MAX_DEPTH:
                    raise UsageError(f"sections may be nested {MAX_DEPTH} deep")
                section = _Section(path, kind == "^")
                here.append(section)
                open_sections.append(section)
                here = section.parts
            case "/":
                if not open_sections or open_sections.pop().name != path:
                    raise UsageError(f"{{{{/{name.strip()}}}}} closes a section that is not open")
                here = open_sections[-1].parts if open_sections else whole
            case "=":
                raise UsageError("other delimiters than {{ }} are not supported")
            case "!" | ">":
                pass
            case _:
                here.append(_Value(path, escaped=kind not in ("{", "&")))
    if open_sections:
        raise UsageError(f"the section {'.'.join(open_sections[-1].name)!r} is opened and not closed")
    if position < len(text):
        here.append(text[position:])
    return whole


def _without_line(text: str, position: int, start: int, end: int) -> tuple[str, int]:
    """The text before a tag, and where the text after it begins; a line holding only the tag is removed."""
    first = start
    while first > position and text[first - 1] in " \t":
        first -= 1
    last = end
    while last < len(text) and text[last] in " \t":
        last += 1
    begins = text[first - 1] == "\n" if first else True
    if begins and text.startswith("\r\n", last):
        return text[position:first], last + 2
    if begins and (last == len(text) or text[last] == "\n"):
        return text[position:first], min(last + 1, len(text))
    return text[position:start], end


def _path(name: str) -> tuple[str, ...]:
    name = name.strip()
    return (".",) if name == "." else tuple(name.split("."))


def _render(parts: Sequence[_Part], context: list[Any], budget: Budget, written: list[str]) -> None:
    for part in parts:
        budget.step()
        if isinstance(part, str):
            written.append(budget.write(part))
            continue
        value = _look_up(part.name, context, budget)
        if isinstance(part, _Value):
            text = _text(value, budget)
            written.append(budget.write(_escaped(text) if part.escaped else text))
        elif part.inverted:
            if not _counts(value):
                _render(part.parts, context, budget, written)
        elif _counts(value):
            for entry in value if isinstance(value, list) else (value,):
                budget.step()
                context.append(entry)
                _render(part.parts, context, budget, written)
                context.pop()


def _escaped(text: str) -> str:
    """``& < > " '`` as HTML entities, the last as mustache in JavaScript writes it."""
    return html.escape(text).replace("&#x27;", "&#39;")


def _look_up(path: tuple[str, ...], context: list[Any], budget: Budget) -> Any:
    """Look up a dotted name: its first part in the innermost section that has it, the rest within that value."""
    if path == (".",):
        return context[-1]
    budget.step(len(path))
    value = _UNKNOWN
    for scope in reversed(context):
        value = _member(scope, path[0])
        if value is not _UNKNOWN:
            break
        budget.step()
    for name in path[1:]:
        value = _member(value, name)
    return value


def _member(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, _UNKNOWN)
    if isinstance(value, list) and name.isascii() and name.isdecimal() and int(name[:6]) < len(value):
        return value[int(name[:6])]
    return _UNKNOWN


def _counts(value: Any) -> bool:
    """Whether a section is shown; truthiness as in JavaScript, where an empty object counts."""
    return isinstance(value, Mapping) or (value is not _UNKNOWN and bool(value))


def compact(value: Any) -> str:
    """JSON as JavaScript writes it: without spaces, characters as they are."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _text(value: Any, budget: Budget) -> str:
    """A value as text as in JavaScript: a list's entries with commas between them, an object as ``[object Object]``.

    Source for lists: a tutorial by Particle's staff (rickkas7/particle-webhooks), ``[{{a}}]`` of ``[123,456]``.
    """
    if not isinstance(value, list):
        return _single(value)
    texts: list[str] = []
    pending: list[Any] = [value]
    while pending:  # nested lists become one row, as by JavaScript's join
        budget.step()
        each = pending.pop()
        if isinstance(each, list):
            pending += reversed(each) if each else [""]
        else:
            texts.append(_single(each))
    return ",".join(texts)


def _single(value: Any) -> str:
    if value is None or value is _UNKNOWN:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "[object Object]"
    return scalar_text(value)
