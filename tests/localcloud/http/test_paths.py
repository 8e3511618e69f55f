"""Names in addresses and forms: an encoded slash belongs to its segment, and text is UTF-8 in every encoding."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, quote

import pytest

from photonrig.localcloud.http.app import all_routes
from photonrig.localcloud.http.body import nested
from photonrig.localcloud.http.router import SortedRoutes

from ..world import DEVICE, OTHER_DEVICE, populate, world

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_an_encoded_slash_is_part_of_its_segment(tmp_path: Path) -> None:
    """RFC 3986, 2.2: a slash as data is sent as %2F and separates nothing."""
    async with world(tmp_path) as there:
        made = await populate(there)
        customers = f"/v1/products/{made.product}/customers"
        await there.ok("POST", customers, data={"email": "a/b@example.com", "no_password": "true"}, auth=made.client)
        await there.ok("DELETE", f"{customers}/a%2Fb%40example.com", "m")
        names = [each["username"] for each in (await there.ok("GET", customers, "m"))["customers"]]
        assert "a/b@example.com" not in names

        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        await there.ok("PUT", f"/v1/devices/{DEVICE}", "m", json={"name": "hall/left"})
        for escaped in ("%2F", "%2f"):
            assert (await there.ok("GET", f"/v1/devices/hall{escaped}left", "m"))["id"] == DEVICE
        called = await there.call("POST", "/v1/devices/hall%2Fleft/move%2Fup", "m", json={"arg": "1"})
        assert called.json()["error"] == "Function move/up not found"
        # A device named "hall" has no variable "left" of it.
        assert (await there.call("GET", "/v1/devices/hall/left", "m")).status_code == 403
        assert (await there.call("GET", "/v1%2Fdevices", "m")).status_code == 404


async def test_the_last_segment_may_end_in_an_encoded_slash(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        await there.ok("PUT", f"/v1/devices/{DEVICE}", "m", json={"name": "hall/"})
        assert (await there.ok("GET", "/v1/devices/hall%2F", "m"))["id"] == DEVICE
        assert (await there.call("GET", "/v1/devices/hall", "m")).status_code == 403


def test_no_pattern_but_an_event_prefix_takes_a_segment_more() -> None:
    """Every other path parameter is one segment, so that the rule above holds for it."""
    found = SortedRoutes(all_routes(extensions=True))
    for route in all_routes(extensions=True):
        for method in route.methods or ():
            path = route.path.replace("{prefix:path}", "x")
            while "{" in path:
                path = path[: path.index("{")] + "a\udc2fb" + path[path.index("}") + 1 :]
            assert found.find(method, path)[0] is not None, path


@pytest.mark.parametrize("encoding", ["form", "escaped form", "multipart"])
async def test_text_in_a_form_is_utf_8(tmp_path: Path, encoding: str) -> None:
    """WHATWG URL, urlencoded parsing: bytes as they are or escaped, both UTF-8, as curl -d and -F send them."""

    def sent(name: str, value: str) -> dict[str, object]:
        if encoding == "multipart":
            return {"files": {name: (None, value.encode())}}
        return {"data": {name: value}} if "escaped" in encoding else {"content": f"{name}={value}", "headers": FORM}

    async with world(tmp_path) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        await there.ok("PUT", f"/v1/devices/{DEVICE}", "m", **sent("name", "Küche"))
        assert (await there.ok("GET", "/v1/devices/K%C3%BCche", "m"))["name"] == "Küche"
        await there.ok("POST", "/v1/devices/Küche/move", "m", **sent("arg", "grün 21°"))
        assert there.devices.calls == [(DEVICE, "move", "grün 21°")]
        wrong = {"content": b"name=\xfc", "headers": FORM}
        assert (await there.call("PUT", f"/v1/devices/{DEVICE}", "m", **wrong)).status_code == 400


@pytest.mark.parametrize(
    ("kind", "content", "argument"),
    [
        ("application/json", b'{"arg":"x"}', "x"),
        ("Application/JSON ; charset=UTF-8", b' {"arg":"x"}', "x"),
        ("application/x-www-form-urlencoded; charset=UTF-8", b"arg=x", "x"),
        ("APPLICATION/X-WWW-FORM-URLENCODED", b"arg=x", "x"),
        ("application/x-www-form-urlencoded", b'{"arg":"x"}', ""),  # curl -d with JSON and no -H: a field of that name
        ("text/plain", b"arg=x", ""),
        ("text/json", b'{"arg":"x"}', ""),
        ("application/vnd.api+json", b'{"arg":"x"}', ""),
        ("", b'{"arg":"x"}', ""),
        ("", b"arg=x", ""),
    ],
)
async def test_a_body_is_read_by_its_content_type(tmp_path: Path, kind: str, content: bytes, argument: str) -> None:
    """API reference, Format: JSON and forms by their content types; another type's body is as none."""
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        headers = {"content-TYPE": kind} if kind else {}
        await there.ok("POST", f"/v1/devices/{DEVICE}/move", "u", content=content, headers=headers)
        assert there.devices.calls == [(DEVICE, "move", argument)]


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("a=1", {"a": "1"}),
        ("a=1&a=1", {"a": ["1", "1"]}),
        ("a[]=1", {"a": ["1"]}),
        ("a=1&a[]=2", {"a": ["1", "2"]}),
        ("a[0]=x&a[1]=y", {"a": ["x", "y"]}),
        ("a[2]=z&a[0]=x", {"a": ["x", "z"]}),
        ("a[21]=x", {"a": {"21": "x"}}),
        ("a[b]=1&a[c]=2", {"a": {"b": "1", "c": "2"}}),
        ("a[b][c]=1", {"a": {"b": {"c": "1"}}}),
        ("a[b][]=1&a[b][]=2", {"a": {"b": ["1", "2"]}}),
        ("a[][b]=1&a[][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
        ("a[b]=1&a[b]=2", {"a": {"b": ["1", "2"]}}),
        ("a[b=1", {"a[b": "1"}),
        ("[b]=1", {"[b]": "1"}),
        ("&".join(f"a[]={number}" for number in range(30)), {"a": [str(number) for number in range(30)]}),
        ("a[b][c][d][e][f][g]=1", {"a": {"b": {"c": {"d": {"e": {"f][g": "1"}}}}}}),
    ],
)
def test_brackets_are_read_as_by_qs(form: str, fields: dict[str, object]) -> None:
    """github.com/ljharb/qs, README, Parsing Objects and Parsing Arrays: what express reads forms and queries with."""
    assert nested(parse_qsl(form)) == fields


@pytest.mark.parametrize(
    ("sent", "argument"),
    [
        ("1.0", "1"),
        ("1e3", "1000"),
        ("0.1", "0.1"),
        ("1e-5", "0.00001"),
        ("1e-7", "1e-7"),
        ("1e21", "1e+21"),
        ("-0.5", "-0.5"),
    ],
)
async def test_numbers_become_texts_as_in_javascript(tmp_path: Path, sent: str, argument: str) -> None:
    """ECMA-262, Number::toString: an API of JavaScript knows no 1.0."""
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        for content in (f'{{"arg":{sent}}}', f'{{"arg":["x",{sent}]}}'):
            headers = {"Content-Type": "application/json"}
            await there.ok("POST", f"/v1/devices/{DEVICE}/move", "u", content=content, headers=headers)
        assert [each for _, _, each in there.devices.calls] == [argument, f"x,{argument}"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("groups=a", 1),
        ("groups=a,b", 2),
        ("groups=a%2Cb", 2),
        ("groups=a&groups=b", 2),
        ("groups[]=a&groups[]=b", 2),
        ("groups%5B%5D=b", 1),
        ("groups[]=none", 0),
        ("groups=", 2),
        ("deviceName=a%2Bb", 1),
        ("deviceName=a+b", 0),  # a space
        ("deviceName=A%2bB", 1),
        ("deviceName=%25", 0),  # no wildcard
    ],
)
async def test_lists_in_a_query_are_written_as_in_a_form(tmp_path: Path, query: str, found: int) -> None:
    async with world(tmp_path) as there:
        path = f"/v1/products/{(await populate(there)).product}/devices"
        await there.enrol("m", OTHER_DEVICE)
        await there.ok("POST", path, "m", json={"id": OTHER_DEVICE})
        await there.ok("PUT", f"{path}/{DEVICE}", "m", json={"name": "a+b", "groups": ["a"]})
        await there.ok("PUT", f"{path}/{OTHER_DEVICE}", "m", json={"groups": ["b"]})
        assert len((await there.ok("GET", f"{path}?{query}", "m"))["devices"]) == found


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("Kitchen", "kITCHEN", True),
        ("Straße", "STRASSE", True),
        ("Küche", "KU\u0308CHE", True),  # composed of two characters
        ("kitchen", "  kitchen\t", True),
        ("a b", "a  b", False),
        ("a-b", "a_b", False),
    ],
)
async def test_names_that_read_alike_are_one_name_to_an_account(
    tmp_path: Path, first: str, second: str, same: bool
) -> None:
    """Documented: unique in an account. Whichever way the second one comes, and however it is spelt."""
    async with world(tmp_path) as there:
        path = f"/v1/products/{(await populate(there)).product}/devices"
        await there.enrol("m", OTHER_DEVICE)
        await there.ok("POST", path, "m", json={"id": OTHER_DEVICE})
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        await there.ok("PUT", f"{path}/{DEVICE}", "m", json={"name": first})
        await there.ok("PUT", f"{path}/{OTHER_DEVICE}", "m", json={"name": second})
        await there.ok("POST", "/v1/devices", "m", json={"id": OTHER_DEVICE})
        arrived = (await there.ok("GET", f"/v1/devices/{OTHER_DEVICE}", "m"))["name"]
        assert arrived == second.strip() + ("-2" if same else "")
        answer = await there.call("PUT", f"/v1/devices/{OTHER_DEVICE}", "m", json={"name": second})
        assert answer.status_code == (400 if same else 200)
        assert (await there.ok("GET", f"/v1/devices/{quote(first.upper())}", "m"))["id"] == DEVICE


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[31mb", "\u200b", "\u202eb", "a\x7f"])
async def test_names_are_printable(tmp_path: Path, name: str) -> None:
    """They are shown in terminals, lists and addresses."""
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        answer = await there.call("PUT", f"/v1/devices/{DEVICE}", "u", json={"name": name})
        assert (answer.status_code, answer.json()["error"]) == (400, "name must be 1 … 64 printable characters")
