"""Runs one local cloud: store, device service and HTTP server in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn

from photonrig.errors import UsageError
from photonrig.files import Lock
from photonrig.localcloud import secrets
from photonrig.localcloud.core import Cloud, Settings
from photonrig.localcloud.device.hub import DeviceHub
from photonrig.localcloud.http.app import make_app
from photonrig.localcloud.http.protocol import BoundedHttp, HttpServer
from photonrig.localcloud.sandbox import NO_SANDBOX, sandbox_kind
from photonrig.localcloud.server_key import load_server_key, write_key_block
from photonrig.localcloud.store import Store
from photonrig.signals import heard

__all__ = ["Running", "check_host", "run_cloud", "serve"]

_log = logging.getLogger(__name__)

FLUSH_SECONDS = 2.0

# An idle connection is closed by the client, which knows when it will ask again: were the cloud to close it at the time
# most clients do, after 5 s, a request could be on its way already.
KEEP_ALIVE_SECONDS = 75


@dataclass(frozen=True, slots=True)
class Running:
    """Where a running cloud is reached.

    ``key_file`` is the public server key in DER, ``key_block_file`` the same with the address, for a device's memory.
    """

    cloud: Cloud
    host: str
    api_port: int
    device_port: int
    key_file: Path
    key_block_file: Path | None

    @property
    def api(self) -> str:
        """The base address of the HTTP API."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.api_port}"


def check_host(host: str, *, allow_remote: bool) -> str:
    """The address to listen on.

    :raises UsageError: the host is beyond this machine's loopback and ``allow_remote`` is off, or it is a name by which
        devices and clients know the real cloud
    """
    name = host.lower().rstrip(".")
    if name == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        if name == "particle.io" or name.endswith((".particle.io", ".spark.io")):
            raise UsageError(f"the local cloud does not pose as {host}; give an address of this machine") from None
        raise UsageError(f"{host} is no IP address; give one of this machine, such as 127.0.0.1") from None
    if not address.is_loopback and not allow_remote:
        raise UsageError(f"{host} can be reached from other machines; add --allow-remote if that is meant")
    return str(address)


def _check_sandbox(settings: Settings) -> None:
    """Say once what confines the compiler when nothing does.

    :raises UsageError: then it is not to compile for other machines
    """
    compiler = shutil.which("c++")
    if settings.sdk is None or compiler is None or (settings.remote and not settings.allow_remote_compile):
        return
    if sandbox_kind(compiler) == NO_SANDBOX:
        what = "the compiler cannot be confined here: neither bubblewrap nor Landlock works"
        if settings.remote:
            raise UsageError(f"{what}; install bubblewrap, or leave out --allow-remote-compile")
        _log.warning("%s; sources of anybody on this machine may read what this user can", what)


@contextlib.contextmanager
def _state_folder(state: Path) -> Iterator[None]:
    """Make the folder private, and hold it for this process alone."""
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    lock = Lock(state / "lock")
    if not lock.take():
        raise UsageError(f"another local cloud uses {state}; stop it, or give another --state")
    try:
        yield
    finally:
        lock.release()


@contextlib.asynccontextmanager
async def run_cloud(
    state: Path,
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    api_port: int = 0,
    device_port: int = 0,
    now: Callable[[], float] = time.time,
) -> AsyncIterator[Running]:
    """A cloud on ``state``, serving until the block ends; ports 0 mean any free one.

    :raises UsageError: the folder is in use, or its contents are not ours; a port is taken
    """
    with _state_folder(state), contextlib.closing(Store(state / "cloud.sqlite", now)) as store:
        key, key_file = await asyncio.to_thread(load_server_key, state)
        settings = replace(settings, remote=not ipaddress.ip_address(host).is_loopback)
        await asyncio.to_thread(_check_sandbox, settings)
        cloud = Cloud(store, replace(settings, admin_token=secrets.load_token(state / "admin.token")), now=now)
        hub = DeviceHub(cloud, key)
        cloud.attach(hub)
        listener = _listen(host, api_port)
        try:
            bound_device_port = await hub.start(host, device_port)
        except OSError as error:
            listener.close()
            raise UsageError(f"port {device_port} of {host} cannot be used: {error.strerror}") from error
        server = HttpServer(
            uvicorn.Config(
                make_app(cloud),
                http=BoundedHttp,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=3,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        flushing = asyncio.create_task(_flush(cloud))
        try:
            await server.wait_until_started(serving)
            block_file = write_key_block(key_file, host, bound_device_port)
            yield Running(cloud, host, listener.getsockname()[1], bound_device_port, key_file, block_file)
        finally:
            cloud.bus.close()
            server.should_exit = True
            await serving
            await hub.close()
            flushing.cancel()
            await asyncio.gather(flushing, return_exceptions=True)
            await cloud.close()
            listener.close()


async def serve(running: Callable[[Running], None], state: Path, settings: Settings, **where: int | str) -> None:
    """Run a cloud until SIGTERM, SIGINT or SIGHUP; ``running`` is told once it serves."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in heard():
        loop.add_signal_handler(number, stop.set)
    async with run_cloud(state, settings, **where) as up:  # type: ignore[arg-type]
        running(up)
        await stop.wait()
        _log.info("stopping")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UsageError(f"port {port} of {host} cannot be used: {error.strerror}") from error
    listener.listen(1024)
    listener.setblocking(False)
    return listener


async def _flush(cloud: Cloud) -> None:
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        cloud.flush()
