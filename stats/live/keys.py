"""Every key of the live store, its shape and its lifetime, on one page.

All keys of an organisation share the hash tag `{org}`, so that one Lua step may touch them all on a Cluster.
`<call>` is "<source>/<id_call>"; `<scope>` is "q:<queue>", "a:<agent>" or "s"; `<day>` a business day; `<minute>` a UTC minute's number.

    key                  | shape                                                        | lives
    ---------------------+--------------------------------------------------------------+---------------------------
    meta                 | hash: epoch, rev (store version), floor (oldest rev in dirty), | for ever
                         | gen (generation of the sums), open:<source> ("1": that key    |
                         | names every open call)                                        |
    lease:<source>       | string: the worker that may write for this source            | 8 s, renewed every 2.5 s
    standby:<source>     | string: the worker that waits for the lease, and if it listens | 3 s, renewed every 0.5 s
    leaving:<source>     | string: the holder's word that it goes, and to whom (JSON)    | 10 s
    r:<call>             | hash: v version, r record (MessagePack), s what it shows,     | 50 h after its last change
                         | g in which generation of the sums                             |
    i:<source>           | sorted set: id_call by start                                 | entries 50 h
    open:<source>        | sorted set: id_call by start, of calls that are not over     | until over, 50 h at most
    unkept:<source>      | sorted set: ended calls the archive lacks, by record version | until kept
    aside:<source>       | sorted set: ended calls the archive refused, by version      | tried by every new holder
    slots:<source>       | stream: presence slots the database lacks (JSON)             | until kept, newest 100,000
    changes:<source>     | stream: presence changes the database lacks (JSON)           | until kept, newest 100,000
    unheard:<source>     | stream: times nobody listened that the database lacks (JSON) | until kept, newest 100,000
    notes_<kind>:<source> | stream: recordings, words, ... the database lacks (JSON)    | until kept, newest 20,000 of a kind
    inbox:<source>       | stream: what the vendor posted, not on the road yet          | until told, 50 h after the last
    inboxed:<source>     | string: bytes in that stream                                 | as the stream
    seen:<source>:<day>  | set: marks of ids of what was posted on a UTC day's number   | 6 days
    day:<day>:<scope>    | hash: amount -> count or ms                                  | 72 h
    scopes:<day>         | set: scopes of the day                                       | 72 h
    peak:<day>:<queue>   | sorted set: "<call>#<n>" by wait, ms                         | 72 h
    min:<minute>         | hash: "<scope>|<amount>" -> count or ms                      | 3 h
    mw:<minute>          | hash: "<queue>|<call>#<n>" -> wait, ms                       | 3 h
    living               | hash: <call> -> what of it is happening now (JSON)           | as long as it happens
    callers:<day>        | hash: <call> -> number, start, lost, answered (JSON)         | 72 h
    presence             | hash: agent -> latest document and its state (JSON)          | for ever, one per agent
    presence_v           | hash: agent -> version of the entry                          | as presence
    queues, agents       | hash: key -> identity (JSON)                                 | for ever, one per queue and agent
    risk                 | hash: queue -> [value, stamp] (JSON)                         | for ever, one per queue
    estimate             | hash: queue -> [ms, stamp] (JSON), as the vendor estimates it | for ever, one per queue
    sources              | hash: source -> health as its worker reports it (JSON)       | for ever, one per source
    flags                | hash: restate:<source>, while calls are to be shown again     | until done
    rules                | string: timezone, targets, counting rules (JSON)             | for ever
    dirty                | sorted set: what changed, by the rev that changed it         | newest 20,000 revs, 100,000 at most
    quarantine:<source>  | list: the newest 100 unreadable frames (hash, reason, size)  | 100 entries
    quarantined:<source> | hash: reason -> count                                        | for ever
    audit                | string: what the recount of a sample last found (JSON)        | for ever
    auditor              | string: the worker that recounts                             | 2 min, renewed by each audit
    roll                 | sorted set: processes that reported, by when                 | entries 1 h
    roll:<process>       | string: a worker's or web process' report (JSON)             | 20 s, renewed every 5 s
    roll:beat:<half min> | set: rows of the screens that acknowledged in this half minute | 40 min
    announce             | channel: the rev that was just reached                       | -
    orders:<source>      | string: what an operator asked the worker to do              | until taken
"""

from stats.domain.facts import call_reference

__all__ = ["call_reference", "key", "prefix"]

RECORD_TTL_S = 50 * 3600
DAY_TTL_S = 72 * 3600
MINUTE_TTL_S = 3 * 3600
LEASE_TTL_MS = 8_000
DIRTY_REVS = 20_000
DIRTY_NAMES = 100_000
QUARANTINE_ENTRIES = 100
WAITING_ENTRIES = 100_000
# What was said in a call is long.
WAITING_NOTES = 20_000
ASIDE_ENTRIES = 10_000
INBOX_ENTRIES = 100_000
INBOX_BYTES = 64 * 1024 * 1024
# Longer than any vendor repeats itself; past so many a day repetitions are told twice, which changes no number.
SEEN_DAYS = 4
SEEN_A_DAY = 1_000_000


def prefix(organisation: str) -> str:
    """The common beginning of an organisation's keys."""
    return f"wb:{{{organisation}}}:"


def key(organisation: str, *parts: str) -> str:
    """One key, by its parts."""
    return prefix(organisation) + ":".join(parts)
