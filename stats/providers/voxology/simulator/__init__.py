"""A look-alike of Voxology, for tests and demonstrations: commands and tests start it, the product never does."""

from stats.providers.voxology.simulator.switches import Switches
from stats.providers.voxology.simulator.voxology import DEFAULT_TOKEN, VoxologySimulator

__all__ = ["DEFAULT_TOKEN", "Switches", "VoxologySimulator"]
