"""The program behind ./rig: invoke, with long options, checked values, help everywhere and one line for mistakes."""

from __future__ import annotations

import difflib
import inspect
import re
import textwrap
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NoReturn, get_type_hints

from invoke.collection import Collection
from invoke.exceptions import Exit, ParseError
from invoke.parser import Parser
from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext
from invoke.program import Program

from photonrig import __version__
from photonrig.errors import UsageError
from photonrig.exits import flush, one_line

__all__ = ["PORT", "Rig", "Within", "main"]

_OPTIONS: Final = ("help", "list", "version")  # of invoke's own; the others change how invoke runs commands
_HELP: Final = ("-h", "--help")
_GROUP: Final = "fleet"  # "fleet plan" and its like are written as two words


@dataclass(frozen=True, slots=True)
class Within:
    """What a number may be, both ends included; an annotation of a task's parameter."""

    least: float
    most: float


PORT: Final = Within(0, 65535)


def main(tasks: Collection) -> NoReturn:
    """Run the task that the command line names, and end with its exit code."""
    code: object = 0
    try:
        Rig(version=__version__, name="photonrig", binary="./rig", namespace=tasks).run()
    except SystemExit as ended:
        code = ended.code
    raise SystemExit(flush() or code)


class Rig(Program):
    """See the module."""

    namespace: Collection

    def run(self, argv: list[str] | None = None, exit: bool = True) -> None:
        """Do what the words say.

        :raises SystemExit: in place of every exception, after one line
        """
        with one_line():
            try:
                self.create_config()
                self.parse_core(argv)
                self.parse_collection()
                self.parse_tasks()
                self.parse_cleanup()
                self.update_config()
                self.execute()
            except Exit as ended:
                if ended.message:
                    raise UsageError(ended.message.removeprefix("rig: ")) from None
                raise SystemExit(ended.code) from None
            except ParseError as error:
                raise UsageError(self._wrong(str(error), error.context)) from None

    @property
    def initial_context(self) -> ParserContext:
        """Invoke's own options: those of :data:`_OPTIONS` can be given, the others keep their defaults."""
        arguments = self.core_args()
        context = ParserContext(
            args=[
                Argument("help", kind=bool, help="Print what there is, or a task's options."),
                Argument("list", kind=bool, help="Print the tasks."),
                Argument("version", kind=bool, help="Print the version."),
            ]
        )
        for argument in arguments:
            if argument.name not in _OPTIONS:
                context.args[argument.names[0]] = argument
        return context

    def normalize_argv(self, argv: list[str] | None) -> None:
        """Fold the words of a group into one, and find out whether help is wanted, wherever it is asked for."""
        super().normalize_argv(argv)
        program, *words = self.argv
        if "--" in words:
            raise UsageError("there is nothing to put behind --")
        asked = [word for word in words if word in _HELP]
        words = [word for word in words if word not in _HELP]
        if words[:1] == ["help"]:
            asked, words = words[:1], words[1:]
        if words[:1] == [_GROUP]:
            words = self._folded(words, bool(asked))
        if asked and (named := [word for word in words if not word.startswith("-")]):
            task = named[0]
            if f"{_GROUP}-{task}" in self.namespace.task_names:
                task = f"{_GROUP}-{task}"
            if task not in self.namespace.task_names:
                raise UsageError(self._unknown(task))
            self.print_task_help(task)
            raise Exit
        self.argv = [program, *(words or ["--list"])]

    def _folded(self, words: list[str], asked: bool) -> list[str]:
        """``fleet plan`` as ``fleet-plan``; ``fleet`` alone lists its tasks."""
        names = [name for name in self.namespace.task_names if name.startswith(f"{_GROUP}-")]
        if len(words) == 1:
            self._print_tasks(names)
            raise Exit
        task = f"{_GROUP}-{words[1]}"
        if task in names:
            return [task, *words[2:]]
        short = [name.removeprefix(f"{_GROUP}-") for name in sorted(names)]
        raise UsageError(
            f"there is no ./rig {_GROUP} {words[1]}{_nearest(words[1], short)}; there are {', '.join(short)}"
        )

    def _make_parser(self) -> Parser:
        parser = super()._make_parser()
        for name, context in parser.contexts.items():
            hints = get_type_hints(self.collection[name].body, include_extras=True)
            for argument in context.args.values():
                limits = [
                    each for each in getattr(hints[argument.name], "__metadata__", ()) if isinstance(each, Within)
                ]
                if argument.kind not in (bool, list):
                    argument.kind = _checked(argument.names[0], argument.kind, limits[0] if limits else None)
        return parser

    def parse_tasks(self) -> None:
        """Read the words of a task.

        :raises UsageError: they are wrong
        """
        self._refuse_lists_without_value()
        super().parse_tasks()
        if len(self.tasks) > 1:
            raise UsageError(f"one task at a time: {' and '.join(_spoken(task.name or '') for task in self.tasks)}")

    def _refuse_lists_without_value(self) -> None:
        """Invoke takes an option that may be repeated for absent when its value is missing or empty."""
        task, *words = self.core.unparsed or [""]
        for context in self.namespace.to_contexts():
            lists = {f"--{each.names[0]}" for each in context.args.values() if each.kind is list}
            for word, value in pairwise([*words, ""]):
                name, given, rest = word.partition("=")
                if context.name == task and name in lists and not (rest if given else value).strip():
                    raise UsageError(f"{name} needs a value; ./rig {_spoken(task)} --help says which")
                if context.name == task and name in lists and not given and value in context.flags:
                    raise UsageError(f"{name} needs a value, and {value} is an option")

    # --- what is wrong -----------------------------------------------------------------------------------------------

    def _wrong(self, said: str, context: ParserContext | None) -> str:
        task = f"./rig {_spoken(context.name)}" if context is not None and context.name else "./rig"
        if (found := re.match(r"Flag <Argument: ([\w-]+)", said)) is not None:
            return f"--{found[1]} needs a value; {task} --help says which"
        if (found := re.match(r"No idea what '(.*)' is!", said)) is not None:
            word = found[1]
            if word.startswith("-"):
                known = [] if context is None else [name for name in context.flag_names() if name.startswith("--")]
                return f"{task} has no option {word}{_nearest(word, known)}; {task} --help names them"
            if context is not None and context.name:
                return f"{task} does not take {word!r}; {task} --help says what it takes"
            return self._unknown(word)
        if "did not receive required positional arguments" in said:
            return f"{task} needs {said.rpartition(': ')[2]}; {task} --help says what it is"
        return said

    def _unknown(self, word: str) -> str:
        names = [_spoken(name) for name in self.namespace.task_names]
        return f"there is no task {word!r}{_nearest(word, names)}; ./rig --list names them"

    # --- help ---------------------------------------------------------------------------------------------------------

    def print_task_help(self, name: str) -> None:
        """Print what a task is for and its options."""
        task = self.namespace[name]
        (context,) = (each for each in self.namespace.to_contexts() if each.name == name)
        positional = "".join(f" {each.names[0].upper()}" for each in context.positional_args if each.kind is not list)
        print(f"Usage: ./rig {_spoken(name)}{positional}{' [options]' if context.args else ''}\n")  # noqa: T201
        print(textwrap.indent(inspect.getdoc(task) or "", "  "), "\n")  # noqa: T201
        self.print_columns([*context.help_tuples(), ("--help, -h", "print this")])

    def list_tasks(self) -> None:
        """Print all tasks."""
        self._print_tasks(list(self.namespace.task_names))

    def _print_tasks(self, names: list[str]) -> None:
        print("Usage: ./rig TASK [options]; ./rig TASK --help says more\n")  # noqa: T201
        lines = {_spoken(name): (inspect.getdoc(self.namespace[name]) or "").partition("\n")[0] for name in names}
        self.print_columns(sorted(lines.items()))


def _spoken(name: str) -> str:
    return re.sub(f"^{_GROUP}-", f"{_GROUP} ", name)


def _nearest(word: str, words: list[str]) -> str:
    found = difflib.get_close_matches(word, words, 1)
    return f" (did you mean {found[0]}?)" if found else ""


def _checked(name: str, kind: type, limits: Within | None) -> Any:
    """What reads a value of this kind, and refuses it in words that name the option."""

    def read(text: str) -> Any:
        if not text.strip():
            raise UsageError(f"--{name} was given an empty value")
        if kind is str:
            return text
        what = "a whole number" if kind is int else "a number"
        whole = re.fullmatch(r"[+-]?[0-9]{1,18}", text)
        try:
            value = kind(text) if whole or kind is float else None
        except ValueError:
            value = None
        if value is None or (limits is not None and not limits.least <= value <= limits.most):
            ends = "" if limits is None else f" from {limits.least:,.12g} to {limits.most:,.12g}"
            raise UsageError(f"--{name} {text}: must be {what}{ends}")
        return value

    read.__name__ = kind.__name__
    return read
