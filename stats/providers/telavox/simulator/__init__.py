"""Telavox Studio played on one loopback port: what the vendor's document says, and every way reality might differ from it.

Only commands and tests may import this room. It shares nothing with the product's reading of the vendor, so that a
misreading on one side shows on the other.
"""

from stats.providers.telavox.simulator.studio import DEFAULT_TOKEN, TelavoxSimulator
from stats.providers.telavox.simulator.switches import DATASOURCES, Switches

__all__ = ["DATASOURCES", "DEFAULT_TOKEN", "Switches", "TelavoxSimulator"]
