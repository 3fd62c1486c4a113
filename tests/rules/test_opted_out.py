"""CG101: a no of the contact, at its point, for its channel and purpose (6, 8, 20, 22)."""

from __future__ import annotations

from typing import Any

import pytest

from cadence_guard.history import Case, No
from cadence_guard.instants import parse_instant
from cadence_guard.rules._permission import reopened
from support import BASE, MAIL, call, consent, contact, judge, mail, signal

EARLY, NOW = "2026-03-01T00:00:00Z", BASE["at"]
POINTS = [{"kind": "email", "value": MAIL}, {"kind": "phone", "value": "+15125550143"}]


def refused(events: list[Any], touch: dict[str, Any]) -> bool:
    return "CG101" in {finding.code for finding in judge({}, events, touch).findings}


@pytest.mark.parametrize(
    ("scope", "mails", "calls"),
    [
        ({}, True, True),
        ({"channel": "email"}, True, False),
        ({"channel": "call"}, False, True),
        ({"point": "A@B.example"}, True, False),
        ({"purpose": "sales"}, True, True),
        ({"purpose": "marketing"}, False, False),
        ({"channel": "email", "purpose": "marketing"}, False, False),
    ],
)
@pytest.mark.parametrize("kind", ["opt_out", "complained"])
def test_it_covers_what_it_names(
    kind: str, scope: dict[str, str], mails: bool, calls: bool
) -> None:
    events = [signal(kind, EARLY, **scope)]
    assert refused(events, mail()) is mails
    assert refused(events, call()) is calls


def test_it_holds_at_once_and_for_ever() -> None:
    assert refused([signal("opt_out", "2026-12-01T00:00:00Z")], mail())
    assert refused([signal("opt_out", "1970-01-01T00:00:00Z")], mail("2199-12-31T00:00:00Z"))


def test_a_way_back_is_open_until_it_runs_out() -> None:
    ends = "2026-03-20T00:00:00Z"
    events = [signal("opt_out", EARLY), consent("2026-03-02T00:00:00Z", until=ends)]
    decision = judge({}, events, mail())
    assert decision.allowed
    assert decision.open_until == parse_instant(ends)
    assert refused(events, mail(ends))


def test_it_holds_for_everybody_who_has_the_point() -> None:
    other = mail(contact="c2")
    assert refused([contact(points=POINTS), signal("opt_out", EARLY)], other)
    assert refused([contact(points=POINTS), signal("opt_out", EARLY, channel="email")], other)
    assert not refused([contact(points=POINTS), signal("opt_out", EARLY, channel="sms")], other)
    # The points are those the contact had when it came.
    assert not refused([signal("opt_out", EARLY), contact(points=POINTS)], other)


def test_a_touch_on_it_names_channel_and_point() -> None:
    past = mail("2026-02-01T00:00:00Z", id="t-1", outcome="sent")
    events = [past, signal("opt_out", EARLY, touch="t-1")]
    assert refused(events, mail())
    assert refused(events, mail(contact="c2"))
    assert not refused(events, mail(to="other@b.example"))
    assert not refused(events, call())
    # With another channel than its touch's the touch is not meant, but the whole channel.
    assert refused([past, signal("opt_out", EARLY, touch="t-1", channel="call")], call())


@pytest.mark.parametrize(
    ("grant", "reopens"),
    [
        ({}, True),
        ({"channel": None, "point": MAIL}, True),
        ({"evidence": None}, False),
        ({"purpose": "marketing"}, False),
        ({"channel": "sms"}, False),
        ({"until": NOW}, False),
        ({"from": "2026-03-09T10:00:00.000001Z"}, False),
        ({"from": NOW}, True),
        ({"contact": "c2"}, False),
    ],
)
def test_a_later_grant_reopens_what_it_names(grant: dict[str, Any], reopens: bool) -> None:
    granted = {**consent("2026-03-02T00:00:00Z", **grant), **{k: v for k, v in grant.items() if v}}
    assert refused([signal("opt_out", EARLY), granted], mail()) is not reopens


def test_a_complaint_is_never_reopened() -> None:
    assert refused([signal("complained", EARLY), consent("2026-03-02T00:00:00Z")], mail())


def test_at_one_instant_the_withdrawal_wins_and_else_the_order() -> None:
    grant = consent(EARLY)
    withdrawal = {**consent(EARLY, evidence=None), "status": "withdrawn"}
    assert refused([grant, withdrawal], mail())
    assert refused([withdrawal, grant], mail())
    assert refused([grant, signal("opt_out", EARLY)], mail())
    assert not refused([signal("opt_out", EARLY), grant], mail())


def test_a_withdrawal_is_an_opt_out_of_its_scope() -> None:
    withdrawal = {
        "event": "consent",
        "contact": "c1",
        "at": EARLY,
        "status": "withdrawn",
        "channel": "email",
    }
    assert refused([withdrawal], mail())
    assert not refused([withdrawal], call())


def test_of_somebody_else_only_a_grant_for_the_point_reopens() -> None:
    events = [contact(points=POINTS), signal("opt_out", EARLY)]
    other = mail(contact="c2")
    assert refused([*events, consent("2026-03-02T00:00:00Z")], other)
    assert not refused([*events, consent("2026-03-02T00:00:00Z", point=MAIL)], other)


def test_the_reason_is_told() -> None:
    decision = judge({}, [signal("opt_out", EARLY, channel="email", purpose="sales")], mail())
    assert decision.needs == ("consent",)
    assert "the contact opted out of email sales at 2026-03-01" in decision.findings[0].message
    decision = judge({}, [signal("complained", EARLY, point=MAIL)], mail(contact="c2"))
    assert decision.needs == ("contact",)
    assert "somebody who has this point complained" in decision.findings[0].message


def test_who_changes_their_mind_daily_is_asked_of_the_last_time_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[No] = []

    def counting(no: No, case: Case) -> Any:
        asked.append(no)
        return reopened(no, case)

    monkeypatch.setattr("cadence_guard.rules.opted_out.reopened", counting)
    days = [f"2026-02-{day:02}T{{}}:00:00Z" for day in range(1, 29)]
    events = [
        event
        for day in days
        for event in (signal("opt_out", day.format("08")), consent(day.format("09")))
    ]
    assert not refused(events, mail())
    assert refused(events[:-1], mail())
    assert {no.order for no in asked} == {2 * len(days) - 1}
    # Of two at one instant the withdrawal wins, whichever is told last; a complaint always does.
    end = {**consent(EARLY, channel=None), "status": "withdrawn"}
    for noes in ([end, signal("opt_out", EARLY)], [signal("opt_out", EARLY), end]):
        assert refused([*noes, consent(EARLY)], mail())
        assert not refused([*noes, consent("2026-03-02T00:00:00Z")], mail())
    complaint = signal("complained", "2026-01-01T00:00:00Z")
    assert refused([complaint, *events], mail())


def test_the_reason_is_the_no_that_still_stands() -> None:
    other = {**signal("opt_out", "2026-01-01T00:00:00Z", point=MAIL), "contact": "c2"}
    events = [other, signal("opt_out", EARLY), consent("2026-03-02T00:00:00Z")]
    (finding,) = (one for one in judge({}, events, mail()).findings if one.code == "CG101")
    assert finding.message == "somebody who has this point opted out at 2026-01-01T00:00:00Z"
