"""Sketches as Particle compiles them: wiring-preprocessor 2.3.0 (its README; src/index.js, src/regex-parser.js)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from photonrig.build.compile import CompileFailed, compile_project
from photonrig.build.sketch import to_cpp
from photonrig.build.toolchain import Toolchain

TOOLS = Toolchain(Path(__file__).parents[2])


def build(sketch: str) -> None:
    compile_project({"src/app.ino": sketch.encode()}, TOOLS.sdk())


@pytest.mark.parametrize(
    ("sketch", "prototypes"),
    [
        ("void loop() {}", ["void loop();"]),
        (
            "int f(int a, const String &s) { if (a) { return 1; } else if (s) { return 2; } }",
            ["int f(int a, const String &s);"],
        ),
        ('// void a() {}\n/* void b() {} */\nconst char *t = "void c() {}";', []),
        ('const char t[] = R"(it\'s\nvoid a() {\n)";\nvoid b() {}', ["void b();"]),
        ("#define X(a) void a() { }\nstatic unsigned long g(\n  int a)\n{}", ["static unsigned long g( int a);"]),
        # Types of the sketch are not known yet where prototypes are.
        ("struct S {};\nS make() { return S(); }\nenum class E { A };\nvoid f(E e) {}", []),
        ("typedef struct { int x; } P;\nvoid f(P* p) {}\nvoid g(int x) {}", ["void g(int x);"]),
        ("template <class T> T most(T a, T b) { return a; }", []),
        ("void h(int a);\nvoid h(int a) {}\nvoid i() {}", ["void i();"]),
        # What its expressions do not know.
        ("void h(int a = 3) {}", []),
        ("void h(std::vector<int>& v) {}", []),
        ("void A::h() {}", []),
        ("void h(void (*f)()) {}", []),
        # They take functions of classes for others.
        ("class A { int h(int a) { return a; } };", ["int h(int a);"]),
    ],
)
def test_prototypes(sketch: str, prototypes: list[str]) -> None:
    made = to_cpp(f"int first;\n{sketch}", "a.ino").partition("int first;")[0]
    assert [line for line in made.splitlines() if not line.startswith("#")] == prototypes


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("", "int x;"),
        ('#include "TinyGPS.h"\n', "TinyGPSPlus gps;"),
        ("// first\n/* second\n   line */\n#include <vector>\n\n", "int x;"),
        ('#define LED D7\n#include "Particle.h"\n', "int x;"),
        ("#include <vector>\n", "#define LED D7"),
    ],
)
def test_prototypes_come_behind_the_leading_includes(before: str, behind: str) -> None:
    """The documentation's example: a function with a library's type gets its prototype where the type is known."""
    text = f"{before}{behind}\nvoid show(int x) {{}}\n"
    made = re.sub(r"^#line .*\n", "", to_cpp(text, "a.ino"), flags=re.MULTILINE)
    included = "" if "Particle.h" in before else '#include "Particle.h"\n'
    assert made == f"{included}{before}void show(int x);\n{behind}\nvoid show(int x) {{}}\n\n"


@pytest.mark.parametrize("header", ["Particle.h", "application.h", "Arduino.h"])
@pytest.mark.parametrize("brackets", ['""', "<>"])
def test_particle_h_is_added_once(header: str, brackets: str) -> None:
    made = to_cpp(f"  #include {brackets[0]}{header}{brackets[1]}\nvoid setup() {{}}\n", "a.ino")
    assert len(re.findall(r"#include", made)) == 1


@pytest.mark.parametrize("word", ["SPARK", "PARTICLE"])
def test_nothing_is_added_on_demand(word: str) -> None:
    sketch = f'#pragma {word}_NO_PREPROCESSOR\n#include "Particle.h"\nvoid setup() {{}}\n'
    assert to_cpp(sketch, "a.ino") == f'#line 1 "a.ino"\n// {sketch}\n'
    build(sketch)
    with pytest.raises(CompileFailed, match=r"^src/app\.ino:2:16: error: 'later' was not declared"):
        build(f"#pragma {word}_NO_PREPROCESSOR\nvoid setup() {{ later(); }}\nvoid later() {{}}\n")


@pytest.mark.parametrize(
    ("sketch", "said"),
    [
        ("#include <vector>\n\nvoid setup() {\n  oops;\n}\n", "src/app.ino:4:3: error: 'oops' was not declared"),
        ("/* a\n */ void setup() {\n  oops;\n}\n", "src/app.ino:3:3: error: 'oops' was not declared"),
        ("/* a\n */ oops x;\n", "src/app.ino:2:5: error: 'oops' does not name a type"),
        (
            "int missing(int);\nvoid setup() {\n  missing(1);\n}\n",
            "src/app.ino:3: undefined reference to `missing(int)'",
        ),
        (
            '#pragma PARTICLE_NO_PREPROCESSOR\n#include "Particle.h"\nvoid setup() {\n  oops;\n}\n',
            "src/app.ino:4:3: error: 'oops'",
        ),
    ],
)
def test_errors_name_the_users_own_file_and_line(sketch: str, said: str) -> None:
    with pytest.raises(CompileFailed) as caught:
        build(sketch)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("sketch", ["void setup() {}\n", "void loop() {}\n", "int x;\n"])
def test_an_application_may_lack_setup_or_loop(sketch: str) -> None:
    """Both are weak functions of Device OS (wiring/src/user.cpp)."""
    build(sketch)


@pytest.mark.parametrize(
    "unit",
    [
        *('"\\', "/*", "'\\", '"', 'R"(', "f(", "a b ", "a&b ", "void f() {}\n", "#include x\n"),
        *("typedef ", "typedef struct {", "using ", "struct a "),
    ],
)
def test_a_sketch_is_read_in_one_pass(unit: str) -> None:
    """One that takes the square of its length in steps would not end before the test's time limit."""
    to_cpp(unit * (1_000_000 // len(unit)), "a.ino")
