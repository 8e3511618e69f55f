"""``/v1/binaries``: firmware from uploaded sources."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from photonrig.build.compile import CompiledFirmware
from photonrig.build.device_os import LATEST
from photonrig.build.sandbox import Build
from photonrig.localcloud.eras import Action
from photonrig.localcloud.events import iso_time
from photonrig.localcloud.http.body import UploadedFile
from photonrig.localcloud.http.call import SOURCES_BODY, Answer, Call, route
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.service.refusal import unknown

T = TypeVar("T")


class Sources(Fields):
    """Files of a project by path, platform and Device OS version; either spelling."""

    KINDS: ClassVar[tuple[str, ...]] = ("files",)

    platform_id: str | None = None
    product_id: str | None = None
    build_target_version: str | None = None
    latest: bool | None = None
    files: list[UploadedFile] = msgspec.field(name="file", default_factory=list)


async def compile_uploaded(call: Call) -> CompiledFirmware:
    """Compile the uploaded files.

    :raises ServiceRefusal: no files, another platform, compile error, or too many builds waiting
    """
    sent = Sources.read(call.sent)
    return await call.cloud.builds.compile(
        call.principal.id,
        [(file.name, file.content) for file in sent.files],
        sent.platform_id or sent.product_id,
        sent.build_target_version,
        lambda: _left(call.request),
    )


async def run_compiler(call: Call, work: Callable[[Build], T]) -> T:
    """Compile in turn; stopped when the client leaves."""
    return await call.cloud.builds.run(work, lambda: _left(call.request))


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def create(call: Call[Sources]) -> Answer:
    """Compile and keep the binary for a day."""
    call.require(Action.COMPILE)
    made = await compile_uploaded(call)
    call.require(Action.COMPILE)
    binary_id, expires_at = call.cloud.builds.keep(call.user_id, made.image)
    return {
        "ok": True,
        "binary_id": binary_id,
        "binary_url": f"/v1/binaries/{binary_id}",
        "build_target_version": call.body.build_target_version or LATEST,
        "expires_at": iso_time(expires_at),
        "sizeInfo": made.size_info,
    }


async def download(call: Call) -> Answer:
    """Download a compiled binary."""
    call.require(Action.COMPILE)
    image = call.cloud.builds.kept(call.user_id, call.path("binary"))
    if image is None:
        raise unknown("Binary not found")
    return Response(image, media_type="application/binary")


ROUTES = [
    route("POST", "/v1/binaries", create, body=Sources, limit=SOURCES_BODY),
    route("GET", "/v1/binaries/{binary}", download),
]
