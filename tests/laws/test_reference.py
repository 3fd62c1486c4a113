"""The engine against the naive reference: the same verdict, instant, codes and warnings."""

from __future__ import annotations

from collections import Counter
from importlib import resources
from random import Random
from typing import Any

import pytest

from cadence_guard._yaml12 import load
from reference.naive import judge as naive_judge
from strategies import RandomCase, random_case
from support import blocking, judge, warnings

# Searches: what each line does has a test of its own; traced, these take three times as long.
pytestmark = pytest.mark.no_cover

HUMANE: dict[str, Any] = load(
    resources.files("cadence_guard.packs").joinpath("humane.yaml").read_bytes()
).data
DEFAULTS: dict[str, dict[str, Any]] = {
    "already-answered": {"for": "30d", "signals": ["replied", "meeting_booked", "purchased"]},
    "mislabelled": {
        "tags": ["promotional", "urgent"],
        "purposes": ["transactional", "service"],
    },
    "not-the-holder": {"for": "30d", "lapses": "90d"},
    "overlapping-cadence": {"for": "14d"},
    "uninvited-channel": {"accept": ["consent", "invited"]},
}
BLOCK = 50
"""Cases a test; small, so that the workers of a parallel run share them evenly."""


def listed(said: Any) -> list[dict[str, Any]]:
    """The entries of a rule."""
    return said if isinstance(said, list) else [said]


def spelt_out(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy with its pack and all defaults written down, as the reference wants it."""
    pack = HUMANE if policy.get("packs") else {"rules": {}, "exempt": []}
    rules = dict(policy["rules"])
    for rule, said in pack["rules"].items():
        own = rules.get(rule)
        if own is None:
            rules[rule] = said
        elif own == {"effect": "warn"}:
            rules[rule] = [entry | own for entry in listed(said)]
    return {
        "rules": {
            rule: [DEFAULTS.get(rule, {}) | entry for entry in listed(said)]
            for rule, said in rules.items()
            if said != "off"
        },
        "exempt": [*policy.get("exempt", []), *pack["exempt"]],
        "answers": policy.get("answers") or pack.get("answers"),
        "horizon": policy["horizon"],
    }


def compare(case: RandomCase) -> None:
    decision = judge(case.policy, case.events, case.touch)
    expected = naive_judge(spelt_out(case.policy), case.events, case.touch)
    assert (decision.verdict, decision.until) == (expected.verdict, expected.until)
    assert blocking(decision) == expected.codes
    assert warnings(decision) == expected.warnings


@pytest.mark.parametrize("block", range(40))
def test_agrees(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        compare(random_case(Random(seed)))


@pytest.mark.deep
@pytest.mark.parametrize("block", range(40, 1040))
def test_agrees_at_length(block: int) -> None:
    test_agrees(block)


def test_every_code_is_compared_often() -> None:
    codes: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    for seed in range(2000):
        case = random_case(Random(seed))
        decision = judge(case.policy, case.events, case.touch)
        codes.update(blocking(decision))
        verdicts[decision.verdict] += 1
    assert min(verdicts.values()) > 100
    assert len(codes) == 26
    assert min(codes.values()) > 10
