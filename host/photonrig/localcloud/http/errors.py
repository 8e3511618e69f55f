"""Refusals as the API words them; every one is a 4xx or 5xx with a JSON body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "ApiError",
    "combined",
    "errors_list",
    "oauth_error",
    "refused",
]


class ApiError(Exception):
    """Ends a request with this status and body."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


def refused(status: int, text: str) -> ApiError:
    """The shape of most resource errors."""
    return ApiError(status, {"ok": False, "error": text})


def errors_list(status: int, text: str) -> ApiError:
    """The shape of claims and tokens."""
    return ApiError(status, {"ok": False, "errors": [text]})


def oauth_error(status: int, code: str, description: str) -> ApiError:
    """The shape of the OAuth layer."""
    return ApiError(status, {"error": code, "error_description": description})


def combined(status: int, text: str, **more: Any) -> ApiError:
    """The shape for compile and flash: whichever key a client's version reads, it finds the text."""
    body = {"ok": False, "error": text, "errors": [text], "info": text, "output": text, "stdout": ""}
    # With a status other than 400 this is the only one that the Particle CLI 3.19.0 shows in `flash --local`.
    return ApiError(status, body | {"error_description": text} | more)
