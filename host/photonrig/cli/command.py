"""Click commands and groups with examples in the help, ``help`` in any position, and one-line usage errors."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from typing import Any, Final, NoReturn

import click

from photonrig.errors import UsageError
from photonrig.invocation import QUIET, command

_HELP: Final = ("-h", "--help")


def help_last(words: Sequence[str]) -> list[str]:
    """Rewrite ``help fleet plan`` and ``--help fleet plan`` to ``fleet plan --help``."""
    asked = words[:1] and words[0] in (*_HELP, "help")
    return [*words[1:], "--help"] if asked else list(words)


def nearest(word: str, words: Iterable[str]) -> str:
    """The most similar of the words, "" if none is similar."""
    found = difflib.get_close_matches(word, list(words), 1)
    return f" (did you mean {found[0]}?)" if found else ""


class _WithExamples(click.Command):
    """A command whose help ends with examples: arguments of one call each, without the program's name.

    A trailing backslash continues a line, as in a shell.
    """

    def __init__(self, name: str | None = None, *, examples: Sequence[str] = (), **more: Any) -> None:
        settings = {"help_option_names": list(_HELP), "show_default": True}
        super().__init__(name, context_settings=settings, **more)
        self.examples = tuple(examples)

    def print_help(self, ctx: click.Context) -> NoReturn:
        """Print the help and exit.

        Plain print: click would write UTF-8 to a terminal of another encoding.
        """
        print(self.get_help(ctx))  # noqa: T201
        ctx.exit()

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples without re-wrapping."""
        super().format_epilog(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    for line in command(example).splitlines():
                        formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class Command(_WithExamples):
    """A command: ``--help`` is help anywhere among its arguments, ``--quiet`` suppresses progress lines."""

    def __init__(self, name: str | None = None, **more: Any) -> None:
        super().__init__(name, **more)
        text = "Print results and errors, but no progress."
        self.params.append(click.Option(["--quiet"], is_flag=True, expose_value=False, callback=_be_quiet, help=text))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse this command's arguments."""
        if not ctx.resilient_parsing and any(word in _HELP for word in args):
            self.print_help(ctx)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click sets no context on a missing option value
            raise


class Group(_WithExamples, click.Group):
    """A group of commands; without arguments it prints its help."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments up to the command's name."""
        if not ctx.resilient_parsing:
            args = help_last(args)
            if args in ([], ["--help"]):
                self.print_help(ctx)
        return super().parse_args(ctx, args)


def _be_quiet(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        os.environ[QUIET] = "1"


def usage_error(error: click.ClickException) -> UsageError:
    """A click error as one line that names the option or command, and where to read more."""
    ctx = getattr(error, "ctx", None)
    path = command() if ctx is None else ctx.command_path
    if isinstance(error, click.NoSuchOption):
        known = [] if ctx is None else [name for param in ctx.command.get_params(ctx) for name in param.opts]
        return UsageError(
            f"{path} has no option {error.option_name}{nearest(error.option_name, known)}; {path} --help names them"
        )
    if isinstance(error, click.NoSuchCommand):
        names = list(ctx.command.commands) if ctx is not None and isinstance(ctx.command, click.Group) else []
        guess = nearest(error.command_name, names)
        return UsageError(f"there is no {path} {error.command_name}{guess}; there are {', '.join(sorted(names))}")
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return UsageError(f"{path} needs {error.param.human_readable_name}; {path} --help says what it is")
    if isinstance(error, click.BadParameter) and error.param is not None:
        name = max(error.param.opts, key=len) if isinstance(error.param, click.Option) else path
        return UsageError(f"{name} {error.message}")
    said = " ".join(error.format_message().split()).rstrip(".")
    return UsageError(f"{said[:1].lower()}{said[1:]}; {path} --help says more")
