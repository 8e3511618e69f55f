"""Wrong uses of photonrig: each ends in one line with the right exit code, makes no file and leaves nothing running.

``python -m tests.cli.test_wrong_uses`` prints the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from .uses import Used, server

USAGE = 2

# Words, exit code, pattern of the line. The files are those of `scene`.
CASES: list[tuple[str, int, str]] = [
    # words
    ("nosuch", USAGE, r"there is no photonrig nosuch; there are claims, completion, debug, doctor, "),
    ("flsh", USAGE, r"there is no photonrig flsh \(did you mean flash\?\)"),
    ("test", USAGE, r"there is no photonrig test"),  # which is for maintainers: ./rig test
    ("lab doctor", USAGE, r"unexpected extra argument \(doctor\); photonrig lab --help"),
    ("lab -- now", USAGE, r"unexpected extra argument \(now\)"),
    ("fleet aply", USAGE, r"no photonrig fleet aply \(did you mean apply\?\); there are apply, demo, "),
    ("fleet --watch", USAGE, r"photonrig fleet has no option --watch"),
    ("nosuch --help", USAGE, r"there is no photonrig nosuch"),
    ("help nosuch", USAGE, r"there is no photonrig nosuch"),
    ("help fleet nosuch", USAGE, r"there is no photonrig fleet nosuch"),
    ("completion", USAGE, r"photonrig completion needs SHELL"),
    ("completion csh", USAGE, r"csh: must be one of bash, zsh, fish"),
    # options
    ("lab -p 2", USAGE, r"photonrig lab has no option -p"),
    ("fleet apply -w", USAGE, r"photonrig fleet apply has no option -w"),
    ("lab --photon 2", USAGE, r"no option --photon \(did you mean --photons\?\)"),
    ("--quiet lab", USAGE, r"photonrig has no option --quiet"),
    ("lab --photons", USAGE, r"'--photons' requires an argument; photonrig lab --help"),
    ("lab --photons --json", USAGE, r"--photons --json: must be a whole number"),
    ("lab --json=no", USAGE, r"'--json' does not take a value; photonrig lab --help"),
    ("lab --state=", USAGE, r"--state was given an empty value"),
    ("lab --state --json", USAGE, r"--state needs a value, and --json is an option"),
    ("doctor --rig ''", USAGE, r"--rig was given an empty value"),
    ("fleet plan --source ' '", USAGE, r"--source was given an empty value"),
    ("fleet rollback --device", USAGE, r"'--device' requires an argument; photonrig fleet rollback --help"),
    ("fleet rollback --device --plan p", USAGE, r"--device needs a value, and --plan is an option"),
    ("flash", USAGE, r"photonrig flash needs VARIANT\|PATH"),
    ("debug", USAGE, r"photonrig debug needs SLOT"),
    ("debug 1 --port 65536", USAGE, r"--port 65536: must be a whole number from 0 to 65,535"),
    ("debug nowhere", USAGE, r"no slot nowhere runs here; photonrig lab starts one"),
    ("logs", USAGE, r"photonrig logs needs SLOT"),
    ("logs nowhere --state folder", USAGE, r"folder has no log of a slot nowhere"),
    ("logs nowhere", USAGE, r"no slot nowhere runs here"),
    ("monitor", USAGE, r"photonrig monitor needs SLOT"),
    ("monitor nowhere --state folder", USAGE, r"no slot nowhere runs here"),
    ("flash roller venetian", USAGE, r"unexpected extra argument \(venetian\)"),
    # numbers
    ("hil --workers x", USAGE, r"--workers x: must be a whole number from 1 to 64"),
    ("hil --workers 0", USAGE, r"--workers 0: must be a whole number from 1"),
    ("hil --retries -1", USAGE, r"--retries -1: must be a whole number from 0"),
    ("hil --seed x", USAGE, r"--seed x: must be a whole number"),
    ("lab --photons 1e9", USAGE, r"--photons 1e9: must be a whole number from 0"),
    ("lab --fresh -1", USAGE, r"--fresh -1: must be a whole number from 0"),
    ("lab --api-port 65536", USAGE, r"--api-port 65536: must be a whole number from 0 to 65,535"),
    ("lab --device-port nan", USAGE, r"--device-port nan: must be a whole number"),
    ("lab --photons 1_0", USAGE, r"--photons 1_0: must be a whole number"),
    ("lab --photons ''", USAGE, r"--photons was given an empty value"),
    ("fleet apply --stop-at inf", USAGE, r"--stop-at inf: must be a number"),
    ("fleet apply --stop-at 2", USAGE, r"--stop-at 2: must be a number from 0 to 1"),
    ("fleet apply --patience nan", USAGE, r"--patience nan: must be a number"),
    ("fleet apply --at-once 0", USAGE, r"--at-once 0: must be a whole number from 1 to 64"),
    ("fleet verify --sample -1", USAGE, r"--sample -1: must be a whole number from 0"),
    ("fleet demo --devices 0", USAGE, r"--devices 0: must be a whole number from 1"),
    ("claims --requests 0", USAGE, r"--requests 0: must be a whole number from 1"),
    ("doctor --wait 1e9", USAGE, r"--wait 1e9: must be a whole number"),
    # words that are one of a few
    ("lab --era 2015", USAGE, r"--era 2015: must be one of 2016-before, 2016-after, today"),
    ("flash shutter", USAGE, r"shutter: must be one of roller, venetian, drapery, honeycomb"),
    ("flash roller --by mail", USAGE, r"--by mail: must be one of cloud, serial, dfu"),
    ("flash roller --slot ../x", USAGE, r"--slot \.\./x: a slot's name is"),
    # files that describe a bench
    ("doctor", USAGE, r"rig\.toml cannot be read: No such file or directory; photonrig doctor --rig rig\.toml --write"),
    ("doctor --rig folder", USAGE, r"folder cannot be read: Is a directory"),
    ("doctor --rig garbage", USAGE, r"garbage is not TOML: it is not UTF-8"),
    ("doctor --rig empty", USAGE, r"empty:1: there is no \[\[slot\]\]; photonrig doctor --rig empty --write"),
    ("doctor --rig broken.toml", USAGE, r"broken\.toml:2: "),
    ("hil --rig wrong-variant.toml", USAGE, r"wrong-variant\.toml:5: slot\.1\.variant: must be one of .*mean roller"),
    ("flash roller --rig wrong-variant.toml", USAGE, r"wrong-variant\.toml:5: slot\.1\.variant: must be one of"),
    ("doctor --rig wrong-variant.toml", USAGE, r"wrong-variant\.toml:5: slot\.1\.variant: must be one of"),
    ("doctor --rig garbage --write", USAGE, r"garbage is not TOML, and nothing was added"),
    ("hil --rig nosuch.toml", USAGE, r"nosuch\.toml cannot be read: No such file"),
    ("hil --known-bad garbage", USAGE, r"garbage is not TOML"),
    ("hil --known-bad nosuch", USAGE, r"nosuch cannot be read: No such file"),
    # folders for results
    ("claims --report empty", USAGE, r"--report empty cannot be written: File exists"),
    ("claims --report empty/report", USAGE, r"--report empty/report cannot be written: Not a directory"),
    ("claims --report /proc/report", USAGE, r"--report /proc/report cannot be written: No such file"),
    ("hil --report empty/report", USAGE, r"--report empty/report cannot be written: Not a directory"),
    ("lab --rig nosuch.toml", USAGE, r"nosuch\.toml cannot be read: No such file"),
    ("lab --rig wrong-variant.toml", USAGE, r"wrong-variant\.toml:5: slot\.1\.variant: must be one of roller"),
    ("lab --rig wrong-variant.toml --photons 2", USAGE, r"leave out --photons and --firmware"),
    ("lab --state empty", USAGE, r"--state empty cannot be written: File exists"),
    ("lab --state /proc/lab", USAGE, r"--state /proc/lab cannot be written: No such file"),
    ("lab --state foreign-lab", USAGE, r"foreign-lab/lab\.json is not what a lab wrote"),
    ("fleet demo --state empty/x", USAGE, r"--state empty/x cannot be written: Not a directory"),
    # the matrix
    ("claims --matrix --baseline nosuch", USAGE, r"nosuch cannot be read: No such .*; make one with --update-"),
    ("claims --matrix --baseline folder", USAGE, r"folder cannot be read: Is a directory"),
    ("claims --matrix --baseline garbage", USAGE, r"garbage is not a baseline; make one"),
    ("claims --matrix --baseline list.json", USAGE, r"list\.json is not a baseline; make one"),
    ("claims --matrix --baseline deep.json", USAGE, r"deep\.json is not a baseline; make one"),
    ("claims --update-baseline", USAGE, r"--update-baseline needs --baseline FILE"),
    ("claims --story --baseline cells.json", USAGE, r"2026-01-31 holds nothing of story; it holds matrix"),
    ("claims --since last", USAGE, r"--since last: report/claims has no such run; none has ended there yet"),
    ("claims --since last --baseline cells.json", USAGE, r"--baseline and --since: one of them"),
    ("hil --since 20260131-162514", USAGE, r"--since 20260131-162514: report/hil has no such run"),
    ("claims --story --thread-page page.md", USAGE, r"add --thread"),
    ("claims --thread --thread-page empty/page.md", USAGE, r"--thread-page empty cannot be written: File exists"),
    ("claims --particle a@example.com", USAGE, r"give also --product, --client, --devices, PARTICLE_TOKEN"),
    # fleets: the source
    ("fleet plan", USAGE, r"--source or --diff: one of them"),
    ("fleet plan --source nosuch.csv", USAGE, r"nosuch\.csv cannot be read: No such file"),
    ("fleet plan --source folder", USAGE, r"folder cannot be read: Is a directory"),
    ("fleet plan --source garbage", USAGE, r"garbage is not a CSV file in UTF-8"),
    ("fleet plan --source empty", USAGE, r"empty holds no rows"),
    ("fleet plan --source sqlite:///x.sqlite", USAGE, r"a database needs a query"),
    ("fleet plan --query Q --source ://x", USAGE, r"://x is not a database URL; one is dialect://"),
    ("fleet plan --query Q --source postgresql://u:p4ss@db:port/x", USAGE, r"u:\*\*\*@db:port/x is not a database URL"),
    ("fleet plan --query Q --source postgresql://u:p4ss@db/x", USAGE, r"u:\*\*\*@db/x cannot be asked: psycopg"),
    ("fleet plan --query Q --source oracle://u:p4/ss@db/x", USAGE, r"u:\*\*\*@db/x cannot be asked: \w+ is not in"),
    ("fleet plan --query Q --source nosuch://db/x", USAGE, r"nosuch://db/x cannot be asked: Can't load plugin"),
    ("fleet plan --query Q --source nosuch.sqlite", USAGE, r"nosuch\.sqlite cannot be read: No such file"),
    ("fleet plan --query Q --source sqlite:///nosuch.sqlite", USAGE, r"nosuch\.sqlite cannot be read: No such file"),
    ("fleet plan --query 'SELECT device FROM x' --source garbage", USAGE, r"garbage cannot be asked: file is not"),
    # fleets: fleet.toml
    ("fleet plan --source good.csv --config nosuch.toml", USAGE, r"nosuch\.toml cannot be read: No such file"),
    ("fleet plan --source good.csv --config folder", USAGE, r"folder cannot be read: Is a directory"),
    ("fleet plan --source good.csv --config garbage", USAGE, r"garbage is not TOML"),
    ("fleet plan --source good.csv --config empty", USAGE, r"empty:1: api is missing"),
    ("fleet plan --source good.csv --config broken.toml", USAGE, r"broken\.toml:2: "),
    ("fleet plan --source good.csv --config port.toml", USAGE, r"port\.toml:1: api: 'http://u:\*\*\*@h:port' is no"),
    ("fleet plan --source good.csv --config client.toml", USAGE, r"client\.toml:4: client: must be an array of tables"),
    ("fleet plan --source good.csv --config unknown.toml", USAGE, r"unknown\.toml:3: tokenfile: is not known here"),
    ("fleet plan --source good.csv --config open.toml", USAGE, r"open\.token can be read by others; chmod 600"),
    ("fleet plan --source good.csv --config hollow.toml", USAGE, r"hollow\.toml:3: token-file: empty\.token holds no"),
    ("fleet plan --source good.csv --firmware garbage", 1, r"firmware error: .*"),
    # fleets: plans, tokens, reports
    ("fleet apply", USAGE, r"fleet\.plan\.json cannot be read: .*; make it with photonrig fleet plan"),
    ("fleet apply --plan object.json", USAGE, r"object\.json, line 1: object missing .* format; make a plan"),
    ("fleet apply --plan list.json", USAGE, r"list\.json, line 1: expected object, got array; make a plan"),
    ("fleet apply --plan deep.json", USAGE, r"deep\.json, line 1: expected object, got array; make a plan"),
    ("fleet apply --plan garbage", USAGE, r"garbage, line 1: JSON is malformed: .*; make a plan"),
    ("fleet apply --plan folder", USAGE, r"folder cannot be read: Is a directory"),
    ("fleet apply --tokens a --tokens-to b", USAGE, r"--tokens and --tokens-to: one of them"),
    ("fleet apply --tokens folder/x/y", USAGE, r"folder/x/y cannot be written: No such file"),
    ("fleet apply --tokens-to nosuchprogram", USAGE, r"nosuchprogram, is not a program"),
    ("fleet apply --tokens-to \"'\"", USAGE, r"the command for tokens, ', cannot be read: No closing quotation"),
    ("fleet status", USAGE, r"fleet\.plan\.journal cannot be read: no such file; .*fleet apply makes it"),
    ("fleet status --journal garbage", USAGE, r"garbage cannot be used as a journal"),
    ("fleet report --journal empty", USAGE, r"empty cannot be used as a journal"),
    ("fleet revoke", USAGE, r"customers\.tokens cannot be read: No such file"),
    ("fleet revoke --tokens garbage", USAGE, r"garbage, line 1, is damaged or of another kind"),
    ("fleet revoke --tokens list.json", USAGE, r"list\.json, line 1, is damaged or of another kind"),
    ("fleet apply --production else@example.com", USAGE, r"--production names else@example\.com"),
]  # fmt: skip


@pytest.fixture(scope="module")
def use() -> Iterator[Callable[[str], Used]]:
    with server() as ready:
        yield ready


@pytest.mark.parametrize(("words", "code", "line"), CASES, ids=[case[0].replace("/", ":") for case in CASES])
def test_a_wrong_use_ends_in_one_line(use: Callable[[str], Used], words: str, code: int, line: str) -> None:
    seen = use(words)
    assert seen.code == code, seen
    assert seen.err.count("\n") == 1 and seen.err.startswith("photonrig: "), seen.err
    assert re.search(line, seen.err), seen.err
    assert "Traceback" not in seen.err and "internal error" not in seen.err
    assert "p4" not in seen.err.replace(words, "")
    assert seen.out == ""
    assert seen.changed == []
    assert seen.left == []


def main() -> None:
    """The table, for people."""
    with server() as use:
        for words, _, _ in CASES:
            seen = use(words)
            print(f"{seen.code}  photonrig {words}\n     {seen.err.strip() or seen.out.strip()}")


if __name__ == "__main__":
    main()
