"""What people type into the Particle CLI, what each version answers, and how one sees that it was done.

The data from which both the tests of the real CLI and docs/clients.md are made. In ``words`` and answers, names in
braces stand for what the bench made: see ``Bench.names`` in test_real_cli.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

OLD, NEW = "3.19.0", "3.51.0"
INTERRUPTED = -2  # a question that nobody answers: the CLI ends itself by SIGINT


@dataclass(frozen=True)
class Answer:
    """How a call ends; ``says`` must be among what it printed, white space aside.

    ``cannot`` says why a version cannot do at all what the words ask for.
    """

    says: str = ""
    exit_code: int = 0
    cannot: str = ""


@dataclass(frozen=True)
class Case:
    """One call. ``given`` is done before, ``during`` over and over meanwhile, ``then`` must hold after: methods of the
    bench. ``typed`` is on standard input; ``asked`` are questions with their answers, at a terminal.

    ``quick`` names the versions with which ./rig test tries it.
    """

    words: str
    old: Answer
    new: Answer | None = None
    typed: str = ""
    asked: tuple[tuple[str, str], ...] = ()
    given: str = ""
    during: str = ""
    then: str = ""
    quick: tuple[str, ...] = ()

    def answer(self, version: str) -> Answer:
        return self.old if version == OLD or self.new is None else self.new

    @property
    def refused(self) -> bool:
        """It is about the words of a refusal."""
        return self.old.exit_code != 0 and not self.old.cannot


def ok(says: str = "") -> Answer:
    return Answer(says)


def no(says: str, exit_code: int = 1) -> Answer:
    return Answer(says, exit_code)


def cannot(why: str, says: str, exit_code: int = 1) -> Answer:
    return Answer(says, exit_code, why)


ONLINE = "photon-1 [{photon}] (Product {product}) is online"
VARIABLES = "Variables: position (int32) moving (bool) variant (string) fw (string)"
FUNCTIONS = "Functions: int move (String args) int identify (String args) int calibrate (String args)"
BOTH, FIRST, NEXT = (OLD, NEW), (OLD,), (NEW,)

CASES = (
    # account
    Case("login -u {user} -p {password}", ok("> Successfully completed login!"), then="logged_in"),
    Case("login -u {user} -p wrong", no("! User credentials are invalid"), quick=FIRST),
    Case("login --token {token}", ok("> Successfully completed login!"), then="logged_in"),
    Case("whoami", ok("> {user}")),
    Case("whoami", no("You are not signed in!"), no("You're not logged in."), given="logged_out"),
    Case("list", no("it appears your access token may have expired"), no("You're not logged in."), given="token_ended"),
    # devices
    Case("list", ok(f"{ONLINE} {VARIABLES}"), quick=FIRST),
    Case("list offline", ok("")),
    Case("variable list", ok(f"{ONLINE} {VARIABLES}")),
    Case("function list", ok(f"{ONLINE} {FUNCTIONS}")),
    Case("get photon-1 variant", ok("roller")),
    Case("variable get {photon} variant", ok("roller")),
    Case("get photon-1 nothing", no("Unknown Variable: nothing")),
    Case("get {foreign} variant", no("Permission Denied"), quick=FIRST),
    Case("call photon-1 move open", ok("100"), quick=FIRST),
    Case("function call {photon} identify", ok("5")),
    Case("call photon-1 nothing", no("Function `nothing` not found")),
    Case("call {foreign} move open", no("Function call failed: Function `move` not found")),
    Case("call nowhere move open", no("Function call failed: Function `move` not found"), quick=FIRST),
    Case("nyan photon-1 on", ok()),
    Case("device add {spare}", ok("Successfully claimed device {spare}"), then="spare_is_ours"),
    Case("device add {unknown}", no("Failed to claim device: device not found"), no("device not found")),
    Case(
        "device add {foreign}",
        no("That device belongs to someone else. Would you like to request a transfer?"),
        typed="n\n",
        quick=FIRST,
    ),
    Case("device add {foreign}", ok("Transfer requested."), typed="y\n"),
    Case("device add {foreign}", no("Would you like to request a transfer? (Y/", INTERRUPTED)),
    Case(
        "device rename {spare} kitchen",
        ok("Successfully renamed device {spare} to: kitchen"),
        given="claimed",
        then="spare_is_kitchen",
    ),
    Case(
        "device rename {foreign} kitchen",
        no("Failed to rename {foreign}: Permission Denied"),
        no("Permission Denied"),
        quick=FIRST,
    ),
    Case("device remove {spare} --yes", ok("Okay!"), given="claimed", then="spare_is_free"),
    Case("device remove {foreign} --yes", no("Permission Denied")),
    Case(
        "device doctor",
        cannot("needs a device on USB, in listening mode", "Connect a Particle device to a USB port", 0),
        cannot("gone since 3.21", "particle device doctor is no longer supported.", 0),
    ),
    # products
    Case("product device list {product}", ok(ONLINE)),
    Case("product device list {product} --json", ok('"owner": "{user}"')),
    Case("product device list {product} {photon}", ok("photon-1")),
    Case(
        "product device list 9999",
        no("Error listing product devices: HTTP error 404"),
        no("Product not found."),
        quick=BOTH,
    ),
    Case("product device list nowhere", no("HTTP error 404"), no("Permission denied"), quick=FIRST),
    Case("product device add {product} {spare}", ok("Success!"), given="outside", then="spare_is_inside", quick=FIRST),
    Case("product device add {product} {unknown}", no("Skipped Invalid IDs: {unknown}")),
    Case("product device add 9999 {spare}", no("HTTP error 404"), no("Product not found.")),
    Case(
        "product device remove {product} {spare}",
        ok("Success! Removed device {spare} from product {product}"),
        then="spare_is_outside",
        quick=FIRST,
    ),
    Case("product device remove {product} {foreign}", no("Device not found for this product"), quick=FIRST),
    # events
    Case("subscribe shade/ --max 1", ok('"name":"shade/test"'), during="publish", quick=FIRST),
    Case("subscribe --device photon-1 --max 1", ok('"coreid":"{photon}"'), given="calibrated", during="move"),
    Case("subscribe shade/ --product {product} --max 1", ok('"name":"shade/'), given="calibrated", during="move"),
    Case("subscribe shade/ --device {foreign} --max 1", no("Error fetching event stream"), no("Permission Denied")),
    Case("publish shade/test 7", ok("Published private event: shade/test"), ok("Published event: shade/test")),
    Case("publish shade/test 7 --product {product}", ok("Published private event"), ok("Published event")),
    # tokens
    Case("token create", ok("New access token expires on "), typed="{password}\n", then="prints_token", quick=FIRST),
    Case(
        "token list",
        ok("particle Token: "),
        cannot("gone since 3.28", "No such command 'token list'"),
        asked=(("enter your password:", "{password}"), ("login code", "")),
        quick=FIRST,
    ),
    Case("token create --never-expires", ok("New access token never expires"), typed="{password}\n"),
    Case("token create", no("invalid_grant"), no("User credentials are invalid"), typed="wrong\n"),
    Case(
        "token revoke {other}",
        ok("successfully deleted"),
        ok("Successfully revoked all provided tokens"),
        typed="{password}\n",
        then="token_is_gone",
        quick=FIRST,
    ),
    # webhooks
    Case(
        "webhook create shade/moved http://127.0.0.1:9/hook",
        ok("Successfully created webhook with ID"),
        then="hook_is_there",
        quick=BOTH,
    ),
    Case("webhook list", ok('ID {hook} is watching for "shade/moved"'), given="hooked", quick=FIRST),
    # 3.19.0 looks for a word that the cloud's answer, 204 without a body, no longer has; it ends without a message.
    Case("webhook delete {hook}", ok(), given="hooked", then="hook_is_gone", quick=BOTH),
    Case("webhook delete {unknown}", no("Webhook not found")),
    # firmware
    Case("compile photon good --saveTo good.bin", ok("Compile succeeded."), then="image_is_whole"),
    Case(
        "compile photon bad --saveTo bad.bin",
        no("'lamp' was not declared in this scope"),
        quick=BOTH,
    ),
    Case("compile photon bad --saveTo bad.bin", no("make -C ../modules/photon/user-part all"), quick=FIRST),
    Case("flash --cloud {foreign} image.bin", no("Failed to flash {foreign}: Permission Denied")),
    Case("flash photon-2 image.bin", ok("Flash success!"), given="roller", then="photon_runs_it", quick=BOTH),
    Case("flash photon-2 good", ok("Flash success!"), given="roller", then="photon_runs_it"),
    Case("flash photon-2 bad", no("'lamp' was not declared in this scope")),
    # keys
    Case(
        "keys server server.der --deviceType photon --host 127.0.0.1 --port 5683",
        ok("Okay! Formatted server key file generated for this type of device."),
        cannot("it ends well and writes nothing", "", 0),
        then="server_key_is_written",
        quick=FIRST,
    ),
    Case("keys send {spare} device.pub.pem", ok("submitting public key succeeded!"), quick=FIRST),
    Case("keys send {foreign} device.pub.pem", no("Permission Denied")),
    # libraries
    Case("library list", ok("Lamp 1.0.0"), typed="\n"),
    Case("library search lamp", ok("> Found 1 library matching lamp"), quick=FIRST),
    Case("library search nothing", ok("> Found 0 libraries matching nothing")),
    Case("library view Lamp", ok("Library Lamp 1.0.0 installed.")),
    Case("library view nothing", no("Library nothing not found"), quick=FIRST),
    # last of all: it ends the session
    Case("logout", ok("You have been logged out from {user}"), typed="\n"),
)


def numbered() -> Iterator[tuple[str, Case]]:
    """Every case with a name of its own."""
    seen: dict[str, int] = {}
    for case in CASES:
        seen[case.words] = seen.get(case.words, 0) + 1
        number = "" if seen[case.words] == 1 else f" ({seen[case.words]})"
        yield case.words + number, case
