"""CG701: what they want to be called, as whole words (35)."""

from __future__ import annotations

from typing import Any

import pytest

from cadence_guard.rules.wrong_name import names
from support import contact, judge, mail, until


@pytest.mark.parametrize(
    ("facts", "greeting", "right"),
    [
        ({"name": "Anna-Lena Berg"}, "Hello, is this Anna-Lena?", True),
        ({"name": "Anna-Lena Berg"}, "Hi. Anna?", False),
        ({"name": "Anna-Lena Berg"}, "Hi Lena,", False),
        ({"name": "Anna Berg"}, "Hi Anna-Lena,", False),
        ({"name": "Anna-Lena Berg"}, "ANNA-LENA!", True),
        ({"name": "Anna-Lena Berg"}, "Hi Anna\u2010Lena", True),  # a real hyphen
        ({"name": "Anna Berg", "call_me": "Ann"}, "Hi Ann,", True),
        ({"name": "Anna Berg", "call_me": "Ann"}, "Hi Anna,", False),
        ({"call_me": "Dr. Berg"}, "Dear Dr. Berg:", True),
        ({"call_me": "Dr. Berg"}, "Dear Berg", False),
        ({"name": "Zoë"}, "Hi Zoe\u0308,", True),  # composed otherwise
        ({"name": "Zoë"}, "Hi Zoe,", False),
        ({"name": "Weiß"}, "HALLO WEISS", True),
        ({"name": "Al"}, "Hi Alfred", False),
        ({"call_me": "😀"}, "Hi 😀!", True),
        ({"call_me": "😀"}, "Hi there!", False),
        ({"account": "berg"}, "Hi Anna", False),
        ({"name": "Anna Berg", "call_me": " "}, "Hi Bob", False),
        ({"name": "Anna Berg", "call_me": " "}, "Hi Anna", True),
        ({"name": " "}, "Hi Bob", False),
    ],
)
def test_a_greeting_contains_the_name(facts: dict[str, Any], greeting: str, right: bool) -> None:
    verdict = until("wrong-name", {}, [contact(**facts)], mail(greeting=greeting))
    assert verdict == ("allow" if right else "deny")


def test_a_greeting_that_names_nobody_is_left_out() -> None:
    assert until("wrong-name", {}, [contact(name="Al")], mail()) == "allow"
    assert until("wrong-name", {}, [], mail()) == "allow"


def test_what_is_missing() -> None:
    rules = {"rules": {"wrong-name": {}}}
    assert judge(rules, [contact(account="berg")], mail(greeting="Hi Al")).needs == ("call_me",)
    decision = judge(rules, [contact(name="Al Berg")], mail(greeting="Hi Bo"))
    assert decision.needs == ()
    assert decision.findings[0].message == "the greeting does not say 'Al'"


def test_a_long_greeting_is_read_once() -> None:
    """A name that nearly fits everywhere takes no longer to look for than any other."""
    assert not names("a " * 200_000, "a " * 100_000 + "b")
    assert names("a " * 200_000 + "b", "a " * 100_000 + "b")


def test_a_contact_named_by_an_address_is_not_given_away() -> None:
    told = contact(name="al@studio.example")
    finding = judge({"rules": {"wrong-name": {}}}, [told], mail(greeting="Hi")).findings[0]
    assert finding.message == "the greeting does not say 'a***@studio.example'"
