"""Faults that the tests must find, each in code that guards owners or what was acknowledged.

A mutant is the program with one text replaced. ``tests`` are those of the folder that holds the program's own tests:
they alone have to fail, whatever the flows start to finish would notice besides.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MUTANTS", "Mutant"]


@dataclass(frozen=True)
class Mutant:
    """``old`` stands exactly once in ``file``; with ``new`` in its place, ``tests`` fail.

    Paths are from the root of the checkout; for C++, ``tests`` names native test cases.
    """

    fault: str
    file: str
    old: str
    new: str
    tests: str


_CLOUD = "host/photonrig/localcloud"
_TESTS = "tests/localcloud"
_SHADE = "firmware/shade/src/shade"
_VENETIAN = "firmware/variants/venetian/src/encoder_drive"
_HONEYCOMB = "firmware/variants/honeycomb/src/contact_drive"

MUTANTS = (
    # --- named by the hostile reading ---------------------------------------------------------------------------------
    Mutant(
        "a claimed device hears all events of its product",
        f"{_CLOUD}/eras/today.py",
        "return viewer.owner is None or (event.device is None and event.owner is None)",
        "return True",
        f"{_TESTS}/service/test_device_events.py",
    ),
    Mutant(
        "the device's side of the handshake does not compare what the server signed",
        "host/photonrig/particle/handshake.py",
        "if len(block) != SESSION_BLOCK_SIZE or not hmac.compare_digest(signed, session_digest(block, sealed)):",
        "if len(block) != SESSION_BLOCK_SIZE:",
        "tests/particle/test_handshake.py",
    ),
    Mutant(
        "the virtual Photon does not compare what the server signed",
        "firmware/vphoton/faces/cloud/handshake.cpp",
        "if (!signed_hmac || *signed_hmac != hmac_sha1(*block, encrypted))",
        "if (!signed_hmac)",
        "cloud handshake*",
    ),
    Mutant(
        "webhooks reach link-local addresses",
        f"{_CLOUD}/webhooks/hosts.py",
        "return address is not None and address.is_loopback",
        "return address is not None and (address.is_loopback or address.is_link_local)",
        f"{_TESTS}/webhooks/test_hook_hosts.py",
    ),
    Mutant(
        "names that stand for link-local addresses are called",
        f"{_CLOUD}/webhooks/hosts.py",
        "return not (address.is_link_local or ",
        "return not (",
        f"{_TESTS}/webhooks/test_hook_hosts.py",
    ),
    Mutant(
        "SoftAP accepts a private key with padding over 16",
        "firmware/vphoton/faces/softap/password.cpp",
        "padding == 0 || padding > kAesSize",
        "padding == 0",
        "configure-ap*",
    ),
    Mutant(
        "the cloud's database does not wait for the disk",
        f"{_CLOUD}/store/database.py",
        '"synchronous=FULL"',
        '"synchronous=OFF"',
        f"{_TESTS}/store/test_store.py",
    ),
    Mutant(
        "the cloud's database keeps no write-ahead log",
        f"{_CLOUD}/store/database.py",
        '"journal_mode=WAL"',
        '"journal_mode=MEMORY"',
        f"{_TESTS}/store/test_store.py",
    ),
    # --- claim codes --------------------------------------------------------------------------------------------------
    Mutant(
        "a claim code serves as often as it is presented",
        f"{_CLOUD}/service/ownership_service.py",
        "                return False\n            self._store.claim_codes.use(code, device.id)",
        "                return False",
        f"{_TESTS}/http/test_claims.py",
    ),
    Mutant(
        "a used claim code is confirmed to any device",
        f"{_CLOUD}/service/ownership_service.py",
        "return code.used_by == device.id",
        "return True",
        f"{_TESTS}/http/test_claims.py",
    ),
    Mutant(
        "claim codes do not expire",
        f"{_CLOUD}/store/claim_codes.py",
        "(used_by IS NOT NULL OR expires_at > ?)",
        "(used_by IS NOT NULL OR expires_at > ? OR 1)",
        f"{_TESTS}/http/test_claims.py",
    ),
    Mutant(
        "a chosen claim code passes to who asks last",
        f"{_CLOUD}/store/claim_codes.py",
        ' DO UPDATE SET expires_at = excluded.expires_at, used_by = NULL"\n'
        '            " WHERE owner_kind = excluded.owner_kind AND owner_id = excluded.owner_id"',
        ' DO UPDATE SET expires_at = excluded.expires_at, used_by = NULL,"\n'
        '            " owner_kind = excluded.owner_kind, owner_id = excluded.owner_id"',
        f"{_TESTS}/http/test_claims.py",
    ),
    Mutant(
        "who knows a device's number takes it from its owner",
        f"{_CLOUD}/service/ownership_service.py",
        "if is_chosen(text):",
        "if False:",
        f"{_TESTS}/http/test_claims.py",
    ),
    Mutant(
        "claim codes of a deleted user live on",
        f"{_CLOUD}/service/ownership_service.py",
        "            self._store.transfers.cancel_of(user.id)\n            self._store.claim_codes.revoke_of(owner)",
        "            self._store.transfers.cancel_of(user.id)",
        f"{_TESTS}/http/test_accounts.py",
    ),
    # --- requests for a device ----------------------------------------------------------------------------------------
    Mutant(
        "a request for a device outlives its change of hands",
        f"{_CLOUD}/service/ownership_service.py",
        "if changes_owner:\n                self._store.transfers.cancel_for(device.id)",
        "if changes_owner:\n                pass",
        f"{_TESTS}/http/test_claims.py",
    ),
    Mutant(
        "an approved request gives two devices one name",
        f"{_CLOUD}/service/ownership_service.py",
        "if device.name is not None and self._store.devices.has_name(by.owner, device.name):",
        "if False:",
        f"{_TESTS}/eras/test_eras.py",
    ),
    Mutant(
        "requests of a deleted user stand",
        f"{_CLOUD}/service/ownership_service.py",
        "            self._store.transfers.cancel_of(user.id)\n",
        "",
        f"{_TESTS}/http/test_accounts.py",
    ),
    # --- who may do what ----------------------------------------------------------------------------------------------
    Mutant(
        "any team member may do what takes a role",
        f"{_CLOUD}/eras/__init__.py",
        "return rule.allowed and _role(principal, subject) >= rule.role",
        "return rule.allowed",
        f"{_TESTS}/eras/test_permissions.py",
    ),
    Mutant(
        "an API user needs no scope",
        f"{_CLOUD}/eras/__init__.py",
        "return rule.allowed and rule.scope in principal.scopes",
        "return rule.allowed",
        f"{_TESTS}/http/test_accounts.py",
    ),
    Mutant(
        "the token of one product serves another",
        f"{_CLOUD}/eras/__init__.py",
        "return Party.BEARER if alone or subject.product == principal.product else Party.FOREIGN",
        "return Party.BEARER",
        f"{_TESTS}/http/test_guards.py",
    ),
    Mutant(
        "a product is found in any organization's path",
        f"{_CLOUD}/service/access.py",
        "if product is not None and product.organization_id != inside.id:",
        "if False:",
        f"{_TESTS}/http/test_guards.py",
    ),
    Mutant(
        "the founder of a product can be taken off the team's top",
        f"{_CLOUD}/service/teams.py",
        "if user.id == self._founder(place) and role is not Role.ADMINISTRATOR:",
        "if False:",
        f"{_TESTS}/http/test_guards.py",
    ),
    Mutant(
        "who was taken off a team goes on reading its stream",
        f"{_CLOUD}/service/teams.py",
        '_member(place.id, user.id)\n        self._tokens.end_streams("user", user.id)',
        "_member(place.id, user.id)",
        f"{_TESTS}/http/test_guards.py",
    ),
    Mutant(
        "a device that left the product is shown on the product's path",
        f"{_CLOUD}/service/access.py",
        "if state.product == found.id or (",
        "if True or (",
        f"{_TESTS}/http/test_guards.py",
    ),
    # --- tokens -------------------------------------------------------------------------------------------------------
    Mutant(
        "a refresh token serves any client",
        f"{_CLOUD}/service/grants.py",
        "if token is None or token.client != client_id:",
        "if token is None:",
        f"{_TESTS}/http/test_oauth.py",
    ),
    Mutant(
        "a refreshed token lives on",
        f"{_CLOUD}/service/grants.py",
        "token.client, seconds)\n            self._tokens.revoke(token)",
        "token.client, seconds)",
        f"{_TESTS}/http/test_oauth.py",
    ),
    Mutant(
        "a client that may only create customers gets tokens of the product",
        f"{_CLOUD}/service/grants.py",
        'if client is not None and client.scope not in (None, "*:*"):',
        "if False:",
        f"{_TESTS}/http/test_oauth.py",
    ),
    Mutant(
        "a client of one product creates customers of another",
        f"{_CLOUD}/http/customers.py",
        "creating_client(by)\n    if not _is_at(call, product):",
        "creating_client(by)\n    if False:",
        f"{_TESTS}/http/test_guards.py",
    ),
    Mutant(
        "an API user's old token serves beside the new one",
        f"{_CLOUD}/service/teams.py",
        '        self._tokens.revoke_all("api user", user.id)\n        return',
        "        return",
        f"{_TESTS}/http/test_accounts.py",
    ),
    # --- devices and their keys ---------------------------------------------------------------------------------------
    Mutant(
        "a known device is admitted under any key",
        f"{_CLOUD}/device/admission.py",
        "        if enrolled is not None:\n            raise AdmissionRefused",
        "        if False:\n            raise AdmissionRefused",
        f"{_TESTS}/device",
    ),
    Mutant(
        "a device's first block can be played again",
        "host/photonrig/particle/handshake.py",
        " or not hmac.compare_digest(plain[:NONCE_SIZE], nonce):",
        ":",
        "tests/particle/test_handshake.py",
    ),
    Mutant(
        "the key of a customer's device can be replaced",
        f"{_CLOUD}/service/provisioning.py",
        "if not key_may_be_replaced(device.state):",
        "if False:",
        f"{_TESTS}/http/test_control.py",
    ),
    Mutant(
        "a quarantined device is used like any other",
        f"{_CLOUD}/service/device_link.py",
        "return device.state.quarantine is None and self.hub.online(device.id)",
        "return self.hub.online(device.id)",
        f"{_TESTS}/http/test_products.py",
    ),
    # --- what was so before a request waited --------------------------------------------------------------------------
    Mutant(
        "a rename saves the whole row that was read before",
        f"{_CLOUD}/http/devices.py",
        "    changed, written = call.cloud.devices.update(",
        "    await call.cloud.presence.description(device.id)\n"
        "    with call.cloud.store.write():\n"
        "        owner = device.state.owner\n"
        "        columns = {'owner_kind': owner and owner.kind, 'owner_id': owner and owner.id}\n"
        "        call.cloud.store.devices._write(device.id, columns)\n"
        "        call.cloud.store.devices.forget_cached()\n"
        "    changed, written = call.cloud.devices.update(",
        f"{_TESTS}/service/test_every_await.py",
    ),
    Mutant(
        "a token that was ended while its request waited still counts",
        f"{_CLOUD}/service/tokens.py",
        "self._principals((token.kind, token.subject)) if self._store.tokens.stands(token) else None",
        "self._principals((token.kind, token.subject))",
        f"{_TESTS}/service/test_every_await.py",
    ),
    Mutant(
        "a decision on an owner that has changed is carried out",
        f"{_CLOUD}/store/devices.py",
        "if now is None or (now.state, now.untyped) != (device.state, device.untyped):",
        "if now is None:",
        f"{_TESTS}/store/test_store.py",
    ),
    Mutant(
        "what waited is sent to a device whoever owns it by then",
        f"{_CLOUD}/device/session.py",
        'what ``permit`` raises.\n        """\n        permit()\n',
        'what ``permit`` raises.\n        """\n',
        f"{_TESTS}/device/test_permits.py",
    ),
    # --- the state machine --------------------------------------------------------------------------------------------
    Mutant(
        "a customer's claim outlives the device's leaving the product",
        "host/photonrig/ownership/model.py",
        'owner = None if device.owner is not None and device.owner.kind == "customer" else device.owner',
        "owner = device.owner",
        "tests/ownership/test_model.py",
    ),
    Mutant(
        "a customer of another product claims",
        "host/photonrig/ownership/model.py",
        "device.product is not None and device.product == by.product",
        "device.product is not None",
        "tests/ownership/test_model.py",
    ),
    Mutant(
        "a product imports the device of a stranger",
        "host/photonrig/ownership/model.py",
        "if device.product is None and device.owner is not None and not owner_is_member:",
        "if False:",
        "tests/ownership/test_model.py",
    ),
    Mutant(
        "importing a device takes it from its owner",
        "host/photonrig/ownership/model.py",
        "owner=device.owner or claim_for)",
        "owner=claim_for or device.owner)",
        "tests/ownership/test_model.py",
    ),
    # --- motors -------------------------------------------------------------------------------------------------------
    Mutant(
        "the bridge is not off at start",
        f"{_VENETIAN}.cpp",
        "    pinMode(pin, OUTPUT);\n    analogWrite(pin, 0);",
        "    pinMode(pin, OUTPUT);",
        "venetian: the bridge is off*",
    ),
    Mutant(
        "a motor runs at a third of its duty",
        f"{_VENETIAN}.h",
        "kFullDuty = 255;",
        "kFullDuty = 85;",
        "venetian: it starts and stops*",
    ),
    Mutant(
        "a motor starts at full duty",
        f"{_VENETIAN}.cpp",
        "      power(kStartDuty);",
        "      power(kFullDuty);",
        "venetian: it starts and stops*",
    ),
    Mutant(
        "no cut before a run",
        f"{_VENETIAN}.cpp",
        "bool EncoderDrive::run(const shade::Leg& leg) {\n  switch_off();",
        "bool EncoderDrive::run(const shade::Leg& leg) {",
        "venetian: a run switches off*",
    ),
    Mutant(
        "any edge counts as way made",
        f"{_VENETIAN}.cpp",
        "  if (ahead < nearest_) {",
        "  {",
        "venetian: whatever the edges say*",
    ),
    Mutant(
        "a motor may turn against its direction",
        f"{_VENETIAN}.cpp",
        "    found_ = Fault::Backwards;",
        "    ;",
        "venetian: crossed wires*",
    ),
    Mutant(
        "impossible steps are forgotten with each run",
        f"{_VENETIAN}.cpp",
        "  cut_ = false;\n  arrived_ = false;",
        "  cut_ = false;\n  illegal_ = 0;\n  arrived_ = false;",
        "venetian: impossible steps*",
    ),
    Mutant(
        "a contact of 20 ms",
        f"{_HONEYCOMB}.h",
        "kPressMs = 250;",
        "kPressMs = 20;",
        "honeycomb: a press is long enough*",
    ),
    Mutant(
        "a contact of 20 s",
        f"{_HONEYCOMB}.h",
        "kPressMs = 250;",
        "kPressMs = 20000;",
        "honeycomb: a press is long enough*",
    ),
    Mutant(
        "two contacts at once",
        f"{_HONEYCOMB}.cpp",
        "      release();\n      hold(contact);",
        "      hold(contact);",
        "honeycomb: never are two*",
    ),
    Mutant(
        "the watchdog opens contacts and presses no STOP",
        f"{_HONEYCOMB}.cpp",
        "    if (!stopping) hold(pins_.stop);\n",
        "",
        "honeycomb: a cut presses STOP*",
    ),
    Mutant(
        "dead time 0",
        f"{_SHADE}/motion.cpp",
        "now - stopped_ms_ < rules_.dead_time_ms;\n  if (!was_running",
        "now - stopped_ms_ < 1;\n  if (!was_running",
        "the dead time also holds*",
    ),
    Mutant(
        "no leg is too long",
        f"{_SHADE}/motion.cpp",
        "now - run_ms_ >= rules_.longest_leg_ms",
        "false",
        "safety: no leg takes*",
    ),
    Mutant(
        "the journal is written when the motor is on",
        f"{_SHADE}/controller.cpp",
        "  axis.starts = true;\n  store();",
        "  axis.starts = true;",
        "safety: before a motor has power*",
    ),
    Mutant(
        "a motor has power before the watchdog runs",
        f"{_SHADE}/controller.cpp",
        "  if (!armed_ && guard_) guard_->arm();\n",
        "",
        "safety: before a motor has power*",
    ),
    Mutant(
        "the permit line is kept up while the loop stands still",
        f"{_SHADE}/controller.cpp",
        "  if (!stands && !cut_) {\n    if (guard_) guard_->renew();",
        "  if (guard_) guard_->renew();\n  if (!stands && !cut_) {",
        "safety: the permit line*",
    ),
    Mutant(
        "a motor never gets hot",
        f"{_SHADE}/controller.cpp",
        "  if (axis.heat.spent()) return kTooHot;\n",
        "",
        "safety: a motor that has run*",
    ),
    Mutant(
        "events are published while a motor runs",
        f"{_SHADE}/controller.cpp",
        "    if (unreachable()) events_.tick();\n",
        "    events_.tick();\n",
        "safety: nothing is published*",
    ),
    Mutant(
        "firmware drives another variant's board",
        f"{_SHADE}/controller.cpp",
        "foreign_board_ = !board_record_.belongs_to(identity_.variant);",
        "board_record_.belongs_to(identity_.variant);",
        "safety: on another variant's board*",
    ),
    Mutant(
        "a closing shade stays on what it met",
        f"{_SHADE}/motion.cpp",
        "rules_.back_off_percent > 0 && met",
        "rules_.back_off_percent > 100 && met",
        "safety: what a closing shade meets*",
    ),
)
