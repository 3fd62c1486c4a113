"""Somebody sends a signal on a way: which touches are made all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cadence_guard.cadence import Enter
from cadence_guard.check.paths import Item, Made, Path
from cadence_guard.check.reactions.marks import Mark
from cadence_guard.instants import DAY, FIRST, NEVER


def is_call(item: Item) -> bool:
    """Whether a stop is a call."""
    return isinstance(item.what, Made) and item.what.step.channel == "call"


def since(path: Path, start: int) -> int:
    """From when on somebody on a way may react; a wait that nobody knows went before some."""
    return start - DAY if path.fresh else start


class Sent(NamedTuple):
    """A signal, and the instant after which somebody may send it."""

    kind: str
    at: int
    since: int


def comes(
    path: Path, times: Mapping[int, int], marks: Sequence[int], index: int, sent: Sent
) -> bool:
    """Whether somebody who sends a signal comes to a touch all the same, as far as it is known when
    the stops of a way are."""
    items, now = path.items, times[index]
    if sent.at <= sent.since:
        return False
    if sent.kind == "hung_up" and not any(
        is_call(items[place]) and at < sent.at for place, at in times.items()
    ):
        return False
    return not ended(path, times, index, sent) and not any(
        sent.at <= (at := times.get(place, NEVER))
        and (at, place) < (now, index)
        and _begun(path, times, place) <= sent.at
        for place in marks
    )


def ended(path: Path, times: Mapping[int, int], place: int, sent: Sent) -> bool:
    """Whether a touch is not made, since a signal has ended its cadence."""
    made = path.items[place].what
    if not isinstance(made, Made) or sent.kind not in made.cadence.exits:
        return False
    entries = (
        times.get(earlier, FIRST)
        for earlier in way_to(path, place)
        if isinstance(what := path.items[earlier].what, Enter) and what.cadence == made.cadence.name
    )
    return next(entries, FIRST) <= sent.at <= times[place]


def _begun(path: Path, times: Mapping[int, int], place: int) -> int:
    """From when on a signal counts that is asked for at a mark."""
    mark = path.items[place].what
    assert isinstance(mark, Mark)
    begins = (
        times.get(earlier, FIRST)
        for earlier in way_to(path, place)
        if isinstance(what := path.items[earlier].what, Mark) and what.id == mark.since
    )
    return next(begins, FIRST)


def way_to(path: Path, place: int) -> Iterator[int]:
    """The stops that a stop hangs on, the last one first."""
    while (place := path.items[place].stop.after) >= 0:
        yield place
