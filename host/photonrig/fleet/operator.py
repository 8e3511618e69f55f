"""Operator of a fleet: the central user on one cloud, with the identities the user can act as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from photonrig.errors import UsageError
from photonrig.fleet.config import FleetConfig
from photonrig.ownership.identities import Identities
from photonrig.particle.cloud import Cloud
from photonrig.particle.throttle import Throttle


@dataclass(frozen=True)
class Operator:
    """Clients and identities for a fleet on one cloud."""

    config: FleetConfig
    throttle: Throttle
    team: Cloud
    keys: Identities

    @classmethod
    def of(cls, config: FleetConfig, *, production_account: str | None = None) -> Self:
        """Connect; ``production_account`` names the account when the cloud is Particle's own.

        :raises UsageError: it is Particle's cloud, and the account named is not the configured one
        """
        if production_account is not None and production_account.lower() != config.account:
            raise UsageError(f"--production names {production_account}, fleet.toml names {config.account}")
        throttle = Throttle(config.limits)
        team = Cloud(config.api, config.token, production_account=production_account)
        team.before_each(throttle.pass_by)
        return cls(
            config, throttle, team, Identities(team, config.account, clients=config.clients, offers=config.offers)
        )

    def close(self) -> None:
        """Close the connections."""
        self.throttle.stop_waiting()
        self.team.close()
