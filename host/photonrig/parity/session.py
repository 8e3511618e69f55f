"""Chapters cloud session, limits, LED and DFU: what the firmware, the cloud and a person see of Device OS."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from photonrig.errors import ExpectationFailed
from photonrig.parity.programme import Question
from photonrig.parity.subject import Photon
from photonrig.particle.events import Event, EventStream

SESSION: Final = "cloud session"
LIMITS: Final = "limits"
LED: Final = "LED"
DFU: Final = "DFU"
_EVENT: Final = 30.0  # seconds for an event to come
_UPDATE: Final = 120.0
_PACE: Final = 1.2  # seconds in which Device OS forgets the events that count against its limit
# Of these events the data differ from time to time.
_VOLATILE: Final = re.compile(r"spark/device/diagnostics/|spark/device/app-hash|spark/flash/status")


# --- cloud session ----------------------------------------------------------------------------------------------------


def _description(photon: Photon) -> str:
    seen = photon.read()
    fields = ("platform_id", "online", "system_firmware_version", "variables", "functions")
    return json.dumps({name: _sorted(seen.get(name)) for name in fields})


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(value)
    return dict(sorted(value.items())) if isinstance(value, dict) else value


def _variable(name: str) -> Callable[[Photon], str]:
    def ask(photon: Photon) -> str:
        answer = photon.read(f"/{name}")
        return json.dumps({field: value for field, value in answer.items() if field != "coreInfo"})

    return ask


def _status(path: str, method: str = "GET", body: Any = None) -> Callable[[Photon], str]:
    """Status and text of a refusal; of anything else the status and the fields."""

    def ask(photon: Photon) -> str:
        answer = photon.target.team.send(method, photon.path + path, json=body, timeout=60)
        if answer.is_success:
            return f"{answer.status_code} {json.dumps(sorted(answer.json()) if answer.content else [])}"
        return f"{answer.status_code} {answer.text}"

    return ask


def _argument(text: str) -> Callable[[Photon], str]:
    return lambda photon: str(photon.call("size", text))


def _shown(event: Event) -> str:
    data = "..." if _VOLATILE.match(event.name) else event.data
    return f"{event.name} {json.dumps(data)} ttl {event.ttl} from {event.coreid}"


def _ours(photon: Photon, stream: EventStream, since: int) -> Sequence[Event]:
    return [event for event in stream.since(since) if event.coreid == photon.slot.device_id]


def _mark(photon: Photon, stream: EventStream, data: str) -> Event:
    """An event that the firmware publishes now; what it published before has come by then."""
    photon.call("mark", data)
    return stream.expect("parity/mark", _EVENT)


def _event(photon: Photon) -> str:
    with photon.stream() as stream:
        return _shown(_mark(photon, stream, "gr\u00fc\u00df"))


def _after(act: Callable[[Photon], object], *, order: bool = True) -> Callable[[Photon], str]:
    """Events of the Photon from an action to a mark that it publishes once it is back."""

    def ask(photon: Photon) -> str:
        with photon.stream() as stream:
            act(photon)
            stream.expect(lambda event: _is_back(photon, event), _UPDATE)
            photon.wait_online()
            photon.clock.pause(_PACE)
            _mark(photon, stream, "back")
            events = [_shown(event) for event in _ours(photon, stream, 0) if event.name != "parity/mark"]
        return "\n".join(events if order else sorted(set(events)))

    return ask


def _is_back(photon: Photon, event: Event) -> bool:
    mine = event.coreid == photon.slot.device_id
    return mine and event.name == "spark/status" and (event.data or "").startswith("online")


def _press_reset(photon: Photon) -> None:
    photon.slot.need("reset", photon.slot.reset).press()


def _restart(photon: Photon) -> None:
    # Whether the call is answered is a race between the reset and the answer.
    photon.target.team.send("POST", f"{photon.path}/restart", json={"arg": ""}, timeout=60)


def _over_the_air(photon: Photon) -> None:
    photon.slot.need("flasher", photon.slot.flasher).over_cloud(photon.image)


def _signal(photon: Photon) -> str:
    photon.target.team.signal(photon.slot.device_id, True, photon.target.product)
    try:
        return photon.look()
    finally:
        photon.target.team.signal(photon.slot.device_id, False, photon.target.product)


# --- limits -----------------------------------------------------------------------------------------------------------


def _longest(length: int) -> Callable[[Photon], str]:
    """The argument as the firmware got it, or the refusal."""

    def ask(photon: Photon) -> str:
        answer = photon.target.team.send("POST", f"{photon.path}/size", json={"arg": "x" * length}, timeout=60)
        body = answer.json()
        return f"{answer.status_code} {body.get('return_value', body)}"

    return ask


def _text(length: int) -> Callable[[Photon], str]:
    def ask(photon: Photon) -> str:
        photon.call("grow", str(length))
        return f"{len(photon.read('/grown')['result'])} characters"

    return ask


def _published(name: int, data: int) -> Callable[[Photon], str]:
    """How much of an event's name and data arrives; a mark shows that nothing more comes."""

    def ask(photon: Photon) -> str:
        with photon.stream() as stream:
            photon.clock.pause(_PACE)
            accepted = photon.call("tell", f"{name - len('parity/')},{data}")
            _mark(photon, stream, "end")
            came = [event for event in _ours(photon, stream, 0) if event.name.startswith("parity/n")]
        sizes = [f"name {len(event.name)}, data {len(event.data or '')}" for event in came]
        return f"returns {accepted}; {'; '.join(sizes) or 'no event'}"

    return ask


def _burst(photon: Photon) -> str:
    photon.clock.pause(_PACE)
    return f"{photon.call('burst', '10')} of 10"


def _name(name: str) -> Callable[[Photon], str]:
    return lambda photon: "registered" if name in (photon.read().get("variables") or {}) else "not registered"


# --- LED and DFU ------------------------------------------------------------------------------------------------------


def _by(way: str) -> Callable[[Photon], str]:
    """Bring the firmware in once more, and see it answer."""

    def ask(photon: Photon) -> str:
        flasher = photon.slot.need("flasher", photon.slot.flasher)
        getattr(flasher, way)(photon.image)
        photon.wait_online()
        return "taken, online again"

    return ask


def _listening_led(photon: Photon) -> str:
    if photon.eyes is None:
        return photon.look()
    photon.listen()
    return photon.look()


def _reset_reason(photon: Photon) -> str:
    with photon.stream() as stream:
        _by("over_dfu")(photon)
        try:
            event = stream.expect("spark/device/last_reset", _EVENT)
        except ExpectationFailed:
            return "no event last_reset"
        return _shown(event)


ONLINE_QUESTIONS: Final[tuple[Question[Photon], ...]] = (
    Question(SESSION, "description", _description),
    *(Question(SESSION, f"variable {name}", _variable(name)) for name in ("whole", "fraction", "truth", "text")),
    Question(SESSION, "variable that it has not", _status("/nothing")),
    Question(SESSION, "function that it has not", _status("/nothing", "POST", {"arg": ""})),
    Question(SESSION, "argument, empty", _argument("")),
    Question(SESSION, "argument, bytes of UTF-8", _argument("gr\u00fc\u00df")),
    Question(SESSION, "ping", _status("/ping", "PUT", {})),
    Question(SESSION, "event of its firmware", _event),
    Question(SESSION, "events after RESET", _after(_press_reset)),
    Question(SESSION, "events after System.reset()", _after(_restart)),
    Question(SESSION, "events of an update over the air", _after(_over_the_air, order=False)),
    *(Question(LIMITS, f"argument of {n} bytes", _longest(n)) for n in (63, 64, 622, 623, 864, 865)),
    *(Question(LIMITS, f"text of {n} bytes", _text(n)) for n in (622, 623, 776, 777, 864, 1000)),
    *(
        Question(LIMITS, f"variable's name of {len(n)} bytes", _name(n))
        for n in ("w" * 12, "x" * 13, "y" * 63, "z" * 64)
    ),
    *(Question(LIMITS, f"event's name of {n} bytes", _published(n, 1)) for n in (63, 64, 65)),
    *(Question(LIMITS, f"event's data of {n} bytes", _published(12, n)) for n in (255, 256, 622, 623, 864, 865)),
    Question(LIMITS, "events in a row", _burst),
    Question(LED, "online", Photon.look),
    Question(LED, "signaling", _signal),
    Question(DFU, "firmware by DFU", _by("over_dfu")),
    Question(DFU, "reset after DFU", _reset_reason),
    Question(DFU, "firmware by YMODEM", _by("over_serial")),
)
LISTENING_QUESTIONS: Final[tuple[Question[Photon], ...]] = (Question(LED, "listening", Photon.look),)
