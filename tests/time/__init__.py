"""Midnight, changes of the clocks, clocks that are stepped or skewed."""
