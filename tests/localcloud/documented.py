"""The endpoints that Particle's documentation, clients and community name, by subject; a cloud is measured by them."""

from __future__ import annotations

import re

__all__ = ["DOCUMENTED", "MISSING", "shape"]

_TEXT = """
OAuth and tokens
    POST    /oauth/token
    GET     /v1/access_tokens
    DELETE  /v1/access_tokens
    DELETE  /v1/access_tokens/:token
    GET     /v1/access_tokens/current
    DELETE  /v1/access_tokens/current
Clients
    GET     /v1/clients
    POST    /v1/clients
    PUT     /v1/clients/:client
    DELETE  /v1/clients/:client
    GET     /v1/products/:p/clients
    POST    /v1/products/:p/clients
    PUT     /v1/products/:p/clients/:client
    DELETE  /v1/products/:p/clients/:client
Users
    POST    /v1/users
    GET     /v1/user
    PUT     /v1/user
    DELETE  /v1/user
    POST    /v1/user/password-reset
    GET     /v1/user/mfa-enable
    POST    /v1/user/mfa-enable
    PUT     /v1/user/mfa-disable
    GET     /v1/user/identify
Customers
    POST    /v1/products/:p/customers
    GET     /v1/products/:p/customers
    PUT     /v1/products/:p/customers/:email
    DELETE  /v1/products/:p/customers/:email
    POST    /v1/orgs/:o/customers
Claim codes
    POST    /v1/device_claims
    POST    /v1/products/:p/device_claims
    POST    /v1/orgs/:o/products/:p/device_claims
Claim, release, transfer
    POST    /v1/devices
    DELETE  /v1/devices/:id
    DELETE  /v1/products/:p/devices/:id/owner
    DELETE  /v1/products/:p/devices/:id
Products
    GET     /v1/products
    GET     /v1/user/products
    POST    /v1/user/products
    GET     /v1/products/:p
    GET     /v1/products/:p/devices
    POST    /v1/products/:p/devices
    PUT     /v1/products/:p/devices
    PUT     /v1/products/:p/devices/:id
    GET     /v1/products/:p/groups
    POST    /v1/products/:p/groups
    GET     /v1/products/:p/groups/:name
    PUT     /v1/products/:p/groups/:name
    DELETE  /v1/products/:p/groups/:name
    GET     /v1/products/:p/impact
    GET     /v1/serial_numbers/:sn
Product firmware
    GET     /v1/products/:p/firmware
    POST    /v1/products/:p/firmware
    GET     /v1/products/:p/firmware/:version
    PUT     /v1/products/:p/firmware/:version
    DELETE  /v1/products/:p/firmware/:version
    GET     /v1/products/:p/firmware/:version/binary
    PUT     /v1/products/:p/firmware/release
Organizations of 2016
    GET     /v1/orgs/:o/devices/:id
    GET     /v1/orgs/:o/devices/:id/:variable
    POST    /v1/orgs/:o/devices/:id/:function
    GET     /v1/orgs/:o/products/:p/devices
    GET     /v1/orgs/:o/products/:p/events
Organizations of today
    GET     /v1/orgs
    GET     /v1/orgs/:o
    GET     /v1/orgs/:o/products
    POST    /v1/orgs/:o/products
    GET     /v1/orgs/:o/events
    GET     /v1/orgs/:o/devices/:id/events
    GET     /v1/orgs/:o/integrations
    GET     /v1/orgs/:o/service_agreements
    GET     /v1/orgs/:o/secrets
Teams
    GET     /v1/products/:p/team
    POST    /v1/products/:p/team
    POST    /v1/products/:p/team/:username
    PUT     /v1/products/:p/team/:username
    DELETE  /v1/products/:p/team/:username
    PUT     /v1/products/:p/team/:username/token
    GET     /v1/orgs/:o/team
    POST    /v1/orgs/:o/team
    POST    /v1/orgs/:o/team/:username
    PUT     /v1/orgs/:o/team/:username
    DELETE  /v1/orgs/:o/team/:username
    PUT     /v1/orgs/:o/team/:username/token
Device control
    GET     /v1/devices
    GET     /v1/devices/:id
    GET     /v1/devices/:id/:variable
    POST    /v1/devices/:id/:function
    PUT     /v1/devices/:id
    PUT     /v1/devices/:id/ping
    GET     /v1/products/:p/devices/:id
    GET     /v1/products/:p/devices/:id/:variable
    POST    /v1/products/:p/devices/:id/:function
    PUT     /v1/products/:p/devices/:id/ping
    GET     /v1/diagnostics/:id
    GET     /v1/diagnostics/:id/last
    POST    /v1/diagnostics/:id/update
    GET     /v1/products/:p/diagnostics/:id
    GET     /v1/products/:p/diagnostics/:id/last
    POST    /v1/products/:p/diagnostics/:id/update
    POST    /v1/provisioning/:id
Events
    GET     /v1/events
    GET     /v1/events/:prefix
    GET     /v1/devices/events
    GET     /v1/devices/events/:prefix
    GET     /v1/devices/:id/events
    GET     /v1/devices/:id/events/:prefix
    GET     /v1/products/:p/events
    GET     /v1/products/:p/events/:prefix
    GET     /v1/products/:p/devices/:id/events
    GET     /v1/products/:p/devices/:id/events/:prefix
    POST    /v1/devices/events
    POST    /v1/products/:p/events
Webhooks
    GET     /v1/integrations
    POST    /v1/integrations
    GET     /v1/integrations/:id
    PUT     /v1/integrations/:id
    DELETE  /v1/integrations/:id
    POST    /v1/integrations/:id/test
    GET     /v1/webhooks
    POST    /v1/webhooks
    GET     /v1/webhooks/:id
    DELETE  /v1/webhooks/:id
    GET     /v1/products/:p/integrations
    POST    /v1/products/:p/integrations
    GET     /v1/products/:p/integrations/:id
    PUT     /v1/products/:p/integrations/:id
    DELETE  /v1/products/:p/integrations/:id
    POST    /v1/products/:p/integrations/:id/test
Compiling and Device OS
    POST    /v1/binaries
    GET     /v1/binaries/:id
    GET     /v1/build_targets
    GET     /v1/device-os/versions
    GET     /v1/device-os/versions/:v
    GET     /v1/libraries
    GET     /v1/libraries/:name
    GET     /v1/libraries/:name/versions
    POST    /v1/libraries
    PATCH   /v1/libraries/:name
    DELETE  /v1/libraries/:name
"""

MISSING = {
    "GET /v1/orgs/:o/service_agreements": "billing; nothing of it reaches a device",
    "GET /v1/orgs/:o/secrets": "of the logic service, which runs programs in Particle's cloud",
}
"""Why an endpoint is not served; what is served in the meantime is left out of the table of exceptions."""


def _parsed() -> dict[str, list[str]]:
    subjects: dict[str, list[str]] = {}
    for line in _TEXT.strip().splitlines():
        if line.startswith(" "):
            subjects[next(reversed(subjects))].append(" ".join(line.split()))
        else:
            subjects[line] = []
    return subjects


DOCUMENTED = _parsed()


def shape(endpoint: str) -> str:
    """An endpoint without the names of its parts, so that ``:id`` and ``{device}`` are the same."""
    return re.sub(r":\w+|\{[^}]*\}", "*", endpoint)
