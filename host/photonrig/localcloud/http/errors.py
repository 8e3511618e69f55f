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


_OAUTH = {"invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "invalid_token", "mfa_required"}
NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""Headers of every answer of OAuth: recorded 2015, and lib/error.js of github.com/particle-iot/node-oauth2-server."""


def error_headers(body: Mapping[str, Any]) -> Mapping[str, str]:
    """Headers of an error with this body."""
    error = body.get("error")
    if "ok" in body or not isinstance(error, str) or error not in _OAUTH:
        return {}
    return NOT_STORED | ({"WWW-Authenticate": 'Basic realm="Service"'} if error == "invalid_client" else {})
