"""Lines of a report: what is read as a row, looked into or not, adds up to what its sums say."""

from stats.domain.metrics import QueueTargets
from stats.domain.report import Line, Span, total
from stats.domain.report_lines import Lines, put, put_waits
from wallboard.reports.report import Report

DAY = 86_400_000
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


def test_what_a_vendor_cannot_tell_of_unheard_hours_is_unknown_until_somebody_listens() -> None:
    """Who let a telephone ring out is not in every vendor's past; of the hours that were heard it is."""
    report = Report(span=SPAN, kind="agent", lacks={"7": frozenset({"hold_time"})}, lacks_past={"7": frozenset({"missed"})})
    report.watched_from = {"7": DAY, "11": 3 * DAY}
    unheard, heard = Line("7", 0, DAY, {"offers": 3, "answered": 3}), Line("7", DAY, 2 * DAY, {"offers": 4, "answered": 3, "missed": 1})
    assert [report.numbers(line)["missed"] for line in (unheard, heard)] == [None, 1]
    assert [report.numbers(line)["hold_time"] for line in (unheard, heard)] == [None, None]
    assert [report.numbers(line)["answered"] for line in (unheard, heard)] == [3, 3]
    assert report.numbers(Line("11", 0, DAY, {"offers": 3, "missed": 2}))["missed"] == 2, "another vendor tells it"
