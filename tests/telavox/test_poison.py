"""Frames that are not documents: every one is answered with a reason, none with an exception."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider
from tests.telavox import samples
from tests.telavox.samples import NOW, call, frame, offer, presence, queue, slot

pytestmark = pytest.mark.acceptance("TX-16")
FEEDS = ("calls", "queues", "agents", "profile_live", "profile_history")

PROVIDER = TelavoxProvider(SourceConfig(name="telavox", live_url="ws://127.0.0.1:9", historic_url="http://127.0.0.1:9/", token="t"))


@pytest.mark.fault("A14")
@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"", "not_json"),
        (b"Invalid path.", "not_json"),
        (b"{", "not_json"),
        (b'{"id_call": "x"} trailing', "not_json"),
        (b'{"id_call": NaN}', "bad_number"),
        (b'{"active": -Infinity}', "bad_number"),
        (b'{"time": {"start": 1e999}, "agent": {"id": 1e999}, "slot": {"start_date": 1e999}}', "bad_number"),
        (b'{"active": ' + b"9" * 5000 + b', "agent": {"id": ' + b"9" * 5000 + b"}}", "bad_number"),
        (b'{"id_call": "\\ud800", "agent": {"name": "\\ud800"}}', "surrogate"),
        (b'{"unheard_of": "\\uDFFFx"}', "surrogate"),
        (b'{"id_call": "a\\u0000b"}', "nul"),
        (b'{"id_call": "\xff\xfe"}', "bad_utf8"),
        (b'{"unheard_of": "\xff\xfe"}', "bad_utf8"),
        (b'{"unheard_of": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep"),
        (b"3", "not_object"),
    ],
)
def test_TX_16_what_is_not_a_document_is_malformed_with_a_short_reason(feed: str, bad: bytes, reason: str) -> None:
    """The reasons are labels of a metric: few, and never a value."""
    told, odd = PROVIDER.read(feed, bad, received_at=NOW)
    assert told == []
    assert [each.reason for each in odd] == [reason]


@pytest.mark.parametrize("feed", FEEDS[:4])
def test_TX_16_two_megabytes_of_junk_are_too_large_whatever_they_hold(feed: str) -> None:
    """Refused by size, before anything is parsed."""
    for junk in (b"x" * 2_000_000, frame(call(junk="x" * 2_000_000)), b"[" * 2_000_000):
        told, odd = PROVIDER.read(feed, junk, received_at=NOW)
        assert (told, [each.reason for each in odd]) == ([], ["too_large"])


@pytest.mark.parametrize("feed", FEEDS[:4])
def test_TX_16_a_top_level_array_nested_deep_is_answered_at_once(feed: str) -> None:
    """A hundred thousand brackets."""
    told, odd = PROVIDER.read(feed, b"[" * 100_000, received_at=NOW)
    assert told == []
    assert odd[0].reason in ("too_deep", "not_object")


def test_TX_16_an_escaped_pair_of_surrogates_is_a_letter_like_any_other() -> None:
    """Only a lone one is refused, and an escaped backslash before a u is no escape."""
    for text in (r'"\ud83d\ude00"', r'"\\ud800"', r'"\\u0000"'):
        document = frame(offer()).replace(b'"Anna Ek"', text.encode())
        told, odd = PROVIDER.read("agents", document, received_at=NOW)
        assert (len(told), odd) == (1, [])


def test_TX_16_reasons_and_details_never_hold_a_value() -> None:
    """A phone number in the wrong place must not come out by way of an error."""
    told, odd = PROVIDER.read("calls", frame(call(duration="0701740605", active="0701740605")), received_at=NOW)
    assert (told, len(odd)) == ([], 1)
    assert all("0701740605" not in f"{each} {each.reason} {each.detail}" for each in odd)


SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20),
    st.sampled_from(["", "0", "1", "true", "2026-05-18", "0701740605", 1779099997234, 1e300, -(2**63), 2**64, 10**30, "\u202ex"]),
)  # fmt: skip
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8
)
WHOLE = {
    "calls": json.loads(samples.CALLS) | call(),
    "queues": queue(duration={"ring": {"total": 1}}, on_hooked_calls=1, agent_first={"id": 1, "answered": NOW}),
    "agents": json.loads(samples.AGENTS),
    "profile_live": json.loads(samples.PROFILE_LIVE) | {"last_call_update": NOW},
    "profile_history": slot(extra_profile_not_available_3={"id": 3, "name": "Lunch", "usage": 5}),
}


def paths(document: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    return [deep for key, value in inside for deep in ((*above, key), *paths(value, (*above, key)))]


def values(told: Any) -> list[Any]:
    inside = told.values() if isinstance(told, dict) else told if isinstance(told, list | tuple) else None
    return [told] if inside is None else [each for inner in inside for each in values(inner)]


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with something else at this path, or as it is when an earlier replacement has taken the path away."""
    if not path:
        return value
    if isinstance(document, dict) and path[0] in document:
        return document | {path[0]: replaced(document[path[0]], path[1:], value)}
    if isinstance(document, list) and isinstance(path[0], int) and path[0] < len(document):
        return [*document[: path[0]], replaced(document[path[0]], path[1:], value), *document[path[0] + 1 :]]
    return document


@pytest.mark.fault("A14", "A15")
@settings(max_examples=300, deadline=None)
@given(data=st.data(), feed=st.sampled_from(FEEDS))
def test_TX_16_whatever_stands_in_any_field_reading_never_raises(data: st.DataObject, feed: str) -> None:
    """Law: a document with any of its fields replaced by anything is told, or counted, or both."""
    document = WHOLE[feed]
    for path in data.draw(st.lists(st.sampled_from(paths(document)), min_size=1, max_size=4)):
        document = replaced(document, path, data.draw(JUNK))
    told, odd = PROVIDER.read(feed, json.dumps(document).encode(), received_at=NOW)
    assert told or odd
    for telling in told:
        for value in values(asdict(telling)):
            assert not isinstance(value, float)
            assert not isinstance(value, int) or abs(value) < 2**53, "a browser would show another number"
            assert not isinstance(value, str) or (len(value) <= 200 and value.translate({0x200C: None, 0x200D: None}).isprintable())


@settings(max_examples=200, deadline=None)
@given(
    noise=st.binary(max_size=200),
    feed=st.sampled_from(FEEDS),
    cut=st.integers(0, 400),
    document=st.sampled_from([call(), presence(), slot()]),
)
def test_TX_16_bytes_cut_and_mangled_anywhere_never_raise(noise: bytes, feed: str, cut: int, document: dict[str, Any]) -> None:
    """Law: noise alone, a document cut short, and a document with noise inside."""
    whole = frame(document)
    for mangled in (noise, whole[:cut], whole[:cut] + noise + whole[cut:]):
        told, odd = PROVIDER.read(feed, mangled, received_at=NOW)
        assert told or odd or (feed == "profile_history" and mangled.strip().startswith(b"["))
