"""What is asked of the historic layer: one static document per kind of row, and how it shrinks when the vendor's schema does.

Rules that hold here:
- A document always names its window and its page size as required variables: the vendor answers a query without them with
  an exception of its line reader.
- A field the vendor no longer knows is left out of the one document that asked for it, for as long as the process lives,
  and is named in `drift`. What identifies a row is never left out: then the document is refused.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from graphql import (
    REMOVE,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    get_location,
    parse,
    print_ast,
    visit,
)

from stats.domain.errors import Refused

Path = tuple[str, ...]

KINDS = ("calls", "queues", "agents", "profile_history")
_IDENTITY: Mapping[str, frozenset[Path]] = {
    "calls": frozenset({("idCall",)}),
    "queues": frozenset({("idCall",), ("queue",)}),
    "agents": frozenset({("idCall",), ("agent",)}),
    "profile_history": frozenset({("agent",), ("slot",), ("slot", "startDate")}),
}
# The filters of 3.1 that we ask by; ids alone, for names are no identity.
FILTERS: Mapping[str, str] = {"callId": "String", "queueId": "Int", "queueAccountId": "Int", "agentId": "Int", "agentAccountId": "Int"}
OLD_ROOTS = {"profile_history": "agentHistory"}  # one note of the vendor's calls it so

# How the GraphQL servers of this world say that a field is not there, or not of the shape we asked for.
_UNKNOWN = (
    re.compile(r"annot query field ['\"`]?(?P<field>\w+)['\"`]? on type ['\"`]?(?P<type>\w+)"),
    re.compile(r"ield ['\"`](?P<field>\w+)['\"`] in type ['\"`](?P<type>\w+)['\"`] is undefined"),
    re.compile(r"ield ['\"`](?P<field>\w+)['\"`] doesn't exist on type ['\"`](?P<type>\w+)"),
)
_NOT_A_LEAF = re.compile(r"ield ['\"`](?P<field>\w+)['\"`] of type ['\"`](?P<type>[\w!\[\]]+)['\"`] must have a (?:selection|sub)")
_A_LEAF = re.compile(r"ield ['\"`](?P<field>\w+)['\"`] must not have a selection since type ['\"`](?P<type>[\w!\[\]]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One error of an answer: its message and where in our text it points, as (line, column) from 1."""

    message: str
    places: tuple[tuple[int, int], ...] = ()


@cache
def written(kind: str) -> str:
    """The document of this kind as we ship it, in the printer's own layout."""
    return print_ast(parse(files("stats.providers.telavox").joinpath("queries", f"{kind}.graphql").read_text("utf-8")))


@dataclass(slots=True)
class Selection:
    """The document of one kind, as far as the vendor's schema still allows it."""

    kind: str
    text: str = ""
    root: str = ""
    drift: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.text = written(self.kind)
        self.root = self.kind

    def of_one_call(self) -> str:
        """The same document, asking for the rows of one call inside the window."""
        return self.narrowed(("callId",))

    def narrowed(self, names: Sequence[str]) -> str:
        """The same document, asking for the rows inside the window that all these filters let through, each a required variable."""
        wanted = ", ".join(f"${name}: {FILTERS[name]}!" for name in names)
        text = self.text.replace("$after: String)", f"$after: String, {wanted})", 1)
        given = ", ".join(f"{name}: ${name}" for name in names)
        return re.sub(r"endDate: \$endDate\s*\}", f"endDate: $endDate, {given}}}", text, count=1)

    def adapt(self, sent: str, complaints: Sequence[Complaint]) -> bool:
        """Leave out what these errors say is not there; False when none says so. Raises Refused when nothing useful remains."""
        changed = False
        for complaint in complaints:
            unknown = next((found for pattern in (*_UNKNOWN, _NOT_A_LEAF) if (found := pattern.search(complaint.message))), None)
            leaf = _A_LEAF.search(complaint.message)
            found = unknown or leaf
            if found is None:
                continue
            for path in _meant(sent, found["field"], found["type"], complaint.places):
                changed |= self._leave_out(path, only_inside=unknown is None)
        return changed

    def _leave_out(self, path: Path, *, only_inside: bool) -> bool:
        if len(path) == 1:
            return self._rename_root(path[0])
        inner = path[2:]
        dear = not inner or path[1] != "data" or inner in _IDENTITY[self.kind]
        if dear and not only_inside and path[1:] != ("totalCount",):
            raise Refused("config", f"the historic schema has lost {'.'.join(path)}")
        before = self.text
        self.text = _without(before, path, only_inside=only_inside)
        self.drift.add(".".join((self.kind, *path[1:])))
        return self.text != before

    def _rename_root(self, name: str) -> bool:
        old = OLD_ROOTS.get(self.kind)
        if name == self.root == self.kind and old is not None:
            self.text = re.sub(rf"\b{name}\(", f"{old}(", self.text, count=1)
            self.root = old
            self.drift.add(f"{self.kind}={old}")
            return True
        if name == self.kind and self.root != self.kind:
            return True  # a question that was on its way when another one learnt the old name
        raise Refused("config", f"the historic schema has no {name}")


def _top(text: str) -> SelectionSetNode:
    operation = parse(text).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return operation.selection_set


def _fields(top: SelectionSetNode, above: Path = ()) -> Iterator[tuple[Path, FieldNode]]:
    for node in top.selections:
        if isinstance(node, FieldNode):
            path = (*above, node.name.value)
            yield path, node
            if node.selection_set is not None:
                yield from _fields(node.selection_set, path)


def _meant(sent: str, name: str, type_name: str, places: Sequence[tuple[int, int]]) -> list[Path]:
    """The paths an error about this field can mean: by its place in our text, else by the kind of type it names."""
    named = [(path, node) for path, node in _fields(_top(sent)) if node.name.value == name]
    placed: list[Path] = []
    for path, node in named:
        assert node.loc is not None
        where = get_location(node.loc.source, node.loc.start)
        if (where.line, where.column) in places:
            placed.append(path)
    if placed:
        return placed
    if type_name == "Query":
        return [path for path, _ in named if len(path) == 1]
    if type_name.endswith("Record"):
        return [path for path, _ in named if len(path) == 3]
    if type_name.endswith("Connection"):
        return [path for path, _ in named if len(path) == 2]
    inside = [path for path, _ in named if len(path) > 3]
    return [path for path in inside if path[-2].lower() in type_name.lower()] or inside or [path for path, _ in named]


class _Pruner(Visitor):
    """Takes one field out of a document, or only what is asked inside it; fields left empty go too. The root's name does not count."""

    def __init__(self, path: Path, only_inside: bool) -> None:
        super().__init__()
        self._path = path[1:]
        self._only_inside = only_inside
        self._at: Path = ()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self._at = (*self._at, node.name.value)

    def leave_field(self, node: FieldNode, *_: object) -> object:
        here, self._at = self._at[1:], self._at[:-1]
        if here == self._path:
            return FieldNode(name=node.name) if self._only_inside else REMOVE
        if node.selection_set is not None and not node.selection_set.selections:
            return REMOVE
        return None


def _without(text: str, path: Path, *, only_inside: bool) -> str:
    pruned = print_ast(visit(parse(text), _Pruner(path, only_inside)))
    try:
        return print_ast(parse(pruned))
    except GraphQLError:
        raise Refused("config", f"nothing is left to ask for without {'.'.join(path)}") from None
