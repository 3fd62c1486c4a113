from __future__ import annotations

from typing import Any

import pytest

from cadence_guard.cadence import Audience, Cadence, Ground
from cadence_guard.check import assumptions
from cadence_guard.check.assumptions import CONTACT, NAME, in_words, signals, touch_of, zones_for
from cadence_guard.contact import Consent, Contact
from cadence_guard.instants import DAY, HOUR, to_datetime
from check.flows import CHICAGO, days, line, step, us


def facts(*cadences: Cadence) -> tuple[Contact, list[Consent]]:
    first, *consents = assumptions.facts(cadences, CHICAGO)
    assert isinstance(first, Contact)
    return first, [one for one in consents if isinstance(one, Consent)]


def cadence(**audience: Any) -> Cadence:
    return line(step("a"), days(1), step("b", channel="call"), audience=Audience(**audience))


# -- zones ---------------------------------------------------------------------------------------


def test_zones_are_those_declared_or_those_of_the_countries_or_ten() -> None:
    assert [z.name for z in zones_for(cadence(zones=("Asia/Tokyo",), countries=("DE",)))] == [
        "Asia/Tokyo"
    ]
    found = [z.name for z in zones_for(cadence(countries=("DE", "US-TX")))]
    assert found == ["Europe/Berlin", "Europe/Busingen", "America/Chicago", "America/Denver"]
    assert [z.name for z in zones_for(cadence())] == list(assumptions.ZONES)


# -- facts ---------------------------------------------------------------------------------------


def test_what_nobody_says_is_assumed_in_favour() -> None:
    contact, consents = facts(cadence())
    assert (contact.contact, contact.call_me, contact.time_zone) == (CONTACT, NAME, CHICAGO.name)
    assert contact.account is None
    assert [(p.kind, p.use, p.source) for p in contact.points] == [
        ("email", "work", "given_by_contact"),
        ("phone", "work", "given_by_contact"),
    ]
    assert [(c.purpose, c.channel, c.status) for c in consents] == [
        ("sales", "email", "granted"),
        ("sales", "call", "granted"),
    ]
    assert all(c.evidence for c in consents)


def test_what_is_said_replaces_it() -> None:
    contact, consents = facts(cadence(use="private", source="purchased_list", grounds=()))
    assert {(p.use, p.source) for p in contact.points} == {("private", "purchased_list")}
    assert not consents


@pytest.mark.parametrize(
    ("ground", "granted"),
    [
        (Ground("consent"), ["email", "call"]),
        (Ground("consent", channel="call"), ["call"]),
        (Ground("consent", purpose="marketing"), []),
        (Ground("consent", purpose="sales", channel="email"), ["email"]),
        (Ground("invited"), []),
    ],
)
def test_consent_is_given_for_what_the_audience_relies_on(
    ground: Ground, granted: list[str]
) -> None:
    assert [one.channel for one in facts(cadence(grounds=(ground,)))[1]] == granted


def test_cadences_that_are_entered_besides_rely_on_their_own() -> None:
    other = line(step("x", channel="sms"), name="other", purpose="marketing")
    contact, consents = facts(cadence(grounds=()), other)
    assert [(c.purpose, c.channel) for c in consents] == [("marketing", "sms")]
    assert len(contact.points) == 2


def test_what_no_touch_can_be_gives_no_fact() -> None:
    odd = line(step("a", channel="pigeon"), step("b", purpose="x-"), step("c", purpose="x-own"))
    assert [(c.purpose, c.channel) for c in facts(odd)[1]] == [("x-own", "email")]


# -- signals -------------------------------------------------------------------------------------


def heard(found: Cadence, fresh: bool = False) -> list[tuple[int, str, str | None]]:
    return [(ago, signal.kind, signal.channel) for ago, signal in signals(found, fresh=fresh)]


def test_grounds_that_are_signals_came_so_long_before() -> None:
    found = cadence(
        grounds=(
            Ground("consent"),
            Ground("invited", channel="email", age=DAY),
            Ground("purchased", age=10**30),
        )
    )
    assert heard(found) == [
        (DAY, "invited", "email"),
        (50 * 366 * DAY, "purchased", None),
    ]


@pytest.mark.parametrize(
    ("kind", "entering", "later"),
    [
        (None, [], []),
        ("visited", ["visited"], ["visited"]),
        ("invited", ["invited"], ["invited"]),
        ("purchased", ["purchased"], []),
        ("x-form", ["x-form"], []),
        ("something", [], []),
    ],
)
def test_the_signal_that_makes_it_enter(
    kind: str | None, entering: list[str], later: list[str]
) -> None:
    found = line(step("a"), entry_signal=kind)
    assert heard(found) == [(0, each, None) for each in entering]
    assert heard(found, fresh=True) == [(0, each, None) for each in later]


# -- touches -------------------------------------------------------------------------------------


def test_a_step_as_a_touch() -> None:
    at = us("2026-03-10T00:00:00Z")
    one = step(
        "a",
        channel="call",
        greeting="Hi {{first_name}}, or is it [Name]?",
        tags=("urgent",),
        offer="spring",
        deadline=at,
        not_after=at,
        because="visited",
        automated=False,
    )
    touch = touch_of(
        line(one, team="reps", entry_signal="visited", audience=Audience(kind="prospects")), one
    )
    assert touch.model_dump(exclude_defaults=True) == {
        "contact": CONTACT,
        "channel": "call",
        "to": "+12025550123",
        "team": "reps",
        "purpose": "sales",
        "cadence": "trial",
        "step": "a",
        "tags": ("urgent",),
        "automated": False,
        "greeting": f"Hi {NAME}, or is it {NAME}?",
        "audience": "prospects",
        "offer": "spring",
        "deadline": to_datetime(at),
        "because": "visited",
        "not_after": to_datetime(at),
    }


def test_a_step_says_more_than_its_cadence() -> None:
    one = step("turn-2", team="a", purpose="service", because="invited", step="turn", channel="ad")
    touch = touch_of(line(one, team="b", entry_signal="visited"), one)
    assert (touch.team, touch.purpose, touch.because, touch.step) == (
        "a",
        "service",
        "invited",
        "turn",
    )
    assert touch.to is None


def test_a_step_that_does_not_say_why_answers_no_signal() -> None:
    one = step("a", channel="call")
    sales = line(one, entry_signal="visited", purpose="sales")
    assert touch_of(sales, one).because is None
    said = "a step that does not say because does not answer 'visited'"
    assert said in in_words(sales)
    assert said not in in_words(line(step("a", because="visited"), entry_signal="visited"))
    assert said not in in_words(line(one, entry_signal="visited", purpose="marketing"))
    assert not any("because" in each for each in in_words(line(one, entry_signal="invited")))


@pytest.mark.parametrize("greeting", [None, "Hello there", "Hello {company}"])
def test_a_greeting_that_names_nobody_is_none(greeting: str | None) -> None:
    one = step("a", greeting=greeting)
    assert touch_of(line(one), one).greeting is None


def test_words_that_no_rule_reads_are_left_out() -> None:
    one = step("a", because="whatever")
    assert touch_of(line(one, audience=Audience(kind="friends")), one).because is None


def test_a_step_that_no_touch_can_be() -> None:
    one = step("a", channel="pigeon")
    with pytest.raises(ValueError, match=r"step .a. makes no touch: .*unknown channel"):
        touch_of(line(one), one)


# -- in words ------------------------------------------------------------------------------------


def test_all_that_is_assumed_is_told() -> None:
    found = line(
        step("a", greeting="Hi {name}"),
        days(1),
        step("b", channel="call"),
        assumes=("a month is 30 days",),
    )
    assert list(in_words(found)) == [
        "a month is 30 days",
        f"the audience lives in any of {', '.join(assumptions.ZONES)}",
        "the time zone of each contact is known",
        "consent is given for sales by call, sales by email",
        "each contact point is one for work",
        "each contact point was given by the contact",
        "a greeting says the right name",
        "a call reaches nobody and leaves no message",
        "nobody else of the account is touched",
        "nobody enters a second time",
        "there is no other touch than those of the cadences checked",
    ]


def test_what_is_said_is_not_assumed() -> None:
    found = line(
        step("a"),
        audience=Audience(
            zones=("Asia/Tokyo",), grounds=(), use="work", source="web_form", account=True
        ),
        again=HOUR,
    )
    assert list(in_words(found)) == [
        "the time zone of each contact is known",
        "nobody else of the account is touched than those who are in it",
        "there is no other touch than those of the cadences checked",
    ]
    assert not any("consent" in said for said in in_words(line(days(1))))


def test_of_a_point_that_several_people_have_the_others_are_assumed_away() -> None:
    told = "whoever else has a shared contact point is not touched there"
    for use in (None, "work", "private", "unknown"):
        assert told not in in_words(line(step("a"), audience=Audience(use=use)))
    assert told in in_words(line(step("a"), audience=Audience(use="shared")))
