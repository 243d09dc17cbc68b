"""Response headers that Django and its CSP package leave to us."""

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware


def _add(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    try:
        host = request.get_host()
    except DisallowedHost:
        return response
    # Browsers of 2018 to 2021 do not count a WebSocket of the same host as 'self'.
    scheme = "wss" if request.is_secure() else "ws"
    if not hasattr(response, "_csp_update"):
        response._csp_update = {"connect-src": [f"{scheme}://{host}"]}  # type: ignore[attr-defined]
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    return response


@sync_and_async_middleware
def browser_rules(
    get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]:
    """Middleware that names the board's WebSocket in the content policy and turns off what no page of ours uses."""
    if iscoroutinefunction(get_response):

        async def in_the_loop(request: HttpRequest) -> HttpResponseBase:
            return _add(request, await get_response(request))

        return in_the_loop

    def in_a_thread(request: HttpRequest) -> HttpResponseBase:
        return _add(request, get_response(request))  # type: ignore[arg-type]

    return in_a_thread
