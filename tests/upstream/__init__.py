"""A scriptable Telavox at the edge: five sockets and GraphQL on one port, doing exactly what a test tells it to, good or bad."""

from tests.upstream.play import play
from tests.upstream.server import PATHS, ScriptableUpstream
from tests.upstream.thread import UpstreamThread

__all__ = ["PATHS", "ScriptableUpstream", "UpstreamThread", "play"]
