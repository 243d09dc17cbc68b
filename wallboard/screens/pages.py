"""The pages from which people look after televisions: pair one, see them all, give them something else to show, take them back.

Rules that hold here: every page and every order needs the ability `screens`; what changes a screen is written into the audit log; a key
that was taken back cannot be given back; who sees some queues alone looks after the screens that show no other.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from channels.db import database_sync_to_async
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from stats.live.connection import StoreAway
from stats.live.rollcall import RollCall
from stats.models import Organisation
from wallboard.accounts import journal
from wallboard.accounts.models import Pairing, Screen
from wallboard.boards.board import KINDS, TITLES
from wallboard.boards.layout import DEFAULTS
from wallboard.boards.screens import issue
from wallboard.pages.frame import NotThere, Visit, draw, for_people
from wallboard.pages.live_page import live_root
from wallboard.pages.words import NAMINGS, ago
from wallboard.push import live
from wallboard.screens import fleet, limits, pairing
from wallboard.screens.codes import grouped, read_code
from wallboard.screens.playlist import LEAST_S, MOST_S, USUAL_S
from wallboard.screens.wishes import LANGUAGES, LONGEST_NAME, THEMES, Wishes, a_way_to_name, may_change, read_wishes, wishes_of

IDENTIFY_FOR = timedelta(seconds=20)
NO_SUCH_CODE = _lazy("No television shows this code now. It changes every ten minutes: look at the television again.")
TOO_OFTEN = _lazy("Too many wrong codes. Wait half a minute, then type the one that stands on the television.")
ORDERS = ("identify", "reload", "blank", "unblank")


async def screens(visit: Visit) -> HttpResponse:
    """GET /screens/: the fleet. POST: a link, which is shown once."""
    address, fault, name, board = "", "", "", ""
    if visit.request.method == "POST":
        board, name = visit.request.POST.get("board", ""), " ".join(visit.request.POST.get("name", "").split())
        if board not in KINDS:
            fault = _("Choose a board.")
        elif not 0 < len(name) <= LONGEST_NAME:
            fault = _("Give the screen a name of at most %(n)d letters, such as the room it hangs in.") % {"n": LONGEST_NAME}
        else:
            token = await database_sync_to_async(_link)(visit, board, name)
            address = visit.request.build_absolute_uri(reverse("screen-link", args=[token]))
    rows = await database_sync_to_async(fleet.open_screens)(visit.viewer.organisation)
    roll, beats = None, []
    try:
        call = RollCall(live.store(), visit.viewer.organisation)
        roll, beats = await call.read(), await call.beats(visit.now)
    except StoreAway:
        # The rows are there all the same; the page says what it cannot say.
        pass
    every = fleet.cards(rows, roll, beats, visit.now, visit.timezone, visit.viewer)
    paired = [card for card in every if not card.is_link]
    return draw(
        visit,
        "screens.html",
        "screens",
        400 if fault else 200,
        live=live_root(visit, "feeds"),
        rooms=_by_room(paired),
        paired=paired,
        # Without the store nobody knows how many, and "none" would be a lie.
        on=None if roll is None else sum(card.standing in ("on", "odd", "dark") for card in paired),
        links=[card for card in every if card.is_link],
        choices=[{**each, "chosen": bool(fault) and each["slug"] == board} for each in _choices()],
        address=address,
        fault=fault,
        name="" if address else name,
    )


def _by_room(cards: list[fleet.Card]) -> list[tuple[str, list[fleet.Card]]]:
    rooms: dict[str, list[fleet.Card]] = {}
    for card in cards:
        rooms.setdefault(card.room, []).append(card)
    return list(rooms.items())


def _choices() -> list[dict[str, str]]:
    return [{"slug": slug, "title": str(TITLES[slug])} for slug in KINDS]


def _link(visit: Visit, board: str, name: str) -> str:
    names = a_way_to_name(Organisation.objects.get(slug=visit.viewer.organisation).screen_names)
    token = issue(board, name, visit.viewer.organisation, visit.viewer.queues, names)
    journal.note(visit.viewer, "screen.link_made", "screen", name, address=visit.address, board=board, names=names)
    return token


async def pair(visit: Visit) -> HttpResponse:
    """GET and POST /pair/: the code of a television, and what it is to be."""
    request, viewer = visit.request, visit.viewer
    typed = request.POST.get("code", "") if request.method == "POST" else request.GET.get("code", "")
    code, who = read_code(typed), f"{viewer.kind}:{viewer.row}"
    names = a_way_to_name((await Organisation.objects.aget(slug=viewer.organisation)).screen_names)
    wishes = Wishes(queues=viewer.queues, names=names)
    fault: str | Promise = ""
    waiting: Pairing | None = None
    if typed:
        waiting, fault = await _found(who, visit.address, code)
    if request.method == "POST":
        wishes = read_wishes(request.POST, viewer, names)
        if not typed:
            fault = _("Type the code that stands on the television.")
        if not fault and not wishes.faults and code is not None:
            screen = await database_sync_to_async(pairing.claim)(viewer, code, wishes, address=visit.address)
            if screen is not None:
                return HttpResponseRedirect(f"{reverse('screens')}?paired={screen.pk}#screen-{screen.pk}")
            fault = NO_SUCH_CODE
    elif not wishes.name:
        number = await Screen.objects.filter(organisation__slug=viewer.organisation).exclude(paired_at=None).acount() + 1
        wishes = replace(wishes, name=_("Screen %(n)d") % {"n": number})
    status = 429 if fault is TOO_OFTEN else 400 if fault or wishes.faults else 200
    shown = None if waiting is None or fault else _television(waiting, visit)
    return draw(
        visit,
        "screen_pair.html",
        "screens",
        status,
        code=grouped(code) if code else typed[:40],
        fault=fault,
        television=shown,
        **_form(visit, wishes),
    )


async def _found(who: str, address: str, code: str | None) -> tuple[Pairing | None, str | Promise]:
    """The television with this code, or why there is none. Wrong guesses count for the person and for where they come from."""
    if limits.wrong_codes.wait_s(who) or limits.wrong_codes.wait_s(address):
        return None, TOO_OFTEN
    waiting = await database_sync_to_async(pairing.waiting)(code) if code is not None else None
    if waiting is not None:
        return waiting, ""
    limits.wrong_codes.count(who)
    limits.wrong_codes.count(address)
    return None, NO_SUCH_CODE


def _television(waiting: Pairing, visit: Visit) -> str:
    """The television in words, so that nobody pairs somebody else's."""
    width, height = waiting.seen.get("width"), waiting.seen.get("height")
    parts = [
        str(waiting.seen.get("engine", "")),
        f"{width} × {height}" if width and height else "",
        waiting.address,
        _("on since %(time)s") % {"time": ago(int(waiting.created_at.timestamp() * 1000), visit.now)},
    ]
    return " · ".join(part for part in parts if part)


async def change(visit: Visit, pk: int) -> HttpResponse:
    """GET and POST /screens/<pk>/: what a paired screen is."""
    row = await _row(visit, pk)
    if row.paired_at is None:
        raise NotThere(_("A link opens its one board. To show another, make another link."))
    wishes = wishes_of(row)
    if visit.request.method == "POST":
        wishes = read_wishes(visit.request.POST, visit.viewer, row.names)
        if not wishes.faults:
            await database_sync_to_async(_change)(visit, row, wishes)
            return HttpResponseRedirect(f"{reverse('screens')}#screen-{pk}")
    return draw(visit, "screen_change.html", "screens", 400 if wishes.faults else 200, row=row, **_form(visit, wishes))


def _change(visit: Visit, row: Screen, wishes: Wishes) -> None:
    before = wishes_of(row)
    wishes.put_on(row)
    row.save()
    changed = [
        name
        for name in ("room", "inches", "metres", "theme", "language", "names", "queues")
        if getattr(before, name) != getattr(wishes, name)
    ]
    if before.name != wishes.name:
        journal.note(visit.viewer, "screen.renamed", "screen", str(row.pk), address=visit.address, was=before.name, name=wishes.name)
    if before.steps != wishes.steps:
        journal.note(
            visit.viewer, "screen.assigned", "screen", str(row.pk), address=visit.address, name=wishes.name, shows=", ".join(row.boards)
        )
    if changed:
        journal.note(
            visit.viewer, "screen.changed", "screen", str(row.pk), address=visit.address, name=wishes.name, what=", ".join(changed)
        )


async def order(visit: Visit, pk: int) -> HttpResponse:
    """POST /screens/<pk>/order/ with `do`: identify, reload, blank or unblank."""
    row, do = await _row(visit, pk), visit.request.POST.get("do", "")
    if visit.request.method == "POST" and do in ORDERS and row.paired_at is not None:
        await database_sync_to_async(_order)(visit, row, do)
    return HttpResponseRedirect(f"{reverse('screens')}#screen-{pk}")


def _order(visit: Visit, row: Screen, do: str) -> None:
    if do == "identify":
        row.identify_until = timezone.now() + IDENTIFY_FOR
    elif do == "reload":
        row.reload_asked_at = timezone.now()
    else:
        row.blanked = do == "blank"
        journal.note(visit.viewer, f"screen.{do}ed", "screen", str(row.pk), address=visit.address, name=row.name)
    row.save(update_fields=["identify_until", "reload_asked_at", "blanked"])


async def revoke(visit: Visit, pk: int) -> HttpResponse:
    """POST /screens/<pk>/revoke/: the screen is empty within seconds."""
    if visit.request.method == "POST":
        row = await _row(visit, pk)
        await database_sync_to_async(_revoke)(visit, row)
    return HttpResponseRedirect(reverse("screens"))


def _revoke(visit: Visit, row: Screen) -> None:
    row.revoke()
    journal.note(visit.viewer, "screen.revoked", "screen", str(row.pk), address=visit.address, name=row.name)


async def _row(visit: Visit, pk: int) -> Screen:
    found = await Screen.open_ones().filter(organisation__slug=visit.viewer.organisation, pk=pk).afirst()
    if found is None or not may_change(visit.viewer, found):
        raise NotThere(_("There is no such screen, or it was taken back, or it shows queues that are not yours."))
    return found


def _form(visit: Visit, wishes: Wishes) -> dict[str, Any]:
    """What `app/_screen_form.html` needs."""
    usual = DEFAULTS["team"]
    queues = {
        scope.partition(":")[2]: str(told.get("name") or "") for scope, told in visit.snapshot.values.items() if scope.startswith("queue:")
    }
    chosen = wishes.queues or frozenset()
    # A queue nobody has heard of today stays chosen all the same.
    queues = {**dict.fromkeys(chosen, ""), **queues}
    return {
        "wishes": wishes,
        "boards_of": [
            {
                **each,
                "is_on": each["slug"] in wishes.seconds,
                "seconds": wishes.typed.get(f"seconds-{each['slug']}") or wishes.seconds.get(each["slug"], USUAL_S),
            }
            for each in _choices()
        ],
        "seconds_least": LEAST_S,
        "seconds_most": MOST_S,
        "usual_inches": usual[0],
        "usual_metres": usual[1],
        "themes": [(theme, {"dark": _("Dark"), "light": _("Light")}[theme]) for theme in THEMES],
        "languages": [(code, {"": _("As the organisation"), "en": "English", "sv": "Svenska"}[code]) for code in LANGUAGES],
        "ways_to_name": list(NAMINGS.items()),
        "queues_of": sorted(((key, name or key, key in chosen) for key, name in queues.items()), key=lambda each: each[1].casefold()),
        "longest_name": LONGEST_NAME,
    }


page = for_people(screens, needs="screens")
pair_page = for_people(pair, needs="screens")
change_page = for_people(change, needs="screens")
order_page = for_people(order, needs="screens")
revoke_page = for_people(revoke, needs="screens")
