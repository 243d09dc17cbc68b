"""The order to let go of every screen, as a file in VAR_DIR: `manage.py drain` writes it, a web process finds it by looking.

Rules that hold here: no message can be lost, because none is sent; an order is for the processes that live when it is given, so what
a process found when it began means nothing to it; a withdrawn order is as if it had never been.
"""

import json
import os
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.5
# Between 50 and 100 screens a second are met again without anybody noticing.
PER_S = 75.0
# A balancer that asks /readyz every other second has moved on by then.
AFTER_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Let go of every screen, `per_s` a second, beginning `after_s` from when it is read."""

    token: str
    per_s: float = PER_S
    after_s: float = AFTER_S


def give(var_dir: Path, *, per_s: float = PER_S, after_s: float = AFTER_S) -> Order:
    """A new order for whoever lives now on this VAR_DIR."""
    order = Order(token=secrets.token_hex(8), per_s=per_s, after_s=after_s)
    folder = _folder(var_dir)
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.glob("*.left"):
        old.unlink(missing_ok=True)
    _write(folder / "order", json.dumps(asdict(order)))
    return order


def withdraw(var_dir: Path) -> None:
    """There is no order any more."""
    (_folder(var_dir) / "order").unlink(missing_ok=True)


def standing(var_dir: Path) -> Order | None:
    """The order there is; None also for one that cannot be read."""
    try:
        told = json.loads((_folder(var_dir) / "order").read_text(encoding="utf-8"))
        return Order(token=str(told["token"]), per_s=float(told["per_s"]), after_s=float(told["after_s"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        log.warning("drain_order_unreadable")
        return None


def note_left(var_dir: Path, order: Order, left: int) -> None:
    """How many screens this process still holds, for whoever gave the order."""
    try:
        _write(_folder(var_dir) / f"{os.getpid()}.left", f"{order.token} {left}")
    except OSError:
        # A full disk may keep the count from being told, not the screens from being let go.
        log.warning("drain_count_not_told")


def left(var_dir: Path, order: Order) -> dict[int, int]:
    """How many screens each process that read the order still holds, by process id."""
    found: dict[int, int] = {}
    for path in _folder(var_dir).glob("*.left"):
        try:
            token, _, count = path.read_text(encoding="utf-8").partition(" ")
            if token == order.token:
                found[int(path.stem)] = int(count)
        except (OSError, ValueError):
            continue
    return found


class Ear:
    """What one process knows of orders; makes it when it begins."""

    def __init__(self, var_dir: Path) -> None:
        self._var_dir = var_dir
        found = standing(var_dir)
        self._not_for_us = "" if found is None else found.token
        self._looked_at = float("-inf")
        self._order: Order | None = None
        self._since = float("inf")

    def order(self, now: float | None = None) -> Order | None:
        """The order this process is under; looks at most twice a second. `now` is in seconds of a steady clock."""
        at = time.monotonic() if now is None else now
        if at - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = at
            found = standing(self._var_dir)
            found = None if found is None or found.token == self._not_for_us else found
            if found != self._order:
                self._order, self._since = found, at
        return self._order

    def begins_in(self, now: float | None = None) -> float:
        """In how many seconds screens are to be let go; 0 when that time has come, infinite when there is no order."""
        order = self.order(now)
        at = time.monotonic() if now is None else now
        return float("inf") if order is None else max(0.0, self._since + order.after_s - at)


def _folder(var_dir: Path) -> Path:
    return var_dir / "drain"


def _write(path: Path, text: str) -> None:
    """All of it or nothing, for whoever reads meanwhile."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
