"""(b) What a delivered message costs at 500 browser sockets, beside a bare broadcast of the same bytes."""

import time
from pathlib import Path

from bench.figures import Figure
from bench.processes import Child, Stopwatch, workplace
from bench.product import product

AIM_MS = 0.15
BOARD = "team"
PER_TOKEN = 100
# Enough for a message every quarter of a second, which is as many as a board is ever sent.
FRAMES_PER_S = 40


def measure(frames: Path, first: int, sockets: int, seconds: float, rounds: int) -> list[Figure]:
    """Rounds of both in turn, on sockets that stay; before them one round with a single socket, which is what computing costs."""
    hub_ms: list[float] = []
    bare_ms: list[float] = []
    ratios: list[float] = []
    rates: list[float] = []
    sizes: list[float] = []
    with workplace() as place, Child("-m", "bench.upstream", "--frames", str(frames)) as upstream:
        at = upstream.hear("ready")
        with product(at["live"], at["historic"]) as running, Child("-m", "bench.broadcast") as bare:
            said = place / "said"
            daphne = running.pid_of("daphne")
            tokens = running.screen_tokens(BOARD, -(-sockets // PER_TOKEN))
            upstream.order(f"send {first}")
            upstream.hear("sent")
            host = running.address.removeprefix("http://")
            command = ("-m", "bench.browsers", host, f"/ws/boards/{BOARD}/")
            with Child(*command, "1", tokens[0]) as one:
                one.hear("connected")
                _, alone = _round(upstream, one, daphne, seconds, said)
            with (
                Child(*command, str(sockets), *tokens) as browsers,
                Child("-m", "bench.browsers", f"127.0.0.1:{bare.hear('ready')['port']}", "/", str(sockets)) as others,
            ):
                browsers.hear("connected")
                others.hear("connected")
                for _ in range(rounds):
                    counted, cpu = _round(upstream, browsers, daphne, seconds, said)
                    assert counted["open"] == sockets, counted
                    hub_ms.append(cpu / counted["messages"] * 1e3)
                    rates.append(counted["messages"] / sockets / seconds)
                    sizes.append(counted["bytes"] / counted["messages"])
                    others.order("count")
                    watch = Stopwatch(bare.pid)
                    bare.order(f"send {said}")
                    bare.hear("sent")
                    time.sleep(0.5)
                    _, (bare_cpu,) = watch.read()
                    others.order("stop")
                    bare_ms.append(bare_cpu / others.hear("counted")["messages"] * 1e3)
                    ratios.append(hub_ms[-1] / bare_ms[-1])
    return [
        Figure(
            bench="fan-out", name=f"CPU of Daphne per delivered message, {sockets} sockets", unit="ms", rounds=hub_ms, aim=AIM_MS, digits=3
        ),
        Figure(bench="fan-out", name="CPU of a bare broadcast per message", unit="ms", rounds=bare_ms, digits=3),
        Figure(bench="fan-out", name="ratio of the two", unit="", rounds=ratios, digits=1),
        Figure(
            bench="fan-out", name="CPU of Daphne with one socket, per second of the same load", unit="ms", rounds=[alone / seconds * 1e3]
        ),
        Figure(bench="fan-out", name="messages a second to each socket", unit="/s", rounds=rates, digits=1),
        Figure(bench="fan-out", name="bytes of a message", unit="B", rounds=sizes),
    ]


def _round(upstream: Child, browsers: Child, pid: int, seconds: float, said: Path) -> tuple[dict[str, int], float]:
    """What browsers counted and what the server used while frames came."""
    browsers.order("count")
    watch = Stopwatch(pid)
    upstream.order(f"send {round(seconds * FRAMES_PER_S)} {FRAMES_PER_S}")
    upstream.hear("sent")
    _, (cpu,) = watch.read()
    browsers.order(f"stop {said}")
    return browsers.hear("counted"), cpu
