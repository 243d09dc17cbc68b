"""REDIS_URL in all its shapes; a wrong one stops the start, names itself and repeats nothing."""

import pytest

from stats.live.address import WrongAddress, read_address, shown
from stats.live.server import answers
from wallboard.env import Environment, WrongSetting
from wallboard.stores import store_address_from

WRONG = [
    "redis+sentinel://:hunter2@a:1,b:2",
    "redis+sentinel://:hunter2@a:1,b:2/",
    "redis+sentinel://:hunter2@a:1,,b:2/wall",
    "redis+sentinel://:hunter2@a:1,b:99999/wall",
    "redis+sentinel://:hunter2@a:one/wall",
    "redis+sentinel://:hunter2@/wall",
    "redis+sentinel://:hunter2@a:1/wall/more",
    "redis+sentinel://:hunter2@a:1/wall?db=first",
    "redis+sentinel://:hunter2@a:1/wall?database=1",
    "redis+sentinel://:hunter2@a:1/wall?db",
    "redis+cluster://:hunter2@a:1/0",
    "redis+cluster://:hunter2@a:1?db=1",
    "redis+cluster://:hunter2@a b:1",
    "redis+cluster://",
    "redis+something://:hunter2@a:1",
    "http://:hunter2@a",
    "hunter2",
]


@pytest.mark.parametrize("url", WRONG)
def test_a_wrong_address_names_its_variable_and_what_was_expected_and_no_secret(url: str) -> None:
    """One line, as for every other setting."""
    with pytest.raises(WrongSetting) as why:
        store_address_from(Environment({"REDIS_URL": url}))
    assert str(why.value).startswith("REDIS_URL: expected ")
    assert "redis+sentinel://" in str(why.value) or "redis+cluster://" in str(why.value)
    assert "hunter2" not in str(why.value)


def test_sentinels_are_read_with_their_service_their_database_and_two_kinds_of_passwords() -> None:
    """The password before the hosts is the server's; the Sentinels' own comes behind the question mark."""
    url = "rediss+sentinel://wall:p%40ss@10.0.0.1:26379,sentinel-2,[::1]:26380/wall?db=3&sentinel_password=other&ssl_ca_certs=/ca.pem"
    address = read_address(url)
    assert (address.mode, address.service, address.db, address.tls) == ("sentinel", "wall", 3, True)
    assert address.hosts == (("10.0.0.1", 26379), ("sentinel-2", 26379), ("::1", 26380))
    assert (address.username, address.password, address.sentinel_password) == ("wall", "p@ss", "other")
    assert address.ca_certs == "/ca.pem"
    for secret in ("p@ss", "p%40ss", "other"):
        assert secret not in repr(address)
    assert shown(url) == "rediss+sentinel://10.0.0.1:26379,sentinel-2,[::1]:26380/wall"


def test_a_cluster_is_read_by_some_of_its_nodes() -> None:
    """It tells of the others itself."""
    address = read_address("redis+cluster://a:7000,b")
    assert (address.mode, address.hosts, address.tls) == ("cluster", (("a", 7000), ("b", 6379)), False)


@pytest.mark.parametrize("url", ["redis://h:1/0", "rediss://h", "unix:///run/redis.sock?db=0", ""])
def test_one_server_is_named_as_it_always_was(url: str) -> None:
    """And none at all means the embedded one."""
    assert store_address_from(Environment({"REDIS_URL": url})) == url
    if url:
        assert read_address(url).mode == "single"


def test_what_no_sentinel_and_no_node_answers_for_does_not_answer() -> None:
    """Nobody listens there."""
    assert not answers("redis+sentinel://127.0.0.1:1,127.0.0.1:2/wall")
    assert not answers("redis+cluster://127.0.0.1:1,127.0.0.1:2")


def test_an_unknown_shape_is_told_as_wrong_wherever_it_is_met() -> None:
    """Not only by the settings."""
    with pytest.raises(WrongAddress):
        read_address("redis+cloud://h:1")
