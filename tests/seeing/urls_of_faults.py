"""The product's map with one address that breaks."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from wallboard.urls import handler500
from wallboard.urls import urlpatterns as ours


def _breaks(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("canary-of-the-fault")


urlpatterns = [path("breaks", _breaks), *ours]

__all__ = ["handler500", "urlpatterns"]
