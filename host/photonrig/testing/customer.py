"""Customers for one test, created with the product's OAuth client and deleted afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from photonrig.bench.target import CloudTarget
from photonrig.particle.cloud import Cloud


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of the product; ``cloud`` acts with the customer's token."""

    email: str
    cloud: Cloud
    product_id: int

    def claim_code(self) -> str:
        """A claim code that makes this customer the owner of the device that presents it."""
        return self.cloud.create_claim_code(self.product_id).code

    def owned(self) -> set[str]:
        """Ids of the customer's devices."""
        return {device.id for device in self.cloud.devices()}


@contextmanager
def new_customer(target: CloudTarget) -> Iterator[Customer]:
    """A customer with a unique address; at the end, releases its devices and deletes it."""
    email = f"hil-{secrets.token_hex(6)}@example.com"
    token = target.cloud.create_customer(target.product_id, email, client=target.client)
    customer = Customer(email, target.cloud.using(token), target.product_id)
    yield customer
    for device in customer.owned():
        target.team.release(device, target.product)
    target.team.remove_customer(target.product_id, email)
