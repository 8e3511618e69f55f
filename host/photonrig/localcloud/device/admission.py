"""Admission of devices: the handshake of a connection, and the check of the device's key."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.errors import ProtocolError
from photonrig.localcloud.device.contract import DeviceCallbacks
from photonrig.particle.handshake import (
    DEVICE_BLOCK_SIZE,
    NONCE_SIZE,
    SESSION_BLOCK_SIZE,
    DeviceIntroduction,
    SessionKeys,
    check_device_key,
    open_device_block,
    session_reply,
)


class AdmissionRefused(Exception):
    """Unknown device, or a key other than the enrolled one; the device gets no reply."""


class Admission:
    """Runs handshakes. RSA runs in threads: on all cores, and outside the event loop."""

    def __init__(self, callbacks: DeviceCallbacks, server_key: rsa.RSAPrivateKey) -> None:
        self.callbacks = callbacks
        self._server_key = server_key
        self._threads = ThreadPoolExecutor(max_workers=os.cpu_count(), thread_name_prefix="handshake")

    def close(self) -> None:
        """Stop starting RSA work."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def admit(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[DeviceIntroduction, SessionKeys]:
        """Run the handshake; returns the stated identity and the session keys, which the Hello has yet to prove.

        Raises AdmissionRefused, ProtocolError for a block that cannot be decrypted, IncompleteReadError at the stream's
        end.
        """
        loop = asyncio.get_running_loop()
        nonce = os.urandom(NONCE_SIZE)
        writer.write(nonce)
        block = await reader.readexactly(DEVICE_BLOCK_SIZE)
        device = await loop.run_in_executor(self._threads, open_device_block, self._server_key, block, nonce)
        self.check(device)
        session_block = os.urandom(SESSION_BLOCK_SIZE)
        writer.write(
            await loop.run_in_executor(self._threads, session_reply, self._server_key, device.public_key, session_block)
        )
        return device, SessionKeys.from_block(session_block)

    def check(self, device: DeviceIntroduction) -> None:
        """Check the key against the one enrolled now, or enrol an unknown device.

        Raises AdmissionRefused.
        """
        device_id, public_key = device.device_id, device.public_key
        enrolled = self.callbacks.public_key(device_id)
        if enrolled == public_key:
            return
        if enrolled is not None:
            raise AdmissionRefused(f"{device_id} showed another key than the one it is enrolled with")
        try:
            check_device_key(public_key)
        except ProtocolError as error:
            raise AdmissionRefused(f"{device_id} is unknown and {error}") from None
        if not self.callbacks.admit(device_id, public_key):
            raise AdmissionRefused(f"{device_id} is unknown; enrol its public key or admit unknown devices")
