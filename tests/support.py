"""From plain data to a decision, for the tests of rules and laws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cadence_guard import Contact, Decision, Policy, Touch, parse_events
from cadence_guard.book import Book
from cadence_guard.engine import decide
from cadence_guard.events import parse_event
from cadence_guard.history import Case
from cadence_guard.instants import to_text, to_us
from cadence_guard.rules import RULES, Rule
from cadence_guard.ruleset import Ruleset

Data = Mapping[str, Any]


def hashed(text: str) -> str:
    """A stand-in for the keyed hash of a ledger."""
    return f"hmac-sha256:{text[::-1]}"


def book_of(events: Iterable[Any]) -> Book:
    """A book that has been told the events, in that order."""
    book = Book(hashed)
    for event in parse_events(list(events)):
        book.fold(event)
    return book


def case_of(events: Iterable[Any], touch: Data, facts: Contact | None = None) -> Case:
    """The case of a planned touch after the events."""
    planned = parse_event({"event": "touch", **touch})
    assert isinstance(planned, Touch)
    assert planned.at is not None
    return book_of(events).case(planned, to_us(planned.at), facts)


def judge(policy: Data, events: Iterable[Any], touch: Data) -> Decision:
    """The decision on a planned touch after the events."""
    return decide(Ruleset(Policy(**policy)), case_of(events, touch))


def blocking(decision: Decision) -> set[str]:
    """The codes of the findings that block."""
    return {finding.code for finding in decision.findings if finding.effect == "block"}


def warnings(decision: Decision) -> set[str]:
    """The codes of the findings that warn, but for that of an unknown contact."""
    return {f.code for f in decision.findings if f.effect == "warn" and f.code != "CG904"}


def entry_of(rule: str, params: Data) -> Rule:
    """One entry of a rule, alone."""
    ruleset = Ruleset(Policy(rules={rule: dict(params)}))
    return next(entry for entry in ruleset.entries if type(entry) is RULES[rule])


MAIL, PHONE = "a@b.example", "+15125550143"
BASE = {"contact": "c1", "at": "2026-03-09T10:00:00Z", "purpose": "sales"}


def mail(at: str = BASE["at"], **more: Any) -> dict[str, Any]:
    """A sales mail to c1, planned unless it has an outcome."""
    return {"event": "touch", **BASE, "at": at, "channel": "email", "to": MAIL, **more}


def call(at: str = BASE["at"], **more: Any) -> dict[str, Any]:
    """A sales call to c1, planned unless it has an outcome."""
    return {"event": "touch", **BASE, "at": at, "channel": "call", "to": PHONE, **more}


def signal(kind: str, at: str, **more: Any) -> dict[str, Any]:
    """What c1 said."""
    return {"event": "signal", "contact": "c1", "at": at, "kind": kind, **more}


def consent(at: str, **more: Any) -> dict[str, Any]:
    """A grant by c1 for sales mails, with evidence, unless said otherwise."""
    said = {"status": "granted", "purpose": "sales", "channel": "email", "evidence": "form 1"}
    said |= more
    return {"event": "consent", "contact": "c1", "at": at} | {
        key: value for key, value in said.items() if value is not None
    }


def contact(**facts: Any) -> dict[str, Any]:
    """What is known of c1."""
    return {"event": "contact", "contact": "c1", "at": "2000-01-01T00:00:00Z", **facts}


def until(rule: str, params: Any, events: Iterable[Any], touch: Data) -> str | None:
    """`allow`, `deny`, or the instant until which a policy of this one rule defers."""
    decision = judge({"rules": {rule: params}, "horizon": "1000d"}, events, touch)
    return to_text(decision.until) if decision.until else decision.verdict.value


AT = "2026-03-01T10:00:00Z"
ACCOUNT = contact(
    account="berg", points=[{"kind": "email", "value": MAIL}, {"kind": "phone", "value": PHONE}]
)
CAP_AND_REFUSALS: Data = {
    "rules": {
        "over-cap": {"max": 1, "per": "30d", "scope": "account"},
        "after-refusal": {"declined": "30d", "hung_up": "30d"},
        "paused": {},
    }
}


def codes(events: Iterable[Any], touch: Data) -> set[str]:
    """What blocks a touch under a cap of the account, refusals and pauses."""
    return blocking(judge(CAP_AND_REFUSALS, events, touch))
