"""Checks for each row of the forum thread of 2016; see :mod:`photonrig.scenarios.forum_2016` for the verdicts."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from photonrig.errors import ExpectationFailed
from photonrig.ownership.flow_context import Plan
from photonrig.ownership.flows import take
from photonrig.ownership.identities import Account
from photonrig.particle.cloud import USER, Cloud, Token, product
from photonrig.particle.cloud_errors import ApiError
from photonrig.particle.events import EventStream, of_device
from photonrig.particle.softap import LISTEN_HOLD
from photonrig.scenarios.forum_2016_target import ForumTarget
from photonrig.scenarios.virtual_target import VirtualTarget

__all__ = ["SHOWN", "Shown", "Verdict"]

Verdict = Literal["held", "granted", "in part", "extension", "not granted", "context", "failed"]
Check = Callable[[ForumTarget], str]

_SEEN: Final = 15.0  # seconds for an event or a webhook
_ONLINE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Shown:
    """How a row is shown: by ``check``, and by a text where the row states no behaviour."""

    verdict: Verdict
    check: Check | None
    words: str = ""


# --- helpers of checks
# --------------------------------------------------------------------------------------------------


def _that(holds: bool, text: str) -> str:
    if not holds:
        raise ExpectationFailed(text)
    return text


def _acting(stand: VirtualTarget, token: str) -> Cloud:
    cloud = stand.acting(token)
    if cloud is None:
        raise ExpectationFailed(f"the stand of {stand.era} has no token {token}")
    return cloud


def _customers(stand: VirtualTarget) -> str:
    stand.arrange("customer-owned")
    return stand.device("customer-owned")


def _free(stand: VirtualTarget) -> str:
    stand.arrange("unowned")
    return stand.device("unowned")


def _owner(stand: VirtualTarget, device: str, token: str | None) -> str:
    owner = stand.owner(device)
    kind = "user" if token in ("M", "O", "D") else "customer"
    expected = None if token is None else (kind, stand.emails[token])
    return _that(owner == expected, f"owner: {' '.join(owner) if owner else 'nobody'}")


def _answers(stand: VirtualTarget, path: str, **expected: int) -> str:
    """Status per token for GET of a path of the customer's device."""
    device = _customers(stand)
    path = path.format(d=device, p=stand.names("customer-owned")["p"], o=stand.slug)
    seen = {token: _acting(stand, token).send("GET", path).status_code for token in expected}
    text = ", ".join(f"{token} {status}" for token, status in seen.items())
    return _that(seen == expected, f"GET {path.replace(device, ':id')}: {text}")


def _lists(stand: VirtualTarget, device: str, **expected: bool) -> str:
    seen = {token: device in {each.id for each in _acting(stand, token).devices()} for token in expected}
    text = ", ".join(f"{token} {'lists it' if has else 'does not list it'}" for token, has in seen.items())
    return _that(seen == expected, text)


def _refused(action: Callable[[], object], text: str, status: int | None = None) -> str:
    try:
        answer = action()
    except ApiError as refusal:
        return _that(text in str(refusal) and status in (None, refusal.status), str(refusal))
    raise ExpectationFailed(f"it was answered: {answer}")


def _by_flow(stand: VirtualTarget, flow: str, device: str, token: str) -> str:
    ours, name = stand.lab.product.id, stand.emails[token]
    to = Account.user(name) if flow == "to-user" else Account.customer(name, ours)
    done = take(Plan(flow, device, ours, to), stand.keys())
    _that(done.outcome == "done", f"the flow {flow} ended {done.outcome}: {done.reason}")
    window = f", nobody's for {done.unowned * 1000:.0f} ms" if done.unowned else ""
    return f"flow {flow}: {_owner(stand, device, token)}{window}"


def _new_customer(stand: VirtualTarget, **more: Any) -> Token:
    email = f"customer-{secrets.token_hex(4)}@example.com"
    return stand.lab.cloud.create_customer(stand.lab.product.id, email, client=stand.lab.client, **more)


def _code(stand: VirtualTarget, token: str) -> str:
    organization = None if stand.era == "today" else stand.slug
    return _acting(stand, token).create_claim_code(stand.names("customer-owned")["p"], organization=organization).code


def _set_up(stage: ForumTarget, stand: VirtualTarget, token: str) -> str:
    """Give the spare device a code of the token's account through SoftAP and wait for its claim."""
    slot, photon = stand.spare.slot, stand.spare
    if not photon.status()["listening"]:
        slot.hold_setup(LISTEN_HOLD)
    with slot.softap() as softap:
        softap.set_claim_code(_code(stand, token))
        softap.join(stage.wifi_ssid, stage.wifi_password)
    wanted = ("customer", stand.emails[token])
    stage.clock.wait_until(
        lambda: not photon.status()["has_claim_code"] and stand.owner(slot.device_id) == wanted,
        _ONLINE,
        "the device claimed by its code, and told so",
    )
    return f"set up by SoftAP with a code of {token}: {_owner(stand, slot.device_id, token)}"


def _streams(stand: VirtualTarget, state: str, *, own: bool) -> str:
    """An event of the state's device is on the product's stream, and on the central user's own as told."""
    stand.arrange(state)
    device, team = stand.device(state), _acting(stand, "M")
    of_it = of_device(device, "shade/moved")
    with EventStream(team, "/v1/devices/events") as mine, stand.witness(state) as products:
        stand.provoke(state)
        products.expect(of_it, timeout=_SEEN)
        if own:
            mine.expect(of_it, timeout=_SEEN)
        else:
            mine.assert_silent(of_it, 0, team.publish, timeout=_SEEN)
    return f"{state}: on {stand.scope.events}; {'also' if own else 'not'} on /v1/devices/events"


# --- rows with several questions
# ----------------------------------------------------------------------------------------


def _row_1(stage: ForumTarget) -> str:
    stand = stage.after
    stand.arrange("user-owned")
    device = stand.device("user-owned")
    return f"{_lists(stand, device, M=True)}; position {stand.lab.team.variable(device, 'position')}"


def _row_5(stage: ForumTarget) -> str:
    stand = stage.before
    stand.arrange("orphaned")
    device = stand.device("orphaned")
    nobody = _owner_text(stand, device)
    listed = _lists(stand, device, C=False, M=False)
    seen = {
        token: _acting(stand, token).send("GET", path).status_code
        for token, path in (
            ("M", f"/v1/devices/{device}"),
            ("C", f"/v1/devices/{device}/position"),
            ("P", f"/v1/orgs/{stand.slug}/devices/{device}"),
        )
    }
    text = ", ".join(f"{token} {status}" for token, status in seen.items())
    return _that(all(status in (403, 404) for status in seen.values()), f"{nobody}; {listed}; {text}")


def _owner_text(stand: VirtualTarget, device: str) -> str:
    owner = stand.owner(device)
    return _that(owner is not None and owner[0] == "nobody", f"owner: {' '.join(owner) if owner else 'none'}")


def _row_7(stage: ForumTarget) -> str:
    stand = stage.after
    stand.arrange("user-owned")
    stand.admin.unclaim(stand.device("user-owned"))
    return f"unclaimed in the console (here the administration): {_owner(stand, stand.device('user-owned'), None)}"


def _row_9(stage: ForumTarget) -> str:
    stand, told = stage.after, []
    for token in ("M", "C"):
        device = _free(stand)
        _acting(stand, token).claim(device)
        told.append(f"claimed with {token}, {_owner(stand, device, token)}")
    return "; ".join(told)


def _row_12(stage: ForumTarget) -> str:
    there = stage.extended
    to = Account.customer(f"jane-{secrets.token_hex(4)}@example.com", there.product)
    steps: list[str] = []
    done = take(
        Plan("to-customer", there.device, there.product, to),
        there.keys,
        journal=lambda progress: steps.append(progress.step),
    )
    found = there.team.device(there.device, product(there.product))
    held = done.outcome == "done" and "release" not in steps and found.owner_name == to.name and done.unowned == 0
    return _that(held, f"PUT …/devices/:id/owner: owner {found.owner_name}, nobody's for {done.unowned * 1000:.0f} ms")


def _row_18(stage: ForumTarget) -> str:
    stand = stage.after
    device, team = _customers(stand), stand.lab.team
    result = team.import_devices(stand.other_product, [device])
    kept = _owner(stand, device, "C")
    return _that(device in result.invalid, f"imported elsewhere: {'invalid' if result.invalid else 'taken'}; {kept}")


def _row_14(stage: ForumTarget) -> str:
    stand = stage.today
    device, other, keys = _customers(stand), stand.other_product, stand.keys()
    done = take(Plan("change-product", device, stand.lab.product.id, into=other), keys)
    there = stand.lab.team.device(device, product(other))
    text = f"customer-owned device in product {there.product_id}, owner {there.owner_name}"
    _that(done.outcome == "done" and there.owner_name == stand.emails["C"], text)
    back = take(Plan("change-product", device, other, into=stand.lab.product.id), keys)
    return _that(back.outcome == "done", f"{text}; and back")


def _row_20(stage: ForumTarget) -> str:
    stand = stage.today
    device = _customers(stand)
    body = {"development": True}
    answer = stand.lab.team.request("PUT", stand.scope.device(device), json_body=body, device=device)
    return _that(answer.get("development") is True, "development flag set by the product's path; product: see row 14")


def _row_21(stage: ForumTarget) -> str:
    stand = stage.today
    device = _customers(stand)
    _, token = stand.lab.team.create_api_user(stand.lab.product.id, "reader", ["devices.variable:get"])
    reader = stand.lab.cloud.using(token)
    path = stand.scope.device(device)
    read = reader.send("GET", f"{path}/position").status_code
    called = reader.send("POST", f"{path}/move", {"arg": "2"}).status_code
    return _that(
        read == 200 and called in (400, 403), f"API user with devices.variable:get: reads {read}, calls {called}"
    )


def _row_24(stage: ForumTarget) -> str:
    stand = stage.before
    stand.arrange("orphaned")
    device = stand.device("orphaned")
    stand.admin.repair(device)
    text = _owner(stand, device, "C")
    return f"repaired by its id: {text}; {_lists(stand, device, C=True)}"


def _row_25(stage: ForumTarget) -> str:
    stand = stage.today
    device = _customers(stand)
    stand.lab.team.release(device, stand.scope)
    free = _owner(stand, device, None)
    _acting(stand, "C").claim(device)
    return f"DELETE …/owner: {free}; POST /v1/devices: {_owner(stand, device, 'C')}"


def _row_28(stage: ForumTarget) -> str:
    stand = stage.after
    stand.arrange("user-owned")
    device = stand.device("user-owned")
    answer = stand.lab.team.request("DELETE", f"/v1/devices/{device}")
    return _that(answer.get("ok") is True, f"{answer}; {_owner(stand, device, None)}")


def _row_30(stage: ForumTarget) -> str:
    stand = stage.after
    token = stand.lab.cloud.customer_token(stand.lab.client, stand.emails["C"], expires_in=0)
    device = _customers(stand)
    mine = stand.lab.cloud.using(token).devices()
    return _that(not token.expires_in and device in {each.id for each in mine}, f"expires_in {token.expires_in}")


def _row_31(stage: ForumTarget) -> str:
    stand = stage.after
    device = _free(stand)
    _acting(stand, "C").claim(device)
    return _owner(stand, device, "C")


def _row_34(stage: ForumTarget) -> str:
    device = _customers(stage.after)
    return f"{_lists(stage.after, device, M=False)}; {_answers(stage.after, '/v1/devices/{d}/position', M=403)}"


def _row_35(stage: ForumTarget) -> str:
    stand = stage.after
    device = _customers(stand)
    seen = stand.admin.device(device)
    return _that(seen.owner_name == stand.emails["C"], f"the console (here the administration) names {seen.owner_name}")


def _row_39(stage: ForumTarget) -> str:
    stand = stage.after
    told = []
    for way in ("claimed by POST", "claimed by code"):
        if way == "claimed by code":
            _set_up(stage, stand, "C")
            device = stand.spare.device_id
        else:
            device = _customers(stand)
        path = f"/v1/devices/{device}/position"
        seen = [_acting(stand, token).send("GET", path).status_code for token in ("M", "O")]
        told.append(_that(seen == [403, 403], f"{way}: M {seen[0]}, O {seen[1]}"))
    return "; ".join(told)


def _row_41(stage: ForumTarget) -> str:
    """A user's hook and a product's on the same event: first of the user's own device, then of the customer's."""
    stand, told = stage.after, []
    team, run = stand.lab.team, secrets.token_hex(4)
    for state, expected in (("user-owned", True), ("customer-owned", False)):
        stand.arrange(state)
        names = {"user": f"user-{run}-{state}", "product": f"product-{run}-{state}"}
        scopes = {"user": USER, "product": product(stand.lab.product.id)}
        made = {
            whose: team.create_webhook("shade/moved", stage.hooks.url(names[whose]), scope=scope)
            for whose, scope in scopes.items()
        }
        stand.provoke(state)
        _that(stage.hooks.wait(names["product"], _SEEN), f"{state}: the product's webhook did not fire")
        fired = stage.hooks.wait(names["user"], _SEEN if expected else 0.5)
        for whose, scope in scopes.items():
            team.delete_webhook(made[whose].id, scope)
        told.append(_that(fired is expected, f"{state}: the user's {'fires' if fired else 'is silent'}"))
    return f"{'; '.join(told)}; the product's fires for both"


def _row_43(stage: ForumTarget) -> str:
    stand = stage.after
    device = stand.device("unowned")
    stand.put(device, "sandbox")
    stand.lab.team.import_devices(stand.lab.product.id, [device])
    inside = stand.admin.device(device).product_id
    cured = _answers(stand, "/v1/devices/{d}", M=403)
    return _that(inside == stand.lab.product.id, f"product_id {inside}; and it cures nothing: {cured}")


def _row_52(stage: ForumTarget) -> str:
    there = stage.extended
    to = Account.customer(f"jane-{secrets.token_hex(4)}@example.com", there.product)
    take(Plan("to-customer", there.device, there.product, to), there.keys)
    path = "/extensions/v1/any/devices"
    listed = {
        name: there.device in cloud.send("GET", path).text
        for name, cloud in (("M", there.team), ("C", there.keys.acting_as(to)))
    }
    today = _answers(stage.today, "/v1/devices/{d}/position", M=200, C=200)
    return _that(all(listed.values()), f"{today}; by extension GET {path} lists it for both")


def _row_55(stage: ForumTarget) -> str:
    stand = stage.today
    email, client = f"jane-{secrets.token_hex(4)}@example.com", stand.lab.client
    form = {"client_id": client.id, "client_secret": client.secret, "email": email, "no_password": "true"}
    response = stand.lab.cloud.send("POST", f"/v1/products/{stand.lab.product.id}/customers", form=form)
    token = "access_token" in response.text
    return _that(response.status_code == 201 and token, f"{response.status_code} with a token: {token}")


def _row_56(stage: ForumTarget) -> str:
    stand = stage.today
    token = stand.lab.cloud.customer_token(stand.lab.client, stand.emails["C2"])
    owned = stand.lab.cloud.using(token).devices()
    return f"token of customer {token.customer}, who owns {len(owned)} devices"


def _row_57(stage: ForumTarget) -> str:
    stand = stage.today
    device = _free(stand)
    ask = partial(_acting(stand, "C").request, "POST", stand.scope.devices, query={"id": device})
    refusal = _refused(ask, "Organization not found for user's role.")
    return f"{refusal}; {_owner(stand, device, None)}"


def _row_58(stage: ForumTarget) -> str:
    stand = stage.today
    device = _free(stand)
    ask = partial(_acting(stand, "C").request, "POST", "/v1/devices", query={"id": device})
    return f"{_refused(ask, 'data.deviceID is empty')}; {_owner(stand, device, None)}"


def _row_59(stage: ForumTarget) -> str:
    stand = stage.today
    device, acting = _free(stand), _acting(stand, "C")
    assert acting.token is not None
    form = {"id": device, "access_token": acting.token.access_token}
    response = stand.lab.cloud.send("POST", "/v1/devices", form=form)
    return _that(response.is_success, f"{response.status_code}; {_owner(stand, device, 'C')}")


def _row_60(stage: ForumTarget) -> str:
    return "; ".join((_row_57(stage), _row_58(stage), _row_59(stage)))


# --- the rows ---------------------------------------------------------------------------------------------------------


def _after(check: Callable[[VirtualTarget], str]) -> Check:
    return lambda stage: check(stage.after)


def _today(check: Callable[[VirtualTarget], str]) -> Check:
    return lambda stage: check(stage.today)


_BOTH_TOKENS: Final = "/v1/devices/:id serves customers and team alike today; lists differ"

SHOWN: Final[Mapping[int, Shown]] = {
    1: Shown("held", _row_1),
    2: Shown("granted", _today(lambda s: _answers(s, "/v1/devices/{d}/position", C=200)), "no server in between"),
    3: Shown("held", lambda stage: _set_up(stage, stage.after, "C2")),
    4: Shown("granted", _today(lambda s: _by_flow(s, "to-customer", _free(s), "C")), "for a fleet: photonrig fleet"),
    5: Shown("held", _row_5),
    6: Shown("held", lambda stage: f"{_set_up(stage, stage.after, 'C2')}; {_set_up(stage, stage.after, 'C')}"),
    7: Shown("held", _row_7),
    8: Shown("held", lambda stage: f"{_set_up(stage, stage.before, 'C')}; without a code: row 5"),
    9: Shown("held", _row_9),
    10: Shown("context", None, "a remark on dates; what came of it is rows 26 and 31"),
    11: Shown(
        "granted", _today(lambda s: _by_flow(s, "to-customer", _free(s), "C")), "lists of devices: photonrig fleet"
    ),
    12: Shown(
        "extension", _row_12, "not granted by Particle, where release and claim leave a window: flow to-customer"
    ),
    13: Shown("in part", None, "customers for end users and team roles per product; one device has still one owner"),
    14: Shown("granted", _row_14, "flow change-product"),
    15: Shown(
        "in part",
        _today(lambda s: _answers(s, "/v1/products/{p}/devices/{d}/position", V=403, S=200, D=200)),
        "roles hold for a whole product, not for one device",
    ),
    16: Shown("held", _after(lambda s: _refused(partial(_acting(s, "C2").claim, _customers(s)), "someone else", 403))),
    17: Shown(
        "held",
        _after(lambda s: f"{_answers(s, '/v1/orgs/{o}/devices/{d}', M=200)}; {_answers(s, '/v1/devices/{d}', M=403)}"),
    ),
    18: Shown("held", _row_18, "since then: row 14"),
    19: Shown("granted", _today(lambda s: _by_flow(s, "to-user", _customers(s), "M"))),
    20: Shown("granted", _row_20),
    21: Shown("in part", _row_21, "for a whole product; groups of devices carry no rights, neither there nor here"),
    22: Shown("context", None, "numbers; photonrig fleet demo moves 1,105 devices"),
    23: Shown(
        "held", _today(lambda s: _answers(s, "/v1/products/{p}/devices/{d}/position", P=200)), "by the product's token"
    ),
    24: Shown("held", _row_24),
    25: Shown("granted", _row_25),
    26: Shown("held", _row_31),
    27: Shown("held", _after(lambda s: _answers(s, "/v1/orgs/{o}/products/{p}/devices", M=200))),
    28: Shown("held", _row_28),
    29: Shown("held", _after(lambda s: f"token for {_new_customer(s).principal}, no password")),
    30: Shown("held", _row_30),
    31: Shown("held", _row_31),
    32: Shown("held", _after(lambda s: _lists(s, _customers(s), C=True))),
    33: Shown("held", _after(lambda s: _answers(s, "/v1/devices/{d}/position", C=200))),
    34: Shown("held", _row_34),
    35: Shown("held", _row_35),
    36: Shown("held", _after(lambda s: _answers(s, "/v1/orgs/{o}/products/{p}/devices", M=200))),
    37: Shown("held", _after(lambda s: _lists(s, _customers(s), M=False)), "the CLI's list is this request"),
    38: Shown("held", _after(lambda s: _lists(s, _customers(s), M=False, O=False, C2=False, F=False))),
    39: Shown("held", _row_39),
    40: Shown(
        "granted",
        _today(lambda s: _answers(s, "/v1/products/{p}/devices/{d}/position", P=200, M=200)),
        "the product's token is that master token",
    ),
    41: Shown("held", _row_41),
    42: Shown("extension", _row_12, "the team's rights come from the product and never end: row 40"),
    43: Shown("held", _row_43),
    44: Shown("held", _after(lambda s: _answers(s, "/v1/devices/{d}", M=403)), "it was imported before the claim"),
    45: Shown("held", _after(lambda s: _answers(s, "/v1/orgs/{o}/devices/{d}/position", M=200))),
    46: Shown("held", _after(lambda s: _answers(s, "/v1/orgs/{o}/products/{p}/devices", M=200))),
    47: Shown("held", _after(lambda s: _answers(s, "/v1/devices/{d}", M=403))),
    48: Shown("held", _after(lambda s: _answers(s, "/v1/devices/{d}", C=200))),
    49: Shown("held", _after(lambda s: _answers(s, "/v1/orgs/{o}/products/{p}/devices/{d}", M=404, C=404))),
    50: Shown("held", _after(lambda s: _answers(s, "/v1/orgs/{o}/devices/{d}", M=200))),
    51: Shown("held", _after(lambda s: _answers(s, "/v1/orgs/{o}/devices/{d}", C=404))),
    52: Shown("in part", _row_52, _BOTH_TOKENS),
    53: Shown("held", _after(lambda s: _streams(s, "user-owned", own=True))),
    54: Shown("held", _after(lambda s: _streams(s, "customer-owned", own=False))),
    55: Shown("held", _row_55),
    56: Shown("held", _row_56),
    57: Shown("held", _row_57),
    58: Shown("held", _row_58),
    59: Shown("held", _row_59),
    60: Shown("held", _row_60),
}
