"""docs/surface.md says what the firmware registers."""

from __future__ import annotations

import subprocess

from .conftest import ROOT, TOOLS


def test_the_document_is_made_from_the_firmwares_tables():
    made = subprocess.run([TOOLS.surface()], capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "docs" / "surface.md").read_text(), "./rig surface writes it anew"
