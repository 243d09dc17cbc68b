"""VY-01 to VY-05, VY-09, VY-12, VY-13 and VY-15: what asking by turns tells, over real HTTP, against the look-alike."""

import re

import pytest

from stats.domain.directory import Directory
from stats.domain.errors import Refused, Retry
from stats.domain.merge import Told
from stats.domain.outcomes import VisitOutcome
from stats.domain.records import Direction
from stats.ingest.deriving import Deriving
from stats.providers.voxology.errors import Missing
from stats.providers.voxology.simulator import Switches
from stats.simulation.records import Direction as Going
from tests.voxology.floor import Stage, stage

HOUR_MS = 3_600_000
WAITING, ANSWERED, ABANDONED, OVERFLOWED = VisitOutcome.WAITING, VisitOutcome.ANSWERED, VisitOutcome.ABANDONED, VisitOutcome.OVERFLOWED


def outcomes(made: Stage, call: object) -> list[VisitOutcome]:
    """What became of a call's visits."""
    return [visit.outcome for visit in made.ear.settled(made.id_of(call)).visits]  # type: ignore[arg-type]


async def ask_for_logs(made: Stage) -> int:
    """The question by which a source is tried out."""
    page = await made.provider.page("logs", start_ms=made.now - HOUR_MS, end_ms=made.now, first=5, after=None, received_at=made.now)
    return page.rows


@pytest.mark.acceptance("VY-01")
async def test_a_wrong_key_is_refused_in_the_vendors_own_words() -> None:
    """VY-01: ok, or an error of authentication with the help text; the key is in no reason, and the account is never asked."""
    async with stage(token="a-key-nobody-gave-out") as made:
        for asked in (ask_for_logs(made), made.round("queues")):
            with pytest.raises(Refused) as refused:
                await asked
            assert refused.value.kind == "auth"
            assert "401001" in refused.value.reason
            assert "Your API Key may be inaccurate or missing" in refused.value.reason
            assert "a-key-nobody-gave-out" not in refused.value.reason
    async with stage() as made:
        assert await ask_for_logs(made) == 0
        # The vendor's own sample answers 400 with a code of authentication.
        await made.back_door("fail", status=400, code=401001)
        with pytest.raises(Refused) as refused:
            await ask_for_logs(made)
        assert refused.value.kind == "auth"
        assert not any("/Account" in path for path in made.sim.desk.requests)


@pytest.mark.acceptance("VY-02")
async def test_a_round_tells_who_waits_since_when_and_how_long_it_may_take() -> None:
    """VY-02: seconds become milliseconds; a wait is told as the instant it began, so that it goes on between rounds."""
    async with stage(Switches(webhooks=False)) as made:
        first, second = made.call(), made.call("0046701740613")
        entered = made.now
        made.enter(first)
        made.wait(12.345)
        made.enter(second)
        served = made.call()
        visit = made.enter(served, 1)
        made.wait(30.123)
        made.answer(made.ring(served, 0, visit))
        await made.round()
        shown = [made.ear.settled(made.id_of(call)).visits[0] for call in (first, second)]
        assert [visit.outcome for visit in shown] == [WAITING, WAITING]
        assert [visit.entered_at for visit in shown] == [entered, entered + 12_345]
        assert [visit.visit.queue.name for visit in shown] == ["Exempel-ko-1"] * 2
        assert made.ear.estimates == {"Exempel-ko-1": 0, "Exempel-ko-2": 30_123}
        made.wait(5)
        await made.round()
        assert made.ear.settled(made.id_of(first)).visits[0].entered_at == entered


@pytest.mark.acceptance("VY-02")
async def test_a_call_without_an_instant_of_entry_waits_since_its_hold_time_says() -> None:
    """VY-02: `hold_time` in seconds, where `queued_on` cannot be read."""
    async with stage() as made:
        frame = b'{"at": 1779105600000, "whole": true, "queues": [{"name": "q", "hold_times": {"estimated": 1.234}, "calls": [%s]}]}'
        made.ear.read(
            "queues", frame % b'{"call": {"id": "1@2", "no": "+46701740612"}, "queued_on": "noon", "hold_time": 30.123}', made.now
        )
        assert made.ear.settled("1@2").visits[0].entered_at == made.now - 30_123
        assert made.ear.estimates == {"q": 1_234}


@pytest.mark.acceptance("VY-03")
async def test_nothing_that_is_ever_asked_takes_a_caller_out_of_a_queue() -> None:
    """VY-03: only safe GETs, whatever queues and calls are called; the look-alike has lost nobody."""
    safe = (
        r"GET /v1/(SubAccounts/\d+/)?(LiveCalls|LiveCalls/Queues|LiveCalls/Queues/[^/]+/Calls|LiveCalls/[^/]+@[^/]+|History/Logs/Calls"
        r"|History/Logs/Calls/[^/]+|History/Recordings|History/Recordings/[^/]+(/mp3)?|Messages)"
    )
    async with stage() as made:
        calls = [made.call() for _ in range(3)]
        for call in calls:
            made.enter(call)
        await made.round()
        made.wait(20)
        made.hang_up(calls[0])
        await made.round()
        for kind in made.provider.historic_kinds:
            await made.provider.page(kind, start_ms=made.now - HOUR_MS, end_ms=made.now, first=5, after=None, received_at=made.now)
        await made.provider.look_up(made.id_of(calls[1]), start_ms=0, end_ms=made.now, received_at=made.now)
        rest = made.provider._rest
        for what, name in (
            ("queued", "Exempel-ko-1/Poll?x="),
            ("queued", ".."),
            ("live_call", "Queues/Exempel-ko-1/Poll"),
            ("log", "Poll"),
        ):
            with pytest.raises(Missing):
                await rest.ask(what, name)
        assert made.sim.dequeues == 0
        assert [path for path in made.sim.desk.requests if not re.fullmatch(safe, path)] == []
        assert len(made.sim.desk.requests) > 8


@pytest.mark.acceptance("VY-04")
async def test_a_call_that_waits_to_be_dialled_does_not_wait_in_a_queue() -> None:
    """VY-04: live calls by status; `live-queued` is the vendor's word for a call that has not been dialled yet."""
    async with stage() as made:
        await made.back_door(
            "row", id="7@7", no="+46701740699", caller_id_no="+46846500490", status="live-queued", date="2026-05-18T12:00:00.000Z"
        )
        call = made.call()
        await made.round()
        assert made.ear.settled("7@7").visits == ()
        assert made.ear.calls["7@7"].journey is not None
        assert made.ear.calls["7@7"].journey.goes_on
        assert made.ear.calls[made.id_of(call)].journey is not None


@pytest.mark.acceptance("VY-05")
async def test_three_callers_who_leave_a_queue_are_told_apart_by_asking_alone() -> None:
    """VY-05: answered where an agent's leg is there for the call; abandoned where the caller hung up; else left."""
    async with stage(Switches(webhooks=False, log_lag_s=8)) as made:
        answered, abandoned, left = (made.call(number) for number in ("0046701740610", "0046701740611", "0046701740612"))
        visits = [made.enter(call) for call in (answered, abandoned, left)]
        await made.round()
        made.wait(10)
        offer = made.ring(answered, 0, visits[0])
        await made.round()
        assert outcomes(made, answered) == [WAITING]
        made.wait(4)
        made.answer(offer)
        made.wait(1)
        await made.round()
        assert outcomes(made, answered) == [ANSWERED]
        made.hang_up(abandoned)
        made.lead_on(visits[2])
        made.wait(1)
        await made.round()
        # One look alone is no proof that whoever is still on the line has left the queue.
        assert [*outcomes(made, abandoned), *outcomes(made, left)] == [ABANDONED, WAITING]
        made.wait(2)
        await made.round()
        # Nobody has said yet what became of either.
        assert [*outcomes(made, abandoned), *outcomes(made, left)] == [ABANDONED, VisitOutcome.LEAVING]
        made.wait(20)
        made.hang_up(left, "AGENT_HANGUP")
        made.hang_up(answered)
        for _ in range(4):
            made.wait(12)
            await made.round()
        assert [*outcomes(made, answered), *outcomes(made, abandoned), *outcomes(made, left)] == [ANSWERED, ABANDONED, OVERFLOWED]
        settled = made.ear.settled(made.id_of(answered))
        assert settled.ended_at == answered.ended_at
        assert settled.visits[0].wait is not None
        assert abs(settled.visits[0].wait - 14_000) <= 1_000
        assert made.ear.settled(made.id_of(abandoned)).visits[0].wait == 15_000
        assert made.ear.calls.keys() == {made.id_of(call) for call in (answered, abandoned, left)}


@pytest.mark.acceptance("VY-05")
@pytest.mark.parametrize(("reason", "outcome"), [("CALLER_HANGUP", ABANDONED), ("AGENT_HANGUP", OVERFLOWED)])
async def test_whoever_hung_up_long_after_the_queue_decides_what_became_of_the_stay(reason: str, outcome: VisitOutcome) -> None:
    """VY-05: out of the queue, bridged to nobody, and over half a minute later: given up if the caller hung up, else left."""
    async with stage(Switches(webhooks=False, log_lag_s=8)) as made:
        call = made.call("0046701740613")
        visit = made.enter(call)
        await made.round()
        made.wait(10)
        made.lead_on(visit)
        await made.round()
        made.wait(30)
        made.hang_up(call, reason)
        for _ in range(4):
            made.wait(12)
            await made.round()
        assert outcomes(made, call) == [outcome]


@pytest.mark.parametrize("webhooks", [True, False])
@pytest.mark.acceptance("VY-09")
async def test_an_agents_leg_is_a_ring_of_the_customers_call_and_makes_the_agent_busy(webhooks: bool) -> None:
    """VY-09: talking, then idle, marked as derived; the leg itself is no call."""
    async with stage(Switches(webhooks=webhooks)) as made:
        deriving = Deriving("vox", Directory())

        def state() -> list[tuple[str | None, str, bool | None]]:
            for id_call in list(made.ear.calls):
                deriving.follow(made.ear.settled(id_call))
            told = deriving.take(made.now)
            assert all(each.derived for each in told)
            return [(p.agent.name, "idle" if p.active_call is None else "busy", p.active_call and p.active_call.answered) for p in told]

        call = made.call()
        visit = made.enter(call)
        await made.round()
        made.wait(3)
        offer = made.ring(call, 1, visit)
        await made.round()
        assert state() == [("Agent 2", "busy", False)]
        made.wait(3)
        made.answer(offer)
        await made.round()
        assert state() == [("Agent 2", "busy", True)]
        made.wait(60)
        made.hang_up(call)
        made.wait(2)
        await made.round()
        assert state() == [("Agent 2", "idle", None)]
        assert list(made.ear.calls) == [made.id_of(call)]
        told = made.ear.calls[made.id_of(call)].offers[0]
        assert (told.began_at, told.ended_at) == (offer.began_at, offer.ended_at)
        assert told.agent.key == "s:vox:930002"


@pytest.mark.acceptance("VY-12")
async def test_whoever_asks_too_often_waits_as_told_and_asks_less() -> None:
    """VY-12: 429 ends a feed with what the vendor asked for; rounds come further apart, and closer again after quiet minutes."""
    async with stage(Switches(per_minute=4, retry_after_s=7)) as made:
        before = made.provider._polls.interval_s()
        for _ in range(4):
            await made.round("calls")
        with pytest.raises(Retry) as refused:
            await made.round("calls")
        assert refused.value.after_s == 7
        assert "400429" in refused.value.reason
        pace, seconds = made.provider._rest.pace, [0.0]
        assert pace.allowed == pace.most / 2
        began = pace.clock()
        pace.clock = lambda: began + seconds[0]
        for _ in range(3):
            pace.refused()  # together with the first: asked for before anybody knew
        assert pace.allowed == pace.most / 2
        for _ in range(14):
            seconds[0] += 6
            pace.refused()
        slow = made.provider._polls.interval_s()
        assert slow > 10 * before
        for _ in range(40):
            seconds[0] += 31
            await pace.turn()
        assert pace.allowed == pace.most
        made.sim.switches.per_minute = 0
        await made.round("calls")
        await made.back_door("fail", status=503)
        with pytest.raises(Retry) as again:
            await made.round("queues")
        assert again.value.after_s is None


@pytest.mark.acceptance("VY-13")
async def test_a_queue_that_was_collected_has_nobody_in_it() -> None:
    """VY-13: 404711 is no error; whoever was in it has left. It may come back."""
    async with stage(Switches(webhooks=False, queue_kept_s=1)) as made:
        call = made.call()
        visit = made.enter(call)
        await made.round()
        assert outcomes(made, call) == [WAITING]
        made.lead_on(visit)
        made.wait(3)
        with pytest.raises(Missing):
            await made.provider._rest.ask("queued", "Exempel-ko-1")
        await made.round()
        assert outcomes(made, call) == [WAITING]
        made.wait(2)
        await made.round()
        assert outcomes(made, call) == [VisitOutcome.LEAVING]
        assert made.ear.settled(made.id_of(call)).visits[0].wait == 3_000
        made.wait(5)
        made.enter(call)
        await made.round()
        assert outcomes(made, call) == [OVERFLOWED, WAITING]


@pytest.mark.acceptance("VY-13")
async def test_a_call_that_is_in_no_list_and_in_no_log_yet_is_looked_up_until_it_is() -> None:
    """VY-13: 404404 is no end of asking; the call is over at once, and exactly when is told once its log is there."""
    async with stage(Switches(webhooks=False, detail_s=0, log_lag_s=45)) as made:
        call = made.call()
        await made.round()
        made.wait(30)
        made.hang_up(call)
        made.wait(2)
        await made.round()
        # It may be so new that no list has it yet: nothing is concluded from one look.
        assert not made.ear.settled(made.id_of(call)).ended
        made.wait(4)
        await made.round()
        shown = made.ear.settled(made.id_of(call))
        assert shown.ended
        assert shown.direction is None
        for _ in range(6):
            made.wait(12)
            await made.round()
        shown = made.ear.settled(made.id_of(call))
        assert (shown.ended_at, shown.direction) == (call.ended_at, Direction.IN)
        asked = len(made.sim.desk.requests)
        made.wait(700)
        await made.round("calls")
        assert len(made.sim.desk.requests) == asked + 1  # its last word is there: nobody asks again


async def test_a_list_that_may_be_cut_short_proves_nobody_gone() -> None:
    """VY-A12: five hundred is the vendor's limit; whoever is missing then is asked for by id, and goes on."""
    async with stage(Switches(live_cap=500)) as made:
        call = made.call()
        made.wait(1)
        await made.round("calls")
        for number in range(500):
            await made.provider._rest.pace.turn()
            made.sim.extra_rows.append({"id": f"{number}@1", "status": "live-in-progress", "connected_time": 5})
        made.sim.switches.live_cap = 0
        made.wait(1)
        await made.round("calls")
        assert made.ear.calls[made.id_of(call)].journey is not None
        assert not made.ear.settled(made.id_of(call)).ended


async def test_what_left_while_nobody_watched_is_told_by_whoever_watches_next() -> None:
    """A restart: the calls that were open are recalled, and whoever of them is gone has left."""
    async with stage(Switches(webhooks=False)) as made:
        gone, waits, talks = made.call(), made.call("0046701740613"), made.call("0046701740614")
        out = made.call("0046701740615", Going.OUTGOING)
        made.ring(out, 1)
        for call in (gone, waits):
            made.enter(call)
        offer = made.ring(talks, 2)
        made.answer(offer)
        made.wait(1)
        await made.round()
        made.wait(30)
        made.hang_up(gone)
        _, ear = made.listener()
        ear.calls = dict(made.ear.calls)
        ear.provider.recall([call for call in ear.calls.values() if not call.over])
        await made.round(ear=ear)
        assert [visit.outcome for visit in ear.settled(made.id_of(gone)).visits] == [ABANDONED]
        assert ear.settled(made.id_of(gone)).ended_at == gone.ended_at
        assert [visit.outcome for visit in ear.settled(made.id_of(waits)).visits] == [WAITING]
        made.wait(5)
        await made.round(ear=ear)
        for call in (talks, out):
            assert [offer.active for offer in ear.calls[made.id_of(call)].offers] == [True]
        assert ear.settled(made.id_of(out)).outgoing
        await ear.provider.close()


@pytest.mark.acceptance("VY-09", "VY-05")
@pytest.mark.parametrize("remembers", [True, False])
async def test_whoever_was_answered_while_nobody_watched_is_answered_where_the_agents_number_was_learnt(remembers: bool) -> None:
    """VY-05 and VY-09: logs name no agent; the leg of one who answered before is known by its number, after a restart too."""
    async with stage(Switches(webhooks=False)) as made:
        first = made.call()
        offer = made.ring(first, 2, made.enter(first))
        made.answer(offer)
        made.wait(1)
        await made.round()
        made.hang_up(first)
        made.wait(5)
        second = made.call("0046701740613")
        stay = made.enter(second)
        made.wait(1)
        await made.round()
        made.wait(4)
        made.answer(made.ring(second, 2, stay))
        made.wait(6)
        made.hang_up(second)
        made.wait(2)
        _, ear = made.listener()
        ear.calls = dict(made.ear.calls)
        if remembers:
            ear.provider.remember(made.provider.learnt())
        ear.provider.recall([call for call in ear.calls.values() if not call.over])
        await made.round(ear=ear)
        at = made.now
        page = await ear.provider.page("logs", start_ms=at - 3_600_000, end_ms=at, first=100, after=None, received_at=at)
        ear.take(page.tellings, Told("historic", 0))
        (visit,) = ear.settled(made.id_of(second)).visits
        assert visit.outcome == (ANSWERED if remembers else ABANDONED)
        if remembers:
            assert visit.wait is not None
            assert abs(visit.wait - 5_000) <= 1_000
        await ear.provider.close()


@pytest.mark.acceptance("VY-15")
async def test_a_sub_account_sees_its_own_calls_alone() -> None:
    """VY-15: the prefix asks for them, and a row of another one is not believed. An unknown one is a fault of configuration."""
    async with stage(Switches(webhooks=False), space="7", sub_account="7") as made:
        mine = made.call()
        made.enter(mine)
        made.sim.lines.space = "8"
        other = made.call("0046701740688")
        made.enter(other)
        await made.round()
        assert list(made.ear.calls) == [made.id_of(mine)]
        assert made.ear.calls[made.id_of(mine)].tenant == "29a471cc-4ada-4249-a7a5-5046464f9887/7"
        made.ear.read(
            "calls", b'{"at": 1, "calls": [{"id": "9@9", "status": "live-in-progress", "subaccount_id": 8}], "gone": []}', made.now
        )
        assert "9@9" not in made.ear.calls
        _, ear = made.listener(sub_account="99")
        with pytest.raises(Refused) as refused:
            await made.round("calls", ear=ear)
        assert refused.value.kind == "config"
        assert "404801" in refused.value.reason
        await ear.provider.close()
