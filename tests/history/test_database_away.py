"""The whole product while its database is stopped, frozen, killed, locked or without a disk: boards go on, and nothing is lost.

Nothing here is fast: a worker looks for its database again after up to half a minute, and a frozen one is given up after ten seconds.
"""

import contextlib
import dataclasses
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.acceptance.product import API_TOKEN, Product, eventually
from tests.acceptance.telling import Telling, plain
from tests.conftest import ROOT
from tests.history.board import OpenBoard
from tests.history.person import PASSWORD, Person
from tests.history.postgres import Postgres, fill, postgres, small_disk
from tests.history.witness import Ask, Rows, until_whole
from tests.oracle.days import day
from tests.telavox.samples import slot
from tests.upstream import UpstreamThread

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(240)]
HEALS_WITHIN_S = 60.0
MINUTE_MS = 60_000


class Busy:
    """A product that has read all of a day but its last minutes, which are then told piece by piece."""

    def __init__(self, product: Product, seed: int, pieces: int) -> None:
        now = round(time.time() * 1000) - 500
        self.product = product
        self.day = dataclasses.replace(day(seed, n_calls=150, now_ms=now, instants="ms"), settings={})
        self.telling = Telling(product, self.day, seed)
        first = now - 6 * MINUTE_MS
        self.borders = [first + (now - first) * n // pieces for n in range(pieces + 1)]
        self.telling.history(first)
        product.start()
        product.until("live", 60)

    def tell(self, piece: int) -> None:
        """One piece of the stream."""
        since, until = self.borders[piece : piece + 2]
        self.telling.send(self.telling.frames(since, until))
        self.telling.history(until)
        self.telling.present(until)

    def right(self, piece: int, within_s: float = 30.0) -> None:
        """Every number is that of the day so far, shown as live."""
        self.telling.until_equal(plain(self.day.documents(until_ms=self.borders[piece + 1])), within_s)
        self.product.until("live", 10)

    def kept(self, piece: int, ask: Ask) -> None:
        """Every call that is over by now is in the archive, as it was."""
        until_whole(self.day, self.borders[piece + 1], ask, HEALS_WITHIN_S)

    def sees(self, number: int) -> str:
        """The hourly batch tells one agent's hour; gives the agent's key."""
        agent = [agent for agent in self.day.agents if agent.id is not None][number]
        self.product.upstream.send("profile_history", slot(agent={"id": agent.id, "name": agent.name}))
        return str(agent.id)


@pytest.fixture
def product() -> Iterator[Product]:
    """A product of one's own, not yet started, to be ill-treated."""
    with UpstreamThread() as upstream:
        made = Product(upstream, ADMIN_PASSWORD=PASSWORD)
        yield made
        made.destroy()


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A PostgreSQL to be ill-treated."""
    with postgres() as made:
        yield made


def asking_postgres(server: Postgres) -> Ask:
    """Rows of an SQL question; none while the server starts."""

    def ask(question: str) -> Rows:
        try:
            with psycopg.connect(f"host={server.place} user=wallboard dbname=postgres") as connection:
                return connection.execute(question).fetchall()
        except psycopg.OperationalError:
            return []

    return ask


def asking_sqlite(path: object) -> Ask:
    """Rows of an SQL question."""

    def ask(question: str) -> Rows:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as connection:
            return connection.execute(question).fetchall()

    return ask


def says_so(person: Person, path: str) -> None:
    """The page is 503 in plain words, in both languages, with when to come again, and no traceback."""
    for language, words in (("en", "Temporarily unavailable"), ("sv", "Tillfälligt otillgänglig")):
        status, after, page = person.ask(path, language)
        assert (status, after) == (503, "10"), page[:300]
        assert words in page
        assert "Traceback" not in page


@pytest.mark.fault("C10", "C2")
def test_postgresql_is_stopped_frozen_and_killed_in_a_busy_hour(product: Product, server: Postgres) -> None:
    """Numbers stay live and right while it is away; the worker dies meanwhile, too; afterwards the archive is whole."""
    product.environment["DATABASE_URL"] = server.url
    ask = asking_postgres(server)
    busy, person = Busy(product, 61, 3), Person(product)
    person.log_in()

    with OpenBoard(f"ws://127.0.0.1:{product.port}/ws/boards/supervisor/", API_TOKEN) as board:
        eventually(lambda: board.seen["live"], 10)
        server.stop()
        busy.tell(0)
        seen = {busy.sees(0)}
        busy.right(0)
        says_so(person, "/admin/")
        assert person.ask("/login/", username="admin", password=PASSWORD)[0] == 503
        server.start()
        busy.kept(0, ask)
        assert person.ask("/admin/")[0] == 200

        server.signal(signal.SIGSTOP)
        busy.tell(1)
        seen.add(busy.sees(1))
        busy.right(1)
        # Longer than any single question may take: nobody hangs, and the numbers are asked for all the while.
        frozen_until = time.monotonic() + 14
        while time.monotonic() < frozen_until:
            assert product.state() == "live"
            time.sleep(0.5)
        server.signal(signal.SIGCONT)
        busy.kept(1, ask)
        answered = product.live()["site"]["today"]["calls_in"]
        eventually(lambda: board.value("site", "calls_in") == answered, 5, lambda: board.value("site", "calls_in"))
    assert (set(board.seen), board.dialled) == ({"live"}, 1)

    server.kill()
    busy.tell(2)
    seen.add(busy.sees(2))
    busy.right(2)
    # What the worker alone had heard is in Redis before it dies: the hourly batch is told by nobody else.
    eventually(lambda: product.redis().xlen("wb:{default}:slots:telavox"), 10)
    before = product.kill("manage.py ingest")
    eventually(lambda: product.children("manage.py ingest") not in ([], [before]), 20, product.said)
    server.start()
    busy.right(2, 45)
    busy.kept(2, ask)
    eventually(lambda: seen <= {agent for (agent,) in ask("SELECT agent FROM stats_presenceslotrow")}, HEALS_WITHIN_S)
    assert "Traceback" not in product.said()


@pytest.mark.fault("C10")
def test_sqlite_is_locked_for_half_a_minute_in_a_busy_hour(product: Product) -> None:
    """By somebody's backup, say. Who is logged in still reads; what must be written says that it cannot."""
    path = product.var_dir / "wallboard.sqlite3"
    busy, person = Busy(product, 62, 2), Person(product)
    person.log_in()
    with contextlib.closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        busy.tell(0)
        seen = busy.sees(0)
        busy.right(0)
        assert person.ask("/sources/")[0] == 200
        stranger = Person(product)
        stranger.ask("/login/")
        assert stranger.ask("/login/", username="admin", password=PASSWORD)[:2] == (503, "10")
        slowest = 0.0
        while time.monotonic() - began < 30:
            asked = time.monotonic()
            assert product.state() == "live"
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.5)
        assert slowest < 8
    busy.kept(0, asking_sqlite(path))
    busy.tell(1)
    busy.right(1)
    busy.kept(1, asking_sqlite(path))
    eventually(lambda: asking_sqlite(path)(f"SELECT 1 FROM stats_presenceslotrow WHERE agent = '{seen}'"), HEALS_WITHIN_S)


@pytest.mark.fault("C11")
@pytest.mark.parametrize("whole", [False, True], ids=["the database's disk", "all of VAR_DIR"])
def test_a_full_disk_is_over_when_there_is_room_and_nobody_restarts_anything(product: Product, whole: bool) -> None:
    """Without room for the database boards are right all the while; without room for Redis too they say that they are late."""
    with small_disk(32) as disk:
        place = disk / "var"
        place.mkdir()
        if whole:
            product.var_dir.rmdir()
            product.var_dir.symlink_to(place)
        else:
            product.environment["DATABASE_URL"] = f"sqlite:///{place}/wallboard.sqlite3"
        path = place / "wallboard.sqlite3"
        try:
            busy, person = Busy(product, 63, 2), Person(product)
            person.log_in()
            ballast = fill(disk)
            busy.tell(0)
            seen = busy.sees(0)
            if whole:
                eventually(lambda: product.state() != "live", 30)
            else:
                busy.right(0)
                # Reading takes no room, so whoever is logged in goes on.
                assert person.ask("/sources/")[0] == 200
            ballast.unlink()
            busy.right(0)
            busy.kept(0, asking_sqlite(path))
            busy.tell(1)
            busy.right(1)
            busy.kept(1, asking_sqlite(path))
            eventually(lambda: asking_sqlite(path)(f"SELECT 1 FROM stats_presenceslotrow WHERE agent = '{seen}'"), HEALS_WITHIN_S)
            assert "process_ended" not in product.said()
            assert "session.crashed" not in product.said()
        finally:
            product.destroy()
            if product.var_dir.is_symlink():
                product.var_dir.unlink()


@pytest.mark.fault("C10")
def test_what_is_started_while_the_database_is_away_says_so_and_goes_on_when_it_is_there(product: Product, server: Postgres) -> None:
    """`up` says one clear line and ends; a worker and a web process of their own wait."""
    product.environment["DATABASE_URL"] = server.url
    prepared = product.manage("migrate", "-v0")
    assert prepared.returncode == 0, prepared.stderr
    assert product.manage("bootstrap").returncode == 0
    server.stop()
    refused = product.manage("up")
    assert refused.returncode == 1
    (line,) = refused.stderr.strip().splitlines()[-1:]
    assert "DATABASE_URL: the database cannot be used." in line
    assert "Traceback" not in refused.stderr + refused.stdout
    with (
        _alone(product, "manage.py", "ingest"),
        _alone(product, "-m", "daphne", "-b", "127.0.0.1", "-p", str(product.port), "wallboard.asgi:application"),
    ):
        eventually(lambda: _status(product, "/healthz") == 200, 60)
        assert _status(product, "/admin/login/") in (200, 503)
        assert product.get("/api/v1/live")[0] == 503
        server.start()
        product.until("live", 60)


@contextlib.contextmanager
def _alone(product: Product, *words: str) -> Iterator[None]:
    with product.output.open("ab") as output:
        process = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=product.environment, stdout=output, stderr=output)
    try:
        yield
        assert process.poll() is None
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


def _status(product: Product, path: str) -> int:
    with contextlib.suppress(OSError):
        return product.get(path, token=None)[0]
    return 0
