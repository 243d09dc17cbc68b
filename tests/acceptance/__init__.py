"""Acceptance: the whole product as real processes, driven from outside and broken on purpose."""
