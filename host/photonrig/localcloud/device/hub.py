"""Device hub: the TCP service for devices, and all requests to them."""

from __future__ import annotations

import asyncio
import logging
from asyncio import IncompleteReadError
from collections.abc import Iterator
from functools import partial

from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.errors import ProtocolError
from photonrig.localcloud.background import Tasks
from photonrig.localcloud.device import contract
from photonrig.localcloud.device.admission import Admission, AdmissionRefused
from photonrig.localcloud.device.contract import (
    DeviceCallbacks,
    DeviceOffline,
    DeviceTimeout,
    FlashRefused,
    Permit,
    Subscription,
    VariableType,
    always,
)
from photonrig.localcloud.device.limits import Limits
from photonrig.localcloud.device.listeners import Listeners
from photonrig.localcloud.device.ota import Update
from photonrig.localcloud.device.restarts import Restarts
from photonrig.localcloud.device.session import DeviceSession
from photonrig.localcloud.device.wire import Wire
from photonrig.particle.messages import Hello, HelloFlag

log = logging.getLogger(__name__)

_READ_AHEAD = 2048  # bytes; reading from the socket pauses at twice that
_PEER_FAULTS = (OSError, IncompleteReadError, TimeoutError, ProtocolError, AdmissionRefused, DeviceOffline)


class DeviceHub:
    """Accepts devices, keeps one session per device, and addresses devices by id (24 lower-case hex digits).

    A newer session of a device replaces its older one. Peers cannot affect other sessions.
    """

    def __init__(self, server_key: rsa.RSAPrivateKey, limits: Limits | None = None) -> None:
        self._server_key = server_key
        self._limits = limits or Limits()
        self._restarts = Restarts(self._limits.restart)
        self._serving: tuple[asyncio.Server, Admission] | None = None
        self._sessions: dict[str, DeviceSession] = {}
        self._listeners = Listeners()
        self._deliveries: dict[str, asyncio.Task[None]] = {}
        self._tellings: Tasks[None] = Tasks("a device's callbacks")
        self._connections: Tasks[None] = Tasks("a device connection")
        self._handshakes: dict[asyncio.Task[None], None] = {}  # oldest first

    async def start(self, callbacks: DeviceCallbacks, host: str, port: int) -> int:
        """Listen on ``host``, reporting to ``callbacks``; returns the port, chosen by the system for ``port`` 0.

        Raises OSError when the port is taken.
        """
        admission = Admission(callbacks, self._server_key)
        accept = partial(self._accept, admission)
        server = await asyncio.start_server(accept, host, port, limit=_READ_AHEAD, backlog=1024)
        self._serving = server, admission
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Stop listening and end all sessions, with callbacks."""
        if self._serving is not None:
            self._serving[0].close()
        for task in list(self._handshakes):
            task.cancel()
        for session in list(self._sessions.values()):
            session.close()
        await self._connections.idle()
        await self._tellings.idle()
        await self._restarts.close()
        if self._serving is not None:
            self._serving[1].close()

    def online(self, device_id: str) -> bool:
        """Whether the device has a session."""
        return device_id in self._sessions

    def subscriptions(self, device_id: str) -> tuple[Subscription, ...]:
        """The device's subscriptions, oldest first; empty when it is offline."""
        session = self._sessions.get(device_id)
        return tuple(session.subscriptions) if session is not None else ()

    def listeners(self, name: str) -> Iterator[tuple[str, str]]:
        """The devices subscribed to an event's name, each with the scope."""
        return self._listeners.of(name)

    async def read_variable(
        self,
        device_id: str,
        name: str,
        kind: VariableType,
        permit: Permit = always,
        *,
        timeout: float = 30.0,  # noqa: ASYNC109
    ) -> bool | int | float | str:
        """The value of a variable, of the type in the device's describe.

        Raises DeviceOffline, DeviceTimeout, VariableUnknown, ProtocolError for a value that does not fit the type.
        """
        return await self._session(device_id).read_variable(name, kind, permit, timeout)

    async def call_function(
        self,
        device_id: str,
        name: str,
        argument: str,
        permit: Permit = always,
        *,
        timeout: float = 30.0,  # noqa: ASYNC109
    ) -> int:
        """Call a function; returns its result, -2147483648 to 2147483647.

        Raises UsageError for an argument too long for the device's Device OS (nothing is sent), FunctionUnknown,
        DeviceOffline, DeviceTimeout.
        """
        return await self._session(device_id).call_function(name, argument, permit, timeout)

    async def signal(
        self,
        device_id: str,
        on: bool,
        permit: Permit = always,
        *,
        timeout: float = 30.0,  # noqa: ASYNC109
    ) -> None:
        """Start or stop the rainbow on the device's LED; raises DeviceOffline, DeviceTimeout."""
        await self._session(device_id).signal(on, permit, timeout)

    async def ping(self, device_id: str, *, timeout: float = 10.0) -> bool:  # noqa: ASYNC109
        """Whether the device answers; False when it is offline."""
        session = self._sessions.get(device_id)
        return session is not None and await session.ping(timeout)

    async def metrics(
        self,
        device_id: str,
        permit: Permit = always,
        *,
        timeout: float = 30.0,  # noqa: ASYNC109
    ) -> dict[int, int]:
        """The device's diagnostics by number (Device OS 0.8.0 and later).

        Raises DeviceOffline, DeviceTimeout, ProtocolError for a malformed answer.
        """
        return await self._session(device_id).metrics(permit, timeout)

    def send_event(self, device_id: str, name: str, data: str | bytes | None, *, private: bool = True) -> bool:
        """Send an event now; False when the device is offline, not subscribed, or unable to take one that long.

        Events whose name starts with ``spark`` or ``particle`` are always sent: Device OS itself subscribes to them.
        """
        session = self._sessions.get(device_id)
        return session is not None and session.send_event(name, data, private=private)

    async def flash(self, device_id: str, image: bytes, name: str, permit: Permit = always) -> None:
        """Send a firmware image over the air; returns when the device has accepted it and is about to restart.

        Progress goes to ``update_progress``: ``started NAME``, then ``success NAME`` once the device has returned and
        confirms it, or ``failed`` with the reason. Raises FlashRefused, DeviceTimeout, DeviceOffline, and what
        ``permit`` raises, which also ends the session, so that the device discards the partial image.
        """
        session = self._session(device_id)
        if session.update is not None:
            raise FlashRefused("another update of this device is running")
        if not image:
            raise FlashRefused("the image is empty")
        permit()
        report = session.callbacks.update_progress
        update = session.update = Update(session, image, self._limits, permit)
        try:
            fast = await update.begin()
            self._restarts.forget(device_id)
            await report(device_id, f"started {name}".rstrip())
            await update.transfer(fast=fast)
        except FlashRefused as error:
            await report(device_id, f"failed {error}")
            raise
        except DeviceTimeout:
            await report(device_id, "failed the device did not answer in time")
            raise
        except DeviceOffline:
            await report(device_id, "failed the connection to the device was lost")
            raise
        except Exception:
            session.close()
            await report(device_id, "failed the update is no longer permitted and was stopped")
            raise
        finally:
            session.update = None
        self._restarts.expect(device_id, name, report)

    def disconnect(self, device_id: str) -> None:
        """Close the device's session, if any."""
        session = self._sessions.get(device_id)
        if session is not None:
            session.close()

    def _session(self, device_id: str) -> DeviceSession:
        try:
            return self._sessions[device_id]
        except KeyError:
            raise DeviceOffline(device_id) from None

    def _accept(self, admission: Admission, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._connections.start(self._serve(admission, reader, writer))
        self._handshakes[task] = None
        task.add_done_callback(lambda done: self._handshakes.pop(done, None))
        if len(self._handshakes) > self._limits.pending_handshakes:
            next(iter(self._handshakes)).cancel()

    async def _serve(self, admission: Admission, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        peer = writer.get_extra_info("peername")
        try:
            async with asyncio.timeout(self._limits.handshake):
                device, keys = await admission.admit(reader, writer)
                session = DeviceSession(
                    device.device_id, Wire(reader, writer, keys), admission.callbacks, self._limits, self._listeners
                )
                hello = await session.greet()
            # During the handshake another key may have been enrolled.
            admission.check(device)
            task = asyncio.current_task()
            if task is not None:
                self._handshakes.pop(task, None)
            await self._run(session, hello)
        except _PEER_FAULTS as error:
            log.info("device connection from %s ended: %s", peer, error or type(error).__name__)
        except Exception:
            log.exception("device connection from %s ended by a fault of the cloud", peer)
        finally:
            writer.close()

    async def _run(self, session: DeviceSession, hello: Hello) -> None:
        device_id = session.device_id
        older = self._sessions.get(device_id)
        self._sessions[device_id] = session
        if older is not None:
            log.info("%s: connected anew, the older session ends", device_id)
            older.close()
        self._deliver(session, hello)
        try:
            await session.run()
        except _PEER_FAULTS as error:
            if not session.closed:
                log.info("%s: session ended: %s", device_id, error or type(error).__name__)
        finally:
            session.close()
            if self._sessions.get(device_id) is session:
                del self._sessions[device_id]

    def _deliver(self, session: DeviceSession, hello: Hello) -> None:
        """Run the session's callbacks, after all those of the device's earlier sessions."""
        device_id = session.device_id
        earlier = self._deliveries.get(device_id)
        seen = contract.Hello(hello.product_id, hello.product_version, hello.platform_id, hello.flags, session.address)

        async def tell() -> None:
            if earlier is not None:
                await asyncio.wait((earlier,))
            await session.deliveries()
            if self._sessions.get(device_id) in (None, session):
                try:
                    await session.callbacks.went_offline(device_id)
                except Exception:
                    log.exception("%s: the cloud failed to note that it went offline", device_id)

        session.deliver(lambda: session.callbacks.came_online(device_id, seen))
        outcome = self._restarts.came_back(device_id, updated=bool(hello.flags & HelloFlag.UPDATED))
        if outcome is not None:
            session.deliver(lambda: session.callbacks.update_progress(device_id, outcome))
        task = self._deliveries[device_id] = self._tellings.start(tell())
        task.add_done_callback(lambda done: self._forget_deliveries(device_id, done))

    def _forget_deliveries(self, device_id: str, done: asyncio.Task[None]) -> None:
        if self._deliveries.get(device_id) is done:
            del self._deliveries[device_id]
