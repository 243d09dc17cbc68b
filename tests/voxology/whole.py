"""One `manage.py up` with one source of Voxology, and the look-alike that it asks and that posts to it."""

import contextlib
from typing import Any

from tests.acceptance.product import agent, queue
from tests.vendors.housed import Housed

TOKEN, HOOK_KEY = "voxology-Ginst-4711-secret", "voxology-Syren-0815-secret"  # made up
WITHIN_S = 25.0  # what is promised is a few; a loaded machine is no broken promise
QUEUE, AGENT = "s:vy:Exempel-ko-1", "s:vy:930001"


class Asking(Housed):
    """See Housed; call flows post with a key."""

    def __init__(self) -> None:
        asks = {"poll_seconds": 0.5, "requests_per_minute": 3000}
        super().__init__("voxology", "vy", path="/v1", token=TOKEN, secret=HOOK_KEY, settings=asks)

    def act(self, do: str, caller: str, **asked: Any) -> None:
        """Somebody does something."""
        answer = self.deed("act", do=do, caller=caller, **asked)
        assert "id_call" in answer, answer

    def now(self, name: str) -> Any:
        """A value of the queue as it is now; None while there is no queue."""
        with contextlib.suppress(ValueError):
            return queue(self.live(), QUEUE)["now"][name]
        return None

    def today(self, name: str) -> Any:
        """The same of the day."""
        with contextlib.suppress(ValueError):
            return queue(self.live(), QUEUE)["today"][name]
        return None

    def agent_state(self) -> str:
        """What the board says the first agent is doing."""
        with contextlib.suppress(ValueError):
            return str(agent(self.live(), AGENT)["state"])
        return "nobody"
