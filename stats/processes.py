"""Keeps a set of child processes alive, and ends them all in time.

One that dies is started again: at once the first times, then after growing pauses, and at once again when it has lived for
EARNED_S. An order to stop goes to the children in reverse order of their start, so that workers can still reach the store.
"""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Self

import structlog

from stats.deathbed import die_with_parent

log = structlog.get_logger(__name__)

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0)
EARNED_S = 30.0
# SIGTERM ends everything within 5 s: workers are asked first, the store after them, and who is left at 4 s is killed.
WORKERS_GRACE_S = 3.0
ALL_GRACE_S = 4.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Process = subprocess.Popen[bytes]


class Stopped(BaseException):
    """A stop signal came before `tend` was reached; a BaseException, so that no broad `except` of a library eats it."""


def spawn(command: Sequence[str], environment: Mapping[str, str], inherited: Sequence[int] = ()) -> Process:
    """Starts a child in a session of its own (a terminal's Ctrl-C is for us alone) that the kernel kills when we are gone.

    Call it from the main thread. The descriptors `inherited` are open in the child under the same numbers.
    """
    return subprocess.Popen(
        list(command),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=tuple(inherited),
        preexec_fn=die_with_parent(signal.SIGKILL),
    )


class Child:
    """One process that is meant to live.

    `start` gives the running process, or None when it cannot be started just now (another owner has it) and is to be asked again.
    """

    def __init__(self, name: str, start: Callable[[], Process | None], *, goes_last: bool = False) -> None:
        self.name = name
        self.goes_last = goes_last
        self._start = start
        self._process: Process | None = None
        self._started_s = 0.0
        self._due_s = 0.0
        self._deaths = 0

    @property
    def pid(self) -> int | None:
        """The process id while it lives."""
        return self._process.pid if self._process is not None else None

    def look_after(self, now_s: float) -> float:
        """Reaps, schedules and starts; gives the monotonic second at which to look again at the latest."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return now_s + 5.0
            self._process = None
            if now_s - self._started_s >= EARNED_S:
                self._deaths = 0
            pause = PAUSES_S[min(self._deaths, len(PAUSES_S) - 1)]
            self._deaths += 1
            self._due_s = now_s + pause
            log.warning("process_ended", process=self.name, code=code, restart_in_s=pause)
        if now_s < self._due_s:
            return self._due_s
        try:
            self._process = self._start()
        except OSError as wrong:
            # No memory, no descriptors, a full disk: the machine's trouble passes, so ours should.
            log.error("process_not_started", process=self.name, reason=wrong.strerror)
            self._due_s = time.monotonic() + PAUSES_S[-1]
            return self._due_s
        self._started_s = time.monotonic()
        if self._process is None:
            self._due_s = self._started_s + 0.5
            return self._due_s
        log.info("process_started", process=self.name, pid=self._process.pid)
        return now_s + 5.0

    def has_ended(self) -> bool:
        """Whether nothing of it lives any more."""
        return self._process is None or self._process.poll() is not None

    def send(self, order: signal.Signals) -> None:
        """Signals it; to SIGKILL goes its whole process group."""
        if self._process is None or self._process.poll() is not None:
            return
        try:
            if order == signal.SIGKILL:
                os.killpg(self._process.pid, order)
            else:
                self._process.send_signal(order)
        except ProcessLookupError:
            pass

    def reap(self) -> None:
        """Waits for a process that was killed."""
        if self._process is not None:
            self._process.wait()


class Household:
    """The children of one parent, from the first start to the last wait. Use as a context manager in the main thread.

    Inside the block a stop signal raises Stopped, except in `tend`, which returns on it. Leaving the block ends every child.
    """

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._tending = False
        self._stopping = False
        self._ear, self._mouth = os.pipe()
        os.set_blocking(self._ear, False)
        os.set_blocking(self._mouth, False)

    def __enter__(self) -> Self:
        self._former = {each: signal.signal(each, self._on_stop) for each in STOP_SIGNALS}
        # A handler of our own, however idle: the default for SIGCHLD would not write to the wakeup descriptor.
        self._former[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self._former_fd = signal.set_wakeup_fd(self._mouth, warn_on_full_buffer=False)
        return self

    def __exit__(self, *_reason: object) -> None:
        self._stopping = self._tending = True
        self._end_all()
        signal.set_wakeup_fd(self._former_fd)
        for each, handler in self._former.items():
            signal.signal(each, handler)
        os.close(self._ear)
        os.close(self._mouth)

    @property
    def is_stopping(self) -> bool:
        """Whether a stop signal has come."""
        return self._stopping

    def raise_child(self, child: Child) -> None:
        """Takes the child in and starts it."""
        self._children.append(child)
        child.look_after(time.monotonic())

    def tend(self, glance: Callable[[], None] = lambda: None) -> None:
        """Keeps the children alive until a stop signal comes; calls `glance` at least once a second meanwhile."""
        self._tending = True
        while not self._stopping:
            now_s = time.monotonic()
            due_s = min([child.look_after(now_s) for child in self._children], default=now_s + 1.0)
            glance()
            self._wait(min(max(due_s - time.monotonic(), 0.0), 1.0))

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        if self._stopping:
            return
        self._stopping = True
        if not self._tending:
            raise Stopped(signal.Signals(number).name)

    def _wait(self, at_most_s: float) -> None:
        """Sleeps until a signal of any kind, a child's death among them, or the time is over."""
        if select.select([self._ear], [], [], at_most_s)[0]:
            try:
                os.read(self._ear, 4096)
            except BlockingIOError:
                pass

    def _end_all(self) -> None:
        begun_s = time.monotonic()
        first = [child for child in self._children if not child.goes_last]
        last = [child for child in self._children if child.goes_last]
        for child in reversed(first):
            child.send(signal.SIGTERM)
        self._await_end(first, begun_s + WORKERS_GRACE_S)
        for child in last:
            child.send(signal.SIGTERM)
        self._await_end(self._children, begun_s + ALL_GRACE_S)
        for child in self._children:
            if not child.has_ended():
                log.warning("process_killed", process=child.name, after_s=ALL_GRACE_S)
            child.send(signal.SIGKILL)
        for child in self._children:
            child.reap()

    def _await_end(self, children: Sequence[Child], until_s: float) -> None:
        while not all(child.has_ended() for child in children):
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return
            self._wait(left_s)
