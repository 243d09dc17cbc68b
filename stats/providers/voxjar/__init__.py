"""Voxjar: recordings of finished calls are sent to it, and what it heard in them is read back."""
