"""Makes the Redis clients of the product, in each of the three shapes a Redis can have.

Rules that hold here: a hang is never waited for twice, a broken connection is tried once more; a Sentinel that hangs costs a second,
not the whole patience; listeners have connections of their own, so that many of them leave none the less for those who ask.
"""

from typing import Any

import redis
import redis.asyncio as aioredis
import redis.asyncio.cluster as aiocluster
import redis.asyncio.sentinel as aiosentinel
import redis.cluster
import redis.retry
import redis.sentinel
from redis import exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from stats.live.address import Address

TIMEOUT_S = 4.0
SENTINEL_TIMEOUT_S = 1.0
# Short enough that a question to a node that hangs can be asked again of its successor.
NODE_TIMEOUT_S = 2.0
LISTENERS = 10_000


class WaitingSentinelPool(aiosentinel.SentinelConnectionPool, aioredis.BlockingConnectionPool):
    """Connections to the primary of the day; who finds none free waits for one."""


def client_for(address: Address, connections: int) -> Any:
    """A client for questions, with so many connections (a Cluster: per node, without a limit of its own)."""
    if address.mode == "cluster":
        return aiocluster.RedisCluster(
            startup_nodes=[aiocluster.ClusterNode(host, port) for host, port in address.hosts],
            max_connections=LISTENERS,
            retry=Retry(NoBackoff(), 2),
            socket_timeout=NODE_TIMEOUT_S,
            socket_connect_timeout=NODE_TIMEOUT_S,
            # A Cluster that has lost another's slots still serves ours.
            require_full_coverage=False,
            protocol=2,
            **_credentials(address),
            **_tls(address),
        )
    options = {**_patience(), "max_connections": connections, "timeout": TIMEOUT_S}
    if address.mode == "sentinel":
        return _sentinel(address).master_for(address.service, connection_pool_class=WaitingSentinelPool, **_primary(address), **options)
    return aioredis.Redis.from_pool(aioredis.BlockingConnectionPool.from_url(address.url, **options))


def listener_for(address: Address, client: Any) -> Any:
    """A client for subscriptions. A Cluster's own client serves for both."""
    if address.mode == "cluster":
        return client
    options = {**_patience(), "max_connections": LISTENERS}
    if address.mode == "sentinel":
        return _sentinel(address).master_for(address.service, **_primary(address), **options)
    return aioredis.Redis.from_pool(aioredis.ConnectionPool.from_url(address.url, **options))


def visitor_for(address: Address, timeout_s: float) -> Any:
    """A client without an event loop, for a single question; finding the primary is a part of the question. Raises RedisError."""
    once = redis.retry.Retry(NoBackoff(), 0)
    limits: dict[str, Any] = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s, "retry": once}
    if address.mode == "cluster":
        return redis.cluster.RedisCluster(
            startup_nodes=[redis.cluster.ClusterNode(host, port) for host, port in address.hosts],  # type: ignore[no-untyped-call]
            require_full_coverage=False,
            **_credentials(address),
            **_tls(address),
            **limits,
        )
    if address.mode == "sentinel":
        found = redis.sentinel.Sentinel(address.hosts, sentinel_kwargs={**_sentinel_credentials(address), **_tls(address), **limits})  # type: ignore[no-untyped-call]
        return found.master_for(address.service, db=address.db, **_credentials(address), **_tls(address), **limits)  # type: ignore[no-untyped-call]
    return redis.Redis.from_url(address.url, **limits)


def _patience() -> dict[str, Any]:
    return {
        "socket_timeout": TIMEOUT_S,
        "socket_connect_timeout": TIMEOUT_S,
        "retry": Retry(NoBackoff(), 1, supported_errors=(exceptions.ConnectionError,)),
        "decode_responses": False,
        "protocol": 2,
    }


def _sentinel(address: Address) -> Any:
    limits = {"socket_timeout": SENTINEL_TIMEOUT_S, "socket_connect_timeout": SENTINEL_TIMEOUT_S, "retry": Retry(NoBackoff(), 0)}
    return aiosentinel.Sentinel(address.hosts, sentinel_kwargs={**_sentinel_credentials(address), **_tls(address), **limits})  # type: ignore[no-untyped-call]


def _primary(address: Address) -> dict[str, Any]:
    return {"db": address.db, **_credentials(address), **_tls(address)}


def _credentials(address: Address) -> dict[str, Any]:
    return {"username": address.username, "password": address.password}


def _sentinel_credentials(address: Address) -> dict[str, Any]:
    return {"username": address.sentinel_username, "password": address.sentinel_password}


def _tls(address: Address) -> dict[str, Any]:
    return {"ssl": True, "ssl_ca_certs": address.ca_certs} if address.tls else {}
