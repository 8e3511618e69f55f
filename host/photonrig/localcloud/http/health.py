"""``GET /healthz``: the process serves, and how much."""

from __future__ import annotations

from photonrig.localcloud.http.call import Answer, OpenCall, open_route

__all__ = ["ROUTES"]


async def healthz(call: OpenCall) -> Answer:
    """What is connected now."""
    cloud = call.cloud
    return {
        "ok": True,
        "era": cloud.era.name,
        "uptime": round(cloud.now() - cloud.started_at, 1),
        "devices_online": cloud.online_count,
        "streams": cloud.bus.readers,
        "webhooks_waiting": cloud.webhooks.waiting,
        "updates_running": cloud.rollout.running,
    }


ROUTES = [open_route("GET", "/healthz", healthz)]
