"""Every page a person can go to by name: the menu, the search and the keys all read it here.

Rules that hold here: an entry is shown to those who may open it, and only where the page is there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from wallboard.accounts.viewer import Viewer

Words = str | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One page. `here` is what the page calls itself; `ability` what it needs ("" none); `also` words people look for it by.

    `key` follows G on the keyboard.
    """

    here: str
    address: str
    label: Words
    ability: str
    also: Words = ""
    key: str = ""


MAIN = (
    Entry(here="overview", address="/", label=_("Overview"), ability="look", also=_("start queues now"), key="o"),
    Entry(here="agents", address="/agents/", label=_("Agents"), ability="agents", also=_("people staff presence"), key="a"),
    Entry(here="reports", address="/reports/", label=_("Reports"), ability="look", also=_("history statistics trend export"), key="r"),
    Entry(here="callers", address="/callers/", label=_("Lost callers"), ability="calls", also=_("call back missed abandoned"), key="l"),
    Entry(here="screens", address="/screens/", label=_("Screens"), ability="screens", also=_("televisions pair wall"), key="s"),
    Entry(here="definitions", address="/definitions/", label=_("Definitions"), ability="look", also=_("metrics formula meaning"), key="d"),
)
ADMINISTRATION = (
    Entry(here="people", address="/people/", label=_("People"), ability="people", also=_("members roles invitations users")),
    Entry(here="tokens", address="/tokens/", label=_("API tokens"), ability="tokens", also=_("programs keys")),
    Entry(here="audit", address="/audit/", label=_("Audit log"), ability="audit", also=_("who looked changed history")),
    Entry(here="privacy", address="/privacy/", label=_("Privacy"), ability="privacy", also=_("retention erase export GDPR")),
    Entry(here="sources", address="/sources/", label=_("Sources"), ability="look", also=_("telephone system feeds connection token")),
    Entry(here="health", address="/health/", label=_("Health"), ability="look", also=_("status faults processes")),
)
OTHERS = (
    Entry(here="views", address="/reports/views/", label=_("Saved views"), ability="look", also=_("reports kept favourites")),
    Entry(here="mails", address="/reports/mails/", label=_("Mailed reports"), ability="export", also=_("e-mail schedule recipients")),
    Entry(here="account", address="/account/", label=_("My account"), ability="", also=_("password two-step language")),
    Entry(here="pair", address="/pair/", label=_("Pair a television"), ability="screens", also=_("code QR screen")),
    Entry(here="setup", address="/setup/", label=_("Set up"), ability="sources", also=_("first telephone system token")),
)
# What a key sequence is called where keys are listed.
GO = pgettext_lazy("key", "G")


@cache
def is_there(address: str) -> bool:
    """Whether the product has a page at this address."""
    try:
        resolve(address)
    except Resolver404:
        return False
    return True


def entries(viewer: Viewer, *groups: tuple[Entry, ...]) -> Iterator[Entry]:
    """Those of the groups that this viewer may open."""
    for group in groups:
        yield from (each for each in group if is_there(each.address) and (not each.ability or viewer.may(each.ability)))


def menu(viewer: Viewer, here: str) -> Mapping[str, list[dict[str, object]]]:
    """The two parts of the menu, as the frame draws them."""
    return {
        "main": [_drawn(each, here) for each in entries(viewer, MAIN)],
        "administration": [_drawn(each, here) for each in entries(viewer, ADMINISTRATION)],
    }


def _drawn(entry: Entry, here: str) -> dict[str, object]:
    return {"label": str(entry.label), "address": entry.address, "current": entry.here == here, "key": entry.key}
