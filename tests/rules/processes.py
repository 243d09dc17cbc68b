"""The rules that keep the product up, of its processes and of the store it brings along."""

from tests.rules.rule import Rule

PROCESSES = "tests/ops/test_processes.py::"

RULES: tuple[Rule, ...] = (
    Rule(
        name="A process that dies is started again",
        path="stats/processes.py",
        old="            self._process = None\n            if now_s",
        new="            return now_s + 5.0\n            if now_s",
        tests=(PROCESSES + "test_a_child_that_keeps_dying_is_started_again_with_growing_pauses",),
    ),
    Rule(
        name="One serves, another waits",
        path="stats/turn.py",
        old="        fcntl.flock(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), fcntl.LOCK_EX)",
        new="        os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)",
        tests=("tests/ops/test_turn.py::test_one_serves_and_the_next_begins_when_it_ends",),
    ),
    Rule(
        name="One serves, another waits",
        path="wallboard/asgi.py",
        part="before it listens",
        old="wait_for_turn()\n",
        new="",
        tests=("tests/ops/test_up.py::test_a_killed_web_server_is_followed_by_the_one_that_stood_by",),
    ),
    Rule(
        name="Nothing outlives `up`",
        path="stats/deathbed.py",
        old="            _libc.prctl(PR_SET_PDEATHSIG, int(by))\n",
        new="",
        tests=(PROCESSES + "test_the_children_of_a_killed_parent_die_with_it",),
    ),
    Rule(
        name="Nothing outlives `up`",
        path="stats/processes.py",
        part="who does not listen",
        old="            child.send(signal.SIGKILL)\n",
        new="",
        tests=(PROCESSES + "test_a_child_that_ignores_sigterm_is_killed_in_time",),
    ),
    Rule(
        name="Of two embedded stores one wins",
        path="stats/live/server.py",
        old="            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        new="            pass\n",
        tests=("tests/ops/test_embedded_redis.py::test_a_second_process_finds_the_first_ones_server",),
    ),
    Rule(
        name="What the store will not load is put aside",
        path="stats/live/server.py",
        old='        os.replace(var_dir / "redis", var_dir / f"redis.refused',
        new='        str(var_dir / f"redis.refused',
        tests=("tests/ops/test_embedded_redis.py::test_data_that_cannot_be_loaded_is_moved_aside",),
    ),
)
