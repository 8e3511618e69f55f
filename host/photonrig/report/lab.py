"""Terminal description of a lab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from photonrig.invocation import command


def print_lab(lab: dict[str, Any], script: Path, console: Console) -> None:
    """Print each Photon, then addresses and names; ``lab`` is :meth:`Lab.describe`, ``script`` runs the CLI."""
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
    ):
        console.print(Text(f"{label:>14}  {text}"), soft_wrap=True)
    console.print("Ctrl-C ends it.", style="dim")
