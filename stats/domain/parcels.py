"""What of a finished call is sent to a place that listens to recordings, and why one is not sent.

Rules that hold here:
- Nothing is made up: whatever is required and not known parks the call, with a reason; no placeholder ever goes out.
- An agent is named by what stays theirs (an employee id, an e-mail); an extension or a number is a telephone number and nothing else.
- Whoever did not consent, asked to be left out, or belongs to a queue that was not chosen is not sent, whatever else is known.
- Instants are epoch ms, durations ms.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from stats.domain.notes import Recording
from stats.domain.numbers import e164
from stats.domain.outcomes import SettledCall, SettledVisit, VisitOutcome
from stats.domain.records import Direction, Offer, Party

DIRECT = ("direct", "Direct")
INTERNAL_TAG = "internal"


class Reason(StrEnum):
    """Why a recording is not sent."""

    # Rules of the organisation: skipped, for good.
    NO_CONSENT = "no_consent"
    OTHER_QUEUE = "other_queue"
    INTERNAL = "internal"
    OPTED_OUT = "opted_out"
    VOICEMAIL = "voicemail"
    RECORDING_GONE = "recording_gone"
    THERE_ALREADY = "there_already"
    # Something required is not known: parked, until somebody changes something.
    NO_START = "no_start"
    NO_DIRECTION = "no_direction"
    NO_AGENT = "no_agent"
    AGENT_UNMAPPED = "agent_unmapped"
    NO_CUSTOMER = "no_customer"
    NO_CALL = "no_call"
    END_UNKNOWN = "end_unknown"


@dataclass(frozen=True, slots=True)
class Unsent:
    """Not to be sent: `skipped` (nobody wants it sent) or parked (it could be, if somebody said what is missing)."""

    reason: Reason
    skipped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which calls are sent, and by which names. `agents`: a vendor's word for an agent (extension, name, key) -> employee id or e-mail.

    `queues` empty: all. `sources`, `consented`: names of sources; a call is sent when its source is in both. `region`: of written numbers.
    """

    sources: frozenset[str] = frozenset()
    consented: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    internal: bool = False
    opted_out: frozenset[str] = frozenset()
    agents: Mapping[str, str] = field(default_factory=dict)
    region: str = "SE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """An agent or a customer, by what stays theirs."""

    identifier: str
    name: str
    number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Everything that goes with a recording. `kind`, `disposition`: (identifier, name). `facts`: what else is known, by name."""

    identifier: str
    kind: tuple[str, str]
    started_at: int
    outgoing: bool
    agents: tuple[Somebody, ...]
    customers: tuple[Somebody, ...]
    disposition: tuple[str, str]
    tags: tuple[str, ...] = ()
    facts: Mapping[str, str | int] = field(default_factory=dict)
    agent_key: str = ""  # ours, of the first agent; not sent


def identifier_of(source: str, id_call: str, recording_id: str = "") -> str:
    """By which the place knows a recording of a call; with the recording's own id only where the call has several."""
    return f"{source}:{id_call}:{recording_id}" if recording_id else f"{source}:{id_call}"


def parcel_of(
    call: SettledCall,
    recording: Recording,
    identifier: str,
    choice: Choice,
    *,
    labels: Iterable[str] = (),
    customer_name: str | None = None,
    pseudonym: Callable[[str], str] | None = None,
) -> Parcel | Unsent:
    """What to send of a call that is over. `pseudonym` gives what stands for a customer's number, where numbers are not to be sent."""
    if (why := _unwanted(call, recording, choice)) is not None:
        return Unsent(why, skipped=True)
    if call.started_at is None:
        return Unsent(Reason.NO_START, skipped=False)
    if call.direction is None:
        return Unsent(Reason.NO_DIRECTION, skipped=False)
    heard = _heard(call, recording)
    if not heard:
        return Unsent(Reason.NO_AGENT, skipped=False)
    agents = [(party, somebody) for party in heard if (somebody := _agent(party, choice.agents)) is not None]
    # The one who is heard last is whose conversation it is: others may be left out, this one may not.
    if not agents or agents[0][0] is not heard[0]:
        return Unsent(Reason.AGENT_UNMAPPED, skipped=False)
    customer = _customer(call.number, choice.region, customer_name, pseudonym)
    if customer is None:
        return Unsent(Reason.NO_CUSTOMER, skipped=False)
    visit = _visit(call)
    return Parcel(
        identifier=identifier,
        kind=_kind(visit),
        started_at=call.started_at,
        outgoing=call.direction is not Direction.IN,
        agents=tuple(somebody for _, somebody in agents),
        customers=(customer,),
        disposition=_disposition(call),
        tags=tuple(dict.fromkeys([*labels, *([INTERNAL_TAG] if call.internal else [])])),
        facts=_facts(call, visit),
        agent_key=heard[0].key or "",
    )


def _unwanted(call: SettledCall, recording: Recording, choice: Choice) -> Reason | None:
    source = call.call.source
    if source not in choice.sources or source not in choice.consented:
        return Reason.NO_CONSENT
    if recording.kind == "voicemail":
        return Reason.VOICEMAIL
    if call.internal and not choice.internal:
        return Reason.INTERNAL
    if choice.queues and not any(
        word in choice.queues for v in call.visits for word in (v.visit.queue.name, v.visit.queue.key) if word is not None
    ):
        return Reason.OTHER_QUEUE
    if call.number and _plain(call.number, choice.region) in {_plain(each, choice.region) for each in choice.opted_out}:
        return Reason.OPTED_OUT
    return None


def _plain(number: str, region: str) -> str:
    return e164(number, region) or re.sub(r"[^0-9A-Za-z+]", "", number)


def _heard(call: SettledCall, recording: Recording) -> list[Party]:
    """Who talked, the last one first; the one the recording names before all others."""
    talked = [offer for offer in call.call.offers if offer.answered]
    talked.sort(key=_answered_at, reverse=True)
    found = {offer.agent.key: offer.agent for offer in reversed(talked) if offer.agent.key is not None}
    parties = list(dict.fromkeys(offer.agent.key for offer in talked if offer.agent.key is not None))
    if recording.agent in found:
        parties = [recording.agent, *(key for key in parties if key != recording.agent)]
    if not parties and (journey := call.call.journey) is not None:
        return [party for party in (journey.last_agent or journey.first_agent,) if party is not None]
    return [found[key] for key in parties]


def _answered_at(offer: Offer) -> int:
    return offer.answered_at or offer.began_at or 0


def _words_of(party: Party) -> Sequence[str]:
    """By which an agent may be looked up: the vendor's own word for them, the key, the name."""
    own = party.ref.partition(":")[2] if party.ref else None
    told = (own, party.key, str(party.account_id) if party.account_id is not None else None, party.name)
    return [word for word in told if word]


def _agent(party: Party, known: Mapping[str, str]) -> Somebody | None:
    words = _words_of(party)
    own = party.ref.partition(":")[2] if party.ref else ""
    given = next((known[word].strip() for word in words if known.get(word, "").strip()), "")
    identifier = given or (own if "@" in own else "")
    if not identifier or (identifier == own and "@" not in own) or re.fullmatch(r"(\+|00)[\d ()-]{5,}", identifier):
        return None
    extension = own if re.fullmatch(r"\+?\d{2,15}", own) else None
    return Somebody(identifier=identifier, name=party.name or identifier, number=extension)


def _customer(number: str | None, region: str, name: str | None, pseudonym: Callable[[str], str] | None) -> Somebody | None:
    if not number:
        return None
    plain = _plain(number, region)
    if not any(sign.isdigit() for sign in plain):
        return None  # "anonymous" and its like are nobody's name
    if pseudonym is not None:
        mark = pseudonym(plain)
        return Somebody(identifier=mark[:32], name=mark[:8])
    return Somebody(identifier=plain, name=name or plain, number=plain)


def _visit(call: SettledCall) -> SettledVisit | None:
    """The visit the call is filed under: the last that was answered, else the last."""
    answered = [visit for visit in call.visits if visit.outcome is VisitOutcome.ANSWERED]
    return (answered or call.visits)[-1] if call.visits else None


def _kind(visit: SettledVisit | None) -> tuple[str, str]:
    if visit is None or visit.visit.queue.key is None:
        return DIRECT
    return visit.visit.queue.key, visit.visit.queue.name or visit.visit.queue.key


def _disposition(call: SettledCall) -> tuple[str, str]:
    word = "answered" if call.answered else str(call.visits[-1].outcome) if call.visits else "unanswered"
    return word, word.capitalize()


def _facts(call: SettledCall, visit: SettledVisit | None) -> dict[str, str | int]:
    talks = [offer.talk_ms for offer in call.call.offers if offer.answered and offer.talk_ms is not None]
    journey = call.call.journey
    told: dict[str, str | int | None] = {
        "source": call.call.source,
        "call": call.call.id_call,
        "queue": visit.visit.queue.name if visit is not None else None,
        "wait_ms": visit.wait if visit is not None else None,
        "talk_ms": sum(talks) if talks else None,
        "ivr": journey.ivr_name if journey is not None else None,
    }
    return {name: value for name, value in told.items() if value is not None}
