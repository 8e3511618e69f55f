"""Device session: one connection from its Hello to its end.

Requests of the device are answered at once, and its answers complete the hub's requests. All callbacks to the services
go through :meth:`DeviceSession.deliver`, in order, so that a slow service does not delay the device's answers.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from photonrig.errors import ProtocolError, UsageError
from photonrig.localcloud.background import Tasks
from photonrig.localcloud.device.allowance import Allowance
from photonrig.localcloud.device.contract import (
    Describe,
    DeviceCallbacks,
    DeviceOffline,
    DeviceTimeout,
    FunctionUnknown,
    Permit,
    PublishedEvent,
    Subscription,
    VariableType,
    VariableUnknown,
    always,
)
from photonrig.localcloud.device.describe import DescribeParts
from photonrig.localcloud.device.limits import Limits
from photonrig.localcloud.device.listeners import Listeners
from photonrig.localcloud.device.ota import Update
from photonrig.localcloud.device.requests import Requests
from photonrig.localcloud.device.wire import Wire
from photonrig.localcloud.system_events import CLAIM_CODE, DEVICE_QUESTIONS, SYSTEM_PREFIXES
from photonrig.particle import messages
from photonrig.particle.coap import Code, Message, MessageType
from photonrig.particle.frames import MAX_MESSAGE_TO_DEVICE, MAX_MESSAGE_TO_LARGE_BUFFER
from photonrig.particle.messages import DescribePart, Hello, HelloFlag
from photonrig.particle.releases import LARGE_BUFFER, UNIFIED_ENGINE

log = logging.getLogger(__name__)

_NAME_LIMIT = 64
_ARGUMENT_LIMIT = 622  # Device OS 0.8.0-rc.4 to 2.3.1, protocol_defs.h
_LARGE_ARGUMENT_LIMIT = 864  # from 3.0
_OLD_ARGUMENT_LIMIT = 63  # up to Device OS 0.7.0
_SUBSCRIPTIONS = 32  # a choice; a Photon has at most 6
_REQUESTS_AT_ONCE = 32
_DESCRIBE_BLOCKS = 32  # of 512 bytes each, Device OS 3.x
_FLUSH = 2.0  # seconds for a closed session to send its remaining output
_QUESTIONS = frozenset(row.name for row in DEVICE_QUESTIONS)
_ANSWERS = (MessageType.ACK, MessageType.RST)
_ERASED_CODE = "\ufffd" * 63  # Device OS up to 0.6.3 presents an erased field as a code


class DeviceSession:
    """One device's session; created after the handshake, before its Hello."""

    def __init__(
        self,
        device_id: str,
        wire: Wire,
        callbacks: DeviceCallbacks,
        limits: Limits,
        listeners: Listeners,
    ) -> None:
        self.device_id = device_id
        self.address = wire.peer
        self.hello: Hello | None = None
        self.subscriptions: dict[Subscription, None] = {}
        self.update: Update | None = None
        self.closed = False
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self.callbacks = callbacks
        self._listeners = listeners
        self._limits = limits
        self._requests = Requests()
        self._slots = asyncio.Semaphore(_REQUESTS_AT_ONCE)
        self._parts = DescribeParts()
        self._described = asyncio.Event()
        self._settled = False
        self._reported: Describe | None = None
        self._early: list[Message] = []
        self._watch: asyncio.TimerHandle | None = None
        self._allowance = Allowance(limits.messages_per_second, limits.message_burst)
        self._undelivered: asyncio.Queue[Callable[[], Awaitable[None]] | None] = asyncio.Queue()
        self._behind = False  # whether reading pauses until all callbacks have run

    # Lifetime

    async def greet(self) -> Hello:
        """Wait for the device's Hello and answer it; a ping before it is answered too, anything else is ignored.

        Raises ProtocolError for messages that the session's keys do not decrypt: the peer is not the device.
        """
        while self.hello is None:
            received = self._understood(await self._wire.first())
            if self._allowance.overdrawn():
                raise ProtocolError("more messages before its Hello than a device may send")
            for number, message in enumerate(received):
                if message.type is MessageType.CON:
                    self.send(messages.acknowledge(message.message_id))
                if message.code == Code.POST and message.path[:1] == [b"h"]:
                    self.hello = messages.parse_hello(message)
                    self.send(messages.hello_reply(self._requests.next_id()))
                    self._early = received[number + 1 :]
                    break
        return self.hello

    async def run(self) -> None:
        """Serve the device until its connection ends, is silent for too long or is closed; raises the cause."""
        describing = Tasks[None](f"{self.device_id}: describe request").start(self._complete_describe())
        try:
            for message in self._early:
                self._take(message)
            self._listen()
            raise await self._wire.serve(self._receive)
        finally:
            describing.cancel()
            self.close()

    def close(self) -> None:
        """End the session; messages received before are still delivered."""
        if self.closed:
            return
        self.closed = True
        for subscription in self.subscriptions:
            self._listeners.remove(self.device_id, subscription)
        if self._watch is not None:
            self._watch.cancel()
        self._requests.end()
        self._undelivered.put_nowait(None)
        self._wire.close(_FLUSH)

    async def deliveries(self) -> None:
        """Run the callbacks queued by :meth:`deliver`, in order, until the session is closed and the queue empty."""
        while True:
            step = await self._undelivered.get()
            try:
                if step is None:
                    return
                await step()
                await asyncio.sleep(0)  # forward one device's burst before its next message
            except Exception:
                log.exception("%s: the cloud failed to take in what the device sent", self.device_id)
            if self._behind and self._undelivered.empty():
                self._behind = False
                self._wire.release()

    def deliver(self, step: Callable[[], Awaitable[None]]) -> None:
        """Queue ``step`` behind all earlier callbacks."""
        if not self.closed:
            self._undelivered.put_nowait(step)

    def _receive(self, received: list[bytes]) -> None:
        """Handle received messages, and pause reading if they exceed the allowance."""
        for message in self._understood(received):
            self._take(message)
        if wait := self._allowance.overdrawn():
            self._wire.hold()  # only this device's reading pauses
            self._loop.call_later(wait, self._wire.release)
        if not self._behind and self._undelivered.qsize() > self._limits.undelivered:
            self._behind = True
            self._wire.hold()

    def _understood(self, received: list[bytes]) -> list[Message]:
        understood = []
        for plain in received:
            self._allowance.spend()
            try:
                understood.append(Message.decode(plain))
            except ProtocolError as error:
                log.warning("%s: ignored a message: %s", self.device_id, error)
        return understood

    def _listen(self) -> None:
        """End the session after too long a silence; one timer instead of one per message."""
        waited = 0.0 if self._wire.held else self._loop.time() - self._wire.heard_at
        left = self._limits.silence - waited
        if left <= 0 and self.update is None:
            self._wire.end(TimeoutError())
        elif not self.closed:
            # During a fast update the device is silent; the update has its own limits.
            self._watch = self._loop.call_later(left if left > 0 else self._limits.silence, self._listen)

    # Sending

    def send(self, message: Message) -> None:
        """Write one message in one piece; raises DeviceOffline when the session is over."""
        if self.closed:
            raise DeviceOffline(self.device_id)
        encoded = message.encode()
        if len(encoded) > self._longest_message:
            raise ProtocolError(f"a message of {len(encoded)} bytes; the device takes {self._longest_message}")
        self._wire.send(encoded)
        if self._wire.unsent > self._limits.write_buffer:
            log.warning("%s: disconnected: too much unread output", self.device_id)
            self.close()

    @property
    def _has_large_buffer(self) -> bool:
        """Whether the device is known to; until it has described itself, it is not."""
        module = self._parts.system_module
        return module is not None and module >= LARGE_BUFFER

    @property
    def _longest_message(self) -> int:
        return MAX_MESSAGE_TO_LARGE_BUFFER if self._has_large_buffer else MAX_MESSAGE_TO_DEVICE

    async def drain(self) -> None:
        """Wait until most of the output is sent; raises DeviceTimeout, DeviceOffline."""
        try:
            async with asyncio.timeout(self._limits.chunk_answer):
                await self._wire.drain()
        except TimeoutError:
            raise DeviceTimeout(self.device_id) from None
        except ConnectionError:
            raise DeviceOffline(self.device_id) from None

    async def ask(self, build: messages.Build, waits: tuple[float, ...], permit: Permit = always) -> Message:
        """Send ``build(id, token)`` and return the answer; resent after each of ``waits`` but the last.

        Raises DeviceTimeout after the last wait, DeviceOffline at the session's end, and what ``permit`` raises.
        """
        permit()
        if self.closed:
            raise DeviceOffline(self.device_id)
        request = self._requests.open(sum(waits))

        def send_again() -> None:
            if self.closed or request.answer.done():
                return
            try:
                permit()
            except Exception as error:
                request.answer.set_exception(error)
            else:
                self.send(build(request.message_id, request.token))

        timers = [self._loop.call_later(after, send_again) for after in itertools.accumulate(waits[:-1])]
        try:
            self.send(build(request.message_id, request.token))
            answer = await request.answer
        finally:
            for timer in timers:
                timer.cancel()
            self._requests.close(request)
        if answer is None:
            raise DeviceOffline(self.device_id) if self.closed else DeviceTimeout(self.device_id)
        return answer

    def next_id(self) -> int:
        """A message id without an answer."""
        return self._requests.next_id()

    # Requests of the hub

    async def read_variable(
        self, name: str, kind: VariableType, permit: Permit, within: float
    ) -> bool | int | float | str:
        """See :meth:`DeviceHub.read_variable`."""
        if not 0 < len(messages.encode_text(name)) <= _NAME_LIMIT:
            raise VariableUnknown(name)
        answer = await self._ask_in_turn(lambda mid, token: messages.variable_request(mid, token, name), permit, within)
        if answer.code == Code.NOT_FOUND:
            raise VariableUnknown(name)
        if answer.code != Code.CONTENT:
            raise ProtocolError(f"variable {name} was answered with code {answer.code:#04x}", device=self.device_id)
        return messages.parse_value(kind, answer.payload)

    async def call_function(self, name: str, argument: str, permit: Permit, within: float) -> int:
        """See :meth:`DeviceHub.call_function`."""
        ends = self._loop.time() + within
        size = len(messages.encode_text(argument))
        if size > _OLD_ARGUMENT_LIMIT or name not in self._parts.merged().functions:
            async with self._turn(within):
                limit = await self._argument_limit(size)
                if size > limit:
                    raise UsageError(
                        f"the argument has {size} bytes, this Device OS takes {limit}; nothing was sent",
                        device=self.device_id,
                    )
                if not await self._offers(name):
                    raise FunctionUnknown(name)
        left = ends - self._loop.time()
        answer = await self._ask_in_turn(
            lambda mid, token: messages.function_call(mid, token, name, argument), permit, left
        )
        if answer.code != Code.CHANGED or len(answer.payload or b"") != 4:
            raise ProtocolError(f"function {name} was answered with code {answer.code:#04x}", device=self.device_id)
        return int.from_bytes(answer.payload or b"", "big", signed=True)

    async def signal(self, on: bool, permit: Permit, within: float) -> None:
        """See :meth:`DeviceHub.signal`."""
        await self._ask_in_turn(lambda mid, token: messages.signal(mid, token, on), permit, within)

    async def ping(self, within: float) -> bool:
        """Whether the device answers an empty message within ``within`` seconds."""
        with self._requests.ping() as answer:
            try:
                self.send(messages.ping(self._requests.next_id()))
                async with asyncio.timeout(within):
                    return await answer
            except (TimeoutError, DeviceOffline):
                return False

    async def metrics(self, permit: Permit, within: float) -> dict[int, int]:
        """See :meth:`DeviceHub.metrics`."""
        async with self._turn(within):
            content = await self._ask_describe(messages.METRICS, permit)
        if content is None:
            raise DeviceTimeout(self.device_id)
        return messages.parse_metrics(content)

    def send_event(self, name: str, data: str | bytes | None, *, private: bool) -> bool:
        """See :meth:`DeviceHub.send_event`."""
        system = name.startswith(SYSTEM_PREFIXES)
        if self.closed or not (system or any(name.startswith(known.prefix) for known in self.subscriptions)):
            return False
        payload = messages.encode_text(data) if isinstance(data, str) else data
        message = messages.event(self.next_id(), name, payload, private=private)
        size = len(message.encode())
        if size > self._longest_message:
            log.warning("%s: event %s of %d bytes left out, the device would hang up", self.device_id, name, size)
            return False
        self.send(message)
        return True

    @asynccontextmanager
    async def _turn(self, within: float) -> AsyncIterator[None]:
        """One of the device's concurrent request slots; the block must end within ``within`` seconds."""
        try:
            async with asyncio.timeout(within), self._slots:
                yield
        except TimeoutError:
            raise DeviceTimeout(self.device_id) from None

    async def _ask_in_turn(self, build: messages.Build, permit: Permit, within: float) -> Message:
        """:meth:`ask` once, in one of the device's concurrent request slots; most need not wait."""
        if self._slots.locked():
            async with self._turn(within):
                return await self.ask(build, (within,), permit)
        async with self._slots:
            return await self.ask(build, (within,), permit)

    async def _argument_limit(self, size: int) -> int:
        if size > _OLD_ARGUMENT_LIMIT and not self._parts.knows(DescribePart.SYSTEM):
            await self._fetch_describe(DescribePart.SYSTEM)
        module = self._parts.system_module
        if module is not None and module < UNIFIED_ENGINE:
            return _OLD_ARGUMENT_LIMIT
        return _LARGE_ARGUMENT_LIMIT if self._has_large_buffer else _ARGUMENT_LIMIT

    async def _offers(self, function: str) -> bool:
        """Whether the device lists the function; it would acknowledge a call of an unknown one and never answer."""
        if function in self._parts.merged().functions:
            return True
        await self._fetch_describe(DescribePart.APPLICATION)  # registered since, or not described yet
        return function in self._parts.merged().functions

    # Describe

    async def _complete_describe(self) -> None:
        """Request the parts that the device has not sent in time, then report the describe."""
        if self._describes_itself:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limits.describe_grace):
                    await self._described.wait()
        try:
            for part in DescribePart:
                if not self._parts.knows(part):
                    await self._fetch_describe(part)
        except DeviceOffline:
            return
        self._settled = True
        self._report_describe()

    @property
    def _describes_itself(self) -> bool:
        return self.hello is not None and bool(self.hello.flags & HelloFlag.DESCRIBES_ITSELF)

    async def _fetch_describe(self, part: DescribePart) -> None:
        """Request one part; without an answer nothing changes."""
        content = await self._ask_describe(part)
        if content is not None:
            self._absorb(content)

    async def _ask_describe(self, part: int, permit: Permit = always) -> bytes | None:
        """A part of the describe, all blocks joined; None without an answer."""
        content = b""
        for block in range(_DESCRIBE_BLOCKS):
            try:
                answer = await self.ask(
                    lambda mid, token, block=block: messages.describe_request(mid, token, part, block),  # type: ignore[misc]
                    (self._limits.describe_answer,),
                    permit,
                )
            except DeviceTimeout:
                log.warning("%s: no answer to a describe request", self.device_id)
                return None
            content += answer.payload or b""
            if answer.code != Code.CONTENT or not messages.more_blocks(answer):
                break
        return content if answer.code == Code.CONTENT else None

    def _absorb(self, payload: bytes | None) -> None:
        try:
            new = self._parts.absorb(messages.parse_describe(payload))
        except ProtocolError as error:
            log.warning("%s: ignored %s", self.device_id, error)
            return
        if all(self._parts.knows(part) for part in DescribePart):
            self._settled = True
            self._described.set()
        if new and self._settled:
            self._report_describe()

    def _report_describe(self) -> None:
        describe = self._parts.merged()
        if describe == self._reported:
            return
        self._reported = describe
        self.deliver(lambda: self.callbacks.described(self.device_id, describe))

    # Receiving

    def _take(self, message: Message) -> None:
        """Handle one message of the device; invalid ones are logged and dropped."""
        if self.closed:
            return
        try:
            self._act(message)
        except ProtocolError as error:
            log.warning("%s: ignored %s", self.device_id, error)

    def _act(self, message: Message) -> None:
        confirmable = message.type is MessageType.CON
        if message.is_response or message.type in _ANSWERS:
            if confirmable:
                self.send(messages.acknowledge(message.message_id))
            if self._requests.answered(message):
                self._allowance.give_back()
            elif message.code == Code.CONTENT and not self._describes_itself:
                self._absorb(message.payload)  # Device OS up to 0.6.0 answers one describe request twice
            return
        letter = (message.path or [b""])[0]
        if message.code == Code.GET and letter == b"t":
            self.send(messages.time_reply(message.message_id, message.token, int(self.callbacks.now())))
            return
        if confirmable:
            self.send(messages.acknowledge(message.message_id))
        match message.code, letter:
            case Code.POST, b"e" | b"E":
                self._take_event(messages.parse_event(message))
            case Code.GET, b"e":
                self._take_subscription(Subscription(*messages.parse_subscription(message)))
            case Code.POST, b"d":
                self._absorb(message.payload)
            case Code.POST, b"h":
                self.send(messages.hello_reply(self._requests.next_id()))
            case Code.GET, b"c" if self.update is not None:
                self.update.chunks_missed(messages.parse_missed(message))
            case Code.PUT, b"u" if self.update is not None:
                self.update.device_is_done()
            case Code.POST, b"x":
                log.info("%s: said goodbye", self.device_id)
            case Code.EMPTY, _:
                pass  # a ping, acknowledged above
            case _:
                log.info("%s: ignored an unknown request: code %#04x path %r", self.device_id, message.code, letter)

    def _take_event(self, event: messages.Event) -> None:
        data = None if event.data is None else event.data.decode(errors="replace")
        if event.name == CLAIM_CODE.name:
            if data and data != _ERASED_CODE:
                self.deliver(lambda: self._present_claim_code(data))
            return
        if not data and event.name in _QUESTIONS and any(event.name.startswith(k.prefix) for k in self.subscriptions):
            self._answer(event.name)
            return
        published = PublishedEvent(event.name, data, event.ttl, event.private)
        self.deliver(lambda: self.callbacks.published(self.device_id, published))

    async def _present_claim_code(self, code: str) -> None:
        if await self.callbacks.claim_code_presented(self.device_id, code):
            # A choice: Particle's own event is unknown. Any name under spark/device/claim/, with any data, makes the
            # device clear its code and consider itself claimed.
            self.send_event(CLAIM_CODE.name, "claimed", private=True)

    def _answer(self, question: str) -> None:
        """Answer an event without data, an application's query; the services answer that for the device's name."""
        known = base64.b64encode(os.urandom(30)).decode() if question.endswith("random") else self.address
        self.send_event(question, known, private=True)

    def _take_subscription(self, subscription: Subscription) -> None:
        if len(self.subscriptions) < _SUBSCRIPTIONS:
            self.subscriptions[subscription] = None
            if not self.closed:
                self._listeners.add(self.device_id, subscription)
        else:
            log.warning("%s: more than %d subscriptions, left out %s", self.device_id, _SUBSCRIPTIONS, subscription)
