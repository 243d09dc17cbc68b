"""A ring or a call on the floor, written as Voxloud's document about it ("Phone call events", "Telephony events").

What a caller dials is a number of the queue (or the one number of the house, from which a rule leads on), else the agent's own. Users are
known by extensions, from 101 on in the order of the floor.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from stats.providers.voxloud.simulator.switches import Switches
from stats.simulation import names
from stats.simulation.exchange import Subject
from stats.simulation.records import Agent, Call, Direction, Offer

# Vendor-shaped JSON: this folder plays the vendor, so it may stay as loose as the vendor is.
Document = dict[str, Any]

PBX = 117
ACCOUNT = "faffd4879c2b686fe9c5fb1673ce2800"
FIRST_EXTENSION = 101
MAIN_NUMBER = 98  # of the house, among the floor's service numbers
OF_SCRIPTS = 930_001  # the first agent of the scripted calls, who work on no floor
_DIRECTIONS = {Direction.INCOMING: "INBOUND", Direction.OUTGOING: "OUTBOUND", Direction.INTERNAL: "INTERNAL"}
_SAID = (
    ("Kunden undrar när leveransen kommer. Vi har lovat torsdag.", "Fråga om leverans; svar: torsdag."),
    ("Fakturan är fel. En ny skickas i dag, och den gamla krediteras.", "Fel faktura; ny skickas."),
    ("Inloggningen fungerar inte efter uppdateringen. Lösenordet är återställt.", "Inloggning; löst under samtalet."),
    ("Kunden vill säga upp abonnemanget och undrar över bindningstiden.", "Uppsägning; bindningstid förklarad."),
)


class Writer:
    """Writes with the switches as they stand. `media`: where recordings lie."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.media = ""

    # -- events --------------------------------------------------------------------------------------------------------

    def told_of(self, at: int, subject: Subject) -> Iterator[tuple[str, Document]]:
        """What is posted of a change on the floor, as (kind of subscription, document); of visits nothing, for there are no queues."""
        if isinstance(subject, Offer):
            for kind, user in self._of_ring(at, subject):
                yield f"CALL_{kind}", self.event(kind, at, subject.call, user, subject)
        elif isinstance(subject, Call) and subject.ended_at == at and subject.caller is not None and subject.offers:
            yield "CALL_HANGUP", self.event("HANGUP", at, subject, subject.caller, subject.offers[-1])

    def _of_ring(self, at: int, offer: Offer) -> Iterator[tuple[str, Agent]]:
        call = offer.call
        if offer.began_at == at and offer.answered_at is None and offer.ended_at is None:
            if call.caller is not None:
                yield "STARTED", call.caller
                if self.switches.internal_incoming:
                    yield "INCOMING", offer.agent
            else:
                yield "STARTED" if call.direction is Direction.OUTGOING else "INCOMING", offer.agent
        elif offer.answered_at == at and offer.ended_at is None:
            yield "ANSWERED", offer.agent
        elif offer.ended_at == at:
            yield "HANGUP", offer.agent

    def event(self, kind: str, at: int, call: Call, user: Agent, offer: Offer | None) -> Document:
        """`kind`: INCOMING, STARTED, ANSWERED, HANGUP; `user`: whom it is about."""
        origin, target = self.ends(call, offer)
        document: Document = {
            "timestamp": self.instant(at),
            "callId": call.id,
            "destinationNumber": target[0],
            "originatorNumber": origin[0],
            "type": kind,
            "userEmail": user.email,
            "userExtension": extension(user),
            "sipUsername": f"sip_{extension(user)}",
        }
        if self.switches.names:
            document["destinationName"], document["originatorName"] = target[1], origin[1]
        if self.switches.extra_fields:
            document["future"] = {"unheard_of": [1, {"deep": None}]}
        return document

    def ends(self, call: Call, offer: Offer | None) -> tuple[tuple[str, str], tuple[str, str]]:
        """(number, name) of who calls and of who is called."""
        if call.direction is Direction.OUTGOING:
            user = call.offers[0].agent if call.offers else None
            dialled = self.number(call.number, call)
            return (str(extension(user)), user.name) if user is not None else ("", ""), (dialled, dialled)
        if call.direction is Direction.INTERNAL:
            rung = offer or (call.offers[0] if call.offers else None)
            callee = rung.agent if rung is not None else None
            caller = (str(extension(call.caller)), call.caller.name) if call.caller is not None else ("", "")
            return caller, (str(extension(callee)), callee.name) if callee is not None else ("", "")
        shown = self.number(call.number, call)
        number, label = self.dialled(call)
        return (shown, shown), (self.number(number, call), label)

    def dialled(self, call: Call) -> tuple[str, str]:
        """What the caller of an incoming call dialled, as the floor writes it, and its label."""
        if call.visits and (self.switches.entrance == "numbers" or not call.menus):
            return call.visits[0].queue.phone, call.visits[0].queue.name
        if call.offers and not call.visits:
            return call.offers[0].agent.phone, call.offers[0].agent.name
        return names.service_number(MAIN_NUMBER), "Huvudnummer"

    def number(self, raw: str | None, call: Call) -> str:
        """A number in one of the vendor's spellings, the same in every document of a call."""
        if raw is None:
            return "anonymous"
        digits = raw[2:] if raw.startswith("00") else f"46{raw[1:]}"
        national = digits.startswith("46")
        turn = zlib.crc32(call.id.encode()) % (3 if national else 2)
        if self.switches.numbers != "mixed":
            turn = 0 if self.switches.numbers == "plus" else 1
        return (f"+{digits}", digits, f"0{digits[2:]}")[turn]

    # -- records -------------------------------------------------------------------------------------------------------

    def record(self, call: Call, row_id: int) -> Document:
        """A whole call that has ended."""
        chance = zlib.crc32(f"{call.id} record".encode())
        origin, target = self.ends(call, None)
        answers = sorted((offer for offer in call.offers if offer.answered_at is not None), key=lambda offer: offer.answered_at or 0)
        ended_at = call.ended_at if call.ended_at is not None else call.started_at
        answered_at = answers[0].answered_at if answers else None
        started, length = self.instant(call.started_at), self.seconds(ended_at - call.started_at)
        ring = self.seconds((answered_at if answered_at is not None else ended_at) - call.started_at)
        document: Document = {
            "id": row_id,
            "type": "PHONE_CALL",
            "accountId": ACCOUNT,
            "direction": _DIRECTIONS[call.direction],
            "timestamp": started,
            "originatorName": origin[1],
            "originatorNumber": origin[0],
            "destinationName": target[1],
            "destinationNumber": target[0],
            "maskCallerNumber": call.number is None,
            "lastEvent": _last_event(call, bool(answers)),
            "duration": length,
            "ringTime": ring,
            "archived": False,
            "callId": call.id,
            "recorded": call.recorded and bool(answers),
            "voicemail": call.voicemail,
            "labels": [],
            "ruleNames": self.rules(call),
        }
        if call.direction is Direction.OUTGOING and call.offers and self.switches.outbound_shows == "cli":
            document["originatorNumber"] = self.number(names.service_number(MAIN_NUMBER), call)
        if answers:
            who = (target[1], target[0])
            if call.direction is not Direction.OUTGOING:
                who = (answers[0].agent.name, str(extension(answers[0].agent)))
            document["answererName"], document["answererNumber"] = who
            if document["recorded"] and chance % 5 < 4:
                document["labels"] = ["uppföljning"] if chance % 7 == 0 else []
                document["transcription"], document["summary"] = _SAID[chance % len(_SAID)]
                document["sentiment_score"] = None if chance % 11 == 0 else chance // 7 % 101
            if chance % 4 == 0:
                document["contactCrm"], document["contactCrmUrl"] = "Exempel-CRM", f"https://crm.example/contacts/{chance % 900}"
        if document["recorded"]:
            document["recordingUrl"] = f"{self.media}/call_recordings/call_recording_{call.id}.wav"
        if call.voicemail:
            document["voicemail_url"] = f"{self.media}/call_recordings/vm_{call.id}.wav"
        if self.switches.extra_fields:
            document["cost"] = {"amount": 0.02, "currency": "EUR"}
        return document

    def rules(self, call: Call) -> list[str]:
        """The IVR rules a caller went through."""
        passed = [menu.name for menu, _ in call.menus]
        if passed and call.visits and self.switches.entrance == "rules":
            passed.append(call.visits[0].queue.name)
        return passed

    # -- amounts -------------------------------------------------------------------------------------------------------

    def instant(self, at: int) -> int:
        """Epoch ms, of whole seconds unless told otherwise."""
        return at if self.switches.precise else at - at % 1000

    def seconds(self, ms: int) -> float | int:
        """A length."""
        return ms / 1000 if self.switches.precise else round(ms / 1000)


def _last_event(call: Call, answered: bool) -> str:
    if answered:
        return "CALL_TRANSFERRED" if call.transfers and call.end_reason == "TRANSFERRED" else "CALL_TERMINATED"
    reason = call.end_reason or ""
    if call.direction is not Direction.INCOMING:
        return {"NO_ANSWER": "CALL_LOST_NO_ANSWER", "REJECTED": "CALL_REJECTED"}.get(reason, "CALL_CANCELED_BY_ORIGINATOR")
    if call.redirects.get("user_busy") and not call.visits:
        return "CALL_LOST_USER_BUSY"
    if reason == "REJECTED":
        return "CALL_REJECTED"
    return "CALL_CANCELED_BY_ORIGINATOR" if reason == "CALLER_HANGUP" else "CALL_LOST_NO_ANSWER"


def extension(agent: Agent) -> int:
    """A user's extension."""
    return FIRST_EXTENSION + agent.order if agent.id < OF_SCRIPTS else 901 + agent.id - OF_SCRIPTS
