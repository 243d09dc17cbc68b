"""Checks of style that no ready-made linter makes."""
