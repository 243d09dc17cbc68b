"""Whose turn it is to serve: of the web processes that `up` starts on one door, one serves and another, fully started, waits.

Rules that hold here: the turn is a lock on a file, which the kernel passes on the moment its holder ends, however it ended; whoever waits
listens nowhere, holds no connection, and ends at once when told to; without WEB_TURN everybody serves.
"""

import fcntl
import os
from collections.abc import Mapping

VARIABLE = "WEB_TURN"


def wait_for_turn(environment: Mapping[str, str] = os.environ) -> None:
    """Returns when it is this process' turn, for as long as it lives. Raises OSError where the file named by WEB_TURN cannot be used."""
    path = environment.get(VARIABLE)
    if path:
        # Never closed: the end of the process is the end of its turn.
        fcntl.flock(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), fcntl.LOCK_EX)
