"""Classes of other packages and of the project's own, named in ``rig.toml``, with their constructors' settings.

A name is an entry point of the group, or ``FILE.py:CLASS`` with the file's path from the folder of ``rig.toml``.

    power = { driver = "acme-outlet", host = "10.0.0.7", outlet = 3 }     # entry point in photonrig.drivers
    power = { driver = "bench/outlet.py:Outlet", host = "10.0.0.7", outlet = 3 }

    class Outlet:
        def __init__(self, host: str, outlet: int = 1) -> None: ...
        def on(self) -> None: ...
        def off(self) -> None: ...

The constructor's parameters are the keys, their annotations what a key accepts.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_type_hints

import msgspec

from photonrig.errors import PhotonrigError, ToolError, UsageError
from photonrig.toml_file import Table, TomlFile, Where, Wrong

DRIVERS: Final = "photonrig.drivers"
PERIPHERALS: Final = "photonrig.peripherals"


@dataclass(frozen=True, slots=True)
class Plugin:
    """A class with the settings a file has for it; ``place`` is file, line and key, for messages."""

    name: str
    kind: type
    settings: dict[str, Any]
    place: str

    def make(self) -> Any:
        """A new instance.

        :raises UsageError: its constructor failed
        """
        try:
            return self.kind(**self.settings)
        except PhotonrigError:
            raise
        except Exception as error:
            raise UsageError(f"{self.place}: {self.name}: {type(error).__name__}: {error}") from error

    def call(self, made: Any, method: str) -> None:
        """Call a method of an instance.

        :raises ToolError: it raised what is no error of photonrig's
        """
        try:
            getattr(made, method)()
        except PhotonrigError:
            raise
        except Exception as error:
            raise ToolError(f"{self.name} failed in {method}(): {type(error).__name__}: {error}") from error


def plugin(file: TomlFile, where: Where, key: str, name: str, group: str, methods: tuple[str, ...]) -> Plugin:
    """The class that ``key`` of the table at ``where`` names, with the table's other keys as settings.

    ``methods``: what it must have.

    :raises UsageError: there is no such class, it lacks a method, or a setting is wrong; with file, line and key
    """
    try:
        kind = _load(name, group, file.path.absolute().parent)
        if missing := [method for method in methods if not callable(getattr(kind, method, None))]:
            raise Wrong((), f"{name} has no {'() and no '.join(missing)}(), which is needed here")
        settings = _settings(name, kind)
    except Wrong as wrong:
        raise file.error((*where, key), str(wrong)) from wrong
    read = file.table(where, settings, without=key)
    values = {field: getattr(read, field) for field in settings.__struct_fields__}
    return Plugin(name, kind, values, str(file.error(where, "")).removesuffix(": "))


def _load(name: str, group: str, folder: Path) -> type:
    path, colon, attribute = name.rpartition(":")
    try:
        if colon and path.endswith(".py"):
            found = getattr(_module(folder / path), attribute, None)
            if found is None:
                raise Wrong((), f"{path} has no class {attribute}")
        else:
            offered = importlib.metadata.entry_points(group=group)
            if name not in offered.names:
                there = f"there are: {', '.join(sorted(offered.names))}" if offered.names else "there are none"
                raise Wrong((), f"no installed package offers {name!r} as an entry point of {group}; {there}")
            found = offered[name].load()
    except Wrong:
        raise
    except Exception as error:
        raise Wrong((), f"{name} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(found, type):
        raise Wrong((), f"{name} is no class")
    return found


def _module(path: Path) -> Any:
    called = f"photonrig_of_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(called, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[called] = module
    spec.loader.exec_module(module)
    return module


def _settings(name: str, kind: type) -> type[Table]:
    """The parameters of a class's constructor as a table of a file."""
    parameters = list(inspect.signature(kind).parameters.values())
    wrong = [each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.VAR_POSITIONAL)]
    hints = get_type_hints(kind.__init__, include_extras=True)  # type: ignore[misc]
    wrong += [each.name for each in parameters if each.kind is not each.VAR_KEYWORD and each.name not in hints]
    if wrong:
        raise Wrong((), f"{name} cannot be set up by a file: its parameter {wrong[0]} has no annotation or no name")
    fields = [
        (each.name, hints[each.name])
        if each.default is each.empty
        else (each.name, hints[each.name], msgspec.field(default=each.default))
        for each in parameters
        if each.kind is not each.VAR_KEYWORD
    ]
    try:
        made = msgspec.defstruct(kind.__name__, fields, bases=(Table,), frozen=True, kw_only=True)
    except TypeError as error:
        raise Wrong((), f"{name} cannot be set up by a file: {error}") from error
    assert issubclass(made, Table)
    return made
