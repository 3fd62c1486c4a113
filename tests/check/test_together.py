"""Cadences together: the proof against the brute force, and what it tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cadence_guard import Guard
from cadence_guard.cadence import (
    Audience,
    Cadence,
    CadenceFile,
    Elapsed,
    LocalDays,
    Step,
    Unknown,
    UntilClock,
    UntilDate,
    UntilOpen,
)
from cadence_guard.check import assumptions, paths
from cadence_guard.check.proof import prove
from cadence_guard.check.report import Finding, Witness
from cadence_guard.check.together import (
    cells,
    counts,
    findings,
    layouts,
    prove_together,
    timeline,
)
from cadence_guard.check.together.layouts import Layouts
from cadence_guard.history import Case
from cadence_guard.importers import read
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY as DAY_US
from cadence_guard.instants import HOUR, NEVER, Hours, to_us, zone
from cadence_guard.policy import Policy, Setting
from cadence_guard.rules import Objection, Rule
from cadence_guard.rules._rule import OpenStretch, Spans
from cadence_guard.ruleset import Ruleset
from check.brute import Entry
from check.brute_together import Together, search_together
from check.flows import (
    branch,
    days,
    enter,
    fan,
    flow,
    handover,
    hours,
    line,
    pause,
    policy,
    step,
    waiting,
)
from check.worlds import DAY, MINUTE, TICK, ZONES, Maker, Minutes, Ticks, params_of

RULES = (
    "over-cap", "over-cap", "over-cap", "pressure", "unanswered-streak", "unanswered-streak",
    "missed-calls", "too-soon", "not-the-holder", "overlapping-cadence",
)  # fmt: skip


@dataclass(frozen=True)
class Worlds:
    """Cadences, a policy, and the starts that matter."""

    cadences: tuple[Cadence, ...]
    entries: tuple[Entry, ...]
    zone: str
    start: datetime
    end: datetime
    tick: timedelta

    @property
    def policy(self) -> Policy:
        settings: dict[str, list[Any]] = {}
        for entry in self.entries:
            settings.setdefault(entry["rule"], []).append(params_of(entry))
        return Policy(rules={rule: Setting(tuple(said)) for rule, said in settings.items()})

    @property
    def starts(self) -> list[datetime]:
        return [self.start + n * self.tick for n in range((self.end - self.start) // self.tick)]


def worlds(
    rnd: Random, maker: Maker, number: int, *, linear: bool
) -> tuple[tuple[Cadence, ...], tuple[Entry, ...]]:
    """Some cadences for one person, and a policy."""
    cadences = []
    maker.shapes, maker.wide = ("line", "line", "branch", "fan", "await", "handover"), 1
    for n in range(number):
        maker.nodes, maker.free = {}, maker.wide if linear else 0
        if linear:
            maker.shape = "line"
            start = maker.chain(None, rnd.choice((1, 2, 3)))
            maker.nodes = {
                name: replace(node, possible=False) if isinstance(node, Step) else node
                for name, node in maker.nodes.items()
            }
            cadence = Cadence(name="trial", where=(), nodes=maker.nodes, start=start)
        else:
            cadence = maker.cadence()
        cadences.append(
            replace(
                cadence,
                name=f"cadence-{n}",
                audience=Audience(zones=(maker.zone,)),
                entry_hours=None,
                team=rnd.choice(("sales", "marketing", None)),
                purpose=rnd.choice(("sales", "sales", "marketing")),
            )
        )
    maker.shape = "line"
    rules = sorted(rnd.sample(RULES, 3))
    return tuple(cadences), tuple(maker.entry(rule) for rule in rules)


def tick_worlds(seed: int, *, linear: bool) -> Worlds:
    """On a scaled clock."""
    rnd = Random(seed)
    maker = Ticks(rnd, rnd.choice(ZONES))
    number = rnd.choice((2, 2, 3))
    cadences, entries = worlds(rnd, maker, number, linear=linear)
    start = maker.change + rnd.choice((0, 0, -1, -1, -2)) * DAY
    ticks = {2: 12, 3: 5}[number] if linear else {2: 6, 3: 2}[number]
    return Worlds(cadences, entries, maker.zone, start - ticks * TICK, start + ticks * TICK, TICK)


def minute_worlds(seed: int) -> Worlds:
    """Whole minutes, in a week that holds a night on which clocks are changed."""
    rnd = Random(seed)
    maker = Minutes(rnd, ZONES[seed % len(ZONES)])
    cadences, entries = worlds(rnd, maker, 2, linear=True)
    return Worlds(
        cadences, entries, maker.zone, maker.monday, maker.monday + 7 * DAY, 30 * MINUTE
    )  # fmt: skip


def proved(world: Worlds) -> tuple[list[Finding], set[Any], set[Any], list[str]]:
    """The proof's findings: refused, spaced, and reasons why it is not complete."""
    names = tuple(cadence.name for cadence in world.cadences)
    file = CadenceFile("made", world.cadences, (names,))
    ruleset = Ruleset(world.policy)
    found = prove_together(
        world.policy, ruleset, [(BARE, file)], to_us(world.start), to_us(world.end)
    )
    codes = {entry.code: entry.name for entry in ruleset.entries}
    steps = {(c.name, step.id): step.name for c in world.cadences for step in c.steps}
    refused = {
        (f.cadence, steps[f.cadence, f.step], codes[f.code])
        for f in found
        if f.effect != "note" and f.cadence and f.step
    }
    spaced = {
        (_pair(f), codes[f.code]) for f in found if f.effect == "note" and f.witness is not None
    }
    return found, refused, spaced, [f.message for f in found if f.code == "CG903"]


def _pair(finding: Finding) -> frozenset[str]:
    assert finding.witness is not None
    return frozenset(finding.witness.starts)


def differences(world: Worlds) -> list[str]:
    """Where the proof and the brute force are not of one opinion; what the proof says it has not
    proved it may miss."""
    _, refused, spaced, reasons = proved(world)
    found = search_together(
        world.cadences,
        world.entries,
        product(world.starts, repeat=len(world.cadences)),
        world.starts,
        [world.zone],
        world.tick,
    )
    told, near = _told(world, found)
    said = [f"missed: {key}" for key in told - refused if not reasons]
    said += [f"ghost: {key}" for key in refused - told]
    said += [f"missed near: {key}" for key in near - spaced if not reasons]
    said += [f"ghost near: {key}" for key in spaced - near]
    return said


def _told(world: Worlds, found: Together) -> tuple[set[Any], set[Any]]:
    """What the brute force found, by the names of the rules."""
    rules = [entry["rule"] for entry in world.entries]
    return (
        {(cadence, step, rules[place]) for cadence, step, place in found.refused},
        {(pair, rules[place]) for pair, place in found.spaced},
    )


# -- the proof beside brute force ----------------------------------------------------------------

BLOCK = 5
"""Worlds a test; they are small."""


@pytest.mark.no_cover  # a search: traced, it takes three times as long
@pytest.mark.parametrize("block", range(6))
def test_finds_what_linear_cadences_do_together_and_nothing_else(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        world = tick_worlds(seed, linear=True)
        assert differences(world) == [], seed
        assert proved(world)[3] == [], seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(6, 66))
def test_finds_what_linear_cadences_do_together_at_length(block: int) -> None:
    test_finds_what_linear_cadences_do_together_and_nothing_else(block)


@pytest.mark.no_cover  # a search: traced, it takes three times as long
@pytest.mark.parametrize("block", range(6))
def test_finds_what_cadences_with_branches_ranges_and_signals_do(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        assert differences(tick_worlds(seed, linear=False)) == [], seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(6, 66))
def test_finds_what_cadences_with_branches_do_at_length(block: int) -> None:
    test_finds_what_cadences_with_branches_ranges_and_signals_do(block)


@pytest.mark.parametrize("seed", range(500_440, 500_455))
def test_bounds_that_are_taken_at_once_hide_nothing(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "FEW", 0)
    assert differences(tick_worlds(seed, linear=False)) == []


def missed_at_any_offset(seed: int) -> set[Any]:
    """What is refused at an offset of whole half hours and the proof does not tell."""
    world = minute_worlds(seed)
    rnd = Random(seed)
    starts = [(one, other) for one in rnd.sample(world.starts, 3) for other in world.starts]
    found = search_together(
        world.cadences, world.entries, starts, [], [world.zone], world.tick
    )  # fmt: skip
    refused, spaced = proved(world)[1:3]
    alone = {
        (cadence.name, one.step.name, one.entry.name)
        for cadence in world.cadences
        for one in prove(
            Ruleset(world.policy), cadence, to_us(world.start), to_us(world.end)
        ).objections
    }
    told, near = _told(world, found)
    return (told - refused - alone) | (near - spaced)


@pytest.mark.no_cover  # a search: traced, it takes three times as long
@pytest.mark.parametrize("seed", range(12))
def test_misses_nothing_at_any_offset_of_half_hours(seed: int) -> None:
    assert missed_at_any_offset(seed) == set()


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(12, 312))
def test_misses_nothing_at_any_offset_at_length(seed: int) -> None:
    assert missed_at_any_offset(seed) == set()


def test_the_worlds_hold_something_to_find() -> None:
    kinds: set[str] = set()
    for seed in range(60):
        _, refused, spaced, _ = proved(tick_worlds(seed, linear=True))
        kinds |= {rule for *_, rule in refused | spaced}
    assert kinds == set(RULES)


# -- single cases --------------------------------------------------------------------------------

BARE = Source("a.json", b"{}")
CHICAGO = ("America/Chicago",)
START, END = datetime(2026, 3, 2, tzinfo=UTC), datetime(2027, 3, 2, tzinfo=UTC)


def drip(name: str, *parts: Any, **fields: Any) -> Cadence:
    """A cadence for sales in Chicago."""
    said = {"audience": Audience(zones=CHICAGO), "team": "sales", **fields}
    return line(*parts, name=name, **said)


def together(
    rules: Policy,
    *cadences: Cadence,
    groups: Iterable[Sequence[str]] | None = None,
    start: datetime = START,
    end: datetime = END,
    alone: Any = None,
) -> list[Finding]:
    listed = [tuple(one.name for one in cadences)] if groups is None else groups
    file = CadenceFile("made", cadences, tuple(tuple(group) for group in listed))
    ruleset = Ruleset(rules)
    return prove_together(rules, ruleset, [(BARE, file)], to_us(start), to_us(end), alone)


def blocked(found: Iterable[Finding]) -> set[tuple[str, str | None, str | None]]:
    return {(f.code, f.cadence, f.step) for f in found if f.effect == "block" and f.step}


def unproved(found: Iterable[Finding]) -> list[str]:
    """Why not all of a listed group is proved: each is a finding that blocks."""
    said = [f for f in found if f.code == "CG903" and f.effect == "block"]
    assert {f.certainty for f in said} <= {"always"}
    return [f.message.partition(" together: ")[2] for f in said]


def notes(found: Iterable[Finding]) -> list[str]:
    return [f.message for f in found if f.effect == "note"]


def cap(**fields: Any) -> Policy:
    return policy(over_cap=fields)


ONE = drip("one", step("a"), days(2), step("b"))
TWO = drip("two", step("c"), days(2), step("d"))


def test_two_cadences_break_a_cap_that_each_keeps() -> None:
    found = together(cap(max=2, per="7d"), ONE, TWO)
    assert blocked(found) == {
        ("CG301", "one", "a"),
        ("CG301", "one", "b"),
        ("CG301", "two", "c"),
        ("CG301", "two", "d"),
    }
    assert {f.certainty for f in found} == {"sometimes"}
    assert found[0].message.endswith("per 7d (all channels) already, together with 'two'")


def test_each_keeps_a_cap_and_so_do_both() -> None:
    assert together(cap(max=4, per="7d"), ONE, TWO) == []


def test_the_most_of_each_does_not_count_if_it_never_comes_at_once() -> None:
    """One touches twice on Mondays only and the other twice on Fridays: four of them never lie in
    three days, although the most of each in three days is two."""
    mondays, fridays = UntilClock(9 * HOUR, frozenset((0,))), UntilClock(9 * HOUR, frozenset((4,)))
    one = drip("one", mondays, step("a"), hours(1), step("b"))
    two = drip("two", fridays, step("c"), hours(1), step("d"))
    assert together(cap(max=3, per="3d"), one, two) == []
    assert blocked(together(cap(max=3, per="5d"), one, two)) == {
        ("CG301", "one", "b"),
        ("CG301", "two", "d"),
    }


def test_what_one_breaks_alone_is_not_told_again() -> None:
    alone = drip("alone", step("a"), days(1), step("b"))
    found = together(cap(max=1, per="7d"), alone, TWO)
    assert blocked(found) == {("CG301", "alone", "a"), ("CG301", "two", "c")}


def test_what_is_known_to_be_broken_alone_can_be_given() -> None:
    rules = cap(max=2, per="7d")
    entry = next(e for e in Ruleset(rules).entries if e.name == "over-cap")
    assert len(together(rules, ONE, TWO, alone=[("one", "a", entry)])) == 4  # of another ruleset
    ruleset = Ruleset(rules)
    entry = next(e for e in ruleset.entries if e.name == "over-cap")
    file = CadenceFile("made", (ONE, TWO), (("one", "two"),))
    known = [("one", "a", entry), ("two", "c", entry)]
    found = prove_together(rules, ruleset, [(BARE, file)], to_us(START), to_us(END), known)
    assert blocked(found) == {("CG301", "one", "b"), ("CG301", "two", "d")}


def test_three_can_break_what_two_cannot() -> None:
    three = drip("three", step("e"))
    single = [drip("one", step("a")), drip("two", step("b"))]
    assert together(cap(max=2, per="7d"), *single) == []
    found = together(cap(max=2, per="7d"), *single, three)
    assert len(blocked(found)) == 3
    assert found[0].witness is not None
    assert set(found[0].witness.starts) == {"one", "two", "three"}
    assert found[0].witness.offset is None
    assert found[0].message.endswith("together with 'two' and 'three'")


def test_the_time_line_is_refused_by_a_guard_that_is_told_it() -> None:
    rules = cap(max=2, per="7d")
    for finding in together(rules, ONE, TWO):
        witness = finding.witness
        assert witness is not None
        assert told_again(rules, witness, (ONE, TWO)) == finding.code
        *_, last = witness.touches
        assert (last.cadence, last.step, last.verdict) == (finding.cadence, finding.step, "defer")
        assert witness.since is not None
        assert last.at - witness.since < timedelta(days=7)


def told_again(rules: Policy, witness: Witness, cadences: Sequence[Cadence]) -> str:
    """What a guard says of the last touch of a time line."""
    guard = Guard(rules)
    steps = {(c.name, s.name): (c, s) for c in cadences for s in c.steps}
    where = next(z for z in assumptions.zones_for(cadences[0]) if z.name == witness.zone)
    for event in assumptions.facts(cadences, where):
        guard.record(event)
    *before, last = [
        assumptions.touch_of(*steps[t.cadence, t.step]).model_copy(
            update={"at": t.at, "id": f"{n}"}
        )
        for n, t in enumerate(witness.touches)
    ]
    for touch in before:
        guard.record(touch.model_copy(update={"outcome": "sent"}))
    (finding,) = guard.evaluate(last).findings
    return finding.code


def at_offset(finding: Finding, shift: float) -> int:
    """How many touches lie in the seven days up to the refused one if the second cadence began so
    many seconds later."""
    witness = finding.witness
    assert witness is not None
    second = list(witness.starts)[1]
    mine = witness.touches[-1].cadence
    moved = {c.name: to_us(witness.starts[c.name]) for c in (ONE, TWO)}
    moved[second] += round(shift * 1_000_000)
    base = {"one": {"a": 0, "b": 2}, "two": {"c": 0, "d": 2}}
    at = {
        (cadence, name): moved[cadence] + n * DAY_US
        for cadence, steps in base.items()
        for name, n in steps.items()
    }
    last = at[mine, witness.touches[-1].step]
    return sum(
        last - 7 * DAY_US < t <= last and (c != mine or t <= last) for (c, _), t in at.items()
    )


def test_the_offset_is_all_for_which_the_same_holds() -> None:
    for finding in together(cap(max=2, per="7d"), ONE, TWO):
        assert finding.witness is not None
        offset = finding.witness.offset
        assert offset is not None
        first, second = finding.witness.starts.values()
        here = (second - first).total_seconds()
        tick = 0.000001
        assert offset[0] <= here <= offset[1]
        for distance, refused in (
            (offset[0], True),
            (offset[1], True),
            (offset[0] - tick, False),
            (offset[1] + tick, False),
        ):
            assert (at_offset(finding, distance - here) > 2) is refused


def test_there_is_no_offset_behind_a_range() -> None:
    ranged = drip("ranged", Elapsed(DAY_US, 3 * DAY_US), step("e"))
    (finding, *_) = together(cap(max=2, per="7d"), ONE, ranged)
    assert finding.witness is not None
    assert finding.witness.offset is None


def test_an_entry_that_only_warns_is_a_warning() -> None:
    found = together(cap(max=2, per="7d", effect="warn"), ONE, TWO)
    assert {f.effect for f in found} == {"warn"}


@pytest.mark.parametrize(
    ("unit", "found"), [("day", 0), ("week", 4), ("month", 4)]
)  # fmt: skip
def test_calendar_caps(unit: str, found: int) -> None:
    assert len(blocked(together(cap(max=2, calendar=unit), ONE, TWO))) == found


def test_a_cap_of_a_day() -> None:
    assert len(blocked(together(cap(max=1, calendar="day"), ONE, TWO))) == 4


def test_a_cap_of_a_point_counts_that_point() -> None:
    text = drip("text", step("c", channel="sms"))
    one = drip("one", step("a"))
    assert together(cap(max=1, per="7d", scope="point"), one, text) == []
    assert (
        len(blocked(together(cap(max=1, per="7d", scope="point"), one, drip("two", step("c")))))
        == 2
    )


def test_pressure() -> None:
    one = drip("one", step("a", tags=("urgent",)))
    two = drip("two", step("b", tags=("urgent",)), days(30), step("c"))
    caps = [{"tags": ["urgent"], "max": 1, "per": "14d"}]
    found = together(policy(pressure={"caps": caps}), one, two)
    assert blocked(found) == {("CG702", "one", "a"), ("CG702", "two", "b")}
    (finding, _) = found
    assert finding.witness is not None
    assert finding.witness.offset is not None


def test_a_deadline_that_another_cadence_moves() -> None:
    first, later = (to_us(datetime(2028, month, 1, tzinfo=UTC)) for month in (1, 2))
    one = drip("one", step("a", offer="spring", deadline=first))
    two = drip("two", step("b", offer="spring", deadline=later))
    other = drip("other", step("c", offer="autumn", deadline=later))
    found = together(policy(pressure={"moved_deadline": True}), one, two, other)
    assert blocked(found) == {("CG702", "two", "b")}


def test_a_streak_counts_all_and_asks_for_one_that_is_near() -> None:
    rules = policy(unanswered_streak={"steps": [{"after": 3, "gap": "3d"}]})
    found = together(rules, ONE, TWO)
    assert blocked(found) == {
        ("CG303", "one", "a"),
        ("CG303", "one", "b"),
        ("CG303", "two", "c"),
        ("CG303", "two", "d"),
    } - {("CG303", "one", "a"), ("CG303", "two", "c")}


def test_a_streak_that_nobody_is_near_to() -> None:
    rules = policy(unanswered_streak={"steps": [{"after": 2, "gap": "1d"}]})
    one = drip("one", UntilClock(9 * HOUR), step("a"))
    two = drip("two", UntilClock(8 * HOUR), step("b"), LocalDays(1), step("c"))
    # On the same day eight is an hour ago.
    assert ("CG303", "one", "a") in blocked(together(rules, one, two))
    rules = policy(unanswered_streak={"steps": [{"after": 2, "gap": "30m"}]})
    assert together(rules, one, two) == []


def test_a_streak_with_no_end_asks_for_nobody_near() -> None:
    rules = policy(unanswered_streak={"steps": [{"after": 3, "gap": "never"}]})
    assert blocked(together(rules, ONE, TWO)) == {("CG303", "one", "b"), ("CG303", "two", "d")}


def test_missed_calls_are_counted_and_spaced() -> None:
    one = drip("one", step("a", channel="call"))
    two = drip("two", step("b", channel="call"))
    found = together(policy(missed_calls={"max": 1, "per": "7d", "gap": "1d"}), one, two)
    assert blocked(found) == {("CG304", "one", "a"), ("CG304", "two", "b")}
    (note,) = notes(found)
    assert " can come at the same instant: " in note
    assert notes(together(policy(missed_calls={"max": 1, "per": "7d"}), one, two)) == []


# -- notes ---------------------------------------------------------------------------------------


def test_gaps_overlap_and_the_baton_are_notes() -> None:
    rules = policy(too_soon={"gap": "20h"}, overlapping_cadence={}, not_the_holder={})
    other = replace(TWO, team="marketing")
    found = together(rules, ONE, other)
    assert blocked(found) == set()
    assert [f.code for f in found] == ["CG302", "CG601", "CG602"]
    for finding in found:
        assert finding.witness is not None
        assert finding.code in finding.witness.touches[-1].codes
        assert finding.message.endswith("at runtime the guard spaces them")


def test_how_near_they_come_is_said() -> None:
    one = drip("one", UntilClock(9 * HOUR), step("a"))
    two = drip("two", UntilClock(11 * HOUR), step("b"))
    (near,) = notes(together(policy(too_soon={"gap": "20h"}), one, two))
    assert near.startswith("'one' and 'two' can come within 2h of each other: less than 20h")
    quarter = drip("two", UntilClock(9 * HOUR + 15 * 60_000_000), step("b"))
    (near,) = notes(together(policy(too_soon={"gap": "20h"}), one, quarter))
    assert " within 15m of" in near
    second = drip("two", UntilClock(9 * HOUR + 1_500_000), step("b"))
    (near,) = notes(together(policy(too_soon={"gap": "20h"}), one, second))
    assert " within 1.5s of" in near
    assert together(policy(too_soon={"gap": "1h"}), one, two) == []


def test_teams_of_one_name_pass_no_baton() -> None:
    assert together(policy(not_the_holder={}), ONE, TWO) == []


def test_cadences_that_the_policy_lets_share_are_proved_and_do_not_overlap() -> None:
    rules = policy(
        over_cap={"max": 2, "per": "7d"}, overlapping_cadence={"share": [["one", "two", "gone"]]}
    )
    found = together(rules, ONE, TWO, groups=[])
    assert len(blocked(found)) == 4
    assert notes(found) == [
        (
            "the policy lets cadences share a contact of which not all are among those checked, so"
            " they were not proved together: 'one' and 'gone'"
        )
    ]


def test_what_a_policy_lets_share_elsewhere_is_nothing_to_this_run() -> None:
    rules = policy(overlapping_cadence={"share": [["elsewhere", "gone"]]})
    assert together(rules, ONE) == []


def test_a_person_is_in_one_zone() -> None:
    berlin = replace(TWO, audience=Audience(zones=("Europe/Berlin",)))
    assert together(cap(max=2, per="7d"), ONE, berlin) == []
    both = replace(TWO, audience=Audience(zones=("Europe/Berlin", *CHICAGO)))
    found = together(cap(max=2, per="7d"), ONE, both)
    assert {f.witness.zone for f in found if f.witness} == set(CHICAGO)


def test_an_audience_that_may_live_anywhere_lives_where_the_other_does() -> None:
    apia = replace(ONE, audience=Audience(zones=("Pacific/Apia",)))
    anywhere = replace(TWO, audience=Audience())
    found = together(cap(max=2, per="7d"), apia, anywhere)
    assert {f.witness.zone for f in found if f.witness} == {"Pacific/Apia"}


def test_cadences_that_are_linked_are_one() -> None:
    one = flow(
        step("a", "e"), enter("e", "two", None), name="one", audience=Audience(zones=CHICAGO)
    )
    assert together(cap(max=2, per="7d"), one, TWO) == []
    three = drip("three", step("f"))
    found = together(cap(max=3, per="7d"), one, TWO, three)
    assert ("CG301", "three", "f") in blocked(found)
    finding = next(f for f in found if f.cadence == "three")
    assert finding.witness is not None
    assert set(finding.witness.starts) == {"one", "two", "three"}


def test_cadences_that_a_handoff_joins_are_one_which_is_said() -> None:
    nodes = (step("a", "h"), handover("h", "marketing", None))
    one = flow(*nodes, name="one", team="sales", audience=Audience(zones=CHICAGO))
    two = replace(TWO, team="marketing")
    found = together(cap(max=2, per="7d"), one, two)
    assert notes(found) == [
        (
            "'one' and 'two' are joined by a handoff: one follows the other, so they were not"
            " proved at once"
        )
    ]
    assert blocked(found) == set()


def test_a_handoff_beside_the_baton_is_said_to_be_unproved() -> None:
    nodes = (step("a", "h"), handover("h", "support", None))
    one = flow(*nodes, name="one", team="sales", audience=Audience(zones=CHICAGO))
    (text,) = notes(together(policy(not_the_holder={}), one, TWO))
    assert text == (
        "whether not-the-holder keeps 'one' and 'two' apart was not proved: a handoff or an answer"
        " may come between"
    )
    two = replace(TWO, team="marketing")
    (text,) = notes(together(policy(not_the_holder={}), one, two))
    assert " can come " in text


def test_pairs_that_were_not_proved_are_counted_in_one_note() -> None:
    names = ("a", "b", "c", "d")
    cadences = [drip(name, step("s")) for name in names]
    rules = cap(max=9, per="7d")
    (note,) = together(rules, *cadences, groups=[])
    assert (note.code, note.effect, note.witness) == ("CG903", "note", None)
    assert note.message == (
        "6 pairs of cadences with a common audience not proved together: 'a' and 'b', 'a' and 'c',"
        " 'a' and 'd', ...; list in `together` those that may run for one person at once"
    )
    (note,) = together(rules, *cadences[:2], groups=[])
    assert note.message.startswith("1 pair of cadences with a common audience not proved")
    assert together(rules, *cadences, groups=[names]) == []


@pytest.mark.parametrize(
    "audience",
    [
        Audience(zones=("Europe/Berlin",)),
        Audience(countries=("DE",)),
        Audience(kind="customers"),
    ],
)
def test_pairs_without_a_common_audience_are_not_counted(audience: Audience) -> None:
    one = drip("one", step("a"), audience=Audience(kind="prospects", zones=CHICAGO))
    two = drip("two", step("b"), audience=audience)
    assert together(cap(max=9, per="7d"), one, two, groups=[]) == []


def test_pairs_that_are_joined_or_do_nothing_are_not_counted() -> None:
    one = flow(
        step("a", "e"), enter("e", "two", None), name="one", audience=Audience(zones=CHICAGO)
    )
    nothing = flow(name="nothing", audience=Audience(zones=CHICAGO))
    unscheduled = replace(ONE, name="unscheduled", schedule=False)
    assert together(cap(max=9, per="7d"), one, TWO, nothing, unscheduled, groups=[]) == []
    assert together(cap(max=1, per="7d"), TWO, nothing, unscheduled) == []


def test_those_of_a_group_that_are_there_are_proved() -> None:
    found = together(cap(max=2, per="7d"), ONE, TWO, groups=[("one", "gone", "two")])
    assert len(blocked(found)) == 4
    assert together(cap(max=1, per="7d"), ONE, groups=[("one", "gone")]) == []


def test_the_same_group_twice_is_proved_once() -> None:
    found = together(cap(max=2, per="7d"), ONE, TWO, groups=[("one", "two"), ("two", "one")])
    assert len(found) == 4


# -- what cannot be told exactly -----------------------------------------------------------------


def test_ranges_beside_ways_gone_at_once_are_said() -> None:
    nodes = (
        fan("f", "w", "v"),
        pause("w", Elapsed(0, DAY_US), "a"),
        pause("v", hours(1), "b"),
        step("a"),
        step("b"),
    )
    one = flow(*nodes, name="one", audience=Audience(zones=CHICAGO))
    found = together(cap(max=3, per="7d"), one, TWO)
    assert unproved(found) == [
        (
            "'one' has ranges beside ways that are gone at once, or before a time that is counted"
            " from the entry: only their shortest and longest were judged"
        )
    ]
    assert blocked(found) == {("CG301", "one", "a"), ("CG301", "one", "b"), ("CG301", "two", "d")}


def test_ways_that_were_not_followed_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "WAYS", 1)
    one = flow(
        step("a", "f"), branch("f", "b", "c"), step("b"), step("c"),
        name="one", audience=Audience(zones=CHICAGO),
    )  # fmt: skip
    assert unproved(together(cap(max=9, per="7d"), one, TWO)) == [
        (
            "not all ways of 'one' were followed: it has more than 1 ways; the others were not"
            " looked at"
        )
    ]


class Mine(Rule):
    """A rule of somebody's own."""

    code = "X001"
    name = "mine"
    spans = Spans()
    looks_back = DAY_US

    def next_open(self, t: int, case: Case) -> OpenStretch:
        return t, NEVER

    def objection(self, t: int, case: Case) -> Objection:
        return Objection("never")


def test_a_rule_of_somebodys_own_is_said_to_be_unproved() -> None:
    rules = Policy.model_validate({"rules": {f"{__name__}:Mine": {}}})
    (note,) = unproved(together(rules, ONE, TWO))
    assert note.endswith("is somebody's own: what it says of cadences together was not proved")


class Apart(Mine):
    """One that reads no touches."""

    name = "apart"
    looks_back = 0


def test_a_rule_that_reads_no_touches_says_nothing_of_others() -> None:
    rules = Policy.model_validate({"rules": {f"{__name__}:Apart": {}}})
    assert together(rules, ONE, TWO) == []


@pytest.mark.parametrize(("listed", "effect"), [(True, "block"), (False, "note")])
def test_what_is_not_proved_blocks_if_a_file_asked_for_it(listed: bool, effect: str) -> None:
    """A policy that lets share is that of all cadences; a file that lists asks for the proof."""
    said = {
        "overlapping-cadence": {"share": [["one", "two"]]},
        f"{__name__}:Mine": {},
    }
    rules = Policy.model_validate({"rules": said})
    groups = [("one", "two")] if listed else []
    (finding,) = together(rules, ONE, TWO, groups=groups)
    assert (finding.code, finding.effect) == ("CG903", effect)
    assert finding.message.startswith("'one' and 'two' together: ") is listed


@pytest.mark.parametrize(
    ("again", "most", "said"),
    [
        (None, 2, ""),
        (7 * DAY_US, 2, ""),
        (7 * DAY_US - 1, 2, "a c"),
        (2 * DAY_US, 4, "a c"),
        (2 * DAY_US, 5, ""),
        (7 * DAY_US - 1, 1, ""),  # refused as it is
    ],
)
def test_one_that_is_entered_again_beside_the_others(
    again: int | None, most: int, said: str
) -> None:
    """In seven days they can enter the first so often, and the second once."""
    one, two = drip("one", step("a"), again=again), drip("two", step("c"))
    found = together(cap(max=most, per="7d"), one, two)
    assert unproved(found) == [
        f"whether over-cap objects to {name!r} of {cadence!r} when one of them is entered again was"
        " not proved"
        for name, cadence in (("a", "one"), ("c", "two"))
        if name in said.split()
    ]


def test_own_touches_alone_may_be_too_many_beside_one_that_is_entered_again() -> None:
    one = drip("one", step("a"), again=DAY_US)
    two = drip("two", step("b"), days(1), step("c"), days(1), step("d"))
    found = together(cap(max=5, per="7d"), one, two)
    assert [said.split("'")[1] for said in unproved(found)] == ["a", "b", "c", "d"]


def test_an_answer_ends_the_streak_of_all() -> None:
    """Who enters the second has just answered, so that all before it does not count."""
    rules = policy(unanswered_streak={"steps": [{"after": 2, "gap": "7d"}]})
    one = drip("one", step("a"))
    two = drip("two", hours(1), step("b"), entry_signal="invited")
    found = together(rules, drip("one", step("a")), drip("two", step("b"), days(8), step("c")))
    assert blocked(found) == {("CG303", "one", "a"), ("CG303", "two", "c")}
    found = together(rules, one, two, drip("three", step("d"), days(8), step("e")))
    assert ("CG303", "one", "a") in blocked(found)


def test_what_an_answer_prevents_is_said_to_be_unproved() -> None:
    rules = policy(unanswered_streak={"steps": [{"after": 1, "gap": "30m"}]})
    one = drip("one", UntilClock(9 * HOUR), step("a"), entry_signal="invited")
    two = drip("two", UntilClock(9 * HOUR), step("b"), entry_signal="invited")
    found = together(rules, one, two)
    assert blocked(found) == {("CG303", "one", "a"), ("CG303", "two", "b")}
    never = policy(unanswered_streak={"steps": [{"after": 1, "gap": "1h"}]})
    one = drip("one", step("a"), entry_signal="invited")
    two = drip("two", hours(1), step("b"), entry_signal="invited", audience=Audience(zones=CHICAGO))
    found = together(never, one, two)
    assert ("CG303", "two", "b") in blocked(found)


def test_a_touch_by_a_person_who_was_invited_is_an_answer() -> None:
    rules = Policy.model_validate(
        {
            "rules": {"over-cap": {"max": 1, "per": "1h"}, "too-soon": {"gap": "1h"}},
            "answers": {"signals": ["invited"], "within": "7d"},
        }
    )
    one = drip("one", step("a", automated=False), entry_signal="invited")
    two = drip("two", step("b", automated=False), entry_signal="invited")
    found = together(rules, one, two)
    # The second touch is none: the contact has not spoken since the first.
    assert blocked(found) == {("CG301", "one", "a"), ("CG301", "two", "b")} or unproved(found)


ANSWERS = {"answers": {"signals": ["replied"], "within": "7d"}}


@pytest.mark.parametrize(
    ("rules", "name"),
    [
        ({"too-soon": {"gap": "20h"}}, "too-soon"),
        ({"over-cap": {"max": 1, "per": "7d"}}, "over-cap"),
        ({"over-cap": {"max": 0, "per": "7d", "channels": ["call"]}}, "over-cap"),
    ],
)
def test_another_persons_touch_may_be_the_answer_which_is_said(
    rules: dict[str, Any], name: str
) -> None:
    """The call answers a reply, so that it is let pass, unless a letter has answered it."""
    answers = Policy.model_validate({"rules": rules, **ANSWERS})
    nodes = (
        step("a", "w"),
        waiting("w", "replied", "c", days(1), None),
        step("c", channel="call", automated=False),
    )
    one = flow(*nodes, name="one", team="sales", audience=Audience(zones=CHICAGO))
    letter = drip("two", step("b", channel="post", automated=False))
    said = (
        f"whether {name} objects to 'c' of 'one' beside the others was not proved: a person's touch"
        " of another cadence may be the answer instead of it"
    )
    assert said in unproved(together(answers, one, letter))
    assert said not in unproved(together(answers, one, drip("two", step("b", channel="post"))))


# -- other shapes --------------------------------------------------------------------------------


def test_the_entry_hours_of_each_are_kept() -> None:
    """Mornings and evenings are never within six hours; nights and mornings are."""
    morning = Hours([(range(7), 8 * HOUR, 9 * HOUR)])
    evening = Hours([(range(7), 20 * HOUR, 21 * HOUR)])
    one = drip("one", step("a"), entry_hours=morning)
    two = drip("two", step("b"), entry_hours=evening)
    assert together(cap(max=1, per="6h"), one, two) == []
    found = together(cap(max=1, per="12h"), one, two)
    assert blocked(found) == {("CG301", "one", "a"), ("CG301", "two", "b")}


def test_a_date_is_looked_at_when_it_comes() -> None:
    at = to_us(datetime(2026, 7, 1, tzinfo=UTC))
    one = drip("one", UntilDate(at), step("a"))
    two = drip("two", UntilDate(at + DAY_US), step("b"))
    found = together(cap(max=1, per="2d"), one, two)
    assert blocked(found) == {("CG301", "one", "a"), ("CG301", "two", "b")}
    found = together(policy(unanswered_streak={"steps": [{"after": 1, "gap": "1d"}]}), one, two)
    assert ("CG303", "two", "b") in blocked(found)


@pytest.mark.parametrize("window", [{"calendar": "week"}, {"per": "7d"}])
def test_what_was_before_a_range_counts_on_a_date_too(window: dict[str, str]) -> None:
    """Such a day is looked at last, when bounds have been taken."""
    at = datetime(2026, 11, 4, 15, tzinfo=UTC)  # three days after clocks were set back
    soon = Elapsed(HOUR, 2 * HOUR)
    one = drip("one", step("a"), soon, step("b"), UntilDate(to_us(at)), step("c"))
    two = drip("two", UntilDate(to_us(at) - HOUR), step("d"))
    found = together(cap(max=3, **window), one, two, start=at - 60 * DAY, end=at - DAY)
    assert blocked(found) == {("CG301", "one", "c")}


def test_windows_of_a_senders_zone() -> None:
    hours_ = Hours([(range(7), 8 * HOUR, 9 * HOUR)])
    here = UntilOpen(hours_, "08:00-09:00", "Europe/Berlin")
    there = UntilOpen(hours_, "08:00-09:00")
    one, two = drip("one", here, step("a")), drip("two", there, step("b"))
    # Berlin's morning is seven hours before Chicago's, or six while only one has changed clocks.
    assert blocked(together(cap(max=1, per="5h"), one, two)) == set()
    assert blocked(together(cap(max=1, per="330m"), one, two)) == {("CG301", "two", "b")}


def test_what_is_behind_a_wait_that_nobody_knows() -> None:
    one = drip("one", Unknown("a variable"), step("a"))
    found = together(cap(max=1, per="7d"), one, drip("two", step("b")))
    assert blocked(found) == {("CG301", "one", "a"), ("CG301", "two", "b")}


def test_both_readings_of_a_file_that_does_not_settle_its_delays() -> None:
    near = drip("one", step("a"), days(1), step("b"))
    far = drip("one", step("a"), days(9), step("b"), other=near)
    found = together(cap(max=2, per="3d"), far, drip("two", step("c")))
    assert blocked(found) == {("CG301", "one", "b"), ("CG301", "two", "c")}


def test_a_way_that_lasts_longer_than_was_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    one = drip("one", step("a"), days(30), step("b"))
    two = drip("two", step("c"), days(30), step("d"))
    expected = together(cap(max=1, per="7d"), one, two)
    monkeypatch.setattr(Layouts, "guess", lambda self: 8 * DAY_US)
    assert together(cap(max=1, per="7d"), one, two) == expected
    assert len(expected) == 4


def test_ways_are_followed_so_far_and_no_further() -> None:
    """What comes 23 years after the start is not laid out beside others, which is said."""
    wait = 8500 * DAY_US
    one = drip("one", step("a"), Elapsed(wait, wait), step("b"))
    two = drip("two", step("c"), Elapsed(wait, wait), step("d"))
    found = together(cap(max=1, per="7d"), one, two)
    assert blocked(found) == {("CG301", "one", "a"), ("CG301", "two", "c")}
    assert unproved(found) == [
        "a way lasts longer than 8000 days: what comes later was not proved together"
    ]


def test_a_cadence_that_shares_with_itself_is_in_no_group() -> None:
    rules = policy(
        over_cap={"max": 2, "per": "7d"}, overlapping_cadence={"share": [["one", "one"]]}
    )
    assert together(rules, ONE) == []
    assert together(cap(max=2, per="7d"), ONE, groups=[("one", "one")]) == []


def test_waits_of_business_days_and_local_days_are_bounded_by_the_clock() -> None:
    """Two touches a week apart by the wall lie in seven days if a clock was set forward between."""
    one = drip("one", step("a"), LocalDays(7), step("b"))
    two = drip("two", step("c"))
    assert ("CG301", "one", "b") in blocked(together(cap(max=2, per="7d"), one, two))
    utc = Audience(zones=("UTC",))
    one, two = replace(one, audience=utc), replace(two, audience=utc)
    assert together(cap(max=2, per="7d"), one, two) == []


def test_a_wait_that_nobody_can_bound_is_taken_as_a_day_shorter() -> None:
    one = drip("one", step("a"), LocalDays(8), step("b"), Elapsed(DAY_US, None), step("e"))
    found = together(cap(max=2, per="7d"), one, drip("two", step("c")))
    assert blocked(found) == {("CG301", "one", "e"), ("CG301", "two", "c")}


def test_who_enters_one_lives_where_that_is_read() -> None:
    """In Berlin only the second, which the first enters, and the third are."""
    nodes = (step("a", "e"), enter("e", "two", None))
    berlin = Audience(zones=("Europe/Berlin",))
    one = flow(*nodes, name="one", audience=Audience(zones=CHICAGO))
    two, three = replace(TWO, audience=berlin), replace(ONE, name="three", audience=berlin)
    found = together(cap(max=3, per="7d"), one, two, three)
    assert {f.witness.zone for f in found if f.witness} == {"Europe/Berlin"}
    assert {name for f in found if f.witness for name in f.witness.starts} == {"two", "three"}


def test_a_guard_that_does_not_object_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    class Blind(Guard):
        def __init__(self, policy: Policy, **more: Any) -> None:
            super().__init__(Policy(), **more)

    monkeypatch.setattr(timeline, "Guard", Blind)
    with pytest.raises(AssertionError, match=r"the guard does not object \(CG301\)"):
        together(cap(max=2, per="7d"), ONE, TWO)


def test_a_cadence_that_makes_no_touch_any_more() -> None:
    """Who waits until 2200 is not touched."""
    one = drip("one", step("a"), Elapsed(200 * 366 * DAY_US, 200 * 366 * DAY_US), step("b"))
    found = together(cap(max=1, per="7d"), one, drip("two", step("c")))
    assert blocked(found) == {("CG301", "one", "a"), ("CG301", "two", "c")}


def test_the_offset_is_that_of_the_cap_that_is_broken() -> None:
    caps = [
        {"tags": ["urgent"], "max": 3, "per": "14d"},
        {"tags": ["promotional"], "max": 1, "per": "2d"},
    ]
    both = ("urgent", "promotional")
    one = drip("one", step("a", tags=both), days(3), step("e", tags=("urgent",)))
    two = drip("two", step("b", tags=both), days(3), step("f", tags=("urgent",)))
    found = together(policy(pressure={"caps": caps}), one, two)
    (offset,) = {f.witness.offset for f in found if f.witness and f.step == "b"}
    assert offset is not None
    assert offset[1] - offset[0] < 2 * 86_400


def test_the_rest_of_a_day_when_clocks_are_set_back_over_midnight() -> None:
    where = zone("America/St_Johns")
    at = to_us(datetime(2006, 10, 29, 2, 30, 30, tzinfo=UTC))  # 00:00:30 on Sunday
    first, second = cells.rest_of(at, "day", where)
    assert first == (at, at + 30_000_000)  # at 00:01 it is Saturday, 23:01, again
    assert second == (at + 3_570_000_000, to_us(datetime(2006, 10, 30, 3, 30, tzinfo=UTC)))


def test_the_rest_of_a_month_goes_on_over_new_year_in_greenwich() -> None:
    at = to_us(datetime(2026, 12, 31, 12, tzinfo=UTC))
    ((first, end),) = cells.rest_of(at, "month", zone("America/Chicago"))
    assert (first, end) == (at, to_us(datetime(2027, 1, 1, 6, tzinfo=UTC)))


def test_so_many_time_lines_are_tried_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = policy(unanswered_streak={"steps": [{"after": 1, "gap": "7d"}]})
    one = drip("one", step("a"), entry_signal="invited")
    two = drip("two", hours(1), step("b"), entry_signal="invited")
    assert ("CG303", "two", "b") in blocked(together(rules, one, two))
    monkeypatch.setattr(counts, "TRIES", 0)
    found = together(rules, one, two)
    assert blocked(found) == set()
    assert unproved(found) == [
        (
            f"whether unanswered-streak objects to {name!r} of {cadence!r} beside the others was"
            " not proved: ranges and answers between them were tried, not exhausted"
        )
        for cadence, name in (("one", "a"), ("two", "b"))
    ]


def test_so_much_is_looked_at_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = policy(over_cap={"max": 2, "per": "7d"}, too_soon={"gap": "20h"})
    expected = together(rules, ONE, TWO)
    monkeypatch.setattr(layouts, "WORK", 5)
    found = together(rules, ONE, TWO)
    assert unproved(found) == ["more starts, ways and touches together than are followed"]
    assert len(found) < len(expected)


def test_offsets_are_told_as_far_as_they_are_not_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    found = together(cap(max=2, per="7d"), ONE, TWO)
    assert all(f.witness and f.witness.offset for f in found)

    def wanting(self: Layouts, work: int) -> None:
        raise layouts.TooMuchError

    monkeypatch.setattr(findings, "offset_of", lambda *_: None)
    expected = together(cap(max=2, per="7d"), ONE, TWO)
    monkeypatch.undo()
    answer = counts.Counts.answer

    def answered(self: counts.Counts, *asked: Any) -> None:
        answer(self, *asked)
        monkeypatch.setattr(Layouts, "spend", wanting)

    monkeypatch.setattr(counts.Counts, "answer", answered)
    assert together(cap(max=2, per="7d"), ONE, TWO) == expected


def test_what_one_breaks_by_itself_and_nobody_knows_has_no_offset() -> None:
    """What is broken alone may not be known, if the proof of one was given up."""
    one = drip("one", step("a"), hours(1), step("b"))
    found = together(cap(max=1, per="7d"), one, TWO, alone=[])
    assert ("CG301", "one", "b") in blocked(found)


def test_answers_on_the_way() -> None:
    """Where nobody answers, three in a row are too many."""
    rules = policy(unanswered_streak={"steps": [{"after": 2, "gap": "7d"}]})
    heard = (step("a", "w"), waiting("w", "replied", "b", days(8), "b"), step("b"))
    one = flow(*heard, name="one", team="sales", audience=Audience(zones=CHICAGO))
    found = together(rules, one, drip("two", step("c"), days(8), step("d")))
    assert {("CG303", "one", "b"), ("CG303", "two", "c")} <= blocked(found)


def test_touches_that_overtake_each_other() -> None:
    nodes = (
        fan("f", "w", "v"),
        pause("w", UntilClock(9 * HOUR), "a"),
        pause("v", hours(5), "b"),
        step("a"),
        step("b"),
    )
    one = flow(*nodes, name="one", team="sales", audience=Audience(zones=CHICAGO))
    two = drip("two", step("c"))
    assert blocked(together(cap(max=2, per="2h"), one, two)) == {
        ("CG301", "one", "a"),
        ("CG301", "one", "b"),
        ("CG301", "two", "c"),
    }


def test_the_two_halves_of_the_story_are_worse_together() -> None:
    folder = Path(__file__).parents[2] / "examples" / "cadences"
    names = ("story-marketing-trial-drip", "story-sales-follow-up")
    sources = [Source.open(str(folder / f"{name}.cadence.yaml")) for name in names]
    files = [(source, read(source)) for source in sources]
    group = tuple(cadence.name for _, file in files for cadence in file.cadences)
    files[0] = (files[0][0], replace(files[0][1], together=(group,)))
    rules = Policy(packs=["humane"])
    ruleset = Ruleset(rules)
    period = to_us(START), to_us(datetime(2026, 5, 2, tzinfo=UTC))
    alone = {
        (one.cadence.name, one.step.name, one.entry)
        for _, file in files
        for cadence in file.cadences
        for one in prove(ruleset, cadence, *period).objections
    }
    assert {cadence for cadence, *_ in alone} == set(group)  # each alone is refused
    found = prove_together(rules, ruleset, files, *period, alone)
    assert {finding.path for finding in found} == {source.path for source in sources}
    assert {finding.code for finding in found if finding.effect == "block"} >= {"CG301", "CG702"}
    assert {finding.code for finding in found if finding.effect == "note"} >= {"CG302", "CG601"}
    assert not {("rep-follow-up", "call-me")} <= {
        (c, s) for c, s, entry in alone if entry.code == "CG301"
    }
    assert ("CG301", "rep-follow-up", "call-me") in blocked(found)


def test_who_answers_at_the_instant_of_another_answer_is_counted_more_by_the_guard() -> None:
    """To it both are one, from before the first touch; and it refuses all the more."""
    nodes = (
        step("a", "w"),
        waiting("w", "replied", "b", days(2), None),
        step("b", "p"),
        pause("p", hours(1), "c"),
        step("c"),
    )
    one = flow(*nodes, name="one", entry_signal="replied", audience=Audience(zones=CHICAGO))
    two = drip("two", step("x"), hours(1), step("y"))
    rules = policy(unanswered_streak={"steps": [{"after": 2, "gap": "1h"}]})
    found = together(rules, one, two)
    assert ("CG303", "one", "c") in blocked(found)
