"""photonrig logs, and the lines of a lab's terminal: a device is freed, claimed by a customer, and drops off."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

from photonrig.particle.cloud import Cloud, Token

from ..patience import PATIENCE
from .uses import PROGRAM


def logs(*words: str, cwd: Path) -> str:
    argv = [str(PROGRAM), "logs", *words]
    return subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout


def until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    assert any(text in line for line in iter(process.stdout.readline, "")), f"it ended without {text}"


def test_what_happens_is_told_by_the_terminal_and_kept_in_the_log(tmp_path: Path) -> None:
    argv = [str(PROGRAM), "lab", "--json", "--quiet", "--state", "lab"]
    with subprocess.Popen(argv, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as lab:
        assert lab.stdout is not None and lab.stderr is not None
        described = json.loads(lab.stdout.readline())
        (photon,) = described["photons"]
        with Cloud(described["api"]) as cloud:
            cloud.using(Token(described["user"]["token"])).release(photon["id"])
        told = lab.stderr.readline()
        assert told[14:] == "photon-1  is unowned, was central@example.com's, by central@example.com\n"
        follow = subprocess.Popen(
            [str(PROGRAM), "logs", "photon-1", "--follow"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        with follow:
            until(follow, "is unowned, was central@example.com's")
            with Cloud(described["api"]) as cloud:
                cloud.using(Token(described["user"]["token"])).claim(photon["id"])
            until(follow, "was claimed: now central@example.com's")
            follow.send_signal(signal.SIGINT)
            assert follow.wait(PATIENCE) == 0
        lab.send_signal(signal.SIGINT)
        _, err = lab.communicate(timeout=PATIENCE)
        assert lab.returncode == 0 and "photon-1  was claimed: now central@example.com's" in err
    kept = logs("photon-1", "--state", "lab", cwd=tmp_path)
    assert kept.index("was claimed") < kept.index("is unowned") < kept.rindex("was claimed")
    assert logs("photon-1", "--state", "lab", cwd=tmp_path) == kept
