"""``/v1/orgs`` as it is today: what products belong to, with a team."""

from __future__ import annotations

from typing import Any

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.store.organizations import Organization

__all__ = ["ROUTES"]


async def list_organizations(call: Call) -> Answer:
    """The organizations of whose teams the user is a member."""
    call.require(Action.ACCOUNT)
    found = [call.cloud.store.organizations.find(each) for each in call.principal.organizations]
    return {"organizations": [_shown(each) for each in found if each is not None]}


async def show(call: Call) -> Answer:
    """One organization, by id or slug."""
    return {"organization": _shown(call.organization(Action.ORGANIZATION_GET))}


def _shown(organization: Organization) -> dict[str, Any]:
    return {"id": organization.id, "slug": organization.slug, "name": organization.name}


ROUTES = [
    route("GET", "/v1/orgs", list_organizations),
    route("GET", "/v1/orgs/{organization}", show),
]
