"""The log: one JSON object a line on standard error, and never a secret in it."""

from __future__ import annotations

import json
import logging
import sys

from photonrig.localcloud.events import iso_time
from photonrig.safe_json import repaired

__all__ = ["JsonLines", "log_to_stderr"]

_LONGEST, _LONGEST_EXCEPTION = 2000, 8000  # characters of one text in a line


class JsonLines(logging.Formatter):
    """Time, level, logger and message; what was logged with ``extra={"fields": {...}}`` stands beside them.

    Lines are in ASCII, so that nothing in them moves a terminal's cursor, and long texts lack their middle.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        entry: dict[str, object] = {
            "time": iso_time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        for name, value in entry.items():
            if isinstance(value, str):
                entry[name] = _cut(value, _LONGEST_EXCEPTION if name == "exception" else _LONGEST)
        return json.dumps(entry, default=str, separators=(",", ":"))


def _cut(text: str, most: int) -> str:
    if len(text) > most:
        text = f"{text[: most // 2]} ... {len(text) - most} characters ... {text[-most // 2 :]}"
    return repaired(text)


def log_to_stderr(level: str) -> None:
    """Send the whole process's log to standard error, from a level (debug, info, warning, error) up."""
    # Where in the source a line comes from, and in which thread, is not in it and need not be found out for it: the
    # switches that the documentation of logging names.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # Their own lines repeat ours, or name addresses with what they carry.
    for noisy in ("uvicorn.error", "httpx", "httpcore", "python_multipart"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
