"""What each endpoint takes: one line each, from which the API's OpenAPI document is made.

    METHOD  path  [body kinds]  fields

A part in square brackets may be there or not, parts in round brackets are alternatives. Body kinds are ``json``,
``form`` and ``files``; a field is ``name``, ``name!`` where it must be there, ``?name`` in the query, and ``name:type``
for other types than text: ``int``, ``bool``, ``object``, ``list`` (of texts), ``file``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from photonrig.localcloud.http.body import UploadedFile
from photonrig.localcloud.http.fields import Fields

__all__ = ["PARAMETERS", "Field", "declared"]

_TABLE = """
POST    /oauth/token                                    form       grant_type! username password client_id client_secret scope refresh_token expires_in:int expires_at mfa_token otp
POST    /v1/users                                       json,form  username! password! account_info:object
PUT     /v1/user                                        json,form  current_password username password account_info:object invalidate_tokens:bool
DELETE  /v1/user                                        json,form  password!
GET     /v1/user/identify                                          ?tracking
POST    /v1/user/password-reset                         json,form  username!
POST    /v1/user/mfa-enable                             json,form  mfa_token! otp! invalidate_tokens:bool
PUT     /v1/user/mfa-disable                            json,form  current_password!
GET     /v1/access_tokens                                          ?otp
POST    /v1/[products/{product}/]clients                json,form  name! type redirect_uri scope organization product
PUT     /v1/[products/{product}/]clients/{client}       json,form  name scope
POST    /v1/(user|orgs/{organization})/products         json       product!:object
POST    /v1/(products/{product}|orgs/{organization})/team             json,form  username role friendly_name scopes:list
POST    /v1/(products/{product}|orgs/{organization})/team/{username}  json,form  role scopes:list
PUT     /v1/(products/{product}|orgs/{organization})/team/{username}  json,form  role scopes:list
GET     /v1/products/{product}/customers                           ?page:int ?perPage:int
POST    /v1/products/{product}/customers                json,form  email! password no_password:bool client_id client_secret response_type
POST    /v1/orgs/{organization}/customers               json,form  email! password no_password:bool client_id client_secret product
PUT     /v1/products/{product}/customers/{email}        json,form  password!
POST    /v1/binaries                                    files      file!:file platform_id:int build_target_version latest:bool
GET     /v1/build_targets                                          ?featured:bool
GET     /v1/device-os/versions                                     ?platform_id:int ?per_page:int ?page:int
GET     /v1/device-os/versions/{version}                           ?platform_id:int
PUT     /admin/password-resets/{username}               json,form  password!
POST    /admin/organizations                            json,form  name! owner!
GET     /v1/libraries                                              ?filter ?scope ?excludeScopes ?architectures ?sort ?page:int ?limit:int
POST    /v1/libraries                                   files      archive!:file
GET     /v1/libraries/{library}                                    ?version
PATCH   /v1/libraries/{library}                         json,form  visibility!
DELETE  /v1/libraries/{library}                         json,form  force
GET     /v1/libraries/{library}/versions                           ?page:int ?limit:int
"""  # noqa: E501

_KINDS = frozenset({"json", "form", "files"})
_FIELD = re.compile(r"(?P<query>\??)(?P<name>\w+)(?P<required>!?)(?::(?P<type>\w+))?")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a request; ``type`` is text, int, bool, object, list or file."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class Takes:
    """What a request may carry: body fields in any of the kinds, and the query."""

    kinds: tuple[str, ...] = ()
    body: tuple[Field, ...] = ()
    query: tuple[Field, ...] = ()


def _spelled_out(path: str) -> Iterator[str]:
    """The paths that a path with brackets stands for."""
    parts = re.split(r"(\[[^]]*\]|\([^)]*\))", path)
    assumptions = [["", part[1:-1]] if part[:1] == "[" else part.strip("()").split("|") for part in parts]
    yield from ("".join(chosen) for chosen in itertools.product(*assumptions))


def _parse(table: str) -> Iterator[tuple[tuple[str, str], Takes]]:
    for line in table.strip().splitlines():
        method, path, *rest = line.split()
        kinds: tuple[str, ...] = ()
        if rest and set(rest[0].split(",")) <= _KINDS and method != "GET":
            kinds = tuple(rest.pop(0).split(","))
        body: list[Field] = []
        query: list[Field] = []
        for text in rest:
            found = _FIELD.fullmatch(text)
            assert found is not None, f"{method} {path}: {text}"
            field = Field(found["name"], found["type"] or "text", bool(found["required"]))
            (query if found["query"] else body).append(field)
        for each in _spelled_out(path):
            yield (method, each), Takes(kinds, tuple(body), tuple(query))


PARAMETERS: Mapping[tuple[str, str], Takes] = dict(_parse(_TABLE))
"""By method and path, with ``{part}`` for what varies; an endpoint that is not here takes nothing but its path."""


_KINDS_OF = {"text": str, "int": int, "bool": bool, "object": dict[str, Any], "list": list[str]}


def declared(method: str, path: str) -> tuple[type[Fields] | None, type[Fields] | None]:
    """Body and query of an endpoint whose route does not declare them yet."""
    takes = PARAMETERS.get((method, path), Takes())
    kinds = {"KINDS": takes.kinds}
    body: Any = msgspec.defstruct("Sent", _typed(takes.body), bases=(Fields,), namespace=kinds, kw_only=True)
    query: Any = msgspec.defstruct("Asked", _typed(takes.query), bases=(Fields,), kw_only=True)
    return (body if takes.kinds else None, query if takes.query else None)


def _typed(fields: tuple[Field, ...]) -> list[Any]:
    types: dict[str, Any] = {**_KINDS_OF, "file": list[UploadedFile]}
    kinds = [(each, types[each.type]) for each in fields]
    return [(each.name, kind) if each.required else (each.name, kind | None, None) for each, kind in kinds]
