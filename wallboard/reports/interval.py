"""The interval table, `/reports/interval/`: every number of the queues by quarters, hours, days, weeks or months."""

from django.http import HttpResponse

from wallboard.pages.frame import Visit, for_people
from wallboard.reports.asked import Asked
from wallboard.reports.frame import Drawn, report_page


async def drawn(visit: Visit, asked: Asked) -> Drawn:
    """What the tab shows."""
    return Drawn(template="reports/interval.html")


async def interval(visit: Visit) -> HttpResponse:
    """GET /reports/interval/"""
    return await report_page(visit, "interval", drawn)


page = for_people(interval, needs="look")
