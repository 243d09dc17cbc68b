"""Addresses of the sockets."""

from django.urls import path, re_path

from wallboard.push.consumer import board_socket, no_such_socket

websocket_urlpatterns = [
    path("ws/boards/<slug:slug>/", board_socket),  # type: ignore[arg-type]
    path("ws/pages/<path:topic>/", board_socket),  # type: ignore[arg-type]
    re_path(r"", no_such_socket),  # type: ignore[arg-type]
]
