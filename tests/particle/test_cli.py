from __future__ import annotations

import json
import os
import stat
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from photonrig.bench.local_cloud import LocalCloud
from photonrig.build.toolchain import Toolchain
from photonrig.clock import SystemClock
from photonrig.errors import ExpectationFailed, ProtocolError, ToolError
from photonrig.particle.cli import ParticleCli
from photonrig.particle.cli_run import CliRefused, CliTimedOut, CliUnproven
from photonrig.particle.cloud import Cloud, product
from photonrig.particle.keys import generate_device_key, public_key_pem
from photonrig.trace import Moment

from ..images import user_part
from ..patience import PATIENCE

TOOLS = Toolchain(Path(__file__).parents[2])
TOKEN = "f" * 40

Fake = Callable[[str], ParticleCli]


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """A CLI whose program is a piece of Python, to see how calls are made and judged."""

    def make(code: str) -> ParticleCli:
        script = tmp_path / "cli.py"
        script.write_text("import json, os, sys\n" + textwrap.dedent(code))
        return ParticleCli(Path(sys.executable), script, tmp_path / "home", "http://127.0.0.1:1")

    return make


def test_a_call_sees_its_own_home_and_nothing_of_ours(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTP_PROXY", "NODE_OPTIONS", "PARTICLE_TOKEN"):
        monkeypatch.setenv(name, "ours")
    cli = fake("print(json.dumps([dict(os.environ), sys.argv[1:], sys.stdin.read(), os.getcwd(), os.getsid(0)]))")
    environment, argv, typed, folder, session = cli.run("get", "d", "v").json()
    assert set(environment) - {"LC_CTYPE"} == {"HOME", "PATH", "LANG"}
    assert environment["HOME"] == folder == str(cli.home)
    assert argv == ["get", "d", "v", "--no-update-check"]
    assert typed == "" and session != os.getsid(0)


def test_the_profile_is_seeded_for_this_account_alone(fake: Fake) -> None:
    cli = fake("")
    profile = cli.home / ".particle" / "particle.config.json"
    assert "access_token" not in json.loads(profile.read_text())
    cli.use("jane", TOKEN)
    seeded = json.loads(profile.read_text())
    assert (seeded["apiUrl"], seeded["username"], seeded["access_token"]) == ("http://127.0.0.1:1", "jane", TOKEN)
    for path in (cli.home / ".particle").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(cli.home.stat().st_mode) == 0o700
    cli.use(None, None)
    assert TOKEN not in profile.read_text()


def test_secrets_and_control_sequences_never_leave(fake: Fake) -> None:
    cli = fake(
        r"print('\x1b[2K\x1b[1G' + sys.argv[2], file=sys.stderr); print('\x1b[2K\x1b[1G7\r\n' + ' '.join(sys.argv))"
    )
    cli.use("jane", TOKEN)
    told: list[Moment] = []
    cli.add_observer(told.append)
    result = cli.run("login", "hunter2", TOKEN, secret=["hunter2"])
    assert result.argv == ("particle", "login", "***", "***")
    assert "hunter2" not in result.text and TOKEN not in result.text and "\x1b" not in result.text
    assert result.stderr == "***\n" and result.stdout.startswith("7\n")
    assert [moment.text for moment in told] == [f"particle login *** ***\n{result.text.strip()}"]


def test_the_value_is_the_last_line_of_the_results(fake: Fake) -> None:
    assert fake(r"print('header'); print('  42 '); print(); print('usage', file=sys.stderr)").run("get").value == "42"
    assert fake("").run("nyan").value == ""
    with pytest.raises(ProtocolError, match="no JSON"):
        fake("print('prose')").run("list").json()


def test_failures_are_told_apart(fake: Fake) -> None:
    with pytest.raises(CliRefused, match=r"particle call d f failed with exit code 1: Error calling; usage") as refused:
        fake("print('Error calling'); print('usage', file=sys.stderr); sys.exit(1)").run("call", "d", "f")
    assert refused.value.result.exit_code == 1 and refused.value.cause == "rig"
    with pytest.raises(CliRefused, match="-2"):
        fake("import signal; os.kill(os.getpid(), signal.SIGINT)").run("device", "remove", "d")
    with pytest.raises(CliUnproven, match="Okay"):
        fake("print('nothing was done')").remove("d")
    with pytest.raises(ToolError, match="cannot be started"):
        ParticleCli(Path("/nonexistent/node"), Path("x"), fake("").home, "http://127.0.0.1:1").version()


def test_a_call_that_hangs_is_killed_with_its_children(fake: Fake, tmp_path: Path) -> None:
    cli = fake(
        f"""
        import subprocess, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
        print("about to hang", flush=True)
        time.sleep(600)
        """
    )
    told: list[Moment] = []
    cli.add_observer(told.append)
    with pytest.raises(CliTimedOut, match="was killed: about to hang") as killed:
        cli.run("serial", "monitor", timeout=1.5)
    assert killed.value.result.exit_code == -9
    assert [(moment.lane, moment.trouble) for moment in told] == [("cli", "refused")]
    child = int((tmp_path / "pid").read_text())
    SystemClock().wait_until(lambda: not _runs(child), 10, "the end of the child")


def _runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_a_subscription_is_listened_to_until_it_is_left(fake: Fake) -> None:
    cli = fake(
        r"""
        import time
        print('Subscribing to "shade" from my devices\n\x1b[2K\x1b[1G', flush=True)
        print(json.dumps({"name": "shade/moved", "data": "40"}), flush=True)
        time.sleep(600)
        """
    )
    told: list[Moment] = []
    cli.add_observer(told.append)
    with cli.subscribe("shade", product=20001) as subscription:
        (event,) = subscription.expect(1, timeout=PATIENCE)
        with pytest.raises(ExpectationFailed, match="1 events, not 2"):
            subscription.expect(2, timeout=0.05)
    assert event == {"name": "shade/moved", "data": "40"}
    (moment,) = told
    assert moment.text.startswith("particle subscribe shade --product 20001\n") and '"data": "40"' in moment.text


def test_a_subscription_that_is_refused(fake: Fake) -> None:
    with (
        pytest.raises(CliRefused, match=r"did not begin to listen: .*not allowed"),
        fake("print('Subscribing to all'); print('not allowed'); sys.exit(1)").subscribe(),
    ):
        pass


# --- the real one ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ParticleCli, Cloud, int, str]]:
    """The real CLI, logged in by name and password at a local cloud with one unclaimed device in a product."""
    work = tmp_path_factory.mktemp("cli")
    with LocalCloud(work / "cloud") as local, Cloud(local.api) as cloud:
        cloud.create_user("jane@example.com", "correct horse")
        team = cloud.using(cloud.log_in("jane@example.com", "correct horse"))
        made = team.create_product("roller")
        device = "0123456789abcdef01234567"
        team.provision(device, public_key_pem(generate_device_key()))
        team.import_devices(made.id, [device])
        cli = ParticleCli(TOOLS.node, TOOLS.cli_script, work / "home", local.api)
        cli.login("jane@example.com", "correct horse")
        yield cli, team, made.id, device


@pytest.mark.cli
def test_the_real_cli_is_the_pinned_one(real: tuple[ParticleCli, Cloud, int, str]) -> None:
    cli, _, _, _ = real
    assert cli.version().value == "3.19.0"
    assert cli.whoami().value == "> jane@example.com"


@pytest.mark.cli
def test_the_real_cli_claims_renames_and_releases(real: tuple[ParticleCli, Cloud, int, str]) -> None:
    cli, team, made, device = real
    cli.claim(device.upper())
    cli.rename(device, "kitchen")
    assert f"kitchen [{device}]" in cli.list().text
    (listed,) = cli.product_device_list(made).json()["data"]
    assert (listed["id"], listed["owner"]) == (device, "jane@example.com")
    with pytest.raises(CliRefused, match=r"(?i)timed out"):
        cli.get("kitchen", "position")
    cli.remove("kitchen")
    assert team.device(device, product(made)).owner_name is None
    with pytest.raises(CliRefused, match="device not found"):
        cli.claim("f" * 24)


@pytest.mark.cli
def test_the_real_cli_hears_events(real: tuple[ParticleCli, Cloud, int, str]) -> None:
    cli, team, _, _ = real
    with cli.subscribe("from/") as subscription:
        team.publish("from/python", "1")
        (event,) = subscription.expect(1, timeout=PATIENCE)
    assert (event["name"], event["data"]) == ("from/python", "1")
    cli.publish("from/cli", "2")


@pytest.mark.cli
def test_the_real_cli_reads_a_user_part(real: tuple[ParticleCli, Cloud, int, str], tmp_path: Path) -> None:
    cli, _, _, _ = real
    image = tmp_path / "image.bin"
    image.write_bytes(user_part(product_id=20001, product_version=3))
    text = " ".join(cli.inspect(image).text.split())
    assert "Compiled for photon This is an application module number 1 at version 6" in text
    assert "product id 20001 at version 3 It depends on a system module number 2 at version 2302" in text
    broken = tmp_path / "broken.bin"
    broken.write_bytes(image.read_bytes().replace(b"\xca\xfe", b"\xca\xff", 1))
    with pytest.raises(CliUnproven, match="CRC failed"):
        cli.inspect(broken)


@pytest.mark.cli
def test_no_call_leaves_the_token_in_its_transcript(real: tuple[ParticleCli, Cloud, int, str]) -> None:
    cli, _, _, _ = real
    token = json.loads((cli.home / ".particle" / "particle.config.json").read_text())["access_token"]
    told: list[Moment] = []
    cli.add_observer(told.append)
    cli.login("jane@example.com", "correct horse")
    cli.run("list")
    token = json.loads((cli.home / ".particle" / "particle.config.json").read_text())["access_token"]
    assert len(told) == 2 and len(token) == 40
    assert not [moment for moment in told if token in moment.text or "correct horse" in moment.text]
