"""`manage.py person`: everything held of one person in a file, or one person taken out of everything."""

import asyncio
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from stats.domain.records import Call, Party
from stats.live.board_store import Store, StoreAway
from stats.live.server import RedisAway, require_redis
from stats.models import Organisation
from wallboard.accounts import journal
from wallboard.privacy import packing, person
from wallboard.privacy.person import Wanted

WAIT_S = 20.0
WHO = {True: "That is no telephone number.", False: "No agent, or several, are called so. Give the key."}


class Command(BaseCommand):
    """The same as the page Privacy does, for who has a terminal and no browser."""

    help = "Exports or erases everything that is held of a telephone number or of an agent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, and what to do."""
        parser.add_argument("what", choices=("export", "erase"))
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--number", help="a telephone number, in any common way of writing it")
        who.add_argument("--agent", help="an agent's key (111834, a:998877) or full name")
        parser.add_argument("--organisation", default="default", help="the organisation's short name (default: default)")
        parser.add_argument("--to", type=Path, help="the zip to write (default: person.zip)")
        parser.add_argument("--yes", action="store_true", help="erase without asking")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Does it."""
        organisation = Organisation.objects.filter(slug=options["organisation"]).first()
        if organisation is None:
            raise CommandError(f"There is no organisation {options['organisation']!r}.")
        url = _redis()
        known = asyncio.run(_directory(url, organisation.slug)) if url else []
        if options["number"]:
            wanted = person.wanted_number(organisation, options["number"])
        else:
            wanted = person.wanted_agent(organisation, options["agent"], known)
        if wanted is None:
            raise CommandError(WHO[bool(options["number"])])
        live = asyncio.run(_calls(url, wanted)) if url else []
        if options["what"] == "export":
            self._export(wanted, live, options["to"] or Path("person.zip"))
        else:
            self._erase(wanted, live, url, sure=options["yes"])

    def _export(self, wanted: Wanted, live: list[Call], to: Path) -> None:
        to.touch(mode=0o600)
        with to.open("wb") as file:
            for part in packing.packed(wanted, live):
                file.write(part)
        _note(wanted, "person.exported", person.held(wanted, live).counts)
        self.stdout.write(f"{to}: everything that is held of this {_kind(wanted)}.")

    def _erase(self, wanted: Wanted, live: list[Call], url: str, *, sure: bool) -> None:
        counts = person.held(wanted, live).counts
        self.stdout.write(", ".join(f"{what}: {number}" for what, number in counts.items()))
        if not sure and input("This cannot be undone. Type yes to erase: ").strip() != "yes":
            raise CommandError("Nothing was erased.")
        _note(wanted, "person.erased", person.erase(wanted))
        gone = asyncio.run(_is_gone(url, wanted)) if url else False
        self.stdout.write(
            "Erased from the archive and from the live store."
            if gone
            else "Erased from the archive. The live store is cleaned when an ingest worker runs; its calls go by themselves in three days."
        )


def _kind(wanted: Wanted) -> str:
    return "agent" if wanted.is_agent else "number"


def _note(wanted: Wanted, action: str, counts: dict[str, int]) -> None:
    detail: dict[str, object] = {"kind": _kind(wanted), **counts}
    journal.write(wanted.organisation.slug, action, actor_name="manage.py person", subject_kind="person", detail=detail)


def _redis() -> str:
    try:
        return require_redis()
    except RedisAway:
        return ""


async def _directory(url: str, organisation: str) -> list[Party]:
    store = Store(url)
    try:
        return await person.live_agents(store, organisation)
    except StoreAway:
        return []
    finally:
        await store.close()


async def _calls(url: str, wanted: Wanted) -> list[Call]:
    store = Store(url)
    try:
        return await person.live_calls(store, wanted)
    except StoreAway as why:
        raise CommandError(f"The live store does not answer ({why}). Try again when it does.") from None
    finally:
        await store.close()


async def _is_gone(url: str, wanted: Wanted) -> bool:
    store = Store(url)
    try:
        for _ in range(int(WAIT_S)):
            if not await person.remains(store, wanted):
                return True
            await asyncio.sleep(1)
    except StoreAway:
        pass
    finally:
        await store.close()
    return False
