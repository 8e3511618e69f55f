"""Refusals: one table, situation → status and body, with per-era differences.

A text may hold names in braces, filled in by the handler.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from photonrig.localcloud import assumptions
from photonrig.localcloud.assumptions import Source


class Situation(Enum):
    """Reasons for a refusal."""

    INVALID = auto()
    FORBIDDEN = auto()
    UNKNOWN = auto()
    CONFLICT = auto()
    ACCOUNT_INVALID = auto()
    ACCOUNT_UNPROVEN = auto()
    BUILD_INVALID = auto()
    BUILD_FORBIDDEN = auto()
    BUILD_FAILED = auto()
    BUILD_CROWDED = auto()
    FLASH_UNKNOWN = auto()
    FLASH_TOO_LARGE = auto()
    FLASH_BUSY = auto()
    FLASH_OFFLINE = auto()
    GRANT_INVALID_REQUEST = auto()
    GRANT_INVALID_CLIENT = auto()
    GRANT_INVALID = auto()
    GRANT_INVALID_SCOPE = auto()
    GRANT_BAD_CLIENT = auto()
    GRANT_NEEDS_OTP = auto()
    TOKEN_INVALID = auto()
    TOKEN_EXPIRED = auto()
    DEVICE_DENIED = auto()
    ACCOUNT_DENIED = auto()
    PRODUCT_TOKEN_DENIED = auto()
    API_USER_DENIED = auto()
    ROLE_DENIED = auto()
    CUSTOMER_IN_PRODUCT = auto()
    PRODUCT_UNKNOWN = auto()
    SLUG_UNKNOWN = auto()
    NOT_IN_PRODUCT = auto()
    ORGANIZATION_UNKNOWN = auto()
    ORGANIZATION_DENIED = auto()
    CLAIM_WITHOUT_ID = auto()
    CLAIM_UNKNOWN = auto()
    CLAIM_OFFLINE = auto()
    CLAIM_FOREIGN = auto()
    CLAIM_OTHER_PRODUCT = auto()
    CLAIM_NOT_A_MEMBER = auto()
    CODE_NOT_FOR_USERS = auto()
    CLAIM_CODE_TAKEN = auto()
    ANSWER_UNREADABLE = auto()
    VITALS_OFFLINE = auto()
    VARIABLE_OFFLINE = auto()
    VARIABLE_UNKNOWN = auto()
    FUNCTION_DENIED = auto()
    FUNCTION_OFFLINE = auto()
    FUNCTION_UNKNOWN = auto()
    SIGNAL_OFFLINE = auto()
    REMOVAL_UNKNOWN = auto()
    LIBRARY_UNKNOWN = auto()
    CUSTOMER_EXISTS = auto()
    PREFIX_MISSING = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Status and body of one refusal."""

    status: int
    body: Mapping[str, Any]
    source: Source

    def filled(self, **words: str) -> dict[str, Any]:
        """The body with the names in braces replaced."""
        return {name: _filled(value, words) for name, value in self.body.items()}


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, word in words.items():
            value = value.replace(f"{{{name}}}", word)
        return value
    if isinstance(value, dict):
        return {name: _filled(each, words) for name, each in value.items()}
    return [_filled(each, words) for each in value] if isinstance(value, list) else value


def _says(status: int, text: str, source: Source) -> Refusal:
    return Refusal(status, {"ok": False, "error": text}, source)


def _lists(status: int, entry: Any, source: Source) -> Refusal:
    return Refusal(status, {"ok": False, "errors": [entry]}, source)


def _oauth(status: int, code: str, description: str, source: Source) -> Refusal:
    return Refusal(status, {"error": code, "error_description": description}, source)


def _build(status: int, text: str = "{text}", **more: Any) -> Refusal:
    """The body of compile and flash refusals, with the text under each key that client versions read."""
    body = {"ok": False, "error": text, "errors": [text], "info": text, "output": text, "stdout": ""}
    # With a status other than 400, the Particle CLI 3.19.0 shows only error_description in `flash --local`.
    return Refusal(status, body | {"error_description": text} | more, "client test")


# The real cloud completes this address with the caller's token; this one never repeats secrets.
_HINT = "I didn't recognize that device name or ID, try opening {base_url}v1/devices?access_token=undefined"
_DENIED = {"ok": False, "error": "Permission Denied", "info": _HINT}
_NO_ROLE = "Organization not found for user's role."
_STATUS_EXISTS, _TEXT_EXISTS = assumptions.CUSTOMER_EXISTS.chosen
_TAKEN_STATUS, _TAKEN_TEXT = assumptions.CLAIM_CODE_TAKEN.chosen
_BAD_CLIENT: tuple[str, str] = assumptions.BAD_CLIENT.chosen
_OFFLINE_STATUS, _OFFLINE_TEXT = assumptions.OFFLINE_CLAIM_2016.chosen

REFUSALS_TODAY: Mapping[Situation, Refusal] = {
    Situation.INVALID: _says(400, "{text}", "choice"),
    Situation.FORBIDDEN: _says(403, "{text}", "choice"),
    Situation.UNKNOWN: _says(404, "{text}", "choice"),
    Situation.CONFLICT: _says(409, "{text}", "choice"),
    Situation.ACCOUNT_INVALID: _lists(400, "{text}", "recorded"),
    Situation.ACCOUNT_UNPROVEN: _lists(401, "{text}", "recorded"),
    Situation.BUILD_INVALID: _build(400),
    Situation.BUILD_FORBIDDEN: _build(403),
    Situation.BUILD_FAILED: Refusal(
        406,
        {
            "ok": False,
            "code": 406,
            "output": "Compiler timed out or encountered an error",
            "stdout": "",
            # Of a status other than 400, `flash --local` of the CLI 3.19.0 prints this alone.
            "error_description": "{text}",
            # The CLI 3.19.0 and today's print the first entry whole; their suites look for its first line.
            "errors": ["make -C ../modules/photon/user-part all\n{compiler_output}\nmake: *** [user] Error 2"],
        },
        "client test",
    ),
    Situation.BUILD_CROWDED: _build(503),
    Situation.FLASH_UNKNOWN: _build(404),
    Situation.FLASH_TOO_LARGE: _build(413),
    Situation.FLASH_BUSY: _build(409, "The device is being updated; wait until that has ended"),
    Situation.FLASH_OFFLINE: _build(500, "Request Timed Out", code=500),
    Situation.GRANT_INVALID_REQUEST: _oauth(400, "invalid_request", "{text}", "documented"),
    Situation.GRANT_INVALID_CLIENT: _oauth(400, "invalid_client", "{text}", "documented"),
    Situation.GRANT_INVALID: _oauth(400, "invalid_grant", "{text}", "documented"),
    Situation.GRANT_INVALID_SCOPE: _oauth(400, "invalid_scope", "{text}", "documented"),
    Situation.GRANT_BAD_CLIENT: _oauth(400, *_BAD_CLIENT, "published"),
    Situation.GRANT_NEEDS_OTP: Refusal(
        403,
        {
            "error": "mfa_required",
            "error_description": "Multifactor authentication required",
            "mfa_token": "{mfa_token}",
        },
        "client test",
    ),
    Situation.TOKEN_INVALID: _oauth(401, "invalid_token", "The access token provided is invalid.", "recorded"),
    Situation.TOKEN_EXPIRED: _oauth(401, "invalid_token", "The access token provided has expired.", "recorded"),
    Situation.DEVICE_DENIED: Refusal(403, _DENIED, "recorded"),
    # The suite of the Particle CLI expected 403 until May 2026, and expects 404 since; the body is a choice.
    Situation.FUNCTION_DENIED: Refusal(404, _DENIED, "client test"),
    Situation.ACCOUNT_DENIED: _says(403, "Permission Denied", "inferred"),
    Situation.PRODUCT_TOKEN_DENIED: _oauth(
        403, "unauthorized", "Product tokens are not allowed to call this endpoint", "choice"
    ),
    Situation.API_USER_DENIED: _oauth(
        400,
        "unauthorized",
        "API users are not allowed to call this endpoint",
        "documented",
    ),
    Situation.ROLE_DENIED: _says(403, "Permission denied", "inferred"),
    Situation.CUSTOMER_IN_PRODUCT: _says(assumptions.CUSTOMER_ON_PRODUCT_PATH.chosen, _NO_ROLE, "thread"),
    Situation.PRODUCT_UNKNOWN: _says(404, "Product not found.", "recorded"),
    # The suite of the Particle CLI sees the status until May 2026, and the text since.
    Situation.SLUG_UNKNOWN: _says(404, "Permission denied", "client test"),
    Situation.NOT_IN_PRODUCT: _says(404, "Device not found for this product", "client test"),
    # The suite of the CLI 3.19.0 sees this text, which that version shows for statuses 400 and 401 only.
    Situation.REMOVAL_UNKNOWN: _says(400, "Device not found for this product", "client test"),
    Situation.LIBRARY_UNKNOWN: Refusal(
        404, {"ok": False, "error": "{text}", "errors": [{"message": "{text}"}]}, "client test"
    ),
    Situation.ORGANIZATION_UNKNOWN: _says(404, "Organization not found.", "staff notes"),
    Situation.ORGANIZATION_DENIED: _says(404, "Organization not found for user.", "recorded"),
    Situation.CLAIM_WITHOUT_ID: _lists(assumptions.CLAIM_WITHOUT_ID.chosen, "data.deviceID is empty", "thread"),
    Situation.CLAIM_UNKNOWN: Refusal(
        404, {"ok": False, "error": "device not found", "errors": ["device does not exist"]}, "client test"
    ),
    Situation.CLAIM_OFFLINE: Refusal(
        404, {"ok": False, "error": "Core isn't online", "errors": [["Core isn't online", 404]]}, "recorded"
    ),
    Situation.CLAIM_FOREIGN: _lists(403, "That belongs to someone else.", "client test"),
    Situation.CLAIM_OTHER_PRODUCT: _lists(
        403, "The device is not in the customer's product; import it there first.", "inferred"
    ),
    Situation.CLAIM_NOT_A_MEMBER: _lists(
        403, "The device is in a product of which the user is not a team member.", "inferred"
    ),
    Situation.CODE_NOT_FOR_USERS: _says(403, "Permission denied", "inferred"),
    Situation.CLAIM_CODE_TAKEN: _says(_TAKEN_STATUS, _TAKEN_TEXT, "choice"),
    Situation.ANSWER_UNREADABLE: _says(502, "{text}", "choice"),
    Situation.VITALS_OFFLINE: _says(408, "Timed out.", "choice"),
    Situation.VARIABLE_OFFLINE: _says(408, "timed out", "documented"),
    Situation.VARIABLE_UNKNOWN: _says(404, "Unknown Variable: {name}", "documented"),
    Situation.FUNCTION_OFFLINE: _says(408, "timed out", "documented"),
    Situation.FUNCTION_UNKNOWN: _says(404, "Function {name} not found", "recorded"),
    Situation.SIGNAL_OFFLINE: Refusal(
        500,
        {"ok": False, "code": 500, "errors": [{"error": "Timed out, didn't hear back from device service"}]},
        "recorded",
    ),
    Situation.CUSTOMER_EXISTS: _says(_STATUS_EXISTS, _TEXT_EXISTS, "choice"),
    Situation.PREFIX_MISSING: _says(400, "event prefix filter is required", "recorded"),
}

REFUSALS_2016: Mapping[Situation, Refusal] = {
    **REFUSALS_TODAY,
    Situation.BUILD_FAILED: Refusal(
        406,
        {
            "ok": False,
            "code": 200,
            "output": "build didn't produce binary",
            "stdout": "{compiler_output}",
            "errors": ["{compiler_output}\nmake: *** [{file}.o] Error 1\n"],
        },
        "recorded",
    ),
    Situation.FUNCTION_DENIED: Refusal(403, _DENIED, "recorded"),
    Situation.CLAIM_UNKNOWN: _lists(404, "device does not exist", "recorded"),
    Situation.CLAIM_OFFLINE: _lists(_OFFLINE_STATUS, [_OFFLINE_TEXT, _OFFLINE_STATUS], "recorded"),
    Situation.CLAIM_FOREIGN: _lists(
        403,
        "That belongs to someone else. To request a transfer add ?request_transfer=true to the URL.",
        "recorded",
    ),
    Situation.VARIABLE_OFFLINE: Refusal(408, {"error": "Timed out."}, "recorded"),
    Situation.VARIABLE_UNKNOWN: _says(404, "Variable not found", "recorded"),
    Situation.FUNCTION_OFFLINE: _says(400, "Timed out.", "recorded"),
}
