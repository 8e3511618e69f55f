"""``GET /healthz``: health and load of the process."""

from __future__ import annotations

from photonrig.localcloud.http.call import Answer, OpenCall, open_route
from photonrig.localcloud.http.json_answer import Json


async def healthz(call: OpenCall) -> Answer:
    """Show the number of connections; 503 with the cause while background work fails."""
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
