"""Findings in words, in the language of whoever looks; the sentences themselves are in `stats.domain.checkup`."""

from django.utils.translation import gettext as _

from stats.domain.checkup import SAY, Finding
from stats.domain.periods import business_day
from wallboard.pages.words import clock_time, day_and_time, spoken


def say(finding: Finding, now: int, timezone: str) -> tuple[str, str]:
    """What is so, and what to do about it ("" for nothing)."""
    words, do = SAY[finding.code]
    values = {**finding.values, "since": instant(finding.since, now, timezone)}
    if finding.since is not None:
        values["ago"] = spoken(max(0, now - finding.since) / 1000)
    return _(words).format(**values), _(do).format(**values) if do else ""


def instant(at: int | None, now: int, timezone: str) -> str:
    """A time of day; with its date when that is not today's."""
    if at is None:
        return _("never")
    same = business_day(at, timezone) == business_day(now, timezone)
    return clock_time(at, timezone) if same else day_and_time(at, timezone)


def about_words(about: str) -> str:
    """What a finding is about."""
    if about.startswith("source "):
        return _("Source %(name)s") % {"name": about.removeprefix("source ")}
    return {
        "all": _("Everything"),
        "clock": _("Clock"),
        "store": _("Store of numbers"),
        "database": _("Database"),
        "sources": _("Sources"),
        "worker": _("Collector"),
        "archive": _("Archive"),
        "numbers": _("Numbers"),
        "boards": _("Boards"),
        "disk": _("Disk"),
    }.get(about, about)
