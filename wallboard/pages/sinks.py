"""A place that recordings are sent to: how it is, what was sent, and what waits for somebody, with the reason in words.

Rules that hold here: what the place said is shown in its own words, as text; a recording whose attempt ended nobody knows how is sent again
only by a person who says so; no number and no name of a caller is on this page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from stats.history import outbox
from stats.history.outbox_tables import SinkState, Upload
from stats.ingest import door
from stats.models import Source
from wallboard.pages.frame import NotThere, Visit, draw, for_people, private
from wallboard.pages.words import ago, day_and_time, iso

Words = str | Promise
DAY_MS = 86_400_000
WARN_DAYS = 30
MOST_SHOWN = 100

STATES: Mapping[str, Words] = {
    "waiting": pgettext_lazy("recording", "Waiting"),
    "sent": pgettext_lazy("recording", "Sent"),
    "analysed": pgettext_lazy("recording", "Listened to"),
    "parked": pgettext_lazy("recording", "Set aside"),
    "failed": pgettext_lazy("recording", "Not taken"),
    "skipped": pgettext_lazy("recording", "Left out"),
}
REASONS: Mapping[str, Words] = {
    "agent_unmapped": gettext_lazy("The agent has no e-mail address or employee number here. Name them in the options under Who is who."),
    "no_agent": gettext_lazy("Nobody is known to have talked in the call."),
    "no_customer": gettext_lazy("The caller withheld their number, and a customer is required."),
    "no_start": gettext_lazy("It is not known when the call began."),
    "no_direction": gettext_lazy("It is not known which way the call went."),
    "no_call": gettext_lazy("The call of this recording was never told."),
    "end_unknown": gettext_lazy(
        "An attempt broke off, and the place cannot be asked whether it has it. Look there before you send it again."
    ),
    "refused": gettext_lazy("The place did not take it."),
    "too_large": gettext_lazy("It is larger than the options allow."),
    "gave_up": gettext_lazy("It was tried for two days."),
    "no_sound": gettext_lazy("The telephone system does not give the sound."),
    "no_consent": gettext_lazy("Its source is not chosen, or its callers have not agreed."),
    "other_queue": gettext_lazy("Its queue is not chosen."),
    "internal": gettext_lazy("A call between colleagues."),
    "opted_out": gettext_lazy("The caller wants no recording analysed."),
    "voicemail": gettext_lazy("A message on a voicemail, no conversation."),
    "recording_gone": gettext_lazy("The recording is not kept any more."),
    "there_already": gettext_lazy("Somebody else has sent it already."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One reason, and how many recordings it keeps back."""

    state: str
    said: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One recording that waits for somebody."""

    pk: int
    at: str
    at_iso: str
    source: str
    address: str
    state: str
    said: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkCard:
    """A place. `expires`: when its token ends, "" where it does not say; `soon`: within WARN_DAYS, or over."""

    name: str
    state: str
    words: str
    told: str
    expires: str
    soon: str
    counts: Sequence[tuple[str, str, int]]
    reasons: Sequence[Why]
    held: Sequence[Held] = ()


def is_sink(provider: str) -> bool:
    """Whether recordings are sent to sources of this company."""
    company = door.company(provider)
    return company is not None and company.connect is None


def card_of(visit: Visit, name: str, *, whole: bool = False) -> SinkCard:
    """How a place is; `whole`: with what waits for somebody. Raises django.db.Error."""
    organisation = visit.viewer.organisation
    kept, numbers = outbox.state_of(organisation, name), outbox.counts(organisation, name)
    return SinkCard(
        name=name,
        state=kept.state if kept is not None else "",
        words=kept.words if kept is not None else "",
        told=ago(kept.told_ms, visit.now) if kept is not None else "",
        expires=_day(kept.expires_ms, visit.timezone) if kept is not None else "",
        soon=_soon(kept, visit.now),
        counts=[(state, str(said), numbers.get(state, 0)) for state, said in STATES.items()],
        reasons=[
            Why(state=state, said=reason_words(reason), number=number) for state, reason, number in outbox.reasons(organisation, name)
        ],
        held=[_held(visit, row) for row in outbox.standing(organisation, name, ("parked", "failed"), MOST_SHOWN)] if whole else (),
    )


def reason_words(reason: str) -> str:
    """Why something was not sent."""
    return str(REASONS.get(reason, reason))


def _soon(kept: SinkState | None, now: int) -> str:
    if kept is None or kept.expires_ms is None or kept.expires_ms - now > WARN_DAYS * DAY_MS:
        return ""
    if kept.expires_ms <= now:
        return _("The token has ended. Make a new one there and replace it here.")
    days = (kept.expires_ms - now) // DAY_MS
    return _("The token ends within %(days)d days. Make a new one there and replace it here: it cannot be prolonged.") % {"days": days + 1}


def _day(at: int | None, timezone: str) -> str:
    return day_and_time(at, timezone)[:10] if at is not None else ""


def _held(visit: Visit, row: Upload) -> Held:
    return Held(
        pk=row.pk,
        at=day_and_time(row.at_ms, visit.timezone),
        at_iso=iso(row.at_ms, visit.timezone),
        source=row.source,
        address=reverse("call", args=[row.id_call]) if visit.may("calls") else "",
        state=str(STATES.get(row.state, row.state)),
        said=reason_words(row.reason),
        words=row.words,
    )


async def sent(visit: Visit, name: str) -> HttpResponse:
    """GET /sources/<name>/sent/, and POST: `again` is the number of one recording, or "all"."""
    mine = Source.objects.filter(organisation__slug=visit.viewer.organisation, name=name)
    row = await database_sync_to_async(mine.first)()
    if row is None or not is_sink(row.provider):
        raise NotThere(_("Nothing is sent to this source."))
    if visit.request.method == "POST":
        which = visit.request.POST.get("again", "")
        if which != "all" and not (which.isascii() and which.isdigit() and len(which) < 19):
            raise NotThere(_("There is nothing of the kind to be done here."))
        pks = None if which == "all" else [int(which)]
        number = await database_sync_to_async(outbox.again)(visit.viewer.organisation, name, visit.now, pks)
        await visit.note("source.sent_again", "source", name, recordings=number)
        return private(HttpResponseRedirect(reverse("sink", args=[name])))
    card = await database_sync_to_async(card_of)(visit, name, whole=True)
    known: dict[str, Any] = {"sink": card, "most": MOST_SHOWN, "title": getattr(door.company(row.provider), "title", row.provider)}
    return draw(visit, "sink.html", "sources", **known)


page = for_people(sent, needs="sources")
urls = [path("sources/<slug:name>/sent/", page, name="sink")]
