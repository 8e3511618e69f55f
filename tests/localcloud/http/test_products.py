"""Products, import, quarantine, customers and their lists."""

from pathlib import Path

import pytest

from ..world import DEVICE, ERAS, OTHER_DEVICE, populate, world

FIELDS_CLIENTS_READ = {
    "cellular",
    "connected",
    "current_build_target",
    "default_build_target",
    "denied",
    "development",
    "firmware_product_id",
    "firmware_updates_enabled",
    "firmware_updates_forced",
    "functions",
    "groups",
    "id",
    "last_handshake_at",
    "last_heard",
    "last_ip_address",
    "mobile_secret",
    "name",
    "online",
    "owner",
    "platform_id",
    "product_id",
    "quarantined",
    "serial_number",
    "system_firmware_version",
    "targeted_firmware_release_version",
    "variables",
}


async def test_products_are_found_by_number_and_slug_and_only_by_their_team(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        by_number = await there.ok("GET", f"/v1/products/{fixture.product}", "m")
        assert by_number == await there.ok("GET", "/v1/products/shades", "m")
        assert by_number["product"]["platform_id"] == 6
        for path in ("/v1/products", "/v1/user/products"):
            assert [each["id"] for each in (await there.ok("GET", path, "m"))["products"]] == [fixture.product]
            assert (await there.ok("GET", path, "o"))["products"] == []
        # What exists and what does not are answered alike.
        for known, unknown in ((str(fixture.product), "99999"), ("shades", "nothing")):
            answers = [await there.call("GET", f"/v1/products/{each}", "o") for each in (known, unknown)]
            assert answers[0].json() == answers[1].json()
            assert {each.status_code for each in answers} == {404}


@pytest.mark.parametrize("number", ["9" * 40, "0", "-1", "18446744073709551616", "٣"])
async def test_odd_product_numbers_are_unknown_products(tmp_path: Path, number: str) -> None:
    async with world(tmp_path) as there:
        await there.user("m")
        assert (await there.call("GET", f"/v1/products/{number}", "m")).status_code in (403, 404)


async def test_product_names_are_unique(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("m")
        first = await there.product("m", "Lot 1")
        assert first["slug"] == "lot-1"
        for name in ("lot 1", "Lot-1", "", None):
            answer = await there.call("POST", "/v1/user/products", "m", json={"product": {"name": name}})
            assert answer.status_code == 400


@pytest.mark.parametrize("era", ["2016-before", "2016-after"])
async def test_a_product_of_2016_has_the_shape_recorded_before_today(tmp_path: Path, era: str) -> None:
    """An array of one, the version behind the slug: particlerb in May 2018; the slug by a fork's README."""
    async with world(tmp_path, ERAS[era]) as there:
        await there.user("m")
        made = await there.product("m", "Test device")
        assert made["slug"] == "test-device-v100"
        (shown,) = (await there.ok("GET", "/v1/products/test-device-v100", "m"))["product"]
        assert shown == made
        assert made.keys() == {
            *("id", "platform_id", "name", "slug", "latest_firmware_version", "description", "type"),
            *("hardware_version", "config_id", "organization", "requires_activation_codes", "subscription_id"),
            *("mb_limit", "groups"),
        }
        assert (made["hardware_version"], made["latest_firmware_version"]) == ("v1.0.0", None)


async def test_import_by_file_as_the_cli_sends_it(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        await there.enrol("m", OTHER_DEVICE)
        listing = f"{DEVICE}\r\n{OTHER_DEVICE.upper()}\r\n{'B' * 24}\n".encode()
        path = f"/v1/products/{fixture.product}/devices"
        answer = await there.ok("POST", path, "m", files={"file": ("file", listing)})
        assert answer == {
            "updated": 1,
            "updatedDeviceIds": [OTHER_DEVICE],
            "existingDeviceIds": [DEVICE],
            "nonmemberDeviceIds": [],
            "invalidDeviceIds": ["B" * 24],  # as sent: the CLI takes them away from what it sent
            "protectedDeviceIds": [],
        }


async def test_a_device_of_another_product_is_invalid_and_unchanged(tmp_path: Path) -> None:
    """Acceptance 14, row 18."""
    async with world(tmp_path) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        before = there.cloud.store.devices.get(DEVICE)
        second = await there.product("m", "Second")
        answer = await there.ok("POST", f"/v1/products/{second['id']}/devices", "m", data={"ids[]": [DEVICE]})
        assert (answer["invalidDeviceIds"], answer["updated"]) == ([DEVICE], 0)
        assert there.cloud.store.devices.get(DEVICE) == before


async def test_a_device_of_a_user_outside_the_team_is_a_nonmembers(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        await there.enrol("o", OTHER_DEVICE)
        await there.go_online(OTHER_DEVICE)
        await there.ok("POST", "/v1/devices", "o", json={"id": OTHER_DEVICE})
        sent = {"ids": [OTHER_DEVICE.upper()]}
        answer = await there.ok("POST", f"/v1/products/{fixture.product}/devices", "m", json=sent)
        assert (answer["nonmemberDeviceIds"], answer["updated"]) == ([OTHER_DEVICE.upper()], 0)


async def test_claim_user_takes_unowned_devices_and_must_be_on_the_team(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        path = f"/v1/products/{fixture.product}/devices"
        for nobody in ("o@example.com", "c@example.com"):
            assert (await there.call("POST", path, "m", json={"id": DEVICE, "claim_user": nobody})).status_code == 400
        await there.ok("POST", path, "p", json={"id": DEVICE, "claim_user": "m@example.com"})
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "m")] == [DEVICE]


async def test_removal_ends_a_customers_claim_and_the_membership(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        path = f"/v1/products/{fixture.product}/devices/{DEVICE}"
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        assert (await there.call("DELETE", path, "m")).status_code == 204
        assert there.owner() is None
        gone = await there.call("DELETE", path, "m")
        assert (gone.status_code, gone.json()["error"]) == (400, "Device not found for this product")
        device = there.cloud.store.devices.get(DEVICE)
        assert device is not None and device.state.product is None


async def test_a_device_whose_firmware_names_the_product_waits_in_quarantine(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        await there.enrol("o", OTHER_DEVICE)
        await there.go_online(OTHER_DEVICE)
        await there.ok("POST", "/v1/devices", "o", json={"id": OTHER_DEVICE})
        await there.go_online(OTHER_DEVICE, product_id=fixture.product)
        path = f"/v1/products/{fixture.product}/devices"
        shown = await there.ok("GET", f"{path}/{OTHER_DEVICE}", "m")
        assert (shown["quarantined"], shown["denied"], shown["online"]) == (True, False, False)
        assert (await there.call("GET", f"/v1/devices/{OTHER_DEVICE}/position", "o")).status_code == 408
        waiting = await there.ok("GET", path, "m", params={"quarantined": "true"})
        assert [each["id"] for each in waiting["devices"]] == [OTHER_DEVICE]
        denied = await there.call("DELETE", f"{path}/{OTHER_DEVICE}", "m", json={"deny": True})
        assert denied.status_code == 204
        await there.go_online(OTHER_DEVICE, product_id=fixture.product)
        assert (await there.ok("GET", f"{path}/{OTHER_DEVICE}", "m"))["denied"] is True
        # Its owner is outside of the team: released, it may be imported.
        await there.ok("DELETE", f"/v1/devices/{OTHER_DEVICE}", "o")
        await there.ok("POST", path, "m", json={"id": OTHER_DEVICE})
        assert (await there.ok("GET", f"{path}/{OTHER_DEVICE}", "m"))["quarantined"] is False


async def test_a_product_id_this_cloud_does_not_have_quarantines_nobody(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        await there.enrol("u")
        await there.go_online(product_id=4711)
        assert (await there.ok("POST", "/v1/devices", "u", json={"id": DEVICE}))["connected"] is True
        assert await there.ok("GET", f"/v1/devices/{DEVICE}/position", "u")


async def test_the_product_list_pages_and_filters(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        ids = [f"{number:024x}" for number in range(1, 6)]
        for each in ids:
            await there.enrol("m", each)
        path = f"/v1/products/{fixture.product}/devices"
        await there.ok("POST", path, "m", json={"ids": ids})
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        second = await there.ok("GET", path, "m", params={"page": 2, "per_page": 2})
        assert [each["id"] for each in second["devices"]] == ids[2:4]
        assert second["meta"] == {"total_pages": 3}
        everything = await there.ok("GET", path, "m", params={"perPage": 100})
        assert [each["username"] for each in everything["customers"]] == ["c@example.com"]
        found = await there.ok("GET", path, "m", params={"deviceId": DEVICE[:10].upper()})
        assert [each["owner"] for each in found["devices"]] == ["c@example.com"]
        for odd in ({"page": "0"}, {"per_page": "x"}, {"page": "-1"}):
            assert (await there.call("GET", path, "m", params=odd)).status_code == 400


async def test_a_product_device_has_the_fields_that_clients_read(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        shown = await there.ok("GET", f"/v1/products/{fixture.product}/devices/{DEVICE}", "m")
        assert shown.keys() >= FIELDS_CLIENTS_READ
        assert shown["variables"] == {"position": "int32"}
        assert shown["functions"] == ["move"]
        assert shown["last_handshake_at"].endswith("Z")


async def test_customers_are_made_by_client_or_with_a_password_and_once(tmp_path: Path) -> None:
    """Acceptance 13, rows 55 and 56."""
    async with world(tmp_path) as there:
        fixture = await populate(there)
        path = f"/v1/products/{fixture.product}/customers"
        secret = {"client_id": fixture.client[0], "client_secret": fixture.client[1]}
        made = await there.call("POST", path, data={**secret, "email": "Jane@Example.com", "no_password": "true"})
        assert made.status_code == 201
        assert made.json().keys() == {"token_type", "access_token", "expires_in", "refresh_token", "scope"}
        again = await there.call("POST", path, data={**secret, "email": "jane@example.com", "no_password": "true"})
        assert again.status_code == 400
        form = {"grant_type": "client_credentials", "scope": "customer=JANE@example.com"}
        granted = await there.ok("POST", "/oauth/token", data=form, auth=fixture.client)
        assert granted["scope"] == "customer=jane@example.com"
        there.tokens["jane"] = granted["access_token"]
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        assert await there.ok("GET", "/v1/devices", "jane") == []
        wrong = await there.call("POST", path, data={**secret, "client_secret": "0" * 40, "email": "x"})
        assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")
        assert (await there.call("POST", path, "m", json={"email": "y"})).status_code == 400
        by_member = await there.call("POST", path, "m", json={"email": "y", "password": "one"})
        assert by_member.status_code == 201
        listed = await there.ok("GET", path, "p")
        assert [each["username"] for each in listed["customers"]] == [
            "c2@example.com", "c@example.com", "jane@example.com", "y",
        ]  # fmt: skip
        assert [each["id"] for each in listed["devices"]] == [DEVICE]


async def test_a_customer_with_a_password_logs_in_through_the_products_client(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        path = f"/v1/products/{fixture.product}/customers"
        await there.ok("POST", path, data={"email": "jane", "password": "one"}, auth=fixture.client)
        form = {"grant_type": "password", "username": "jane", "password": "one"}
        there.tokens["jane"] = (await there.ok("POST", "/oauth/token", data=form, auth=fixture.client))["access_token"]
        assert await there.ok("GET", "/v1/devices", "jane") == []
        await there.ok("PUT", f"{path}/jane", "m", json={"password": "two"})
        assert (await there.call("POST", "/oauth/token", data=form, auth=fixture.client)).status_code == 400
        shadow = await there.call("PUT", f"{path}/c@example.com", "m", json={"password": "two"})
        assert shadow.status_code == 400


async def test_a_customer_is_told_nothing_on_product_paths(tmp_path: Path) -> None:
    """Acceptance 12, row 57."""
    async with world(tmp_path) as there:
        fixture = await populate(there)
        for product in (fixture.product, fixture.slug, 99999):
            answer = await there.call("GET", f"/v1/products/{product}/devices", "c")
            assert answer.json() == {"ok": False, "error": "Organization not found for user's role."}
            assert answer.status_code == 404


async def test_no_organization_is_found_under_the_id_of_another(tmp_path: Path) -> None:
    """Slugs are what users choose: one that spells the id of somebody's organization does not stand in for it."""
    async with world(tmp_path, ERAS["2016-after"]) as there:
        await there.user("m")
        await there.user("o")
        theirs = (await there.product("m"))["organization"]
        organizations, stranger = there.cloud.store.organizations, there.cloud.store.users.named("o@example.com")
        assert stranger is not None
        with there.cloud.store.write():
            forged = organizations.add(theirs, stranger.id)
        found = organizations.find(theirs)
        assert found is not None
        assert forged is not None
        assert (found.id, found.slug) == (theirs, "shades-v100")
        assert organizations.team(forged.id).keys() != organizations.team(theirs).keys()
        client = await there.ok("POST", "/v1/clients", "m", json={"name": "app", "organization": theirs})
        assert client["client"]["org_id"] == theirs
