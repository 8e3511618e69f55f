"""Handover story: a Photon changes hands, the whole chain, on virtual and real slots alike.

A new firmware version reaches a device through the Particle CLI; a device out of the box becomes a customer's through
SoftAP; that customer's device goes to a second one; a device in the field moves from the central account to a customer
without physical access; and the cloud is killed and restarts with its data intact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from photonrig.bench.slots.slot import Slot
from photonrig.clock import Clock
from photonrig.errors import ExpectationFailed
from photonrig.ownership.engine import Progress
from photonrig.ownership.flow_context import Plan
from photonrig.ownership.flows import take
from photonrig.ownership.identities import Account, Identities, Offers
from photonrig.particle.cli import ParticleCli
from photonrig.particle.cloud import ClientCredentials, Cloud, Token, product
from photonrig.particle.cloud_errors import ApiError
from photonrig.particle.events import Event, EventStream, of_device
from photonrig.particle.softap import LISTEN_HOLD
from photonrig.scenarios.story import Seen, Story, step

_ONLINE = 60.0  # seconds within which a device must be back on the cloud after a reset or a restart
_EVENT = 15.0
_ASKED = '{"owner":"first","release":true'  # begins the event of a device that asks to be given up
_RELEASE_HOLD = 10.5  # seconds of SETUP after which the variants ask to be given up
_TRAVEL = "1000,1000"  # calibration: milliseconds from closed to open and back


@dataclass(frozen=True, slots=True)
class StoryTarget:
    """The story's slots, cloud and accounts; real and virtual slots look alike.

    ``cloud`` carries no token; ``central`` is the token of the central user, who is on the product's team. ``fielded``
    is online and claimed to that user, ``fresh`` is out of the box in listening mode; both are in the product.
    """

    cloud: Cloud
    central: Token
    product_id: int
    client: ClientCredentials
    cli: ParticleCli
    fielded: Slot
    fresh: Slot
    wifi_ssid: str
    wifi_password: str
    new_firmware: Path
    new_version: int
    work: Path
    restart_cloud: Callable[[], str]
    clock: Clock


class HandoverStory(Story):
    """The steps of the story, in order."""

    def __init__(self, target: StoryTarget) -> None:
        fielded, fresh = (replace(slot, observer=self.observe) for slot in (target.fielded, target.fresh))
        self.target, self.clock = replace(target, fielded=fielded, fresh=fresh), target.clock
        target.cloud.add_observer(self.observe)
        target.cli.add_observer(self.observe)
        self.team = target.cloud.using(target.central)
        self.product = product(target.product_id)
        self.image = target.work / f"firmware-{target.new_version}.bin"
        run = f"{round(target.clock.wall() * 1000):x}"
        self.first_email, self.second_email, self.field_email = (
            f"{name}-{run}@example.com" for name in ("first", "second", "field")
        )
        self.first = self.second = self.field = target.cloud
        self.claim_code = ""

    # --- a new firmware version -------------------------------------------------------------------------------------

    @step(
        "The Particle CLI sees the fielded device",
        chapter="A new firmware version reaches a device in the field",
        expects="logged in as the central user; the device is listed online",
    )
    def cli_lists(self, seen: Seen) -> None:
        version = self.target.cli.version()
        who = self.target.cli.whoami()
        listing = self.target.cli.list()
        device = self.target.fielded.device_id
        line = next((line for line in listing.text.splitlines() if device in line), "device missing")
        seen.that("online" in line, f"CLI {version.text.strip()}, {who.text.strip()}: {line.strip()}")

    @step(
        "Serial and cloud agree on variant and version",
        chapter="A new firmware version reaches a device in the field",
        expects="the same variant and firmware on both; a function called by the CLI",
    )
    def before_flash(self, seen: Seen) -> None:
        info = self._serial(self.target.fielded, "info")
        self.target.cli.call(self.target.fielded.device_id, "calibrate", _TRAVEL)
        variant = self.target.cli.get(self.target.fielded.device_id, "variant").value
        firmware = self.target.cli.get(self.target.fielded.device_id, "fw").value
        seen.that(
            (info["variant"], info["fw"]) == (variant, firmware),
            f"serial: {info['variant']}, {info['fw']}; cloud: {variant}, {firmware}",
        )

    @step(
        "The CLI compiles the new version in the cloud",
        chapter="A new firmware version reaches a device in the field",
        expects="a module whose CRC is sound, for the Photon",
    )
    def compile_new(self, seen: Seen) -> None:
        self.target.cli.compile(self.target.new_firmware, self.image)
        inspected = self.target.cli.inspect(self.image).text.splitlines()
        wanted = ("CRC is ok", "Compiled for", "product id")
        lines = [line.strip() for line in inspected if any(text in line for text in wanted)]
        sound = len(lines) == len(wanted) and "photon" in lines[1]
        seen.that(sound, f"{self.image.stat().st_size} bytes; {'; '.join(lines)}")

    @step(
        "The CLI flashes it over the air",
        chapter="A new firmware version reaches a device in the field",
        expects="flash events started and success; the device announces its reset and comes back with the new version",
    )
    def flash_new(self, seen: Seen) -> None:
        device = self.target.fielded.device_id
        with self._stream(self.team, self.product.device(device)) as events, self.target.fielded.console() as console:
            self.target.cli.flash(device, self.image)
            reset = console.expect_event("reset", timeout=_ONLINE)
            events.expect(of_device(device, "spark/flash/status", "started"), timeout=_EVENT)
            events.expect(of_device(device, "spark/flash/status", "success"), timeout=_ONLINE)
            events.expect(of_device(device, "spark/status", "online"), timeout=_ONLINE)
        firmware = self.team.variable(device, "fw", self.product)
        version = self.team.device(device, self.product).firmware_version
        info = self._serial(self.target.fielded, "info")
        seen.that(
            info["fw"] == firmware and info["version"] == version == self.target.new_version,
            f"reset announced ({reset['reason']}); serial: {info['fw']} (version {info['version']}); "
            f"cloud: {firmware} (version {version})",
        )

    # --- out of the box ---------------------------------------------------------------------------------------------

    @step(
        "A customer is created and gets a claim code",
        chapter="A device out of the box becomes a customer's",
        expects="a shadow customer without password, a customer token, a claim code of 63 characters",
    )
    def first_customer(self, seen: Seen) -> None:
        target = self.target
        token = target.cloud.create_customer(target.product_id, self.first_email, client=target.client)
        self.first = target.cloud.using(token)
        code = self.first.create_claim_code(target.product_id)
        self.claim_code = code.code
        seen.that(
            len(code.code) == 63 and code.device_ids == (),
            f"customer {self.first_email}; code of {len(code.code)} characters; owns {len(code.device_ids)} devices",
        )

    @step(
        "The device is set up through its SoftAP",
        chapter="A device out of the box becomes a customer's",
        expects="unclaimed, sees the network, takes claim code and encrypted password, leaves to join",
    )
    def set_up(self, seen: Seen) -> None:
        target = self.target
        with target.fresh.softap() as softap:
            identity = softap.device_id()
            softap.set_claim_code(self.claim_code)
            softap.join(target.wifi_ssid, target.wifi_password)
        seen.that(
            identity.device_id == target.fresh.device_id and not identity.claimed,
            f"{identity.device_id} unclaimed; sees {target.wifi_ssid}; set up",
        )

    @step(
        "It comes online as the customer's",
        chapter="A device out of the box becomes a customer's",
        expects="in the customer's list and online; the team sees the owner; not in the central user's own list",
    )
    def claimed_by_code(self, seen: Seen) -> None:
        device = self.target.fresh.device_id
        self._wait_listed(seen, self.first, device)
        owner = self.team.device(device, self.product).owner_name
        mine = {each.id for each in self.team.devices()}
        seen.that(
            owner == self.first_email and device not in mine, f"owner {owner}; the central user lists {len(mine)}"
        )

    @step(
        "The device knows that it is claimed",
        chapter="A device out of the box becomes a customer's",
        expects="in listening mode its SoftAP says claimed; after a reset it is back online and still the customer's",
    )
    def claimed_flag(self, seen: Seen) -> None:
        slot = self.target.fresh
        slot.hold_setup(LISTEN_HOLD)
        with slot.softap() as softap:
            identity = softap.device_id()
        with self._stream(self.first, "/v1/devices") as events:
            slot.need("reset", slot.reset).press()
            events.expect(of_device(slot.device_id, "spark/status", "online"), timeout=_ONLINE)
        self._wait_listed(seen, self.first, slot.device_id)
        self.team.call(slot.device_id, "calibrate", _TRAVEL, self.product)
        seen.that(identity.claimed, f"SoftAP: claimed {identity.claimed}; online again after a reset")

    @step(
        "The customer's token controls it",
        chapter="A device out of the box becomes a customer's",
        expects="variable read, function called, event seen on the customer's own stream",
    )
    def first_controls(self, seen: Seen) -> None:
        self._prove_control(seen, self.first, self.target.fresh, move_to=40)

    @step(
        "The customer's things are in the device",
        chapter="A device out of the box becomes a customer's",
        expects="owner, groups and a schedule stored; variables tell them",
    )
    def first_furnishes(self, seen: Seen) -> None:
        device = self.target.fresh.device_id
        for function, argument in (("owner", "first"), ("groups", "south"), ("schedule", "1 1234567 07:30 40")):
            self.first.call(device, function, argument)
        told = {name: self.first.variable(device, name) for name in ("groups", "schedule")}
        seen.that(told == {"groups": "south", "schedule": "1 1234567 07:30 40;zone STD0"}, f"{told}")

    # --- from one customer to the next ------------------------------------------------------------------------------

    @step(
        "A second customer cannot take it",
        chapter="The device goes to a second customer",
        expects="403, belongs to someone else; nothing changed",
    )
    def second_refused(self, seen: Seen) -> None:
        target = self.target
        token = target.cloud.create_customer(target.product_id, self.second_email, client=target.client)
        self.second = target.cloud.using(token)
        refusal = _refused(lambda: self.second.claim(target.fresh.device_id))
        owner = self.team.device(target.fresh.device_id, self.product).owner_name
        seen.that(
            refusal is not None and refusal.status == 403 and owner == self.first_email,
            f"{refusal}; owner still {owner}",
        )

    @step(
        "SETUP held for ten seconds asks to be given up",
        chapter="The device goes to a second customer",
        expects="the networks are gone; online again the device says so in an event, and is still the first's",
    )
    def asks_release(self, seen: Seen) -> None:
        target, device = self.target, self.target.fresh.device_id
        with self._stream(self.team, self.product.device(device)) as events:
            target.fresh.hold_setup(_RELEASE_HOLD)
            with target.fresh.softap() as softap:
                softap.join(target.wifi_ssid, target.wifi_password)
            asked = events.expect(of_device(device, "shade/owner", _ASKED), timeout=_ONLINE).json()
        owner = self.team.device(device, self.product).owner_name
        seen.that(
            asked == {"owner": "first", "release": True, "cleared": False} and owner == self.first_email,
            f"{asked}; owner {owner}",
        )

    @step(
        "Released through the product, claimed by the second",
        chapter="The device goes to a second customer",
        expects="the device never leaves the product nor the cloud; the second customer owns it, told by the cloud",
    )
    def to_second(self, seen: Seen) -> None:
        self.team.call(self.target.fresh.device_id, "owner", "none", self.product)
        moved = self._transfer(seen, self.target.fresh, self.second_email)
        self.team.call(self.target.fresh.device_id, "owner", "second", self.product)
        after = self.team.device(moved.device, self.product)
        seen.that(
            after.owner_name == self.second_email and after.online,
            f"owner {after.owner_name}, online {after.online}, unowned for {moved.unowned * 1000:.0f} ms",
        )

    @step(
        "The second inherits nothing",
        chapter="The device goes to a second customer",
        expects="no groups, no schedule, no name of the place; nothing asks to be given up",
    )
    def inherits_nothing(self, seen: Seen) -> None:
        device = self.target.fresh.device_id
        told = {name: self.second.variable(device, name) for name in ("groups", "schedule", "site")}
        household = self._serial(self.target.fresh, "household")
        seen.that(
            told == {"groups": "", "schedule": "zone STD0", "site": ""}
            and (household["owner"], household["release"]) == ("second", False),
            f"{told}; owner {household['owner']}",
        )

    @step(
        "The second controls it, the first no longer",
        chapter="The device goes to a second customer",
        expects="variable, function and event for the second; 403 for the first at once",
    )
    def second_controls(self, seen: Seen) -> None:
        device = self.target.fresh.device_id
        refusal = _refused(lambda: self.first.variable(device, "position"))
        self._prove_control(seen, self.second, self.target.fresh, move_to=10)
        seen.that(refusal is not None and refusal.status == 403, f"first customer: {refusal}")

    # --- in the field -----------------------------------------------------------------------------------------------

    @step(
        "Row 55: a customer is created with client id and secret in the body",
        chapter="A device in the field moves to a customer, without physical access",
        expects="a customer without password, listed in the product",
    )
    def row_55(self, seen: Seen) -> None:
        target = self.target
        target.cloud.create_customer(target.product_id, self.field_email, client=target.client)
        listed = self.field_email in {customer.username for customer in self.team.customers(target.product_id)}
        seen.that(listed, f"{self.field_email} is a customer of product {target.product_id}")

    @step(
        "Row 56: a customer token by client credentials",
        chapter="A device in the field moves to a customer, without physical access",
        expects="a token that owns no device yet",
    )
    def row_56(self, seen: Seen) -> None:
        token = self.target.cloud.customer_token(self.target.client, self.field_email)
        self.field = self.target.cloud.using(token)
        owned = self.field.devices()
        seen.that(owned == (), f"scope customer={token.customer}; owns {len(owned)} devices")

    @step(
        "Rows 57 and 58: the two ways that do not claim",
        chapter="A device in the field moves to a customer, without physical access",
        expects="product URL refused for a customer; id in the query not seen; the device's owner unchanged",
    )
    def rows_57_58(self, seen: Seen) -> None:
        device = self.target.fielded.device_id
        before = self.team.device(device, self.product).owner_name
        by_product = _refused(lambda: self.field.request("POST", self.product.devices, params={"id": device}))
        by_query = _refused(lambda: self.field.request("POST", "/v1/devices", params={"id": device}))
        after = self.team.device(device, self.product).owner_name
        texts = (str(by_product), str(by_query))
        seen.that(
            "Organization not found for user's role." in texts[0]
            and "data.deviceID is empty" in texts[1]
            and before == after,
            f"{texts[0]}; {texts[1]}; owner still {after}",
        )

    @step(
        "Rows 28 and 59: released by its owner, claimed with the id in the body",
        chapter="A device in the field moves to a customer, without physical access",
        expects="the customer owns it, it stayed online, and the unowned window is stated",
    )
    def rows_28_59(self, seen: Seen) -> None:
        moved = self._transfer(seen, self.target.fielded, self.field_email, Offers(product_release=False))
        after = self.team.device(moved.device, self.product)
        seen.that(
            after.owner_name == self.field_email and after.online,
            f"owner {after.owner_name}, online {after.online}, unowned for {moved.unowned * 1000:.0f} ms",
        )

    @step(
        "The customer's token controls it",
        chapter="A device in the field moves to a customer, without physical access",
        expects="variable read, function called, event seen on the customer's own stream",
    )
    def field_controls(self, seen: Seen) -> None:
        self._prove_control(seen, self.field, self.target.fielded, move_to=60)

    @step(
        "The team still controls it through the product",
        chapter="A device in the field moves to a customer, without physical access",
        expects="variable and function by the product's URL; listed by the CLI; event on the product's stream; "
        "none on the central user's own, though that stream is alive",
    )
    def team_controls(self, seen: Seen) -> None:
        device = self.target.fielded.device_id
        listing = self.target.cli.product_device_list(self.target.product_id).text
        position = self.team.variable(device, "position", self.product)
        with self._stream(self.team, "/v1/devices") as own, self._stream(self.team, self.product_path) as all_devices:

            def provoke(canary: str) -> None:
                returned.append(self.team.call(device, "move", "75", self.product))
                moved.append(all_devices.expect(of_device(device, "shade/moved"), timeout=_EVENT))
                self.team.publish(canary)

            returned: list[int] = []
            moved: list[Event] = []
            own.assert_silent(lambda event: event.coreid == device, within=0, canary=provoke)
        seen.that(
            returned == [75] and device in listing,
            f"position was {position}, move returned {returned[0]}, {moved[0].name} on the product's stream, "
            "the user's own stream silent but for its canary",
        )

    # --- the cloud dies ---------------------------------------------------------------------------------------------

    @step(
        "The cloud is killed and started again",
        chapter="Nothing is forgotten",
        expects="owners and tokens as before; both devices come back by themselves and obey their owners",
    )
    def cloud_restarts(self, seen: Seen) -> None:
        target = self.target
        owners = self._owners()
        seen.note("rig", target.restart_cloud())
        for customer, slot in ((self.second, target.fresh), (self.field, target.fielded)):
            self._wait_listed(seen, customer, slot.device_id)
        after = self._owners()
        readings = [
            customer.variable(slot.device_id, "position")
            for customer, slot in ((self.second, target.fresh), (self.field, target.fielded))
        ]
        seen.that(owners == after, f"owners {', '.join(after.values())}; positions {readings[0]} and {readings[1]}")

    # --- shared by steps ---------------------------------------------------------------------------------------------

    @property
    def product_path(self) -> str:
        """Base path of the product, for streams."""
        return f"/v1/products/{self.target.product_id}"

    def _owners(self) -> dict[str, str]:
        return {
            slot.device_id: str(self.team.device(slot.device_id, self.product).owner_name)
            for slot in (self.target.fresh, self.target.fielded)
        }

    def _prove_control(self, seen: Seen, who: Cloud, slot: Slot, *, move_to: int) -> None:
        device = slot.device_id
        with self._stream(who, "/v1/devices") as events:
            before = who.variable(device, "position")
            returned = who.call(device, "move", str(move_to))
            moved = events.expect(of_device(device, "shade/moved"), timeout=_EVENT)
        after = who.variable(device, "position")
        # Two per cent: a roller finds its way by the time of its motor.
        seen.that(
            returned == move_to and abs(after - move_to) <= 2,
            f"position {before} %, move returned {returned}, now {after} %, {moved.name}",
        )

    def _transfer(self, seen: Seen, slot: Slot, to: str, offers: Offers = Offers()) -> Progress:  # noqa: B008
        target = self.target
        keys = Identities(self.team, self.team.username(), clients={target.product_id: target.client}, offers=offers)
        account = Account.customer(to, target.product_id)
        progress = take(Plan("to-customer", slot.device_id, target.product_id, account), keys)
        if progress.outcome != "done":
            raise ExpectationFailed(f"the transfer ended {progress.outcome}: {progress.reason}", device=slot.device_id)
        return progress

    def _wait_listed(self, seen: Seen, who: Cloud, device: str) -> None:
        with seen.untraced():
            self.clock.wait_until(
                lambda: any(each.id == device and each.online for each in who.devices()),
                _ONLINE,
                f"{device} online in its owner's list",
            )

    @staticmethod
    def _serial(slot: Slot, line: str) -> dict[str, Any]:
        with slot.console() as console:
            return console.ask(line)

    def _stream(self, who: Cloud, path: str) -> EventStream:
        return EventStream(who, f"{path}/events", observer=self.observe)


def _refused(action: Callable[[], object]) -> ApiError | None:
    try:
        action()
    except ApiError as refusal:
        return refusal
    return None
