"""What the GraphQL door answers: the library's calls, twenty a page, through a real schema that can be asked about itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    NoSchemaIntrospectionCustomRule,
    execute_sync,
    parse,
    specified_rules,
    validate,
)

from stats.providers.voxjar.simulator.library import PAGE, Kept, Library
from stats.providers.voxjar.simulator.schema import make_schema
from stats.providers.voxjar.simulator.switches import Switches

HOUR_MS = 3_600_000


class Answers:
    """`login` gives a short-lived token; `now` epoch ms."""

    def __init__(self, library: Library, switches: Switches, now: Callable[[], int], login: Callable[[], str]) -> None:
        self._library, self._switches, self._now, self._login = library, switches, now, login
        self._roots: dict[str, Callable[..., Any]] = {
            "calls": self._calls,
            "aggregate": self._aggregate,
            "search": self._search,
            "callTypes": lambda: self._labels("type"),
            "dispositions": lambda: self._labels("disposition"),
            "users": lambda filter=None: [],
            "login": lambda email, password: self._login(),
        }

    def answer(self, query: str, variables: Mapping[str, Any]) -> ExecutionResult:
        """Of one operation."""
        switches = self._switches
        schema = make_schema(switches.absent_fields, switches.durations, switches.transcripts, speakers=switches.speakers)
        try:
            document = parse(query)
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        rules = specified_rules if switches.introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
        if faults := validate(schema, document, rules):
            return ExecutionResult(None, faults)
        return execute_sync(schema, document, variable_values=dict(variables), field_resolver=self._resolve)

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if f"{info.parent_type.name}.{info.field_name}" in self._switches.stubborn_fields.split(","):
            raise GraphQLError("could not be read just now")
        if source is None:
            try:
                return self._roots[info.field_name](**arguments)
            except (ValueError, TypeError, KeyError) as why:
                raise GraphQLError(f"{type(why).__name__}: {why}") from why
        return self._field(source, info.field_name) if isinstance(source, Kept) else source.get(info.field_name)

    def _field(self, call: Kept, name: str) -> Any:
        done = call.done_at <= self._now()
        if name in ("duration", "silenceDuration"):
            length = call.duration_ms if name == "duration" else call.duration_ms // 7
            return self._length(length) if done else None
        if name == "transcript":
            if not done:
                return None
            turns = call.turns()
            return turns if self._switches.transcripts == "turns" else " ".join(str(turn["text"]) for turn in turns)
        if name == "participants":
            return {"agents": call.metadata.get("agents"), "customers": call.metadata.get("customers")}
        if name in ("type", "disposition") and call.metadata.get(name):
            return {**call.metadata[name], "id": call.metadata[name].get("identifier")}
        return call.metadata.get(name)

    def _length(self, ms: int) -> object:
        if self._switches.durations == "seconds":
            return ms / 1000
        return {"hours": ms // HOUR_MS, "minutes": ms // 60_000 % 60, "seconds": ms // 1000 % 60, "milliseconds": ms % 1000}

    def _found(self, asked: Mapping[str, Any] | None) -> list[Kept]:
        return self._library.find(asked, done_only=self._switches.hidden_until_done)

    def _calls(self, filter: Mapping[str, Any] | None = None, offset: int | None = None) -> list[Kept]:
        start = max(0, offset or 0)
        return self._found(filter)[start : start + PAGE]

    def _aggregate(self, filter: Mapping[str, Any] | None = None, field: str | None = None) -> dict[str, object]:
        found = [call for call in self._found(filter) if call.done_at <= self._now()]
        return {"count": len(found), "sum": round(sum(call.duration_ms for call in found) / HOUR_MS, 4)}

    def _search(self, filter: Mapping[str, Any] | None = None, query: Mapping[str, Any] | None = None) -> dict[str, object]:
        wanted = str((query or {}).get("advanced") or "").lower()
        hit: list[Kept] = []
        missed: list[Kept] = []
        for call in self._found(filter):
            (hit if any(wanted in str(turn["text"]).lower() for turn in call.turns()) else missed).append(call)
        return {"count": {"successful": len(hit), "unsuccessful": len(missed)}, "calls": {"successful": hit, "unsuccessful": missed}}

    def _labels(self, name: str) -> list[dict[str, Any]]:
        told = {each["identifier"]: each["name"] for call in self._library.calls.values() if (each := call.metadata.get(name))}
        return [{"id": identifier, "identifier": identifier, "name": told[identifier]} for identifier in sorted(told)]
