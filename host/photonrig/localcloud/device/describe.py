"""A device's describe, merged from the parts it sends: application interface and module list."""

from __future__ import annotations

from typing import Any

from photonrig.localcloud.device.contract import Describe, VariableType
from photonrig.particle.messages import DescribePart
from photonrig.particle.releases import release_name

_VARIABLE_TYPES: dict[Any, VariableType] = {1: "bool", 2: "int32", 4: "string", 9: "double"}


class DescribeParts:
    """Merges parts as they arrive; a part is identified by its members, since old devices send both at once."""

    def __init__(self) -> None:
        self._application: dict[str, Any] | None = None
        self._modules: tuple[dict[str, Any], ...] | None = None
        self._merged: Describe | None = None

    def knows(self, part: DescribePart) -> bool:
        """Whether this part was received."""
        return (self._modules if part is DescribePart.SYSTEM else self._application) is not None

    def absorb(self, content: dict[str, Any]) -> bool:
        """Merge a part; returns whether it changed anything."""
        before = self._application, self._modules
        if "f" in content or "v" in content:
            self._application = {"f": content.get("f"), "v": content.get("v")}
        if "m" in content:
            modules = content["m"]
            self._modules = tuple(m for m in modules if isinstance(m, dict)) if isinstance(modules, list) else ()
        self._merged = None
        return before != (self._application, self._modules)

    def merged(self) -> Describe:
        """The merged describe; malformed members are left out."""
        if self._merged is None:
            self._merged = self._merge()
        return self._merged

    def _merge(self) -> Describe:
        application = self._application or {}
        variables = application.get("v")
        functions = application.get("f")
        return Describe(
            variables={
                name: _VARIABLE_TYPES[number]
                for name, number in (variables.items() if isinstance(variables, dict) else ())
                if isinstance(number, int) and number in _VARIABLE_TYPES
            },
            functions=tuple(f for f in functions if isinstance(f, str)) if isinstance(functions, list) else (),
            modules=self._modules or (),
            system_version=None if self.system_module is None else release_name(self.system_module),
        )

    @property
    def system_module(self) -> int | None:
        """Number of the newest system part in the device's main store."""
        numbers = [
            module["v"]
            for module in self._modules or ()
            if module.get("f") == "s" and module.get("l", "m") == "m" and isinstance(module.get("v"), int)
        ]
        return max(numbers, default=None)
