"""Options of commands that may ask Particle's own cloud, which opt_in.py lets through."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from photonrig.cli.values import TEXT, Whole

Function = TypeVar("Function", bound=Callable[..., None])


def particle_options(asks: str, requests: int) -> Callable[[Function], Function]:
    """Add --particle and what belongs to it; ``asks`` begins its help, ``requests`` is the default limit."""
    options = (
        click.option(
            "--particle", type=TEXT, metavar="ACCOUNT", help=f"{asks}, as this account (token in PARTICLE_TOKEN)."
        ),
        click.option("--confirm", type=TEXT, metavar="ACCOUNT", help="The account's name again, as confirmation."),
        click.option("--product", type=Whole(0, 10**9), help="With --particle: the product's id."),
        click.option(
            "--devices",
            type=TEXT,
            metavar="IDS",
            help="With --particle: ids of the only devices to act on, separated by commas.",
        ),
        click.option(
            "--client",
            type=TEXT,
            metavar="ID",
            help="With --particle: an OAuth client of the product (secret in PARTICLE_CLIENT_SECRET).",
        ),
        click.option("--requests", type=Whole(1, 10**9), default=requests, help="With --particle: request limit."),
        click.option(
            "--api",
            type=TEXT,
            metavar="URL",
            default="https://api.particle.io",
            help="With --particle: address of the cloud.",
        ),
    )

    def add(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return add
