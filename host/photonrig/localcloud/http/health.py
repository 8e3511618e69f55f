"""``GET /healthz``: the process serves, and how much."""

from __future__ import annotations

from photonrig.localcloud.http.call import Answer, OpenCall, open_route
from photonrig.localcloud.http.json_answer import Json

__all__ = ["ROUTES"]


async def healthz(call: OpenCall) -> Answer:
    """What is connected now; 503 while something fails that the cloud does by itself, with what that is."""
    cloud = call.cloud
    facts = {
        "ok": not cloud.faults,
        "faults": cloud.faults,
        "era": cloud.era.name,
        "uptime": round(cloud.now() - cloud.started_at, 1),
        "devices_online": cloud.reports.online_count,
        "streams": cloud.bus.readers,
        "webhooks_waiting": cloud.webhooks.waiting,
        "updates_running": cloud.rollout.running,
    }
    return Json(facts, status_code=503 if cloud.faults else 200)


ROUTES = [open_route("GET", "/healthz", healthz)]
