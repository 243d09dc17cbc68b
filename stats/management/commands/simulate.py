"""`manage.py simulate VENDOR`: plays a telephone company on this machine until told to stop.

One vendor is one line in VENDORS: what to call it, and the coroutine that plays it until the given event is set.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import gc
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from django.core.management.base import BaseCommand, CommandError, CommandParser

from stats.clock import now_ms
from stats.management.demo import OTHERS
from stats.providers.telavox.simulator import DEFAULT_TOKEN, Switches, TelavoxSimulator
from stats.providers.vocatech.simulator import Switches as VocatechSwitches
from stats.providers.vocatech.simulator import VocatechSimulator
from stats.providers.voxjar.simulator import Switches as VoxjarSwitches
from stats.providers.voxjar.simulator import VoxjarSimulator
from stats.providers.voxloud.simulator import Switches as VoxloudSwitches
from stats.providers.voxloud.simulator import VoxloudSimulator
from stats.providers.voxology.simulator import Switches as VoxologySwitches
from stats.providers.voxology.simulator import VoxologySimulator
from stats.simulation.house import House

Say = Callable[[str], None]
Play = Callable[[argparse.Namespace, Say, asyncio.Event], Coroutine[Any, Any, None]]
DEFAULT_PORT = 8801


class _Switches(Protocol):
    def set(self, name: str, value: object) -> None: ...


def _turn(switches: _Switches, wanted: Sequence[str]) -> None:
    """Each "name=value" of the command line. Raises CommandError."""
    for assignment in wanted:
        name, found, value = assignment.partition("=")
        if not found:
            raise CommandError(f"--switch wants name=value, not {assignment!r}")
        try:
            switches.set(name.strip(), value)
        except ValueError as error:
            raise CommandError(f"--switch {error}") from None


async def play_telavox(options: argparse.Namespace, say: Say, stop: asyncio.Event) -> None:
    switches = Switches()
    _turn(switches, options.switch)
    simulator = TelavoxSimulator(
        port=options.port,
        host=options.host,
        token=options.token,
        seed=options.seed,
        agents=options.agents,
        queues=options.queues,
        calls_per_hour=options.calls_per_hour,
        speed=options.speed,
        start=not options.no_floor,
        days=options.days,
        switches=switches,
        now=now_ms,
    )
    opening, stopping = asyncio.create_task(simulator.open()), asyncio.create_task(stop.wait())
    await asyncio.wait((opening, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not opening.done():  # told to stop while the past was still being played
        opening.cancel()
        return
    try:
        opening.result()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(f"port {options.port} is in use; choose another with --port") from None
        raise
    gc.freeze()  # a day of records lives as long as the process: no collection need ever walk through it again
    say(f"telavox look-alike: live {simulator.live_url} historic {simulator.historic_url} control {simulator.control_url}")
    try:
        await stop.wait()
    finally:
        await simulator.close()
        gc.freeze()  # nor at the end, which must be quick


async def play_voxjar(options: argparse.Namespace, say: Say, stop: asyncio.Event) -> None:
    switches = VoxjarSwitches()
    _turn(switches, options.switch)
    simulator = VoxjarSimulator(
        port=options.port,
        host=options.host,
        token=options.token,
        seed=options.seed,
        agents=options.agents,
        queues=options.queues,
        calls_per_hour=options.calls_per_hour,
        speed=options.speed,
        start=not options.no_floor,
        switches=switches,
        now=now_ms,
    )
    try:
        await simulator.open()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(f"port {options.port} is in use; choose another with --port") from None
        raise
    # The given token opens the doors and tells nobody when it ends; POST {"lives_s": ...} to control/token makes one that does.
    say(f"voxjar look-alike: {simulator.url} control {simulator.control_url}")
    try:
        await stop.wait()
    finally:
        await simulator.close()


async def play_voxloud(options: argparse.Namespace, say: Say, stop: asyncio.Event) -> None:
    switches = VoxloudSwitches()
    _turn(switches, options.switch)
    house = VoxloudSimulator(token=options.token, switches=switches, **_floor(options))
    await _stand(house, options, lambda: say(f"voxloud look-alike: live {house.api_url} control {house.control_url}"), stop)


async def play_vocatech(options: argparse.Namespace, say: Say, stop: asyncio.Event) -> None:
    switches = VocatechSwitches()
    _turn(switches, options.switch)
    house = VocatechSimulator(token=options.token, switches=switches, **_floor(options))  # type: ignore[arg-type]
    await _stand(house, options, lambda: say(f"vocatech look-alike: live {house.api_url} control {house.control_url}"), stop)


async def play_voxology(options: argparse.Namespace, say: Say, stop: asyncio.Event) -> None:
    switches = VoxologySwitches()
    _turn(switches, options.switch)
    house = VoxologySimulator(
        token=options.token,
        switches=switches,
        post_to=options.post_to,
        hook_key=options.hook_key,
        **_floor(options),  # type: ignore[arg-type]
    )
    await _stand(house, options, lambda: say(f"voxology look-alike: live {house.api_url} control {house.control_url}"), stop)


def _floor(options: argparse.Namespace) -> dict[str, object]:
    """What every house wants to know."""
    told = ("port", "host", "seed", "agents", "queues", "calls_per_hour", "speed")
    return {**{name: getattr(options, name) for name in told}, "start": not options.no_floor, "now": now_ms}


async def _stand(house: House, options: argparse.Namespace, opened: Callable[[], None], stop: asyncio.Event) -> None:
    """A house from its opening to its end."""
    opening, stopping = asyncio.create_task(house.open()), asyncio.create_task(stop.wait())
    await asyncio.wait((opening, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not opening.done():  # told to stop while the past was still being played
        opening.cancel()
        return
    try:
        opening.result()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(f"port {options.port} is in use; choose another with --port") from None
        raise
    gc.freeze()  # a day of records lives as long as the process: no collection need ever walk through it again
    opened()
    try:
        await stop.wait()
    finally:
        await house.close()
        gc.freeze()  # nor at the end, which must be quick


async def play_others(options: argparse.Namespace, say: Say, stop: asyncio.Event) -> None:
    """All but the first, in one process: on four ports in a row of `--ports`, or from `--port` on."""
    ports = options.ports or [options.port + at for at in range(len(OTHERS))]
    if len(ports) != len(OTHERS):
        raise CommandError(f"--ports wants {len(OTHERS)}, of {', '.join(OTHERS)}")
    async with asyncio.TaskGroup() as houses:
        for seed, (name, port) in enumerate(zip(OTHERS, ports, strict=True), options.seed):
            told = argparse.Namespace(**{**vars(options), "port": port, "seed": seed, "switch": []})
            houses.create_task(VENDORS[name](told, say, stop), name=name)


VENDORS: Mapping[str, Play] = {
    "others": play_others,
    "vocatech": play_vocatech,
    "voxjar": play_voxjar,
    "telavox": play_telavox,
    "voxloud": play_voxloud,
    "voxology": play_voxology,
}


def _ports(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _above_zero(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1000:
        raise argparse.ArgumentTypeError("must be above 0 and at most 1000")
    return value


def _days(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 3660:
        raise argparse.ArgumentTypeError("must be between 0 and 3660")
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 5000:
        raise argparse.ArgumentTypeError("must be between 1 and 5000")
    return value


class Command(BaseCommand):
    help = "Plays a telephone company's API on this machine, with a contact centre behind it, until stopped."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("vendor", choices=sorted(VENDORS))
        parser.add_argument("--host", default="127.0.0.1", help="where to listen; the control paths ask for no token")
        parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0: any free one")
        parser.add_argument("--ports", type=_ports, default=[], metavar="PORT,...", help="of `others`: each one's, in their order")
        parser.add_argument("--post-to", default="", metavar="URL", help="of voxology: where its call flows post to")
        parser.add_argument("--hook-key", default="", metavar="KEY", help="of voxology: with what key they do")
        parser.add_argument("--token", default=DEFAULT_TOKEN, help="the one token that opens the doors")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--agents", type=_count, help="default: fits the calls, or 48")
        parser.add_argument("--queues", type=_count, help="default: 6")
        parser.add_argument("--calls-per-hour", type=_above_zero_calls, help="of a mean hour, all directions; default: fits the agents")
        parser.add_argument("--speed", type=_above_zero, default=1.0, help="times as many calls, everything as many times shorter")
        parser.add_argument("--days", type=_days, default=0, help="of history before the last day and a half; made when asked for")
        parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE", help="a variation of the dialect; repeatable")
        parser.add_argument("--no-floor", action="store_true", help="no contact centre: only what the control paths send")

    def handle(self, *args: object, **options: object) -> None:
        asyncio.run(self._play(argparse.Namespace(**options)))

    async def _play(self, options: argparse.Namespace) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)

        def say(line: str) -> None:
            self.stdout.write(line)
            self.stdout.flush()

        await VENDORS[options.vendor](options, say, stop)


def _above_zero_calls(text: str) -> float:
    value = float(text)
    if not 0 < value <= 100_000:
        raise argparse.ArgumentTypeError("must be above 0 and at most 100000")
    return value
