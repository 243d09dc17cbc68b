"""The historic layer's answers: windows, filters, pages and cursors over the archive, through a real GraphQL schema
(Telavox Studio API 3).

Two schemas share one source text. `full` validates every query and answers introspection and unusual selections; `coarse` has the
rows of a page as one opaque value, so that a plain query costs one picker call per row instead of a hundred resolver calls.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    execute_sync,
    get_named_type,
    parse,
    validate,
)

from stats.providers.telavox.simulator.archive import Row
from stats.providers.telavox.simulator.chapters import Rows
from stats.providers.telavox.simulator.filters import matches
from stats.providers.telavox.simulator.parts import Document
from stats.providers.telavox.simulator.schema import make_schema
from stats.providers.telavox.simulator.selection import Leaves, Pick, compiled, snake
from stats.providers.telavox.simulator.switches import Switches

TOO_LONG = "too_long_http_line_exception"
_FOREVER = 1 << 62


@dataclass(slots=True, frozen=True, kw_only=True)
class Page:
    rows: list[Document]
    total: int
    cursor: str | None
    more: bool


@dataclass(slots=True, frozen=True, kw_only=True)
class Prepared:
    document: DocumentNode
    errors: list[GraphQLError]
    picks: Mapping[tuple[str, str], Pick] | None  # (root's answer name, its data's answer name) -> picker; None: not plain


class Historic:
    """`now` gives epoch ms. The engine is rebuilt when a switch that shapes it is turned."""

    def __init__(self, archive: Rows, switches: Switches, now: Callable[[], int]) -> None:
        self._archive = archive
        self._switches = switches
        self._now = now
        self._shape: tuple[object, ...] = ()
        self._leaves = Leaves(switches)
        self._full: GraphQLSchema = make_schema("", "profile_history", coarse=False)
        self._coarse: GraphQLSchema = make_schema("", "profile_history", coarse=True)
        self._prepared: dict[str, Prepared] = {}

    def answer(self, query: str, variables: Mapping[str, object] | None, operation: str | None) -> ExecutionResult:
        self._reshape()
        try:
            prepared = self._prepare(query)
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        if prepared.errors:
            return ExecutionResult(None, prepared.errors)
        return execute_sync(
            self._full if prepared.picks is None else self._coarse,
            prepared.document,
            variable_values=dict(variables or {}),
            operation_name=operation,
            field_resolver=self._resolver(prepared.picks),
        )

    # -- the engine ----------------------------------------------------------------------------------------------------

    def _reshape(self) -> None:
        switches = self._switches
        shape = (
            switches.absent_fields,
            switches.history_root,
            switches.instants,
            switches.round_to_seconds,
            switches.historic_account_ids,
        )
        if shape != self._shape:
            self._shape = shape
            self._leaves = Leaves(switches)
            self._full = make_schema(switches.absent_fields, switches.history_root, coarse=False)
            self._coarse = make_schema(switches.absent_fields, switches.history_root, coarse=True)
            self._prepared.clear()

    def _prepare(self, query: str) -> Prepared:
        known = self._prepared.get(query)
        if known is None:
            document = parse(query)
            errors = validate(self._full, document)
            picks = None if errors else self._picks(document)
            known = Prepared(document=document if picks is None else _without_rows(document), errors=errors, picks=picks)
            if len(self._prepared) > 100:
                self._prepared.clear()
            self._prepared[query] = known
        return known

    def _picks(self, document: DocumentNode) -> Mapping[tuple[str, str], Pick] | None:
        """The pickers of a plain query: one operation, no fragments, no directives, no introspection."""
        query_type = self._full.query_type
        if len(document.definitions) != 1 or query_type is None:
            return None
        operation = document.definitions[0]
        if not isinstance(operation, OperationDefinitionNode):
            return None
        picks: dict[tuple[str, str], Pick] = {}
        for root in operation.selection_set.selections:
            if not isinstance(root, FieldNode) or root.directives or root.name.value.startswith("__") or root.selection_set is None:
                return None
            connection = getattr(query_type.fields[root.name.value].type, "of_type", None)
            assert isinstance(connection, GraphQLObjectType)
            for part in root.selection_set.selections:
                if not isinstance(part, FieldNode) or part.directives:
                    return None
                if part.name.value != "data" or part.selection_set is None:
                    continue
                record = get_named_type(connection.fields["data"].type)
                assert isinstance(record, GraphQLObjectType)
                pick = compiled(part.selection_set, record, self._leaves)
                place = (_answer_name(root), _answer_name(part))
                if pick is None or place in picks:
                    return None
                picks[place] = pick
        return picks

    def _resolver(self, picks: Mapping[tuple[str, str], Pick] | None) -> Callable[..., Any]:
        leaves = self._leaves

        def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
            if source is None:
                root = "profile_history" if info.field_name == "agentHistory" else info.field_name
                return self._page(root, **arguments)
            if isinstance(source, Page):
                if info.field_name != "data":
                    return {"totalCount": source.total, "cursor": source.cursor, "hasNextPage": source.more}[info.field_name]
                if picks is None:
                    return source.rows
                assert info.path.prev is not None
                pick = picks[(str(info.path.prev.key), str(info.path.key))]
                return [pick(document) for document in source.rows]
            value = source.get(snake(info.field_name))
            convert = leaves.converter(info.field_name, info.return_type)
            return value if convert is None or value is None else convert(value)

        return resolve

    # -- the answer ----------------------------------------------------------------------------------------------------

    def _page(self, root: str, first: int, filter: Mapping[str, Any] | None = None, after: str | None = None) -> Page:
        asked = dict(filter or {})
        start, end = asked.pop("startDate", None), asked.pop("endDate", None)
        if start is None or end is None:
            raise GraphQLError(TOO_LONG)
        if first < 0 or (self._switches.max_first and first > self._switches.max_first):
            raise GraphQLError(f"first must be between 0 and {self._switches.max_first or 'any number'}")
        lag = round(self._switches.lag_s * 1000)
        horizon = self._now() - lag if lag else _FOREVER
        position = _position(root, after) if after else None
        if asked.get("callId") is not None:
            rows = (
                row
                for row in self._archive.of_call(root, asked["callId"], start, end)
                if start <= row.start < end and (position is None or (row.start, row.turn) > position)
            )
        else:
            rows = self._archive.window(root, start, end, position)  # type: ignore[assignment]
        found: list[Document] = []
        last: Row | None = None
        more = False
        for row in rows:
            document = row.as_of(horizon)
            if document is None or not matches(root, document, asked):
                continue
            if len(found) == first:
                more = True
                break
            found.append(document)
            last = row
        return Page(
            rows=found,
            total=self._archive.count(root, start, end, horizon if lag else None),
            cursor=_cursor(root, last) if last is not None else after,
            more=more,
        )


def _answer_name(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _without_rows(document: DocumentNode) -> DocumentNode:
    """The plain query with `data` as a leaf, as the coarse schema has it."""
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    roots = []
    for root in operation.selection_set.selections:
        assert isinstance(root, FieldNode)
        assert root.selection_set is not None
        parts = tuple(
            replace(part, selection_set=None) if isinstance(part, FieldNode) and part.name.value == "data" else part
            for part in root.selection_set.selections
        )
        roots.append(replace(root, selection_set=replace(root.selection_set, selections=parts)))
    cut = replace(operation, selection_set=replace(operation.selection_set, selections=tuple(roots)))
    return replace(document, definitions=(cut,))


def _cursor(root: str, row: Row) -> str:
    return base64.urlsafe_b64encode(f"{root}|{row.start}|{row.turn}".encode()).decode()


def _position(root: str, cursor: str) -> tuple[int, int]:
    try:
        of, start, turn = base64.urlsafe_b64decode(cursor.encode()).decode().split("|")
        if of != root:
            raise ValueError(of)
        return int(start), int(turn)
    except (ValueError, binascii.Error):
        raise GraphQLError("invalid cursor") from None
