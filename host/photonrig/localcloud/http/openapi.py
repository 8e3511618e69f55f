"""``GET /openapi.json``: the API described by itself, from its routes and the table of their parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from photonrig.localcloud.http.call import Answer, ApiRoute, OpenCall, open_route
from photonrig.localcloud.http.parameters import PARAMETERS, Field, Takes

__all__ = ["ROUTES", "describe"]

_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "object": {"type": "object"},
    "list": {"type": "array", "items": {"type": "string"}},
    "file": {"type": "string", "format": "binary"},
}
_MEDIA = {"json": "application/json", "form": "application/x-www-form-urlencoded", "files": "multipart/form-data"}
_ANY_JSON: dict[str, Any] = {"application/json": {"schema": {}}}
_STREAM = re.compile(r"/v1/(?:.+/)?events(?:/|$)")


async def document(call: OpenCall) -> Answer:
    """The document of this cloud."""
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
    takes = PARAMETERS.get((method, path), Takes())
    summary = (route.handler.__doc__ or "").strip().splitlines()
    answer: dict[str, Any] = {"description": "what was asked for", "content": _ANY_JSON}
    if method == "GET" and _STREAM.match(path):
        answer = {"description": "a stream of events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}{path}").strip("_"),
        "summary": summary[0] if summary else "",
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in _parts(path)),
            *(
                {"name": field.name, "in": "query", "required": field.required, "schema": _TYPES[field.type]}
                for field in takes.query
            ),
        ],
        "responses": {
            "2XX": answer,
            "4XX": {"description": "refused; error or errors say why", "content": _ANY_JSON},
        },
        "security": [{"token": []}] if route.needs_token else [{}, {"basic": []}],
    }
    if takes.kinds:
        operation["requestBody"] = {
            "required": any(field.required for field in takes.body),
            "content": {_MEDIA[kind]: {"schema": _schema(takes.body, kind)} for kind in takes.kinds},
        }
    return operation


def _parts(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def _schema(fields: Iterable[Field], kind: str) -> dict[str, Any]:
    usable = [field for field in fields if field.type != "file" or kind == "files"]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {field.name: _TYPES[field.type] for field in usable},
        "required": [field.name for field in usable if field.required],
    }
    if not schema["required"]:
        del schema["required"]
    return schema


ROUTES = [open_route("GET", "/openapi.json", document)]
