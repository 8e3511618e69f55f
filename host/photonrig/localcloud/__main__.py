"""``python -m photonrig.localcloud``: runs a local cloud until SIGTERM.

Prints its addresses as one JSON line on standard output; logs to standard error.
"""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during the imports ends them without a traceback

import argparse
import gc
import json
from pathlib import Path

import uvloop

from photonrig.exits import one_line
from photonrig.localcloud.eras.all import ERAS
from photonrig.localcloud.http.door import parse_origin
from photonrig.localcloud.log import log_to_stderr
from photonrig.localcloud.server import Running, check_host, serve
from photonrig.localcloud.service.cloud import Settings
from photonrig.signals import begin


def main(words: list[str] | None = None) -> None:
    """Parse the command line and run until a signal.

    :raises PhotonrigError: it could not start
    """
    parser = argparse.ArgumentParser(
        prog="python -m photonrig.localcloud",
        description="A Particle cloud on this machine: the device protocol and the HTTP API.",
        epilog="Example: python -m photonrig.localcloud --state cloud --api-port 8080",
    )
    parser.add_argument("--state", type=Path, required=True, help="folder of the cloud's state")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--api-port", type=_port, default=0, help="port of the HTTP API (default: any free one)")
    parser.add_argument("--device-port", type=_port, default=0, help="port for devices (default: any free one)")
    parser.add_argument("--era", default="today", choices=ERAS, help="era of the rules (default: today)")
    parser.add_argument(
        "--extensions", action="store_true", help="enable extensions that Particle's cloud does not have"
    )
    parser.add_argument("--admit-unknown", action="store_true", help="enrol unknown devices under the key they present")
    parser.add_argument("--allow-remote", action="store_true", help="allow a --host that other machines can reach")
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="another origin whose pages may use the API, such as http://panel.example:3000; its host is also a name by"
        " which this cloud may be called; may be repeated (default: loopback and the address of --host)",
    )
    parser.add_argument("--sdk", type=Path, help="what firmware is built with, as ./rig build makes it: .rig/sdk")
    parser.add_argument(
        "--allow-remote-compile",
        action="store_true",
        help="with --allow-remote: compile what other machines send (default: such a cloud does not compile)",
    )
    parser.add_argument(
        "--webhook-host",
        action="append",
        default=[],
        metavar="NAME",
        help="another machine that webhooks may call, as in their url; may be repeated (default: none)",
    )
    parser.add_argument(
        "--rate-limits", action="store_true", help="refuse requests beyond the documented limits of Particle's API"
    )
    parser.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="how much to log, as JSON lines on standard error; debug names every request (default: info)",
    )
    chosen = parser.parse_args(words)
    log_to_stderr(chosen.log_level)
    host = check_host(chosen.host, allow_remote=chosen.allow_remote)
    uvloop.run(
        serve(
            _say_ready,
            chosen.state.resolve(),
            Settings(
                admit_unknown=chosen.admit_unknown,
                sdk=chosen.sdk and chosen.sdk.resolve(),
                allow_remote_compile=chosen.allow_remote_compile,
                webhook_hosts=frozenset(chosen.webhook_host),
                allowed_origins=frozenset(map(parse_origin, chosen.allow_origin)),
                rate_limits=chosen.rate_limits,
                era=chosen.era,
                extensions=chosen.extensions,
            ),
            host=host,
            api_port=chosen.api_port,
            device_port=chosen.device_port,
        )
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 0 to 65535")
    return int(text)


def _say_ready(up: Running) -> None:
    # Objects made so far are permanent; without the freeze, every garbage collection would scan them.
    gc.collect()
    gc.freeze()
    device_server = {"host": up.host, "port": up.device_port, "key_file": str(up.key_file)}
    if up.key_block_file is not None:
        device_server["key_block_file"] = str(up.key_block_file)
    print(json.dumps({"api": up.api, "device_server": device_server}), flush=True)  # noqa: T201


if __name__ == "__main__":
    begin()
    with one_line("localcloud"):
        main()
