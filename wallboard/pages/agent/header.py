"""Who the agent is and what they do now, and in words how far that can be believed."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from stats.domain.facts import SourceFacts
from wallboard.boards import figures
from wallboard.boards.figure import Place
from wallboard.boards.freshness import PRESENCE, standing_for
from wallboard.boards.rows import agent_standing
from wallboard.boards.wording import CAUSES, LEVEL_WORDS, filled
from wallboard.pages.agent.day import AgentDay
from wallboard.pages.agent.words import state_word
from wallboard.pages.words import clock_time, spoken

Told = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueIn:
    """A queue the agent is logged in to."""

    key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the page says above everything else. `ticking`: the instant (epoch ms) since when, where its clock may go on."""

    name: str
    source: str
    state: str
    state_words: str
    since: str
    since_at: str
    ticking: int | None
    profile: str
    until: str
    until_at: int | None
    queues: list[QueueIn]
    level: str
    level_words: str
    doubt: str


def name_of(told: Told, key: str) -> str:
    """The agent's name as the viewer may see it."""
    name = told.get("name")
    return name.strip() if isinstance(name, str) and name.strip() else f"#{key}"


def header_of(told: Told, key: str, values: Mapping[str, Told], day: AgentDay, source: SourceFacts | None, place: Place) -> Header:
    """The header as of now, whatever day is shown below it."""
    name = str(told.get("source") or "")
    standing = agent_standing(told, standing_for(values, name, PRESENCE, place.now), place.now)
    state = str(told.get("state")) if standing.level != "unknown" else "unknown"
    since, until = figures.number(told.get("state_since")), figures.number(told.get("until"))
    at = place.now if standing.ticks else standing.alive_at
    queues = told.get("queues_in")
    keys = [str(each) for each in queues] if isinstance(queues, list) else []
    profile = told.get("profile")
    return Header(
        name=name_of(told, key),
        source=name,
        state=state,
        state_words=state_word(state),
        since="" if since is None or at is None or state == "unknown" else figures.since(since, at),
        since_at="" if since is None else clock_time(int(since), place.timezone),
        ticking=int(since) if since is not None and standing.ticks and state != "unknown" else None,
        profile=profile.strip() if isinstance(profile, str) and standing.level != "unknown" else "",
        until="" if until is None else clock_time(int(until), place.timezone, seconds=False),
        until_at=int(until) if until is not None else None,
        queues=[QueueIn(key=each, name=_queue_name(values, each)) for each in keys if f"queue:{each}" in values],
        level=standing.level,
        level_words=str(LEVEL_WORDS[standing.level]),
        doubt=doubt_of(told, day, source, values, place),
    )


def _queue_name(values: Mapping[str, Told], key: str) -> str:
    name = values.get(f"queue:{key}", {}).get("name")
    return name.strip() if isinstance(name, str) and name.strip() else f"#{key}"


def doubt_of(told: Told, day: AgentDay, source: SourceFacts | None, values: Mapping[str, Told], place: Place) -> str:
    """Since when the state is not confirmed, and why; "" while it is."""
    if told.get("state") == "unknown" and told.get("state_since") is None and told.get("profile") is None:
        return _("No presence of this agent has been heard yet. It comes with the next change in the telephone system.")
    feed = standing_for(values, told.get("source"), PRESENCE, place.now)
    heard = None if feed.alive_at is None else figures.wall_clock(feed.alive_at, place.timezone)
    cause = (
        "" if feed.level == "live" else filled(CAUSES.get(feed.reason, CAUSES["ok"]), source=(feed.source or "").capitalize(), time=heard)
    )
    since = figures.number(told.get("unverified_since")) if told.get("verified") is False else None
    if since is None:
        return f"{cause}." if cause else ""
    known = {"time": clock_time(int(since), place.timezone), "ago": spoken(max(0, place.now - since) / 1000)}
    if source is not None and source.presence_open_at is not None and feed.level == "live":
        words = _(
            "Not confirmed since %(time)s, %(ago)s ago. The connection was away, and is back since %(back)s;"
            " no word of this agent has come over it yet, so that the state may have changed unseen."
        ) % {**known, "back": clock_time(source.presence_open_at, place.timezone)}
    else:
        words = _("Not confirmed since %(time)s, %(ago)s ago: the state may have changed unseen.") % known
    return f"{words} {cause}." if cause else words


def gaps_of(day: AgentDay, source: SourceFacts | None, place: Place) -> list[str]:
    """What of the day was not heard, in words, as far as it is known."""
    told = []
    heard = day.watched.heard_from
    if heard is None:
        told.append(_("No change of presence was recorded on this day."))
    elif heard > day.first:
        words = _("Presence is recorded live since %(time)s; nothing is known of what came before.")
        if any(slot.start < heard for slot in day.slots):
            words = _(
                "Presence is recorded live since %(time)s; before that there are hourly accounts alone, which tell how long and not when."
            )
        told.append(words % {"time": clock_time(heard, place.timezone)})
    for start, end in day.doubts:
        start, end = max(start, day.first), min(end, day.end)
        if heard is not None and end > max(start, heard):
            known = {"start": clock_time(max(start, heard), place.timezone), "end": clock_time(end, place.timezone)}
            if end >= day.until:
                told.append(_("From %(start)s on the state is not confirmed.") % known)
            else:
                told.append(_("From %(start)s to %(end)s the connection was away: changes in between were not heard.") % known)
    for start, end in day.teller.misses(day.first, day.until):
        known = {"start": clock_time(max(start, day.first), place.timezone), "end": clock_time(min(end, day.until), place.timezone)}
        told.append(_("From %(start)s to %(end)s nobody listened: of calls then it is known who answered, and of rings not all.") % known)
    if source is not None and day.is_today and not day.doubts and heard is not None:
        told.append(_("No gap is known since then."))
    return told
