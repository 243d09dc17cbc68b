"""Whatever a network does to the messages, a browser's store holds what the server held at that version, or asks for everything."""

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from wallboard.push import messages
from wallboard.push.ledger import Ledger

HERE = Path(__file__).resolve().parent
TRACES = 3000
WANTS = {"site": frozenset({"waiting", "asa"}), "queue:1": frozenset({"waiting", "name"}), "queue:2": frozenset({"waiting"})}
Message = dict[str, Any]
Truth = dict[tuple[str, int], dict[str, dict[str, Any]]]


class Said:
    """What a server says in a random half hour, and what was true at each version."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.ledger, self.truth, self.said = dice, Ledger(), {}, []  # type: ignore[var-annotated]
        self.epoch, sent = "a", -1
        for _ in range(dice.randint(3, 14)):
            if dice.random() < 0.12:
                # Another process, which counts for itself: its versions may be these very numbers again.
                self.epoch = chr(ord(self.epoch) + 1)
                self.ledger, sent = Ledger(), -1
            self.settle()
            if sent < 0 or dice.random() < 0.1:
                self.said.append(self.snapshot())
            elif dice.random() < 0.15:
                continue
            elif news := self.ledger.since(sent, WANTS):
                self.said.append(json.loads(messages.patch(self.epoch, sent, self.ledger.version, 0, news)))
            else:
                self.said.append(self.heartbeat())
                continue
            sent = self.ledger.version

    def settle(self) -> None:
        """The floor moves."""
        dice = self.dice
        values: dict[str, dict[str, object]] = {"site": {"waiting": dice.randint(0, 4), "asa": dice.choice([None, 1.5, 2.5])}}
        values["queue:1"] = {"waiting": dice.randint(0, 2), "name": dice.choice(["Support", "Stöd"])}
        if dice.random() < 0.9:
            values["queue:2"] = {"waiting": dice.randint(0, 2)}
        else:
            values["queue:2"] = {"waiting": None}
        self.ledger.settle(values, epoch=self.epoch, rev=0)
        self.truth[(self.epoch, self.ledger.version)] = json.loads(json.dumps(self.ledger.whole(WANTS)))

    def snapshot(self) -> Message:
        """Everything now."""
        whole: Message = json.loads(messages.snapshot(self.epoch, self.ledger.version, {"rev": "r"}, self.ledger.whole(WANTS)).at(0))
        return whole

    def heartbeat(self) -> Message:
        """A sign of life."""
        beat: Message = json.loads(messages.heartbeat(self.epoch, self.ledger.version, 0, "b"))
        return beat

    def on_the_way(self) -> list[Message]:
        """What arrives: some lost, some twice, some out of order, now and then something nobody said."""
        dice, arriving = self.dice, []
        for message in self.said:
            fate = dice.random()
            if fate < 0.12:
                continue
            arriving.append(message)
            if fate > 0.9:
                arriving.append(message)
        for at in range(len(arriving) - 1):
            if dice.random() < 0.1:
                arriving[at], arriving[at + 1] = arriving[at + 1], arriving[at]
        if arriving and dice.random() < 0.15:
            arriving.insert(
                dice.randrange(len(arriving)), dice.choice([{}, {"type": "bye", "code": 1}, {"type": "patch"}, dice.choice(arriving)])
            )
        # The network heals: the next heartbeat, and what a browser that asks is answered.
        return [*arriving, self.heartbeat(), self.snapshot(), self.heartbeat()]


def played(traces: list[list[Message]], tmp_path: Path) -> list[list[Message]]:
    """What the board's own script held after each message."""
    store = tmp_path / "store.mjs"
    store.write_text((HERE.parents[1] / "static/tv/store.js").read_text(encoding="utf-8"), encoding="utf-8")
    given = json.dumps({"store": store.as_uri(), "traces": traces})
    done = subprocess.run(["node", str(HERE / "traces.mjs")], input=given, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    found: list[list[Message]] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine")
@pytest.mark.fault("D5")
def test_no_loss_repetition_or_reordering_makes_a_browser_believe_what_was_never_true(tmp_path: Path) -> None:
    """Three thousand random half hours: whole means right for its version, at every step, and the end is the present."""
    servers = [Said(random.Random(seed)) for seed in range(TRACES)]
    traces = [server.on_the_way() for server in servers]
    gaps = patches = 0
    for seed, (server, trace, held) in enumerate(zip(servers, traces, played(traces, tmp_path), strict=True)):
        epoch = ""
        for message, store in zip(trace, held, strict=True):
            epoch = message["epoch"] if message.get("type") == "snapshot" else epoch
            gaps += store["kind"] == "gap"
            patches += store["kind"] == "patch"
            if store["whole"]:
                assert store["values"] == server.truth[(epoch, store["version"])], f"seed {seed}"
        assert held[-1]["whole"], f"seed {seed}"
        assert held[-1]["values"] == server.truth[(server.epoch, server.ledger.version)], f"seed {seed}"
        # A heartbeat alone tells a browser that is behind: it is right, or it asks.
        after_the_beat = held[-3]
        if after_the_beat["whole"]:
            assert after_the_beat["values"] == held[-1]["values"], f"seed {seed}"
    assert gaps > TRACES / 4
    assert patches > TRACES
