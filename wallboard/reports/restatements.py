"""What moved after its day was over, `/reports/restatements/`: numbers of quarters that were final and became others."""

from django.http import HttpResponse

from wallboard.pages.frame import Visit, draw, for_people


async def restatements(visit: Visit) -> HttpResponse:
    """GET /reports/restatements/"""
    return draw(visit, "reports/restatements.html", "reports")


page = for_people(restatements, needs="look")
