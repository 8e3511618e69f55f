"""The cloud's chapters: HTTP API, the cells of the permission matrix, and the open questions one by one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.history import NOT_RUN
from photonrig.parity import assumption_lines
from photonrig.parity.account import GUESTS, Account
from photonrig.parity.programme import answers
from photonrig.parity.recording import Line
from photonrig.parity.scrub import Scrubber
from photonrig.scenarios.matrix import observe
from photonrig.scenarios.matrix_cells import cells
from photonrig.scenarios.virtual_target import virtual_target

HTTP_API: Final = "HTTP API"
CHAPTERS: Final = frozenset((HTTP_API, assumption_lines.CHAPTER))
_ERA: Final = "today"


def record_cloud(
    account: Account,
    scrub: Scrubber,
    *,
    chapters: Collection[str] = CHAPTERS,
    now: Callable[[], float] | None = None,
    begun: Callable[[str], None] = lambda _: None,
) -> Iterator[Line]:
    """Ask the questions of these chapters; ``now``: stopwatch in seconds, ``begun`` is told of each question."""
    now = now or account.clock.now
    if HTTP_API in chapters:
        yield from _cells(account, scrub, now, begun)
    if assumption_lines.CHAPTER in chapters:
        yield from answers(assumption_lines.QUESTIONS, account, scrub, now, begun)


def _cells(account: Account, scrub: Scrubber, now: Callable[[], float], begun: Callable[[str], None]) -> Iterator[Line]:
    before = now()
    for seen in observe(account.target, [cell for cell in cells() if cell.era == _ERA]):
        name = f"{seen.cell.state} / {seen.cell.family} / {seen.cell.token}"
        begun(f"{HTTP_API}: {name}")
        taken, before = now() - before, now()
        if seen.outcome == NOT_RUN:
            yield Line(HTTP_API, name, skipped=scrub(seen.text))
        else:
            refused = seen.outcome.isdecimal() and int(seen.outcome) >= 400
            # Of other answers the outcome alone: they hold what the account has.
            yield Line(HTTP_API, name, scrub(seen.text) if refused else seen.outcome, round(taken, 3))


@contextmanager
def local_account(tools: Toolchain, work: Path) -> Iterator[Account]:
    """An account at a local cloud of today, with a team, customers and virtual Photons; up inside the block."""
    with virtual_target(tools, _ERA, work / _ERA, build_variant(tools, "roller")) as target:
        cloud, password = target.lab.cloud, secrets.token_urlsafe(12)
        users = {}
        for kind in ("T", "U"):
            cloud.create_user(f"{kind.lower()}@example.com", password)
            users[kind] = cloud.using(cloud.log_in(f"{kind.lower()}@example.com", password))
        yield Account(target, users, dict.fromkeys(users, password))


def account_scrubber(account: Account) -> Scrubber:
    """A scrubber that knows the account's names and its tokens."""
    target = account.target
    names: dict[str, str] = {"product": str(account.product_id), "cloud": account.acting("M").api}
    names |= {f"{state} device": target.device(state) for state in ("user-owned", "unowned", "customer-owned")}
    names["account"] = account.acting("M").username()
    secrets_of = list(account.passwords.values())
    for kind in ("M", "C", "C2", "P", "F", *GUESTS.values()):
        cloud = account.guests.get(kind) or target.acting(kind)
        if cloud is not None and cloud.token is not None:
            secrets_of.append(cloud.token.access_token)
    return Scrubber(names, secrets_of)
