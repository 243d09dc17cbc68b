"""How the report of details says things: what calls are counted by, directions, who hung up, channels of messages."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from wallboard.pages.words import DIRECTIONS

Words = str | Promise
DIMENSIONS: Mapping[str, Words] = {
    "called": gettext_lazy("Dialled number"),
    "direction": pgettext_lazy("call", "Direction"),
    "status": gettext_lazy("Status"),
    "side": gettext_lazy("Who hung up"),
    "error": gettext_lazy("Fault"),
}
SIDES: Mapping[str, Words] = {
    "caller": gettext_lazy("the caller"),
    "agent": gettext_lazy("the agent"),
    "system": gettext_lazy("the telephone system"),
}
CHANNELS: Mapping[str, Words] = {
    "text": pgettext_lazy("channel", "Text message"),
    "whatsapp": pgettext_lazy("channel", "WhatsApp"),
    "fax": pgettext_lazy("channel", "Fax"),
}


def in_words(name: str, value: str) -> str:
    """A value of a dimension as people read it; the vendor's own word where it is that."""
    if name == "direction":
        return str(DIRECTIONS.get(value, value))
    if name == "side":
        return str(SIDES.get(value, value))
    return value
