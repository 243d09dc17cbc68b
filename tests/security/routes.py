"""Every address of the product, and what opens it: the table the matrix is made of.

`needs`: "everyone"; "person" (any login with an organisation); an ability of `wallboard.accounts.roles`; "token" (any API token);
"token:<ability>"; "watcher" (a person or token that may look); "staff" (the installation's own administration); "key" (the address itself
is the secret). `posts`: it changes something, and is asked by POST.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

from wallboard.push.routing import websocket_urlpatterns


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address: an example of it, in which `{pk}` and the like are filled in, and what opens it."""

    path: str
    needs: str
    posts: bool = False


def all_routes() -> Iterator[str]:
    """Every pattern Django knows, as one string each; its own administration and static files as one."""
    yield from _under("", get_resolver().url_patterns)


def _under(prefix: str, patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        whole = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if whole == "admin/":
                yield whole
            else:
                yield from _under(whole, pattern.url_patterns)
        else:
            yield whole


def all_sockets() -> list[str]:
    """Every pattern of a socket."""
    return [str(pattern.pattern) for pattern in websocket_urlpatterns]


ROUTES: dict[str, Route] = {
    "": Route(path="/", needs="look"),
    "search/": Route(path="/search/?q=anna&format=json", needs="look"),
    "definitions/": Route(path="/definitions/", needs="look"),
    "queues/<path:key>/": Route(path="/queues/111834/", needs="look"),
    "queues/<path:key>/targets/": Route(path="/queues/111834/targets/", needs="targets", posts=True),
    "agents/": Route(path="/agents/", needs="agents"),
    "agents/<path:key>/": Route(path="/agents/924328/", needs="agents"),
    "calls/<str:source>/<path:id_call>/recordings/<path:recording_id>/": Route(
        path="/calls/telavox/answered/recordings/r-1/", needs="recordings"
    ),
    "calls/<path:id_call>/": Route(path="/calls/answered/", needs="calls"),
    "numbers/<path:scope>/<str:metric>/": Route(path="/numbers/queue:111834/offered/", needs="calls"),
    "callers/": Route(path="/callers/", needs="calls"),
    "reports/": Route(path="/reports/", needs="look"),
    "reports/interval/": Route(path="/reports/interval/", needs="look"),
    "reports/heat/": Route(path="/reports/heat/?period=7d&metric=service_level", needs="look"),
    "reports/trend/": Route(path="/reports/trend/?period=7d", needs="look"),
    "reports/waits/": Route(path="/reports/waits/", needs="look"),
    "reports/profiles/": Route(path="/reports/profiles/", needs="agents"),
    "reports/notes/": Route(path="/reports/notes/", needs="targets", posts=True),
    "reports/notes/<int:pk>/": Route(path="/reports/notes/1/", needs="targets", posts=True),
    "reports/calls/": Route(path="/reports/calls/", needs="calls"),
    "api/v1/reports/details": Route(path="/api/v1/reports/details", needs="token:reports"),
    "api/v1/reports/messages": Route(path="/api/v1/reports/messages", needs="token:reports"),
    "reports/details/": Route(path="/reports/details/?period=7d", needs="calls"),
    "reports/agents/": Route(path="/reports/agents/", needs="agents"),
    "reports/quality/": Route(path="/reports/quality/", needs="look"),
    "reports/restatements/": Route(path="/reports/restatements/", needs="look"),
    "reports/views/": Route(path="/reports/views/", needs="look"),
    "reports/views/<int:pk>/": Route(path="/reports/views/1/", needs="look", posts=True),
    "reports/mails/": Route(path="/reports/mails/", needs="export"),
    "reports/mails/addresses/": Route(path="/reports/mails/addresses/", needs="people", posts=True),
    "reports/mails/<int:pk>/": Route(path="/reports/mails/1/", needs="export", posts=True),
    "privacy/": Route(path="/privacy/", needs="privacy"),
    "privacy/person/": Route(path="/privacy/person/", needs="privacy", posts=True),
    "health/": Route(path="/health/", needs="look"),
    "sources/": Route(path="/sources/", needs="look"),
    "sources/new/": Route(path="/sources/new/", needs="sources"),
    "sources/new/<slug:company>/": Route(path="/sources/new/telavox/", needs="sources"),
    "sources/removed/": Route(path="/sources/removed/", needs="sources", posts=True),
    "sources/companies/<slug:company>/": Route(path="/sources/companies/telavox/", needs="look"),
    "sources/<slug:name>/": Route(path="/sources/telavox/", needs="look"),
    "sources/<slug:name>/remove/": Route(path="/sources/telavox/remove/", needs="sources"),
    "sources/<slug:name>/hooks/": Route(path="/sources/telavox/hooks/", needs="sources"),
    "sources/<slug:name>/sent/": Route(path="/sources/voxjar/sent/", needs="sources"),
    "sources/<slug:name>/token/": Route(path="/sources/telavox/token/", needs="sources"),
    "boards/<slug:slug>/": Route(path="/boards/supervisor/", needs="look"),
    "boards/<slug:slug>/lite/": Route(path="/boards/supervisor/lite/", needs="look"),
    "pair/": Route(path="/pair/", needs="screens"),
    "screens/": Route(path="/screens/", needs="screens"),
    "screens/<int:pk>/": Route(path="/screens/{screen}/", needs="screens"),
    "screens/<int:pk>/order/": Route(path="/screens/{screen}/order/", needs="screens", posts=True),
    "screens/<int:pk>/revoke/": Route(path="/screens/{screen}/revoke/", needs="screens", posts=True),
    "people/": Route(path="/people/", needs="people"),
    "people/invite/": Route(path="/people/invite/", needs="people", posts=True),
    "people/back/": Route(path="/people/back/", needs="people", posts=True),
    "people/<int:pk>/": Route(path="/people/{member}/", needs="people", posts=True),
    "people/<int:pk>/remove/": Route(path="/people/{member}/remove/", needs="people", posts=True),
    "people/invitations/<int:pk>/revoke/": Route(path="/people/invitations/{invitation}/revoke/", needs="people", posts=True),
    "tokens/": Route(path="/tokens/", needs="tokens"),
    "tokens/<int:pk>/revoke/": Route(path="/tokens/{token}/revoke/", needs="tokens", posts=True),
    "audit/": Route(path="/audit/", needs="audit"),
    "audit/audit.csv": Route(path="/audit/audit.csv", needs="audit"),
    "account/": Route(path="/account/", needs="person"),
    "account/organisation/": Route(path="/account/organisation/", needs="person", posts=True),
    "account/sessions/<int:pk>/end/": Route(path="/account/sessions/1/end/", needs="person", posts=True),
    "login/": Route(path="/login/", needs="everyone"),
    "login/code/": Route(path="/login/code/", needs="everyone"),
    "login/outside/": Route(path="/login/outside/", needs="everyone"),
    "login/outside/back/": Route(path="/login/outside/back/", needs="everyone"),
    "logout/": Route(path="/logout/", needs="everyone", posts=True),
    "join/<str:word>/": Route(path="/join/no-such-word/", needs="key"),
    "setup/": Route(path="/setup/", needs="everyone"),
    "setup/organisation/": Route(path="/setup/organisation/", needs="organisation"),
    "setup/source/": Route(path="/setup/source/", needs="sources"),
    "tv/": Route(path="/tv/", needs="everyone"),
    "tv/lite/": Route(path="/tv/lite/", needs="everyone"),
    "tv/state/": Route(path="/tv/state/", needs="everyone"),
    "tv/restore/": Route(path="/tv/restore/", needs="everyone", posts=True),
    "s/<str:token>/": Route(path="/s/no-such-token/", needs="key"),
    "i18n/setlang/": Route(path="/i18n/setlang/", needs="everyone", posts=True),
    "admin/": Route(path="/admin/", needs="staff"),
    "admin/login/": Route(path="/admin/login/", needs="everyone"),
    "api/v1/live": Route(path="/api/v1/live", needs="token:look"),
    "api/v1/calls/<path:id_call>": Route(path="/api/v1/calls/answered", needs="token:calls"),
    "api/v1/queues/<path:key>/calls": Route(path="/api/v1/queues/111834/calls", needs="token:calls"),
    "api/v1/numbers/<path:scope>/<str:metric>": Route(path="/api/v1/numbers/queue:111834/offered", needs="token:calls"),
    "api/v1/reports/queues": Route(path="/api/v1/reports/queues?interval=15m", needs="token:reports"),
    "api/v1/reports/agents": Route(path="/api/v1/reports/agents?interval=15m", needs="token:reports"),
    "api/v1/reports/site": Route(path="/api/v1/reports/site?interval=15m", needs="token:reports"),
    "api/v1/health": Route(path="/api/v1/health", needs="watcher"),
    "api/v1/openapi.json": Route(path="/api/v1/openapi.json", needs="everyone"),
    "^api(?P<rest>/.*)?$": Route(path="/api/v1/nothing", needs="everyone"),
    "healthz": Route(path="/healthz", needs="everyone"),
    "readyz": Route(path="/readyz", needs="everyone"),
    "metrics": Route(path="/metrics", needs="everyone"),
}
