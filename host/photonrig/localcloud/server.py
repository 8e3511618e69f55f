"""Runs one local cloud: store, device service and HTTP server in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import uvicorn

from photonrig.build.sandbox import NO_SANDBOX, sandbox_kind
from photonrig.build.user_part import COMPILER
from photonrig.clock import SYSTEM
from photonrig.errors import RigError, UsageError
from photonrig.localcloud import secrets
from photonrig.localcloud.background import Tasks
from photonrig.localcloud.device.hub import DeviceHub
from photonrig.localcloud.http.app import make_app
from photonrig.localcloud.http.protocol import BoundedHttp, HttpServer
from photonrig.localcloud.server_key import write_key_block, write_public_key
from photonrig.localcloud.service.cloud import Cloud, Settings
from photonrig.localcloud.service.state_folder import kept_state
from photonrig.signals import heard

_log = logging.getLogger(__name__)

# Idle connections are closed by the client, which knows when it will send again: if the cloud closed at the usual 5 s,
# a request could be under way.
KEEP_ALIVE_SECONDS = 75


@dataclass(frozen=True, slots=True)
class Running:
    """Addresses and files of a running cloud.

    ``key_file`` is the public server key in DER, ``key_block_file`` the same with the address, for a device's flash.
    ``serving`` ends with the HTTP server.
    """

    cloud: Cloud
    host: str
    api_port: int
    device_port: int
    key_file: Path
    key_block_file: Path | None
    serving: asyncio.Task[None] = field(repr=False)

    @property
    def api(self) -> str:
        """The base address of the HTTP API."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.api_port}"


def check_host(host: str, *, allow_remote: bool) -> str:
    """Check the address to listen on.

    :raises UsageError: the host is not loopback and ``allow_remote`` is off, or it is a name of the real cloud
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
    """Log the lack of a sandbox for the compiler.

    :raises UsageError: there is none, and other machines may compile
    """
    compiler = shutil.which(COMPILER)
    if settings.sdk is None or compiler is None or (settings.remote and not settings.allow_remote_compile):
        return
    if sandbox_kind(compiler) == NO_SANDBOX:
        what = "the compiler cannot be confined here: neither bubblewrap nor Landlock works"
        if settings.remote:
            raise UsageError(f"{what}; install bubblewrap, or leave out --allow-remote-compile")
        _log.warning("%s; sources compiled for users of this machine can read every file this user can", what)


@contextlib.asynccontextmanager
async def run_cloud(
    state: Path,
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    api_port: int = 0,
    device_port: int = 0,
    now: Callable[[], float] = SYSTEM.wall,
) -> AsyncIterator[Running]:
    """A cloud on ``state``, serving until the block ends; ports 0 mean any free one.

    :raises UsageError: the folder is in use, or its contents are not ours; a port is taken
    :raises RigError: the disk cannot be read or written
    """
    async with contextlib.AsyncExitStack() as stack:
        store, key = await stack.enter_async_context(kept_state(state, now))
        key_file = write_public_key(state, key)
        settings = replace(settings, remote=not ipaddress.ip_address(host).is_loopback)
        await asyncio.to_thread(_check_sandbox, settings)
        hub = DeviceHub(key)
        cloud = Cloud(store, hub, replace(settings, admin_token=secrets.load_token(state / "admin.token")), now=now)
        listener = _listen(host, api_port)
        try:
            bound_device_port = await hub.start(cloud.reports, host, device_port)
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
        serving = Tasks[None]("the HTTP server").start(server.serve(sockets=[listener]))
        stack.callback(listener.close)
        writing: Tasks[None] = Tasks("writing in the background")
        for each in cloud.writing:
            writing.start(each.run())
        try:
            await server.wait_until_started(serving)
            block_file = write_key_block(key_file, host, bound_device_port)
            yield Running(cloud, host, listener.getsockname()[1], bound_device_port, key_file, block_file, serving)
        finally:
            cloud.bus.close()
            server.should_exit = True
            await asyncio.wait((serving,))
            await hub.close()
            await writing.close()
            await cloud.close()


async def serve(running: Callable[[Running], None], state: Path, settings: Settings, **where: int | str) -> None:
    """Run a cloud until SIGTERM, SIGINT or SIGHUP; ``running`` is called once it serves.

    :raises RigError: it ended by itself, or its last write failed
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in heard():
        loop.add_signal_handler(number, stop.set)
    async with run_cloud(state, settings, **where) as up:  # type: ignore[arg-type]
        running(up)
        up.serving.add_done_callback(lambda _: stop.set())
        await stop.wait()
        if up.serving.done():
            raise RigError("the HTTP server ended by itself; its last line in the log says why")
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
