"""The floor under the road: the provider reads the same frames in a loop, and nothing else happens.

python -m bench.decode FILE N     says `decoded` (seconds, CPU seconds)
"""

import sys
import time
from pathlib import Path

from bench.material import read_frames
from bench.processes import tell
from stats.providers.base import SourceConfig
from stats.providers.telavox.provider import TelavoxProvider


def main() -> None:
    """See the module."""
    frames = list(read_frames(Path(sys.argv[1]), int(sys.argv[2])))
    provider = TelavoxProvider(SourceConfig(name="telavox", live_url="ws://127.0.0.1:9", historic_url="http://127.0.0.1:9", token="bench"))
    now = time.time_ns() // 1_000_000
    told = 0
    began, cpu = time.perf_counter(), time.process_time()
    for feed, frame in frames:
        told += len(provider.read(feed, frame, received_at=now)[0])
    tell("decoded", seconds=time.perf_counter() - began, cpu_s=time.process_time() - cpu, frames=len(frames), told=told)


if __name__ == "__main__":
    main()
