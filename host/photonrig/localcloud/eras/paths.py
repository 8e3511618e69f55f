"""Endpoints that exist in some eras only, as (method, path) of their routes."""

from __future__ import annotations

Paths = frozenset[tuple[str, str]]


def _paths(text: str) -> Paths:
    return frozenset((method, path) for method, path in (line.split() for line in text.strip().splitlines()))


ORGANIZATION_PATHS = _paths("""
    GET     /v1/orgs/{organization}/devices/{device}
    PUT     /v1/orgs/{organization}/devices/{device}
    PUT     /v1/orgs/{organization}/devices/{device}/ping
    GET     /v1/orgs/{organization}/devices/{device}/{name}
    POST    /v1/orgs/{organization}/devices/{device}/{name}
    GET     /v1/orgs/{organization}/products/{product}/devices
    GET     /v1/orgs/{organization}/products/{product}/events
    GET     /v1/orgs/{organization}/products/{product}/events/{prefix:path}
    POST    /v1/orgs/{organization}/products/{product}/device_claims
    POST    /v1/orgs/{organization}/customers
""")
"""Paths of 2016 for a product's devices (forum 2016, rows 45, 46, 53); gone two years later."""

PRODUCT_DEVICE_PATHS = _paths("""
    GET     /v1/products/{product}/devices/{device}
    PUT     /v1/products/{product}/devices/{device}
    DELETE  /v1/products/{product}/devices/{device}
    DELETE  /v1/products/{product}/devices/{device}/owner
    PUT     /v1/products/{product}/devices/{device}/ping
    GET     /v1/products/{product}/devices/{device}/{name}
    POST    /v1/products/{product}/devices/{device}/{name}
    GET     /v1/products/{product}/devices/{device}/events
    GET     /v1/products/{product}/devices/{device}/events/{prefix:path}
""")
"""Paths of one device of a product: in 2016 only through the organization (rows 45, 49)."""

SINCE_2016 = _paths("""
    GET     /v1/products/{product}/customers
    PUT     /v1/products/{product}/customers/{email}
    DELETE  /v1/products/{product}/customers/{email}
    PUT     /v1/products/{product}/team/{username}/token
    PUT     /v1/orgs/{organization}/team/{username}/token
    GET     /v1/orgs
    GET     /v1/orgs/{organization}
    GET     /v1/orgs/{organization}/products
    POST    /v1/orgs/{organization}/products
    GET     /v1/orgs/{organization}/team
    POST    /v1/orgs/{organization}/team
    POST    /v1/orgs/{organization}/team/{username}
    PUT     /v1/orgs/{organization}/team/{username}
    DELETE  /v1/orgs/{organization}/team/{username}
    GET     /v1/orgs/{organization}/integrations
    POST    /v1/orgs/{organization}/integrations
    GET     /v1/orgs/{organization}/integrations/{hook}
    PUT     /v1/orgs/{organization}/integrations/{hook}
    DELETE  /v1/orgs/{organization}/integrations/{hook}
    POST    /v1/orgs/{organization}/integrations/{hook}/test
    GET     /v1/orgs/{organization}/events
    GET     /v1/orgs/{organization}/events/{prefix:path}
    GET     /v1/orgs/{organization}/devices/{device}/events
    GET     /v1/orgs/{organization}/devices/{device}/events/{prefix:path}
""")
"""List, change and delete of customers; API users; organizations as today."""
