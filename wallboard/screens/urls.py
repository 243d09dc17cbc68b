"""Addresses of the room: the televisions' own, and those of the people who look after them."""

from django.urls import path

from wallboard.screens import pages, tv

urlpatterns = [
    path("tv/", tv.tv, name="tv"),
    path("tv/lite/", tv.tv_lite, name="tv-lite"),
    path("tv/state/", tv.state, name="tv-state"),
    path("tv/restore/", tv.restore, name="tv-restore"),
    path("pair/", pages.pair_page, name="pair"),
    path("screens/", pages.page, name="screens"),
    path("screens/<int:pk>/", pages.change_page, name="screen"),
    path("screens/<int:pk>/order/", pages.order_page, name="screen-order"),
    path("screens/<int:pk>/revoke/", pages.revoke_page, name="screen-revoke"),
]
