"""API errors: 4xx and 5xx with a JSON body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """Ends a request with this status and body."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


def refused(status: int, text: str) -> ApiError:
    """Error body of most resources."""
    return ApiError(status, {"ok": False, "error": text})


def oauth_error(status: int, code: str, description: str) -> ApiError:
    """Error body of OAuth endpoints."""
    return ApiError(status, {"error": code, "error_description": description})
