from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from cadence_guard.cadence import (
    Arm,
    Audience,
    Await,
    BusinessDays,
    Cadence,
    Elapsed,
    Ground,
    LocalDays,
    Node,
    Unknown,
    UntilClock,
    UntilDate,
    UntilDay,
    UntilOpen,
)
from cadence_guard.check.layout import LATEST
from cadence_guard.check.paths import WAYS
from cadence_guard.check.proof.objections import FAR
from cadence_guard.history import Case
from cadence_guard.instants import DAY, HOUR, MINUTE, NEVER, Hours, local_period, zone
from cadence_guard.policy import Policy
from cadence_guard.rules import Objection, Rule
from cadence_guard.rules._rule import OpenStretch, Spans
from cadence_guard.ruleset import Ruleset
from check.flows import (
    BERLIN,
    CHICAGO,
    KOLKATA,
    START,
    ask,
    branch,
    days,
    enter,
    fan,
    flow,
    handover,
    hours,
    line,
    only,
    pause,
    proved,
    rules,
    step,
    told,
    us,
    waiting,
)

PIGEON = (
    "step 'a' makes no touch: Value error, unknown channel 'pigeon'; expected one of: email, call,"
    " voicemail, sms, whatsapp, social, ad, post, meeting"
)
CAP = {"max": 1, "per": "2d"}
WORK = {"windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]}
INVITED = Audience(grounds=(Ground("invited", age=DAY),))
TWICE_A_DAY = UntilOpen(
    Hours([(range(7), at, at + MINUTE) for at in (HOUR // 2, 20 * HOUR + HOUR // 2)]),
    "00:30-00:31, 20:30-20:31",
)
"""Two and a half hours after `START` in Chicago, and again four hours later."""
OFFICE = Hours([(range(5), 9 * HOUR, 17 * HOUR)])


def soon_but_for(within: str) -> Ruleset:
    """A gap of half an hour, but for answers to an invitation."""
    said = {"too-soon": {"gap": "30m"}}
    return Ruleset(Policy(rules=said, answers={"signals": ["invited"], "within": within}))


# -- distances -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (days(2), {}),
        (Elapsed(2 * DAY - 1, 2 * DAY - 1), {("b", "CG301"): "always"}),
        (Elapsed(2 * DAY - 1, 2 * DAY), {("b", "CG301"): "sometimes"}),
        (Elapsed(2 * DAY, 3 * DAY), {}),
        (Elapsed(0, 2 * DAY - 1), {("b", "CG301"): "always"}),
        (Elapsed(0, None), {("b", "CG301"): "sometimes"}),
        # A night of 23 hours lies in the week.
        (LocalDays(2), {("b", "CG301"): "sometimes"}),
        (LocalDays(3), {}),
    ],
)
def test_a_cap_to_the_microsecond(wait: Any, expected: dict[Any, str]) -> None:
    assert told(proved(rules(over_cap=CAP), line(step("a"), wait, step("b")))) == expected


def test_the_earliest_start_is_told() -> None:
    one = only(proved(rules(over_cap=CAP), line(step("a"), LocalDays(2), step("b"))))
    # The first whose second touch comes behind the hour that is skipped on 8 March.
    assert one.start == us("2026-03-06T09:00:00Z")
    assert one.times == (one.start, one.start + 47 * HOUR)
    assert (one.index, one.step.id, one.zone, one.effect) == (1, "b", CHICAGO, "block")
    assert one.message == "the contact has its 1 per 2d (all channels) already"
    assert one.entry.name == "over-cap"


@pytest.mark.parametrize(
    "parts",
    [
        (step("a"), days(36_500), days(36_500), step("b"), hours(1), step("c")),
        (step("a"), UntilDate(LATEST), step("b")),
        # A month of the starts is early enough, and its days are like the others.
        (step("a"), days((LATEST - START) // DAY - 30), step("b")),
        (step("a"), UntilDay(frozenset()), step("b")),
    ],
)
def test_what_comes_too_late_to_be_judged_is_not_clean(parts: Any) -> None:
    """A touch of which nobody knows the instant was not proved, for some starts or for all."""
    end = START + 60 * DAY
    assert FAR in proved(rules(over_cap=CAP), line(*parts), end=end).incomplete


def test_what_comes_in_a_hundred_years_is_judged() -> None:
    proof = proved(rules(over_cap=CAP), line(step("a"), days(36_500), step("b"), step("c")))
    assert (told(proof), proof.incomplete) == ({("c", "CG301"): "always"}, ())


def test_two_entries_are_two_objections() -> None:
    caps = [CAP, {"max": 1, "per": "1d", "effect": "warn"}, {"max": 2, "per": "2d"}]
    proof = proved(rules(over_cap=caps), line(step("a"), hours(1), step("b")))
    assert [(one.entry.place, one.effect) for one in proof.objections] == [
        (0, "block"),
        (1, "warn"),
    ]


def test_what_moves_and_what_stands() -> None:
    cadence = line(step("a"), UntilClock(12 * HOUR), step("b"))
    one = only(proved(rules(too_soon={"gap": "3h"}), cadence, start=START, end=START + DAY))
    assert one.certainty == "sometimes"
    assert one.start == us("2026-03-02T15:00:00Z") + 1


def test_a_calendar_cap() -> None:
    cadence = line(step("a"), hours(3), step("b"))
    one = only(proved(rules(over_cap={"max": 1, "calendar": "day"}), cadence))
    assert one.certainty == "sometimes"
    late = only(
        proved(
            rules(over_cap={"max": 1, "calendar": "day"}),
            cadence,
            start=us("2026-03-03T03:00:00Z"),
            end=us("2026-03-04T06:00:00Z"),
        )
    )
    assert late.start == us("2026-03-03T06:00:00Z")
    stands = line(UntilClock(20 * HOUR), step("a"), hours(3), step("b"), hours(2), step("c"))
    assert told(proved(rules(over_cap={"max": 1, "calendar": "day"}), stands)) == {
        ("b", "CG301"): "always"
    }
    month = rules(over_cap={"max": 1, "calendar": "month"})
    week = line(step("a"), days(7), step("b"))
    assert told(proved(month, week)) == {("b", "CG301"): "always"}
    assert told(proved(month, week, end=us("2026-04-10T00:00:00Z"))) == {
        ("b", "CG301"): "sometimes"
    }


# -- the clock -----------------------------------------------------------------------------------


def test_hours_in_every_zone() -> None:
    cadence = line(UntilOpen(OFFICE, "work"), step("a"), hours(8), step("b", channel="call"))
    proof = proved(rules(outside_hours={"channels": ["call"], **WORK}), cadence, (CHICAGO, BERLIN))
    assert told(proof) == {("b", "CG401"): "always"}
    assert only(proof).start == START
    early = proved(
        rules(outside_hours=WORK), line(UntilOpen(OFFICE, "work"), step("a")), (CHICAGO,)
    )
    assert told(early) == {}


def test_a_window_of_another_zone() -> None:
    cadence = line(UntilOpen(OFFICE, "work", "Europe/Berlin"), step("a"))
    assert told(proved(rules(outside_hours=WORK), cadence, (BERLIN,))) == {}
    one = only(proved(rules(outside_hours=WORK), cadence, (BERLIN, KOLKATA)))
    assert (one.certainty, one.zone) == ("sometimes", KOLKATA)
    assert one.start == us("2026-03-02T11:30:00Z")


def test_a_year_in_ten_zones() -> None:
    cadence = line(step("a"), hours(20), step("b"))
    proof = proved(rules(outside_hours=WORK), cadence, None, start=START, end=START + 365 * DAY)
    assert told(proof) == {("a", "CG401"): "sometimes", ("b", "CG401"): "sometimes"}
    assert not proof.incomplete


def test_only_who_can_enter_is_judged() -> None:
    cadence = line(
        step("a"), hours(7), step("b"), entry_hours=Hours([(range(3), 9 * HOUR, 10 * HOUR)])
    )
    assert told(proved(rules(outside_hours=WORK), cadence)) == {}
    longer = line(
        step("a"), hours(7), step("b"), entry_hours=Hours([(range(3), 9 * HOUR, 11 * HOUR)])
    )
    one = only(proved(rules(outside_hours=WORK), longer))
    assert one.start == us("2026-03-02T16:00:00Z")
    nobody = line(step("a"), entry_hours=Hours([]))
    assert told(proved(rules(over_cap={"max": 0}), nobody)) == {}


def test_blackouts_and_dates() -> None:
    cadence = line(days(1), step("a"))
    one = only(proved(rules(blackout={"dates": ["2026-03-05"]}), cadence))
    assert one.start == us("2026-03-04T06:00:00Z")
    assert told(proved(rules(blackout={"dates": ["2026-03-20"]}), cadence)) == {}
    until = line(UntilDate(us("2026-03-05T18:00:00Z")), step("a"))
    assert told(proved(rules(blackout={"dates": ["2026-03-05"]}), until)) == {
        ("a", "CG403"): "sometimes"
    }
    always = proved(
        rules(blackout={"dates": ["2026-03-05"]}), until, end=us("2026-03-05T18:00:00Z")
    )
    assert told(always) == {("a", "CG403"): "always"}


def test_too_late() -> None:
    at = us("2026-03-05T18:00:00Z")
    one = only(proved(rules(too_late={}), line(days(1), step("a", not_after=at))))
    assert (one.certainty, one.start) == ("sometimes", at - DAY + 1)
    assert told(proved(rules(too_late={}), line(step("a", not_after=START - 1)))) == {
        ("a", "CG404"): "always"
    }


# -- ways ----------------------------------------------------------------------------------------


def test_always_is_on_every_way() -> None:
    cadence = flow(
        step("a", "?"),
        branch("?", "p", "q"),
        pause("p", hours(1), "b"),
        pause("q", days(3), "b"),
        step("b"),
    )
    assert told(proved(rules(over_cap=CAP), cadence)) == {("b", "CG301"): "sometimes"}


def test_no_way_is_judged_that_nobody_can_take() -> None:
    cadence = flow(
        step("a", "?"),
        ask("?", "clicked", "p", "q"),
        pause("p", hours(1), "b"),
        pause("q", days(3), "b"),
        step("b", "!"),
        ask("!", "clicked", None, "c"),
        step("c"),
        entry_signal="clicked",
    )
    assert told(proved(rules(over_cap=CAP), cadence)) == {("b", "CG301"): "always"}
    assert told(proved(rules(over_cap=CAP), replace(cadence, entry_signal=None))) == {
        ("b", "CG301"): "sometimes",
        ("c", "CG301"): "always",
    }


def test_at_once() -> None:
    cadence = flow(
        fan("*", "p", "q"),
        pause("p", hours(50), "b"),
        pause("q", UntilClock(0), "c"),
        step("b"),
        step("c"),
    )
    proof = proved(rules(too_soon={"gap": "27h"}), cadence)
    assert told(proof) == {("b", "CG302"): "sometimes"}
    assert only(proof).start == us("2026-03-02T06:00:00Z") + 1


def test_behind_a_wait_that_nobody_knows() -> None:
    cadence = line(step("a"), Unknown("?"), step("b"), hours(1), step("c"))
    proof = proved(rules(over_cap=CAP), cadence)
    assert told(proof) == {("c", "CG301"): "always"}
    assert only(proof).path.fresh


def test_a_signal_and_what_follows() -> None:
    cadence = flow(step("a", "?"), waiting("?", "replied", "b", days(5), "c"), step("b"), step("c"))
    ruleset = rules(already_answered={"for": "30d"}, over_cap=CAP)
    assert told(proved(ruleset, cadence)) == {
        ("b", "CG603"): "always",
        ("b", "CG301"): "sometimes",
    }


def test_many_waits_for_signals_that_nothing_reads() -> None:
    nodes: list[Node] = []
    for n in range(7):
        arms = (Arm(f"a{n + 1}", "clicked"), Arm(f"a{n + 1}", "opened"))
        nodes += [step(f"a{n}", f"w{n}"), Await(f"w{n}", (), arms, days(3), f"a{n + 1}")]
    cadence = flow(*nodes, step("a7"))
    proof = proved(rules(over_cap={"max": 7, "per": "30d"}), cadence)
    assert told(proof) == {("a7", "CG301"): "always"}
    assert not proof.incomplete  # 128 ways, and not 2,187


def test_a_streak_ends_with_a_signal() -> None:
    ruleset = rules(unanswered_streak={"steps": [{"after": 2, "gap": "30d"}]})
    cadence = flow(
        step("a", "p"), pause("p", days(1), "b"), step("b", "?"),
        waiting("?", "replied", "c", days(2), "d"), step("c"), step("d"),
    )  # fmt: skip
    assert told(proved(ruleset, cadence)) == {("d", "CG303"): "always"}


def test_a_handoff() -> None:
    ruleset = rules(not_the_holder={"for": "30d", "lapses": "2d"})
    cadence = flow(
        step("a", "h", team="marketing"), handover("h", "sales", "p"),
        pause("p", Elapsed(DAY, 3 * DAY), "b"), step("b", "q", team="sales"),
        pause("q", Elapsed(1, HOUR), "c"), step("c", team="sales"),
    )  # fmt: skip
    # Two days after the handoff nobody holds the contact, and marketing touched them.
    assert told(proved(ruleset, cadence)) == {
        ("b", "CG601"): "sometimes",
        ("c", "CG601"): "sometimes",
    }


def test_another_cadence_besides() -> None:
    other = line(hours(3), step("x"), name="other")
    cadence = flow(step("a", "e"), enter("e", "other", None))
    proof = proved(rules(over_cap=CAP), cadence, others={"other": other})
    one = only(proof)
    assert (one.step.id, one.cadence, one.certainty) == ("x", other, "always")


@pytest.mark.parametrize("wait", [days(3), UntilClock(9 * HOUR)])
@pytest.mark.parametrize("timeout", [days(2), days(5), None])
def test_a_signal_that_another_cadence_waits_for_ends_all_whose_exit_it_is(
    timeout: Any, wait: Any
) -> None:
    answered = rules(already_answered={"for": "30d"})
    other = flow(waiting("w", "replied", "x", timeout, None), step("x"), name="other")
    nodes = [enter("e", "other", "p"), pause("p", wait, "a"), step("a", "q"),
        pause("q", hours(1), "b"), step("b")]  # fmt: skip
    ends = flow(*nodes, exits=frozenset({"replied"}))
    assert told(proved(answered, ends, others={"other": other})) == {("x", "CG603"): "always"}
    goes_on = told(proved(answered, flow(*nodes), others={"other": other}))
    assert {("a", "CG603"), ("b", "CG603")} < goes_on.keys()


@pytest.mark.parametrize(("exits", "expected"), [(("replied",), "sometimes"), ((), "always")])
def test_an_exit_may_come_between_two_touches_of_a_step(
    exits: tuple[str, ...], expected: str
) -> None:
    """Then the second, which is refused whenever it is made, is not."""
    other = flow(waiting("w", "replied", None, days(3), None), name="other")
    call = step("c", channel="call", attempts=2, every=days(1))
    cadence = flow(enter("e", "other", "p"), pause("p", days(1), "c"), call, exits=frozenset(exits))
    ruleset = rules(missed_calls={"max": 1, "per": "7d"}, outside_hours=WORK)
    proof = proved(ruleset, cadence, others={"other": other}, end=START + 1)
    # hours are those of a touch that is not made, too
    assert told(proof) == {("c", "CG304"): expected, ("c", "CG401"): "always"}


def test_an_exit_may_come_between_two_touches_though_what_follows_it_is_only_bounded() -> None:
    """Behind the signal a clock says when the next call is made."""
    second = flow(
        step("c", channel="call", attempts=2, every=hours(1)), name="second",
        exits=frozenset({"replied"}),
    )  # fmt: skip
    cadence = flow(
        fan("*", "w", "e"), enter("e", "second", None),
        waiting("w", "replied", "p", hours(5), None), pause("p", UntilClock(9 * HOUR), "x"),
        step("x", channel="call"),
    )  # fmt: skip
    proof = proved(rules(too_soon={"gap": "3h"}), cadence, others={"second": second}, end=START + 1)
    assert told(proof)["c", "CG302"] == "sometimes"


@pytest.mark.parametrize(("clock", "expected"), [(9, "always"), (20, "sometimes")])
def test_a_clock_on_another_way_behind_the_same_range(clock: int, expected: str) -> None:
    """Who is invited at eight in the evening sharp is handed over before the mail of that instant;
    until nine in the morning nobody waits."""
    other = flow(
        pause("q", UntilClock(clock * HOUR), "h"), handover("h", "sales", None), name="other"
    )
    cadence = flow(
        waiting("w", "invited", "e", hours(5), None), enter("e", "other", "m"),
        step("m", "a", team="marketing"), step("a", team="sales"),
    )  # fmt: skip
    ruleset = rules(not_the_holder={"for": "7d", "lapses": "30d"})
    proof = proved(ruleset, cadence, others={"other": other}, end=START + 1)
    assert told(proof)["a", "CG601"] == expected


def test_a_streak_may_end_by_a_signal_on_another_way() -> None:
    """Two wait for a reply: the one that came first has the calls made, and the other may come
    between them."""
    other = flow(
        waiting("w", "replied", "c", hours(3), None),
        step("c", channel="call", attempts=2, every=hours(3)), name="other",
    )  # fmt: skip
    cadence = flow(enter("e", "other", "v"), waiting("v", "replied", None, hours(2), None))
    ruleset = rules(unanswered_streak={"steps": [{"after": 1, "gap": "2d"}]})
    proof = proved(ruleset, cadence, others={"other": other}, end=START + 1)
    assert told(proof) == {("c", "CG303"): "sometimes"}


@pytest.mark.parametrize("order", ["we", "ew"])
@pytest.mark.parametrize("entry", [[], [pause("e", days(1), "f")]])
def test_an_exit_that_is_waited_for_does_not_end_what_is_entered_at_once(
    order: str, entry: list[Node]
) -> None:
    """In whatever order they stand."""
    cadence = flow(
        fan("*", *order), waiting("w", "replied", None, days(3), None), *entry,
        enter("f" if entry else "e", "other", None), exits=frozenset({"replied"}),
    )  # fmt: skip
    other = line(days(1), step("x"), name="other")
    answered = rules(already_answered={"for": "30d"})
    proof = proved(answered, cadence, others={"other": other})
    assert told(proof) == {("x", "CG603"): "sometimes"}


@pytest.mark.parametrize("exits", [(), ("clicked",)])
def test_a_footprint_that_is_an_exit_is_not_like_others(exits: tuple[str, ...]) -> None:
    arms = tuple(Arm("y", kind) for kind in ("clicked", "opened"))
    other = flow(Await("w", (), arms, hours(1), None), step("y"), name="other")
    cadence = flow(
        enter("e", "other", "p"), pause("p", hours(2), "a"), step("a"), exits=frozenset(exits)
    )
    proof = proved(rules(too_soon={"gap": "90m"}), cadence, others={"other": other})
    assert told(proof) == {("a", "CG302"): "sometimes"}


def test_nothing_is_entered_behind_an_exit() -> None:
    answered = rules(already_answered={"for": "30d"})
    first = flow(waiting("w", "replied", None, days(2), None), name="first")
    other = flow(step("x"), name="other")
    cadence = flow(
        enter("e", "first", "p"), pause("p", days(1), "f"), enter("f", "other", None),
        exits=frozenset({"replied"}),
    )  # fmt: skip
    others = {"first": first, "other": other}
    assert told(proved(answered, cadence, others=others)) == {}
    goes_on = replace(cadence, exits=frozenset())
    assert told(proved(answered, goes_on, others=others)) == {("x", "CG603"): "sometimes"}


def test_a_cadence_entered_after_a_signal_is_not_ended_by_it() -> None:
    answered = rules(already_answered={"for": "30d"})
    other = flow(step("x"), name="other", exits=frozenset({"replied"}))
    cadence = flow(
        waiting("w", "replied", "p", days(2), None), pause("p", hours(1), "e"),
        enter("e", "other", None),
    )  # fmt: skip
    assert told(proved(answered, cadence, others={"other": other})) == {("x", "CG603"): "always"}


def test_a_loop_comes_by_the_hours_of_the_week() -> None:
    cadence = flow(step("a", "p"), pause("p", hours(20), "a"))
    proof = proved(
        rules(outside_hours=WORK),
        cadence,
        start=us("2026-03-02T15:00:00Z"),
        end=us("2026-03-02T15:00:01Z"),
    )
    assert told(proof) == {("a", "CG401"): "always"}


def test_a_loop_comes_by_dates() -> None:
    at = us("2026-03-20T00:00:00Z")
    for ruleset, late in (
        (rules(too_late={}), at),
        (rules(blackout={"dates": ["2026-03-20"]}), None),
    ):
        cadence = flow(step("a", "p", not_after=late), pause("p", days(1), "a"))
        assert set(told(proved(ruleset, cadence, end=START + 1)).values()) == {"always"}


def test_a_loop_waits_for_a_date() -> None:
    cadence = flow(
        step("a", "?"), branch("?", "p", "q"), pause("p", days(1), "a"),
        pause("q", UntilDate(us("2026-03-10T00:00:00Z")), "z"), step("z"),
    )  # fmt: skip
    assert told(proved(rules(too_soon={"gap": "1m"}), cadence, end=START + DAY)) == {
        ("z", "CG302"): "sometimes"
    }


@pytest.mark.parametrize(
    "nodes",
    [
        [pause("e", UntilClock(10 * HOUR), "x"), step("x")],
        [waiting("e", "clicked", None, UntilClock(10 * HOUR), "x"), step("x")],
        [pause("e", hours(2), "x"),
            step("x", channel="call", attempts=2, every=UntilClock(12 * HOUR))],
    ],
)  # fmt: skip
@pytest.mark.parametrize("entered", [False, True])
def test_a_loop_comes_by_the_hours_of_whatever_is_behind_it(nodes: Any, entered: bool) -> None:
    """At 18:00, 14:00 and 10:00; also of what is entered besides, and of what that enters."""
    others = {
        "between": flow(enter("f", "other", None), name="between"),
        "other": flow(*nodes, name="other"),
    }
    behind = [enter("e", "between", None)] if entered else nodes
    cadence = flow(step("a", "?"), branch("?", "p", "e"), pause("p", hours(20), "a"), *behind)
    proof = proved(rules(too_soon={"gap": "1h"}), cadence, end=START + 1, others=others)
    assert told(proof) == {("x", "CG302"): "sometimes"}


def test_a_loop_comes_by_dates_of_a_cadence_that_is_entered() -> None:
    cadence = flow(
        step("a", "?"), branch("?", "p", "e"), pause("p", days(1), "a"), enter("e", "other", None)
    )
    for ruleset, other, code in (
        (rules(too_late={}), flow(step("x", not_after=us("2026-03-20T00:00:00Z"))), "CG404"),
        (rules(too_soon={"gap": "1m"}),
            flow(pause("q", UntilDate(us("2026-03-10T00:00:00Z")), "x"), step("x")), "CG302"),
    ):  # fmt: skip
        others = {"other": replace(other, name="other")}
        proof = proved(ruleset, cadence, end=START + 1, others=others)
        assert told(proof) == {("x", code): "sometimes"}


@pytest.mark.parametrize(
    ("start", "nodes"),
    [
        ("a", [pause("q", days(10), "x", since_start=True)]),
        ("f", [fan("f", "a", "q"), pause("q", days(10), "x")]),
        ("e", [enter("e", "other", "a"), pause("q", days(10), "x")]),
        ("f", [fan("f", "a", "q"), waiting("q", "clicked", None, days(10), "x")]),
        ("f", [fan("f", "a", "q"), step("q", "x", "call", attempts=6, every=days(2))]),
        ("f", [fan("f", "a", "q"), pause("q", Elapsed(10 * DAY, None), "x")]),
    ],
)
def test_a_loop_is_gone_round_until_what_lies_beside_it_has_come(start: str, nodes: Any) -> None:
    """Ten days are twelve turns."""
    nodes = [*nodes, step("x"), step("a", "?"), branch("?", "p", "q" if start == "a" else None),
        pause("p", hours(20), "a")]  # fmt: skip
    cadence = replace(flow(*nodes), start=start)
    others = {"other": replace(flow(*nodes), name="other", start="q")}
    proof = proved(rules(too_soon={"gap": "1h", "channels": ["email"]}), cadence, others=others)
    assert set(told(proof).values()) == {"sometimes"}


def test_a_loop_comes_by_another_one() -> None:
    """After 460 hours: 23 turns of one, and an hour and 17 turns of the other."""
    cadence = flow(
        fan("*", "a", "o"), step("a", "p"), pause("p", hours(20), "a"),
        pause("o", hours(1), "b"), step("b", "q"), pause("q", hours(27), "b"),
    )  # fmt: skip
    proof = proved(rules(too_soon={"gap": "30m"}), cadence)
    assert not proof.incomplete
    assert told(proof) == {("b", "CG302"): "always"}


def test_a_loop_is_no_longer_for_a_cadence_that_is_not_entered() -> None:
    cadence = flow(step("a", "?"), branch("?", "p", None), pause("p", hours(20), "a"))
    other = flow(pause("q", UntilClock(10 * HOUR), "x"), step("x"), name="other")
    ruleset = rules(too_soon={"gap": "1h"})
    beside = proved(ruleset, cadence, others={"other": other})
    assert beside == proved(ruleset, cadence)


def test_a_wait_from_the_entry_lasts_in_one_turn_only() -> None:
    cadence = flow(
        step("a", "?"), branch("?", "p", None), pause("p", days(4), "q"),
        pause("q", days(30), "a", since_start=True),
    )  # fmt: skip
    assert told(proved(rules(over_cap={"max": 1, "per": "7d"}), cadence, end=START + DAY)) == {
        ("a", "CG301"): "sometimes"
    }


def test_a_streak_makes_a_loop_longer() -> None:
    ruleset = rules(
        unanswered_streak={"steps": [{"after": 5, "gap": "1m"}, {"after": 6, "gap": "2d"}]}
    )
    cadence = flow(step("a", "p"), pause("p", days(1), "a"))
    assert told(proved(ruleset, cadence)) == {("a", "CG303"): "always"}


# -- always --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        # The second and the third are too soon for everybody, the first for nobody.
        (hours(1), "always"),
        (days(1), None),
        # So is one or the other, by the night of 23 hours.
        (LocalDays(1), "sometimes"),
        (Elapsed(HOUR, 2 * HOUR), "always"),
        (Elapsed(HOUR, DAY), "sometimes"),
    ],
)
def test_a_call_tried_again_is_always_too_soon(every: Any, expected: str | None) -> None:
    cadence = line(step("a", channel="call", attempts=3, every=every))
    proof = proved(rules(too_soon={"gap": "1d"}), cadence)
    assert told(proof) == ({("a", "CG302"): expected} if expected else {})


def test_one_turn_or_the_other_is_refused_from_every_start() -> None:
    """Noon is the second turn's for half of the starts, and the third's for the others."""
    soon = rules(outside_hours={"windows": [{"days": ["mon"], "from": "00:00", "to": "12:00"}]})
    cadence = line(step("a", channel="call", attempts=3, every=hours(6)))
    morning = us("2026-03-02T06:00:00Z")
    assert told(proved(soon, cadence, start=morning, end=morning + 12 * HOUR)) == {
        ("a", "CG401"): "always"
    }
    early = proved(soon, cadence, start=morning - 1, end=morning + 12 * HOUR)
    assert told(early) == {("a", "CG401"): "always"}
    twice = line(step("a", channel="call", attempts=2, every=hours(6)))
    assert told(proved(soon, twice, start=morning, end=morning + 12 * HOUR)) == {
        ("a", "CG401"): "sometimes"
    }


def test_a_way_with_one_turn_only_says_that_it_is_not_always() -> None:
    cadence = flow(
        step("a", "?"), branch("?", "p", None), pause("p", hours(1), "a"),
    )  # fmt: skip
    assert told(proved(rules(too_soon={"gap": "1d"}), cadence)) == {("a", "CG302"): "sometimes"}
    endless = flow(step("a", "p"), pause("p", hours(1), "a"))
    assert told(proved(rules(too_soon={"gap": "1d"}), endless)) == {("a", "CG302"): "always"}


def test_a_way_on_which_it_is_not_made_says_nothing() -> None:
    cadence = flow(branch("?", "a", None), step("a", channel="call", attempts=2, every=hours(1)))
    assert told(proved(rules(too_soon={"gap": "1d"}), cadence)) == {("a", "CG302"): "always"}


def test_two_ways_at_once_that_join() -> None:
    cadence = flow(
        fan("*", "p", "q"), pause("p", hours(1), "a"), pause("q", days(3), "a"), step("a")
    )
    assert told(proved(rules(too_soon={"gap": "3d"}), cadence)) == {("a", "CG302"): "always"}
    alike = flow(fan("*", "p", "p"), pause("p", UntilClock(0), "a"), step("a"))
    assert told(proved(rules(over_cap=CAP), alike)) == {("a", "CG301"): "always"}
    ranged = flow(
        fan("*", "p", "q"), pause("p", hours(1), "a"), pause("q", Elapsed(0, 2 * HOUR), "a"),
        step("a"),
    )  # fmt: skip
    # One of them is refused, but which one hangs on the range.
    assert told(proved(rules(over_cap=CAP), ranged)) == {("a", "CG301"): "sometimes"}


MORNING = rules(outside_hours={"windows": [{"days": ["mon"], "from": "06:00", "to": "12:00"}]})
MIDNIGHT = us("2026-03-02T06:00:00Z")


def test_turns_that_hang_on_one_range_are_taken_together() -> None:
    """Who is not too early is too late six hours later."""
    call = step("a", channel="call", attempts=2, every=hours(6))
    cadence = line(step("z", channel="meeting"), Elapsed(5 * HOUR, 11 * HOUR), call)
    proof = proved(MORNING, cadence, start=MIDNIGHT, end=MIDNIGHT + HOUR)
    assert told(proof)["a", "CG401"] == "always"
    # Each wait of its own: which of them comes at noon hangs on how they fall, but one does.
    each = step("a", channel="call", attempts=3, every=Elapsed(4 * HOUR, 9 * HOUR))
    proof = proved(MORNING, line(each), start=MIDNIGHT, end=MIDNIGHT + 7 * HOUR)
    assert told(proof) == {("a", "CG401"): "always"}
    assert not proof.unsure


@pytest.mark.parametrize(
    ("first", "second", "gap", "said"),
    [
        # from ten: 7 hours later they are closed till the next day, and 24 hours later open again
        (Elapsed(4 * HOUR, 28 * HOUR), Elapsed(0, 0), "10h", "sometimes"),
        (Elapsed(4 * HOUR, 28 * HOUR), Elapsed(0, 0), "17h", "always"),
        # one short and one long: 5 and a half hours, though it is 3 and a half or 3 for both
        (Elapsed(0, 5 * HOUR), Elapsed(0, 2 * HOUR), "5h", "sometimes"),
        (Elapsed(0, 5 * HOUR), Elapsed(0, 2 * HOUR), "17h", "always"),
        # seldom are they farther apart than a weekend
        (Elapsed(0, 5 * HOUR), Elapsed(0, 60 * DAY), "90d", "always"),
    ],
)
def test_a_clock_between_two_touches_behind_a_range(
    first: Elapsed, second: Elapsed, gap: str, said: str
) -> None:
    """A fall between the shortest and the longest may be the one that lets pass."""
    office = Hours([(range(7), 9 * HOUR, 17 * HOUR)])
    cadence = line(first, step("a"), UntilOpen(office, "09:00-17:00"), second, step("b"))
    start = MIDNIGHT + 6 * HOUR
    proof = proved(rules(too_soon={"gap": gap}), cadence, start=start, end=start + HOUR // 60)
    assert told(proof) == {("b", "CG302"): said}
    assert not proof.incomplete


def test_what_is_too_much_to_bound_is_not_said_to_be_always() -> None:
    """A wait behind a range that takes longer than 60 days is not followed as a range."""
    autumn = UntilDate(us("2026-09-01T00:00:00Z"))
    cadence = line(
        Elapsed(0, 5 * HOUR), step("z"), Elapsed(0, HOUR), step("a"), autumn, step("b")
    )  # fmt: skip
    count = rules(over_cap={"max": 2, "per": "300d"})
    proof = proved(count, cadence, start=MIDNIGHT, end=MIDNIGHT + HOUR)
    assert told(proof) == {("b", "CG301"): "sometimes"}
    assert proof.unsure == {("trial", "b")}
    assert not proof.incomplete


def test_turns_that_stand_while_others_move() -> None:
    """Who starts too early is too early, and who does not is too late at one."""
    cadence = line(
        UntilOpen(OFFICE, "work"), step("a", step="letter"), UntilClock(HOUR),
        step("b", step="letter"), UntilClock(13 * HOUR), step("c", step="letter"),
    )  # fmt: skip
    proof = proved(MORNING, cadence, start=MIDNIGHT, end=MIDNIGHT + 12 * HOUR)
    assert told(proof) == {("b", "CG401"): "always"}
    mixed = line(step("a", step="letter"), UntilClock(6 * HOUR), step("b", step="letter"))
    early = proved(MORNING, mixed, start=MIDNIGHT, end=MIDNIGHT + 9 * HOUR)
    assert told(early) == {("a", "CG401"): "sometimes"}
    turns = line(step("a", step="letter"), UntilClock(12 * HOUR), step("b", step="letter"))
    noon = rules(outside_hours=WORK, too_soon={"gap": "5h"})
    found = proved(noon, turns, start=MIDNIGHT, end=MIDNIGHT + 11 * HOUR)
    assert told(found) == {("a", "CG401"): "sometimes", ("b", "CG302"): "sometimes"}


def test_turns_of_which_some_hang_on_the_entry() -> None:
    late = rules(outside_hours={"windows": [{"days": ["mon"], "from": "00:00", "to": "12:00"}]})
    morning = us("2026-03-02T06:00:00Z")
    cadence = flow(
        step("s0", "p0", step="letter"), pause("p0", Elapsed(HOUR, 2 * HOUR), "s1"),
        step("s1", "p1", step="letter"), pause("p1", hours(11.5), "s2", since_start=True),
        step("s2", step="letter"),
    )  # fmt: skip
    proof = proved(late, cadence, start=morning, end=morning + HOUR)
    assert told(proof) == {("s2", "CG401"): "sometimes"}
    assert not proof.incomplete


def test_turns_before_what_hangs_on_a_range_and_the_entry() -> None:
    cadence = flow(
        step("s0", "p0", channel="call", attempts=2, every=hours(6), step="letter"),
        pause("p0", Elapsed(HOUR, 2 * HOUR), "s1"), step("s1", "p1", step="letter"),
        pause("p1", hours(7.5), "s2", since_start=True), step("s2", step="letter"),
    )  # fmt: skip
    proof = proved(MORNING, cadence, start=MIDNIGHT, end=MIDNIGHT + 12 * HOUR)
    assert told(proof) == {("s0", "CG401"): "always"}
    assert not proof.incomplete


def test_a_turn_that_never_comes_objects_to_nothing() -> None:
    never = UntilOpen(Hours([]), "never")
    soon = rules(too_soon={"gap": "1d"}, over_cap={"max": 0})
    cadence = flow(fan("*", "p", "a"), pause("p", never, "a"), step("a"))
    assert told(proved(soon, cadence)) == {("a", "CG301"): "always"}
    tried = line(step("a", channel="call", attempts=2, every=never))
    assert told(proved(rules(missed_calls={"max": 1, "per": "1d"}), tried)) == {}
    # Nobody comes to either.
    both = flow(fan("*", "p", "q"), pause("p", never, "a"), pause("q", never, "a"), step("a"))
    assert told(proved(soon, both)) == {}


def test_turns_that_are_too_much_to_judge_together_are_sometimes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    soon = rules(too_soon={"gap": "1d"}, outside_hours=WORK)
    cadence = line(step("a", channel="call", attempts=3, every=hours(8)))
    assert told(proved(soon, cadence)) == {("a", "CG302"): "always", ("a", "CG401"): "always"}
    monkeypatch.setattr("cadence_guard.check.proof.turns.WORK", 12)
    cut = proved(soon, cadence)
    assert told(cut) == {("a", "CG302"): "always", ("a", "CG401"): "sometimes"}
    assert not cut.incomplete


def test_ways_that_were_not_looked_at_leave_nothing_always() -> None:
    cadence = flow(
        step("a", "b"), step("b", "?"),
        branch("?", *(f"s{n}" for n in range(WAYS + 1))),
        *(step(f"s{n}") for n in range(WAYS + 1)),
    )  # fmt: skip
    proof = proved(rules(too_soon={"gap": "1d"}), cadence)
    assert proof.incomplete
    assert set(told(proof).values()) == {"sometimes"}


def test_what_a_person_answered_before_a_range() -> None:
    """Whether the letter was an answer, and so is not counted, hangs on the range before it."""
    policy = Policy(
        rules={"too-soon": {"gap": "30d"}}, answers={"signals": ["invited"], "within": "2d"}
    )
    cadence = line(
        Elapsed(DAY, 3 * DAY), step("a", automated=False), days(1), step("b"),
        audience=Audience(grounds=(Ground("consent", age=0), Ground("invited", age=0))),
    )  # fmt: skip
    assert told(proved(Ruleset(policy), cadence)) == {("b", "CG302"): "sometimes"}


@pytest.mark.parametrize("order", ["qb", "bq"])
def test_what_a_person_answers_beside_a_touch(order: str) -> None:
    """Where the letter is sent at once with the wait, it is an answer from every start."""
    said = {"signals": ["invited"], "within": "2d"}
    ruleset = Ruleset(Policy(rules={"over-cap": {"max": 1, "per": "7d"}}, answers=said))
    cadence = flow(
        branch("?", "a", "p"), step("a", "q"), pause("p", Elapsed(0, HOUR), "*"), fan("*", *order),
        step("b", automated=False), pause("q", days(1), "x"), step("x"),
        audience=Audience(grounds=(Ground("consent", age=0), Ground("invited", age=0))),
    )  # fmt: skip
    assert told(proved(ruleset, cadence)) == {("x", "CG301"): "sometimes"}


# -- ranges --------------------------------------------------------------------------------------


def test_the_instants_a_range_can_reach() -> None:
    cadence = line(UntilClock(9 * HOUR), Elapsed(0, 7 * HOUR), step("a"))
    week = us("2026-03-02T06:00:00Z"), us("2026-03-06T15:00:00Z")
    assert told(proved(rules(outside_hours=WORK), cadence, start=week[0], end=week[1])) == {}
    later = line(UntilClock(9 * HOUR), Elapsed(0, 9 * HOUR), step("a"))
    one = only(proved(rules(outside_hours=WORK), later, start=week[0], end=week[1]))
    assert one.certainty == "sometimes"
    assert one.times[0] >= us("2026-03-02T15:00:00Z") + 8 * HOUR
    middle = line(UntilClock(9 * HOUR, frozenset((1,))), Elapsed(0, 30 * HOUR), step("a"))
    one = only(proved(rules(outside_hours=WORK), middle, start=week[0], end=week[1]))
    assert one.times == (us("2026-03-03T23:00:00Z"),)
    night = line(UntilClock(18 * HOUR), Elapsed(0, 9 * HOUR), step("a"))
    assert told(proved(rules(outside_hours=WORK), night)) == {("a", "CG401"): "always"}


def test_behind_a_range_the_way_back_to_the_entry_is_found() -> None:
    cadence = line(
        UntilOpen(OFFICE, "work"), step("a"), Elapsed(HOUR, 30 * HOUR), LocalDays(1),
        Elapsed(0, HOUR), step("b"), UntilClock(12 * HOUR), step("c"),
    )  # fmt: skip
    proof = proved(rules(too_soon={"gap": "1h"}, over_cap={"max": 1, "per": "30m"}), cadence)
    for one in proof.objections:
        a, b, c = one.times
        assert one.certainty == "sometimes"
        assert START <= one.start <= a < b <= c
        assert 25 * HOUR - HOUR <= b - a <= 56 * HOUR
    assert told(proof) == {("c", "CG301"): "sometimes", ("c", "CG302"): "sometimes"}


def at_once(one: Any, other: Any) -> Cadence:
    """Two touches, each after a wait of its own."""
    return flow(
        fan("*", "p", "q"), pause("p", one, "a"), pause("q", other, "b"), step("a"), step("b")
    )


@pytest.mark.parametrize(
    ("one", "other", "gap", "expected"),
    [
        # They meet, and whoever is later is too near.
        (Elapsed(HOUR, 3 * HOUR), hours(2), "1h", {"a": "sometimes", "b": "sometimes"}),
        (Elapsed(HOUR, 3 * HOUR), hours(2), "1m", {"a": "sometimes", "b": "sometimes"}),
        (Elapsed(0, HOUR), hours(1), "2h", {"b": "always"}),
        # They come as near as may be, and a little nearer.
        (Elapsed(HOUR, 3 * HOUR), hours(4), "1h", {}),
        (Elapsed(HOUR, 3 * HOUR + 1), hours(4), "1h", {"b": "sometimes"}),
        (Elapsed(HOUR, 3 * HOUR), Elapsed(4 * HOUR, 5 * HOUR), "1h", {}),
        (Elapsed(HOUR, 3 * HOUR), Elapsed(4 * HOUR - 1, 5 * HOUR), "1h", {"b": "sometimes"}),
        # At the same instant the first in the file is first.
        (Elapsed(HOUR, 2 * HOUR), Elapsed(2 * HOUR, 3 * HOUR), "1m", {"b": "sometimes"}),
        # A date far off is met by none of them.
        (Elapsed(HOUR, 2 * HOUR), UntilDate(START + 30 * DAY), "1h", {}),
    ],
)
def test_ranges_at_once(one: Any, other: Any, gap: str, expected: dict[str, str]) -> None:
    proof = proved(rules(too_soon={"gap": gap}), at_once(one, other), end=START + DAY)
    assert {step: certainty for (step, _), certainty in told(proof).items()} == expected


@pytest.mark.parametrize("within", ["1h", "29h", "31h"])
def test_a_person_behind_two_ranges_and_a_date(within: str) -> None:
    """Only a fall between brings both touches to one instant; the first may be an answer, or not
    for every fall."""
    cadence = line(
        Elapsed(0, 8 * HOUR), step("a", automated=False), Elapsed(0, 4 * HOUR),
        UntilDate(START + 6 * HOUR), step("b", automated=False), audience=INVITED,
    )  # fmt: skip
    proof = proved(soon_but_for(within), cadence, end=START + HOUR)
    assert told(proof) == {("b", "CG302"): "sometimes"}
    assert not proof.incomplete


@pytest.mark.parametrize(
    ("within", "complete"),
    [
        ("30d", True),  # the first is always an answer
        ("28h", False),  # it is one before the first window only, and then the second one objects
    ],
)
def test_an_answer_before_one_window_only(within: str, complete: bool) -> None:
    cadence = line(
        Elapsed(0, 8 * HOUR), step("a", automated=False), Elapsed(0, 4 * HOUR),
        TWICE_A_DAY, step("b", automated=False), audience=INVITED,
    )  # fmt: skip
    proof = proved(soon_but_for(within), cadence, end=START + MINUTE)
    assert not proof.objections
    assert bool(proof.incomplete) is not complete


@pytest.mark.parametrize(("lapses", "complete"), [("30d", True), ("4h", False)])
def test_a_baton_that_lapses_behind_one_window_only(lapses: str, complete: bool) -> None:
    cadence = flow(
        handover("h", "sales", "w"), pause("w", Elapsed(0, 8 * HOUR), "a"),
        step("a", "v", team="marketing"), pause("v", Elapsed(0, 4 * HOUR), "d"),
        pause("d", TWICE_A_DAY, "b"), step("b", team="sales"),
    )  # fmt: skip
    holder = rules(not_the_holder={"for": "30m", "lapses": lapses})
    proof = proved(holder, cadence, end=START + MINUTE)
    assert ("b", "CG601") not in told(proof)
    assert bool(proof.incomplete) is not complete


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([{"after": 2, "gap": "42h"}], {("c", "CG303"): "sometimes"}),
        ([{"after": 3, "gap": "42h"}], {}),
        # What the last two touches are, they are without the first.
        ([{"after": 1, "gap": "42h"}], {("c", "CG303"): "sometimes"}),
    ],
)
def test_a_streak_that_is_longer_for_what_was_before_a_range(
    steps: list[Any], expected: dict[tuple[str, str], str]
) -> None:
    """Only a fall between brings the second touch near the third, at a time of day."""
    cadence = line(
        step("a"), Elapsed(4 * DAY, 4 * DAY + 8 * HOUR), step("b"), hours(40),
        UntilClock(14 * HOUR, frozenset(range(7))), step("c"),
    )  # fmt: skip
    proof = proved(rules(unanswered_streak={"steps": steps}), cadence, end=START + HOUR)
    assert told(proof) == expected
    assert not proof.incomplete


def test_a_signal_beside_another_cadence() -> None:
    other = line(days(1), step("x"), name="other")
    cadence = flow(
        step("a", "e"),
        enter("e", "other", "?"),
        waiting("?", "clicked", "b", days(2), None),
        step("b"),
    )
    proof = proved(rules(too_soon={"gap": "1m"}), cadence, others={"other": other})
    assert told(proof) == {("b", "CG302"): "sometimes", ("x", "CG302"): "sometimes"}
    assert not proof.incomplete


def test_a_range_in_another_cadence() -> None:
    other = flow(
        pause("p", hours(2), "q", since_start=True), pause("q", Elapsed(HOUR, 2 * HOUR), "x"),
        step("x", "r"), pause("r", hours(9), "y", since_start=True), step("y"), name="other",
    )  # fmt: skip
    cadence = flow(step("a", "w"), pause("w", hours(1), "e"), enter("e", "other", None))
    proof = proved(rules(too_soon={"gap": "270m"}), cadence, others={"other": other})
    assert told(proof) == {("x", "CG302"): "sometimes"}
    assert not proof.incomplete
    assert [one.times for one in proof.objections] == [
        (START, START + HOUR, START + 4 * HOUR, START + 10 * HOUR)
    ]


def test_a_range_on_both_sides_of_a_fork() -> None:
    """What hangs on a range is as near as it is, however it falls."""
    cadence = flow(
        pause("p", Elapsed(HOUR, 9 * HOUR), "a"), step("a", "*"), fan("*", "q", "r"),
        pause("q", hours(1), "b"), pause("r", Elapsed(2 * HOUR, 5 * HOUR), "c"),
        step("b"), step("c"),
    )  # fmt: skip
    proof = proved(rules(too_soon={"gap": "3h"}), cadence)
    assert told(proof) == {("b", "CG302"): "always", ("c", "CG302"): "sometimes"}
    assert not proof.incomplete
    hour = proved(rules(outside_hours=WORK), cadence)
    assert told(hour) == {(each, "CG401"): "sometimes" for each in "abc"}
    assert [one.times[one.index] for one in hour.objections] == sorted(
        one.times[one.index] for one in hour.objections
    )


def test_the_way_back_to_the_entry_beside_other_ways() -> None:
    """Only between its shortest and its longest does the range lie outside the hours."""
    cadence = flow(
        pause("w", UntilClock(9 * HOUR), "*"), fan("*", "p", "q", "r"),
        pause("p", Elapsed(0, 30 * HOUR), "a"), pause("q", hours(1), "b"),
        pause("r", days(30), "c", since_start=True), step("a"), step("b"), step("c"),
    )  # fmt: skip
    start = us("2026-03-03T14:00:00Z")
    proof = proved(rules(outside_hours=WORK), cadence, start=start, end=start + HOUR)
    assert not proof.incomplete
    one = next(one for one in proof.objections if one.step.id == "a")
    nine = start + HOUR
    assert one.start == start
    assert one.times == (nine, nine + 8 * HOUR, nine + HOUR, start + 30 * DAY)


def test_two_ranges_before_one_stop_beside_other_ways() -> None:
    cadence = at_once(Elapsed(HOUR, None), hours(2))
    assert told(proved(rules(too_soon={"gap": "1m"}), cadence)) == {
        ("a", "CG302"): "sometimes",
        ("b", "CG302"): "sometimes",
    }
    twice = flow(
        fan("*", "?", "q"), waiting("?", None, "p", days(1), None),
        pause("p", Elapsed(1, HOUR), "a"), pause("q", days(3), "b"), step("a"), step("b"),
    )  # fmt: skip
    proof = proved(rules(too_soon={"gap": "47h"}), twice)
    assert told(proof) == {}
    assert told(proved(rules(too_soon={"gap": "48h"}), twice)) == {("b", "CG302"): "sometimes"}
    assert not proof.incomplete


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        # The wait that counts from the entry always ends later: so far apart are they then.
        (hours(5), {("b", "CG302"): "sometimes"}),
        (hours(6), {}),
        (Elapsed(5 * HOUR, 6 * HOUR), {("b", "CG302"): "sometimes"}),
        (hours(3), {("b", "CG302"): "always"}),
        # It never does: then there is no wait at all.
        (hours(1), {("b", "CG302"): "always"}),
    ],
)
def test_a_wait_from_the_entry_behind_a_range(wait: Any, expected: dict[Any, str]) -> None:
    cadence = flow(
        pause("p", Elapsed(HOUR, 3 * HOUR), "a"), step("a", "q"),
        pause("q", wait, "b", since_start=True), step("b"),
    )  # fmt: skip
    proof = proved(rules(too_soon={"gap": "3h"}), cadence)
    assert told(proof) == expected
    assert not proof.incomplete


def test_stretches_that_hang_on_the_entry_alone() -> None:
    """The nearest is the last of one stretch, and the first of the next."""
    cadence = flow(
        pause("p", Elapsed(HOUR, 3 * HOUR), "a"), step("a", "q"),
        pause("q", Elapsed(9 * HOUR, 12 * HOUR), "b", since_start=True), step("b", "r"),
        pause("r", Elapsed(HOUR, 2 * HOUR), "c"), step("c"),
    )  # fmt: skip
    proof = proved(rules(too_soon={"gap": "6h"}), cadence)
    assert told(proof) == {("c", "CG302"): "always"}
    near = proved(rules(too_soon={"gap": "361m", "channels": ["email"]}), cadence)
    assert told(near) == {("b", "CG302"): "sometimes", ("c", "CG302"): "always"}
    one = next(one for one in near.objections if one.step.id == "b")
    assert one.times[1] - one.times[0] == 6 * HOUR
    hour = proved(rules(outside_hours=WORK), cadence)
    assert {one.step.id for one in hour.objections} == {"a", "b", "c"}


def free(n: int, wait: Any) -> Cadence:
    """So many touches at once."""
    waits = [pause(f"p{k}", wait, f"s{k}") for k in range(n)]
    return flow(fan("*", *(each.id for each in waits)), *waits, *(step(f"s{k}") for k in range(n)))


BEHIND = [pause("p", Elapsed(HOUR, 9 * HOUR), "p2"), pause("p2", UntilClock(12 * HOUR), "a")]
"""A range, and then the clock."""


@pytest.mark.parametrize(
    "cadence",
    [
        # Whether they meet hangs on the range and on the clock.
        flow(fan("*", "p", "q"), *BEHIND, pause("q", days(1.2), "b"), step("a"), step("b")),
        # So long that nothing can be said.
        flow(
            fan("*", "p", "q"), pause("p", Elapsed(HOUR, 9 * HOUR), "p2"),
            pause("p2", LocalDays(70), "a"), pause("q", days(70), "b"), step("a"), step("b"),
        ),
        # Whether the wait from the entry ends later does.
        flow(
            *BEHIND, step("a", "q"), pause("q", LocalDays(1), "b", since_start=True), step("b"),
        ),
        # Too many of them, and too many ways to meet.
        free(6, Elapsed(HOUR, 3 * HOUR)),
        free(5, Elapsed(HOUR, 3 * HOUR)),
        # The same behind a range.
        flow(
            pause("w", Elapsed(HOUR, 3 * HOUR), "*"),
            *free(6, Elapsed(HOUR, 3 * HOUR)).nodes.values(),
        ),
    ],
)  # fmt: skip
def test_ranges_that_are_not_followed_say_so(cadence: Cadence) -> None:
    ruleset = rules(too_soon={"gap": "1m"}, unanswered_streak=NONE_YET)
    proof = proved(ruleset, cadence, end=START + HOUR)
    assert [reason[:13] for reason in proof.incomplete] == ["how its range"]
    assert set(told(proof).values()) <= {"sometimes"}


NONE_YET = {"steps": [{"after": 90, "gap": "1d"}]}


@pytest.mark.parametrize("cap", [2, 1])
def test_what_nothing_objects_to_however_they_fall_is_clean(cap: int) -> None:
    """It is not followed how they fall, and it need not be."""
    cadence = flow(
        fan("*", "p", "q"), *BEHIND, pause("q", days(1.2), "b"), step("a", "r"), step("b"),
        pause("r", hours(30), "c", since_start=True), step("c", channel="sms"),
    )  # fmt: skip
    ruleset = rules(over_cap={"max": cap, "per": "10d", "channels": ["email"]})
    proof = proved(ruleset, cadence)
    assert proof.incomplete == ()
    if cap == 2:
        assert told(proof) == {}
    else:
        # One of them comes later, and which hangs on how they fall: both are seen to.
        assert told(proof) == {("a", "CG301"): "sometimes", ("b", "CG301"): "sometimes"}


def test_what_may_be_always_so_is_said_to_be_in_doubt() -> None:
    cadence = flow(
        *BEHIND, step("a", "q"), pause("q", LocalDays(1), "b", since_start=True), step("b"),
    )  # fmt: skip
    proof = proved(rules(over_cap={"max": 1, "per": "10d"}), cadence)
    assert told(proof) == {("b", "CG301"): "always"}
    assert (proof.incomplete, proof.unsure) == ((), frozenset())
    three = proved(rules(outside_hours=WORK, over_cap={"max": 1, "per": "25h"}), cadence)
    assert told(three)["b", "CG301"] == "sometimes"
    assert three.unsure == {("trial", "b")}


@pytest.mark.parametrize(
    ("one", "other", "gap", "expected"),
    [
        # The clock stands still, and the range can end at any time about it.
        (Elapsed(HOUR, 9 * HOUR), UntilClock(12 * HOUR), "1m", {"a", "b"}),
        (Elapsed(HOUR, 9 * HOUR), UntilDate(START + 3 * DAY), "1m", set()),
        (Elapsed(HOUR, None), UntilDate(START + 3 * DAY), "1m", {"a", "b"}),
    ],
)
def test_a_range_beside_the_clock(one: Any, other: Any, gap: str, expected: set[str]) -> None:
    proof = proved(rules(too_soon={"gap": gap}), at_once(one, other), end=START + DAY)
    assert told(proof) == {(each, "CG302"): "sometimes" for each in expected}
    assert not proof.incomplete


@pytest.mark.parametrize(
    ("gap", "expected"),
    [("1h", "sometimes"), ("61m", "always"), ("59m", "sometimes")],
)
def test_a_wait_from_the_entry_that_a_range_may_outlast(gap: str, expected: str) -> None:
    """From an hour after the first touch to none."""
    cadence = flow(
        pause("p", Elapsed(HOUR, 3 * HOUR), "a"), step("a", "q"),
        pause("q", hours(2), "b", since_start=True), step("b"),
    )  # fmt: skip
    proof = proved(rules(too_soon={"gap": gap}), cadence)
    assert told(proof) == {("b", "CG302"): expected}
    assert (proof.incomplete, proof.unsure) == ((), frozenset())


def test_the_way_back_from_a_wait_that_a_range_may_outlast() -> None:
    cadence = flow(
        pause("p", Elapsed(HOUR, 2 * HOUR), "a"), step("a", "r"),
        pause("r", Elapsed(0, HOUR), "c"), step("c", "q"),
        pause("q", hours(2), "b", since_start=True), step("b", "s"),
        pause("s", hours(1), "d"), step("d"),
    )  # fmt: skip
    ruleset = rules(outside_hours={"channels": ["email"], **WORK})
    # At 14:30 it may be 16:30 or as late as 17:30, and an hour later is later than five.
    start = us("2026-03-02T20:30:00Z")
    proof = proved(ruleset, cadence, start=start, end=start + 1)
    assert told(proof) == {
        ("c", "CG401"): "sometimes", ("b", "CG401"): "sometimes", ("d", "CG401"): "always",
    }  # fmt: skip
    assert (proof.incomplete, proof.unsure) == ((), frozenset())
    for one in proof.objections:
        a, c, b, d = one.times
        assert HOUR <= a - start <= 2 * HOUR
        assert 0 <= c - a <= HOUR
        assert b == max(c, start + 2 * HOUR)
        assert d == b + HOUR


def test_the_way_back_if_only_the_midst_is_refused() -> None:
    """From five to ten past five; the shortest and the longest lie before and behind it."""
    day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    ruleset = rules(
        outside_hours={
            "channels": ["email"],
            "windows": [
                {"days": day, "from": "09:00", "to": "17:00"},
                {"days": day, "from": "17:10", "to": "23:00"},
            ],
        }
    )
    start = us("2026-03-02T20:30:00Z")
    for first, second in (((1, 1.5), (0, 1.5)), ((1, 2), (0, None))):
        low, high = second
        cadence = flow(
            pause("p", Elapsed(*(round(n * HOUR) for n in first)), "a"),
            step("a", "r", channel="sms"),
            pause("r", Elapsed(low, None if high is None else round(high * HOUR)), "c"),
            step("c", "q", channel="sms"),
            pause("q", hours(2), "b", since_start=True), step("b"),
        )  # fmt: skip
        proof = proved(ruleset, cadence, start=start, end=start + 1)
        one = only(proof)
        assert (one.step.id, one.certainty) == ("b", "sometimes")
        a, c, b = one.times
        assert start + HOUR <= a <= c <= b == max(c, start + 2 * HOUR)
        assert us("2026-03-02T23:00:00Z") <= b < us("2026-03-02T23:10:00Z")
        assert not proof.incomplete


def test_ranges_from_the_entry_beside_other_ways() -> None:
    cadence = flow(
        fan("*", "p", "q"), pause("p", Elapsed(HOUR, 3 * HOUR), "a", since_start=True),
        pause("q", hours(2), "f"), fan("f", "b", "r"), step("a"), step("b"),
        pause("r", UntilDate(START + DAY), "c"), step("c", channel="sms"),
    )  # fmt: skip
    clean = rules(over_cap={"max": 2, "per": "10d", "channels": ["email"]})
    proof = proved(clean, cadence)
    assert (told(proof), proof.incomplete) == ({}, ())
    both = told(proved(rules(too_soon={"gap": "1h", "channels": ["email"]}), cadence))
    assert set(both.values()) <= {"sometimes"}


def test_a_date_behind_a_range_beside_other_ways() -> None:
    cadence = flow(
        fan("*", "p", "q"), pause("p", Elapsed(HOUR, 3 * HOUR), "d"),
        pause("d", UntilDate(START + 2 * DAY), "a"), step("a"), pause("q", days(2), "b"), step("b"),
    )  # fmt: skip
    clean = rules(over_cap={"max": 2, "per": "10d"})
    assert proved(clean, cadence).incomplete == ()


def test_a_range_from_the_entry_behind_a_range() -> None:
    cadence = flow(
        pause("p", Elapsed(HOUR, 3 * HOUR), "a"), step("a", "q"),
        pause("q", Elapsed(2 * HOUR, 4 * HOUR), "b", since_start=True), step("b"),
    )  # fmt: skip
    proof = proved(rules(too_soon={"gap": "3h"}), cadence)
    assert told(proof) == {("b", "CG302"): "sometimes"}
    assert not proof.incomplete
    assert told(proved(rules(over_cap={"max": 2, "per": "3h"}), cadence)) == {}


def test_three_that_meet() -> None:
    """No two of them need be near the third for the third to be one too many."""
    wait = Elapsed(HOUR, 9 * HOUR)
    cadence = flow(
        fan("*", "p", "q", "r"), pause("p", wait, "a"), pause("q", wait, "b"),
        pause("r", hours(5), "c"), step("a"), step("b"), step("c"),
    )  # fmt: skip
    proof = proved(rules(over_cap={"max": 2, "per": "30m"}), cadence)
    assert told(proof) == {(each, "CG301"): "sometimes" for each in "abc"}
    assert not proof.incomplete


@pytest.mark.parametrize(
    ("wait", "start", "nearest"),
    [
        # From Friday noon to Saturday noon: behind midnight it is Monday all the same.
        (BusinessDays(1), "2026-02-27T18:00:00Z", 60),
        (BusinessDays(2), "2026-02-27T18:00:00Z", 84),
        # Until Monday at the same time: later on Sunday than on Monday.
        (UntilDay(frozenset((0,))), "2026-03-01T18:00:00Z", 12),
        # At 02:30 it will be 03:30, and at three it will be three.
        (LocalDays(1), "2026-03-07T08:00:00Z", 24),
    ],
)
def test_a_wait_behind_a_range_that_ends_the_earlier_the_later_it_begins(
    wait: Any, start: str, nearest: int
) -> None:
    begins = us(start)
    cadence = line(step("a"), Elapsed(0, 24 * HOUR), wait, step("b"))
    for gap, objects in ((nearest * 60, False), (nearest * 60 + 1, True)):
        ruleset = rules(too_soon={"gap": f"{gap}m"})
        proof = proved(ruleset, cadence, start=begins, end=begins + 1)
        assert not proof.incomplete
        assert told(proof) == ({("b", "CG302"): "sometimes"} if objects else {})


@pytest.mark.parametrize(("ranges", "known"), [(1, True), (4, False)])
def test_where_waits_jump_back_is_asked_if_their_bounds_do_not_settle_it(
    ranges: int, known: bool
) -> None:
    """A business day takes a day, for all that its bounds say two hours less; in so many ways can
    four of them fall that they are not followed."""
    parts = [
        part
        for n in range(ranges)
        for part in (Elapsed(0, 2 * DAY), BusinessDays(1), step(f"s{n}"))
    ]
    cadence = line(step("a"), *parts)
    start = us("2026-01-05T15:00:00Z")
    ruleset = rules(too_soon={"gap": "1350m"})
    proof = proved(ruleset, cadence, start=start, end=start + 7 * DAY)
    assert told(proof) == {}
    assert (not proof.incomplete) is known
    far = proved(rules(too_soon={"gap": "20h"}), cadence, start=start, end=start + 7 * DAY)
    assert (told(far), far.incomplete) == ({}, ())


def test_the_same_behind_hours() -> None:
    """Who is told on Friday evening is told on Saturday, and on Monday at nine."""
    day = ["mon", "tue", "wed", "thu", "fri", "sat"]
    open_ = Hours([(range(6), 9 * HOUR, 17 * HOUR)])
    begins = us("2026-02-27T18:00:00Z")
    cadence = line(
        step("a"), Elapsed(0, 7 * HOUR), Elapsed(0, 3 * HOUR), UntilOpen(open_, "open"),
        BusinessDays(1), step("b"),
    )  # fmt: skip
    hours_ = {"outside_hours": {"windows": [{"days": day, "from": "09:00", "to": "17:00"}]}}
    for gap, objects in (("69h", False), ("70h", True)):
        proof = proved(
            rules(too_soon={"gap": gap}, **hours_), cadence, start=begins, end=begins + 1
        )
        assert not proof.incomplete
        assert told(proof) == ({("b", "CG302"): "sometimes"} if objects else {})


@pytest.mark.parametrize(
    "before",
    [
        # A range without an end, one that ends with the clock, and one counted from the entry.
        (pause("p", Elapsed(0, None), "q"), pause("q", BusinessDays(1), "b")),
        (waiting("p", None, "q", UntilClock(0), None), pause("q", LocalDays(1), "b")),
        (
            pause("p", Elapsed(0, DAY), "v"), pause("v", hours(20), "q", since_start=True),
            pause("q", BusinessDays(1), "b"),
        ),
    ],
)  # fmt: skip
def test_such_a_wait_that_is_not_followed(before: tuple[Any, ...]) -> None:
    cadence = flow(step("a", "p"), *before, step("b"))
    clean = proved(rules(over_cap={"max": 2, "per": "9d"}), cadence, end=START + HOUR)
    assert told(clean) == {}
    near = proved(rules(too_soon={"gap": "1m"}), cadence, end=START + HOUR)
    assert told(near) == {}


def test_whether_two_come_on_one_day_hangs_on_the_instant() -> None:
    """The ranges at their shortest and at their longest, both are on one day; not in the midst."""
    cadence = line(
        UntilClock(0), Elapsed(HOUR, 31 * HOUR), step("a"), Elapsed(HOUR, 2 * HOUR), step("b")
    )
    cap = rules(over_cap={"max": 1, "calendar": "day"})
    proof = proved(cap, cadence)
    assert told(proof) == {("b", "CG301"): "sometimes"}
    assert proof.unsure == {("trial", "b")}
    alone = line(UntilClock(0), step("a"), Elapsed(HOUR, 5 * HOUR), step("b"))
    proof = proved(cap, alone)
    assert told(proof) == {("b", "CG301"): "always"}
    assert proof.unsure == frozenset()
    both = flow(
        pause("w", UntilClock(0), "v"), pause("v", Elapsed(HOUR, 31 * HOUR), "*"),
        fan("*", "a", "p"), step("a"), pause("p", hours(2), "b"), step("b"),
    )  # fmt: skip
    assert told(proved(cap, both)) == {("b", "CG301"): "sometimes"}


def test_a_range_before_ways_that_part_falls_once() -> None:
    cadence = flow(
        pause("w", Elapsed(0, 10 * HOUR), "*"), fan("*", "p", "q"), pause("p", hours(1), "a"),
        pause("q", hours(2), "b"), step("a"), step("b"),
    )  # fmt: skip
    assert told(proved(rules(too_soon={"gap": "1h"}), cadence)) == {}
    assert told(proved(rules(too_soon={"gap": "61m"}), cadence)) == {("b", "CG302"): "always"}


def test_only_in_the_midst_of_a_range_is_it_too_soon_and_no_answer() -> None:
    """Five hours after the reply it answers no more, and eight after the letter all is well."""
    cadence = flow(
        step("e", "?"), waiting("?", "replied", "p", hours(1), None),
        pause("p", Elapsed(HOUR, 10 * HOUR), "b"), step("b", automated=False),
    )  # fmt: skip
    said = {"signals": ["replied"], "within": "5h"}
    proof = proved(Ruleset(Policy(rules={"too-soon": {"gap": "8h"}}, answers=said)), cadence)
    assert told(proof) == {("b", "CG302"): "sometimes"}
    (one,) = proof.objections
    assert one.times[2] - one.times[1] > 5 * HOUR
    assert one.times[2] - one.times[0] < 8 * HOUR
    near = proved(Ruleset(Policy(rules={"too-soon": {"gap": "5h"}}, answers=said)), cadence)
    assert told(near) == {}


def test_only_in_the_midst_of_a_range_has_a_handoff_lapsed_while_another_team_is_near() -> None:
    cadence = flow(
        step("a", "h", team="marketing"), handover("h", "sales", "p"),
        pause("p", Elapsed(DAY, 3 * DAY), "b"), step("b", team="sales"),
    )  # fmt: skip
    proof = proved(rules(not_the_holder={"for": "60h", "lapses": "2d"}), cadence)
    assert told(proof) == {("b", "CG601"): "sometimes"}
    assert told(proved(rules(not_the_holder={"for": "2d", "lapses": "2d"}), cadence)) == {}


def test_an_answer_beside_other_ways() -> None:
    """The reply comes on one way, and a person writes on another."""
    cadence = flow(
        fan("*", "?", "p", "q"), waiting("?", "replied", None, hours(4), None),
        pause("p", Elapsed(HOUR, 10 * HOUR), "b"), step("b", automated=False),
        pause("q", Elapsed(0, HOUR), "x"), step("x", channel="pigeon"),
    )  # fmt: skip
    said = {"signals": ["replied"], "within": "1h"}
    proof = proved(Ruleset(Policy(rules={"over-cap": {"max": 0}}, answers=said)), cadence)
    assert told(proof) == {("b", "CG301"): "sometimes"}
    assert proof.incomplete == (PIGEON.replace("'a'", "'x'"),)


def test_an_answer_behind_a_range_and_the_clock() -> None:
    cadence = flow(
        step("e", "?"), waiting("?", "replied", "p", hours(1), None),
        pause("p", Elapsed(HOUR, 10 * HOUR), "p2"), pause("p2", UntilClock(12 * HOUR), "b"),
        step("b", automated=False),
    )  # fmt: skip
    said = {"signals": ["replied"], "within": "5h"}
    proof = proved(Ruleset(Policy(rules={"too-soon": {"gap": "8h"}}, answers=said)), cadence)
    assert told(proof) == {("b", "CG302"): "sometimes"}
    cap = {"over-cap": {"max": 2, "per": "9d"}}
    far = proved(Ruleset(Policy(rules=cap, answers=said)), cadence)
    assert (told(far), far.incomplete) == ({}, ())


def test_a_wait_from_the_entry_before_a_range() -> None:
    fixed = flow(
        pause("q", hours(4), "a", since_start=True), step("a", "p"),
        pause("p", Elapsed(HOUR, 3 * HOUR), "b"), step("b"),
    )  # fmt: skip
    proof = proved(rules(over_cap=CAP), fixed)
    assert told(proof) == {("b", "CG301"): "always"}
    assert not proof.incomplete


def test_behind_a_range_what_was_said_before_still_counts() -> None:
    """A ground that came before the entry, and a way behind a range from which it is not seen."""
    ruleset = rules(missing_consent={"accept": [{"invited": "10d"}]})
    cadence = line(
        step("a"), Elapsed(DAY, 3 * DAY), step("b"), Elapsed(DAY, 3 * DAY), step("c"),
        audience=Audience(grounds=(Ground("invited", age=5 * DAY),)),
    )  # fmt: skip
    assert told(proved(ruleset, cadence)) == {("c", "CG103"): "sometimes"}


def test_answers_behind_a_range() -> None:
    policy = Policy(
        rules={"over-cap": {"max": 1, "per": "30d"}},
        answers={"signals": ["replied"], "within": "2d"},
    )
    cadence = flow(
        step("a", "?"), waiting("?", "replied", "p", days(1), None),
        pause("p", Elapsed(HOUR, DAY), "b"), step("b", "q", automated=False),
        pause("q", UntilClock(0), "c"), step("c", automated=False),
    )  # fmt: skip
    # The first touch by a person answers, the second does not: nobody has spoken since.
    assert told(proved(Ruleset(policy), cadence)) == {("c", "CG301"): "always"}


# -- signals before the entry --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "expected"),
    [(0, {}), (89 * DAY, {}), (89 * DAY + 1, {("b", "CG103"): "always"})],
)
def test_a_ground_runs_out(age: int, expected: dict[Any, str]) -> None:
    ruleset = rules(missing_consent={"accept": ["consent", {"invited": "90d"}]})
    audience = Audience(grounds=(Ground("invited", age=age),))
    cadence = line(step("a"), Elapsed(DAY - 1, DAY - 1), step("b"), audience=audience)
    assert told(proved(ruleset, cadence)) == expected


def test_a_ground_that_never_was_and_one_that_ran_out_are_two_findings() -> None:
    """Who ignores one of the two is not kept from the other."""
    ruleset = rules(missing_consent={"accept": [{"invited": "2h"}]})
    cadence = flow(
        waiting("?", "invited", "p", days(1), "p"), pause("p", days(1), "a"), step("a")
    )  # fmt: skip
    proof = proved(ruleset, cadence)
    assert told(proof) == {("a", "CG102"): "always", ("a", "CG103"): "always"}
    said = {one.code: one.message for one in proof.objections}
    assert said["CG102"] == "no invited for sales by email"
    assert said["CG103"].startswith("what permitted sales by email ended at")


def test_a_ground_runs_out_while_a_touch_stands() -> None:
    ruleset = rules(missing_consent={"accept": [{"invited": "2d"}]})
    audience = Audience(grounds=(Ground("invited", age=DAY),))
    cadence = line(UntilClock(12 * HOUR), step("a"), audience=audience)
    assert told(proved(ruleset, cadence)) == {}
    late = Audience(grounds=(Ground("invited", age=2 * DAY - HOUR),))
    one = only(proved(ruleset, line(UntilClock(12 * HOUR), step("a"), audience=late)))
    assert one.certainty == "sometimes"


@pytest.mark.parametrize(
    ("wait", "first"),
    [
        (hours(1), us("2026-04-29T22:00:00Z")),
        (UntilClock(12 * HOUR), us("2026-04-05T10:00:00Z") + 1),
    ],
)
def test_months_after_a_signal(wait: Any, first: int) -> None:
    """One month after 30 March and after 31 March is 30 April: 31 days, and 30."""
    ruleset = rules(missing_consent={"accept": [{"purchased": "P1M"}]})
    audience = Audience(grounds=(Ground("purchased", age=30 * DAY),))
    start, end = us("2026-04-05T00:00:00Z"), us("2026-05-10T00:00:00Z")
    cadence = line(wait, step("a"), audience=audience)
    proof = proved(ruleset, cadence, (BERLIN,), start=start, end=end)
    one = only(proof)
    assert (one.certainty, one.code) == ("sometimes", "CG103")
    assert one.start == first
    for before in range(one.start - 5, one.start):
        early = proved(ruleset, cadence, (BERLIN,), start=before, end=before + 1)
        assert told(early) == {}


def test_months_after_a_signal_on_the_way() -> None:
    ruleset = rules(after_refusal={"declined": "P1M"})
    cadence = flow(
        step("a", "?"), waiting("?", "declined", "p", days(1), None),
        pause("p", days(30), "b"), step("b"),
    )  # fmt: skip
    assert told(proved(ruleset, cadence, start=us("2026-01-25T00:00:00Z"))) == {
        ("b", "CG501"): "sometimes"
    }


def day_by_day(rnd: Random) -> tuple[Any, Any]:
    """What is said of all days near a ground's end, and what is said of each by itself."""
    months = rnd.choice((1, 2, 24))
    lengths = [rnd.randrange(1, 9) for _ in range(3)]
    parts = [
        part
        for n, length in enumerate(lengths)
        for part in (rnd.choice((days(length), LocalDays(length), UntilClock(10 * HOUR))), f"s{n}")
    ]
    near = int(months * 30.4 - sum(lengths[: rnd.randrange(1, 4)]) - rnd.choice((0, 0, 0, 60, -45)))
    age = max(near, 0) * DAY + rnd.randrange(DAY)
    audience = Audience(grounds=(Ground("purchased", age=age),))
    cadence = line(*(step(p) if isinstance(p, str) else p for p in parts), audience=audience)
    ruleset = rules(missing_consent={"accept": [{"purchased": f"P{months}M"}]})
    where = zone(rnd.choice(("Europe/Berlin", "America/Chicago", "Australia/Lord_Howe")))
    t = begin = us("2026-01-01T00:00:00Z") + rnd.randrange(700) * DAY
    each: dict[str, list[tuple[str, int]]] = {name: [] for name in ("s0", "s1", "s2")}
    spent = 0
    while t < begin + 40 * DAY:
        following = min(local_period(t, "day", where)[1], begin + 40 * DAY)
        proof = proved(ruleset, cadence, (where,), start=t, end=following)
        for one in proof.objections:
            each[one.step.id].append((one.certainty, one.start))
        t, spent = following, spent + 1
    expected = {
        name: (
            min(at for _, at in found),
            "always" if [said for said, _ in found].count("always") == spent else "sometimes",
        )
        for name, found in each.items()
        if found
    }
    proof = proved(ruleset, cadence, (where,), start=begin, end=begin + 40 * DAY)
    return {one.step.id: (one.start, one.certainty) for one in proof.objections}, expected


@pytest.mark.parametrize("seed", range(12))
def test_days_near_the_end_of_a_ground(seed: int) -> None:
    said, each = day_by_day(Random(seed))
    assert said == each


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(12, 612))
def test_days_near_the_end_of_a_ground_at_length(seed: int) -> None:
    test_days_near_the_end_of_a_ground(seed)


def test_days_near_the_end_of_a_ground_are_of_both_kinds() -> None:
    said = [said for seed in range(12) for _, said in day_by_day(Random(seed))[1].values()]
    assert min(said.count("always"), said.count("sometimes")) > 3


# -- rules of one's own --------------------------------------------------------------------------


class Odd(Rule):
    code = "CG999"
    name = "odd"
    own: Spans | None = Spans()
    fails = False

    def set_up(self, params: Any) -> None:
        self.spans = self.own

    def next_open(self, t: int, case: Case) -> OpenStretch:
        if self.fails:
            raise RuntimeError("broken")
        return (t, NEVER) if self.free(t, case) else (NEVER, NEVER)

    def free(self, t: int, case: Case) -> bool:
        return True

    def objection(self, t: int, case: Case) -> Objection:
        return Objection("it is odd")


class Apart(Odd):
    """Free if the last two touches before are at least an hour apart."""

    own = Spans(elapsed=frozenset((HOUR,)))

    def free(self, t: int, case: Case) -> bool:
        at = case.me.line.at
        return len(at) < 2 or at[-1] - at[-2] >= HOUR


class Noon(Odd):
    """Free before noon in the contact's zone, on odd days, and until an instant."""

    own = Spans(
        clock=frozenset((12 * HOUR,)),
        calendar=frozenset(("day",)),
        dates=frozenset(("2026-03-06T00:00:00Z",)),
    )

    def free(self, t: int, case: Case) -> bool:
        (where,) = case.zones
        local = t + where.at(t).offset
        odd = where.local_date(t).day % 2 == 1
        return t < us("2026-03-06T00:00:00Z") and local % DAY < 12 * HOUR and odd


class Silent(Odd):
    own = None


class Broken(Odd):
    fails = True


def own(cls: type[Rule], **also: Any) -> Ruleset:
    return Ruleset(Policy(rules={f"{cls.__module__}:{cls.__name__}": {}, **also}))


def test_a_custom_rule_may_ask_how_far_apart_others_are() -> None:
    cadence = line(step("a"), UntilClock(12 * HOUR), step("b"), hours(5), step("c"))
    one = only(proved(own(Apart), cadence, end=START + DAY))
    assert (one.code, one.name, one.message) == ("CG999", "odd", "it is odd")
    assert (one.step.id, one.certainty) == ("c", "sometimes")
    assert one.start == us("2026-03-02T17:00:00Z") + 1


def test_a_custom_rule_may_ask_for_clock_and_calendar() -> None:
    cadence = line(hours(1), step("a"))
    assert told(proved(own(Noon), cadence)) == {("a", "CG999"): "sometimes"}
    one = only(proved(own(Noon), cadence, start=us("2026-03-05T17:00:00Z")))
    assert one.start == us("2026-03-05T17:00:00Z")
    early = proved(
        own(Noon), cadence, start=us("2026-03-05T06:00:00Z"), end=us("2026-03-05T17:00:00Z")
    )
    assert told(early) == {}
    assert told(proved(own(Noon), line(Elapsed(HOUR, 2 * HOUR), step("a")))) == {
        ("a", "CG999"): "sometimes"
    }


def test_a_custom_rule_beside_a_blackout() -> None:
    ruleset = own(Noon, blackout={"dates": ["2026-03-03"]})
    found = told(proved(ruleset, line(UntilClock(6 * HOUR), step("a"))))
    assert found == {("a", "CG403"): "sometimes", ("a", "CG999"): "sometimes"}


def test_a_rule_that_says_nothing_of_its_borders_is_not_judged() -> None:
    proof = proved(own(Silent, **{"over-cap": CAP}), line(step("a"), hours(1), step("b")))
    assert proof.incomplete == ("rule 'odd' does not say where its answer can change",)
    assert told(proof) == {("b", "CG301"): "always"}


def test_a_rule_that_fails_is_not_judged() -> None:
    proof = proved(own(Broken, **{"over-cap": CAP}), line(step("a"), hours(1), step("b")))
    assert proof.incomplete == ("rule 'odd' failed: RuntimeError: broken",)
    assert told(proof) == {("b", "CG301"): "always"}


# -- the rest ------------------------------------------------------------------------------------


def test_reasons_and_assumptions_are_told() -> None:
    cadence = flow(step("a", "e", channel="pigeon"), enter("e", "other", "b"), step("b", "b"))
    proof = proved(rules(over_cap=CAP), cadence)
    assert proof.incomplete == (
        "its loops were gone round 100 times only",
        PIGEON,
    )
    assert "cadence 'other', which is entered besides, makes no touch" in proof.assumes
    assert "the time zone of each contact is known" in proof.assumes


def test_what_never_comes_is_not_judged() -> None:
    cadence = line(step("a"), UntilOpen(Hours([]), "never"), step("b"))
    assert told(proved(rules(over_cap={"max": 0}), cadence)) == {("a", "CG301"): "always"}
    at_once = flow(
        fan("*", "p", "a"), pause("p", UntilOpen(Hours([]), "never"), "b"), step("b"), step("a")
    )
    assert told(proved(rules(over_cap={"max": 0}), at_once)) == {("a", "CG301"): "always"}
    ranged = line(Elapsed(1, 2), UntilOpen(Hours([]), "never"), step("a"), Elapsed(1, 2), step("b"))
    assert told(proved(rules(over_cap={"max": 0}), ranged)) == {}
    nothing = line(UntilOpen(Hours([]), "never"), step("b"))
    assert told(proved(rules(over_cap={"max": 0}), nothing)) == {}


def test_a_wait_longer_than_was_thought() -> None:
    """The first week tells how far a day reaches; where 02:30 is skipped it reaches farther."""
    cadence = line(UntilClock(2 * HOUR + HOUR // 2, frozenset((6,))), days(6), step("a"))
    ruleset = rules(blackout={"dates": ["2026-03-21"]})
    start, end = us("2026-02-01T00:00:00Z"), us("2026-03-09T00:00:00Z")
    one = only(proved(ruleset, cadence, start=start, end=end))
    # The Sunday after 1 March comes without 02:30.
    assert (one.certainty, one.start) == ("sometimes", us("2026-03-01T08:30:00Z") + 1)


def test_every_zone_when_nobody_says() -> None:
    proof = proved(rules(outside_hours=WORK), line(step("a")), None)
    assert only(proof).certainty == "sometimes"
    declared: Cadence = line(step("a"), audience=Audience(zones=("Asia/Kolkata",)))
    assert only(proved(rules(outside_hours=WORK), declared, None)).zone == zone("Asia/Kolkata")


def test_the_same_proof_again() -> None:
    ruleset = rules(over_cap=CAP, outside_hours=WORK)
    cadence = line(step("a"), hours(20), step("b"), UntilOpen(OFFICE, ""), step("c"))
    once, again = (proved(ruleset, cadence, None) for _ in range(2))
    assert [(o.step.id, o.code, o.start, o.zone, o.times) for o in once.objections] == [
        (o.step.id, o.code, o.start, o.zone, o.times) for o in again.objections
    ]


def test_what_cells_alike_have_in_common_need_not_be_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A date is at another distance from each start, so that no two cells are alike."""
    date = UntilDate(us("2026-03-20T00:00:00Z"))
    cadence = line(step("a"), LocalDays(2), step("b"), date, step("c"), UntilOpen(OFFICE, ""))
    ruleset = rules(over_cap=CAP, too_soon={"gap": "2d"}, outside_hours=WORK)
    once = proved(ruleset, cadence, None)
    monkeypatch.setattr("cadence_guard.check.proof.runs._KEPT", 1)
    assert told(proved(ruleset, cadence, None)) == told(once)
    assert told(once)["b", "CG301"] == "sometimes"


def test_too_much_is_said_and_then_nothing_is_always_so(monkeypatch: pytest.MonkeyPatch) -> None:
    soon = rules(too_soon={"gap": "2h"})
    cadence = line(step("a"), hours(1), step("b"), hours(9), step("c"))
    assert [one.certainty for one in proved(soon, cadence).objections] == ["always"]
    monkeypatch.setattr("cadence_guard.check.proof.prover.WORK", 12)
    cut = proved(soon, cadence)
    assert cut.incomplete == ("more starts, ways and ranges together than are followed",)
    assert {one.certainty for one in cut.objections} <= {"sometimes"}


def test_laying_out_is_bounded_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few starts, but the waits behind the ranges come by every opening of years."""
    opens = UntilOpen(OFFICE, "work")
    waits = [part for _ in range(5) for part in (Elapsed(DAY, None), opens)]
    cadence = line(*waits, step("a"), Elapsed(DAY, None), opens, step("b"))
    known = proved(rules(over_cap=CAP), cadence, end=START + 1)
    assert not known.incomplete
    monkeypatch.setattr("cadence_guard.check.proof.prover.WORK", 20_000)
    proof = proved(rules(over_cap=CAP), cadence, end=START + 1)
    assert proof.incomplete == ("more starts, ways and ranges together than are followed",)
    assert set(told(proof).values()) <= {"sometimes"}


def test_what_hangs_on_nothing_that_is_judged_is_laid_out_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nodes = [handover(f"h{n}", "sales", f"h{n + 1}") for n in range(150)]
    cadence = flow(*nodes, step("h150"))
    monkeypatch.setattr("cadence_guard.check.proof.prover.WORK", 600)
    assert proved(rules(outside_hours=WORK), cadence).incomplete
    assert not proved(rules(outside_hours=WORK), flow(step("h150"))).incomplete


def test_far_too_much_is_known_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """128 ways with up to seven ranges each: after some of them it is clear what the rest takes."""
    nodes: list[Node] = []
    for n in range(7):
        then = f"a{n + 1}" if n < 6 else None
        nodes += [step(f"a{n}", f"?{n}"), waiting(f"?{n}", "clicked", f"b{n}", days(2), then)]
        nodes.append(step(f"b{n}", then))
    monkeypatch.setattr("cadence_guard.check.proof.prover.WORK", 200_000)
    assert not proved(rules(over_cap=CAP), flow(*nodes)).incomplete
    most = 50_000
    monkeypatch.setattr("cadence_guard.check.proof.prover.WORK", most)
    proof = proved(rules(over_cap=CAP), flow(*nodes))
    assert proof.incomplete == ("more starts, ways and ranges together than are followed",)
    assert proof.work < most // 2


def test_where_the_ways_are_not_all_less_work_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    ruleset = rules(outside_hours=WORK)
    endless = flow(step("a", "p"), pause("p", hours(1), "a"))
    few = flow(step("a", "p"), pause("p", hours(1), None))
    monkeypatch.setattr("cadence_guard.check.proof.prover.WORK", 4_000)
    assert "more starts, ways and ranges together than are followed" not in (
        proved(ruleset, few).incomplete
    )
    assert proved(ruleset, endless).work <= 1_300


# -- waits for signals that are over at once ------------------------------------------------------

TEN = us("2026-03-05T10:00:00Z")


def over_at_ten(late: str | None = None, **fields: Any) -> list[Node]:
    """Who clicks before that is written to at once; who enters later is not waited for."""
    wait = waiting("w", "clicked", "b", UntilDate(TEN), late)
    return [step("a", "w"), wait, step("b", **fields)]


def test_no_signal_comes_in_a_wait_that_is_over_at_once() -> None:
    """So nobody is written to after that date."""
    proof = proved(rules(too_late={}), flow(*over_at_ten(not_after=TEN)))
    assert (told(proof), proof.incomplete) == ({}, ())


def test_a_touch_behind_such_a_wait_may_be_refused_always() -> None:
    """It is made outside these hours, or not at all."""
    cadence = flow(waiting("w", "clicked", "b", UntilOpen(OFFICE, "work"), None), step("b"))
    assert told(proved(rules(outside_hours=WORK), cadence)) == {("b", "CG401"): "always"}


def test_a_way_that_nobody_goes_lets_nothing_pass() -> None:
    """Nor does it with the first of two touches, if only that is on it."""
    cadence = flow(*over_at_ten("c", step="a"), step("c", step="a"))
    proof = proved(rules(repeated_message={"per": "30d"}), cadence)
    assert [(one.code, one.certainty) for one in proof.objections] == [("CG305", "always")]


def test_a_way_that_nobody_goes_says_nothing_of_what_is_gone_at_once_with_it() -> None:
    """All enter too late to be waited for, and so are written to twice."""
    cadence = flow(
        fan("f", "w", "p"),
        waiting("w", "clicked", None, UntilDate(START), "b"),
        step("b"),
        pause("p", hours(1), "c"),
        step("c"),
    )
    proof = proved(rules(over_cap={"max": 1, "per": "2h"}), cadence)
    assert told(proof) == {("c", "CG301"): "always"}


@pytest.mark.parametrize("timeout", [Elapsed(0, 0), UntilDate(START)])
def test_a_signal_for_which_nobody_waits_leads_nowhere(timeout: Any) -> None:
    cadence = flow(waiting("w", "clicked", "b", timeout, "a"), step("a"), step("b"))
    assert told(proved(rules(over_cap={"max": 0}), cadence)) == {("a", "CG301"): "always"}


@pytest.mark.parametrize(
    "timeout",
    [UntilClock(9 * HOUR), UntilOpen(Hours([(range(7), 9 * HOUR, 10 * HOUR)]), "09:00-10:00")],
)
def test_a_signal_up_to_a_time_may_come_before_a_time_from_the_entry(timeout: Any) -> None:
    """Who enters in the evening and clicks at night is written to at night."""
    cadence = flow(
        waiting("w", "clicked", "p", timeout, None),
        pause("p", hours(1), "a", since_start=True),
        step("a"),
        entry_hours=Hours([(range(7), 20 * HOUR, 20 * HOUR + MINUTE)]),
    )
    week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    but_at_night = {"windows": [{"days": week, "from": "04:00", "to": "03:00"}]}
    one = only(proved(rules(outside_hours=but_at_night), cadence))
    enters, clicks = us("2026-03-02T02:00:00Z"), us("2026-03-02T09:00:00Z")
    assert (one.code, one.certainty) == ("CG401", "sometimes")
    assert (one.start, one.times) == (enters, (clicks, clicks))
