"""CG202: nobody can say how we got this point."""

from __future__ import annotations

import pytest

from support import PHONE, call, contact, judge, mail, until


@pytest.mark.parametrize(
    ("source", "verdict"),
    [("public", "allow"), ("x-fair", "allow"), ("unknown", "deny"), (None, "deny")],
)
def test_a_source_is_known_or_not(source: str | None, verdict: str) -> None:
    about = {"source": source} if source else {}
    known = contact(points=[{"kind": "phone", "value": "+1 512 555 0143", **about}])
    assert until("unknown-source", {}, [known], call()) == verdict


def test_an_unlisted_point_has_none_and_no_point_needs_none() -> None:
    known = contact(points=[{"kind": "phone", "value": PHONE, "source": "public"}])
    assert until("unknown-source", {}, [known], mail()) == "deny"
    ad = {key: value for key, value in mail().items() if key != "to"} | {"channel": "ad"}
    assert until("unknown-source", {}, [known], ad) == "allow"


def test_it_may_warn_only() -> None:
    rules = {"unknown-source": [{"channels": ["call"]}, {"channels": ["email"], "effect": "warn"}]}
    assert not judge({"rules": rules}, [], call())
    decision = judge({"rules": rules}, [contact(name="Al")], mail())
    assert decision
    assert [(f.code, f.effect) for f in decision.findings] == [("CG202", "warn")]
    assert decision.needs == ()  # what only warns could not turn the answer
