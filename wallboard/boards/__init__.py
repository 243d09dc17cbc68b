"""Boards: their definitions, their tiles and the screens that may open them."""
