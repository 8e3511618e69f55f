"""Rules of April and May 2016, before and after customers could claim without a claim code.

Today's table applies where the forum thread of 2016 and recordings of that time are silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from photonrig.localcloud.era_names import AFTER_2016, BEFORE_2016
from photonrig.localcloud.eras import Action, Era, Party, Rule
from photonrig.localcloud.eras.paths import PRODUCT_DEVICE_PATHS, SINCE_2016
from photonrig.localcloud.eras.refusals import REFUSALS_2016
from photonrig.localcloud.eras.today import TODAY
from photonrig.localcloud.eras.viewers import DeviceViewer, StreamViewer, Viewer
from photonrig.localcloud.events import Event


def _but(action: Action, **parties: Rule) -> dict[Action, Mapping[Party, Rule]]:
    """Today's row of an action, with other rules for some parties."""
    return {action: {**TODAY.rules[action], **{Party[name.upper()]: rule for name, rule in parties.items()}}}


_SEEN_NOT = Rule(False, "thread")

_RULES: Mapping[Action, Mapping[Party, Rule]] = {
    **TODAY.rules,
    # Rows 34, 47: a team sees a customer's device only on the organization's paths.
    **_but(Action.DEVICE_GET, member=_SEEN_NOT),
    **_but(Action.DEVICE_VARIABLE, member=_SEEN_NOT),
    **_but(Action.DEVICE_FUNCTION, member=_SEEN_NOT),
    **_but(Action.DEVICE_UPDATE, member=_SEEN_NOT),
    # Staff knew of no call by which a customer's device is released; the console could.
    **_but(Action.DEVICE_RELEASE, owning_customer=Rule(False, "staff notes")),
    # The public stream, in which all but the owner see public events only.
    **_but(Action.DEVICE_EVENTS, stranger=Rule(True, "documented"), member=Rule(True, "documented")),
    **_but(Action.API_USERS, member=Rule(False, "documented")),
    # Team members got a code too, and a device claimed with it appeared in no list.
    **_but(Action.CUSTOMER_CLAIM_CODE, member=Rule(True, "thread")),
}


def _entitles(viewer: Viewer, event: Event) -> bool:
    match viewer:
        case StreamViewer(kind="device"):
            # Rows 53, 54: other readers of a device's stream see public events only.
            mine = event.owner is not None and event.owner == viewer.reader.owner
            return event.device == viewer.device and (mine or not event.private)
        case StreamViewer(kind="all") if not event.private:
            return True
        case DeviceViewer():
            # A device receives events of its owner and its owner's devices; with scope "all", public events too.
            if event.owner is not None and event.owner == viewer.owner:
                return True
            return viewer.scope != "mine" and not event.private
    return TODAY.entitles(viewer, event)


AFTER = Era(
    AFTER_2016,
    _RULES,
    _entitles,
    REFUSALS_2016,
    lacks=PRODUCT_DEVICE_PATHS | SINCE_2016,
    claims=replace(TODAY.claims, product_devices_offline=False, members_only=False),
    typed_codes=False,
    public_events=True,
    organization_of_product=True,
    shapes_of_2016=True,
    users_by_any_client=True,  # refused since October 2019: github.com/particle-iot/particle-android/issues/81
)

BEFORE = replace(AFTER, name=BEFORE_2016, typed_owners=False)
