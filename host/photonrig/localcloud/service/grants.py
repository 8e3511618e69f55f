"""OAuth grants: access tokens by password, client or refresh token."""

from __future__ import annotations

from collections.abc import Callable

from photonrig.localcloud.eras import Era
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.secrets import otp_matches
from photonrig.localcloud.service.clients import ClientService, Credentials
from photonrig.localcloud.service.passwords import password_holds
from photonrig.localcloud.service.records import Customer, GrantedToken, Token, User
from photonrig.localcloud.service.refusal import ServiceRefusal
from photonrig.localcloud.service.tokens import TokenService
from photonrig.localcloud.store import Store

DEFAULT_SECONDS = 7_776_000  # 90 days
_WRONG_OTP = "OTP expired"  # particle-cli 3.51.0, src/cmd/api.test.js: the text for a wrong one, as for a late one


class GrantService:
    """One method per grant. All authenticate a client; lifetimes in seconds, 0 for ever."""

    def __init__(
        self, store: Store, era: Era, tokens: TokenService, clients: ClientService, now: Callable[[], float]
    ) -> None:
        self._store = store
        self._era = era
        self._tokens = tokens
        self._clients = clients
        self._now = now

    async def by_password(self, by: Credentials, username: str, password: str, seconds: int) -> GrantedToken:
        """Token for a user, or for a customer of the client's product.

        :raises ServiceRefusal: wrong client or password; one-time passwords are enabled
        """

        def account() -> Customer | User | None:
            _, client = self._clients.authenticated(by)
            if client is not None and client.product_id is not None:
                customer = self._store.customers.named(client.product_id, username)
                if customer is not None or not self._era.users_by_any_client:
                    return customer
            return self._store.users.named(username)

        def kept() -> str | None:
            found = account()
            return None if found is None else found.password

        holds = await password_holds(password, kept)
        found = account()
        if not holds or found is None:
            raise ServiceRefusal(Situation.GRANT_INVALID, text="User credentials are invalid")
        client_id, _ = self._clients.authenticated(by)
        if isinstance(found, Customer):
            return self._tokens.grant("customer", found.id, client_id, seconds)
        if found.mfa_key is None:
            return self._tokens.grant("user", found.id, client_id, seconds)
        with self._store.write():
            asked = self._store.challenges.ask("log in", found.id, client=client_id, seconds=seconds)
        raise ServiceRefusal(Situation.GRANT_NEEDS_OTP, mfa_token=asked)

    def by_otp(self, by: Credentials, mfa_token: str, otp: str) -> GrantedToken:
        """Second step of a log-in with one-time passwords.

        :raises ServiceRefusal: wrong client or password, or too late
        """
        client_id, _ = self._clients.authenticated(by)
        challenge = self._store.challenges.find("log in", mfa_token)
        user = None if challenge is None else self._store.users.get(id=challenge.user_id)
        if challenge is None or user is None or user.mfa_key is None or challenge.facts["client"] != client_id:
            raise ServiceRefusal(Situation.GRANT_INVALID, text=_WRONG_OTP)
        if not otp_matches(user.mfa_key, otp, self._now()):
            with self._store.write():
                self._store.challenges.failed(challenge)
            raise ServiceRefusal(Situation.GRANT_INVALID, text=_WRONG_OTP)
        with self._store.write():
            self._store.challenges.answered("log in", user.id)
            return self._tokens.grant("user", user.id, client_id, challenge.facts["seconds"])

    def by_client(self, by: Credentials, scope: str, seconds: int) -> tuple[GrantedToken, Customer | None]:
        """Token for the client's product, or for one of its customers, named by ``scope``.

        :raises ServiceRefusal: wrong client or not allowed; unknown customer
        """
        _, client = self._clients.authenticated(by)
        if client is not None and client.scope not in (None, "*:*"):
            text = "The grant type is unauthorised for this client_id"
            raise ServiceRefusal(Situation.GRANT_INVALID_CLIENT, text=text)
        if client is None or client.product_id is None:
            raise ServiceRefusal(Situation.GRANT_INVALID, text="Client credentials are invalid")
        if not scope:
            return self._tokens.grant("product", str(client.product_id), client.id, seconds), None
        email = scope.removeprefix("customer=")
        if email == scope:
            raise ServiceRefusal(Situation.GRANT_INVALID_SCOPE, text="The scope must be customer=EMAIL")
        customer = self._store.customers.named(client.product_id, email)
        if customer is None:
            text = "No customer of this product has that e-mail; create the customer first"
            raise ServiceRefusal(Situation.GRANT_INVALID, text=text)
        return self._tokens.grant("customer", customer.id, client.id, seconds), customer

    def by_refresh_token(self, by: Credentials, refresh_token: str, seconds: int) -> GrantedToken:
        """New pair of tokens for a refresh token; the old pair ends.

        :raises ServiceRefusal: wrong client; unknown, expired, or another client's refresh token
        """
        client_id, _ = self._clients.authenticated(by)
        token, valid = self._store.tokens.find_refresh(refresh_token)
        if token is None or token.client != client_id:
            raise ServiceRefusal(Situation.GRANT_INVALID, text="Invalid refresh token")
        if not valid:
            raise ServiceRefusal(Situation.GRANT_INVALID, text="Refresh token has expired")
        with self._store.write():
            granted = self._tokens.grant(token.kind, token.subject, token.client, seconds)
            self._tokens.revoke(token)
        return granted

    async def tokens_of(self, username: str, password: str, otp: str) -> list[Token]:
        """All tokens of a user, authenticated by password and, if enabled, one-time password.

        :raises ServiceRefusal: wrong credentials
        """
        if not await password_holds(password, lambda: self._user(username).password):
            raise ServiceRefusal(Situation.ACCOUNT_UNPROVEN, text="Bad password")
        user = self._user(username)
        if user.mfa_key is not None and not otp_matches(user.mfa_key, otp, self._now()):
            raise ServiceRefusal(Situation.ACCOUNT_UNPROVEN, text="One-time password required: otp")
        return self._tokens.of("user", user.id)

    def _user(self, username: str) -> User:
        user = self._store.users.named(username)
        if user is None:
            raise ServiceRefusal(Situation.ACCOUNT_INVALID, text="Unknown user")
        return user
