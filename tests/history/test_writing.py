"""A call is written and read back without loss, by this version, by an older one's hand, and by a newer one's."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.domain.errors import Malformed
from stats.domain.records import Call, Journey, Party, Visit
from stats.history.writing import read_call, write_call
from tests.history.calls import NOON, plain, whole

_NUMBERS = st.none() | st.integers(-(2**63), 2**64 - 1)
_WORDS = st.none() | st.text(max_size=20)
_PARTIES = st.builds(Party, id=_NUMBERS, account_id=_NUMBERS, name=_WORDS)
_CALLS = st.builds(
    Call,
    source=st.text(max_size=5),
    id_call=st.text(max_size=30),
    journey=st.none() | st.builds(Journey, number=_WORDS, started_at=_NUMBERS, answered=st.none() | st.booleans(), last_agent=_PARTIES),
    visits=st.lists(st.builds(Visit, queue=_PARTIES, entered_at=_NUMBERS, strategy=_WORDS, asof=st.integers(0, 2**50)), max_size=3).map(
        tuple
    ),
    expired=st.booleans(),
)


@given(_CALLS)
def test_any_call_is_read_back_as_it_was(call: Call) -> None:
    """Whatever the words and numbers are; `repr` shows what equality passes over (`asof`)."""
    assert repr(read_call(write_call(call))) == repr(call)


def test_every_field_there_is_comes_back() -> None:
    """A field added to a record tomorrow is in this test without anybody's help."""
    call = whole()
    assert repr(read_call(write_call(call))) == repr(call)
    assert all(getattr(call.journey, name) is not None for name in Journey.__dataclass_fields__)


def test_what_an_older_version_wrote_is_read_with_none_for_what_it_did_not_know() -> None:
    """And a field that has been dropped since is passed over, at every level."""
    older = json.dumps({"source": "s", "id_call": "c", "journey": {"number": "+46", "gone": 1}, "visits": [{"queue": {"id": 1, "was": 2}}]})
    assert read_call(older) == Call(source="s", id_call="c", journey=Journey(number="+46"), visits=(Visit(queue=Party(id=1)),))


def test_what_is_no_call_is_malformed() -> None:
    """Never a guess, never another error."""
    for written in ("", "{}", "[]", '{"source": 1, "id_call": "c"}', write_call(plain(1))[:-9]):
        with pytest.raises(Malformed):
            read_call(written)


def test_the_writing_of_a_call_does_not_depend_on_anything_else() -> None:
    """The same record, the same text: that is how a rebuilt archive is compared."""
    assert write_call(plain(1)) == write_call(replace(plain(1), journey=replace(plain(1).journey, asof=NOON)))  # type: ignore[type-var]
