"""Firmware of a product in a world: images, uploads, and devices that run them."""

from typing import Any

from ..images import user_part
from .world import DEVICE, Fixture, World


def image(product: int, version: int) -> bytes:
    return user_part(product_id=product, product_version=version)


async def upload(there: World, product: int, version: int, **form: Any) -> dict[str, Any]:
    files = {"file": ("firmware.bin", image(product, version))}
    answer = await there.ok(
        "POST", f"/v1/products/{product}/firmware", "m", files=files, data={"version": str(version), **form}
    )
    return dict(answer)


async def running(there: World, fixture: Fixture, *versions: int) -> str:
    """A product with these versions, each of which runs on some device, so that all may be released."""
    await there.go_offline()
    for number, version in enumerate(versions):
        device_id = f"{number:024x}"
        await there.enrol("m", device_id)
        await there.ok("POST", f"/v1/products/{fixture.product}/devices", "m", json={"id": device_id})
        await upload(there, fixture.product, version)
        await there.go_online(device_id, fixture.product, version)
        await there.go_offline(device_id)
    return f"/v1/products/{fixture.product}"


async def comes_online(there: World, fixture: Fixture, version: int, device_id: str = DEVICE) -> list[int]:
    """A device says Hello with this version; the versions it is then flashed with."""
    there.devices.flashed.clear()
    await there.go_online(device_id, fixture.product, version)
    await there.cloud.rollout.idle()
    return flashed(there, device_id)


def flashed(there: World, device_id: str = DEVICE) -> list[int]:
    return [
        int(name.removeprefix("v").removesuffix(".bin")) for id_, _, name in there.devices.flashed if id_ == device_id
    ]
