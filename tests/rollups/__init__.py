"""Sums by quarter hour and day, as reports read them."""
