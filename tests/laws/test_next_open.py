"""The laws of a rule, for every rule of the index: one question, answered as a set of instants.

A rule that is added is covered without being named: it is tried with the parameters of its page
unless `strategies.ENTRIES` knows random ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings

from cadence_guard import Policy
from cadence_guard.history import Case
from cadence_guard.instants import (
    ANYWHERE,
    DAY,
    FIRST,
    HOUR,
    NEVER,
    OUTERMOST,
    PERIOD,
    Zone,
    local_period,
    parse_instant,
    to_us,
)
from cadence_guard.rules import RULES, Rule
from cadence_guard.rules._rule import NEW_MIX
from cadence_guard.ruleset import Ruleset
from cadence_guard.words import SIGNALS
from pages import page_of
from strategies import ENTRIES, PHONE, PROFILE, SEEDS, RandomCase, World
from support import book_of, case_of

LIMIT = 12 * DAY
"""The laws are tried at candidates no farther than this from the touch."""


def subject(rnd: Random, rule: str) -> tuple[Rule, Case, RandomCase]:
    """A random entry of a rule, and a case that it judges."""
    world = World(rnd)
    params = world.entry(rule) if rule in ENTRIES else page_of(rule).policy[rule]
    policy = {"rules": {rule: params}} | {
        key: said for key, said in world.policy().items() if key in ("answers", "exempt")
    }
    given = RandomCase(policy, world.events(), world.planned())
    entry = entry_for(policy, rule)
    if entry.channels and given.touch["channel"] not in entry.channels:
        given.touch |= {"channel": "call", "to": PHONE}
        assert "call" in entry.channels
    return entry, case_of(given.events, given.touch), given


def entry_for(policy: dict[str, object], rule: str) -> Rule:
    return next(e for e in Ruleset(Policy(**policy)).entries if type(e) is RULES[rule])


def candidates(entry: Rule, case: Case, given: RandomCase) -> list[int]:
    """Every instant at which the entry says that its answer may change, in order."""
    said = {
        to_us(parse_instant(event[key]))
        for event in (*given.events, given.touch)
        for key in ("at", "from", "until", "not_after")
        if key in event
    }
    first, last = min(said) - LIMIT, max(said) + 3 * LIMIT
    spans = entry.spans
    assert spans is not None
    elapsed = set(spans.elapsed)
    if entry.answers is not None:
        elapsed.add(entry.answers.within)
    found = set(said)
    for span in elapsed:
        found |= {at + span for at in said} | {at - span for at in said}
    zones = case.zones or OUTERMOST
    for months in spans.months:
        found |= {
            zone.add_months(at, months, latest=latest)
            for at in said
            for zone in zones
            for latest in (True, False)
        }
    found |= {edge for zone in zones for edge in wall(zone, spans.clock, first, last)}
    for unit in spans.calendar:
        for zone in case.zones or ANYWHERE:
            found |= set(borders(zone, unit, first, last))
    whole = last - 2 * DAY  # on the last day some zones are not yet, or no longer, laid out
    return sorted({at + tick for at in found if at < whole for tick in (-1, 0, 1)})


def wall(zone: Zone, clock: frozenset[int], first: int, last: int) -> Iterator[int]:
    """The instants at which a clock on the wall shows an edge, or is changed."""
    t = first
    while clock and t < last:
        _, end, offset = zone.at(t)
        midnight = (t + offset) // DAY * DAY - offset
        while midnight < min(end, last):
            yield from (midnight + edge for edge in clock)
            midnight += DAY
        t = end
        yield end


def borders(zone: Zone, unit: str, first: int, last: int) -> Iterator[int]:
    t = first
    while t < last:
        _, t = local_period(t, unit, zone)
        yield t


@pytest.mark.parametrize("rule", RULES)
@given(seed=SEEDS)
@settings(PROFILE, max_examples=60)
def test_a_rule_is_a_set_of_free_instants(rule: str, seed: int) -> None:
    rnd = Random(seed)
    entry, case, given = subject(rnd, rule)
    changes = candidates(entry, case, given)
    allowed = set(changes)
    around = [at for at in changes if abs(at - case.at) < LIMIT]
    asked = sorted({case.at, *rnd.sample(around, min(len(around), 40))})
    later = FIRST
    for t in asked:
        opens, closes = entry.next_open(t, case)
        assert opens >= t, "extensive"
        assert opens >= later, "monotone"
        later = opens
        if opens == NEVER:
            assert closes == NEVER
            for x in (*(x for x in asked if x > t), t + PERIOD, t + rnd.randrange(PERIOD)):
                assert entry.next_open(x, case) == (NEVER, NEVER), "no opening means none"
            continue
        assert entry.next_open(opens, case) == (opens, closes), "idempotent, and closes stays"
        assert closes > opens
        # Nothing changes but at the instants that events and spans give.
        assert opens == t or opens in allowed or opens > changes[-1]
        assert closes == NEVER or closes in allowed or closes > changes[-1]
        for x in inside(rnd, t, opens):
            assert entry.next_open(x, case) == (opens, closes), "closed up to where it opens"
        for x in inside(rnd, opens, closes):
            assert entry.next_open(x, case) == (x, closes), "free up to where it closes"
        if closes < NEVER:
            assert entry.next_open(closes, case)[0] > closes, "closes is where it objects again"


def inside(rnd: Random, start: int, end: int) -> Iterator[int]:
    """Some instants of [start, end): the first, the last, and a few between."""
    if start < end:
        end = min(end, start + PERIOD)
        yield from (start, end - 1, *(rnd.randrange(start, end) for _ in range(3)))


@pytest.mark.parametrize("rule", RULES)
@given(seed=SEEDS)
@settings(PROFILE, max_examples=40)
def test_older_touches_than_it_looks_back_do_not_matter(rule: str, seed: int) -> None:
    rnd = Random(seed)
    entry, case, given = subject(rnd, rule)
    back = entry.looks_back + (entry.answers.within if entry.answers else 0)
    book = book_of(given.events)
    own = [me.line for me in book.people.values()]
    for line in (*own, *book._accounts.values(), *book._points.values()):
        for touch in line.between(0, case.at - back - 1):
            line.remove(touch)
    pruned = book.case(case.touch, case.at)
    for t in (case.at, case.at + HOUR, case.at + rnd.randrange(LIMIT)):
        assert entry.next_open(t, pruned) == entry.next_open(t, case)


@pytest.mark.parametrize("rule", RULES)
@given(seed=SEEDS)
@settings(PROFILE, max_examples=60)
def test_a_quiet_entry_objects_in_a_crowd_only(rule: str, seed: int) -> None:
    """What `quiet` says before some touches are known holds when they are."""
    rnd = Random(seed)
    entry, case, given = subject(rnd, rule)
    spoken_of = {event.get("touch") for event in given.events}
    before = [
        event
        for event in given.events
        if event["event"] != "touch"
        or event.get("id") in spoken_of
        or event.get("outcome") in ("answered", "hung_up", "bounced")
        or rnd.random() < 0.5
    ]
    told = case_of(before, given.touch)
    if entry.hears is not None and NEW_MIX in entry.hears:
        told.me.line.mix = case.me.line.mix  # for another one it would be asked anew
    crowd = entry.quiet(case.at, told)
    at = case.me.line.at
    asked = [case.at, *(case.at + rnd.randrange(10**k) for k in (7, 10, 12, 13, 13, 14))]
    for t in asked:
        alone = crowd is not None and (
            len(at) < crowd.limit or at[-crowd.limit] <= t - crowd.within
        )
        if alone or (entry.by_noes and not case.noes):
            assert entry.next_open(t, case) == (t, NEVER)


@pytest.mark.parametrize("rule", RULES)
@given(seed=SEEDS)
@settings(PROFILE, max_examples=60)
def test_a_signal_that_is_not_heard_changes_nothing_that_stands(rule: str, seed: int) -> None:
    """What `quiet` says is the same before and after a signal of a kind that `hears` leaves out."""
    rnd = Random(seed)
    entry, case, given = subject(rnd, rule)
    if entry.hears is None:
        assert entry.by_noes or entry.quiet(case.at, case) is None
        return
    unheard = sorted({*SIGNALS} - entry.hears)
    said = World(rnd).signal(case.me.contact, []) | {"kind": rnd.choice(unheard)}
    said.pop("until", None)
    more = case_of([*given.events, said], given.touch)
    assert entry.quiet(case.at, more) == entry.quiet(case.at, case)
