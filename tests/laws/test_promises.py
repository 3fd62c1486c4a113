"""The promises of the semantics page that concern one decision: 1 to 5 and 7."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given, settings

from cadence_guard import Decision, Guard, Policy, Verdict, parse_events
from cadence_guard.book import Book
from cadence_guard.engine import calendar, decide
from cadence_guard.events import parse_event
from cadence_guard.instants import DAY, parse_instant, to_datetime, to_us
from cadence_guard.rules import RULES
from cadence_guard.ruleset import Ruleset
from strategies import (
    ENTRIES,
    PROFILE,
    PURPOSES,
    SEEDS,
    TICK,
    RandomCase,
    World,
    random_case,
    text,
)
from support import blocking, book_of, case_of, hashed, judge, warnings

ALWAYS_ON = {rule.code for rule in RULES.values() if rule.always_on}


def decided(case: RandomCase, **changed: Any) -> Decision:
    return judge(case.policy, case.events, case.touch | changed)


# -- 1. an opt-out is never outweighed --------------------------------------------------------


@given(seed=SEEDS)
@settings(PROFILE, max_examples=300)
def test_no_policy_turns_an_opt_out_into_a_yes(seed: int) -> None:
    rnd = Random(seed)
    case = random_case(rnd)
    while not (noes := blocking(judge({}, case.events, case.touch)) & ALWAYS_ON):
        case = random_case(rnd)
    other = World(rnd).policy()
    everything = {
        "purposes": [case.touch["purpose"]],
        "from": sorted(ENTRIES),
        "because": "everything that can be exempted",
    }
    minimal = {"packs": ["minimal"], "exempt": [everything]}
    for policy in (other, other | {"exempt": [everything]}, minimal):
        assert blocking(judge(policy, case.events, case.touch)) >= noes


@given(seed=SEEDS)
@settings(PROFILE, max_examples=300)
def test_only_their_own_grant_with_evidence_reopens(seed: int) -> None:
    rnd = Random(seed)
    case = random_case(rnd)
    events = [event for event in case.events if event["event"] != "consent"]
    events.append(opt_out(rnd, case.touch))
    assert "CG101" in blocking(judge({}, events, case.touch))
    at = to_datetime(to_us(parse_instant(case.touch["at"])) - rnd.randrange(DAY))
    grant = {
        "event": "consent",
        "contact": "c1",
        "at": text(at),
        "status": "granted",
        "purpose": case.touch["purpose"],
        "channel": case.touch["channel"],
        "evidence": "form 7",
    }
    for useless in (
        {key: said for key, said in grant.items() if key != "evidence"},
        grant | {"contact": "c2"},
        grant | {"purpose": rnd.choice([p for p in PURPOSES if p != case.touch["purpose"]])},
        grant | {"channel": "post"},
        grant | {"at": events[-1]["at"], "until": case.touch["at"]},
        {"event": "signal", "contact": "c1", "at": text(at), "kind": "invited"},
        {"event": "signal", "contact": "c1", "at": text(at), "kind": "resumed"},
    ):
        assert "CG101" in blocking(judge({}, [*events, useless], case.touch))


def test_the_grant_itself_does_reopen() -> None:
    touch = {
        "contact": "c1",
        "at": "2026-03-09T10:00:00Z",
        "channel": "email",
        "to": "a@b.example",
        "purpose": "sales",
    }
    no = {"event": "signal", "contact": "c1", "at": "2026-03-01T10:00:00Z", "kind": "opt_out"}
    grant = {
        "event": "consent",
        "contact": "c1",
        "at": "2026-03-02T10:00:00Z",
        "status": "granted",
        "purpose": "sales",
        "channel": "email",
        "evidence": "form 7",
    }
    assert judge({}, [no, grant], touch)


def opt_out(rnd: Random, touch: dict[str, Any]) -> dict[str, Any]:
    """An opt-out that covers the touch, two days or more before it."""
    scope = {key: touch[key] for key in ("channel", "purpose") if rnd.random() < 0.5}
    at = parse_instant(touch["at"]) - timedelta(days=2 + rnd.randrange(5))
    no = {"event": "signal", "contact": "c1", "at": text(at), "kind": "opt_out"}
    return no | scope


# -- 2. what closes never opens ---------------------------------------------------------------


@given(seed=SEEDS)
@settings(PROFILE, max_examples=500)
def test_what_closes_never_opens(seed: int) -> None:
    rnd = Random(seed)
    case = random_case(rnd)
    while decided(case):
        case = random_case(rnd)
    world = World(rnd)
    world.count = 1000
    entry = rnd.choice(tuple(ENTRIES))
    stricter = copy.deepcopy(case.policy)
    listed = stricter["rules"].get(entry, [])
    if isinstance(listed, list) and (listed or not stricter.get("packs")):
        stricter["rules"][entry] = [*listed, world.entry(entry)]
    now = parse_instant(case.touch["at"])
    at = text(now - world.grid * rnd.randint(0, 12))
    refusal = {
        "event": "signal",
        "contact": "c1",
        "at": at,
        "kind": rnd.choice(("not_now", "declined", "hung_up", "opt_out", "complained", "paused")),
    }
    withdrawal = {"event": "consent", "contact": "c1", "at": at, "status": "withdrawn"}
    assert not judge(stricter, case.events, case.touch)
    assert not judge(case.policy, [*case.events, refusal], case.touch)
    assert not judge(case.policy, [*case.events, withdrawal], case.touch)
    made = world.past("c1") | {"at": at}
    book = book_of([*case.events, made])
    past = book.booked(made["id"])
    answers = Ruleset(Policy(**case.policy)).answers
    answered = answers and not past.form.automated and book.people["c1"].is_answer(past, answers)
    if made.get("outcome") not in ("answered", "failed") and not answered:
        assert not judge(case.policy, [*case.events, made], case.touch)


# -- 3. the order of the rules ----------------------------------------------------------------


@given(seed=SEEDS)
@settings(PROFILE, max_examples=300)
def test_the_order_of_the_rules_changes_nothing(seed: int) -> None:
    rnd = Random(seed)
    case = random_case(rnd)
    shuffled = copy.deepcopy(case.policy)
    names = list(shuffled["rules"])
    rnd.shuffle(names)
    shuffled["rules"] = {name: shuffled["rules"][name] for name in names}
    assert decided(case).to_json() == judge(shuffled, case.events, case.touch).to_json()


@given(seed=SEEDS)
@settings(PROFILE, max_examples=200)
def test_the_order_within_a_rule_changes_no_verdict(seed: int) -> None:
    rnd = Random(seed)
    case = random_case(rnd)
    shuffled = copy.deepcopy(case.policy)
    for said in shuffled["rules"].values():
        if isinstance(said, list):
            rnd.shuffle(said)
    one, other = decided(case), judge(shuffled, case.events, case.touch)
    assert (one.verdict, one.until, one.open_until) == (
        other.verdict,
        other.until,
        other.open_until,
    )
    assert sorted(f.code for f in one.findings) == sorted(f.code for f in other.findings)


# -- 4. until, and how long it holds ----------------------------------------------------------


@given(seed=SEEDS)
@settings(PROFILE, max_examples=500)
def test_until_is_the_first_allowed_instant_and_open_until_the_next_no(seed: int) -> None:
    case = random_case(Random(seed))
    decision = decided(case)
    opens = parse_instant(case.touch["at"])
    if decision.verdict is Verdict.DEFER:
        assert decision.until is not None
        assert not decided(case, at=text(decision.until - TICK))
        opens = decision.until
    elif decision.verdict is Verdict.DENY:
        assert decision.until is None
        assert decision.open_until is None
        return
    found = decided(case, at=text(opens))
    assert found
    assert found.open_until == decision.open_until
    if decision.open_until is not None:
        assert decided(case, at=text(decision.open_until - TICK))
        assert not decided(case, at=text(decision.open_until))


@given(seed=SEEDS)
@settings(PROFILE, max_examples=200)
def test_a_finding_holds_until_its_own_until(seed: int) -> None:
    """Each blocking finding at the touch's own instant lets go exactly when it says."""
    case = random_case(Random(seed))
    for finding in decided(case).findings:
        if finding.when is None and finding.effect == "block" and finding.until is not None:
            later = decided(case, at=text(finding.until - TICK))
            assert finding.code in blocking(later) or finding.code in ("CG102", "CG103")


# -- 5. nothing is changed --------------------------------------------------------------------


@given(seed=SEEDS)
@settings(PROFILE, max_examples=150)
def test_judging_changes_nothing(seed: int) -> None:
    rnd = Random(seed)
    case = random_case(rnd)
    guard = Guard(Policy(**case.policy))
    for event in case.events:
        if event["event"] != "touch" or "outcome" in event:
            guard.record(event)
    first = guard.evaluate(case.touch).to_json()
    start = parse_instant(case.touch["at"])
    for _ in range(3):
        other = rnd.choice((case.touch, World(rnd).planned()))
        guard.evaluate(other | {"id": "another"})
        guard.calendar(case.touch, start, start + timedelta(days=rnd.randint(1, 9)))
    assert guard.evaluate(case.touch).to_json() == first


# -- 7. a function of policy, packs, tzdata and case ------------------------------------------


@given(seed=SEEDS)
@settings(PROFILE, max_examples=300)
def test_json_is_read_back_to_an_equal_decision(seed: int) -> None:
    decision = decided(random_case(Random(seed)))
    again = Decision.from_json(decision.to_json())
    assert again == decision
    assert again.to_json() == decision.to_json()
    assert again.explain() == decision.explain()
    assert warnings(again) == warnings(decision)


@given(seed=SEEDS)
@settings(PROFILE, max_examples=200)
def test_what_was_asked_before_changes_no_answer(seed: int) -> None:
    """A book that grows while it is asked answers as one that was told everything first."""
    rnd = Random(seed)
    world = World(rnd)
    ruleset = Ruleset(Policy(**world.policy()))
    events = list(parse_events(world.events()))
    asked = [parse_event(world.planned()) for _ in range(3)]
    asked += [touch.model_copy(update={"at": asked[0].at}) for touch in asked[1:]]
    book = book_of([])
    for number, event in enumerate(events, 1):
        book.fold(event)
        fresh = book_of(events[:number]) if number == len(events) or rnd.random() < 0.2 else None
        for touch in rnd.sample(asked, 3):
            at = to_us(touch.at)
            decision = decide(ruleset, book.case(touch, at))
            if fresh is not None:
                assert decision.to_json() == decide(ruleset, fresh.case(touch, at)).to_json()


@given(seed=SEEDS)
@settings(PROFILE, max_examples=200)
def test_what_is_found_out_for_one_instant_is_said_of_none_that_it_is_wrong_for(seed: int) -> None:
    """A book asked at many instants, on either side of each border, answers as one that remembers
    nothing."""
    rnd = Random(seed)
    case = random_case(rnd)
    ruleset = Ruleset(Policy(**case.policy | {"horizon": rnd.choice(("12h", "3d", "90d"))}))
    book, forgetful = book_of(case.events), Book(hashed, remember=False)
    for event in parse_events(case.events):
        forgetful.fold(event)
    touch = parse_event({**case.touch, "event": "touch"})
    borders = [to_us(touch.at)]
    for _ in range(12):
        at = rnd.choice(borders) + rnd.choice((-1, 0, 0, 1, -DAY, DAY))
        asked = touch.model_copy(update={"at": to_datetime(at)})
        decision = decide(ruleset, book.case(asked, at))
        assert decision.to_json() == decide(ruleset, forgetful.case(asked, at)).to_json()
        found = (decision.until, decision.open_until, *(f.until for f in decision.findings))
        for moment in found:
            if moment is not None and moment.year < 2100:
                borders += [to_us(moment), to_us(moment) - ruleset.horizon]


def printed(first: int, last: int) -> str:
    """What is decided of the cases of some seeds, a line each."""
    decisions = (decided(random_case(Random(seed))) for seed in range(first, last))
    return "\n".join(decision.to_json() for decision in decisions)


def test_another_process_says_the_same_bytes() -> None:
    tests = Path(__file__).parents[1]
    told = subprocess.run(
        [sys.executable, "-c", "from laws.test_promises import printed; print(printed(0, 150))"],
        env=os.environ | {"PYTHONHASHSEED": "271828", "PYTHONPATH": str(tests), "TZ": "Asia/Tokyo"},
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    assert told.strip() == printed(0, 150)


# -- the calendar says the same ---------------------------------------------------------------


@given(seed=SEEDS)
@settings(PROFILE, max_examples=200)
def test_the_calendar_agrees_with_the_decisions(seed: int) -> None:
    rnd = Random(seed)
    case = random_case(rnd)
    ruleset = Ruleset(Policy(**case.policy))
    asked = case_of(case.events, case.touch)
    start, end = asked.at, asked.at + rnd.choice((DAY, 9 * DAY, 40 * DAY))
    stretches = calendar(ruleset, asked, start, end)
    assert to_us(stretches[0].start) == start
    assert to_us(stretches[-1].end) == end
    for stretch, following in pairwise(stretches):
        assert stretch.end == following.start
        assert (stretch.free, stretch.codes) != (following.free, following.codes)
    book = book_of(case.events)
    for stretch in rnd.sample(stretches, min(5, len(stretches))):
        first, last = to_us(stretch.start), to_us(stretch.end)
        for t in (first, last - 1, rnd.randrange(first, last)):
            moved = asked.touch.model_copy(update={"at": to_datetime(t)})
            decision = decide(ruleset, book.case(moved, t))
            assert decision.allowed is stretch.free
            codes = {f.code for f in decision.findings if f.effect == "block" and f.when is None}
            assert codes == set(stretch.codes)
