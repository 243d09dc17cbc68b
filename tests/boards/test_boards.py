"""The two automatic boards: what they are made of, how much fits, what they call people and how old a number may be."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.boards import samples
from tests.boards.draw import draw
from wallboard.boards import figures
from wallboard.boards.board import NoSuchBoard, board_for
from wallboard.boards.freshness import aged, standing_for
from wallboard.boards.labels import queue_labels, short_labels
from wallboard.boards.layout import DEFAULTS, layout_for, type_step
from wallboard.boards.wording import filled

DASH = "–"


def shown(html: str) -> dict[str, str]:
    """The text of every value element, without its unit."""
    found = re.findall(r'data-value="([^"]+)"[^>]*>([^<]*)<', html)
    return dict(found)


# --- what a board is made of ------------------------------------------------------------------------------------------------


def test_the_same_values_in_another_order_make_the_same_board() -> None:
    values = samples.many()
    turned = dict(reversed(values.items()))
    assert board_for("supervisor", values, "en", samples.ZONE) == board_for("supervisor", turned, "en", samples.ZONE)


def test_the_revision_changes_with_the_structure_and_not_with_the_numbers() -> None:
    values = samples.normal()
    rev = board_for("team", values, "en", samples.ZONE).rev
    values["queue:111834"]["waiting"] = 31
    values["agent:924000"]["state"] = "off"
    values["feed:telavox:calls"]["level"] = "stale"
    assert board_for("team", values, "en", samples.ZONE).rev == rev
    values["queue:111834"]["name"] = "Support 2"
    named = board_for("team", values, "en", samples.ZONE).rev
    values["queue:9"] = samples.queue("Ny", 9)
    assert len({rev, named, board_for("team", values, "en", samples.ZONE).rev}) == 3


@pytest.mark.parametrize("slug", ["team", "supervisor"])
@pytest.mark.parametrize("state", sorted(samples.STATES))
def test_the_page_shows_nothing_that_the_board_does_not_want(slug: str, state: str) -> None:
    values = samples.STATES[state]()
    wants = board_for(slug, values, "en", samples.ZONE).wants
    html = draw(slug, values)
    bound = re.findall(r'data-scope="([^"]+)" data-key="([^"]+)"', html)
    assert bound
    assert {(scope, key) for scope, key in bound if key not in wants[scope]} == set()
    severities = {(s, k) for s, k in re.findall(r'data-scope="([^"]+)"[^>]*? data-sev="([^"]+)"', html) if k not in wants[s]}
    assert severities == set()


def test_the_team_board_names_no_agent() -> None:
    assert not any(scope.startswith("agent:") for scope in board_for("team", samples.normal(), "en", samples.ZONE).wants)
    assert "Lindqvist" not in draw("team", samples.normal())


def test_an_unknown_board_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(NoSuchBoard, match="team, supervisor"):
        board_for("lobby", {}, "en", samples.ZONE)


def test_more_agents_than_a_screen_can_hold_are_left_out_aloud() -> None:
    values = samples.whole([], samples.people(300))
    board = board_for("supervisor", values, "en", samples.ZONE)
    assert (len(board.agents), board.left_out) == (240, 60)
    assert "60 not shown" in draw("supervisor", values)


# --- what the page says -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["team", "supervisor"])
@pytest.mark.parametrize("state", ["unknown", "refused", "gone"])
def test_no_number_stands_where_nothing_is_known(slug: str, state: str) -> None:
    html = draw(slug, samples.STATES[state]())
    assert set(shown(html).values()) == {DASH}
    assert set(re.findall(r'data-freshness="(\w+)"', html)) == {"unknown"}
    assert re.search(r"data-notice-text>[^<]{8,}<", html)


def test_every_tile_without_a_value_says_why() -> None:
    html = draw("team", samples.zero_calls())
    level = re.search(r'data-tile="service_level".*?</section>', html, re.S)
    assert level is not None
    assert "no calls yet" in level[0]
    assert shown(html)["site.service_level"] == DASH
    assert shown(html)["site.waiting"] == "0"
    assert "nobody is waiting" in html


@pytest.mark.parametrize("slug", ["team", "supervisor"])
def test_where_no_system_tells_what_agents_do_the_panel_says_so(slug: str) -> None:
    """Dashes alone would look like a fault."""
    values = samples.one_queue()
    lacking = {name: None for name in values["site"] if name.startswith("agents_")}
    values["site"] = {**values["site"], **lacking, "lacks": sorted(lacking)}
    page = draw(slug, values)
    assert 'data-empty="cannot be told"' in page, "for when it is fresh again"
    assert ">cannot be told</em>" in page, "for who looks now"


def test_a_tile_says_until_when_calls_went_unheard() -> None:
    values = samples.one_queue()
    since = samples.NOW - 3_600_000
    values["site"] = {**values["site"], "service_level": None, "unheard": ["service_level"], "heard_from": since}
    assert f'data-empty="gap to {figures.wall_clock(since, samples.ZONE)}"' in draw("team", values)


def test_a_board_says_which_systems_are_not_in_every_sum_and_until_when() -> None:
    values = samples.normal()
    since = samples.NOW - 3_600_000
    assert "data-without" not in draw("team", values)
    values["site"]["without"] = {"asa": {"voxology": since}, "waiting": {"vocatech": None}, "ivr_abandoned": {"voxloud": None}}
    clock = figures.wall_clock(since, samples.ZONE)
    assert f"data-without>Not in every sum: Vocatech, Voxology before {clock}<" in draw("team", values), "of what it shows alone"
    assert f"data-without>Inte i alla summor: Vocatech, Voxology före {clock}<" in draw("supervisor", values, language="sv")


def test_a_board_is_drawn_anew_when_what_it_cannot_tell_becomes_other() -> None:
    """What stands still in a page would be wrong until the night."""
    values = samples.normal()
    revs = [board_for("team", values, "en", samples.ZONE).rev]
    for told in (
        {"lacks": ["agents_ready"]},
        {"unheard": ["service_level"], "heard_from": samples.NOW - 120_000, "service_level": None},
        {"unheard": ["service_level"], "heard_from": samples.NOW - 60_000, "service_level": None},
        {"without": {"asa": {"voxology": samples.NOW}}},
        {"without": {"asa": {"voxology": None}}},
    ):
        revs.append(board_for("team", {**values, "site": {**values["site"], **told}}, "en", samples.ZONE).rev)
    assert len(set(revs)) == len(revs)


def test_a_stale_board_keeps_its_numbers_stops_its_clocks_and_judges_nothing() -> None:
    html = draw("team", samples.dead(130))
    assert shown(html)["site.waiting"] == "6"
    # The caller had waited since before the last sign of life, which is where the clock stopped.
    values = samples.dead(130)
    values["site"]["longest_wait_since"] = samples.NOW - 200_000
    assert shown(draw("team", values))["site.longest_wait"] == "1:10"
    assert set(re.findall(r'data-severity="(\w+)"', html)) == {"unknown"}
    assert "as of 14:00" in html


def test_at_most_two_tiles_are_filled() -> None:
    html = draw("team", samples.flood())
    assert html.count('data-filled="yes"') == 2
    assert len(re.findall(r'data-tile="\w+"[^>]*data-severity="act"', html)) == 3


def test_queues_that_do_not_fit_are_counted_with_their_callers() -> None:
    html = draw("team", samples.many())
    assert re.search(r"data-more[^>]*>\+ 10 more · \d+ waiting<", html)
    assert html.count('data-row="queue:') == 14
    assert html.index("Vänskaparnas växel") < html.index(">Faktura 1<")


def test_an_agent_whom_nobody_has_confirmed_is_not_shown_as_fresh() -> None:
    html = draw("supervisor", samples.unverified())
    cells = dict(re.findall(r'data-agent="agent:(\d+)"[^>]*?data-freshness="(\w+)"', html))
    assert cells["924000"] == "stale"
    assert cells["924002"] == "live"
    assert "no word yet" in html


def test_every_state_of_an_agent_has_its_glyph_and_its_word() -> None:
    html = draw("supervisor", samples.normal(), language="sv")
    for state, word in (("ready", "Ledig"), ("talking", "I samtal"), ("wrapup", "Efterarbete"), ("away", "Borta"), ("off", "Utloggad")):
        assert re.search(rf'data-state="{state}".*?#p-{state}.*?{word}', html, re.S)


def test_the_swedish_boards_have_no_english_left() -> None:
    from django.utils import translation

    from wallboard.boards.rows import headers
    from wallboard.boards.wording import texts_for_browser

    same_in_both = {"feed.live", "level.live", "say.hero"}
    with translation.override("en"):
        english = {**texts_for_browser(), **{f"column.{k}": v for k, v in headers().items()}}
    with translation.override("sv"):
        swedish = {**texts_for_browser(), **{f"column.{k}": v for k, v in headers().items()}}
    assert {name for name in english if english[name] == swedish[name]} - same_in_both - {"say.hero"} == set()
    for name, sentence in english.items():
        assert sorted(re.findall(r"\{\w+\}", sentence)) == sorted(re.findall(r"\{\w+\}", swedish[name])), name


def test_a_page_carries_no_inline_script_or_style() -> None:
    html = draw("supervisor", samples.many())
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\bsrc=)", html)


def test_names_of_strangers_are_written_as_text() -> None:
    html = draw("supervisor", samples.whole([samples.queue("<b>x</b>", 1)], [samples.agent("<i>y</i>", 2, "away", profile="<u>z</u>")]))
    assert not re.search(r"<b>x|<i>y|<u>z", html)


# --- how old a number may be --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "age_s", "result"),
    [("live", 999, "live"), ("late", 14, "late"), ("late", 59.9, "late"), ("late", 60, "stale"),
     ("stale", 5, "stale"), ("stale", 299.9, "stale"),
     ("late", 300, "unknown"), ("unknown", 1, "unknown")],
)  # fmt: skip
def test_a_level_gets_worse_with_age(level: str, age_s: float, result: str) -> None:
    assert aged(level, samples.NOW - int(age_s * 1000), samples.NOW) == result


def test_a_sum_of_two_sources_is_as_good_as_the_worse() -> None:
    values = samples.normal() | {
        "source:other": {"name": "other"},
        "feed:other:calls": {"level": "late", "alive_at": None, "reason": "silent"},
    }
    assert standing_for(values, None, "calls", samples.NOW).level == "late"
    assert standing_for(values, "telavox", "calls", samples.NOW).level == "live"
    assert standing_for(values, None, "presence", samples.NOW).level == "unknown"


def test_without_any_source_nothing_is_known() -> None:
    assert standing_for({}, None, "calls", samples.NOW).reason == "no_source"
    assert "No telephone system is connected yet" in draw("team", {})


# --- what people are called ---------------------------------------------------------------------------------------------------


def test_two_people_of_one_first_name_can_be_told_apart() -> None:
    names = ["Maria Fernández de la Cruz González", "Maria Fernández de la Cruz Gómez", "Maria Ek"]
    assert short_labels(names, 12) == ["Maria Gon", "Maria Góm", "Maria Ek"]


def test_people_of_the_very_same_name_are_numbered() -> None:
    assert short_labels(["Anna Karlsson Lind", "Anna Karlsson Lind"], 8) == ["Anna L 1", "Anna L 2"]


def test_long_queues_keep_their_beginning_and_where_needed_their_end() -> None:
    assert queue_labels(["Kundtjänst privat Norrland", "Kundtjänst privat Skåne", "Jour"], 12) == ["Kundtjäns…nd", "Kundtjäns…ne", "Jour"]


@given(st.lists(st.text(st.characters(categories=["L", "Nd", "Zs"]), max_size=40), max_size=30), st.integers(6, 20))
def test_labels_are_never_alike(names: list[str], room: int) -> None:
    labels = short_labels(names, room)
    assert len(labels) == len(names)
    for at, label in enumerate(labels):
        assert len(label) <= max(room, len("x")) + 4
        assert label not in labels[:at] or not label


# --- how much fits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("inches", "metres", "readable_vh"), [(43, 3, 4.49), (55, 4, 4.68), (65, 5, 4.95), (55, 6, 7.01), (75, 8, 6.86)])
def test_type_is_never_smaller_than_the_farthest_reader_can_read(inches: float, metres: float, readable_vh: float) -> None:
    assert readable_vh <= type_step(inches, metres) + 0.005 <= readable_vh + 0.26


@pytest.mark.parametrize("kind", sorted(DEFAULTS))
@pytest.mark.parametrize("queues", [0, 1, 2, 4, 5, 8, 9, 30])
@pytest.mark.parametrize("agents", [0, 5, 30, 90])
@pytest.mark.parametrize(("inches", "metres"), [(None, None), (27.0, 0.8), (55.0, 4.0), (75.0, 8.0), (32.0, 12.0)])
def test_there_is_always_room_for_something(kind: str, queues: int, agents: int, inches: float | None, metres: float | None) -> None:
    layout = layout_for(kind, queues, agents, inches, metres)
    assert layout.table_rows >= 1
    assert 1 <= layout.agent_columns <= 8
    assert layout.agents_a_page >= 1
    assert min(layout.name_room, layout.queue_room) >= 8


def test_every_step_has_its_class() -> None:
    from pathlib import Path

    from django.conf import settings

    tokens = (Path(settings.BASE_DIR) / "static/tv/tokens.css").read_text()
    steps = {layout_for("team", 3, inches=inches / 2, metres=4).step for inches in range(20, 400)}
    assert len(steps) > 20
    assert {step for step in steps if f".{step} " not in tokens} == set()


def test_a_sentence_without_its_instant_still_reads() -> None:
    assert filled("silent[ since {time}]", time=None) == "silent"
    assert filled("silent[ since {time}]", time="14:02") == "silent since 14:02"


def test_what_tells_two_agents_apart_is_never_cut_off() -> None:
    html = draw("supervisor", samples.long_names())
    tails = re.findall(r'<span class="head">([^<]*)</span><span class="tail">([^<]*)</span>', html)
    assert ("Maria", " Gon") in tails
    assert ("Maria", " Góm") in tails
    assert {tail for _, tail in tails} >= {"…st", "…nd"}
