"""Claim, release, transfer and claim codes over HTTP, in every situation that was seen."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from photonrig.localcloud.store.claim_codes import CLAIM_CODE_SECONDS

from ..world import DEVICE, OTHER_DEVICE, PLAIN, Fixture, World, populate, world

THIRD = "3" * 24
FOREIGN = {"ok": False, "errors": ["That belongs to someone else."]}


async def test_a_customer_claims_an_unowned_device_of_the_product(tmp_path: Path) -> None:
    """Owner is (customer, c), never an id that belongs to nobody (acceptance 9, rows 31, 59)."""
    async with world(tmp_path) as there:
        fixture = await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        assert await there.ok("DELETE", f"/v1/devices/{DEVICE}", "m") == {"ok": True}
        answer = await there.ok("POST", "/v1/devices", "c", data={"id": DEVICE})
        assert answer.keys() == {"customer_id", "product_id", "updated_at", "id", "connected", "ok"}
        assert (answer["id"], answer["product_id"], answer["connected"]) == (DEVICE, fixture.product, True)
        assert there.owner() == ("customer", answer["customer_id"])
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "c")] == [DEVICE]
        assert await there.ok("GET", "/v1/devices", "m") == []


async def test_the_token_may_be_a_body_field_and_the_id_may_not_be_in_the_address(tmp_path: Path) -> None:
    """Rows 58 and 59, acceptance 11: data in the query is ignored, and nothing changes."""
    async with world(tmp_path) as there:
        await populate(there)
        token = there.tokens["c"]
        answer = await there.call("POST", "/v1/devices", params={"id": DEVICE, "access_token": token})
        assert (answer.status_code, answer.json()) == (400, {"ok": False, "errors": ["data.deviceID is empty"]})
        assert there.owner() is None
        await there.ok("POST", "/v1/devices", data={"id": DEVICE, "access_token": token})
        assert there.owner() is not None


async def test_claiming_again_succeeds_and_changes_nothing_even_offline(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        first = await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        await there.go_offline()
        there.clock.seconds += 60
        again = await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE, "request_transfer": False})
        assert again == first | {"connected": False}


@pytest.mark.parametrize("who", ["c2", "m", "o"])
async def test_a_device_of_another_owner_is_refused(tmp_path: Path, who: str) -> None:
    """Acceptance 15."""
    async with world(tmp_path) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        owner = there.owner()
        answer = await there.call("POST", "/v1/devices", who, json={"id": DEVICE})
        assert (answer.status_code, answer.json()) == (403, FOREIGN)
        # Only users may ask users: a customer's device is not to be had by asking.
        answer = await there.call("POST", "/v1/devices", who, json={"id": DEVICE, "request_transfer": True})
        assert (answer.status_code, answer.json()) == (403, FOREIGN)
        assert there.owner() == owner


async def test_a_transfer_request_is_noted_once_and_ends_with_the_claim(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        await there.user("o")
        asked = await there.ok("POST", "/v1/devices", "o", json={"id": DEVICE, "request_transfer": True})
        again = await there.ok("POST", "/v1/devices", "o", json={"id": DEVICE, "request_transfer": "true"})
        assert asked["transfer_id"] == again["transfer_id"]
        assert [each.id for each in there.cloud.store.transfers.all()] == [asked["transfer_id"]]
        await there.ok("DELETE", f"/v1/devices/{DEVICE}", "u")
        assert [each.id for each in there.cloud.store.transfers.all()] == []


async def test_unknown_devices_do_not_exist(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        for device_id in (OTHER_DEVICE, "no id at all", "%00"):
            answer = await there.call("POST", "/v1/devices", "u", json={"id": device_id})
            assert answer.status_code == 404
            assert answer.json()["errors"] == ["device does not exist"]


async def test_offline_a_sandbox_device_cannot_be_claimed_and_a_products_device_can(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        await there.go_offline()
        assert (await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE}))["connected"] is False
        await there.enrol("o", OTHER_DEVICE)
        answer = await there.call("POST", "/v1/devices", "o", json={"id": OTHER_DEVICE})
        assert answer.status_code == 404
        assert answer.json()["errors"] == [["Core isn't online", 404]]
        assert there.owner(OTHER_DEVICE) is None
        assert fixture.product


async def test_a_product_device_is_not_for_strangers_and_a_sandbox_device_not_for_customers(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        assert (await there.call("POST", "/v1/devices", "o", json={"id": DEVICE})).status_code == 403
        await there.enrol("o", OTHER_DEVICE)
        await there.go_online(OTHER_DEVICE)
        assert (await there.call("POST", "/v1/devices", "c", json={"id": OTHER_DEVICE})).status_code == 403
        assert there.owner() is there.owner(OTHER_DEVICE) is None


async def test_releasing_is_for_the_owner_and_unknown_looks_like_foreign(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        bodies = []
        for who, device_id in (("o", DEVICE), ("o", OTHER_DEVICE), ("o", "a name"), ("c2", DEVICE), ("m", DEVICE)):
            answer = await there.call("DELETE", f"/v1/devices/{device_id}", who)
            assert answer.status_code == 403
            bodies.append(answer.json())
        assert all(body == bodies[0] for body in bodies)
        assert bodies[0]["error"] == "Permission Denied"
        assert there.owner() is not None
        assert await there.ok("DELETE", f"/v1/devices/{DEVICE}", "c") == {"ok": True}
        assert there.owner() is None


async def test_the_team_moves_a_device_from_one_customer_to_another(tmp_path: Path) -> None:
    """Flow E: the first customer loses it at once, the product keeps it throughout."""
    async with world(tmp_path) as there:
        fixture = await populate(there)
        device = f"/v1/products/{fixture.product}/devices/{DEVICE}"
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        assert (await there.ok("GET", device, "m"))["owner"] == "c@example.com"
        assert await there.ok("DELETE", f"{device}/owner", "p") == {"ok": True}
        assert (await there.ok("GET", device, "m"))["owner"] is None
        assert (await there.call("GET", f"/v1/devices/{DEVICE}/position", "c")).status_code == 403
        await there.ok("POST", "/v1/devices", "c2", json={"id": DEVICE})
        shown = await there.ok("GET", device, "m")
        assert (shown["owner"], shown["product_id"]) == ("c2@example.com", fixture.product)


async def test_a_customers_code_claims_once_for_the_customer(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        issued = await there.ok("POST", f"/v1/products/{fixture.product}/device_claims", "c")
        assert issued["device_ids"] == []
        assert len(issued["claim_code"]) == 63
        assert await there.cloud.reports.claim_code_presented(DEVICE, issued["claim_code"]) is True
        owner = there.owner()
        assert owner is not None and owner[0] == "customer"
        listed = await there.ok("POST", f"/v1/products/{fixture.product}/device_claims", "c")
        assert listed["device_ids"] == [DEVICE]
        # Another device presents the same code: it has been used.
        await there.enrol("m", OTHER_DEVICE)
        await there.ok("POST", f"/v1/products/{fixture.product}/devices", "m", json={"id": OTHER_DEVICE})
        assert await there.cloud.reports.claim_code_presented(OTHER_DEVICE, issued["claim_code"]) is False
        assert there.owner(OTHER_DEVICE) is None


async def test_a_used_code_is_confirmed_again_and_does_not_bring_the_device_back(tmp_path: Path) -> None:
    """The confirmation may have been lost; the device may have changed hands since."""
    async with world(tmp_path) as there:
        fixture = await populate(there)
        code = (await there.ok("POST", f"/v1/products/{fixture.product}/device_claims", "c"))["claim_code"]
        assert await there.cloud.reports.claim_code_presented(DEVICE, code)
        await there.ok("DELETE", f"/v1/products/{fixture.product}/devices/{DEVICE}/owner", "m")
        await there.ok("POST", "/v1/devices", "c2", json={"id": DEVICE})
        owner = there.owner()
        assert await there.cloud.reports.claim_code_presented(DEVICE, code) is True
        assert there.owner() == owner


async def test_unknown_and_expired_codes_claim_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        code = (await there.ok("POST", "/v1/device_claims", "m"))["claim_code"]
        there.clock.seconds += CLAIM_CODE_SECONDS + 1
        for presented in (code, "A" * 63, "", "\0" * 300):
            assert await there.cloud.reports.claim_code_presented(DEVICE, presented) is False
        assert there.owner() is None


async def test_possession_takes_a_sandbox_device_over_and_ends_requests_for_it(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        for name in ("u", "o", "w"):
            await there.user(name)
        await there.enrol("u")
        await there.go_online()
        await there.ok("POST", "/v1/devices", "u", json={"id": DEVICE})
        await there.ok("POST", "/v1/devices", "w", json={"id": DEVICE, "request_transfer": True})
        code = (await there.ok("POST", "/v1/device_claims", "o"))["claim_code"]
        assert await there.cloud.reports.claim_code_presented(DEVICE, code)
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "o")] == [DEVICE]
        assert await there.ok("GET", "/v1/devices", "u") == []
        assert [each.id for each in there.cloud.store.transfers.all()] == []


async def test_a_code_of_another_products_customer_claims_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        elsewhere = await there.product("o", "Elsewhere")
        client = await there.client("o", elsewhere["id"])
        await there.customer("d", elsewhere["id"], client)
        code = (await there.ok("POST", f"/v1/products/{elsewhere['slug']}/device_claims", "d"))["claim_code"]
        assert await there.cloud.reports.claim_code_presented(DEVICE, code) is False
        assert there.owner() is None


async def test_removing_a_customer_releases_devices_and_ends_tokens_and_codes(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        code = (await there.ok("POST", f"/v1/products/{fixture.product}/device_claims", "c"))["claim_code"]
        await there.ok("DELETE", f"/v1/products/{fixture.product}/customers/c%40example.com", "m")
        assert there.owner() is None
        assert (await there.call("GET", "/v1/devices", "c")).status_code == 401
        assert await there.cloud.reports.claim_code_presented(DEVICE, code) is False


IMEI = "123456789012345"


@pytest.mark.parametrize("field", ["imei", "iccid"])
async def test_a_code_of_ones_own_choice_is_never_replaced_by_anothers(tmp_path: Path, field: str) -> None:
    """Issue: of two users with the same number, the second had the device of the first."""
    async with world(tmp_path) as there:
        for who in ("u", "o"):
            await there.user(who)
        await there.enrol("u")
        await there.go_online()
        assert (await there.ok("POST", "/v1/device_claims", "u", json={field: IMEI}))["claim_code"] == IMEI
        for later in (0, 1800):
            there.clock.seconds += later
            answer = await there.call("POST", "/v1/device_claims", "o", json={field: IMEI})
            assert (answer.status_code, answer.json()["ok"]) == (400, False)
            assert "claim_code" not in answer.json()
        # Asked for again by the same account it is renewed.
        await there.ok("POST", "/v1/device_claims", "u", json={field: IMEI})
        there.clock.seconds += 3000
        assert await there.cloud.reports.claim_code_presented(DEVICE, IMEI)
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "u")] == [DEVICE]
        # Used, it is still the first one's, and the device's present owner keeps the device when it presents it again.
        assert (await there.call("POST", "/v1/device_claims", "o", json={field: IMEI})).status_code == 400
        assert await there.cloud.reports.claim_code_presented(DEVICE, IMEI)
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "u")] == [DEVICE]


async def test_a_customers_code_of_ones_own_choice_is_not_a_users_to_replace(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        claims = f"/v1/products/{fixture.product}/device_claims"
        await there.ok("POST", claims, "c", json={"iccid": IMEI})
        for who, path in (("c2", claims), ("m", "/v1/device_claims"), ("o", "/v1/device_claims")):
            assert (await there.call("POST", path, who, json={"iccid": IMEI})).status_code == 400
        assert await there.cloud.reports.claim_code_presented(DEVICE, IMEI)
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "c")] == [DEVICE]


async def test_who_knows_a_number_does_not_have_the_device_in_hand(tmp_path: Path) -> None:
    """Long after the code has ended somebody else asks for it: the device that still presents it keeps its owner."""
    async with world(tmp_path) as there:
        for who in ("u", "o"):
            await there.user(who)
        await there.enrol("u")
        await there.go_online()
        await there.ok("POST", "/v1/device_claims", "u", json={"imei": IMEI})
        assert await there.cloud.reports.claim_code_presented(DEVICE, IMEI)
        there.clock.seconds += CLAIM_CODE_SECONDS + 86401
        await there.ok("POST", "/v1/device_claims", "o", json={"imei": IMEI})
        assert await there.cloud.reports.claim_code_presented(DEVICE, IMEI) is False
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "u")] == [DEVICE]
        await there.ok("DELETE", f"/v1/devices/{DEVICE}", "u")
        assert await there.cloud.reports.claim_code_presented(DEVICE, IMEI)  # given away, it is the next one's
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "o")] == [DEVICE]


@pytest.mark.parametrize(
    "number", ["1" * 13, "1" * 23, "1" * 14 + "x", "\u0661" * 15, "A" * 63, " " + "1" * 15, "1" * 15 + "\n"]
)
async def test_only_numbers_can_be_chosen_as_a_code(tmp_path: Path, number: str) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        assert (await there.call("POST", "/v1/device_claims", "u", json={"imei": number})).status_code == 400


async def _by_claim(there: World, made: Fixture) -> None:
    await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})


async def _by_code(there: World, made: Fixture) -> None:
    code = (await there.ok("POST", "/v1/device_claims", "m"))["claim_code"]
    assert await there.cloud.reports.claim_code_presented(DEVICE, code)


async def _by_import(there: World, made: Fixture) -> None:
    await there.ok("DELETE", f"/v1/products/{made.product}/devices/{DEVICE}", "m")
    body = {"id": DEVICE, "claim_user": "m@example.com"}
    await there.ok("POST", f"/v1/products/{made.product}/devices", "m", json=body)


async def _by_change_of_owner(there: World, made: Fixture) -> None:
    path = f"/v1/products/{made.product}/devices/{DEVICE}/owner"
    await there.ok("PUT", path, "m", json={"user": "m@example.com"})


@pytest.mark.parametrize("way", [_by_claim, _by_code, _by_import, _by_change_of_owner])
async def test_a_name_is_unique_in_an_account_however_a_device_gets_there(
    tmp_path: Path, way: Callable[[World, Fixture], Awaitable[None]]
) -> None:
    """Documented: unique within an account. The name of one that comes gets a number: a choice."""
    async with world(tmp_path, replace(PLAIN, extensions=True)) as there:
        made = await populate(there)
        names = {OTHER_DEVICE: "Kitchen", THIRD: "kitchen-2", DEVICE: "KITCHEN"}
        for device in (OTHER_DEVICE, THIRD):
            await there.enrol("m", device)
            await there.go_online(device)
            await there.ok("POST", "/v1/devices", "m", json={"id": device})
            await there.ok("PUT", f"/v1/devices/{device}", "m", json={"name": names[device]})
        await there.ok("PUT", f"/v1/products/{made.product}/devices/{DEVICE}", "m", json={"name": names[DEVICE]})
        await way(there, made)
        found = {each["id"]: each["name"] for each in await there.ok("GET", "/v1/devices", "m")}
        assert found == names | {DEVICE: "KITCHEN-3"}
        assert (await there.ok("GET", "/v1/devices/kitchen", "m"))["id"] == OTHER_DEVICE
        # Claimed again, it keeps its name.
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        assert (await there.ok("GET", f"/v1/devices/{DEVICE}", "m"))["name"] == "KITCHEN-3"


async def test_a_numbered_name_is_no_longer_than_a_name_may_be(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        made = await populate(there)
        await there.enrol("m", OTHER_DEVICE)
        await there.go_online(OTHER_DEVICE)
        await there.ok("POST", "/v1/devices", "m", json={"id": OTHER_DEVICE})
        for path in (f"/v1/devices/{OTHER_DEVICE}", f"/v1/products/{made.product}/devices/{DEVICE}"):
            await there.ok("PUT", path, "m", json={"name": "x" * 64})
        await _by_claim(there, made)
        assert (await there.ok("GET", f"/v1/devices/{DEVICE}", "m"))["name"] == "x" * 62 + "-2"
