"""The four variants on a processor: from reset through a thousand loops."""

from __future__ import annotations

import re

import pytest

from .conftest import TOOLS, VARIANTS, UserPart

pytest.importorskip("unicorn")

from .photon import DEVICE_ID, HEAP_END, Photon

SURFACE = (TOOLS.root / "docs" / "surface.md").read_text()
PRODUCTS = {"roller": 20001, "venetian": 20002, "drapery": 20003, "honeycomb": 20004}
KINDS = {"bool": 1, "int": 2, "string": 4}


def documented(title: str, variant: str) -> dict[str, str]:
    """Names and types in a table of docs/surface.md that a variant has."""
    section = SURFACE.split(f"## {title}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]+) \|", section, re.MULTILINE)
    assert rows
    return {name: kind for name, kind, on in rows if on == "all" or variant == "venetian"}


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def photon(parts: dict[str, UserPart], variant: str) -> Photon:
    made = Photon(parts[variant].module.read_bytes())
    made.start()
    return made


def test_the_heap_begins_behind_the_static_data(parts: dict[str, UserPart], variant: str) -> None:
    photon = Photon(parts[variant].module.read_bytes())
    photon.put(0x20000000, b"\xaa" * (HEAP_END - 0x20000000))
    heap = photon.call(photon.table[0])
    assert 0 <= heap - 0x20000000 - parts[variant].size.ram < 8
    # What is behind belongs to the system.
    assert photon.cpu.mem_read(heap, HEAP_END - heap) == b"\xaa" * (HEAP_END - heap)
    assert not photon.calls


def test_init_states_product_mode_and_thread(photon: Photon, variant: str) -> None:
    assert photon.product == {"product_id": PRODUCTS[variant], "product_firmware_version": 1}
    assert [mode for mode, *_ in photon.called("set_system_mode")] == [0, 1]
    assert [state for state, *_ in photon.called("system_thread_set_state")] == [1]
    # Device OS 2.3.1, HAL_Feature: reset information and retained memory.
    assert [feature[:2] for feature in photon.called("HAL_Feature_Set")] == [(4, 1), (1, 1)]
    page = photon.called("softap_set_application_page_handler")[0][0]
    assert 0x080A0000 < page < 0x080C0000
    assert photon.called("spark_set_random_seed_from_cloud_handler")
    # Nothing of setup() has run.
    assert not photon.variables and not photon.functions and not photon.serial


def test_setup_registers_what_is_documented(photon: Photon, variant: str) -> None:
    photon.setup()
    variables = documented("Variables", variant)
    assert {name: kind for name, (kind, *_) in photon.variables.items()} == {
        name: KINDS[kind] for name, kind in variables.items()
    }
    assert set(photon.functions) == set(documented("Functions", variant))
    assert f'"variant":"{variant}"' in photon.serial.decode()
    assert photon.text(photon.variables["variant"][1]) == variant
    assert photon.text(photon.variables["fw"][1]) == f"{variant} 1"


def test_a_thousand_loops_leak_nothing(photon: Photon, variant: str) -> None:
    photon.setup()
    photon.loop(10)
    blocks = dict(photon.blocks)
    photon.calls.clear()
    photon.loop(990)
    assert photon.blocks == blocks
    assert len(photon.called("network_listening")) >= 990  # the bench console is polled
    counted = photon.instructions(photon.table[3])
    assert 300 < counted < 4000, f"{counted} instructions a loop"


def test_functions_take_what_the_cloud_sends(photon: Photon, variant: str) -> None:
    photon.setup()
    photon.loop(5)
    blocks = dict(photon.blocks)

    def told(name: str, argument: str) -> int:
        function, data = photon.functions[name]
        result = photon.call(function, data, photon.string(argument), 0)
        return result - (1 << 32) if result >> 31 else result

    assert told("move", "sideways") == -1
    assert told("identify", "7") == 7
    assert told("move", "60") == 60
    photon.loop()
    assert photon.cpu.mem_read(photon.variables["moving"][1], 1) == b"\1"
    # Only the arguments' own blocks are new.
    assert len(photon.blocks) - len(blocks) == 3


def test_the_console_answers_with_the_device(parts: dict[str, UserPart], variant: str) -> None:
    line = list(b"info\n")
    photon = Photon(
        parts[variant].module.read_bytes(),
        {"HAL_USB_USART_Receive_Data": lambda *_: line.pop(0) if line else -1},
    )
    photon.start()
    photon.setup()
    photon.serial.clear()
    photon.loop(8)
    assert DEVICE_ID in photon.serial.decode() and not line
