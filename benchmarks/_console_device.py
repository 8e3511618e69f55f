"""A device at the end of a pseudo-terminal, as fast as one can be: prints the port's path, then answers until killed.

``ping N`` is answered by one line of JSON, ``burst`` by 20,000 lines of 54 bytes (1.08 MB) and one more.
"""

from __future__ import annotations

import os
import tty

LINES = 20_000
LINE = b'{"event":"sample","n":0,"pad":"xxxxxxxxxxxxxxxxxxxx"}\n'


def main() -> None:
    """Serve."""
    assert len(LINE) == 54
    master, slave = os.openpty()
    tty.setraw(slave)
    print(os.ttyname(slave), flush=True)
    received = b""
    while True:
        received += os.read(master, 65536)
        *lines, received = received.split(b"\n")
        for line in lines:
            word, _, argument = line.strip().partition(b" ")
            reply = b'{"pong":"%s"}\n' % argument if word == b"ping" else LINE * LINES + b'{"done":true}\n'
            while reply:
                reply = reply[os.write(master, reply) :]


if __name__ == "__main__":
    main()
