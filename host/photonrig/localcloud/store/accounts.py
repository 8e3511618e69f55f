"""Accounts and the programs that act for them: users, customers, OAuth clients."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from photonrig.localcloud.secrets import new_id, sha256_hex
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows

__all__ = ["Client", "Clients", "Customer", "Customers", "User", "Users"]


@dataclass(frozen=True, slots=True)
class User:
    """A developer's account; ``password`` is the salted hash, ``mfa_key`` in base 32 asks for one-time passwords."""

    id: str
    username: str
    password: str
    account_info: dict[str, Any]
    mfa_key: str | None = None


class Users:
    """Users by id and by name; names are compared without case."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._rows = Rows(database, "users", User)
        self._now = now

    def add(self, username: str, password: str, account_info: dict[str, Any]) -> User | None:
        """Create a user; None if the name is taken."""
        user = User(new_id(), username.lower(), password, account_info)
        return user if self._rows.add(user, created_at=self._now()) else None

    def get(self, user_id: str) -> User | None:
        """The user with this id."""
        return self._rows.get(id=user_id)

    def named(self, username: str) -> User | None:
        """The user with this name."""
        return self._rows.get(username=username)

    def rename(self, user_id: str, username: str) -> bool:
        """Give a user another name; False if it is taken."""
        return self._rows.update({"id": user_id}, username=username.lower())

    def set_password(self, user_id: str, password: str) -> None:
        """Replace the password hash."""
        self._rows.update({"id": user_id}, password=password)

    def set_account_info(self, user_id: str, info: dict[str, Any]) -> None:
        """Replace the account information."""
        self._rows.update({"id": user_id}, account_info=info)

    def set_mfa_key(self, user_id: str, key: str | None) -> None:
        """Replace the key of one-time passwords, in base 32; None asks for them no more."""
        self._rows.update({"id": user_id}, mfa_key=key)

    def remove(self, user_id: str) -> None:
        """Delete a user who owns no device and founded no product; the clients of products pass to their founders."""
        self._database.change(
            "UPDATE clients SET user_id = (SELECT user_id FROM products WHERE id = clients.product_id)"
            " WHERE user_id = ? AND product_id IS NOT NULL",
            user_id,
        )
        for table in ("clients", "binaries", "team", "organization_team"):
            self._database.change(f"DELETE FROM {table} WHERE user_id = ?", user_id)  # noqa: S608
        self._rows.remove(id=user_id)


@dataclass(frozen=True, slots=True)
class Customer:
    """A product's end user; ``password`` is the salted hash, None for a shadow customer."""

    id: str
    product_id: int
    email: str
    password: str | None


class Customers:
    """Customers by id, and by e-mail within a product; the same e-mail in two products is two customers."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._rows = Rows(database, "customers", Customer)
        self._now = now

    def add(self, product_id: int, email: str, password: str | None) -> Customer | None:
        """Create a customer under a lower-cased e-mail; None if the product has one of that name."""
        customer = Customer(new_id(), product_id, email.lower(), password)
        return customer if self._rows.add(customer, created_at=self._now()) else None

    def get(self, customer_id: str) -> Customer | None:
        """The customer with this id."""
        return self._rows.get(id=customer_id)

    def named(self, product_id: int, email: str) -> Customer | None:
        """The customer of a product with this e-mail."""
        return self._rows.get(product_id=product_id, email=email.lower())

    def of_product(self, product_id: int) -> list[Customer]:
        """All customers of a product, in order of e-mail."""
        return self._rows.all("WHERE product_id = ? ORDER BY email", product_id)

    def set_password(self, customer_id: str, password: str) -> None:
        """Replace the password hash."""
        self._rows.update({"id": customer_id}, password=password)

    def remove(self, customer_id: str) -> None:
        """Delete a customer who owns no device."""
        self._rows.remove(id=customer_id)


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


class Clients:
    """OAuth clients by id."""

    def __init__(self, database: Database) -> None:
        self._rows = Rows(database, "clients", Client)

    def add(self, client: Client) -> bool:
        """Keep a client; False if the id is taken."""
        return self._rows.add(client)

    def get(self, client_id: str) -> Client | None:
        """The client with this id."""
        return self._rows.get(id=client_id)

    def of_product(self, product_id: int) -> list[Client]:
        """The clients of a product."""
        return self._rows.all("WHERE product_id = ? ORDER BY id", product_id)

    def of_user(self, user_id: str) -> list[Client]:
        """The clients a user made, those of products among them."""
        return self._rows.all("WHERE user_id = ? ORDER BY id", user_id)

    def update(self, client_id: str, *, name: str, scope: str | None) -> None:
        """Change name and scope."""
        self._rows.update({"id": client_id}, name=name, scope=scope)

    def remove(self, client_id: str) -> None:
        """Delete a client."""
        self._rows.remove(id=client_id)
