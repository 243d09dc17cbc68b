"""Addresses of the room: the boards, and the links that open them on a screen."""

from django.urls import path

from wallboard.boards.views import board_page, lite_page, screen_link

urlpatterns = [
    path("boards/<slug:slug>/", board_page, name="board"),
    path("boards/<slug:slug>/lite/", lite_page, name="board-lite"),
    path("s/<str:token>/", screen_link, name="screen-link"),
]
