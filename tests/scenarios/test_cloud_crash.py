"""The local cloud dies (SIGKILL) between every two steps of a transfer: nothing acknowledged is forgotten."""

from __future__ import annotations

from pathlib import Path

from photonrig.bench.lab import Lab
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.clock import SystemClock
from photonrig.particle.cloud import product

EMAIL = "field@example.com"


def test_a_transfer_goes_on_after_a_crash_at_every_step(tmp_path: Path) -> None:
    tools = Toolchain(Path(__file__).resolve().parents[2])
    firmware = {"roller": build_variant(tools, "roller")}
    with Lab(tmp_path / "lab", vphoton=tools.vphoton, sdk=tools.sdk(), firmware=firmware, photons=1) as lab:
        device = lab.fielded()[0].device_id
        team, scope = lab.team, product(lab.product.id)

        def owner_after_crash() -> str | None:
            lab.local_cloud.restart()
            return team.device(device, scope).owner_name

        assert owner_after_crash() == "central@example.com"
        lab.cloud.create_customer(lab.product.id, EMAIL, client=lab.client)
        assert owner_after_crash() == "central@example.com"
        customer = lab.cloud.using(lab.cloud.customer_token(lab.client, EMAIL))
        assert owner_after_crash() == "central@example.com"
        team.release(device, scope)
        assert owner_after_crash() is None
        customer.claim(device)
        assert owner_after_crash() == EMAIL

        SystemClock().wait_until(lambda: team.device(device, scope).online, 60, "the device online again")
        assert customer.variable(device, "variant") == "roller"
        assert customer.call(device, "calibrate", "1000,1000") == 0
        assert team.call(device, "move", "open", scope) == 100
        assert [each.id for each in customer.devices()] == [device]
        assert team.devices() == ()
