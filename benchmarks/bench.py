"""Measures the targets of speed in one run, against peers, as ratios.

    python benchmarks/bench.py [--quick] [SECTION ...]

Sections: decide flat cold evaluate reserve import replay. Whatever is compared is measured in
interleaved rounds; a ratio is the median of the rounds' ratios. Exits 0 whether or not a target is
met: machines differ, and the table says which are.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import handwritten
import workload

import peers
from cadence_guard.decision import Decision
from cadence_guard.engine import decide
from cadence_guard.events import parse_event
from cadence_guard.history import Case
from cadence_guard.instants import to_us
from cadence_guard.touch import Touch


class Row(NamedTuple):
    """One line of the table. `ratio` is of the first thing to the second."""

    section: str
    what: str
    took: str
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


class UnavailableError(Exception):
    """A section cannot run here; the text says why."""


Task = tuple[Callable[[], object], int]
"""What to run, and how many operations that is."""


def rounds(tasks: dict[str, Task], number: int) -> dict[str, list[float]]:
    """Seconds an operation for each task in each round; the tasks take turns."""
    for run, _ in tasks.values():
        run()
    took: dict[str, list[float]] = {name: [] for name in tasks}
    gc.collect()
    for _ in range(number):
        for name, (run, operations) in tasks.items():
            start = time.perf_counter()
            run()
            took[name].append((time.perf_counter() - start) / operations)
    return took


def ratio(took: dict[str, list[float]], one: str, other: str) -> float:
    """The median over the rounds of how much longer `one` takes than `other`."""
    return statistics.median(a / b for a, b in zip(took[one], took[other], strict=True))


def spoken(seconds: float) -> str:
    """A duration for people."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def took_row(section: str, name: str, took: dict[str, list[float]]) -> Row:
    """How long something took."""
    return Row(section, name, spoken(statistics.median(took[name])))


def against(
    section: str,
    took: dict[str, list[float]],
    one: str,
    other: str,
    at_most: float | None = None,
) -> Row:
    """How one thing compares with another, and whether that is at most what was promised."""
    found = ratio(took, one, other)
    return Row(
        section,
        f"{one} / {other}",
        spoken(statistics.median(took[other])),
        found,
        "" if at_most is None else f"<= {at_most:.3g}",
        None if at_most is None else found <= at_most,
    )


# -- decide -----------------------------------------------------------------------------------


def bench_decide(quick: bool) -> Iterator[Row]:
    """One decision, over 64 mixed scenarios, against peers and hand-written code."""
    world = workload.build()
    people = hand_made(world)
    touches, ruleset = world.touches, world.ruleset
    check_agreement(world, people)
    fresh = [world.case(touch) for touch in touches]

    def new_cases() -> None:
        """Makes fresh cases, outside of what is timed as a decision."""
        fresh[:] = [world.case(touch) for touch in touches]

    def forget_memos() -> None:
        """As after a signal: what rules have worked out of the facts is gone."""
        for me in world.book.people.values():
            me.changed()
        new_cases()

    def first_of_its_kind(case: Case) -> Decision:
        """A decision that nothing remembered helps: no touch of its kind was asked about before."""
        world.book.remembered.clear()
        return decide(ruleset, case)

    size = len(touches)
    tasks: dict[str, Task] = {
        "forgetting": (forget_memos, size),
        "decide, facts just changed": (lambda: [decide(ruleset, case) for case in fresh], size),
        "making the cases": (new_cases, size),
        "decide": (lambda: [first_of_its_kind(case) for case in fresh], size),
        "remembering": (lambda: [decide(ruleset, case) for case in fresh], size),
        "decide, asked again": (lambda: [decide(ruleset, case) for case in fresh], size),
        "case and decide": (lambda: [decide(ruleset, world.case(t)) for t in touches], size),
        "decide, findings read": (
            lambda: [decide(ruleset, world.case(t)).findings for t in touches],
            size,
        ),
        "limits hit": (peers.limits_hits(touches), size),
        "handwritten, first reason": (
            lambda: [handwritten.first_reason(people[t.contact], t, t.at) for t in touches],
            size,
        ),
    }
    slow: dict[str, Task] = {
        "decide": tasks["decide"],
        "remembering": tasks["remembering"],
        "decide, asked again": tasks["decide, asked again"],
        "handwritten, same answer": (
            lambda: [handwritten.same_answer(people[t.contact], t, t.at) for t in touches],
            size,
        ),
    }
    missing = []
    for name, make in peers.PEERS.items():
        try:
            slow[name] = make(people, touches), size
        except ImportError as error:
            missing.append(f"{name}: {error}")
    took = rounds(tasks, 20 if quick else 300)
    # A yes or a no by itself says where the time goes.
    verdicts = [decide(ruleset, case).verdict.value for case in fresh]
    parts: dict[str, Task] = {}
    for verdict in ("allow", "defer", "deny"):
        chosen = [case for case, was in zip(fresh, verdicts, strict=True) if was == verdict]
        parts[f"  {verdict}"] = (
            lambda chosen=chosen: [first_of_its_kind(case) for case in chosen],
            len(chosen),
        )
    split = rounds(parts, 20 if quick else 100)
    for name in (
        "decide",
        "decide, asked again",
        "decide, facts just changed",
        "making the cases",
        "case and decide",
        "decide, findings read",
    ):
        yield took_row("decide", name, took)
        if name == "decide":
            yield from (took_row("decide", part, split) for part in parts)
    yield against("decide", took, "decide", "limits hit", 1.5)
    yield against("decide", took, "decide, asked again", "limits hit", 1.5)
    yield against("decide", took, "case and decide", "limits hit")
    yield against("decide", took, "decide", "handwritten, first reason", 0.4)
    yield against("decide", took, "decide, asked again", "handwritten, first reason", 0.4)
    took = rounds(slow, 3 if quick else 15)
    targets = {"proactive-gate evaluate": 1 / 10, "cedarpy is_authorized": 1 / 15}
    for name in slow:
        if name != "remembering" and not name.startswith("decide"):
            yield against("decide", took, "decide", name, targets.get(name))
            yield against("decide", took, "decide, asked again", name, targets.get(name))
    yield from (Row("decide", name, "skipped") for name in missing)


def hand_made(world: workload.World) -> dict[str, Any]:
    """The people of a world for the hand-written code."""
    zones = {
        name: tuple(zone.name for zone in world.book.people[name].view.zones(None))
        for name in world.events
    }
    events = {name: [parse_event(e) for e in told] for name, told in world.events.items()}
    return handwritten.people(events, zones)


def check_agreement(world: workload.World, people: dict[str, Any]) -> None:
    """A race against code that gives other answers would say nothing."""
    for touch in world.touches:
        assert touch.at is not None
        decision = decide(world.ruleset, world.case(touch))
        codes = [f.code for f in decision.findings if f.effect == "block" and f.when is None]
        ours = decision.verdict.value, sorted(codes), decision.until
        verdict, reasons, until = handwritten.same_answer(people[touch.contact], touch, touch.at)
        assert ours == (verdict, sorted(reasons), until), touch


# -- flat, cold -------------------------------------------------------------------------------


def bench_flat(quick: bool) -> Iterator[Row]:
    """10,000 past touches against 10: the same people and touches, with a longer past."""
    few = workload.build(past=10, people=4)
    many = workload.build(past=10, people=4, older=9_990)
    verdicts = [
        [decide(world.ruleset, world.case(touch)).verdict for touch in world.touches]
        for world in (few, many)
    ]
    assert verdicts[0] == verdicts[1]
    tasks: dict[str, Task] = {}
    for name, world in (("10 touches", few), ("10,000 touches", many)):
        tasks[name] = (
            lambda world=world: [decide(world.ruleset, world.case(t)) for t in world.touches],
            len(world.touches),
        )
    took = rounds(tasks, 20 if quick else 200)
    yield took_row("flat", "10,000 touches", took)
    yield against("flat", took, "10,000 touches", "10 touches", 1.3)


def bench_cold(quick: bool) -> Iterator[Row]:
    """A history of 50 event objects told to a new book and one decision, against a warm one."""
    world = workload.build()
    told = {}
    for name, events in world.events.items():
        models = [parse_event(event) for event in events]
        told[name] = [models[0], *models[-49:]]
    warm = {name: workload.fold(events) for name, events in told.items()}

    def cold_decisions() -> None:
        for touch in world.touches:
            assert touch.at is not None
            book = workload.fold(told[touch.contact])
            decide(world.ruleset, book.case(touch, to_us(touch.at)))

    def warm_decisions() -> None:
        for touch in world.touches:
            assert touch.at is not None
            decide(world.ruleset, warm[touch.contact].case(touch, to_us(touch.at)))

    size = len(world.touches)
    tasks: dict[str, Task] = {"cold": (cold_decisions, size), "warm": (warm_decisions, size)}
    took = rounds(tasks, 5 if quick else 50)
    yield took_row("cold", "cold", took)
    yield against("cold", took, "cold", "warm", 4)


# -- guard ------------------------------------------------------------------------------------


def optional(name: str) -> Any:
    """A module of the package that may not be there yet."""
    try:
        return importlib.import_module(f"cadence_guard.{name}")
    except ImportError as error:
        raise UnavailableError(f"cadence_guard.{name} cannot be imported: {error}") from error


def bench_evaluate(quick: bool) -> Iterator[Row]:
    """From a dict to a decision, against pydantic's own validation of the same dict."""
    guard = optional("guard").Guard()
    world = workload.build()
    for events in world.events.values():
        for event in events:
            if event["event"] == "touch" and "outcome" not in event:
                event = event | {"outcome": "unknown"}  # booked, for a guard that records facts
            guard.record(event)
    dicts = [touch.model_dump(mode="json", exclude_unset=True) for touch in world.touches]
    tasks: dict[str, Task] = {
        "guard.evaluate": (lambda: [guard.evaluate(d) for d in dicts], len(dicts)),
        "pydantic": (lambda: [Touch.model_validate(d) for d in dicts], len(dicts)),
    }
    took = rounds(tasks, 10 if quick else 100)
    yield took_row("evaluate", "guard.evaluate", took)
    yield against("evaluate", took, "guard.evaluate", "pydantic", 4)


def bench_reserve(quick: bool) -> Iterator[Row]:
    """Reservations on SQLite, against a bare loop that inserts the same rows: a few of one, then
    the same of the other, since a disk is not always as quick."""
    guards = optional("guard")
    turns, block = (20 if quick else 100), 10
    speeds: dict[str, list[float]] = {"reserve": [], "bare inserts": []}
    with tempfile.TemporaryDirectory(dir=".") as folder:
        ours = Path(folder) / "ours.db"
        guard = guards.Guard(ledger=f"sqlite:///{ours}")
        with sqlite3.connect(ours) as written:
            bare = bare_copy(written, Path(folder) / "bare.db")
            for turn in range(turns + 1):
                touches = [
                    {
                        "id": f"r-{i}", "contact": f"c-{i}", "at": workload.text(workload.NOW),
                        "channel": "email", "to": f"c{i}@studio.example", "purpose": "service",
                        "team": "support",
                    }
                    for i in range(turn * block, (turn + 1) * block)
                ]  # fmt: skip
                start = time.perf_counter()
                for touch in touches:
                    guard.reserve(touch)
                took = (time.perf_counter() - start) / block
                took_bare = copy_rows(written, bare) / block
                if turn:  # the first sets up what is made once
                    speeds["reserve"].append(took)
                    speeds["bare inserts"].append(took_bare)
        bare.close()
    written.close()
    yield took_row("reserve", "reserve", speeds)
    found = ratio(speeds, "bare inserts", "reserve")
    yield Row(
        "reserve",
        "speed of reserve / bare inserts",
        spoken(statistics.median(speeds["bare inserts"])),
        found,
        ">= 0.7",
        found >= 0.7,
    )


def bare_copy(source: sqlite3.Connection, target: Path) -> sqlite3.Connection:
    """An empty file with the tables of a ledger, and its durability."""
    copy = sqlite3.connect(target, isolation_level=None)
    copy.execute("PRAGMA journal_mode = WAL")
    copy.execute("PRAGMA synchronous = FULL")
    for (sql,) in source.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"
        " AND name NOT LIKE 'sqlite_%' ORDER BY type DESC"
    ):
        copy.execute(sql)
    return copy


def copy_rows(source: sqlite3.Connection, copy: sqlite3.Connection) -> float:
    """Inserts the rows that a copy lacks, a transaction a reservation; seconds."""
    (last,) = copy.execute("SELECT coalesce(max(number), 0) FROM event").fetchone()
    rows = [
        (event, source.execute("SELECT * FROM filed WHERE number = ?", event[:1]).fetchall())
        for event in source.execute("SELECT * FROM event WHERE number > ? ORDER BY number", (last,))
    ]
    insert_event = f"INSERT INTO event VALUES ({','.join('?' * len(rows[0][0]))})"
    start = time.perf_counter()
    for event, filed in rows:
        copy.execute("BEGIN IMMEDIATE")
        copy.execute(insert_event, event)
        copy.executemany("INSERT INTO filed VALUES (?, ?)", filed)
        copy.execute("COMMIT")
    return time.perf_counter() - start


# -- whole processes --------------------------------------------------------------------------

ONE_MODEL = """
from pydantic import BaseModel
class Model(BaseModel):
    name: str
    number: int
"""


def interpreter(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    ).stdout


def bench_import(quick: bool) -> Iterator[Row]:
    """Fresh interpreters: the wall clock of an import, less that of an empty program."""
    programs = {
        "import cadence_guard": "import cadence_guard",
        "from cadence_guard import Guard, Policy": "from cadence_guard import Guard, Policy",
        "pydantic and one model": ONE_MODEL,
    }
    tasks: dict[str, Task] = {
        name: ((lambda code=code: interpreter(code)), 1)
        for name, code in {"nothing": "", **programs}.items()
    }
    try:
        took = rounds(tasks, 5 if quick else 15)
    except subprocess.CalledProcessError as error:
        raise UnavailableError(
            f"an import fails: {error.stderr.strip().splitlines()[-1]}"
        ) from error
    for name in programs:
        took[name] = [a - b for a, b in zip(took[name], took["nothing"], strict=True)]
    yield took_row("import", "import cadence_guard", took)
    for name in list(programs)[:2]:
        yield against("import", took, name, "pydantic and one model", 1.3)


PEAK = """
def peak():
    with open("/proc/self/status") as status:  # ru_maxrss would begin with that of the parent
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
"""
READ = (
    PEAK
    + """
import sys, time
from cadence_guard.events import parse_events
start = time.perf_counter()
kept = sum(event.event == "touch" for event in parse_events(sys.argv[1]))
print(time.perf_counter() - start, peak(), kept)
"""
)
REPLAY = (
    PEAK
    + """
import gc, sys, time
from cadence_guard.events import parse_events
from cadence_guard.book import Book
from cadence_guard.policy import Policy
from cadence_guard.replay import replay
from cadence_guard.reporters.tally import Tally
from cadence_guard.ruleset import Ruleset
ruleset, tally = Ruleset(Policy(packs=["humane"])), Tally()
book = Book(str, by_point=ruleset.by_point, remember=False)
start = time.perf_counter()
gc.disable()  # as `replay --summary` does
for touch, decision in replay(ruleset, book, parse_events(sys.argv[1]), lasting=False):
    tally.add(decision)
took = time.perf_counter() - start
touches = sum(len(me.line.at) for me in book.people.values())
print(took, peak(), touches)
"""
)


def history(number: int, people: int) -> Iterable[dict[str, Any]]:
    """Events in the order of time: people who are described once, touched, and answer now and
    then."""
    start = workload.NOW - timedelta(days=400)
    step = timedelta(days=400) / number
    for i in range(number):
        at = workload.text(start + step * i)
        n, turn = i % people, i // people
        name = f"c-{n}"
        if turn == 0:
            yield {
                "event": "contact", "contact": name, "at": at, "name": "Ada Berg",
                "time_zone": "America/Chicago", "account": f"a-{n // 2}",
                "points": [{"kind": "email", "value": f"ada{n}@studio.example", "use": "work",
                            "source": "trial_form"}],
            }  # fmt: skip
        elif turn == 1:
            yield {
                "event": "consent", "contact": name, "at": at, "purpose": "marketing",
                "channel": "email", "status": "granted", "source": "trial_form",
                "evidence": f"form {n}",
            }  # fmt: skip
        elif turn % 12 == 0:
            yield {"event": "signal", "contact": name, "at": at, "kind": "replied",
                   "channel": "email"}  # fmt: skip
        else:
            yield {
                "event": "touch", "id": f"t-{i}", "contact": name, "at": at, "channel": "email",
                "to": f"ada{n}@studio.example", "team": "marketing", "purpose": "marketing",
                "cadence": "letters", "step": f"s-{turn}", "tags": ["helpful"],
                "outcome": "delivered",
            }  # fmt: skip


def bench_replay(quick: bool) -> Iterator[Row]:
    """A long history replayed, against parsing and validating the same lines. Every person has
    about 40 touches; what a touch takes shows beside a history of as many people with half of
    that."""
    optional("replay")
    number = 100_000 if quick else 1_000_000
    people = number // 44
    peaks, kept = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        for size in (number // 2, number):
            with path.open("w") as file:
                file.writelines(json.dumps(event) + "\n" for event in history(size, people))
            read, peak_read, touches = map(float, interpreter(READ, str(path)).split())
            took, peak, touches_kept = map(float, interpreter(REPLAY, str(path)).split())
            assert touches_kept == touches
            peaks.append((peak - peak_read) * 1024)
            kept.append(touches)
    yield Row("replay", f"replay of {number:,} events", spoken(took))
    speed = read / took
    name = "speed of replay / parsing and validating"
    yield Row("replay", name, spoken(read), speed, ">= 0.3", speed >= 0.3)
    each = (peaks[1] - peaks[0]) / (kept[1] - kept[0])
    name = "memory a kept touch"
    yield Row("replay", name, f"{each:.0f} bytes", each, "<= 200", each <= 200)
    person = (peaks[1] - each * kept[1]) / people
    yield Row("replay", "memory a person", f"{person:,.0f} bytes")


# -- the table --------------------------------------------------------------------------------

SECTIONS: dict[str, Callable[[bool], Iterator[Row]]] = {
    "decide": bench_decide,
    "flat": bench_flat,
    "cold": bench_cold,
    "evaluate": bench_evaluate,
    "reserve": bench_reserve,
    "import": bench_import,
    "replay": bench_replay,
}


def line(row: Row) -> str:
    """A row as text."""
    ratio_text = "" if row.ratio is None else f"{row.ratio:.3g}"
    verdict = "" if row.met is None else "met" if row.met else "NOT MET"
    return f"{row.section:9} {row.what:62} {row.took:>10} {ratio_text:>7}  {row.target:8} {verdict}"


def main(sections: dict[str, Callable[[bool], Iterator[Row]]], about: str) -> None:
    """Runs the sections that are named, or all, and prints the table."""
    parser = argparse.ArgumentParser(description=about.partition("\n")[0])
    parser.add_argument("section", nargs="*", help=f"of: {' '.join(sections)}; all unless said")
    parser.add_argument("--quick", action="store_true", help="few rounds, to see that it runs")
    options = parser.parse_args()
    unknown = set(options.section) - set(sections)
    if unknown:
        parser.error(f"unknown section {', '.join(unknown)}; expected {', '.join(sections)}")
    print(f"{'section':9} {'what / against what':62} {'took':>10} {'ratio':>7}  target")
    for name in options.section or sections:
        try:
            for row in sections[name](options.quick):
                print(line(row), flush=True)
        except UnavailableError as reason:
            print(f"{name:9} skipped: {reason}")


if __name__ == "__main__":
    main(SECTIONS, __doc__ or "")
