"""What tests of the push room may ask for: a worker, a board's door, and a key to it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from stats.models import Organisation
from tests.push.floor import Worker
from wallboard.accounts.models import Screen
from wallboard.push import admission, live
from wallboard.push.routing import websocket_urlpatterns

Open = Callable[..., Awaitable["Browser"]]


class Browser(WebsocketCommunicator):
    """A browser at a board."""

    def __init__(self, slug: str, token: str | None) -> None:
        headers = [(b"cookie", f"wb_screen={token}".encode())] if token else []
        super().__init__(URLRouter(websocket_urlpatterns), f"/ws/boards/{slug}/", headers)

    async def hear(self, within_s: float = 20.0) -> dict[str, object]:
        """The next message."""
        message: dict[str, object] = await self.receive_json_from(within_s)
        return message

    async def ack(self, message: dict[str, object]) -> None:
        """Acknowledges a message."""
        await self.send_json_to({"type": "ack", "version": message["to" if "to" in message else "version"]})


@pytest.fixture
async def worker(redis_server: str) -> AsyncIterator[Worker]:
    """A worker whose source is live."""
    admission.forget_all()
    worker = await Worker(redis_server).begin()
    yield worker
    await worker.close()


@pytest.fixture
async def token(transactional_db: None, worker: Worker) -> str:
    """A screen's key to the team board."""
    organisation, _made = await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Test"})
    _row, token = await database_sync_to_async(Screen.issue)(organisation, "team", "Hall")
    return token


@pytest.fixture
async def open_board(worker: Worker, token: str) -> AsyncIterator[Open]:
    """Opens the team board, or what is asked for; all are closed afterwards."""
    opened: list[Browser] = []

    async def open_(slug: str = "team", key: str | None = token) -> Browser:
        browser = Browser(slug, key)
        opened.append(browser)
        accepted, _ = await browser.connect(5)
        assert accepted
        return browser

    yield open_
    for browser in opened:
        await browser.disconnect()
    await live.close()


def pytest_configure(config: pytest.Config) -> None:
    """Rows of the acceptance list, by their names."""
    config.addinivalue_line("markers", "acceptance(row): the row of the acceptance list this test answers for")
