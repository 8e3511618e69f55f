"""The file of customers' tokens: what was handed over can be read back, whatever the disk does."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from photonrig.errors import RigError, UsageError
from photonrig.fleet.apply import apply
from photonrig.fleet.journal import Journal
from photonrig.fleet.operator import Operator
from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.tokens import FileSink, read_tokens
from photonrig.fleet.transfer import Transfer
from photonrig.ownership.identities import Account
from photonrig.particle.cloud_types import Token

from .conftest import RULES, Quiet, World

PRODUCT = 20001


def of(name: str) -> tuple[Account, Token]:
    return Account.customer(name, PRODUCT), Token("a" * 40, "customer", "b" * 40, 7776000, name)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file can grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_on_a_disk_that_is_full_at_any_byte_what_was_handed_over_is_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    sink = FileSink(path)
    sink.give(*of("jane"))
    line = path.stat().st_size
    for room in range(line):
        with room_for(line + room), pytest.raises(RigError, match=f"^{path} cannot be written: File too large; free"):
            sink.give(*of("john"))
        assert read_tokens(path) == [of("jane")]
    sink.give(*of("john"))
    assert read_tokens(path) == [of("jane"), of("john")]


def test_a_token_cut_off_by_a_power_cut_was_not_handed_over(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    FileSink(path).give(*of("jane"))
    whole = path.read_bytes()
    for length in range(1, len(whole)):
        path.write_bytes(whole + whole[:length])
        known = [of("jane")] * (2 if length == len(whole) - 1 else 1)
        assert read_tokens(path) == known
        FileSink(path).give(*of("john"))
        assert read_tokens(path) == [*known, of("john")]


@pytest.mark.parametrize("name", ["ä@example.com", "one\u2028two", "one\rtwo", "one\x85two", 'quo"ted', "{}"])
def test_any_name_of_a_customer_is_one_line(tmp_path: Path, name: str) -> None:
    sink = FileSink(tmp_path / "tokens")
    for each in (name, "jane"):
        sink.give(*of(each))
    assert read_tokens(tmp_path / "tokens") == [of(name), of("jane")]


@pytest.mark.parametrize("content", ['{"customer": 5}\n', "[]\n", "secret = 1", '{"customer": "j\n', "\n"])
def test_a_file_of_something_else_gets_no_token(tmp_path: Path, content: str) -> None:
    path = tmp_path / "fleet.toml"
    path.write_text(content)
    path.chmod(0o600)
    for look in (FileSink, read_tokens):
        with pytest.raises(UsageError, match="line 1, is damaged or of another kind"):
            look(path)
    assert path.read_text() == content


def test_a_customer_of_two_products_gets_a_token_of_each(
    world: World,
    assignments: Callable[[int], list[Transfer]],
    journal: Callable[[FleetPlan], Journal],
    tmp_path: Path,
) -> None:
    first, second = assignments(2)
    into = world.products[1].id
    plan = world.plan([first, Transfer(second.row, second.device, first.customer, None, into)])
    operator = Operator.of(world.config())
    with journal(plan) as memory:
        assert apply(plan, operator, memory, RULES, Quiet(), sink=FileSink(tmp_path / "tokens")).complete
    operator.close()
    found = [customer for customer, _ in read_tokens(tmp_path / "tokens")]
    assert sorted(found) == [Account.customer(str(first.customer), each) for each in (world.product, into)]
