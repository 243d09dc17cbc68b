"""The frame around every page: the menu of whoever looks, and the keys that go with it."""

from collections.abc import Mapping

from django import template
from django.template import Context

from wallboard.accounts.viewer import Viewer
from wallboard.pages.menu import MAIN, entries, menu

register = template.Library()


@register.simple_tag(takes_context=True)
def pages_menu(context: Context) -> Mapping[str, list[dict[str, object]]]:
    """`main` and `administration`: what this viewer may open; both empty for nobody."""
    viewer = context.get("viewer")
    return menu(viewer, str(context.get("here", ""))) if isinstance(viewer, Viewer) else {"main": [], "administration": []}


@register.simple_tag(takes_context=True)
def go_keys(context: Context) -> list[dict[str, str]]:
    """The letters that follow G, and where each leads."""
    viewer = context.get("viewer")
    if not isinstance(viewer, Viewer):
        return []
    return [{"key": each.key.upper(), "label": str(each.label), "address": each.address} for each in entries(viewer, MAIN) if each.key]
