"""Team calls: users and API users of a product or organization. A base class of :class:`Cloud`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from photonrig.errors import ProtocolError
from photonrig.particle.cloud_http import CloudHttp
from photonrig.particle.cloud_types import TeamMember, Token


class TeamCalls(CloudHttp):
    """Teams; ``ref`` is a product, or with ``organization`` an organization, by id or slug."""

    def team(self, ref: int | str, *, organization: bool = False) -> tuple[TeamMember, ...]:
        """Members of a team, API users included."""
        return tuple(TeamMember.parse(entry) for entry in self.request("GET", _team(ref, organization)))

    def invite(self, ref: int | str, username: str, role: str = "Developer", *, organization: bool = False) -> None:
        """Add a user to a team; the role is View-only, Support, Developer or Administrator."""
        self.request("POST", _team(ref, organization), json={"username": username, "role": role})

    def remove_member(self, ref: int | str, username: str, *, organization: bool = False) -> None:
        """Remove a user or an API user from a team."""
        self.request("DELETE", f"{_team(ref, organization)}/{quote(username, safe='')}")

    def create_api_user(
        self, ref: int | str, name: str, scopes: Sequence[str], *, organization: bool = False
    ) -> tuple[TeamMember, Token]:
        """Create an API user; returns its only token, which never expires."""
        body = {"friendly_name": name, "scopes": list(scopes)}
        created = self.request("POST", _team(ref, organization), json=body)["created"]
        return TeamMember.parse({"friendly_name": name, "scopes": list(scopes), **created}), _api_token(created)

    def renew_api_user_token(self, ref: int | str, username: str, *, organization: bool = False) -> Token:
        """Replace an API user's token; the old one ends."""
        path = f"{_team(ref, organization)}/{quote(username, safe='')}/token"
        return _api_token(self.request("PUT", path, json={})["created"])


def _api_token(created: dict[str, Any]) -> Token:
    try:
        return Token(str(created["tokens"][0]["token"]), "api user")
    except (KeyError, IndexError, TypeError):
        raise ProtocolError("the cloud answered without the API user's token") from None


def _team(ref: int | str, organization: bool) -> str:
    return f"/v1/{'orgs' if organization else 'products'}/{quote(str(ref), safe='')}/team"
