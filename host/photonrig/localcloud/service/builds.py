"""Compile service for users' sources; binaries are kept for a day."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar

from photonrig.build.compile import CompiledFirmware, CompileFailed, compile_project
from photonrig.build.device_os import LATEST, RELEASES
from photonrig.build.project import dependencies
from photonrig.build.sandbox import Build
from photonrig.errors import PhotonrigError
from photonrig.localcloud.background import Tasks
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.service.libraries import LibraryService
from photonrig.localcloud.service.library_archive import MOST_BYTES, PROPERTIES_BYTES, library_files
from photonrig.localcloud.service.provisioning import PHOTON_PLATFORM
from photonrig.localcloud.service.refusal import ServiceRefusal
from photonrig.localcloud.store import Store

T = TypeVar("T")

Gone = Callable[[], Awaitable[object]]
"""Returns when the requesting client has disconnected."""

_MOST_COMPILING = 2
_MOST_WAITING = 32  # requests; each holds its sources in memory


class BuildService:
    """Compiles two projects at a time and queues the rest; disabled without ``sdk`` or unless ``allowed``."""

    def __init__(self, store: Store, libraries: LibraryService, sdk: Path | None, *, allowed: bool) -> None:
        self._store = store
        self._libraries = libraries
        self._sdk = sdk
        self._allowed = allowed
        self._compilers = asyncio.Semaphore(_MOST_COMPILING)
        self._inside: set[Build] = set()  # compiling or queued
        self._leaving: Tasks[None] = Tasks("watching whether a client leaves")

    async def compile(
        self, user_id: str, files: Sequence[tuple[str, bytes]], platform: str | None, version: str | None, gone: Gone
    ) -> CompiledFirmware:
        """Compile sources, with the libraries they depend on, for a version of Device OS.

        :raises ServiceRefusal: no files, another platform, compile error, or too many builds waiting
        """
        if platform not in (None, "", str(PHOTON_PLATFORM)):
            raise _invalid(f"The local cloud compiles for the Photon (platform 6), not for platform {platform}")
        version = version or LATEST
        if version not in RELEASES:
            raise _invalid(f"Device OS {version} is not a build target of this cloud; targets: {', '.join(RELEASES)}")
        if self._sdk is None:
            raise _invalid("This cloud was started without --sdk and cannot compile")
        if not self._allowed:
            text = "This cloud serves other machines and was started without --allow-remote-compile"
            raise ServiceRefusal(Situation.BUILD_FORBIDDEN, text=text)
        if not files:
            raise _invalid("No source files were sent")
        project, sdk = dict(files), self._sdk
        if len(project) < len(files):
            raise _invalid("Two files were sent under one name")
        await self._add_libraries(user_id, project)
        try:
            return await self.run(lambda build: compile_project(project, sdk, version, build), gone)
        except CompileFailed as error:
            words = {"text": str(error), "compiler_output": error.compiler_output, "file": _file_of(str(error))}
            raise ServiceRefusal(Situation.BUILD_FAILED, **words) from None
        except PhotonrigError as error:
            raise _invalid(str(error)) from None

    async def run(self, work: Callable[[Build], T], gone: Gone) -> T:
        """Compile in a thread, in turn; stopped when the client disconnects or the cloud ends.

        :raises ServiceRefusal: too many are waiting
        """
        if len(self._inside) >= _MOST_COMPILING + _MOST_WAITING:
            text = f"{_MOST_WAITING} projects wait for the compiler already; try again in a minute"
            raise ServiceRefusal(Situation.BUILD_CROWDED, text=text)
        build = Build()
        leaving = self._leaving.start(_stop_when_gone(gone, build))
        self._inside.add(build)
        try:
            async with self._compilers:
                return await asyncio.to_thread(work, build)
        finally:
            self._inside.remove(build)
            build.stop()
            leaving.cancel()

    async def _add_libraries(self, user_id: str, files: dict[str, bytes]) -> None:
        """Add the libraries of ``dependencies.NAME=VERSION`` that were not uploaded, recursively.

        :raises ServiceRefusal: unknown library or version, or too large in total
        """
        waiting = dependencies(files.get("project.properties", b"")[:PROPERTIES_BYTES])
        added = 0
        while waiting:
            wanted, version = waiting.popitem()
            if any(path.lower().startswith(f"lib/{wanted}/".lower()) for path in files):
                continue
            name, archive = self._libraries.required(user_id, wanted, version)
            unpacked = await asyncio.to_thread(library_files, archive)
            added += sum(map(len, unpacked.values()))
            if added > MOST_BYTES:
                raise _invalid(f"The libraries of this project have more than {MOST_BYTES} bytes together")
            files |= {f"lib/{name}/{path}": content for path, content in unpacked.items()}
            waiting |= dependencies(unpacked.get("library.properties", b"")[:PROPERTIES_BYTES])

    def keep(self, user_id: str, image: bytes) -> tuple[str, float]:
        """Keep a binary for its user; returns its id and its expiry in Unix seconds."""
        with self._store.write():
            return self._store.binaries.keep(user_id, image)

    def kept(self, user_id: str, binary_id: str) -> bytes | None:
        """A user's binary, if not expired."""
        return self._store.binaries.get(binary_id, user_id)


async def _stop_when_gone(gone: Gone, build: Build) -> None:
    await gone()
    build.stop()


def _file_of(error: str) -> str:
    """The file a compiler error begins with, without folders and suffix."""
    return PurePosixPath(error.partition(":")[0]).stem or "firmware"


def _invalid(text: str) -> ServiceRefusal:
    return ServiceRefusal(Situation.BUILD_INVALID, text=text)
