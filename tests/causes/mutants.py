"""Firmware that is wrong on purpose: the sources of a variant with one change each."""

from __future__ import annotations

import hashlib
from pathlib import Path

from photonrig.build.compile import compile_project
from photonrig.build.project import collect_project
from photonrig.build.toolchain import Toolchain

CONTROLLER, CONSOLE, DEVICE = (f"lib/shade/src/shade/{name}.cpp" for name in ("controller", "console", "shade_device"))
_MOVED = "int result = axis.motion.move_to(static_cast<int>(target));"
_MOVE = "int Controller::move(const char* argument) {"
_LOOP = "void ShadeDevice::loop() {\n"

# Name: file, what stands there, what stands there instead.
MUTANTS: dict[str, tuple[str, str, str]] = {
    "move returns something else": (CONTROLLER, _MOVED, _MOVED + " result += 1;"),
    "position is told wrongly": (DEVICE, "variables_.position = controller_.position();", "variables_.position = 7;"),
    "no event when it has moved": (
        CONTROLLER,
        'emit(lift ? "moved" : "tilted", lift ? event::moved : event::tilted, data);',
        "(void)data;",
    ),
    "the event tells another cause": (CONTROLLER, 'return "arrived";', 'return "arived";'),
    "a variable is missing": (DEVICE, "Particle.variable(#name,", 'Particle.variable("x" #name,'),
    "a function is missing": (DEVICE, "Particle.function(#name,", 'Particle.function("x" #name,'),
    "calibration is refused": (CONTROLLER, "if (moving()) return kBusy;", "return kBusy;"),
    "the console prints garbage": (
        CONSOLE,
        'json.text("id", board_.device_id())',
        'port_.write_line("\\x01{");json.text("id", board_.device_id())',
    ),
    "the console is mute": (CONSOLE, "(c = port_.read()) >= 0", "(c = -1) >= 0"),
    "a move never ends": (CONTROLLER, "  lift_.motion.tick();\n", ""),
    "it hangs when it is to move": (CONTROLLER, _MOVE, _MOVE + "\n  for (volatile int forever = 1; forever;) {\n  }"),
    "it crashes when it is to move": (CONTROLLER, _MOVE, _MOVE + "\n  *reinterpret_cast<volatile int*>(8) = 1;"),
    "it resets when it is to move": (CONTROLLER, _MOVE, _MOVE + "\n  board_.reset();"),
    "it leaves the cloud when it is calibrated": (
        DEVICE,
        "    write_health();                                  \\\n",
        "    write_health(); if (#name[0] == 'c') Particle.disconnect(); \\\n",
    ),
    "it hangs up and calls again when it is to move": (
        DEVICE,
        "    write_health();                                  \\\n",
        "    write_health(); if (#name[0] == 'm') { Particle.disconnect(); Particle.connect(); } \\\n",
    ),
}


def build_mutant(tools: Toolchain, project: Path, name: str) -> Path:
    """The module of a mutant, built once for these sources; a change that no longer applies is an error."""
    files = collect_project(project)
    file, there, instead = MUTANTS[name]
    text = files[file].decode()
    assert text.count(there) == 1, f"{name}: {there!r} stands {text.count(there)} times in {file}"
    files[file] = text.replace(there, instead).encode()
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:16]
    module = tools.work / "firmware" / "mutants" / f"{digest}.bin"
    if not module.exists():
        module.parent.mkdir(parents=True, exist_ok=True)
        draft = module.with_suffix(".new")
        draft.write_bytes(compile_project(files, tools.sdk()).image)
        draft.rename(module)
    return module
