"""Variables, functions, names, signal and ping of devices that answer, do not answer, or are not there."""

import math
from pathlib import Path
from typing import Any

import pytest

from ..world import DEVICE, OTHER_DEVICE, populate, world


async def test_a_variable_with_its_circumstances_or_raw(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        answer = await there.ok("GET", f"/v1/devices/{DEVICE}/position", "u")
        assert (answer["name"], answer["result"]) == ("position", 42)
        assert answer["coreInfo"]["deviceID"] == DEVICE
        assert answer["coreInfo"]["connected"] is True
        for value, text in ((42, "42"), (True, "true"), (1.5, "1.5"), ("open", "open")):
            there.devices.variables["position"] = value
            raw = await there.call("GET", f"/v1/devices/{DEVICE}/position", "u", params={"format": "raw"})
            assert raw.text == text
            assert raw.headers["content-type"].startswith("text/plain")
        for no_number in (math.nan, math.inf):  # JSON has no word for them
            there.devices.variables["position"] = no_number
            assert (await there.ok("GET", f"/v1/devices/{DEVICE}/position", "u"))["result"] is None


@pytest.mark.parametrize(
    ("body", "argument"),
    [
        ({"json": {"arg": "open"}}, "open"),
        ({"json": {"args": "open"}}, "open"),
        ({"json": {"args": "x", "arg": "open"}}, "open"),
        ({"json": {"params": "open"}}, "open"),
        ({"json": {"arg": 50}}, "50"),
        ({"json": {"arg": None}}, ""),
        ({"json": {}}, ""),
        ({"data": {"args": "open"}}, "open"),
        ({"data": {"arg": "a b&c=ü"}}, "a b&c=ü"),
        ({"files": {"arg": (None, "open")}}, "open"),
        ({}, ""),
    ],
)
async def test_a_function_takes_its_argument_as_every_client_sends_it(
    tmp_path: Path, body: dict[str, Any], argument: str
) -> None:
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        answer = await there.ok("POST", f"/v1/devices/{DEVICE}/move", "u", **body)
        assert answer["return_value"] == len(argument)
        assert answer["connected"] is True
        assert there.devices.calls == [(DEVICE, "move", argument)]


async def test_unknown_names_are_404_and_do_not_reach_the_device(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        variable = await there.call("GET", f"/v1/devices/{DEVICE}/speed", "u")
        assert (variable.status_code, variable.json()["error"]) == (404, "Unknown Variable: speed")
        function = await there.call("POST", f"/v1/devices/{DEVICE}/fly", "u", json={"arg": "up"})
        assert (function.status_code, function.json()["error"]) == (404, "Function fly not found")
        assert there.devices.calls == []


@pytest.mark.parametrize("silent", [True, False], ids=["silent", "offline"])
async def test_a_device_that_does_not_answer(tmp_path: Path, silent: bool) -> None:
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        if silent:
            there.devices.silent.add(DEVICE)
        else:
            await there.go_offline()
        device = f"/v1/devices/{DEVICE}"
        assert (await there.call("GET", f"{device}/position", "u")).status_code == 408
        assert (await there.call("POST", f"{device}/move", "u", json={"arg": "x"})).status_code == 408
        signal = await there.call("PUT", device, "u", json={"signal": "1"})
        assert signal.status_code == 500
        assert signal.json()["errors"][0]["error"].startswith("Timed out")
        assert await there.ok("PUT", f"{device}/ping", "u") == {"online": False, "ok": True}
        shown = await there.ok("GET", device, "u")
        assert shown["connected"] is shown["online"] is silent
        # What it offered when last heard of is still shown.
        assert (shown["functions"], shown["variables"]) == (["move"], {"position": "int32"})


@pytest.mark.parametrize(
    ("sent", "on"), [("1", True), ("0", False), (True, True), (False, False), (1, True), (0, False)]
)
async def test_signal(tmp_path: Path, sent: object, on: bool) -> None:
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        answer = await there.ok("PUT", f"/v1/devices/{DEVICE}", "u", json={"signal": sent})
        assert answer == {"id": DEVICE, "connected": True, "signaling": on}
        assert there.devices.signals == [(DEVICE, on)]


async def test_a_device_answers_to_its_name_for_its_owner_alone(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        await there.user("o")
        answer = await there.ok("PUT", f"/v1/devices/{DEVICE}", "u", data={"name": "Living room"})
        assert (answer["id"], answer["name"]) == (DEVICE, "Living room")
        for name in ("Living%20room", "living%20room", DEVICE.upper()):
            assert (await there.ok("GET", f"/v1/devices/{name}", "u"))["id"] == DEVICE
        assert (await there.call("GET", "/v1/devices/Living%20room", "o")).status_code == 403
        await there.enrol("u", OTHER_DEVICE)
        await there.go_online(OTHER_DEVICE)
        await there.ok("POST", "/v1/devices", "u", json={"id": OTHER_DEVICE})
        taken = await there.call("PUT", f"/v1/devices/{OTHER_DEVICE}", "u", json={"name": "LIVING ROOM"})
        assert taken.status_code == 400
        for bad in ("", "x" * 65, ["a"]):
            assert (await there.call("PUT", f"/v1/devices/{DEVICE}", "u", json={"name": bad})).status_code == 400
        assert (await there.call("PUT", f"/v1/devices/{DEVICE}", "u", json={})).status_code == 400


async def test_a_device_under_a_foreign_name_looks_unknown(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        verbs = [("GET", ""), ("GET", "/v"), ("POST", "/f"), ("PUT", ""), ("PUT", "/ping"), ("DELETE", "")]
        for method, suffix in verbs:
            known = await there.call(method, f"/v1/devices/{DEVICE}{suffix}", "o")
            unknown = await there.call(method, f"/v1/devices/{OTHER_DEVICE}{suffix}", "o")
            assert known.status_code == unknown.status_code == (404 if suffix == "/f" else 403)
            assert known.json() == unknown.json()
            assert known.json()["error"] == "Permission Denied"


async def test_keys_are_sent_once_and_replaced_only_by_who_may(tmp_path: Path) -> None:
    from ..world import public_pem

    async with world(tmp_path) as there:
        await populate(there)
        form = {"deviceID": DEVICE, "publicKey": public_pem(), "algorithm": "rsa"}
        path = f"/v1/provisioning/{DEVICE}"
        assert (await there.call("POST", path, "o", data=form)).status_code == 403
        assert (await there.call("POST", path, "m", data=form)).json() == "Success!"
        assert there.devices.disconnected == [DEVICE]
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        before = there.cloud.store.devices.get(DEVICE)
        assert (await there.call("POST", path, "m", data=form | {"publicKey": public_pem()})).status_code == 403
        assert (await there.call("POST", path, "c", data=form | {"publicKey": public_pem()})).status_code == 403
        assert there.cloud.store.devices.get(DEVICE) == before
        for bad in ({"publicKey": "junk"}, {"publicKey": ""}, {"algorithm": "ecc"}):
            assert (await there.call("POST", path, "m", data=form | bad)).status_code == 400
        assert (await there.call("POST", "/v1/provisioning/short", "m", data=form)).status_code == 400
