"""The log: one JSON object a line on standard error, and never a secret in it."""

from __future__ import annotations

import logging
import sys

import orjson

from photonrig.localcloud.events import iso_time

__all__ = ["JsonLines", "log_to_stderr"]


class JsonLines(logging.Formatter):
    """Time, level, logger and message; what was logged with ``extra={"fields": {...}}`` stands beside them."""

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
        return orjson.dumps(entry, default=str).decode()


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
