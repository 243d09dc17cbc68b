"""The benchmarks run: each in a tiny size, which says nothing about speed, and each with figures that can be true."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import BEGIN, END, put_table
from bench.database import find_initdb
from bench.figures import Figure, table
from bench.screen import number_in, percentile
from tests.chromium import find_browser
from tests.conftest import ROOT


def figures_of(name: str) -> dict[str, float]:
    """What a quick run of one benchmark prints, by the figure's name."""
    done = subprocess.run([sys.executable, "-m", "bench", name, "--quick"], cwd=ROOT, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[2:]]
    assert {line[0] for line in lines} == {name}
    return {line[1]: float(re.sub(r"[^\d.]", "", line[2].split()[0])) for line in lines}


@pytest.mark.slow
def test_the_road_is_slower_than_its_decoder_and_faster_than_nothing() -> None:
    figures = figures_of("road")
    assert figures["frames a second, socket to Redis"] > 100
    assert figures["CPU of the worker per frame"] > figures["CPU of a decode-only loop per frame"] > 0


@pytest.mark.slow
def test_calls_cost_memory() -> None:
    assert figures_of("memory")["Redis by its own count, per 10,000 calls"] > 1


@pytest.mark.slow
def test_a_day_takes_time_to_read() -> None:
    figures = figures_of("seed")
    assert 0 < figures["a day of 300 calls, to the last number shown"] < 60


@pytest.mark.slow
def test_every_message_costs_something_and_a_bare_broadcast_less() -> None:
    figures = figures_of("fan-out")
    assert 0 < figures["CPU of a bare broadcast per message"] < figures["CPU of Daphne per delivered message, 20 sockets"]


@pytest.mark.heavy
def test_a_flood_of_posts_is_taken_whole() -> None:
    figures = figures_of("hooks")
    assert figures["posts never taken"] == figures["calls lost or counted twice"] == 0
    assert 0 < figures["answer, p50"] <= figures["answer, the longest"]


@pytest.mark.slow
def test_calls_go_into_the_archive() -> None:
    """On SQLite everywhere, and on PostgreSQL where one is installed."""
    figures = figures_of("archive")
    assert figures["ended calls a second, Redis to SQLite"] > 50
    assert all(rate > 50 for name, rate in figures.items() if name.startswith("ended calls"))


@pytest.mark.slow
def test_reports_are_asked_for_and_add_up_as_a_rival_does() -> None:
    """It ends with an error where DuckDB counts other visits than the reports."""
    if find_initdb() is None:
        pytest.skip("no PostgreSQL is installed")
    figures = figures_of("reports")
    assert figures["DuckDB over Parquet, queues, a year by day, median"] > 0
    assert sum("p95" in name for name in figures) > 12


@pytest.mark.slow
def test_every_page_takes_some_time_and_few_questions() -> None:
    figures = figures_of("pages")
    assert all(took > 0 for name, took in figures.items() if "p95" in name)
    questions = {name: number for name, number in figures.items() if name.startswith("questions")}
    assert len(questions) > 15
    # Four hundred and more would be the status of a page that did not answer.
    assert max(questions.values()) < 60, questions


@pytest.mark.slow
@pytest.mark.browser
def test_a_frame_reaches_the_page() -> None:
    if find_browser() is None:
        reason = "no Chromium; `python -m tests.chromium` installs one"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    figures = figures_of("screen")
    assert figures["calls timed at 200 frames a second"] >= 5
    assert 0 < figures["frame to page at 200 frames a second, p50"] <= figures["frame to page at 200 frames a second, p99"]


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    done = subprocess.run([sys.executable, "-m", "bench", "nothing"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "fan-out" in done.stderr


def test_a_figure_says_whether_its_aim_is_met() -> None:
    assert Figure(bench="b", name="n", unit="/s", rounds=[4_000, 6_000, 6_500], aim=5_000, better="more").met == "yes"
    assert Figure(bench="b", name="n", unit="ms", rounds=[4, 6], aim=4).met == "no"
    assert Figure(bench="b", name="n", unit="ms", rounds=[4]).met == ""


def test_the_table_lies_between_the_marks_and_the_rest_of_the_document_stays(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    put_table(document, table([Figure(bench="seed", name="a day", unit="s", rounds=[12.34, 13], digits=1)]))
    written = document.read_text()
    assert written.startswith(f"before\n{BEGIN}\n| bench")
    assert "12.7 s" in written
    assert "old" not in written
    assert written.endswith(f"{END}\nafter\n")


def test_a_percentile_is_a_value_that_was_there() -> None:
    assert [percentile([5, 1, 4, 2, 3], share) for share in (1, 50, 95, 99)] == [1, 3, 5, 5]


@pytest.mark.parametrize(("text", "number"), [("1\u202f234", 1234), ("1 234", 1234), ("–", 0), ("7", 7)])
def test_a_count_is_read_however_its_digits_are_grouped(text: str, number: int) -> None:
    assert number_in(text) == number
