"""Two truths on two screens are none: every number on every page is the API's at the same version."""

import html
import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.test import AsyncClient

from stats.clock import now_ms
from stats.domain.periods import WINDOWS
from stats.models import Organisation
from tests.pages.conftest import Look
from tests.push.floor import ANNA, PER, SALES, SUPPORT, ZONE, Worker, ended_call, ready, waiting_call
from wallboard.accounts.models import ApiToken
from wallboard.boards.figure import KEYS, Place, format_of, written
from wallboard.boards.freshness import Standing

PAGES = ("/", "/?view=table", "/queues/111834/", "/queues/111835/", "/agents/", "/agents/924328/")
FIGURE = re.compile(r'<(?:a|span)\b[^>]*\bdata-(?:value|number)="[^>]*>[^<]*<', re.DOTALL)
LIVE = Standing(level="live", alive_at=None, reason="ok", source=None)
Flat = dict[str, dict[str, object]]


async def a_day(worker: Worker, seed: int) -> None:
    """Some hundred calls of the last hours, ended every way there is, and some that go on."""
    chance, now = random.Random(seed), now_ms()
    for number in range(120):
        queue, agent = chance.choice((SUPPORT, SALES)), chance.choice((ANNA, PER))
        wait = chance.choice((1_000, 3_900, 12_000, 19_999, 20_001, 95_000, 400_000))
        since = now - chance.randrange(20_000, 90 * 60_000) - wait
        call = ended_call(f"d{number}", queue, agent, since=since, wait_ms=wait, answered=chance.random() < 0.7)
        await worker.tell(call)
    await worker.tell(waiting_call("w1", since=now - 41_000), waiting_call("w2", SALES, since=now - 7_000), ready(), ready(PER, SALES))


def told_by(document: Mapping[str, Any]) -> Flat:
    """The API's numbers by scope, under the names boards give them."""
    flat: Flat = {"site": _of(document["site"])}
    for queue in document["queues"]:
        flat[f"queue:{queue['key']}"] = {**{name: value for name, value in queue.items() if not isinstance(value, dict)}, **_of(queue)}
    for agent in document["agents"]:
        flat[f"agent:{agent['key']}"] = {**agent, **agent["today"]}
    return flat


def _of(part: Mapping[str, Any]) -> dict[str, object]:
    numbers = {**part.get("now", {}), **part.get("today", {})}
    for window in WINDOWS:
        numbers.update({f"{window}.{name}": value for name, value in part.get(window, {}).items()})
    return numbers


def drawn_on(page: str) -> Iterator[tuple[str, str, str, str]]:
    """(scope, key, metric, text) of every number of a page."""
    for found in FIGURE.finditer(page):
        tag = found[0]
        attributes = {name: html.unescape(value) for name, value in re.findall(r'(data-[\w-]+)="([^"]*)"', tag)}
        text = html.unescape(tag[tag.index(">") + 1 : -1])
        if "data-number" in attributes:
            scope, _, metric = attributes["data-number"].rpartition(".")
            yield scope, KEYS.get(metric, metric), metric, text
            continue
        scope, key = attributes["data-scope"], attributes["data-key"]
        yield scope, key, attributes["data-value"].removeprefix(f"{scope}."), text


@pytest.mark.engines
@pytest.mark.parametrize("seed", [1, 2])
async def test_every_number_of_every_page_is_the_apis_at_the_same_version(worker: Worker, look: Look, seed: int) -> None:
    await a_day(worker, seed)
    organisation = await Organisation.objects.aget(slug="default")
    _row, token = await database_sync_to_async(ApiToken.issue)(organisation, "reader")
    compared = 0
    for address in PAGES:
        page, flat, now = await _together(look, address, token)
        place = Place(now=now, timezone=ZONE, language="en")
        here = 0
        for scope, key, metric, text in drawn_on(page):
            if format_of(metric) == "since":
                # A clock that counts: the instant it counts from is what is compared.
                assert (flat[scope][key] is None) == (text == "–"), (address, scope, metric)
                continue
            assert key == KEYS.get(metric, metric)
            expected = written(flat[scope][key], format_of(metric), LIVE, place)
            assert text.removesuffix(" %") == expected, (address, scope, metric, text, expected)
            here += 1
        assert here >= 5, (address, here)
        compared += here
    assert compared > 60


async def _together(look: Look, address: str, token: str) -> tuple[str, Flat, int]:
    """A page and the API's answer of one version."""
    client = AsyncClient()
    for _ in range(20):
        # The API reads anew for each question; a page shows what was read within the last second.
        document = (await client.get("/api/v1/live", headers={"authorization": f"Bearer {token}"})).json()
        answer = await look(address)
        assert answer.status_code == 200, (address, answer.status_code)
        page = answer.content.decode()
        version = re.search(r'data-version="(\d+)"', page)
        epoch = re.search(r'data-epoch="([^"]+)"', page)
        assert version is not None, address
        assert epoch is not None
        if (int(version[1]), epoch[1]) == (document["version"], document["epoch"]):
            return page, told_by(document), document["as_of"]
    raise AssertionError(f"{address} and the API never met at one version")
