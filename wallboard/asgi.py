"""The one ASGI application: posts of vendors to their door, other HTTP to Django, WebSockets to the boards behind an origin check.

Rules that hold here: boards admit their sockets themselves; a thousand screens need a thousand descriptors, so the process takes all it may
have; it parts from its screens in words, and finishes the answers it began; where another serves already, it waits for its turn.
"""

import os
import resource
import sys

from wallboard.env import WrongSetting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallboard.settings")

try:
    from django.core.asgi import get_asgi_application

    _http = get_asgi_application()
    import wallboard.urls  # noqa: F401 (every page, before the first is asked for)
except WrongSetting as wrong:
    # Daphne would print a page of traceback for what is one line.
    sys.exit(str(wrong))

from channels.routing import ProtocolTypeRouter, URLRouter

from stats.garbage import look_seldom
from stats.turn import wait_for_turn
from wallboard.hooks import application as posted
from wallboard.hooks.measuring import measure_requests
from wallboard.origins import OwnOrigin
from wallboard.push import hubs, leaving
from wallboard.push.routing import websocket_urlpatterns

# Everything slow is done: whoever stands by takes over within moments. What was ordered meanwhile was ordered of others.
wait_for_turn()
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (_hard, _hard))
measure_requests()
leaving.prepare()
leaving.wait_for_goodbyes()
leaving.hear_sigterm(hubs.sockets)

application = ProtocolTypeRouter(
    {
        "http": leaving.unhurried(posted.before(_http)),
        "websocket": OwnOrigin(URLRouter(websocket_urlpatterns)),  # type: ignore[arg-type]  # the stubs know patterns by include() alone
    }
)

look_seldom()
