"""``/v1/libraries``: a registry of this cloud's own, holding only libraries uploaded to it."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from starlette.responses import Response

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http.body import UploadedFile
from photonrig.localcloud.http.call import SOURCES_BODY, Answer, Call, OpenCall, open_route, route
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.pages import Number, Page, paged
from photonrig.localcloud.service.libraries import architectures_of
from photonrig.localcloud.service.records import Library


class LibraryPage(Page):
    """A page of libraries or versions."""

    limit: Number = 10


class Search(LibraryPage):
    """Filters and order; lists are separated by commas."""

    filter: str = ""
    scope: str = "all"
    excluded: list[str] = msgspec.field(name="excludeScopes", default_factory=list)
    architectures: list[str] = msgspec.field(default_factory=list)
    sort: str = "name"


class Version(Fields):
    """A version; the newest if not given."""

    version: str | None = None


class NewVersion(Fields):
    """The archive of a library."""

    SITUATION = Situation.BUILD_INVALID
    MISSING = "Upload one archive of a library"
    KINDS: ClassVar[tuple[str, ...]] = ("files",)

    archive: list[UploadedFile]


class Visibility(Fields):
    """Visibility of a library."""

    MISSING = "visibility can be set to public, and not back"

    visibility: str


class Force(Fields):
    """Any value: delete the library even if others may use it."""

    force: str = ""


async def list_libraries(call: Call[object, Search]) -> Answer:
    """List public and own libraries that match ``filter``, ``scope`` and ``architectures``."""
    call.require(Action.LIBRARIES)
    wanted = call.query
    found = call.cloud.libraries.search(
        call.user_id,
        words=wanted.filter.lower().split(),
        scope=wanted.scope,
        excluded=wanted.excluded,
        architectures=wanted.architectures,
        order=wanted.sort,
    )
    page, _ = paged(wanted, found, wanted.limit)
    return {"data": [_shown(call, library) for library in page]}


async def show(call: Call[object, Version]) -> Answer:
    """Show a library in its newest version, or in the one named."""
    call.require(Action.LIBRARIES)
    library = call.cloud.libraries.find(call.user_id, call.path("library"), call.query.version)
    return {"data": _shown(call, library)}


async def versions(call: Call[object, LibraryPage]) -> Answer:
    """List all versions of a library, newest first."""
    call.require(Action.LIBRARIES)
    found = call.cloud.libraries.versions(call.user_id, call.path("library"))
    page, _ = paged(call.query, found, call.query.limit)
    return {"data": [_shown(call, library) for library in page]}


async def upload(call: Call[NewVersion]) -> Answer:
    """Upload a version of a library as archive; it is private until published."""
    call.require(Action.LIBRARIES)
    files = call.body.archive
    if len(files) != 1:
        raise NewVersion.missing("archive")
    read = await call.cloud.libraries.read(files[0].content)
    made = call.cloud.libraries.add(call.user_id, read, files[0].content)
    return Json({"data": _shown(call, made)}, status_code=201)


async def publish(call: Call[Visibility]) -> Answer:
    """Publish a library of one's own."""
    library = _own(call)
    if call.body.visibility != "public":
        raise Visibility.missing("visibility")
    return {"data": _shown(call, call.cloud.libraries.publish(call.user_id, library))}


async def remove(call: Call[Force, Force]) -> Answer:
    """Delete a library of one's own; a public one only with ``force``."""
    call.cloud.libraries.remove(_own(call), force=bool(call.body.force or call.query.force))
    return Response(status_code=204)


async def download(call: OpenCall) -> Answer:
    """Download the archive named in a library's ``links``."""
    return Response(call.cloud.libraries.archive(call.path("archive")), media_type="application/gzip")


def _own(call: Call) -> Library:
    call.require(Action.LIBRARIES)
    return call.cloud.libraries.own(call.user_id, call.path("library"))


def _shown(call: Call, library: Library) -> dict[str, Any]:
    said = library.properties
    return {
        "type": "libraries",
        "id": library.name,
        "links": {"download": f"{call.base_url}/v1/library_archives/{library.archive_id}"},
        "attributes": {
            "name": library.name,
            "version": library.version,
            # Exactly these, by the suite of the Particle CLI; what says nothing is left out.
            **{key: said.get(key, "") for key in ("author", "license", "sentence", "url", "repository")},
            **({"paragraph": said["paragraph"]} if said.get("paragraph") else {}),
            "architectures": architectures_of(library),
            "visibility": "public" if library.public else "private",
            "mine": library.user_id == call.user_id,
            "installs": 0,
        },
    }


ROUTES = [
    route("GET", "/v1/libraries", list_libraries, query=Search),
    route("POST", "/v1/libraries", upload, body=NewVersion, limit=SOURCES_BODY),
    route("GET", "/v1/libraries/{library}", show, query=Version),
    route("PATCH", "/v1/libraries/{library}", publish, body=Visibility),
    route("DELETE", "/v1/libraries/{library}", remove, body=Force, query=Force),
    route("GET", "/v1/libraries/{library}/versions", versions, query=LibraryPage),
    open_route("GET", "/v1/library_archives/{archive}", download),
]
