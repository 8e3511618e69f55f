"""Libraries by the real Particle CLI: uploaded, found, added to a project, and compiled in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from photonrig.bench.local_cloud import LocalCloud
from photonrig.build.toolchain import Toolchain
from photonrig.particle.cli import ParticleCli
from photonrig.particle.cloud import Cloud
from photonrig.particle.module import parse_module

TOOLS = Toolchain(Path(__file__).parents[2])

PROPERTIES = """name=Lamp
version=1.2.0
author=Somebody <somebody@example.com>
license=MIT
sentence=Switches a lamp
paragraph=On and off.
url=https://example.com/lamp
repository=https://example.com/lamp.git
architectures=*
"""


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[ParticleCli]:
    script = TOOLS.particle_cli()
    cloud = LocalCloud(tmp_path / "cloud", sdk=TOOLS.sdk())
    cloud.start()
    try:
        with Cloud(cloud.api) as anybody:
            anybody.create_user("u@example.com", "secret")
            token = anybody.log_in("u@example.com", "secret")
        made = ParticleCli(TOOLS.node, script, tmp_path / "home", cloud.api)
        made.use("u@example.com", token.access_token)
        yield made
    finally:
        cloud.kill()


def _library(folder: Path) -> Path:
    files = {
        "library.properties": PROPERTIES,
        "README.md": "# Lamp\n",
        "LICENSE": "MIT\n",
        "src/Lamp.h": "int lamp();\n",
        "src/Lamp.cpp": '#include "Lamp.h"\nint lamp() { return 1; }\n',
        "examples/usage/usage.ino": '#include "Lamp.h"\nvoid setup() { lamp(); }\nvoid loop() {}\n',
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.cli
def test_a_library_from_its_author_into_a_project(cli: ParticleCli, tmp_path: Path) -> None:
    cli.run("library", "upload", cwd=_library(tmp_path / "lamp"), proof="was successfully uploaded")
    assert "Lamp 1.2.0" in cli.run("library", "list").text
    assert "Found 1 library matching lam" in cli.run("library", "search", "lam").text
    cli.run("library", "view", "Lamp", proof="Library Lamp 1.2.0 installed")
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    (project / "project.properties").write_text("name=project\n")
    (project / "src" / "project.ino").write_text('#include "Lamp.h"\nvoid setup() { lamp(); }\nvoid loop() {}\n')
    cli.run("library", "add", "lamp", cwd=project, proof="Library Lamp 1.2.0 has been added to the project")
    assert "dependencies.Lamp=1.2.0" in (project / "project.properties").read_text()
    cli.run("compile", "photon", str(project), "--saveTo", str(tmp_path / "a.bin"), proof="Compile succeeded")
    assert parse_module((tmp_path / "a.bin").read_bytes()).crc_ok
