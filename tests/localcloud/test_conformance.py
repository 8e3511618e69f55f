"""The page on what the local cloud answers is what the tests see, and leaves nothing out without a reason."""

from photonrig.localcloud.http.app import all_routes, endpoints_of

from .conformance import DOCUMENT, render, walk
from .documented import DOCUMENTED, MISSING, shape
from .world import ERAS


def test_the_page_is_current() -> None:
    assert DOCUMENT.read_text() == render({era: walk(era) for era in ERAS}), "run ./rig conformance and commit the page"


def test_what_is_not_served_has_a_reason() -> None:
    served = {shape(f"{method} {path}") for route in all_routes() for method, path in endpoints_of(route)}
    everything = {each for endpoints in DOCUMENTED.values() for each in endpoints}
    assert {each for each in everything if shape(each) not in served} <= set(MISSING) <= everything
