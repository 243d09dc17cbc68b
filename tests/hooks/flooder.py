"""`python -m tests.hooks.flooder ADDRESS SECRET RATE SECONDS`: posts as the tiny company does, and says what it heard as JSON."""

import asyncio
import json
import sys
import time
from collections.abc import Mapping

from bench.flood import flood
from tests.hooks.tiny import SIGNATURE, posted_event, sign

if __name__ == "__main__":
    address, secret, rate, seconds = sys.argv[1:]
    began_at = int(time.time() * 1000) - 3_600_000

    def post(number: int) -> tuple[bytes, Mapping[str, str]]:
        """One event."""
        body = posted_event(number, began_at)
        return body, {"content-type": "application/json", SIGNATURE: sign(body, secret)}

    print(json.dumps(asyncio.run(flood(address, float(rate), float(seconds), post)).document()))
