"""The helpers for users' own tests; and the ledger suite sees a ledger that is wrong."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cadence_guard import Guard, Policy
from cadence_guard.ledgers import Filed, Ledger, Page
from cadence_guard.ledgers.memory import MemoryLedger
from cadence_guard.testing import FixedClock, LedgerSuite, a_contact, a_touch


class TestFixedClock:
    def test_it_stands_still(self) -> None:
        clock = FixedClock()
        assert clock() == clock() == datetime(2026, 3, 2, 16, tzinfo=UTC)

    def test_it_moves_when_told(self) -> None:
        clock = FixedClock("2026-03-02T17:00:00+01:00")
        assert clock.advance("3d") == clock() == datetime(2026, 3, 5, 16, tzinfo=UTC)
        assert clock.set("2026-01-01T00:00:00Z") == clock() == datetime(2026, 1, 1, tzinfo=UTC)

    def test_it_takes_no_naive_instant(self) -> None:
        with pytest.raises(ValueError, match="naive"):
            FixedClock(datetime(2026, 3, 2))
        with pytest.raises(ValueError, match="calendar duration"):
            FixedClock().advance("P1M")

    def test_a_guard_goes_by_it(self) -> None:
        clock = FixedClock()
        guard = Guard(Policy(packs=[], rules={"too-soon": {"gap": "20h"}}), clock=clock)
        guard.reserve(a_touch(id="t-1"))
        assert not guard.evaluate(a_touch())
        clock.advance("20h")
        assert guard.evaluate(a_touch())


class TestBuilders:
    @pytest.mark.parametrize(
        ("channel", "to"),
        [
            ("email", "anna.berg@example.org"),
            ("call", "+493055501234"),
            ("social", "annaberg"),
            ("post", "1 Some Street"),
            ("ad", None),
        ],
    )
    def test_a_touch_goes_where_its_channel_goes(self, channel: str, to: str | None) -> None:
        assert a_touch(channel=channel).to == to

    def test_what_is_given_wins(self) -> None:
        touch = a_touch(contact="c-2", to="x@example.org", tags=("urgent",))
        assert (touch.contact, touch.to, touch.tags) == ("c-2", "x@example.org", ("urgent",))
        assert a_contact(name="Zoe", points=()).points == ()

    def test_a_touch_to_a_contact_is_one_to_their_points(self) -> None:
        values = {point.value for point in a_contact().points}
        assert {a_touch().to, a_touch(channel="call").to} == values

    def test_what_is_wrong_is_an_error(self) -> None:
        with pytest.raises(ValidationError, match="unknown channel"):
            a_touch(channel="pigeon")


# -- the suite sees what is wrong -------------------------------------------------------------


class Forgetful(MemoryLedger):
    """Loses whatever it is told."""

    def append(self, events: Iterable[Filed], expect: Mapping[str, int] | None = None) -> None:
        super().append([], expect)


class Careless(MemoryLedger):
    """Never finds a conflict."""

    def append(self, events: Iterable[Filed], expect: Mapping[str, int] | None = None) -> None:
        super().append(events)


class Piecemeal(MemoryLedger):
    """Appends one by one."""

    def append(self, events: Iterable[Filed], expect: Mapping[str, int] | None = None) -> None:
        for filed in events:
            super().append([filed], expect)


class Cutting(MemoryLedger):
    """Cuts noes with the touches."""

    def history(self, keys: Sequence[str], since: int | None = None, after: int = 0) -> Page:
        page = super().history(keys, since, after)
        return page._replace(events=page.events if since is None else [])


class Keeping(MemoryLedger):
    """Forgets nothing."""

    def forget(self, key: str, keep: Any = (), expect: Any = None, also: Any = ()) -> None:
        self.append(keep, expect)


class Pruning(MemoryLedger):
    """Lets go of whatever is old."""

    def prune(self, before: int) -> int:
        numbers = {n for n, filed in self._events.items() if filed.event.event == "touch"}
        self._remove(numbers)
        return len(numbers)


class Fickle(MemoryLedger):
    """Has another secret each time."""

    def secret(self) -> bytes:
        return FICKLE.pop()


FICKLE = [bytes([number]) * 32 for number in range(100)]


def fails_of(make: Callable[[], Ledger], tmp_path: Path) -> set[str]:
    class Suite(LedgerSuite):
        def make_ledger(self, tmp_path: Path) -> Ledger:
            return make()

    fails = set()
    for name, test in inspect.getmembers(Suite(), inspect.ismethod):
        if name.startswith("test_") and "threads" not in name:
            folder = tmp_path / name
            folder.mkdir()
            try:
                test(folder)
            except Exception:
                fails.add(name)
    return fails


@pytest.mark.parametrize(
    ("ledger", "seen_by"),
    [
        (Forgetful, "test_an_event_is_filed_under_each_of_its_streams"),
        (Careless, "test_append_expects_revisions"),
        (Piecemeal, "test_append_is_all_or_nothing"),
        (Cutting, "test_since_cuts_touches_only"),
        (Keeping, "test_forget_takes_everything_of_a_stream"),
        (Pruning, "test_since_and_prune_spare_a_touch_that_says_something"),
        (Fickle, "test_the_secret_is_made_once"),
    ],
)
def test_a_ledger_that_is_wrong_fails(
    ledger: type[MemoryLedger], seen_by: str, tmp_path: Path
) -> None:
    assert seen_by in fails_of(ledger, tmp_path)


def test_one_that_is_right_does_not(tmp_path: Path) -> None:
    assert fails_of(MemoryLedger, tmp_path) == set()


def test_the_suite_asks_for_a_ledger(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError):
        LedgerSuite().make_ledger(tmp_path)
