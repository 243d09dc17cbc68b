"""One contact-centre floor, played by the clock and by chance from a seed, for every look-alike to speak about in its own dialect.

Standard library only. Nothing here knows a telephone company: the simulators listen to the floor and write its documents.
Only commands and tests may import this room.
"""

from stats.simulation.floor import Floor
from stats.simulation.plan import FloorPlan

__all__ = ["Floor", "FloorPlan"]
