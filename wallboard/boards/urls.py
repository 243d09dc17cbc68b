"""Addresses of the room: the boards, and the links that open them on a screen."""

from django.urls import path

from wallboard.boards.views import board_page, screen_link

urlpatterns = [
    path("boards/<slug:slug>/", board_page, name="board"),
    path("s/<str:token>/", screen_link, name="screen-link"),
]
