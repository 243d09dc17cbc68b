"""Reads REDIS_URL: one server, a primary behind Sentinels, or a Cluster.

Rules that hold here: a wrong one stops the start with a line that names it and says what was expected; it is never repeated.
"""

from stats.live.address import PLAIN, WrongAddress, read_address
from wallboard.env import Environment, WrongSetting, split_address


def store_address_from(env: Environment) -> str:
    """The address, empty when none is given; raises WrongSetting."""
    url = env.secret("REDIS_URL")
    if not url:
        return ""
    try:
        address = read_address(url)
    except WrongAddress as why:
        raise WrongSetting("REDIS_URL", f"{why} (the value is not shown: it may hold a password)") from None
    if address.mode == "single":
        split_address("REDIS_URL", url, PLAIN)
    return url
