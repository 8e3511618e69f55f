"""Everything our headers offer exists on a Photon, with the same signature: in Device OS's tables or in its Wiring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from photonrig.build.interface import read_system, read_wiring

from .declarations import Declaration, offered

FIRMWARE = Path(__file__).parents[3] / "firmware"
INCLUDE = FIRMWARE / "wiring" / "include"

# What only those who include Arduino.h get.
ARDUINO = ("Arduino.h", "spark_wiring_arduino_constants.h", "pgmspace.h")

# What differs on purpose: a name, and why nothing written for one fails to compile for the other.
DIFFERENT = {
    "setup": "the application's own",
    "loop": "the application's own",
    "operator+": "the result is a StringSumHelper there, which is a String",
    "String::operator[]": "with an int index also: without it, 64-bit machines find two readings of s[0]",
    "Future::operator=": "copies, as the one that the compiler makes there",
    "Future::operator bool": "a conversion to the type of the result there, which is bool",
    "CloudClass::publish": "flags may be left out there too, by overloads without them",
    "EERef::operator unsigned char": "of a const value there, which compilers warn of",
    "EEPtr::operator int": "as EERef",
    "_LogCategoryOf": "makes the macros LOG_CATEGORY() and LOG_SOURCE_CATEGORY()",
    "_LogCategoryOf::name": "as _LogCategoryOf",
    "_LogOfSource": "as _LogCategoryOf",
    "detail::JSONToken": "jsmntok_t there",
    "SYSTEM_VERSION_v331": "for applications that are compiled for 3.3.1 here",
}


def unaccounted(ours: Iterable[Declaration]) -> list[str]:
    """What of ours no Photon has, each with what it has in its place."""
    system, wiring = read_system(FIRMWARE / "abi"), read_wiring(FIRMWARE / "abi")
    by_name: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in wiring:
        by_name[row.name].append((row.kind, row.signature))
    only_arduino = {row.name for row in wiring if row.header in ARDUINO} - {
        row.name for row in wiring if row.header not in ARDUINO
    }
    wrong = []
    for each in ours:
        if each.name in DIFFERENT:
            continue
        there = _members(each.name, by_name)
        if each.name in only_arduino and each.header not in ARDUINO:
            there = []
        if each.kind == "function":
            good = each.name in system or _callable(
                each.signature, [told for kind, told in there if kind == "function"]
            )
        elif each.kind in ("constant", "base"):
            good = (each.kind, each.signature) in there
        elif each.kind == "type":
            good = any(kind == "type" for kind, _ in there)
        else:  # a global object or a macro may be the other there, or a function
            good = any(kind in ("variable", "macro", "function", "constant") for kind, _ in there)
        if not good:
            instead = "; ".join(sorted({told for kind, told in there if kind == each.kind})) or "nothing of that name"
            wrong.append(f"{each.header}: {each.kind} {each.name} {each.signature} | Device OS has {instead}")
    return wrong


def _members(name: str, by_name: dict[str, list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Rows of a name; of a member also what its class inherits."""
    found = list(by_name[name]) if name in by_name else []
    scope, _, member = name.rpartition("::")
    for kind, base in by_name.get(scope, ()):
        if kind == "base":
            found += _members(f"{base}::{member}", by_name)
    return found


def _callable(ours: str, theirs: list[str]) -> bool:
    """Whether each call that ours allows is one that theirs allow, with the same result."""
    if "template" in theirs or ours == "template":
        return "template" in theirs
    allowed = {call for signature in theirs for call in _calls(signature)}
    return all(any(_fits(call, other) for other in allowed) for call in _calls(ours))


def _calls(signature: str) -> list[tuple[bool, bool, str, tuple[str, ...]]]:
    """(static, const, result, parameters) for every number of parameters that may be given."""
    static, const = signature.startswith("static "), signature.endswith(" const")
    result, _, rest = _split(signature.removeprefix("static ").removesuffix(" const"))
    parameters = _listed(rest)
    least = sum(not each.startswith("[") for each in parameters)
    bare = [each.strip("[]") for each in parameters]
    return [(static, const, result, tuple(bare[:count])) for count in range(least, len(bare) + 1)]


def _split(text: str) -> tuple[str, str, str]:
    """Result and parameters: at the bracket that closes with the text."""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[at], 0)
        if depth == 0:
            return text[:at].strip(), "(", text[at + 1 : -1]
    raise ValueError(text)


def _listed(text: str) -> list[str]:
    found, depth, begin = [], 0, 0
    for at, each in enumerate(text):
        depth += (each in "<(") - (each in ">)")
        if each == "," and depth == 0:
            found.append(text[begin:at].strip())
            begin = at + 1
    return [*found, text[begin:].strip()] if text.strip() else []


def _fits(ours: tuple[bool, bool, str, tuple[str, ...]], other: tuple[bool, bool, str, tuple[str, ...]]) -> bool:
    static, const, *rest = ours
    there_static, there_const, *told = other
    if "type-parameter" in str(told):  # a template's
        return True
    return _as_wide(rest) == _as_wide(told) and (not static or there_static) and (not const or there_const)


def _as_wide(call: list[object]) -> list[object]:
    """A result's long is an int, which on a Photon is as wide."""
    return [str(call[0]).replace("long long", "64").replace("unsigned long", "unsigned int"), call[1]]


def headers(include: Path) -> list[Declaration]:
    """What a folder of headers offers, all of them included."""
    names = ["Particle.h", *sorted(path.name for path in include.glob("*.h"))]
    return offered(include, names, FIRMWARE / "abi")


def test_every_declaration_is_one_of_device_os_or_its_wiring():
    ours = headers(INCLUDE)
    assert len(ours) > 500
    wrong = unaccounted(ours)
    assert not wrong, "\n".join(wrong)


def test_no_excuse_is_left_over():
    offered_here = {each.name for each in headers(INCLUDE)}
    assert not DIFFERENT.keys() - offered_here


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('extern "C" bool HAL_IsDeviceClaimed(void* reserved);', "HAL_IsDeviceClaimed"),
        ('extern "C" void* softap_get_application_page_handler(void);', "softap_get_application_page_handler"),
        ("class CloudClass { public: bool claimed(); };", "CloudClass::claimed"),
        ("class SystemClass { public: static String version(); }; class String;", "SystemClass::version static"),
        ("class TimeClass { public: const char* getFormat(); };", None),
        ("class EEPROMClass { public: unsigned char read(int) const; };", "EEPROMClass::read unsigned char(int) const"),
        ("class EEPROMClass { public: int read(int); };", "EEPROMClass::read int(int)"),
        ("void pinMode(unsigned short, int);", "pinMode"),
        ("unsigned millis(int = 0);", "millis"),
        ("enum LEDSpeed { LED_SPEED_SLOW = 0 };", "LED_SPEED_SLOW"),
        ("#define PI 3", "macro PI"),
        ("template <typename T> void delay(T);", "delay"),
        ("class Print { protected: void secret(); private: void own(); };", "Print::secret"),
        ("class String {}; class USBSerial : public String {};", "base USBSerial"),
    ],
)
def test_a_declaration_no_photon_has_is_named(tmp_path, text, named):
    (tmp_path / "sketch.h").write_text(text.replace("static String", "static class String"))
    wrong = unaccounted(offered(tmp_path, ["sketch.h"]))
    assert len(wrong) == (named is not None), wrong
    assert named is None or named in wrong[0]
