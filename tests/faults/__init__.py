"""Faults made for real: the catalogue's matrix, a proxy that breaks links, campaigns over the whole product."""
