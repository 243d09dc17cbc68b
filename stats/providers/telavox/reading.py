"""From bytes to a document: the one door through which the vendor's JSON comes in.

Rules that hold here:
- `Reader.read` returns a document or raises Malformed, whatever the bytes are; nothing else ever comes out.
- The fast way is one typed decode. Only when a field has an unexpected type is the document read field by field:
  what can be understood is (text holding a number, an object where an array was meant), and what cannot becomes None and a note.
- A note is a Malformed that did not stop the document; its detail is a path of field names, never a value.
"""

import json
import re
from functools import cache
from types import UnionType
from typing import Any, Generic, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from stats.domain.errors import Malformed
from stats.providers.telavox.wire import Shape

S = TypeVar("S", bound=Shape)
T = TypeVar("T")

MAX_DOCUMENT_BYTES = 1 << 20  # the longest documents seen described are tens of kilobytes
MAX_BATCH_BYTES = 32 << 20  # a whole hour of a large organisation in one frame
_BEYOND_64_BITS = 1 << 63
_LONGEST_FLAG = 6  # digits of a flag or a small count written as text
_PLAIN: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
# Escapes that decode to what no store and no browser takes: U+0000 and surrogates (a pair of those is fine, and looked at again).
_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class Reader(Generic[S]):
    """Reads documents of one shape."""

    def __init__(self, shape: type[S]) -> None:
        self._shape = shape
        self._decode = msgspec.json.Decoder(shape).decode

    def read(self, frame: bytes, notes: list[Malformed], *, limit: int = MAX_DOCUMENT_BYTES) -> S:
        """One document. Adds to `notes` what was left out; raises Malformed when there is no document."""
        check(frame, limit=limit)
        try:
            return self._decode(frame)
        except msgspec.ValidationError:
            pass
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            explain(frame)
        plain = strictly(_PLAIN, frame)
        if not isinstance(plain, dict):
            raise Malformed("not_object", type(plain).__name__)
        return _salvage_shape(self._shape, plain, "", notes)


def check(frame: bytes, *, limit: int) -> None:
    """Raise Malformed for bytes that must not be decoded at all, and for text that must not be let in."""
    if len(frame) > limit:
        raise Malformed("too_large", f"{len(frame)} bytes")
    if not frame.isascii():
        try:
            frame.decode()
        except UnicodeDecodeError:
            raise Malformed("bad_utf8") from None
    if b"\\u" in frame and _SUSPICIOUS.search(frame):
        reason = _diagnosis(frame)
        if reason is not None:
            raise Malformed(reason)


def strictly(decoder: msgspec.json.Decoder[T], frame: bytes) -> T:
    """What the decoder makes of the bytes; Malformed when it refuses them."""
    try:
        return decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        explain(frame)


def explain(frame: bytes) -> NoReturn:
    """Raise Malformed for bytes that no decoder took, with the reason in a short code."""
    raise Malformed(_diagnosis(frame) or "not_json")


def _diagnosis(frame: bytes) -> str | None:
    """What is wrong with these bytes, None when nothing is. A second, slow parse: only broken or suspicious frames pay for it."""
    try:
        plain = json.loads(frame, parse_constant=_refuse_constant)
    except RecursionError:
        return "too_deep"
    except UnicodeDecodeError:
        return "bad_utf8"
    except json.JSONDecodeError:
        return "not_json"
    except ValueError:  # NaN, Infinity, or more digits than Python agrees to read
        return "bad_number"
    return _poison(plain)


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("not a number")


def _poison(plain: Any) -> str | None:
    """The reason code of the worst thing inside, found without recursion."""
    waiting = [plain]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str):
            if "\0" in value:
                return "nul"
            if any("\ud800" <= letter <= "\udfff" for letter in value):
                return "surrogate"
        elif isinstance(value, int | float) and not -_BEYOND_64_BITS <= value < _BEYOND_64_BITS:
            return "bad_number"  # infinity among them
    return None


@cache
def _fields(shape: type[Shape]) -> tuple[tuple[str, str, tuple[Any, ...]], ...]:
    """(our name, name on the wire, possible types) of each field."""
    hints = get_type_hints(shape)
    names = zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True)
    return tuple((name, encoded, _members(hints[name])) for name, encoded in names)


def _members(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _salvage_shape(shape: type[S], plain: dict[Any, Any], path: str, notes: list[Malformed]) -> S:
    told = {name: _salvage(kinds, plain[key], path + name, notes) for name, key, kinds in _fields(shape) if plain.get(key) is not None}
    return shape(**told)


def _salvage(kinds: tuple[Any, ...], value: Any, path: str, notes: list[Malformed]) -> Any:
    """The value as one of `kinds`, read as generously as is honest; else None and a note."""
    shape = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Shape)), None)
    item = next((get_args(kind)[0] for kind in kinds if get_origin(kind) is list), None)
    if isinstance(value, dict) and shape is not None:
        return _salvage_shape(shape, value, path + ".", notes)
    if isinstance(value, list):
        if item is str:
            return [entry for entry in value if isinstance(entry, str)]
        if item is not None:
            if any(not isinstance(entry, dict) for entry in value):
                notes.append(Malformed("wrong_type", path + "[]"))
            return [_salvage_shape(item, entry, path + ".", notes) for entry in value if isinstance(entry, dict)]
        if shape is not None and not value:  # an empty object, in the manner of PHP
            return None
    elif isinstance(value, bool):
        if bool in kinds:
            return value
    elif isinstance(value, int):
        if abs(value) >= _BEYOND_64_BITS:
            raise Malformed("bad_number", path)
        if int in kinds:
            return value
        if str in kinds and not path.endswith("id_call"):  # a number written as a number; an id is text or nothing
            return str(value)
    elif isinstance(value, float):
        if float in kinds:
            return value
        if int in kinds and value.is_integer():
            return int(value)
    elif isinstance(value, str):
        return _salvage_text(kinds, value, path, notes)
    notes.append(Malformed("wrong_type", path))
    return None


_TRUTH = {"true": True, "false": False}


def _salvage_text(kinds: tuple[Any, ...], value: str, path: str, notes: list[Malformed]) -> Any:
    if str in kinds:
        return value
    text = value.strip().lower()
    if not text:
        return None
    if bool in kinds and text in _TRUTH:
        return _TRUTH[text]
    if bool in kinds and len(text) > _LONGEST_FLAG:
        pass  # a telephone number is not a yes
    elif int in kinds and re.fullmatch(r"-?[0-9]{1,18}(\.0+)?", text):
        return int(float(text)) if "." in text else int(text)
    notes.append(Malformed("wrong_type", path))
    return None
