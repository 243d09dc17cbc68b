"""The vendor's call documents told as our records: the only place that knows both spellings (presence: presence.py).

Rules that hold here:
- One document becomes one Call with one angle: a Journey, a Visit or an Offer. Putting angles together is the domain's business.
- A document without its identity (`id_call`; in queue and agent documents also the queue or agent) is Malformed.
- What decides a state (see DECISIVE) must be readable when it is told, or the document is not believed: half a state is a
  wrong number, a missing document is a known gap. Any other unreadable field is None and noted.
- `active` and `answered` are told as they are written; that they only ever go one way is the merge's rule.
"""

from stats.domain.errors import Malformed
from stats.domain.records import Call, Journey, Offer, Visit
from stats.providers.telavox.hearing import Hearing, clean, count, known_id, named, party, truth
from stats.providers.telavox.instants import epoch_ms
from stats.providers.telavox.wire import (
    AgentDocument,
    CallDocument,
    CallWords,
    Durations,
    IvrWords,
    MenuDigit,
    OnHook,
    QueueDocument,
    Redirects,
    Target,
    Tenant,
    Times,
)

_CALL = frozenset({"id_call", "active", "answered", "internal", "time", "time.start"})
DECISIVE = {
    CallDocument: _CALL,
    QueueDocument: _CALL | {"queue", "queue.id", "queue.timestart", "agent_first.answered"},
    AgentDocument: _CALL | {"agent", "agent.id", "time.answered", "queue", "queue.id"},
}

_NO_TIMES = Times()
_NO_LENGTHS = Durations()
_NO_TARGET = Target()
_NO_REDIRECTS = Redirects()
_MAX_ID_CHARACTERS = 128
_MAX_DIGITS = 3


def journey(document: CallDocument, hearing: Hearing) -> Call:
    """A call document (2.1, 3.2)."""
    id_call = _identity(document)
    times = document.time or _NO_TIMES
    started_at, ended_at = hearing.instant(times.start, "time.start"), hearing.instant(times.end, "time.end")
    lengths = document.duration or _NO_LENGTHS
    first, last = document.agent_first, document.agent_last
    told = Journey(
        active=truth(document.active),
        answered=truth(document.answered),
        direction=hearing.direction(document.call_direction),
        internal=truth(document.internal),
        number=hearing.number((document.customer_target or _NO_TARGET).number),
        started_at=started_at,
        ended_at=ended_at,
        first_agent=party(first),
        first_answered_at=hearing.instant(first.answered, "agent_first.answered") if first else None,
        last_agent=party(last),
        last_answered_at=hearing.instant(last.answered, "agent_last.answered") if last else None,
        first_queue=party(document.queue_first),
        last_queue=party(document.queue_last),
        ivr_seen=_ivr_seen(document.ivr_first, document.ivr_last) or (True if named(document.ivr_list) else None),
        ivr_name=_ivr_name(document.ivr_first) or _ivr_name(document.ivr_last),
        voicemail=truth(document.voicemail),
        callback_ordered=truth(document.ohw_ordered),
        callbacks=_callbacks(document.on_hooked_calls),
        transfers=count(document.transfers),
        recorded=truth(document.recorded),
        redirects=count((document.redirected or _NO_REDIRECTS).total),
        end_reason=_word(document.terminated_call_reason),
        total_ms=hearing.length(lengths.total, "duration.total"),
        before_queue_ms=hearing.length(lengths.before_queue, "duration.before_queue"),
        queue_ms=hearing.length(lengths.queue, "duration.queue"),
        wait_ms=hearing.length(lengths.wait, "duration.wait"),
        ring_ms=hearing.length(lengths.ring, "duration.ring"),
        talk_ms=hearing.length(lengths.talk, "duration.talk"),
        hold_ms=hearing.length(lengths.on_hold if lengths.on_hold is not None else lengths.hold, "duration.on_hold"),
        asof=hearing.received_at,
        ivr_at=hearing.instant(menu.timestamp, "ivr_first.timestamp") if (menu := document.ivr_first or document.ivr_last) else None,
        ivr_last_name=_ivr_name(document.ivr_last),
        menu_digit=_pressed(document.menu_digit),
        transfer_first=_word(document.transfer_first.type) if document.transfer_first else None,
        transfer_last=_word(document.transfer_last.type) if document.transfer_last else None,
    )
    return Call(source=hearing.source, id_call=id_call, journey=told, tenant=tenant(document.customer_telavox))


def visit(document: QueueDocument, hearing: Hearing) -> Call:
    """A queue document (2.2, 3.3)."""
    id_call = _identity(document)
    queue, words = party(document.queue), document.queue
    if queue is None or words is None:
        raise Malformed("no_queue")
    times = document.time or _NO_TIMES
    entered_at = hearing.instant(words.timestart, "queue.timestart")
    started_at, ended_at = hearing.instant(times.start, "time.start"), hearing.instant(times.end, "time.end")
    lengths = document.duration or _NO_LENGTHS
    first = document.agent_first
    told = Visit(
        queue=queue,
        entered_at=entered_at if entered_at is not None else started_at,
        started_at=started_at,
        active=truth(document.active),
        answered=truth(document.answered),
        answered_at=hearing.instant(first.answered, "agent_first.answered") if first else None,
        ended_at=ended_at,
        direction=hearing.direction(document.call_direction),
        internal=truth(document.internal),
        number=hearing.number((document.customer_target or _NO_TARGET).number),
        first_agent=party(first),
        last_agent=party(document.agent_last),
        ivr_seen=_ivr_seen(document.ivr),
        queue_ms=hearing.length(lengths.queue, "duration.queue"),
        wait_ms=hearing.length(lengths.wait, "duration.wait"),
        ring_ms=hearing.length(lengths.ring, "duration.ring"),
        talk_ms=hearing.length(lengths.talk, "duration.talk"),
        hold_ms=hearing.length(lengths.hold if lengths.hold is not None else lengths.on_hold, "duration.hold"),
        total_ms=hearing.length(lengths.total, "duration.total"),
        transfer=count(document.transfer),
        voicemail=truth(document.voicemail),
        callbacks=_callbacks(document.on_hooked_calls),
        recorded=truth(document.recorded),
        strategy=_word(words.strategy),
        fail_reason=_word(words.fail_reason),
        not_answer_risk=count(words.not_answer_risk),
        asof=hearing.received_at,
        end_reason=_word(document.agent_end_reason),
    )
    return Call(source=hearing.source, id_call=id_call, visits=(told,), tenant=tenant(document.customer_telavox))


def offer(document: AgentDocument, hearing: Hearing) -> Call:
    """An agent document (2.3, 3.4)."""
    id_call = _identity(document)
    agent, words = party(document.agent), document.agent
    if agent is None or words is None:
        raise Malformed("no_agent")
    times = document.time or _NO_TIMES
    answered_at = hearing.instant(times.answered, "time.answered")
    if answered_at is None:  # history tells it of the agent instead
        answered_at = hearing.instant(words.answered, "agent.answered")
    lengths = document.duration or _NO_LENGTHS
    told = Offer(
        agent=agent,
        queue=party(document.queue),
        began_at=hearing.instant(times.start, "time.start"),
        answered_at=answered_at,
        ended_at=hearing.instant(times.end, "time.end"),
        active=truth(document.active),
        answered=truth(document.answered),
        direction=hearing.direction(document.call_direction),
        internal=truth(document.internal),
        number=hearing.number((document.customer_target or _NO_TARGET).number),
        ivr_seen=_ivr_seen(document.ivr),
        ring_ms=hearing.length(lengths.ring, "duration.ring"),
        talk_ms=hearing.length(lengths.talk, "duration.talk"),
        hold_ms=hearing.length(lengths.hold if lengths.hold is not None else lengths.on_hold, "duration.hold"),
        total_ms=hearing.length(lengths.total, "duration.total"),
        transfer=count(document.transfer),
        voicemail=truth(document.voicemail),
        recorded=truth(document.recorded),
        end_reason=_word(document.agent_end_reason),
        devices=count(document.simultaneous_device_calls),
        asof=hearing.received_at,
        from_transfer=count(words.from_transfer),
        to_transfer=count(words.to_transfer),
    )
    return Call(source=hearing.source, id_call=id_call, offers=(told,), tenant=tenant(document.customer_telavox))


def lengths_scale(document: CallWords) -> int:
    """1, or 1000 for a document of history whose total is its span in seconds: the reference does not say the unit."""
    times, lengths = document.time, document.duration
    if times is None or lengths is None or not lengths.total or not times.start or not times.end:
        return 1
    started_at, ended_at = epoch_ms(times.start), epoch_ms(times.end)
    if started_at is None or ended_at is None or ended_at - started_at < 2_000:
        return 1
    span = ended_at - started_at
    slack = 1_500 + span // 50  # GraphQL may round instants to seconds
    return 1000 if abs(lengths.total * 1000 - span) <= slack < abs(lengths.total - span) else 1


def tenant(words: Tenant | None) -> str | None:
    """The vendor's customer id, as text."""
    known = known_id(words.id) if words is not None else None
    return str(known) if known is not None else None


def identity(id_call: str | None) -> str | None:
    """An `id_call` fit to be a key, or None."""
    if not id_call:
        return None
    id_call = id_call.strip()
    return id_call if 0 < len(id_call) <= _MAX_ID_CHARACTERS and id_call.isprintable() else None


def _identity(document: CallWords) -> str:
    id_call = identity(document.id_call)
    if id_call is None:
        raise Malformed("no_id")
    return id_call


def _ivr_name(words: IvrWords | None) -> str | None:
    return clean(words.name) if words is not None and words.name else None


def _pressed(words: MenuDigit | None) -> str | None:
    """What the caller chose in the menu; anything longer may be a number or a secret, and is not kept."""
    pressed = _word(words.dialed_number) if words is not None else None
    return pressed if pressed is not None and len(pressed) <= _MAX_DIGITS else None


def _ivr_seen(*told: IvrWords | None) -> bool | None:
    return True if any(words is not None and (words.id or words.account_id or words.name or words.timestamp) for words in told) else None


def _callbacks(told: OnHook | bool | int | None) -> int | None:
    if not isinstance(told, OnHook):
        return count(told)
    counts = [count(each) for each in (told.answer_wait_request, told.customer_no_answer, told.no_wait_request)]
    known = [each for each in counts if each is not None]
    return sum(known) if known else None


def _word(value: str | None) -> str | None:
    return clean(value) if value else None
