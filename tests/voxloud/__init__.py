"""Voxloud: its documents, its API and its look-alike."""
