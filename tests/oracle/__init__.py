"""The independent oracle: today's numbers, computed the slow and obvious way from the vendor's own final documents.

Nothing here imports the product. Where the product and the oracle differ, one of the two has misread the metrics.
"""

from tests.oracle.compare import differences
from tests.oracle.documents import Documents, snake_row
from tests.oracle.journeys import QueueSetting
from tests.oracle.slow import live

__all__ = ["Documents", "QueueSetting", "differences", "live", "snake_row"]
