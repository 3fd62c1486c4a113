"""Every rule has a page and a test file, and the examples of the page are true."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cadence_guard import Decision, rules
from cadence_guard.rules import RULES
from pages import page_of
from support import blocking, judge

HERE = Path(__file__).parent
FILES = {path.stem for path in Path(rules.__file__).parent.glob("[!_]*.py")}


def last_judged(rule: str, lines: list[str]) -> Decision:
    """The decision on the last touch of an example, under the policy of the page."""
    *above, last = [json.loads(line) for line in lines]
    assert last["event"] == "touch"
    assert "outcome" not in last
    return judge({"rules": page_of(rule).policy}, above, last)


@pytest.mark.parametrize("rule", RULES)
def test_the_page_has_its_sections(rule: str) -> None:
    page = page_of(rule)
    assert page.first.startswith("Objects ")
    assert list(page.sections)[:5] == ["Why", "Parameters", "Policy", "Refused", "Allowed"]
    assert list(page.policy) == [rule]
    assert all(section.strip() for section in page.sections.values())


@pytest.mark.parametrize("rule", RULES)
def test_the_refused_example_is_refused(rule: str) -> None:
    assert RULES[rule].code in blocking_or_expired(last_judged(rule, page_of(rule).refused), rule)


@pytest.mark.parametrize("rule", RULES)
def test_the_allowed_example_is_not_objected_to(rule: str) -> None:
    decision = last_judged(rule, page_of(rule).allowed)
    assert RULES[rule].code not in {finding.code for finding in decision.findings}
    assert RULES[rule].code not in blocking_or_expired(decision, rule)


def blocking_or_expired(decision: Decision, rule: str) -> set[str]:
    """The blocking codes; that of an expired ground counts as the rule's."""
    codes = blocking(decision)
    expired = getattr(RULES[rule], "expired", (None,))[0]
    return codes | {RULES[rule].code} if expired in codes else codes


def test_the_index_has_every_rule_file() -> None:
    assert {cls.__module__.rpartition(".")[2] for cls in RULES.values()} == FILES
    assert all(RULES[cls.name] is cls for cls in RULES.values())
    assert len({cls.code for cls in RULES.values()}) == len(RULES)


def test_every_rule_file_has_a_test_file() -> None:
    tests = {path.stem.removeprefix("test_") for path in HERE.glob("test_*.py")}
    assert tests - {"pages"} == FILES


def test_the_pages_are_the_docstrings_of_the_files() -> None:
    assert all(sys.modules[cls.__module__].__doc__ for cls in RULES.values())
