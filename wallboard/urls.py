"""The map of the site; each room brings its own addresses."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    # Before the admin, whose own sign-in it takes the place of.
    path("", include("wallboard.accounts.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("wallboard.api.urls")),
    path("", include("wallboard.boards.urls")),
]
# The pages for people at desks, which a wall can do without.
if find_spec("wallboard.pages.urls") is not None:
    urlpatterns.append(path("", include("wallboard.pages.urls")))
    urlpatterns.append(path("", include("wallboard.reports.urls")))

handler400 = "wallboard.faults.bad_request"
handler403 = "wallboard.faults.forbidden"
handler404 = "wallboard.faults.not_found"
handler500 = "wallboard.unavailable.failed"
