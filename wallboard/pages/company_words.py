"""What each telephone company can tell, and what a source of it asks for, in words.

Rules that hold here: keyed by the company's own names for facts and options (`stats.providers.base`); what is said of one company alone
comes before what is said of all; a fact or an option without words is shown by its own name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from stats.ingest.door import Company
from wallboard.pages.definition_words import PLACES, WORDS

Words = Promise | str

FACTS: Mapping[str, Words] = {
    "calls_live": _("Calls as they go on"),
    "calls_past": _("Calls of earlier days"),
    "queues_live": _("Who waits in which queue"),
    "queues_past": _("Queues of earlier days"),
    "rings": _("Whose telephone rang"),
    "presence": _("What each agent is doing"),
    "presence_past": _("Agents' time by profile"),
    "estimate": _("The vendor's own estimate of the wait"),
    "hold": _("Time on hold"),
    "transfers": _("Transfers"),
    "recordings": _("Recordings"),
    "transcripts": _("What was said, as text"),
    "summaries": _("Summaries of calls"),
    "sentiment": _("Sentiment"),
    "messages": _("Text messages and faxes, counted"),
    "contacts": _("Names on numbers"),
    "dial": _("Calling somebody back by a click"),
}
# Of numbers that who listens is told.
PAST: Mapping[str, Words] = {
    "queue_past": _("Queues, where nobody listened to calls of that time"),
    "site_past": _("The whole organisation, where nobody listened to calls of that time"),
    "agent_past": _("Agents, where nobody listened to calls of that time"),
}
HOW: Mapping[str, Words] = {"told": _("Told"), "derived": _("Derived"), "none": _("Cannot be told")}
_DERIVED: Mapping[str, Words] = {
    "presence": _("Made from each agent's rings and calls: busy or not is seen, a break or a wrap-up is not."),
    "queues_live": _("Made from the numbers or menus that you name as queues in the options."),
    "queues_past": _("Made from the numbers or menus that you name as queues in the options."),
    "calls_live": _("Put together from what is told of each telephone."),
    "rings": _("Made from the calls to each agent's telephone."),
    "transfers": _("Seen where a call goes on with somebody else."),
    "hold": _("Made from the call's other times."),
}
_NONE: Mapping[str, Words] = {
    "queues_live": _("This company has no queues, or tells nothing of them while a call goes on."),
    "queues_past": _("This company tells no queue of a call that is over."),
    "rings": _("It is told who answered, never whose telephone rang in vain."),
    "presence": _("This company tells nothing of agents who are in no call."),
    "presence_past": _("This company keeps no times of agents' profiles."),
    "estimate": _("This company makes no estimate. The wallboard shows the waits there are."),
    "hold": _("A call's time on hold is part of its talk."),
    "transfers": _("A call that was passed on looks like one call."),
    "recordings": _("The sound of calls cannot be had by programs."),
    "transcripts": _("Nothing is written down by this company."),
    "summaries": _("Nothing is summed up by this company."),
    "sentiment": _("This company does not judge how a call sounded."),
    "messages": _("This company tells nothing of messages."),
    "contacts": _("This company has no list of contacts that programs may read."),
    "dial": _("This company lets no program start a call."),
}
# Of one company alone.
_OWN: Mapping[tuple[str, str], Words] = {
    ("telavox", "recordings"): _("Telavox tells that a call was recorded. The sound cannot be had by programs."),
    ("telavox", "presence_past"): _("Told each full hour."),
    ("voxloud", "queues_live"): _("Voxloud has no queues. A number that is called can stand for one: name it in the options."),
    ("voxloud", "queues_past"): _("Voxloud has no queues. A number or an IVR rule can stand for one: name it in the options."),
    ("voxloud", "sentiment"): _("From 0 (bad) to 100 (good), judged by Voxloud."),
    ("voxology", "presence"): _("Made from the calls that agents take out of queues: busy or not is seen, a break is not."),
    ("voxology", "queues_past"): _("Voxology's logs name no queue. What the wallboard has seen itself is kept."),
    ("voxology", "rings"): _("Seen where call flows say which agent is connected."),
    ("vocatech", "queues_live"): _("Seen where groups post events of their own: name them in the options, or let history teach them."),
    ("vocatech", "transfers"): _("Read out of a call's journey when it is over."),
    ("vocatech", "recordings"): _("Played by a link that is made anew for each play and ends after half an hour."),
    ("vocatech", "transcripts"): _("Comes 5 to 30 minutes after a call."),
    ("voxjar", ""): _("Voxjar has no telephones: ask the source that the recordings come from."),  # of everything else it cannot tell
    ("voxjar", "calls_live"): _("Voxjar listens to recordings that are sent to it; it has no telephones."),
    ("voxjar", "calls_past"): _("Voxjar knows the calls that were sent to it, and nothing else of the day."),
    ("voxjar", "transcripts"): _("Of the recordings that were sent to it, read back onto the call they belong to."),
}
# Where a token is made, and what it is called there.
TOKEN_NAMES: Mapping[str, Words] = {"telavox": _("Statistics Token"), "voxjar": _("API token")}
TOKEN_NAME: Words = _("API key")
TOKEN_WAYS: Mapping[str, str] = {
    "telavox": "Telavox → Settings → My Account → Username and password → Integration → Manage Token → Create new Statistics Token",
    "voxology": "Developer Portal → Application → Application Details → API Credentials (API Key)",
    "voxjar": "Voxjar → Settings → Developers",
}
OPTIONS: Mapping[str, tuple[Words, Words]] = {
    "queues": (
        _("Numbers and menus that stand for queues"),
        _("Each row becomes a queue of the boards, marked as derived. Numbers with country code, one a line."),
    ),
    "groups": (
        _("Extensions that are groups"),
        _("Hunt groups and call centres whose calls count as waiting in a queue. What history shows is learnt besides."),
    ),
    "notification_email": (
        _("Whom the vendor writes to when it switches posts off"),
        _("An e-mail address; empty for nobody. They are switched on again by themselves."),
    ),
    "utc_days": (_("Days are asked for in UTC"), _("Otherwise a day more is asked for on either side. Both read everything.")),
    "help_page_signature": (
        _("Signatures as on the vendor’s help page"),
        _("Its guide and its help page differ. Tick it only when deliveries are refused although the secret is right."),
    ),
    "agent_numbers": (
        _("Numbers of agents’ telephones"),
        _("Calls to them are rings and no calls of their own. One a line: the number or SIP address, = and the agent’s id."),
    ),
    "agents_by": (_("How agents are told apart"), _("By what your call flows say of them, or by the number of their telephone.")),
    "connected_is_answered": (
        _("A call that is connected counts as answered"),
        _("For systems in which no agent’s leg takes callers out of a queue."),
    ),
    "poll_seconds": (_("Seconds between two questions"), _("How often queues and calls are asked for. The vendor’s limit comes first.")),
    "requests_per_minute": (_("Most questions a minute"), _("What the vendor lets this key ask; other programs with the same key count.")),
    "dial_from": (_("Number that calls back"), _("One of your numbers there; empty offers no calling back.")),
    "sub_account": (_("Sub account"), _("The id of the sub account whose calls are meant; empty for the main account.")),
    "agents": (
        _("Who is who"),
        _("The vendor's word for an agent (an extension) on the left, the name or e-mail address that stays theirs on the right."),
    ),
    "sources": (_("Sources whose recordings are sent"), _("Names of sources, one a line; empty sends nothing.")),
    "consented": (
        _("Sources whose callers have agreed"),
        _("Where callers are told that others listen to recordings. Names of sources, one a line; of others nothing is sent."),
    ),
    "opted_out": (_("Numbers never sent"), _("Callers who want no recording of theirs analysed, one number a line.")),
    "internal": (_("Send calls between colleagues too"), ""),
    "customers": (_("How callers are named there"), _("By their number, or by a pseudonym that is the same for every call of a number.")),
    "overwrite": (_("Send what somebody else has sent already"), _("What is there under the same identifier is replaced.")),
    "largest_mb": (_("Largest recording, in MB"), _("A larger one is set aside, and said so.")),
}
CHOICES: Mapping[str, Words] = {
    "session": _("By the agent_id of the call flow"),
    "number": _("By number"),
    "pseudonym": _("By a pseudonym"),
}
_QUEUES_TO_SEND: tuple[Words, Words] = (_("Queues whose recordings are sent"), _("Names of queues, one a line; empty sends those of all."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """One line of the table. `how`: told, derived or none."""

    fact: str
    label: str
    how: str
    said: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Numbers that no source of a company has, of one kind of scope: labels, each with its anchor on the page of definitions."""

    place: str
    numbers: list[tuple[str, str]]


def capabilities(company: Company) -> list[Capability]:
    """The whole table of a company, in the order of its own list."""
    return [
        Capability(fact=fact, label=str(FACTS.get(fact, fact)), how=how, said=str(HOW[how]), why=why_of(company.name, fact, how))
        for fact, how in company.can.items()
    ]


def why_of(company: str, fact: str, how: str) -> str:
    """Why a fact is derived or cannot be told; for one that is told, what is special about it."""
    own = _OWN.get((company, fact)) or (_OWN.get((company, "")) if how == "none" else None)
    general = {"derived": _DERIVED, "none": _NONE}.get(how, {})
    return str(own or general.get(fact, ""))


def lacking(company: Company) -> list[Lacking]:
    """Which numbers a company cannot tell."""
    found = []
    for place, metrics in company.lacks.items():
        numbers = []
        for metric in metrics:
            if metric == "service_levels":
                continue  # the same by other formulas
            # Queues' numbers are the whole organisation's, too.
            anchor = next((f"{of}.{metric}" for of in (place.removesuffix("_past"), "queue") if f"{of}.{metric}" in WORDS), "")
            numbers.append((str(WORDS[anchor][0]) if anchor in WORDS else metric, anchor))
        if numbers:
            found.append(Lacking(place=str(PAST.get(place) or PLACES.get(place, place)), numbers=numbers))
    return found


def summary(company: Company) -> str:
    """A company in a sentence, for whoever chooses one."""
    if company.connect is None:
        return _now("A place to send recordings to. What it writes down comes back to the call.")
    missing = [str(FACTS.get(fact, fact)).lower() for fact, how in company.can.items() if how == "none"]
    derived = [str(FACTS.get(fact, fact)).lower() for fact, how in company.can.items() if how == "derived"]
    words = [_now("Derived: %(facts)s.") % {"facts": "; ".join(derived)}] if derived else []
    words += [_now("Cannot be told: %(facts)s.") % {"facts": "; ".join(missing)}] if missing else []
    return " ".join(words) or _now("Tells everything the boards can show.")


def token_name(company: str) -> str:
    """What the token is called where it is made."""
    return str(TOKEN_NAMES.get(company, TOKEN_NAME))


def token_way(company: str) -> str:
    """Where in the vendor's own pages it is made; "" where we do not know."""
    return TOKEN_WAYS.get(company, "")


def choice_words(choice: str) -> str:
    """What one value of an option is called."""
    return str(CHOICES.get(choice, choice))


def option_words(company: Company, option: str) -> tuple[str, str]:
    """What an option is called, and a hint."""
    if company.connect is None and option == "queues":
        label, hint = _QUEUES_TO_SEND
    else:
        label, hint = OPTIONS.get(option, (option.replace("_", " ").capitalize(), ""))
    return str(label), str(hint)
