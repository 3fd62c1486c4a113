"""Events as lines: what is written is what pydantic would write, and reads back the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from cadence_guard import words
from cadence_guard.contact import Consent, Contact, Forget, Handoff, Signal, Suppress
from cadence_guard.events import Event, parse_event, parse_events, to_line
from cadence_guard.points import normalise
from cadence_guard.touch import Release, Touch

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=6)
VISIBLE = TEXT.filter(lambda text: text.strip() != "")
AT = st.datetimes(
    datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.sampled_from([UTC])
) | st.just(datetime(2026, 3, 2, 16, tzinfo=UTC))
CHANNEL = st.sampled_from(words.CHANNELS)
PURPOSE = st.sampled_from([*words.PURPOSES, "x-club"])
POINTS = st.lists(
    st.fixed_dictionaries(
        {"kind": st.just("social"), "value": VISIBLE},
        optional={
            "use": st.sampled_from(words.USES),
            "source": st.sampled_from(words.SOURCES),
            "region": st.just("US-TX"),
        },
    ),
    max_size=2,
)


NAMED = TEXT.filter(lambda text: normalise(text) != "" and "@" not in text)
"""What may be a point."""


def of(model: type[Event], must: dict[str, Any], **may: Any) -> st.SearchStrategy[Event]:
    fields = st.fixed_dictionaries({"at": AT, **must}, optional=may)
    return fields.map(lambda given: model.model_validate(given, by_alias=True, by_name=False))


EVENTS = st.one_of(
    of(
        Touch,
        {"contact": VISIBLE, "channel": CHANNEL, "purpose": PURPOSE, "to": TEXT},
        id=VISIBLE,
        team=TEXT,
        greeting=TEXT,
        tags=st.lists(TEXT, max_size=2),
        automated=st.booleans(),
        deadline=AT,
        unsubscribe=st.lists(TEXT, max_size=1),
        discloses_source=st.booleans(),
    ),
    of(Contact, {"contact": VISIBLE}, name=TEXT, country=st.just("DE"), points=POINTS),
    of(
        Consent,
        {"contact": VISIBLE, "purpose": PURPOSE, "channel": CHANNEL, "status": st.just("granted")},
        **{"from": AT, "until": st.none() | AT, "evidence": VISIBLE},
    ),
    of(Signal, {"contact": VISIBLE, "kind": st.just("paused")}, until=st.none() | AT),
    of(Handoff, {"contact": VISIBLE, "to": VISIBLE}, **{"from": TEXT, "because": TEXT}),
    of(Suppress, {"contact": VISIBLE}, point=NAMED, note=TEXT),
    of(Forget, {"contact": VISIBLE}),
    of(Release, {"contact": VISIBLE, "touch": VISIBLE}),
)


@given(EVENTS)
@settings(max_examples=200, deadline=None)
def test_a_line_is_what_pydantic_writes_and_reads_back(event: Event) -> None:
    line = to_line(event)
    assert line == event.model_dump_json()
    assert parse_event(line) == event


@pytest.mark.parametrize("text", ['\x01\x1f\b\f\n\r\t"\\/', "\x7f\x85\u2028\ud7ff\U0001f600"])
def test_signs_that_json_escapes(text: str) -> None:
    event = Forget(contact=text, at=datetime(2026, 3, 2, tzinfo=UTC))
    assert to_line(event) == event.model_dump_json()


@pytest.mark.parametrize("text", ["", "\n", " \r\n\t\n", "\ufeff\n"])
def test_text_of_blank_lines_holds_no_event_and_is_no_path(text: str) -> None:
    assert [*parse_events(text)] == [*parse_events(text.encode())] == []
