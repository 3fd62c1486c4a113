"""Steps that are made several times with ranges between: always, or only sometimes."""

from __future__ import annotations

from typing import Any

import pytest

from cadence_guard.cadence import (
    Audience,
    Cadence,
    Elapsed,
    Ground,
    LocalDays,
    Step,
    UntilClock,
    Wait,
)
from cadence_guard.check.proof import turns
from cadence_guard.instants import HOUR
from cadence_guard.policy import Policy
from cadence_guard.ruleset import Ruleset
from check.flows import KOLKATA, flow, handover, line, pause, policy, proved, step


def turn(name: str, **fields: Any) -> Step:
    """One of the places that send the same message."""
    return step(name, step="turn", **fields)


def between(low: float, high: float) -> Elapsed:
    """A range of so many hours."""
    return Elapsed(round(low * HOUR), round(high * HOUR))


def certainty(rules: Policy, cadence: Cadence) -> tuple[str | None, bool]:
    """Of the one entry and the turns; and whether more may be so."""
    proof = proved(Ruleset(rules), cadence, zones=(KOLKATA,))
    assert proof.incomplete == ()
    (said,) = {one.certainty for one in proof.objections if one.step.name == "turn"} or {None}
    return said, ("trial", "turn") in proof.unsure


def hours(opens: int, closes: int, days: str = "") -> Policy:
    named = {"days": days.split(",")} if days else {}
    window = {"from": f"{opens:02}:00", "to": f"{closes:02}:00", **named}
    return policy(outside_hours={"windows": [window]})


ALWAYS, SOMETIMES = ("always", False), ("sometimes", False)


@pytest.mark.parametrize(
    ("rules", "wait", "expected"),
    [
        # with both ranges at their longest, or not even then
        (policy(too_soon={"gap": "4h"}), between(1, 3.9), ALWAYS),
        (policy(too_soon={"gap": "4h"}), between(1, 4), SOMETIMES),
        (policy(over_cap={"max": 2, "per": "8h"}), between(1, 3.9), ALWAYS),
        (policy(over_cap={"max": 2, "per": "8h"}), between(1, 4), SOMETIMES),
        # the last of three is in time, or the first and the second are
        (hours(9, 12), between(4, 6), ALWAYS),
        (hours(9, 12), between(1, 6), SOMETIMES),
        (hours(9, 12), between(23, 25), SOMETIMES),
        (hours(9, 12, "mon,tue"), between(23, 25), ALWAYS),
        # midnight lies between two of three at most
        (policy(over_cap={"max": 1, "calendar": "day"}), between(1, 9), ALWAYS),
        (policy(over_cap={"max": 1, "calendar": "day"}), between(1, 24), SOMETIMES),
        (policy(over_cap={"max": 1, "calendar": "day"}), between(24, 30), (None, False)),
        (policy(over_cap={"max": 1, "calendar": "week"}), between(24, 30), ALWAYS),
    ],
)
def test_three_turns(rules: Policy, wait: Wait, expected: tuple[str | None, bool]) -> None:
    cadence = line(turn("a"), wait, turn("b"), wait, turn("c"))
    assert certainty(rules, cadence) == expected


@pytest.mark.parametrize(("high", "expected"), [(5.9, ALWAYS), (9, ALWAYS), (3.9, (None, False))])
def test_what_a_signal_lets_pass_for_a_time(high: float, expected: tuple[str | None, bool]) -> None:
    """With the range at its shortest."""
    rules = policy(missing_consent={"accept": [{"invited": "4h"}]})
    low = 3 if high < 4 else 4
    before = Audience(grounds=(Ground("invited"),))
    cadence = line(turn("a"), between(low, high), turn("b"), audience=before)
    assert certainty(rules, cadence) == expected
    if high > 4:
        loose = line(turn("a"), between(3, high), turn("b"), audience=before)
        assert certainty(rules, loose) == SOMETIMES


def test_touches_of_other_steps_count() -> None:
    """And are let pass or refused for themselves."""
    rules = policy(over_cap={"max": 2, "calendar": "day"})
    cadence = line(
        step("x"), between(0, 1), turn("a"), between(0, 1), step("y"), between(0, 1), turn("b"),
    )  # fmt: skip
    assert certainty(rules, cadence) == SOMETIMES
    more = line(
        step("x"), between(0, 1), step("y"), between(0, 1), turn("a"), between(0, 1), step("z"),
        LocalDays(0), turn("b"), between(0, 1), turn("c"), between(0, 1), turn("d"),
        between(0, 1), turn("e"),
    )  # fmt: skip
    assert certainty(rules, more) == ALWAYS


def test_clocks_between() -> None:
    """Each turn is at nine, and so is what lies between; a range before that does not matter."""
    morning = UntilClock(9 * HOUR)
    parts = (between(0, 20), morning, turn("a"), between(1, 20), morning, turn("b"))
    assert certainty(hours(10, 12), line(*parts)) == ALWAYS
    assert certainty(hours(9, 12, "mon,wed,fri"), line(*parts)) == ALWAYS
    assert certainty(hours(9, 12, "mon,tue,wed,fri"), line(*parts)) == SOMETIMES
    _, unsure = certainty(
        policy(over_cap={"max": 1, "per": "30h"}), line(*parts[:3], between(1, 30), *parts[4:])
    )
    assert unsure  # the distance hangs on a range and on the clock


def test_instants_that_mean_something() -> None:
    """The first turn is late always, but for who enters in the first hour."""
    start = 1772409600000000  # 2026-03-02
    late = (turn("a", not_after=start + HOUR), between(1, 9), turn("b", not_after=start + 3 * HOUR))
    assert certainty(policy(too_late={}), line(*late)) == SOMETIMES
    assert certainty(policy(too_late={}), line(between(2, 4), *late)) == ALWAYS


@pytest.mark.parametrize(
    ("rules", "fields"),
    [
        (policy(over_cap={"max": 1, "calendar": "day", "scope": "point"}), {}),
        (
            Policy.model_validate(
                {
                    "rules": {"too-soon": {"gap": "4h"}},
                    "answers": {"signals": ["invited"], "within": "1h"},
                }
            ),
            {"automated": False},
        ),
    ],
)
def test_what_is_not_followed_is_said_to_be_sometimes(
    rules: Policy, fields: dict[str, Any]
) -> None:
    cadence = line(
        turn("a", **fields), between(1, 5), turn("b", **fields), between(1, 5), turn("c", **fields)
    )
    assert certainty(rules, cadence)[1] is True


def test_a_handoff_between() -> None:
    """It lapses: of two touches of the other team the later one is let pass."""
    rules = policy(not_the_holder={"for": "1h", "lapses": "5h"})
    nodes = (
        handover("h", "two", "a"), turn("a", then="p"), pause("p", between(1, 9), "b"), turn("b"),
    )  # fmt: skip
    said, unsure = certainty(rules, flow(*nodes, team="one"))
    assert said == "always"  # the first one is refused
    assert not unsure
    later = (
        handover("h", "two", "p"), pause("p", between(1, 9), "a"), turn("a", then="q"),
        pause("q", between(1, 9), "b"), turn("b"),
    )  # fmt: skip
    assert certainty(rules, flow(*later, team="one")) == ("sometimes", True)


def test_times_counted_from_the_entry_and_touches_that_never_come() -> None:
    """Only within a stretch that is free of ranges they are taken together."""
    nodes = (
        turn("a", then="p"), pause("p", between(0, 9), "q"),
        pause("q", UntilClock(9 * HOUR), "b", since_start=True), turn("b"),
    )  # fmt: skip
    assert certainty(hours(10, 11), flow(*nodes))[1] is True
    late = line(turn("a"), between(1, 9), turn("b"), LocalDays(200 * 366), turn("c"))
    proof = proved(Ruleset(hours(10, 11)), late, zones=(KOLKATA,))
    assert [one.certainty for one in proof.objections] == ["sometimes"]


def test_so_much_is_followed_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    cadence = line(turn("a"), between(4, 6), turn("b"))
    assert certainty(hours(9, 12), cadence) == ALWAYS
    monkeypatch.setattr(turns, "WORK", 100)
    assert certainty(hours(9, 12), cadence) == ("sometimes", True)
