"""``/v1/orgs`` as it is today: groups of products with a team."""

from __future__ import annotations

from typing import Any

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.service.records import Organization


async def list_organizations(call: Call) -> Answer:
    """List the organizations of which the user is a team member."""
    call.require(Action.ACCOUNT)
    return {"organizations": [shown(each) for each in call.cloud.organizations.all_of(call.principal.organizations)]}


async def show(call: Call) -> Answer:
    """Show an organization, by id or slug."""
    return {"organization": shown(call.organization(Action.ORGANIZATION_GET))}


def shown(organization: Organization) -> dict[str, Any]:
    """Response body of an organization."""
    return {"id": organization.id, "slug": organization.slug, "name": organization.name}


ROUTES = [
    route("GET", "/v1/orgs", list_organizations),
    route("GET", "/v1/orgs/{organization}", show),
]
