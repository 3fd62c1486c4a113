"""Cases of other products' tests, run against this guard.

A test module names files of cases; holds adapters that turn a case's input into a policy, events
and a touch, run the guard, and give the answer in the peer's words; and a table `DIFFERENCES` of
the cases in which the answer is another one on purpose, each with its reason. A reason
that begins with `not applicable` is about another kind of feature, and its case is not run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cadence_guard import Decision, Guard, Policy

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "real" / "peer_cases"
NOT_APPLICABLE = "not applicable: "
NOW = datetime(2026, 3, 4, 16, tzinfo=UTC)  # a Wednesday
MAIL = "ada@example.com"
PHONE = "+883510001234"  # a satellite number: no table of numbers gives it a zone
Case = Mapping[str, Any]
Adapter = Callable[[Case], dict[str, Any]]


def read(file: str) -> list[dict[str, Any]]:
    """The cases of a file; none if the data is not here."""
    path = FOLDER / f"{file}.jsonl"
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def parametrized(*files: str, but: Mapping[str, str]) -> Any:
    """Runs a test once for each case that is applicable."""
    cases = [case for file in files for case in read(file)]
    told = [case for case in cases if not but.get(case["id"], "").startswith(NOT_APPLICABLE)]
    if not cases:
        absent = pytest.mark.skip(reason=f"no cases under {FOLDER}")
        return pytest.mark.parametrize("case", [pytest.param({}, marks=absent, id="absent")])
    return pytest.mark.parametrize("case", told, ids=lambda case: case["id"])


def check(case: Case, adapter: Adapter, differences: Mapping[str, str]) -> None:
    """Our answer is the peer's, unless the table says that it is not: then it really is not."""
    ours = adapter(case)
    assert ours, "an adapter has to answer"
    theirs = case["expected"] if isinstance(case["expected"], dict) else {"all": case["expected"]}
    agrees = all(key in theirs and theirs[key] == value for key, value in ours.items())
    if case["id"] in differences:
        assert not agrees, f"no difference any more: {ours}"
    else:
        assert agrees, f"ours {ours}, theirs {theirs}"


# -- from a peer's words to ours --------------------------------------------------------------


def guard_of(rules: Mapping[str, Any], *events: Mapping[str, Any], **options: Any) -> Guard:
    """A guard with these rules alone, told these events."""
    guard = Guard(Policy(rules=dict(rules), **options), clock=lambda: NOW)
    for event in events:
        guard.record(event)
    return guard


def instant(text: str, zone: str = "UTC") -> datetime:
    """A local wall time of the peer's data as an instant."""
    day, _, time = text.replace("T", " ").partition(" ")
    hour, _, minute = time.partition(":")
    local = datetime.fromisoformat(f"{day}T{hour:0>2}:{minute}")
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def ago(**span: float) -> datetime:
    """An instant before `NOW`."""
    return NOW - timedelta(**span)


def hour(number: Any) -> str:
    """A whole hour as the policy file writes it; whatever is none stays wrong."""
    return f"{number:0>2}:00" if isinstance(number, (int, float)) else f"{number}"


def contact(zone: str | None = "UTC", **fields: Any) -> dict[str, Any]:
    """The event that describes the one contact."""
    where = {} if zone is None else {"time_zone": zone}
    return {"event": "contact", "contact": "c-1", "at": "2001-01-01T00:00:00Z", **where, **fields}


def mail(at: datetime = NOW, **fields: Any) -> dict[str, Any]:
    """A touch by e-mail."""
    return _touch("email", MAIL, at, fields)


def text(at: datetime = NOW, **fields: Any) -> dict[str, Any]:
    """A touch by text message."""
    return _touch("sms", PHONE, at, fields)


def call(at: datetime = NOW, **fields: Any) -> dict[str, Any]:
    """A touch by phone."""
    return _touch("call", PHONE, at, fields)


def _touch(channel: str, to: str, at: datetime, fields: Mapping[str, Any]) -> dict[str, Any]:
    touch = {"event": "touch", "contact": "c-1", "channel": channel, "to": to, "purpose": "sales"}
    return {**touch, "at": at, **fields}


def signal(kind: str, at: datetime, **fields: Any) -> dict[str, Any]:
    """A signal of the one contact."""
    return {"event": "signal", "contact": "c-1", "at": at, "kind": kind, **fields}


def codes(decision: Decision) -> set[str]:
    """The codes that block."""
    return {finding.code for finding in decision.findings if finding.effect == "block"}


def finding(decision: Decision, code: str) -> Mapping[str, Any]:
    """What the finding of this code has counted or compared."""
    return next(found.facts for found in decision.findings if found.code == code)
