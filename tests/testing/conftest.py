from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ("pytester",)


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project of somebody else's, with a rig that is a fake."""
    pytester.makeconftest(
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom fake_rig import photonrig_bench, rig\n"
    )
    for name in ("roller", "venetian"):
        pytester.mkdir(name)
    pytester.makeini("[pytest]\nphotonrig_variants =\n  roller = roller\n  venetian = venetian\n")
    return pytester
