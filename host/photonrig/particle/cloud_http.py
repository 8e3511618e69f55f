"""HTTP requests to a Particle cloud: one client, one token, every refusal a typed exception.

Tokens travel in the Authorization header only and never reach messages or ``repr``. Hosts of particle.io are refused
unless ``production_account`` names the account to act on.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypedDict, Unpack
from urllib.parse import urlencode, urlsplit

import httpx

from photonrig.clock import SYSTEM, Clock
from photonrig.closing import Closing
from photonrig.errors import NetworkError, UsageError, without_passwords
from photonrig.particle.cloud_errors import ApiError, RateLimited, is_failure, refusal
from photonrig.particle.cloud_types import Token
from photonrig.trace import Moment, Observer, Trouble

# Characters of an answer in a message.
_SHOWN = 600
_SECRETS = {"access_token", "refresh_token", "client_secret", "secret", "password", "claim_code", "mfa_token", "otp"}


def host_of(api: str) -> str:
    """Host in the base URL of a cloud.

    :raises UsageError: not such a URL
    """
    try:
        parts = urlsplit(api)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not re.search(r"\s", api):
            return parts.hostname
    except ValueError:  # port that is not a number, or an unclosed bracket
        pass
    raise UsageError(f"{without_passwords(api)!r} is no URL of a cloud; one is http://HOST:PORT or https://HOST")


class Parts(TypedDict, total=False):
    """Further parts of a request, as httpx names them; ``timeout`` in seconds."""

    json: Any
    data: Mapping[str, str]
    files: Sequence[tuple[str, tuple[str, bytes]]]
    params: Mapping[str, str]
    auth: tuple[str, str]
    timeout: float


class CloudHttp(Closing):
    """A client for one cloud, with one token or none; :meth:`using` returns it with another token."""

    def __init__(
        self,
        api: str,
        token: Token | None = None,
        *,
        production_account: str | None = None,
        timeout: float = 30.0,
        clock: Clock = SYSTEM,
    ) -> None:
        """``api`` is the base URL; ``timeout`` in seconds, for calls that involve no device.

        :raises UsageError: a bad URL, or Particle's cloud without ``production_account``
        """
        self.api = api.rstrip("/")
        self.token = token
        self.clock = clock
        host = host_of(api)
        if re.search(r"(^|\.)particle\.io\.?$", host) and production_account is None:
            raise UsageError(f"{host} is Particle's own cloud; name the account to act on with production_account")
        self.production_account = production_account
        self._observers: list[Observer] = []
        # Proxies apply to the internet, not to this machine.
        self.trust_env = not _is_loopback(host)
        self._client = httpx.Client(timeout=timeout, trust_env=self.trust_env)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.api!r}, {'no token' if self.token is None else self.token!r})"

    def close(self) -> None:
        """Close the connections, shared by all clients made by :meth:`using`."""
        self._client.close()

    def using(self, token: Token | None) -> Self:
        """The same cloud and connections with another token, or without one."""
        other = object.__new__(type(self))
        other.api, other.production_account = self.api, self.production_account
        other._observers = self._observers
        other.trust_env, other._client, other.clock = self.trust_env, self._client, self.clock
        other.token = token
        return other

    def request(
        self,
        method: str,
        path: str,
        *,
        device: str | None = None,
        **parts: Unpack[Parts],
    ) -> Any:
        """Send any request and return its JSON, ``{}`` for an empty answer.

        :raises ApiError: the cloud refused; see :mod:`photonrig.particle.cloud_errors`
        :raises NetworkError: no answer
        """
        response = self.send(method, path, **parts)
        return self.read(f"{method} {path}", response, device)

    def send(self, method: str, path: str, **parts: Unpack[Parts]) -> httpx.Response:
        """Send any request and return the raw answer.

        :raises NetworkError: no answer
        """
        headers = {}
        if "auth" not in parts and self.token is not None:
            headers["Authorization"] = f"Bearer {self.token.access_token}"
        began = self.clock.now()
        try:
            response = self._client.request(method, self.api + path, headers=headers, **parts)
        except httpx.TimeoutException:
            raise self._unanswered(f"{method} {path}: no answer from {self.api} in time", began, "silent") from None
        except httpx.HTTPError as error:
            raise self._unanswered(f"{method} {path}: {self.api} cannot be reached: {error}", began, "broke") from None
        if self._observers:
            self._note(method, path, parts, response, began)
        return response

    def add_observer(self, observer: Observer) -> None:
        """Call ``observer`` with every exchange from now on, of clients made by :meth:`using` too; secrets masked."""
        self._observers.append(observer)

    def before_each(self, hook: Callable[[str], None]) -> None:
        """Call ``hook`` with the path of every request before it is sent, for all clients that share the connections.

        An exception from it reaches the sender of the request, and nothing is sent.
        """
        self._client.event_hooks["request"].append(lambda request: hook(request.url.path))

    def shown(self, response: httpx.Response) -> str:
        """Status and beginning of an answer in one line, secrets masked."""
        try:
            body = json.dumps(_without_secrets(response.json()), ensure_ascii=False)
        except ValueError:
            body = f"{len(response.content)} bytes" if response.content else ""
        return self._masked(f"{response.status_code} {body[:_SHOWN]}".rstrip())

    def _tell(self, text: str, began: float, trouble: Trouble) -> None:
        for observer in self._observers:
            observer(Moment(began, "http", text, self.clock.now() - began, trouble))

    def _unanswered(self, text: str, began: float, trouble: Trouble) -> NetworkError:
        self._tell(self._masked(text), began, trouble)
        return NetworkError(text)

    def _note(
        self,
        method: str,
        path: str,
        parts: Parts,
        response: httpx.Response,
        began: float,
    ) -> None:
        query = parts.get("params")
        request = f"{method} {path}" + (f"?{urlencode(query)}" if query else "")
        if sent := parts.get("json") or parts.get("data"):
            request += f" {json.dumps(_without_secrets(sent), ensure_ascii=False)}"
        text = f"{self._masked(request)} -> {self.shown(response)}"
        self._tell(text, began, "failed" if response.is_server_error else "refused" if response.is_error else "")

    def read(self, request: str, response: httpx.Response, device: str | None = None) -> Any:
        """The JSON of an answer; ``request`` names it in messages.

        :raises ApiError: it is a refusal
        """
        status = response.status_code
        try:
            body = json.loads(response.content) if response.content.strip() else {}
        except ValueError:
            raise refusal(request, status, self._masked(response.text[:200]), device=device) from None
        if is_failure(status, body):
            raise self._refusal(request, response, json.loads(self._masked(json.dumps(body))), device)
        return body

    def _refusal(self, request: str, response: httpx.Response, body: Any, device: str | None) -> ApiError:
        error = refusal(request, response.status_code, body, device=device)
        if isinstance(error, RateLimited):
            wait = response.headers.get("Retry-After", "")
            error.retry_after = float(wait) if wait.isdecimal() else None
        return error

    def _masked(self, text: str) -> str:
        # Clouds repeat the caller's token in some refusals.
        return text if self.token is None else text.replace(self.token.access_token, "***")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: "***" if name in _SECRETS else _without_secrets(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return value
