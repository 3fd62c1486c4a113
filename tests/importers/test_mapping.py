"""A user's own format: what a mapping file can say, and what it says when it is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from answers import missed, source, touches
from hypothesis import given, settings
from hypothesis import strategies as st

from cadence_guard.cadence import BusinessDays, Cadence, Elapsed, LocalDays, Pause
from cadence_guard.errors import CadenceError
from cadence_guard.importers._source import Source
from cadence_guard.importers.mapping import load
from cadence_guard.instants import DAY, HOUR

FULL = """
format: our campaigns
cadences: campaigns[]
name: title
team: owner.team
steps: flow[]
exits: stop_when[]
channel: email
step: {id: key, channel: medium, template: mail.text, manual: by_hand}
delay: {at: wait.n, unit: days, unit_at: wait.unit, anchor: previous}
words:
  channels: {Anruf: call, notiz: none}
  signals: {antwort: [replied, declined], abmeldung: opt_out, storno: x-refund}
"""
THEIRS = """
campaigns:
- title: Winter
  owner: {team: sales}
  stop_when: {antwort: true, abmeldung: true, storno: true, meeting: false}
  flow:
  - {key: hello, mail: {text: t-1}}
  - {key: ring, medium: anruf, by_hand: true, wait: {n: 3}}
  - {key: note, medium: Notiz, wait: {n: 1}}
  - {key: bye, medium: sms, wait: {n: 12, unit: hours}}
- flow: []
"""


def mapped(mapping: str, theirs: str) -> tuple[Cadence, ...]:
    """What of a file is read by a mapping."""
    return load(source(mapping, "map.yaml")).read(source(theirs, "ours.yaml")).cadences


def first(mapping: str, theirs: str) -> Cadence:
    return mapped(mapping, theirs)[0]


def test_all_that_a_mapping_can_say() -> None:
    importer = load(source(FULL, "map.yaml"))
    assert importer.FORMAT == "our campaigns"
    assert importer.recognises(source(THEIRS))
    file = importer.read(source(THEIRS, "ours.yaml"))
    assert file.format == "our campaigns"
    winter, empty = file.cadences
    assert (winter.name, winter.team, winter.where) == ("Winter", "sales", ("campaigns", 0))
    assert touches(winter) == [("email", 0), ("call", 3), ("sms", 4.5)]
    assert [step.id for step in winter.steps] == ["hello", "ring", "bye"]
    assert [step.automated for step in winter.steps] == [True, False, True]
    assert [step.template for step in winter.steps] == ["t-1", None, None]
    assert winter.exits == {"replied", "declined", "opt_out", "x-refund"}
    assert (winter.anchor, winter.ambiguous, winter.schedule) == ("previous", False, True)
    assert missed(winter) == []
    assert (empty.name, empty.start, empty.schedule) == ("ours", None, False)
    assert missed(empty) == ["flow[]"]


def test_what_may_plan_something_and_the_mapping_does_not_name_is_told() -> None:
    mapping = (
        "{steps: 'flow[]', exits: 'stop[]', step: {channel: medium},"
        " delay: {at: wait, unit: days, anchor: previous}}"
    )
    told = """
stop: [reply]
owner: Ada
flow:
  - {medium: mail, wait: 0, note: nice}
  - {medium: mail, wait: 9, repeat: 3, fallback: {medium: call, wait: 0}}
sms_flow:
  - {medium: sms, wait: 1}
"""
    assert missed(first(mapping, told)) == ["repeat", "fallback", "sms_flow"]


def test_the_shortest_mapping() -> None:
    cadence = first("steps: mails[]\nchannel: email\n", "mails: [{a: 1}, {b: 2}]")
    assert touches(cadence) == [("email", 0), ("email", None)]
    assert (cadence.name, cadence.anchor, cadence.schedule) == ("ours", None, False)


def test_keys_are_names_where_there_are_no_others() -> None:
    told = "{welcome: {s: {one: {w: 0, via: sms}, two: {w: 2, via: fax}}}}"
    mapping = (
        "{cadences: 'all[]', steps: 's[]', step: {channel: via}, delay: {at: w, anchor: start}}"
    )
    cadence = first(mapping, f"all: {told}")
    assert (cadence.name, cadence.anchor) == ("welcome", "start")
    assert [step.id for step in cadence.steps] == ["one"]
    assert missed(cadence) == ["2", "'fax'"]  # two of what?


def test_steps_that_are_none_and_channels_that_are_missing() -> None:
    cadence = first("{steps: 's[]', delay: {at: w, unit: d, anchor: start}}", "s: [3, {w: 1}]")
    assert missed(cadence) == ["3", "channel"]
    assert touches(cadence) == []
    assert cadence.schedule
    cadence = first("{steps: 's[]', channel: ad}", "s: only one")
    assert missed(cadence) == ["'only one'"]


@pytest.mark.parametrize(
    ("anchor", "days"),
    [("start", [1, 3, 4]), ("previous", [1, 4, 8]), ("next", [0, 1, 4])],
)
def test_what_delays_count_from(anchor: str, days: list[float]) -> None:
    mapping = f"{{steps: 's[]', channel: email, delay: {{at: w, unit: days, anchor: {anchor}}}}}"
    cadence = first(mapping, "s: [{w: 1}, {w: 3}, {w: 4}]")
    assert touches(cadence) == [("email", day) for day in days]
    assert cadence.anchor == ("start" if anchor == "start" else "previous")


def test_the_time_before_the_next_step_may_be_missing_at_the_last_only() -> None:
    mapping = "{steps: 's[]', channel: email, delay: {at: w, unit: days, anchor: next}}"
    assert touches(first(mapping, "s: [{w: 1}, {}]")) == [("email", 0), ("email", 1)]
    assert touches(first(mapping, "s: [{}, {w: 1}]")) == [("email", 0), ("email", None)]


def test_days_that_count_from_one() -> None:
    mapping = "{steps: 's[]', channel: sms, delay: {at: d, unit: days, anchor: start, first: 1}}"
    assert touches(first(mapping, "s: [{d: 1}, {d: 5}]")) == [("sms", 0), ("sms", 4)]
    (unknown,) = first(mapping, "s: [{d: 0}]").unknown
    assert (unknown.where, unknown.why[:17]) == (("s", 0, "d"), "a wait below zero")


def test_a_word_of_a_step_that_is_not_understood_is_told() -> None:
    step = "step: {manual: how.manual}, "
    mapping = (
        f"{{steps: 's[]', channel: email, {step}"
        "delay: {at: w, unit: days, unit_at: u, anchor: previous}}"
    )
    steps = "s: [{w: 1, how: {manual: 'no'}}, {w: 2, u: fortnight}, {w: 3, u: hours}]"
    cadence = first(mapping, steps)
    assert [(each.what, each.where) for each in cadence.unknown] == [
        ("manual", ("s", 0, "how", "manual")),
        ("unit", ("s", 1, "u")),
    ]
    assert [step.automated for step in cadence.steps] == [True, True, True]
    assert touches(cadence) == [("email", 1), ("email", None), ("email", 3 / 24)]


@pytest.mark.parametrize(
    ("unit", "said", "wait"),
    [
        ("hours", "5", Elapsed(5 * HOUR, 5 * HOUR)),
        ("business_days", "5", BusinessDays(5)),
        ("local_days", "5", LocalDays(5)),
        ("local_days", "1 local day 2 local days", LocalDays(3)),
        ("business_days", "1bd, 2bd", BusinessDays(3)),
        ("days", "2w", Elapsed(14 * DAY, 14 * DAY)),
    ],
)
def test_units(unit: str, said: str, wait: object) -> None:
    mapping = f"{{steps: 's[]', channel: sms, delay: {{at: d, unit: {unit}, anchor: previous}}}}"
    cadence = first(mapping, f"s: [{{}}, {{d: '{said}'}}]")
    assert [n.wait for n in cadence.nodes.values() if isinstance(n, Pause)] == [wait]


def test_paths_from_the_top_and_to_the_thing_itself() -> None:
    mapping = "{cadences: '.', steps: '/all.steps[]', exits: /stop, channel: sms}"
    told = "{all: {steps: [{}]}, stop: reply}"
    cadence = first(mapping, told)
    assert touches(cadence) == [("sms", 0)]
    assert "replied" in cadence.exits
    assert missed(first(mapping, "{all: {steps: [{}]}, stop: 3}")) == ["3"]


def test_a_file_that_has_nothing_there_is_not_recognised() -> None:
    importer = load(source(FULL, "map.yaml"))
    assert not importer.recognises(source("a: 1"))
    with pytest.raises(CadenceError, match=r"^a\.yaml: nothing at 'campaigns\[\]' \(map\.yaml\)"):
        importer.read(source("a: 1", "a.yaml"))
    with pytest.raises(CadenceError, match=r"^a\.yaml: nothing at 'flow\[\]' \(map\.yaml\)"):
        importer.read(source("campaigns: [{}]", "a.yaml"))


WRONG = [
    ("- 1", "1:1: expected a mapping with keys such as format, cadences"),
    ("cadences: a[]", "1:1: 'steps' is missing"),
    ("steps: a[]\nstepz: 1", "2:1: unknown key 'stepz'; did you mean 'step'?"),
    ("steps: 3", "1:8: 3 is not a path; expected names such as campaigns[] or wait.days"),
    ("steps: a..b", "1:8: 'a..b' is not a path"),
    ("steps: 'a[0]'", r"1:8: 'a[0]' is not a path"),
    ("steps: a\nformat: 3", "2:9: 3: expected a text"),
    ("steps: a\nchannel: mial", "2:10: unknown channel 'mial'; did you mean 'email'?"),
    ("steps: a\nstep: 3", "2:7: expected a mapping with keys such as id, channel"),
    ("steps: a\nstep: {chanel: x}", "2:8: unknown key 'chanel'; did you mean 'channel'?"),
    ("steps: a\ndelay: {anchor: start}", "2:8: 'at' is missing"),
    ("steps: a\ndelay: {at: b}", "2:8: 'anchor' is missing; expected one of: start, previous"),
    ("steps: a\ndelay: {at: b, anchor: begin}", "2:24: unknown anchor 'begin'; expected"),
    ("steps: a\ndelay: {at: b, anchor: start, unit: dais}", "2:37: unknown unit 'dais'; did you"),
    ("steps: a\ndelay: {at: b, anchor: start, first: 2}", "2:38: 2: expected 0 or 1"),
    ("steps: a\ndelay: {at: b, anchor: start, first: true}", "2:38: True: expected 0 or 1"),
    ("steps: a\nwords: {channels: [x]}", "2:19: expected a mapping from your words to ours"),
    ("steps: a\nwords: {channels: {x: y}}", "2:23: unknown channel 'y'; expected one of: email"),
    ("steps: a\nwords: {channels: {x: [y]}}", "2:23: unknown channel ['y']"),
    ("steps: a\nwords: {signals: {x: replyd}}", "2:22: unknown signal 'replyd'; did you mean"),
    ("steps: a\nwords: {signals: {x: [opt_out, 3]}}", "2:32: unknown signal 3"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_a_mapping_that_is_wrong_says_where(text: str, problem: str) -> None:
    with pytest.raises(CadenceError) as raised:
        load(source(text, "map.yaml"))
    assert str(raised.value).startswith(f"map.yaml:{problem}")


PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "check-your-own-format.md"


def test_the_page_about_mappings_is_true() -> None:
    text = PAGE.read_text("utf-8")
    files = dict(re.findall(r"^```yaml file=(\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    ours, theirs = files["my-format.yaml"], files["campaigns.yaml"]
    cadence = first(ours, theirs)
    assert (cadence.name, cadence.team) == ("winter", "sales")
    assert touches(cadence) == [("email", 0), ("call", 3), ("email", 7)]
    assert [step.automated for step in cadence.steps] == [True, False, True]
    assert cadence.exits == {"replied", "declined", "not_now", "opt_out"}
    assert missed(cadence) == []
    with pytest.raises(CadenceError) as wrong:
        load(source(ours.replace("previous", "prev"), "my-format.yaml"))
    assert f"\n{wrong.value}\n" in text
    with pytest.raises(CadenceError) as nothing:
        load(source(ours, "my-format.yaml")).read(
            source(theirs.replace("flow", "stream"), "campaigns.yaml")
        )
    assert f"\n{nothing.value}\n" in text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 40) | st.sampled_from(["email", "3d", "a.b", "."]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(["campaigns", "flow", "wait", "n", "unit", "medium", "stop_when"]),
            below,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_whatever_a_file_holds_gives_cadences_or_a_documented_error(value: Any) -> None:
    importer = load(source(FULL, "map.yaml"))
    theirs = Source("ours.json", json.dumps({"campaigns": value}).encode())
    try:
        cadences = importer.read(theirs).cadences
    except CadenceError as error:
        assert str(error).startswith("ours.json:")  # noqa: PT017
    else:
        assert cadences
        for cadence in cadences:
            touches(cadence)


MAPPINGS = st.dictionaries(
    st.sampled_from(["steps", "cadences", "step", "delay", "words", "channel", "exits", "name"]),
    st.recursive(
        st.none() | st.integers(0, 1) | st.sampled_from(["a[]", ".", "email", "start", "days"]),
        lambda below: (
            st.lists(below, max_size=2)
            | st.dictionaries(
                st.sampled_from(["at", "anchor", "unit", "channels", "signals", "id"]),
                below,
                max_size=3,
            )
        ),
        max_leaves=8,
    ),
)


@settings(max_examples=150, deadline=None)
@given(MAPPINGS)
def test_whatever_a_mapping_holds_gives_an_importer_or_a_documented_error(value: Any) -> None:
    try:
        importer = load(Source("map.json", json.dumps(value).encode()))
    except CadenceError as error:
        assert str(error).startswith("map.json:1:")  # noqa: PT017
    else:
        importer.recognises(source("a: [{a: [{at: 3}]}]"))
