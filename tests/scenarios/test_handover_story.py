"""The hand-over story, start to finish, with real processes, sockets and the real Particle CLI."""

from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.build.toolchain import Toolchain
from photonrig.cli.claims_run import story_target
from photonrig.scenarios.handover_story import HandoverStory


@pytest.mark.cli
def test_every_step_of_the_story_holds() -> None:
    with story_target(Toolchain(Path(__file__).resolve().parents[2])) as target:
        results = list(HandoverStory(target).run())
    told = [f"{result.verdict}: {result.title}: {result.observed}" for result in results]
    assert [result.verdict for result in results] == ["held"] * len(results), "\n".join(told)
    evidence = [piece for result in results for piece in result.evidence]
    assert {piece.lane for piece in evidence} >= {"cli", "http", "event", "serial", "softap"}
    secrets = (target.central.access_token, target.client.secret, target.wifi_password)
    assert not [piece for piece in evidence if any(secret in piece.text for secret in secrets)]
