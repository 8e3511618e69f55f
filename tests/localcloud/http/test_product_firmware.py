"""Firmware of products: upload, change, release."""

from pathlib import Path

from ...images import user_part
from ..firmware import image, upload
from ..world import populate, world


async def test_upload_list_edit_download_and_delete(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = f"/v1/products/{fixture.product}/firmware"
        made = await upload(there, fixture.product, 7, title="Seven", description="Sieben", mandatory="true")
        assert (
            made.items()
            >= {
                "version": 7,
                "title": "Seven",
                "description": "Sieben",
                "mandatory": True,
                "name": "firmware.bin",
                "size": len(image(fixture.product, 7)),
                "product_default": False,
                "groups": [],
                "product_id": fixture.product,
                "uploaded_by": {"username": "m@example.com"},
                "device_count": 0,
            }.items()
        )
        await upload(there, fixture.product, 9)
        assert [each["version"] for each in await there.ok("GET", base, "m")] == [9, 7]
        edited = await there.ok("PUT", f"{base}/7", "m", json={"title": "7!", "mandatory": False})
        assert (edited["title"], edited["description"], edited["mandatory"]) == ("7!", "Sieben", False)
        assert (await there.call("GET", f"{base}/7/binary", "p")).content == image(fixture.product, 7)
        assert (await there.call("DELETE", f"{base}/7", "m")).status_code == 204
        assert (await there.call("GET", f"{base}/7", "m")).status_code == 404
        assert (await there.call("GET", base, "c")).status_code == 404


async def test_images_that_would_never_come_to_rest_are_refused(tmp_path: Path) -> None:
    """A device that does not report the version it is to run would be updated again and again."""
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base, product = f"/v1/products/{fixture.product}/firmware", fixture.product
        for content, version in (
            (image(product, 2), "3"),
            (image(product + 1, 3), "3"),
            (user_part(product_version=3), "3"),
            (image(product, 3)[:-50], "3"),
            (b"", "3"),
            (image(product, 3), "0"),
            (image(product, 3), "65536"),
            (image(product, 3), "three"),
        ):
            files = {"file": ("firmware.bin", content)}
            answer = await there.call("POST", base, "m", files=files, data={"version": version})
            assert (answer.status_code, answer.json()["ok"]) == (400, False)
        assert (await there.call("POST", base, "m", data={"version": "3"})).status_code == 400
        await upload(there, product, 3)
        again = await there.call(
            "POST", base, "m", files={"file": ("firmware.bin", image(product, 3))}, data={"version": "3"}
        )
        assert (again.status_code, "exists already" in again.json()["error"]) == (400, True)
        assert len(await there.ok("GET", base, "m")) == 1


async def test_a_version_is_released_only_after_it_ran_and_then_stays(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = f"/v1/products/{fixture.product}/firmware"
        await upload(there, fixture.product, 2)
        body = {"version": 2, "product_default": True}
        early = await there.call("PUT", f"{base}/release", "m", json=body)
        assert (early.status_code, "must run on at least one device" in early.json()["error"]) == (400, True)
        await there.go_online(product_id=fixture.product, version=2)
        released = await there.ok("PUT", f"{base}/release", "m", json=body)
        assert (released["product_default"], released["device_count"]) == (True, 1)
        assert (await there.call("DELETE", f"{base}/2", "m")).status_code == 400
        for bad in ({"version": 2}, {"version": 3, "product_default": True}, {"version": 2, "groups": ["nobody"]}):
            assert (await there.call("PUT", f"{base}/release", "m", json=bad)).status_code in (400, 404)
