"""One log for everything: structured lines on standard error, from which secrets and phone numbers are struck.

Rooms log with `structlog.get_logger()` and event words plus ids. The last step before a line leaves the process strikes out
what must never be there, in our own lines, in those of libraries and in tracebacks alike.
"""

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog

STRUCK = "[removed]"
# Numbers in international form, also with the separators people write. Ids and instants carry no plus sign.
PHONE_NUMBER = re.compile(
    r"(?<![\w+])\+[1-9](?:[ ().-]{0,3}[0-9]){6,14}(?![0-9])|\btel:[+0-9 ().-]{6,}|(?<![\w+.:-])00[1-9][0-9]{7,13}(?![\w.])"
)
CREDENTIAL = re.compile(
    r"(?i)(\bbearer\s+|\b(?:authorization|x-api-key|token|password)['\"]?\s*[:=]\s*['\"]?(?:bearer\s+)?)(?!\[)[^\s'\",;&}]{6,}"
)
# At DEBUG these print handshake headers, the vendor's token among them.
NEVER_DEBUG = ("websockets", "gql", "aiohttp", "urllib3", "httpx", "asyncio", "daphne", "twisted")

# Loggers that Django's own settings give handlers to, before ours are read.
DJANGOS_OWN = ("django", "django.server")


class Seldom(logging.Filter):
    """Lets one line a minute through, without its traceback: for what strangers can cause as often as they like."""

    def __init__(self, every_s: float = 60.0) -> None:
        super().__init__()
        self._every_s, self._last_s = every_s, float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this one is written."""
        if time.monotonic() - self._last_s < self._every_s:
            return False
        self._last_s = time.monotonic()
        record.exc_info = record.exc_text = None
        # The name itself is a stranger's word, and may be anything at all.
        record.msg, record.args = "host.refused", None
        return True


def strike(line: str, secrets: tuple[str, ...] = ()) -> str:
    """The line without the given secrets, without what looks like a credential and without phone numbers."""
    for secret in secrets:
        line = line.replace(secret, STRUCK)
    line = CREDENTIAL.sub(lambda found: found[1] + STRUCK, line)
    return PHONE_NUMBER.sub(STRUCK, line)


class StruckFormatter(structlog.stdlib.ProcessorFormatter):
    """Formats structlog's and other libraries' records alike, then strikes the finished line."""

    def __init__(self, *, secrets: tuple[str, ...], **options: Any) -> None:
        super().__init__(**options)
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The finished, struck line (several, when it ends with a traceback)."""
        return strike(super().format(record), self._secrets)


def configure(wish: MutableMapping[str, Any]) -> None:
    """Django's LOGGING_CONFIG: `level` (a word), `format` (`plain`, `json`, `auto`: by the terminal), `secrets` (what no line may hold)."""
    as_json = wish["format"] == "json" or (wish["format"] == "auto" and not sys.stderr.isatty())
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[structlog.typing.Processor]
    if as_json:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setFormatter(
        StruckFormatter(
            # Long secrets first: one may be a part of another.
            secrets=tuple(sorted((secret for secret in wish["secrets"] if len(secret) >= 6), key=len, reverse=True)),
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    # Daphne's command has called `basicConfig` before us, and Django hangs handlers of its own below the root: what they write
    # is not struck. Test runners listen too, with classes of their own; they stay.
    for handler in [each for each in root.handlers if type(each) is logging.StreamHandler]:
        root.removeHandler(handler)
    for name in DJANGOS_OWN:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    root.addHandler(to_terminal)
    logging.captureWarnings(True)
    level = str(wish["level"]).upper()
    root.setLevel(level)
    for name in NEVER_DEBUG:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    # Every refused path and method would be a line; the counters of /metrics say it better.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    # A wrong Host header is the asker's mistake, and no reason for a page of traceback.
    refused = logging.getLogger("django.security.DisallowedHost")
    refused.filters = [Seldom()]
