"""Receipts of spans, and the list of calls."""
