"""What the cloud does by itself: nothing of it fails in silence, and what it could not write it tries again."""

from __future__ import annotations

import ast
import asyncio
import json
import resource
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import photonrig.localcloud
from photonrig.errors import RigError
from photonrig.localcloud import server
from photonrig.localcloud.background import Repeated, Tasks
from photonrig.localcloud.service import history
from photonrig.localcloud.service.cloud import Settings
from photonrig.localcloud.store.events import EventTable
from photonrig.localcloud.store.telemetry import TelemetryTable

from ..patience import PATIENCE, wait_for
from .process import running
from .world import DEVICE, World, populate, world

EXTENDED = Settings(extensions=True)
FULL = "database or disk is full"


class Disk:
    """Takes what is written in batches, or not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: Exception | None = None
        for table, name in ((TelemetryTable, "save"), (EventTable, "add_all")):
            monkeypatch.setattr(table, name, self._guarded(getattr(table, name)))

    def _guarded(self, write: Callable[..., None]) -> Callable[..., None]:
        def guarded(*words: Any) -> None:
            if self.error is not None:
                raise self.error
            write(*words)

        return guarded


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def _errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


async def _written(folder: Path, there: World) -> tuple[list[str], float | None]:
    """Names of the events on the disk, and when device D was last heard."""
    database = sqlite3.connect(folder / "cloud.sqlite")
    try:
        names = [name for (name,) in database.execute("SELECT name FROM events ORDER BY number")]
        row = database.execute("SELECT facts FROM telemetry WHERE device_id = ?", (DEVICE,)).fetchone()
        return names, None if row is None else json.loads(row[0])["last_heard"]
    finally:
        database.close()


async def test_what_a_full_disk_did_not_take_is_told_once_kept_and_written_later(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    async with world(tmp_path, EXTENDED) as there:
        await populate(there)
        there.cloud.flush()
        before = await _written(tmp_path, there)
        disk.error = sqlite3.OperationalError(FULL)
        there.clock.seconds += 10
        await there.device_publishes("a")
        for _ in range(3):
            assert [each.once() for each in there.cloud.writing] == [False, False]
        assert await _written(tmp_path, there) == before
        reason = f"OperationalError: {FULL}"
        assert _errors(caplog) == [f"writing presence failed: {reason}", f"writing events failed: {reason}"]
        health = await there.call("GET", "/healthz")
        assert (health.status_code, health.json()["ok"]) == (503, False)
        assert health.json()["faults"] == [f"writing presence: {reason}", f"writing events: {reason}"]
        disk.error = sqlite3.OperationalError("disk I/O error")
        assert not there.cloud.writing[0].once()
        assert len(_errors(caplog)) == 3
        disk.error = None
        await there.device_publishes("b")
        written = [each.once() for each in there.cloud.writing]
        assert all(written)
        names, heard = await _written(tmp_path, there)
        assert (names[-2:], heard) == (["a", "b"], there.clock.seconds)
        assert (await there.call("GET", "/healthz")).status_code == 200


async def test_publishing_goes_on_however_long_nothing_can_be_written(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "EVENTS_KEPT", 2500)
    async with world(tmp_path, EXTENDED) as there:
        await populate(there)
        disk.error = sqlite3.OperationalError(FULL)
        for number in range(5000):
            await there.device_publishes(f"e{number}")
        assert len(there.cloud.history._pending) == 2500
        disk.error = None
        there.cloud.flush()
        names, _ = await _written(tmp_path, there)
        assert names == [f"e{number}" for number in range(2500, 5000)]


async def test_events_that_can_never_be_written_do_not_hold_up_the_next(tmp_path: Path, disk: Disk) -> None:
    async with world(tmp_path, EXTENDED) as there:
        await populate(there)
        there.cloud.flush()
        await there.device_publishes("bad")
        disk.error = OverflowError("too large")
        with pytest.raises(RigError, match="too large"):
            there.cloud.flush()
        disk.error = None
        await there.device_publishes("good")
        there.cloud.flush()
        assert (await _written(tmp_path, there))[0][-1] == "good"


async def test_a_device_that_is_gone_does_not_hold_up_the_presence_of_others(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        there.cloud.presence.heard("0" * 24)
        there.cloud.flush()
        assert (await _written(tmp_path, there))[1] == there.clock.seconds


async def test_what_cannot_be_written_at_the_end_is_told(tmp_path: Path, disk: Disk) -> None:
    with pytest.raises(RigError, match=f"presence and events of the last while could not be written.*{FULL}"):
        async with world(tmp_path) as there:
            await populate(there)
            disk.error = sqlite3.OperationalError(FULL)


async def test_repeated_work_goes_on_after_an_error_and_stops_when_cancelled() -> None:
    done: list[int] = []
    often = asyncio.Event()

    def work() -> None:
        done.append(len(done))
        if len(done) == 4:
            often.set()
        if len(done) < 3:
            raise ValueError(len(done))

    repeated = Repeated("work", work, 0.0)
    tasks: Tasks[None] = Tasks("work")
    tasks.start(repeated.run())
    await often.wait()
    assert repeated.fault is None
    await tasks.close()
    assert len(tasks) == 0


async def test_a_task_that_fails_is_told_once_for_each_distinct_error(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(error: Exception) -> None:
        await asyncio.sleep(0)
        raise error

    tasks: Tasks[None] = Tasks("an update")
    for error in (ValueError("a"), ValueError("a"), ValueError("b"), KeyError("a")):
        tasks.start(fail(error))
    await tasks.idle()
    assert _errors(caplog) == [
        "an update failed: ValueError: a",
        "an update failed: ValueError: b",
        "an update failed: KeyError: 'a'",
    ]
    assert all(record.exc_info for record in caplog.records if record.levelname == "ERROR")


async def test_an_update_that_fails_within_the_cloud_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        monkeypatch.setattr(there.cloud.rollout, "pending", lambda _: 2)
        monkeypatch.setattr(there.cloud.rollout, "target", lambda _: 1 // 0)
        await there.go_online(DEVICE, fixture.product)
        await there.cloud.rollout.idle()
        assert _errors(caplog) == ["an automatic update failed: ZeroDivisionError: integer division or modulo by zero"]


def test_every_task_is_begun_where_its_end_is_looked_at() -> None:
    root = Path(photonrig.localcloud.__file__).parent
    begun = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("create_task", "ensure_future", "TaskGroup", "Thread")
    }
    assert begun == {"background.py"}


async def test_a_cloud_whose_http_server_ends_stops_loudly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def running(up: server.Running) -> None:
        def fail() -> None:
            raise ValueError("no more")

        monkeypatch.setattr(server.HttpServer, "on_tick", lambda *_: asyncio.sleep(0, fail()))

    with pytest.raises(RigError, match="HTTP server ended by itself"):
        async with asyncio.timeout(PATIENCE):
            await server.serve(running, tmp_path, Settings())


def test_a_process_whose_disk_is_full_says_so_once_and_ends_with_3(tmp_path: Path) -> None:
    """The kernel's limit of a file's size stands in for the disk: it is reached while the cloud runs."""
    with running(tmp_path) as cloud:
        form = {"username": "m@example.com", "password": "secret"}
        cloud.ok("POST", "/v1/users", data=form)
        granted = cloud.ok("POST", "/oauth/token", data={"grant_type": "password", **form}, auth=("particle-cli",) * 2)
        resource.prlimit(cloud.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        cloud.ok("POST", "/v1/devices/events", granted["access_token"], json={"name": "e"})
        wait_for("its word of it", lambda: cloud.http.get("/healthz").status_code == 503)
        assert cloud.end(signal.SIGTERM) == 3
    lines = cloud.errors.splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    assert sum(each["message"].startswith("writing events failed") for each in told) == 1
    (last,) = [line for line in lines if not line.startswith("{")]
    assert last.startswith("localcloud: rig error: presence and events of the last while could not be written")
