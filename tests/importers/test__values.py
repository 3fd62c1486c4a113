"""Values of foreign files."""

from __future__ import annotations

import pytest

from cadence_guard.importers._values import (
    Ids,
    identifier,
    is_number,
    is_whole,
    mapping,
    shown,
    some,
    text,
    unknown_word,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a", "a"), (7, "7"), ("", None), (None, None), (True, None), (1.0, None), ([], None)],
)
def test_identifier(value, expected):
    assert identifier(value) == expected


def test_mapping_and_text():
    assert mapping({"a": 1}) == {"a": 1}
    assert mapping([1]) == {}
    assert text("a") == "a"
    assert text("") is None
    assert text(1) is None


def test_numbers():
    assert is_number(1)
    assert is_number(0.5)
    assert not is_number(True)
    assert not is_number("1")
    assert is_whole(6, 0, 6)
    assert not is_whole(7, 0, 6)
    assert not is_whole(1.0, 0, 6)
    assert not is_whole(True, 0, 6)


def test_what_is_shown_is_short_however_deep_and_long():
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert len(shown(deep)) < 40
    assert len(shown("x" * 1_000_000)) < 40
    assert len(unknown_word("x" * 1_000_000, ("a",), "kind")) < 200
    assert "did you mean 'Email'?" in unknown_word("Emails", ("Email", "Sms"), "kind")
    assert unknown_word(5, ("a",), "kind") == "unknown kind '5'; expected one of: a"


def test_some():
    assert some(["a"]) == "'a'"
    assert some(["a", "b", "c"]) == "'a', 'b', 'c'"
    assert some(["a", "b", "c", "d", "e"]) == "'a', 'b', 'c' and 2 more"


def test_ids_are_given_once_and_quickly():
    ids = Ids()
    assert [ids.fresh(name) for name in ("a", "a (2)", "a", "a")] == [
        "a",
        "a (2)",
        "a (3)",
        "a (4)",
    ]
    assert len({ids.fresh("b") for _ in range(100_000)}) == 100_000
