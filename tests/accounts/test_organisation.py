"""`manage.py organisation`: another organisation, with somebody who administers it."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from stats.models import Organisation
from tests.accounts.conftest import ON_THIS_ENGINE, actions, person, sign_in
from wallboard.accounts.models import Membership

pytestmark = [ON_THIS_ENGINE, pytest.mark.engines]


def made(*words: str) -> str:
    """What the command says."""
    out = io.StringIO()
    call_command("organisation", *words, stdout=out)
    return out.getvalue()


def test_another_organisation_is_made_with_an_admin() -> None:
    anna = person("anna")
    assert "anna administers it" in made("Second  Customer AB", "--timezone", "Europe/Helsinki", "--language", "sv", "--admin", "anna")
    second = Organisation.objects.get(slug="second-customer-ab")
    assert (second.name, second.timezone, second.language) == ("Second Customer AB", "Europe/Helsinki", "sv")
    assert Membership.objects.get(organisation=second).user == anna
    assert actions("second-customer-ab") == ["organisation.made"]
    assert "Nobody belongs to it yet" in made("Third", "--slug", "nr3")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["Default", "--slug", "default"], "there is an organisation default already"),
        (["X", "--slug", "two words"], "--slug"),
        (["X", "--timezone", "Mars/Olympus"], "--timezone"),
        (["X", "--admin", "nobody"], "--admin"),
        (["   "], "slug"),
        (["x" * 121, "--slug", "x"], "120 letters"),
    ],
)
def test_a_wrong_wish_is_refused_in_a_line(words: list[str], why: str) -> None:
    person("anna")
    with pytest.raises(CommandError, match=why):
        made(*words)
    assert Organisation.objects.count() == 1


def test_somebody_of_the_second_organisation_alone_signs_in_to_it() -> None:
    person("bert", slug="")
    made("Second", "--admin", "bert")
    assert sign_in(Client(), "bert").status_code == 302
    assert actions("second")[-1] == "sign_in.done"
