"""The book: outcomes told later, releases, pruning, zones of a number (12, 19)."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from cadence_guard import Policy, lines, parse_events
from cadence_guard.book import Book
from cadence_guard.engine import decide
from cadence_guard.errors import EventError
from cadence_guard.events import parse_event
from cadence_guard.history import History, phone_zones
from cadence_guard.instants import to_us
from cadence_guard.lines import Answers, Past
from cadence_guard.replay import replay
from cadence_guard.ruleset import Ruleset
from support import (
    ACCOUNT,
    AT,
    PHONE,
    book_of,
    call,
    case_of,
    codes,
    consent,
    contact,
    hashed,
    judge,
    mail,
    signal,
)


@pytest.mark.parametrize(
    "change",
    [{"at": "2026-03-01T10:00:01Z"}, {"to": "x@b.example"}, {"contact": "c2"}, {"team": "a"},
     {"greeting": "Hi"}],
)  # fmt: skip
def test_a_touch_told_again_may_change_its_outcome_only(change: dict[str, str]) -> None:
    first = mail(AT, id="t-1", outcome="unknown")
    assert book_of([first, first])
    with pytest.raises(EventError, match="other content"):
        book_of([first, first | change])


def test_so_many_kinds_of_touch_that_some_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_FORMS", 0)
    first = mail(AT, id="t-1", team="a")
    other = mail(AT, id="t-2", team="b", outcome="failed")
    assert codes([first, other, first | {"outcome": "failed"}], mail()) == set()


def test_a_touch_without_an_id_told_twice_is_one() -> None:
    """The same content is the same event; another message or outcome at the same instant is
    another."""
    policy = {"rules": {"over-cap": {"max": 2, "per": "30d"}}}
    one = mail(AT, outcome="sent")
    assert judge(policy, [one, one], mail())
    assert not judge(policy, [one, mail(AT, step="two", outcome="sent")], mail())
    assert not judge(policy, [one, mail(AT, outcome="unknown")], mail())


def test_a_touch_counts_for_the_account_that_the_contact_had_then() -> None:
    policy = {"rules": {"over-cap": {"max": 1, "per": "30d", "scope": "account"}}}
    moved = {**ACCOUNT, "account": "tal", "at": "2026-03-02T00:00:00Z"}
    one, other = mail(AT, outcome="sent"), mail("2026-03-03T10:00:00Z", outcome="sent")
    assert judge(policy, [ACCOUNT, one, moved], mail())
    assert not judge(policy, [ACCOUNT, one, moved, other], mail())


def test_a_touch_that_was_made_after_all_counts_once_and_is_not_taken_back() -> None:
    """Nothing of a failure is left when another outcome is told."""
    policy = {"rules": {"over-cap": {"max": 2, "per": "30d"}}}
    told = [mail(AT, id="t-1", outcome=outcome) for outcome in ("failed", "sent", "delivered")]
    release = {"event": "release", "touch": "t-1", "contact": "c1", "at": AT}
    assert judge(policy, told, mail())
    assert not judge(policy, [*told, mail(AT, outcome="sent")], mail())
    assert codes(told[:2], mail()) == {"CG301"}
    with pytest.raises(EventError, match="'t-1' was made already: sent"):
        codes([*told[:2], release], mail())
    unknown = mail(AT, id="t-1", outcome="unknown")
    assert codes([told[0], unknown], mail()) == {"CG301"}
    assert codes([told[0], unknown, release], mail()) == set()


def test_what_an_answer_followed_it_follows_when_the_outcome_is_told_later() -> None:
    """Of two touches at the instant of the reply, it came after one and before the other."""
    policy = {"rules": {"unanswered-streak": {"steps": [{"after": 1, "gap": "7d"}]}}}
    first, other = (mail(AT, id=f"t-{n}", step=f"s-{n}", outcome="unknown") for n in (1, 2))
    told = [first, signal("replied", AT), first | {"outcome": "delivered"}]
    assert judge(policy, told, mail("2026-03-03T10:00:00Z"))
    later = [first, signal("replied", AT), other, other | {"outcome": "delivered"}]
    assert not judge(policy, later, mail("2026-03-03T10:00:00Z"))
    both = [other, first, signal("replied", AT), first | {"outcome": "delivered"}]
    assert judge(policy, both, mail("2026-03-03T10:00:00Z"))


def test_a_touch_without_a_point_that_bounced_says_nothing_of_one() -> None:
    ad = {"event": "touch", "contact": "c1", "channel": "ad", "purpose": "marketing", "at": AT}
    book = book_of([ad | {"outcome": "bounced"}])
    assert [touch.to for touch in book.people["c1"].line.touches] == [None]
    assert book.case(parse_event(ad), 0).noes == []


def test_failed_may_follow_only_unknown() -> None:
    assert codes([mail(AT, id="t-1", outcome="unknown")], mail()) == {"CG301"}
    later = [mail(AT, id="t-1", outcome="unknown"), mail(AT, id="t-1", outcome="failed")]
    assert codes(later, mail()) == set()
    assert codes([*later, later[-1]], mail()) == set()
    assert codes([*later, mail(AT, id="t-1", outcome="sent")], mail()) == {"CG301"}
    assert codes([mail(AT, id="t-1"), mail(AT, id="t-1", outcome="failed")], mail()) == set()
    with pytest.raises(EventError, match="may follow only"):
        book_of([mail(AT, id="t-1", outcome="sent"), mail(AT, id="t-1", outcome="failed")])


def test_an_outcome_told_later_takes_back_what_the_first_one_said() -> None:
    hung_up = call(AT, id="t-1", outcome="hung_up")
    assert codes([hung_up], call()) == {"CG301", "CG501"}
    assert codes([hung_up, call(AT, id="t-1", outcome="answered")], call()) == {"CG301"}
    bounced = call(AT, id="t-1", outcome="bounced")
    assert codes([bounced], call()) == {"CG301", "CG104"}
    assert codes([bounced, call(AT, id="t-1", outcome="answered")], call()) == {"CG301"}


def test_a_booking_released_never_was() -> None:
    release = {"event": "release", "touch": "t-1", "contact": "c1", "at": AT}
    booked = mail(AT, id="t-1", offer="spring", deadline="2026-03-10T00:00:00Z")
    assert codes([booked, release], mail()) == set()
    assert book_of([booked, release]).people["c1"].offers == []
    assert codes([release], mail()) == set()


def test_a_contact_event_that_arrives_late_fills_gaps_only() -> None:
    late = {**contact(name="Old", call_me="Al"), "at": "2026-01-01T00:00:00Z"}
    book = book_of([{**late, "at": AT, "name": "New", "call_me": "Bo"}, late | {"country": "DE"}])
    facts = book.people["c1"].view.facts
    assert (facts["name"], facts["call_me"], facts["country"]) == ("New", "Bo", "DE")


def test_of_two_contact_events_the_later_one_holds() -> None:
    first = {**contact(name="Old"), "at": AT}
    for at in (AT, "2026-03-01T10:00:00.000001Z"):
        assert book_of([first, {**first, "name": "New", "at": at}]).people["c1"].view.facts == {
            "name": "New"
        }


def test_what_is_told_is_known_to_who_asked_before() -> None:
    """Descriptions, refusals, withdrawals."""
    rules = {
        "outside-hours": {"windows": [{"from": "09:00", "to": "18:00"}]},
        "after-refusal": {"declined": "10d"},
        "missing-consent": {"accept": ["consent"]},
    }
    ruleset = Ruleset(Policy(rules=rules))
    book = book_of([])
    touch = parse_event(mail())

    def blocked() -> set[str]:
        return set(decide(ruleset, book.case(touch, to_us(touch.at))).codes)

    for told, expected in (
        (contact(country="DE"), {"CG102"}),
        (consent(AT), set()),
        (signal("declined", "2026-03-05T10:00:00Z"), {"CG501"}),
        (signal("invited", "2026-03-06T10:00:00Z"), set()),
        (signal("declined", "2026-03-06T12:00:00Z"), {"CG501"}),
        (consent("2026-03-06T14:00:00Z"), set()),
        ({**consent("2026-03-07T10:00:00Z"), "status": "withdrawn"}, {"CG101", "CG103"}),
    ):
        before = blocked()
        book.fold(parse_event(told))
        assert blocked() == expected != before


def test_a_refusal_told_later_makes_an_answer_count_for_who_asked_before() -> None:
    """Somebody who spoke last has been answered; not so if what they said was taken back."""
    rules = {"over-cap": {"max": 1, "per": "30d"}}
    ruleset = Ruleset(Policy(rules=rules, answers={}))
    answer = mail("2026-03-01T11:00:00Z", automated=False, outcome="sent")
    book = book_of([signal("replied", AT), answer])
    touch = parse_event(mail())

    def blocked() -> tuple[str, ...]:
        return decide(ruleset, book.case(touch, to_us(touch.at))).codes

    assert blocked() == ()
    book.fold(parse_event(signal("declined", "2026-03-02T10:00:00Z")))
    assert blocked() == ("CG301",)


@pytest.mark.parametrize("at", ["2026-03-01T10:30:00Z", "2026-03-01T11:00:00Z"])
@pytest.mark.parametrize("scope", ["point", "account"])
def test_another_touch_told_later_makes_an_answer_count_wherever_it_stands(
    at: str, scope: str
) -> None:
    """That touch itself went to another point, and is filed under another account."""
    rules = {"over-cap": {"max": 1, "per": "30d", "scope": scope}}
    ruleset = Ruleset(Policy(rules=rules, answers={}))
    answer = mail("2026-03-01T11:00:00Z", contact="c2", automated=False, outcome="sent")
    book = book_of([
        contact(account="acme"),
        contact(contact="c2", account="acme"),
        signal("replied", AT, contact="c2"),
        answer,
        contact(contact="c2", account="elsewhere", at="2026-03-01T12:00:00Z"),
    ])  # fmt: skip
    touch = parse_event(mail())

    def blocked() -> tuple[str, ...]:
        return decide(ruleset, book.case(touch, to_us(touch.at))).codes

    assert blocked() == ()
    other = mail(at, id="t-2", contact="c2", to="c2@b.example", automated=False, outcome="sent")
    book.fold(parse_event(other))
    assert blocked() == ("CG301",)
    book.release("t-2")
    assert blocked() == ()


def test_what_is_told_late_takes_its_place() -> None:
    """A refusal is not lost, and ends what was said before it only."""
    late = [signal("visited", "2026-03-02T10:00:00Z"), signal("declined", AT)]
    assert codes(late, mail("2026-03-03T10:00:00Z")) == {"CG501"}
    policy = {"rules": {"too-soon": {"gap": "20h"}}, "answers": {}}
    made = mail("2026-03-09T08:00:00Z")
    replied = signal("replied", "2026-03-09T09:00:00Z")
    for closing, is_free in (("2026-03-09T08:30:00Z", True), ("2026-03-09T09:30:00Z", False)):
        declined = signal("declined", closing)
        for said in ([declined, replied], [replied, declined]):
            assert judge(policy, [made, *said], mail(automated=False)).allowed == is_free


@pytest.mark.parametrize(
    ("touches", "is_free"),
    [
        (["2026-03-09T08:00:00Z"], True),
        (["2026-03-09T08:00:00Z", "2026-03-09T09:30:00Z"], False),
        (["2026-03-09T09:00:00Z"], True),  # above the reply of the same instant
    ],
)
def test_a_person_may_answer_once(touches: list[str], is_free: bool) -> None:
    policy = {"rules": {"too-soon": {"gap": "20h"}}, "answers": {}}
    events = [mail(at, automated=False) for at in touches]
    events.insert(1, signal("replied", "2026-03-09T09:00:00Z"))
    assert judge(policy, events, mail(automated=False)).allowed == is_free
    below = [events[1], mail("2026-03-09T09:00:00Z", automated=False)]
    assert judge(policy, below, mail(automated=False)).codes == ()  # an answer is not counted
    twice = [*below, mail("2026-03-09T09:10:00Z", automated=False)]
    assert judge(policy, twice, mail(automated=False)).codes == ("CG302",)


@pytest.mark.parametrize("kind", ["replied", "purchased"])
def test_a_signal_after_all_touches_makes_none_of_them_another(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """So each touch is asked once whether it answered, however many signals come after it."""
    asked: list[int] = []
    is_answer = History.is_answer

    def counted(me: History, touch: Past, answers: Answers) -> bool:
        asked.append(touch.at)
        return is_answer(me, touch, answers)

    monkeypatch.setattr(History, "is_answer", counted)
    events: list[dict[str, Any]] = []
    for day in range(1, 21):
        events += [signal(kind, f"2026-01-{day:02}T09:00:00Z")]
        events += [
            mail(f"2026-01-{day:02}T10:00:00Z", outcome="sent", automated=False, step=f"{day}")
        ]
    gap = Ruleset(Policy(rules={"too-soon": {"gap": "2d"}}, answers={"within": "7d"}))
    judged = replay(gap, Book(hashed), parse_events(events), lasting=False)
    assert [bool(decision) for _, decision in judged] == [True] + 19 * [kind == "replied"]
    assert len(asked) == len(set(asked)) == 19


def test_a_deadline_stays_announced_when_the_outcome_is_told_and_goes_with_a_release() -> None:
    policy = {"rules": {"pressure": {"moved_deadline": True}}}
    offers = [
        mail(AT, id=f"t-{n}", offer=offer, deadline="2026-03-12T10:00:00Z")
        for n, offer in enumerate(("spring", "autumn"))
    ]
    told = {**offers[0], "outcome": "unknown"}
    moved = mail(offer="spring", deadline="2026-03-13T10:00:00Z")
    taken = {"event": "release", "touch": "t-0", "contact": "c1", "at": "2026-03-02T00:00:00Z"}
    assert judge(policy, [*offers, told], moved).codes == ("CG702",)
    assert judge(policy, [*offers, told, taken], moved).codes == ()
    assert judge(policy, [*offers, told, taken], {**moved, "offer": "autumn"}).codes == ("CG702",)


@pytest.mark.parametrize(
    ("rules", "outcome", "between", "expected"),
    [
        ({"unanswered-streak": {"steps": [{"after": 1, "gap": "60d"}]}}, "answered",
         call(AT, id="t-1", outcome="sent"), ("CG303",)),
        ({"too-soon": {"gap": "60d"}}, "answered", signal("declined", AT), ("CG302",)),
        ({"too-soon": {"gap": "60d"}}, "hung_up", signal("replied", AT), ()),
        ({"after-refusal": {"hung_up": "60d"}}, "hung_up", signal("invited", AT), ()),
    ],
)  # fmt: skip
def test_an_outcome_told_later_stands_right_after_its_touch(
    rules: Any, outcome: str, between: Any, expected: tuple[str, ...]
) -> None:
    """Also before what else is of that instant, and was told in the meantime."""
    policy = {"rules": rules, "answers": {"signals": ["replied"], "within": "60d"}}
    made = call(AT, id="t-0")
    said = {**made, "outcome": outcome}
    planned = call(automated="too-soon" not in rules)
    for known in ([said, between], [made, between, said], [made, between, said, said]):
        assert judge(policy, known, planned).codes == expected


def test_a_line_of_many_forms_stays_one_when_an_outcome_is_told() -> None:
    policy = {"rules": {"over-cap": {"max": 20, "per": "60d"}}}
    made = [mail(AT, id=f"t-{n}", team=f"team {n}", outcome="sent") for n in range(20)]
    assert judge(policy, [*made, {**made[0], "outcome": "delivered"}], mail()).codes == ("CG301",)


def test_who_passed_the_baton_or_consented_is_known() -> None:
    baton = {"event": "handoff", "contact": "c1", "at": AT, "to": "sales"}
    for known in (baton, consent(AT), signal("visited", AT), contact()):
        assert judge({}, [known], mail()).findings == ()
    assert judge({}, [mail(AT, outcome="sent")], mail()).warnings == ("CG904",)


def test_a_number_as_it_is_written_in_its_country_is_the_same_point() -> None:
    here = contact(country="US")
    cap = {"rules": {"over-cap": {"max": 1, "per": "30d", "scope": "point"}}}
    made = call(AT, to="(512) 555-0143", outcome="sent")
    assert not judge(cap, [here, made], call(contact="c2"))
    ask = {"rules": {"missing-consent": {"accept": ["consent"]}}}
    given = consent(AT, channel="call", point="(512) 555-0143")
    assert judge(ask, [here, given], call())
    assert not judge(ask, [given], call()), "nobody knows whose country"


def test_a_number_tells_its_zone_and_an_address_none() -> None:
    policy = {"rules": {"outside-hours": {"windows": [{"from": "09:00", "to": "18:00"}]}}}
    assert judge(policy, [], call("2026-03-09T15:00:00Z"))
    assert str(judge(policy, [], call("2026-03-09T13:59:59Z")).until) == "2026-03-09 14:00:00+00:00"
    assert judge(policy, [], mail("2026-03-09T15:00:00Z")).verdict == "deny"


def test_facts_with_the_call_replace_the_ledgers() -> None:
    number = {"kind": "phone", "value": PHONE}
    known = contact(time_zone="UTC", account="berg", points=[{**number, "use": "private"}])
    given = next(iter(parse_events([contact(account="other", points=[{**number, "use": "work"}])])))
    case = case_of([known], call(), given)
    assert case.about_point("use") == "work"
    assert case.view.account == "other"
    assert [zone.name for zone in case.zones] == ["UTC"]
    assert case_of([], call(), given).view.known
    assert not case_of([], call()).view.known


def test_the_zones_of_a_number() -> None:
    assert phone_zones("+99912345678") == ()
    assert phone_zones("+883510001234") == ()


def test_without_the_extra_a_number_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    assert phone_zones(PHONE) == ()
