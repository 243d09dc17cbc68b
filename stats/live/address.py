"""Reads the address of a Redis: one server, a primary that Sentinels watch, or a Cluster.

Rules that hold here: no message repeats the address, for it may hold a password; what is not understood is refused, never guessed.
"""

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote

Mode = Literal["single", "sentinel", "cluster"]
PLAIN = ("redis", "rediss", "unix")
SENTINEL = ("redis+sentinel", "rediss+sentinel")
CLUSTER = ("redis+cluster", "rediss+cluster")
SENTINEL_PORT, REDIS_PORT = 26379, 6379
# The library's own reading wants one host: some of its versions refuse a list that holds an address in brackets.
_URL = re.compile(r"([a-z+]+)://(?:([^/?#]*)@)?([^/?#@]*)([^?#]*)(?:\?([^#]*))?")
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::([0-9]{1,5}))?")
_OPTIONS = ("db", "ssl_ca_certs", "sentinel_username", "sentinel_password")
_EXPECTED_SENTINEL = "redis+sentinel://[user:password@]host:port,host:port/service_name[?db=0]"
_EXPECTED_CLUSTER = "redis+cluster://[user:password@]host:port,host:port"


class WrongAddress(ValueError):
    """Not an address of a Redis; the text is what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where Redis is. `hosts`, `service` and what follows are for Sentinel and Cluster; `url` alone says it all for one server."""

    mode: Mode
    url: str = field(repr=False)
    hosts: tuple[tuple[str, int], ...] = ()
    service: str = ""
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_certs: str | None = None
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)


def read_address(url: str) -> Address:
    """The parts of an address; raises WrongAddress."""
    scheme = url.partition("://")[0]
    if scheme in SENTINEL:
        return _of_many(url, "sentinel", SENTINEL_PORT, _EXPECTED_SENTINEL)
    if scheme in CLUSTER:
        return _of_many(url, "cluster", REDIS_PORT, _EXPECTED_CLUSTER)
    if scheme not in PLAIN:
        raise WrongAddress("an address that starts with " + " or ".join(f"{each}://" for each in (*PLAIN, *SENTINEL, *CLUSTER)))
    return Address(mode="single", url=url)


def shown(url: str) -> str:
    """An address without what nobody else may read."""
    parts = _URL.fullmatch(url.partition("#")[0])
    if parts is None:
        return url.partition(":")[0]
    scheme, _credentials, hosts, path, _query = parts.groups()
    return path if scheme == "unix" else f"{scheme}://{hosts}{path}"


def _of_many(url: str, mode: Mode, port: int, expected: str) -> Address:
    parts = _URL.fullmatch(url)
    if parts is None:
        raise WrongAddress(expected)
    scheme, credentials, listed, path, query = (each or "" for each in parts.groups())
    try:
        options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError:
        raise WrongAddress(expected) from None
    username, _, password = credentials.partition(":")
    hosts = tuple(_host(each, port, expected) for each in listed.split(","))
    service, db = unquote(path.strip("/")), options.get("db", "0")
    if any(name not in _OPTIONS for name in options) or not re.fullmatch(r"[0-9]{1,4}", db):
        raise WrongAddress(expected)
    if mode == "sentinel" and not re.fullmatch(r"[A-Za-z0-9._-]+", service):
        raise WrongAddress(f"{expected}, with the name of the service")
    if mode == "cluster" and (service or options.keys() - {"ssl_ca_certs"}):
        raise WrongAddress(f"{expected}, with nothing after the hosts: a Cluster has one database, and no service name")
    return Address(
        mode=mode,
        url=url,
        hosts=hosts,
        service=service,
        db=int(db),
        username=unquote(username) or None,
        password=unquote(password) or None,
        tls=scheme.startswith("rediss"),
        ca_certs=options.get("ssl_ca_certs"),
        sentinel_username=options.get("sentinel_username") or None,
        sentinel_password=options.get("sentinel_password") or None,
    )


def _host(given: str, port: int, expected: str) -> tuple[str, int]:
    found = _HOST.fullmatch(given)
    if found is None or not 0 < int(found[3] or port) < 65536:
        raise WrongAddress(f"{expected}, hosts separated by commas")
    return found[1] or found[2], int(found[3] or port)
