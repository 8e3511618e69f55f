"""Developers' accounts: passwords, one-time passwords, deletion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.secrets import new_mfa_key, otp_matches
from photonrig.localcloud.service.audit import owner_name
from photonrig.localcloud.service.ownership_service import OwnershipService
from photonrig.localcloud.service.records import Token, User
from photonrig.localcloud.service.refusal import ServiceRefusal, invalid, unknown
from photonrig.localcloud.service.tokens import TokenService
from photonrig.localcloud.store import Store
from photonrig.ownership.model import Owner

_TAKEN = "username must be unique"


class AccountService:
    """Users: lookup, change and deletion."""

    def __init__(
        self,
        store: Store,
        tokens: TokenService,
        ownership: OwnershipService,
        hooks_changed: Callable[[str], None],
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._ownership = ownership
        self._hooks_changed = hooks_changed
        self._now = now

    def user(self, user_id: str) -> User:
        """The user with this id, as found in a token.

        :raises ServiceRefusal: the account and its tokens were deleted
        """
        user = self._store.users.get(id=user_id)
        if user is None:
            raise ServiceRefusal(Situation.TOKEN_INVALID)
        return user

    def named(self, username: str) -> User | None:
        """The user of this name."""
        return self._store.users.named(username)

    def name_of(self, owner: Owner | None) -> str | None:
        """The e-mail of an owner."""
        return owner_name(self._store, owner)

    def device_count(self, user: User) -> int:
        """Number of devices the user owns."""
        return len(self._store.devices.of_owner(Owner("user", user.id)))

    def create(self, username: str, password: str, info: dict[str, Any]) -> None:
        """Create a user; ``password`` is its hash.

        :raises ServiceRefusal: the name is taken
        """
        with self._store.write():
            if self._store.users.create(username, password, info) is None:
                raise ServiceRefusal(Situation.ACCOUNT_INVALID, text=_TAKEN)

    def change(
        self,
        user: User,
        *,
        username: str | None,
        password: str | None,
        info: dict[str, Any] | None,
        only: Token | None = None,
    ) -> None:
        """Change the given fields, ``password`` as its hash; with ``only``, all other tokens of the account end.

        :raises ServiceRefusal: the name is taken
        """
        users, it = self._store.users, {"id": user.id}
        with self._store.write():
            if username and not users.update(it, username=username.lower()):
                raise ServiceRefusal(Situation.ACCOUNT_INVALID, text=_TAKEN)
            if password is not None:
                users.update(it, password=password)
            if info is not None:
                users.update(it, account_info=info)
            if only is not None:
                self._tokens.revoke_all("user", user.id, keep=only)

    def remove(self, user: User) -> None:
        """Delete an account: devices are released, tokens and webhooks end.

        :raises ServiceRefusal: the user founded a product
        """
        if any(product.user_id == user.id for product in self._store.products.of_user(user.id)):
            raise invalid("The user founded a product; an account without products can be deleted")
        hooks = self._store.hooks.of_owner("user", user.id)
        with self._store.write():
            self._tokens.revoke_all("user", user.id)
            for hook in hooks:
                self._store.hooks.remove(id=hook.id)
            self._ownership.remove_user(user)
        for hook in hooks:
            self._hooks_changed(hook.id)

    # --- forgotten passwords ------------------------------------------------------------------------------------------

    def forgot(self, username: str) -> None:
        """Note a user's request for a password reset; ignores unknown names."""
        user = self.named(username)
        if user is not None:
            with self._store.write():
                self._store.challenges.answered("reset password", user.id)
                self._store.challenges.ask("reset password", user.id)

    def forgetful(self) -> list[User]:
        """Users with a pending password reset."""
        users = [self._store.users.get(id=each.user_id) for each in self._store.challenges.pending("reset password")]
        return [user for user in users if user is not None]

    def who_forgot(self, username: str) -> User:
        """The user of this name with a pending password reset.

        :raises ServiceRefusal: there is none
        """
        for user in self.forgetful():
            if user == self.named(username):
                return user
        raise unknown("No user of this name asked for a new password")

    def reset_password(self, username: str, password: str) -> None:
        """Set a new password, as its hash, for a user with a pending reset; all tokens of the account end.

        :raises ServiceRefusal: no such reset is pending
        """
        user = self.who_forgot(username)
        with self._store.write():
            self._store.users.update({"id": user.id}, password=password)
            self._store.challenges.answered("reset password", user.id)
            self._tokens.revoke_all("user", user.id)

    # --- one-time passwords -------------------------------------------------------------------------------------------

    def offer_mfa(self, user: User) -> tuple[str, str]:
        """Offer a key for one-time passwords, with a token for :meth:`enable_mfa`.

        :raises ServiceRefusal: the user has one already
        """
        if user.mfa_key is not None:
            raise invalid("Multifactor authentication is already enabled")
        key = new_mfa_key()
        with self._store.write():
            self._store.challenges.answered("enable mfa", user.id)
            return self._store.challenges.ask("enable mfa", user.id, key=key), key

    def enable_mfa(self, user: User, token: str, otp: str, only: Token | None) -> None:
        """Enable one-time passwords for logging in; with ``only``, all other tokens of the account end.

        :raises ServiceRefusal: not a token of :meth:`offer_mfa`, or the password does not match its key
        """
        challenge = self._store.challenges.find("enable mfa", token)
        if challenge is None or challenge.user_id != user.id:
            raise invalid("This mfa_token is not valid any more; ask for another key")
        key = challenge.facts["key"]
        if not otp_matches(key, otp, self._now()):
            with self._store.write():
                self._store.challenges.failed(challenge)
            raise invalid("This is not the key's one-time password")
        with self._store.write():
            self._store.users.update({"id": user.id}, mfa_key=key)
            self._store.challenges.answered("enable mfa", user.id)
            if only is not None:
                self._tokens.revoke_all("user", user.id, keep=only)

    def disable_mfa(self, user: User) -> None:
        """Disable one-time passwords."""
        with self._store.write():
            self._store.users.update({"id": user.id}, mfa_key=None)
