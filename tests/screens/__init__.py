"""Televisions: pairing, playlists, orders, and what the page about them says."""
