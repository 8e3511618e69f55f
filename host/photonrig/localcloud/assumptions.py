"""Assumptions where Particle's behaviour is unknown: one line of data per open question.

Handlers and tables read the values here, so that new evidence changes one line.
docs/assumptions.md is made of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Source = Literal["thread", "documented", "published", "recorded", "client test", "staff notes", "inferred", "choice"]
"""Source of a rule or an answer; "thread" is the forum thread of 2016, "published" code of Particle's own services,
"choice" an assumption below."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """An open question, the answer chosen, the reason, what it affects, and the request or board that settles it."""

    question: str
    chosen: Any
    why: str
    effect: str
    settled_by: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A question that a source has answered: the rule, what the source says, and its address."""

    question: str
    chosen: Any
    why: str
    address: str


# fmt: off
CLAIM_WITHOUT_ID = Assumption("status of a claim that names no device", 400, "the body was seen in the thread (row 58), the status was not", "a client that tells bad requests from missing devices", "POST /v1/devices with an empty body")
CUSTOMER_ON_PRODUCT_PATH = Assumption("status for a customer's token on product and organization paths", 404, "the text was seen (row 57); its sibling \"Organization not found for user.\" was recorded as 404", "an app that falls back on 404 or on 403", "GET /v1/products/:p/devices with a customer's token")
CUSTOMER_RELEASES = Assumption("a customer may release a device of the customer's own", True, "undocumented, but the mobile SDKs offer it; refused in 2016, when staff knew no way", "whether an app can offer to give a device back", "DELETE /v1/devices/:id with the owning customer's token")
CUSTOMER_UPDATES = Assumption("a customer may rename or signal a device of the customer's own", False, "undocumented; the only other implementation refuses", "whether an app can rename or signal", "PUT /v1/devices/:id name, then signal, with the owning customer's token")
CUSTOMER_EXISTS = Assumption("answer to creating a customer twice", (400, "Customer already exists"), "staff notes say it is refused; neither status nor text was recorded", "how an app that registers twice recovers", "POST /v1/products/:p/customers twice with one e-mail")
TRANSFER_ID = Assumption("shape of transfer_id", "uuid", "only the field's name is known", "clients that check its shape", "the answer to POST /v1/devices with request_transfer for another account's device")
BEARER_ON_USER_PATHS = Assumption("a product's token on user paths", "refused, except to publish", "staff notes hint that it acts for the user who made the client; publishing was recorded", "a back-end with a product's token and no user", "GET /v1/devices and POST /v1/devices with a product's token")
OWNER_RELEASE_STATUS = Assumption("status of DELETE .../owner", 200, "{\"ok\": true} by a client's types; 204 is possible", "clients that parse the answer", "DELETE /v1/products/:p/devices/:id/owner")
RESERVED_NAMES = Assumption("answer to publishing under a reserved name", "Names that begin with spark, particle, photonrig or hook-sent, hook-response, hook-error are reserved", "documented for spark and particle, without the text; whether Particle reserves names of webhooks is unknown. A device's event under such a name is dropped, unless it is Device OS's", "events of those names are refused here", "POST /v1/devices/events with the names spark/x, particle/x, hook-sent/x")
HOOKS_CALL_THE_CLOUD = Assumption("an event that a webhook publishes through this cloud's API", "fires no webhook", "as documented for events of webhooks; prevents loops between two of them", "two hooks that feed each other", "a webhook whose URL publishes an event that fires it, with a counter at its server")
CLAIM_CODE_TAKEN = Assumption("a claim code of one's own choice (imei, iccid) that is another account's", (400, "This code belongs to another account; it can be issued again a day after it has ended"), "only the existence of such codes is documented. Knowing a number proves no possession, so such a code takes no device from an owner", "cellular set-ups that share a number", "POST /v1/device_claims with one imei from two accounts")
CLAIM_USER_CUSTOMER = Assumption("a customer as claim_user of an import", "refused", "documented as a team member's e-mail", "imports that assign customers in one step", "POST /v1/products/:p/devices with a customer as claim_user")
MEMBER_VARIABLE = Assumption("least role for variables and functions of a team member on user paths", "SUPPORT", "reading the device is documented; the rest is inferred from the product paths", "what a view-only member reads on user paths", "GET /v1/devices/:id/:variable with tokens of all four roles")
REMOVED_CUSTOMERS_DEVICES = Assumption("devices of a deleted customer", "released", "otherwise their owner would not exist", "whether devices of a deleted customer are claimable at once", "DELETE the customer, then read the device's owner")
QUARANTINED_DEVICE = Assumption("a quarantined device is addressed", "as if it were offline", "it cannot join; calls time out", "what a team sees of a device that waits for approval", "call a function of a quarantined board")
ENROL = Assumption("a user sends the key of a device this cloud does not know", "enrolled", "the usual way of adding a device to a local cloud", "boards are added with keys send", "POST /v1/provisioning/:id of an id that does not exist")
INVITED_AT_ONCE = Assumption("an invited user joins the team", "at once", "the real cloud sends a mail to confirm", "tests of teams need no mail", "invite a second account and list the team before it confirms")
ORGANIZATION_OF_ONE_PRODUCT = Assumption("which product an organization's customer or client of 2016 belongs to", "its only one, or the one that a field product names", "a customer then belonged to the organization; here always to a product", "scripts of 2016 with several products", "none: those paths are gone")
ORGANIZATION_OF_2016 = Assumption("the organization of a product made in 2016 without one", "made with it, under the product's slug", "seen in a thread of that time", "paths of scripts of 2016", "none: those paths are gone")
OFFLINE_CLAIM_2016 = Assumption("answer to claiming an offline device in 2016", (404, "Core isn't online"), "recorded 2015; {} was reported in April 2016", "clients of 2016 that read the body", "none: that cloud is gone; a recording of April 2016")
CLAIM_CODE_OF_A_MEMBER_2016 = Assumption("owner of a device claimed with a team member's code of an organization in 2016", "one that does not exist", "reported: connected, claimed, and in no list", "how a lost device of that time looks", "none: that cloud is gone; staff's record of T:24385")
PASSWORD_RESET = Assumption("what a password reset sends", "nothing; the administration API sets the new password", "the real cloud sends a mail; the answer does not reveal whether the user exists", "no mail is sent here", "POST /v1/user/password-reset")
DELETED_FOUNDER = Assumption("a user who founded a product deletes the account", "refused", "the product would have no owner", "an account with products cannot be deleted here", "DELETE /v1/user of a throw-away account with a product")
DELETED_USERS_DEVICES = Assumption("devices of a deleted user", "released", "otherwise their owner would not exist", "whether such devices can be claimed at once", "delete a throw-away account that owns a board, then claim the board")
API_USER_TOKENS = Assumption("answer to a new token or new scopes of an API user", "as at creation: tokens[0].token", "the documentation says that the old token ends, not how the new one is returned", "scripts that renew tokens", "PUT /v1/products/:p/team/:username/token")
ACTIVATION_CODE = Assumption("activation_code with a customer's claim code", "accepted, not checked", "of products in private beta; no call that issues one is known", "products in private beta", "none: such products are no longer made")
FUNCTION_DENIED = Assumption("body of a call on an unknown or foreign device", "as for the other requests: Permission Denied", "the suite of the Particle CLI sees the status 404 since May 2026, and not the text", "clients that show the text", "POST /v1/devices/nowhere/f")
NAME_ON_ARRIVAL = Assumption("name of a device that comes to an account in which another has it", "{name}-{number}", "names are documented as unique; a transfer by mail is refused, other ways are silent", "name of the later device, until it is renamed", "claim two boards of one name into one account")
HOOK_HALF_CHARACTERS = Assumption("a character that lies in two parts of a webhook's response", "replace", "parts are documented as exactly 512 bytes, events as UTF-8", "a stream shows U+FFFD twice; a device gets the bytes", "a webhook whose server answers 300 times ä, read by a stream and by a board")
DEVICE_NAMES = Assumption("which names a device may have", "any printable text of 1 to 64 characters, kept as sent", "particle-cli#110 and #52 of 2015 tell of names that were changed when saved, into underscores, and do not say by which rule", "a name with spaces or letters beyond ASCII may be another there", "PUT /v1/devices/:id with the names a b, a-b, a.b, ä")

BAD_CLIENT = Settled("answer with 400 to an unknown client or a wrong secret", ("invalid_client", "Client credentials are invalid"), "lib/grant.js of the OAuth server that Particle publishes, 3.2.3", "https://github.com/particle-iot/node-oauth2-server")
QUERY_TOKEN = Settled("a token in the address of requests that are no GET", "accepted", "lib/authorise.js of that server takes it with any method; Particle may refuse it to accounts made after December 2024", "https://github.com/particle-iot/node-oauth2-server")
CODE_OVERRIDES_OWNER = Settled("a claim code takes a device from another owner", True, "staff, September 2015: having the device in hand is owning it. A product's device is taken over by its customers and members alone", "https://github.com/particle-iot/particle-tinker-app-ios/issues/3")
USER_CLAIM_SURVIVES_REMOVAL = Settled("a user's claim when the device leaves its product", "outlives it", "Unclaiming a device: removal and release are two steps; who wants both releases first", "https://docs.particle.io/getting-started/cloud/device-claiming/")
TRANSFER_APPROVAL = Settled("how the owner answers a request for a device", "administration API", "Transferring a device: the owner gets a mail and has to agree; here requests are listed for the administrator, and no mail is sent", "https://docs.particle.io/getting-started/cloud/device-claiming/")
ENDPOINTS_KEPT = Settled("listing of tokens, by password", "answered in every era", "API rate limits: the route is among those of today", "https://docs.particle.io/reference/cloud-apis/api/#api-rate-limits")
# fmt: on

CHOICES: dict[str, Assumption] = {name: value for name, value in globals().items() if isinstance(value, Assumption)}

SETTLED: dict[str, Settled] = {name: value for name, value in globals().items() if isinstance(value, Settled)}
