"""The vendor's presence documents in the vendor's own words: Telavox Studio API 2.4, 2.5 and 3.5, by the rules of wire.py."""

from stats.providers.telavox.wire import AgentWords, Flag, Id, Length, Names, OnHook, Shape, Tenant, Text, Times, When


class Profile(Shape):
    default_duration: When = None  # named a duration, sent as the instant of the planned end
    id: Id = None
    is_wrapup: Flag = None
    name: Text = None
    start_date: When = None
    status: Text = None
    status_message: Text = None


class Profiles(Shape):
    active: Profile | None = None
    not_active: list[Profile] | Profile | None = None


class Login(Shape):
    """One entry of `queue_login`; the account id is in no reference, yet "the live stream always includes" it."""

    account_id: Id = None
    id: Id = None
    name: Text = None
    start_date: When = None


class Logins(Shape):
    logged_in: list[Login] | Login | None = None
    logged_out: list[Login] | Login | None = None


class PresentCall(Shape):
    """The call an agent has now."""

    answered: Flag = None
    call_direction: Text = None
    id_call: Text = None
    internal: Flag = None
    ivr_description: Text = None
    ivr_id: Id = None
    on_hooked_calls: OnHook | bool | int | None = None
    queue_account_id: Id = None
    queue_description: Text = None
    queue_id: Id = None
    recorded: Flag = None
    time: Times | None = None
    transfer: Flag = None


class PresenceDocument(Shape):
    """2.4: what one agent is doing now. `active` beside `profile` is in the reference and nowhere explained."""

    active: Profile | bool | int | None = None
    active_call: PresentCall | None = None
    admin_active: Flag = None
    agent: AgentWords | None = None
    customer_telavox: Tenant | None = None
    last_call_update: When = None
    last_call_update_sec: When = None
    mobile_active: Flag = None
    profile: Profiles | None = None
    queue_login: Logins | None = None
    web_active: Flag = None


class TalkTotal(Shape):
    talk: Length = None


class CallSummary(Shape):
    active_calls: Names = None
    answered_calls: Names = None
    completed_calls: Names = None
    duration: TalkTotal | None = None
    id_calls: Names = None
    total_answered: Length = None
    total_calls: Length = None


class ProfileTotal(Shape):
    """Time in one profile inside one slot; the numbered extras have only the first three."""

    id: Id = None
    name: Text = None
    usage: Length = None
    active: Flag = None
    available: Flag = None
    busy: Length = None
    is_wrapup: Flag = None
    time_start: When = None
    times_in_profile: Length = None


class LoginTotal(Shape):
    account_id: Id = None
    active: Flag = None
    number_times_logged_in: Length = None
    number_times_logged_out: Length = None
    queue_id: Id = None
    queue_name: Text = None
    time_start: When = None
    usage: Length = None


class QueueSummary(Shape):
    logged_in: list[LoginTotal] | LoginTotal | None = None
    logged_out: list[LoginTotal] | LoginTotal | None = None


class Slot(Shape):
    busy: Length = None
    end_date: When = None
    start_date: When = None
    time_range: Length = None


class SlotDocument(Shape):
    """2.5 and 3.5: one agent's slot. The numbered extra profiles (live only) are read apart, by the pattern of their names."""

    agent: AgentWords | None = None
    call_summary: CallSummary | None = None
    customer_telavox: Tenant | None = None
    profile_available: ProfileTotal | list[ProfileTotal] | None = None
    profile_not_available: ProfileTotal | list[ProfileTotal] | None = None
    queue_summary: QueueSummary | None = None
    slot: Slot | None = None
