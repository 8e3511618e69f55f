"""Requests of webhooks and the events that report responses: pure functions, no sockets."""

from __future__ import annotations

import base64
import contextlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from photonrig.errors import UsageError
from photonrig.localcloud import assumptions
from photonrig.localcloud.events import Event, iso_time
from photonrig.localcloud.system_events import (
    HOOK_ERROR,
    HOOK_RESPONSE,
    HOOK_SENT,
    PRODUCT_HOOK_RESPONSE,
    is_system,
)
from photonrig.localcloud.webhooks.config import HookConfig
from photonrig.localcloud.webhooks.templates import (
    MAX_OUTPUT,
    Budget,
    compact,
    parse_json,
    render,
    render_tree,
    variables_of,
)

HOOK_HEADER = "X-Photonrig-Hook"  # marks each request of a webhook; events it causes in this cloud trigger no webhook
USER_AGENT = "ParticleBot/1.1 (https://docs.particle.io/webhooks)"
CHUNK = 512  # bytes of a response per event
MAX_RESPONSE = MAX_OUTPUT  # bytes kept of a response
MAX_UNCHUNKED = 1024  # bytes; a longer unchunked response is not published
MAX_URL = 8192  # characters, query included; few servers take more
MAX_TOPIC = 256  # characters of an event name
_HALVES = assumptions.HOOK_HALF_CHARACTERS.chosen
_BODILESS = ("GET", "DELETE")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request, ready to send."""

    method: str
    url: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    content: bytes | None = None

    def request(self) -> httpx.Request:
        """The request for httpx.

        :raises UsageError: invalid address, headers or body
        """
        try:
            url = httpx.URL(self.url)
            if self.query:
                url = url.copy_merge_params(self.query)
            headers = httpx.Headers(self.headers)
            headers[HOOK_HEADER] = "1"
            if self.auth is not None:
                encoded = base64.b64encode(":".join(self.auth).encode()).decode()
                headers["Authorization"] = f"Basic {encoded}"
            made = httpx.Request(self.method, url, headers=headers, content=self.content)
        except (httpx.InvalidURL, ValueError) as error:
            raise UsageError(str(error)) from None
        if len(str(made.url)) > MAX_URL:
            raise UsageError(f"the url is longer than {MAX_URL} characters")
        return made


def event_variables(event: Event, *, product_version: int | None = None) -> dict[str, Any]:
    """Template variables: the event, under current and old names, and the members of JSON data."""
    whole = compact(_whole(event))
    owner = event.owner
    return {
        **variables_of(parse_json(event.data)),
        "PARTICLE_DEVICE_ID": event.coreid,
        "PARTICLE_EVENT_NAME": event.name,
        "PARTICLE_EVENT_VALUE": event.data or "",
        "PARTICLE_PUBLISHED_AT": iso_time(event.published_at),
        "PARTICLE_EVENT_ID": event.id,
        "PARTICLE_EVENT_JSON": whole,
        "PARTICLE_EVENT_BASE64": base64.b64encode(whole.encode()).decode(),
        "PRODUCT_ID": "" if event.product is None else event.product,
        "PRODUCT_VERSION": "" if product_version is None else product_version,
        "PRODUCT_USER_ID": owner.id if owner is not None and owner.kind == "user" else "",
        "SPARK_CORE_ID": event.coreid,
        "SPARK_EVENT_NAME": event.name,
        "SPARK_EVENT_VALUE": event.data or "",
        "SPARK_PUBLISHED_AT": iso_time(event.published_at),
    }


def outgoing(config: HookConfig, event: Event, variables: Mapping[str, Any]) -> Outgoing:
    """Build a hook's request for an event.

    GET and DELETE have no body: the default data and ``form`` are in the query, ``json`` and ``body`` unused. A
    configured header replaces the default one of the same name in any capitals.

    :raises UsageError: the rendered ``json`` is invalid, or rendering exceeds its budget
    """
    budget = Budget()
    method = config.request_type
    url = render(config.url, variables, budget)
    if len(url) > MAX_URL:
        raise UsageError(f"the url is longer than {MAX_URL} characters")
    defaults = {} if config.no_defaults else _defaults(event)
    query = _texts(config.query, variables, budget)
    headers = {"User-Agent": USER_AGENT}
    content: bytes | None = None
    if method in _BODILESS:
        query = defaults | _texts(config.form, variables, budget) | query
    elif config.body is not None:
        content = render(config.body, variables, budget).encode(errors="replace")
    elif config.json is not None:
        content = _json_body(config.json, defaults, variables, budget)
        headers |= {"Content-Type": "application/json", "Accept": "application/json"}
    elif form := defaults | _texts(config.form, variables, budget):
        content = urlencode(form, quote_via=quote, safe="", errors="replace").encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    own = _texts(config.headers, variables, budget)
    replaced = {name.lower() for name in own}
    headers = {name: value for name, value in headers.items() if name.lower() not in replaced} | own
    auth = None
    if config.auth is not None:
        rendered = _texts(config.auth, variables, budget)
        auth = (rendered.get("username", ""), rendered.get("password", ""))
    return Outgoing(method, url, query, headers, auth, content)


def sent_event(event: Event, at: float) -> Event:
    """``hook-sent/NAME``: the server accepted the request; its data is the word that the reference shows."""
    return _answer(event, HOOK_SENT.of(event.name), "undefined", at)


def response_events(
    config: HookConfig,
    event: Event,
    variables: Mapping[str, Any],
    answer: bytes,
    media_type: str,
    at: float,
    *,
    of_product: bool,
) -> list[Event]:
    """The response as events: numbered pieces of 512 bytes, the last as long as the rest, or one event.

    :raises UsageError: the topic is reserved, or rendering exceeds its budget
    """
    budget = Budget()
    topic = (PRODUCT_HOOK_RESPONSE if of_product else HOOK_RESPONSE).of(event.name, event.coreid)
    if config.response_topic is not None:
        topic = _topic(render(config.response_topic, variables, budget))
    answer = answer[:MAX_RESPONSE]
    binary: bytes | None = None
    if config.response_template is not None:
        known = {**variables, **variables_of(parse_json(answer.decode(errors="replace")))}
        shaped = render_tree(config.response_template, known, budget)
        said = (shaped if isinstance(shaped, str) else compact(shaped)).encode(errors="replace")
    elif config.data_url_response_event and answer:
        kind = media_type or "application/octet-stream"
        said, binary = f"data:{kind};base64,{base64.b64encode(answer).decode()}".encode(), answer
    else:
        said = answer
    if not said:
        return []
    if config.unchunked:
        fits = len(said if binary is None else binary) <= MAX_UNCHUNKED
        return [_answer(event, topic, said.decode(errors="replace"), at, binary)] if fits else []
    pieces = [said[start : start + CHUNK] for start in range(0, len(said), CHUNK)]
    if binary is None or len(pieces) > 1:  # only a whole data URL can be decoded
        return [
            _answer(event, f"{topic}/{number}", piece.decode(errors=_HALVES), at, piece)
            for number, piece in enumerate(pieces)
        ]
    return [_answer(event, f"{topic}/0", said.decode(), at, binary)]


def error_event(config: HookConfig, event: Event, variables: Mapping[str, Any] | None, text: str, at: float) -> Event:
    """``hook-error/NAME/0`` with the cause, the first 512 bytes of ``text``.

    Replaces the hook's own topic where that is unusable, or is a template and ``variables`` is None.
    """
    topic = HOOK_ERROR.of(event.name)
    own = config.error_response_topic
    if own is not None and (variables is not None or "{{" not in own):
        with contextlib.suppress(UsageError):
            topic = _topic(render(own, variables or {}))
    return _answer(event, f"{topic}/0", text.encode(errors="replace")[:CHUNK].decode(errors="ignore"), at)


def _whole(event: Event) -> dict[str, Any]:
    return {
        "name": event.name,
        "data": event.data,
        "ttl": event.ttl,
        "published_at": iso_time(event.published_at),
        "coreid": event.coreid,
        "id": event.id,
    }


def _defaults(event: Event) -> dict[str, str]:
    return {
        "event": event.name,
        "data": event.data or "",
        "published_at": iso_time(event.published_at),
        "coreid": event.coreid,
    }


def _topic(name: str) -> str:
    if is_system(name):
        raise UsageError("an event of a webhook may not have a name of the system")
    if len(name) > MAX_TOPIC:
        raise UsageError(f"the name of the event is longer than {MAX_TOPIC} characters")
    return name


def _texts(tree: Mapping[str, Any] | None, variables: Mapping[str, Any], budget: Budget) -> dict[str, str]:
    """Rendered names and values; non-texts in JSON notation."""
    rendered = render_tree(tree or {}, variables, budget)
    return {name: value if isinstance(value, str) else compact(value) for name, value in rendered.items()}


def _number(text: str) -> float | int | None:
    """A number as JavaScript reads and writes it: 1.0 is 1, and what is beyond its numbers null."""
    number = float(text)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < 1e21 else number


def _json_body(template: Any, defaults: Mapping[str, str], variables: Mapping[str, Any], budget: Budget) -> bytes:
    body = render_tree(template, variables, budget)
    if isinstance(body, str):
        try:
            body = json.loads(body, parse_float=_number)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"the json template did not become JSON: {error}") from None
    if isinstance(body, dict):
        body = {**defaults, **body}
    return compact(body).encode(errors="replace")


def _answer(event: Event, name: str, data: str | None, at: float, raw: bytes | None = None) -> Event:
    """An event with the owner and product of the triggering one, marked as a webhook's."""
    return Event(
        name,
        data,
        coreid="particle-internal",
        published_at=at,
        owner=event.owner,
        product=event.product,
        of_hook=True,
        raw=None if data is None or raw == data.encode(errors="replace") else raw,
    )
