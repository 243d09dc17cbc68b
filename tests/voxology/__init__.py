"""Voxology: its look-alike, what we make of its words, and that a day told by it is the day that was."""
