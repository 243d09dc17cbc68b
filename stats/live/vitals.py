"""A process' own signs of life: its name, its memory, and how late its event loop is."""

import asyncio
import os
import socket
import time
from pathlib import Path

from stats.clock import now_ms

LOOK_S = 0.25
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1_048_576


def process_name() -> str:
    """host:pid"""
    return f"{socket.gethostname()}:{os.getpid()}"


def memory_mb() -> int:
    """What the process holds in memory; 0 where the system does not tell."""
    try:
        return round(int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_MB)
    except (OSError, ValueError, IndexError):
        return 0


class LoopWatch:
    """How late the event loop is: a timer that should ring four times a second."""

    def __init__(self) -> None:
        self.started_at = now_ms()
        self._longest_s = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(LOOK_S)
            self._longest_s = max(self._longest_s, time.monotonic() - began - LOOK_S)

    def take_ms(self) -> int:
        """The longest it was late since the last time this was asked."""
        longest, self._longest_s = self._longest_s, 0.0
        return round(longest * 1000)
