"""A panic on the terminal: slot, SOS code and name, and the backtrace."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from photonrig.bench.panic import Panic
from photonrig.trace import printable

__all__ = ["print_panic"]


def print_panic(slot: str, panic: Panic, console: Console) -> None:
    """Print it, the title in red."""
    console.print(Text(printable(f"{slot}  {panic.title}"), style="bold red"), soft_wrap=True)
    for line in panic.lines():
        console.print(Text(f"    {printable(line)}"), soft_wrap=True)
