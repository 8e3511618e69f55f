"""``/v1/binaries``: native firmware from uploaded sources."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from photonrig.errors import PhotonrigError
from photonrig.localcloud.core import PHOTON_PLATFORM
from photonrig.localcloud.eras import Action
from photonrig.localcloud.events import iso_time
from photonrig.localcloud.firmware import LATEST, CompiledFirmware, CompileFailed, compile_project
from photonrig.localcloud.http.build_targets import VERSIONS
from photonrig.localcloud.http.call import SOURCES_BODY, Answer, Call, route
from photonrig.localcloud.http.errors import combined, refused
from photonrig.localcloud.library_archive import library_files, parse_properties

__all__ = ["ROUTES", "compile_uploaded"]

_compilers = asyncio.Semaphore(2)


async def compile_uploaded(call: Call) -> CompiledFirmware:
    """Compile the files of a request; two projects at a time, the rest waits.

    :raises ApiError: nothing was sent, it is for another platform, or it does not compile
    """
    platform = call.body.text("platform_id") or call.body.text("product_id") or str(PHOTON_PLATFORM)
    if platform != str(PHOTON_PLATFORM):
        raise combined(400, f"The local cloud compiles for the Photon (platform 6), not for platform {platform}")
    version = call.body.text("build_target_version") or LATEST
    if version not in VERSIONS:
        raise combined(400, f"Device OS {version} is no build target here; there is {', '.join(VERSIONS)}")
    if call.cloud.settings.sdk is None:
        raise combined(400, "This cloud was started without --sdk and cannot compile")
    if not call.body.files:
        raise combined(400, "No source files were sent")
    files = {file.name: file.content for file in call.body.files}
    _add_libraries(call, files)
    async with _compilers:
        try:
            return await asyncio.to_thread(compile_project, files, call.cloud.settings.sdk, version)
        except CompileFailed as error:
            output = "build didn't produce binary"
            raise combined(406, str(error), output=output, stdout=error.compiler_output, code=406) from None
        except PhotonrigError as error:
            raise combined(400, str(error)) from None


def _add_libraries(call: Call, files: dict[str, bytes]) -> None:
    """The libraries that ``dependencies.NAME=VERSION`` ask for and that were not sent along, and what those ask for.

    :raises ApiError: this cloud has no such library, or not in that version
    """
    waiting = _dependencies(files.get("project.properties", b""))
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
        unpacked = library_files(archive)
        files |= {f"lib/{known[0].name}/{path}": content for path, content in unpacked.items()}
        waiting |= _dependencies(unpacked.get("library.properties", b""))


def _dependencies(properties: bytes) -> dict[str, str]:
    pairs = parse_properties(properties.decode("utf-8", errors="replace")).items()
    return {key.removeprefix("dependencies."): version for key, version in pairs if key.startswith("dependencies.")}


async def create(call: Call) -> Answer:
    """Compile and keep the result for a day."""
    call.require(Action.COMPILE)
    made = await compile_uploaded(call)
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
