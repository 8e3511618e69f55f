"""Chapter assumptions: one line for each open question about Particle's cloud, whose answer there settles it.

Two that sources have settled are still asked, because a fleet's owners depend on them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from photonrig.errors import ExpectationFailed
from photonrig.parity.account import Account, fresh, shown
from photonrig.parity.programme import Question, Skipped
from photonrig.particle.keys import generate_device_key, public_key_pem
from photonrig.particle.softap import AccessPoint, Security

CHAPTER: Final = "assumptions"
_EVENT: Final = 15.0
_FIRST: Final = 60.0


def _steps(answers: Iterable[tuple[str, object]]) -> str:
    return "\n".join(f"{name}: {answer}" for name, answer in answers)


def _one(token: str, method: str, path: str, body: Any = None) -> Callable[[Account], str]:
    return lambda account: account.ask(token, method, path, body)


def _api_user_tokens(account: Account) -> str:
    scopes = {"friendly_name": fresh(), "scopes": ["devices:list"]}
    made = account.send("M", "POST", "{product}/team", scopes)
    user = made.json().get("created", {}).get("username", "")
    renewed = account.ask("M", "PUT", f"{{product}}/team/{user}/token")
    rescoped = account.ask("M", "PUT", f"{{product}}/team/{user}", {"scopes": ["devices:list", "devices:get"]})
    account.send("M", "DELETE", f"{{product}}/team/{user}")
    return _steps((("made", shown(made)), ("new token", renewed), ("new scopes", rescoped)))


def _bearer_on_user_paths(account: Account) -> str:
    device = account.arranged("unowned")
    answers = [
        ("list", account.ask("P", "GET", "/v1/devices")),
        ("publish", account.ask("P", "POST", "/v1/devices/events", {"name": fresh(), "private": True})),
        ("claim", account.ask("P", "POST", "/v1/devices", {"id": device})),
    ]
    account.target.arrange("unowned")
    return _steps(answers)


def _claim_code_taken(account: Account) -> str:
    number = {"imei": "350000000000017"}
    return _steps((token, account.ask(token, "POST", "/v1/device_claims", number)) for token in ("M", "O"))


def _claim_user_customer(account: Account) -> str:
    device, customer = account.arranged("unowned"), account.customer()
    answer = account.ask("M", "POST", "{product}/devices", {"ids": [device], "claim_user": customer})
    owner = "owned" if account.owner(device) else "unowned"
    account.target.arrange("unowned")
    account.forget(customer)
    return f"{answer}, {owner}"


def _code_overrides_owner(account: Account) -> str:
    photon = account.photon
    if photon is None or photon.slot.softap_link is None:
        raise Skipped("needs a board in hand with a way to its own network (--rig)")
    if account.target.device("user-owned") != photon.slot.device_id:
        raise Skipped("the board in hand is none of the account's --devices")
    device = account.arranged("user-owned")
    code = account.send("C", "POST", "{product}/device_claims").json()["claim_code"]
    photon.listen()
    with photon.slot.softap() as softap:
        softap.set_claim_code(code)
        ssid, password = photon.target.wifi
        point = next((each for each in softap.scan() if each.ssid == ssid), AccessPoint(ssid, Security.WPA2_AES))
        softap.configure(point, password or None)
        softap.connect()
    photon.wait_online()
    return "overrides" if account.send("C", "GET", f"/v1/devices/{device}").is_success else "does not override"


def _customer_exists(account: Account) -> str:
    customer = account.customer()
    answer = account.ask("M", "POST", "{product}/customers", {"email": customer, "password": fresh()})
    account.forget(customer)
    return answer


def _customer_updates(account: Account) -> str:
    path = f"/v1/devices/{account.arranged('customer-owned')}"
    return _steps(
        (
            ("rename", account.ask("C", "PUT", path, {"name": fresh()})),
            ("signal", account.ask("C", "PUT", path, {"signal": "0"})),
        )
    )


def _customer_releases(account: Account) -> str:
    answer = account.ask("C", "DELETE", f"/v1/devices/{account.arranged('customer-owned')}")
    account.target.arrange("customer-owned")
    return answer


def _deleted(account: Account, user: str) -> str:
    password = account.passwords.get(user, "")
    if not password:
        raise Skipped(f"PARTICLE_PASSWORD_{user}, the password of the account of PARTICLE_TOKEN_{user}, is not set")
    return account.ask(user, "DELETE", "/v1/user", {"password": password})


def _deleted_users_devices(account: Account) -> str:
    account.acting("T")
    device = account.arranged("unowned")
    claimed = account.ask("T", "POST", "/v1/devices", {"id": device})
    deleted = _deleted(account, "T")
    owner = "owned" if account.owner(device) else "unowned"
    account.target.arrange("unowned")
    return _steps((("claimed", claimed), ("user deleted", deleted), ("then", owner)))


def _deleted_founder(account: Account) -> str:
    made = account.acting("U").create_product(fresh())
    return _steps((("founded a product", made.id > 0), ("user deleted", _deleted(account, "U"))))


def _device_names(account: Account) -> str:
    device = account.arranged("user-owned")
    before = account.send("M", "GET", f"/v1/devices/{device}").json().get("name")
    names = [each + account.target.device("user-owned")[:6] for each in ("a b", "a-b", "a.b", "\u00e4", "A_B")]
    answers = []
    for name in names:
        answer = account.send("M", "PUT", f"/v1/devices/{device}", {"name": name})
        kept = account.send("M", "GET", f"/v1/devices/{device}").json().get("name") or ""
        said = "kept" if kept == name else f"is {kept[:-6]}..."
        answers.append((name[:-6], f"{answer.status_code}, {said}"))
    account.send("M", "PUT", f"/v1/devices/{device}", {"name": before})
    return _steps(answers)


def _enrol(account: Account) -> str:
    device = generate_device_key()
    body = {
        "deviceID": "ff" * 12,
        "publicKey": public_key_pem(device),
        "filename": "cli",
        "order": "0",
        "algorithm": "rsa",
    }
    return account.ask("M", "POST", f"/v1/provisioning/{'ff' * 12}", body)


@contextmanager
def _hook(account: Account, event: str, **more: Any) -> Iterator[None]:
    body = {"integration_type": "Webhook", "event": event, "requestType": "GET", "noDefaults": True, **more}
    made = account.send("M", "POST", "/v1/integrations", body).json()
    try:
        yield
    finally:
        account.send("M", "DELETE", f"/v1/integrations/{made.get('id', '')}")


def _hooks_call_the_cloud(account: Account) -> str:
    """Event a fires a hook that publishes event b; whether b fires its own hook is seen by hook-sent."""
    cloud, name = account.acting("M"), fresh()
    assert cloud.token is not None
    publishes = {
        "url": f"{cloud.api}/v1/devices/events",
        "requestType": "POST",
        "headers": {"Authorization": f"Bearer {cloud.token.access_token}", "Content-Type": "application/json"},
        "body": json.dumps({"name": f"{name}-b", "private": True}),
    }
    other = _hook(account, f"{name}-b", url=f"{cloud.api}/v1/devices")
    with _hook(account, f"{name}-a", **publishes), other, account.stream() as stream:
        account.send("M", "POST", "/v1/devices/events", {"name": f"{name}-a", "private": True})
        stream.expect(f"{name}-b", _FIRST)
        try:
            stream.expect(f"hook-sent/{name}-b", _EVENT)
        except ExpectationFailed:
            return "fires no webhook"
    return "fires a webhook"


def _hook_half_characters(account: Account) -> str:
    """A response of 601 bytes, the 512th of which is half of a character."""
    name = fresh()
    cloud = account.acting("M")
    assert cloud.token is not None
    read = {"url": f"{cloud.api}/v1/user", "headers": {"Authorization": f"Bearer {cloud.token.access_token}"}}
    with _hook(account, name, responseTemplate="x" + "\u00e4" * 300, **read), account.stream() as stream:
        account.send("M", "POST", "/v1/devices/events", {"name": name, "private": True})
        parts = [stream.expect(f"hook-response/{name}/{number}", _FIRST).data or "" for number in (0, 1)]
    return _steps(
        (f"part {number}", f"{len(part)} characters, {part[:1]}...{part[-1:]}") for number, part in enumerate(parts)
    )


def _invited_at_once(account: Account) -> str:
    name = account.acting("O").username()
    invited = account.ask("M", "POST", "{product}/team", {"username": name, "role": "View-only"})
    body = account.send("M", "GET", "{product}/team").json()
    team = body if isinstance(body, list) else body["team"]
    there = next((each for each in team if each.get("username") == name), None)
    account.send("M", "DELETE", f"{{product}}/team/{name}")
    return _steps(
        (("invited", invited), ("then", "not in the team" if there is None else f"in the team: {sorted(there)}"))
    )


def _member_variable(account: Account) -> str:
    path = f"/v1/devices/{account.arranged('user-owned')}/position"
    return _steps((token, account.ask(token, "GET", path)) for token in ("V", "S", "D"))


def _name_on_arrival(account: Account) -> str:
    first, second = account.target.device("user-owned"), account.target.device("unowned")
    if first == second:
        raise Skipped("needs two devices (--devices)")
    for state in ("user-owned", "unowned"):
        account.target.arrange(state)
    name = fresh()
    for device in (first, second):
        account.send("M", "PUT", f"{{product}}/devices/{device}", {"name": name})
    claimed = account.ask("M", "POST", "/v1/devices", {"id": second})
    arrived = account.send("M", "GET", f"/v1/devices/{second}").json().get("name")
    account.target.arrange("unowned")
    return _steps((("claimed", claimed), ("its name", arrived)))


def _quarantined_device(account: Account) -> str:
    account.in_reach()
    device = account.arranged("user-owned")
    account.send("M", "DELETE", f"{{product}}/devices/{device}")
    answer = account.ask("M", "POST", f"{{product}}/devices/{device}/move", {"arg": "0"})
    account.send("M", "POST", "{product}/devices", {"ids": [device]})
    account.target.arrange("user-owned")
    return answer


def _removed_customers_devices(account: Account) -> str:
    device, customer = account.arranged("unowned"), f"{fresh()}@example.com"
    team = account.acting("M")
    acting = team.using(team.create_customer(account.product_id, customer, password=fresh()))
    claimed = shown(acting.send("POST", "/v1/devices", json={"id": device}))
    account.forget(customer)
    owner = "owned" if account.owner(device) else "unowned"
    account.target.arrange("unowned")
    return _steps((("claimed", claimed), ("customer deleted", owner)))


def _reserved_names(account: Account) -> str:
    names = ("spark/x", "Spark/x", "particle/x", "hook-sent/x", "hook-response/x", "hook-error/x")
    path = "/v1/devices/events"
    return _steps((name, account.ask("M", "POST", path, {"name": name, "private": True})) for name in names)


def _transfer_id(account: Account) -> str:
    body = {"id": account.arranged("user-owned"), "request_transfer": True}
    return shown(account.send("O", "POST", "/v1/devices", body), whole=True)


def _user_claim_survives_removal(account: Account) -> str:
    account.in_reach()
    device = account.arranged("user-owned")
    removed = account.ask("M", "DELETE", f"{{product}}/devices/{device}")
    listed = device in account.send("M", "GET", "/v1/devices").text
    account.send("M", "POST", "{product}/devices", {"ids": [device]})
    account.target.arrange("user-owned")
    return _steps((("removed", removed), ("then", "still claimed" if listed else "not claimed")))


def _owner_release_status(account: Account) -> str:
    answer = account.ask("M", "DELETE", f"{{product}}/devices/{account.arranged('user-owned')}/owner")
    account.target.arrange("user-owned")
    return answer


LINES: Final[Mapping[str, Callable[[Account], str]]] = {
    "ACTIVATION_CODE": _one("C", "POST", "{product}/device_claims", {"activation_code": "ABC123"}),
    "API_USER_TOKENS": _api_user_tokens,
    "BEARER_ON_USER_PATHS": _bearer_on_user_paths,
    "CLAIM_CODE_TAKEN": _claim_code_taken,
    "CLAIM_USER_CUSTOMER": _claim_user_customer,
    "CLAIM_WITHOUT_ID": _one("M", "POST", "/v1/devices", {}),
    "CODE_OVERRIDES_OWNER": _code_overrides_owner,
    "CUSTOMER_EXISTS": _customer_exists,
    "CUSTOMER_ON_PRODUCT_PATH": _one("C", "GET", "{product}/devices"),
    "CUSTOMER_RELEASES": _customer_releases,
    "CUSTOMER_UPDATES": _customer_updates,
    "DEVICE_NAMES": _device_names,
    "ENROL": _enrol,
    "FUNCTION_DENIED": _one("M", "POST", "/v1/devices/nowhere/f", {"arg": ""}),
    "HOOKS_CALL_THE_CLOUD": _hooks_call_the_cloud,
    "HOOK_HALF_CHARACTERS": _hook_half_characters,
    "INVITED_AT_ONCE": _invited_at_once,
    "MEMBER_VARIABLE": _member_variable,
    "NAME_ON_ARRIVAL": _name_on_arrival,
    "OWNER_RELEASE_STATUS": _owner_release_status,
    "PASSWORD_RESET": lambda account: account.ask(
        "N", "POST", "/v1/user/password-reset", {"username": f"{fresh()}@example.com"}
    ),
    "QUARANTINED_DEVICE": _quarantined_device,
    "REMOVED_CUSTOMERS_DEVICES": _removed_customers_devices,
    "RESERVED_NAMES": _reserved_names,
    "TRANSFER_ID": _transfer_id,
    "USER_CLAIM_SURVIVES_REMOVAL": _user_claim_survives_removal,
    # The throw-away accounts end with these.
    "DELETED_FOUNDER": _deleted_founder,
    "DELETED_USERS_DEVICES": _deleted_users_devices,
}

_GONE: Final = "that cloud and its paths are gone"
BY_HAND: Final[Mapping[str, str]] = {
    "CLAIM_CODE_OF_A_MEMBER_2016": _GONE,
    "OFFLINE_CLAIM_2016": _GONE,
    "ORGANIZATION_OF_2016": _GONE,
    "ORGANIZATION_OF_ONE_PRODUCT": _GONE,
}
"""Questions that no request answers, and why; recorded as skipped."""


def _by_hand(why: str) -> Callable[[Account], str]:
    def ask(account: Account) -> str:
        raise Skipped(why)

    return ask


QUESTIONS: Final[tuple[Question[Account], ...]] = (
    *(Question(CHAPTER, name, ask) for name, ask in LINES.items()),
    *(Question(CHAPTER, name, _by_hand(why)) for name, why in BY_HAND.items()),
)
