"""Claim codes that are worth nothing: the device comes online, stays nobody's, and can be claimed later."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from photonrig.bench.lab import Lab
from photonrig.bench.slots.virtual.photon import AIR, VirtualPhoton
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.clock import SystemClock
from photonrig.particle.claim_code import generate_claim_code
from photonrig.particle.cloud import Cloud, product
from photonrig.particle.softap import encode_body, encode_tcp_request

ONLINE = 60.0


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    tools = Toolchain(Path(__file__).resolve().parents[2])
    firmware = {"roller": build_variant(tools, "roller")}
    return Lab(tmp_path / "lab", vphoton=tools.vphoton, sdk=tools.sdk(), firmware=firmware, photons=0, fresh=1)


def set_up(photon: VirtualPhoton, code: str | None = None) -> None:
    with photon.slot.softap() as softap:
        if code is not None:
            softap.set_claim_code(code)
        softap.configure(next(point for point in softap.scan() if point.ssid == AIR[0].ssid), AIR[0].password)
        softap.connect()


def online_for(who: Cloud, lab: Lab, device: str) -> str | None:
    """Wait until the product lists the device online; returns its owner."""
    scope = product(lab.product.id)
    SystemClock().wait_until(lambda: who.device(device, scope).online, ONLINE, f"{device} online")
    return who.device(device, scope).owner_name


def claimed_by_central(lab: Lab, device: str) -> None:
    """Wait until the code is redeemed, which is a moment after the device came online."""
    wanted = "central@example.com"
    SystemClock().wait_until(lambda: online_for(lab.team, lab, device) == wanted, ONLINE, f"{device} claimed")


def test_an_unknown_code_claims_nothing_and_stays_on_the_device(lab: Lab) -> None:
    with lab:
        photon = lab.fresh()[0]
        set_up(photon, generate_claim_code())
        assert online_for(lab.team, lab, photon.device_id) is None
        status = photon.status()
        assert (status["claimed"], status["has_claim_code"]) == (False, True)
        # Nothing is lost: the device is there to be claimed over the air.
        lab.team.claim(photon.device_id)
        assert online_for(lab.team, lab, photon.device_id) == "central@example.com"


def test_a_used_code_claims_no_second_device_and_no_second_time(lab: Lab) -> None:
    with lab:
        photon = lab.fresh()[0]
        code = lab.team.create_claim_code().code
        set_up(photon, code)
        claimed_by_central(lab, photon.device_id)
        SystemClock().wait_until(lambda: photon.status()["claimed"], ONLINE, "the device hears that it is claimed")
        assert not photon.status()["has_claim_code"]

        lab.team.release(photon.device_id)
        photon.control({"do": "setup_button", "hold_ms": 4000})
        set_up(photon, code)
        assert online_for(lab.team, lab, photon.device_id) is None


def test_a_code_that_is_too_long_is_cut_by_the_device(lab: Lab) -> None:
    with lab:
        photon = lab.fresh()[0]
        code = lab.team.create_claim_code().code
        # The client itself refuses such a code.
        body = encode_body({"k": "cc", "v": code + "surplus"})
        with socket.create_connection(("127.0.0.1", photon.softap_ports[0])) as link:
            link.sendall(encode_tcp_request("set", body))
            assert link.makefile("rb").read() == b'\n\n{"r":0}'
        set_up(photon)
        claimed_by_central(lab, photon.device_id)
