"""What is said of companies, and which addresses may be typed: no page and no database is needed for it."""

from typing import Any

import pytest

from stats.ingest.door import companies, door_of, knock
from stats.providers.vocatech.simulator import VocatechSimulator
from stats.providers.voxloud.simulator import VoxloudSimulator
from wallboard.pages import trial
from wallboard.pages.company_words import capabilities, lacking, option_words


def test_whatever_a_company_cannot_tell_is_said_with_a_reason_and_every_option_and_number_has_words() -> None:
    """A fact, a number or an option that somebody adds must be explained."""
    silent = [(company.name, each.fact) for company in companies() for each in capabilities(company) if each.how != "told" and not each.why]
    numbers = [
        (company.name, label) for company in companies() for group in lacking(company) for label, anchor in group.numbers if not anchor
    ]
    options = [
        (company.name, option.name)
        for company in companies()
        for option in company.options
        if option_words(company, option.name)[0] == option.name.replace("_", " ").capitalize() and option.name not in ("sub_account",)
    ]
    assert (silent, numbers, options) == ([], [], [])


@pytest.mark.parametrize(
    ("company", "url", "is_fine"),
    [
        ("voxloud", "https://developer.voxloud.com/api", True),
        ("voxloud", "https://other.voxloud.com/api", True),
        ("voxloud", "http://developer.voxloud.com/api", False),
        ("voxloud", "https://developer.voxloud.com.example.org/api", False),
        ("voxloud", "https://evilvoxloud.com/api", False),
        ("voxloud", "https://169.254.169.254/latest", False),
        ("voxloud", "https://localhost:6379", False),
        ("voxloud", "https://a.voxloud.com@10.0.0.1/", False),
        ("voxjar", "https://api.voxjar.com:9000", True),
        ("voxjar", "https://dev.voxjar.com", True),
        ("voxjar", "https://api.voxjar.com:22", False),
        ("voxology", "https://api.voxolo.gy/v1", True),
        ("voxology", "", False),
    ],
)
async def test_only_a_vendors_own_addresses_may_be_typed(company: str, url: str, is_fine: bool, settings: Any) -> None:
    """Whatever hosts the environment allows besides."""
    assert (trial.why_not(url, "", None, company) == "") is is_fine
    settings.SOURCE_HOSTS = ("10.0.0.7",)
    assert (trial.why_not(url, "", None, company) == "") is is_fine
    assert trial.why_not("http://10.0.0.7:8080/x", "", None, company) == ""
    assert trial.why_not("ftp://10.0.0.7/x", "", None, company) != ""


async def test_no_word_that_is_heard_holds_a_token() -> None:
    """Of no company, good or bad."""
    async with VocatechSimulator(start=False) as vocatech, VoxloudSimulator(start=False) as voxloud:
        await _heard(vocatech, voxloud)


async def _heard(vocatech: VocatechSimulator, voxloud: VoxloudSimulator) -> None:
    for name, url, good in (("vocatech", vocatech.api_url, vocatech.token), ("voxloud", voxloud.api_url, next(iter(voxloud.keys)))):
        for token in (good, "a-canary-token"):
            told = [each async for each in knock(name, door_of(url, "", token), listen_s=0.1)]
            assert token not in repr(told)
