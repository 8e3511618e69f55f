"""Client for a Particle cloud's HTTP API: tokens, products, customers, claims and device control.

Works with Particle's cloud and with a local one.

    with Cloud("http://127.0.0.1:8080") as cloud:
        central = cloud.using(cloud.log_in("central@example.com", "password"))
        central.device("living room").online
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import quote

import httpx

from photonrig.errors import ProtocolError, UsageError
from photonrig.particle.cloud_product import ProductCalls
from photonrig.particle.cloud_team import TeamCalls
from photonrig.particle.cloud_types import (
    USER,
    BuiltBinary,
    ClaimCode,
    ClientCredentials,
    CloudDevice,
    Customer,
    FirmwareVersion,
    ImportResult,
    Owner,
    Product,
    Scope,
    TeamMember,
    Token,
    Webhook,
    device_ref,
    legacy_org,
    product,
    shared,
    user,
)

__all__ = [
    "USER",
    "BuiltBinary",
    "ClaimCode",
    "ClientCredentials",
    "Cloud",
    "CloudDevice",
    "Customer",
    "FirmwareVersion",
    "ImportResult",
    "Owner",
    "Product",
    "Scope",
    "TeamMember",
    "Token",
    "Webhook",
    "device_ref",
    "legacy_org",
    "product",
    "shared",
    "user",
]

# Clients known to every cloud; a personal password grant accepts any of them.
_PUBLIC_CLIENT: Final = ClientCredentials("particle", "particle")
# Variables and functions take up to 30 s in the cloud, flashing 60 s, compiling minutes.
_CALL: Final = 40.0
_FLASH: Final = 90.0
_COMPILE: Final = 300.0


class Cloud(ProductCalls, TeamCalls):
    """A client for one cloud, with one token or none; :meth:`using` returns it with another token."""

    def _product(self, scope: Scope) -> Scope:
        if scope.product is not None and self.token is not None and self.token.principal == "customer":
            raise UsageError(
                "customers have no part in a product; use their own devices, or the token of a team member"
            )
        return scope

    # --- accounts and tokens ----------------------------------------------------------------------------------------

    def create_user(self, username: str, password: str) -> None:
        """Create a user account."""
        self.request("POST", "/v1/users", json={"username": username, "password": password})

    def username(self) -> str:
        """Name of the user the token belongs to."""
        return str(self.request("GET", "/v1/user").get("username"))

    def log_in(self, username: str, password: str, *, expires_in: int | None = None, otp: str | None = None) -> Token:
        """Log in as a user; ``expires_in`` in seconds, 0 for a token that never expires, None for the cloud's default.

        :raises BadCredentials: wrong user or password
        :raises MfaRequired: the account requires a one-time password, the parameter ``otp``
        """
        form = {"grant_type": "password", "username": username, "password": password}
        if expires_in is not None:
            form["expires_in"] = str(expires_in)
        body = self._grant(form, _PUBLIC_CLIENT, accept_mfa=otp is not None)
        if otp is not None and body.get("error") == "mfa_required":
            body = self._grant(
                {"grant_type": "urn:custom:mfa-otp", "mfa_token": body["mfa_token"], "otp": otp}, _PUBLIC_CLIENT
            )
        return _token(body, "user")

    def product_token(self, client: ClientCredentials) -> Token:
        """A token with full access to the client's product."""
        return _token(self._grant({"grant_type": "client_credentials"}, client), "product")

    def customer_token(self, client: ClientCredentials, email: str, *, expires_in: int | None = None) -> Token:
        """A token of an existing customer of the client's product; ``expires_in`` as in :meth:`log_in`."""
        form = {"grant_type": "client_credentials", "scope": f"customer={email}"}
        if expires_in is not None:
            form["expires_in"] = str(expires_in)
        return _token(self._grant(form, client), "customer", email)

    def refresh(self, token: Token, client: ClientCredentials = _PUBLIC_CLIENT) -> Token:
        """A new pair of tokens for the same principal.

        :raises UsageError: the token came without a refresh token
        """
        if token.refresh_token is None:
            raise UsageError("the token has no refresh token; log in again")
        form = {"grant_type": "refresh_token", "refresh_token": token.refresh_token}
        return _token(self._grant(form, client), token.principal, token.customer)

    def revoke(self) -> None:
        """Revoke the token in use."""
        self.request("DELETE", "/v1/access_tokens/current")

    def _grant(self, form: Mapping[str, str], client: ClientCredentials, *, accept_mfa: bool = False) -> dict[str, Any]:
        response = self.send("POST", "/oauth/token", data=form, auth=(client.id, client.secret))
        if accept_mfa and response.status_code == httpx.codes.FORBIDDEN and "mfa_token" in response.text:
            return cast("dict[str, Any]", response.json())
        return cast("dict[str, Any]", self.read("POST /oauth/token", response))

    # --- products, clients, customers -------------------------------------------------------------------------------

    def create_product(self, name: str, *, platform_id: int = 6, description: str = "") -> Product:
        """Create a product for one platform (6 is the Photon)."""
        fields = {"name": name, "platform_id": platform_id, "description": description or name}
        return Product.parse(self.request("POST", "/v1/user/products", json={"product": fields}))

    def product(self, ref: int | str) -> Product:
        """A product by id or slug."""
        return Product.parse(self.request("GET", f"/v1/products/{_quoted(ref)}"))

    def products(self) -> tuple[Product, ...]:
        """The user's products."""
        return tuple(Product.parse(entry) for entry in self.request("GET", "/v1/user/products")["products"])

    def create_client(
        self,
        name: str,
        *,
        product: int | str | None = None,
        organization: str | None = None,
        kind: str = "installed",
        scope: str | None = None,
    ) -> ClientCredentials:
        """An OAuth client, of a product, of an organization (in 2016), or of the user.

        ``kind`` is "installed" or "web".
        """
        path = "/v1/clients" if product is None else f"/v1/products/{_quoted(product)}/clients"
        optional = {"scope": scope, "organization": organization}
        fields = {"name": name, "type": kind} | {key: value for key, value in optional.items() if value is not None}
        made = self.request("POST", path, json=fields)["client"]
        return ClientCredentials(made["id"], made["secret"])

    def import_devices(self, ref: int | str, ids: Sequence[str], *, claim_user: str | None = None) -> ImportResult:
        """Import devices into a product; unowned ones are claimed for the team member ``claim_user`` if given."""
        fields: dict[str, Any] = {"ids": [device.lower() for device in ids]}
        if claim_user is not None:
            fields["claim_user"] = claim_user
        return ImportResult.parse(self.request("POST", product(ref).devices, json=fields))

    def remove_device(self, ref: int | str, device: str, *, deny: bool = False) -> None:
        """Remove a device from a product; a customer's claim ends with it. ``deny`` keeps a quarantined one out."""
        path = self._product(product(ref)).device(device)
        self.request("DELETE", path, json={"deny": True} if deny else None, device=device)

    def create_customer(
        self,
        ref: int | str,
        email: str,
        *,
        client: ClientCredentials | None = None,
        password: str | None = None,
        organization: bool = False,
    ) -> Token:
        """Create a customer; returns the customer's first token.

        With ``client`` this is two-legged authentication and needs no password; without it, the developer's token and a
        password are used. ``ref`` is a product, or with ``organization`` (in 2016) the slug of one.

        :raises UsageError: neither client nor password
        """
        if client is None and password is None:
            raise UsageError("a customer without password can be created with an OAuth client only")
        form = {"email": email, "no_password": "true"} if password is None else {"email": email, "password": password}
        if client is not None:
            form |= {"client_id": client.id, "client_secret": client.secret}
        sender = self if client is None else self.using(None)
        path = f"/v1/{'orgs' if organization else 'products'}/{_quoted(ref)}/customers"
        return _token(sender.request("POST", path, data=form), "customer", email)

    def customers(self, ref: int | str) -> tuple[Customer, ...]:
        """All customers of a product."""
        found: list[Customer] = []
        for body in self._pages(f"/v1/products/{_quoted(ref)}/customers"):
            for entry in body["customers"]:
                found.append(Customer(str(entry["id"]), str(entry["username"]), tuple(entry.get("devices") or ())))
        return tuple(found)

    def remove_customer(self, ref: int | str, email: str) -> None:
        """Delete a customer with all tokens and claim codes."""
        self.request("DELETE", f"/v1/products/{_quoted(ref)}/customers/{_quoted(email)}")

    # --- claims -----------------------------------------------------------------------------------------------------

    def create_claim_code(self, product: int | str | None = None, *, organization: str | None = None) -> ClaimCode:
        """A claim code: without product for a user, with product (in 2016 of an organization) for its customer."""
        path = "/v1/device_claims" if product is None else f"/v1/products/{_quoted(product)}/device_claims"
        if organization is not None:
            path = path.replace("/v1/", f"/v1/orgs/{_quoted(organization)}/", 1)
        body = self.request("POST", path, json={})
        return ClaimCode(body["claim_code"], tuple(body.get("device_ids") or ()))

    def claim(self, device: str, *, request_transfer: bool = False) -> Owner | None:
        """Claim a device for the token's account; returns the owner in the cloud's answer.

        :raises OwnedByAnother: it must be released first
        :raises DeviceOffline: a device outside products must be online
        """
        fields: dict[str, Any] = {"id": device.lower()} | ({"request_transfer": True} if request_transfer else {})
        body = self.request("POST", "/v1/devices", json=fields, device=device)
        return CloudDevice.parse({"id": device, **body}).owner

    def request_transfer(self, device: str) -> str:
        """Request a device from the user who owns it; returns the request's id, for the owner to approve or deny.

        :raises OwnedByAnother: the owner is a customer, who cannot be asked
        :raises ProtocolError: no request was made: the device was unowned and is now the caller's
        """
        body = self.request("POST", "/v1/devices", json={"id": device.lower(), "request_transfer": True})
        if "transfer_id" not in body:
            raise ProtocolError("the device was free and is claimed now", device=device)
        return str(body["transfer_id"])

    def change_owner(
        self, device: str, scope: Scope, *, customer: str | None = None, user: str | None = None
    ) -> CloudDevice:
        """Change the owner of a product's device to a customer or team member in one step: never unowned, session kept.

        An extension of local clouds (``--extensions``), absent from Particle's cloud.

        :raises UsageError: not exactly one new owner is named, or the scope is not a product's
        :raises NotFound: the cloud has no such extension, device, customer or user
        """
        if (customer is None) == (user is None) or scope.product is None or scope.organization is not None:
            raise UsageError("an owner is changed through a product, to either a customer or a user")
        path = f"{self._product(scope).device(device)}/owner"
        body = {"customer": customer} if customer is not None else {"user": user}
        return CloudDevice.parse(self.request("PUT", path, json=body, device=device))

    def release(self, device: str, scope: Scope = USER) -> None:
        """End the claim: the caller's own, or through the product any.

        :raises UsageError: in 2016 an organization could not; the owner can, or the console
        """
        if scope.organization is not None:
            raise UsageError("an organization of 2016 cannot release a device; its owner can, or the console")
        path = self._product(scope).device(device)
        self.request("DELETE", path if scope.product is None else f"{path}/owner", device=device)

    # --- devices ----------------------------------------------------------------------------------------------------

    def devices(self, scope: Scope = USER) -> tuple[CloudDevice, ...]:
        """All devices claimed to the caller, or all devices of a product."""
        self._product(scope)
        if scope.product is None:
            body = self.request("GET", scope.devices)
            entries = body if isinstance(body, list) else body["devices"]
            return tuple(CloudDevice.parse(entry) for entry in entries)
        pages = self._pages(scope.devices)
        return tuple(CloudDevice.parse(entry) for body in pages for entry in body["devices"])

    def device(self, device: str, scope: Scope = USER) -> CloudDevice:
        """One device."""
        return CloudDevice.parse(self.request("GET", self._product(scope).device(device), device=device))

    def variable(self, device: str, name: str, scope: Scope = USER) -> Any:
        """The value of a variable: bool, int, float or str.

        :raises DeviceOffline: no answer from the device
        :raises NotFound: no such variable
        """
        path = f"{self._product(scope).device(device)}/{_quoted(name)}"
        return self.request("GET", path, timeout=_CALL, device=device)["result"]

    def call(self, device: str, function: str, argument: str = "", scope: Scope = USER) -> int:
        """Call a function and return its 32-bit result.

        :raises DeviceOffline: no answer from the device
        :raises NotFound: no such function
        """
        path = f"{self._product(scope).device(device)}/{_quoted(function)}"
        body = self.request("POST", path, json={"arg": argument}, timeout=_CALL, device=device)
        if not isinstance(body.get("return_value"), int):
            raise ProtocolError(f"the cloud's answer to {function} has no return value: {body}", device=device)
        return int(body["return_value"])

    def rename(self, device: str, name: str, scope: Scope = USER) -> None:
        """Give a device a name."""
        self.request("PUT", self._product(scope).device(device), json={"name": name}, device=device)

    def signal(self, device: str, on: bool, scope: Scope = USER) -> None:
        """Start or stop the rainbow of a device's LED."""
        fields = {"signal": "1" if on else "0"}
        path = self._product(scope).device(device)
        self.request("PUT", path, json=fields, timeout=_CALL, device=device)

    def ping(self, device: str, scope: Scope = USER) -> bool:
        """Whether the device answers now."""
        path = f"{self._product(scope).device(device)}/ping"
        return bool(self.request("PUT", path, json={}, timeout=_CALL, device=device).get("online"))

    def publish(self, name: str, data: str = "", *, ttl: int = 60, private: bool = True, scope: Scope = USER) -> None:
        """Publish an event as the caller, or to a product; ``ttl`` in seconds."""
        fields = {"name": name, "data": data, "private": private, "ttl": ttl}
        self._product(scope)
        if scope.organization is not None:
            raise UsageError("an organization of 2016 publishes nothing; a user or product does")
        self.request("POST", scope.events, json=fields)

    def provision(self, device: str, public_key_pem: str, *, product_id: int | None = None) -> None:
        """Send a device's public key (PEM) to the cloud."""
        fields = {"deviceID": device.lower(), "publicKey": public_key_pem, "filename": "photonrig", "algorithm": "rsa"}
        if product_id is not None:
            fields["product_id"] = str(product_id)
        self.request("POST", f"/v1/provisioning/{device_ref(device)}", data=fields, device=device)

    # --- firmware ---------------------------------------------------------------------------------------------------

    def compile(
        self, files: Mapping[str, bytes], *, platform_id: int = 6, target_version: str | None = None
    ) -> BuiltBinary:
        """Compile sources, given by their paths in the project, for a Device OS version or the latest.

        :raises CompileFailed: ``output`` has the compiler's text
        """
        form = {"platform_id": str(platform_id)}
        form |= {"latest": "true"} if target_version is None else {"build_target_version": target_version}
        parts = [
            (f"file{number or ''}", (name, content)) for number, (name, content) in enumerate(sorted(files.items()))
        ]
        body = self.request("POST", "/v1/binaries", data=form, files=parts, timeout=_COMPILE)
        return BuiltBinary(body["binary_id"], body.get("sizeInfo") or "")

    def download_binary(self, binary: BuiltBinary) -> bytes:
        """The firmware image of a build."""
        path = f"/v1/binaries/{binary.id}"
        response = self.send("GET", path)
        if response.status_code != httpx.codes.OK:
            self.read(f"GET {path}", response)
        return response.content

    def flash(self, device: str, image: bytes, *, name: str = "firmware.bin", scope: Scope = USER) -> None:
        """Send a firmware image to a device; progress comes as ``spark/flash/status`` events.

        :raises DeviceOffline: the device could not be reached
        """
        path = self._product(scope).device(device)
        self.request(
            "PUT", path, data={"latest": "true"}, files=[("file", (name, image))], timeout=_FLASH, device=device
        )

    def _pages(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        pages = 1
        while len(found) < pages:
            page = str(len(found) + 1)
            # Both spellings of the page size are in use.
            body = self.request("GET", path, params={"page": page, "perPage": "100", "per_page": "100"})
            found.append(body)
            pages = int((body.get("meta") or {}).get("total_pages") or 1)
        return found


def _token(body: dict[str, Any], principal: Any, customer: str | None = None) -> Token:
    text = body.get("access_token")
    if not isinstance(text, str):
        raise ProtocolError("the cloud answered a grant without an access token")
    return Token(text, principal, body.get("refresh_token"), body.get("expires_in") or None, customer)


def _quoted(part: int | str) -> str:
    return quote(str(part), safe="")
