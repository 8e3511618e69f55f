"""YMODEM at the setup console: a module arrives, is judged, and runs; or nothing changes."""

from __future__ import annotations

import pytest

SOH, STX, EOT, ACK, NAK, CANCEL = b"\x01", b"\x02", b"\x04", b"\x06", b"\x15", b"\x18\x18"
WAITING = b"Waiting for the binary file to be sent ... (press 'a' to abort)\r\n"
RESTARTING = b"Restarting system to apply firmware update...\r\n"


def packet(sequence: int, data: bytes, size: int = 128) -> bytes:
    mark = SOH if size == 128 else STX
    return mark + bytes((sequence & 0xFF, ~sequence & 0xFF)) + data.ljust(size, b"\0") + b"\0\0"


def first_packet(size: int) -> bytes:
    return packet(0, b"probe.bin\0%d " % size)


def send_file(port, image: bytes, size: int = 128) -> None:
    """All but the closing packet, waiting for each answer."""
    assert port.ask(first_packet(len(image)), ACK + b"C") == ACK + b"C"
    for number, at in enumerate(range(0, len(image), size), 1):
        assert port.ask(packet(number, image[at : at + size], size), ACK) == ACK
    assert port.ask(EOT, ACK) == ACK


@pytest.fixture
def listening(photon, build):
    photon.start("--firmware", str(build(version=1)), "--wifi", "photonrig:photonrig-lab", "--listening")
    assert photon.status()["product"]["version"] == 1
    return photon


@pytest.mark.parametrize(("begin", "size"), [(b"f", 128), (b"", 128), (b"f", 1024)])
def test_a_module_arrives_and_runs(listening, build, begin, size):
    image = build(version=2).read_bytes()
    with listening.serial() as port:
        if begin:
            assert port.ask(begin, b"\n") == WAITING
        send_file(port, image, size)
        assert listening.status()["updating"]
        text = b"\r\nDownloaded file successfully!\r\nName: probe.bin\r\nSize: %d bytes\r\n" % len(image)
        assert port.ask(packet(0, b""), RESTARTING) == ACK + text + RESTARTING
        status = listening.wait("the new module", lambda status: status["application_running"])
        assert (status["product"], status["reset_reason"]) == ({"id": 4711, "version": 2}, "update")
        assert port.ask(b"echo", b"echo") == b"echo"


def test_a_spoilt_module_changes_nothing(listening, build):
    image = bytearray(build(version=2).read_bytes())
    image[1000] ^= 1
    with listening.serial() as port:
        send_file(port, bytes(image))
        # Integrity, by Device OS's number.
        assert port.ask(packet(0, b""), b"\n") == CANCEL + b"Validation failed: -1330\r\n"
        status = listening.status()
        assert status["listening"] and not status["updating"] and status["product"]["version"] == 1
        listening.control(do="reset")
        listening.wait("the old module", lambda status: status["application_running"])
    assert listening.status()["product"]["version"] == 1


def test_the_way_out(listening):
    with listening.serial() as port:
        port.ask(b"f", b"\n")
        assert port.ask(b" ", ACK) == ACK
        assert port.ask(b"a", b"\n") == CANCEL + b"Aborted by user.\r\n"
        port.ask(first_packet(262145), b"\n")
        assert port.ask(b"c", b"\n") == b"Device claimed: no\r\n"


def test_silence_asks_again(listening):
    """After 5 s; a module cut short by a host that left is forgotten in time, too."""
    with listening.serial() as port:
        port.ask(first_packet(1000), ACK + b"C")
        port.write(packet(1, b"half")[:50])
        assert port.read_until(b"C", 20) == b"C"
        assert port.ask(packet(1, b"whole"), ACK) == ACK
        assert port.ask(packet(3, b"too early"), NAK) == NAK
