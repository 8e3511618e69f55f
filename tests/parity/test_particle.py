"""Recording an account, a local cloud in the part of Particle's: the opt-in, and all as it was at the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from photonrig.bench.lab import USERNAME, Lab
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.cli.parity_run import run_diff, run_record
from photonrig.errors import UsageError
from photonrig.localcloud.assumptions import CHOICES
from photonrig.parity.recording import read
from photonrig.particle.cloud import ClientCredentials, Token, product
from photonrig.scenarios.particle_target import OptIn

from .conftest import TOOLS


class Tools(Toolchain):
    """Its key lies in the test's folder."""

    @property
    def work(self) -> Path:
        assert self.made is not None
        return self.made


def test_an_account_is_recorded_and_left_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    firmware = {"roller": build_variant(TOOLS, "roller")}
    out, tools = tmp_path / "cloud.parity", Tools(TOOLS.root, tmp_path)
    with Lab(tmp_path / "lab", vphoton=TOOLS.vphoton, sdk=TOOLS.sdk(), firmware=firmware, photons=3) as lab:
        for photon in lab.fielded():
            lab.team.call(photon.device_id, "calibrate", "500,500")

        def owners() -> dict[str, str | None]:
            return {each.id: each.owner_name for each in lab.team.devices(product(lab.product.id))}

        before, devices = owners(), [photon.device_id for photon in lab.fielded()]
        chosen = OptIn(lab.local_cloud.api, USERNAME, USERNAME, lab.central, lab.product.id, lab.client, devices, 3000)
        run_record(tools, out, None, chosen)
        assert owners() == before
        assert lab.team.customers(lab.product.id) == ()
        assert lab.team.webhooks() == ()
        text = out.read_text()
        for secret in (lab.central.access_token, lab.client.secret, USERNAME, *devices):
            assert secret not in text
    recording = read(out)
    lines = {line.name: line for line in recording.lines if line.chapter == "assumptions"}
    assert lines.keys() >= CHOICES.keys()
    assert "PARTICLE_TOKEN_O" in lines["TRANSFER_ID"].skipped
    assert "board in hand" in lines["USER_CLAIM_SURVIVES_REMOVAL"].skipped
    assert not [line for line in lines.values() if line.answer.startswith("failed")]

    capsys.readouterr()
    assert run_diff(out, out, as_json=True)
    assert json.loads(capsys.readouterr().out)["differences"] == []
    out.write_text(text.replace('"LED', '"LET').replace("owned", "0wned"))
    with pytest.raises(UsageError, match="damaged"):
        run_diff(out, out)


@pytest.mark.parametrize(("confirm", "devices"), [("", ["a"]), ("other@example.com", ["a"]), ("me@example.com", [])])
def test_without_the_opt_in_nothing_begins(tmp_path: Path, confirm: str, devices: list[str]) -> None:
    token, client = Token("0" * 40), ClientCredentials("a", "b")
    chosen = OptIn("http://127.0.0.1:1", "me@example.com", confirm, token, 1, client, devices)
    with pytest.raises(UsageError, match="name the"):
        run_record(TOOLS, tmp_path / "x.parity", None, chosen)
    assert not list(tmp_path.iterdir())
