from __future__ import annotations

from typing import Any

import pytest

from cadence_guard.cadence import Elapsed, LocalDays, Unknown, UntilClock, UntilDate
from cadence_guard.check.reentry import meets_itself
from cadence_guard.history import Case
from cadence_guard.instants import DAY, HOUR, NEVER
from cadence_guard.policy import Policy
from cadence_guard.rules import Objection, OpenStretch, Rule
from cadence_guard.ruleset import Ruleset
from check.flows import days, enter, fan, flow, line, pause, rules, step

WEEK_CAP = rules(over_cap={"max": 2, "per": "7d"})
DRIP = (step("a"), days(3), step("b"))


@pytest.mark.parametrize(
    ("again", "expected"),
    [(None, False), (1, True), (10 * DAY - 1, True), (10 * DAY, False), (400 * DAY, False)],
)
def test_beyond_what_every_entry_looks_at_nothing_counts(again: int | None, expected: bool) -> None:
    """Three days, and seven more."""
    assert meets_itself(WEEK_CAP, line(*DRIP, again=again)) is expected


@pytest.mark.parametrize(
    ("wait", "longest"),
    [
        (Elapsed(HOUR, 2 * DAY), 2 * DAY),
        (LocalDays(2), 3 * DAY),
        (UntilClock(0), 3 * DAY),
    ],
)
def test_the_longest_that_it_can_take_counts(wait: Any, longest: int) -> None:
    for again, expected in ((longest + 7 * DAY - 1, True), (longest + 7 * DAY, False)):
        assert meets_itself(WEEK_CAP, line(step("a"), wait, step("b"), again=again)) is expected


@pytest.mark.parametrize(
    "cadence",
    [
        # Nobody knows how long it takes, or it takes for ever.
        line(step("a"), Unknown("?"), step("b"), again=300 * DAY),
        line(step("a"), UntilDate(0), step("b"), again=300 * DAY),
        line(step("a"), Elapsed(0, None), step("b"), again=300 * DAY),
        flow(step("a", "p"), pause("p", days(7), "a"), again=300 * DAY),
        flow(step("a", "a"), again=300 * DAY),
    ],
)
def test_what_has_no_known_end_meets_itself(cadence: Any) -> None:
    assert meets_itself(WEEK_CAP, cadence)


def test_all_ways_and_what_is_entered_besides() -> None:
    other = line(days(30), step("x"), name="other")
    cadence = flow(fan("*", "a", "e"), step("a"), enter("e", "other", None), again=20 * DAY)
    assert not meets_itself(WEEK_CAP, cadence)
    assert meets_itself(WEEK_CAP, cadence, {"other": other})
    assert not meets_itself(WEEK_CAP, flow(again=DAY))


class Silent(Rule):
    code = "CG999"
    name = "silent"
    spans = None  # it does not say where its answer can change

    def next_open(self, t: int, case: Case) -> OpenStretch:
        return t, NEVER

    def objection(self, t: int, case: Case) -> Objection:
        return Objection("never")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, False),
        ({"missing-consent": {"accept": [{"invited": "300d"}]}}, False),
        ({"repeated-message": {"per": "90d"}}, True),
        ({"after-refusal": {"declined": "P2M"}}, True),
        ({"unanswered-streak": {"steps": [{"after": 2, "gap": "1d"}]}}, True),
        ({f"{__name__}:Silent": {}}, True),
    ],
)
def test_how_far_entries_look(said: dict[str, Any], expected: bool) -> None:
    assert meets_itself(Ruleset(Policy(rules=said)), line(*DRIP, again=60 * DAY)) is expected
