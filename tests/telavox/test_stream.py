"""One live feed against a fake: how it opens, what comes out, how it ends, and what is never said aloud."""

import asyncio
import logging
import socket
from collections.abc import Callable

import pytest
from aiohttp import web

from stats.domain.errors import ProviderError, Refused, Retry
from stats.providers.telavox import stream
from stats.providers.telavox.answers import is_unknown_path, short, wait_s
from stats.providers.telavox.provider import TelavoxProvider
from stats.providers.telavox.stream import open_feed
from tests.telavox.studio import TOKEN, FakeStudio, until_closed

Dial = Callable[..., TelavoxProvider]


async def failure(provider: TelavoxProvider, feed: str = "calls") -> ProviderError:
    """What opening or listening ends in; the fake's frames of a failing feed are never yielded."""
    try:
        async with asyncio.timeout(20), provider.open(feed) as frames:
            async for frame in frames:
                assert b"nvalid" not in frame
    except ProviderError as error:
        return error
    raise AssertionError("a feed that ends says why")


@pytest.mark.acceptance("TX-01")
async def test_TX_01_each_of_the_five_feeds_is_opened_on_its_own_path_with_the_token_in_the_header(studio: FakeStudio, dial: Dial) -> None:
    """And frames come out as they were sent, in order."""
    sent = ['{"n": 1}', "Patrik Hilvéus", "x" * 100_000]

    async def play(socket: web.WebSocketResponse) -> None:
        for text in sent:
            await socket.send_str(text)
        await until_closed(socket)

    studio.socket = play
    provider = dial()
    for feed in provider.feeds:
        async with provider.open(feed) as frames:
            got = [await anext(aiter(frames)) for _ in sent]
        assert got == [text.encode() for text in sent]
    assert studio.handshakes == [(f"/{feed}", f"Bearer {TOKEN}") for feed in provider.feeds]


async def test_a_frame_sent_as_binary_is_a_frame_like_any_other(studio: FakeStudio, dial: Dial) -> None:
    """Bytes are bytes."""

    async def play(socket: web.WebSocketResponse) -> None:
        await socket.send_bytes(b'{"n": 1}')
        await until_closed(socket)

    studio.socket = play
    async with dial().open("calls") as frames:
        assert await anext(aiter(frames)) == b'{"n": 1}'


@pytest.mark.acceptance("TX-02")
@pytest.mark.parametrize("status", [401, 403])
async def test_TX_02_a_refused_token_is_an_auth_refusal(studio: FakeStudio, dial: Dial, status: int) -> None:
    """After one handshake."""
    studio.refusal = web.Response(status=status)
    error = await failure(dial("wrong"))
    assert isinstance(error, Refused)
    assert error.kind == "auth"
    assert len(studio.handshakes) == 1


@pytest.mark.fault("A3")
@pytest.mark.acceptance("TX-03")
@pytest.mark.parametrize("text", ["Invalid path.", "Invalid path", " invalid PATH. \n"])
@pytest.mark.parametrize("closing", [True, False])
async def test_TX_03_an_unknown_path_is_a_configuration_refusal_and_no_frame(
    studio: FakeStudio, dial: Dial, text: str, closing: bool
) -> None:
    """Whether the vendor hangs up afterwards or not."""

    async def play(socket: web.WebSocketResponse) -> None:
        await socket.send_str(text)
        if not closing:
            await until_closed(socket)

    studio.socket = play
    refused = await failure(dial())
    assert isinstance(refused, Refused)
    assert refused.kind == "config"


def test_TX_03_only_the_vendors_sentence_is_an_unknown_path() -> None:
    """A document that quotes it is a document."""
    assert not is_unknown_path(b'{"note": "Invalid path."}')
    assert not is_unknown_path(b"")


@pytest.mark.fault("A5")
@pytest.mark.parametrize(
    ("status", "headers", "after_s"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (503, {}, None),
        (500, {"Retry-After": "soon"}, None),
        (404, {}, None),
        (503, {"Retry-After": "999999"}, 3600.0),
    ],
)
async def test_any_other_refusal_is_passing_and_its_retry_after_is_handed_on(
    studio: FakeStudio, dial: Dial, status: int, headers: dict[str, str], after_s: float | None
) -> None:
    """When to dial again is the road's business."""
    studio.refusal = web.Response(status=status, headers=headers)
    error = await failure(dial())
    assert isinstance(error, Retry)
    assert error.after_s == after_s


@pytest.mark.fault("A20")
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_never_followed(studio: FakeStudio, dial: Dial, status: int) -> None:
    """Not even home: the token goes to the configured address alone."""
    studio.refusal = web.Response(status=status, headers={"Location": f"{studio.live_url}/elsewhere"})
    error = await failure(dial())
    assert isinstance(error, Retry)
    assert [path for path, _ in studio.handshakes] == ["/calls"]


async def test_a_proxy_of_the_environment_is_never_given_the_token(studio: FakeStudio, dial: Dial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither on the sockets nor on GraphQL."""
    for name in ("http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    provider = dial()
    async with provider.open("calls"):
        assert len(studio.handshakes) == 1
    studio.answer = lambda asked: {"data": {"calls": {"data": []}}}
    assert (await provider.page("calls", start_ms=0, end_ms=1, first=1, after=None, received_at=1)).rows == 0


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 4001])
async def test_a_link_that_closes_is_to_be_dialled_again_whatever_its_code(studio: FakeStudio, dial: Dial, code: int) -> None:
    """The vendor documents none."""

    async def play(socket: web.WebSocketResponse) -> None:
        await socket.close(code=code)

    studio.socket = play
    error = await failure(dial())
    assert isinstance(error, Retry)
    assert error.reason == f"closed {code}"


async def test_a_link_cut_without_a_word_is_to_be_dialled_again(studio: FakeStudio, dial: Dial) -> None:
    """No close frame, no goodbye."""

    async def play(socket: web.WebSocketResponse) -> None:
        assert socket._req is not None
        assert socket._req.transport is not None
        socket._req.transport.abort()

    studio.socket = play
    assert isinstance(await failure(dial()), Retry)


async def test_nobody_listening_at_the_address_is_to_be_dialled_again(studio: FakeStudio, dial: Dial) -> None:
    """Connection refused."""
    provider = dial()
    await studio.stop()
    assert isinstance(await failure(provider), Retry)


@pytest.mark.fault("A13")
async def test_a_frame_beyond_the_limit_ends_the_link_but_the_hourly_batch_may_be_large(studio: FakeStudio, dial: Dial) -> None:
    """4 MiB, and 32 for the batch."""

    async def play(socket: web.WebSocketResponse) -> None:
        await socket.send_str("x" * (5 << 20))
        await until_closed(socket)

    studio.socket = play
    assert isinstance(await failure(dial()), Retry)
    async with dial().open("profile_history") as frames:
        assert len(await anext(aiter(frames))) == 5 << 20


async def test_a_quiet_link_that_answers_pings_stays_alive(studio: FakeStudio) -> None:
    """Its sign of life moves on with every pong."""
    now = [1_000]
    feed = open_feed(f"{studio.live_url}/calls", token=TOKEN, max_bytes=1 << 20, clock=lambda: now[0], ping_every_s=0.05, pong_within_s=0.5)
    async with feed as frames:
        assert frames.alive_at == 1_000
        now[0] = 9_000
        listening = asyncio.create_task(anext(frames))  # type: ignore[arg-type]
        async with asyncio.timeout(10):
            while frames.alive_at != 9_000:  # noqa: ASYNC110 (nobody tells it)
                await asyncio.sleep(0.01)
        listening.cancel()


@pytest.mark.fault("A2")
async def test_a_link_that_answers_no_ping_is_given_up(studio: FakeStudio) -> None:
    """Half open: the other side is gone and TCP does not know."""
    studio.autoping = False
    feed = open_feed(f"{studio.live_url}/calls", token=TOKEN, max_bytes=1 << 20, clock=lambda: 0, ping_every_s=0.05, pong_within_s=0.2)
    async with asyncio.timeout(5), feed as frames:
        with pytest.raises(Retry, match="no pong"):
            await anext(frames)  # type: ignore[arg-type]


@pytest.mark.fault("A2")
async def test_a_link_in_life_is_given_up_within_twenty_seconds_by_pings_and_by_the_kernel(studio: FakeStudio, dial: Dial) -> None:
    """The worst case is a ping just answered: the next one and its patience; the kernel knows as well, where it can be told."""
    assert stream.PING_EVERY_S + stream.PONG_WITHIN_S + 1 <= 20
    async with dial().open("calls") as frames:
        raw = frames._socket.transport.get_extra_info("socket")  # type: ignore[attr-defined]
        assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert 0 < raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 20_000


async def test_a_link_whose_frames_we_are_slow_to_take_is_not_given_up(studio: FakeStudio) -> None:
    """The pong waits behind the frames, and that is our doing."""

    async def play(socket: web.WebSocketResponse) -> None:
        for n in range(200):
            await socket.send_str("x" * 10_000 + str(n))
        await until_closed(socket)

    studio.socket = play
    feed = open_feed(f"{studio.live_url}/calls", token=TOKEN, max_bytes=1 << 20, clock=lambda: 0, ping_every_s=0.05, pong_within_s=0.05)
    taken = 0
    async with asyncio.timeout(20), feed as frames:
        async for _ in frames:
            taken += 1
            if taken in (1, 50, 100):
                await asyncio.sleep(0.4)
            if taken == 200:
                break
    assert taken == 200


@pytest.mark.acceptance("TX-22")
async def test_TX_22_the_token_is_in_no_log_at_any_level(studio: FakeStudio, dial: Dial, caplog: pytest.LogCaptureFixture) -> None:
    """Every logger at DEBUG, good and bad handshakes, sockets and GraphQL; nor is a caller's number."""
    for name in (
        "",
        "websockets",
        "websockets.client",
        "aiohttp",
        "aiohttp.client",
        "gql",
        "gql.transport.aiohttp",
        "stats.telavox.socket",
    ):
        caplog.set_level(logging.DEBUG, logger=name or None)

    async def play(socket: web.WebSocketResponse) -> None:
        await socket.send_str('{"id_call": "c1", "customer_target": {"number": "0701740605"}}')

    studio.socket = play
    studio.answer = lambda asked: {"data": {"calls": {"data": [{"customerTarget": {"number": "0701740605"}}], "hasNextPage": False}}}
    provider = dial()
    said = [str(await failure(provider)), repr(provider._config)]
    await provider.page("calls", start_ms=0, end_ms=1, first=1, after=None, received_at=1)
    studio.refusal = web.Response(status=401)
    said.append(str(await failure(provider)))
    studio.answer = lambda asked: {"errors": [{"message": f"token {TOKEN} may not ask for 0701740605"}]}
    with pytest.raises(Retry) as retry:
        await provider.page("calls", start_ms=0, end_ms=1, first=1, after=None, received_at=1)
    said.append(str(retry.value))
    everything = "\n".join([*said, *(record.getMessage() for record in caplog.records)])
    assert TOKEN not in everything
    assert "0701740605" not in everything


def test_TX_22_somebody_elses_words_are_cut_before_they_reach_a_log() -> None:
    """Long numbers, long words, control characters and length."""
    assert short("call 0701740605 failed") == "call # failed"
    assert TOKEN not in short(TOKEN)
    assert short("a\nb\x00c") == "a b c"
    assert len(short("word " * 100)) <= 120


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Mon, 18 May 2026 10:27:10 GMT", 40.0),
        ("Mon, 18 May 2026 10:00:00 GMT", 0.0),
        ("x", None),
        ("", None),
        (None, None),
    ],
)
def test_a_retry_after_is_read_in_both_its_forms(header: str | None, seconds: float | None) -> None:
    """RFC 9110 10.2.3."""
    assert wait_s(header, now_ms=1_779_099_990_000) == (None if seconds is None else seconds)
