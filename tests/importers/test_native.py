"""The native cadence file: what it can say, what it refuses and where, its comments, its schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadence_guard import Guard, Policy
from cadence_guard._yaml12 import load
from cadence_guard.cadence import (
    Arm,
    Audience,
    Await,
    Branch,
    BusinessDays,
    Cadence,
    CadenceFile,
    Elapsed,
    Enter,
    Ground,
    Handover,
    Ignore,
    LocalDays,
    Node,
    Pause,
    Step,
    UntilClock,
    UntilDate,
    UntilOpen,
    Wait,
    follow,
)
from cadence_guard.errors import CadenceError
from cadence_guard.importers import native
from cadence_guard.importers._comments import ignores
from cadence_guard.importers._source import Source
from cadence_guard.importers.native.schema import json_schema
from cadence_guard.instants import (
    DAY,
    HOUR,
    MINUTE,
    parse_instant,
    to_datetime,
    to_text,
    to_us,
    zone,
)
from cadence_guard.words import CHANNELS, PURPOSES, SIGNALS

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples" / "cadences").glob("*.cadence.yaml"))
HEAD = "version: 1\ncadence:\n  name: c\n  purpose: sales\n"
MAIL = "    - {id: %s, channel: email}\n"


def source(text: str) -> Source:
    return Source("f.yaml", text.encode())


def read(text: str) -> CadenceFile:
    found = source(text)
    assert native.recognises(found)
    return native.read(found)


def steps(text: str) -> Cadence:
    """The one cadence of a file whose steps are these lines, each without its indent."""
    lines = "".join(f"    {line}\n" for line in text.strip("\n").splitlines())
    return read(f"{HEAD}  steps:\n{lines}").cadences[0]


def said(key: str, value: str) -> Cadence:
    """A cadence that says something besides its one step."""
    return read(f"{HEAD}  {key}: {value}\n  steps:\n" + MAIL % "a").cadences[0]


def wait(value: str) -> Wait:
    node = steps(f"- wait: {value}\n- {{id: a, channel: email}}").nodes["@steps.0"]
    assert isinstance(node, Pause)
    return node.wait


def refused(text: str) -> list[str]:
    """What is wrong with a file, one text a fault, without the file's name."""
    with pytest.raises(CadenceError) as caught:
        read(text)
    return [line.removeprefix("f.yaml:") for line in str(caught.value).splitlines()]


def fault(item: str) -> str:
    """What is wrong first with an item of `steps`: line 6, column 7 is where it begins."""
    return refused(f"{HEAD}  steps:\n    - {item}\n")[0]


# -- the file ------------------------------------------------------------------------------------


def test_says_all_of_a_cadence() -> None:
    file = read("""
version: 1
cadences:
  - name: trial
    team: marketing
    purpose: marketing
    audience:
      kind: prospects
      countries: [US, DE]
      zones: [Europe/Berlin]
      relies_on:
        - consent
        - {kind: consent, purpose: sales, channel: call, age: 30d}
        - {kind: invited, channel: call}
        - purchased
      points: {use: work, source: trial_form}
      same_account: true
    entry:
      signal: trial_started
      hours: {days: [mon, tue], from: "09:00", to: "17:00"}
      again: 90d
    exits: [replied, opt_out, x-left]
    steps:
      - {id: a, channel: email}
  - name: other
    purpose: x-own
    steps: [{id: a, channel: ad}]
together: [[trial, other], [trial, elsewhere]]
""")
    trial, other = file.cadences
    assert file.format == native.FORMAT == "cadence"
    assert file.together == (("trial", "other"), ("trial", "elsewhere"))
    assert (trial.name, trial.where, trial.team, trial.purpose) == (
        "trial",
        ("cadences", 0),
        "marketing",
        "marketing",
    )
    assert trial.audience == Audience(
        "prospects",
        ("US", "DE"),
        ("Europe/Berlin",),
        (
            Ground("consent", "marketing"),
            Ground("consent", "sales", "call", 30 * DAY),
            Ground("invited", None, "call"),
            Ground("purchased"),
        ),
        "work",
        "trial_form",
        True,
    )
    assert trial.entry_signal == "trial_started"
    assert trial.entry_hours is not None
    monday = to_us(datetime(2026, 3, 2, tzinfo=UTC))
    assert trial.entry_hours.next_open(monday, (zone("UTC"),)) == (
        monday + 9 * HOUR,
        monday + 17 * HOUR,
    )
    assert trial.again == 90 * DAY
    assert trial.exits == {"replied", "opt_out", "x-left"}
    assert trial.schedule
    assert not trial.ambiguous
    assert other.where == ("cadences", 1)
    assert other.audience == Audience()
    assert (other.team, other.entry_signal, other.entry_hours, other.again) == (None,) * 4
    assert other.exits == frozenset()


def test_a_greeting_whose_placeholder_is_not_known() -> None:
    cadence = steps("""
- {id: a, channel: email, greeting: "Hello {{ first_name }}"}
- repeat: {times: 2, steps: [{id: b, channel: email, greeting: "Hi {{ first_nme }}"}]}
""")
    (unknown,) = cadence.unknown
    assert unknown.what == "the placeholder '{{ first_nme }}' of a greeting"
    assert unknown.why.startswith("did you mean 'first_name'?")
    assert unknown.where[-3:] == ("steps", 0, "greeting")


def test_says_all_of_a_step() -> None:
    a, b = steps("""
- id: a
  channel: call
  template: script-1
  greeting: "Hello {call_me}"
  tags: [urgent]
  unsubscribe: [stop-word]
  offer: spring
  deadline: 2026-03-10T00:00:00Z
  not_after: 2026-03-11T00:00:00+01:00
  because: invited
  discloses_source: true
  team: sales
  sender: dan
  purpose: service
  automated: false
  possible: true
  retry: {attempts: 3, every: {business_days: 2}}
- {id: b, channel: email, variants: [one, two]}
""").steps
    assert a == Step(
        "a",
        ("cadence", "steps", 0),
        "call",
        "b",
        "sales",
        "service",
        "dan",
        ("urgent",),
        "Hello {call_me}",
        ("stop-word",),
        "spring",
        to_us(parse_instant("2026-03-10T00:00:00Z")),
        to_us(parse_instant("2026-03-10T23:00:00Z")),
        "invited",
        "script-1",
        True,
        False,
        3,
        BusinessDays(2),
        True,
    )
    assert b == Step("b", ("cadence", "steps", 1), "email", None, template="one | two")
    assert (a.name, b.name) == ("a", "b")


def test_json_and_flow_style_are_read_as_well() -> None:
    data = {"cadence": {"name": "c", "purpose": "sales", "steps": [{"id": "a", "channel": "ad"}]}}
    for text in (json.dumps(data), "{cadence: {name: c, purpose: sales, steps: [end]}}"):
        assert read(text).cadences[0].name == "c"


def test_relying_on_nothing_is_not_the_same_as_not_saying_it() -> None:
    assert said("audience", "{relies_on: []}").audience.grounds == ()
    assert said("audience", "{}").audience.grounds is None


@pytest.mark.parametrize(("again", "us"), [("never", None), ("2w", 14 * DAY)])
def test_how_soon_one_may_enter_again(again: str, us: int | None) -> None:
    assert said("entry", f"{{again: {again}}}").again == us


@pytest.mark.parametrize(
    ("text", "several", "people"),
    [("false", False, None), ("true", True, None), ("2", True, 2), ("40", True, 40)],
)
def test_how_many_people_of_one_account_there_are(
    text: str, several: bool, people: int | None
) -> None:
    audience = said("audience", f"{{same_account: {text}}}").audience
    assert (audience.account, audience.people) == (several, people)


@pytest.mark.parametrize("text", ["1", "-3", "2.5", "many"])
def test_nothing_else_is_a_number_of_people(text: str) -> None:
    with pytest.raises(CadenceError, match="same_account"):
        said("audience", f"{{same_account: {text}}}")


def test_one_group_may_stand_without_the_outer_list() -> None:
    text = f"{HEAD}  steps: [end]\ntogether: [c, d]\n"
    assert read(text).together == (("c", "d"),)


@pytest.mark.parametrize(
    ("text", "is_native"),
    [
        ("cadence: {name: x}", True),
        ("cadences: []", True),
        ("version: 1\ncadence: {steps: [{delay_days: 3}]}", True),
        ("cadence: {steps: [{delay_days: 3, channel: email}]}", False),
        ("cadences: [{steps: [{day: 3}]}, 7]", False),
        ("cadences: [{steps: [7, {id: a}]}, 7, {steps: 3}]", True),
        ("version: 1\ncadences: {email: {steps: [{wait_days: 3}]}}", False),
        ("cadence: weekly", False),
        ("steps: []", False),
        ("- cadence", False),
        ("", False),
    ],
)
def test_told_by_its_content(text: str, is_native: bool) -> None:
    assert native.recognises(source(text)) == is_native


# -- waits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", Elapsed(30 * MINUTE, 30 * MINUTE)),
        ("2w", Elapsed(14 * DAY, 14 * DAY)),
        ("2d..4d", Elapsed(2 * DAY, 4 * DAY)),
        ("{min: 2d, max: 4d}", Elapsed(2 * DAY, 4 * DAY)),
        ("{min: 2d, max: 2d}", Elapsed(2 * DAY, 2 * DAY)),
        ("{max: 4d}", Elapsed(0, 4 * DAY)),
        ("{min: 2d}", Elapsed(2 * DAY, None)),
        ("{local_days: 3}", LocalDays(3)),
        ("{business_days: 2}", BusinessDays(2)),
        ('{until_time: "09:00"}', UntilClock(9 * HOUR)),
        (
            "{until_time: 09:30, days: [mon, fri]}",
            UntilClock(9 * HOUR + 30 * MINUTE, frozenset({0, 4})),
        ),
        (
            "{until_date: 2026-05-01T09:00:00+02:00}",
            UntilDate(to_us(datetime(2026, 5, 1, 7, tzinfo=UTC))),
        ),
        (
            "{until_date: 2026-05-01T09:00}",
            UntilDate(to_us(datetime(2026, 5, 1, 9, tzinfo=UTC)), local=True),
        ),
        (
            "{until_date: 2026-05-01}",
            UntilDate(to_us(datetime(2026, 5, 1, tzinfo=UTC)), local=True),
        ),
    ],
)
def test_waits(text: str, expected: Wait) -> None:
    assert wait(text) == expected


def test_until_a_window() -> None:
    found = wait(
        "{until_open: [{days: [mon, tue], from: 09:00, to: 12:30}, {from: 22:00, to: 23:00}]}"
    )
    assert isinstance(found, UntilOpen)
    assert found.text == "mon tue 09:00-12:30, 22:00-23:00"
    wednesday = to_us(datetime(2026, 3, 4, tzinfo=UTC))
    assert found.hours.next_open(wednesday, (zone("UTC"),))[0] == wednesday + 22 * HOUR
    one = wait('{until_open: {from: "09:00", to: "24:00"}}')
    assert isinstance(one, UntilOpen)
    assert one.text == "09:00-24:00"


@pytest.mark.parametrize(
    ("items", "anchor"),
    [
        ("- {id: a, channel: email}", "previous"),
        ("- wait: 1d\n- {wait: 1d, from: previous}", "previous"),
        ("- {wait: 1d, from: start}\n- {id: a, channel: email}", "start"),
        ("- {wait: 1d, from: start}\n- wait: 1d", "mixed"),
    ],
)
def test_what_waits_count_from(items: str, anchor: str) -> None:
    cadence = steps(items)
    assert cadence.anchor == anchor
    pauses = [node for node in cadence.nodes.values() if isinstance(node, Pause)]
    assert [pause.since_start for pause in pauses] == [
        "start" in line for line in items.splitlines() if "wait" in line
    ]


FORMS = "expected a time such as 3d, a range such as 2d..4d"


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("0d", "6:13", f"wait: '0d' is not a time above zero; {FORMS}"),
        ("-3d", "6:13", "is not a time above zero"),
        ("90s", "6:13", f"'90s' is not a length of time; {FORMS}"),
        ("3 days", "6:13", "is not a length of time"),
        ("[3d]", "6:13", "['3d'] is not a length of time"),
        ("true", "6:13", "True is not a length of time"),
        ("3", "6:13", "wait: 3 has no unit; write 3d or 3h"),
        ("0", "6:13", "0 is not a time above zero"),
        ("1.5d", "6:13", f"wait: '1.5d' is not a whole number; {FORMS}"),
        ("0.5", "6:13", "0.5 is not a whole number"),
        ("0.5d..2d", "6:13", "min: '0.5d' is not a whole number; expected 30m"),
        (
            "P1M",
            "6:13",
            "'P1M': months and years are not supported; write 30d, or {local_days: 30}",
        ),
        ("40000d", "6:13", "wait: '40000d' is longer than 100 years"),
        ("2d..", "6:13", "max: '' is not a length of time; expected 30m"),
        ("0d..2d", "6:13", "min: '0d' is not a time above zero"),
        ("4d..2d", "6:13", "'min' is longer than 'max'"),
        ("{min: 4d, max: 2}", "6:28", "max: 2 has no unit; write 2d or 2h"),
        ("{}", "6:13", "{} is not a wait; expected a time"),
        ('{until: "09:00"}', "6:13", "did you mean 'until_time'?"),
        (
            "{local_days: 3, business_days: 2}",
            "6:13",
            "'local_days' and 'business_days' are two things",
        ),
        (
            "{local_days: 0}",
            "6:26",
            "local_days: input should be greater than or equal to 1, not 0",
        ),
        ("{business_days: 2.5}", "6:29", "business_days: input should be a valid integer"),
        (
            "{local_days: 3, from: start}",
            "6:29",
            "unknown key 'from' in a wait; it stands beside 'wait': {wait: ..., from: start}",
        ),
        ("{}", "6:13", "{} is not a wait; expected a time such as 3d"),
        ("{from: previous}", "6:14", "it stands beside 'wait': {wait: ..., from: previous}"),
        ("{local_days: 3, form: start}", "6:29", "unknown key 'form'; expected one of: local_days"),
        ("{until_open: []}", "6:26", "until_open: expected a window such as"),
        ("{until_open: 9-17}", "6:26", "until_open: expected a window such as"),
        (
            "{until_open: [{from: 9am, to: 17:00}, {from: 09:00}]}",
            "6:34",
            "from: '9am' is not a time of day",
        ),
        ("{until_open: {from: 09:00, to: 09:00}}", "6:26", "'from' and 'to' are the same"),
        ("{until_time: 24:00}", "6:26", "until_time: 24:00 is no time to wait for; write 00:00"),
        ("{until_time: 9}", "6:26", "until_time: 9 is not a time of day"),
        (
            "{until_time: 09:00, days: [monday]}",
            "6:40",
            "days: unknown day 'monday'; did you mean 'mon'?",
        ),
        ("{until_date: 2026-13-01}", "6:26", "'2026-13-01' is not a date: month must be in 1..12"),
        ("{until_date: 1926-01-01}", "6:26", "lies outside 1970 to 2199"),
        ("{until_date: soon}", "6:26", "'soon' is not a date; expected one on the contact's wall"),
        ("{until_date: 5}", "6:26", "until_date: 5 is not a date; expected one on the"),
        ("{until_date: 2026-05-01 09:00}", "6:26", "such as 2026-05-01T09:00, or an instant"),
        ("{until_date: 2300-05-01T09:00:00Z}", "6:26", "from 1970 to 2199"),
    ],
)
def test_waits_that_are_refused(text: str, place: str, problem: str) -> None:
    found = refused(f"{HEAD}  steps:\n    - wait: {text}\n")[0]
    assert found.startswith(f"{place}: ")
    assert problem in found


# -- the graph -----------------------------------------------------------------------------------


def shape(cadence: Cadence) -> dict[str, tuple[str | None, ...]]:
    """What follows each node, in the order of the nodes."""
    assert all(key == node.id for key, node in cadence.nodes.items())
    return {node.id: follow(node) for node in cadence.nodes.values()}


def test_a_list_is_done_in_its_order() -> None:
    cadence = steps("""
- {id: a, channel: email}
- wait: 3d
- handoff: sales
- enter: other
- {id: b, channel: call}
""")
    assert cadence.start == "a"
    assert shape(cadence) == {
        "a": ("@steps.1",),
        "@steps.1": ("@steps.2",),
        "@steps.2": ("@steps.3",),
        "@steps.3": ("b",),
        "b": (None,),
    }
    handoff, enter = cadence.nodes["@steps.2"], cadence.nodes["@steps.3"]
    assert handoff == Handover("@steps.2", ("cadence", "steps", 2), "sales", "@steps.3")
    assert enter == Enter("@steps.3", ("cadence", "steps", 3), "other", "b")


def test_the_first_signal_that_fits_is_taken() -> None:
    cadence = steps("""
- branch:
    - if: clicked
      steps: [{id: a, channel: email}]
    - unless: opened
      steps: [{id: b, channel: email}, end]
    - if: visited
  else: [{id: c, channel: email}]
- {id: d, channel: email}
""")
    where = ("cadence", "steps", 0)
    assert cadence.nodes["@steps.0"] == Branch(
        "@steps.0",
        where,
        (Arm("a", "clicked"), Arm("@steps.0.branch.1", "clicked", unless=True)),
    )
    assert cadence.nodes["@steps.0.branch.1"] == Branch(
        "@steps.0.branch.1",
        (*where, "branch", 1),
        (Arm("b", "opened", unless=True), Arm("@steps.0.branch.2", "opened")),
    )
    assert cadence.nodes["@steps.0.branch.2"] == Branch(
        "@steps.0.branch.2",
        (*where, "branch", 2),
        (Arm("d", "visited"), Arm("c", "visited", unless=True)),
    )
    after = {id_: follow(cadence.nodes[id_]) for id_ in "abcd"}
    assert after == {"a": ("d",), "b": (None,), "c": ("d",), "d": (None,)}
    assert cadence.start == "@steps.0"
    assert [step.id for step in cadence.steps] == ["a", "b", "c", "d"]


def test_shares_leave_the_rest_to_else() -> None:
    cadence = steps("""
- branch:
    - {share: 12.5%, steps: [{id: a, channel: email}]}
    - {share: 50%}
- {id: b, channel: email}
""")
    assert cadence.nodes["@steps.0"] == Branch(
        "@steps.0",
        ("cadence", "steps", 0),
        (Arm("a", share=0.125), Arm("b", share=0.5), Arm("b", share=0.375)),
    )
    whole = steps("- branch: [{share: 30%, steps: [end]}, {share: 70%}]\n- {id: b, channel: email}")
    assert isinstance(branch := whole.nodes["@steps.0"], Branch)
    assert branch.arms == (Arm(None, share=0.3), Arm("b", share=0.7))


def test_what_no_signal_tells_nobody_knows() -> None:
    cadence = steps("""
- branch: [{when: plan is pro, steps: [{id: a, channel: email}]}]
  else: [end]
""")
    assert isinstance(branch := cadence.nodes["@steps.0"], Branch)
    assert branch.arms == (Arm("a", text="plan is pro"), Arm(None, text="otherwise"))


@pytest.mark.parametrize("text", ["clicked", "[clicked]", "[{if: clicked}]"])
def test_waiting_for_a_signal(text: str) -> None:
    cadence = steps(f"- {{wait_for: {text}, at_most: 3d}}\n- {{id: a, channel: email}}")
    assert cadence.nodes["@steps.0"] == Await(
        "@steps.0",
        ("cadence", "steps", 0),
        (Arm("a", "clicked"),),
        Elapsed(3 * DAY, 3 * DAY),
        "a",
    )


def test_every_signal_waited_for_has_its_own_way() -> None:
    cadence = steps("""
- wait_for:
    - {if: clicked, steps: [{id: a, channel: email}]}
    - opened
    - {if: invited, steps: [{handoff: sales}, end]}
  at_most: {business_days: 2}
  else: [{id: b, channel: sms}]
- {id: c, channel: email}
""")
    assert isinstance(node := cadence.nodes["@steps.0"], Await)
    handoff = "@steps.0.wait_for.2.steps.0"
    assert node.arms == (Arm("a", "clicked"), Arm("c", "opened"), Arm(handoff, "invited"))
    assert (node.timeout, node.then) == (BusinessDays(2), "b")
    assert list(cadence.nodes) == ["@steps.0", "a", handoff, "b", "c"]


def test_without_at_most_only_the_signal_leads_on() -> None:
    cadence = steps("- wait_for: [clicked, {if: opened, steps: [end]}]\n- {id: a, channel: email}")
    assert isinstance(node := cadence.nodes["@steps.0"], Await)
    assert follow(node) == ("a", None, None)
    assert node.timeout is None


def test_a_counted_loop_is_so_many_turns_of_the_same_steps() -> None:
    cadence = steps("""
- repeat:
    times: 3
    steps:
      - {id: nudge, channel: email}
      - wait: 7d
- {id: bye, channel: email}
""")
    assert shape(cadence) == {
        "nudge": ("@steps.0.repeat.steps.1",),
        "@steps.0.repeat.steps.1": ("nudge@2",),
        "nudge@2": ("@steps.0.repeat.steps.1@2",),
        "@steps.0.repeat.steps.1@2": ("nudge@3",),
        "nudge@3": ("@steps.0.repeat.steps.1@3",),
        "@steps.0.repeat.steps.1@3": ("bye",),
        "bye": (None,),
    }
    assert [step.name for step in cadence.steps] == ["nudge"] * 3 + ["bye"]
    assert {step.where for step in cadence.steps if step.name == "nudge"} == {
        ("cadence", "steps", 0, "repeat", "steps", 0)
    }


def test_a_jump_stays_in_its_turn() -> None:
    cadence = steps("""
- {id: a, channel: email}
- repeat:
    times: 2
    steps:
      - {id: b, channel: email}
      - repeat:
          times: 2
          steps:
            - {id: c, channel: email}
            - branch: [{if: clicked, steps: [{go_to: c}]}, {if: opened, steps: [{go_to: b}]}]
            - branch: [{if: visited, steps: [{go_to: a}]}]
- go_to: c
""")
    taken = {
        (arm.signal, node.id.partition("@steps")[2].partition("@")[2], arm.then)
        for node in cadence.nodes.values()
        if isinstance(node, Branch)
        for arm in node.arms
        if not arm.unless
    }
    assert taken == {
        ("clicked", "", "c"),
        ("clicked", "1.2", "c@1.2"),
        ("clicked", "2.1", "c@2.1"),
        ("clicked", "2.2", "c@2.2"),
        ("opened", "", "b"),
        ("opened", "1.2", "b"),
        ("opened", "2.1", "b@2"),
        ("opened", "2.2", "b@2"),
        *(("visited", turn, "a") for turn in ("", "1.2", "2.1", "2.2")),
    }
    inside = [node for node in cadence.nodes.values() if node.where[:3] == ("cadence", "steps", 1)]
    assert {then for node in inside for then in follow(node)} <= set(cadence.nodes)
    last = cadence.nodes[list(cadence.nodes)[-1]]
    assert "c" in follow(last)


def test_a_jump_back_is_a_loop() -> None:
    cadence = steps("- {id: a, channel: email}\n- wait: 7d\n- go_to: a")
    assert shape(cadence) == {"a": ("@steps.1",), "@steps.1": ("a",)}


def test_ids_and_loops_of_one_cadence_mean_nothing_in_another() -> None:
    one = "{name: %s, purpose: sales, steps: [{id: a, channel: email}, {wait: 1d}, {go_to: a}]}"
    file = read(f"cadences: [{one % 'c'}, {one % 'd'}]")
    assert [shape(cadence) for cadence in file.cadences] == [
        {"a": ("@steps.1",), "@steps.1": ("a",)}
    ] * 2


# -- refusals ------------------------------------------------------------------------------------

ITEM = "expected a step {id, channel}, or one of {wait}, {wait_for}"


@pytest.mark.parametrize(
    ("item", "place", "problem"),
    [
        ("{id: a, chanel: email}", "6:15", "unknown key 'chanel'; did you mean 'channel'?"),
        ("{id: a}", "6:7", "'channel' is missing"),
        ("{id: a, channel: emial}", "6:24", "unknown channel 'emial'; did you mean 'email'?"),
        ("{id: a@b, channel: email}", "6:12", "id: 'a@b': an id holds no @"),
        ("{id: 7, channel: email}", "6:12", "id: input should be a valid string, not 7"),
        (
            "{id: a, channel: email, wait: 3d}",
            "6:7",
            "'id' and 'wait' are two things; write two items",
        ),
        ("{wait: 3d, id: a, channel: email}", "6:7", "'wait' and 'id' are two things"),
        ("{idd: a}", "6:7", "{'idd': 'a'} is not understood; did you mean 'id'?"),
        ("{qqq: a}", "6:7", f"{{'qqq': 'a'}} is not understood; {ITEM}"),
        ("{}", "6:7", "{} is not understood"),
        ("stop", "6:7", f"'stop' is not understood; {ITEM}"),
        ("[wait]", "6:7", "['wait'] is not understood"),
        (
            "{id: a, channel: email, retry: {attempts: 2, every: 1d}}",
            "6:7",
            "'retry' is for a call nobody answers, not for email",
        ),
        (
            "{id: a, channel: call, retry: {attempts: 1, every: 1d}}",
            "6:48",
            "attempts: input should be greater than or equal to 2",
        ),
        ("{id: a, channel: call, retry: {attempts: 2}}", "6:37", "'every' is missing"),
        (
            "{id: a, channel: email, template: x, variants: [y, z]}",
            "6:7",
            "'template' and 'variants' are two ways",
        ),
        (
            "{id: a, channel: email, variants: [y]}",
            "6:41",
            "variants: expected a list of at least 2",
        ),
        (
            "{id: a, channel: email, deadline: 2026-03-01}",
            "6:41",
            "deadline: '2026-03-01' is not an instant",
        ),
        (
            "{id: a, channel: email, because: invted}",
            "6:40",
            "because: unknown signal 'invted'; did you mean 'invited'?",
        ),
        ("{id: a, channel: email, tags: urgent}", "6:37", "tags: expected a list, not 'urgent'"),
        (
            "{wait: 3d, from: entry}",
            "6:24",
            "from: input should be 'previous' or 'start', not 'entry'",
        ),
        ("{branch: []}", "6:16", "branch: expected a list of at least 1"),
        (
            "{branch: [{if: clicked, share: 50%}]}",
            "6:17",
            "an arm says one of 'if', 'unless', 'share', 'when'",
        ),
        ("{branch: [{steps: [end]}]}", "6:17", "an arm says one of"),
        (
            "{branch: [{if: clicked}, {share: 50%}]}",
            "6:7",
            "the arms of a branch all ask for signals",
        ),
        ("{branch: [{share: 60%}, {share: 50%}]}", "6:7", "the shares are more than 100% together"),
        (
            "{branch: [{share: 0%}]}",
            "6:25",
            "share: '0%' is not a share; expected a percentage such as 50%",
        ),
        ("{branch: [{share: 101%}]}", "6:25", "share: '101%' is not a share"),
        ("{branch: [{share: 0.5}]}", "6:25", "share: 0.5 is not a share"),
        ("{branch: [{if: clicked, steps: []}]}", "6:38", "steps: expected a list of at least 1"),
        (
            "{branch: [{if: clicked, steps: [{wait: 0d}]}]}",
            "6:46",
            "wait: '0d' is not a time above zero",
        ),
        (
            "{branch: [{if: clicked}], else: [{wait: 0d}]}",
            "6:47",
            "wait: '0d' is not a time above zero",
        ),
        ("{wait_for: cliked}", "6:18", "unknown signal 'cliked'; did you mean 'clicked'?"),
        ("{wait_for: {if: clicked, at_most: 1d}}", "6:8", "unknown key 'at_most'"),
        ("{wait_for: clicked, else: [end]}", "6:7", "'else' is never reached without 'at_most'"),
        ("{wait_for: [{if: clicked, steps: [7]}]}", "6:41", "7 is not understood"),
        (
            "{repeat: {times: 1, steps: [end]}}",
            "6:24",
            "times: input should be greater than or equal to 2",
        ),
        ("{repeat: {times: 2}}", "6:16", "'steps' is missing"),
        (
            "{repeat: {times: 2, steps: [{go_to: b}]}}",
            "6:43",
            "unknown step 'b'; expected the id of a step above or below",
        ),
        ("{handoff: ''}", "6:17", "handoff: string should have at least 1 character"),
        ("{handoff: ' '}", "6:17", "handoff: expected text that is not blank, without NUL"),
        ("{enter: [a]}", "6:15", "enter: input should be a valid string"),
        ("{go_to: 7}", "6:15", "go_to: input should be a valid string"),
    ],
)
def test_items_that_are_refused(item: str, place: str, problem: str) -> None:
    found = fault(item)
    assert found.startswith(f"{place}: "), found
    assert problem in found


@pytest.mark.parametrize(
    ("key", "value", "place", "problem"),
    [
        ("teem", "sales", "5:3", "unknown key 'teem'; did you mean 'team'?"),
        ("exits", "[opt-out]", "5:11", "unknown signal 'opt-out'; did you mean 'opt_out'?"),
        ("exits", "replied", "5:10", "exits: expected a list, not 'replied'"),
        (
            "audience",
            "{kind: leads}",
            "5:20",
            "unknown audience 'leads'; expected one of: prospects, customers",
        ),
        (
            "audience",
            "{countries: [XX]}",
            "5:26",
            "unknown country 'XX'; expected an ISO 3166 code",
        ),
        ("audience", "{countries: [us]}", "5:26", "unknown country 'us'; did you mean 'US'?"),
        ("audience", "{countries: [UK]}", "5:26", "unknown country 'UK'; did you mean 'GB'?"),
        ("audience", "{countries: [Usa]}", "5:26", "unknown country 'Usa'; did you mean 'US'?"),
        ("audience", "{countries: [Spain]}", "5:26", "unknown country 'Spain'; expected an"),
        ("audience", "{points: work}", "5:22", "points: expected a mapping, not 'work'"),
        ("audience", "{relies_on: [3]}", "5:26", "relies_on: expected a mapping, not 3"),
        (
            "audience",
            "{zones: [Europe/Berln]}",
            "5:22",
            "unknown zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        ),
        (
            "audience",
            "{relies_on: consent}",
            "5:25",
            "relies_on: expected a list, such as [consent]",
        ),
        (
            "audience",
            "{relies_on: [consnt]}",
            "5:26",
            "unknown ground 'consnt'; did you mean 'consent'?",
        ),
        (
            "audience",
            "{relies_on: [{kind: invited, age: 0d}]}",
            "5:47",
            "age: '0d' is not a time above zero",
        ),
        ("audience", "{points: {use: home}}", "5:28", "unknown use 'home'"),
        ("audience", "{points: {source: trail_form}}", "5:31", "did you mean 'trial_form'?"),
        (
            "entry",
            "{again: 0d}",
            "5:18",
            "'0d' is not a time above zero; expected 30m, 20h, 3d or 2w, or never",
        ),
        ("entry", "{hours: {from: 09:00}}", "5:18", "'to' is missing"),
        ("entry", "[trial_started]", "5:10", "entry: expected a mapping, not ['trial_started']"),
    ],
)
def test_what_is_said_of_a_cadence_and_refused(
    key: str, value: str, place: str, problem: str
) -> None:
    (found,) = refused(f"{HEAD}  {key}: {value}\n  steps: [end]\n")
    assert found.startswith(f"{place}: "), found
    assert problem in found


def test_only_a_wait_is_told_to_be_written_in_local_days() -> None:
    (found,) = refused(f"{HEAD}  entry: {{again: P1M}}\n  steps: [end]\n")
    assert found.endswith("months and years are not supported; write 30d")


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        (f"{HEAD}  steps: []\n", "5:10", "steps: expected a list of at least 1"),
        (f"{HEAD}  steps: no\n", "5:10", "steps: expected a list, not 'no'"),
        (HEAD, "3:3", "'steps' is missing"),
        (
            "version: 2\ncadence: {name: c, purpose: sales, steps: [end]}\n",
            "1:10",
            "version: input should be 1",
        ),
        (
            "version: true\ncadence: {name: c, purpose: sales, steps: [end]}\n",
            "1:10",
            "version: expected 1, not True",
        ),
        ("cadences: []\n", "1:11", "cadences: expected a list of at least 1"),
        ("cadence: {}\ncadences: 3\n", "1:10", "'name' is missing"),
        (
            f"{HEAD}  steps: [end]\ntogther: [c, d]\n",
            "6:1",
            "unknown key 'togther'; did you mean 'together'?",
        ),
        (
            f"{HEAD}  steps: [end]\ntogether: c\n",
            "6:11",
            "together: expected a list of groups of names",
        ),
        (
            f"{HEAD}  steps: [end]\ntogether: []\n",
            "6:11",
            "together: expected a list of groups of names",
        ),
        (f"{HEAD}  steps: [end]\ntogether: [c, 7]\n", "6:11", "['c', 7] is not a group of names"),
        (
            f"{HEAD}  steps: [end]\ntogether: [[c], [c, d]]\n",
            "6:11",
            "['c']: a group names two or more different",
        ),
        (f"{HEAD}  steps: [end]\ntogether: [[c, d], c]\n", "6:11", "'c' is not a group of names"),
        (
            f"{HEAD}  steps: [end]\ntogether: [[c, c]]\n",
            "6:11",
            "['c', 'c']: a group names two or more different",
        ),
        (
            f"{HEAD}  steps: [end]\ncadences: [{{name: d, purpose: sales, steps: [end]}}]\n",
            "1:1",
            "write one 'cadence', or 'cadences' with a list of them, not both",
        ),
    ],
)
def test_files_that_are_refused(text: str, place: str, problem: str) -> None:
    found = refused(text)[0]
    assert found.startswith(f"{place}: "), found
    assert problem in found


@pytest.mark.parametrize(
    ("text", "place", "key"),
    [
        (f"{HEAD}  team:\n  steps: [end]\n", "5:8", "team"),
        (f"{HEAD}  team: null\n  steps: [end]\n", "5:9", "team"),
        (f"{HEAD}  steps: [end, ~]\n", "5:16", "1"),
        (f"{HEAD}  steps:\n", "5:9", "steps"),
    ],
)
def test_null_is_refused_wherever_it_stands(text: str, place: str, key: str) -> None:
    assert refused(text) == [f"{place}: {key}: null is not a value; leave it out"]


def test_an_id_is_given_once() -> None:
    text = (
        f"{HEAD}  steps:\n"
        + MAIL % "a"
        + "    - repeat: {times: 2, steps: [{id: a, channel: ad}]}\n"
    )
    assert refused(text) == ["7:39: duplicate step 'a' (first on line 6)"]


def test_a_name_is_given_once() -> None:
    one = "  - {name: c, purpose: sales, steps: [end]}\n"
    assert refused(f"cadences:\n{one}{one}") == ["3:12: duplicate cadence 'c' (first on line 2)"]


def test_a_jump_to_nowhere_names_the_nearest_step() -> None:
    text = f"{HEAD}  steps:\n" + MAIL % "welcome" + "    - go_to: wellcome\n"
    assert refused(text) == ["7:14: unknown step 'wellcome'; did you mean 'welcome'?"]


def test_faults_come_by_line_and_a_misspelt_key_before_what_it_causes() -> None:
    found = refused(
        f"{HEAD}  steps:\n    - branch: [{{if: clicked, steps: [{{wait: 0d}}]}}]\n"
        "    - {id: a, channel: emial, greting: hi}\n    - go_to: a\n    - wait: 3\n"
    )
    assert [line.split(": ")[0] for line in found] == ["6:45", "7:31", "7:24", "9:13"]


@pytest.mark.parametrize(
    "several", ["cadence: %s", "cadences: [7, %s]", "cadences: 7\ncadence: %s"]
)
def test_a_fault_in_a_head_hides_none_in_the_steps(several: str) -> None:
    steps = "[{wait: 0d}, {id: x, chanel: email}]"
    head = f"{{name: a, purpose: sales, prpose: sales, steps: {steps}}}"
    told = "\n".join(refused(f"version: 1\n{several % head}\n"))
    assert "unknown key 'prpose'" in told
    assert "'0d' is not a time above zero" in told
    assert "unknown key 'chanel'" in told


def test_steps_that_are_no_list_are_one_fault() -> None:
    assert len(refused(f"{HEAD}  steps: 7\n")) == 1


def test_a_json_file_is_refused_with_its_places() -> None:
    data = {"cadence": {"name": "c", "purpose": "sales", "steps": [{"id": "a", "chanel": "ad"}]}}
    assert refused(json.dumps(data, indent=1)) == [
        "6:4: 'channel' is missing",
        "8:5: unknown key 'chanel'; did you mean 'channel'?",
    ]


def test_what_is_no_mapping_is_refused() -> None:
    for text in ("[1]", "", "3"):
        with pytest.raises(CadenceError, match=r"^f\.yaml:1:1: "):
            native.read(source(text))


def test_a_cadence_that_stands_by_itself_is_told_where_it_belongs() -> None:
    found = source("version: 1\nname: trial\npurpose: sales\nsteps:\n- {id: a, channel: email}\n")
    assert native.recognises(found)
    with pytest.raises(CadenceError, match=r"^f\.yaml:2:1: expected 'cadence:' above this"):
        native.read(found)
    theirs = "name: trial\npurpose: sales\nsteps:\n- {delay_days: 2, channel: email}\n"
    assert not native.recognises(source(theirs))


# -- too much ------------------------------------------------------------------------------------


def big(items: list[Any]) -> Source:
    data = {"version": 1, "cadence": {"name": "c", "purpose": "sales", "steps": items}}
    return Source("f.json", json.dumps(data).encode())


def deep(levels: int) -> list[Any]:
    items: list[Any] = ["end"]
    for _ in range(levels):
        items = [{"repeat": {"times": 2, "steps": items}}]
    return items


FEW = [{"id": f"s{i}", "channel": "email"} for i in range(native.MOST)]


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([*FEW, "end"], "more than 10,000 steps"),
        ([{"id": f"s{i}", "channel": "email"} for i in range(12_000)], "more than 10,000 steps"),
        ([[0] * 100_001], "more than 100,000 values"),
        (deep(200), "nested deeper than 100 levels"),
        (deep(20), "more than 10,000 steps, with every turn of a repeat"),
        ([{"repeat": {"times": 1000, "steps": ["end"] * 11}}], "with every turn of a repeat"),
        ([{"wait": 0}] * 9_000, "wait: 0 is not a time above zero"),
        ([{"go_to": f"x{i}"} for i in range(4_000)] + FEW[:4_000], "unknown step 'x0'"),
        (
            [{"id": "a", "channel": "ad", **{f"k{i}": 0 for i in range(20_000)}}],
            "the first of 20000 faults",
        ),
        ([{"id": "a", "channel": "ad", "tags": [[[["x"]] * 9] * 9] * 9}], "tags: "),
        ([None] * 1000, "null is not a value"),
        ([{"wait": "9" * 100_000 + "d"}], "is longer than 100 years"),
        ([{"wait": 10**4000}], "has no unit"),
    ],
)
def test_too_much_is_refused_soon(items: list[Any], problem: str) -> None:
    found = big(items)
    with pytest.raises(CadenceError, match=re.escape(problem)) as caught:
        native.read(found)
    assert len(str(caught.value).splitlines()) <= 2 * native.MOST_FAULTS


def test_of_ten_thousand_unknown_zones_one_is_told() -> None:
    zones = [f"Europe/X{i}" for i in range(10_000)]
    (found,) = refused(f"{HEAD}  audience: {{zones: {json.dumps(zones)}}}\n  steps: [end]\n")
    assert found.startswith("5:22: unknown zone 'Europe/X0'")


def test_as_many_steps_as_may_be() -> None:
    (cadence,) = native.read(big(FEW)).cadences
    assert len(cadence.nodes) == native.MOST


# -- comments ------------------------------------------------------------------------------------

COMMENTED = """\
version: 1
# cadence-guard: ignore[CG801] nobody can reply
cadence:
  name: c  # cadence-guard: ignore[ CG802 , CG803 ]  on paper  # and more
  purpose: sales
  exits: []  # an ordinary comment
  steps:
    - id: a
      channel: email
      greeting: "x # cadence-guard: ignore[CG301] in a text"
      template: |  # cadence-guard: ignore[CG302] behind a bar
        # cadence-guard: ignore[CG303] in a text
    # cadence-guard: ignore[CG305]

    # another one between
    - id: b
      # cadence-guard: ignore[CG401] within
      channel: email
      tags: [x]  # cadence-guard: ignore[CG702] at a key
    - repeat:
        times: 2  # cadence-guard: ignore[CG804] the loop
        steps: [{id: c, channel: email}, end]
      # see  # cadence-guard: ignore[CG999] in a comment
    - {id: "d # cadence-guard: ignore[CG1]", channel: ad}  # cadence-guard: ignore[CG102] d
together: [c, d]  # cadence-guard: ignore[CG602] both
#cadence-guard:ignore[CG901]the end
"""


def test_comments_ask_to_leave_findings_out() -> None:
    found = read(COMMENTED).ignores
    assert tuple(replace(each, lines=frozenset()) for each in found) == (
        Ignore(("CG801",), 4, "nobody can reply", 2, 1),
        Ignore(("CG802", "CG803"), 4, "on paper  # and more", 4, 12),
        Ignore(("CG302",), 8, "behind a bar", 11, 20),
        Ignore(("CG305",), 16, "", 13, 5),
        Ignore(("CG401",), 16, "within", 17, 7),
        Ignore(("CG702",), 16, "at a key", 19, 18),
        Ignore(("CG804",), 20, "the loop", 21, 19),
        Ignore((), 23, "", 23, 7, "# see  # cadence-guard: ignore[CG999] in a comment"),
        Ignore(("CG102",), 24, "d", 24, 60),
        Ignore(("CG602",), 25, "both", 25, 19),
        Ignore(("CG901",), 27, "the end", 26, 1),
    )


def test_a_comment_is_the_last_line_of_a_step_by_its_indent() -> None:
    text = f"""{HEAD}  exits: [replied]
  # cadence-guard: ignore[CG801] above the steps
  steps:
    # cadence-guard: ignore[CG301] above a step, however far in
  - id: a
    channel: email
    # cadence-guard: ignore[CG302] the last line of a

  # cadence-guard: ignore[CG303] above b
  - {{id: b, channel: email}}
      # cadence-guard: ignore[CG304] in nothing but b
  - id: c
    channel: email
    # cadence-guard: ignore[CG305] the last line of all
"""
    place = {
        step.id: source(text).mark(step.where).line
        for step in read(text).cadences[0].nodes.values()
        if isinstance(step, Step)
    }
    about = {each.codes[0]: each.line for each in read(text).ignores}
    found = {code: about[code] for code in ("CG301", "CG302", "CG303", "CG304", "CG305")}
    assert found == {
        "CG301": place["a"],
        "CG302": place["a"],
        "CG303": place["b"],
        "CG304": place["b"],
        "CG305": place["c"],
    }


def test_a_comment_is_about_all_lines_of_its_step_or_cadence_but_those_of_steps_within() -> None:
    about = {each.codes[0]: each.lines for each in read(COMMENTED).ignores if each.codes}
    assert {4, 5, 6, 7} <= about["CG801"] == about["CG802"]
    assert not about["CG801"] & {*range(8, 14), *range(16, 23), 24}
    assert {8, 9, 10, 11, 12} <= about["CG302"]
    assert about["CG401"] == about["CG305"] == about["CG702"] == {16, 17, 18, 19}
    assert about["CG804"] == {20, 21}
    assert about["CG602"] == frozenset()


def test_a_file_that_asks_nothing() -> None:
    assert read(f"{HEAD}  steps: [end]  # cadence_guard\n").ignores == ()
    said = {"name": "# cadence-guard: ignore[CG1] x", "purpose": "sales", "steps": ["end"]}
    assert read(json.dumps({"cadence": said})).ignores == ()


@pytest.mark.parametrize(
    "comment",
    [
        "# cadence_guard: ignore[CG301] agreed",
        "# Cadence-Guard: Ignore[CG301] agreed",
        "# note. cadence-guard: ignore[CG301] agreed",
        "# cadenceguard ignore[over-cap]",
        "# Cadence guard: ignore CG301",
        "# cadence-gaurd: ignore[CG301] agreed",
        "# ignore(cg301)",
    ],
)
def test_a_comment_that_only_looks_like_an_ignore_is_kept_as_it_is_written(comment: str) -> None:
    (found,) = ignores(source(f"a: 'x'  {comment} \n"), [()])
    assert found == Ignore((), 1, "", 1, 9, comment)


@pytest.mark.parametrize(
    "line",
    [
        "a: 1  # the cadence-guard ignores this",
        "a: '# Cadence-Guard: Ignore[CG301]'",
        "a: cadence_guard:ignore[CG301]",
        "a: 1  # CG301 is ignored",
        "a: '# cadence-guard: ignore[CG301]'  # a text",
        "a: 1  # ignore [this] one",
    ],
)
def test_a_remark_is_none(line: str) -> None:
    assert ignores(source(f"{line}\n"), [()]) == ()


@pytest.mark.parametrize("comment", ["ignore CG301", "ignore[]", "ignore[,] why", "off", ""])
def test_a_comment_that_is_not_understood(comment: str) -> None:
    (found,) = refused(f"{HEAD}  steps: [end]  # cadence-guard: {comment}\n")
    assert found.startswith(f"5:17: {f'# cadence-guard: {comment}'.strip()!r} is not understood")
    assert "expected # cadence-guard: ignore[CG301] and a reason" in found


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a: |\n\n  x # cadence-guard: ignore[CG1]\n  # cadence-guard: ignore[CG2]\n", []),
        ("a: >-\n  x\n# cadence-guard: ignore[CG1] r\n\nb: 1\n", [3]),
        ("a: |\n# cadence-guard: ignore[CG1] r\n", [2]),
        ("a: 'x\n  # cadence-guard: ignore[CG1] y'\n", []),
        ("a: x#cadence-guard:ignore[CG1]\n", []),
        ("'# cadence-guard: ignore[CG1]': 1 # cadence-guard: ignore[CG2] r\r\nb: 2\r\n", [1]),
    ],
)
def test_a_hash_in_a_text_is_no_comment(text: str, lines: list[int]) -> None:
    assert [one.comment_line for one in ignores(source(text), [])] == lines


# -- the examples --------------------------------------------------------------------------------

START = to_us(datetime(2026, 3, 2, 16, tzinfo=UTC))


def later(wait: Wait, t: int, place: str) -> int:
    """Where a wait leads from an instant, said again in the plainest words."""
    where = zone(place)
    wall = to_datetime(t + where.at(t).offset)
    match wait:
        case Elapsed(low, high):
            assert low == high
            return t + low
        case LocalDays(days):
            wall += timedelta(days=days)
        case UntilClock(clock):
            wall += timedelta(days=(to_us(wall) % DAY) > clock)
            wall = wall.replace(hour=clock // HOUR, minute=clock % HOUR // MINUTE, second=0)
        case UntilOpen(hours):
            return hours.next_open(t, (where,))[0]
        case _:
            raise AssertionError(wait)
    return where.instant(to_us(wall), latest=False)


def laid_out(cadence: Cadence, start: int, place: str) -> Iterator[tuple[int, Step]]:
    """The touches of somebody who never reacts."""
    at, id_ = start, cadence.start
    while id_:
        node: Node = cadence.nodes[id_]
        match node:
            case Step(then=id_):
                yield at, node
            case Pause(wait=wait, then=id_):
                at = later(wait, at, place)
            case Await(timeout=timeout, then=id_):
                assert timeout
                at = later(timeout, at, place)
            case _:
                raise AssertionError(node)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_are_read(path: Path) -> None:
    found = Source.open(path)
    assert native.recognises(found)
    for cadence in native.read(found).cadences:
        assert list(cadence.steps)


def example(name: str) -> Cadence:
    (cadence,) = native.read(Source.open(ROOT / f"examples/cadences/{name}.cadence.yaml")).cadences
    return cadence


@pytest.mark.parametrize("name", ["story-marketing-trial-drip", "story-sales-follow-up"])
def test_the_story_is_what_happened(name: str) -> None:
    """Every touch of the story, to the minute, with what is known of it."""
    cadence = example(name)
    lines = (ROOT / "examples/story/as-it-happened.jsonl").read_text("utf-8").splitlines()
    happened = [
        event
        for event in map(json.loads, lines)
        if event["event"] == "touch" and event["cadence"] == cadence.name
    ]
    assert len(happened) >= 5
    planned = [
        {
            "at": to_text(to_datetime(at)),
            "step": step.name,
            "channel": step.channel,
            "team": step.team or cadence.team,
            "purpose": step.purpose or cadence.purpose,
            "sender": step.sender,
            "tags": list(step.tags),
            "unsubscribe": list(step.unsubscribe),
        }
        for at, step in laid_out(cadence, START, "America/Chicago")
    ]
    assert planned == [{key: event.get(key, []) for key in planned[0]} for event in happened]


@pytest.mark.parametrize("place", ["America/Chicago", "Europe/Berlin"])
@pytest.mark.parametrize(
    "start",
    [
        START,
        START + 30 * MINUTE + 9 * HOUR,
        START + 17 * DAY + 7 * HOUR,
        to_us(datetime(2026, 10, 21, 3, 59, tzinfo=UTC)),
    ],
)
def test_the_good_one_is_allowed(place: str, start: int) -> None:
    cadence = example("good-trial")
    guard = Guard(Policy(packs=["humane"]))
    began = to_text(to_datetime(start))
    point = {"kind": "email", "value": "a@b.example", "use": "work", "source": "trial_form"}
    guard.record(
        {
            "event": "contact",
            "contact": "c-1",
            "at": began,
            "name": "Anna-Lena Berg",
            "call_me": "Anna-Lena",
            "time_zone": place,
            "points": [point],
        }
    )
    guard.record(
        {
            "event": "consent",
            "contact": "c-1",
            "at": began,
            "purpose": "marketing",
            "channel": "email",
            "status": "granted",
            "evidence": "form",
        }
    )
    guard.record({"event": "signal", "contact": "c-1", "at": began, "kind": "trial_started"})
    touches = list(laid_out(cadence, start, place))
    assert len(touches) == 4
    for number, (at, step) in enumerate(touches):
        touch = {
            "contact": "c-1",
            "at": to_text(to_datetime(at)),
            "to": "a@b.example",
            "channel": step.channel,
            "team": cadence.team,
            "purpose": step.purpose or cadence.purpose,
            "cadence": cadence.name,
            "step": step.name,
            "tags": list(step.tags),
            "greeting": (step.greeting or "").format(call_me="Anna-Lena"),
            "audience": cadence.audience.kind,
        }
        decision = guard.evaluate(touch)
        assert decision.allowed, decision.explain()
        assert decision.findings == ()
        guard.record({"event": "touch", "id": f"t-{number}", "outcome": "sent", **touch})


def test_the_good_one_ends_at_every_answer_and_every_no() -> None:
    footprints = {"opened", "clicked", "downloaded", "visited", "trial_started"}
    assert example("good-trial").exits == set(SIGNALS) - footprints - {
        "auto_replied",
        "invited",
        "resumed",
    }


# -- the schema ----------------------------------------------------------------------------------

SCHEMA = json_schema()


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is valid: the words of draft 2020-12 that occur, and no other."""
    for word, asked in schema.items():
        match word:
            case "$ref":
                good = fits(value, SCHEMA["$defs"][asked.removeprefix("#/$defs/")])
            case "type":
                kind = {
                    "object": dict,
                    "array": list,
                    "string": str,
                    "boolean": bool,
                    "integer": int,
                }
                good = type(value) is kind[asked]
            case "const":
                good = value == asked
            case "enum":
                good = value in asked
            case "anyOf":
                good = any(fits(value, choice) for choice in asked)
            case "pattern":
                good = not isinstance(value, str) or re.search(asked, value) is not None
            case "minLength" | "minItems":
                good = not isinstance(value, (str, list)) or len(value) >= asked
            case "maxItems":
                good = not isinstance(value, list) or len(value) <= asked
            case "minimum":
                good = not isinstance(value, int) or value >= asked
            case "maximum":
                good = not isinstance(value, int) or value <= asked
            case "items":
                good = not isinstance(value, list) or all(fits(item, asked) for item in value)
            case "required":
                good = not isinstance(value, dict) or set(asked) <= set(value)
            case "minProperties":
                good = not isinstance(value, dict) or len(value) >= asked
            case "properties":
                good = not isinstance(value, dict) or all(
                    fits(inner, asked[key]) for key, inner in value.items() if key in asked
                )
            case "additionalProperties":
                assert asked is False
                good = not isinstance(value, dict) or set(value) <= set(schema["properties"])
            case _:
                assert word in {"$schema", "$defs", "title", "description", "default", "format"}
                good = True
        if not good:
            return False
    return True


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_fit_the_schema(path: Path) -> None:
    assert fits(load(path.read_text("utf-8")).data, SCHEMA)


ITEMS = [
    "{id: a, channel: email, tags: [urgent], retry: {attempts: 2, every: 1d..2d}}",
    "{id: a, channel: call, deadline: 2026-03-10T00:00:00Z, because: x-own, purpose: survey}",
    "{wait: {until_open: {days: [mon], from: 09:00, to: 24:00}}, from: start}",
    "{wait: {until_open: [{from: 09:00, to: 17:00}]}}",
    "{wait: {until_time: 09:00, days: [mon]}}",
    "{wait: {until_date: 2026-03-10}}",
    "{wait: {local_days: 3}}",
    "{wait: {business_days: 3}}",
    "{wait: {min: 3d}}",
    "{branch: [{share: 12.5%, steps: [end]}, {if: clicked}], else: [{go_to: a}]}",
    "{wait_for: clicked, at_most: 3d, else: [end]}",
    "{wait_for: [clicked, {if: x-own, steps: [{handoff: sales}]}]}",
    "{wait_for: {if: clicked, steps: [end]}, at_most: 3d}",
    "{repeat: {times: 2, steps: [{enter: b}]}}",
    "end",
]
NO_ITEMS = [
    "{id: a}",
    "{id: a, channel: emial}",
    "{id: a, channel: email, greting: x}",
    "{id: a, channel: email, because: invted}",
    "{wait: 3}",
    "{wait: 0d}",
    "{wait: 3 days}",
    "{wait: {}}",
    "{id: '  ', channel: email}",
    "{handoff: ' '}",
    '{id: a, channel: email, greeting: "\\t\\n"}',
    "{wait: {until_time: 24:00}}",
    "{wait: {local_days: 0}}",
    "{branch: []}",
    "{branch: [{share: 0.5}]}",
    "{branch: [{if: clicked, steps: [stop]}]}",
    "{wait_for: cliked}",
    "{wait_for: {unless: clicked}}",
    "{repeat: {times: 1, steps: [end]}}",
    "{go_to: 7}",
    "stop",
]


@pytest.mark.parametrize(
    ("item", "good"), [*((i, True) for i in ITEMS), *((i, False) for i in NO_ITEMS)]
)
def test_items_fit_the_schema(item: str, good: bool) -> None:
    text = f"{HEAD}  steps:\n    - {item}\n"
    assert fits(load(text).data, SCHEMA) == good
    if not good:
        assert refused(text)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("cadence: {name: c, purpose: sales, steps: [end]}\ntogether: [c, d]", True),
        ("cadences: [{name: c, purpose: x-own, steps: [end]}]\ntogether: [[c, d], [c, e]]", True),
        (
            "cadence: {name: c, purpose: sales, steps: [end], audience: {relies_on: [consent]}}",
            True,
        ),
        ("cadence: {name: c, purpose: sales, entry: {again: 3}, steps: [end]}", False),
        (
            "cadence: {name: c, purpose: sales, audience: {relies_on: [consnt]}, steps: [end]}",
            False,
        ),
        ("cadence: {name: c, steps: [end]}", False),
        ("version: 2\ncadence: {name: c, purpose: sales, steps: [end]}", False),
        ("version: true\ncadence: {name: c, purpose: sales, steps: [end]}", False),
        ("cadences: []", False),
        ('cadence: {name: " ", purpose: sales, steps: [end]}', False),
        ("together: [c]\ncadence: {name: c, purpose: sales, steps: [end]}", False),
        ("version: 1", False),
    ],
)
def test_files_fit_the_schema(text: str, good: bool) -> None:
    assert fits(load(text).data, SCHEMA) == good
    if not good and text != "version: 1":  # which is not taken for a cadence file at all
        assert refused(text)


def test_the_schema_is_a_schema() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    text = json.dumps(SCHEMA)
    assert json.loads(text) == SCHEMA
    used = set(re.findall(r'"#/\$defs/([^"]+)"', text))
    assert used == set(SCHEMA["$defs"])
    assert not re.search(r"null|x-def|Said", text)


# -- the pages -----------------------------------------------------------------------------------

PAGES = [ROOT / "docs/reference/cadence-file.md", ROOT / "docs/tutorial/check-a-cadence.md"]
AROUND = {
    "cadence": "%s",
    "key": HEAD + "%s\n  steps: [end]\n",
    "items": HEAD + "  steps:\n%s",
}


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """The YAML of a page: what kind of part it is, and a whole file with it."""
    found = re.findall(r"^```yaml (\w+).*?\n(.*?)^```$", page.read_text("utf-8"), re.S | re.M)
    for kind, text in found:
        indent = {"cadence": "", "key": "  ", "items": "    "}[kind]
        yield kind, AROUND[kind] % "".join(f"{indent}{line}\n" for line in text.splitlines())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_is_read_and_fits_the_schema(page: Path) -> None:
    shown = list(blocks(page))
    assert len(shown) >= 4
    for _, text in shown:
        assert read(text).cadences
        assert fits(load(text).data, SCHEMA)


def test_the_comments_that_the_page_shows() -> None:
    asked = [ignore for _, text in blocks(PAGES[0]) for ignore in read(text).ignores]
    assert [(one.codes, bool(one.reason)) for one in asked] == [
        (("CG301",), True),
        (("CG401", "CG302"), True),
    ]


def test_the_page_names_every_key_and_channel() -> None:
    text = PAGES[0].read_text("utf-8")
    parts = [SCHEMA, *SCHEMA["$defs"].values()]
    keys = {key for part in parts for key in part.get("properties", ())}
    assert len(keys) > 50
    said = set(
        re.findall(r"\w+", " ".join(re.findall(r"`[^`]+`|^```yaml.*?^```", text, re.S | re.M)))
    )
    assert {*keys, *CHANNELS, *PURPOSES} <= said


# -- whatever stands in it -----------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "end",
        "3d",
        "0d",
        "2d..4d",
        "P1M",
        "never",
        "email",
        "call",
        "clicked",
        "09:00",
        "50%",
        "sales",
        "",
        "\x00",
        "@",
        "2026-03-01",
        "US",
        "consent",
        "mon",
    ]
)
KEYS = st.sampled_from(
    sorted({key for part in SCHEMA["$defs"].values() for key in part.get("properties", ())} | {"x"})
)
VALUES = st.recursive(
    st.one_of(
        WORDS,
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
STEPS = st.recursive(
    st.one_of(
        st.builds(lambda id_: {"id": id_, "channel": "email"}, WORDS),
        st.builds(lambda to: {"go_to": to}, WORDS),
        st.builds(lambda wait: {"wait": wait}, WORDS),
        st.just("end"),
        VALUES,
    ),
    lambda inner: st.one_of(
        st.builds(lambda s: {"repeat": {"times": 2, "steps": s}}, st.lists(inner, max_size=4)),
        st.builds(
            lambda s: {"branch": [{"if": "clicked", "steps": s}]}, st.lists(inner, max_size=4)
        ),
        st.builds(
            lambda s: {"wait_for": [{"if": "clicked", "steps": s}]}, st.lists(inner, max_size=4)
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=4), st.dictionaries(KEYS, VALUES, max_size=3))
def test_only_documented_errors(items: list[Any], more: dict[str, Any]) -> None:
    """Whatever a file says, it is read or refused; what is read has no loose end."""
    data = {"cadence": {"name": "c", "purpose": "sales", "steps": items, **more}}
    found = Source("f.json", json.dumps(data).encode())
    try:
        (cadence,) = native.read(found).cadences
    except CadenceError as error:
        wrong = str(error)
    else:
        wrong = ""
        ends = {then for node in cadence.nodes.values() for then in follow(node)} | {cadence.start}
        assert ends <= {*cadence.nodes, None}
    assert all(re.match(r"f\.json:\d+:\d+: .", line) for line in wrong.splitlines())


@pytest.mark.parametrize("key", ["exits: [{}]", "audience: {{relies_on: [{}]}}"])
def test_more_words_than_there_are_are_refused_at_once(key: str) -> None:
    words = ", ".join(f"x-{n}" for n in range(101))
    text = "version: 1\ncadence: {name: c, purpose: sales, steps: [{id: a, channel: email}], %s}\n"
    with pytest.raises(CadenceError, match="at most 100 items"):
        native.read(Source("c.yaml", (text % key.format(words)).encode()))
    fine = words.rpartition(",")[0]
    native.read(Source("c.yaml", (text % key.format(fine)).encode()))
