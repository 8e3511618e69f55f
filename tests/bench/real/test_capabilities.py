"""What every power switch and every button must do, whatever it is made of, seen at the device they are wired to.

Behind the real adapters stands equipment that is wired to a virtual Photon: a smart plug over HTTP, a uhubctl, a relay,
a GPIO chip.
"""

from __future__ import annotations

import http.server
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from photonrig.bench.config import Gpio, HubPort, Press, Switch
from photonrig.bench.slots.real.buttons import Button, Contact, by_commands, by_gpio
from photonrig.bench.slots.real.power import CommandPower, UhubctlPower
from photonrig.bench.slots.slot import Power, Reset, SetupButton
from photonrig.bench.slots.virtual.photon import AIR, Provision, VirtualPhoton
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.particle.keys import generate_device_key, private_key_der
from photonrig.testing import FakeClock, check_power, check_reset, check_setup_button

TOOLS = Toolchain(Path(__file__).parents[3])


@pytest.fixture(scope="module")
def photon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualPhoton]:
    folder = tmp_path_factory.mktemp("photon")
    (folder / "key.der").write_bytes(private_key_der(generate_device_key()))
    device = VirtualPhoton(TOOLS.vphoton, folder / "device")
    provision = Provision("c" * 24, folder / "key.der", build_variant(TOOLS, "roller"))
    device.start(provision, wifi=AIR[0])
    yield device
    device.kill()


@contextmanager
def wired(orders: dict[str, Callable[[], object]]) -> Iterator[Callable[[str], tuple[str, ...]]]:
    """Equipment that obeys orders over HTTP; gives the command line for each order, which is a process of its own."""

    class Equipment(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            orders[self.path[1:]]()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Equipment) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        base = f"http://127.0.0.1:{server.server_port}"
        script = "import sys, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(sys.argv[1]).close()"
        try:
            yield lambda order: (sys.executable, "-c", script, f"{base}/{order}")
        finally:
            server.shutdown()
            serving.join()


# --- power ------------------------------------------------------------------------------------------------------------


@contextmanager
def virtual_power(photon: VirtualPhoton) -> Iterator[Power]:
    yield photon.slot.need("power", photon.slot.power)


@contextmanager
def plug_by_command(photon: VirtualPhoton) -> Iterator[Power]:
    plug = photon.slot.need("power", photon.slot.power)
    with wired({"on": plug.on, "off": plug.off}) as command:
        yield CommandPower(Switch(on=command("on"), off=command("off")))


@contextmanager
def hub_port(photon: VirtualPhoton) -> Iterator[Power]:
    plug = photon.slot.need("power", photon.slot.power)

    def uhubctl(argv: Sequence[str], timeout: float) -> str:
        action = argv[argv.index("--action") + 1]
        was = "0103 power enable connect [2b04:c006]" if photon.alive else "0000 off"
        (plug.on if action == "on" else plug.off)()
        now = "0100 power" if photon.alive else "0000 off"
        return (
            f"Current status for hub 1-1\n  Port 4: {was}\nSent power {action} request\nNew status\n  Port 4: {now}\n"
        )

    yield UhubctlPower(HubPort(hub="1-1", port=4), run=uhubctl)


@pytest.mark.parametrize("kind", [virtual_power, plug_by_command, hub_port])
def test_power(kind: Any, photon: VirtualPhoton) -> None:
    with kind(photon) as power:
        check_power(replace(photon.slot, power=power))


# --- buttons ----------------------------------------------------------------------------------------------------------


class Finger(FakeClock):
    """Knows how long the button was down without waiting that long: it is the clock of the adapter, too."""

    def __init__(self, photon: VirtualPhoton) -> None:
        super().__init__()
        self.photon = photon
        self.held = 0.0
        self.down = False

    def pause(self, seconds: float) -> None:
        assert self.down
        self.held += seconds

    def press(self) -> None:
        assert not self.down
        self.down, self.held = True, 0.0

    def release_setup(self) -> None:
        if self.down:
            self.down = False
            self.photon.control({"do": "setup_button", "hold_ms": round(self.held * 1000)})

    def release_reset(self) -> None:
        if self.down:
            self.down = False
            self.photon.control({"do": "reset"})


Made = tuple[SetupButton, Reset]


@contextmanager
def virtual_buttons(photon: VirtualPhoton) -> Iterator[Made]:
    slot = photon.slot
    yield slot.need("setup_button", slot.setup_button), slot.need("reset", slot.reset)


def _real(contact: Contact, finger: Finger, other: Contact) -> Made:
    return Button(contact, clock=finger), Button(other, clock=finger)


@contextmanager
def relay(photon: VirtualPhoton) -> Iterator[Made]:
    finger = Finger(photon)
    orders = {"press": finger.press, "setup": finger.release_setup, "reset": finger.release_reset}
    with wired(orders) as command:
        setup, reset = (
            by_commands(Press(press=command("press"), release=command(order))) for order in ("setup", "reset")
        )
        yield _real(setup, finger, reset)


@contextmanager
def gpio_lines(photon: VirtualPhoton) -> Iterator[Made]:
    """A chip whose line 17 is SETUP and 27 is RESET; only a line that is requested is driven."""
    finger = Finger(photon)
    release = {17: finger.release_setup, 27: finger.release_reset}

    class Request:
        def __init__(self, line: int) -> None:
            self.line = line

        def __enter__(self) -> Request:
            return self

        def __exit__(self, *_: object) -> None:
            release[self.line]()

        def set_value(self, line: int, value: str) -> None:
            assert (line, value) == (self.line, "inactive")
            release[line]()

    def request_lines(chip: str, consumer: str, config: dict[int, Any]) -> Request:
        ((line, settings),) = config.items()
        assert chip == "/dev/gpiochip0" and settings.output_value == "active"
        assert settings.drive == "open drain" and settings.active_low
        finger.press()
        return Request(line)

    chip = SimpleNamespace(
        line=SimpleNamespace(
            Value=SimpleNamespace(ACTIVE="active", INACTIVE="inactive"),
            Direction=SimpleNamespace(OUTPUT="output"),
            Drive=SimpleNamespace(OPEN_DRAIN="open drain", PUSH_PULL="push-pull"),
        ),
        LineSettings=SimpleNamespace,
        request_lines=request_lines,
    )
    setup, reset = (by_gpio(Gpio(chip="/dev/gpiochip0", line=line), "button", gpiod=chip) for line in (17, 27))
    yield _real(setup, finger, reset)


@pytest.mark.parametrize("kind", [virtual_buttons, relay, gpio_lines])
def test_buttons(kind: Any, photon: VirtualPhoton) -> None:
    with kind(photon) as (setup, reset):
        slot = replace(photon.slot, setup_button=setup, reset=reset)
        check_setup_button(slot)
        check_reset(slot)
