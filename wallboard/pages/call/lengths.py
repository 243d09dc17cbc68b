"""Durations in whole words, for ears: `2 minutes 50 seconds`."""

from django.utils.translation import ngettext


def in_words(ms: int) -> str:
    """A duration (ms) rounded to the second; what is nothing of it is not said, and of hours no seconds."""
    whole = max(0, (ms + 500) // 1000)
    hours, minutes, seconds = whole // 3600, whole % 3600 // 60, whole % 60
    told = []
    if hours:
        told.append(ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours})
    if minutes:
        told.append(ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes})
    if (seconds and not hours) or not told:
        told.append(ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds})
    return " ".join(told)
