"""``GET /openapi.json``: the API's description, generated from its routes and Structs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import inspect

from photonrig.localcloud.http.call import Answer, ApiRoute, OpenCall, open_route
from photonrig.localcloud.http.fields import Fields

_TYPES: Mapping[type, dict[str, Any]] = {
    inspect.StrType: {"type": "string"},
    inspect.BoolType: {"type": "boolean"},
    inspect.DictType: {"type": "object"},
    inspect.AnyType: {},
}
_MEDIA = {"json": "application/json", "form": "application/x-www-form-urlencoded", "files": "multipart/form-data"}
_ANY_JSON: dict[str, Any] = {"application/json": {"schema": {}}}
_STREAM = re.compile(r"/v1/(?:.+/)?events(?:/|$)")


async def document(call: OpenCall) -> Answer:
    """Show this document."""
    base = str(call.request.base_url).rstrip("/")
    return describe([each for each in call.request.app.routes if isinstance(each, ApiRoute)], base)


def describe(routes: Iterable[ApiRoute], base: str) -> dict[str, Any]:
    """An OpenAPI 3.0 document of the routes, for a server at ``base``."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = route.path.replace(":path}", "}")
        for method in sorted(route.methods - {"HEAD"} if route.methods else ()):
            paths.setdefault(path, {})[method.lower()] = _operation(route, method, path)
    return {
        "openapi": "3.0.3",
        "info": {"title": "photonrig local cloud", "version": "1"},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            }
        },
    }


def _operation(route: ApiRoute, method: str, path: str) -> dict[str, Any]:
    body, query = route.body, route.query
    summary = (route.handler.__doc__ or "").strip().splitlines()
    answer: dict[str, Any] = {"description": "what was asked for", "content": _ANY_JSON}
    if method == "GET" and _STREAM.match(path):
        answer = {"description": "a stream of events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}{path}").strip("_"),
        "summary": summary[0] if summary else "",
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in _parts(path)),
            *(_in_query(field) for field in _described(query)),
        ],
        "responses": {
            "2XX": answer,
            "4XX": {"description": "refused; error or errors say why", "content": _ANY_JSON},
        },
        "security": [{"token": []}] if route.needs_token else [{}, {"basic": []}],
    }
    if body is not None:
        fields = _described(body)
        operation["requestBody"] = {
            "required": any(field.required for field in fields),
            "content": {_MEDIA[kind]: {"schema": _schema(fields, kind)} for kind in body.KINDS},
        }
    return operation


def _parts(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def _in_query(field: inspect.Field) -> dict[str, Any]:
    schema = _schema_of(field)
    together = {"explode": False} if schema.get("type") == "array" else {}  # comma-separated
    return {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema} | together


def _described(fields: type[Fields] | None) -> Sequence[inspect.Field]:
    if fields is None:
        return ()
    struct = inspect.type_info(fields)
    assert isinstance(struct, inspect.StructType)
    return struct.fields


def _schema(fields: Iterable[inspect.Field], kind: str) -> dict[str, Any]:
    usable = {field.encode_name: _schema_of(field) for field in fields}
    if kind != "files":
        usable = {name: schema for name, schema in usable.items() if schema.get("format") != "binary"}
    required = [field.encode_name for field in fields if field.required and field.encode_name in usable]
    return {"type": "object", "properties": usable} | ({"required": required} if required else {})


def _schema_of(field: inspect.Field) -> dict[str, Any]:
    kinds = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
    (kind,) = [each for each in kinds if not isinstance(each, inspect.NoneType)]
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    match kind:
        case inspect.IntType(ge=low, le=high):
            bounds = {"minimum": low, "maximum": high}
            return {"type": "integer"} | {name: bound for name, bound in bounds.items() if bound is not None}
        case inspect.ListType(item_type=inspect.StrType()):
            return {"type": "array", "items": {"type": "string"}}
        case inspect.ListType():
            return {"type": "string", "format": "binary"}
    return dict(_TYPES[type(kind)])


ROUTES = [open_route("GET", "/openapi.json", document)]
