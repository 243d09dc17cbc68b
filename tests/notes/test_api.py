"""What programs are told of notes: what their scopes open, null where nothing was told, and never where a recording lies."""

from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.test import AsyncClient

from stats.clock import now_ms
from stats.models import Organisation
from tests.notes.conftest import Desk
from tests.notes.told import detail, message, recording, transcript
from wallboard.accounts.models import ApiToken

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


async def asked(address: str, *scopes: str, queues: list[str] | None = None) -> Any:
    def made() -> str:
        row, secret = ApiToken.issue(Organisation.objects.get(slug="default"), f"{scopes}{queues}")
        ApiToken.objects.filter(pk=row.pk).update(scopes=list(scopes), queues=queues)
        return str(secret)

    token = await database_sync_to_async(made)()
    answer = await AsyncClient().get(address, headers={"Authorization": f"Bearer {token}"})
    return answer.json()


async def test_a_call_has_its_notes_as_far_as_the_scopes_go(desk: Desk) -> None:
    plain = await asked("/api/v1/calls/one", "calls", "recordings", "numbers")
    assert [plain[name] for name in ("recordings", "transcript", "sentiment", "details")] == [None] * 4
    told = (recording("one"), recording("one", recording_id="b", duration_ms=None), transcript("one", sentiment=0.0))
    await desk.told(*told, detail("one", direction="out", called_number="+46701740633", crm_url="https://crm.test/1"))
    whole = await asked("/api/v1/calls/one", "calls", "recordings", "numbers")
    assert whole["recordings"] == {"count": 2, "lengths": [62.0, None]} or whole["recordings"]["lengths"] == [None, 62.0]
    assert whole["sentiment"] == 0.0
    assert whole["transcript"][0]["turns"][1] == {
        **{"speaker": "Caller", "text": "Yes, about my bill.", "start": 2.5, "length": None, "confidence": None}
    }
    assert (whole["details"]["called_number"], whole["details"]["customer_name"]) == ("+46701740633", "Bo Ek")
    masked = await asked("/api/v1/calls/one", "calls")
    assert (masked["transcript"], masked["sentiment"], masked["recordings"]["count"]) == (None, None, 2)
    assert {masked["details"][name] for name in ("called_number", "customer_name", "crm_url")} == {None}
    assert masked["details"]["status"] == "ANSWERED"


async def test_reports_of_details_and_messages_count_what_was_told(desk: Desk) -> None:
    """VT-14, VY-16."""
    at = now_ms() - 60_000
    await desk.told(detail("a", at=at), detail("b", at=at), message("m", sent_at=at))
    report = await asked("/api/v1/reports/details", "reports")
    assert report["rows"] == [
        {
            **{"called_number": "+4681740600", "direction": "in", "status": "ANSWERED"},
            **{"hangup_side": "caller", "error_code": None, "calls": 2},
        }
    ]
    report = await asked("/api/v1/reports/messages", "reports")
    assert report["rows"] == [{"channel": "text", "direction": "in", "status": "received", "messages": 1}]
    assert (await asked("/api/v1/reports/messages", "reports", queues=["111834"]))["status"] == 403
    assert (await asked("/api/v1/reports/details", "reports", queues=["111834"]))["rows"] == []
    assert (await asked("/api/v1/reports/details?from=2020-01-01&to=2020-01-02", "reports"))["rows"] == []
