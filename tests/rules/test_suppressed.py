"""CG104: an import, a bounce, what survived an erasure (12, 25)."""

from __future__ import annotations

from typing import Any

import pytest

from support import MAIL, PHONE, call, consent, contact, judge, mail, signal

AT = "2026-03-01T00:00:00Z"


def refused(events: list[Any], touch: dict[str, Any]) -> bool:
    return "CG104" in {finding.code for finding in judge({}, events, touch).findings}


@pytest.mark.parametrize(
    ("entry", "mails", "calls"),
    [
        ({"point": " A@B.EXAMPLE"}, True, False),
        ({"contact": "c1"}, True, True),
        ({"contact": "c2"}, False, False),
        ({"contact": "c1", "channel": "email"}, True, False),
        ({"contact": "c1", "purpose": "marketing"}, False, False),
        ({"point": "tel:+1 512 555-0143"}, False, True),
    ],
)
def test_it_matches_contact_or_point(entry: dict[str, str], mails: bool, calls: bool) -> None:
    events = [{"event": "suppress", "at": AT, **entry}]
    assert refused(events, mail()) is mails
    assert refused(events, call()) is calls


def test_it_holds_whatever_its_instant_and_is_not_reopened() -> None:
    later = {"event": "suppress", "at": "2027-01-01T00:00:00Z", "point": MAIL}
    assert refused([later], mail())
    assert refused([later, consent("2027-02-01T00:00:00Z", point=MAIL)], mail())


def test_a_bounce_closes_the_point_until_a_grant_names_it() -> None:
    bounce = mail(AT, id="t-1", outcome="bounced")
    assert refused([bounce], mail())
    assert refused([bounce], mail(contact="c2"))
    assert not refused([bounce], call())
    assert refused([bounce, consent("2026-03-02T00:00:00Z")], mail())
    assert refused([bounce, consent("2026-03-02T00:00:00Z", point=MAIL, evidence=None)], mail())
    assert refused([bounce, consent("2026-02-28T00:00:00Z", point=MAIL)], mail())
    assert not refused([bounce, consent("2026-03-02T00:00:00Z", point=MAIL)], mail())
    # It was delivered to the provider before it bounced, and told later.
    assert refused([bounce, mail(AT, id="t-1", outcome="delivered")], mail())


def test_what_survived_an_erasure_meets_a_re_import() -> None:
    points = [{"kind": "phone", "value": PHONE}]
    forget = {"event": "forget", "contact": "c1", "at": "2026-03-02T00:00:00Z"}
    events = [contact(points=points), signal("opt_out", AT), forget, contact(points=points)]
    assert refused(events, call())
    assert refused(events, mail())
    assert refused(events, call(contact="c9"))
    assert not refused(events, mail(contact="c9"))
    assert not refused([contact(points=points), forget, contact(points=points)], call())


def test_the_reason_is_told() -> None:
    def message(*events: dict[str, Any]) -> str:
        return judge({}, events, mail()).findings[0].message

    assert message({"event": "suppress", "at": AT, "point": MAIL}).startswith("this point is on")
    assert message({"event": "suppress", "at": AT, "contact": "c1"}).startswith("the contact is")
    assert message(mail(AT, outcome="bounced")) == "this point bounced"
    forget = {"event": "forget", "contact": "c1", "at": AT}
    assert "kept after an erasure" in message(signal("opt_out", AT), forget)


def test_who_was_forgotten_is_told_the_way_back() -> None:
    """A consent of the same id reopens what they said; one of a new id does not, and the reason
    says under which id it counts."""
    forget = {"event": "forget", "contact": "c1", "at": "2026-03-02T00:00:00Z"}
    after = "2026-03-03T00:00:00Z"
    points = [{"kind": "email", "value": MAIL}]

    def told(kind: str, who: str, *more: dict[str, Any]) -> tuple[bool, str, tuple[str, ...]]:
        events = [contact(points=points), signal(kind, AT), forget]
        again = contact(at=after, contact=who, points=points)
        decision = judge({}, [*events, again, *more], mail(contact=who))
        text = "".join(finding.message for finding in decision.findings)
        return decision.allowed, text.partition("kept after an erasure")[2], decision.needs

    assert told("opt_out", "c1") == (False, "", ("consent",))
    assert told("opt_out", "c1", consent(after, point=MAIL)) == (True, "", ())
    refused, way_back, needs = told("opt_out", "c9", consent(after, point=MAIL, contact="c9"))
    assert "under the id that was forgotten, reopens it" in way_back
    assert (refused, needs) == (False, ())
    assert told("opt_out", "c9", consent(after, point=MAIL)) == (True, "", ())
    for who in ("c1", "c9"):
        assert told("complained", who, consent(after, point=MAIL)) == (False, "", ())


def test_the_reason_is_the_no_that_still_stands() -> None:
    listed = {"event": "suppress", "at": "2026-02-01T00:00:00Z", "point": MAIL}
    bounced = mail("2026-02-02T00:00:00Z", outcome="bounced")
    found = consent("2026-02-03T00:00:00Z", point=MAIL)
    (finding,) = judge({}, [listed, bounced, found], mail()).findings
    assert finding.message == "this point is on the suppression list"
    assert judge({}, [listed, bounced], mail()).findings[0].message == "this point bounced"
