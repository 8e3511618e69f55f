"""Router: indexes routes, so that a request is matched against few of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from starlette.routing import Match, Route

_REMEMBERED = 1024  # paths in the cache, and their maximum length
_REMEMBERED_LENGTH = 160

_Shelf = tuple[str, str, int]


class SortedRoutes:
    """Routes indexed by method, second path segment and number of segments, in order within each entry.

    The second segment names the resource: ``/v1/devices/...``.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self._all = routes
        self._resources = {parts[1] for route in routes if len(parts := _parts(route.path)) > 1}
        self._longest = max(len(_parts(route.path)) for route in routes)
        self._shelves: dict[_Shelf, list[Route]] = {}
        self._remembered = lru_cache(_REMEMBERED)(self._look_up)

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
        """The first route that matches a method and path, and its path parameters."""
        return (self._remembered if len(path) <= _REMEMBERED_LENGTH else self._look_up)(method, path)

    def _look_up(self, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
        parts = _parts(path)
        resource = parts[1] if len(parts) > 1 and parts[1] in self._resources else ""
        for route in self._shelf((method, resource, min(len(parts), self._longest + 1))):
            match, found = route.matches({"type": "http", "method": method, "path": path})
            if match is Match.FULL:
                return route, found["path_params"]
        return None, {}

    def _shelf(self, name: _Shelf) -> list[Route]:
        shelf = self._shelves.get(name)
        if shelf is None:
            shelf = self._shelves[name] = [route for route in self._all if _belongs(route, *name)]
        return shelf


def _belongs(route: Route, method: str, resource: str, count: int) -> bool:
    parts = _parts(route.path)
    second = parts[1] if len(parts) > 1 else ""
    fits = count >= len(parts) if ":path}" in route.path else count == len(parts)
    return method in (route.methods or ()) and fits and second == resource


def _parts(path: str) -> list[str]:
    return path.split("/")[1:]
