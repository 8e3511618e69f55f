"""Assumptions where Particle's behaviour is unknown: one line of data per open question.

Handlers and tables read the values here, so that new evidence changes one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Source = Literal["thread", "documented", "recorded", "client test", "staff notes", "inferred", "choice"]
"""Source of a rule or an answer; "thread" is the forum thread of 2016, "choice" an assumption below."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """An open question, the answer chosen, and the reason."""

    question: str
    chosen: Any
    why: str


# fmt: off
CLAIM_WITHOUT_ID = Assumption("status of a claim that names no device", 400, "the body was seen in the thread (row 58), the status was not")
CUSTOMER_ON_PRODUCT_PATH = Assumption("status for a customer's token on product and organization paths", 404, "the text was seen (row 57); its sibling \"Organization not found for user.\" was recorded as 404")
PRODUCT_UNKNOWN = Assumption("status for an unknown product named by number", 404, "recorded in 2018")
SLUG_UNKNOWN = Assumption("status for an unknown product named by slug", 403, "a client's test expects \"Permission denied\"")
CODE_OVERRIDES_OWNER = Assumption("a claim code takes a device from another owner", True, "staff 2015: possession is ownership; an open-source cloud ignores such codes. A product's device is taken over by its customers and members alone")
CUSTOMER_RELEASES = Assumption("a customer may release a device of the customer's own", True, "undocumented, but the mobile SDKs offer it; refused in 2016, when staff knew no way")
CUSTOMER_UPDATES = Assumption("a customer may rename or signal a device of the customer's own", False, "undocumented; the only other implementation refuses")
CUSTOMER_EXISTS = Assumption("answer to creating a customer twice", (400, "Customer already exists"), "staff notes say it is refused; neither status nor text was recorded")
TRANSFER_APPROVAL = Assumption("how the owner answers a request for a device", "administration API", "the real cloud sends a mail; this one sends none and lists requests for its administrator")
TRANSFER_ID = Assumption("shape of transfer_id", "uuid", "only the field's name is known")
BEARER_ON_USER_PATHS = Assumption("a product's token on user paths", "refused, except to publish", "staff notes hint that it acts for the user who made the client; publishing was recorded")
BAD_CLIENT = Assumption("answer to an unknown client or a wrong secret", (400, "invalid_client", "Client credentials are invalid"), "the texts match a public OAuth server of that time; not recorded")
API_EVENT_COREID = Assumption("coreid of an event that was published through the API", "the publisher's id", "several values were seen")
OWNER_RELEASE_STATUS = Assumption("status of DELETE .../owner", 200, "{\"ok\": true} by a client's types; 204 is possible")
RESERVED_NAMES = Assumption("answer to publishing under a reserved name", "Names that begin with spark, particle, photonrig or hook-sent, hook-response, hook-error are reserved", "documented for spark and particle, without the text; whether Particle reserves names of webhooks is unknown. A device's event under such a name is dropped, unless it is Device OS's")
HOOKS_CALL_THE_CLOUD = Assumption("an event that a webhook publishes through this cloud's API", "fires no webhook", "as documented for events of webhooks; prevents loops between two of them")
CLAIM_CODE_TAKEN = Assumption("a claim code of one's own choice (imei, iccid) that is another account's", (400, "This code belongs to another account; it can be issued again a day after it has ended"), "only the existence of such codes is documented. Knowing a number proves no possession, so such a code takes no device from an owner")
NEVER_EXPIRES = Assumption("how a token that never expires is asked for and shown", "expires_in=0 or expires_at=null; expires_in 0 in the answer", "the thread (row 30) only says that one existed")
CLAIM_USER_CUSTOMER = Assumption("a customer as claim_user of an import", "refused", "documented as a team member's e-mail")
MEMBER_VARIABLE = Assumption("least role for variables and functions of a team member on user paths", "SUPPORT", "reading the device is documented; the rest is inferred from the product paths")
USER_CLAIM_SURVIVES_REMOVAL = Assumption("a user's claim when the device leaves its product", "outlives it", "the documentation implies it for users and denies it for customers")
REFUSED_API_USER = Assumption("status for an API user on a user's endpoint", 400, "the documentation labels it 400; the body is documented")
SCOPE_SPELLINGS = Assumption("other spellings of the scope customer=EMAIL", ("customer:",), "never seen; harmless")
REMOVED_CUSTOMERS_DEVICES = Assumption("devices of a deleted customer", "released", "otherwise their owner would not exist")
QUARANTINED_DEVICE = Assumption("a quarantined device is addressed", "as if it were offline", "it cannot join; calls time out")
ENROL = Assumption("a user sends the key of a device this cloud does not know", "enrolled", "the usual way of adding a device to a local cloud")
INVITED_AT_ONCE = Assumption("an invited user joins the team", "at once", "the real cloud sends a mail to confirm")
ORGANIZATION_OF_ONE_PRODUCT = Assumption("which product an organization's customer or client of 2016 belongs to", "its only one, or the one that a field product names", "a customer then belonged to the organization; here always to a product")
ORGANIZATION_OF_2016 = Assumption("the organization of a product made in 2016 without one", "made with it, under the product's slug", "seen in a thread of that time")
OFFLINE_CLAIM_2016 = Assumption("answer to claiming an offline device in 2016", (404, "Core isn't online"), "recorded 2015; {} was reported in April 2016")
CLAIM_CODE_OF_A_MEMBER_2016 = Assumption("owner of a device claimed with a team member's code of an organization in 2016", "one that does not exist", "reported: connected, claimed, and in no list")
MFA_WRONG = Assumption("text for a wrong one-time password", "OTP is invalid", "only the text for a late one was seen, in a client's tests")
MFA_LATE = Assumption("text for a one-time password that comes too late, or after five wrong ones", "OTP expired", "seen in a client's tests")
MFA_KEYS = Assumption("answer to GET /v1/user/mfa-enable", "mfa_token, key (base 32) and otpauth", "clients send mfa_token back; the names of the rest were not seen")
PASSWORD_RESET = Assumption("what a password reset sends", "nothing; the administration API sets the new password", "the real cloud sends a mail; the answer does not reveal whether the user exists")
DELETED_FOUNDER = Assumption("a user who founded a product deletes the account", "refused", "the product would have no owner")
DELETED_USERS_DEVICES = Assumption("devices of a deleted user", "released", "otherwise their owner would not exist")
API_USER_TOKENS = Assumption("answer to a new token or new scopes of an API user", "as at creation: tokens[0].token", "the documentation says that the old token ends, not how the new one is returned")
ACTIVATION_CODE = Assumption("activation_code with a customer's claim code", "accepted, not checked", "of products in private beta; no call that issues one is known")
QUERY_TOKEN = Assumption("a token in the address of requests that are no GET", "accepted", "it did authenticate in 2016 to 2018 (row 58); data in the address is ignored")
ENDPOINTS_KEPT = Assumption("endpoints that clients of another time need", "answered in every era", "token listing and access_tokens/current give no access to devices")
# fmt: on

CHOICES: dict[str, Assumption] = {name: value for name, value in globals().items() if isinstance(value, Assumption)}
