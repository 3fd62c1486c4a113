"""`read`: what was understood of a cadence file, before anybody judges it."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from cadence_guard.cadence import (
    Await,
    Branch,
    BusinessDays,
    Cadence,
    CadenceFile,
    Elapsed,
    Enter,
    Fan,
    Handover,
    LocalDays,
    Node,
    Pause,
    Step,
    UntilClock,
    UntilDay,
    UntilOpen,
    Wait,
    not_understood,
)
from cadence_guard.check.run import open_all
from cadence_guard.cli._check import reading, standard_input, write_json, write_lines
from cadence_guard.errors import CadenceError
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, SECOND, WEEK, Hours, to_datetime, to_text, zone
from cadence_guard.reporters.text import plain
from cadence_guard.reporters.witness import length

_SAID: Final = (
    "team",
    "purpose",
    "sender",
    "tags",
    "greeting",
    "unsubscribe",
    "offer",
    "deadline",
    "not_after",
    "because",
    "template",
    "discloses_source",
    "automated",
    "attempts",
    "possible",
)
_USUAL: Final = {
    "discloses_source": False,
    "automated": True,
    "attempts": 1,
    "possible": False,
}


def run_read(file: str, format_: str, mapping: str | None) -> int:
    """The command `read`: prints what a file says. Raises CadenceError if it cannot be read."""
    source = standard_input() if file == "-" else file
    read, errors = open_all([source], reading(mapping))
    if errors:
        raise errors[0]
    source, content = read[0].source, read[0].content
    if not isinstance(content, CadenceFile):
        raise CadenceError(f"{source.path}: a policy, not a cadence file; `check` takes both")
    data = read_data(content, source)
    if format_ == "json":
        write_json(data)
    else:
        write_lines(_text(data))
    return 0


def read_data(file: CadenceFile, source: Source) -> dict[str, Any]:
    """What was read, as JSON data."""
    return {
        "path": source.path,
        "format": file.format,
        "cadences": [_cadence(cadence, source) for cadence in file.cadences],
    }


def _cadence(cadence: Cadence, source: Source) -> dict[str, Any]:
    return {
        "name": cadence.name,
        "anchor": cadence.anchor,
        "ambiguous": cadence.ambiguous,
        "steps": _steps(cadence),
        "waits": [
            {"name": label.name, "seconds": label.seconds, "label_seconds": label.label_seconds}
            for label in cadence.labels
        ],
        "exits": sorted(cadence.exits),
        "unknown": [
            {
                "what": item.what,
                "why": item.why,
                "line": source.mark(item.where).line,
                "column": source.mark(item.where).column,
            }
            for item in not_understood(cadence)
        ],
        "other": None
        if cadence.other is None
        else {"anchor": cadence.other.anchor, "steps": _steps(cadence.other)},
    }


def _steps(cadence: Cadence) -> list[dict[str, Any]]:
    after = spans(cadence)
    return [
        {
            "id": step.id,
            "channel": step.channel,
            "after_min": _seconds(after.get(step.id, _NOWHERE).low),
            "after_max": _seconds(after.get(step.id, _NOWHERE).high),
            "touch": _touch(step, cadence),
        }
        for step in cadence.steps
    ]


def _seconds(us: int | None) -> float | None:
    if us is None:
        return None
    return us // SECOND if us % SECOND == 0 else us / SECOND


def _touch(step: Step, cadence: Cadence) -> dict[str, Any]:
    """What the file says of a touch, by the keys of a touch event."""
    said: dict[str, Any] = {key: getattr(step, key) for key in _SAID}
    said["team"] = step.team or cadence.team
    said["purpose"] = step.purpose or cadence.purpose
    return {
        key: _plain_data(key, value)
        for key, value in said.items()
        if value is not None and value != () and value != _USUAL.get(key)
    }


def _plain_data(key: str, value: Any) -> Any:
    if key in ("deadline", "not_after"):
        moment: datetime = to_datetime(value)
        return to_text(moment)
    return list(value) if isinstance(value, tuple) else value


# -- how long after the entry a step comes -------------------------------------------------------


class Span(NamedTuple):
    """How long after the entry, in microseconds; None where nobody knows or there is no end."""

    low: int | None
    high: int | None


class _Way(NamedTuple):
    """A way from one node to the next: how long it takes, and whether that counts from the entry.
    `low` None: nobody knows."""

    to: str
    low: int | None
    high: int | None
    since_start: bool = False


_NOWHERE: Final = Span(None, None)


def spans(cadence: Cadence) -> dict[str, Span]:
    """How long after the entry each node comes that can be reached. A local day counts 24 hours."""
    ways = {name: list(_ways(node, cadence)) for name, node in cadence.nodes.items()}
    if cadence.start not in ways:
        return {}
    low = _soonest(cadence.start, ways)
    high = _latest(cadence.start, {name: ways[name] for name in low})
    unknown = _behind_unknown({name: ways[name] for name in low})
    return {
        name: _NOWHERE if name in unknown else Span(least, high.get(name))
        for name, least in low.items()
    }


def _soonest(start: str, ways: dict[str, list[_Way]]) -> dict[str, int]:
    """The least time to each node that can be reached; what nobody knows may take no time."""
    found: dict[str, int] = {}
    heap = [(0, start)]
    while heap:
        at, name = heapq.heappop(heap)
        if name in found:
            continue
        found[name] = at
        for way in ways[name]:
            least = way.low or 0
            heapq.heappush(heap, (max(at, least) if way.since_start else at + least, way.to))
    return found


def _latest(start: str, ways: dict[str, list[_Way]]) -> dict[str, int | None]:
    """The greatest time to each node that no loop leads to."""
    degree = Counter(way.to for out in ways.values() for way in out)
    high: dict[str, int | None] = {start: 0}
    ready = [] if degree[start] else [start]
    while ready:
        name = ready.pop()
        for way in ways[name]:
            at = high[name]
            come = None
            if at is not None and way.high is not None:
                come = max(at, way.high) if way.since_start else at + way.high
            before = high.get(way.to, come)
            high[way.to] = None if before is None or come is None else max(before, come)
            degree[way.to] -= 1
            if not degree[way.to]:
                ready.append(way.to)
    return {name: at for name, at in high.items() if not degree[name]}


def _behind_unknown(ways: dict[str, list[_Way]]) -> set[str]:
    todo = [way.to for out in ways.values() for way in out if way.low is None]
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [way.to for way in ways[name]]
    return found


def _ways(node: Node, cadence: Cadence) -> Iterator[_Way]:
    """The ways out of a node that lead to a node."""
    for way in _all_ways(node):
        if way[0] in cadence.nodes:
            yield _Way(*way)


def _all_ways(node: Node) -> Iterator[tuple[Any, ...]]:
    match node:
        case Step(then=then, attempts=attempts, every=every):
            low, high = (0, 0) if every is None else takes(every)
            times = attempts - 1
            yield then, low and low * times, high and high * times
        case Pause(wait=wait, then=then, since_start=since_start):
            yield then, *takes(wait), since_start
        case Branch(arms=arms):
            yield from ((arm.then, 0, 0) for arm in arms)
        case Fan(thens=thens):
            yield from ((then, 0, 0) for then in thens)
        case Await(arms=arms, timeout=timeout, then=then):
            low, high = (0, None) if timeout is None else takes(timeout)
            for arm in arms:
                yield arm.then, low if arm.unless else 0, high
            if timeout is not None:
                yield then, low, high
        case Handover(then=then) | Enter(then=then):
            yield then, 0, 0
        case _:
            raise TypeError(f"not a node: {node!r}")


def takes(wait: Wait) -> tuple[int | None, int | None]:
    """How long a wait takes at least and at most; (None, None) if that cannot be told."""
    match wait:
        case Elapsed(low=low, high=high):
            return low, high
        case LocalDays(days=days):
            return days * DAY, days * DAY
        case BusinessDays(days=days):
            lengths = [_business(days, weekday) for weekday in range(7)]
            return min(lengths) * DAY, max(lengths) * DAY
        case UntilOpen(hours=hours):
            return 0, _longest_shut(hours)
        case UntilClock(days=days):
            return 0, max(_until_day(days, weekday) for weekday in range(7)) * DAY
        case UntilDay(days=days):
            apart = (0 if weekday in days else _until_day(days, weekday) for weekday in range(7))
            return 0, max(apart) * DAY
        case _:
            return None, None


def _business(days: int, weekday: int) -> int:
    """How many days later so many of Monday to Friday have come."""
    weeks, left = divmod(max(days - 1, 0), 5)
    length = 7 * weeks
    left += days > 0
    while left:
        length += 1
        left -= (weekday + length) % 7 < 5
    return length


def _until_day(days: frozenset[int], weekday: int) -> int:
    """How many days until the end of the next allowed day that begins."""
    return next(n for n in range(1, 8) if (weekday + n) % 7 in days)


def _longest_shut(hours: Hours) -> int | None:
    where = (zone("UTC"),)
    longest, t = 0, 0
    while t < 2 * WEEK:
        opens, closes = hours.next_open(t, where)
        if t:
            longest = max(longest, opens - t)
        t = closes
    return longest


# -- text ----------------------------------------------------------------------------------------


def _text(data: dict[str, Any]) -> Iterator[str]:
    yield f"{plain(data['path'])}: {data['format']}"
    for cadence in data["cadences"]:
        anchor = f", delays count from the {cadence['anchor']}" if cadence["anchor"] else ""
        unsure = " (the file does not settle that)" if cadence["ambiguous"] else ""
        yield ""
        yield f"{plain(cadence['name'])}{anchor}{unsure}"
        for step in cadence["steps"]:
            yield f"  {_after(step):<16} {step['channel']:<10} {plain(step['id'])}"
        for wait in cadence["waits"]:
            if wait["seconds"] is not None and wait["seconds"] != wait["label_seconds"]:
                said = wait["label_seconds"]
                named = "" if said is None else f", its name says {length(said)}"
                yield f"  wait {plain(wait['name'])!r}: {length(wait['seconds'])}{named}"
        if cadence["exits"]:
            yield f"  ends on: {', '.join(map(plain, cadence['exits']))}"
        for item in cadence["unknown"]:
            said = f"{plain(item['what'])}: {plain(item['why'])}"
            yield f"  not understood, line {item['line']}: {said}"


def _after(step: dict[str, Any]) -> str:
    low, high = step["after_min"], step["after_max"]
    if low is None:
        return "?"
    if high is None:
        return f"{length(low)} or more"
    return length(low) if low == high else f"{length(low)} to {length(high)}"
