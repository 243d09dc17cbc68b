"""Vocatech: its look-alike, how it is read, and its acceptance rows (VT-01 to VT-16) over real HTTP."""
