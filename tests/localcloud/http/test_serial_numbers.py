"""Serial numbers: stated with a device's key, and names for it."""

from pathlib import Path

from ..world import OTHER_DEVICE, populate, world


async def test_serial_numbers_are_stated_with_the_key_and_name_a_device(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        form = {"publicKey": there.pem, "serial_number": "phhmab000000001"}
        await there.ok("POST", f"/v1/provisioning/{OTHER_DEVICE}", "m", data=form)
        found = await there.ok("GET", "/v1/serial_numbers/PHHMAB000000001", "o")
        assert (found["ok"], found["deviceID"]) == (True, OTHER_DEVICE)
        assert (await there.call("GET", "/v1/serial_numbers/PH0", "o")).status_code == 404
        base = f"/v1/products/{fixture.product}/devices"
        done = await there.ok("POST", base, "m", files={"file": ("file", b"PHHMAB000000001\r\n")})
        assert done["updatedDeviceIds"] == [OTHER_DEVICE]
        (listed,) = (await there.ok("GET", base, "m", params={"serialNumber": "PHHMAB"}))["devices"]
        assert (listed["id"], listed["serial_number"]) == (OTHER_DEVICE, "PHHMAB000000001")
        form = {"publicKey": there.pem, "serial_number": "PHHMAB000000001"}
        taken = await there.call("POST", f"/v1/provisioning/{'b' * 24}", "m", data=form)
        assert taken.status_code == 400
        assert there.cloud.store.devices.get("b" * 24) is None
