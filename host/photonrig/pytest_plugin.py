"""pytest for Photons: the same test on real devices in a rig and on virtual ones.

    def test_it_opens(photon, events):
        assert photon.call("move", "open") == 100
        events.expect("shade/moved")

Fixtures: ``photon`` (a device, once for every variant present), ``photons`` (several with the same firmware),
``cloud``, ``customer`` (a new one, gone afterwards), ``events``. Markers: ``variant``, ``needs``, ``hil``,
``destructive``. ``pytest --help`` lists the options.
"""

from __future__ import annotations

import contextlib
import platform
import random
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from photonrig.clock import SYSTEM, utc
from photonrig.signals import Interrupts
from photonrig.testing.attempts import Attempts
from photonrig.testing.reporter import Reporter

# Loaded into every pytest run: fixtures import what is slow to import.
if TYPE_CHECKING:
    from photonrig.bench.config import RigConfig
    from photonrig.bench.rig import Rig
    from photonrig.bench.target import CloudTarget
    from photonrig.particle.cli import ParticleCli
    from photonrig.testing.bench import Bench, TestRun
    from photonrig.testing.customer import Customer
    from photonrig.testing.events import Events
    from photonrig.testing.photon import Photon

__all__: list[str] = []

SEED = pytest.StashKey[int]()
CONFIG: pytest.StashKey[RigConfig] = pytest.StashKey()
RUN: pytest.StashKey[TestRun | None] = pytest.StashKey()
ATTEMPT = pytest.StashKey[int]()
EXPIRED = pytest.StashKey[str]()

_ROOT = "photonrig_run"  # the fixture all others rest on; a test that has it is a bench test
_VARIANT = "photonrig_variant"

MARKERS = (
    "variant(*names): only for these manufacturer variants",
    "needs(*capabilities, owner=central|nobody|customer, network=True|False): only on slots with these capabilities "
    "(serial, softap_link, power, setup_button, reset, pins, peripherals, bench_console); the device is brought into "
    "the state before the test",
    "hil: only on real devices",
    "destructive: may wear out or lock a real device; needs --destructive there",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options and settings."""
    group = parser.getgroup("photonrig", "Photons, real or virtual")
    group.addoption("--rig", default="virtual", metavar="FILE", help="rig.toml of a bench (default: virtual Photons)")
    group.addoption("--rig-report", metavar="DIR", help="keep reports and per-test folders here: index.html and more")
    group.addoption("--rig-seed", type=int, metavar="N", help="order of the bench tests (default: random; printed)")
    group.addoption(
        "--rig-retries",
        type=int,
        default=1,
        metavar="N",
        help="how often a failure whose cause is rig, network or cloud is tried again, always shown (default: 1)",
    )
    group.addoption("--rig-own-build", action="store_true", help="boards, too, get images of photonrig's own build")
    group.addoption("--known-bad", metavar="FILE", help="tests known to fail, with reason and date")
    group.addoption("--destructive", action="store_true", help="run destructive tests on real devices too")
    parser.addini(
        "photonrig_variants", "firmware as name = project's folder, source file or .bin", type="linelist", default=[]
    )
    parser.addini("photonrig_known_bad", "file of tests known to fail", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Register markers, the seed shared by all workers, and signal handlers that take the bench down."""
    interrupts = Interrupts()
    interrupts.take()
    config.add_cleanup(interrupts.give_back)
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    worker = getattr(config, "workerinput", None)
    if worker is None and config.getoption("rig") != "virtual":
        _rig_config(config)  # one message about a wrong rig file, not one per test
    if worker is not None:
        seed = worker["photonrig_seed"]
    else:
        chosen = config.getoption("rig_seed")
        seed = secrets.randbelow(1_000_000) if chosen is None else chosen
    config.stash[SEED] = seed
    config.pluginmanager.register(
        Attempts(_is_bench, _run_of, _set_attempt, config.getoption("rig_retries")), "photonrig-attempts"
    )
    if worker is None:
        config.pluginmanager.register(
            Reporter(_kept(config), _order(config), partial(_write_reports, config)), "photonrig-reporter"
        )


def _kept(config: pytest.Config) -> Path | None:
    given = config.getoption("rig_report")
    return config.invocation_params.dir / given if given else None


def _run_of(item: pytest.Item) -> TestRun | None:
    return item.stash.get(RUN, None)


def _set_attempt(item: pytest.Item, number: int) -> None:
    item.stash[ATTEMPT] = number
    item.stash[RUN] = None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist: pass the seed to a new worker."""
    node.workerinput["photonrig_seed"] = node.config.stash[SEED]


# --- collection -------------------------------------------------------------------------------------------------------


def _projects(config: pytest.Config) -> dict[str, Path]:
    projects = {}
    for line in config.getini("photonrig_variants"):
        name, found, folder = (part.strip() for part in line.partition("="))
        if not (name and found and (config.rootpath / folder).exists()):
            raise pytest.UsageError(
                f"photonrig_variants: {line!r} is not NAME = PATH of a project, a source file or a .bin"
            )
        projects[name] = config.rootpath / folder
    return projects


def _rig_config(config: pytest.Config) -> RigConfig:
    """The bench described by the rig file, or generated."""
    from photonrig.errors import PhotonrigError
    from photonrig.testing.bench import config_of

    if CONFIG not in config.stash:
        try:
            config.stash[CONFIG] = config_of(config.getoption("rig"), _projects(config), config.rootpath)
        except PhotonrigError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[CONFIG]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize tests that use a photon by the variants present on the rig."""
    if _VARIANT not in metafunc.fixturenames:
        return
    present = _rig_config(metafunc.config).variants
    wanted = [name for marker in metafunc.definition.iter_markers("variant") for name in marker.args]
    chosen: list[Any] = [name for name in present if not wanted or name in wanted]
    if not chosen:
        why = f"the rig has no {' or '.join(wanted) or 'device'}; it has {', '.join(present) or 'nothing'}"
        chosen = [pytest.param("none", marks=pytest.mark.skip(reason=why))]
    metafunc.parametrize(_VARIANT, chosen, indirect=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order bench tests by the seed; apply markers and the known-bad list."""
    places = [place for place, item in enumerate(items) if _is_bench(item)]
    shuffled = [items[place] for place in places]
    random.Random(config.stash[SEED]).shuffle(shuffled)  # noqa: S311
    for place, item in zip(places, shuffled, strict=True):
        items[place] = item
    real = config.getoption("rig") != "virtual" and _rig_config(config).real
    for item in shuffled:
        if item.get_closest_marker("hil") and not real:
            item.add_marker(pytest.mark.skip(reason="only on real devices: --rig FILE"))
        if item.get_closest_marker("destructive") and real and not config.getoption("destructive"):
            item.add_marker(pytest.mark.skip(reason="may wear out a real device: --destructive"))
    _apply_known_bad(config, items)


def _apply_known_bad(config: pytest.Config, items: list[pytest.Item]) -> None:
    given = config.getoption("known_bad") or config.getini("photonrig_known_bad")
    if not given:
        return
    from photonrig.errors import UsageError
    from photonrig.testing.known_bad import read_known_bad

    try:
        entries = read_known_bad(config.rootpath / given)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    today = utc(SYSTEM).date()
    for entry in entries:
        for item in items:
            if entry.matches(item.nodeid):
                if entry.expired(today):
                    item.stash[EXPIRED] = f"its known-bad entry ended on {entry.until}: {entry.reason}"
                else:
                    reason = f"known bad until {entry.until}: {entry.reason}"
                    item.add_marker(pytest.mark.xfail(reason=reason, strict=False))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fails tests whose known-bad entry has expired."""
    __tracebackhide__ = True
    if EXPIRED in item.stash:
        from photonrig.errors import UsageError

        raise UsageError(f"{item.stash[EXPIRED]}; mend the test, or renew the entry with a new date")


def _is_bench(item: pytest.Item) -> bool:
    return _ROOT in getattr(item, "fixturenames", ())


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Print the seed if it orders tests."""
    count = sum(map(_is_bench, items))
    return [_order(config)] if count > 1 and config.get_verbosity() > -2 else []


def _write_reports(
    config: pytest.Config, tests: Mapping[str, list[dict[str, Any]]], started: datetime, seconds: float
) -> None:
    from photonrig.report.bench_run import BenchRun, write_results
    from photonrig.report.run import commit

    folder = _kept(config)
    assert folder is not None
    facts = (
        ("rig", str(config.getoption("rig"))),
        ("order", f"seed {config.stash[SEED]}"),
        ("commit", commit(config.rootpath)),
        ("host", f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"),
    )
    write_results(BenchRun.of(tests, started, seconds, facts), folder)


def _order(config: pytest.Config) -> str:
    return f"photonrig: order by seed {config.stash[SEED]} (for pytest: --rig-seed {config.stash[SEED]})"


# --- fixtures ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def photonrig_bench(
    request: pytest.FixtureRequest, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """The bench of this process, with the variants of the selected tests; opened by the first test that needs it."""
    from photonrig.bench.rig import Rig
    from photonrig.build.toolchain import Toolchain
    from photonrig.testing.bench import Bench, config_of

    named, projects = pytestconfig.getoption("rig"), _projects(pytestconfig)
    kept = _kept(pytestconfig)
    folder = tmp_path_factory.mktemp("photonrig") if kept is None else kept / "tests"
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    shown = contextlib.nullcontext if capture is None else capture.global_and_fixture_disabled

    def make(work: Path) -> Rig:
        # Building and starting can take a minute: announce it at once.
        with shown():
            own_build = pytestconfig.getoption("rig_own_build")
            config = config_of(named, projects, work).only(variants)
            return Rig(config, Toolchain.found(), work, projects, own_build=own_build)

    specs = (getattr(item, "callspec", None) for item in request.session.items)
    variants = {str(spec.params[_VARIANT]) for spec in specs if spec is not None and _VARIANT in spec.params}
    bench = Bench(make, folder)
    yield bench
    bench.close()


@pytest.fixture
def photonrig_run(photonrig_bench: Bench, request: pytest.FixtureRequest) -> Iterator[TestRun]:
    """The record of this test."""
    item = request.node
    callspec = getattr(item, "callspec", None)
    variant = None if callspec is None else callspec.params.get(_VARIANT)
    run = photonrig_bench.begin(item.nodeid, item.stash.get(ATTEMPT, 1), variant)
    item.stash[RUN] = run
    yield run
    photonrig_bench.end(run)


@pytest.fixture
def photonrig_variant(request: pytest.FixtureRequest) -> str:
    """The variant this test is run for."""
    return str(request.param)


@pytest.fixture
def photon(
    photonrig_bench: Bench, photonrig_run: TestRun, photonrig_variant: str, request: pytest.FixtureRequest
) -> Iterator[Photon]:
    """A device: online, in the product, owned by the central user; its state is repaired for the next test."""
    slot = photonrig_bench.slot(photonrig_variant)
    for marker in request.node.iter_markers("needs"):
        for capability in marker.args:
            if not getattr(slot, capability, None):
                firmware = capability == "bench_console"
                whose, what = ("the firmware in ", "bench console") if firmware else ("", capability)
                pytest.skip(f"{whose}slot {slot.name} has no {what}")
    made = photonrig_bench.photon(photonrig_variant, **_state(photonrig_bench, request))
    yield made
    made.detach_all()


@pytest.fixture
def photons(
    photonrig_bench: Bench, photon: Photon, request: pytest.FixtureRequest
) -> Iterator[Callable[[int], list[Photon]]]:
    """``photons(3)``: the device of the test and two more with its firmware, in the same state; released at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda count: stack.enter_context(photonrig_bench.photons(count, **_state(photonrig_bench, request)))


def _state(bench: Bench, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The device state that markers ask for."""
    markers = reversed(list(request.node.iter_markers("needs")))
    needs = {name: value for marker in markers for name, value in marker.kwargs.items()}
    from photonrig.errors import UsageError

    owners: dict[str, Callable[[], Any]] = {
        "central": lambda: bench.target.team,
        "nobody": lambda: None,
        "customer": lambda: request.getfixturevalue("customer").cloud,
    }
    if set(needs) - {"owner", "network"} or needs.get("owner", "nobody") not in owners:
        raise UsageError(f"needs({needs}): there are owner, one of {', '.join(owners)}, and network, True or False")
    found = dict(needs)
    if "owner" in needs:
        found["owner"] = owners[needs["owner"]]()
    return found


@pytest.fixture
def cloud(photonrig_bench: Bench, photonrig_run: TestRun) -> CloudTarget:
    """The cloud: ``team`` acts as the central user, ``cloud`` has no token, ``product`` holds all devices."""
    photonrig_run.uses_cloud = True
    return photonrig_bench.target


@pytest.fixture
def customer(photonrig_bench: Bench, photonrig_run: TestRun) -> Iterator[Customer]:
    """A new customer of the product, with token; deleted after the test."""
    from photonrig.testing.customer import new_customer

    photonrig_run.uses_cloud = True
    with new_customer(photonrig_bench.target) as made:
        yield made


@pytest.fixture
def particle_cli(photonrig_bench: Bench, photonrig_run: TestRun) -> ParticleCli:
    """The real Particle CLI, logged in as the central user."""
    photonrig_run.uses_cloud = True
    return photonrig_bench.cli


@pytest.fixture
def events(photonrig_bench: Bench, photonrig_run: TestRun, request: pytest.FixtureRequest) -> Events:
    """Events of the product's devices from now on; only this test's device if it has just one."""
    from photonrig.testing.events import Events

    photonrig_run.uses_cloud = True
    alone = "photon" in request.fixturenames and "photons" not in request.fixturenames
    device = request.getfixturevalue("photon").id if alone else None
    target = photonrig_bench.target
    return Events(photonrig_bench.stream, target.team, target.product, device)
