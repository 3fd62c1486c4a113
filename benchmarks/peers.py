"""The peers, each given a fair share of the same job, through its quickest documented way.

None of them does the whole job: limits counts, proactive-gate stops at the first reason and gives
no common time, the policy engines are told the counts and the local hour and say yes or no.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from cadence_guard.touch import Touch

if TYPE_CHECKING:
    from handwritten import Person

Run = Callable[[], object]


def limits_hits(touches: list[Touch]) -> Run:
    """One accepted hit a touch, on keys that hold 50 hits already."""
    from limits import RateLimitItemPerDay
    from limits.storage import MemoryStorage
    from limits.strategies import MovingWindowRateLimiter

    limiter = MovingWindowRateLimiter(MemoryStorage())
    item = RateLimitItemPerDay(1_000_000, 7)
    keys = sorted({touch.contact for touch in touches})

    def start() -> None:
        limiter.storage.reset()
        for key in keys:
            for _ in range(50):
                limiter.hit(item, key)

    hits = 0
    start()

    def run() -> None:
        nonlocal hits
        hits += 1
        if hits % 100 == 0:
            start()  # what has been hit may not pile up
        for touch in touches:
            assert limiter.hit(item, touch.contact)

    return run


def proactive_gate(people: dict[str, Person], touches: list[Touch]) -> Run:
    """`Gate.evaluate` with the checks of its defaults, a window, and three budgets."""
    from proactive_gate import Candidate, EvaluateInput, Gate, UserState, checks

    gate = Gate([
        *checks.default_checks(daily_limit=2, weekly_limit=3),
        checks.RequiresConsent("sales"),
        checks.AllowedWindow("09:00", "18:00"),
        checks.MonthlyBudget(8),
    ])  # fmt: skip
    inputs = []
    for touch in touches:
        person = people[touch.contact]
        user = UserState(
            touch.contact,
            consent=not any(heard.kind == "opt_out" for heard in person.heard),
            mode="normal",
            timezone=person.zones[0].key,
            consents={"sales": bool(person.consents)},
            created_at=person.sent[0].at,
        )
        candidate = Candidate(str(touch.id), touch.purpose, channel=touch.channel)
        inputs.append(EvaluateInput(user, candidate, touch.at))
    return lambda: [gate.evaluate(given) for given in inputs]


def facts(people: dict[str, Person], touch: Touch) -> dict[str, Any]:
    """What a policy engine has to be told of a touch."""
    person = people[touch.contact]
    assert touch.at is not None
    local = touch.at.astimezone(ZoneInfo(person.zones[0].key))
    week = [sent for sent in person.sent if touch.at - timedelta(days=7) < sent.at <= touch.at]
    return {
        "channel": touch.channel,
        "purpose": touch.purpose,
        "hour": local.hour,
        "weekday": local.weekday(),
        "week": len(week),
        "same": sum(sent.channel == touch.channel for sent in week),
        "opted_out": any(heard.kind == "opt_out" for heard in person.heard),
        "refused": any(heard.kind == "declined" for heard in person.heard),
        "consent": any(
            c.channel == touch.channel and c.purpose == touch.purpose for c in person.consents
        ),
    }


CEDAR = """
permit(principal, action, resource);
forbid(principal, action, resource) when { context.opted_out };
forbid(principal, action, resource) when { context.purpose != "service" && !context.consent };
forbid(principal, action, resource) when { context.purpose != "service" && context.refused };
forbid(principal, action, resource) when { context.week >= 3 };
forbid(principal, action, resource) when { context.channel == "email" && context.same >= 2 };
forbid(principal, action, resource) when { context.channel == "call" && context.same >= 2 };
forbid(principal, action == Action::"call", resource)
  when { context.weekday > 4 || context.hour < 9 || context.hour >= 18 };
forbid(principal, action, resource) when { context.hour < 6 || context.hour >= 22 };
"""


def cedar(people: dict[str, Person], touches: list[Touch]) -> Run:
    """`is_authorized` with policies and entities parsed beforehand."""
    import cedarpy

    policies = cedarpy.PolicySet.from_str(CEDAR)
    entities = cedarpy.Entities.from_json_str("[]")
    requests = [
        {
            "principal": 'Team::"sales"',
            "action": f'Action::"{touch.channel}"',
            "resource": f'Contact::"{touch.contact}"',
            "context": facts(people, touch),
        }
        for touch in touches
    ]
    return lambda: [cedarpy.is_authorized(given, policies, entities) for given in requests]


def zen_engine(people: dict[str, Person], touches: list[Touch]) -> Run:
    """A decision table of the same rules, compiled beforehand."""
    import zen

    fields = ("opted_out", "purpose", "consent", "week", "channel", "same", "hour")
    rows = [
        ("true", "", "", "", "", "", ""),
        ("", '"sales"', "false", "", "", "", ""),
        ("", "", "", ">= 3", "", "", ""),
        ("", "", "", "", '"email"', ">= 2", ""),
        ("", "", "", "", '"call"', ">= 2", ""),
        ("", "", "", "", '"call"', "", "< 9"),
        ("", "", "", "", '"call"', "", ">= 18"),
        ("", "", "", "", "", "", "< 6"),
        ("", "", "", "", "", "", ">= 22"),
    ]
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": f, "name": f, "field": f, "type": "expression"} for f in fields],
        "outputs": [{"id": "no", "name": "no", "field": "no", "type": "expression"}],
        "rules": [
            {"_id": f"r{i}", **dict(zip(fields, row, strict=True)), "no": str(i)}
            for i, row in enumerate(rows, 1)
        ],
    }
    content = {
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "t", "name": "t", "type": "decisionTableNode", "content": table},
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [
            {"id": "e1", "sourceId": "in", "targetId": "t", "type": "edge"},
            {"id": "e2", "sourceId": "t", "targetId": "out", "type": "edge"},
        ],
    }
    decision = zen.ZenEngine().create_decision(json.dumps(content))
    contexts = [facts(people, touch) for touch in touches]
    return lambda: [decision.evaluate(context) for context in contexts]


def casbin_abac(people: dict[str, Person], touches: list[Touch]) -> Run:
    """An attribute-based matcher with the same rules in one expression."""
    import logging

    import casbin

    logging.getLogger("casbin").setLevel(logging.ERROR)
    model = casbin.Model()
    model.load_model_from_text(
        """
[request_definition]
r = sub, act
[policy_definition]
p = act
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.act && !r.sub.opted_out && r.sub.consent && !r.sub.refused && r.sub.week < 3 && \
r.sub.same < 2 && r.sub.hour >= 9 && r.sub.hour < 18
"""
    )
    enforcer = casbin.Enforcer(model)
    for channel in sorted({touch.channel for touch in touches}):
        enforcer.add_policy(channel)
    subjects = [(type("Facts", (), facts(people, touch))(), touch.channel) for touch in touches]
    return lambda: [enforcer.enforce(subject, channel) for subject, channel in subjects]


PEERS = {
    "proactive-gate evaluate": proactive_gate,
    "cedarpy is_authorized": cedar,
    "zen-engine evaluate": zen_engine,
    "casbin enforce": casbin_abac,
}
