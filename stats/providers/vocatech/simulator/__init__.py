"""Vocatech played on one loopback port: what its developer guide says, and every way reality might differ from it.

Only commands and tests may import this room. It shares nothing with the product's reading of the vendor, so that a misreading on one side
shows on the other.
"""

from stats.providers.vocatech.simulator.house import DEFAULT_TOKEN, VocatechSimulator
from stats.providers.vocatech.simulator.switches import Switches

__all__ = ["DEFAULT_TOKEN", "Switches", "VocatechSimulator"]
