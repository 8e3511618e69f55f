"""A Particle cloud's accounts, devices and products, normalized over the spellings of its endpoints."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import quote

from photonrig.errors import ProtocolError, UsageError

Principal = Literal["user", "customer", "product", "api user"]

_DEVICE_ID: Final = re.compile("[0-9A-Fa-f]{24}")


class Owner(NamedTuple):
    """An account that owns a device: kind and id together, because ids of different kinds may coincide."""

    kind: Literal["user", "customer"]
    id: str


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and what is known of it; its text never appears in ``repr``.

    ``principal`` is the account; ``expires_in`` in seconds, None for one that never expires.
    """

    access_token: str = field(repr=False)
    principal: Principal = "user"
    refresh_token: str | None = field(default=None, repr=False)
    expires_in: int | None = None
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """An OAuth client; the cloud shows the secret once."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """The family of URLs a call uses: the caller's own devices, or those of a product.

    With ``organization`` the product's devices are reached by the paths of 2016; ``root`` "/extensions/v1/any" is a
    local cloud's family for owners and teams alike.
    """

    product: str | None = None
    organization: str | None = None
    root: str = "/v1"

    @property
    def devices(self) -> str:
        """Path of the device list."""
        return f"{self._base}/devices"

    @property
    def events(self) -> str:
        """Path of the event stream of all these devices."""
        return f"{self.root}/devices/events" if self.product is None else f"{self._base}/events"

    @property
    def _base(self) -> str:
        if self.product is None:
            return self.root
        return (f"/v1/orgs/{self.organization}" if self.organization else "/v1") + f"/products/{self.product}"

    def device(self, device: str) -> str:
        """Path of one device: an id in any case, or, among the caller's own devices, a name.

        :raises UsageError: a name where only ids are accepted
        """
        if self.product is not None and not _DEVICE_ID.fullmatch(device):
            raise UsageError(f"a product's device is named by its id of 24 hex digits, not by {device!r}")
        if self.organization is not None:
            return f"/v1/orgs/{self.organization}/devices/{device_ref(device)}"
        return f"{self.devices}/{device_ref(device)}"


def user() -> Scope:
    """The caller's own devices: ``/v1/devices/…``."""
    return Scope()


def product(ref: int | str) -> Scope:
    """The devices of a product, by id or slug: ``/v1/products/:p/devices/…``."""
    return Scope(quote(str(ref), safe=""))


def legacy_org(organization: str, ref: int | str) -> Scope:
    """A product's devices by way of its organization, as in 2016: ``/v1/orgs/:o/devices/:id`` and the like."""
    return Scope(quote(str(ref), safe=""), quote(organization, safe=""))


def shared() -> Scope:
    """All devices the token reaches, as owner or team member: an extension of local clouds."""
    return Scope(root="/extensions/v1/any")


USER: Final = Scope()


def device_ref(device: str) -> str:
    """A device id in lower case, or a device name quoted for a path.

    :raises UsageError: empty
    """
    if not device:
        raise UsageError("the device id is empty")
    return device.lower() if _DEVICE_ID.fullmatch(device) else quote(device, safe="")


@dataclass(frozen=True, slots=True)
class CloudDevice:
    """A device as a cloud describes it.

    ``owner`` is None when the answer names no account; ``owner_name`` is the e-mail in product answers.
    ``product_id`` is None for a device outside products. Variables map names to "int32", "double", "string", "bool".
    """

    id: str
    name: str | None
    online: bool
    platform_id: int | None
    product_id: int | None
    owner: Owner | None
    owner_name: str | None
    variables: dict[str, str]
    functions: tuple[str, ...]
    firmware_product_id: int | None
    firmware_version: int | None
    system_version: str | None
    raw: dict[str, Any] = field(repr=False)

    @property
    def owned(self) -> bool:
        """Whether the answer names an owner."""
        return self.owner is not None or self.owner_name is not None

    @classmethod
    def parse(cls, body: Any) -> CloudDevice:
        """Read a device object of any endpoint.

        :raises ProtocolError: not a device object
        """
        device_id = body.get("id", body.get("deviceID")) if isinstance(body, dict) else None
        if not isinstance(device_id, str):
            raise ProtocolError(f"the cloud's answer is no device: {str(body)[:120]}")
        platform_id, product_id = body.get("platform_id"), body.get("product_id")
        return cls(
            id=device_id.lower(),
            name=body.get("name"),
            online=bool(body.get("online", body.get("connected", False))),
            platform_id=platform_id,
            # A device outside products reports its platform id as its product id.
            product_id=None if product_id == platform_id else product_id,
            owner=_owner(body),
            owner_name=body.get("owner"),
            variables=dict(body.get("variables") or {}),
            functions=tuple(body.get("functions") or ()),
            firmware_product_id=body.get("firmware_product_id"),
            firmware_version=body.get("firmware_version"),
            system_version=body.get("system_firmware_version"),
            raw=body,
        )


def _owner(body: dict[str, Any]) -> Owner | None:
    if body.get("customer_id"):
        return Owner("customer", str(body["customer_id"]))
    if body.get("user_id"):
        return Owner("user", str(body["user_id"]))
    return None


@dataclass(frozen=True, slots=True)
class Product:
    """A product."""

    id: int
    slug: str
    name: str
    platform_id: int

    @classmethod
    def parse(cls, body: Any) -> Product:
        """Read a product object; older clouds wrap it in a list.

        :raises ProtocolError: not a product
        """
        inner = body.get("product", body) if isinstance(body, dict) else body
        if isinstance(inner, list) and inner:
            inner = inner[0]
        try:
            return cls(int(inner["id"]), str(inner["slug"]), str(inner["name"]), int(inner["platform_id"]))
        except (KeyError, TypeError, ValueError):
            raise ProtocolError(f"the cloud's answer is no product: {str(body)[:120]}") from None


@dataclass(frozen=True, slots=True)
class Customer:
    """A product's customer with the devices owned."""

    id: str
    username: str
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TeamMember:
    """A member of a product's or organization's team: a user with a role, or an API user with scopes."""

    username: str
    role: str | None
    programmatic: bool = False
    name: str | None = None
    scopes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, body: Any) -> TeamMember:
        """Read an entry of a team.

        :raises ProtocolError: not a team member
        """
        if not isinstance(body, dict) or not isinstance(body.get("username"), str):
            raise ProtocolError(f"the cloud's answer is no team member: {str(body)[:120]}")
        return cls(
            body["username"],
            body.get("role"),
            bool(body.get("is_programmatic")),
            body.get("friendly_name"),
            tuple(body.get("scopes") or ()),
        )


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Result of an import by device id; ``existing`` were in the product before."""

    updated: tuple[str, ...]
    existing: tuple[str, ...]
    nonmember: tuple[str, ...]
    invalid: tuple[str, ...]
    protected: tuple[str, ...]

    @classmethod
    def parse(cls, body: dict[str, Any]) -> ImportResult:
        """Read an import's answer; missing lists are empty."""
        names = ("updated", "existing", "nonmember", "invalid", "protected")
        return cls(*(tuple(body.get(f"{name}DeviceIds") or ()) for name in names))


@dataclass(frozen=True, slots=True)
class ClaimCode:
    """A claim code and the ids of the devices its account owned when it was issued."""

    code: str = field(repr=False)
    device_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BuiltBinary:
    """A finished build: its id for :meth:`Cloud.download_binary`, and the two-line size table."""

    id: str
    size_info: str


@dataclass(frozen=True, slots=True)
class FirmwareVersion:
    """A version of a product's firmware: its releases, and the number of devices that run it."""

    version: int
    product_default: bool
    groups: tuple[str, ...]
    device_count: int


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook: ``event`` is the prefix of the event names that fire it."""

    id: str
    event: str
    url: str

    @classmethod
    def parse(cls, body: Any) -> Webhook:
        """Read one entry.

        :raises ProtocolError: it has no id
        """
        if not isinstance(body, dict) or not body.get("id"):
            raise ProtocolError(f"the cloud's answer is no webhook: {body}")
        return cls(str(body["id"]), str(body.get("event") or ""), str(body.get("url") or ""))
