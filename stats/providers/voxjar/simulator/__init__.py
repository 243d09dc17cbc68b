"""Voxjar played on one loopback port: what its guide and its published client say, and every way reality might differ from them.

Only commands and tests may import this room. It shares nothing with the product's reading of the vendor, so that a misreading on one
side shows on the other.
"""

from stats.providers.voxjar.simulator.studio import Trouble, VoxjarSimulator
from stats.providers.voxjar.simulator.switches import Switches

__all__ = ["Switches", "Trouble", "VoxjarSimulator"]
