"""Several people of one account in a cadence, under the caps of an account."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cadence_guard.cadence import Audience, Cadence, CadenceFile, UntilClock
from cadence_guard.check.report import Finding
from cadence_guard.check.together import prove_together
from cadence_guard.check.together.listing import Listing
from cadence_guard.check.together.people import People
from cadence_guard.check.together.timeline import elsewhere
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, HOUR, to_us
from cadence_guard.policy import Policy
from cadence_guard.ruleset import Ruleset
from check.flows import days, hours, line, policy, step

BARE = Source("a.json", b"{}")
START, END = to_us(datetime(2026, 3, 2, tzinfo=UTC)), to_us(datetime(2026, 6, 2, tzinfo=UTC))


def of(people: int | None, *parts: Any, **fields: Any) -> Cadence:
    """A cadence in which so many people of one account are."""
    audience = Audience(zones=("America/Chicago",), account=True, people=people)
    return line(*parts, audience=audience, **fields)


def judged(rules: Policy, cadence: Cadence) -> People:
    listing = Listing(
        rules, Ruleset(rules), [(BARE, CadenceFile("made", (cadence,)))], START, END, None
    )
    return People(listing, cadence)


def cap(most: int, **fields: Any) -> Policy:
    return policy(over_cap={"max": most, "per": "7d", "scope": "account", **fields})


def blocked(people: People) -> list[tuple[str, Any]]:
    return sorted((finding.code, finding.step) for finding in people.findings)


@pytest.mark.parametrize(
    ("people", "most", "steps"),
    [(2, 4, ""), (2, 3, "b"), (3, 5, "b"), (3, 6, ""), (3, 4, "ab"), (50, 6, "ab")],
)
def test_so_many_people_each_whenever_they_like(people: int, most: int, steps: str) -> None:
    """Each is touched twice within a day; the first touch has none of its own before it."""
    found = judged(cap(most), of(people, step("a"), days(1), step("b")))
    assert blocked(found) == [("CG301", name) for name in steps]
    assert found.incomplete == []


def test_they_do_not_meet_if_their_touches_never_do() -> None:
    """Mondays and Fridays at nine, and a cap of one day: only those of one morning meet."""
    monday = UntilClock(9 * HOUR, frozenset((0,)))
    cadence = of(2, monday, step("a"), hours(36), step("b"))
    assert blocked(judged(cap(2, per="1d"), cadence)) == []
    assert blocked(judged(cap(1, per="1d"), cadence)) == [("CG301", "a"), ("CG301", "b")]


def test_the_time_line_is_of_several_people_and_the_guard_refuses_it() -> None:
    """No cap of one contact or one point is broken in it."""
    rules = policy(
        over_cap=[
            {"max": 2, "per": "7d", "scope": "account"},
            {"max": 1, "per": "7d"},
            {"max": 1, "per": "7d", "scope": "point"},
        ]
    )
    (finding,) = judged(rules, of(3, step("a"))).findings
    assert finding.message.endswith(" already, together with 2 others of the account")
    assert finding.witness is not None
    assert [touch.person for touch in finding.witness.touches] == [2, 3, None]
    *before, last = finding.witness.touches
    assert [touch.verdict for touch in before] == ["allow", "allow"]
    assert last.codes == ("CG301",)


def test_one_other_is_somebody_else() -> None:
    (finding,) = judged(cap(1), of(2, step("a"))).findings
    assert finding.message.endswith(" already, together with somebody else of the account")


@pytest.mark.parametrize(
    ("channel", "point"),
    [("call", "+12025550125"), ("email", "3-robin@audience.example"), ("meeting", None)],
)
def test_everybody_is_reached_elsewhere(channel: str, point: str | None) -> None:
    from cadence_guard.check.assumptions import touch_of

    cadence = of(3, step("a", channel=channel))
    to = touch_of(cadence, next(iter(cadence.steps))).to
    assert (None if to is None else elsewhere(to, 2)) == point


@pytest.mark.parametrize(("most", "kept"), [(2, 2), (3, 3), (6, 6)])
def test_where_nobody_says_how_many_it_is_said_for_how_many_the_caps_are_kept(
    most: int, kept: int
) -> None:
    found = judged(cap(most), of(None, step("a")))
    assert found.findings == []
    (reason,) = found.incomplete
    assert reason == (
        "several people of one account may be in it at once, and nothing says how many: the caps of"
        f" an account are kept for {kept}, and not for {kept + 1}; if there are never more, say so:"
        f" same_account: {kept}"
    )
    assert not judged(cap(most), of(kept, step("a"))).findings
    assert judged(cap(most), of(kept + 1, step("a"))).findings


def test_several_are_two_at_least() -> None:
    found = judged(cap(1), of(None, step("a")))
    assert blocked(found) == [("CG301", "a")]
    assert found.incomplete == []


def test_what_no_number_of_people_breaks() -> None:
    """It is broken by one alone, or no such cap counts it."""
    alone = of(None, step("a"), days(1), step("b"))
    found = judged(cap(1, tags=["x"]), alone)
    assert (found.findings, found.incomplete) == ([], [])
    found = judged(cap(1), of(9, step("a"), step("b")))
    assert blocked(found) == [("CG301", "a")]
    found = judged(policy(over_cap={"max": 1, "per": "7d"}), of(9, step("a")))
    assert (found.findings, found.incomplete) == ([], [])


def test_what_is_not_proved_of_them_is_said() -> None:
    rules = Policy.model_validate(
        {
            "rules": {"over-cap": {"max": 1, "per": "7d", "scope": "account"}},
            "answers": {"signals": ["invited"], "within": "7d"},
        }
    )
    found = judged(rules, of(2, step("a", automated=False), entry_signal="invited"))
    assert len(found.incomplete) == 1


def together(rules: Policy, *cadences: Cadence) -> list[Finding]:
    file = CadenceFile("made", cadences, (tuple(one.name for one in cadences),))
    return prove_together(rules, Ruleset(rules), [(BARE, file)], START, END)


def test_beside_other_cadences_it_is_said_that_each_was_judged_by_itself() -> None:
    one = of(3, step("a"), name="one")
    two = replace(of(3, step("b"), name="two"), audience=Audience(zones=("America/Chicago",)))
    (finding,) = together(cap(4), one, two)
    assert (finding.code, finding.effect) == ("CG903", "block")
    assert finding.message.endswith("of an account each cadence was judged by itself")
    assert together(policy(over_cap={"max": 4, "per": "7d"}), one, two) == []


def test_they_may_enter_again() -> None:
    found = judged(cap(3), of(2, step("a"), again=DAY))
    assert found.findings == []
    assert [said.split("'")[1] for said in found.incomplete] == ["a"]


def test_what_one_person_breaks_alone_says_nothing_of_several() -> None:
    letter = (step("a", step="letter"), days(1), step("b", step="letter"))
    found = judged(cap(1), of(None, *letter))
    assert (found.findings, found.incomplete) == ([], [])
