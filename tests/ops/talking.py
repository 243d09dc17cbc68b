"""An application for Daphne that says what it has to say, and leaves: what of it the log holds is looked at by `test_one_log`."""

import logging

import structlog

from wallboard.asgi import application

NUMBER = "+46701740615"

structlog.get_logger("wallboard.anything").warning("said_by_us", number=NUMBER)
logging.getLogger("some.library").warning("said by a library: %s", NUMBER)
logging.getLogger("django.security").error("said by Django: %s", NUMBER)
logging.getLogger("django.server").error("said by its server: %s", NUMBER)
assert application
raise SystemExit(0)
