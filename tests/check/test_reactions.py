"""Somebody reacts, and the cadence goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from cadence_guard import Policy
from cadence_guard.cadence import (
    Arm,
    Audience,
    Await,
    Branch,
    Cadence,
    Elapsed,
    Enter,
    Fan,
    Ground,
    Handover,
    LocalDays,
    Node,
    Pause,
    Step,
    Unknown,
    UntilClock,
    UntilDate,
    UntilOpen,
    Wait,
    fixed,
)
from cadence_guard.check.layout import apply
from cadence_guard.check.proof.objections import RANGES
from cadence_guard.check.reactions import ANSWERS, REFUSALS, reactions
from cadence_guard.check.report import Finding
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, HOUR, NEVER, Hours, to_us, zone
from cadence_guard.rules import Objection, OpenStretch, Rule, Spans
from cadence_guard.ruleset import Ruleset
from check.brute import WEEK, Heard, Made, moment
from check.brute_reactions import Reacting, refused_after
from check.worlds import SEEDS, hours_of

SOURCE = Source("x.yaml", b"cadence:\n  exits: []\n  steps: [a, b]\n")
START = to_us(datetime(2026, 3, 2, tzinfo=UTC))
HUMANE = Policy(packs=["humane"])
NOES = ("opt_out", "complained", "wrong_person")
"""What rules object to that are always on."""


def step(id_: str, then: str | None, channel: str = "email", **more: Any) -> Step:
    return Step(id_, ("cadence", "steps"), channel, then, **more)


def pause(id_: str, then: str | None, seconds: float = 86_400) -> Pause:
    return Pause(id_, ("cadence", "steps"), fixed(seconds), then)


def cadence(*nodes: Node, exits: tuple[str, ...] = (), **more: Any) -> Cadence:
    by_id = {node.id: node for node in nodes}
    audience = Audience(zones=("America/Chicago",))
    return Cadence(
        "x", ("cadence",), by_id, nodes[0].id, audience=audience, exits=frozenset(exits), **more
    )


def found(one: Cadence, policy: Policy = HUMANE, **others: Cadence) -> list[Finding]:
    return reactions(policy, Ruleset(policy), one, SOURCE, START, START + 30 * DAY, others).findings


def kinds(one: Cadence, policy: Policy = HUMANE) -> dict[str, str]:
    """The message of each code."""
    return {finding.code: finding.message for finding in found(one, policy)}


TWO = (step("a", "w"), pause("w", "b"), step("b", None))


def test_a_cadence_without_exits() -> None:
    reply, refusal = found(cadence(*TWO))
    assert (reply.code, reply.name, reply.effect) == ("CG801", "no-exit-on-reply", "block")
    assert (reply.line, reply.column, reply.end_column) == (2, 10, 12)
    assert (reply.cadence, reply.step, reply.certainty) == ("x", "b", "always")
    assert reply.message == (
        "after replied, meeting_booked or purchased it goes on: 'b' would be refused"
        " (CG603 already-answered)"
    )
    assert reply.help == "let these end it: exits: [replied, meeting_booked, purchased]"
    assert refusal.message == (
        "after not_now, declined, opt_out, complained, wrong_person or paused it goes on:"
        " 'b' would be refused (CG501 after-refusal)"
    )


def test_the_time_line_is_refused_by_the_guard() -> None:
    reply, _ = found(cadence(*TWO))
    assert reply.witness is not None
    a, b = reply.witness.touches
    assert (a.step, b.step, b.codes) == ("a", "b", ("CG603",))
    (signal,) = reply.witness.signals
    assert signal.kind == "replied"
    assert (b.at - signal.at).total_seconds() == 1


@pytest.mark.parametrize("exits", [ANSWERS, REFUSALS, (*ANSWERS, *REFUSALS)])
def test_exits_that_are_there(exits: tuple[str, ...]) -> None:
    codes = {
        code for code, kinds in (("CG801", ANSWERS), ("CG802", REFUSALS)) if kinds[0] not in exits
    }
    assert set(kinds(cadence(*TWO, exits=exits))) == codes


def test_only_what_the_policy_refuses_needs_an_exit() -> None:
    policy = Policy(rules={"already-answered": {"signals": ["purchased"]}})
    told = kinds(cadence(*TWO), policy)
    assert told["CG801"].startswith("after purchased it goes on")
    assert told["CG802"].startswith("after opt_out, complained or wrong_person it goes on")


def test_calls_can_be_hung_up() -> None:
    called = (step("a", "w", "call"), pause("w", "b"), step("b", None))
    assert "hung_up" in kinds(cadence(*called))["CG802"]
    assert "hung_up" not in kinds(cadence(*TWO))["CG802"]
    calls_last = (step("a", "w"), pause("w", "b"), step("b", None, "call"))
    assert "hung_up" not in kinds(cadence(*calls_last))["CG802"]  # before any call


def test_the_wait_before_the_first_touch() -> None:
    reply, refusal = found(cadence(pause("w", "a"), step("a", None)))
    assert (reply.step, refusal.step) == ("a", "a")
    assert reply.witness is not None
    (a,), (signal,) = reply.witness.touches, reply.witness.signals
    assert (a.at - signal.at).total_seconds() == 1


@pytest.mark.parametrize(("seconds", "needed"), [(1, False), (1.000001, True)])
def test_nobody_reacts_before_the_entry(seconds: float, needed: bool) -> None:
    assert bool(found(cadence(pause("w", "a", seconds), step("a", None)))) is needed


def test_a_wait_that_nobody_knows() -> None:
    one = cadence(
        Pause("w", (), Unknown("?"), "a"), step("a", None), exits=NOES, entry_signal="visited"
    )
    (finding,) = found(one, ANSWERED)
    assert finding.step == "a"


def test_the_way_on_which_nobody_answers_in_time() -> None:
    wait = Await("w", (), (Arm("v", "replied"),), fixed(3 * 86_400), "a")
    one = cadence(wait, step("a", None), pause("v", "z"), step("z", None), exits=NOES)
    (finding,) = found(one, Policy(rules={"already-answered": {}}))
    assert finding.step == "a"
    assert finding.message.startswith("after meeting_booked or purchased it goes on")


def test_a_touch_that_one_way_forbids_anyway() -> None:
    wait = Await("w", (), (Arm("v", "replied"),), fixed(3 * 86_400), "v")
    one = cadence(wait, pause("v", "z"), step("z", None), exits=NOES)
    (finding,) = found(one, Policy(rules={"already-answered": {}}))
    assert finding.help == "let these end it: exits: [replied, meeting_booked, purchased]"


def test_the_attempts_of_a_call() -> None:
    retried = step("a", None, "call", attempts=3, every=fixed(86_400))
    (finding,) = found(cadence(retried), Policy())
    assert finding.message.startswith("after opt_out, complained or wrong_person it goes on")
    assert finding.witness is not None
    assert len(finding.witness.touches) == 2
    assert found(cadence(retried, exits=NOES), Policy()) == []


@pytest.mark.parametrize(
    ("signals", "entry", "told"),
    [
        ([["downloaded", "clicked"]], None, "clicked, downloaded"),
        ([["x-foo", "declined"], ["clicked", "replied"]], None, "replied, clicked, x-foo"),
        ([["x-foo", "clicked"]], "clicked", "x-foo"),
    ],
)
def test_what_the_policy_takes_for_an_answer(
    signals: list[list[str]], entry: str | None, told: str
) -> None:
    policy = Policy(rules={"already-answered": [{"for": "1h", "signals": s} for s in signals]})
    one = cadence(*TWO, exits=(*NOES, "declined"), entry_signal=entry)
    (finding,) = found(one, policy)
    assert (finding.code, finding.help) == ("CG801", f"let these end it: exits: [{told}]")


def test_a_single_touch_at_once_needs_no_exits() -> None:
    assert found(cadence(step("a", None))) == []
    assert found(cadence(step("a", "b"), step("b", None))) == []  # nobody reacts in no time


def test_what_is_refused_anyway_is_not_for_want_of_an_exit() -> None:
    policy = Policy(rules={"over-cap": {"max": 1, "per": "7d"}})
    assert kinds(cadence(*TWO, exits=NOES), policy) == {}


def test_a_touch_by_a_person_may_answer() -> None:
    policy = Policy(rules={"already-answered": {}})
    by_hand = (step("a", "w"), pause("w", "b"), step("b", None, automated=False))
    assert kinds(cadence(*by_hand, exits=NOES), policy) == {}


ANSWERED = Policy(rules={"already-answered": {"signals": ["replied"]}})


@pytest.mark.parametrize(
    ("nodes", "needed"),
    [
        # asked at the end of the wait
        ((Branch("q", (), (Arm(None, "replied"), Arm("b"))), pause("w", "q")), False),
        ((Branch("q", (), (Arm("b", "replied", unless=True), Arm(None))), pause("w", "q")), False),
        ((Branch("q", (), (Arm("b", "clicked"), Arm(None))), pause("w", "q")), True),
        ((Branch("q", (), (Arm("b", "replied"), Arm(None))), pause("w", "q")), True),
        # asked before the last wait
        (
            (
                Branch("q", (), (Arm(None, "replied"), Arm("v"))),
                pause("w", "q"),
                pause("v", "b"),
            ),
            True,
        ),
        (
            (
                Branch("q", (), (Arm(None, "replied"), Arm("v"))),
                pause("w", "q"),
                pause("v", "b", 0),
            ),
            False,
        ),
        ((Await("w", (), (Arm(None, "replied"),), fixed(86_400), "b"),), False),
        ((Await("w", (), (Arm(None, "clicked"),), fixed(86_400), "b"),), True),
        ((Handover("h", (), "sales", "b"), pause("w", "h")), True),
    ],
)
def test_a_branch_on_the_signal_is_an_exit(nodes: tuple[Node, ...], needed: bool) -> None:
    one = cadence(step("a", "w"), *nodes, step("b", None), exits=NOES)
    assert bool(found(one, ANSWERED)) is needed


def test_a_cadence_entered_besides_goes_on_as_well() -> None:
    other = cadence(pause("p", "c"), step("c", None))
    one = cadence(step("a", "e"), Enter("e", (), "y", None), exits=NOES)
    assert found(one, ANSWERED) == []
    (finding,) = found(one, ANSWERED, y=other)
    assert finding.step == "c"


def test_touches_that_never_come() -> None:
    late = Pause("w", (), UntilDate(NEVER), "b")
    assert found(cadence(step("a", "w"), late, step("b", None))) == []


def test_nobody_enters_within_the_period() -> None:
    hours = Hours([([0], 0, 1)])
    one = cadence(*TWO, entry_hours=hours)
    assert found(one)
    policy = HUMANE
    assert (
        reactions(policy, Ruleset(policy), one, SOURCE, START + DAY, START + 2 * DAY).findings == []
    )


# -- every start, zone and range -----------------------------------------------------------------


def opens(text: str) -> UntilOpen:
    return UntilOpen(hours_of(text), text)


EVERY = "mon,tue,wed,thu,fri,sat,sun 00:00-24:00"


@pytest.mark.parametrize(
    ("wait", "needed"),
    [
        (opens("sun 00:00-24:00"), True),  # open at the first start, which is a Sunday in Chicago
        (opens(EVERY), False),
        (UntilDate(START), False),
        (UntilDate(START + 3 * DAY), True),
        (Elapsed(0, 1_000_000), False),
        (Elapsed(0, 1_000_001), True),
        (Elapsed(0, None), True),
    ],
)
def test_a_first_wait_that_lasts_for_some_start(wait: Wait, needed: bool) -> None:
    one = cadence(Pause("w", (), wait, "a"), step("a", None), exits=NOES)
    assert bool(found(one, ANSWERED)) is needed


def test_a_first_wait_that_lasts_in_some_zone() -> None:
    # for these starts it is Sunday evening in Chicago, and Monday in Berlin
    one = cadence(Pause("w", (), opens("sun 00:00-24:00"), "a"), step("a", None), exits=NOES)
    one = replace(one, audience=Audience(zones=("America/Chicago", "Europe/Berlin")))
    told = reactions(ANSWERED, Ruleset(ANSWERED), one, SOURCE, START, START + HOUR)
    (finding,) = told.findings
    assert finding.witness is not None
    assert finding.witness.zone == "Europe/Berlin"
    assert START <= to_us(finding.witness.starts["x"]) < START + HOUR
    (a,), (signal,) = finding.witness.touches, finding.witness.signals
    assert (a.at - signal.at).total_seconds() == 1


@pytest.mark.parametrize(
    ("wait", "needed"), [(opens(EVERY), False), (opens("mon 09:00-17:00"), True)]
)
def test_a_wait_behind_the_question_that_lasts_for_some_start(wait: Wait, needed: bool) -> None:
    asks = Branch("q", (), (Arm(None, "replied"), Arm("v")))
    last = Pause("v", (), wait, "b")
    one = cadence(step("a", "w"), pause("w", "q"), asks, last, step("b", None), exits=NOES)
    assert bool(found(one, ANSWERED)) is needed


def test_a_wait_for_a_signal_does_not_hear_what_came_before() -> None:
    wait = Await("w", (), (Arm(None, "replied"),), fixed(86_400), "b")
    one = cadence(step("a", "p"), pause("p", "w"), wait, step("b", None), exits=NOES)
    (finding,) = found(one, ANSWERED)
    assert finding.witness is not None
    (signal,), last = finding.witness.signals, finding.witness.touches[-1]
    assert (last.step, (last.at - signal.at).total_seconds()) == ("b", 86_401)


def test_a_wait_for_a_signal_of_which_nobody_knows_the_end() -> None:
    wait = Await("w", (), (Arm(None, "replied"),), Unknown("?"), "b")
    one = cadence(step("a", "w"), wait, step("b", None), exits=NOES)
    assert found(one, ANSWERED) == []


@pytest.mark.parametrize(("seconds", "needed"), [(0, False), (60, True)])
def test_a_cadence_entered_besides_ends_by_its_own_exits(seconds: float, needed: bool) -> None:
    other = cadence(pause("p", "c"), step("c", None), exits=("replied",))
    one = cadence(pause("w", "e", seconds), Enter("e", (), "y", None), exits=NOES)
    found_ = found(one, ANSWERED, y=replace(other, name="y"))
    assert bool(found_) is needed
    for finding in found_:  # it comes before the other one is entered
        assert finding.witness is not None
        (signal,) = finding.witness.signals
        assert (finding.witness.starts["y"] - signal.at).total_seconds() == 1


NOON = UntilClock(12 * HOUR)


@pytest.mark.parametrize(
    ("wait", "then", "other", "known"),
    [
        # Whoever has answered is asked before each touch, whenever that is.
        (Elapsed(0, 0), Elapsed(0, 0), 30, True),
        # At noon it is noon: in truth nobody waits any more.
        (Elapsed(0, 0), NOON, 30, False),
        # It may take too long to tell anything.
        (LocalDays(70), NOON, 70 * 24, False),
    ],
)
def test_a_range_and_the_clock_beside_another_way(
    wait: Wait, then: Wait, other: int, known: bool
) -> None:
    asked = [Branch(f"?{id_}", (), (Arm(None, signal="replied"), Arm(f"-{id_}"))) for id_ in "ab"]
    one = cadence(
        Fan("*", (), ("p", "q")),
        Pause("p", (), Elapsed(HOUR, 9 * HOUR), "p2"), Pause("p2", (), wait, "p3"),
        Pause("p3", (), NOON, "?a"), *asked, Pause("-a", (), then, "a"), step("a", None),
        Pause("q", (), Elapsed(other * HOUR, other * HOUR), "?b"),
        Pause("-b", (), Elapsed(0, 0), "b"), step("b", None),
        exits=("meeting_booked", "purchased", *REFUSALS),
    )  # fmt: skip
    answered = Policy(rules={"already-answered": {"for": "30d", "signals": ["replied"]}})
    told = reactions(answered, Ruleset(answered), one, SOURCE, START, START + 2 * HOUR)
    assert told.findings == []
    assert told.incomplete == (() if known else (RANGES,))


def test_what_was_heard_before_a_range_forbids_a_touch_anyway() -> None:
    wait = Await("w", (), (Arm("p", "replied"),), fixed(86_400), None)
    some = Pause("p", (), Elapsed(HOUR, DAY), "y")
    one = cadence(wait, some, step("y", "q"), pause("q", "z"), step("z", None), exits=NOES)
    assert found(one, Policy(rules={"already-answered": {}})) == []


def test_what_closes_makes_counted_what_was_an_answer() -> None:
    rules = {"over-cap": {"max": 1, "per": "7d"}}
    answers = {"signals": ["replied"], "within": "2d"}
    policy = Policy.model_validate({"version": 1, "rules": rules, "answers": answers})
    wait = Await("w", (), (Arm("a", "replied"),), fixed(86_400), None)
    by_hand = step("a", "p", automated=False)
    one = cadence(wait, by_hand, pause("p", "b"), step("b", None), exits=NOES)
    (finding,) = found(one, policy)
    assert finding.message.startswith("after not_now, declined or paused it goes on: 'b'")
    assert finding.witness is not None
    assert [touch.codes for touch in finding.witness.touches] == [(), ("CG301",)]
    mails = cadence(wait, step("a", "p"), pause("p", "b"), step("b", None), exits=NOES)
    assert found(mails, policy) == []


def test_both_readings_of_a_file() -> None:
    at_once, later = (cadence(pause("w", "a", n), step("a", None), exits=NOES) for n in (0, 60))
    (finding,) = found(replace(at_once, other=later), ANSWERED)
    assert finding.step == "a"


NEVER_LASTS = Pause("w", (), UntilDate(START), "q")
"""A wait that is over, which the graph does not show."""


def test_more_ways_than_are_followed() -> None:
    arms = tuple(Arm(f"s{n}") for n in range(600))
    steps = [step(f"s{n}", None) for n in range(600)]
    one = cadence(NEVER_LASTS, Branch("q", (), arms), *steps, exits=NOES)
    told = reactions(ANSWERED, Ruleset(ANSWERED), one, SOURCE, START, START + DAY)
    assert told == ([], ("it has more than 512 ways; the others were not looked at",))
    found_at_once = cadence(pause("w", "q"), Branch("q", (), arms), *steps, exits=NOES)
    assert (
        reactions(ANSWERED, Ruleset(ANSWERED), found_at_once, SOURCE, START, START + DAY).incomplete
        == ()
    )


def test_more_work_than_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cadence_guard.check.reactions.search.WORK", 1)
    one = cadence(NEVER_LASTS, pause("w", "q"), step("q", None), exits=NOES)
    told = reactions(ANSWERED, Ruleset(ANSWERED), one, SOURCE, START, START + 30 * DAY)
    assert told == ([], ("more starts, ways and ranges together than are followed",))


class Fails(Rule):
    """A rule of somebody's own that fails."""

    code = "CG997"
    name = "fails"

    def next_open(self, t: int, case: Any) -> OpenStretch:
        raise RuntimeError("no")

    def objection(self, t: int, case: Any) -> Objection:
        return Objection("never asked")


class Quiet(Rule):
    """A rule of somebody's own that objects after what it says."""

    code = "CG998"
    name = "quiet"
    spans = Spans()

    def next_open(self, t: int, case: Any) -> OpenStretch:
        said = any(one.kind == "not_now" for one in case.me.said)
        return (NEVER, NEVER) if said else (t, NEVER)


def test_a_rule_that_fails_tells_nothing() -> None:
    policy = Policy(rules={f"{__name__}:Fails": {}})
    assert found(cadence(*TWO, exits=NOES), policy) == []
    assert Fails(Fails.Params()).objection(0, None).message == "never asked"


def test_a_rule_of_somebodys_own() -> None:
    policy = Policy(rules={f"{__name__}:Quiet": {}})
    (finding,) = found(cadence(*TWO, exits=NOES), policy)
    assert finding.message == "after not_now it goes on: 'b' would be refused (CG998 quiet)"
    late = Pause("w", (), UntilDate(NEVER), "b")
    assert found(cadence(step("a", "w"), late, step("b", None), exits=NOES), policy) == []
    never = replace(cadence(*TWO, exits=NOES), entry_hours=Hours([]))
    assert found(never, policy) == []


class Moody(Rule):
    """A rule of somebody's own that objects for a day after what it says, at some hours of some
    days of the week."""

    code = "CG996"
    name = "moody"
    hours = Hours([])

    def set_up(self, params: Any) -> None:
        self.spans = Spans(elapsed=frozenset((DAY,)), clock=frozenset((9 * HOUR, 17 * HOUR)))

    def next_open(self, t: int, case: Any) -> OpenStretch:
        said = any(one.kind == "not_now" and one.at <= t < one.at + DAY for one in case.me.said)
        return (
            (NEVER, NEVER) if said and self.hours.next_open(t, case.zones)[0] == t else (t, NEVER)
        )


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(24, 624))
def test_a_rule_of_somebodys_own_at_every_hour_at_length(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_a_rule_of_somebodys_own_at_every_hour(seed, monkeypatch)


@pytest.mark.parametrize("seed", range(24))
def test_a_rule_of_somebodys_own_at_every_hour(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one of the hours of two weeks and one of two zones brings about is found, and nothing
    else is."""
    rnd = Random(seed)
    days = rnd.sample(range(7), 2)
    monkeypatch.setattr(Moody, "hours", Hours([(days, 9 * HOUR, 17 * HOUR)]))
    opens = Hours([(rnd.sample(range(7), 3), 8 * HOUR, 12 * HOUR)])
    waits = [fixed(rnd.choice((7, 30, 80)) * 3_600), UntilOpen(opens, "then")]
    nodes = [step("a", "w")]
    nodes += [Pause("w", (), rnd.choice(waits), "b"), step("b", None)]
    one = replace(
        cadence(*nodes, exits=NOES),
        entry_hours=Hours([(rnd.sample(range(7), 2), 6 * HOUR, 15 * HOUR)]),
        audience=Audience(zones=("America/Chicago", "Asia/Tokyo")),
    )
    policy = Policy(rules={f"{__name__}:Moody": {}})
    said = reactions(policy, Ruleset(policy), one, SOURCE, START, START + 14 * DAY)
    pause_ = one.nodes["w"]
    assert isinstance(pause_, Pause)
    refused = 0
    for where in map(zone, one.audience.zones):
        for hour in range(14 * 24):
            start = START + hour * HOUR
            at = apply(pause_.wait, start, where)
            entered = one.entry_hours and one.entry_hours.next_open(start, (where,))[0] == start
            refused += bool(entered and at > start and Moody.hours.next_open(at, (where,))[0] == at)
    assert bool(said.findings) is bool(refused)
    assert said.incomplete == ()


def test_a_rule_of_somebodys_own_is_asked_as_far_as_that_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = Policy(rules={f"{__name__}:Quiet": {}})
    monkeypatch.setattr("cadence_guard.check.reactions.search.OWN", 10)
    found_ = reactions(
        policy, Ruleset(policy), cadence(*TWO, exits=NOES), SOURCE, START, START + 30 * DAY
    )
    assert found_.incomplete == ()


# -- against brute force -------------------------------------------------------------------------

SIX = timedelta(hours=6)
REACTION_ZONES = ("America/Chicago", "Europe/Berlin", "Asia/Kolkata")


class Reactive:
    """A random small cadence, all of whose times are multiples of six hours, and a policy that
    asks for distances alone: what is found for one start is found for three hours of them."""

    def __init__(self, rnd: Random) -> None:
        self.rnd = rnd
        self.nodes: dict[str, Node] = {}
        self.others: dict[str, Cadence] = {}
        self.ranges = 0
        self.wide = False
        self.kinds = rnd.sample(("replied", "purchased", "declined", "opt_out", "paused"), 3)
        if rnd.random() < 0.3:
            self.kinds.append("hung_up")
        start = self.chain(None, rnd.choice((1, 2, 2)))
        if rnd.random() < 0.4:
            start = self.wait(start)
        self.cadence = self.made("trial", start)
        self.policy = self.refusing()

    def add(self, kind: type[Node], **fields: Any) -> str:
        name = f"{kind.__name__.lower()}-{len(self.nodes)}"
        self.nodes[name] = kind(id=name, where=(), **fields)
        return name

    def made(self, name: str, start: str | None) -> Cadence:
        rnd = self.rnd
        left_out = [kind for kind in self.kinds if rnd.random() < 0.75 or name == "trial"]
        return Cadence(
            name,
            ("cadence",),
            self.nodes,
            start,
            audience=Audience(
                kind=rnd.choice((None, "prospects")),
                zones=REACTION_ZONES,
                grounds=rnd.choice((None, (Ground("consent"), Ground("invited", age=DAY)))),
            ),
            exits=frozenset((*ANSWERS, *REFUSALS)) - {*left_out},
        )

    def pause(self, then: str | None) -> str:
        rnd, hours = self.rnd, rnd_hours(self.rnd)
        day = START // DAY + rnd.randrange(8)
        waits: tuple[Wait, ...] = (
            UntilOpen(hours_of(hours), hours),
            UntilOpen(hours_of(hours), hours),
            UntilClock(rnd.choice((0, 6, 12, 18)) * HOUR),
            LocalDays(rnd.choice((1, 2))),
            fixed(rnd.choice((0, 0, 6, 24)) * 3600),
            UntilDate(day * DAY + rnd.choice((0, 12)) * HOUR, local=rnd.random() < 0.5),
        )
        wait = rnd.choice(waits)
        if not self.ranges and rnd.random() < 0.2:
            self.ranges += 1
            wait = Elapsed(0, rnd.choice((6, 12)) * HOUR)
        return self.add(Pause, wait=wait, then=then, since_start=rnd.random() < 0.15)

    def wait(self, then: str | None) -> str:
        """Something that comes before a step, often a wait."""
        rnd = self.rnd
        shape = rnd.choice(("pause",) * 6 + ("if", "if", "unless", "await", "fan", "enter"))
        if shape in ("await", "fan", "enter"):
            shape = "pause" if self.wide else shape
            self.wide = True
        kind = rnd.choice((*self.kinds, "clicked"))
        if shape == "if":
            side = self.step(None) if rnd.random() < 0.5 else None
            return self.add(Branch, arms=(Arm(side, kind), Arm(then)))
        if shape == "unless":
            return self.add(Branch, arms=(Arm(then, kind, unless=True), Arm(None)))
        if shape == "await":
            side = self.wait(self.step(None)) if rnd.random() < 0.5 else None
            arm = Arm(side, kind)
            timeout = rnd.choice((6, 12)) * HOUR
            return self.add(Await, arms=(arm,), timeout=Elapsed(timeout, timeout), then=then)
        if shape == "fan" and then is not None:
            return self.add(Fan, thens=(self.pause(self.step(None)), then))
        if shape == "enter":
            self.others["y"] = replace(self.cadence_besides(), name="y")
            return self.add(Enter, cadence="y", then=then)
        return self.pause(then)

    def cadence_besides(self) -> Cadence:
        kept, self.nodes = self.nodes, {}
        self.others["y"] = flow_ = self.made("y", self.pause(self.step(None)))
        self.nodes = kept
        return flow_

    def step(self, then: str | None) -> str:
        rnd = self.rnd
        channel = rnd.choice(("email", "email", "sms", "call"))
        again = channel == "call" and rnd.random() < 0.4
        return self.add(
            Step,
            channel=channel,
            then=then,
            automated=rnd.random() < 0.7,
            purpose=rnd.choice((None, None, "service")),
            attempts=2 if again else 1,
            every=fixed(6 * 3600) if again else None,
        )

    def chain(self, then: str | None, steps: int) -> str:
        for _ in range(steps):
            then = self.step(then)
            for _ in range(self.rnd.choice((0, 1, 1, 2, 2))):
                then = self.wait(then)
        assert then is not None
        return then

    def refusing(self) -> Policy:
        rnd = self.rnd
        if rnd.random() < 0.3:
            return Policy(packs=["humane"], rules={"outside-hours": "off"})
        every: dict[str, Any] = {
            "already-answered": {"for": rnd.choice(("1h", "12h", "30d")), "channels": ["email"]},
            "after-refusal": {"declined": rnd.choice(("1h", "P1M")), "purposes": ["sales"]},
            "channel-hop": {"for": "2d"},
            "paused": {},
            "wrong-audience": {},
            "over-cap": {"max": 1, "per": rnd.choice(("7h", "2d"))},
        }
        rules = {name: every[name] for name in rnd.sample(sorted(every), 3)}
        answers = {"signals": ["replied", "invited"], "within": "2d"}
        return Policy.model_validate(
            {"version": 1, "rules": rules, **({"answers": answers} if rnd.random() < 0.4 else {})}
        )

    def told(self) -> dict[str, Finding]:
        """The signals that the findings list, each with its finding."""
        end = START + 7 * DAY
        told = reactions(
            self.policy, Ruleset(self.policy), self.cadence, SOURCE, START, end, self.others
        )
        return {
            kind: finding
            for finding in told.findings
            for kind in (finding.help or "").removesuffix("]").split("[")[1].split(", ")
        }

    def goes(self, finding: Finding) -> bool:
        """Whether somebody who goes through the cadence may come to what a finding shows."""
        shown = finding.witness
        assert shown is not None
        last, start = shown.touches[-1], shown.starts["trial"]
        return any(
            (event.at, event.step.name, event.cadence.name) == (last.at, last.step, last.cadence)
            for signal in shown.signals
            if finding.help is not None and signal.kind in finding.help
            for walk in Reacting(
                self.cadence,
                ZoneInfo(shown.zone),
                SIX,
                self.others,
                sent=(Heard(signal.at, signal.kind),),
            ).walks(start)
            for event in walk
            if isinstance(event, Made)
        )

    def brute(self, every: timedelta | None = None) -> set[str]:
        starts = [moment(START) + n * SIX / 2 for n in range(7 * 8)]
        kinds = [kind for kind in (*ANSWERS, *REFUSALS) if kind not in self.cadence.exits]
        return set(
            refused_after(
                kinds, self.policy, self.cadence, REACTION_ZONES, starts, SIX, self.others, every
            )
        )


def rnd_hours(rnd: Random) -> str:
    """Windows of the week, of whole quarters of a day."""
    clocks = ("00:00", "06:00", "12:00", "18:00")
    opens, closes = rnd.choice((("00:00", "24:00"), *permutations(clocks, 2)))
    days = WEEK if rnd.random() < 0.5 else sorted(rnd.sample(WEEK, 4), key=WEEK.index)
    return f"{','.join(days)} {opens}-{closes}"


def lists_what_brute_force_finds(seed: int, every: timedelta | None = None) -> None:
    world = Reactive(Random(seed))
    told = world.told()
    assert set(told) == world.brute(every)
    for kind, finding in told.items():
        assert finding.code == ("CG802" if kind in REFUSALS else "CG801")
        shown = finding.witness
        assert shown is not None
        assert shown.zone in REACTION_ZONES
        assert START <= to_us(shown.starts["trial"]) < START + 7 * DAY
        if not world.ranges and not world.wide:  # else it may go between what is tried
            assert world.goes(finding)


def test_what_was_an_answer_counts_after_a_signal_that_closes_soon_behind_a_range() -> None:
    lists_what_brute_force_finds(1437)


@pytest.mark.no_cover  # a search: what it reaches is reached above
@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_brute_force_finds_the_same_signals(seed: int) -> None:
    lists_what_brute_force_finds(seed)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(150))
def test_nobody_who_reacts_at_another_time_is_refused_after_another_signal(seed: int) -> None:
    lists_what_brute_force_finds(seed, SIX)


def test_many_touches_at_the_moment_of_the_entry() -> None:
    """Nobody reacts before it, and nobody is asked."""
    steps = [step(f"s{n}", f"s{n + 1}" if n < 14 else None) for n in range(15)]
    told = reactions(HUMANE, Ruleset(HUMANE), cadence(*steps), SOURCE, START, START + 400 * DAY)
    assert told == ([], ())
