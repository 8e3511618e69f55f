"""The forum thread of 2016 as fifteen acceptance tests, each in its era, with the numbers of its analysis.

Device D is in product P of organization X; its owner is customer C, and M is a user of the organization.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from .hook_target import beside_target
from .streams import on_sockets
from .world import DEVICE, ERAS, OTHER_DEVICE, Fixture, World, populate, world

ERAS_2016 = ("2016-before", "2016-after")
NO_ROLE = {"ok": False, "error": "Organization not found for user's role."}


async def _customer_owned(there: World) -> Fixture:
    """D claimed by C with a code, as was possible at all times."""
    fixture = await populate(there)
    code = (await there.ok("POST", f"/v1/products/{fixture.product}/device_claims", "c"))["claim_code"]
    assert await there.cloud.reports.claim_code_presented(DEVICE, code)
    owner = there.owner()
    assert owner is not None and owner[0] == "customer"
    return fixture


Story = Callable[[World, Fixture], Awaitable[None]]


def _in_eras(*eras: str) -> Callable[[Story], Callable[..., None]]:
    """Run a story with D customer-owned in each of the eras named."""

    def decorate(story: Story) -> Callable[..., None]:
        @pytest.mark.parametrize("era", eras)
        async def test(tmp_path: Path, era: str) -> None:
            async with world(tmp_path, ERAS[era]) as there:
                await story(there, await _customer_owned(there))

        test.__doc__ = story.__doc__
        return test

    return decorate


def _is_denied(answer: Any) -> bool:
    body = answer.json()
    return bool(answer.status_code == 403 and body["error"] == "Permission Denied" and "info" in body)


@_in_eras(*ERAS_2016, "today")
async def test_01_only_the_owner_lists_the_device(there: World, _: Fixture) -> None:
    """Rows 32, 38."""
    assert await there.ok("GET", "/v1/devices", "m") == []
    assert [each["id"] for each in await there.ok("GET", "/v1/devices", "c")] == [DEVICE]


@_in_eras(*ERAS_2016)
async def test_02_the_user_path_refuses_the_team(there: World, _: Fixture) -> None:
    """Rows 47, 48."""
    assert _is_denied(await there.call("GET", f"/v1/devices/{DEVICE}", "m"))
    assert (await there.ok("GET", f"/v1/devices/{DEVICE}", "c"))["id"] == DEVICE


@_in_eras("today")
async def test_02_today_the_user_path_serves_the_team(there: World, fixture: Fixture) -> None:
    assert (await there.ok("GET", f"/v1/devices/{DEVICE}", "m"))["id"] == DEVICE
    product = f"/v1/products/{fixture.product}/devices/{DEVICE}"
    assert (await there.ok("GET", product, "m"))["owner"] == "c@example.com"
    assert (await there.call("GET", product, "c")).json() == NO_ROLE


@_in_eras(*ERAS_2016)
async def test_03_variables_are_the_owners(there: World, _: Fixture) -> None:
    """Rows 33, 34."""
    assert (await there.ok("GET", f"/v1/devices/{DEVICE}/position", "c"))["result"] == 42
    assert _is_denied(await there.call("GET", f"/v1/devices/{DEVICE}/position", "m"))
    assert _is_denied(await there.call("POST", f"/v1/devices/{DEVICE}/move", "m", data={"args": "up"}))
    assert there.devices.calls == []


@_in_eras(*ERAS_2016)
async def test_04_there_is_no_device_below_an_organizations_product(there: World, fixture: Fixture) -> None:
    """Row 49."""
    for product in (fixture.slug, fixture.product):
        for who in ("m", "c"):
            path = f"/v1/orgs/shades-v100/products/{product}/devices/{DEVICE}"
            assert (await there.call("GET", path, who)).status_code == 404


@_in_eras(*ERAS_2016)
async def test_05_the_organizations_path_serves_the_team_alone(there: World, fixture: Fixture) -> None:
    """Rows 45, 50, 51."""
    device = f"/v1/orgs/shades-v100/devices/{DEVICE}"
    assert (await there.ok("GET", device, "m"))["owner"] == "c@example.com"
    assert (await there.ok("GET", f"{device}/position", "m"))["result"] == 42
    assert (await there.ok("POST", f"{device}/move", "m", data={"args": "up"}))["return_value"] == 2
    for who in ("c", "c2", "o"):
        for path in (device, f"{device}/position"):
            assert (await there.call("GET", path, who)).status_code == 404
    assert (await there.call("GET", f"/v1/orgs/shades-v100/devices/{OTHER_DEVICE}", "m")).status_code == 404
    assert (await there.call("GET", f"/v1/orgs/nobody/devices/{DEVICE}", "m")).status_code == 404


@_in_eras(*ERAS_2016)
async def test_06_the_product_lists_the_device(there: World, fixture: Fixture) -> None:
    """Row 46."""
    path = f"/v1/orgs/shades-v100/products/{fixture.slug}/devices"
    assert [each["id"] for each in (await there.ok("GET", path, "m"))["devices"]] == [DEVICE]
    refused = await there.call("GET", path, "o")
    assert (refused.status_code, refused.json()["error"]) == (404, "Organization not found for user.")
    assert (await there.call("GET", path, "c")).json() == NO_ROLE


@pytest.mark.parametrize("era", ERAS_2016)
async def test_07_the_teams_own_stream_loses_a_customers_device(tmp_path: Path, era: str) -> None:
    """Rows 53, 54: owned by M it shows on both streams, owned by C on the product's alone."""
    async with on_sockets(tmp_path, ERAS[era]) as (there, listen):
        fixture = await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        own = await listen("/v1/devices/events", "m")
        product = await listen(f"/v1/orgs/shades-v100/products/{fixture.slug}/events", "m")
        customer = await listen("/v1/devices/events", "c")
        await there.device_publishes("of-m")
        await there.ok("DELETE", f"/v1/devices/{DEVICE}", "m")
        code = (await there.ok("POST", f"/v1/products/{fixture.product}/device_claims", "c"))["claim_code"]
        assert await there.cloud.reports.claim_code_presented(DEVICE, code)
        await there.device_publishes("of-c")
        await there.ok("POST", "/v1/devices/events", "m", json={"name": "canary"})
        await own.until(lambda: own.events == [("of-m", None), ("canary", None)])
        await product.until(lambda: product.events == [("of-m", None), ("of-c", None)])
        await customer.until(lambda: customer.events == [("of-c", None)])


@pytest.mark.parametrize("era", [*ERAS_2016, "today"])
async def test_08_user_hooks_fall_silent_and_product_hooks_do_not(tmp_path: Path, era: str) -> None:
    """Row 41; that product hooks fire is the later rule."""
    async with beside_target(tmp_path, ERAS[era]) as (there, target):
        fixture = await _customer_owned(there)
        for base in ("/v1", f"/v1/products/{fixture.product}"):
            hook = {"event": "moved", "url": f"{target.url}/{'user' if base == '/v1' else 'product'}"}
            await there.ok("POST", f"{base}/webhooks", "m", json=hook)
        fired = []
        for _ in range(2):
            await there.device_publishes("moved")
            await there.cloud.webhooks.idle()
            fired.append(sorted(each.path for each in target.received))
            target.received.clear()
            await there.ok("POST", f"/admin/devices/{DEVICE}/unclaim", "admin")
            await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        assert fired == [["/hook/product"], ["/hook/product", "/hook/user"]]


@pytest.mark.parametrize("era", ["2016-after", "today"])
async def test_09_a_customer_claims_what_the_team_released(tmp_path: Path, era: str) -> None:
    """Rows 5, 9, 28, 31: the owner is (customer, C), never an orphan id."""
    async with world(tmp_path, ERAS[era]) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        assert await there.ok("DELETE", f"/v1/devices/{DEVICE}", "m") == {"ok": True}
        claimed = await there.ok("POST", "/v1/devices", "c", data={"id": DEVICE})
        assert there.owner() == ("customer", claimed["customer_id"])
        assert (await there.ok("GET", f"/v1/devices/{DEVICE}/position", "c"))["result"] == 42


async def test_10_before_the_fix_the_same_claim_makes_an_orphan_that_a_repair_restores(tmp_path: Path) -> None:
    """Rows 5, 24."""
    async with world(tmp_path, ERAS["2016-before"]) as there:
        fixture = await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        await there.ok("DELETE", f"/v1/devices/{DEVICE}", "m")
        claimed = await there.ok("POST", "/v1/devices", "c", data={"id": DEVICE})
        assert there.owner() == ("user", claimed["user_id"])
        assert there.cloud.store.users.get(id=claimed["user_id"]) is None
        for who in ("m", "o", "c", "c2", "p"):
            assert (await there.call("GET", f"/v1/devices/{DEVICE}", who)).status_code == 403
            assert (await there.call("GET", f"/v1/orgs/shades-v100/devices/{DEVICE}", who)).status_code == 404
            if who != "p":
                assert await there.ok("GET", "/v1/devices", who) == []
                assert (await there.call("POST", "/v1/devices", who, data={"id": DEVICE})).status_code == 403
        assert (await there.ok("GET", f"/v1/orgs/shades-v100/products/{fixture.slug}/devices", "m"))["devices"] == []
        # What happens to the device meanwhile does not heal it.
        await there.go_offline()
        await there.go_online(product_id=fixture.product)
        assert (await there.ok("GET", f"/admin/devices/{DEVICE}", "admin"))["owned_by_nobody"] is True
        repaired = await there.ok("POST", f"/admin/devices/{DEVICE}/repair", "admin")
        assert (repaired["owner"], repaired["owned_by_nobody"]) == ("c@example.com", False)
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "c")] == [DEVICE]
        assert (await there.ok("GET", f"/v1/orgs/shades-v100/devices/{DEVICE}", "m"))["owner"] == "c@example.com"
        assert (await there.call("POST", f"/admin/devices/{DEVICE}/repair", "m")).status_code == 401


@_in_eras("2016-before")
async def test_10_what_a_code_claimed_is_not_lost_by_claiming_it_again(there: World, _: Fixture) -> None:
    """Row 8: codes kept the kind of their owner all along."""
    owner = there.owner()
    await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
    assert there.owner() == owner
    assert [each["id"] for each in await there.ok("GET", "/v1/devices", "c")] == [DEVICE]


@pytest.mark.parametrize("era", [*ERAS_2016, "today"])
async def test_11_an_id_in_the_address_claims_nothing(tmp_path: Path, era: str) -> None:
    """Rows 58, 60."""
    async with world(tmp_path, ERAS[era]) as there:
        await populate(there)
        query = {"id": DEVICE, "access_token": there.tokens["c"]}
        answer = await there.call("POST", "/v1/devices", params=query)
        assert answer.json() == {"ok": False, "errors": ["data.deviceID is empty"]}
        assert there.owner() is None


@_in_eras(*ERAS_2016, "today")
async def test_12_a_customer_has_no_role_in_a_product(there: World, fixture: Fixture) -> None:
    """Row 57."""
    for method in ("GET", "POST"):
        answer = await there.call(method, f"/v1/products/{fixture.product}/devices", "c", params={"id": DEVICE})
        assert answer.json() == NO_ROLE


@pytest.mark.parametrize("era", [*ERAS_2016, "today"])
async def test_13_a_client_makes_customers_and_their_tokens(tmp_path: Path, era: str) -> None:
    """Rows 55, 56."""
    async with world(tmp_path, ERAS[era]) as there:
        fixture = await _customer_owned(there)
        client_id, secret = fixture.client
        form = {"client_id": client_id, "client_secret": secret, "email": "jane@example.com", "no_password": "true"}
        made = await there.call("POST", f"/v1/products/{fixture.product}/customers", data=form)
        assert made.status_code == 201 and made.json()["access_token"]
        grant = {"grant_type": "client_credentials", "scope": "customer=jane@example.com"}
        there.tokens["jane"] = (await there.ok("POST", "/oauth/token", data=grant, auth=fixture.client))["access_token"]
        assert await there.ok("GET", "/v1/devices", "jane") == []
        grant["scope"] = "customer=c@example.com"
        there.tokens["again"] = (await there.ok("POST", "/oauth/token", data=grant, auth=fixture.client))[
            "access_token"
        ]
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "again")] == [DEVICE]


@_in_eras(*ERAS_2016, "today")
async def test_14_a_customers_device_cannot_be_imported_elsewhere(there: World, _: Fixture) -> None:
    """Row 18."""
    before = there.cloud.store.devices.get(DEVICE)
    second = await there.product("m", "Second")
    answer = await there.ok("POST", f"/v1/products/{second['id']}/devices", "m", json={"id": DEVICE})
    assert (answer["invalidDeviceIds"], answer["updated"]) == ([DEVICE], 0)
    assert there.cloud.store.devices.get(DEVICE) == before


@_in_eras(*ERAS_2016, "today")
async def test_15_a_second_customer_is_refused(there: World, _: Fixture) -> None:
    """Row 16."""
    owner = there.owner()
    answer = await there.call("POST", "/v1/devices", "c2", json={"id": DEVICE})
    assert answer.status_code == 403
    assert "That belongs to someone else." in answer.json()["errors"][0]
    assert there.owner() == owner


@_in_eras("today")
async def test_16_today_the_team_releases_and_claims_offline(there: World, fixture: Fixture) -> None:
    """What the profile of today adds: release through the product, and a claim while the device is offline."""
    await there.ok("DELETE", f"/v1/products/{fixture.product}/devices/{DEVICE}/owner", "m")
    device = there.cloud.store.devices.get(DEVICE)
    assert device is not None
    assert (device.state.owner, device.state.product) == (None, fixture.product)
    await there.go_offline()
    assert (await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE}))["connected"] is False
