"""Objects of a project's last build, each kept under what it was compiled from: a changed line costs one compilation.

A source's key covers the source, every file that is no source of its own, the names of all files, the command and the
SDK. What else an object can depend on (another source, the time, a file of any kind) makes :func:`keys` give none.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from photonrig.build.sdk import sdk_digest
from photonrig.files import replace

__all__ = ["keep", "keys", "reuse"]

# Sources that are included, names of files by macro, the assembler's own includes, the time of compilation.
_NOT_KEPT: Final = re.compile(
    rb"#\s*include(?:_next)?\s*(?:[^\s<\"]|[<\"][^\n>\"]*\.(?:c|cpp|ino)\b)|\.inc(?:bin|lude)|__(?:DATE|TIME|TIMESTAMP)__"
)


def keys(project: Path, compiles: Mapping[PurePosixPath, Sequence[str]], sdk: Path) -> dict[PurePosixPath, str]:
    """Keys of the sources' objects; ``compiles``: their commands, without what names the folder or the object."""
    shared, found = hashlib.sha256(f"{sdk_digest(sdk)}\0".encode()), {}
    for path in sorted(path for path in project.rglob("*") if path.is_file()):
        name, content = PurePosixPath(path.relative_to(project).as_posix()), path.read_bytes()
        if _NOT_KEPT.search(content):
            return {}
        if name in compiles:
            found[name] = hashlib.sha256(content).digest()
        shared.update(f"{name}\0".encode())
        if name not in compiles and name.suffix != ".ino":  # a sketch is compiled as the C++ beside it
            shared.update(hashlib.sha256(content).digest())
    together = shared.digest()
    return {
        name: hashlib.sha256(together + repr((str(name), compiles[name])).encode() + content).hexdigest()
        for name, content in found.items()
    }


def reuse(folder: Path, key: str | None, target: Path) -> bool:
    """Put a kept object in its place in the new build; False: there is none."""
    if key is None or not (kept := folder / f"{key}.o").exists():
        return False
    shutil.copyfile(kept, target)
    return True


def keep(folder: Path, objects: Mapping[str, bytes], used: Sequence[str]) -> None:
    """Keep ``objects`` by their keys; of what was kept, only that of the keys ``used``."""
    folder.mkdir(exist_ok=True)
    for key, content in objects.items():
        replace(folder / f"{key}.o", content)
    for old in folder.glob("*.o"):
        if old.stem not in used:
            old.unlink()
