"""What was posted may be read in any order and more than once: the call it leaves is the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.domain.merge import merge_call
from stats.domain.outcomes import settle
from stats.domain.records import Call
from stats.providers.base import Delivery, SourceConfig, pack_delivery
from tests.hooks.tiny import PARTS, TinyProvider, posted_event

BEGAN_AT = 1_795_000_000_000
Post = tuple[int, bool]  # which part, and whether it goes on


def told(posts: list[Post]) -> Call:
    """The call that these leave, received in this order."""
    provider = TinyProvider(SourceConfig(name="tiny", live_url="", historic_url="", token=""))
    call: Call | None = None
    for at, (number, goes_on) in enumerate(posts):
        body = posted_event(number, BEGAN_AT, goes_on=goes_on)
        frame = pack_delivery(Delivery(BEGAN_AT + at, "POST", "application/json", "", {}, body))
        for each in provider.read("events", frame, received_at=0)[0]:
            assert isinstance(each, Call)
            call = merge_call(call, each)
    assert call is not None
    return call


ENDED: list[Post] = [(number, False) for number in range(PARTS)]
GOING_ON: list[Post] = [(number, True) for number in range(PARTS)]


@pytest.mark.fault("E2", "E3")
@given(st.permutations([*ENDED, *ENDED, *GOING_ON]))
def test_any_order_and_any_repetition_leave_the_same_call(posts: list[Post]) -> None:
    """What has ended stays ended, though word of how it was before comes late."""
    assert settle(told(posts)) == settle(told(ENDED))


@pytest.mark.fault("E3")
@given(st.permutations([*ENDED, *GOING_ON]))
def test_a_call_that_has_ended_is_never_open_again(posts: list[Post]) -> None:
    """Step by step."""
    over = [told(posts[: length + 1]).over for length in range(len(posts)) if (PARTS - 1, False) in posts[: length + 1]]
    assert all(over)
    assert not told(GOING_ON).over
