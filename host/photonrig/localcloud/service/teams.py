"""Teams of products and organizations: users with a role, and API users with scopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from photonrig.localcloud.eras import Role
from photonrig.localcloud.eras.scopes import known
from photonrig.localcloud.service.records import ApiUser, Organization, Product, User
from photonrig.localcloud.service.refusal import invalid, unknown
from photonrig.localcloud.service.tokens import TokenService
from photonrig.localcloud.store import Store
from photonrig.localcloud.store.teams import Teams

Place = Product | Organization
"""The product or organization of a team."""

ROLE_NAMES = {
    Role.VIEW_ONLY: "View-only",
    Role.SUPPORT: "Support",
    Role.DEVELOPER: "Developer",
    Role.ADMINISTRATOR: "Administrator",
}
_ROLES = {name.lower(): role for role, name in ROLE_NAMES.items()}
_API_CLIENT = "__API_USER__"


class TeamService:
    """Members and API users. Changes of rights end the member's streams, or tokens."""

    def __init__(self, store: Store, tokens: TokenService) -> None:
        self._store = store
        self._tokens = tokens

    # --- users --------------------------------------------------------------------------------------------------------

    def members(self, place: Place) -> list[tuple[User, Role]]:
        """The users on the team."""
        found = [(self._store.users.get(id=user_id), role) for user_id, role in self._roles(place).items()]
        return [(user, role) for user, role in found if user is not None]

    def set_role(self, place: Place, username: str, role_name: str) -> User:
        """Add a user to the team, or change the user's role.

        :raises ServiceRefusal: unknown role or user, or a founder would lose the administrator's role
        """
        role = _ROLES.get(role_name.lower())
        if role is None:
            raise invalid(f"role must be one of {', '.join(ROLE_NAMES.values())}")
        user = self._store.users.named(username)
        if user is None:
            raise unknown("User not found")
        if user.id == self._founder(place) and role is not Role.ADMINISTRATOR:
            raise invalid("Its creator stays its administrator")
        with self._store.write():
            self._teams(place).set_role(place.id, user.id, role)
        self._tokens.end_streams("user", user.id)
        return user

    def remove(self, place: Place, username: str) -> None:
        """Remove a user from the team, or delete an API user with its token.

        :raises ServiceRefusal: not a member, or the founder
        """
        program = next((each for each in self.programs(place) if each.username == username.lower()), None)
        if program is not None:
            with self._store.write():
                self._tokens.revoke_all("api user", program.id)
                self._store.api_users.remove(id=program.id)
            return
        user = self._store.users.named(username)
        if user is None or user.id not in self._roles(place):
            raise unknown("User not found")
        if user.id == self._founder(place):
            raise invalid("Its creator stays on the team")
        with self._store.write():
            self._teams(place).remove_member(place.id, user.id)
        self._tokens.end_streams("user", user.id)

    def _teams(self, place: Place) -> Teams[Any]:
        return self._store.products if isinstance(place, Product) else self._store.organizations

    def _roles(self, place: Place) -> Mapping[str, Role]:
        return self._teams(place).team(place.id)

    def _founder(self, place: Place) -> str | None:
        """The id of the permanent member: a product's creator, an organization's last administrator."""
        if isinstance(place, Product):
            return place.user_id
        administrators = [user for user, role in self._roles(place).items() if role is Role.ADMINISTRATOR]
        return administrators[0] if len(administrators) == 1 else None

    # --- API users ----------------------------------------------------------------------------------------------------

    def programs(self, place: Place) -> list[ApiUser]:
        """The API users of the place, oldest first."""
        return self._store.api_users.of("created_at, id", **_ids(place))

    def add_program(self, place: Place, name: str, scopes: list[str]) -> tuple[ApiUser, str]:
        """Create an API user and its token, which never expires.

        :raises ServiceRefusal: no scopes, or an unknown one
        """
        checked = _checked(scopes)
        with self._store.write():
            made = self._store.api_users.create(name, checked, **_ids(place))
            return made, self._new_token(made)

    def rescope(self, place: Place, username: str, scopes: list[str]) -> tuple[ApiUser, str]:
        """Change an API user's scopes and replace its token.

        :raises ServiceRefusal: as :meth:`add_program`, or unknown API user
        """
        found, checked = self._program(place, username), _checked(scopes)
        with self._store.write():
            self._store.api_users.update({"id": found.id}, scopes=checked)
            return found, self._new_token(found)

    def renew_token(self, place: Place, username: str) -> tuple[ApiUser, str]:
        """Replace an API user's token; the old one ends.

        :raises ServiceRefusal: unknown API user
        """
        found = self._program(place, username)
        with self._store.write():
            return found, self._new_token(found)

    def _program(self, place: Place, username: str) -> ApiUser:
        for each in self.programs(place):
            if each.username == username.lower():
                return each
        raise unknown("API user not found")

    def _new_token(self, user: ApiUser) -> str:
        self._tokens.revoke_all("api user", user.id)
        return self._tokens.grant("api user", user.id, _API_CLIENT, 0).access_token


class _Ids(TypedDict):
    product_id: int | None
    organization_id: str | None


def _ids(place: Place) -> _Ids:
    if isinstance(place, Product):
        return {"product_id": place.id, "organization_id": None}
    return {"product_id": None, "organization_id": place.id}


def _checked(scopes: list[str]) -> frozenset[str]:
    unheard = [scope for scope in scopes if not known(scope)]
    if unheard or not scopes:
        raise invalid(f"There is no scope {unheard[0]}" if unheard else "scopes must name at least one scope")
    return frozenset(scopes)
