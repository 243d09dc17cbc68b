"""Every page a signed-in person can open, for tests that ask the same of all of them; ids are those of `tests.push.floor`."""

QUEUE, AGENT, CALL = 111834, 924328, "one"
PAGES: dict[str, str] = {
    "overview": "/",
    "overview as a table": "/?view=table",
    "queue": f"/queues/{QUEUE}/",
    "agents": "/agents/",
    "agent": f"/agents/{AGENT}/",
    "call": f"/calls/{CALL}/",
    "receipt of a count": f"/numbers/queue:{QUEUE}/offered/",
    "receipt of a ratio": "/numbers/site/service_level/?window=60m",
    "receipt of a cell": f"/numbers/queue:{QUEUE}/service_level/?from=2026-05-18&to=2026-05-20&hours=08:00-17:00",
    "receipt of an agent's time": f"/numbers/agent:{AGENT}/time_ready/",
    "list of calls": "/reports/calls/?period=7d&outcome=answered",
    "report by time": "/reports/interval/",
    "report of a week, compared": "/reports/interval/?period=7d&compare=weekdays&queue=111834&hours=08:00-17:00",
    "report of agents": "/reports/agents/?agent=924328",
    "heat map": "/reports/heat/?period=7d",
    "trend": "/reports/trend/?compare=weekdays",
    "waits": "/reports/waits/",
    "time by profile": "/reports/profiles/",
    "restatements": "/reports/restatements/",
    "lost callers": "/callers/",
    "definitions": "/definitions/",
    "search": "/search/?q=support",
    "screens": "/screens/",
    "pairing": "/pair/",
    "people": "/people/",
    "tokens": "/tokens/",
    "audit log": "/audit/",
    "privacy": "/privacy/",
    "account": "/account/",
    "sources": "/sources/",
    "health": "/health/",
    "nothing here": "/calls/no-such-call/",
}
# Without a login.
OPEN_PAGES: dict[str, str] = {"sign in": "/login/", "a television": "/tv/", "a television without JavaScript": "/tv/lite/"}
