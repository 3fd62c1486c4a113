"""Dittofeed journeys."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Cadence,
    Elapsed,
    Fan,
    Label,
    Pause,
    Step,
    Unknown,
    UntilClock,
    fixed,
    follow,
)
from cadence_guard.check.layout import apply
from cadence_guard.errors import CadenceError
from cadence_guard.importers import dittofeed
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, HOUR, MINUTE, to_us, zone

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "real"
DAYS7 = 604_800


def source(data: Any, path: str = "trial.json") -> Source:
    return Source(path, json.dumps(data).encode())


def journey(*nodes: Any, entry: Any = None, **around: Any) -> Any:
    """A journey of the nodes, each of which leads to the next one unless it says otherwise."""
    ids = [node.get("id") if isinstance(node, dict) else None for node in nodes] + ["ExitNode"]
    nodes = tuple(
        {"child": after, **node} if isinstance(node, dict) else node
        for node, after in zip(nodes, ids[1:], strict=True)
    )
    entry = {"type": "EntryNode", "segment": "s", "child": ids[0]} | (entry or {})
    return {
        "name": "Trial",
        "definition": {"entryNode": entry, "exitNode": {"type": "ExitNode"}, "nodes": list(nodes)},
        **around,
    }


def mail(id_: str = "m", kind: Any = "Email", **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "type": "MessageNode",
        "variant": {"type": kind, "templateId": "t1"},
        "subscriptionGroupId": "g",
        **more,
    }


def delay(id_: str = "d", **variant: Any) -> dict[str, Any]:
    return {"id": id_, "type": "DelayNode", "variant": variant}


def read(*nodes: Any, **more: Any) -> Cadence:
    given_ = source(journey(*nodes, **more))
    assert dittofeed.recognises(given_)
    (cadence,) = dittofeed.read(given_).cadences
    return cadence


def whys(cadence: Cadence) -> list[str]:
    return [each.why for each in cadence.unknown]


def test_a_journey_of_messages_and_delays():
    cadence = read(mail("a"), delay("wait 3 days", type="Second", seconds=DAYS7), mail("b", "Sms"))
    assert (cadence.name, cadence.start, cadence.purpose) == ("Trial", "a", "marketing")
    assert cadence.anchor == "previous"
    assert list(cadence.nodes.values()) == [
        Step("a", ("definition", "nodes", 0), "email", "wait 3 days", template="t1"),
        Pause("wait 3 days", ("definition", "nodes", 1), fixed(DAYS7), "b"),
        Step("b", ("definition", "nodes", 2), "sms", None, template="t1"),
    ]
    assert cadence.labels == (
        Label("wait 3 days", ("definition", "nodes", 1), 604_800.0, 259_200.0),
    )
    assert cadence.labels[0].contradicts
    assert not cadence.unknown


def test_who_left_the_one_subscription_group_gets_no_more():
    assert read(mail("a"), mail("b")).exits == {"opt_out"}
    assert read(mail("a"), mail("b", subscriptionGroupId="h")).exits == frozenset()
    cadence = read(mail("a"), mail("b", subscriptionGroupId=None))
    assert cadence.exits == frozenset()
    assert cadence.assumes == (
        "consent is checked before 'b' of 'Trial': without a subscription group Dittofeed does not",
    )


def test_the_next_local_time_is_a_later_one():
    cadence = read(delay(type="LocalTime", hour=9, minute=30, allowedDaysOfWeek=[0, 1]), mail())
    assert cadence.nodes["d"] == Pause("d", ("definition", "nodes", 0), Elapsed(1, 1), "d: clock")
    inner = cadence.nodes["d: clock"]
    assert isinstance(inner, Pause)
    assert inner.wait == UntilClock(9 * HOUR + 30 * MINUTE, frozenset((6, 0)))
    assert inner.then == "m"
    assert cadence.labels[0].seconds is None
    assert cadence.assumes[-1] == (
        "the days of the week of 'd' of 'Trial' are those of the contact"
        " (Dittofeed asks which day it is in UTC)"
    )


def test_every_day_and_the_full_hour_unless_said():
    for variant in ({}, {"allowedDaysOfWeek": None}):
        cadence = read(delay(type="LocalTime", hour=0, **variant), mail())
        inner = cadence.nodes["d: clock"]
        assert isinstance(inner, Pause)
        assert inner.wait == UntilClock(0)


@pytest.mark.parametrize(
    ("variant", "why"),
    [
        ({"type": "Second"}, "seconds is None; expected a number of seconds, at most 100 years"),
        ({"type": "Second", "seconds": -1}, "seconds is -1; expected a number"),
        ({"type": "Second", "seconds": "7"}, "seconds is '7'; expected a number"),
        ({"type": "Second", "seconds": True}, "seconds is True; expected a number"),
        ({"type": "Second", "seconds": 10**30}, "expected a number of seconds, at most 100 years"),
        ({"type": "LocalTime"}, "hour is None; expected a whole number from 0 to 23"),
        ({"type": "LocalTime", "hour": 24}, "hour is 24; expected"),
        ({"type": "LocalTime", "hour": 9, "minute": "0"}, "minute is '0'; expected"),
        ({"type": "LocalTime", "hour": 9, "allowedDaysOfWeek": [7]}, "allowedDaysOfWeek is [7]"),
        ({"type": "LocalTime", "hour": 9, "allowedDaysOfWeek": []}, "allowedDaysOfWeek is []"),
        ({"type": "LocalTime", "hour": 9, "allowedDaysOfWeek": 1}, "allowedDaysOfWeek is 1"),
        ({"type": "Seconds"}, "unknown kind of delay 'Seconds'; did you mean 'Second'?"),
        ({}, "unknown kind of delay 'None'"),
    ],
)
def test_a_delay_that_is_not_understood_is_no_guess(variant, why):
    cadence = read(delay(**variant), mail())
    (reason,) = whys(cadence)
    assert why in reason
    node = cadence.nodes["d"]
    assert isinstance(node, Pause)
    assert node.wait == Unknown(reason)
    assert node.then == "m"


def test_a_date_of_each_contact_is_far_enough():
    cadence = read(delay(type="UserProperty", userProperty="birthday"), mail())
    node = cadence.nodes["d"]
    assert isinstance(node, Pause)
    assert node.wait == Unknown("a date that each contact has")
    assert "the dates that 'd' of 'Trial' waits for are far enough" in cadence.assumes
    assert not cadence.unknown


def test_a_wait_for_a_segment():
    waits = {
        "id": "w",
        "type": "WaitForNode",
        "timeoutSeconds": 60,
        "timeoutChild": "m",
        "segmentChildren": [{"id": "ExitNode", "segmentId": "paid"}, {"id": "m"}, 5],
    }
    cadence = read(waits, mail())
    assert cadence.nodes["w"] == Await(
        "w",
        ("definition", "nodes", 0),
        (
            Arm(None, text="enters the segment paid"),
            Arm("m", text="enters the segment ?"),
            Arm(None, text="enters the segment ?"),
        ),
        fixed(60),
        "m",
    )
    assert whys(cadence) == ["there is no node None in the file; taken as the end"]
    cadence = read({**waits, "timeoutSeconds": None, "segmentChildren": None}, mail())
    node = cadence.nodes["w"]
    assert isinstance(node, Await)
    assert isinstance(node.timeout, Unknown)
    assert not node.arms
    assert whys(cadence)[0] == "expected a list of nodes to go on with"


def test_a_split_by_segment():
    variant = {"type": "Boolean", "segment": "paid", "trueChild": "ExitNode", "falseChild": "m"}
    cadence = read({"id": "s", "type": "SegmentSplitNode", "variant": variant}, mail())
    assert cadence.nodes["s"] == Branch(
        "s",
        ("definition", "nodes", 0),
        (Arm(None, text="in the segment paid"), Arm("m", text="not in the segment paid")),
    )
    assert len(read({"id": "s", "type": "SegmentSplitNode", "variant": 5}, mail()).unknown) == 2


def test_a_random_cohort():
    children = [
        {"id": "m", "percent": 33.5, "name": "A"},
        {"id": "ExitNode", "percent": 66.5},
        {"id": "m", "percent": 101},
        {"id": "m", "percent": "1"},
    ]
    cadence = read({"id": "r", "type": "RandomCohortNode", "children": children}, mail())
    assert cadence.nodes["r"] == Branch(
        "r",
        ("definition", "nodes", 0),
        (Arm("m", share=0.335, text="A"), Arm(None, share=0.665), Arm("m"), Arm("m")),
    )
    assert whys(cadence) == [
        "percent is 101; expected a number from 0 to 100",
        "percent is '1'; expected a number from 0 to 100",
    ]


def test_what_is_no_touch_is_passed_through():
    cadence = read(mail("p", "MobilePush"), mail("h", "Webhook"), mail("x", "Pigeon"), mail("m"))
    assert cadence.nodes["p"] == Fan("p", ("definition", "nodes", 0), ("h",))
    assert [step.id for step in cadence.steps] == ["m"]
    assert "'p', 'h' of 'Trial' is a push or a webhook, so not judged" in cadence.assumes
    assert whys(cadence) == [
        "unknown message 'Pigeon'; expected one of: Email, Sms, MobilePush, Webhook"
    ]
    assert len(read(mail("m", ["Email"])).unknown) == 1


def test_other_nodes():
    cadence = read({"id": "l", "type": "RateLimitNode"}, {"id": "q", "type": "DelayNod"}, mail())
    assert follow(cadence.nodes["l"]) == ("q",)
    assert follow(cadence.nodes["q"]) == ("m",)
    assert whys(cadence)[0].startswith("unknown type of node 'DelayNod'; did you mean 'DelayNode'?")
    del_ = {"id": "l", "type": "RateLimitNode"}
    data = journey(del_)
    del data["definition"]["nodes"][0]["child"]
    (cadence,) = dittofeed.read(source(data)).cadences
    assert follow(cadence.nodes["l"]) == ()


def test_ends_and_ids():
    cadence = read(mail("a", child="gone"))
    assert whys(cadence) == ["there is no node 'gone' in the file; taken as the end"]
    data = journey(mail("a", child="end"))
    data["definition"]["exitNode"]["id"] = "end"
    (cadence,) = dittofeed.read(source(data)).cadences
    assert not cadence.unknown
    assert cadence.nodes["a"] == Step("a", ("definition", "nodes", 0), "email", None, template="t1")


def test_a_node_is_called_by_its_name_if_only_one_is():
    cadence = read(
        mail("a", name="Welcome"),
        mail("b", name="Same"),
        mail("c", name="Same"),
        mail("d", name="c"),
        delay("d: clock", type="Second", seconds=1),
        delay("e", type="LocalTime", hour=9) | {"name": "d"},
    )
    assert list(cadence.nodes)[:6] == ["Welcome", "b", "c", "d", "d: clock", "e: clock"]
    assert cadence.start == "Welcome"


def test_who_may_enter_twice():
    (told,) = read(mail(), canRunMultiple=True).unknown
    assert (told.what, told.where) == ("canRunMultiple", ("canRunMultiple",))
    assert "people may enter it again" in told.why
    assert not read(mail(), canRunMultiple=False).unknown
    alone = journey(mail())["definition"] | {"canRunMultiple": True}
    (cadence,) = dittofeed.read(source([alone])).cadences
    assert [each.where for each in cadence.unknown] == [(0, "canRunMultiple")]


@pytest.mark.parametrize(
    ("entry", "each"),
    [
        ({"key": "orderId"}, "each event with a new orderId"),
        ({}, "each event"),  # its key is then the id of the event
        ({"key": ""}, "each event"),
        ({"key": 7}, "each event"),
    ],
)
def test_each_event_with_a_new_key_is_another_run(entry, each):
    cadence = read(mail(), entry={"type": "EventEntryNode", "event": "order", **entry})
    assert cadence.assumes[-1] == f"nobody is in 'Trial' twice ({each} starts another run)"
    assert not cadence.unknown


def test_wrappers():
    one = journey(mail())
    for data in (one["definition"], one, [one], {"journeys": [one, {**one, "name": "Other"}]}):
        assert dittofeed.recognises(source(data))
    file = dittofeed.read(source({"journeys": [one, {**one, "name": "Other"}]}))
    assert file.format == "dittofeed"
    assert [cadence.name for cadence in file.cadences] == ["Trial", "Other"]
    assert file.cadences[1].nodes["m"].where == ("journeys", 1, "definition", "nodes", 0)
    (alone,) = dittofeed.read(source(one["definition"], "a/onboarding.json")).cadences
    assert alone.name == "onboarding"
    assert alone.nodes["m"].where == ("nodes", 0)


def test_what_was_never_started_is_told_and_the_others_are_read():
    draft = {"nodes": [{"id": "n", "data": {}}], "edges": []}
    listed = [
        journey(mail(), draft=draft),
        {"name": "Next", "status": "NotStarted", "draft": draft},
        {**journey(mail()), "name": "Ready", "status": "NotStarted"},
        {"status": "NotStarted", "definition": None},
    ]
    trial, coming, ready, bare = dittofeed.read(source({"journeys": listed})).cadences
    assert "'Trial' stays as it is: its draft is not judged" in trial.assumes
    assert (coming.name, coming.where, coming.start) == ("Next", ("journeys", 1), None)
    (unknown,) = coming.unknown
    assert unknown.why == "it has no definition, only a draft that was never started"
    assert [each.name for each in (trial, coming, ready) if each.nodes] == ["Trial", "Ready"]
    assert not any("draft" in each for each in ready.assumes)
    assert (bare.name, bare.unknown[0].why) == ("a draft", unknown.why)


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        5,
        None,
        {"journeys": 5},
        {"entryNode": 5, "nodes": []},
        {"entryNode": {"type": "Trait", "id": "x"}, "nodes": []},
        {"entryNode": {}, "nodes": []},
        {"nodes": [{"type": "MessageNode"}], "connections": {}},
    ],
)
def test_what_is_no_journey(data):
    assert not dittofeed.recognises(source(data))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"entryNode": {"child": "a"}, "nodes": 5}, ":1:40: expected a list of nodes"),
        ({"entryNode": {"child": "a"}}, "expected a list of nodes"),
        ([journey(mail()), 5], "not a Dittofeed journey"),
    ],
)
def test_what_no_journey_can_be(data, problem):
    given_ = source(data)
    assert dittofeed.recognises(given_)
    with pytest.raises(CadenceError, match=r"trial\.json:1:") as raised:
        dittofeed.read(given_)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("wrong", "where", "problem"),
    [
        (5, (), "expected a node, a mapping with `id` and `type`"),
        ({"id": True}, ("id",), "expected a node's id, a text or a number"),
        (mail(), ("id",), "another node has the id 'm', too"),
    ],
)
def test_what_is_no_node_is_told_and_the_others_are_read(wrong, where, problem):
    (cadence,) = dittofeed.read(source(journey(mail(), wrong))).cadences
    unknown = cadence.unknown[0]
    assert (unknown.what, unknown.where[-1 - len(where) :]) == ("node 2", (1, *where))
    assert unknown.why == problem
    assert len(list(cadence.steps)) == 1


def test_journeys_of_one_name_are_told_apart():
    both = dittofeed.read(source([journey(mail()), journey(mail())])).cadences
    assert [cadence.name for cadence in both] == ["Trial", "Trial (2)"]


def test_yaml_and_its_places():
    lines = """\
name: Onboarding
definition:
  entryNode: {segment: new, child: 1}
  nodes:
    - {id: 1, type: MessageNode, child: 2, variant: {type: Email, template: Welcome}}
    - {id: 2, type: DelayNode, child: 3, variant: {type: Second, seconds: often}}
    - {id: 3, type: ExitNode}
"""
    given_ = Source("onboarding.yaml", lines.encode())
    (cadence,) = dittofeed.read(given_).cadences
    assert [step.template for step in cadence.steps] == ["Welcome"]
    assert cadence.nodes["3"] == Fan("3", ("definition", "nodes", 2), ())
    (missed,) = cadence.unknown
    assert given_.mark(missed.where).line == 6


def test_thousands_of_nodes_in_a_circle():
    nodes = [mail(str(i), child=str((i + 1) % 20_000)) for i in range(20_000)]
    cadence = read(*nodes)
    assert len(cadence.nodes) == 20_000
    assert sum(map(len, cadence.assumes)) < 1_000


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.sampled_from(["m", "Email", "", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "id",
                    "type",
                    "child",
                    "variant",
                    "seconds",
                    "hour",
                    "minute",
                    "children",
                    "name",
                    "percent",
                    "allowedDaysOfWeek",
                    "segmentChildren",
                    "timeoutSeconds",
                )
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
NODE = st.sampled_from(
    [
        mail(),
        delay("d", type="Second", seconds=1),
        delay("e", type="LocalTime", hour=1),
        {"id": "w", "type": "WaitForNode", "timeoutSeconds": 1, "segmentChildren": []},
        {"id": "r", "type": "RandomCohortNode", "children": [{"id": "m", "percent": 1}]},
        {"id": "s", "type": "SegmentSplitNode", "variant": {"trueChild": "m"}},
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_stands_there_is_read_or_refused(data):
    nodes = data.draw(st.lists(NODE, max_size=4, unique_by=lambda node: node["id"]))
    spoiled = journey(*nodes)
    for node in spoiled["definition"]["nodes"]:
        key = data.draw(st.sampled_from([*node, "name"]))
        node[key] = data.draw(ANYTHING)
    try:
        (cadence,) = dittofeed.read(source(spoiled)).cadences
    except CadenceError:
        return
    for node in cadence.nodes.values():
        assert all(then in cadence.nodes for then in follow(node) if then is not None)


# -- the originals ---------------------------------------------------------------------------------

needs_real = pytest.mark.skipif(not REAL.is_dir(), reason=f"no real files under {REAL}")


@needs_real
def test_real_journeys():
    read_ = {}
    for path in sorted((REAL / "configs" / "dittofeed").iterdir()):
        given_ = Source.open(path)
        if dittofeed.recognises(given_):
            (read_[path.name],) = dittofeed.read(given_).cadences
    assert len(read_) == 14
    assert sum(len(list(cadence.steps)) for cadence in read_.values()) == 16
    assert {step.channel for cadence in read_.values() for step in cadence.steps} == {"email"}
    assert {name: len(cadence.unknown) for name, cadence in read_.items() if cadence.unknown} == {
        "journeys_userWorkflow_activities_L185.json": 1  # its child is called `exit-node`
    }
    assert [name for name, cadence in read_.items() if cadence.exits] == [
        "dashboard_store_L432.json"
    ]
    onboarding = read_["onboarding.yaml"]
    assert onboarding.name == "Onboarding"
    assert [type(node) for node in onboarding.nodes.values()] == [Step, Pause, Step, Fan]
    assert onboarding.nodes["2"] == Pause(
        "2", ("definition", "nodes", 1), Elapsed(7 * DAY, 7 * DAY), "3"
    )


DIFFERENCES = {
    "dittofeed_local_time-003": 20,  # it asks which day of the week it is in UTC
    "dittofeed_local_time-011": 5,  # only the minute was asserted there
}
"""Hours until the next local time, where ours are others."""


@needs_real
def test_the_originals_own_cases_of_local_time():
    path = REAL / "peer_cases" / "dittofeed_local_time.jsonl"
    cases = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    cases = [case for case in cases if case["area"] == "next_local_time"]
    assert len(cases) == 7
    for case in cases:
        said, expected = case["input"], case["expected"]["whole_hours_until"]
        keys = ("hour", "minute", "allowedDaysOfWeek")
        cadence = read(delay(type="LocalTime", **{key: said[key] for key in keys if key in said}))
        where = zone(said.get("userTimezone") or said["timezone_of_latLon"])
        at = now = to_us(datetime.fromisoformat(said["now"]))
        for id_ in ("d", "d: clock"):
            node = cadence.nodes[id_]
            assert isinstance(node, Pause)
            at = apply(node.wait, at, where)
        assert (at - now) // HOUR == DIFFERENCES.get(case["id"], expected), case["id"]
        assert ("allowedDaysOfWeek" in said) == ("in UTC" in "".join(cadence.assumes))
