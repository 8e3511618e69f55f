"""Tokens: lookup of principals, granting and revocation."""

from __future__ import annotations

from photonrig.localcloud.eras import Principal, Role
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.service.bus import Bus
from photonrig.localcloud.service.records import GrantedToken, Token, TokenKind
from photonrig.localcloud.service.refusal import ServiceRefusal
from photonrig.localcloud.store import Store


class TokenService:
    """Tokens of users, customers, products and API users. A token's streams end with it."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._principals = store.remembered(self._principal)

    def find(self, text: str) -> Token:
        """The token with this text.

        :raises ServiceRefusal: unknown or expired
        """
        token = self._store.tokens.find(text)
        if token is None:
            raise ServiceRefusal(Situation.TOKEN_INVALID)
        if self._store.tokens.expired(token):
            raise ServiceRefusal(Situation.TOKEN_EXPIRED)
        return token

    def principal(self, token: Token) -> Principal:
        """The token's principal with current rights.

        :raises ServiceRefusal: revoked or expired, or its account is gone
        """
        principal = self._principals((token.kind, token.subject)) if self._store.tokens.stands(token) else None
        if principal is None:
            raise ServiceRefusal(Situation.TOKEN_INVALID)
        return principal

    def _principal(self, account: tuple[TokenKind, str]) -> Principal | None:
        kind, subject = account
        match kind:
            case "user":
                roles, organizations = self._store.products.roles(subject), self._store.organizations.roles(subject)
                return Principal("user", subject, roles=roles, organizations=organizations)
            case "customer":
                customer = self._store.customers.get(id=subject)
                return None if customer is None else Principal("customer", customer.id, product=customer.product_id)
            case "product":
                return Principal("product", subject, product=int(subject))
            case "api user":
                return self._api_user(subject)

    def _api_user(self, api_user_id: str) -> Principal | None:
        found = self._store.api_users.get(id=api_user_id)
        if found is None:
            return None
        products, organizations = {found.product_id}, {}
        if found.organization_id is not None:
            products = {product.id for product in self._store.products.of_organization(found.organization_id)}
            organizations = {found.organization_id: Role.VIEW_ONLY}
        roles = {product: Role.VIEW_ONLY for product in products if product is not None}
        return Principal("api user", found.id, roles=roles, organizations=organizations, scopes=found.scopes)

    def grant(self, kind: TokenKind, subject: str, client: str, seconds: int) -> GrantedToken:
        """Grant a new pair of tokens; lifetime of the access token in seconds, 0 for ever."""
        with self._store.write():
            return self._store.tokens.grant(kind, subject, client, seconds)

    def of(self, kind: TokenKind, subject: str) -> list[Token]:
        """All tokens of an account, oldest first."""
        return self._store.tokens.of(kind, subject)

    def revoke(self, token: Token) -> None:
        """Revoke a token and end its streams."""
        with self._store.write():
            self._store.tokens.revoke(token)
        self._bus.close_token(token.hash)

    def revoke_all(self, kind: TokenKind, subject: str, *, keep: Token | None = None) -> None:
        """Revoke all tokens of an account and end their streams, except one to keep."""
        with self._store.write():
            for token in self._store.tokens.of(kind, subject):
                if token != keep:
                    self.revoke(token)

    def revoke_named(self, text: str) -> None:
        """Revoke the token given by ``text``: itself, or its listed hash; ignores an unknown one."""
        with self._store.write():
            for token in self._store.tokens.matching(text):
                self.revoke(token)

    def end_streams(self, kind: TokenKind, subject: str) -> None:
        """End the streams of an account after a change of its rights; clients reopen them with the new ones."""
        for token in self._store.tokens.of(kind, subject):
            self._bus.close_token(token.hash)
