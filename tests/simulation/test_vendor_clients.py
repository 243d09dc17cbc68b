"""Clients as in the vendor's own examples work against the look-alike, unchanged but for the address; and so does the command."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
import websocket

from stats.providers.telavox.simulator import DEFAULT_TOKEN, TelavoxSimulator

ROOT = Path(__file__).resolve().parents[2]
QUERY = """query Calls($startDate: DateTime, $endDate: DateTime) {
  calls(filter: { startDate: $startDate, endDate: $endDate }, first: 25) {
    data { idCall callDirection answered }
    totalCount cursor hasNextPage
  }
}"""
WINDOW = {"startDate": "2025-10-01T00:00:00Z", "endDate": "2025-10-06T23:59:59Z"}
CALL = {"id_call": "c-1", "active": 0, "answered": 1, "call_direction": "incoming", "time": {"start": 1_759_400_000_000}}


async def test_websocket_client_hears_frames():
    heard: list[object] = []
    opened = threading.Event()
    async with TelavoxSimulator(start=False) as simulator:
        app = websocket.WebSocketApp(
            f"{simulator.live_url}/calls",
            header={"Authorization": f"Bearer {DEFAULT_TOKEN}"},
            on_open=lambda ws: opened.set(),
            on_message=lambda ws, message: (heard.append(json.loads(message)), ws.close()),
        )
        running = asyncio.create_task(asyncio.to_thread(app.run_forever))
        assert await asyncio.to_thread(opened.wait, 20)
        while not await simulator.send("calls", CALL):  # noqa: ASYNC110 - the line is listed a moment after the handshake
            await asyncio.sleep(0.01)
        await asyncio.wait_for(running, 20)
    assert heard == [CALL]


async def test_requests_reads_a_page():
    async with TelavoxSimulator(start=False) as simulator:
        await simulator.send("calls", CALL)

        def ask() -> requests.Response:
            return requests.post(
                simulator.historic_url,
                headers={"Content-Type": "application/json", "Authorization": f"Bearer {DEFAULT_TOKEN}"},
                json={"query": QUERY, "variables": WINDOW},
                timeout=5,
            )

        page = (await asyncio.to_thread(ask)).json()["data"]["calls"]
    assert page["data"] == [{"idCall": "c-1", "callDirection": "incoming", "answered": 1}]
    assert (page["totalCount"], page["hasNextPage"]) == (1, False)
    assert page["cursor"]


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine")
async def test_node_fetch_reads_a_page():
    script = """
const [url, token, body] = process.argv.slice(1);
const res = await fetch(url, {method: "POST", headers: {"Content-Type": "application/json", Authorization: `Bearer ${token}`}, body});
const { data, errors } = await res.json();
console.log(JSON.stringify({status: res.status, rows: data.calls.data.length, errors: errors ?? null}));
"""
    async with TelavoxSimulator(start=False) as simulator:
        await simulator.send("calls", CALL)
        node = await asyncio.create_subprocess_exec(
            "node", "--input-type=module", "-e", script, simulator.historic_url, DEFAULT_TOKEN,
            json.dumps({"query": QUERY, "variables": WINDOW}), stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(node.communicate(), 20)
    assert json.loads(out) == {"status": 200, "rows": 1, "errors": None}


def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    """The command as a process, and the line with its addresses."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "simulate", "telavox", *arguments],
        cwd=ROOT, env={**os.environ}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    return process, process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_where_it_listens_and_ends_within_a_second(free_port, number):
    process, line = start("--port", str(free_port), "--agents", "8", "--token", "t-1", "--switch", "history_root=agentHistory")
    try:
        assert f"ws://127.0.0.1:{free_port}" in line
        query = "{ agentHistory(filter: {startDate: 0, endDate: 1}, first: 1) { totalCount } }"
        answer = requests.post(
            f"http://127.0.0.1:{free_port}/graphql", json={"query": query}, headers={"Authorization": "Bearer t-1"}, timeout=5
        )
        assert answer.json() == {"data": {"agentHistory": {"totalCount": 0}}}
        socket = websocket.create_connection(f"ws://127.0.0.1:{free_port}/calls", header={"Authorization": "Bearer t-1"})
        process.send_signal(number)
        asked = time.monotonic()
        assert process.wait(5) == 0
        assert time.monotonic() - asked < 1
        socket.close()
    finally:
        process.kill()


def test_a_wrong_switch_ends_the_command_with_one_line():
    done = subprocess.run(
        [sys.executable, "manage.py", "simulate", "telavox", "--switch", "lag_s=soon"], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "CommandError: --switch lag_s is a number, not 'soon'"
