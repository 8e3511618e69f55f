"""What the USB shim asks a Photon for: DFU mode and its memories, updates, modes. No CLI is needed here."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.build.device_os import system_images
from photonrig.particle.keys import private_key_der, public_key_der
from photonrig.particle.module import USER_PART_START

WIFI = ("--wifi", "photonrig:photonrig-lab")
USER_PART = USER_PART_START


@pytest.fixture
def dfu(photon, build):
    photon.start("--firmware", str(build()), *WIFI)
    photon.control(do="dfu", on=True)
    photon.wait("DFU mode", lambda status: status["mode"] == "dfu")
    return photon


def leave(photon):
    assert photon.control(do="dfu", on=False)["ok"]
    return photon.wait("normal mode", lambda status: status["mode"] != "dfu")


def read(photon, memory, address, size):
    return bytes.fromhex(photon.control(do="read", memory=memory, address=address, size=size)["data"])


def write(photon, memory, address, data):
    for at in range(0, len(data), 4096):
        answer = photon.control(do="write", memory=memory, address=address + at, data=data[at : at + 4096].hex())
        assert answer["ok"], answer


def test_firmware_by_address(dfu, build):
    old, new = build().read_bytes(), build(version=2).read_bytes()
    assert read(dfu, "flash", USER_PART, 64) == old[:64]
    assert dfu.control(do="erase", memory="flash", address=USER_PART + 77)["ok"]
    assert read(dfu, "flash", USER_PART, 64) == b"\xff" * 64
    write(dfu, "flash", USER_PART, new)
    status = leave(dfu)
    assert status["product"]["version"] == 2
    assert status["reset_reason"] == "dfu_mode"


def test_half_a_firmware_leads_to_safe_mode_and_back(dfu, build):
    assert dfu.control(do="erase", memory="flash", address=USER_PART)["ok"]
    write(dfu, "flash", USER_PART, build().read_bytes()[:4096])
    assert leave(dfu)["safe_mode"]
    dfu.control(do="dfu", on=True)
    dfu.wait("DFU mode", lambda status: status["mode"] == "dfu")
    write(dfu, "flash", USER_PART, build().read_bytes())
    assert not leave(dfu)["safe_mode"]


def test_a_factory_image_over_dfu_is_what_a_factory_reset_brings(dfu, build):
    factory = 0x080E0000
    assert dfu.control(do="erase", memory="flash", address=factory)["ok"]
    write(dfu, "flash", factory, build(version=2).read_bytes())
    assert leave(dfu)["product"]["version"] == 1
    dfu.control(do="reset", setup_hold_ms=7000)
    status = dfu.wait("the factory reset", lambda status: status["reset_reason"] == "factory_reset")
    assert status["product"]["version"] == 2


def test_dfu_mode_by_the_setup_button_is_the_same(photon, build):
    photon.start("--firmware", str(build()), *WIFI)
    photon.control(do="reset", setup_hold_ms=4000)
    photon.wait("DFU mode", lambda status: status["mode"] == "dfu")
    assert read(photon, "flash", USER_PART, 24) == build().read_bytes()[:24]
    assert leave(photon)["reset_reason"] == "pin_reset"


def test_a_private_key_by_the_dct_brings_its_public_key(dfu):
    key = rsa.generate_private_key(65537, 1024)
    write(dfu, "dct", 34, private_key_der(key).ljust(1216, b"\xff"))
    leave(dfu)
    dfu.control(do="dfu", on=True)
    dfu.wait("DFU mode", lambda status: status["mode"] == "dfu")
    assert read(dfu, "dct", 1250, 162) == public_key_der(key)


def test_memories_end_where_they_end(dfu):
    for memory, address in (("dct", 8391), ("flash", 0x08000000), ("flash", 0x08004000), ("flash", 0x08100000)):
        answer = dfu.control(do="write", memory=memory, address=address, data="00")
        assert not answer["ok"] and "nothing can be written" in answer["error"]
    assert not dfu.control(do="erase", memory="dct", address=0)["ok"]
    assert not dfu.control(do="erase", memory="flash", address=0x0800C000)["ok"]
    assert "memory" in dfu.control(do="read", memory="eeprom", address=0, size=1)["error"]
    assert "size" in dfu.control(do="read", memory="dct", address=0, size=1 << 20)["error"]
    assert "hexadecimal" in dfu.control(do="write", memory="dct", address=0, data="xy")["error"]


def test_each_mode_has_its_requests(photon, build):
    photon.start("--firmware", str(build()), *WIFI)
    assert "DFU mode" in photon.control(do="read", memory="dct", address=0, size=1)["error"]
    assert "dfu needs" in photon.control(do="dfu", on=False)["error"]
    photon.control(do="dfu", on=True)
    photon.wait("DFU mode", lambda status: status["mode"] == "dfu")
    assert "dfu needs" in photon.control(do="dfu", on=True)["error"]
    for request in ({"do": "listening", "on": True}, {"do": "update_begin", "size": 9}, {"do": "module_info"}):
        assert "DFU mode" in photon.control(**request)["error"]


def test_listening_and_safe_mode(photon, build):
    photon.start("--firmware", str(build()), *WIFI)
    photon.control(do="listening", on=True)
    assert photon.status()["listening"]
    photon.control(do="listening", on=False)
    assert not photon.status()["listening"]
    photon.control(do="safe_mode")
    photon.wait("safe mode", lambda status: status["safe_mode"] and status["reset_reason"] == "safe_mode")


# --- Device OS --------------------------------------------------------------------------------------------------------


def update(photon, image, chunk=512):
    assert photon.control(do="update_begin", size=len(image))["result"] == 0
    for at in range(0, len(image), chunk):
        assert photon.control(do="update_data", data=image[at : at + chunk].hex())["result"] == 0
    return photon.control(do="update_finish")["result"]


def versions(photon):
    return {module["f"] + module["n"]: module["v"] for module in photon.control(do="module_info")["describe"]["m"]}


def flash_system_parts(photon, release):
    photon.control(do="dfu", on=True)
    photon.wait("DFU mode", lambda status: status["mode"] == "dfu")
    for image in system_images(release)[1:]:
        place = {1: 0x10020000, 2: 0x10060000}[image.index]
        assert photon.control(do="erase", memory="flash", address=place)["ok"]
        write(photon, "flash", place, image.content)
    return leave(photon)


def test_flashed_system_parts_say_which_device_os_it_is(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    assert cloud.wait_for_hello(1).flags == 0x36
    assert flash_system_parts(photon, "1.5.2")["device_os"] == "1.5.2"
    assert cloud.wait_for_hello(2).flags == 0x06
    assert versions(photon) == {"b0": 1006, "s1": 1512, "s2": 1512, "u1": 6}
    photon.kill()
    photon.start()
    assert photon.status()["device_os"] == "1.5.2"
    # The command line has the last word, as for everything it provisions.
    photon.kill()
    photon.start("--device-os", "2.3.1")
    assert photon.status()["device_os"] == "2.3.1"
    assert versions(photon)["s2"] == 2302


def test_system_parts_that_disagree_change_nothing_but_the_describe(photon, build):
    photon.start("--firmware", str(build()), *WIFI)
    photon.control(do="dfu", on=True)
    photon.wait("DFU mode", lambda status: status["mode"] == "dfu")
    write(photon, "flash", 0x10020000, system_images("3.3.1")[1].content)
    assert leave(photon)["device_os"] == "2.3.1"
    assert (versions(photon)["s1"], versions(photon)["s2"]) == (3302, 2302)


def test_a_bootloader_and_an_application_as_update_requests(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_hello(1)
    bootloader = system_images("2.3.1")[0].content
    assert update(photon, bootloader) == 0
    hello = cloud.wait_for_hello(2)
    assert (hello.product_version, hello.flags & 1) == (1, 1)
    assert versions(photon)["b0"] == 1006
    assert update(photon, build(version=2).read_bytes()) == 0
    assert cloud.wait_for_hello(3).product_version == 2


def test_updates_that_are_refused(photon, build):
    photon.start("--firmware", str(build()), *WIFI)
    assert photon.control(do="update_finish")["result"] < 0
    assert photon.control(do="update_data", data="00")["result"] < 0
    broken = bytearray(system_images("2.3.1")[0].content)
    broken[500] ^= 1
    assert update(photon, bytes(broken)) == -1330
    assert photon.status()["product"]["version"] == 1
