"""What requests carry is read by the type of its field, leniently as clients write it, and described as it is read."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http import openapi
from photonrig.localcloud.http.body import Body, UploadedFile
from photonrig.localcloud.http.call import ApiRoute
from photonrig.localcloud.http.fields import Fields, Stripped, says
from photonrig.localcloud.http.pages import Page, paged
from photonrig.localcloud.service.refusal import ServiceRefusal

FILE = UploadedFile("a.bin", b"\0")


class Everything(Fields):
    needed: Stripped
    text: str = "none"
    flag: bool | None = None
    number: Annotated[int, says("number must be 1 … 9", ge=1, le=9)] = 5
    texts: list[str] = msgspec.field(default_factory=list)
    members: dict[str, Any] = msgspec.field(default_factory=dict)
    anything: Any = None
    noted: str | UnsetType | None = UNSET
    files: list[UploadedFile] = msgspec.field(name="file", default_factory=list)


def read(**fields: Any) -> Everything:
    return Everything.read(Body("json", {"needed": "x", **fields}))


@pytest.mark.parametrize(
    ("name", "sent", "expected"),
    [
        *(("text", sent, text) for sent, text in (("a", "a"), ("", ""), (7, "7"), (1.5, "1.5"), (True, "true"))),
        *(("flag", sent, True) for sent in ("true", "1", "YES", "on", True, 1)),
        *(("flag", sent, False) for sent in ("false", "0", "No", "off", "", False, 0)),
        *(("number", sent, 7) for sent in ("7", 7, "007")),
        ("number", "", 5),
        *(("texts", sent, ["a", "b"]) for sent in (["a", "b"], "a,b", "a\nb", " a  b ", ["a, b"])),
        ("texts", [1, "b"], ["1", "b"]),
        ("members", {"a": [1]}, {"a": [1]}),
        ("members", "no object", {}),
        ("anything", [None], [None]),
        ("noted", "n", "n"),
        ("noted", None, None),
        *((name, None, default) for name, default in (("text", "none"), ("flag", None), ("number", 5), ("texts", []))),
        ("needed", "  two words ", "two words"),
    ],
)
def test_a_field_is_read_by_its_type(name: str, sent: Any, expected: Any) -> None:
    assert getattr(read(**{name: sent}), name) == expected


def test_what_is_not_sent_has_its_default_and_null_is_told_from_it_where_that_matters() -> None:
    empty = read()
    assert (empty.text, empty.flag, empty.number, empty.texts, empty.members) == ("none", None, 5, [], {})
    assert empty.noted is UNSET
    assert read(noted=None).noted is None


def test_files_are_those_of_the_request_whatever_their_parts_are_called() -> None:
    assert Everything.read(Body("multipart", {"needed": "x", "file": "text"}, [FILE])).files == [FILE]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        *(({name: sent}, f"{name} must be a single value") for name in ("text", "flag") for sent in ([], ["a"], {})),
        ({"flag": "maybe"}, "flag must be true or false"),
        *(({"number": sent}, "number must be 1 … 9") for sent in ("x", 0, 10, "-1", 1.5, "9" * 5000, "\u0661")),
        ({"number": [1]}, "number must be a single value"),
        *(({"texts": sent}, "texts must be a list of texts") for sent in ([["a"]], {"a": 1}, [None])),
        *(({"needed": sent}, "needed is required") for sent in ("", "  ", None)),
    ],
)
def test_what_a_field_cannot_be_is_refused_in_words(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ServiceRefusal) as refused:
        read(**fields)
    assert (refused.value.situation, refused.value.words) == (Situation.INVALID, {"text": text})


def test_a_struct_words_its_own_refusals() -> None:
    class Worded(Fields):
        needed: str
        number: int = 0

        @classmethod
        def missing(cls, name: str) -> ServiceRefusal:
            return ServiceRefusal(Situation.CLAIM_WITHOUT_ID)

        @classmethod
        def refused(cls, text: str) -> ServiceRefusal:
            return ServiceRefusal(Situation.GRANT_INVALID, text=text)

    with pytest.raises(ServiceRefusal) as missing:
        Worded.read(Body())
    assert missing.value.situation is Situation.CLAIM_WITHOUT_ID
    with pytest.raises(ServiceRefusal) as refused:
        Worded.read(Body("form", {"needed": "x", "number": "x"}))
    assert (refused.value.situation, refused.value.words) == (
        Situation.GRANT_INVALID,
        {"text": "number must be a number"},
    )


def test_a_struct_has_words_for_what_is_missing_and_a_situation_for_all_it_refuses() -> None:
    class Worded(Fields):
        SITUATION = Situation.ACCOUNT_INVALID
        MISSING = "give {name}"

        needed: str
        number: int = 0

    for sent, text in ((Body(), "give needed"), (Body("form", {"needed": "", "number": "1"}), "give needed")):
        with pytest.raises(ServiceRefusal) as refused:
            Worded.read(sent)
        assert (refused.value.situation, refused.value.words) == (Situation.ACCOUNT_INVALID, {"text": text})
    with pytest.raises(ServiceRefusal) as refused:
        Worded.read(Body("form", {"needed": "x", "number": "x"}))
    assert refused.value.situation is Situation.ACCOUNT_INVALID


def test_the_document_says_what_is_read() -> None:
    """By the Struct alone: names as they are sent, types, bounds, and what must be there."""

    async def handler(_: object) -> dict[str, Any]:
        """Nothing."""
        return {}

    async def endpoint(_: object) -> Any:
        raise AssertionError

    described = ApiRoute("POST", "/v1/x/{y}", handler, endpoint, needs_token=True, body=Everything, query=Page)
    operation = openapi.describe([described], "http://127.0.0.1:1")["paths"]["/v1/x/{y}"]["post"]
    assert operation["requestBody"] == {
        "required": True,
        "content": {
            media: {
                "schema": {
                    "type": "object",
                    "properties": {
                        "needed": {"type": "string"},
                        "text": {"type": "string"},
                        "flag": {"type": "boolean"},
                        "number": {"type": "integer", "minimum": 1, "maximum": 9},
                        "texts": {"type": "array", "items": {"type": "string"}},
                        "members": {"type": "object"},
                        "anything": {},
                        "noted": {"type": "string"},
                    },
                    "required": ["needed"],
                }
            }
            for media in ("application/json", "application/x-www-form-urlencoded")
        },
    }
    parameters = {each["name"]: (each["in"], each["required"]) for each in operation["parameters"]}
    assert parameters == {
        "y": ("path", True),
        **dict.fromkeys(("page", "perPage", "per_page", "page_size"), ("query", False)),
    }


@pytest.mark.parametrize(
    ("asked", "expected", "pages"),
    [
        ({}, range(25), 3),
        ({"page": "3"}, range(50, 60), 3),
        ({"page": "4"}, range(0), 3),
        ({"perPage": "7", "page": "2"}, range(7, 14), 9),
        ({"page_size": "100000"}, range(60), 1),
        ({"page": "9" * 30}, range(0), 3),
    ],
)
def test_a_page_of_a_list(asked: dict[str, str], expected: range, pages: int) -> None:
    assert paged(Page.read(Body("query", dict(asked))), range(60)) == (expected, pages)


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5"])
def test_pages_are_counted_from_1(text: str) -> None:
    with pytest.raises(ServiceRefusal, match="page and per_page must be numbers from 1"):
        Page.read(Body("query", {"page": text}))
