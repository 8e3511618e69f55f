"""Faults on purpose that are the device's own: power, a stuck application, the clock, the server key."""

from __future__ import annotations

import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ..patience import PATIENCE
from .conftest import wait_for


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({}, "fault needs power_cut_at_write"),
        ({"power_cut_at_write": -1}, "power_cut_at_write: 0"),
        ({"power_cut_at_write": 1, "torn": "x"}, "torn: 0"),
        ({"block_loop_ms": 600001}, "block_loop_ms: 0"),
        ({"clock_jump_s": 1.5e10}, "clock_jump_s: -1000000000"),
        ({"server_key": "30"}, "server_key: RSA-2048"),
        ({"server_key": "x" * 588}, "server_key: RSA-2048"),
    ],
)
def test_what_is_no_fault(photon, request_, error):
    before = photon.start().status()
    assert error in photon.control(do="fault", **request_)["error"]
    assert photon.status()["faults"] == before["faults"]


@pytest.mark.parametrize("words", ["0", "x", "1:", "1:x", "", ":3"])
def test_what_is_no_power_cut(photon, words):
    with pytest.raises(AssertionError, match="--power-cut-at-write needs N"):
        photon.start("--power-cut-at-write", words)


def test_power_cut_on_command(photon):
    photon.start().status()  # asking for it gives the device its SoftAP name
    assert photon.softap("set", {"k": "cc", "v": "c" * 63}) == {"r": 0}
    assert photon.control(do="fault", power_cut_at_write=2, torn=10) == {"ok": True}
    faults = photon.status()["faults"]
    assert (faults["power_cut_at_write"], faults["torn"]) == (2, 10)
    assert photon.softap("set", {"k": "cc", "v": "d" * 63}) == {"r": 0}
    assert photon.exchange("softap_tcp", b"set\n80\n\n" + b'{"k":"cc","v":"%s"}' % (b"e" * 63)) == b""
    assert photon.process.wait(PATIENCE) == 0
    # The DCT is never torn.
    assert (photon.state / "dct.bin").read_bytes()[1762:1825] == b"d" * 63
    photon.kill()
    assert photon.start().status()["faults"]["power_cut_at_write"] == 0


def test_a_power_cut_to_come_outlives_a_reset(photon):
    photon.start("--power-cut-at-write", "1000:7")
    photon.control(do="reset")
    status = photon.wait("the reset", lambda status: status["reset_reason"] == "pin_reset")
    assert 0 < status["faults"]["power_cut_at_write"] < 1000
    assert status["faults"]["torn"] == 7


@pytest.mark.parametrize("threaded", [True, False])
def test_a_stuck_application(photon, cloud, build, threaded):
    """With a thread of its own the system answers meanwhile."""
    photon.start("--firmware", str(build(threaded=threaded)), *cloud.words)
    cloud.wait_for_function("keep")
    wait_for("the application", lambda: photon.status()["application_running"])
    before = time.monotonic()
    assert photon.control(do="fault", block_loop_ms=700) == {"ok": True}
    status = photon.status()
    if threaded:
        with photon.serial() as serial:
            serial.write(b"x")
            assert serial.read_until(b"x") == b"x"  # loop() goes on in the end
    assert time.monotonic() - before >= 0.7
    assert status["cloud"] == "connected"
    assert photon.status()["faults"]["block_loop_ms"] == 0
    if threaded:
        assert photon.control(do="fault", block_loop_ms=10 * 60_000) == {"ok": True}
        status = photon.wait("the block", lambda status: status["faults"]["block_loop_ms"] == 0)
        assert status["cloud"] == "connected"  # it answers long before loop() goes on


def test_the_clock_jumps_and_the_cloud_puts_it_right(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    photon.wait("the time", lambda status: abs(status["unix_time"] - time.time()) < 5)
    photon.control(do="fault", clock_jump_s=-86400)
    before = time.time()
    yesterday = photon.status()["unix_time"] + 86400
    assert before - 5 < yesterday < time.time() + 5
    cloud.loop.call_soon_threadsafe(cloud.hub.disconnect, photon.ready["id"])
    cloud.wait_for_hello(2)
    photon.wait("the time", lambda status: abs(status["unix_time"] - time.time()) < 5)


def test_a_wrong_server_key_keeps_the_device_offline(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_hello(1)
    public = rsa.generate_private_key(65537, 2048).public_key()
    wrong = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert photon.control(do="fault", server_key=wrong.hex()) == {"ok": True}
    photon.control(do="reset")
    photon.wait("an attempt", lambda status: status["cloud"] == "handshaking" and status["reset_reason"] == "pin_reset")
    photon.wait("its failure", lambda status: status["cloud"] == "connecting")
    assert len(cloud.hellos) == 1
    assert photon.control(do="fault", server_key=cloud.key_file.read_bytes().hex()) == {"ok": True}
    cloud.wait_for_hello(2)
