"""The four ways in which the vendor writes one request (JSON, XML, a form, a query string), read into the same fields.

Rules that hold here: pure; dotted names are objects inside objects (`session_data.agent_id`); `key_presses.{name}={digits}` and
`recordings.{name}={id}` are lists of objects, as in JSON; XML with a DTD or an entity of its own is refused, and so is anything that is
no object. What the query says fills in what the body does not, never the other way round.
"""

from typing import Any
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from stats.domain.errors import Malformed
from stats.providers.base import Delivery
from stats.providers.voxology.wire import Fields, stripped

MOST_FIELDS = 1_000
DEEPEST = 6
# Lists of the callback request, and what stands under the last part of their flattened names.
_LISTS = {"key_presses": "digits", "recordings": "id"}
_FORM = "application/x-www-form-urlencoded"


def fields_of(delivery: Delivery) -> Fields:
    """What a request says. Raises Malformed."""
    found = _of_body(delivery.content_type.partition(";")[0].strip().lower(), delivery.body)
    asked = _flat(delivery.query)
    return {**asked, **found} if asked else found


def _of_body(kind: str, body: bytes) -> Fields:
    bare = body.strip()
    if not bare:
        return {}
    if kind.endswith("json") or (kind != _FORM and bare.startswith(b"{")):
        return _json(bare)
    if kind.endswith("xml") or bare.startswith(b"<"):
        return _xml(bare)
    try:
        return _flat(bare.decode("utf-8"))
    except UnicodeDecodeError as why:
        raise Malformed("body") from why


def _json(body: bytes) -> Fields:
    try:
        read = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as why:
        raise Malformed("body") from why
    if not isinstance(read, dict):
        raise Malformed("no_object")
    return stripped(read) or {}


def _xml(body: bytes) -> Fields:
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as why:
        raise Malformed("body") from why
    read = _element(root, DEEPEST)
    if not isinstance(read, dict):
        raise Malformed("no_object")
    return read


def _element(element: Element, depth: int) -> Any:
    """Text where there is nothing inside, else an object; names that come again, and the items of a known list, are lists."""
    name = element.tag.rpartition("}")[2].strip()
    children = list(element)[:MOST_FIELDS]
    if not children or not depth:
        return (element.text or "").strip() or None
    if name in _LISTS:
        return [_element(child, depth - 1) for child in children]
    found: Fields = {}
    for child in children:
        key, value = child.tag.rpartition("}")[2].strip(), _element(child, depth - 1)
        if key in found:
            held = found[key] if isinstance(found[key], list) else [found[key]]
            found[key] = [*held, value]
        else:
            found[key] = value
    for key in _LISTS.keys() & found.keys():
        if isinstance(found[key], dict):
            found[key] = [found[key]]
    return found


def _flat(text: str) -> Fields:
    found: Fields = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as why:
        raise Malformed("body") from why
    for name, value in pairs:
        first, *inner = [part.strip() for part in name.split(".", DEEPEST - 1)]
        if first in _LISTS and inner:
            held = found.setdefault(first, [])
            if isinstance(held, list):
                held.append({"name": ".".join(inner), _LISTS[first]: value})
            continue
        place = found
        for part in [first, *inner][:-1]:
            deeper = place.setdefault(part, {})
            if not isinstance(deeper, dict):
                break
            place = deeper
        else:
            place[inner[-1] if inner else first] = value
    return found
