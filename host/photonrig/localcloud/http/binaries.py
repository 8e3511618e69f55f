"""``/v1/binaries``: native firmware from uploaded sources."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from photonrig.build.compile import CompiledFirmware, CompileFailed, compile_project
from photonrig.build.device_os import LATEST, RELEASES
from photonrig.build.sandbox import Build
from photonrig.errors import PhotonrigError
from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import SOURCES_BODY, Answer, Call, route
from photonrig.localcloud.http.errors import combined, refused
from photonrig.localcloud.service.background import Tasks
from photonrig.localcloud.service.cloud import PHOTON_PLATFORM
from photonrig.localcloud.service.events import iso_time
from photonrig.localcloud.service.library_archive import MOST_BYTES, PROPERTIES_BYTES, library_files, parse_properties

__all__ = ["ROUTES", "compile_uploaded", "run_compiler"]

T = TypeVar("T")

_MOST_COMPILING = 2
_MOST_WAITING = 32  # each keeps its sources in memory
_compilers = asyncio.Semaphore(_MOST_COMPILING)
_inside: set[Build] = set()  # at the compiler, or waiting for it
_leaving: Tasks[None] = Tasks("watching whether a client leaves")


async def compile_uploaded(call: Call) -> CompiledFirmware:
    """Compile the files of a request; two projects at a time, the rest waits.

    :raises ApiError: nothing was sent, it is for another platform, it does not compile, or too many wait
    """
    settings, sdk = call.cloud.settings, call.cloud.settings.sdk
    platform = call.body.text("platform_id") or call.body.text("product_id") or str(PHOTON_PLATFORM)
    if platform != str(PHOTON_PLATFORM):
        raise combined(400, f"The local cloud compiles for the Photon (platform 6), not for platform {platform}")
    version = call.body.text("build_target_version") or LATEST
    if version not in RELEASES:
        raise combined(400, f"Device OS {version} is no build target here; there is {', '.join(RELEASES)}")
    if sdk is None:
        raise combined(400, "This cloud was started without --sdk and cannot compile")
    if settings.remote and not settings.allow_remote_compile:
        raise combined(403, "This cloud serves other machines and was started without --allow-remote-compile")
    if not call.body.files:
        raise combined(400, "No source files were sent")
    files = {file.name: file.content for file in call.body.files}
    if len(files) < len(call.body.files):
        raise combined(400, "Two files were sent under one name")
    await _add_libraries(call, files)
    try:
        return await run_compiler(call, lambda build: compile_project(files, sdk, version, build))
    except CompileFailed as error:
        output = "build didn't produce binary"
        raise combined(406, str(error), output=output, stdout=error.compiler_output, code=406) from None
    except PhotonrigError as error:
        raise combined(400, str(error)) from None


async def run_compiler(call: Call, work: Callable[[Build], T]) -> T:
    """Compile in a thread when it is this request's turn; stopped when its client leaves or the cloud ends.

    :raises ApiError: too many wait already
    """
    if len(_inside) >= _MOST_COMPILING + _MOST_WAITING:
        raise combined(503, f"{_MOST_WAITING} projects wait for the compiler already; try again in a minute")
    build = Build()
    leaving = _leaving.start(_stop_when_gone(call.request, build))
    _inside.add(build)
    try:
        async with _compilers:
            return await asyncio.to_thread(work, build)
    finally:
        _inside.remove(build)
        build.stop()
        leaving.cancel()


async def _stop_when_gone(request: Request, build: Build) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    build.stop()


async def _add_libraries(call: Call, files: dict[str, bytes]) -> None:
    """The libraries that ``dependencies.NAME=VERSION`` ask for and that were not sent along, and what those ask for.

    :raises ApiError: this cloud has no such library, or not in that version; they are too large together
    """
    waiting = _dependencies(files.get("project.properties", b""))
    added = 0
    while waiting:
        name, version = waiting.popitem()
        if any(path.lower().startswith(f"lib/{name}/".lower()) for path in files):
            continue
        known = [
            each
            for each in call.cloud.store.libraries.versions(name)
            if (each.public or each.user_id == call.principal.id) and version in (each.version, "latest", "")
        ]
        archive = call.cloud.store.libraries.archive(known[0].archive_id) if known else None
        if archive is None:
            raise combined(400, f"This cloud has no library {name} {version}; upload it, or send it in lib/{name}")
        unpacked = await asyncio.to_thread(library_files, archive)
        added += sum(map(len, unpacked.values()))
        if added > MOST_BYTES:
            raise combined(400, f"The libraries of this project have more than {MOST_BYTES} bytes together")
        files |= {f"lib/{known[0].name}/{path}": content for path, content in unpacked.items()}
        waiting |= _dependencies(unpacked.get("library.properties", b""))


def _dependencies(properties: bytes) -> dict[str, str]:
    pairs = parse_properties(properties[:PROPERTIES_BYTES].decode("utf-8", errors="replace")).items()
    return {key.removeprefix("dependencies."): version for key, version in pairs if key.startswith("dependencies.")}


async def create(call: Call) -> Answer:
    """Compile and keep the result for a day."""
    call.require(Action.COMPILE)
    made = await compile_uploaded(call)
    call.require(Action.COMPILE)
    with call.cloud.store.write():
        binary_id, expires_at = call.cloud.store.binaries.keep(call.user_id, made.image)
    return {
        "ok": True,
        "binary_id": binary_id,
        "binary_url": f"/v1/binaries/{binary_id}",
        "build_target_version": call.body.text("build_target_version") or LATEST,
        "expires_at": iso_time(expires_at),
        "sizeInfo": made.size_info,
    }


async def download(call: Call) -> Answer:
    """The bytes of a compiled module."""
    call.require(Action.COMPILE)
    image = call.cloud.store.binaries.get(call.path("binary"), call.user_id)
    if image is None:
        raise refused(404, "Binary not found")
    return Response(image, media_type="application/binary")


ROUTES = [
    route("POST", "/v1/binaries", create, limit=SOURCES_BODY),
    route("GET", "/v1/binaries/{binary}", download),
]
