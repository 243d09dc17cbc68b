"""The one ASGI application: HTTP to Django, WebSockets to the boards behind an origin check; boards admit their sockets themselves."""

import os
import sys

from wallboard.env import WrongSetting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallboard.settings")

try:
    from django.core.asgi import get_asgi_application

    _http = get_asgi_application()
except WrongSetting as wrong:
    # Daphne would print a page of traceback for what is one line.
    sys.exit(str(wrong))

from channels.routing import ProtocolTypeRouter, URLRouter

from wallboard.origins import OwnOrigin
from wallboard.push.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": _http,
        "websocket": OwnOrigin(URLRouter(websocket_urlpatterns)),  # type: ignore[arg-type]  # the stubs know patterns by include() alone
    }
)
