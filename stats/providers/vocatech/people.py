"""Whose numbers they are: contacts, by the company's own fields (guide: Contacts)."""

from collections.abc import Sequence

from stats.domain.notes import Contact
from stats.domain.numbers import as_dialled
from stats.providers.vocatech.hearing import clean
from stats.providers.vocatech.rest import NotThere, Rest
from stats.providers.vocatech.wire import ContactField, ContactRow, count, read_as, read_list, truth, word

LIMIT = 500
MOST_PAGES = 40
MOST_NUMBERS = 20
_PERSON = ("contact", "name", "full name", "contact name", "kontakt", "namn")
_FIRST, _LAST = ("first name", "firstname", "förnamn"), ("last name", "lastname", "surname", "efternamn")
_FIRM = ("company", "organization", "organisation", "företag")


async def contacts(rest: Rest, source: str, region: str, received_at: int) -> list[Contact]:
    """One for each number of each contact; none where the key may not see them. Raises Retry, Refused or Malformed."""
    try:
        rows, _ = read_list(await rest.get("/contacts/fields"), "fields")
    except NotThere:
        return []
    fields: list[ContactField] = [read_as(ContactField, row) for row in rows]
    phones = [word(field.name) for field in fields if truth(field.is_phone)]
    names = [word(field.name) for field in fields if not truth(field.is_phone) and not truth(field.is_integration)]
    found: list[Contact] = []
    for page in range(1, MOST_PAGES + 1):
        listed, meta = read_list(await rest.get("/contacts", {"page": page, "limit": LIMIT}), "contacts")
        for raw in listed:
            row: ContactRow = read_as(ContactRow, raw)
            name = name_of(row, names)
            if name is None or not word(row.id):
                continue
            numbers = [each for phone in phones for each in word(row.fields.get(phone)).split(";")][:MOST_NUMBERS]
            shown = dict.fromkeys(number for each in numbers if (number := as_dialled(each.strip() or None, region)) is not None)
            found += [Contact(source=source, contact_id=word(row.id), number=number, name=name, told_at=received_at) for number in shown]
        pages = count(meta.total_pages) if meta is not None else None
        if not listed or (page >= pages if pages is not None else len(listed) < LIMIT):
            break
    return found


def name_of(row: ContactRow, names: Sequence[str]) -> str | None:
    """The person's name, with the firm's behind it; whatever comes first where the fields are called otherwise."""
    by_name = {name.lower(): clean(row.fields.get(name)) for name in names}

    def first(wanted: Sequence[str]) -> str | None:
        return next((known for name in wanted if (known := by_name.get(name))), None)

    person = first(_PERSON) or " ".join(filter(None, (first(_FIRST), first(_LAST)))) or None
    firm = first(_FIRM)
    if person and firm:
        return f"{person}, {firm}"
    return person or firm or next((known for known in by_name.values() if known), None)
