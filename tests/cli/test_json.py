"""--json: one JSON object on standard output, nothing beside it; and --quiet: no progress on standard error."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from photonrig.fleet.transfer import Transfer

from ..fleet.conftest import CENTRAL, World
from ..patience import PATIENCE
from .uses import PROGRAM

Assignments = Callable[[int], list[Transfer]]


def photonrig(*words: object, folder: Path) -> tuple[int, Any, str]:
    """Exit code, the object, and standard error."""
    argv = [str(PROGRAM), *map(str, words)]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, timeout=10 * PATIENCE)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def test_plan_differences_and_proofs_of_a_fleet(world: World, assignments: Assignments, tmp_path: Path) -> None:
    wanted = assignments(3)
    config = ("--config", world.write_config(tmp_path))
    rows = [f"{each.device},{each.customer},{world.product}" for each in wanted]
    (tmp_path / "devices.csv").write_text("\n".join(["device,customer,product", *rows]) + "\n")

    code, plan, err = photonrig(
        "fleet", "plan", "--source", "devices.csv", *config, "--json", "--quiet", folder=tmp_path
    )
    assert (code, err) == (0, "")
    assert plan == json.loads((tmp_path / "fleet.plan.json").read_text())
    assert plan["account"] == CENTRAL and [each["device"] for each in plan["devices"]] == [
        each.device for each in wanted
    ]

    changed = ("fleet", "plan", "--diff", "fleet.plan.json", *config, "--json")
    assert photonrig(*changed, folder=tmp_path)[:2] == (0, {"devices": 3, "changes": []})
    world.team.release(wanted[1].device)
    world.customer("another@example.com").claim(wanted[1].device)
    code, said, _ = photonrig(*changed, folder=tmp_path)
    (change,) = said["changes"]
    assert (code, said["devices"], change["device"], change["row"]) == (1, 3, wanted[1].device, wanted[1].row)
    assert (change["planned"], change["now"]) == ("transfer", "other customer")

    code, seen, err = photonrig("fleet", "verify", *config, "--json", "--quiet", folder=tmp_path)
    assert (code, err, seen["devices"], seen["held"]) == (1, "", 3, 0)
    assert {each["device"] for each in seen["records"]} == {each.device for each in wanted}
    assert all(proof.keys() == {"name", "held", "text"} for each in seen["records"] for proof in each["proofs"])


def test_the_matrix_of_the_claims(tmp_path: Path) -> None:
    words = ("claims", "--flows", "--matrix", "--json", "--quiet")
    code, said, err = photonrig(*words, folder=tmp_path)
    assert (code, err, said["held"]) == (0, "", True)
    assert said["counts"]["failed"] == 0 and said["counts"]["held"] == len(said["steps"]) > 10
    written = json.loads((tmp_path / "report" / "claims" / "last" / "matrix.json").read_text())
    assert said["matrix"] == written and len(written["cells"]) > 1000
    assert {Path(name).name for name in said["reports"]} == {"index.html", "junit.xml", "matrix.html", "matrix.json"}
    assert all((tmp_path / name).exists() for name in said["reports"])


def test_a_quiet_lab_prints_one_object_alone(tmp_path: Path) -> None:
    argv = [str(PROGRAM), "lab", "--json", "--quiet"]
    with subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as lab:
        assert lab.stdout is not None
        described = json.loads(lab.stdout.readline())
        lab.send_signal(signal.SIGINT)
        out, err = lab.communicate(timeout=PATIENCE)
    assert (lab.returncode, out, err) == (0, "", "")
    assert described["api"].startswith("http://127.0.0.1:") and len(described["photons"]) == 1
