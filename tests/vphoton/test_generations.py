"""Every generation of Device OS the virtual Photon models, against the device hub: from Hello to a finished update."""

from __future__ import annotations

import pytest

from .conftest import wait_for

GENERATIONS = {
    "0.6.3": (0x00, 0x01),
    "0.7.0": (0x00, 0x01),
    "1.0.1": (0x02, 0x03),
    "1.4.4": (0x06, 0x07),
    "1.5.2": (0x06, 0x07),
    "2.3.1": (0x36, 0x37),
    "3.3.1": (0x36, 0x37),
}
CODE = "c" * 63


@pytest.mark.parametrize("version", GENERATIONS)
def test_from_hello_to_a_finished_update(photon, cloud, build, version):
    first, updated = GENERATIONS[version]
    photon.start("--device-os", version, "--firmware", str(build(target=version)), "--listening", *cloud.words)
    assert photon.softap("set", {"k": "cc", "v": CODE}) == {"r": 0}
    photon.control(do="setup_button", hold_ms=4000)
    assert cloud.wait_for_hello(1).flags == first
    device = photon.ready["id"]

    wait_for("the claim code", lambda: cloud.claim_codes == [CODE])
    status = photon.wait("the claim", lambda status: status["claimed"])
    assert (status["device_os"], status["has_claim_code"]) == (version, False)
    wait_for("the module list", lambda: cloud.describes and cloud.describes[-1].system_version == version)

    def told() -> bool:
        return any(event.name == "spark/device/last_reset" for event in cloud.events)

    wait_for("an event", told)
    assert cloud.read(device, "version") == 1
    assert cloud.call(device, "keep", "-7") == -7
    assert cloud.run(cloud.hub.ping(device))

    cloud.run(cloud.hub.flash(device, build(2, target=version).read_bytes(), "probe.bin"))
    assert cloud.wait_for_hello(2).flags == updated
    wait_for("the success", lambda: "success probe.bin" in cloud.progress)
    assert cloud.read(device, "version") == 2
    assert photon.status()["reset_reason"] == "update"
    photon.stop()
    photon.start()  # the device remembers which Device OS it has
    assert photon.status()["device_os"] == version
    assert cloud.wait_for_hello(3).flags == first
    assert cloud.claim_codes == [CODE]
