"""What sets the eras apart beside the permission table: words, claims, clients of organizations, public events."""

from pathlib import Path

import pytest

from photonrig.errors import UsageError
from photonrig.localcloud import assumptions
from photonrig.localcloud.assumptions import CHOICES
from photonrig.localcloud.device.contract import PublishedEvent, Subscription
from photonrig.localcloud.eras.all import ERAS as RULES
from photonrig.localcloud.eras.all import era_named
from photonrig.localcloud.eras.refusals import Situation

from ..asking import ask
from ..hook_target import beside_target
from ..streams import on_sockets
from ..world import DEVICE, ERAS, OTHER_DEVICE, populate, world

ERAS_2016 = ("2016-before", "2016-after")


def test_eras_are_known_by_name() -> None:
    assert list(RULES) == list(ERAS)
    with pytest.raises(UsageError, match="2016-before, 2016-after, today"):
        era_named("2017")


@pytest.mark.parametrize("era", RULES)
def test_every_refusal_has_words_and_every_choice_a_reason(era: str) -> None:
    assert set(RULES[era].refusals) == set(Situation)
    for refusal in RULES[era].refusals.values():
        assert 400 <= refusal.status < 600
        assert {"error", "errors"} & refusal.body.keys()
    assert all(choice.question and choice.why for choice in CHOICES.values())


def test_what_is_chosen_as_a_value_is_taken_from_the_line_of_its_choice() -> None:
    sources = "".join(path.read_text() for path in Path(assumptions.__file__).parent.rglob("*.py"))
    for name, choice in CHOICES.items():
        if not isinstance(choice.chosen, str):
            assert f"assumptions.{name}." in sources, name


@pytest.mark.parametrize(
    ("era", "variable", "function", "unknown"),
    [
        ("2016-after", (408, {"error": "Timed out."}), 400, "Variable not found"),
        ("today", (408, {"ok": False, "error": "timed out"}), 408, "Unknown Variable: nothing"),
    ],
)
async def test_words_for_what_a_device_does_not_answer(
    tmp_path: Path, era: str, variable: tuple[int, dict[str, object]], function: int, unknown: str
) -> None:
    async with world(tmp_path, ERAS[era]) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        missing = await there.call("GET", f"/v1/devices/{DEVICE}/nothing", "m")
        assert (missing.status_code, missing.json()["error"]) == (404, unknown)
        await there.go_offline()
        answer = await there.call("GET", f"/v1/devices/{DEVICE}/position", "m")
        assert (answer.status_code, answer.json()) == variable
        answer = await there.call("POST", f"/v1/devices/{DEVICE}/move", "m", json={"arg": "x"})
        assert answer.status_code == function


@pytest.mark.parametrize("era", ERAS_2016)
async def test_in_2016_any_user_claims_what_is_online_and_nobody_what_is_not(tmp_path: Path, era: str) -> None:
    async with world(tmp_path, ERAS[era]) as there:
        await populate(there)
        await there.go_offline()
        for who in ("m", "o"):
            answer = await there.call("POST", "/v1/devices", who, json={"id": DEVICE})
            assert (answer.status_code, answer.json()["errors"]) == (404, [["Core isn't online", 404]])
        await there.go_online()
        assert (await there.ok("POST", "/v1/devices", "o", json={"id": DEVICE}))["connected"] is True


async def test_a_members_code_of_an_organization_loses_the_device_until_it_is_repaired(tmp_path: Path) -> None:
    async with world(tmp_path, ERAS["2016-after"]) as there:
        fixture = await populate(there)
        path = f"/v1/orgs/shades-v100/products/{fixture.slug}/device_claims"
        code = (await there.ok("POST", path, "m", data={"": ""}))["claim_code"]
        assert await there.cloud.reports.claim_code_presented(DEVICE, code), "the device takes itself for claimed"
        assert await there.ok("GET", "/v1/devices", "m") == []
        assert (await there.ok("GET", f"/v1/orgs/shades-v100/products/{fixture.slug}/devices", "m"))["devices"] == []
        repaired = await there.ok("POST", f"/admin/devices/{DEVICE}/repair", "admin")
        assert (repaired["owner"], repaired["owned_by_nobody"]) == (None, False)
        code = (await there.ok("POST", path, "c"))["claim_code"]
        assert await there.cloud.reports.claim_code_presented(DEVICE, code)
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "c")] == [DEVICE]


async def test_an_organizations_client_makes_its_customers(tmp_path: Path) -> None:
    async with world(tmp_path, ERAS["2016-after"]) as there:
        await populate(there)
        body = {"name": "app", "type": "installed", "organization": "shades-v100", "scope": "create_customer"}
        made = (await there.ok("POST", "/v1/clients", "m", json=body))["client"]
        assert made["org_id"]
        assert made["id"] in [each["id"] for each in (await there.ok("GET", "/v1/clients", "m"))["clients"]]
        form = {"email": "Jane", "password": "x"}
        granted = await there.call(
            "POST", "/v1/orgs/shades-v100/customers", data=form, auth=(made["id"], made["secret"])
        )
        assert (granted.status_code, granted.json()["scope"]) == (201, "customer=jane")
        assert (await there.call("POST", "/v1/orgs/shades-v100/customers", "m", json=form)).status_code == 400
        wrong = await there.call("POST", "/v1/orgs/nothing/customers", data=form, auth=(made["id"], made["secret"]))
        assert wrong.json()["error"] == "Organization not found."
        foreign = await there.call("POST", "/v1/clients", "o", json=body)
        assert (foreign.status_code, foreign.json()["error"]) == (404, "Organization not found for user.")
        assert (await there.call("DELETE", f"/v1/clients/{made['id']}", "m")).status_code == 204


async def test_in_an_organization_of_several_products_one_is_named(tmp_path: Path) -> None:
    async with world(tmp_path, ERAS["2016-after"]) as there:
        await populate(there)
        second = await there.product("m", "Second")
        await there.ok("PUT", "/admin/organizations/shades-v100/products/second-v100", "admin")
        path, form = "/v1/orgs/shades-v100/customers", {"email": "jane", "password": "x"}
        assert (await there.call("POST", path, "m", json=form)).status_code == 400
        assert (await there.call("POST", path, "m", json=form | {"product": "second-v100"})).status_code == 201
        assert there.cloud.store.customers.named(second["id"], "jane") is not None


async def test_in_2016_what_is_published_is_public_unless_it_says_private(tmp_path: Path) -> None:
    async with on_sockets(tmp_path, ERAS["2016-after"]) as (there, listen):
        await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        everything = await listen("/v1/events", "o")
        one = await listen(f"/v1/devices/{DEVICE}/events", "o")
        own = await listen("/v1/devices/events", "o")
        await there.cloud.reports.published(DEVICE, PublishedEvent("whispered", None, 60, True))
        await there.cloud.reports.published(DEVICE, PublishedEvent("shouted", None, 60, False))
        await there.ok("POST", "/v1/devices/events", "m", json={"name": "by-default"})
        await there.ok("POST", "/v1/devices/events", "m", json={"name": "not-this", "private": True})
        await there.ok("POST", "/v1/devices/events", "o", json={"name": "canary", "private": True})
        await everything.until(lambda: ("canary", None) in everything.events)
        assert [name for name, _ in everything.events] == ["shouted", "by-default", "canary"]
        await own.until(lambda: own.events == [("canary", None)])
        assert [name for name, _ in one.events] == ["shouted"]


async def test_in_2016_a_device_hears_its_owner(tmp_path: Path) -> None:
    async with world(tmp_path, ERAS["2016-after"]) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        there.devices.listening[DEVICE] = (Subscription("sun/", "mine"),)
        await there.ok("POST", "/v1/devices/events", "o", json={"name": "sun/public"})
        await there.ok("POST", "/v1/devices/events", "o", json={"name": "sun/private", "private": True})
        await there.ok("POST", "/v1/devices/events", "m", json={"name": "sun/mine", "private": True})
        assert (await there.devices.received.get())[:2] == (DEVICE, "sun/mine")
        assert there.devices.received.empty()


async def test_the_administration_needs_its_token_and_answers_transfers(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        for who in (None, "m", "p"):
            assert (await ask(there, "GET", "/admin/transfers", who)).status == 401
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        await there.ok("POST", "/v1/products/20001/team", "m", json={"username": "o@example.com"})
        path = "/admin/transfers"
        asked = await there.ok("POST", "/v1/devices", "o", json={"id": DEVICE, "request_transfer": True})
        listed = (await there.ok("GET", path, "admin"))["transfers"]
        assert [(each["transfer_id"], each["from"], each["to"]) for each in listed] == [
            (asked["transfer_id"], "m@example.com", "o@example.com")
        ]
        assert await there.ok("POST", f"{path}/{asked['transfer_id']}/deny", "admin") == {"ok": True}
        assert (await there.call("POST", f"{path}/{asked['transfer_id']}/approve", "admin")).status_code == 404
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "m")] == [DEVICE]
        asked = await there.ok("POST", "/v1/devices", "o", json={"id": DEVICE, "request_transfer": True})
        approved = await there.ok("POST", f"{path}/{asked['transfer_id']}/approve", "admin")
        assert approved["device"]["owner"] == "o@example.com"
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "o")] == [DEVICE]
        assert (await there.ok("GET", path, "admin"))["transfers"] == []


async def test_a_transfer_waits_while_the_name_is_taken(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        for name, device_id in (("u", DEVICE), ("o", OTHER_DEVICE)):
            await there.user(name)
            await there.enrol(name, device_id)
            await there.go_online(device_id)
            await there.ok("POST", "/v1/devices", name, json={"id": device_id})
            await there.ok("PUT", f"/v1/devices/{device_id}", name, json={"name": "Kitchen"})
        asked = await there.ok("POST", "/v1/devices", "o", json={"id": DEVICE, "request_transfer": True})
        approve = f"/admin/transfers/{asked['transfer_id']}/approve"
        assert (await there.call("POST", approve, "admin")).status_code == 409
        await there.ok("PUT", f"/v1/devices/{OTHER_DEVICE}", "o", json={"name": "Bath"})
        assert (await there.ok("POST", approve, "admin"))["device"]["owner"] == "o@example.com"


async def test_an_organization_of_today_has_a_team_products_and_a_stream(tmp_path: Path) -> None:
    async with on_sockets(tmp_path) as (there, listen):
        await populate(there)
        body = {"name": "Makers United", "owner": "m@example.com"}
        made = (await there.ok("POST", "/admin/organizations", "admin", json=body))["organization"]
        assert made["slug"] == "makers-united"
        assert (await there.call("POST", "/admin/organizations", "admin", json=body)).status_code == 400
        org = "/v1/orgs/makers-united"
        assert (await there.ok("GET", "/v1/orgs", "m"))["organizations"] == [made]
        fields = {"product": {"name": "Org shades", "platform_id": 6}}
        product = (await there.ok("POST", f"{org}/products", "m", json=fields))["product"]
        assert product["organization_id"] == made["id"]
        assert (await there.call("GET", f"{org}/products", "o")).status_code == 404
        await there.ok("POST", f"{org}/team", "m", json={"username": "o@example.com", "role": "View-only"})
        assert {each["username"]: each["role"] for each in await there.ok("GET", f"{org}/team", "o")} == {
            "m@example.com": "Administrator", "o@example.com": "View-only",
        }  # fmt: skip
        # A role in the organization is a role in its products.
        assert [each["id"] for each in (await there.ok("GET", f"{org}/products", "o"))["products"]] == [product["id"]]
        assert (await there.ok("GET", f"/v1/products/{product['id']}", "o"))["product"]["name"] == "Org shades"
        assert (await there.call("POST", f"/v1/products/{product['id']}/devices", "o", json={})).status_code == 403
        await there.enrol("m", OTHER_DEVICE)
        await there.ok("POST", f"/v1/products/{product['id']}/devices", "m", json={"id": OTHER_DEVICE})
        stream = await listen(f"{org}/events", "o")
        await there.device_publishes("elsewhere")
        await there.device_publishes("here", device_id=OTHER_DEVICE)
        await stream.until(lambda: stream.events == [("here", None)])
        assert (await there.call("DELETE", f"{org}/team/m@example.com", "m")).status_code == 400
        await there.ok("DELETE", f"{org}/team/o@example.com", "m")
        assert (await there.call("GET", org, "o")).status_code == 404


async def test_an_organizations_hook_fires_for_all_its_products_the_later_ones_too(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        fixture = await populate(there)
        await there.ok("POST", "/admin/organizations", "admin", json={"name": "Makers", "owner": "m@example.com"})
        hook = {"event": "moved", "url": target.url}
        made = await there.ok("POST", "/v1/orgs/makers/integrations", "m", json=hook)
        assert (await there.call("GET", f"/v1/orgs/makers/integrations/{made['id']}", "o")).status_code == 404

        async def fired() -> int:
            target.received.clear()
            await there.device_publishes("moved")
            await there.cloud.webhooks.idle()
            return len(target.received)

        assert await fired() == 0
        await there.ok("PUT", f"/admin/organizations/makers/products/{fixture.slug}", "admin")
        assert await fired() == 1
        assert (await there.call("DELETE", f"/v1/orgs/makers/integrations/{made['id']}", "m")).is_success
        assert await fired() == 0
