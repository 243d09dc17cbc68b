"""Who may look is found by looking, with every message between our processes lost: Redis dead, nobody to tell anybody."""

import asyncio
import time
from typing import Any

import pytest

from tests.delivery.conftest import Gather
from tests.push.web import Server, behave

REVOKE = """
import sys, django; django.setup()
from django.utils import timezone
from wallboard.accounts.models import Screen
assert Screen.objects.filter(board=sys.argv[1]).update(revoked_at=timezone.now()) == 1
"""
DARK_WITHIN_S = 60.0


@pytest.mark.fault("C9", "D9")
@pytest.mark.timeout(120)
async def test_a_revoked_screen_goes_dark_with_redis_dead(web: Server, gather: Gather) -> None:
    """All of the screens of that key, and none of another's."""
    screens = await gather(30)
    assert (await screens("storm"))["live"] == 30
    async with web.other_browser("supervisor") as other:
        heard: list[dict[str, Any]] = []
        staying = asyncio.create_task(behave(other, heard))
        assert web.redis is not None
        web.redis.kill()
        began = time.monotonic()
        await asyncio.to_thread(web.run, REVOKE, "team")
        while (told := await screens("look"))["codes"].get("4003", 0) < 30:
            assert time.monotonic() - began < DARK_WITHIN_S, told
            await asyncio.sleep(0.5)
        assert set(told["codes"]) == {"4003"}
        assert time.monotonic() - began < 30, "a look every three seconds needs nobody's word"
        assert [message["type"] for message in heard[:1]] == ["snapshot"]
        assert not staying.done(), "the other key's screens stay"
        staying.cancel()
