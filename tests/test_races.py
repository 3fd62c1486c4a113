"""Many at once around one person, and a process that is killed at any instant."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from cadence_guard import Guard, Policy, Refused, Touch
from cadence_guard.instants import DAY, HOUR, to_datetime, to_us
from cadence_guard.ledgers.memory import MemoryLedger
from cadence_guard.ledgers.sqlite import SqliteLedger
from cadence_guard.testing import START, FixedClock, a_touch

POLICY = Policy(packs=[], rules={"over-cap": {"max": 3, "per": "7d"}, "too-soon": {"gap": "20h"}})
FIRST = to_us(FixedClock(START)())
deep = pytest.mark.deep


def faults(at: Iterable[int]) -> list[str]:
    """What a plain count finds wrong with the instants of one person's touches."""
    at = sorted(at)
    crowds = [i for i in range(len(at) - 3) if at[i + 3] - at[i] < 7 * DAY]
    close = [i for i in range(len(at) - 1) if at[i + 1] - at[i] < 20 * HOUR]
    return [f"four within 7d from {i}" for i in crowds] + [f"too close at {i}" for i in close]


def touches(guard: Guard) -> dict[str, int]:
    """The touches on the line, by id, with their instants."""
    booked: dict[str, int] = {}
    for filed in guard.ledger.history(["contact:c-1"]).events:
        assert isinstance(filed.event, Touch)
        assert filed.event.at is not None
        assert filed.event.id is not None
        assert filed.event.id not in booked, "booked twice"
        booked[filed.event.id] = to_us(filed.event.at)
    return booked


def reserve_all(guard: Guard, who: int, turns: int) -> list[str]:
    """Reserves around one person in a random order of instants; some ids are everybody's."""
    rnd, got = Random(who), []
    for turn in range(turns):
        shared = rnd.random() < 0.3
        id_ = f"shared-{rnd.randrange(8)}" if shared else f"t-{who}-{turn}"
        at = to_datetime(FIRST + rnd.randrange(60 * 24) * HOUR)
        try:
            guard.reserve(a_touch(id=id_, at=at))
        except Refused as no:
            codes = {finding.code for finding in no.decision.findings}
            assert codes & {"CG301", "CG302", "CG305"}, codes
            continue
        got.append(id_)
    return got


def race(guards: list[Guard], turns: int) -> None:
    """One thread a guard; then what they were told is what the ledger holds, and none too many."""
    got: list[str] = []
    errors: list[BaseException] = []
    start = threading.Barrier(len(guards))

    def run(who: int) -> None:
        try:
            start.wait()
            got.extend(reserve_all(guards[who], who, turns))
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=run, args=(who,)) for who in range(len(guards))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    booked = touches(guards[0])
    assert sorted(got) == sorted(booked)
    assert faults(booked.values()) == []
    assert len(booked) > 8, "too few to tell anything"


Ledgers = Callable[[Path], list[Guard]]


def one_guard_in_memory(path: Path) -> list[Guard]:
    return [Guard(POLICY, ledger=MemoryLedger())] * 60


def one_guard_over_a_file(path: Path) -> list[Guard]:
    return [Guard(POLICY, ledger=SqliteLedger(path))] * 60


def a_guard_each_over_one_file(path: Path) -> list[Guard]:
    return [Guard(POLICY, ledger=SqliteLedger(path)) for _ in range(60)]


ALL = [one_guard_in_memory, one_guard_over_a_file, a_guard_each_over_one_file]


@pytest.mark.parametrize("guards", ALL)
def test_60_threads_around_one_person(tmp_path: Path, guards: Ledgers) -> None:
    race(guards(tmp_path / "ledger.db"), turns=8)


@deep
@pytest.mark.parametrize("guards", ALL)
def test_60_threads_for_long(tmp_path: Path, guards: Ledgers) -> None:
    race(guards(tmp_path / "ledger.db"), turns=40)


WORKER = """if True:
    import json, sys
    sys.path.insert(0, sys.argv[1])
    from test_races import POLICY, Guard, SqliteLedger, reserve_all
    guard = Guard(POLICY, ledger=SqliteLedger(sys.argv[2]))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(reserve_all(guard, int(sys.argv[3]), int(sys.argv[4]))))
"""


def race_of_processes(path: Path, number: int, turns: int) -> None:
    args = [sys.executable, "-c", WORKER, str(Path(__file__).parent), str(path)]
    workers = [
        subprocess.Popen(
            [*args, str(who), str(turns)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for who in range(number)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    got: list[str] = []
    for worker in workers:
        said, _ = worker.communicate()
        assert worker.returncode == 0
        got += json.loads(said)
    booked = touches(Guard(POLICY, ledger=SqliteLedger(path)))
    assert sorted(got) == sorted(booked)
    assert faults(booked.values()) == []
    assert len(booked) > 8, "too few to tell anything"


def test_16_processes_around_one_person(tmp_path: Path) -> None:
    race_of_processes(tmp_path / "ledger.db", 16, turns=6)


@deep
def test_16_processes_for_long(tmp_path: Path) -> None:
    race_of_processes(tmp_path / "ledger.db", 16, turns=100)


VICTIM = """if True:
    import sys
    from cadence_guard import Guard, Policy
    from cadence_guard.testing import a_touch
    first, guard = int(sys.argv[2]), Guard(Policy(packs=[]), ledger=f"sqlite:///{sys.argv[1]}")
    def say(*words):
        sys.stdout.write(" ".join(words) + "\\n")
        sys.stdout.flush()
    say("ready")
    for number in range(first, first + 100_000):
        who = f"c-{number % 5}"
        to = who + "@example.org"
        reservation = guard.reserve(a_touch(id=f"t-{number}", contact=who, to=to))
        say("booked", f"t-{number}", who)
        if number % 2:
            reservation.confirm("sent")
            say("sent", f"t-{number}", who)
        elif number % 3 == 0:
            reservation.release()
            say("released", f"t-{number}", who)
        said = {"event": "signal", "contact": f"x-{number}", "kind": "opt_out"}
        guard.record(said)
        say("opted-out", f"x-{number}", "-")
        if number % 7 == 0:
            guard.record({"event": "contact", "contact": f"f-{number}", "name": "A"})
            guard.record({**said, "contact": f"f-{number}"})
            guard.forget(f"f-{number}")
            say("opted-out", f"f-{number}", "-")
"""


def kill_and_look(path: Path, rnd: Random, first: int) -> int:
    """Lets a process book and record, kills it, and looks for all it had reported."""
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(path), str(first)], stdout=subprocess.PIPE, text=True
    )
    assert victim.stdout is not None
    assert victim.stdout.readline() == "ready\n"
    said = [victim.stdout.readline().split() for _ in range(rnd.randrange(1, 150))]
    for _ in range(rnd.randrange(20_000)):  # to anywhere between two reports
        pass
    os.kill(victim.pid, signal.SIGKILL)
    said += [line.split() for line in victim.stdout.read().splitlines()]
    victim.wait()
    victim.stdout.close()

    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    guard = Guard(Policy(packs=[]), ledger=SqliteLedger(path))
    last = {id_: (word, who) for word, id_, who in said}  # of each id the last report
    for id_, (word, who) in last.items():
        if word == "opted-out":
            decision = guard.evaluate(a_touch(contact=id_))
            codes = {finding.code for finding in decision.findings}
            assert codes & {"CG101", "CG104"}, f"the no of {id_} was lost"
            continue
        events = guard.ledger.history([f"touch:{id_}"]).events
        assert events, f"{id_} was lost"
        ours = guard.ledger.history([f"contact:{who}"]).events
        assert [filed for filed in ours if filed.touch == id_] == events
        if word == "released":
            assert events[-1].event.event == "release"
        elif word == "sent" or id_ != said[-1][1]:  # the report of the last one may be missing
            assert isinstance(events[-1].event, Touch), f"the slot of {id_} was freed"
            assert not guard.evaluate(a_touch(id=id_, contact=who, to=f"{who}@example.org"))
    numbers = [int(id_.split("-")[1]) for id_ in last]
    return max(numbers, default=first) + 10


def kill_again_and_again(path: Path, rounds: int) -> None:
    rnd, first = Random(7), 0
    for _ in range(rounds):
        first = kill_and_look(path, rnd, first)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing here is killed at once")
def test_a_kill_loses_nothing_that_was_reported(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path / "ledger.db", rounds=6)


@deep
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing here is killed at once")
def test_many_kills_lose_nothing(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path / "ledger.db", rounds=80)


def test_the_plain_count_sees_what_is_wrong() -> None:
    assert faults([0, DAY, 2 * DAY, 7 * DAY]) == []
    assert len(faults([0, DAY, 2 * DAY, 7 * DAY - 1])) == 1
    assert len(faults([0, 20 * HOUR - 1])) == 1
