"""Libraries: a registry of this cloud's own, holding only libraries uploaded to it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from photonrig.errors import UsageError
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.service.library_archive import LibraryArchive, read_library
from photonrig.localcloud.service.records import Library
from photonrig.localcloud.service.refusal import ServiceRefusal, forbidden, unknown
from photonrig.localcloud.store import Store


class LibraryService:
    """Libraries visible to users: public ones and their own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def search(
        self,
        user_id: str,
        *,
        words: Collection[str],
        scope: str,
        excluded: Collection[str],
        architectures: Collection[str],
        order: str,
    ) -> list[Library]:
        """Newest versions of the libraries that contain all words and are in the included, not the excluded scopes."""
        found = []
        for library in self._store.libraries.newest():
            scopes = _scopes(user_id, library)
            about = " ".join((library.name, *(library.properties.get(key, "") for key in ("sentence", "author"))))
            offered = set(architectures_of(library))
            if (
                scope in scopes
                and not scopes.intersection(excluded)
                and all(word in about.lower() for word in words)
                and (not architectures or "*" in offered or offered.intersection(architectures))
            ):
                found.append(library)
        by_time = order.lstrip("-") in ("published", "recent")
        found.sort(key=lambda library: (library.created_at if by_time else 0, library.name.lower()))
        if order.startswith("-"):
            found.reverse()
        return found

    def versions(self, user_id: str, name: str) -> list[Library]:
        """All versions of a library, newest first.

        :raises ServiceRefusal: unknown or not visible
        """
        found = [each for each in self._store.libraries.versions(name) if each.public or each.user_id == user_id]
        if not found:
            raise ServiceRefusal(Situation.LIBRARY_UNKNOWN, text=f"Library {name} not found")
        return found

    def find(self, user_id: str, name: str, version: str | None) -> Library:
        """A library in this version, or in its newest.

        :raises ServiceRefusal: unknown or not visible
        """
        versions = self.versions(user_id, name)
        for library in versions:
            if version in (None, "", "latest", library.version):
                return library
        text = f"Library {versions[0].name} has no version {version}"
        raise ServiceRefusal(Situation.LIBRARY_UNKNOWN, text=text)

    def own(self, user_id: str, name: str) -> Library:
        """A library of the user's own, in its newest version.

        :raises ServiceRefusal: unknown
        """
        library = self.versions(user_id, name)[0]
        if library.user_id != user_id:
            raise forbidden(f"The library {library.name} is someone else's")
        return library

    async def read(self, archive: bytes) -> LibraryArchive:
        """Parse an archive.

        :raises ServiceRefusal: not a library
        """
        try:
            return await asyncio.to_thread(read_library, archive)
        except UsageError as error:
            raise ServiceRefusal(Situation.BUILD_INVALID, text=f"The library was refused: {error}") from None

    def add(self, user_id: str, read: LibraryArchive, archive: bytes) -> Library:
        """Add a version of a library; it is private until the library is published.

        :raises ServiceRefusal: the library is another user's, or the version exists
        """
        libraries = self._store.libraries
        known = libraries.versions(read.name)
        if known and known[0].user_id != user_id:
            text = f"The library {read.name} is someone else's; choose another name"
            raise ServiceRefusal(Situation.BUILD_FORBIDDEN, text=text)
        with self._store.write():
            name = known[0].name if known else read.name
            added = libraries.create(user_id, name, read.version, read.properties, archive)
        if not added:
            text = f"Version {read.version} of {read.name} exists already; state a higher one"
            raise ServiceRefusal(Situation.BUILD_INVALID, text=text)
        (made,) = [each for each in libraries.versions(read.name) if each.version == read.version]
        return made

    def publish(self, user_id: str, library: Library) -> Library:
        """Publish a library; returns its newest version."""
        with self._store.write():
            self._store.libraries.update({"name": library.name}, public=True)
        return self.versions(user_id, library.name)[0]

    def remove(self, library: Library, *, force: bool) -> None:
        """Delete a library.

        :raises ServiceRefusal: it is public, and ``force`` is off
        """
        if library.public and not force:
            raise forbidden(f"The library {library.name} is public; others may use it")
        with self._store.write():
            self._store.libraries.remove(name=library.name)

    def archive(self, archive_id: str) -> bytes:
        """Archive by its secret id, known only from a visible library.

        :raises ServiceRefusal: unknown
        """
        archive = self._store.libraries.archive(archive_id)
        if archive is None:
            raise unknown("Library archive not found")
        return archive

    def required(self, user_id: str, name: str, version: str) -> tuple[str, bytes]:
        """Name and archive of a library a project depends on.

        :raises ServiceRefusal: unknown or not visible
        """
        for each in self._store.libraries.versions(name):
            if (each.public or each.user_id == user_id) and version in (each.version, "latest", ""):
                return each.name, self.archive(each.archive_id)
        text = f"This cloud has no library {name} {version}; upload it, or send it in lib/{name}"
        raise ServiceRefusal(Situation.BUILD_INVALID, text=text)


def architectures_of(library: Library) -> list[str]:
    """Architectures a library supports; ``*`` for all."""
    return [each.strip() for each in library.properties.get("architectures", "*").split(",")]


def _scopes(user_id: str, library: Library) -> set[str]:
    """Scopes of the library for the user; none is official, verified or featured."""
    mine = library.user_id == user_id
    scopes = {"public", "community"} if library.public else {"private"} if mine else set()
    if mine:
        scopes.add("mine")
    return scopes | {"all"} if scopes else scopes
