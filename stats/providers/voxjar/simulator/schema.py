"""The GraphQL schema, from text, with the changes that switches ask for.

The vendor's guide shows one aggregate and names one mutation; fields of calls are what public scripts of its customers ask for. So a
client may rely on nothing here but what introspection says.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from graphql import GraphQLSchema, ObjectTypeDefinitionNode, build_ast_schema, parse

TEXT = """
scalar JSON
enum Direction { OUTGOING INCOMING }
type Interval { hours: Int minutes: Int seconds: Int milliseconds: Int }
type Turn { text: String timestamp: Float confidence: Float length: Float speaker: String }
type Labelled { id: String identifier: String name: String }
type Person { identifier: String name: String phoneNumber: String metadata: JSON }
type Participants { agents: [Person!] customers: [Person!] }
type Call {
  identifier: String!
  timestamp: String
  direction: Direction
  type: Labelled
  disposition: Labelled
  tags: [String!]
  metadata: JSON
  duration: DURATION
  silenceDuration: DURATION
  participants: Participants
  transcript: TRANSCRIPT
}
type Aggregate { count: Int sum: Float }
type User { metadata: JSON }
type Found { successful: [Call!]! unsuccessful: [Call!]! }
type FoundCount { successful: Int unsuccessful: Int }
type Search { count: FoundCount calls: Found }
input TextFilter { equalTo: String in: [String!] }
input TimeFilter { equalTo: JSON greaterThanOrEqualTo: JSON lessThanOrEqualTo: JSON }
input CallFilterInput {
  identifier: TextFilter timestamp: TimeFilter direction: TextFilter type: TextFilter disposition: TextFilter
  tag: TextFilter agent: TextFilter
}
input SearchInput { advanced: String options: JSON }
type Query {
  calls(filter: CallFilterInput, offset: Int): [Call]!
  aggregate(filter: CallFilterInput, field: String): Aggregate
  search(filter: CallFilterInput, query: SearchInput): Search
  callTypes: [Labelled!]!
  dispositions: [Labelled!]!
  users(filter: CallFilterInput): [User!]!
}
type Mutation { login(email: String!, password: String!): String }
"""


@cache
def make_schema(absent: str, durations: str, transcripts: str, *, speakers: bool) -> GraphQLSchema:
    """`absent`: "Type.field,Type.field" to leave out."""
    text = TEXT.replace("DURATION", "Interval" if durations == "interval" else "Float")
    document = parse(text.replace("TRANSCRIPT", "[Turn!]" if transcripts == "turns" else "String"))
    gone = {tuple(part.strip().split(".", 1)) for part in absent.split(",")}
    if not speakers:
        gone.add(("Turn", "speaker"))
    kept = []
    for definition in document.definitions:
        if isinstance(definition, ObjectTypeDefinitionNode):
            name = definition.name.value
            definition = replace(definition, fields=tuple(f for f in definition.fields or () if (name, f.name.value) not in gone))
        kept.append(definition)
    return build_ast_schema(replace(document, definitions=tuple(kept)))
