"""Where a caller was handed on: the vendor counts transfers and names their kinds, but does not say which talk they ended.

Rules that hold here:
- A talk was handed on when its own document says so, or when the call tells of transfers and somebody else had the caller next.
- A transfer that the call tells of and that fits no talk is not lost: it was tried (a colleague was rung in vain), or it went unseen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from stats.domain.outcomes import NEAR_MS, OfferOutcome, SettledCall

How = Literal["done", "tried", "unseen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """One transfer, at an instant (epoch ms): by an offer's agent, to a visit or another offer where that is known."""

    at: int
    by: int
    how: How
    to_visit: int | None = None
    to_offer: int | None = None
    kind: str | None = None  # the vendor's word


def handings(settled: SettledCall, talks: Sequence[tuple[int, int, int]]) -> list[Handing]:
    """The transfers of a call in the order of time. `talks` are (index of the offer, start, end) of talks that are over, epoch ms."""
    journey = settled.call.journey
    counted = max(
        (journey.transfers or 0) if journey is not None else 0,
        sum(visit.visit.transfer or 0 for visit in settled.visits),
        sum(offer.to_transfer or 0 for offer in settled.call.offers),
    )
    if not counted:
        return []
    found: list[Handing] = []
    rest: list[tuple[int, int, int]] = []
    for n, began, ended in sorted(talks, key=lambda talk: talk[2]):
        visit, offer = _next(settled, n, ended)
        if visit is None and offer is None:
            rest.append((n, began, ended))
        else:
            found.append(Handing(at=ended, by=n, how="done", to_visit=visit, to_offer=offer))
    found += _unplaced(settled, rest, counted - len(found))
    found.sort(key=lambda each: each.at)
    return _with_kinds(found, settled)


def _next(settled: SettledCall, by: int, ended: int) -> tuple[int | None, int | None]:
    """Who had the caller next: a queue, or an agent who answered."""
    nearest: list[tuple[int, int, int | None, int | None]] = []
    for n, visit in enumerate(settled.visits):
        if visit.entered_at is not None and visit.entered_at > ended - NEAR_MS and by not in visit.offers:
            nearest.append((visit.entered_at, 0, n, None))
    for n, offer in enumerate(settled.call.offers):
        at = offer.answered_at
        if n != by and at is not None and at > ended - NEAR_MS:
            nearest.append((at, 1, None, n))
    _, _, visit_index, offer_index = min(nearest, key=lambda each: each[:2], default=(0, 0, None, None))
    return visit_index, offer_index


def _unplaced(settled: SettledCall, talks: Sequence[tuple[int, int, int]], left: int) -> list[Handing]:
    found: list[Handing] = []
    for n, began, ended in talks:
        if len(found) >= left:
            break
        tried = [
            (offer.began_at, i)
            for i, (offer, outcome) in enumerate(zip(settled.call.offers, settled.offers, strict=True))
            if i != n and outcome is OfferOutcome.MISSED and offer.began_at is not None and began <= offer.began_at <= ended
        ]
        if tried:
            at, colleague = min(tried)
            found.append(Handing(at=at, by=n, how="tried", to_offer=colleague))
        elif (settled.call.offers[n].to_transfer or 0) > 0 or n == talks[-1][0]:
            found.append(Handing(at=ended, by=n, how="unseen"))
    return found


def _with_kinds(found: list[Handing], settled: SettledCall) -> list[Handing]:
    journey = settled.call.journey
    if journey is None:
        return found
    kinds: list[str | None] = [None] * len(found)
    if found:
        kinds[-1] = journey.transfer_last or (journey.transfer_first if len(found) == 1 else None)
        kinds[0] = journey.transfer_first or kinds[0]
    return [
        Handing(at=each.at, by=each.by, how=each.how, to_visit=each.to_visit, to_offer=each.to_offer, kind=kind)
        for each, kind in zip(found, kinds, strict=True)
    ]
