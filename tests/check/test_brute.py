"""The brute force itself: its judge against the naive reference, its waits against the calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import pytest

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
    Pause,
    Step,
    UntilClock,
    UntilDate,
    UntilOpen,
    Wait,
    follow,
)
from cadence_guard.check.proof import Objected, prove
from cadence_guard.check.proof.objections import RANGES
from cadence_guard.check.together import prove_together
from cadence_guard.importers import Source
from cadence_guard.instants import HOUR, MINUTE, NEVER, to_us
from check.brute import (
    SPOKEN,
    TICK,
    Found,
    Given,
    Heard,
    Key,
    Made,
    Walk,
    Walker,
    ends,
    moment,
    objects,
    search,
    search_pair,
)
from check.worlds import (
    RULES,
    ZONES,
    Pair,
    World,
    asking_world,
    clock_world,
    hours_of,
    linked_world,
    minute_world,
    mixed_world,
    pair_world,
    policy_of,
    range_world,
    repeat_world,
    ruleset_of,
    tick_world,
    turn_world,
    waiting_world,
    written,
    year_world,
)
from reference.naive import Case, Fact

# Searches: what each line does has a test of its own; traced, these take three times as long.
pytestmark = pytest.mark.no_cover

MINUTES = timedelta(minutes=1)

POINTS = {"email": "a@b.example", "call": "+15125550143", "sms": "+15125550143"}


def told(walk: Walk) -> list[dict[str, Any]]:
    """A walk as events."""
    events = []
    for number, event in enumerate(walk):
        line: dict[str, Any] = {"contact": "c1", "at": event.at.isoformat()}
        if isinstance(event, Heard):
            line |= {"event": "signal", "kind": event.kind}
        elif isinstance(event, Given):
            line |= {"event": "handoff", "to": event.to}
        else:
            step = event.step
            line |= {
                "event": "touch",
                "id": f"t{number}",
                "channel": step.channel,
                "to": POINTS.get(step.channel),
                "purpose": event.purpose,
                "team": event.team,
                "cadence": event.cadence.name,
                "step": step.name,
                "tags": list(step.tags),
                "automated": step.automated,
                "outcome": "no_answer" if event.missed else "sent",
                "not_after": step.not_after and moment(step.not_after).isoformat(),
            }
        events.append({key: value for key, value in line.items() if value is not None})
    return events


def compare(world: World, rnd: Random) -> int:
    """How many judgements of some walks were compared; each must be the reference's."""
    zone = world.zones[0]
    card = {"event": "contact", "contact": "c1", "at": "2000-01-01T00:00:00Z", "time_zone": zone}
    walker = Walker(world.cadence, ZoneInfo(zone), world.tick, 3, world.others)
    terms = world.within and {"signals": SPOKEN, "within": f"{world.within // MINUTES}m"}
    compared = 0
    for start in rnd.sample(world.starts, 3):
        walk = rnd.choice(walker.walks(start))
        lines = told(walk)
        for index, event in enumerate(walk):
            if not isinstance(event, Made):
                continue
            planned = {key: value for key, value in lines[index].items() if key != "outcome"}
            case = Case({"rules": {}, "answers": terms}, [card, *lines[:index]], planned)
            for entry in world.entries:
                plain = Fact(written(entry), rule=entry["rule"])
                plain["counted"] = [touch for touch in case.touches if case.is_judged(plain, touch)]
                judged = case.is_judged(plain, case.new)
                expected = (judged and case.objection(plain, case.new.at)) or None
                got = objects(entry, walk, index, ZoneInfo(zone), world.within)
                assert got == expected, (entry, walk, index)
                compared += 1
    return compared


@pytest.mark.parametrize("seed", range(120))
def test_judges_like_the_reference(seed: int) -> None:
    world = minute_world(Random(seed))
    assert compare(world, Random(seed)) > 0


# -- its waits -----------------------------------------------------------------------------------


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


CHICAGO, APIA = ZoneInfo("America/Chicago"), ZoneInfo("Pacific/Apia")
NIGHTS = "mon,tue,wed,thu,fri 22:00-02:30"
OPEN, NINE = UntilOpen(hours_of(NIGHTS), NIGHTS), UntilClock(9 * HOUR, frozenset((0,)))
SUNDAY = to_us(at("2026-03-08T00:00Z"))


@pytest.mark.parametrize(
    ("wait", "zone", "begins", "expected"),
    [
        (LocalDays(1), CHICAGO, "2026-03-07T12:00-06:00", "2026-03-08T12:00-05:00"),
        # 02:30 is skipped: half an hour after the gap begins, which is 03:30 on the new clock.
        (LocalDays(1), CHICAGO, "2026-03-07T02:30-06:00", "2026-03-08T03:30-05:00"),
        # 01:30 is shown twice: the first.
        (LocalDays(1), CHICAGO, "2026-10-31T01:30-05:00", "2026-11-01T01:30-05:00"),
        # A whole day is skipped.
        (LocalDays(1), APIA, "2011-12-29T10:00-10:00", "2011-12-31T10:00+14:00"),
        (BusinessDays(1), CHICAGO, "2026-03-06T12:00-06:00", "2026-03-09T12:00-05:00"),
        (BusinessDays(1), CHICAGO, "2026-03-07T12:00-06:00", "2026-03-09T12:00-05:00"),
        (BusinessDays(6), CHICAGO, "2026-03-04T12:00-06:00", "2026-03-12T12:00-05:00"),
        (OPEN, CHICAGO, "2026-03-06T21:59-06:00", "2026-03-06T22:00-06:00"),
        (OPEN, CHICAGO, "2026-03-07T02:00-06:00", "2026-03-07T02:00-06:00"),
        (OPEN, CHICAGO, "2026-03-07T02:30-06:00", "2026-03-09T22:00-05:00"),
        # A skipped time is not shown, and one that is shown twice counts twice.
        (UntilClock(150 * MINUTE), CHICAGO, "2026-03-07T02:31-06:00", "2026-03-09T02:30-05:00"),
        (UntilClock(90 * MINUTE), CHICAGO, "2026-11-01T01:31-05:00", "2026-11-01T01:30-06:00"),
        (NINE, CHICAGO, "2026-03-07T12:00-06:00", "2026-03-09T09:00-05:00"),
        (UntilDate(SUNDAY), CHICAGO, "2026-03-07T12:00-06:00", "2026-03-07T18:00-06:00"),
        (UntilDate(SUNDAY, True), CHICAGO, "2026-03-07T12:00-06:00", "2026-03-08T00:00-06:00"),
        (UntilDate(0), CHICAGO, "2026-03-07T12:00-06:00", "2026-03-07T12:00-06:00"),
    ],
)
def test_waits(wait: Wait, zone: ZoneInfo, begins: str, expected: str) -> None:
    assert list(ends(wait, at(begins), zone, timedelta(minutes=1))) == [at(expected)]


def test_a_range_ends_at_every_tick_of_it() -> None:
    begins = at("2026-03-07T12:00Z")
    ended = ends(Elapsed(2, 4), begins, CHICAGO, timedelta(microseconds=1))
    assert [one - begins for one in ended] == [timedelta(microseconds=n) for n in (2, 3, 4)]


@pytest.mark.parametrize(
    ("hours", "refused"),
    [(0.5, ["two"]), (47.5, ["two"]), (48, []), (-0.5, ["one"]), (-47.5, ["one"]), (-48, [])],
)
def test_two_cadences_are_one_bad_one(hours: float, refused: list[str]) -> None:
    """For offsets within the window, and the later touch is the one refused."""
    walkers = [
        Walker(Cadence(name, (), {name: Step(name, (), "email", None)}, name), CHICAGO)
        for name in ("one", "two")
    ]
    entry = {"rule": "over-cap", "max": 1, "per": timedelta(days=2)}
    offset = timedelta(hours=hours)
    found = search_pair(*walkers, [entry], [at("2026-03-07T12:00Z")], [offset])
    assert [name for (name, _, _), said in found.items() if said.refused] == refused


# -- the proof beside it -------------------------------------------------------------------------


def searched(world: World, *, loose: bool = False) -> dict[Key, Found]:
    """What the brute force finds; `loose` as in `Walker`."""
    return search(
        world.cadence, world.entries, world.starts, world.zones, world.tick, world.turns,
        world.entered, world.within, world.others, loose, world.tried,
    )  # fmt: skip


def parts(world: World) -> bool:
    """Whether several ways are gone at once."""
    return any(isinstance(node, (Fan, Enter)) for node in world.cadence.nodes.values())


def lies_between(world: World) -> bool:
    """Whether the proof finds all that can be, and nothing but what could be if branches on ways
    that are gone at once were told what contradicts each other: where it does not know which of
    them is told first, it allows that. And it says *always* of nothing that is let pass."""
    proof = prove(world.ruleset, world.cadence, world.start, world.end, others=world.others)
    theirs = {
        (one.cadence.name, one.step.name, type(one.entry).name, one.entry.place): one.certainty
        for one in proof.objections
    }
    found = searched(world)
    mine, loose = said_of(world, found), said_of(world, searched(world, loose=True))
    passed = {(*key[:2], *world.names[key[2]]) for key, said in found.items() if said.free}
    always = {key for key, certainty in theirs.items() if certainty == "always"}
    # Of a cadence that it cannot prove completely the proof may say less.
    finds_all = bool(proof.incomplete) or mine.keys() <= theirs.keys()
    return (
        finds_all
        and theirs.keys() <= loose.keys()
        and (always.isdisjoint(passed) or loops(world.cadence))
    )


def said_of(world: World, found: Mapping[Key, Found]) -> dict[tuple[str, str, str, int], Said]:
    """What was found, in the words of the proof."""
    return {
        (cadence, step, *world.names[place]): (said.certainty, frozenset(said.codes))
        for (cadence, step, place), said in found.items()
        if said.certainty
    }


def differences(world: World) -> list[str]:
    """Where the proof and the brute force are not of one opinion.

    Of a cadence that it cannot prove completely the proof may say less, and nothing that is wrong;
    and *sometimes* of a step of which it says that it is not sure.
    """
    proof = prove(world.ruleset, world.cadence, world.start, world.end, others=world.others)
    found = searched(world)
    mine = said_of(world, found)
    # what has no end is gone round for five weeks, and always is what comes at last
    ends = said_of(world, searched(replace(world, turns=50))) if world.endless else mine
    theirs: dict[tuple[str, str, str, int], Said] = {}
    for one in proof.objections:
        key = (one.cadence.name, one.step.name, type(one.entry).name, one.entry.place)
        codes = theirs[key][1] if key in theirs else frozenset()
        theirs[key] = one.certainty, codes | {one.code}
    partly = world.sampled or loops(world.cadence)
    unsure = {key for key in mine if key[:2] in proof.unsure}
    told = [
        f"{key}: brute force {mine.get(key)}, proof {theirs.get(key)}"
        for key in sorted({*mine, *theirs})
        if mine.get(key) != theirs.get(key)
        and not may_differ(mine.get(key), theirs.get(key), partly, bool(proof.incomplete))
        and not (key in unsure and less_sure(mine.get(key), theirs.get(key)))
        and not (world.endless and key in theirs and ends.get(key) == theirs[key])
    ]
    if world.tick == TICK or world.sampled:
        told += [
            f"{one.step.id}: {one.code} does not object at {moment(one.times[one.index])}"
            for one in proof.objections
            if not happens(world, one)
        ]
    return told


def may_differ(mine: Said | None, theirs: Said | None, partly: bool, incomplete: bool) -> bool:
    """Whether both can be right: where the brute force tries a part only (of the starts, or of the
    turns of a loop) it may meet less, and a proof that says that it is incomplete, too."""
    if theirs is None:
        return incomplete
    if theirs[0] == "always":
        return partly and mine is None
    return partly or (incomplete and mine is not None)


def less_sure(mine: Said | None, theirs: Said | None) -> bool:
    """Whether the proof says *sometimes* of what the brute force finds on every walk."""
    return bool(mine and theirs) and (mine, theirs) == (
        ("always", mine[1]),
        ("sometimes", mine[1]),
    )


def happens(world: World, one: Objected) -> bool:
    """Whether somebody who enters when the proof says is touched and refused when it says."""
    zone = ZoneInfo(one.zone.name)
    told = tuple(moment(at) for at in one.times if at < NEVER)
    walker = Walker(world.cadence, zone, world.tick, 50, world.others, tried=told)
    entry = world.entries[world.names.index((type(one.entry).name, one.entry.place))]
    return any(
        isinstance(event, Made)
        and event.step.name == one.step.name
        and event.at == moment(one.times[one.index])
        and objects(entry, walk, index, zone, world.within) == one.code
        for walk in walker.walks(moment(one.start))
        for index, event in enumerate(walk)
    )


NOTED = {"CG302", "CG601", "CG602"}
"""Gaps, the baton and overlap between cadences are notes: at runtime the guard spaces them."""


def missed_together(pair: Pair) -> tuple[list[str], int]:
    """What some offset brings about, and neither proof tells; and how much it is that two bring
    about, and neither alone."""
    policy, ruleset = policy_of(pair.entries), ruleset_of(pair.entries)
    proofs = [prove(ruleset, cadence, pair.start, pair.end) for cadence in pair.cadences]
    alone = {
        (one.cadence.name, one.step.name, one.code) for proof in proofs for one in proof.objections
    }
    source = Source("pair.cadence.yaml", b"{}")
    file = CadenceFile("cadence", pair.cadences, together=(("one", "two"),))
    told = list(prove_together(policy, ruleset, [(source, file)], pair.start, pair.end))
    names = {
        (one.name, step.id): step.name for one in pair.cadences for step in one.steps
    }  # a finding speaks of the node
    known = alone | {
        (str(one.cadence), names[str(one.cadence), str(one.step)], one.code)
        for one in told
        if one.effect != "note"
    }
    noted = {one.code for one in told if one.effect == "note"}
    if "CG903" in noted | {one.code for one in told}:
        return [], 0
    zone = ZoneInfo(pair.zone)
    walkers = [Walker(cadence, zone, MINUTES) for cadence in pair.cadences]
    found = search_pair(walkers[0], walkers[1], pair.entries, pair.starts, pair.offsets)
    refused = {(*key[:2], code): said for key, said in found.items() for code in said.codes}
    missed = [
        f"{key}: {said.refused}"
        for key, said in refused.items()
        if key not in known and not (key[2] in NOTED and key[2] in noted)
    ]
    return missed, len(refused.keys() - alone)


def test_no_offset_of_two_cadences_is_missed() -> None:
    clashes = 0
    for seed in range(12):
        missed, together = missed_together(pair_world(Random(seed)))
        assert missed == []
        clashes += together
    assert clashes > 20


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(12, 312))
def test_no_offset_of_two_cadences_is_missed_at_length(seed: int) -> None:
    assert missed_together(pair_world(Random(seed)))[0] == []


def loops(cadence: Cadence) -> bool:
    """Whether it comes back to where it has been."""
    todo = [(cadence.start, frozenset[str | None]())]
    for name, been in todo:
        if name in been:
            return True
        if name is not None:
            todo += [(then, been | {name}) for then in follow(cadence.nodes[name])]
    return False


Said: TypeAlias = tuple[str | None, frozenset[str]]
"""A certainty, and the codes."""

BLOCK = 20
"""Tick worlds a test; they are small."""


@pytest.mark.parametrize("block", range(8))
def test_agrees_to_the_tick(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        assert differences(tick_world(Random(seed))) == [], seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(8, 315))
def test_agrees_to_the_tick_at_length(block: int) -> None:
    test_agrees_to_the_tick(block)


@pytest.mark.parametrize("block", range(5))
def test_agrees_on_steps_made_several_times(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        assert differences(repeat_world(Random(seed))) == [], seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(5, 310))
def test_agrees_on_steps_made_several_times_at_length(block: int) -> None:
    test_agrees_on_steps_made_several_times(block)


@pytest.mark.parametrize("block", range(4))
def test_agrees_on_ranges_between_the_turns_of_a_step(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        assert differences(turn_world(Random(seed))) == [], seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(4, 308))
def test_agrees_on_ranges_between_the_turns_of_a_step_at_length(block: int) -> None:
    test_agrees_on_ranges_between_the_turns_of_a_step(block)


@pytest.mark.parametrize("block", range(3))
def test_agrees_on_clocks_behind_ranges(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        assert differences(clock_world(Random(seed))) == [], seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(3, 106))
def test_agrees_on_clocks_behind_ranges_at_length(block: int) -> None:
    test_agrees_on_clocks_behind_ranges(block)


@pytest.mark.parametrize("block", range(5))
def test_agrees_on_ranges(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        assert differences(range_world(Random(seed))) == [], seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(5, 310))
def test_agrees_on_ranges_at_length(block: int) -> None:
    test_agrees_on_ranges(block)


@pytest.mark.parametrize("block", range(4))
def test_agrees_on_what_branches_are_told(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        world = asking_world(Random(seed))
        assert differences(world) == [] or (parts(world) and lies_between(world)), seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(4, 150))
def test_agrees_on_what_branches_are_told_at_length(block: int) -> None:
    test_agrees_on_what_branches_are_told(block)


@pytest.mark.parametrize("block", range(4))
def test_agrees_on_waits_for_signals_that_the_clock_ends(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        world = waiting_world(Random(seed))
        assert differences(world) == [] or (parts(world) and lies_between(world)), seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(4, 104))
def test_agrees_on_waits_for_signals_that_the_clock_ends_at_length(block: int) -> None:
    test_agrees_on_waits_for_signals_that_the_clock_ends(block)


@pytest.mark.parametrize("block", range(5))
def test_agrees_on_cadences_that_enter_others(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        world = linked_world(Random(seed))
        assert differences(world) == [] or lies_between(world), seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(5, 310))
def test_agrees_on_cadences_that_enter_others_at_length(block: int) -> None:
    test_agrees_on_cadences_that_enter_others(block)


@pytest.mark.parametrize("block", range(4))
def test_agrees_on_all_of_it_mixed(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        world = mixed_world(Random(seed))
        assert differences(world) == [] or lies_between(world), seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(4, 104))
def test_agrees_on_all_of_it_mixed_at_length(block: int) -> None:
    test_agrees_on_all_of_it_mixed(block)


def test_several_turns_together_are_often_always() -> None:
    """And no single one of them is."""
    told: Counter[str] = Counter()
    for seed in range(200):
        world = repeat_world(Random(seed))
        for said in searched(world).values():
            if said.most > 1 and said.certainty:
                told[said.certainty] += 1
    assert min(told["always"], told["sometimes"]) > 40, told


@pytest.mark.parametrize("seed", range(1, 31))
def test_agrees_at_every_minute_of_a_week(seed: int) -> None:
    """Each in one of the six zones."""
    assert differences(minute_world(Random(seed), ZONES[seed % len(ZONES)])) == []


@pytest.mark.deep
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("seed", range(31, 331))
def test_agrees_at_every_minute_in_every_zone(seed: int, zone: str) -> None:
    assert differences(minute_world(Random(seed), zone)) == []


@pytest.mark.parametrize("block", range(4))
def test_agrees_with_a_sample_of_a_year(block: int) -> None:
    for seed in range(block * 2, (block + 1) * 2):
        assert differences(year_world(Random(seed))) == [], seed


@pytest.mark.deep
@pytest.mark.parametrize("block", range(4, 208))
def test_agrees_with_a_sample_of_a_year_at_length(block: int) -> None:
    test_agrees_with_a_sample_of_a_year(block)


def test_everything_occurs() -> None:
    """In the worlds of the quick tests alone."""
    worlds = [tick_world(Random(seed)) for seed in range(300)]
    worlds += [minute_world(Random(seed), ZONES[seed % len(ZONES)]) for seed in range(1, 31)]
    seen: Counter[Any] = Counter()
    for world in worlds:
        nodes = world.cadence.nodes.values()
        waits = [node.wait for node in nodes if isinstance(node, Pause)]
        seen.update(type(node) for node in nodes)
        seen.update(type(wait) for wait in waits)
        seen["range"] += any(isinstance(w, Elapsed) and w.low != w.high for w in waits)
        seen["loop"] += any(
            isinstance(node, Branch) and len(world.cadence.nodes) < 6 for node in nodes
        )
        seen.update(entry["rule"] for entry in world.entries)
        seen.update(world.zones)
    kinds = (Step, Pause, Branch, Fan, Await, Handover, Enter)
    waits_ = (Elapsed, LocalDays, BusinessDays, UntilOpen, UntilClock, UntilDate)
    assert all(seen[kind] > 10 for kind in (*kinds, *waits_, *RULES, *ZONES, "range", "loop")), seen


def test_turns_with_ranges_between_are_mostly_known_to_be_always() -> None:
    """Of the steps that are, with touches made several times."""
    told: Counter[str] = Counter()
    for seed in range(160):
        world = turn_world(Random(seed))
        proof = prove(world.ruleset, world.cadence, world.start, world.end, others=world.others)
        found = {(*key[:2], *world.names[key[2]]): said for key, said in searched(world).items()}
        for one in proof.objections:
            key = (one.cadence.name, one.step.name, type(one.entry).name, one.entry.place)
            if key in found and found[key].certainty == "always" and found[key].most > 1:
                told[one.certainty] += 1
    assert told["always"] > 200
    assert told["sometimes"] <= told["always"] // 100


@pytest.mark.parametrize(
    ("make", "few"), [(tick_world, 4), (range_world, 14), (repeat_world, 4), (turn_world, 6)]
)
def test_most_are_proved_completely(make: Any, few: int) -> None:
    """Of 200, and then it is known of most findings how certain they are."""
    worlds = [make(Random(seed)) for seed in range(200)]
    proofs = [prove(w.ruleset, w.cadence, w.start, w.end, others=w.others) for w in worlds]
    assert sum(bool(proof.incomplete) for proof in proofs) <= few
    assert sum(bool(proof.unsure) for proof in proofs) <= 4 * few


def test_many_falls_are_looked_at_if_that_is_not_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    world = range_world(Random(3))  # 260 of them
    proved = prove(world.ruleset, world.cadence, world.start, world.end, others=world.others)
    assert not proved.incomplete
    monkeypatch.setattr("cadence_guard.check.proof.prover.WORK", 20_000)
    proved = prove(world.ruleset, world.cadence, world.start, world.end, others=world.others)
    assert proved.incomplete == (RANGES,)


def test_both_certainties_are_compared_often() -> None:
    told: Counter[Any] = Counter()
    for seed in range(300):
        world = tick_world(Random(seed))
        found = searched(world)
        for said in found.values():
            told[said.certainty] += 1
            told.update(said.codes)
    assert min(told["always"], told["sometimes"]) > 100
    codes = {"CG301", "CG302", "CG303", "CG304", "CG305", "CG401", "CG403", "CG404", "CG102",
             "CG103", "CG601", "CG602", "CG603", "CG702"}  # fmt: skip
    assert all(told[code] >= 3 for code in codes), told
