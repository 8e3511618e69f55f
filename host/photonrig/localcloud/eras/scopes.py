"""Documented scopes of API users; the era's table says which request needs which."""

from __future__ import annotations


def _scopes(**families: str) -> frozenset[str]:
    names = {family.replace("__", "."): verbs for family, verbs in families.items()}
    return frozenset(f"{family}:{verb}" for family, verbs in names.items() for verb in verbs.split())


SCOPES = _scopes(
    clients="list create update remove",
    configuration="get update",
    customers="list update remove",
    devices="list get import update ping release remove",
    devices__function="call",
    devices__variable="get",
    devices__diagnostics="get update",
    devices__diagnostics__summary="get",
    devices__diagnostics__metadata="get",
    events="get send",
    firmware="list create get update remove release",
    firmware__binary="get",
    groups="list get create update remove",
    groups__impact="get",
    integrations="list get create update remove test",
    locations="get",
    organization="get",
    products="list get",
    sims__usage="get",
    sims__data_sessions="get remove",
    teams__users="list invite update remove",
)
FAMILIES = ("sims", "service_agreements", "ledgers", "logic")
"""Families documented by name only; not served by this cloud."""


def known(scope: str) -> bool:
    """Whether the scope exists."""
    return scope in SCOPES or scope.partition(":")[0].partition(".")[0] in FAMILIES
