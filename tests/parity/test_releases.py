"""Virtual against virtual: the same release has no differences; 0.6.3 differs from 2.3.1 where it is documented to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from photonrig.parity.device import CHAPTERS
from photonrig.parity.difference import compare
from photonrig.parity.recording import Recording
from photonrig.parity.subject import virtual_photon

from .conftest import TOOLS, recorded

# Question: source. Sources are files of Device OS at the tags v0.6.3 and v2.3.1, unless they say otherwise.
DOCUMENTED = {
    ("cloud session", "description"): "version; names over 12 bytes are cut off: spark_protocol.h",
    ("cloud session", "events after RESET"): "particle/device/updates/*: system_update.cpp, from 1.2.0",
    ("cloud session", "events after System.reset()"): "the same",
    ("cloud session", "events of an update over the air"): "the same, and spark/device/ota_result up to 0.7.0",
    **{
        ("limits", f"argument of {n} bytes"): "63, 622: communication/inc/protocol_defs.h"
        for n in (64, 622, 623, 864, 865)
    },
    **{("limits", f"variable's name of {n} bytes"): "12, 64: communication/inc/protocol_defs.h" for n in (13, 63, 64)},
    **{("limits", f"event's name of {n} bytes"): "cut at 63, 64: communication/src/messages.cpp" for n in (64, 65)},
    **{("limits", f"event's data of {n} bytes"): "cut at 255, 622: the same" for n in (256, 622, 623, 864, 865)},
    ("SoftAP", "TCP: configure-ap out of range"): "stored as given, without a scan: hal/src/photon/softap.cpp",
    ("serial", "v: version"): "its version",
    ("serial", "s: modules"): "its modules",
    ("serial", "w: the network, and online again"): "asks for security and cipher: system_setup.cpp",
}


def test_two_runs_of_one_release_do_not_differ(right: Recording, probe: Callable[[str], Path], tmp_path: Path) -> None:
    with virtual_photon(TOOLS, "2.3.1", tmp_path, probe("2.3.1")) as other:
        again = recorded(other)
    assert right.chapters == CHAPTERS
    found = compare(right, again)
    assert [each for each in found.differences if each.kind != "timing"] == []
    assert found.compared == len(right.lines)
    assert not [line for line in right.lines if line.answer.startswith("failed")]


def test_0_6_3_differs_from_2_3_1_as_documented(right: Recording, probe: Callable[[str], Path], tmp_path: Path) -> None:
    with virtual_photon(TOOLS, "0.6.3", tmp_path, probe("0.6.3")) as old:
        found = compare(right, recorded(old))
    differing = {(each.chapter, each.name) for each in found.differences if each.kind != "timing"}
    assert differing == set(DOCUMENTED)
