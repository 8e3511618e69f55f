"""The permission matrix of each era, asked over the API with every kind of token, cell by cell."""

from pathlib import Path

import pytest

from photonrig.localcloud.eras import Action, Party
from photonrig.localcloud.eras.all import ERAS as RULES
from photonrig.localcloud.http.app import all_routes, endpoints_of

from ..asking import ASKED, ask, device_of, everybody, undone
from ..conformance import walk
from ..permitted import ROWS
from ..world import DEVICE, world

MISSING = 400


@pytest.mark.parametrize("era", RULES)
def test_the_table_is_whole_and_every_action_is_asked_for(era: str) -> None:
    rules = RULES[era].rules
    assert set(rules) == set(Action)
    for parties in rules.values():
        assert set(parties) == set(Party)
    elsewhere = {Action.ENROL, Action.PRODUCT_CHANGE_OWNER}
    assert {asked.action for asked in ASKED} == set(Action) - elsewhere


def test_eras_name_endpoints_that_exist_and_lack_different_ones() -> None:
    served = {endpoint for route in all_routes() for endpoint in endpoints_of(route)}
    for era in RULES.values():
        assert era.lacks <= served, era.lacks - served
    for asked in ASKED:
        assert (asked.method, asked.route) in served
    assert not RULES["today"].lacks & RULES["2016-after"].lacks


def test_the_written_table_has_a_line_for_each_request_and_no_other() -> None:
    assert list(ROWS) == [(asked.action.name, asked.method, asked.route) for asked in ASKED]


@pytest.mark.parametrize("era", RULES)
def test_matrix(era: str) -> None:
    """Each request with each token: done if and only if the written table allows it, and a refusal changes nothing."""
    seen = walk(era)
    for (asked, who), answer in seen.items():
        may = seen.may[asked, who]
        note = f"{who}: {asked.method} {asked.route} -> {answer}"
        if may:
            assert answer.status == asked.done, note
        else:
            assert answer.status in (403, 404) or "api users are" in str(answer.body).lower(), note
            assert answer.body.get("ok") is not True, note
            assert not answer.changed, note


async def test_the_owning_user_controls_the_device_by_user_paths_alone(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await everybody(there)
        for asked in ASKED:
            if asked.about_device:
                async with undone(there):
                    answer = await ask(there, asked.method, asked.path(fixture, device_of(asked, "u")), "u", asked.body)
                assert answer.status in ((403, 404) if asked.of_product else (asked.done,)), f"{asked}: {answer}"


async def test_without_token_and_with_a_bad_one_nothing_is_to_be_had(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await everybody(there)
        there.tokens["x"] = "0" * 40
        for asked in ASKED:
            if (asked.method, asked.route) in there.cloud.era.lacks:
                continue
            path = asked.path(fixture, DEVICE)
            none = await ask(there, asked.method, path, None, asked.body)
            assert none.status == MISSING, path
            assert none.body == {"error": "invalid_request", "error_description": "The access token was not found"}
            bad = await ask(there, asked.method, path, "x", asked.body)
            assert bad.status == 401, path
            assert bad.body["error_description"] == "The access token provided is invalid."
