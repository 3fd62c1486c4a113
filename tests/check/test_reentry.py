"""Entering again: the proof against the brute force, and what it tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cadence_guard import Guard
from cadence_guard.cadence import (
    Audience,
    Cadence,
    CadenceFile,
    Elapsed,
    Ground,
    Step,
    Unknown,
    UntilClock,
    UntilDate,
    UntilOpen,
)
from cadence_guard.check import assumptions, reentry
from cadence_guard.check.proof import prove
from cadence_guard.check.reentry import Reentered, reentered
from cadence_guard.check.report import Finding
from cadence_guard.check.together import layouts
from cadence_guard.check.together.layouts import Layouts
from cadence_guard.check.together.listing import Listing
from cadence_guard.history import Case
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, HOUR, NEVER, Hours, to_us
from cadence_guard.policy import Policy
from cadence_guard.rules import Objection, OpenStretch, Rule, Spans
from cadence_guard.ruleset import Ruleset
from check.brute_again import manageable, search_again
from check.flows import (
    days,
    enter,
    fan,
    flow,
    line,
    pause,
    policy,
    step,
    waiting,
)
from check.test_together import Worlds
from check.worlds import MINUTE, TICK, ZONES, Maker, Minutes, Ticks

BARE = Source("a.json", b"{}")
START, END = datetime(2026, 3, 2, tzinfo=UTC), datetime(2027, 4, 2, tzinfo=UTC)
CHICAGO = ("America/Chicago",)
KOLKATA = ("Asia/Kolkata",)
RULES = (
    "over-cap", "over-cap", "over-cap", "pressure", "unanswered-streak", "unanswered-streak",
    "missed-calls", "too-soon", "not-the-holder", "overlapping-cadence", "repeated-message",
    "repeated-message",
)  # fmt: skip


def again(
    rules: Policy,
    cadence: Cadence,
    *others: Cadence,
    start: datetime = START,
    end: datetime = END,
) -> Reentered:
    """What comes of entering a cadence again; with others to be entered besides."""
    file = CadenceFile("made", (cadence, *others))
    listing = Listing(rules, Ruleset(rules), [(BARE, file)], to_us(start), to_us(end), None)
    return reentered(listing, cadence, {one.name: one for one in others})


def drip(*parts: Any, again: int = 30 * DAY, **fields: Any) -> Cadence:
    """A cadence for people in Chicago, that may be entered again."""
    return line(*parts, again=again, **{"audience": Audience(zones=CHICAGO), **fields})


def blocked(found: Reentered) -> set[tuple[str, str | None]]:
    return {(finding.code, finding.step) for finding in found.findings}


def cap(**fields: Any) -> Policy:
    return policy(over_cap=fields)


# -- the proof beside brute force ----------------------------------------------------------------


def tick_world(seed: int, *, linear: bool) -> Worlds:
    """A cadence on a scaled clock that may be entered again after a few ticks."""
    rnd = Random(seed)
    maker = Ticks(rnd, rnd.choice(ZONES))
    cadence, rules = made(rnd, maker, linear=linear)
    cadence = replace(cadence, again=rnd.choice((1, 2, 3, 4, 6, 8)))
    start = maker.change + rnd.choice((0, 0, -1, -1, -2)) * timedelta(days=1)
    ticks = 8 if linear else 5
    start, end = start - ticks * TICK, start + ticks * TICK
    return Worlds((cadence,), rules, maker.zone, start, end, TICK)


def minute_world(seed: int) -> Worlds:
    """Whole minutes, in a week that holds a night on which clocks are changed."""
    rnd = Random(seed)
    maker = Minutes(rnd, ZONES[seed % len(ZONES)])
    cadence, rules = made(rnd, maker, linear=True)
    cadence = replace(cadence, again=rnd.choice((1, 2, 3, 5, 8, 24, 25, 48, 70)) * HOUR // 2)
    end = maker.monday + timedelta(days=7)
    return Worlds((cadence,), rules, maker.zone, maker.monday, end, 30 * MINUTE)


def made(rnd: Random, maker: Maker, *, linear: bool) -> tuple[Cadence, tuple[Any, ...]]:
    """A small cadence and a policy."""
    maker.shapes, maker.wide = ("line", "line", "branch", "fan", "await", "handover"), 1
    if linear:
        maker.shape = "line"
        start = maker.chain(None, rnd.choice((1, 2, 3)))
        nodes = {
            name: replace(node, possible=False) if isinstance(node, Step) else node
            for name, node in maker.nodes.items()
        }
        cadence = Cadence("trial", (), nodes, start)
    else:
        maker.free = 0
        cadence = maker.cadence()
    cadence = replace(
        cadence,
        name="trial",
        audience=Audience(zones=(maker.zone,)),
        entry_hours=None,
        team=rnd.choice(("sales", None)),
        purpose=rnd.choice(("sales", "marketing")),
    )
    maker.shape = "line"
    return cadence, tuple(maker.entry(rule) for rule in sorted(rnd.sample(RULES, 3)))


def differences(world: Worlds, starts: list[datetime] | None = None) -> list[str]:
    """Where the proof and the brute force are not of one opinion; what the proof says it has not
    proved it may miss, and what only more entries bring about the brute force. With `starts`, only
    what is missed from these."""
    (cadence,) = world.cadences
    assert cadence.again is not None
    found = again(world.policy, cadence, start=world.start, end=world.end)
    most = manageable(cadence, world.start, ZoneInfo(world.zone), world.tick)
    codes = {entry.code: entry.name for entry in Ruleset(world.policy).entries}
    names = {one.id: one.name for one in cadence.steps}
    mine = {(names[f.step or ""], codes[f.code]): f for f in found.findings}
    theirs = {
        (name, world.entries[place]["rule"]): some
        for (_, name, place), some in search_again(
            cadence,
            world.entries,
            world.starts if starts is None else starts,
            timedelta(microseconds=cadence.again),
            ZoneInfo(world.zone),
            most=most,
            tick=world.tick,
            alone=world.starts,
        ).items()
    }
    alone = {
        (one.step.name, one.entry.name)
        for one in prove(
            Ruleset(world.policy), cadence, to_us(world.start), to_us(world.end)
        ).objections
    }  # also for starts that the brute force does not try
    missed = theirs.keys() - mine - (alone if starts else set())
    told = [f"missed: {key} {theirs[key]}" for key in missed if not found.incomplete]
    if starts is None:
        told += [f"ghost: {k}" for k in mine.keys() - theirs if entered(mine[k]) <= most]
    return told


def entered(finding: Finding) -> int:
    """How many entries a finding speaks of."""
    _, _, times = finding.message.rpartition("if the contact enters ")
    return 2 if times.startswith("again") else int(times.split()[0])


BLOCK = 3
"""Worlds a test."""


@pytest.mark.parametrize("block", range(10))
def test_finds_what_entries_do_beside_each_other_and_nothing_else(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        assert differences(tick_world(seed, linear=True)) == [], seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(10, 110))
def test_finds_what_entries_do_at_length(block: int) -> None:
    test_finds_what_entries_do_beside_each_other_and_nothing_else(block)


@pytest.mark.parametrize("block", range(6))
def test_finds_what_entries_with_branches_ranges_and_signals_do(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        assert differences(tick_world(seed, linear=False)) == [], seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(6, 106))
def test_finds_what_entries_with_branches_do_at_length(block: int) -> None:
    test_finds_what_entries_with_branches_ranges_and_signals_do(block)


@pytest.mark.parametrize("seed", range(6))
def test_misses_nothing_in_a_week_in_which_clocks_are_changed(seed: int) -> None:
    world = minute_world(seed)
    some = sorted(Random(seed).sample(world.starts, 12))
    assert differences(world, some) == []


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(6, 156))
def test_misses_nothing_in_such_a_week_at_length(seed: int) -> None:
    test_misses_nothing_in_a_week_in_which_clocks_are_changed(seed)


def test_the_worlds_hold_something_to_find() -> None:
    kinds: set[str] = set()
    for seed in range(80):
        world = tick_world(seed, linear=True)
        (cadence,) = world.cadences
        found = again(world.policy, cadence, start=world.start, end=world.end)
        kinds |= {finding.name for finding in found.findings}
    assert kinds == set(RULES) - {"overlapping-cadence"}  # it is one cadence


# -- single cases --------------------------------------------------------------------------------

DRIP = (step("a"), days(3), step("b"))


@pytest.mark.parametrize("again_", [None, 10 * DAY, 400 * DAY])
def test_entries_that_do_not_meet_are_let_be(again_: int | None) -> None:
    """Three days, and seven more."""
    cadence = replace(drip(*DRIP), again=again_)
    assert again(cap(max=2, per="7d"), cadence) == Reentered()


@pytest.mark.parametrize(("again_", "steps"), [(7 * DAY, ""), (7 * DAY - 1, "a"), (1, "a")])
def test_what_one_entry_breaks_is_not_told_again(again_: int, steps: str) -> None:
    """The second step is refused alone; the first one while the second is not four days old."""
    found = again(cap(max=1, per="4d"), replace(drip(*DRIP), again=again_))
    assert found.incomplete == ()
    assert blocked(found) == {("CG301", name) for name in steps}


def test_what_is_refused_and_what_is_said() -> None:
    found = again(cap(max=2, per="7d"), drip(*DRIP, again=6 * DAY))
    finding, other = found.findings
    assert other.step == "b"
    assert (finding.code, finding.step, finding.certainty) == ("CG301", "a", "sometimes")
    assert finding.message == (
        "the contact has its 2 per 7d (all channels) already, if the contact enters again after 6d"
    )
    witness = finding.witness
    assert witness is not None
    assert list(witness.starts) == ["trial"]
    one, *_, last = witness.touches
    assert last.at - one.at == timedelta(days=6)
    assert (one.verdict, last.verdict) == ("allow", "defer")


def test_the_time_line_is_refused_by_a_guard_that_is_told_it() -> None:
    rules = Policy(packs=["humane"])
    cadence = drip(
        UntilOpen(Hours([(range(7), 9 * HOUR, 17 * HOUR)]), "09:00-17:00"), *DRIP, again=30 * DAY
    )
    found = again(rules, cadence)
    assert found.incomplete == ()
    assert {code for code, _ in blocked(found)} == {"CG303", "CG305"}
    steps = {one.name: one for one in cadence.steps}
    for finding in found.findings:
        assert finding.witness is not None
        guard = Guard(rules)
        where = next(iter(assumptions.zones_for(cadence)))
        for event in assumptions.facts((cadence,), where):
            guard.record(event)
        *before, last = [
            assumptions.touch_of(cadence, steps[t.step]).model_copy(
                update={"at": t.at, "id": f"{n}"}
            )
            for n, t in enumerate(finding.witness.touches)
        ]
        for touch in before:
            guard.record(touch.model_copy(update={"outcome": "sent"}))
        assert finding.code in {each.code for each in guard.evaluate(last).findings}


@pytest.mark.parametrize(("again_", "times"), [(2 * DAY, 3), (3 * DAY - 1, 3), (3 * DAY, 0)])
def test_more_entries_than_two(again_: int, times: int) -> None:
    found = again(cap(max=2, per="6d"), drip(step("a"), again=again_))
    assert [entered(finding) for finding in found.findings] == [times] * bool(times)


def test_gaps_between_entries_are_the_cadences_own_fault() -> None:
    found = again(policy(too_soon={"gap": "20h"}), drip(*DRIP, again=2 * DAY + 5 * HOUR))
    assert blocked(found) == {("CG302", "a"), ("CG302", "b")}
    assert {finding.effect for finding in found.findings} == {"block"}
    assert again(policy(too_soon={"gap": "20h"}), drip(*DRIP, again=4 * DAY)) == Reentered()


@pytest.mark.parametrize(("again_", "steps"), [(90 * DAY - 1, "ab"), (90 * DAY, "")])
def test_the_same_step_again(again_: int, steps: str) -> None:
    found = again(policy(repeated_message={"per": "90d"}), drip(*DRIP, again=again_))
    assert blocked(found) == {("CG305", name) for name in steps}


def test_a_clock_set_back_brings_two_entries_nearer() -> None:
    """Who enters 90 days later is touched 89 days and some hours later, by the wall."""
    rules = policy(repeated_message={"per": "90d"})
    morning = UntilClock(9 * HOUR)
    assert blocked(again(rules, drip(morning, step("a"), again=90 * DAY))) == {("CG305", "a")}
    here = Audience(zones=KOLKATA)  # where no clock is ever set
    assert again(rules, drip(morning, step("a"), again=90 * DAY, audience=here)) == Reentered()
    assert again(rules, drip(morning, step("a"), again=91 * DAY)) == Reentered()


def test_the_hours_in_which_somebody_can_enter_count() -> None:
    """At noon on a Monday only: the next one is a week later."""
    noon = Hours([({0}, 12 * HOUR, 12 * HOUR + 60_000_000)])
    rules = cap(max=1, per="6d")
    assert again(rules, drip(step("a"), again=DAY, entry_hours=noon)) == Reentered()
    assert blocked(again(rules, drip(step("a"), again=DAY))) == {("CG301", "a")}


def test_a_calendar_day() -> None:
    rules = cap(max=1, calendar="day")
    morning = UntilClock(9 * HOUR)
    assert again(rules, drip(morning, step("a"), again=26 * HOUR)) == Reentered()
    assert blocked(again(rules, drip(step("a"), again=23 * HOUR))) == {("CG301", "a")}
    assert again(rules, drip(step("a"), again=25 * HOUR)) == Reentered()  # the longest day there is
    assert blocked(again(rules, drip(step("a"), again=25 * HOUR - 1))) == {("CG301", "a")}


def test_a_month_and_a_date() -> None:
    rules = cap(max=1, calendar="month")
    assert blocked(again(rules, drip(step("a"), again=30 * DAY))) == {("CG301", "a")}
    assert again(rules, drip(step("a"), again=31 * DAY + 2 * HOUR)) == Reentered()
    fixed = drip(UntilDate(to_us(datetime(2026, 7, 1, tzinfo=UTC))), step("a"), again=90 * DAY)
    found = again(cap(max=1, per="1h"), fixed)
    assert blocked(found) == {("CG301", "a")}  # all who entered before meet on that day


def test_teams_deadlines_missed_calls_and_what_is_entered_besides() -> None:
    mixed = drip(step("a", team="one"), days(40), step("b", team="two"), again=50 * DAY)
    assert blocked(again(policy(not_the_holder={"for": "30d"}), mixed)) == {("CG601", "a")}
    offers = drip(
        step("a", offer="o", deadline=2 * DAY),
        days(1),
        step("b", offer="o", deadline=DAY),
        again=30 * DAY,
    )
    assert blocked(again(policy(pressure={"moved_deadline": True}), offers)) == {("CG702", "a")}
    calls = drip(step("a", channel="call"), again=5 * DAY)
    missed = {"max": 2, "per": "14d", "gap": "6d"}
    assert len(again(policy(missed_calls=missed), calls).findings) == 1
    other = line(days(30), step("x"), name="other")
    cadence = flow(
        fan("*", "a", "e"), step("a"), enter("e", "other", None), again=20 * DAY,
        audience=Audience(zones=CHICAGO),
    )  # fmt: skip
    overlap = policy(overlapping_cadence={"for": "14d"})
    assert blocked(again(overlap, cadence, other)) == {("CG602", "a"), ("CG602", "x")}
    assert again(overlap, cadence) == Reentered()  # nobody knows the other one


STREAK = policy(unanswered_streak={"steps": [{"after": 3, "gap": "7d"}]})


def test_a_streak_goes_on_at_the_next_entry() -> None:
    three = drip(step("a"), days(8), step("b"), days(8), step("c"), again=40 * DAY)
    assert blocked(again(STREAK, three)) == set()  # each is 8 days after the one before it
    near = drip(step("a"), days(1), step("b"), days(1), step("c"), again=40 * DAY)
    assert blocked(again(STREAK, near)) == {("CG303", "b"), ("CG303", "c")}


def test_an_answer_at_each_entry_begins_a_new_streak() -> None:
    parts = (step("a"), days(1), step("b"), days(1), step("c"))
    assert again(STREAK, drip(*parts, entry_signal="invited")) == Reentered()
    grounds = (Ground("invited", age=10 * DAY),)
    before = Audience(zones=CHICAGO, grounds=grounds)
    assert again(STREAK, drip(*parts, audience=before)) == Reentered()
    soon = again(STREAK, drip(*parts, audience=before, again=5 * DAY))
    assert soon.findings
    assert soon.incomplete == ()


def test_who_enters_again_before_the_first_time_is_over() -> None:
    """They are invited at 20 days; the last touch of the first time is one of four since."""
    parts = (step("a"), days(1), step("b"), days(1), step("c"), days(20), step("d"))
    found = again(STREAK, drip(*parts, entry_signal="invited", again=20 * DAY))
    assert blocked(found) == {("CG303", "c"), ("CG303", "d")}


def test_what_an_answer_may_prevent_is_said_to_be_unproved() -> None:
    """There are never three touches between two invitations, but that is not followed."""
    found = again(STREAK, drip(*DRIP, entry_signal="invited", again=2 * DAY))
    assert found.findings == ()
    assert found.incomplete == tuple(
        f"whether unanswered-streak objects to {name!r} of a contact who enters again was not"
        " proved: ranges and answers between were tried, not exhausted"
        for name in "ab"
    )


def test_ranges_are_tried_and_what_is_not_excluded_is_said() -> None:
    loose = drip(step("a"), Elapsed(DAY, 3 * DAY), step("b"), again=7 * DAY)
    found = again(cap(max=1, per="1d"), loose)
    assert found == Reentered()
    found = again(policy(repeated_message={"per": "6d"}), loose)
    assert blocked(found) == {("CG305", "b")}  # three days, and then one
    assert found.incomplete == ()
    many = drip(
        step("a"), *(each for n in range(6) for each in (Elapsed(0, HOUR), step(f"b{n}"))),
        again=7 * DAY,
    )  # fmt: skip
    found = again(policy(repeated_message={"per": "7d"}), many)
    assert len(found.findings) == 6


def test_what_ranges_may_bring_about_on_the_clock_is_said_to_be_unproved() -> None:
    wait = (Elapsed(0, HOUR), UntilClock(9 * HOUR))
    here = Audience(zones=KOLKATA)
    parts = (step("a"), *wait, step("b"), *wait, step("c"))
    rules = policy(repeated_message={"per": "20h"})
    found = again(rules, drip(*parts, audience=here, again=4 * DAY))
    assert found == Reentered()
    found = again(rules, drip(*parts, audience=here, again=2 * DAY + 12 * HOUR))
    assert found.findings == ()
    assert [reason.split(" of a contact")[0] for reason in found.incomplete] == [
        "whether repeated-message objects to 'c'",
    ]


def test_answers_of_people() -> None:
    """A person's touch that answers an invitation is let pass, also at the next entry."""
    rules = Policy.model_validate(
        {
            "rules": {"over-cap": {"max": 1, "per": "7d"}},
            "answers": {"signals": ["invited"], "within": "7d"},
        }
    )
    person = drip(step("a", automated=False), entry_signal="invited", again=DAY)
    found = again(rules, person)
    assert found.findings == ()
    assert len(found.incomplete) == 1


def test_what_the_contact_says_may_hold_for_ever() -> None:
    nodes = (step("a", "w"), waiting("w", "opt_out", None, days(2), "b"), step("b"))
    gone = flow(*nodes, again=200 * DAY, audience=Audience(zones=CHICAGO))
    (reason,) = again(policy(), gone).incomplete
    assert reason == (
        "a contact may enter again while 'opt_out' of the first time still counts for opted-out;"
        " what that does was not judged"
    )


def test_an_answer_that_ends_the_cadence_too_is_said_to_be_unproved() -> None:
    """Who buys again while still in it from the first time is out of it."""
    bought = drip(step("a"), days(60), step("b"), entry_signal="purchased", again=50 * DAY)
    rules = policy(already_answered={"for": "30d"})
    found = again(rules, replace(bought, exits=frozenset(("purchased",))))
    (reason,) = found.incomplete
    assert "'purchased' of the first time" in reason
    assert found.findings == ()
    assert blocked(again(rules, bought)) == {("CG603", "b")}


@pytest.mark.parametrize(
    ("cadence", "why"),
    [
        (drip(step("a"), Unknown("?"), step("b"), again=300 * DAY), "a wait that nobody knows"),
        (flow(step("a", "p"), pause("p", days(7), "a"), again=300 * DAY), "round and round"),
        (flow(step("a", "p"), pause("p", days(1), "a"), again=300 * DAY), "100 times only"),
    ],
)
def test_what_has_no_known_end_is_not_judged(cadence: Cadence, why: str) -> None:
    (reason,) = again(cap(max=2, per="7d"), cadence).incomplete
    assert reason.startswith("what two entries do together was not judged: ")
    assert why in reason


def test_a_wait_without_an_end() -> None:
    """What comes so late may come beside any other entry."""
    late = drip(step("a"), Elapsed(0, None), step("b"), again=300 * DAY)
    rules = policy(repeated_message={"per": "7d"})
    assert blocked(again(rules, late)) == {("CG305", "b")}
    found = again(rules, late, end=START + timedelta(days=330))
    assert found.incomplete == ()
    assert blocked(found) == {("CG305", "b")}


def test_a_cadence_without_touches() -> None:
    assert again(cap(max=1, per="7d"), flow(again=DAY)) == Reentered()


class Silent(Rule):
    code = "CG999"
    name = "silent"
    spans = None  # it does not say where its answer can change

    def next_open(self, t: int, case: Case) -> OpenStretch:
        return t, NEVER

    def objection(self, t: int, case: Case) -> Objection:
        return Objection("never")


class Mine(Silent):
    name = "mine"
    spans = Spans(elapsed=frozenset((7 * DAY,)))


def test_rules_of_somebodys_own_that_look_so_far_are_not_asked() -> None:
    rules = Policy(rules={f"{__name__}:Mine": {}})
    (reason,) = again(rules, drip(*DRIP, again=9 * DAY)).incomplete
    assert reason.endswith("is somebody's own: what it says of two entries was not judged")
    assert again(rules, drip(*DRIP, again=10 * DAY)) == Reentered()


def test_rules_that_do_not_say_where_their_answer_changes() -> None:
    rules = Policy(rules={f"{__name__}:Silent": {}})
    assert again(rules, drip(*DRIP)).incomplete == (
        "rule 'silent' does not say where its answer can change",
    )


def test_so_much_is_looked_at_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "WORK", 3)
    found = again(policy(repeated_message={"per": "90d"}), drip(*DRIP, again=90 * DAY - 1))
    assert found.incomplete == ("what several entries do together is more than is followed",)


def test_so_many_time_lines_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reentry, "TRIES", 1)
    found = again(STREAK, drip(*DRIP, entry_signal="invited", again=2 * DAY))
    assert len(found.incomplete) == 2


def test_a_way_that_lasts_longer_than_was_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    cadence = drip(step("a"), days(30), step("b"), again=31 * DAY)
    expected = again(cap(max=1, per="7d"), cadence)
    monkeypatch.setattr(Layouts, "guess", lambda self: 8 * DAY)
    assert again(cap(max=1, per="7d"), cadence)[:2] == expected[:2]
    assert blocked(expected) == {("CG301", "a")}


def test_ways_are_followed_so_far_and_no_further() -> None:
    late = drip(step("a"), days(8500), step("b"), again=DAY)
    found = again(cap(max=1, per="7d"), late)
    assert blocked(found) == {("CG301", "a")}
    assert found.incomplete == (
        "a way lasts longer than 8000 days: what comes later was not judged beside another entry",
    )
    never = drip(step("a"), days(200 * 366), step("b"), again=DAY)
    assert blocked(again(cap(max=1, per="7d"), never)) == {("CG301", "a")}


def test_an_answer_on_the_way() -> None:
    """Behind it, only what came since counts."""
    nodes = (
        step("a", "b"), step("b", "w"), waiting("w", "replied", "c", days(1), None), step("c"),
    )  # fmt: skip
    rules = policy(unanswered_streak={"steps": [{"after": 2, "gap": "3d"}]})
    cadence = flow(*nodes, again=2 * DAY, audience=Audience(zones=CHICAGO))
    found = again(rules, cadence)
    assert blocked(found) == {("CG303", "a"), ("CG303", "b")}


def test_ways_with_many_ranges_and_times_from_the_entry() -> None:
    nodes = (
        step("a", "p"),
        pause("p", Elapsed(0, DAY), "b"),
        step("b", "q"),
        pause("q", days(3), "c", since_start=True),
        step("c"),
    )
    cadence = flow(*nodes, again=5 * DAY, audience=Audience(zones=CHICAGO))
    assert blocked(again(policy(repeated_message={"per": "5d"}), cadence)) == {("CG305", "b")}
    assert again(policy(repeated_message={"per": "4d"}), cadence) == Reentered()
    many = [each for n in range(7) for each in (Elapsed(0, DAY), step(f"b{n}"))]
    found = again(policy(repeated_message={"per": "1d"}), drip(*many, again=9 * DAY))
    assert found == Reentered()
