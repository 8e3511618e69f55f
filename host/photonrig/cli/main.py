"""Entry point of the ``photonrig`` program.

It imports little before signals are set up, so that Ctrl-C during the imports ends them without a traceback.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from photonrig.exits import flush, one_line
from photonrig.signals import begin


def main() -> NoReturn:
    """Run the command line, and end with its exit code."""
    begin()
    code: object = 0
    try:
        with one_line():
            from photonrig.cli.program import run

            run(sys.argv[1:])
    except SystemExit as ended:
        code = ended.code
    raise SystemExit(flush() or code)


if __name__ == "__main__":
    main()
