"""Holds the pages to the product: what they point to exists, and what they describe is what there is."""

import ast
import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from stats.domain import board
from stats.domain.agent_states import AgentState
from stats.domain.facts import Facts, PartyFacts, SourceFacts
from stats.domain.metrics import VARIANTS
from stats.domain.outcomes import OfferOutcome, VisitOutcome
from stats.domain.periods import WINDOWS
from stats.domain.records import Party
from tests.docs.pages import ROOT, anchors, files, links, made, managed, page, pages, rows, words
from wallboard.accounts.roles import EVERY_SCOPE, NAMES, PEOPLES_ROLES
from wallboard.api.meters import STATES
from wallboard.api.numbers import QUEUE_METRICS as METRICS
from wallboard.api.openapi import DESCRIPTION
from wallboard.api.problems import TITLES
from wallboard.boards.topics import PAGE, needed_for
from wallboard.boards.wording import CAUSES
from wallboard.pages.menu import ADMINISTRATION, MAIN, OTHERS

ROOMS = ("", "stats/", "wallboard/", "tests/", "docs/")
NOW = 1_779_100_022_000
# What a value of a scope is called beside its metrics, and where METRICS' name is another than the one it travels under.
TRAVELS_AS = {"longest_wait_since": "longest_wait"}
# Pages that name files of the project.
FULL_OF_FILES = ("README.md", *(f"docs/{name}.md" for name in ("architecture", "reliability", "metrics", "people", "security")))
TOPICS = ("overview", "queue:<key>", "agents", "agent:<key>", "feeds")


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    """Files exist, and so do the headings they are entered by."""
    lost = []
    for link in links(path.read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        found = path if not target else (path.parent / target).resolve()
        if not found.exists() or (anchor and anchor not in anchors(found.read_text(encoding="utf-8"))):
            lost.append(link)
    assert lost == []


def test_every_page_can_be_reached_from_the_front_page() -> None:
    """A page nobody links to is a page nobody reads."""
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        at = ahead.pop()
        if at in reached:
            continue
        reached.add(at)
        for link in links(at.read_text(encoding="utf-8")):
            target = (at.parent / link.partition("#")[0]).resolve()
            target = target / "README.md" if target.is_dir() else target
            if target.suffix == ".md" and target.exists():
                ahead.append(target)
    assert set(pages()) - reached == set()


def test_every_command_that_a_page_names_exists() -> None:
    """Targets of make, and commands of manage.py."""
    targets = set(re.findall(r"^([a-z]+):", page("Makefile"), flags=re.MULTILINE))
    for path in pages():
        text = path.read_text(encoding="utf-8")
        assert made(text) - targets == set(), path.name
        assert managed(text) - set(get_commands()) == set(), path.name


def test_every_option_in_the_table_of_commands_exists() -> None:
    """Options are looked for in the command their row is about."""
    wrong = []
    for first, *rest in rows(page("docs/operating.md")):
        for name in managed(first) & set(get_commands()):
            known = load_command_class(get_commands()[name], name).create_parser("manage.py", name)._option_string_actions
            wrong += [f"{name} {option}" for cell in rest for option in re.findall(r"`(--[a-z-]+)", cell) if option not in known]
    assert wrong == []


def test_our_own_commands_are_all_described() -> None:
    """A command that no page names is known to its author alone."""
    ours = {name for name, app in get_commands().items() if isinstance(app, str) and app.partition(".")[0] in ("stats", "wallboard")}
    assert ours - managed(page("docs/operating.md")) == set()


@pytest.mark.parametrize(
    "name", ["README.md", "docs/architecture.md", "docs/reliability.md", "docs/metrics.md", "docs/people.md", "docs/security.md"]
)
def test_every_file_that_a_page_names_exists(name: str) -> None:
    """By its whole path, or by its path inside a room."""
    assert [each for each in sorted(files(page(name))) if not any((ROOT / room / each).exists() for room in ROOMS)] == []


def test_every_number_that_is_shown_has_its_definition() -> None:
    """Whatever a queue, an agent or the site carries stands in the glossary."""
    facts = Facts(timezone="Europe/Stockholm")
    facts.sources["telavox"] = SourceFacts(name="telavox", provider="telavox", known=True)
    facts.queues["111834"] = PartyFacts(key="111834", party=Party(id=111834), source="telavox")
    facts.agents["924328"] = PartyFacts(key="924328", party=Party(id=924328), source="telavox")
    shown = board.values(facts, NOW)
    names = {name for scope, metrics in shown.items() if not scope.startswith(("feed:", "source:")) for name in metrics}
    ids = {TRAVELS_AS.get(plain, plain) for name in names for plain in [_without_window(name)]}
    assert len(ids) > 60
    assert ids - words(page("docs/metrics.md")) == set()


def _without_window(name: str) -> str:
    window, _, metric = name.partition(".")
    return metric if window in WINDOWS else name


def test_every_page_in_the_table_of_pages_exists() -> None:
    """Its address leads to a view."""
    addresses = {word for row in rows(page("docs/operating.md")) for word in words(row[0]) if word.startswith("/")}
    assert len(addresses) > 5
    for address in addresses:
        assert resolve(re.sub(r"<\w+>", "111834", address))


def test_every_word_for_an_outcome_a_state_or_a_variant_is_explained() -> None:
    """The closed vocabularies of the glossary."""
    explained = words(page("docs/metrics.md"))
    for vocabulary in (VisitOutcome, OfferOutcome, AgentState, VARIANTS, METRICS):
        assert {str(word) for word in vocabulary} - explained == set()
    # `no_source` is said by a board alone, when there is nothing that could have a reason.
    assert set(CAUSES) - {"no_source"} - explained == set()


def test_every_state_of_a_source_is_explained() -> None:
    """To programs and to people."""
    for name in ("docs/protocol.md", "docs/architecture.md"):
        assert set(STATES) - words(page(name)) == set()


def test_every_variable_that_is_read_is_listed() -> None:
    """Whatever wallboard/settings.py and its readers ask of the environment."""
    read = set()
    for name in ("wallboard/settings.py", "wallboard/databases.py", "stats/clock.py"):
        for node in ast.walk(ast.parse(page(name))):
            if isinstance(node, ast.Call) and re.fullmatch(r"_?env\.\w+|os\.environ\.get", ast.unparse(node.func)):
                first = node.args[0]
                assert isinstance(first, ast.Constant), ast.unparse(node)
                read.add(str(first.value).removesuffix("_FILE") if first.value != "ENV_FILE" else "ENV_FILE")
    listed = {word for row in rows(page("docs/operating.md")) for word in words(row[0])}
    assert "ALLOWED_HOSTS" in read
    assert read - listed == set()


def test_every_system_check_is_listed() -> None:
    """By the last part of its id."""
    ids = set(re.findall(r'id="wallboard\.([EW]\d+)"', page("wallboard/checks.py")))
    listed = {word.rpartition(".")[2] for word in words(page("docs/operating.md"))}
    assert ids
    assert ids - listed == set()


def test_every_way_a_socket_ends_is_explained() -> None:
    """The codes of wallboard/push."""
    codes = set(re.findall(r"^[A-Z_]+ = (\d{4})$", page("wallboard/push/socket.py") + page("wallboard/push/consumer.py"), re.MULTILINE))
    explained = {row[0] for row in rows(page("docs/protocol.md"))}
    assert "4003" in codes
    assert codes - explained == set()


def test_every_address_every_problem_and_every_meter_is_described() -> None:
    """The API's own description, its problem documents, and what Prometheus reads."""
    text = page("docs/protocol.md")
    for path in DESCRIPTION["paths"]:  # type: ignore[attr-defined]
        assert re.sub(r"\{\w+\}.*", "", path) in text
    described = {row[0] for row in rows(text)}
    assert {str(status) for status in TITLES} - described == set()
    assert (
        set(re.findall(r'"(wallboard_[a-z_]+)"', page("wallboard/api/meters.py")))
        - set(re.findall(r"wallboard_[a-z_]+?(?=_total|[^a-z_])", page("docs/seeing.md")))
        == set()
    )


def test_a_lost_link_an_unknown_command_and_a_missing_file_are_found() -> None:
    """The readers above can fail."""
    text = "## A heading, here\n[x](nowhere.md#top) [y](https://example.org) `make coffee` or\n    manage.py brew\nsee `stats/kettle.py`"
    assert links(text) == ["nowhere.md#top"]
    assert anchors(text) == {"a-heading-here"}
    assert made(text) == {"coffee"}
    assert managed(text) == {"brew"}
    assert files(text) == {"stats/kettle.py"}


def test_every_role_and_scope_is_told() -> None:
    """On the page about people, as wallboard/accounts/roles.py has them."""
    text = page("docs/people.md")
    header, *_ = (row for row in rows(text) if row[1:2] == ["viewer"])
    assert header[1:] == list(PEOPLES_ROLES)
    assert set(EVERY_SCOPE) - {word for row in rows(text) for word in words(row[0])} == set()
    (named,) = (row[1:] for row in rows(text) if row[0] == "agents are named")
    assert named == [{"short": "first name and initial", "full": "in full"}[NAMES[role]] for role in PEOPLES_ROLES]


def test_every_page_of_the_menu_is_in_the_table_of_pages() -> None:
    """Who finds a page by its name finds it in print too."""
    told = {word for row in rows(page("docs/operating.md")) for word in words(row[0])}
    assert {each.address for each in (*MAIN, *ADMINISTRATION, *OTHERS)} - {"/setup/"} - told == set()


def test_every_topic_is_described_with_the_ability_it_wants() -> None:
    """As wallboard/boards/topics.py answers; a topic that is not there is told of by nobody."""
    told = {name: ability for row in rows(page("docs/protocol.md")) if len(row) == 3 for name in words(row[0]) for ability in words(row[2])}
    assert {topic: told.get(topic) for topic in TOPICS} == {each: needed_for(PAGE + each.replace("<key>", "111834")) for each in TOPICS}
    assert set(re.findall(r'case "(\w+)"', page("wallboard/boards/topics.py"))) == {topic.partition(":")[0] for topic in TOPICS}
