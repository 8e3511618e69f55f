"""Subject of the cloud's chapters: an account with a product and devices, at Particle's cloud or at a local one."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, Unpack

import httpx

from photonrig.clock import SYSTEM, Clock
from photonrig.parity.programme import Skipped
from photonrig.parity.subject import Photon
from photonrig.particle.cloud import Cloud
from photonrig.particle.cloud_http import Parts
from photonrig.particle.events import EventStream
from photonrig.scenarios.matrix import MatrixTarget
from photonrig.scenarios.matrix_cells import FAMILIES, TOKENS

# Tokens of people that only some accounts can offer, by the variable that holds each.
GUESTS: Final[Mapping[str, str]] = {
    "PARTICLE_TOKEN_V": "V",
    "PARTICLE_TOKEN_S": "S",
    "PARTICLE_TOKEN_D": "D",
    "PARTICLE_TOKEN_O": "O",
    "PARTICLE_TOKEN_T": "T",
    "PARTICLE_TOKEN_U": "U",
}
THROW_AWAY: Final = "an account made for this run, which it deletes"


class Target(MatrixTarget, Protocol):
    """A target of the matrix whose devices have names."""

    def device(self, state: str) -> str:
        """The device of a state."""


@dataclass(slots=True)
class Account:
    """``guests``: clouds with further tokens, see :data:`GUESTS`; ``passwords``: of the throw-away accounts T and U.

    ``photon``: a Photon in hand, for questions that take a device out of the account's reach.
    """

    target: Target
    guests: Mapping[str, Cloud] = field(default_factory=dict)
    passwords: Mapping[str, str] = field(default_factory=dict)
    photon: Photon | None = None
    clock: Clock = SYSTEM

    @property
    def product_id(self) -> int:
        """The product's id."""
        return int(self.target.names("user-owned")["p"])

    @property
    def product(self) -> str:
        """Path of the product."""
        return f"/v1/products/{self.product_id}"

    def acting(self, token: str) -> Cloud:
        """The cloud with a token of this kind.

        :raises Skipped: the account has none
        """
        found = self.guests.get(token) or self.target.acting(token)
        if found is None:
            variable = next((name for name, kind in GUESTS.items() if kind == token), "")
            needs = f"; set {variable}" if variable else ""
            raise Skipped(f"no token of {TOKENS.get(token, THROW_AWAY)}{needs}")
        return found

    def send(self, token: str, method: str, path: str, body: Any = None, **parts: Unpack[Parts]) -> httpx.Response:
        """Send a request as the holder of a token; ``{product}`` in the path is the product's."""
        if body is not None:
            parts["json"] = body
        parts.setdefault("timeout", 60.0)
        return self.acting(token).send(method, path.replace("{product}", self.product), **parts)

    def ask(self, token: str, method: str, path: str, body: Any = None, **parts: Unpack[Parts]) -> str:
        """A request's status with the text of a refusal, or with the shape of another answer."""
        return shown(self.send(token, method, path, body, **parts))

    def arranged(self, state: str) -> str:
        """The device of a state, brought into it."""
        self.target.arrange(state)
        return self.target.device(state)

    def owner(self, device: str) -> Any:
        """The owner of a device as the product's team sees it."""
        return self.send("M", "GET", f"{{product}}/devices/{device}").json().get("owner")

    def stream(self) -> EventStream:
        """The central user's own stream."""
        self.target.opening("/v1/devices/events")
        return EventStream(self.acting("M"), "/v1/devices/events")

    def customer(self) -> str:
        """Make a customer with a password; returns the e-mail. Delete it by :meth:`forget`."""
        email = f"{fresh()}@example.com"
        self.send("M", "POST", "{product}/customers", {"email": email, "password": secrets.token_urlsafe(12)})
        return email

    def forget(self, email: str) -> None:
        """Delete a customer."""
        self.target.swept(FAMILIES["customer-create"], {"email": email})

    def in_reach(self) -> None:
        """Check that a device may be taken out of the product: only one that is in hand can be brought back.

        :raises Skipped: none is
        """
        if not self.target.asks("product-remove") and self.photon is None:
            raise Skipped("takes a device out of the product; needs a board in hand (--rig)")


def fresh() -> str:
    """A name that nothing else has; the scrubber knows its shape."""
    return f"parity-{secrets.token_hex(4)}"


def shown(response: httpx.Response, *, whole: bool = False) -> str:
    """Status and text of a refusal; of any other answer the status and its shape, or all of it if ``whole``."""
    if not response.content:
        return f"{response.status_code}, no body"
    try:
        body = response.json()
    except ValueError:
        return f"{response.status_code} {response.text[:300]}"
    return (
        f"{response.status_code} {json.dumps(body if whole or response.is_error else shape(body), ensure_ascii=False)}"
    )


def shape(value: Any) -> Any:
    """A JSON value with the kinds of its members in place of their values; of a list, the first."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in sorted(value.items())}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return {bool: "truth", int: "number", float: "number", str: "text", type(None): "null"}[type(value)]
