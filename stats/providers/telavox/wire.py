"""The vendor's call documents in the vendor's own words: Telavox Studio API 2.1-2.3 and 3.2-3.4 (presence: wire_presence.py).

Rules that hold here:
- Every field is optional, because the vendor promises none; fields not named here are ignored.
- One shape serves both layers: a field that only the live or only the historic layer sends is a field all the same.
  The historic spelling (camelCase) is derived from these shapes by `casing.camel` and never written twice.
- Types are as wide as the vendor has been seen or documented to be; what is narrower on the wire is read in `reading.py`.
"""

import msgspec

Id = int | None
Flag = bool | int | None  # documented as Int 0/1; also the small counts, which may exceed 1
Text = str | None
When = int | float | str | None  # epoch number, numeric text or ISO 8601; the magnitude tells the unit
Length = int | None  # a duration; live ones are milliseconds
Names = list[str] | str | None  # "String" in the live reference, an array in the vendor's sample


class Shape(msgspec.Struct, gc=False):
    """A document, or an object inside one."""


class Licence(Shape):
    ccpro: Flag = None
    type: Text = None


class AgentWords(Shape):
    """An agent as every document names it."""

    id: Id = None
    account_id: Id = None
    account_type_id: Id = None  # in the samples, in no reference
    answered: When = None
    avatar: Text = None
    email: Text = None
    from_transfer: Flag = None
    to_transfer: Flag = None
    is_admin: Flag = None
    licence: Licence | None = None
    name: Text = None
    phone: Text = None
    username: Text = None


class QueueWords(Shape):
    """A queue as every document names it; the four counts are a snapshot taken at the last queue event."""

    id: Id = None
    account_id: Id = None
    fail_reason: Text = None
    free_agents: Length = None
    name: Text = None
    not_answer_risk: Length = None
    phone: Text = None
    queue_talking_agents: Length = None
    strategy: Text = None
    timestart: When = None
    total_talking_agents: Length = None


class IvrWords(Shape):
    id: Id = None
    account_id: Id = None
    name: Text = None
    phone: Text = None
    timestamp: When = None


class Tenant(Shape):
    id: Id = None
    name: Text = None


class Target(Shape):
    number: Text = None


class Times(Shape):
    answered: When = None
    end: When = None
    start: When = None


class Spread(Shape):
    """A duration told three ways."""

    first: Length = None
    last: Length = None
    total: Length = None


Span = Spread | int | None  # call documents spread queue, ring and talk; queue and agent documents mix both forms


class Durations(Shape):
    before_queue: Length = None
    hold: Span = None  # queue and agent documents
    on_hold: Span = None  # call documents
    queue: Span = None
    ring: Span = None
    talk: Span = None
    total: Length = None
    wait: Span = None


class OnHook(Shape):
    """Callbacks ordered in a queue ("on-hook wait"), by how they went."""

    answer_wait_request: Length = None
    customer_no_answer: Length = None
    no_wait_request: Length = None


class MenuDigit(Shape):
    destination: Text = None
    dialed_number: Text = None
    type: Text = None


class Redirects(Shape):
    no_answer: Length = None
    no_reason: Length = None
    not_reachable: Length = None
    total: Length = None
    unconditional: Length = None
    user_busy: Length = None


class KeyInput(Shape):
    input: Text = None
    variable_name: Text = None


class Transfer(Shape):
    answered: Flag = None
    type: Text = None


class CallWords(Shape):
    """What the three call documents have in common."""

    id_call: Text = None
    active: Flag = None
    answered: Flag = None
    call_direction: Text = None
    customer_target: Target | None = None
    customer_telavox: Tenant | None = None
    duration: Durations | None = None
    internal: Flag = None
    on_hooked_calls: OnHook | bool | int | None = None
    recorded: Flag = None
    simultaneous_device_calls: Length = None
    time: Times | None = None
    voicemail: Flag = None


class CallDocument(CallWords):
    """2.1 and 3.2: one journey of one call."""

    agent_first: AgentWords | None = None
    agent_last: AgentWords | None = None
    agent_list: Names = None
    agent_list_answer: Names = None
    agent_list_no_answer: Names = None
    inactive_number: Flag = None
    ivr_first: IvrWords | None = None
    ivr_last: IvrWords | None = None
    ivr_list: Names = None
    menu_digit: MenuDigit | None = None
    offered_and_answered: Length = None
    offered_and_not_answered: Length = None
    ohw_ordered: Flag = None
    queue_first: QueueWords | None = None
    queue_last: QueueWords | None = None
    queue_list: Names = None
    queue_pickup: Flag = None
    redirected: Redirects | None = None
    save_key_input: list[KeyInput] | KeyInput | None = None  # an object live, an array in history
    terminated_call_reason: Text = None
    timestamp: When = None
    transfer_first: Transfer | None = None
    transfer_last: Transfer | None = None
    transfers: Flag = None


class QueueDocument(CallWords):
    """2.2 and 3.3: one call in one queue."""

    account_id: Id = None  # whose it is, the vendor does not say: read, never used
    agent_end_reason: Text = None
    agent_first: AgentWords | None = None
    agent_last: AgentWords | None = None
    agent_list: Names = None
    agent_list_answer: Names = None
    agent_list_no_answer: Names = None
    ivr: IvrWords | None = None
    queue: QueueWords | None = None
    transfer: Flag = None


class AgentDocument(CallWords):
    """2.3 and 3.4: one call offered to one agent."""

    account_id: Id = None  # as in queue documents
    agent: AgentWords | None = None
    agent_end_reason: Text = None
    ivr: IvrWords | None = None
    queue: QueueWords | None = None
    transfer: Flag = None
