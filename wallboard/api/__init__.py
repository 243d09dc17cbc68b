"""The read-only JSON API, its health pages and its description."""
