"""Who may look: a person's login, a screen's cookie, or a bearer token, each found out once in a few seconds.

Rules that hold here:
- An answer is kept for REMEMBERED_S, so that a thousand screens that come back together ask the database a few times.
- A revoked key closes what it opened within RECHECK_S; a database that is down closes nothing that is open, and lets in whoever
  was let in a while ago.
- A screen's key opens its boards; everything else opens every board of its organisation.
- What somebody may see is part of the pass: when it changes, what the old one had opened is closed.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any, Literal

import structlog
from channels.db import aclose_old_connections, database_sync_to_async
from django.conf import settings
from django.contrib.auth import aget_user
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest

from wallboard.accounts import viewer as viewers
from wallboard.accounts.models import ApiToken, Screen, digest_of
from wallboard.accounts.viewer import Viewer
from wallboard.boards.topics import needed_for

log = structlog.get_logger(__name__)

SCREEN_COOKIE = "wb_screen"
# Of a paired television: its secret, sent to every page; it opens a socket only where the page says it is a television's.
DEVICE_COOKIE = "wb_device"
REMEMBERED_S = 5.0
# A database that hangs is not waited for: briefly by who was let in before, a while by others.
ASK_WITHIN_S, ASK_FIRST_WITHIN_S = 2.0, 8.0
# How long an earlier yes counts while the database cannot be asked.
TRUSTED_S = 3600.0
RECHECK_S = 2.0
MOST_REMEMBERED = 5_000
LONGEST_KEY = 512
# SQLite takes a thousand parameters in a question.
AT_A_TIME = 500

Kind = Literal["person", "screen", "program"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What a key opens. `boards` is None for every board; `digest` names the key without being it."""

    kind: Kind
    digest: str
    viewer: Viewer
    boards: tuple[str, ...] | None = None
    session: str = field(default="", repr=False)  # a person's session key, to ask again with

    @property
    def organisation(self) -> str:
        """Whose numbers it opens."""
        return self.viewer.organisation

    @property
    def row(self) -> int | None:
        """Of the token or person."""
        return self.viewer.row

    @property
    def board(self) -> str | None:
        """The board a screen shows first; None for whoever chooses."""
        return self.boards[0] if self.boards else None

    def opens(self, board: str) -> bool:
        """Whether it may look at this board."""
        return self.viewer.may(needed_for(board)) and (self.boards is None or board in self.boards)

    def for_logs(self) -> dict[str, object]:
        """Who it is, as far as a log may know."""
        return {"key_kind": self.kind, "key_id": self.row if self.row is not None else self.digest[:8]}


@dataclass(frozen=True, slots=True)
class Key:
    """Something a client showed."""

    kind: Kind
    secret: str

    @property
    def digest(self) -> str:
        """Under which it is remembered; kinds never meet."""
        return digest_of(self.secret) if self.kind != "person" else hashlib.sha256(b"session:" + self.secret.encode()).hexdigest()


class DatabaseAway(Exception):
    """The database cannot be asked, and nothing is remembered that would answer."""


class ArchiveBehind(DatabaseAway):
    """More calls are still to be archived than can be read beside it: the database answers, and does not know them yet."""


@dataclass(slots=True)
class _Known:
    found: Pass | None
    asked_at: float
    failed_at: float = 0.0


_known: dict[tuple[Kind, str], _Known] = {}
_asking: dict[tuple[Kind, str], "asyncio.Task[Pass | None]"] = {}


def keys_of(headers: Iterable[tuple[bytes, bytes]]) -> list[Key]:
    """What the headers of a handshake or request show, the most telling first."""
    shown: list[Key] = []
    given = list(headers)
    for name, value in given:
        if name == b"authorization":
            scheme, _, secret = value.decode("latin-1").strip().partition(" ")
            secret = secret.strip()
            if scheme.lower() == "bearer" and 0 < len(secret) <= LONGEST_KEY:
                # One spelling for two kinds of token: programs' first, they are the more usual.
                shown += [Key("program", secret), Key("screen", secret)]
    jar = _jar(given)
    for cookie, kind in ((settings.SESSION_COOKIE_NAME, "person"), (SCREEN_COOKIE, "screen")):
        if cookie in jar and 0 < len(jar[cookie].value) <= LONGEST_KEY:
            shown.append(Key("person" if kind == "person" else "screen", jar[cookie].value))
    return shown


def _jar(headers: Iterable[tuple[bytes, bytes]]) -> SimpleCookie:
    jar: SimpleCookie = SimpleCookie()
    for name, value in headers:
        if name == b"cookie":
            try:
                jar.load(value.decode("latin-1"))
            except CookieError:
                continue
    return jar


async def admit_device(headers: Iterable[tuple[bytes, bytes]]) -> Pass | None:
    """What a paired television's own key opens. Raises DatabaseAway."""
    jar = _jar(headers)
    secret = jar[DEVICE_COOKIE].value if DEVICE_COOKIE in jar else ""
    return await passed(Key("screen", secret)) if 0 < len(secret) <= LONGEST_KEY else None


async def admit(headers: Iterable[tuple[bytes, bytes]], board: str) -> Pass | None:
    """The first pass among the keys shown that opens the board. Raises DatabaseAway."""
    for key in keys_of(headers):
        found = await passed(key)
        if found is not None and found.opens(board):
            return found
    return None


async def passed(key: Key) -> Pass | None:
    """What a key opens, or None. Raises DatabaseAway."""
    name = (key.kind, key.digest)
    known = _known.get(name)
    if known is not None and time.monotonic() - max(known.asked_at, known.failed_at) < REMEMBERED_S:
        return known.found
    try:
        async with asyncio.timeout(ASK_WITHIN_S if known is not None else ASK_FIRST_WITHIN_S):
            found = await _ask_once(name, key)
    except (DatabaseError, InterfaceError, TimeoutError) as why:
        if known is not None and time.monotonic() - known.asked_at < TRUSTED_S:
            known.failed_at = time.monotonic()
            return known.found
        raise DatabaseAway from why
    if len(_known) >= MOST_REMEMBERED:
        _forget_some()
    _known[name] = _Known(found, time.monotonic())
    return found


async def _ask_once(name: tuple[Kind, str], key: Key) -> Pass | None:
    """Asks the database, together with everybody who asks the same now."""
    task = _asking.get(name)
    # A task of another event loop is a test's that ended.
    if task is None or task.get_loop() is not asyncio.get_running_loop():
        task = _asking[name] = asyncio.create_task(_look_up(key))
        task.add_done_callback(lambda done: _answered(name, done))
    return await asyncio.shield(task)


def _answered(name: tuple[Kind, str], done: "asyncio.Task[Pass | None]") -> None:
    if _asking.get(name) is done:
        del _asking[name]
    if not done.cancelled():
        # Who asked may have stopped waiting; then nobody else looks at what went wrong.
        done.exception()


async def _look_up(key: Key) -> Pass | None:
    # Sockets have no request's end at which Django would let go of a connection that broke.
    await aclose_old_connections()
    if key.kind == "person":
        return await _person(key)
    kind: type[ApiToken] | type[Screen] = ApiToken if key.kind == "program" else Screen
    token = await kind.open_ones().filter(digest=key.digest).afirst()
    if token is None:
        return None
    await database_sync_to_async(_note_use)(token)
    return _pass_of(token, key.digest)


def _pass_of(token: ApiToken | Screen, digest: str) -> Pass:
    if isinstance(token, Screen):
        return Pass(kind="screen", digest=digest, viewer=viewers.of_screen(token), boards=tuple(token.boards))
    return Pass(kind="program", digest=digest, viewer=viewers.of_token(token))


async def _person(key: Key) -> Pass | None:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key.secret)
    user: Any = await aget_user(request)
    if not user.is_authenticated or not user.is_active:
        return None
    chosen = await request.session.aget(viewers.CHOSEN, "")
    viewer = await database_sync_to_async(viewers.of_person)(user, str(chosen))
    if viewer is None:
        return None
    return Pass(kind="person", digest=key.digest, viewer=viewer, session=key.secret)


def _note_use(token: ApiToken | Screen) -> None:
    try:
        token.note_use()
    except (DatabaseError, InterfaceError):
        # A busy database may forget when a program last called; the program may not feel it.
        pass


def _forget_some() -> None:
    old = time.monotonic() - REMEMBERED_S
    for name in [name for name, known in _known.items() if known.asked_at < old]:
        del _known[name]
    if len(_known) >= MOST_REMEMBERED:
        _known.clear()


async def still_open(passes: Iterable[Pass]) -> dict[str, bool]:
    """The digests of those that still open something, and whether it is exactly what it was; all of them when the database is away."""
    wanted = {each.digest: each for each in passes}
    alive: dict[str, bool] = {}
    try:
        await aclose_old_connections()
        for kind, model in (("program", ApiToken), ("screen", Screen)):
            digests = [digest for digest, each in wanted.items() if each.kind == kind]
            for at in range(0, len(digests), AT_A_TIME):
                async for row in model.open_ones().filter(digest__in=digests[at : at + AT_A_TIME]):
                    alive[row.digest] = _pass_of(row, row.digest) == wanted[row.digest]
        for digest, each in wanted.items():
            if each.kind == "person" and (found := await _person(Key("person", each.session))) is not None:
                alive[digest] = found == each
    except (DatabaseError, InterfaceError):
        log.warning("keys_not_checked", why="database_away")
        return dict.fromkeys(wanted, True)
    for digest in [digest for digest in wanted if not alive.get(digest)]:
        _known.pop((wanted[digest].kind, digest), None)
    return alive


def forget_all() -> None:
    """Remembers nothing any more; for whoever changed the database underneath."""
    _known.clear()
