"""``/v1/products`` and ``/v1/user/products``."""

from __future__ import annotations

from typing import Any

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.service.provisioning import PHOTON_PLATFORM
from photonrig.localcloud.store.organizations import Organization
from photonrig.localcloud.store.products import Product

__all__ = ["ROUTES"]


async def list_products(call: Call) -> Answer:
    """The products of whose teams the user is a member."""
    call.require(Action.ACCOUNT)
    return {"products": [_shown(call, product) for product in call.cloud.store.products.of_user(call.user_id)]}


async def list_of_organization(call: Call) -> Answer:
    """The products of an organization."""
    organization = call.organization(Action.ORGANIZATION_PRODUCTS)
    return {
        "products": [_shown(call, product) for product in call.cloud.store.products.of_organization(organization.id)]
    }


async def create(call: Call) -> Answer:
    """Create a product; the user becomes its administrator."""
    call.require(Action.ACCOUNT)
    return _create(call, None)


async def create_in_organization(call: Call) -> Answer:
    """Create a product of an organization."""
    return _create(call, call.organization(Action.ORGANIZATION_CREATE_PRODUCT))


def _create(call: Call, organization: Organization | None) -> Answer:
    given = call.sent.fields.get("product", call.sent.fields)
    if not isinstance(given, dict):
        raise refused(400, "product must be an object")
    name = given.get("name")
    platform_id = given.get("platform_id", PHOTON_PLATFORM)
    if not isinstance(name, str) or not name.strip():
        raise refused(400, "name is required")
    try:
        platform_id = int(platform_id)
    except (TypeError, ValueError):
        raise refused(400, "platform_id must be a number") from None
    if not 0 <= platform_id <= 0xFFFF:
        raise refused(400, "platform_id must be 0 … 65535")
    with call.cloud.store.write():
        if organization is None and call.cloud.era.organization_of_product:
            # None if an organization of that slug exists: the product is then its creator's alone.
            organization = call.cloud.store.organizations.add(name.strip(), call.user_id)
        product = call.cloud.store.products.add(
            *(name.strip(), str(given.get("description") or ""), platform_id, call.user_id),
            organization_id=None if organization is None else organization.id,
        )
        if product is None:
            raise refused(400, "A product of this name exists already; choose another name")
    if organization is not None:
        call.cloud.hooks.products_changed(organization.id)
    return {"ok": True, "product": _shown(call, product)}


async def show(call: Call) -> Answer:
    """One product, by id or slug."""
    return {"product": _shown(call, call.product(Action.PRODUCT_GET))}


def _shown(call: Call, product: Product) -> dict[str, Any]:
    groups = [group.name for group in call.cloud.store.groups.of(product.id)]
    return {
        "id": product.id,
        "platform_id": product.platform_id,
        "name": product.name,
        "slug": product.slug,
        "description": product.description,
        "user": product.user_id,
        "organization_id": product.organization_id,
        "subscription_id": None,
        "groups": groups,
        "settings": {"location": {}, "known_application": {"opt_in": False}, "quarantine": True},
        "device_protection": None,
    }


ROUTES = [
    route("GET", "/v1/products", list_products),
    route("GET", "/v1/user/products", list_products),
    route("POST", "/v1/user/products", create),
    route("GET", "/v1/products/{product}", show),
    route("GET", "/v1/orgs/{organization}/products", list_of_organization),
    route("POST", "/v1/orgs/{organization}/products", create_in_organization),
]
