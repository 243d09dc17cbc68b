"""Filling the archive from a telephone system's past."""
