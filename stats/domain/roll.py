"""What each process says of itself every few seconds: workers of their sources, web processes of the browsers at them."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """One ingest worker, as far as one organisation is concerned. Instants are epoch ms."""

    name: str  # host:pid
    started_at: int
    written_at: int
    loop_lag_ms: int = 0  # the longest its event loop was late since the last report
    memory_mb: int = 0
    held: tuple[str, ...] = ()
    standby: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenReport:
    """One browser at a board. `row` is of the screen's token; ages are seconds when the report was written."""

    kind: str  # "screen", "person", "program"
    row: int | None
    board: str
    acknowledged_s: float | None  # since it last acknowledged something; None: never
    data_age_s: float  # how old what it surely shows may be
    slow: bool = False  # told nothing until it answers
    # What a paired screen says of itself, and when it last did (epoch ms); nothing of the others.
    reported_at: int | None = None
    engine: str = ""
    width: int = 0
    height: int = 0
    heap: int | None = None  # bytes
    nodes: int = 0
    skew_ms: int = 0
    build: str = ""
    visible: bool = True
    since: int | None = None  # when its page began, epoch ms


@dataclass(frozen=True, slots=True, kw_only=True)
class WebReport:
    """One web process, as far as one organisation is concerned."""

    name: str
    started_at: int
    written_at: int
    loop_lag_ms: int = 0
    memory_mb: int = 0
    boards: dict[str, int] = field(default_factory=dict)  # board -> sockets
    messages: int = 0  # ever sent
    messages_per_s: float = 0.0
    slow: int = 0
    rejected: int = 0  # sockets refused, ever
    screens: tuple[ScreenReport, ...] = ()
    unlisted: int = 0  # screens beyond those told singly


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """Everybody who reported lately."""

    workers: tuple[WorkerReport, ...] = ()
    webs: tuple[WebReport, ...] = ()
