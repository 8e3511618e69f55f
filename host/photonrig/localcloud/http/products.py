"""``/v1/products`` and ``/v1/user/products``."""

from __future__ import annotations

from typing import Any, ClassVar

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.body import Body
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.service.products import HARDWARE_VERSION
from photonrig.localcloud.service.provisioning import PHOTON_PLATFORM
from photonrig.localcloud.service.records import Organization, Product
from photonrig.localcloud.service.refusal import invalid


class NewProduct(Fields):
    """A new product, as an object named ``product`` or as the body itself."""

    KINDS: ClassVar[tuple[str, ...]] = ("json",)

    product: dict[str, Any]

    @classmethod
    def read(cls, sent: Body) -> NewProduct:
        """Decode either form."""
        given = sent.fields.get("product", sent.fields)
        if not isinstance(given, dict):
            raise invalid("product must be an object")
        return cls(given)

    def described(self) -> tuple[str, str, int]:
        """Name, description and platform.

        :raises ServiceRefusal: missing or invalid
        """
        name, platform = self.product.get("name"), self.product.get("platform_id", PHOTON_PLATFORM)
        if not isinstance(name, str) or not name.strip():
            raise invalid("name is required")
        try:
            platform = int(platform)
        except (TypeError, ValueError):
            raise invalid("platform_id must be a number") from None
        if not 0 <= platform <= 0xFFFF:
            raise invalid("platform_id must be 0 … 65535")
        return name.strip(), str(self.product.get("description") or ""), platform


async def list_products(call: Call) -> Answer:
    """List the products of which the user is a team member."""
    call.require(Action.ACCOUNT)
    return {"products": [_shown(call, product) for product in call.cloud.products.of_user(call.user_id)]}


async def list_of_organization(call: Call) -> Answer:
    """List the products of an organization."""
    organization = call.organization(Action.ORGANIZATION_PRODUCTS)
    return {"products": [_shown(call, product) for product in call.cloud.products.of_organization(organization)]}


async def create(call: Call[NewProduct]) -> Answer:
    """Create a product; the user becomes its administrator."""
    call.require(Action.ACCOUNT)
    return _create(call, None)


async def create_in_organization(call: Call[NewProduct]) -> Answer:
    """Create a product of an organization."""
    return _create(call, call.organization(Action.ORGANIZATION_CREATE_PRODUCT))


def _create(call: Call[NewProduct], organization: Organization | None) -> Answer:
    name, description, platform = call.body.described()
    made = call.cloud.products.create(call.user_id, organization, name=name, description=description, platform=platform)
    return {"ok": True, "product": _shown(call, made)}


async def show(call: Call) -> Answer:
    """Show a product, by id or slug."""
    shown = _shown(call, call.product(Action.PRODUCT_GET))
    return {"product": [shown] if call.cloud.era.shapes_of_2016 else shown}


def _shown(call: Call, product: Product) -> dict[str, Any]:
    if call.cloud.era.shapes_of_2016:
        return _shown_in_2016(call, product)
    return {
        "id": product.id,
        "platform_id": product.platform_id,
        "name": product.name,
        "slug": product.slug,
        "description": product.description,
        "user": product.user_id,
        "organization_id": product.organization_id,
        "subscription_id": None,
        "groups": call.cloud.products.group_names(product),
        "settings": {"location": {}, "known_application": {"opt_in": False}, "quarantine": True},
        "device_protection": None,
    }


def _shown_in_2016(call: Call, product: Product) -> dict[str, Any]:
    """The fields recorded in May 2018, before today's came."""
    return {
        "id": product.id,
        "platform_id": product.platform_id,
        "name": product.name,
        "slug": product.slug,
        "latest_firmware_version": next((each.version for each in call.cloud.firmware.of(product)), None),
        "description": product.description,
        "type": "Consumer",
        "hardware_version": HARDWARE_VERSION,
        "config_id": product.user_id,
        "organization": product.organization_id,
        "requires_activation_codes": False,
        "subscription_id": None,
        "mb_limit": None,
        "groups": call.cloud.products.group_names(product),
    }


ROUTES = [
    route("GET", "/v1/products", list_products),
    route("GET", "/v1/user/products", list_products),
    route("POST", "/v1/user/products", create, body=NewProduct),
    route("GET", "/v1/products/{product}", show),
    route("GET", "/v1/orgs/{organization}/products", list_of_organization),
    route("POST", "/v1/orgs/{organization}/products", create_in_organization, body=NewProduct),
]
