"""What a look-alike can be told to do otherwise: limits, lags, and the oddities of the vendor's own samples."""

from dataclasses import asdict, dataclass, fields


@dataclass(slots=True, kw_only=True)
class Switches:
    """Every one may be set by name, from a command line or the back door."""

    live_cap: int = 500
    block_rows: int = 1000  # logs in one answer
    list_rows: int = 1000  # recordings or messages in one answer
    relative_next: bool = False  # next_block_uri without the host
    foreign_next: str = ""  # a host that next_block_uri names instead of ours
    log_lag_s: float = 0.0  # until a call's log is there
    charge_lag_s: float = 60.0
    detail_s: float = 300.0  # how long a call that ended is still told of by LiveCalls
    queue_kept_s: float = 600.0  # an empty queue is collected after so long
    per_minute: int = 0  # requests allowed in any 60 s; 0: any number
    retry_after_s: float = 0.0  # told with a 429; 0: not told
    ranges: bool = False  # heeds Range headers
    copies: bool = False  # the customer's own program passes init_call, end_call and failed_call on to the hook
    webhooks: bool = True  # the call flows have WEBHOOK actions for us
    session_keys: bool = True  # the flows write session data
    release_events: bool = True
    string_booleans: bool = False
    space_keys: bool = False
    zone_less: bool = False
    upper_direction: bool = False
    string_session: bool = False
    content_type: str = "application/json"
    method: str = "POST"
    key_in: str = "header"  # or "custom_data"

    def set(self, name: str, value: object) -> None:
        """By name, from text or a value. Raises ValueError."""
        known = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        if name not in known:
            raise ValueError(f"{name} is none of {', '.join(sorted(known))}")
        kind = known[name]
        if kind is bool:
            setattr(self, name, value if isinstance(value, bool) else str(value).strip().lower() in ("1", "true", "on", "yes"))
        else:
            setattr(self, name, kind(value))

    def update(self, asked: dict[str, object]) -> None:
        """Several at once. Raises ValueError."""
        for name, value in asked.items():
            self.set(name, value)

    def as_mapping(self) -> dict[str, object]:
        """All of them."""
        return asdict(self)
