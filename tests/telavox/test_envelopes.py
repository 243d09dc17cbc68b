"""Documents in an array, and pages whose count, cursor or end are of odd types: read where that is honest, asked again where not."""

from typing import Any

import pytest

from stats.domain.errors import Retry
from stats.domain.records import Call
from stats.providers.telavox.listen import MOST_IN_A_FRAME
from stats.providers.telavox.provider import TelavoxProvider
from tests.telavox.samples import NOW, call, frame, offer, presence, queue
from tests.telavox.studio import FakeStudio
from tests.telavox.test_historic import Dial, ask, failure

ROW: dict[str, Any] = {"idCall": "c1", "active": 0}


def page_of(**envelope: Any) -> dict[str, Any]:
    """An answer with one row, but for what is given."""
    return {"data": {"calls": {"data": [ROW], "totalCount": 1, "cursor": "1", "hasNextPage": False} | envelope}}


@pytest.mark.fault("A14")
@pytest.mark.parametrize(
    ("feed", "document"),
    [("calls", call()), ("queues", queue()), ("agents", offer()), ("profile_live", presence())],
    ids=lambda v: str(v)[:12],
)
def test_an_array_of_documents_is_read_element_by_element(provider: TelavoxProvider, feed: str, document: dict[str, Any]) -> None:
    """Two good ones around three bad ones: two tellings, equal to those of single frames, and three reasons."""
    told, odd = provider.read(feed, frame([document, 5, [document], {}, document]), received_at=NOW)
    alone, notes = provider.read(feed, frame(document), received_at=NOW)
    assert told == alone * 2
    assert len(odd) == 3 + 2 * len(notes)


@pytest.mark.fault("A13")
def test_an_array_has_a_largest_length(provider: TelavoxProvider) -> None:
    """A frame of a thousand documents is read, one of more is set aside whole."""
    for number, reasons in ((MOST_IN_A_FRAME, []), (MOST_IN_A_FRAME + 1, ["too_many"])):
        told, odd = provider.read("calls", frame([{"id_call": "c", "active": 1}] * number), received_at=NOW)
        assert ([each.reason for each in odd], len(told)) == (reasons, number if not reasons else 0)


@pytest.mark.fault("B3")
@pytest.mark.parametrize(
    ("envelope", "total", "cursor", "more", "partial"),
    [
        ({"totalCount": "12"}, 12, "1", False, False),
        ({"totalCount": 12.0}, 12, "1", False, False),
        ({"totalCount": None}, None, "1", False, False),
        ({"totalCount": "many"}, None, "1", False, True),
        ({"totalCount": -3}, None, "1", False, True),
        ({"totalCount": True}, None, "1", False, True),
        ({"totalCount": {"n": 1}}, None, "1", False, True),
        ({"cursor": 5, "hasNextPage": "true"}, 1, "5", True, False),
        ({"cursor": 5.5, "hasNextPage": 1}, 1, "5.5", True, False),
        ({"cursor": {"after": 5}, "hasNextPage": True}, 1, None, False, True),
        ({"hasNextPage": "false"}, 1, "1", False, False),
        ({"hasNextPage": "FALSE"}, 1, "1", False, False),
        ({"hasNextPage": "perhaps"}, 1, "1", False, True),
        ({"hasNextPage": [True]}, 1, "1", False, True),
        ({"data": ROW}, 1, "1", False, False),
    ],
)
async def test_what_stands_around_the_rows_is_read_or_proves_nothing(
    studio: FakeStudio, dial: Dial, envelope: dict[str, Any], total: int | None, cursor: str | None, more: bool, partial: bool
) -> None:
    """Text that holds a number is that number; what cannot be read makes the page prove nothing, and its row is told all the same."""
    studio.answer = lambda asked: page_of(**envelope)
    page = await ask(dial())
    assert [told.id_call for told in page.tellings if isinstance(told, Call)] == ["c1"]
    assert (page.total, page.cursor, page.more, page.partial) == (total, cursor, more, partial)


@pytest.mark.fault("B1")
@pytest.mark.parametrize(
    "answer",
    [
        page_of(data="none"),
        page_of(data=5),
        page_of(data=False),
        {"data": {"calls": "none"}},
        {"data": {"calls": []}},
        {"data": []},
        page_of(data=[], totalCount=0) | {"errors": [{"message": "the index is away"}]},
    ],
)
async def test_rows_that_are_no_rows_are_never_an_empty_day(studio: FakeStudio, dial: Dial, answer: dict[str, Any]) -> None:
    """Not a list, and an empty list beside an error: ask again."""
    studio.answer = lambda asked: answer
    assert isinstance(await failure(dial()), Retry)
