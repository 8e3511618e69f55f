"""``/v1/libraries``: a registry of this cloud's own; what nobody uploaded here is not found here."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from photonrig.errors import UsageError
from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import SOURCES_BODY, Answer, Call, OpenCall, open_route, route
from photonrig.localcloud.http.errors import combined, refused
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.views import paged
from photonrig.localcloud.service.events import iso_time
from photonrig.localcloud.service.library_archive import read_library
from photonrig.localcloud.store.libraries import Library

__all__ = ["ROUTES"]

_PAGE = "10"


async def list_libraries(call: Call) -> Answer:
    """Public libraries and one's own, those that ``filter``, ``scope`` and ``architectures`` ask for."""
    call.require(Action.LIBRARIES)
    query = call.request.query_params
    words = query.get("filter", "").lower().split()
    excluded = set(query.get("excludeScopes", "").split(","))
    architectures = {each for each in query.get("architectures", "").split(",") if each}
    found = []
    for library in call.cloud.store.libraries.newest():
        scopes = _scopes(call, library)
        about = " ".join((library.name, *(library.properties.get(key, "") for key in ("sentence", "author"))))
        offered = {each.strip() for each in library.properties.get("architectures", "*").split(",")}
        if (
            query.get("scope", "all") in scopes
            and not excluded & scopes
            and all(word in about.lower() for word in words)
            and (not architectures or "*" in offered or architectures & offered)
        ):
            found.append(library)
    _sort(found, query.get("sort", "name"))
    page, _ = paged(call, found, size=query.get("limit", _PAGE))
    return {"data": [_shown(call, library) for library in page]}


async def show(call: Call) -> Answer:
    """A library in its newest version, or in the one that is named."""
    versions = _versions(call)
    wanted = call.request.query_params.get("version")
    for library in versions:
        if wanted in (None, "", "latest", library.version):
            return {"data": _shown(call, library)}
    raise refused(404, f"Library {versions[0].name} has no version {wanted}")


async def versions(call: Call) -> Answer:
    """All versions of a library, newest first."""
    page, _ = paged(call, _versions(call), size=call.request.query_params.get("limit", _PAGE))
    return {"data": [_shown(call, library) for library in page]}


async def upload(call: Call) -> Answer:
    """Keep a version of a library from its archive; it is private until it is published."""
    call.require(Action.LIBRARIES)
    if len(call.sent.files) != 1:
        raise combined(400, "Upload one archive of a library")
    archive = call.sent.files[0].content
    try:
        read = await asyncio.to_thread(read_library, archive)
    except UsageError as error:
        raise combined(400, f"The library was refused: {error}") from None
    libraries = call.cloud.store.libraries
    known = libraries.versions(read.name)
    if known and known[0].user_id != call.user_id:
        raise combined(403, f"The library {read.name} is someone else's; choose another name")
    with call.cloud.store.write():
        added = libraries.add(
            call.user_id, known[0].name if known else read.name, read.version, read.properties, archive
        )
    if not added:
        raise combined(400, f"Version {read.version} of {read.name} exists already; state a higher one")
    (made,) = [each for each in libraries.versions(read.name) if each.version == read.version]
    return Json({"data": _shown(call, made)}, status_code=201)


async def publish(call: Call) -> Answer:
    """Show a library of one's own to everybody."""
    library = _own(call)
    if call.sent.text("visibility") != "public":
        raise refused(400, "visibility can be set to public, and not back")
    with call.cloud.store.write():
        call.cloud.store.libraries.publish(library.name)
    return {"data": _shown(call, _versions(call)[0])}


async def remove(call: Call) -> Answer:
    """Delete a library of one's own; a public one only with ``force``."""
    library = _own(call)
    if library.public and not (call.sent.text("force") or call.request.query_params.get("force")):
        raise refused(403, f"The library {library.name} is public; others may use it")
    with call.cloud.store.write():
        call.cloud.store.libraries.remove(library.name)
    return Response(status_code=204)


async def download(call: OpenCall) -> Answer:
    """The archive that a library's ``links`` name."""
    archive = call.cloud.store.libraries.archive(call.path("archive"))
    if archive is None:
        raise refused(404, "Library archive not found")
    return Response(archive, media_type="application/gzip")


def _versions(call: Call) -> list[Library]:
    call.require(Action.LIBRARIES)
    found = [each for each in call.cloud.store.libraries.versions(call.path("library")) if _visible(call, each)]
    if not found:
        raise refused(404, f"Library {call.path('library')} not found")
    return found


def _own(call: Call) -> Library:
    library = _versions(call)[0]
    if library.user_id != call.user_id:
        raise refused(403, f"The library {library.name} is someone else's")
    return library


def _visible(call: Call, library: Library) -> bool:
    return library.public or library.user_id == call.user_id


def _scopes(call: Call, library: Library) -> set[str]:
    """The names of the lists in which the library stands for the caller; none is official, verified or featured."""
    mine = library.user_id == call.user_id
    scopes = {"public", "community"} if library.public else {"private"} if mine else set()
    if mine:
        scopes.add("mine")
    return scopes | {"all"} if scopes else scopes


def _sort(libraries: list[Library], by: str) -> None:
    match by.lstrip("-"):
        case "published" | "recent":
            libraries.sort(key=lambda library: library.created_at)
        case _:
            libraries.sort(key=lambda library: library.name.lower())
    if by.startswith("-"):
        libraries.reverse()


def _shown(call: Call, library: Library) -> dict[str, Any]:
    said = library.properties
    return {
        "type": "libraries",
        "id": library.name,
        "links": {"download": f"{str(call.request.base_url).rstrip('/')}/v1/library_archives/{library.archive_id}"},
        "attributes": {
            "name": library.name,
            "version": library.version,
            "author": said.get("author", ""),
            "license": said.get("license", ""),
            "sentence": said.get("sentence", ""),
            "paragraph": said.get("paragraph", ""),
            "url": said.get("url", ""),
            "repository": said.get("repository", ""),
            "architectures": [each.strip() for each in said.get("architectures", "*").split(",")],
            "visibility": "public" if library.public else "private",
            "mine": library.user_id == call.user_id,
            "official": False,
            "verified": False,
            "featured": False,
            "installs": 0,
            "published": iso_time(library.created_at),
        },
    }


ROUTES = [
    route("GET", "/v1/libraries", list_libraries),
    route("POST", "/v1/libraries", upload, limit=SOURCES_BODY),
    route("GET", "/v1/libraries/{library}", show),
    route("PATCH", "/v1/libraries/{library}", publish),
    route("DELETE", "/v1/libraries/{library}", remove),
    route("GET", "/v1/libraries/{library}/versions", versions),
    open_route("GET", "/v1/library_archives/{archive}", download),
]
