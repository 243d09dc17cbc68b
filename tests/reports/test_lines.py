"""Lines of a report: what is read as a row, looked into or not, adds up to what its sums say."""

from dataclasses import replace

from stats.domain.facts import Facts, SourceFacts, Stretch
from stats.domain.metrics import QueueTargets
from stats.domain.report import Hours, Kind, Line, Span, total
from stats.domain.report_lines import Lines, put, put_waits
from stats.domain.tellers import tellers_of
from stats.domain.unheard import Unheard
from wallboard.reports.beside import Beside
from wallboard.reports.report import Report

DAY, HOUR = 86_400_000, 3_600_000
SPAN = Span(organisation="north", timezone="Etc/UTC", first="1970-01-01", last="1970-01-03")
NAMES = ("", "offers", "talk_sum")


def lines() -> Lines:
    """Two agents over three days; one has two rows of one day, of two sources."""
    made = Lines(SPAN, "both")
    for cell, key, row in (
        (0, "7", ("s", 3, 900)),
        (0, "11", ("s", 1, 0)),
        (DAY, "7", ("s", 2, 100)),
        (DAY, "7", ("t", 5, 50)),
        (2 * DAY, "7", ("s", 0, 0)),
    ):
        made.put_row(key, cell, NAMES, row)
    return made


def test_a_row_is_its_line_and_two_rows_of_one_line_are_added_up() -> None:
    found = [(line.start, line.key, line.amounts, line.open) for line in lines().finished(2 * DAY)]
    assert found == [
        (0, "11", {"offers": 1}, False),
        (0, "7", {"offers": 3, "talk_sum": 900}, False),
        (DAY, "7", {"offers": 7, "talk_sum": 150}, False),
        (2 * DAY, "7", {}, True),
    ]


def test_lines_add_up_alike_whether_anybody_has_looked_into_them_or_not() -> None:
    """Unread rows are added up column by column, the others name by name; a part of each gives the same."""
    wanted = {"offers": 11, "talk_sum": 1_050}
    for looked_into in range(5):
        told = lines().finished(0)
        for line in told[:looked_into]:
            assert line.amounts is line.amounts
        added = total(told)
        assert (added.amounts, added.start, added.end, added.open) == (wanted, 0, 3 * DAY, True)
        # What was added up is still there.
        assert total(told).amounts == wanted
        assert [line.amounts for line in told] == [{"offers": 1}, {"offers": 3, "talk_sum": 900}, {"offers": 7, "talk_sum": 150}, {}]


def test_what_is_laid_over_a_row_is_added_to_it() -> None:
    made = lines()
    put(made.at("7", 0), {"offers": 2, "missed": 1})
    assert total(made.finished(0)).amounts == {"offers": 13, "talk_sum": 1_050, "missed": 1}


def test_lines_of_other_columns_add_up_together() -> None:
    told = [
        Line("", 0, DAY, None, ("offers", ""), (2, "s")),
        Line("", 0, DAY, None, ("missed", "offers"), (1, 4)),
        Line("", 0, DAY, {"offers": 1}),
    ]
    assert total(told).amounts == {"offers": 7, "missed": 1}


def test_of_times_alone_everybody_is_one() -> None:
    made = Lines(SPAN, "time")
    made.put_row("7", 0, NAMES, ("s", 3, 900))
    made.put_row("11", 0, NAMES, ("s", 1, 0))
    assert [(line.key, line.amounts) for line in made.finished(0)] == [("", {"offers": 4, "talk_sum": 900})]


def test_histograms_and_settings_of_several_rows_are_one_lines() -> None:
    """The newest setting comes last, and is told once."""
    made, old, new = Lines(SPAN, "both"), QueueTargets(target_ms=20_000), QueueTargets(target_ms=30_000)
    line = made.at("", 0)
    for counts, targets, at in (({3: 2, 9: 0}, new, 50), ({3: 1, 4: 5}, old, 40), ({}, old, 10), ({5: 1}, new, 60)):
        put_waits(line, counts)
        made.counted_by(line, targets, at)
    other = made.at("", DAY)
    made.counted_by(other, new, 70)
    told = made.finished(0)
    assert told[0].amounts == {"h3": 3, "h4": 5, "h5": 1}
    assert [each.settings for each in told] == [(old, new), (new,)]
    assert total(told).settings == (old, new)


def told_by(*stretches: Unheard, **more: object) -> Report:
    """A report on agent 7 of a system whose past tells no missed rings, and on agent 11 of another system."""
    source = SourceFacts(name="vl", provider="voxloud", known=True, lacks={"agent": ("hold_time",), "agent_past": ("missed",)})
    facts = Facts(timezone="Etc/UTC", sources={"vl": replace(source, **more), "tx": SourceFacts(name="tx", provider="telavox", known=True)})
    called, watched = [("vl", "7"), ("tx", "11")], {("vl", "7"): DAY, ("tx", "11"): 3 * DAY}
    tellers = tellers_of(facts, SPAN, "agent", stretches, watched, called, lambda _source, key: key)
    return Report(span=SPAN, kind="agent", tellers=tellers)


RUNG = {"offers": 4, "answered": 3, "missed": 1}


def missed_by(report: Report, key: str = "7") -> list[object]:
    """Of each day of the span, and of all three."""
    lines = [Line(key, day * DAY, (day + 1) * DAY, dict(RUNG)) for day in range(3)]
    assert {report.numbers(line)["answered"] for line in lines} == {3}
    assert {report.numbers(line)["hold_time"] for line in lines} == {None if key == "7" else 0.0}
    return [report.numbers(line)["missed"] for line in (*lines, Line(key, 0, 3 * DAY, dict(RUNG)))]


def test_what_a_vendor_cannot_tell_of_unheard_hours_is_unknown_until_somebody_listens() -> None:
    """Who let a telephone ring out is not in every vendor's past; of days that were heard from their first instant on it is."""
    begun = DAY + 10 * HOUR
    since_ever = Unheard(source="vl", number=begun, start=0, end=begun, last=None)
    assert missed_by(told_by(since_ever)) == [None, 1, 1, None], "nobody called on the day of the beginning before it"
    assert missed_by(told_by(replace(since_ever, last=begun - 5))) == [None, None, 1, None]
    assert missed_by(told_by(since_ever), "11") == [1, 1, 1, 1], "another vendor tells it"


def test_a_break_in_the_middle_costs_its_own_time_and_the_sums_that_hold_it() -> None:
    pause = Unheard(source="vl", number=2, start=DAY + 5 * HOUR, end=DAY + 6 * HOUR, last=DAY + 5 * HOUR + 1)
    first = Unheard(source="vl", number=1, start=0, end=1, last=None)
    report = told_by(first, pause)
    assert missed_by(report) == [1, None, 1, None]
    hours = [Line("7", DAY + hour * HOUR, DAY + (hour + 1) * HOUR, dict(RUNG)) for hour in (4, 5, 6)]
    assert [report.numbers(line)["missed"] for line in hours] == [1, None, 1]
    assert report.unheard() == [("vl", DAY + 5 * HOUR, DAY + 5 * HOUR + 2)]
    long_ = Unheard(source="vl", number=3, start=10 * HOUR, end=DAY + 6 * HOUR, last=None)
    assert missed_by(told_by(first, long_)) == [None, 1, 1, None], "who knows what happened before that which was read"
    night = replace(long_, start=23 * HOUR)
    assert missed_by(told_by(first, night)) == [1, 1, 1, 1], "the evening is read with the day: nobody called"


def test_what_has_not_come_to_the_archive_yet_is_told_by_the_live_store() -> None:
    first, number = Unheard(source="vl", number=1, start=0, end=1, last=None), 2 * DAY + 6 * HOUR
    live = Stretch(start=2 * DAY + 5 * HOUR, end=number, last=number - 1, number=number)
    assert missed_by(told_by(first, unheard=(live,))) == [1, 1, None, None]
    early = replace(live, last=None)
    kept = Unheard(source="vl", number=number, start=early.start, end=early.end, last=None)
    assert missed_by(told_by(first, kept, unheard=(live,))) == [1, 1, None, None], "its end is told later"
    since_ever = Stretch(start=0, end=number, last=number - 1, number=number)
    assert missed_by(told_by(first, unheard=(since_ever,))) == [1, 1, None, None], "when it began only the archive may know"


def test_a_source_that_was_there_before_stretches_were_written_down_was_heard_since_its_agents_were() -> None:
    assert missed_by(told_by()) == [None, 1, 1, None]


def test_a_sum_over_systems_lacks_what_none_of_them_knows() -> None:
    report = told_by(Unheard(source="vl", number=DAY, start=0, end=DAY, last=DAY - 1))
    assert report.numbers(Line("", 0, DAY, dict(RUNG)))["missed"] == 1
    alone = replace(report, tellers={"": [each for each in report.tellers[""] if each.source == "vl"]})
    assert alone.numbers(Line("", 0, DAY, dict(RUNG)))["missed"] is None


TWO = Facts(
    timezone="Etc/UTC",
    sources={
        "vy": SourceFacts(name="vy", provider="voxology", known=True, lacks={f"{kind}_past": ("offered",) for kind in ("queue", "site")}),
        "tx": SourceFacts(name="tx", provider="telavox", known=True),
    },
)
EARLY = [Unheard(source="vy", number=DAY, start=0, end=DAY, last=DAY - 1)]


def of_queues(asked: set[str] | None, kind: Kind = "queue", span: Span = SPAN, facts: Facts = TWO, held: list[Unheard] = EARLY) -> Report:
    called = [("vy", "s:vy:q"), ("tx", "8")]
    return Report(span=span, kind=kind, tellers=tellers_of(facts, span, kind, held, {}, called, lambda _source, key: key, asked))


def offered(report: Report, first: int = 0, end: int = DAY) -> object:
    return report.numbers(Line("", first, end, {"offered": 3}))["offered"]


def test_a_sum_of_some_queues_is_told_by_their_sources_alone() -> None:
    assert (offered(of_queues({"s:vy:q"})), offered(of_queues({"8"})), offered(of_queues(None))) == (None, 3, 3)
    assert (offered(of_queues({"s:vy:q"}, "site")), offered(of_queues({"8"}, "site")), offered(of_queues(None, "site"))) == (None, 3, 3)
    assert of_queues({"8"}).unheard() == [], "of another system nothing is said"
    assert of_queues({"s:vy:q"}).unheard() == [("vy", 0, DAY)]


def test_what_went_unheard_at_night_costs_no_number_of_the_opening_hours() -> None:
    night = [replace(EARLY[0], number=1, end=1, last=None), Unheard(source="vy", number=2, start=DAY, end=DAY + HOUR, last=DAY + 5)]
    opened = replace(SPAN, hours=Hours(opens=480, closes=1020))
    assert offered(of_queues({"s:vy:q"}, span=opened, held=night), DAY, 2 * DAY) == 3
    assert offered(of_queues({"s:vy:q"}, held=night), DAY, 2 * DAY) is None


def test_of_a_source_that_is_being_read_the_days_before_stay_unknown() -> None:
    reading = replace(TWO, sources={"vy": replace(TWO.sources["vy"], known=False)})
    assert offered(of_queues(None, "site", facts=reading)) is None


def test_a_first_stretch_does_not_make_known_what_was_before_stretches_were_written_down() -> None:
    pause = Unheard(source="vl", number=2 * DAY, start=DAY + 5 * HOUR, end=DAY + 6 * HOUR, last=None)
    assert missed_by(told_by(pause)) == [None, 1, 1, None]


def test_a_cell_of_the_heat_map_is_about_its_own_half_hours() -> None:
    pause = [replace(EARLY[0], number=1, end=1, last=None), Unheard(source="vy", number=2, start=DAY, end=DAY + HOUR, last=DAY + 5)]
    report = of_queues({"s:vy:q"}, held=pause)
    whole = Line("", 0, 3 * DAY, {"offered": 3})
    assert report.numbers(whole)["offered"] is None
    assert report.numbers(whole, [(10 * HOUR, 11 * HOUR), (2 * DAY, 2 * DAY + HOUR)])["offered"] == 3
    assert report.numbers(whole, [(10 * HOUR, 11 * HOUR), (DAY, DAY + HOUR)])["offered"] is None, "although no line is there"


def test_what_is_compared_is_judged_by_its_own_time() -> None:
    before_span = replace(SPAN, first="1970-01-01", last="1970-01-01")
    now_span = replace(SPAN, first="1970-01-02", last="1970-01-02")
    now, before = of_queues({"s:vy:q"}, span=now_span), of_queues({"s:vy:q"}, span=before_span)
    now.lines, before.lines = [Line("", DAY, 2 * DAY, {"offered": 3})], [Line("", 0, DAY, {"offered": 2})]
    heard, unheard = Beside(now, before, {DAY: 0}).whole()
    assert (now.numbers(heard)["offered"], now.numbers(unheard)["offered"]) == (3, None)
    heard, unheard = Beside(before, now, {0: DAY}).whole()
    assert (before.numbers(heard)["offered"], before.numbers(unheard)["offered"]) == (None, 3)
