"""The historic layer's spelling: the shapes of the live layer, read in camelCase."""

from functools import reduce
from operator import or_
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from stats.providers.telavox.wire import Shape

S = TypeVar("S", bound=Shape)


def camel(shape: type[S]) -> type[S]:
    """The same shape as the historic layer spells it: a subclass whose fields, all the way down, are read in camelCase."""
    hints = get_type_hints(shape)
    fields: list[tuple[str, Any, Any]] = [(name, _camel_type(hints[name]), None) for name in shape.__struct_fields__]
    return msgspec.defstruct(f"{shape.__name__}Row", fields, bases=(shape,), rename="camel", gc=False)  # type: ignore[return-value]


def _camel_type(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        return camel(annotation)
    if get_origin(annotation) is list:
        return list[_camel_type(get_args(annotation)[0])]  # type: ignore[misc]
    members = get_args(annotation)
    return reduce(or_, [_camel_type(member) for member in members]) if members else annotation
