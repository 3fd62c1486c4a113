"""CG706: a promotion that calls itself transactional (36)."""

from __future__ import annotations

import pytest

from support import judge, mail, until


@pytest.mark.parametrize(
    ("purpose", "tags", "verdict"),
    [
        ("transactional", ["promotional"], "deny"),
        ("service", ["urgent", "helpful"], "deny"),
        ("transactional", ["helpful"], "allow"),
        ("transactional", [], "allow"),
        ("sales", ["promotional", "urgent"], "allow"),
    ],
)
def test_tags_and_purpose(purpose: str, tags: list[str], verdict: str) -> None:
    touch = mail(purpose=purpose, **({"tags": tags} if tags else {}))
    assert until("mislabelled", {}, [], touch) == verdict


def test_both_may_be_said() -> None:
    rule = {"tags": ["deal"], "purposes": ["survey"]}
    assert until("mislabelled", rule, [], mail(purpose="survey", tags=["deal"])) == "deny"
    assert until("mislabelled", rule, [], mail(purpose="survey", tags=["urgent"])) == "allow"
    assert until("mislabelled", rule, [], mail(purpose="service", tags=["deal"])) == "allow"


def test_it_says_which_tags() -> None:
    touch = mail(purpose="service", tags=["helpful", "urgent"])
    finding = judge({"rules": {"mislabelled": {}}}, [], touch).findings[0]
    assert finding.message == "a touch tagged urgent that calls itself service"
