"""Voxjar, as the registry knows it: it tells of no calls, it is told of them."""

from stats.providers.base import FACTS, Company, Option
from stats.providers.voxjar.sink import VoxjarSink

COMPANY = Company(
    name="voxjar",
    title="Voxjar",
    sinks=True,
    open_sink=VoxjarSink,
    # Its guide names no address any more; this is what its published client falls back to.
    live_url="https://api.voxjar.com:9000",
    options=(
        Option(name="sources", kind="lines"),  # whose recordings are sent
        Option(name="consented", kind="lines"),  # at which of them callers are told that they are recorded and listened to elsewhere
        Option(name="queues", kind="lines"),  # by name or key; none: all
        Option(name="internal", kind="switch", default=False),
        Option(name="opted_out", kind="lines"),  # telephone numbers
        Option(name="agents", kind="agents"),  # extension, name or key -> e-mail or employee id
        Option(name="customers", kind="choice", default="number", choices=("number", "pseudonym")),
        Option(name="overwrite", kind="switch", default=False),  # send what somebody else has sent by the same identifier
        Option(name="largest_mb", kind="number", default=200),
    ),
    can={fact: "told" if fact == "transcripts" else "none" for fact in FACTS},
)
