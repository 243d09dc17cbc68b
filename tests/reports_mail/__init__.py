"""Saved views, and reports that are mailed."""
