"""Time-outs and capacities of the device service, in one place for tests to shorten."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds."""

    handshake: float = 20.0  # connection to Hello; a device gives each step the same 20 s
    silence: float = 40.0  # devices ping after 15 s without a message, so one ping may be lost
    describe_grace: float = 1.0  # Device OS 2.x sends its describe unrequested after Hello
    describe_answer: float = 5.0
    update_ready: tuple[float, ...] = (6.0, 6.0, 60.0)  # a Photon erases flash first; one request per wait
    chunk_answer: float = 30.0  # a device aborts after 30 s without a chunk
    chunks_missed: float = 12.0
    update_result: float = 60.0
    restart: float = 60.0  # from the end of an update to the next Hello
    pending_handshakes: int = 1024  # above that the oldest pending connection is closed
    write_buffer: int = 256 * 1024  # unsent bytes above which a device is disconnected
    messages_per_second: float = 100.0  # unsolicited, per device; a Photon publishes one a second, four in a burst
    message_burst: int = 500  # messages above the rate before reading from the device is throttled
    undelivered: int = 256  # messages awaiting delivery to the services before reading from the device pauses
