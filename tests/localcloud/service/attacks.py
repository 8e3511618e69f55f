"""Projects that mean harm to the machine that compiles them, and how each has to end.

``CANARY`` in a source stands for the path of a file that nobody may read, ``MARK`` for one that nobody may write.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAIN = b'#include "Particle.h"\nvoid setup() {}\nvoid loop() {}\n'

COMPILES, FAILS, REFUSED = 200, 406, 400


@dataclass(frozen=True)
class Attack:
    """Files to send, the status of the answer, and what stands in it; an ``endless`` one has to be ended.

    ``landlock``: what it says there instead, where a file can be told from one that does not exist.
    """

    files: Sequence[tuple[str, bytes]]
    status: int
    says: str = ""
    endless: bool = False
    landlock: str | None = None


def main_with(text: str, status: int, says: str = "", *, landlock: str | None = None) -> Attack:
    """A firmware with more text after it."""
    return Attack([("src/main.cpp", MAIN + text.encode())], status, says, landlock=landlock)


def asm(text: str, status: int, says: str = "") -> Attack:
    """A firmware with assembler text."""
    return main_with(f'asm(R"({text})");', status, says)


def named(*names: str, status: int = REFUSED, says: str = "", content: bytes = b"int x;\n") -> Attack:
    """A firmware with more files, of these names."""
    return Attack([("src/main.cpp", MAIN), *((name, content) for name in names)], status, says)


WRAPPER = b"-wrapper /bin/sh,-c,touch${IFS}MARK;exit${IFS}1 -xc /dev/null"
OPTIONS = b"-fplugin=src/evil.so -o MARK -wrapper /bin/touch,MARK -xc /dev/null"

NAMES = {
    "response file": Attack([("@evil.cpp", MAIN), ("evil.cpp", WRAPPER)], FAILS, "evil.cpp:1:1: error"),
    "response file in a folder": Attack(
        [("src/@evil.cpp", MAIN), ("src/evil.cpp", WRAPPER), ("evil.cpp", OPTIONS)], FAILS, "evil.cpp:1:1: error"
    ),
    "library is a response file": Attack(
        [("src/main.cpp", MAIN), ("lib/@x/src/@y.cpp", b"int y;"), ("y.h", WRAPPER), ("lib/-x/src/a.h", b"")], COMPILES
    ),
    "option -v": Attack([("-v.cpp", MAIN)], COMPILES),
    "option -wrapper": Attack([("-wrapper.cpp", MAIN), ("sh,-c,touch MARK.cpp", b"int x;")], COMPILES),
    "option -fplugin": Attack([("-fplugin=evil.so.cpp", MAIN), ("evil.so.cpp", b"int x;")], COMPILES),
    "option -o": Attack([("-o.cpp", MAIN), ("-.cpp", b"int x;"), ("--.c", b"int y;")], COMPILES),
    "option -specs": Attack([("-specs=evil.cpp", MAIN), ("evil.cpp", b"*cc1plus:\n/bin/sh\n")], FAILS),
    "option -B": Attack([("-Bsrc.cpp", MAIN), ("src/cc1plus", b"#!/bin/sh\ntouch MARK\n")], COMPILES),
    "option of the linker": Attack([("-Wl,-T,evil.ld.cpp", MAIN), ("evil.ld.cpp", b"int x;")], COMPILES),
    "shell": Attack([("src/main.cpp", MAIN), ("src/$(touch MARK);`touch MARK`&|.cpp", b"int x;")], COMPILES),
    "quotes and percent": Attack([("src/main.cpp", MAIN), ("src/'%s%n%{a} $x.cpp", b"int x;")], COMPILES),
    "parent": named("../x.cpp", says="no path within a project"),
    "parent within": named("src/../../x.cpp"),
    "parent with backslashes": named("..\\..\\x.cpp"),
    "absolute": named("/tmp/x.cpp"),
    "absolute twice": named("//tmp//x.cpp"),
    "drive": named("C:/x.cpp"),
    "the build's own name": named("src/a.ino:.cpp"),
    "NUL": named("src/a\0.cpp"),
    "control character": named("src/a\x1b[31m.cpp"),
    "delete character": named("src/a\x7f.cpp"),
    "line separator": named("src/a\u2028.cpp"),
    "long name": named(f"src/{'a' * 251}.cpp", says="too long"),
    "long path": named("src/" + "a/" * 20 + "b" * 195 + "/" + "/".join("c" * 190 for _ in range(6)) + ".cpp"),
    "deep": named("src/" + "a/" * 1500 + "x.cpp"),
    "file and folder": Attack([("src/main.cpp", MAIN), ("src/a", b""), ("src/a/b.cpp", b"int x;")], REFUSED),
    "the same twice": named("src/./main.cpp", says="twice"),
    "one name twice": named("src/main.cpp", says="one name"),
    "compiled header": named("src/Particle.h.gch", says="compiled header", content=b"gpch" + bytes(2000)),
    "folder of compiled headers": named("src/Particle.h.GCH/c++", says="compiled header", content=b"gpch" + bytes(2000)),
    "objects and scripts": named(
        *("evil.o", "evil.a", "src/libc.so", "crti.o", "evil.ld", "src/evil.s", "src/evil.S", "specs", "src/x.specs"),
        *("module.modulemap", ".gdbinit", "src/liblto_plugin.so", "Makefile", "CMakeLists.txt", "src/evil.ii"),
        status=COMPILES,
        content=b"INPUT(CANARY)\n",
    ),
    "own Particle.h": Attack(
        [("src/main.cpp", MAIN), ("src/Particle.h", b'#include "application.h"\n'), ("src/user_part.cpp", b"int x;")],
        COMPILES,
    ),
}  # fmt: skip

READS = {
    "include": main_with('#include "CANARY"', FAILS, "main.cpp:4"),
    "include <>": main_with("#include <CANARY>", FAILS),
    "include of the password file": main_with('#include "/etc/passwd"', FAILS),
    "include upwards": main_with('#include "../../../../../../../../../../..CANARY"', FAILS),
    "include by a macro": main_with('#define F "CANARY"\n#include F', FAILS),
    "import": main_with('#import "CANARY"', FAILS),
    "include next": main_with('#include_next "CANARY"', FAILS),
    "include in a sketch": Attack([("src/a.ino", MAIN + b'#include "CANARY"')], FAILS, "a.ino:4"),
    "include in C": Attack([("src/main.cpp", MAIN), ("src/a.c", b'#include "CANARY"')], FAILS, "a.c:1"),
    "include in a library": Attack(
        [("src/main.cpp", b'#include "x.h"\n' + MAIN), ("lib/x/src/x.h", b'#include "CANARY"')], FAILS, "x.h:1"
    ),
    "is it there": main_with('#if __has_include("CANARY")\n#error CANARY is there\n#endif', COMPILES, landlock="Permission denied"),
    "embed": main_with('const char a[] = {\n#embed "CANARY"\n};', FAILS),
    "line of another file": main_with('#line 1 "CANARY"\noops', FAILS, "oops"),
    "dependency": main_with('_Pragma("GCC dependency \\"CANARY\\"")', FAILS),
    "precompiled by a pragma": main_with('#pragma GCC pch_preprocess "CANARY"', FAILS),
    "environment": main_with('#include "/proc/self/environ"', FAILS),
    "environment of the cloud": main_with('#include "/proc/1/environ"', FAILS),
    "profile": main_with('__attribute__((optimize("-fauto-profile=CANARY"))) int f() { return 1; }', COMPILES),
    "incbin": asm('.incbin "CANARY"', FAILS),
    "incbin upwards": asm('.incbin "../../../../../../../../../../..CANARY"', FAILS),
    "incbin of the password file": asm('.incbin "/etc/passwd"', FAILS),
    "include of the assembler": asm('.include "CANARY"', FAILS),
    "incbin by a section's name": main_with(
        '__attribute__((section(".a,\\"a\\"\\n.incbin \\"CANARY\\"\\n#"))) int x = 1;', FAILS
    ),
    "incbin by a symbol's name": main_with(
        'extern int x asm("y\\n.incbin \\"CANARY\\"\\n"); int f() { return x; }', FAILS
    ),
    "incbin by a line's name": main_with(
        '#line 1 "a\\"\\n.incbin \\"CANARY\\"\\n#"\nvoid f() { asm("nop"); }', FAILS
    ),
}  # fmt: skip

RUNS = {
    "constructor": main_with(
        'extern "C" int system(const char*);\n__attribute__((constructor)) void f() { system("touch MARK"); }', COMPILES
    ),
    "resolver": main_with(
        'extern "C" int system(const char*);\nextern "C" void (*g())() { system("touch MARK"); return loop; }\n'
        'void h() __attribute__((ifunc("g")));',
        FAILS,
        "ifunc",
    ),
    "plugin by a pragma": main_with('#pragma GCC plugin "MARK"\n#pragma plugin(MARK)', COMPILES),
    "plugin by an attribute": main_with('__attribute__((optimize("-fplugin=MARK"))) int f() { return 1; }', COMPILES),
    "dump by an attribute": main_with('__attribute__((optimize("-fdump-tree-all=MARK"))) int f() { return 1; }', COMPILES),
    "dump by a pragma": main_with('#pragma GCC optimize ("-fdump-rtl-all=MARK", "-fstack-usage")\nint f() { return 1; }', COMPILES),
    "library by a pragma": main_with('#pragma comment(lib, "MARK")\n#pragma comment(linker, "-T MARK")', COMPILES),
    "link-time optimisation": asm(
        '.section .gnu.lto_.opts,"e",%progbits\\n.string "\'-wrapper\' \'/bin/touch,MARK\'"\\n'
        '.section .gnu.lto_f,"e",%progbits\\n.byte 1\\n.comm __gnu_lto_slim,1,1\\n.text'.replace("\\n", "\n"),
        COMPILES,
    ),
    "linker's sections": asm(
        '.section .drectve,"e"\n.ascii "-T MARK"\n.section .deplibs,"e"\n.ascii "MARK"\n'
        '.section .gnu.warning.setup\n.string "MARK"\n.text',
        COMPILES,
    ),
}  # fmt: skip

USES = {
    "terminal that never answers": main_with('#include "/dev/ptmx"', FAILS),
    "terminal": main_with('#include "/dev/tty"', FAILS),
    "endless file": main_with('#include "/dev/zero"', FAILS),
    "random numbers": main_with('#include "/dev/random"', FAILS),
    "standard input": main_with('#include "/dev/stdin"', FAILS, landlock="sizeInfo"),  # is /dev/null, which all may read
    "standard output": main_with('#include "/proc/self/fd/1"', FAILS, landlock="did not end"),  # waits for itself
    "include of itself": Attack([("src/main.cpp", MAIN), ("src/a.cpp", b'#include "a.cpp"\n')], FAILS, "nested"),
    "include of itself twice": Attack(
        [("src/main.cpp", MAIN), ("src/a.cpp", b'#if __INCLUDE_LEVEL__ < 190\n#include "a.cpp"\n#include "a.cpp"\n#endif\n')],
        REFUSED,
        "did not end",
        endless=True,
    ),
    "macros": main_with(
        "".join(f"#define M{n} M{n + 1} M{n + 1} M{n + 1} M{n + 1}\n" for n in range(30)) + "#define M30 int\nM0 x;",
        FAILS,
    ),
    "templates": main_with(
        "template <long N, class T> struct A { A<N + 1, A<N, T>> a; A<N + 2, A<N, T>> b; };\nA<0, int> x;", FAILS
    ),
    "constant expression": main_with(
        "constexpr long f(long n) { return n < 2 ? n : f(n - 1) + f(n - 2) + f(n - 2); }\nconstexpr long x = f(60);",
        FAILS,
    ),
    "large array": main_with("char a[1 << 30] = {1};", FAILS),
    "large arrays": main_with("struct A { char a[1 << 28]; };\nextern A a[4];\nA a[4] = {{{1}}, {{2}}};", FAILS),
    "fill": asm(".fill 0x7fffffff", FAILS),
    "fill with gigabytes": asm(".fill 0x3fffffff, 8, 0x4141414141414141", FAILS),
    "skip": asm(".skip 1 << 40", FAILS),
    "repeat": asm(".rept 0x7fffffff\n.quad 0x4141414141414141\n.endr", FAILS),
    "repeats in repeats": Attack(
        [("src/main.cpp", MAIN), ("src/a.cpp", b'asm(".rept 60000\\n.rept 60000\\n.quad 1\\n.endr\\n.endr");')],
        REFUSED,
        "did not end",
        endless=True,
    ),
    "recursive macro": asm(".macro m\nm\nm\n.endm\nm", FAILS),
    "macro without end": asm(".altmacro\n.macro m n\n.quad n\nm %n+1\n.endm\nm 0", FAILS),
    "many objects": Attack(
        [("src/main.cpp", MAIN), *((f"src/{n}.cpp", b'asm(".fill 15000000");') for n in range(12))], FAILS, "objects take"
    ),
    "large product id": asm('.section .modinfo.product_id,"aR",%progbits\n.skip 0x7ffff\n.text', FAILS, "FLASH"),
    "product id for too much": asm('.section .modinfo.product_id,"aR",%progbits\n.skip 6\n.text', FAILS, "PRODUCT_ID"),
    "false prefix": asm('.section .user_part.prefix,"aR",%progbits\n.skip 24\n.text', FAILS, "right behind the prefix"),
    "false table": asm('.section .user_part.table,"aR",%progbits\n.long 0xFFFFFFFF\n.text', COMPILES),
    "false suffix": asm('.section .user_part.suffix,"aR",%progbits\n.skip 40, 0xFF\n.text', COMPILES),
    "false CRC": asm('.section .user_part.crc,"aR",%progbits\n.skip 40, 0xFF\n.text', REFUSED, "firmware image"),
    "false marks": asm(".global data_begin\ndata_begin = 0x10\n.global heap_begin\nheap_begin = -1", COMPILES),
    "false symbol table": asm('.section .dynsym,"aR",%progbits\n.byte 1\n.text', REFUSED, "cannot be read"),
    "false sections": asm('.section .dynamic,"awR"\n.quad 1\n.section .dynstr,"aR"\n.byte 1\n.text', FAILS),
    "section far away": asm('.section .evil,"awR",%nobits\n.skip 0xF000\n.section .worse,"axR"\n.byte 1\n.text', FAILS),
    "function of the start": asm(".global malloc, setup_table, __aeabi_memcpy\nmalloc:\nuser_part_table = malloc", FAILS),
    "flood of errors": main_with("#define E oops1; oops2; oops3; oops4;\n" + "void f() { E E E E }\n" * 150, FAILS),
    "flood of warnings": main_with("#warning " + "w" * 2000 + "\n" + ("#warning " + "w" * 200 + "\n") * 3000, COMPILES),
    "long line": main_with("#error " + "e" * 2_000_000, FAILS),
    "sketch of quotes": Attack([("src/a.ino", b'"\\' * 500_000)], FAILS),
    "sketch of comments": Attack([("src/a.ino", b"/*" * 500_000)], FAILS),
    "sketch of definitions": Attack([("src/a.ino", b"typedef " * 30_000)], FAILS),
    "large sketch": Attack([("src/a.ino", MAIN + b" " * (1 << 20))], REFUSED, "larger than"),
}  # fmt: skip

ATTACKS: Mapping[str, Attack] = NAMES | READS | RUNS | USES


def library(*members: tarfile.TarInfo, name: str = "Evil") -> bytes:
    """A library's archive with more members, as tar writes them."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path, text in (("library.properties", f"name={name}\nversion=1.0.0\n"), ("src/evil.cpp", "int evil;\n")):
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
        for member in members:
            tar.addfile(member)
    return packed.getvalue()


def link(path: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """A member that points elsewhere."""
    entry = tarfile.TarInfo(path)
    entry.type, entry.linkname = kind, target
    return entry
