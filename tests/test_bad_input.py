"""Bad input: an error that says where, and what was expected; nothing is written."""

from __future__ import annotations

import copy
import json
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from cadence_guard import (
    Consent,
    Contact,
    ContactPoint,
    EventError,
    Guard,
    Policy,
    PolicyError,
    Touch,
    parse_events,
)
from cadence_guard._yaml12 import load
from cadence_guard.events import parse_event, to_line

AT = "2026-03-02T16:00:00Z"
TOUCH = {
    "event": "touch",
    "id": "t-1",
    "contact": "c-1",
    "at": AT,
    "channel": "email",
    "to": "al@example.org",
    "purpose": "sales",
    "tags": ["helpful"],
    "outcome": "sent",
}
CONTACT = {
    "event": "contact",
    "contact": "c-1",
    "at": AT,
    "name": "Anna-Lena Berg",
    "time_zone": "America/Chicago",
    "country": "US",
    "points": [{"kind": "email", "value": "al@example.org", "use": "work"}],
}
CONSENT = {
    "event": "consent",
    "contact": "c-1",
    "at": AT,
    "purpose": "sales",
    "channel": "email",
    "status": "granted",
    "from": AT,
    "until": None,
}
SIGNAL = {"event": "signal", "contact": "c-1", "at": AT, "kind": "declined", "channel": "call"}
HANDOFF = {"event": "handoff", "contact": "c-1", "at": AT, "from": "marketing", "to": "sales"}
SUPPRESS = {"event": "suppress", "at": AT, "point": "x@example.org", "note": "import"}
FORGET = {"event": "forget", "contact": "c-1", "at": AT}
SAMPLES = (TOUCH, CONTACT, CONSENT, SIGNAL, HANDOFF, SUPPRESS, FORGET)

Data = Mapping[str, Any]


def stored(guard: Guard) -> int:
    """How many events there are of the contact of the samples."""
    return len(guard.ledger.history(["contact:c-1", "point:al@example.org"]).events)


# -- events -----------------------------------------------------------------------------------

WRONG_INSTANTS = {
    "2026-03-02T16:00:00": "is not an instant; expected one with an offset",
    "2026-03-02": "is not an instant; expected one with an offset",
    "yesterday": "is not an instant",
    "1772467200": "is not an instant",
    "1969-12-31T23:59:59Z": "lies outside 1970 to 2199",
    "2200-01-01T00:00:00Z": "lies outside 1970 to 2199",
    "2026-02-30T00:00:00Z": "at: ",
    1772467200: "is not an instant; expected a datetime with a zone, or text",
    1.5: "is not an instant",
    True: "is not an instant",
}


@pytest.mark.parametrize("value", WRONG_INSTANTS)
def test_an_instant_is_one(value: Any) -> None:
    for event in (TOUCH, CONTACT, SIGNAL, SUPPRESS):
        for source in ({**event, "at": value}, json.dumps({**event, "at": value})):
            with pytest.raises(EventError) as caught:
                list(parse_events([source]))
            assert WRONG_INSTANTS[value] in str(caught.value)
            assert str(caught.value).startswith("line 1")


@pytest.mark.parametrize("value", [datetime(2026, 3, 2, 16), date(2026, 3, 2), 1772467200])
def test_an_instant_in_python_is_aware(value: Any) -> None:
    with pytest.raises(ValidationError, match=r"is naive; give it a zone|is not an instant"):
        Touch(contact="c-1", channel="email", to="a@b.example", purpose="sales", at=value)
    with pytest.raises(EventError, match=r"touch: at: .*(is naive|is not an instant)"):
        Guard(Policy()).evaluate({**TOUCH, "outcome": "sent", "at": value})
    with pytest.raises(EventError, match=r"signal: at: "):
        Guard(Policy()).record({**SIGNAL, "at": value})


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2199-12-31T23:59:59.999999Z"])
def test_the_first_and_the_last_instant_are_some(at: str) -> None:
    (event,) = parse_events([{**TOUCH, "at": at}])
    assert to_line(event).count(at) == 1


UNKNOWN = [
    (TOUCH, {"chanel": "email"}, "unknown key 'chanel'; did you mean 'channel'?"),
    (CONTACT, {"nmae": "Al"}, "unknown key 'nmae'; did you mean 'name'?"),
    (CONTACT, {"points": [{"kind": "email", "valu": "a@b.example"}]}, "did you mean 'value'?"),
    (CONSENT, {"from_": AT}, "unknown key 'from_'; did you mean 'from'?"),
    (SIGNAL, {"quote": "x"}, "unknown key 'quote'; expected one of: event, contact, at"),
    (SUPPRESS, {"reason": "x"}, "unknown key 'reason'; expected one of: event, at, point"),
    (TOUCH, {"channel": "emial"}, "unknown channel 'emial'; did you mean 'email'?"),
    (TOUCH, {"outcome": "deliverd"}, "unknown outcome 'deliverd'; did you mean 'delivered'?"),
    (TOUCH, {"purpose": "sale"}, "unknown purpose 'sale'; did you mean 'sales'?"),
    (TOUCH, {"because": "download"}, "did you mean 'downloaded'?"),
    (TOUCH, {"channel": "LinkedIn"}, "unknown channel 'LinkedIn'; did you mean 'social'?"),
    (
        TOUCH,
        {"outcome": "opened"},
        "unknown outcome 'opened'; it is a signal; expected one of: sent",
    ),
    (
        SIGNAL,
        {"kind": "bounced"},
        "unknown signal 'bounced'; it is the outcome of a touch; expected",
    ),
    (SIGNAL, {"kind": "unsubscribed"}, "did you mean 'opt_out'?"),
    (SIGNAL, {"kind": "phone"}, "unknown signal 'phone'; expected one of"),
    (SIGNAL, {"kind": "optout"}, "unknown signal 'optout'; did you mean 'opt_out'?"),
    (CONSENT, {"status": "grant"}, "unknown status 'grant'; did you mean 'granted'?"),
    (CONTACT, {"time_zone": "America/Chicgo"}, "did you mean 'America/Chicago'?"),
    (CONTACT, {"time_zone": "UTC+7"}, "unknown zone 'UTC+7'"),
    (CONTACT, {"time_zone": "../../etc/passwd"}, "unknown zone"),
    (TOUCH, {"event": "tuch"}, "unknown event 'tuch'; did you mean 'touch'?"),
    (TOUCH, {"event": None}, "'event' is missing; expected one of: contact, consent"),
]


@pytest.mark.parametrize(("event", "more", "text"), UNKNOWN)
def test_a_name_that_is_not_known_gets_the_nearest(event: Data, more: Data, text: str) -> None:
    for source in ({**event, **more}, json.dumps({**event, **more})):
        with pytest.raises(EventError) as caught:
            parse_event(source)
        assert text in str(caught.value)


WRONG = [
    (TOUCH, {"to": None}, "to: null is not a value; leave the key out"),
    *(
        (event, {key: blank}, f"{key}: expected text that is not blank, without NUL characters")
        for event, key in (
            (TOUCH, "contact"),
            (TOUCH, "id"),
            (CONTACT, "contact"),
            ({"event": "signal", "contact": "c1", "kind": "replied"}, "touch"),
            ({"event": "suppress"}, "contact"),
            ({"event": "release", "contact": "c1"}, "touch"),
            ({"event": "forget"}, "contact"),
        )
        for blank in ("", " ", "\t\u3000")
    ),
    (TOUCH, {"contact": 7}, "contact: input should be a valid string, not 7"),
    (TOUCH, {"automated": 1}, "automated: input should be a valid boolean, not 1"),
    (TOUCH, {"automated": "false"}, "automated: input should be a valid boolean"),
    (TOUCH, {"tags": "urgent"}, "tags: "),
    (TOUCH, {"tags": [""]}, "tags: string should have at least 1 character"),
    (TOUCH, {"deadline": "soon"}, "deadline: 'soon' is not an instant"),
    (CONTACT, {"country": "USA"}, "country: expected a two-letter ISO 3166 code, such as DE, not"),
    (CONTACT, {"country": "de"}, "such as DE, not 'de'"),
    (
        CONTACT,
        {"region": "Texas"},
        "region: expected an ISO 3166-2 code, such as US-TX, not 'Texas'",
    ),
    (TOUCH, {"greeting": "Hi\0"}, "greeting: expected text without NUL characters, not 'Hi\\x00'"),
    (CONTACT, {"points": [{"kind": "email", "value": "nobody"}]}, "is not an e-mail address"),
    (CONTACT, {"points": [{"kind": "phone", "value": "5551234567"}], "country": "AQ"}, "phone"),
    (CONTACT, {"points": {}}, "points: "),
    (CONSENT, {"channel": None}, "channel: null is not a value"),
    (SIGNAL, {"at": None}, "at: null is not a value"),
    (FORGET, {"contact": None}, "contact: null is not a value"),
]


@pytest.mark.parametrize(("event", "more", "text"), WRONG)
def test_a_wrong_value_is_named(event: Data, more: Data, text: str) -> None:
    for source in ({**event, **more}, json.dumps({**event, **more})):
        with pytest.raises(EventError) as caught:
            parse_event(source)
        assert text in str(caught.value)
        assert str(caught.value).startswith(f"{event['event']}: ")


def test_what_is_missing_is_named() -> None:
    for key in ("contact", "channel", "purpose", "to"):
        less = {name: value for name, value in TOUCH.items() if name != key}
        with pytest.raises(EventError, match=f"touch: '{key}' is missing"):
            parse_event(less)
    with pytest.raises(EventError, match="a grant names a 'purpose', and a 'channel' or a 'point'"):
        parse_event({"event": "consent", "contact": "c-1", "at": AT, "status": "granted"})
    with pytest.raises(EventError, match="a suppression names a 'point' or a 'contact'"):
        parse_event({"event": "suppress", "at": AT})
    with pytest.raises(EventError, match="line 2: 'at' is missing; expected an instant"):
        list(parse_events([FORGET, {"event": "forget", "contact": "c-2"}]))


def test_null_is_a_value_of_until_only() -> None:
    assert parse_event({**SIGNAL, "kind": "paused", "until": None}) == parse_event(
        {**SIGNAL, "kind": "paused"}
    )
    assert to_line(parse_event(CONSENT)).count("until") == 0


def test_none_written_out_in_python_is_a_field_that_is_not_given() -> None:
    point = ContactPoint(kind="email", value="a@b.example", use=None)
    assert point.model_fields_set == {"kind", "value"}
    bare = Contact(contact="c-1", name=None, time_zone=None, points=(point,))
    assert bare == Contact(contact="c-1", points=(point,))
    for null in (
        {"name": None},
        {"points": [{"kind": "email", "value": "a@b.example", "use": None}]},
    ):
        with pytest.raises(ValidationError):
            Contact.model_validate({"contact": "c-1", **null})
        with pytest.raises(EventError, match="null is not a value; leave the key out"):
            parse_event({"event": "contact", "contact": "c-1", "at": AT, **null})
    with pytest.raises(ValidationError, match="missing"):
        Contact(contact=None)  # type: ignore[arg-type]


DUPLICATES = [
    '{"event":"forget","contact":"c-1","at":"%s","contact":"c-2"}',
    '{"event":"forget","contact" :"c-1","at":"%s","contact":"c-2"}',
    '{"event":"forget","contact"  :"c-1","at":"%s","contact":"c-2"}',
    '{"event":"forget","contact"\r:"c-1","at":"%s","contact":"c-2"}',
    '{"event":"forget","contact":"c-1","at":"%s","cont\\u0061ct":"c-2"}',
    '{"event":"forget","contact":"a\\":","at":"%s","contact":"c-2"}',
]


@pytest.mark.parametrize("line", DUPLICATES)
def test_a_key_given_twice_does_not_win_in_silence(line: str) -> None:
    with pytest.raises(EventError, match=r"line 1, column .*duplicate key 'contact'"):
        list(parse_events(line % AT))


def test_a_key_of_a_point_given_twice_does_not_win_in_silence() -> None:
    line = json.dumps(CONTACT).replace('"use"', '"value": "eve@example.org", "use"')
    with pytest.raises(EventError, match="duplicate key 'value'"):
        parse_event(line)


BROKEN = [
    (b"{", "broken JSON"),
    (b"{]", "broken JSON"),
    (b"[]", "expected an object, not list"),
    (b"null", "expected an object, not NoneType"),
    (b'"x"', "expected an object, not str"),
    (b"{} {}", "broken JSON: Extra data; expected one event a line"),
    (json.dumps(TOUCH).encode() * 2, "broken JSON: Extra data"),
    (b'{"event":"touch","id":NaN}', "broken JSON: NaN is no JSON"),
    (b'{"event":"touch","id":"\x00"}', "broken JSON: Invalid control character"),
    (b"\x00\x00\x00", "broken JSON"),
    ('{"event":"touch","id":"é"}'.encode("latin-1"), "column 24: not UTF-8 (byte 0xe9)"),
    ("{}".encode("utf-16"), "not UTF-8 (byte 0xff)"),
    (b'{"event":' + b"[" * 50_000, "nested too deeply for an event"),
    (b'{"event":"touch","id":"\\ud800"}', "line 2"),
    (b'{"event":"touch","id":' + b"9" * 9999 + b"}", "broken JSON: Exceeds the limit"),
    (b"x" * 10_000_000, "longer than 1048576 bytes; one event a line is expected"),
]


@pytest.mark.parametrize(("line", "text"), BROKEN, ids=[text for _, text in BROKEN])
def test_a_broken_line_is_named_and_nothing_before_it_is_lost(
    line: bytes, text: str, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(json.dumps(TOUCH).encode() + b"\n" + line + b"\n" + b"{}\n")
    for source, where in ((path, f"{path}:2"), (path.read_bytes(), "line 2")):
        events: Iterator[Any] = parse_events(source)
        assert next(events) == parse_event(TOUCH)
        with pytest.raises(EventError) as caught:
            next(events)
        assert str(caught.value).startswith(where)
        assert text.replace("column 24", "") in str(caught.value) or "line 2" in text
        assert len(str(caught.value)) < 500 + len(str(path))


def test_the_column_is_that_of_the_fault(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for event, more, fault in (
        (CONTACT, {"contact": 7}, "7"),
        (CONTACT, {"nmae": "Al"}, '"nmae"'),
        (TOUCH, {"tags": ["helpful", 10]}, "10"),
        (CONTACT, {"points": [*CONTACT["points"], {"kind": "fax", "value": "x"}]}, '"fax"'),
    ):
        line = json.dumps({**event, **more})
        path.write_text(line, "utf-8")
        with pytest.raises(EventError) as caught:
            list(parse_events(path))
        assert str(caught.value).startswith(f"{path}:1:{line.index(fault) + 1}: {event['event']}: ")


def test_a_fault_beside_a_key_of_any_length_is_told() -> None:
    line = json.dumps({**TOUCH, "purpose": "sale", "k" * 5000: 1})
    with pytest.raises(EventError, match=r"^line 1: touch: unknown key 'kkk"):
        list(parse_events(line))


@pytest.mark.parametrize("source", ["nowhere.jsonl", ".", "a\0b", "x" * 5000, "\x00", Path("a\0b")])
def test_a_file_that_cannot_be_read_is_an_event_error(source: Any) -> None:
    with pytest.raises(EventError, match=": cannot be read: "):
        list(parse_events(source))


@pytest.mark.parametrize("source", [None, 7, [7], [None], [["event"]], object()])
def test_what_are_no_events_is_an_event_error(source: Any) -> None:
    with pytest.raises(EventError, match="expected "):
        list(parse_events(source))


def test_python_data_nested_too_deeply_is_an_event_error() -> None:
    deep: Any = []
    for _ in range(10_000):
        deep = [deep]
    for key in TOUCH:
        with pytest.raises(EventError, match="nested too deeply"):
            parse_event({**TOUCH, key: deep})


@pytest.mark.parametrize(
    ("event", "key"),
    [
        *((TOUCH, key) for key in ("event", "at", "channel", "purpose", "outcome", "because")),
        *((TOUCH, key) for key in ("audience", "automated", "tags", "deadline", "x" * 100_000)),
        *((CONTACT, key) for key in ("time_zone", "country", "points")),
    ],
)
def test_an_error_shows_the_beginning_of_what_is_long(event: dict[str, Any], key: str) -> None:
    with pytest.raises(EventError) as caught:
        parse_event({**event, key: "x" * 100_000})
    assert len(str(caught.value)) < 400
    for kind in ("phone", "email"):
        with pytest.raises(EventError) as caught:
            parse_event({**CONTACT, "points": [{"kind": kind, "value": "1" * 100_000}]})
        assert len(str(caught.value)) < 400


# -- a guard that is told something wrong -----------------------------------------------------


def test_nothing_is_written_of_what_is_wrong() -> None:
    guard = Guard(Policy())
    for event, more, _ in (*UNKNOWN, *WRONG):
        with pytest.raises(EventError):
            guard.record({**event, **more})
    for more in ({"outcome": None}, {"at": "2026-03-02"}, {"chanel": "email"}):
        with pytest.raises(EventError):
            guard.record({**TOUCH, **more})
    assert stored(guard) == 0


def test_a_touch_id_with_other_content_is_refused() -> None:
    guard = Guard(Policy())
    guard.record(TOUCH)
    guard.record(TOUCH)
    others: list[dict[str, Any]] = [
        {"at": "2026-03-02T16:00:01Z"},
        {"to": "eve@example.org"},
        {"channel": "social"},
        {"purpose": "marketing"},
        {"greeting": "Hi"},
        {"automated": False},
        {"tags": ["urgent"]},
        {"contact": "c-2"},
    ]
    for other in others:
        with pytest.raises(EventError, match="touch 't-1' was told before with other") as caught:
            guard.record({**TOUCH, **other})
        named = str(caught.value).partition("content: ")[2].partition("; only its outcome")[0]
        assert {*other} <= {*named.removeprefix("one of ").split(", ")}
    with pytest.raises(EventError, match="content: contact, at, team, to; only its outcome"):
        guard.record(
            {
                **TOUCH,
                "contact": "c-2",
                "at": "2026-03-02T16:00:01Z",
                "team": "x",
                "to": "b@example.org",
            }
        )
    with pytest.raises(EventError, match="'failed' may follow only 'unknown', not 'sent'"):
        guard.record({**TOUCH, "outcome": "failed"})
    guard.record({**TOUCH, "to": " AL@Example.org", "outcome": "delivered"})
    assert {filed.event.contact for filed in guard.ledger.history(["touch:t-1"]).events} == {"c-1"}
    assert not guard.ledger.history(["contact:c-2"]).events


def test_a_planned_touch_is_not_recorded_and_a_past_one_not_judged() -> None:
    guard = Guard(Policy())
    planned = {key: value for key, value in TOUCH.items() if key != "outcome"}
    with pytest.raises(EventError, match="a planned touch is booked with reserve"):
        guard.record(planned)
    for judge in (guard.evaluate, guard.reserve):
        with pytest.raises(EventError, match="what has happened is told with record"):
            judge(TOUCH)
    with pytest.raises(EventError, match="'id' is missing; a reservation is known by its touch"):
        guard.reserve({key: value for key, value in planned.items() if key != "id"})
    with pytest.raises(EventError, match="expected a touch, not a forget"):
        guard.evaluate(FORGET)
    with pytest.raises(EventError, match="unknown outcome 'sended'; did you mean 'sent'"):
        guard.reserve(planned).confirm("sended")
    assert stored(guard) == 1  # the booking


def test_models_are_as_strict_as_lines() -> None:
    with pytest.raises(ValidationError, match="did you mean 'email'"):
        Touch(contact="c-1", channel="mail", to="a@b.example", purpose="sales")
    with pytest.raises(ValidationError, match="'to' is missing"):
        Touch(contact="c-1", channel="call", purpose="sales")
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Contact(contact="c-1", nmae="Al")  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="a grant names a 'purpose'"):
        Consent(contact="c-1", status="granted", purpose="sales")
    with pytest.raises(ValidationError, match="frozen"):
        Touch.model_validate(TOUCH).channel = "call"  # type: ignore[misc]


# -- policies ---------------------------------------------------------------------------------

POLICIES = [
    ("packs: [humane]", ":1:1: 'version' is missing; write version: 1"),
    ("version: 2", ":1:10: version: input should be 1, not 2"),
    ("version: 1\nversion: 1", ":2:1: duplicate key 'version' (first on line 1)"),
    ("version: 1\npack: [humane]", ":2:1: unknown key 'pack'; did you mean 'packs'?"),
    ("version: 1\npacks: [humne]", ":2:9: unknown pack 'humne'; did you mean 'humane'?"),
    ("version: 1\npacks: [minimal, minimal]", ":2:18: pack 'minimal' is named twice"),
    ("version: 1\nrules: {CG301: {}}", "unknown rule 'CG301'; did you mean 'over-cap'? expected"),
    ("version: 1\nrules: {ovr-cap: {}}", "unknown rule 'ovr-cap'; did you mean 'over-cap'?"),
    ("version: 1\nrules: {over-cap: }", "over-cap: null is not a value; write its parameters"),
    ("version: 1\nrules:", ":2:7: rules: null is not a value; write rules, such as {too-soon:"),
    ("version: 1\npacks: null", ":2:8: packs: null is not a value; write a list, such as [humane]"),
    ("version: 1\npacks: [null]", ":2:9: packs: null is not a value; write one, or leave it out"),
    ("version: 1\nhorizon: ~", ":2:10: horizon: null is not a value; write a duration, such as"),
    ("version: 1\nnotes:", "notes: null is not a value; leave it out"),
    ("version: 1\nrules: {over-cap: {max: }}", "max: null is not a value; write one, or leave it"),
    ("version: 1\nrules: [over-cap]", ":2:8: rules: expected a mapping of rule names, not list"),
    ("version: 1\nrules:\n  over-cap: {max: 1, par: 7d}", ":3:22: over-cap: unknown key 'par'"),
    ("version: 1\nrules:\n  over-cap: {max: -1, per: 7d}", ":3:19: over-cap: max: input should"),
    ("version: 1\nrules:\n  over-cap: {max: 1.5, per: 7d}", ":3:19: over-cap: max: input should"),
    ("version: 1\nrules:\n  over-cap: {max: 1, per: 0d}", ":3:27: over-cap: per: '0d' is not a"),
    ("version: 1\nrules:\n  over-cap: {max: 1, per: -7d}", "above zero), at most 100 years"),
    ("version: 1\nrules:\n  over-cap: {max: 1, per: 7}", "per: 7 is not a duration; expected"),
    ("version: 1\nrules:\n  over-cap: {max: 1, per: P1M}", "is a calendar duration"),
    ("version: 1\nrules:\n  over-cap: {max: 1}", "expected one of 'per' (7d) and 'calendar'"),
    ("version: 1\nrules:\n  over-cap: {max: 1, per: 7d, channels: []}", "list of at least 1"),
    (
        "version: 1\nrules: {overlapping-cadence: {for: 1d, share: [[a]]}}",
        ":2:48: overlapping-cadence: share: expected a list of at least 2",
    ),
    ("version: 1\nrules:\n  over-cap: {max: 1, per: 7d, channels: [mail]}", ":3:42: over-cap: "),
    ("version: 1\nrules: {over-cap: {max: 1, per: 1d, channels: email}}", "expected a list, not"),
    ("version: 1\nrules:\n  over-cap: []", "expected a mapping, a list of mappings, or off"),
    ("version: 1\nrules:\n  over-cap: {effect: warning}", "'block' or 'warn'"),
    ("version: 1\nrules: {opted-out: off}", "opted-out: is always on and takes no parameters"),
    ("version: 1\nrules: {suppressed: {effect: warn}}", "it cannot be loosened"),
    ("version: 1\nrules: {wrong-person: {channels: [call]}}", "it cannot be loosened"),
    (
        "version: 1\nexempt: [{purposes: [sales], from: [opted-out], because: x}]",
        ":2:37: from: nothing exempts from 'opted-out'",
    ),
    ("version: 1\nexempt: [{purposes: [sales], from: [too-soon]}]", "'because' is missing"),
    (
        "version: 1\nexempt: [{from: [too-soon], because: x}]",
        "expected 'purposes', 'channels' or both",
    ),
    (
        "version: 1\nexempt:\n  - channels: [sms]\n    from: [too-late,\n to-soon]\n    because: x",
        ":5:2: from: unknown rule 'to-soon'; did you mean 'too-soon'?",
    ),
    ("version: 1\nexempt: [{purposes: [sale], from: [too-soon], because: x}]", "'sales'?"),
    ("version: 1\nanswers: {signls: [replied]}", ":2:11: unknown key 'signls'; did you mean"),
    ("version: 1\nanswers: {signals: [replyed]}", ":2:21: signals: unknown signal 'replyed'"),
    ("version: 1\nanswers: 7d", "expected signals and within, such as {within: 7d}, or off"),
    ("version: 1\nhorizon: 0d", ":2:10: horizon: '0d' is not a duration"),
    ("version: 1\nrules: {already-answered: {signals: [reply]}}", "did you mean 'replied'?"),
    ("version: 1\nrules: {missing-consent: {accept: [invite]}}", "did you mean 'invited'?"),
    ("version: 1\nrules: {blackout: {dates: [2026-02-30]}}", ":2:28: blackout: dates: "),
    ("version: 1\nrules: {'..:x': {}}", "rule '..:x' cannot be imported"),
    ("version: 1\nrules: {'json:dumps': {}}", "is no subclass of cadence_guard.rules.Rule"),
    ("a: &a [1]\nb: *a", ":1:4: anchors and aliases are refused"),
    ("&a [*a, *a]", "anchors and aliases are refused"),
    ("version: !!int 1", ":1:10: the tag"),
    ("version: 1\n--- {}", "more than one document"),
    ("[" * 1000, "nested deeper than 100 levels"),
    ("version: 1\nx: " + "9" * 10_000, "is too long"),
    ("version: 1\nrules: {", ":3:1: while parsing a flow node"),
    ("", ":1:1: it says nothing; expected a policy, such as 'packs: [humane]'"),
    ("7", ":1:1: a policy is a mapping, not int"),
    ("\x00", "character U+0000 is refused"),
]


@pytest.mark.parametrize(("text", "said"), POLICIES, ids=[said for _, said in POLICIES])
def test_a_wrong_policy_says_where_and_what(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(text, "utf-8")
    for read in (lambda: Policy.parse(text, str(path)), lambda: Policy.load(path)):
        with pytest.raises(PolicyError) as caught:
            read()
        assert str(caught.value).startswith(f"{path}:")
        assert said in str(caught.value)


WINDOWS = [
    ({"from": "09:00", "to": "09:00"}, "'from' and 'to' are the same; write 00:00 to 24:00"),
    ({"from": "24:00", "to": "09:00"}, "'from' may not be 24:00; write 00:00"),
    ({"from": "9:00", "to": "18:00"}, "'9:00' is not a time of day; expected HH:MM"),
    ({"from": 540, "to": "18:00"}, "540 is not a time of day"),
    ({"from": "09:00", "to": "18:60"}, "'18:60' is not a time of day"),
    ({"from": "09:00"}, "'to' is missing"),
    ({"from_": "09:00", "to": "18:00"}, "unknown key 'from_'; did you mean 'from'?"),
    ({"from": "09:00", "to": "18:00", "days": ["monday"]}, "did you mean 'mon'?"),
    ({"from": "09:00", "to": "18:00", "days": []}, "days: expected a list of at least 1"),
]


@pytest.mark.parametrize(("window", "said"), WINDOWS, ids=[said for _, said in WINDOWS])
def test_a_wrong_window_says_what(window: Data, said: str) -> None:
    policy = {"rules": {"outside-hours": {"windows": [window]}}}
    for read in (
        lambda: Policy(**policy),
        lambda: Policy.model_validate(policy),
        lambda: Policy.parse(json.dumps({"version": 1, **policy})),
    ):
        with pytest.raises(PolicyError) as caught:
            read()
        assert said in str(caught.value)
        assert "after validation" not in str(caught.value)


def test_every_fault_of_a_policy_is_told_at_once() -> None:
    text = "version: 1\nrules:\n  over-cap: {max: -1, per: 0d}\n  to-soon: {gap: 1d}\nhorizn: 1d\n"
    with pytest.raises(PolicyError) as caught:
        Policy.parse(text, "p.yaml")
    places = [line.split(": ")[0] for line in str(caught.value).splitlines()]
    assert sorted(places) == ["p.yaml:3:19", "p.yaml:3:28", "p.yaml:4:3", "p.yaml:5:1"]


def test_what_policies_may_say_of_answers() -> None:
    off, terms = Policy.parse("version: 1\nanswers: off"), Policy(answers={"within": "3d"})
    assert off.answers == "off"
    assert Policy(answers=terms.answers) == terms


def test_what_a_policy_writes_a_policy_reads() -> None:
    policy = Policy.parse(FILE)
    text = policy.model_dump_json(exclude_none=True)
    assert Policy.parse(text) == policy
    assert Policy.model_validate(policy.model_dump(mode="json", exclude_none=True)) == policy
    again = Policy(packs=["humane"], rules={"over-cap": {"effect": "warn"}, "too-soon": "off"})
    dump = again.model_dump(mode="json", exclude_none=True)
    assert dump["packs"] == ["humane"]
    assert Policy.model_validate(dump) == again


def test_a_policy_in_latin_1_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes("version: 1\n# é".encode("latin-1"))
    with pytest.raises(PolicyError, match=":2:3: byte 0xe9 at offset 13 is not UTF-8"):
        Policy.load(path)


@pytest.mark.parametrize("path", ["nowhere.yaml", ".", "a\0b", "x" * 5000])
def test_a_policy_that_cannot_be_read_is_a_policy_error(path: str) -> None:
    with pytest.raises(PolicyError, match=": cannot be read: "):
        Policy.load(path)


def test_a_policy_that_may_have_no_end_is_not_read_to_it(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # holds no block of the disk
    with pytest.raises(PolicyError, match=r"policy\.yaml: larger than 4,000,000 bytes"):
        Policy.load(path)


def test_python_data_nested_too_deeply_is_a_policy_error() -> None:
    deep: Any = []
    for _ in range(10_000):
        deep = [deep]
    for data in ({"rules": deep}, {"version": deep}, {"rules": {"over-cap": deep}}):
        with pytest.raises(PolicyError, match="nested too deeply"):
            Policy.model_validate(data)


# -- what is no error -------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\r\n\r\n  \r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_and_other_line_ends_are_no_errors(
    mark: str, end: str, tmp_path: Path
) -> None:
    text = mark + end.join(json.dumps(event) for event in SAMPLES) + end
    path = tmp_path / "events.jsonl"
    path.write_bytes(text.encode())
    expected = [parse_event(event) for event in SAMPLES]
    assert list(parse_events(path)) == expected
    assert list(parse_events(str(path))) == expected
    assert list(parse_events(text)) == expected
    assert list(parse_events(text.encode())) == expected
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(parse_events(file)) == expected
    policy = f"{mark}version: 1{end}packs: [humane]{end}"
    assert Policy.parse(policy.encode()) == Policy(packs=["humane"])


SAME = [
    ("email", "al@example.org", " AL@Example.ORG "),
    ("email", "al@bücher.example", "AL@xn--bcher-kva.example"),
    ("email", "al@BÜCHER.example", "al@bücher.example"),
    ("sms", "+15125550143", "+1 (512) 555-0143"),
    ("call", "+15125550143", "tel:+1-512-555.0143"),
    ("call", "+15125550143", "0015125550143"),
    ("whatsapp", "+442079460958", "+44 (0)20 7946 0958"),
    ("social", "@Anna_Lena", "anna_lena"),
]


@pytest.mark.parametrize(("channel", "one", "other"), SAME)
def test_another_spelling_is_the_same_point(channel: str, one: str, other: str) -> None:
    for listed, asked in ((one, other), (other, one)):
        guard = Guard(Policy())
        touch = {"contact": "c-2", "channel": channel, "to": asked, "purpose": "sales", "at": AT}
        assert guard.evaluate(touch)
        guard.record({"event": "signal", "contact": "c-1", "at": AT, "kind": "opt_out"} | {
            "channel": channel, "point": listed,
        })  # fmt: skip
        assert [finding.code for finding in guard.evaluate(touch).findings][:1] == ["CG101"]


def test_a_national_number_needs_a_country() -> None:
    points = [{"kind": "phone", "value": "(512) 555-0143"}]
    with pytest.raises(EventError, match="is not an international phone number"):
        parse_event({"event": "contact", "contact": "c-1", "at": AT, "points": points})
    guard = Guard(Policy())
    guard.record({**CONTACT, "points": points})
    guard.record({**SIGNAL, "kind": "opt_out"})
    touch = {
        "contact": "c-2",
        "channel": "call",
        "to": "+15125550143",
        "purpose": "sales",
        "at": AT,
    }
    assert not guard.evaluate(touch)


def test_a_big_file_streams(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    line = json.dumps({**TOUCH, "tags": ["x" * 4000]}) + "\n"
    block = line * 100
    with path.open("w", encoding="utf-8") as file:
        for _ in range(30_000_000 // len(block) + 1):
            file.write(block)
    assert path.stat().st_size > 30_000_000
    events = parse_events(path)
    for _ in range(100):  # what is built once is built
        next(events)
    tracemalloc.start()
    try:
        count = sum(1 for _ in events)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == path.stat().st_size // len(line) - 100
    assert peak < 1_000_000


# -- fuzz -------------------------------------------------------------------------------------

LINES = [json.dumps(event).encode() for event in SAMPLES]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["", "x-y", AT, "2026-03-02", "@", "+1", "a@b", "UTC", "hmac-sha256:", "\ud800"]
    ),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def events_or_error(source: Any) -> None:
    """All events of the source can be read and written, or there is an EventError."""
    try:
        for event in parse_events(source):
            assert parse_event(to_line(event)) == event
    except EventError:
        return


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_are_events_or_an_event_error(data: bytes) -> None:
    events_or_error(data)
    events_or_error([data])


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(LINES), st.data())
def test_a_mutated_line_is_an_event_or_an_event_error(line: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(line)))
        end = data.draw(st.integers(start, min(len(line), start + 12)))
        line = line[:start] + data.draw(st.binary(max_size=6)) + line[end:]
    events_or_error(line)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_a_mutated_event_is_one_or_an_event_error(event: Data, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([*event, "until", "points", "touch", "zzz"]))
    mutated = {**event, key: data.draw(JSON)}
    events_or_error([mutated])
    events_or_error([json.dumps(mutated)])


def humane() -> dict[str, Any]:
    """A policy with every rule of the pack in it."""
    text = resources.files("cadence_guard.packs").joinpath("humane.yaml").read_bytes()
    pack = load(text).data
    named = {key: pack[key] for key in ("rules", "exempt", "answers")}
    return {"version": 1, "packs": ["humane"], "jurisdictions": "auto", "horizon": "90d", **named}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values."""
    if path:
        yield path
    inner: Any = ()
    if isinstance(value, (dict, list)):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, below in inner:
        yield from places(below, (*path, key))


def put(policy: Any, path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The policy with another value at a place."""
    changed: dict[str, Any] = copy.deepcopy(policy)
    node: Any = changed
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return changed


HUMANE = humane()
PLACES = list(places(HUMANE))
ODD = [None, -1, 10**30, 1.5, True, "", "off", "7d", "0d", [], {}, [[]], [{}], [None], {"x": 1}]


def policy_or_error(read: Callable[[], Policy]) -> None:
    """A policy, or a PolicyError."""
    try:
        policy = read()
    except PolicyError:
        return
    Guard(policy)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_wrong_type_at_any_place_is_a_policy_error(odd: Any) -> None:
    for path in PLACES:
        changed = put(HUMANE, path, odd)
        policy_or_error(lambda changed=changed: Policy.parse(json.dumps(changed)))


@pytest.mark.parametrize("key", ["zzz", "from_", "for_", "", "a:b", "event"])
def test_an_unknown_key_at_any_place_is_a_policy_error(key: str) -> None:
    for path in [(), *PLACES]:
        node: Any = HUMANE
        for step in path:
            node = node[step]
        if isinstance(node, dict):
            changed = put(HUMANE, path, {**node, key: 1}) if path else {**HUMANE, key: 1}
            with pytest.raises(PolicyError):
                Policy.parse(json.dumps(changed))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), JSON)
def test_any_value_at_any_place_is_a_policy_or_a_policy_error(path: Any, value: Any) -> None:
    changed = put(HUMANE, path, value)
    policy_or_error(lambda: Policy.model_validate(changed))
    policy_or_error(lambda: Policy.parse(json.dumps(changed)))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=100) | st.text(max_size=100))
def test_any_text_is_a_policy_or_a_policy_error(text: Any) -> None:
    policy_or_error(lambda: Policy.parse(text))


PACK = resources.files("cadence_guard.packs").joinpath("humane.yaml").read_text("utf-8")
FILE = "version: 1\n" + PACK[PACK.index("rules:") :]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutated_file_is_a_policy_or_a_policy_error(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(FILE)))
    end = data.draw(st.integers(start, min(len(FILE), start + 12)))
    insert = data.draw(st.text(alphabet="&*!|>%@`[]{}:,-#?\"'\\ \n\tab1", max_size=6))
    policy_or_error(lambda: Policy.parse(FILE[:start] + insert + FILE[end:]))
