"""Log: one JSON object per line on standard error, without secrets."""

from __future__ import annotations

import json
import logging
import sys

from photonrig.localcloud.events import iso_time
from photonrig.safe_json import repaired

_LONGEST, _LONGEST_EXCEPTION = 2000, 8000  # characters per text in a line


class JsonLines(logging.Formatter):
    """Formats time, level, logger and message, and the fields of ``extra={"fields": {...}}``.

    Lines are ASCII, so that no text controls a terminal; long texts are shortened in the middle.
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
    """Log the whole process to standard error, from a level (debug, info, warning, error) up."""
    # Source location and thread are not logged; these documented switches of logging skip finding them.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # Their lines repeat ours, or contain addresses with secrets.
    for noisy in ("uvicorn.error", "httpx", "httpcore", "python_multipart"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
