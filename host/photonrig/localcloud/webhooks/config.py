"""Webhook configuration: the API's fields, and the stored form."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, get_args

import msgspec
from msgspec import Struct, field, structs

from photonrig.errors import UsageError
from photonrig.localcloud.system_events import is_system
from photonrig.localcloud.webhooks.templates import check_template

MAX_CONFIG = 32 * 1024  # bytes of JSON
_METHODS = ("GET", "POST", "PUT", "DELETE")
_TOPICS = ("response_topic", "error_response_topic")
_DEVICE_ID = re.compile(r"[0-9a-fA-F]{24}")


# Other names of fields, in the order in which they are looked for.
_ALSO = {"event": ("eventName",), "requestType": ("request_type",), "deviceID": ("deviceid", "deviceId")}
# Fields that are shown only where they have another value.
_UNSAID = {"disabled": False, "unchunked": False, "dataUrlResponseEvent": False, "mydevices": True}


class HookConfig(Struct, frozen=True, kw_only=True):
    """One hook's configuration. Texts may be mustache templates, except ``event``, ``name`` and ``device_id``.

    ``event`` is the prefix of triggering names; ``json`` an object, or a text that renders to one. With ``no_defaults``
    only configured fields are sent. A product's hook ignores ``device_id``.
    """

    event: str
    url: str
    request_type: str = field(name="requestType", default="POST")
    name: str | None = None
    integration_type: str = "Webhook"
    device_id: str | None = field(name="deviceID", default=None)
    mydevices: bool = True
    headers: dict[str, Any] | None = None
    auth: dict[str, Any] | None = None
    query: dict[str, Any] | None = None
    form: dict[str, Any] | None = None
    json: Any = None
    body: str | None = None
    response_template: Any = field(name="responseTemplate", default=None)
    response_topic: str | None = field(name="responseTopic", default=None)
    error_response_topic: str | None = field(name="errorResponseTopic", default=None)
    no_defaults: bool = field(name="noDefaults", default=False)
    reject_unauthorized: bool = field(name="rejectUnauthorized", default=True)
    disabled: bool = False
    template: str | None = None
    unchunked: bool = False
    data_url_response_event: bool = field(name="dataUrlResponseEvent", default=False)

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> HookConfig:
        """Parse and check a request's fields, under all names that clients use.

        :raises UsageError: a field is missing or invalid; the text names it
        """
        config = cls.read(given)
        config.check()
        return config

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> HookConfig:
        """Parse fields without the checks of :meth:`check`.

        :raises UsageError: a field is missing or of the wrong type; the text names it
        """
        values = {each.name: _read(given, each) for each in structs.fields(cls)}
        for name in ("event", "url", "request_type", "integration_type", "device_id", *_TOPICS):
            values[name] = values[name] or None
        values["request_type"] = (values["request_type"] or "POST").upper()
        values["integration_type"] = kind = values["integration_type"] or "Webhook"
        if values["event"] is None:
            raise UsageError("event is missing: the beginning of the names of the events that fire the webhook")
        if not (values["url"] or "").lower().startswith(("http://", "https://")):
            raise UsageError("url must begin with http:// or https://")
        if kind != "Webhook":
            raise UsageError(f"The local cloud delivers integrations of the type Webhook, not {kind}")
        if values["request_type"] not in _METHODS:
            raise UsageError(f"requestType must be one of {', '.join(_METHODS)}")
        if (device_id := values["device_id"]) is not None:
            if not _DEVICE_ID.fullmatch(device_id):
                raise UsageError("deviceID must be 24 hexadecimal digits")
            values["device_id"] = device_id.lower()
        return cls(**values)

    def check(self) -> None:
        """Check the combination of fields and all templates; raises UsageError."""
        if sum(part is not None for part in (self.form, self.json, self.body)) > 1:
            raise UsageError("form, json and body exclude each other")
        if self.auth is not None and not {"username", "password"} >= self.auth.keys():
            raise UsageError("auth must hold username and password")
        for entry in structs.fields(self):
            if entry.name not in ("event", "name", "device_id"):
                check_template(entry.name, getattr(self, entry.name))
        if len(json.dumps(self.as_fields())) > MAX_CONFIG:
            raise UsageError(f"the configuration is larger than {MAX_CONFIG} bytes")
        for name, topic in (("responseTopic", self.response_topic), ("errorResponseTopic", self.error_response_topic)):
            if topic is not None and is_system(topic):
                raise UsageError(f"{name}: names that begin with spark or particle are reserved for the system")

    def as_fields(self) -> dict[str, Any]:
        """The configuration under the API's names, without defaults."""
        said = msgspec.to_builtins(self).items()
        return {name: value for name, value in said if value is not None and _UNSAID.get(name) is not value}


def _read(given: Mapping[str, Any], entry: structs.FieldInfo) -> Any:
    """A field in JSON or form encoding.

    :raises UsageError: it is of another type
    """
    names = (entry.encode_name, *_ALSO.get(entry.encode_name, ()))
    name, value = next(((each, given[each]) for each in names if given.get(each) is not None), (names[0], None))
    if entry.type is bool:
        return entry.default if value in (None, "") else _flag(name, value)
    if entry.type is Any:
        return _tree(name, value)
    return _mapping(name, value) if dict[str, Any] in get_args(entry.type) else _text(name, value)


def _text(name: str, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise UsageError(f"{name} must be a text")
    return None if value is None else str(value)


def _flag(name: str, value: Any) -> bool:
    word = str(value).lower()
    if word not in ("true", "1", "false", "0"):
        raise UsageError(f"{name} must be true or false")
    return word in ("true", "1")


def _mapping(name: str, value: Any) -> dict[str, Any] | None:
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise UsageError(f"{name} must be a JSON object") from None
    if value is None or value in ("", {}):
        return None
    if not isinstance(value, dict) or any(isinstance(each, dict | list) for each in value.values()):
        raise UsageError(f"{name} must be a JSON object of single values")
    return value


def _tree(name: str, value: Any) -> Any:
    if value in ("", {}):
        return None
    if value is not None and not isinstance(value, str | dict | list):
        raise UsageError(f"{name} must be a JSON object or a text")
    return value
