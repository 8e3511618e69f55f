"""Terminal description of a lab."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from photonrig.invocation import command


def print_lab(lab: dict[str, Any], boards: Mapping[str, str], script: Path, page: str, console: Console) -> None:
    """Print each Photon, then addresses and names.

    ``lab`` is :meth:`Lab.describe`, ``boards`` are ids by name, ``script`` runs the CLI, ``page`` is the address of the
    lab's page.
    """
    for name, device in boards.items():
        console.print(Text(f"{name}  {device}  board", style="bold"), soft_wrap=True)
    for photon in lab["photons"]:
        owner = photon["owner"] or "unowned"
        console.print(
            Text(f"{photon['name']}  {photon['id']}  {photon['variant']}, {owner}", style="bold"), soft_wrap=True
        )
        softap = f"SoftAP: {photon['softap_tcp']} (TCP), {photon['softap_http']} (HTTP)"
        console.print(Text(f"    {softap}, serial: {photon['serial']}"), soft_wrap=True)
    server = lab["device_server"]
    for label, text in (
        ("API", lab["api"]),
        ("device server", f"{server['host']}:{server['port']}, key {server['key_file']}"),
        ("rules", f"of {lab['era']}; administration by the token in {lab['admin_token_file']}"),
        ("user", f"{lab['user']['username']} (password and token: {command('lab --json')})"),
        ("products", ", ".join(f"{made['id']} {made['slug']}" for made in lab["products"])),
        ("Wi-Fi", ", ".join(f"{network['ssid']} / {network['password']}" for network in lab["wifi"])),
        ("Particle CLI", f"{script} list"),
        ("over USB", f"{script} usb list"),
        ("page", page),
    ):
        console.print(Text(f"{label:>14}  {text}"), soft_wrap=True)
    console.print("Ctrl-C ends it.", style="dim")
