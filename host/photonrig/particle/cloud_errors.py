"""Refusals of a Particle cloud as exceptions, by what the caller can do about them.

CloudError (photonrig.errors)
└── ApiError                    status, texts and body of any refusal
    ├── AuthError               token missing, unknown, revoked or expired: log in again
    │   ├── BadCredentials      wrong user, password or client
    │   └── MfaRequired         a one-time password is required; carries ``mfa_token``
    ├── NotFoundOrForbidden     403: no such device, or another account's; clouds do not distinguish
    ├── NotFound                404: no such device, product, variable, function or customer
    ├── DeviceOffline           the cloud could not reach the device
    ├── RateLimited             wait ``retry_after`` seconds
    ├── CompileFailed           the compiler's text is in ``output``
    ├── RequestRefused          any other refusal
    └── CloudFailed             5xx or an answer that is not JSON: the cloud itself is broken
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from photonrig.errors import CloudError


class ApiError(CloudError):
    """A refusal: HTTP ``status``, ``error`` and ``description`` as sent, ``texts`` from all known error fields."""

    def __init__(self, request: str, status: int, body: Any, *, device: str | None = None) -> None:
        fields = body if isinstance(body, dict) else {}
        self.request = request
        self.status = status
        self.body = body
        self.error = _text(fields.get("error"))
        self.description = _text(fields.get("error_description"))
        self.texts = tuple(_texts(fields.get("errors")))
        self.info = _text(fields.get("info"))
        super().__init__(f"{request}: {status}: {self._message()}", device=device)

    def _message(self) -> str:
        # The order in which the Particle CLI looks.
        for text in (self.description, self.error, "; ".join(self.texts), self.info):
            if text:
                return text
        return f"no reason given ({str(self.body)[:120]})" if self.body else "no reason given"


class AuthError(ApiError):
    """The token is missing, unknown, revoked or expired; log in again."""


class BadCredentials(AuthError):
    """User name and password, or client id and secret, are wrong."""


class MfaRequired(AuthError):
    """The account asks for a one-time password; log in again with one."""

    @property
    def mfa_token(self) -> str:
        """The token to send with the one-time password."""
        return str(self.body.get("mfa_token", ""))


class NotFoundOrForbidden(ApiError):
    """No such device, or another account's; clouds do not distinguish."""


class OwnedByAnother(NotFoundOrForbidden):
    """The device has another owner; it must be released first, or a transfer requested."""


class NotFound(ApiError):
    """No such device, product, variable, function or customer."""


class DeviceOffline(ApiError):
    """The cloud could not reach the device, or got no answer from it."""


class RateLimited(ApiError):
    """Too many requests; ``retry_after`` in seconds, None if the answer has none."""

    retry_after: float | None = None


class CompileFailed(ApiError):
    """The sources do not compile; ``output`` is the compiler's text."""

    @property
    def output(self) -> str:
        """The compiler's output."""
        return "\n".join(filter(None, (_text(self.body.get("stdout")), *self.texts, _text(self.body.get("output")))))


class RequestRefused(ApiError):
    """Any other refusal."""


class CloudFailed(ApiError):
    """The cloud itself is broken: 5xx, or an answer that is not JSON."""


_TIMED_OUT: Final = re.compile(r"timed out|isn't online|not online|offline|didn't hear back", re.IGNORECASE)
_BAD_CREDENTIALS: Final = {"invalid_grant", "invalid_client"}
_BAD_TOKEN: Final = {"invalid_token", "expired_token"}


def is_failure(status: int, body: Any) -> bool:
    """Whether an answer reports failure; some failures come with status 200."""
    if status >= 300:
        return True
    return isinstance(body, dict) and (body.get("ok") is False or bool(body.get("error")))


def refusal(request: str, status: int, body: Any, *, device: str | None = None) -> ApiError:
    """The exception for an answer; ``request`` is shown in its message and must hold no secrets."""
    return _kind(status, ApiError(request, status, body))(request, status, body, device=device)


def _kind(status: int, seen: ApiError) -> type[ApiError]:
    everything = " ".join((seen.error, seen.description, seen.info, *seen.texts))
    fields = seen.body if isinstance(seen.body, dict) else {}
    if seen.error == "mfa_required":
        return MfaRequired
    if seen.error in _BAD_CREDENTIALS:
        return BadCredentials
    if status == 401 or seen.error in _BAD_TOKEN or re.search("access token", seen.description, re.IGNORECASE):
        return AuthError
    if status in (429, 529):
        return RateLimited
    if "belongs to someone else" in everything:
        return OwnedByAnother
    if status == 408 or _TIMED_OUT.search(everything):
        return DeviceOffline
    if status == 403:
        return NotFoundOrForbidden
    if status == 404:
        return NotFound
    if "stdout" in fields or "output" in fields:
        return CompileFailed
    return CloudFailed if status >= 500 or not isinstance(seen.body, dict) else RequestRefused


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(errors: Any) -> Iterator[str]:
    """Texts of ``errors``, whose elements are a text, a list of text and status, or an object with ``error``."""
    for element in errors if isinstance(errors, list) else []:
        if isinstance(element, list) and element:
            yield str(element[0])
        elif isinstance(element, dict):
            inner = element.get("error")
            yield str(inner.get("status", inner) if isinstance(inner, dict) else inner)
        else:
            yield str(element)
