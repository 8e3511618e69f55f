"""The bench's USB shim as any program that uses the ``usb`` package sees it; the Particle CLI is one of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from photonrig.bench import usb_shim
from photonrig.bench.usb_shim import usb_environment

from .conftest import TOOLS

FOLDER = Path(usb_shim.__file__).parent
WIFI = ("--wifi", "photonrig:photonrig-lab")

# `service` is how a host sends a control request; its answer is [result, reply as hexadecimal].
PRELUDE = """
const usb = require('usb');
const IN = 0xc0, OUT = 0x40, DFU_IN = 0xa1, DFU_OUT = 0x21;
const devices = () => usb.getDeviceList();
function transfer(device, ...setup) {
  return new Promise((done, failed) =>
    device.controlTransfer(...setup, (error, data) => (error ? failed(error) : done(data))));
}
const text = (device, index) => new Promise((done) => device.getStringDescriptor(index, (_, found) => done(found)));
async function service(device, type, data = Buffer.alloc(0)) {
  const id = (await transfer(device, IN, 1, data.length, type, 64)).readUInt16LE(6);
  for (let at = 0; at < data.length; at += 4096)
    await transfer(device, OUT, 3, 0, id, data.subarray(at, at + 4096));
  const done = await transfer(device, IN, 2, 0, id, 64);
  const flags = done.readUInt32LE(0);
  const size = flags & 4 ? done.readUInt32LE(6) : 0;
  const reply = size ? await transfer(device, IN, 4, 0, id, size) : Buffer.alloc(0);
  return [done.readInt32LE(done.length - 4), reply.toString('hex')];
}
const status = async (device) => { const got = await transfer(device, DFU_IN, 3, 0, 0, 6); return [got[0], got[4]]; };
async function download(device, block, data) {
  await transfer(device, DFU_OUT, 1, block, 0, data);
  return [await status(device), await status(device)];
}
function command(code, address) {
  const data = Buffer.alloc(5);
  data[0] = code;
  data.writeUInt32LE(address, 1);
  return data;
}
const upload = async (device, block, size) => (await transfer(device, DFU_IN, 2, block, 0, size)).toString('hex');
const failure = (work) => work.then(() => null, (error) => error.message);
(async () => { %s })().then((result) => console.log(JSON.stringify(result)));
"""

IDLE, DOWNLOADING, BUSY, ERROR = 2, 5, 4, 10


@pytest.fixture
def program() -> Callable[..., Any]:
    """Runs JavaScript that returns something, with these Photons plugged in."""

    def run(script: str, *photons: Any) -> Any:
        plugged_in = usb_environment(photon.ready["control"] for photon in photons)
        done = subprocess.run(
            [TOOLS.node, "-e", PRELUDE % script], env=plugged_in, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def running(photon, build):
    photon.start("--firmware", str(build()), *WIFI)
    photon.wait("the application", lambda status: status["application_running"])
    return photon


@pytest.fixture
def dfu(running):
    running.control(do="dfu", on=True)
    running.wait("DFU mode", lambda status: status["mode"] == "dfu")
    return running


def test_descriptors_in_both_modes(running, program):
    describe = """
        const [device] = devices();
        device.open();
        const { idVendor, idProduct, iManufacturer, iProduct, iSerialNumber } = device.deviceDescriptor;
        const strings = [];
        for (const index of [iManufacturer, iProduct, iSerialNumber]) strings.push(await text(device, index));
        return [idVendor, idProduct, ...strings];
    """
    device = running.ready["id"]
    assert program(describe, running) == [0x2B04, 0xC006, "Particle", "Photon", device]
    running.control(do="dfu", on=True)
    running.wait("DFU mode", lambda status: status["mode"] == "dfu")
    assert program(describe, running) == [0x2B04, 0xD006, "Particle", "Photon DFU Mode", device]


def test_what_has_no_power_is_not_there(running, program, executable, tmp_path):
    other = type(running)(executable, tmp_path / "other").start()
    count = "return devices().map((device) => device.deviceDescriptor.idProduct);"
    try:
        assert program(count, running, other) == [0xC006, 0xC006]
        other.kill()
        assert program(count, running, other) == [0xC006]
        assert program(count) == []
    finally:
        other.kill()


def test_from_a_folder_with_any_name(running, program, tmp_path, monkeypatch):
    folder = tmp_path / 'it\'s "mine" \\ here'
    shutil.copytree(FOLDER, folder)
    monkeypatch.setattr("photonrig.bench.usb_shim._FOLDER", folder)
    assert program("return devices().length;", running) == 1
    assert running.ready["id"] in udevadm("info", "-e", photons=[running]).stdout


def test_requests_of_normal_mode(running, program):
    version, identity, mode, cloud, unknown = program(
        """
        const [device] = devices();
        device.open();
        const version = (await transfer(device, IN, 0x50, 0, 30, 64)).toString();
        return [version, await service(device, 20), await service(device, 72), await service(device, 300),
                await service(device, 9999)];
        """,
        running,
    )
    assert version == "2.3.1"
    assert identity == [0, "0a18" + running.ready["id"].encode().hex()]
    assert mode == [0, "0800"]
    assert cloud == [0, "0801"]  # it has Wi-Fi and looks for its server
    assert unknown == [-120, ""]


def test_network_interface_and_modules(running, program):
    listed, one, other, modules = program(
        """
        const [device] = devices();
        device.open();
        return [await service(device, 400), await service(device, 401, Buffer.from([8, 1])),
                await service(device, 401, Buffer.from([8, 7])), await service(device, 90)];
        """,
        running,
    )
    entry = "0801" + "1203" + b"wl1".hex() + "1808"
    mac = running.status()["mac"].replace(":", "")
    assert listed == [0, f"0a09{entry}"]
    assert one == [0, f"0a11{entry}4206{mac}"]
    assert other == [-270, ""]
    # The bootloader: type, index, version 1006, 16 KiB, no flaw; and what system part 2 needs.
    assert modules[0] == 0 and modules[1].startswith("0a0d" + "0801100018ee07208080012800")
    assert "3207" + "0802100118fe11" + "3207" + "0801100018eb07" in modules[1]


def test_listening_and_resets_by_request(running, program):
    ask = "const [device] = devices(); device.open(); return service(device, %d);"
    assert program(ask % 70, running) == [0, ""]
    assert program(ask % 72, running) == [0, "0801"]
    assert program(ask % 71, running) == [0, ""]
    assert not running.status()["listening"]
    assert program(ask % 60, running) == [0, ""]
    running.wait("safe mode", lambda status: status["safe_mode"])
    forced = "const [device] = devices(); device.open(); await transfer(device, OUT, 0x50, 0, 40, Buffer.alloc(0));"
    program(forced + "return 0;", running)
    running.wait("the application", lambda status: status["application_running"])
    assert program(ask % 50, running) == [0, ""]
    running.wait("DFU mode", lambda status: status["mode"] == "dfu")


def test_a_device_os_before_0_8_knows_no_requests(photon, program):
    photon.start("--device-os", "0.6.3")
    version, init = program(
        """
        const [device] = devices();
        device.open();
        return [(await transfer(device, IN, 0x50, 0, 30, 64)).toString(), await failure(service(device, 20))];
        """,
        photon,
    )
    assert (version, init) == ("0.6.3", "LIBUSB_TRANSFER_STALL")


def test_a_long_request_in_pieces(running, program):
    """As an update goes: its size, its data, the end; what does not fit what was announced is a stall."""
    size = 20_000
    begun, written, too_much, finished = program(
        f"""
        const [device] = devices();
        device.open();
        const begun = await service(device, 250, Buffer.from([8, {size % 128 | 128}, {size // 128 % 128 | 128},
                                                              {size // 128 // 128}]));
        const chunk = Buffer.concat([Buffer.from([0x0a, 0x80, 0x40]), Buffer.alloc(8192)]);
        const written = await service(device, 253, chunk);
        const id = (await transfer(device, IN, 1, 10, 253, 64)).readUInt16LE(6);
        const tooMuch = await failure(transfer(device, OUT, 3, 0, id, Buffer.alloc(11)));
        return [begun, written, tooMuch, await service(device, 251)];
        """,
        running,
    )
    assert begun == [0, "088004"]  # 512 bytes at once
    assert written == [0, ""]
    assert too_much == "LIBUSB_TRANSFER_STALL"
    assert finished[0] < 0  # these zeros are no module


def test_an_open_device_that_changes_its_mode_is_gone(running, program):
    gone, mode = program(
        """
        const [device] = devices();
        device.open();
        await service(device, 50);
        let next = [];
        while (!next.length || next[0].deviceDescriptor.idProduct !== 0xd006) next = devices();
        return [await failure(service(device, 20)), next[0] === device];
        """,
        running,
    )
    assert (gone, mode) == ("LIBUSB_ERROR_NO_DEVICE", False)


# --- DFU --------------------------------------------------------------------------------------------------------------


def test_dfu_descriptors(dfu, program):
    configuration, strings = program(
        """
        const [device] = devices();
        device.open();
        const head = await transfer(device, 0x80, 6, 0x0200, 0, 4);
        const configuration = await transfer(device, 0x80, 6, 0x0200, 0, head.readUInt16LE(2));
        const strings = [];
        for (const index of [4, 5])
          strings.push((await transfer(device, 0x80, 6, 0x0300 | index, 0x409, 255)).subarray(2).toString('utf16le'));
        return [configuration.toString('hex'), strings];
        """,
        dfu,
    )
    assert len(configuration) == 2 * 36
    flash, dct = strings
    # Device OS 2.3.1; what follows is for the local cloud's system modules.
    assert flash.startswith("@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg/0x10020000/")
    assert dct == "@DCT Flash   /0x00000000/01*016Kg"


def test_dfu_writes_and_reads_back(dfu, program):
    steps = program(
        """
        const [device] = devices();
        device.open();
        const steps = [];
        steps.push(await download(device, 0, command(0x41, 0x080A0000)));
        steps.push(await download(device, 0, command(0x21, 0x080A0000)));
        steps.push(await download(device, 2, Buffer.alloc(4096, 'a')));
        steps.push(await download(device, 3, Buffer.alloc(10, 'b')));
        await transfer(device, DFU_OUT, 6, 0, 0, Buffer.alloc(0));
        steps.push(await status(device));
        steps.push((await upload(device, 2, 4096)) === '61'.repeat(4096));
        steps.push(await upload(device, 3, 12));
        return steps;
        """,
        dfu,
    )
    done = [[0, BUSY], [0, DOWNLOADING]]
    assert steps == [done, done, done, done, [0, IDLE], True, "62" * 10 + "ffff"]


def test_dfu_says_what_it_cannot_do(dfu, program):
    refused, stalled, cleared, unknown = program(
        """
        const [device] = devices();
        device.open();
        await download(device, 0, command(0x21, 0x08000000));
        const refused = await download(device, 2, Buffer.alloc(4));
        const stalled = await failure(transfer(device, DFU_OUT, 1, 2, 0, Buffer.alloc(4)));
        await transfer(device, DFU_OUT, 4, 0, 0, Buffer.alloc(0));
        const cleared = await status(device);
        return [refused, stalled, cleared, await failure(transfer(device, DFU_OUT, 1, 0, 0, command(0x92, 0)))];
        """,
        dfu,
    )
    assert refused == [[0, BUSY], [8, ERROR]]  # errADDRESS: the bootloader's own place
    assert (stalled, cleared, unknown) == ("LIBUSB_TRANSFER_STALL", [0, IDLE], "LIBUSB_TRANSFER_STALL")


def test_dfu_of_the_dct_and_leaving(dfu, program):
    end = program(
        """
        const [device] = devices();
        device.open();
        await new Promise((done) => device.interface(0).setAltSetting(1, done));
        await download(device, 0, command(0x21, 1762));
        await download(device, 2, Buffer.from('k'.repeat(63)));
        return download(device, 2, Buffer.alloc(0));
        """,
        dfu,
    )
    assert end == [[0, BUSY], [0, DOWNLOADING]]
    status = dfu.wait("normal mode", lambda status: status["mode"] != "dfu")
    assert status["has_claim_code"]


# --- serial ports -----------------------------------------------------------------------------------------------------


def udevadm(*words: str, photons: Any = ()) -> subprocess.CompletedProcess[str]:
    plugged_in = usb_environment(photon.ready["control"] for photon in photons)
    plugged_in["PATH"] += f":{TOOLS.node.parent}"
    return subprocess.run(["udevadm", *words], env=plugged_in, capture_output=True, text=True, check=False)


def test_udevadm_lists_serial_ports(running):
    listed = udevadm("info", "-e", photons=[running]).stdout
    assert f"E: DEVNAME={os.path.realpath(running.ready['serial'])}\n" in listed
    assert f"E: ID_SERIAL_SHORT={running.ready['id']}\n" in listed
    running.control(do="dfu", on=True)
    running.wait("DFU mode", lambda status: status["mode"] == "dfu")
    assert udevadm("info", "-e", photons=[running]).stdout == ""
    other = udevadm("monitor")
    assert (other.returncode, "only 'info -e'" in other.stderr) == (2, True)
