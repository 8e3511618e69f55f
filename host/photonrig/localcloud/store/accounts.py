"""Accounts and the programs that act for them: users, customers, OAuth clients."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from photonrig.localcloud.secrets import new_id, sha256_hex
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows

__all__ = ["Client", "Customer", "Customers", "User", "Users"]


@dataclass(frozen=True, slots=True)
class User:
    """A developer's account; ``password`` is the salted hash, ``mfa_key`` in base 32 asks for one-time passwords."""

    id: str
    username: str
    password: str
    account_info: dict[str, Any]
    mfa_key: str | None = None


class Users(Rows[User]):
    """Users by id and by name; names are lower case, and compared without case."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "users", User)
        self._now = now

    def create(self, username: str, password: str, account_info: dict[str, Any]) -> User | None:
        """A new user; None if the name is taken."""
        user = User(new_id(), username.lower(), password, account_info)
        return user if self.add(user, created_at=self._now()) else None

    def named(self, username: str) -> User | None:
        """The user with this name."""
        return self.get(username=username)

    def delete(self, user_id: str) -> None:
        """Delete a user who owns no device and founded no product; the clients of products pass to their founders."""
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
        """A new customer under a lower-cased e-mail; None if the product has one of that name."""
        customer = Customer(new_id(), product_id, email.lower(), password)
        return customer if self.add(customer, created_at=self._now()) else None

    def named(self, product_id: int, email: str) -> Customer | None:
        """The customer of a product with this e-mail."""
        return self.get(product_id=product_id, email=email.lower())


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client; with ``product_id`` it belongs to a product, otherwise to the user alone."""

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
