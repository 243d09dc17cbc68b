"""Televisions: how one is paired, what it shows in turn, and the page from which they are all looked after."""
