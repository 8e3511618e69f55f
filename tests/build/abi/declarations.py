"""What C++ headers offer to those who include them, read with libclang.

Bodies are skipped and every type is printed as what it stands for, so that declarations of two sets of headers compare
as text. A parameter that may be left out stands in square brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clang.cindex import AccessSpecifier, Cursor, CursorKind, Index, TranslationUnit

from photonrig.build.prototypes import prototypes

# Particle's namespaces, which applications import as a whole.
_NAMESPACES = re.compile(r"\b(?:spark|particle)::")
_FUNCTIONS = {
    CursorKind.FUNCTION_DECL,
    CursorKind.CXX_METHOD,
    CursorKind.CONSTRUCTOR,
    CursorKind.CONVERSION_FUNCTION,
}
_CLASSES = {CursorKind.CLASS_DECL, CursorKind.STRUCT_DECL, CursorKind.CLASS_TEMPLATE}
_AROUND = {CursorKind.LINKAGE_SPEC, CursorKind.UNEXPOSED_DECL, CursorKind.NAMESPACE, CursorKind.FRIEND_DECL}
_TYPEDEFS = {CursorKind.TYPEDEF_DECL, CursorKind.TYPE_ALIAS_DECL}

# What a Photon's C and C++ libraries offer, as far as declarations name it: the test needs no compiler's headers.
_INTEGERS = "typedef {} int{}_t; typedef unsigned {} uint{}_t;"
_STANDARD = {
    "stdint.h": "".join(
        _INTEGERS.format(name, bits, name, bits)
        for name, bits in (("char", 8), ("short", 16), ("int", 32), ("long long", 64))
    ).replace("typedef char", "typedef signed char")
    + "typedef int intptr_t; typedef unsigned uintptr_t;",
    "stddef.h": "typedef __SIZE_TYPE__ size_t;\n#define offsetof(type, field) __builtin_offsetof(type, field)",
    "stdarg.h": "typedef __builtin_va_list va_list;",
    "time.h": "typedef long long time_t; struct tm;",
    "string.h": '#include <stddef.h>\nextern "C" { size_t strlen(const char*); void* memset(void*, int, size_t); }',
    "stdlib.h": '#include <stddef.h>\nextern "C" { void* malloc(size_t); void free(void*); }',
    "stdio.h": "",
    "math.h": "",
    "ctype.h": "",
    "inttypes.h": "#include <stdint.h>",
    "limits.h": "",
    "new": "#include <stddef.h>\ninline void* operator new(size_t, void* at) { return at; }",
    "functional": "namespace std { template <typename T> class function {"
    " public: template <typename F> function(F); }; }",
    "memory": "namespace std { template <typename T> class shared_ptr { public: T& operator*() const; }; }",
    "utility": "namespace std { template <typename T> T&& forward(T&); template <typename T> T&& move(T&&);"
    " template <typename T> void swap(T&, T&); }",
    "vector": "namespace std { template <typename T> class vector {}; }",
    "initializer_list": "namespace std { template <typename T> class initializer_list {"
    " const T* first; __SIZE_TYPE__ count; public: const T* begin() const; __SIZE_TYPE__ size() const; }; }",
    "chrono": "namespace std { template <long long N, long long D = 1> struct ratio;"
    " namespace chrono { template <typename R, typename P = ratio<1>> struct duration { R count() const; };"
    " typedef duration<long long> seconds; typedef duration<long long, ratio<1, 1000>> milliseconds;"
    " typedef duration<long long, ratio<1, 1000000>> microseconds; }"
    " namespace literals { namespace chrono_literals {} } }",
    "mutex": "",
    "sys/time.h": "#include <time.h>\nstruct timeval;",
    "type_traits": "namespace std { template <typename T> struct decay { typedef T type; };"
    " template <typename T> struct underlying_type { typedef __underlying_type(T) type; };"
    "template <typename T, typename U> struct common_type { typedef T type; }; }",
}


@dataclass(frozen=True, order=True, slots=True)
class Declaration:
    """One thing a header offers.

    ``kind`` is function, variable, constant, type, base or macro; ``signature`` a function's type (``template`` for
    any), a constant's value, the base of a class, else nothing.
    """

    kind: str
    name: str
    signature: str
    header: str


def offered(folder: Path, headers: Sequence[str], abi: Path | None = None) -> list[Declaration]:
    """All that an application gets by including these headers of ``folder``, which may include those of ``abi``."""
    source = "".join(f"#include <{name}>\n" for name in headers)
    standard = [(f"/standard/{name}", f"#pragma once\n{text}") for name, text in _STANDARD.items()]
    words = ["-x", "c++", "-std=gnu++14", "--target=arm-none-eabi", "-fshort-enums", "-nostdinc"]
    words += ["-isystem", "/standard", "-I", str(folder)]
    if abi is not None:
        words += ["-I", str(abi / "include")]
        standard.append(("/standard/prototypes.h", f"#pragma once\n{prototypes(abi)}"))
    return parse(source, standard, words, folder)


def parse(source: str, files: Sequence[tuple[str, str]], words: Sequence[str], folder: Path) -> list[Declaration]:
    """The declarations of a source text that lie below ``folder``.

    :raises ValueError: the headers do not compile
    """
    unit = Index.create().parse(
        "application.cpp",
        args=[*words, "-ferror-limit=0"],
        unsaved_files=[("application.cpp", source), *files],
        options=TranslationUnit.PARSE_SKIP_FUNCTION_BODIES | TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD,
    )
    if wrong := [str(each) for each in unit.diagnostics if each.severity >= 3]:
        raise ValueError("\n".join(wrong))
    return sorted(set(_below(unit.cursor, folder.resolve())))


def plain(text: str) -> str:
    """A name or type without Particle's namespaces."""
    return _NAMESPACES.sub("", text)


def _below(cursor: Cursor, folder: Path) -> Iterator[Declaration]:
    for each in cursor.get_children():
        if each.kind in _AROUND:
            yield from _below(each, folder)
        elif each.location.file is None or folder not in Path(each.location.file.name).resolve().parents:
            continue
        elif each.access_specifier is not AccessSpecifier.PRIVATE and not _of_private_template(each):
            yield from _declared(each, folder)


def _of_private_template(cursor: Cursor) -> bool:
    """Whether it is a specialization of a class's private member; libclang gives it no access of its own."""
    parent = cursor.semantic_parent
    return parent is not None and any(
        each.spelling == cursor.spelling and each.access_specifier is AccessSpecifier.PRIVATE
        for each in parent.get_children()
        if each.kind is CursorKind.CLASS_TEMPLATE
    )


def _declared(cursor: Cursor, folder: Path) -> Iterator[Declaration]:
    kind, header = cursor.kind, Path(cursor.location.file.name).name
    name = plain("::".join(reversed(list(_scope(cursor)))))
    if kind in _FUNCTIONS:
        if not (cursor.is_deleted_method() or _internal(name)):
            if kind is CursorKind.CONSTRUCTOR:  # of a template it has the parameters in its name
                name = f"{name.rpartition('::')[0]}::{cursor.semantic_parent.spelling}"
            yield Declaration("function", name, _signature(cursor), header)
    elif kind is CursorKind.FUNCTION_TEMPLATE:
        yield Declaration("function", name, "template", header)
    elif kind in _CLASSES:
        yield Declaration("type", name, "", header)
        for each in cursor.get_children():
            if each.kind is CursorKind.CXX_BASE_SPECIFIER:
                base = plain(each.type.get_canonical().spelling)
                yield Declaration("base", name, base.partition("<")[0], header)
        yield from _below(cursor, folder)
    elif kind is CursorKind.ENUM_DECL:
        if cursor.spelling and "unnamed" not in cursor.spelling:
            yield Declaration("type", name, "", header)
        for each in cursor.get_children():
            if each.kind is CursorKind.ENUM_CONSTANT_DECL:
                yield Declaration("constant", each.spelling, str(each.enum_value % 2**32), header)
    elif kind in _TYPEDEFS:
        yield Declaration("type", name, "", header)
    elif kind is CursorKind.VAR_DECL:
        yield Declaration("variable", name, "", header)
    elif kind is CursorKind.MACRO_DEFINITION and not _internal(name):
        yield Declaration("macro", name, "", header)


def _internal(name: str) -> bool:
    return name.rpartition("::")[2].startswith(("_", "VPHOTON_"))


def _scope(cursor: Cursor) -> Iterator[str]:
    while cursor is not None and cursor.kind is not CursorKind.TRANSLATION_UNIT:
        if cursor.spelling:
            yield cursor.spelling
        cursor = cursor.semantic_parent


def _signature(cursor: Cursor) -> str:
    parameters = []
    for each in cursor.get_arguments():
        told = plain(each.type.get_canonical().spelling)
        parameters.append(f"[{told}]" if any(token.spelling == "=" for token in each.get_tokens()) else told)
    if cursor.type.is_function_variadic():
        parameters.append("...")
    result = "" if cursor.kind is CursorKind.CONSTRUCTOR else plain(cursor.result_type.get_canonical().spelling)
    static = "static " if cursor.is_static_method() else ""
    return f"{static}{result}({', '.join(parameters)}){' const' if cursor.is_const_method() else ''}"
