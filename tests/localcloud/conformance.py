"""Generator of ``docs/conformance.md``: each endpoint's answer to each kind of token in each era, as tested.

python -m tests.localcloud.conformance
"""

from __future__ import annotations

import asyncio
import functools
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from photonrig.localcloud.eras.all import ERAS as RULES
from photonrig.localcloud.http.app import all_routes, endpoints_of

from .asking import ASKED, EVERYBODY, Answered, Asked, ask, device_of, everybody, undone
from .documented import DOCUMENTED, MISSING, shape
from .permitted import permitted
from .world import DEVICE, ERAS, world

__all__ = ["DOCUMENT", "Seen", "render", "walk"]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
COLUMNS = {
    "u": "U",
    "o": "O",
    "view-only": "T1",
    "support": "T2",
    "developer": "T3",
    "administrator": "T4",
    "c": "C",
    "c2": "C2",
    "p": "P",
    "a": "A",
}
_INTRODUCTION = """# Conformance of the local cloud

Generated from the tests by `./rig conformance`; a test fails while this page is out of date. Each endpoint was called
with each kind of token in each era, on a device in a product, owned by customer C; U owns one outside products.

| token | holder |
|---|---|
| U | the user who owns the device; for product paths, a user outside the team |
| O | any other user |
| T1 … T4 | team members: view-only, support, developer, administrator |
| C, C2 | the customer who owns the device, another customer of the product |
| P | the product's own token (client credentials) |
| A | an API user of the product with every scope |

Without a token every endpoint answers 400 `invalid_request`, with an invalid or expired one 401 `invalid_token`. A
status in brackets: allowed, but the request is incomplete or names something unknown, so that it changes nothing. `–`:
the era has no such endpoint. The eras `2016-before` and `2016-after` differ in the effect of a customer's claim, not
in permissions, and share their rows.

Extensions, absent from Particle's cloud, need `--extensions` and lie under `/extensions/v1` or carry the header
`X-Photonrig-Extension`: `PUT /v1/products/:p/devices/:id/owner` gives a device to another customer or team member in
one step, and `/extensions/v1/any/devices` serves the tokens of owners and teams alike. `/admin` is this cloud's own
API, with the token in its state folder: repair of a device whose stored owner matches no account, functions of the
console of 2016, and answers to mails.
"""


class Seen(dict[tuple[Asked, str], Answered]):
    """The answers of one era; ``may`` holds what the written table says of each."""

    def __init__(self) -> None:
        super().__init__()
        self.may: dict[tuple[Asked, str], bool] = {}


@functools.cache
def walk(era: str) -> Seen:
    """Call every endpoint with every token; cached per process."""

    async def run(folder: Path) -> Seen:
        seen = Seen()
        async with world(folder, ERAS[era]) as there:
            fixture = await everybody(there)
            for asked in ASKED:
                for who in EVERYBODY:
                    device_id = device_of(asked, who)
                    before = there.cloud.store.devices.get(device_id)
                    async with undone(there):
                        answer = await ask(there, asked.method, asked.path(fixture, device_id), who, asked.body)
                        answer.changed = there.cloud.store.devices.get(device_id) != before
                    seen[asked, who] = answer
                    seen.may[asked, who] = who in permitted(era, asked)
        return seen

    with tempfile.TemporaryDirectory(prefix="photonrig-") as folder:
        return asyncio.run(run(Path(folder)))


def render(seen: Mapping[str, Seen]) -> str:
    """The page for the answers of each era."""
    return "\n".join([_INTRODUCTION, *_coverage(), *_claims(), *_table(seen), *_open(), ""])


def _served() -> set[str]:
    return {shape(f"{method} {path}") for route in all_routes() for method, path in endpoints_of(route)}


def _coverage() -> Iterator[str]:
    served, everything = _served(), [each for endpoints in DOCUMENTED.values() for each in endpoints]
    missing = [each for each in everything if shape(each) not in served]
    share = 100 * (len(everything) - len(missing)) / len(everything)
    yield "## Coverage\n"
    yield (
        f"{len(everything) - len(missing)} of the {len(everything)} endpoints named by documentation, clients and"
        f" community are served ({share:.0f} %).\n"
    )
    yield "| subject | served | of |\n|---|---|---|"
    for subject, endpoints in DOCUMENTED.items():
        yield f"| {subject} | {sum(shape(each) in served for each in endpoints)} | {len(endpoints)} |"
    if missing:
        yield "\n| not served | why |\n|---|---|"
        for each in missing:
            yield f"| `{each}` | {MISSING[each]} |"
    yield ""


def _claims() -> Iterator[str]:
    yield "## Claims\n"
    yield "`POST /v1/devices` with the id of a product's device: status, and owner afterwards (`lost`: not existing).\n"
    yield f"| device | era | {' | '.join(COLUMNS.values())} |\n|---|---|{'---|' * len(COLUMNS)}"
    for state in _STATES:
        for era in ERAS:
            yield f"| {state} | {era} | {' | '.join(claims(era)[state])} |"
    yield ""


_STATES = ("unowned, online", "unowned, offline", "customer C's")


@functools.cache
def claims(era: str) -> dict[str, list[str]]:
    """Results of a claim by each kind of token, by state of the device."""

    async def run(folder: Path) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {state: [] for state in _STATES}
        async with world(folder, ERAS[era]) as there:
            await everybody(there)
            for state in _STATES:
                for who in COLUMNS:
                    async with undone(there):
                        if state != "customer C's":
                            await there.ok("POST", f"/admin/devices/{DEVICE}/unclaim", "admin")
                        if state.endswith("offline"):
                            there.devices.connected.discard(DEVICE)
                        answer = await ask(there, "POST", "/v1/devices", who, {"json": {"id": DEVICE}})
                        device = there.cloud.store.devices.get(DEVICE)
                        assert device is not None
                        owner = device.state.owner
                        whose = "lost" if device.untyped else "unowned" if owner is None else f"{owner.kind}'s"
                        found[state].append(f"{answer.status} {whose}")
                    there.devices.connected.add(DEVICE)
        return found

    with tempfile.TemporaryDirectory(prefix="photonrig-") as folder:
        return asyncio.run(run(Path(folder)))


def _table(seen: Mapping[str, Seen]) -> Iterator[str]:
    yield "## Endpoints\n"
    yield f"| endpoint | era | {' | '.join(COLUMNS.values())} |\n|---|---|{'---|' * len(COLUMNS)}"
    for asked in sorted(ASKED, key=lambda asked: (asked.route, asked.method, asked.action.name)):
        rows = {era: _row(seen[era], asked, (asked.method, asked.route) in RULES[era].lacks) for era in seen}
        grouped: dict[tuple[str, ...], list[str]] = {}
        for era, row in rows.items():
            grouped.setdefault(row, []).append(era)
        what = f"`{asked.method} {asked.route.replace(':path', '')}`{_with(asked)}"
        for row, eras in grouped.items():
            name = {3: "all", 2: "2016"}.get(len(eras), eras[0]) if "today" not in eras or len(eras) == 3 else eras[0]
            yield f"| {what} | {name} | {' | '.join(row)} |"
    yield ""


def _with(asked: Asked) -> str:
    if "files" in asked.body:
        return " with firmware"
    fields = asked.body.get("json") or {}
    return f" {', '.join(fields)}" if asked.action.name == "API_USERS" and fields else ""


def _row(seen: Seen, asked: Asked, lacking: bool) -> tuple[str, ...]:
    if lacking:
        return ("–",) * len(COLUMNS)
    cells = []
    for who in COLUMNS:
        status = seen[asked, who].status
        incomplete = seen.may[asked, who] and status >= 400
        cells.append(f"({status})" if incomplete else str(status))
    return tuple(cells)


def _open() -> Iterator[str]:
    asked = {(each.method, each.route) for each in ASKED}
    others = sorted(
        (path, method)
        for route in all_routes()
        for method, path in endpoints_of(route)
        if (method, path) not in asked and not path.startswith("/admin")
    )
    yield "## Endpoints with other rules\n"
    yield "Without a token, with a password or a client, about the token in use, or the same with a prefix:\n"
    yield ", ".join(f"`{method} {path.replace(':path', '')}`" for path, method in others) + ".\n"


def main() -> int:
    """Write the page."""
    text = render({era: walk(era) for era in ERAS})
    DOCUMENT.parent.mkdir(exist_ok=True)
    changed = not DOCUMENT.exists() or DOCUMENT.read_text() != text
    DOCUMENT.write_text(text)
    print(f"{DOCUMENT.name}: {'updated' if changed else 'unchanged'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
