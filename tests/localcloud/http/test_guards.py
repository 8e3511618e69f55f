"""Products, organizations, teams and clients, each asked for what belongs to another."""

from pathlib import Path

import pytest

from photonrig.localcloud.eras import Role

from ..world import DEVICE, ERAS, PLAIN, Fixture, World, populate, world


async def _elsewhere(there: World) -> tuple[int, tuple[str, str]]:
    """A product of stranger o with a client, a bearer ``x`` and a customer ``d``."""
    product = (await there.product("o", "Elsewhere"))["id"]
    client = await there.client("o", product)
    await there.customer("d", product, client)
    granted = await there.ok("POST", "/oauth/token", data={"grant_type": "client_credentials"}, auth=client)
    there.tokens["x"] = granted["access_token"]
    return product, client


def _product(fixture: Fixture) -> list[str]:
    """Addresses that show product p and device D in it."""
    product = f"/v1/products/{fixture.product}"
    return [product, f"{product}/devices", f"{product}/devices/{DEVICE}", f"{product}/customers", f"{product}/firmware"]


async def test_the_token_of_one_product_is_nothing_in_another(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        await _elsewhere(there)
        for path in _product(fixture):
            await there.ok("GET", path, "p")
            for who in ("x", "d", "o"):
                assert (await there.call("GET", path, who)).status_code == 404
        owner = f"/v1/products/{fixture.product}/devices/{DEVICE}/owner"
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        for who in ("x", "d", "o"):
            assert (await there.call("DELETE", owner, who)).status_code == 404
        assert there.owner() is not None


async def test_the_client_of_one_product_makes_customers_of_no_other(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        _, client = await _elsewhere(there)
        path = f"/v1/products/{fixture.product}/customers"
        form = {"email": "e@example.com", "no_password": "true"}
        answer = await there.call("POST", path, data=form, auth=client)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
        assert (await there.call("POST", path, data=form | {"client_id": client[0]})).status_code == 400
        scoped = {"grant_type": "client_credentials", "scope": "customer=c@example.com"}
        assert (await there.call("POST", "/oauth/token", data=scoped, auth=client)).status_code == 400
        listed = await there.ok("GET", path, "m")
        assert {each["username"] for each in listed["customers"]} == {"c@example.com", "c2@example.com"}


async def test_a_device_that_left_the_product_is_not_on_its_paths(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        device = f"/v1/products/{fixture.product}/devices/{DEVICE}"
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        assert (await there.ok("GET", device, "m"))["id"] == DEVICE
        assert (await there.call("DELETE", device, "m")).status_code == 204
        for who in ("m", "p"):
            for method, path, body in (
                ("GET", device, None),
                ("GET", f"{device}/position", None),
                ("POST", f"{device}/move", {"arg": "1"}),
                ("PUT", device, {"name": "taken"}),
                ("DELETE", f"{device}/owner", None),
                ("DELETE", device, None),
            ):
                gone = 400 if (method, path) == ("DELETE", device) else 404
                assert (await there.call(method, path, who, json=body)).status_code == gone
        assert there.owner() is not None
        assert there.devices.calls == []


async def test_a_product_is_not_found_on_the_path_of_another_organization(tmp_path: Path) -> None:
    """Neither by who may see it, nor by the administrator of that organization."""
    async with world(tmp_path, ERAS["2016-after"]) as there:
        fixture = await populate(there)
        await there.product("o", "Others")  # and with it an organization
        organizations = there.cloud.store.organizations
        ours, theirs = organizations.find(fixture.organization), organizations.find("others-v100")
        assert ours is not None
        assert theirs is not None
        (m,) = organizations.team(ours.id)
        with there.cloud.store.write():
            organizations.set_role(theirs.id, m, Role.ADMINISTRATOR)
        listing = f"products/{fixture.product}/devices"
        found = await there.ok("GET", f"/v1/orgs/{fixture.organization}/{listing}", "m")
        assert [each["id"] for each in found["devices"]] == [DEVICE]
        for who in ("m", "o", "c"):
            for path in (listing, f"products/{fixture.slug}/devices", f"devices/{DEVICE}"):
                assert (await there.call("GET", f"/v1/orgs/others/{path}", who)).status_code in (403, 404)
        code = f"products/{fixture.product}/device_claims"
        assert (await there.call("POST", f"/v1/orgs/others/{code}", "m")).status_code in (403, 404)


async def test_the_founder_stays_at_the_top_of_the_team(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        team = f"/v1/products/{fixture.product}/team"
        await there.ok("POST", team, "m", json={"username": "o@example.com", "role": "Administrator"})
        for method, path, body in (
            ("PUT", f"{team}/m@example.com", {"role": "View-only"}),
            ("POST", f"{team}/M@Example.com", {"role": "Developer"}),
            ("POST", team, {"username": "m@example.com", "role": "Support"}),
            ("DELETE", f"{team}/m@example.com", None),
        ):
            assert (await there.call(method, path, "o", json=body)).status_code == 400
        roles = {each["username"]: each["role"] for each in await there.ok("GET", team, "m")}
        assert roles == {"m@example.com": "Administrator", "o@example.com": "Administrator"}


@pytest.mark.parametrize("change", ["removed", "demoted"])
async def test_streams_end_with_the_rights_they_were_opened_with(tmp_path: Path, change: str) -> None:
    """Who is taken off the team, or is given another role, reads no further on a stream that is still open."""
    async with world(tmp_path, PLAIN) as there:
        fixture = await populate(there)
        team = f"/v1/products/{fixture.product}/team"
        await there.ok("POST", team, "m", json={"username": "o@example.com", "role": "Developer"})
        token = there.cloud.store.tokens.find(there.tokens["o"])
        assert token is not None
        reader = there.cloud.bus.subscribe(lambda event: event.product == fixture.product, token.hash)
        await there.device_publishes("shade/before")
        assert b"shade/before" in (await reader.next(1) or b"")
        if change == "removed":
            await there.ok("DELETE", f"{team}/o@example.com", "m")
        else:
            await there.ok("PUT", f"{team}/o@example.com", "m", json={"role": "View-only"})
        await there.device_publishes("shade/after")
        assert await reader.next(1) is None
