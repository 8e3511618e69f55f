"""Accounts and OAuth clients: users, customers, clients."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from photonrig.localcloud.secrets import new_id, sha256_hex
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows


@dataclass(frozen=True, slots=True)
class User:
    """A developer's account; ``password`` is the salted hash; ``mfa_key``, in base 32, enables one-time passwords."""

    id: str
    username: str
    password: str
    account_info: dict[str, Any]
    mfa_key: str | None = None


class Users(Rows[User]):
    """Users by id and by name; names are case-insensitive and stored in lower case."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "users", User)
        self._now = now

    def create(self, username: str, password: str, account_info: dict[str, Any]) -> User | None:
        """Create a user; None if the name is taken."""
        user = User(new_id(), username.lower(), password, account_info)
        return user if self.add(user, created_at=self._now()) else None

    def named(self, username: str) -> User | None:
        """The user with this name."""
        return self.get(username=username)

    def delete(self, user_id: str) -> None:
        """Delete a user without devices or founded products; clients of products pass to the products' founders."""
        self.database.change(
            "UPDATE clients SET user_id = (SELECT user_id FROM products WHERE id = clients.product_id)"
            " WHERE user_id = ? AND product_id IS NOT NULL",
            user_id,
        )
        for table in ("clients", "binaries", "team", "organization_team"):
            self.database.change(f"DELETE FROM {table} WHERE user_id = ?", user_id)  # noqa: S608
        self.remove(id=user_id)


@dataclass(frozen=True, slots=True)
class Customer:
    """A product's end user; ``password`` is the salted hash, None for a shadow customer."""

    id: str
    product_id: int
    email: str
    password: str | None


class Customers(Rows[Customer]):
    """Customers by id, and by e-mail within a product; the same e-mail in two products is two customers."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "customers", Customer)
        self._now = now

    def create(self, product_id: int, email: str, password: str | None) -> Customer | None:
        """Create a customer under a lower-cased e-mail; None if the product has one with it."""
        customer = Customer(new_id(), product_id, email.lower(), password)
        return customer if self.add(customer, created_at=self._now()) else None

    def named(self, product_id: int, email: str) -> Customer | None:
        """The customer of a product with this e-mail."""
        return self.get(product_id=product_id, email=email.lower())


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client of the product ``product_id``, or of the user."""

    id: str
    secret_hash: str
    name: str
    type: str
    redirect_uri: str | None
    scope: str | None
    user_id: str
    product_id: int | None

    def has_secret(self, secret: str) -> bool:
        """Whether ``secret`` is this client's."""
        return hmac.compare_digest(sha256_hex(secret), self.secret_hash)
