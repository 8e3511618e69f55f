"""The hand-over story, start to finish, with real processes, sockets and the real Particle CLI."""

from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.build.toolchain import Toolchain
from photonrig.cli.claims_run import staged
from photonrig.scenarios.handover_story import HandoverStory


@pytest.mark.cli
def test_every_step_of_the_story_holds() -> None:
    with staged(Toolchain(Path(__file__).resolve().parents[2])) as stage:
        results = list(HandoverStory(stage).run())
    told = [f"{result.verdict}: {result.title}: {result.observed}" for result in results]
    assert [result.verdict for result in results] == ["held"] * len(results), "\n".join(told)
    evidence = [piece for result in results for piece in result.evidence]
    assert {piece.kind for piece in evidence} >= {"cli", "http", "event", "serial", "softap"}
    secrets = (stage.central.access_token, stage.client.secret, stage.wifi_password)
    assert not [piece for piece in evidence if any(secret in piece.text for secret in secrets)]
