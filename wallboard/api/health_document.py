"""The answer of `/api/v1/health`: what was found out, as plain values; nothing in it is a secret, and nobody but screens is named."""

from stats.domain.checkup import Finding
from stats.domain.facts import SourceFacts
from wallboard.api.examination import Examined
from wallboard.pages.diagnosis import about_words, say

Document = dict[str, object]


def health_document(found: Examined) -> Document:
    """Everything, as of the moment of asking. Words are in the language of the asker."""
    vitals = found.vitals
    words, _do = say(found.headline, vitals.now, found.timezone)
    bad = [each for each in found.findings if each.level == "bad"]
    return {
        "as_of": vitals.now,
        "state": "bad" if bad else "note" if found.findings else "good",
        "summary": words,
        "findings": [_finding(found, each) for each in found.findings],
        "clock_offset_s": vitals.clock_offset_s,
        "store": {"answers": vitals.store is not None, "rev": found.rev, "epoch": found.epoch, **dict(vitals.store or {})},
        "database": {"answers": vitals.database_away_since is None},
        "worker": {"seen_at": vitals.worker_seen_at or None, "workers": list(vitals.roll.workers) if vitals.roll is not None else []},
        "sources": [_source(found, source) for source in vitals.sources],
        "archive": {"waiting": found.unkept, "rollup_lag_s": lag_s(found)},
        "web": list(vitals.roll.webs) if vitals.roll is not None else [],
        "recount": vitals.audit,
    }


def lag_s(found: Examined) -> float:
    """For how long the oldest quarter hour of today has waited to be added up for reports; 0 where none waits."""
    return 0.0 if found.unrolled_since is None else max(0, found.vitals.now - found.unrolled_since) / 1000


def _finding(found: Examined, finding: Finding) -> Document:
    words, do = say(finding, found.vitals.now, found.timezone)
    return {
        "code": finding.code,
        "level": finding.level,
        "about": about_words(finding.about),
        "words": words,
        "do": do,
        "since": finding.since,
        "values": dict(finding.values),
    }


def _source(found: Examined, source: SourceFacts) -> Document:
    return {
        "name": source.name,
        "state": source.state,
        "reason": source.reason,
        "exact": source.exact,
        "seeded_to": source.seeded_to,
        "slots_to": source.slots_to,
        "lag_ms": source.lag_ms,
        "holder": found.holders.get(source.name),
        "reported_at": source.written_at or None,
        "quarantined": {why: n for (name, why), n in sorted(found.vitals.quarantined.items()) if name == source.name},
        "sockets": dict(source.sockets),
    }
