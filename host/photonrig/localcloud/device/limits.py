"""How long the device service waits and how much it takes on; one place, so that tests can be impatient."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds."""

    handshake: float = 20.0  # connection to Hello; a device gives each step the same 20 s
    silence: float = 40.0  # devices ping after 15 s without a message, so one missed ping is forgiven
    describe_grace: float = 1.0  # Device OS 2.x sends its describe unasked after Hello
    describe_answer: float = 5.0
    update_ready: tuple[float, ...] = (6.0, 6.0, 60.0)  # a Photon erases flash before it answers; asked once each
    chunk_answer: float = 30.0  # a device gives up after 30 s without a chunk
    chunks_missed: float = 12.0
    update_result: float = 60.0
    restart: float = 60.0  # update done to the next Hello
    pending_handshakes: int = 1024  # above that the connection that has waited longest is closed
    write_buffer: int = 256 * 1024  # bytes; a device that leaves more unread is disconnected
    messages_per_second: float = 100.0  # of a device on its own; a Photon publishes one a second, four in a burst
    message_burst: int = 500  # before reading from the device is held back to that rate
    undelivered: int = 256  # messages waiting for the cloud's core before reading from the device pauses
