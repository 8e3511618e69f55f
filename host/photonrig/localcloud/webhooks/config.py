"""Webhook configuration: the API's fields, and the stored form."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from photonrig.errors import UsageError
from photonrig.localcloud.system_events import is_system
from photonrig.localcloud.webhooks.templates import check_template

MAX_CONFIG = 32 * 1024  # bytes of JSON
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_DEVICE_ID = re.compile(r"[0-9a-fA-F]{24}")


@dataclass(frozen=True, slots=True)
class HookConfig:
    """One hook's configuration. Texts may be mustache templates, except ``event``, ``name`` and ``device_id``.

    ``event`` is the prefix of triggering names; ``json`` an object, or a text that renders to one. With ``no_defaults``
    only configured fields are sent. A product's hook ignores ``device_id``.
    """

    event: str
    url: str
    request_type: str = "POST"
    name: str | None = None
    integration_type: str = "Webhook"
    device_id: str | None = None
    mydevices: bool = True
    headers: Mapping[str, Any] | None = None
    auth: Mapping[str, Any] | None = None
    query: Mapping[str, Any] | None = None
    form: Mapping[str, Any] | None = None
    json: Any = None
    body: str | None = None
    response_template: Any = None
    response_topic: str | None = None
    error_response_topic: str | None = None
    no_defaults: bool = False
    reject_unauthorized: bool = True
    disabled: bool = False
    template: str | None = None
    unchunked: bool = False
    data_url_response_event: bool = False

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
        values = _Values(given)
        event = values.text("event", "eventName")
        url = values.text("url")
        if not event:
            raise UsageError("event is missing: the beginning of the names of the events that fire the webhook")
        if not url or not url.lower().startswith(("http://", "https://")):
            raise UsageError("url must begin with http:// or https://")
        kind = values.text("integration_type") or "Webhook"
        if kind != "Webhook":
            raise UsageError(f"The local cloud delivers integrations of the type Webhook, not {kind}")
        method = (values.text("requestType", "request_type") or "POST").upper()
        if method not in _METHODS:
            raise UsageError(f"requestType must be one of {', '.join(_METHODS)}")
        device_id = values.text("deviceID", "deviceid", "deviceId")
        if device_id and not _DEVICE_ID.fullmatch(device_id):
            raise UsageError("deviceID must be 24 hexadecimal digits")
        return cls(
            event=event,
            url=url,
            request_type=method,
            name=values.text("name"),
            device_id=device_id.lower() if device_id else None,
            mydevices=values.flag("mydevices", True),
            headers=values.mapping("headers"),
            auth=values.mapping("auth"),
            query=values.mapping("query"),
            form=values.mapping("form"),
            json=values.tree("json"),
            body=values.text("body"),
            response_template=values.tree("responseTemplate"),
            response_topic=values.text("responseTopic") or None,
            error_response_topic=values.text("errorResponseTopic") or None,
            no_defaults=values.flag("noDefaults", False),
            reject_unauthorized=values.flag("rejectUnauthorized", True),
            disabled=values.flag("disabled", False),
            template=values.text("template"),
            unchunked=values.flag("unchunked", False),
            data_url_response_event=values.flag("dataUrlResponseEvent", False),
        )

    def check(self) -> None:
        """Check the combination of fields and all templates; raises UsageError."""
        if sum(part is not None for part in (self.form, self.json, self.body)) > 1:
            raise UsageError("form, json and body exclude each other")
        if self.auth is not None and not {"username", "password"} >= self.auth.keys():
            raise UsageError("auth must hold username and password")
        for entry in fields(self):
            if entry.name not in ("event", "name", "device_id"):
                check_template(entry.name, getattr(self, entry.name))
        if len(json.dumps(self.as_fields())) > MAX_CONFIG:
            raise UsageError(f"the configuration is larger than {MAX_CONFIG} bytes")
        for name, topic in (("responseTopic", self.response_topic), ("errorResponseTopic", self.error_response_topic)):
            if topic is not None and is_system(topic):
                raise UsageError(f"{name}: names that begin with spark or particle are reserved for the system")

    def as_fields(self) -> dict[str, Any]:
        """The configuration under the API's names, without defaults."""
        shown = {
            "event": self.event,
            "url": self.url,
            "requestType": self.request_type,
            "name": self.name,
            "integration_type": self.integration_type,
            "deviceID": self.device_id,
            "headers": self.headers,
            "auth": self.auth,
            "query": self.query,
            "form": self.form,
            "json": self.json,
            "body": self.body,
            "responseTemplate": self.response_template,
            "responseTopic": self.response_topic,
            "errorResponseTopic": self.error_response_topic,
            "noDefaults": self.no_defaults,
            "rejectUnauthorized": self.reject_unauthorized,
            "disabled": self.disabled or None,
            "template": self.template,
            "unchunked": self.unchunked or None,
            "dataUrlResponseEvent": self.data_url_response_event or None,
            "mydevices": None if self.mydevices else False,
        }
        return {name: value for name, value in shown.items() if value is not None}


class _Values:
    """Typed access to fields in JSON or form encoding."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def text(self, *names: str) -> str | None:
        for name in names:
            value = self._given.get(name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise UsageError(f"{name} must be a text")
            return str(value)
        return None

    def flag(self, name: str, default: bool) -> bool:
        value = self._given.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("true", "1"):
            return True
        if str(value).lower() in ("false", "0"):
            return False
        raise UsageError(f"{name} must be true or false")

    def mapping(self, name: str) -> dict[str, Any] | None:
        value = self._given.get(name)
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

    def tree(self, name: str) -> Any:
        value = self._given.get(name)
        if value in ("", {}):
            return None
        if value is not None and not isinstance(value, str | dict | list):
            raise UsageError(f"{name} must be a JSON object or a text")
        return value
