"""Ties the life of a child process to that of its parent, so that a killed parent leaves nothing behind."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
# Loaded before any fork: between fork and exec a process must not open libraries.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


def die_with_parent(by: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send `by` when the parent's thread that forks now is gone, however it went.

    Linux only; elsewhere it does nothing, and a parent that is killed by SIGKILL leaves its children behind.
    """
    parent = os.getpid()

    def bind() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(by))
            if os.getppid() != parent:
                # The parent went between the fork and the line above, so no signal will come.
                os._exit(1)

    return bind
