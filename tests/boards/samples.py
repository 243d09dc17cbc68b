"""Values of contact centres on all kinds of days, in the shape the live store gives them to the boards."""

from collections.abc import Callable
from copy import deepcopy

# 2026-05-18 14:02:13 in Stockholm, when the agents have just turned their page.
NOW = 1779105733000
ZONE = "Europe/Stockholm"
Values = dict[str, dict[str, object]]

QUEUES = ["Kundtjänst", "Support", "Försäljning", "Faktura", "Jour", "Reception"]
PEOPLE = [
    "Anna Lindqvist",
    "Anna Lundgren",
    "Jonas Wik",
    "Jennifer Ek",
    "Patrik Holm",
    "Per-Olof Sandberg",
    "Sofia Berg",
    "Erik Nilsson",
    "Karin Ek",
    "Lina Åberg",
    "Oskar Öst",
    "Maja Dahl",
    "Nils Frisk",
    "Elsa Modig",
    "Hugo Strand",
    "Ebba Sjö",
    "Axel Rask",
    "Ines Lund",
    "Otto Falk",
    "Vera Ros",
]
DAY_STATES = ["talking", "ready", "talking", "ready", "wrapup", "away", "talking", "ringing", "off", "ready", "idle"]
PROFILES = {
    "away": "Lunch",
    "ready": "Tillgänglig",
    "talking": "Tillgänglig",
    "wrapup": "Efterarbete",
    "off": "Gått för dagen",
    "idle": "Tillgänglig",
}
LIVE = {"level": "live", "alive_at": None, "reason": "ok", "state": "live"}


def feeds(level: str = "live", reason: str = "ok", age_s: float | None = None, state: str = "live") -> Values:
    """Both feeds of the source `telavox` and the source itself."""
    told: dict[str, object] = {
        "level": level,
        "alive_at": None if age_s is None else NOW - round(age_s * 1000),
        "reason": reason,
        "state": state,
    }
    return {
        "source:telavox": {"name": "telavox", "provider": "telavox", "state": state, "sockets": {}, "seeded_to": None, "exact": True},
        "feed:telavox:calls": dict(told),
        "feed:telavox:presence": dict(told),
        "feed:telavox:agents": dict(told),
    }


def queue(
    name: str, number: int, *, waiting: int = 0, wait_s: int = 0, level: float | None = 0.9, ready: int = 2, of: int = 5, busy: int = 40
) -> dict[str, object]:
    """One queue; a longest wait of `wait_s` seconds when somebody waits."""
    since = NOW - wait_s * 1000 if waiting else None
    return {
        "id": number,
        "account_id": number * 9,
        "name": name,
        "source": "telavox",
        "target_s": 20.0,
        "short_s": 5.0,
        "share": 0.8,
        "waiting": waiting,
        "waiting:severity": "act" if waiting >= 10 else "attention" if waiting >= 5 else "calm",
        "longest_wait_since": since,
        "longest_wait:limits": [since + 60_000, since + 120_000] if since else None,
        "service_level": level,
        "service_level:severity": "calm" if level is None or level >= 0.8 else "attention" if level >= 0.7 else "act",
        "offered": busy,
        "answered": busy - 3,
        "abandoned": 3,
        "abandon_rate": 3 / busy if busy else None,
        "abandon_rate:severity": "calm",
        "asa": 17.4,
        "agents_ready": ready,
        "agents_logged_in": of,
        "agents_talking": of - ready,
    }


def agent(
    name: str | None, number: int, state: str, for_s: int | None = 100, *, profile: str | None = None, unverified_s: int | None = None
) -> dict[str, object]:
    """One agent, `for_s` seconds in the state."""
    return {
        "id": number,
        "account_id": number + 1,
        "name": name,
        "source": "telavox",
        "state": state,
        "state_since": None if for_s is None else NOW - for_s * 1000,
        "verified": unverified_s is None,
        "unverified_since": None if unverified_s is None else NOW - unverified_s * 1000,
        "profile": profile or PROFILES.get(state),
        "until": None,
    }


def site(
    queues: list[dict[str, object]], agents: list[dict[str, object]], *, level: float | None = 0.84, lost: int = 3, calls: int = 128
) -> dict[str, object]:
    """The whole organisation, summed up from its parts."""
    waits = [q["longest_wait_since"] for q in queues if q["longest_wait_since"] is not None]
    since = min(waits, default=None)  # type: ignore[type-var]
    states = [a["state"] for a in agents]
    waiting = sum(int(str(q["waiting"])) for q in queues)
    told: dict[str, object] = {
        "known": True,
        "waiting": waiting,
        "waiting:severity": "act" if waiting >= 20 else "attention" if waiting >= 10 else "calm",
        "longest_wait_since": since,
        "longest_wait:limits": None if since is None else [int(str(since)) + 60_000, int(str(since)) + 120_000],
        "service_level": level,
        "service_level:severity": "calm" if level is None or level >= 0.8 else "act" if level < 0.7 else "attention",
        "30m.service_level": None if level is None else max(level - 0.05, 0),
        "abandoned": lost + 2 if calls else 0,
        "abandon_rate": 0.041 if calls else None,
        "abandon_rate:severity": "calm",
        "lost_callers": lost,
        "calls_in": calls,
        "answered": max(calls - 9, 0),
        "asa": 17.4 if calls else None,
        "calls_in.spark": [(n * 7 % 5) + (n // 12) if calls else 0 for n in range(60)],
        "agents_logged_in": len([s for s in states if s not in ("off", "idle")]),
    }
    told.update({f"agents_{s}": states.count(s) for s in ("ready", "talking", "ringing", "wrapup", "away", "unknown")})
    return told


def whole(queues: list[dict[str, object]], agents: list[dict[str, object]], **more: object) -> Values:
    """Everything, by scope."""
    values: Values = {"site": site(queues, agents, **more)}  # type: ignore[arg-type]
    values.update({f"queue:{q['id']}": q for q in queues})
    values.update({f"agent:{a['id']}": a for a in agents})
    values.update(feeds())
    return values


def people(count: int) -> list[dict[str, object]]:
    """So many agents, in the mixture of a normal day."""
    return [
        agent(
            PEOPLE[n] if n < len(PEOPLE) else f"{PEOPLE[n % len(PEOPLE)].split()[0]} Agentsson {n}",
            924000 + n,
            DAY_STATES[n % 11],
            17 + n * 211 % 4000,
        )
        for n in range(count)
    ]


def normal() -> Values:
    """Two in the afternoon, all well."""
    queues = [queue(name, 111000 + n, level=0.97 - n * 0.03, busy=40 - n * 3) for n, name in enumerate(QUEUES[:5])]
    queues[1] = queue("Support", 111834, waiting=2, wait_s=34, level=0.84, ready=0, of=6)
    return whole(queues, people(14))


def attention() -> Values:
    """One queue is slipping."""
    queues = [queue(name, 111000 + n, level=0.93 - n * 0.02) for n, name in enumerate(QUEUES[:5])]
    queues[2] = queue("Support", 111834, waiting=6, wait_s=78, level=0.76, ready=0, of=6)
    return whole(queues, people(14), level=0.78)


def flood() -> Values:
    """Everybody calls at once."""
    queues = [
        queue(name, 111000 + n, waiting=12 - n * 2, wait_s=222 - n * 40, level=0.61 + n * 0.05, ready=0, of=4)
        for n, name in enumerate(QUEUES)
    ]
    return whole(queues, people(30), level=0.62, lost=57, calls=1284)


def many() -> Values:
    """Fourteen queues and sixty-six agents."""
    queues = [queue(f"{QUEUES[n % 6]} {n // 6 + 1}", 111000 + n, waiting=n % 4, wait_s=n * 9, level=0.95 - n * 0.01) for n in range(14)]
    queues[11] = queue("Vänskaparnas växel", 111011, waiting=5, wait_s=190, level=0.66, ready=0, of=3)
    return whole(queues, people(66))


def one_queue() -> Values:
    """One queue and three people."""
    return whole([queue("Support", 111834, waiting=1, wait_s=12, level=0.91)], people(3), calls=31)


def no_queues() -> Values:
    """A source that has not said anything but that it lives."""
    return whole([], [], level=None, lost=0, calls=0)


def zero_calls() -> Values:
    """Seven in the morning: queues and people, no call yet."""
    queues = [
        queue(name, 111000 + n, level=None, busy=0) | {"answered": 0, "abandoned": 0, "asa": None} for n, name in enumerate(QUEUES[:4])
    ]
    return whole(queues, people(8), level=None, lost=0, calls=0)


def long_names() -> Values:
    """Names as people really have them."""
    names = [
        "Kundtjänst företag och offentlig sektor Norrland",
        "Kundtjänst privat",
        "Wolfeschlegelsteinhausenbergerdorff",
        "Ärendehantering & återkoppling",
        "Jour",
    ]
    queues = [queue(name, 111000 + n, waiting=n, wait_s=30 * n) for n, name in enumerate(names)]
    staff = [
        "Maria Fernández de la Cruz González",
        "Maria Fernández de la Cruz Gómez",
        "Wolfeschlegelsteinhausenbergerdorff",
        "Anna Li",
        "Per-Olof Andersson-Lundqvist",
        "Per-Olof Anderssén-Lund",
        "Åsa Öberg-Ström",
    ]
    agents = [
        agent(name, 924000 + n, DAY_STATES[n], 1000 * n + 9, profile="Utbildning/workshop hela eftermiddagen")
        for n, name in enumerate(staff)
    ]
    return whole(queues, [*agents, agent(None, 924999, "ready")])


def dead(age_s: float = 130, level: str = "stale", reason: str = "silent") -> Values:
    """The upstream died so many seconds ago."""
    return attention() | feeds(level, reason, age_s, "stale")


def unknown(reason: str = "connecting") -> Values:
    """Nothing has been read yet."""
    values = deepcopy(normal())
    for scope, told in values.items():
        kept = ("name", "id", "account_id", "source", "target_s", "short_s", "share")
        for metric in told:
            if metric not in kept and scope.split(":")[0] in ("site", "queue", "agent"):
                told[metric] = None
    for scope in values:
        if scope.startswith("agent:"):
            values[scope] |= {"state": "unknown", "verified": False}
    values["site"]["known"] = False
    return values | feeds("unknown", reason, None, "connecting")


def unverified() -> Values:
    """After a gap: nobody has confirmed what the agents do."""
    values = normal()
    for at, scope in enumerate(sorted(scope for scope in values if scope.startswith("agent:"))):
        if at % 3 == 0:
            values[scope] |= {"verified": False, "unverified_since": NOW - 400_000}
        if at % 7 == 1:
            values[scope] |= {"state": "unknown", "state_since": None, "verified": False, "unverified_since": None, "profile": None}
    return values


STATES: dict[str, Callable[[], Values]] = {
    "normal": normal,
    "attention": attention,
    "flood": flood,
    "many": many,
    "one_queue": one_queue,
    "no_queues": no_queues,
    "zero_calls": zero_calls,
    "long_names": long_names,
    "late": lambda: dead(24, "late"),
    "stale": dead,
    "gone": lambda: dead(400),
    "unknown": unknown,
    "refused": lambda: unknown("auth_error"),
    "unverified": unverified,
}
