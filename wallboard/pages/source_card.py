"""One source as its card says it: its state in words, each feed with how it comes, what is ordered at the vendor, and who paused it.

Rules that hold here: what the vendor said is shown in its own words, as text; a webhook counts as connected when something was ordered, and
as verified when a delivery has proved it; whoever may not change sources is told of no token.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from stats.domain.facts import SocketFacts, SourceFacts
from stats.history.hook_tables import SourceHook
from stats.ingest import door
from stats.models import Source
from wallboard.pages.frame import Visit
from wallboard.pages.sinks import SinkCard, is_sink
from wallboard.pages.sinks import card_of as sink_card
from wallboard.pages.source_token import set_when
from wallboard.pages.trial import feed_words, title_of
from wallboard.pages.words import REASONS, SOCKET_STATES, SOURCE_STATES, ago, clock_time, day_and_time, iso

# The vendor sends it at each full hour; five minutes of grace.
HOURLY_BATCH = "profile_history"
OVERDUE_MS = 65 * 60 * 1000
# The order in which people think of them.
ORDER = ("calls", "queues", "agents", "profile_live", "profile_history", "events")
GOOD, WAITING = ("live", "sending"), ("connecting", "seeding", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLine:
    """One feed of a source. `via`: socket, poll or hook."""

    feed: str
    name: str
    via: str
    how: str
    state: str
    words: str
    last_frame: str
    last_frame_iso: str
    last_frame_ago: str
    alive_ago: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookLine:
    """One subscription as the vendor has it. `state`: on, off or missing; `words`: the vendor's."""

    event: str
    state: str
    said: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCard:
    """One source. `mood` is good, waiting or bad."""

    name: str
    provider: str
    title: str
    state: str
    mood: str
    words: str
    reason: str
    quoted: str
    refused: bool
    seeded_to: str
    exact: bool
    lag: str
    drift: list[str]
    quarantined: list[tuple[str, int]]
    sockets: list[SocketLine]
    hooks: list[HookLine]
    any_off: bool
    posts: str
    proved: bool
    heard_of: bool
    sinks: bool
    sink: SinkCard | None
    reported: str
    token: str
    archive: str


@dataclass(slots=True, kw_only=True)
class Row:
    """What the database says of a source."""

    source: Source
    token: str = ""
    hooks: list[SourceHook] = field(default_factory=list)
    sink: SinkCard | None = None

    @property
    def hook(self) -> SourceHook | None:
        """The address the vendor posts to now."""
        return next((hook for hook in self.hooks if self.source.hook_mark and hook.mark == self.source.hook_mark), None)


def rows_of(visit: Visit) -> dict[str, Row]:
    """Every source of the organisation, by name."""
    found = Source.objects.filter(organisation__slug=visit.viewer.organisation).prefetch_related("hooks")
    told = visit.may("sources")
    return {
        source.name: Row(
            source=source,
            token=set_when(source, visit.timezone) if told else "",
            hooks=list(source.hooks.all()),
            sink=sink_card(visit, source.name) if is_sink(source.provider) else None,
        )
        for source in found
    }


def card_of(visit: Visit, facts: SourceFacts | None, row: Row | None, counts: Mapping[tuple[str, str], int], archive: str) -> SourceCard:
    """The card; one of the two is there."""
    heard_of = facts is not None
    if facts is None:
        assert row is not None
        facts = SourceFacts(name=row.source.name, provider=row.source.provider)
    provider = row.source.provider if row is not None else facts.provider
    company = door.company(provider)
    sinks = company is not None and company.connect is None
    told = visit.snapshot.values.get(f"source:{facts.name}", {})
    state = str(told.get("state", facts.state))
    reason = str(told.get("reason") or "")
    paused = row.source if row is not None and row.source.paused_at is not None else None
    if paused is not None:
        state, reason = "paused", ""
    elif sinks and not heard_of:
        # It sits on no board: what is known of it is in the database.
        state, reason = _sink_state(row.sink if row is not None else None)
    vias = door.vias(provider)
    feeds = [feed for feed in ORDER if feed in facts.sockets] + sorted(set(facts.sockets) - set(ORDER))
    return SourceCard(
        name=facts.name,
        provider=provider,
        title=title_of(provider),
        state=state,
        mood="good" if state in GOOD else "waiting" if state in WAITING else "bad",
        words=_paused(paused, visit.timezone, sinks=sinks) if paused is not None else str(SOURCE_STATES.get(state, state)),
        reason=str(REASONS.get(reason, "")),
        quoted="" if reason in REASONS else reason,
        refused=state == "auth_error",
        seeded_to=day_and_time(facts.seeded_to, visit.timezone),
        exact=facts.exact,
        lag=_("%(seconds)d s") % {"seconds": facts.lag_ms // 1000} if facts.lag_ms is not None else "",
        drift=list(facts.drift),
        quarantined=sorted((why, number) for (name, why), number in counts.items() if name == facts.name),
        sockets=[_line(provider, feed, vias.get(feed, "socket"), facts.sockets[feed], row, visit) for feed in feeds],
        hooks=[_hook(event, hook_state, words) for event, hook_state, words in facts.hooks] if paused is None else [],
        any_off=paused is None and any(hook_state == "off" for _event, hook_state, _words in facts.hooks),
        posts=_posts(company, row, visit) if company is not None and company.hook is not None and row is not None else "",
        proved=row is not None and row.hook is not None and row.hook.verified_at is not None,
        heard_of=heard_of or sinks,
        sinks=sinks,
        sink=row.sink if row is not None else None,
        reported=ago(facts.written_at or None, visit.now),
        token=row.token if row is not None else "",
        archive=archive,
    )


def _sink_state(sink: SinkCard | None) -> tuple[str, str]:
    if sink is None or not sink.state:
        return "connecting", ""
    return "down" if sink.state == "away" else sink.state, sink.words


def _paused(source: Source, timezone: str, *, sinks: bool) -> str:
    assert source.paused_at is not None
    at = day_and_time(round(source.paused_at.timestamp() * 1000), timezone)
    said = (
        _("Paused by %(who)s since %(at)s. Nothing is sent to it.")
        if sinks
        else _("Paused by %(who)s since %(at)s. Nothing of it is read or counted.")
    )
    return said % {"who": source.paused_by, "at": at}


def _posts(company: door.Company, row: Row, visit: Visit) -> str:
    """What is known of the address the vendor posts to."""
    hook = row.hook
    if hook is None:
        return _("Nothing is posted to us yet: connect it.")
    if hook.verified_at is not None:
        words = _("Verified on %(at)s.") % {"at": _at(hook.verified_at, visit)}
    elif company.hook_tests:
        words = _("Not verified yet: no valid test delivery has come.")
    else:
        words = ""
    came = _("Last delivery %(at)s.") % {"at": _at(hook.last_at, visit)} if hook.last_at is not None else _("Nothing has come yet.")
    return f"{words} {came}".strip()


def _at(at: object, visit: Visit) -> str:
    return day_and_time(round(at.timestamp() * 1000), visit.timezone) if hasattr(at, "timestamp") else ""


def _hook(event: str, state: str, words: str) -> HookLine:
    said = {"on": _("Switched on"), "off": _("Switched off by the vendor"), "missing": _("Missing")}.get(state, state)
    return HookLine(event=event, state=state, said=said, words=words)


def _line(provider: str, feed: str, via: str, socket: SocketFacts, row: Row | None, visit: Visit) -> SocketLine:
    state, words = socket.state, str(SOCKET_STATES.get(socket.state, socket.state))
    if via == "hook" and state == "open":
        ordered = row is None or row.hook is not None
        state, words = ("open", _("Listening")) if ordered else ("away", _("Nothing is ordered"))
    elif via == "poll" and state == "open":
        words = _("Answers")
    if row is not None and row.source.paused_at is not None:
        state, words = "paused", str(SOCKET_STATES["paused"])
    how = {"hook": _("posted to us"), "poll": _("asked by turns"), "socket": _("open line")}.get(via, via)
    return SocketLine(
        feed=feed,
        name=feed_words(provider, feed),
        via=via,
        how=how,
        state=state,
        words=words,
        last_frame=clock_time(socket.last_frame, visit.timezone),
        last_frame_iso=iso(socket.last_frame, visit.timezone),
        last_frame_ago=ago(socket.last_frame, visit.now),
        alive_ago=ago(socket.alive_at, visit.now),
        note=_note(feed, socket, visit.now),
    )


def _note(feed: str, socket: SocketFacts, now: int) -> str:
    if feed != HOURLY_BATCH:
        return ""
    if socket.overdue or (socket.last_frame is not None and now - socket.last_frame > OVERDUE_MS):
        return _("The hourly batch is overdue.")
    return _("Comes at each full hour; silence between is normal.")
