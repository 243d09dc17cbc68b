"""Voxloud played on one loopback port: what the vendor's document says, and every way reality might differ from it.

Only commands and tests may import this room. It shares nothing with the product's reading of the vendor, so that a misreading on one side
shows on the other.
"""

from stats.providers.voxloud.simulator.pbx import DEFAULT_TOKEN, VoxloudSimulator
from stats.providers.voxloud.simulator.switches import Switches

__all__ = ["DEFAULT_TOKEN", "Switches", "VoxloudSimulator"]
