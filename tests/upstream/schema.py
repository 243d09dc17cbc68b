"""The historic schema, field by field as the vendor's reference lists it (Telavox Studio API 3.1 to 3.5), and queries over plain rows."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    graphql_sync,
    parse,
    validate,
    value_from_ast_untyped,
)

Row = dict[str, Any]

TYPES = """
scalar DateTime
input OverviewFilter {
  startDate: DateTime endDate: DateTime queueId: Int queueAccountId: Int ivrId: Int ivrAccountId: Int agentId: Int agentAccountId: Int
  queueName: String ivrName: String agentName: String callId: String
}
type Licence { ccpro: Int type: String }
type Target { number: String }
type Agent {
  id: Int accountId: Int name: String phone: String email: String answered: DateTime toTransfer: Int fromTransfer: Int licence: Licence
}
type Queue { id: Int accountId: Int name: String phone: String strategy: String timestart: DateTime failReason: String }
type Ivr { id: Int accountId: Int name: String phone: String timestamp: DateTime }
type OnHooked { noWaitRequest: Int answerWaitRequest: Int customerNoAnswer: Int }
type Three { first: Int last: Int total: Int }
type CallDuration { ring: Three queue: Three talk: Three total: Int onHold: Int wait: Int }
type Span { start: DateTime end: DateTime }
type OfferSpan { start: DateTime end: DateTime answered: DateTime }
type Transfer { type: String answered: Int }
type Redirected { total: Int noReason: Int noAnswer: Int notReachable: Int userBusy: Int unconditional: Int }
type MenuDigit { dialedNumber: String destination: String type: String }
type KeyInput { variableName: String input: String }
type CallOverviewRecord {
  idCall: String customerTarget: Target callDirection: String offeredAndAnswered: Int offeredAndNotAnswered: Int onHookedCalls: OnHooked
  simultaneousDeviceCalls: Int inactiveNumber: Int duration: CallDuration answered: Int active: Int agentFirst: Agent agentLast: Agent
  agentList: [String!] agentListAnswer: [String!] agentListNoAnswer: [String!] queueFirst: Queue queueLast: Queue queueList: [String!]
  ivrFirst: Ivr ivrLast: Ivr ivrList: [String!] queuePickup: Int time: Span transferFirst: Transfer transferLast: Transfer transfers: Int
  redirected: Redirected recorded: Int menuDigit: MenuDigit terminatedCallReason: String internal: Int saveKeyInput: [KeyInput]
  timestamp: DateTime
}
type QueueDuration { total: Int queue: Int ring: Three talk: Int hold: Int wait: Int }
type QueueOverviewRecord {
  idCall: String callDirection: String active: Int answered: Int agentFirst: Agent agentLast: Agent ivr: Ivr queue: Queue
  customerTarget: Target onHookedCalls: Int transfer: Int recorded: Int time: Span duration: QueueDuration simultaneousDeviceCalls: Int
  agentEndReason: String voicemail: Int internal: Int
}
type AgentDuration { total: Int ring: Int talk: Int hold: Int }
type AgentOverviewRecord {
  idCall: String callDirection: String active: Int answered: Int agent: Agent ivr: Ivr queue: Queue customerTarget: Target
  onHookedCalls: Int transfer: Int recorded: Int time: OfferSpan duration: AgentDuration simultaneousDeviceCalls: Int
  agentEndReason: String voicemail: Int internal: Int
}
type Slot { startDate: Float endDate: Float timeRange: Int busy: Int }
type ProfileAvailable {
  id: Int name: String usage: Int busy: Int available: Boolean active: Boolean isWrapup: Boolean timesInProfile: Int timeStart: Float
}
type TalkDuration { talk: Int }
type CallSummary {
  totalCalls: Int totalAnswered: Int duration: TalkDuration idCalls: [String!] answeredCalls: [String!] completedCalls: [String!]
  activeCalls: [String!]
}
type ProfileHistoryOverviewRecord { agent: Agent slot: Slot profileAvailable: ProfileAvailable callSummary: CallSummary }
type CallOverviewConnection { data: [CallOverviewRecord!]! totalCount: Int! cursor: String hasNextPage: Boolean! }
type QueueOverviewConnection { data: [QueueOverviewRecord!]! totalCount: Int! cursor: String hasNextPage: Boolean! }
type AgentOverviewConnection { data: [AgentOverviewRecord!]! totalCount: Int! cursor: String hasNextPage: Boolean! }
type ProfileHistoryOverviewConnection { data: [ProfileHistoryOverviewRecord!]! totalCount: Int! cursor: String hasNextPage: Boolean! }
"""
ROOTS = {"calls": "Call", "queues": "Queue", "agents": "Agent", "profile_history": "ProfileHistory"}


def historic_schema(*, profile_root: str = "profile_history", without: tuple[str, ...] = ()) -> GraphQLSchema:
    """The schema, with another name for the profile root, or without some fields (`"QueueOverviewRecord.agentEndReason"`): drift."""
    text = TYPES
    for path in without:
        owner, name = path.split(".")
        head, _, rest = text.partition(f"type {owner} {{")
        body, _, tail = rest.partition("}")
        kept = " ".join(f"{field}: {kind}" for field, kind in _fields(body) if field != name)
        text = f"{head}type {owner} {{ {kept} }}{tail}"
    asked = "(filter: OverviewFilter, first: Int!, after: String)"
    roots = {profile_root if root == "profile_history" else root: kind for root, kind in ROOTS.items()}
    query = " ".join(f"{root}{asked}: {kind}OverviewConnection!" for root, kind in roots.items())
    return build_schema(f"{text} type Query {{ {query} }}")


def _fields(body: str) -> list[tuple[str, str]]:
    words = body.split()
    return [(words[n].rstrip(":"), words[n + 1]) for n in range(0, len(words), 2)]


Page = Callable[[str, Mapping[str, Any]], Row]


def answer(schema: GraphQLSchema, query: str, variables: Mapping[str, Any], page: Page) -> Row:
    """`{"data", "errors"}` of one request; `page(root, arguments)` gives a connection, or raises GraphQLError.

    Queries are validated against the schema as a server does, then the selection is cut out of the rows by hand: quick for big pages.
    """
    try:
        document = parse(query)
    except GraphQLError as error:
        return {"errors": [error.formatted]}
    if errors := validate(schema, document):
        return {"errors": [error.formatted for error in errors]}
    if "__schema" in query or "__type(" in query:
        whole = graphql_sync(schema, query, variable_values=dict(variables))
        return {"data": whole.data} | ({"errors": [error.formatted for error in whole.errors]} if whole.errors else {})
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    given = {
        node.variable.name.value: variables.get(
            node.variable.name.value, value_from_ast_untyped(node.default_value) if node.default_value else None
        )
        for node in operation.variable_definitions or ()
    }
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    result: Row = {}
    errors_seen = []
    for field in _flat(operation.selection_set, fragments):
        arguments = {argument.name.value: value_from_ast_untyped(argument.value, given) for argument in field.arguments or ()}
        name = field.alias.value if field.alias else field.name.value
        try:
            result[name] = _cut(page(field.name.value, arguments), field.selection_set, fragments)
        except GraphQLError as error:
            result[name] = None
            errors_seen.append(error.formatted | {"path": [name]})
    return {"data": None if errors_seen else result} | ({"errors": errors_seen} if errors_seen else {})


def _flat(selection: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode]) -> list[FieldNode]:
    found: list[FieldNode] = []
    for node in selection.selections if selection else ():
        if isinstance(node, FieldNode):
            found.append(node)
        elif isinstance(node, FragmentSpreadNode):
            found += _flat(fragments[node.name.value].selection_set, fragments)
        elif isinstance(node, InlineFragmentNode):
            found += _flat(node.selection_set, fragments)
    return found


def _cut(value: Any, selection: SelectionSetNode | None, fragments: Mapping[str, FragmentDefinitionNode]) -> Any:
    if selection is None or value is None:
        return value
    if isinstance(value, list):
        return [_cut(inner, selection, fragments) for inner in value]
    return {
        (field.alias.value if field.alias else field.name.value): _cut(value.get(field.name.value), field.selection_set, fragments)
        for field in _flat(selection, fragments)
    }


def first_field(document: DocumentNode) -> str:
    """The first root a query asks for."""
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return next(node.name.value for node in operation.selection_set.selections if isinstance(node, FieldNode))
