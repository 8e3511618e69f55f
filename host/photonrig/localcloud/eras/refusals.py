"""How refusals are worded: one table, situation → status and body, and what an era says differently.

A text in a body may hold the names in braces that the handler fills in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from photonrig.localcloud import assumptions
from photonrig.localcloud.assumptions import Source

__all__ = ["REFUSALS_2016", "REFUSALS_TODAY", "Refusal", "Situation"]


class Situation(Enum):
    """Why a request is refused."""

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
    VARIABLE_OFFLINE = auto()
    VARIABLE_UNKNOWN = auto()
    FUNCTION_OFFLINE = auto()
    FUNCTION_UNKNOWN = auto()
    SIGNAL_OFFLINE = auto()
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
    return [_filled(each, words) for each in value] if isinstance(value, list) else value


def _says(status: int, text: str, source: Source) -> Refusal:
    return Refusal(status, {"ok": False, "error": text}, source)


def _lists(status: int, entry: Any, source: Source) -> Refusal:
    return Refusal(status, {"ok": False, "errors": [entry]}, source)


def _oauth(status: int, code: str, description: str, source: Source) -> Refusal:
    return Refusal(status, {"error": code, "error_description": description}, source)


# The real cloud completes this address with the caller's token; this one never repeats a secret.
_HINT = "I didn't recognize that device name or ID, try opening {base_url}v1/devices?access_token=undefined"
_NO_ROLE = "Organization not found for user's role."
_STATUS_EXISTS, _TEXT_EXISTS = assumptions.CUSTOMER_EXISTS.chosen
_OFFLINE_STATUS, _OFFLINE_TEXT = assumptions.OFFLINE_CLAIM_2016.chosen

REFUSALS_TODAY: Mapping[Situation, Refusal] = {
    Situation.DEVICE_DENIED: Refusal(403, {"ok": False, "error": "Permission Denied", "info": _HINT}, "recorded"),
    Situation.ACCOUNT_DENIED: _says(403, "Permission Denied", "inferred"),
    Situation.PRODUCT_TOKEN_DENIED: _oauth(
        403, "unauthorized", "Product tokens are not allowed to call this endpoint", "choice"
    ),
    Situation.API_USER_DENIED: _oauth(
        assumptions.REFUSED_API_USER.chosen,
        "unauthorized",
        "API users are not allowed to call this endpoint",
        "documented",
    ),
    Situation.ROLE_DENIED: _says(403, "Permission denied", "inferred"),
    Situation.CUSTOMER_IN_PRODUCT: _says(assumptions.CUSTOMER_ON_PRODUCT_PATH.chosen, _NO_ROLE, "thread"),
    Situation.PRODUCT_UNKNOWN: _says(assumptions.PRODUCT_UNKNOWN.chosen, "Product not found.", "recorded"),
    Situation.SLUG_UNKNOWN: _says(assumptions.SLUG_UNKNOWN.chosen, "Permission denied", "client test"),
    Situation.NOT_IN_PRODUCT: _says(404, "Device not found for this product", "client test"),
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
