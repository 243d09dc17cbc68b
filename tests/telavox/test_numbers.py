"""Telephone numbers as they are written, and as they are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.domain.numbers import REGIONS, as_dialled, e164


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("0032470624609", "SE", "+32470624609"),
        ("+32470624609", "SE", "+32470624609"),
        ("0406280452", "SE", "+46406280452"),
        ("070-174 06 05", "SE", "+46701740605"),
        ("+46 (0)70 174 06 05", "SE", "+46701740605"),
        ("0046(0)701740605", "SE", "+46701740605"),
        ("46701740605", "SE", "+46701740605"),
        ("#31#0701740605", "SE", "+46701740605"),
        ("tel:+46701740605;ext=12", "SE", "+46701740605"),
        ("sip:0701740605@example.test", "SE", "+46701740605"),
        ("0701740605", "DE", "+49701740605"),
        ("22334455", "NO", "+4722334455"),
        ("22334455", "DK", "+4522334455"),
        ("07400123456", "GB", "+447400123456"),
        ("(202) 555-0143", "US", "+12025550143"),
        ("1-202-555-0143", "US", "+12025550143"),
        ("011442079460000", "US", "+442079460000"),
        ("00442079460000", "US", "+442079460000"),
    ],
)
def test_a_number_that_can_be_read_is_given_in_e164(raw: str, region: str, expected: str) -> None:
    """`00`, national, with and without a plus, with all that people put between digits."""
    assert e164(raw, region) == expected
    assert as_dialled(raw, region) == expected


@pytest.mark.parametrize("raw", ["112", "4512", "1177", "90510", "sip:anna.ek@example.test", "*21#", "٠٧٠١٧٤٠٦٠٥", "000000", "07017"])
def test_a_number_that_cannot_be_read_is_kept_as_it_was_written(raw: str) -> None:
    """Extensions, short codes, SIP addresses, digits of other scripts."""
    assert e164(raw, "SE") is None
    assert as_dialled(raw, "SE") == raw


@pytest.mark.parametrize(
    "raw", [None, "", "  ", "-", "anonymous", "Anonymous", "ANONYMOUS@anonymous.invalid", "Private", "unknown", "Skyddat nummer"]
)
def test_a_withheld_number_is_no_number(raw: str | None) -> None:
    """Two strangers are not one caller."""
    assert as_dialled(raw, "SE") is None


def test_a_national_number_of_an_unknown_region_is_kept_as_it_was_written() -> None:
    """Nothing is guessed."""
    assert as_dialled("0701740605", "XX") == "0701740605"
    assert as_dialled("0046701740605", "XX") == "+46701740605"


@given(raw=st.text(max_size=100), region=st.sampled_from([*REGIONS, "XX"]))
def test_any_text_is_read_without_an_error_and_reading_twice_changes_nothing(raw: str, region: str) -> None:
    """Law: idempotent, bounded, and E.164 when it says so."""
    once = as_dialled(raw, region)
    assert once is None or len(once) <= 64
    derived = e164(raw, region)
    if derived is not None:
        assert derived == once == as_dialled(derived, region)
        assert derived[0] == "+"
        assert derived[1:].isascii()
        assert derived[1:].isdigit()
        assert 8 <= len(derived) - 1 <= 15
