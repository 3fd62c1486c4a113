"""Which point a touch or an event names: as it is compared, and as it may have been written."""

from __future__ import annotations

from typing import Any

import pytest

from cadence_guard.contact import Consent, Signal
from cadence_guard.events import parse_event
from cadence_guard.naming import as_named, is_at, named_point, names_of, point_of
from cadence_guard.touch import Touch

AT = "2026-03-02T10:00:00Z"


def touch(channel: str, to: str | None) -> Touch:
    event = parse_event(
        {"event": "touch", "contact": "c1", "at": AT, "channel": channel, "purpose": "sales"}
        | ({} if to is None else {"to": to})
    )
    assert isinstance(event, Touch)
    return event


def opt_out(**about: Any) -> Signal:
    event = parse_event({"event": "signal", "contact": "c1", "at": AT, "kind": "opt_out", **about})
    assert isinstance(event, Signal)
    return event


def test_a_national_number_is_another_point_in_each_country() -> None:
    assert point_of(touch("call", "0171 2345678"), "DE") == "+491712345678"
    assert point_of(touch("call", "0171 2345678"), "GB") != "+491712345678"
    assert point_of(touch("call", "0171 2345678")) == "1712345678"
    assert point_of(touch("email", " Ada@B.Example"), "DE") == "ada@b.example"
    assert point_of(touch("meeting", None), "DE") is None


@pytest.mark.parametrize(
    ("channel", "to", "names"),
    [
        ("email", "Ada@B.Example", {"ada@b.example"}),
        ("call", "+49 171 2345678", {"+491712345678", "491712345678", "1712345678"}),
        ("social", "@ada", {"ada"}),
        ("meeting", None, set[str]()),
    ],
)
def test_the_names_of_a_point_are_all_that_may_have_been_written(
    channel: str, to: str | None, names: set[str]
) -> None:
    found = names_of(touch(channel, to), None)
    assert names <= {*found}
    assert found[:1] == ((point_of(touch(channel, to)),) if to else ())
    assert is_at(found[0] if found else None, found)
    assert not is_at("else@b.example", found)


def test_no_point_is_the_one_of_no_names() -> None:
    assert is_at(None, ())
    assert not is_at(None, ("ada@b.example",))
    assert not is_at("ada@b.example", ())


def test_what_an_event_names_is_read_by_its_channel_and_country() -> None:
    assert named_point(opt_out(point="0171 2345678", channel="call"), "DE") == "+491712345678"
    assert named_point(opt_out(point="@ada"), None) == "ada"
    assert named_point(opt_out(), "DE") is None


def test_a_no_holds_for_all_that_its_point_may_mean() -> None:
    """Nobody knows the country, or what kind of thing some digits are."""
    assert as_named(opt_out(), "DE") == frozenset()
    number = as_named(opt_out(point="0171 2345678", channel="email"), "DE")
    assert {"+491712345678", "1712345678"} <= number
    assert "0171 2345678" in as_named(opt_out(point="0171 2345678"), "DE")
    grant = parse_event(
        {"event": "consent", "contact": "c1", "at": AT, "purpose": "sales", "source": "form",
         "status": "granted", "channel": "email", "point": "Ada@B.Example"}
    )  # fmt: skip
    assert isinstance(grant, Consent)
    assert as_named(grant, None) == {"ada@b.example"}
