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


# --- helpers of checks ------------------------------------------------------------------------------------------------


def _that(holds: bool, text: str) -> str:
    if not holds:
        raise ExpectationFailed(text)
    return text


def _acting(target: VirtualTarget, token: str) -> Cloud:
    cloud = target.acting(token)
    if cloud is None:
        raise ExpectationFailed(f"the target of {target.era} has no token {token}")
    return cloud


def _customers(target: VirtualTarget) -> str:
    target.arrange("customer-owned")
    return target.device("customer-owned")


def _free(target: VirtualTarget) -> str:
    target.arrange("unowned")
    return target.device("unowned")


def _owner(target: VirtualTarget, device: str, token: str | None) -> str:
    owner = target.owner(device)
    kind = "user" if token in ("M", "O", "D") else "customer"
    expected = None if token is None else (kind, target.emails[token])
    return _that(owner == expected, f"owner: {' '.join(owner) if owner else 'nobody'}")


def _answers(target: VirtualTarget, path: str, **expected: int) -> str:
    """Status per token for GET of a path of the customer's device."""
    device = _customers(target)
    path = path.format(d=device, p=target.names("customer-owned")["p"], o=target.slug)
    seen = {token: _acting(target, token).send("GET", path).status_code for token in expected}
    text = ", ".join(f"{token} {status}" for token, status in seen.items())
    return _that(seen == expected, f"GET {path.replace(device, ':id')}: {text}")


def _lists(target: VirtualTarget, device: str, **expected: bool) -> str:
    seen = {token: device in {each.id for each in _acting(target, token).devices()} for token in expected}
    text = ", ".join(f"{token} {'lists it' if has else 'does not list it'}" for token, has in seen.items())
    return _that(seen == expected, text)


def _refused(action: Callable[[], object], text: str, status: int | None = None) -> str:
    try:
        answer = action()
    except ApiError as refusal:
        return _that(text in str(refusal) and status in (None, refusal.status), str(refusal))
    raise ExpectationFailed(f"it was answered: {answer}")


def _by_flow(target: VirtualTarget, flow: str, device: str, token: str) -> str:
    ours, name = target.lab.product.id, target.emails[token]
    to = Account.user(name) if flow == "to-user" else Account.customer(name, ours)
    done = take(Plan(flow, device, ours, to), target.keys())
    _that(done.outcome == "done", f"the flow {flow} ended {done.outcome}: {done.reason}")
    window = f", unowned for {done.unowned * 1000:.0f} ms" if done.unowned else ""
    return f"flow {flow}: {_owner(target, device, token)}{window}"


def _new_customer(target: VirtualTarget, **more: Any) -> Token:
    email = f"customer-{secrets.token_hex(4)}@example.com"
    return target.lab.cloud.create_customer(target.lab.product.id, email, client=target.lab.client, **more)


def _code(target: VirtualTarget, token: str) -> str:
    organization = None if target.era == "today" else target.slug
    return _acting(target, token).create_claim_code(target.names("customer-owned")["p"], organization=organization).code


def _set_up(forum: ForumTarget, target: VirtualTarget, token: str) -> str:
    """Give the spare device a code of the token's account through SoftAP and wait for its claim."""
    slot, photon = target.spare.slot, target.spare
    if not photon.status()["listening"]:
        slot.hold_setup(LISTEN_HOLD)
    with slot.softap() as softap:
        softap.set_claim_code(_code(target, token))
        softap.join(forum.wifi_ssid, forum.wifi_password)
    wanted = ("customer", target.emails[token])
    forum.clock.wait_until(
        lambda: not photon.status()["has_claim_code"] and target.owner(slot.device_id) == wanted,
        _ONLINE,
        "the device claimed by its code, and the claim confirmed to it",
    )
    return f"set up by SoftAP with a code of {token}: {_owner(target, slot.device_id, token)}"


def _streams(target: VirtualTarget, state: str, *, own: bool) -> str:
    """An event of the state's device is on the product's stream, and on the central user's own as told."""
    target.arrange(state)
    device, team = target.device(state), _acting(target, "M")
    of_it = of_device(device, "shade/moved")
    with EventStream(team, "/v1/devices/events") as mine, target.witness(state) as products:
        target.provoke(state)
        products.expect(of_it, timeout=_SEEN)
        if own:
            mine.expect(of_it, timeout=_SEEN)
        else:
            mine.assert_silent(of_it, 0, team.publish, timeout=_SEEN)
    return f"{state}: on {target.scope.events}; {'also' if own else 'not'} on /v1/devices/events"


# --- rows with several questions --------------------------------------------------------------------------------------


def _row_1(forum: ForumTarget) -> str:
    target = forum.after
    target.arrange("user-owned")
    device = target.device("user-owned")
    return f"{_lists(target, device, M=True)}; position {target.lab.team.variable(device, 'position')}"


def _row_5(forum: ForumTarget) -> str:
    target = forum.before
    target.arrange("orphaned")
    device = target.device("orphaned")
    nobody = _owner_text(target, device)
    listed = _lists(target, device, C=False, M=False)
    seen = {
        token: _acting(target, token).send("GET", path).status_code
        for token, path in (
            ("M", f"/v1/devices/{device}"),
            ("C", f"/v1/devices/{device}/position"),
            ("P", f"/v1/orgs/{target.slug}/devices/{device}"),
        )
    }
    text = ", ".join(f"{token} {status}" for token, status in seen.items())
    return _that(all(status in (403, 404) for status in seen.values()), f"{nobody}; {listed}; {text}")


def _owner_text(target: VirtualTarget, device: str) -> str:
    owner = target.owner(device)
    return _that(owner is not None and owner[0] == "nobody", f"owner: {' '.join(owner) if owner else 'none'}")


def _row_7(forum: ForumTarget) -> str:
    target = forum.after
    target.arrange("user-owned")
    target.admin.unclaim(target.device("user-owned"))
    return f"unclaimed in the console (here /admin): {_owner(target, target.device('user-owned'), None)}"


def _row_9(forum: ForumTarget) -> str:
    target, evidence = forum.after, []
    for token in ("M", "C"):
        device = _free(target)
        _acting(target, token).claim(device)
        evidence.append(f"claimed with {token}, {_owner(target, device, token)}")
    return "; ".join(evidence)


def _row_12(forum: ForumTarget) -> str:
    there = forum.extended
    to = Account.customer(f"jane-{secrets.token_hex(4)}@example.com", there.product)
    steps: list[str] = []
    done = take(
        Plan("to-customer", there.device, there.product, to),
        there.keys,
        journal=lambda progress: steps.append(progress.step),
    )
    found = there.team.device(there.device, product(there.product))
    held = done.outcome == "done" and "release" not in steps and found.owner_name == to.name and done.unowned == 0
    return _that(held, f"PUT …/devices/:id/owner: owner {found.owner_name}, unowned for {done.unowned * 1000:.0f} ms")


def _row_18(forum: ForumTarget) -> str:
    target = forum.after
    device, team = _customers(target), target.lab.team
    result = team.import_devices(target.other_product, [device])
    kept = _owner(target, device, "C")
    return _that(device in result.invalid, f"imported elsewhere: {'invalid' if result.invalid else 'taken'}; {kept}")


def _row_14(forum: ForumTarget) -> str:
    target = forum.today
    device, other, keys = _customers(target), target.other_product, target.keys()
    done = take(Plan("change-product", device, target.lab.product.id, into=other), keys)
    there = target.lab.team.device(device, product(other))
    text = f"customer-owned device in product {there.product_id}, owner {there.owner_name}"
    _that(done.outcome == "done" and there.owner_name == target.emails["C"], text)
    back = take(Plan("change-product", device, other, into=target.lab.product.id), keys)
    return _that(back.outcome == "done", f"{text}; and back")


def _row_20(forum: ForumTarget) -> str:
    target = forum.today
    device = _customers(target)
    body = {"development": True}
    answer = target.lab.team.request("PUT", target.scope.device(device), json=body, device=device)
    return _that(answer.get("development") is True, "development flag set by the product's path; product: see row 14")


def _row_21(forum: ForumTarget) -> str:
    target = forum.today
    device = _customers(target)
    _, token = target.lab.team.create_api_user(target.lab.product.id, "reader", ["devices.variable:get"])
    reader = target.lab.cloud.using(token)
    path = target.scope.device(device)
    read = reader.send("GET", f"{path}/position").status_code
    called = reader.send("POST", f"{path}/move", json={"arg": "2"}).status_code
    return _that(
        read == 200 and called in (400, 403), f"API user with devices.variable:get: reads {read}, calls {called}"
    )


def _row_24(forum: ForumTarget) -> str:
    target = forum.before
    target.arrange("orphaned")
    device = target.device("orphaned")
    target.admin.repair(device)
    text = _owner(target, device, "C")
    return f"repaired by its id: {text}; {_lists(target, device, C=True)}"


def _row_25(forum: ForumTarget) -> str:
    target = forum.today
    device = _customers(target)
    target.lab.team.release(device, target.scope)
    free = _owner(target, device, None)
    _acting(target, "C").claim(device)
    return f"DELETE …/owner: {free}; POST /v1/devices: {_owner(target, device, 'C')}"


def _row_28(forum: ForumTarget) -> str:
    target = forum.after
    target.arrange("user-owned")
    device = target.device("user-owned")
    answer = target.lab.team.request("DELETE", f"/v1/devices/{device}")
    return _that(answer.get("ok") is True, f"{answer}; {_owner(target, device, None)}")


def _row_30(forum: ForumTarget) -> str:
    target = forum.after
    token = target.lab.cloud.customer_token(target.lab.client, target.emails["C"], expires_in=0)
    device = _customers(target)
    mine = target.lab.cloud.using(token).devices()
    return _that(not token.expires_in and device in {each.id for each in mine}, f"expires_in {token.expires_in}")


def _row_31(forum: ForumTarget) -> str:
    target = forum.after
    device = _free(target)
    _acting(target, "C").claim(device)
    return _owner(target, device, "C")


def _row_34(forum: ForumTarget) -> str:
    device = _customers(forum.after)
    return f"{_lists(forum.after, device, M=False)}; {_answers(forum.after, '/v1/devices/{d}/position', M=403)}"


def _row_35(forum: ForumTarget) -> str:
    target = forum.after
    device = _customers(target)
    seen = target.admin.device(device)
    return _that(seen.owner_name == target.emails["C"], f"the console (here /admin) names {seen.owner_name}")


def _row_39(forum: ForumTarget) -> str:
    target = forum.after
    evidence = []
    for way in ("claimed by POST", "claimed by code"):
        if way == "claimed by code":
            _set_up(forum, target, "C")
            device = target.spare.device_id
        else:
            device = _customers(target)
        path = f"/v1/devices/{device}/position"
        seen = [_acting(target, token).send("GET", path).status_code for token in ("M", "O")]
        evidence.append(_that(seen == [403, 403], f"{way}: M {seen[0]}, O {seen[1]}"))
    return "; ".join(evidence)


def _row_41(forum: ForumTarget) -> str:
    """A user's hook and a product's on the same event: first of the user's own device, then of the customer's."""
    target, evidence = forum.after, []
    team, run = target.lab.team, secrets.token_hex(4)
    for state, expected in (("user-owned", True), ("customer-owned", False)):
        target.arrange(state)
        names = {"user": f"user-{run}-{state}", "product": f"product-{run}-{state}"}
        scopes = {"user": USER, "product": product(target.lab.product.id)}
        made = {
            whose: team.create_webhook("shade/moved", forum.hooks.url(names[whose]), scope=scope)
            for whose, scope in scopes.items()
        }
        target.provoke(state)
        _that(forum.hooks.wait(names["product"], _SEEN), f"{state}: the product's webhook did not fire")
        fired = forum.hooks.wait(names["user"], _SEEN if expected else 0.5)
        for whose, scope in scopes.items():
            team.delete_webhook(made[whose].id, scope)
        evidence.append(_that(fired is expected, f"{state}: the user's {'fires' if fired else 'is silent'}"))
    return f"{'; '.join(evidence)}; the product's fires for both"


def _row_43(forum: ForumTarget) -> str:
    target = forum.after
    device = target.device("unowned")
    target.put(device, "sandbox")
    target.lab.team.import_devices(target.lab.product.id, [device])
    inside = target.admin.device(device).product_id
    cured = _answers(target, "/v1/devices/{d}", M=403)
    return _that(inside == target.lab.product.id, f"product_id {inside}; and it cures nothing: {cured}")


def _row_52(forum: ForumTarget) -> str:
    there = forum.extended
    to = Account.customer(f"jane-{secrets.token_hex(4)}@example.com", there.product)
    take(Plan("to-customer", there.device, there.product, to), there.keys)
    path = "/extensions/v1/any/devices"
    listed = {
        name: there.device in cloud.send("GET", path).text
        for name, cloud in (("M", there.team), ("C", there.keys.acting_as(to)))
    }
    today = _answers(forum.today, "/v1/devices/{d}/position", M=200, C=200)
    return _that(all(listed.values()), f"{today}; by extension GET {path} lists it for both")


def _row_55(forum: ForumTarget) -> str:
    target = forum.today
    email, client = f"jane-{secrets.token_hex(4)}@example.com", target.lab.client
    form = {"client_id": client.id, "client_secret": client.secret, "email": email, "no_password": "true"}
    response = target.lab.cloud.send("POST", f"/v1/products/{target.lab.product.id}/customers", data=form)
    token = "access_token" in response.text
    return _that(response.status_code == 201 and token, f"{response.status_code} with a token: {token}")


def _row_56(forum: ForumTarget) -> str:
    target = forum.today
    token = target.lab.cloud.customer_token(target.lab.client, target.emails["C2"])
    owned = target.lab.cloud.using(token).devices()
    return f"token of customer {token.customer}, who owns {len(owned)} devices"


def _row_57(forum: ForumTarget) -> str:
    target = forum.today
    device = _free(target)
    ask = partial(_acting(target, "C").request, "POST", target.scope.devices, params={"id": device})
    refusal = _refused(ask, "Organization not found for user's role.")
    return f"{refusal}; {_owner(target, device, None)}"


def _row_58(forum: ForumTarget) -> str:
    target = forum.today
    device = _free(target)
    ask = partial(_acting(target, "C").request, "POST", "/v1/devices", params={"id": device})
    return f"{_refused(ask, 'data.deviceID is empty')}; {_owner(target, device, None)}"


def _row_59(forum: ForumTarget) -> str:
    target = forum.today
    device, acting = _free(target), _acting(target, "C")
    assert acting.token is not None
    form = {"id": device, "access_token": acting.token.access_token}
    response = target.lab.cloud.send("POST", "/v1/devices", data=form)
    return _that(response.is_success, f"{response.status_code}; {_owner(target, device, 'C')}")


def _row_60(forum: ForumTarget) -> str:
    return "; ".join((_row_57(forum), _row_58(forum), _row_59(forum)))


# --- the rows ---------------------------------------------------------------------------------------------------------


def _after(check: Callable[[VirtualTarget], str]) -> Check:
    return lambda forum: check(forum.after)


def _today(check: Callable[[VirtualTarget], str]) -> Check:
    return lambda forum: check(forum.today)


_BOTH_TOKENS: Final = "/v1/devices/:id serves customers and team alike today; lists differ"

SHOWN: Final[Mapping[int, Shown]] = {
    1: Shown("held", _row_1),
    2: Shown("granted", _today(lambda s: _answers(s, "/v1/devices/{d}/position", C=200)), "no server in between"),
    3: Shown("held", lambda forum: _set_up(forum, forum.after, "C2")),
    4: Shown("granted", _today(lambda s: _by_flow(s, "to-customer", _free(s), "C")), "for a fleet: photonrig fleet"),
    5: Shown("held", _row_5),
    6: Shown("held", lambda forum: f"{_set_up(forum, forum.after, 'C2')}; {_set_up(forum, forum.after, 'C')}"),
    7: Shown("held", _row_7),
    8: Shown("held", lambda forum: f"{_set_up(forum, forum.before, 'C')}; without a code: row 5"),
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
