"""Workflows of n8n: small ones built here, and real ones against their answer keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadence_guard.cadence import (
    Branch,
    Cadence,
    CadenceFile,
    Elapsed,
    Fan,
    Pause,
    Step,
    Unknown,
    UntilDate,
    Wait,
    follow,
)
from cadence_guard.errors import CadenceError
from cadence_guard.importers import n8n
from cadence_guard.importers._n8n_waits import UNITS
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY, HOUR, MINUTE, SECOND

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "real" / "configs"
EXAMPLE = ROOT / "examples" / "cadences" / "reactivate-leads.n8n.json"
BASE, AGENTS = "n8n-nodes-base.", "@n8n/n8n-nodes-langchain."

Data = dict[str, Any]


def node(name: str, kind: str, version: float = 1, **more: Any) -> Data:
    """A node; what is no key of a node is a parameter."""
    keys = {key: more.pop(key) for key in ("disabled", "onError") if key in more}
    kind = kind if "." in kind else BASE + kind
    return {"name": name, "type": kind, "typeVersion": version, "parameters": more, **keys}


def wires(*wired: str) -> Data:
    """`A > B | C, D` wires A's outputs: the first to B, the second to C and D. `D:1` is its second
    input; `A ~ B` hangs tool A on agent B."""
    connections: Data = {}
    for line in wired:
        kind, sign = ("ai_tool", " ~ ") if " ~ " in line else ("main", " > ")
        name, _, rest = line.partition(sign)
        outputs = []
        for output in rest.split("|"):
            targets = [each.strip().split(":") for each in output.split(", ") if each.strip()]
            outputs.append(
                [{"node": to, "type": kind, "index": int(*at or "0")} for to, *at in targets]
            )
        connections.setdefault(name, {})[kind] = outputs
    return connections


def workflow(nodes: Sequence[Data], *wired: str, **more: Any) -> Data:
    return {"name": "Flow", "nodes": nodes, "connections": wires(*wired), **more}


def load(data: object) -> CadenceFile:
    source = Source("flow.json", json.dumps(data).encode())
    assert n8n.recognises(source)
    return n8n.read(source)


def one(nodes: Sequence[Data], *wired: str, **more: Any) -> Cadence:
    (cadence,) = load(workflow(nodes, *wired, **more)).cadences
    return cadence


def line(cadence: Cadence) -> list[str]:
    """The ids from the start, as long as there is one way on."""
    found: list[str] = []
    key = cadence.start
    while key is not None:
        found.append(key)
        ways = follow(cadence.nodes[key])
        key = ways[0] if len(ways) == 1 else None
    return found


def arms(cadence: Cadence, name: str) -> list[tuple[str | None, str, str | None, bool]]:
    branch = cadence.nodes[name]
    assert isinstance(branch, Branch)
    return [(arm.then, arm.text, arm.signal, arm.unless) for arm in branch.arms]


HOOK, MAIL, TEXT = node("Hook", "webhook"), node("Mail", "gmail"), node("Text", "twilio")

# -- ways beside each other ----------------------------------------------------------------------

PAUSE = node("Pause", "wait", 1.1, amount=9, unit="days")


@pytest.mark.parametrize(
    "wired",
    [
        ("Hook > Pause, Text", "Pause > Mail"),
        ("Hook > Text, Pause", "Pause > Mail"),
        ("Hook > Pause, Mail", "Pause > Mail", "Mail > Text"),
    ],
)
def test_ways_beside_each_other_of_which_one_waits_are_told(wired: tuple[str, ...]) -> None:
    """n8n takes them one after the other, so that all of them wait."""
    (unknown,) = one([HOOK, PAUSE, MAIL, TEXT], *wired).unknown
    assert (unknown.what, unknown.why[:9]) == ("ways out of 'Hook'", "n8n takes")


@pytest.mark.parametrize(
    "wired",
    [
        ("Hook > Mail, Text",),
        ("Hook > Pause", "Pause > Mail, Text"),
        ("Hook > Pause, Set", "Pause > Mail", "Mail > Text"),
    ],
)
def test_ways_that_do_not_keep_each_other_waiting(wired: tuple[str, ...]) -> None:
    assert one([HOOK, PAUSE, MAIL, TEXT, node("Set", "set")], *wired).unknown == ()


# -- order ---------------------------------------------------------------------------------------


def test_the_order_is_that_of_the_connections() -> None:
    cadence = one(
        [
            TEXT,
            node("Note", "stickyNote"),
            node("Wait 1 day", "wait", amount=1, unit="days"),
            MAIL,
            node("Set", "set"),
            HOOK,
        ],
        "Hook > Mail",
        "Mail > Set",
        "Set > Wait 1 day",
        "Wait 1 day > Text",
    )
    assert line(cadence) == ["Mail", "Wait 1 day", "Text"]
    assert list(cadence.nodes) == ["Text", "Wait 1 day", "Mail"]  # in the order of the file
    assert [(step.id, step.channel) for step in cadence.steps] == [
        ("Text", "sms"),
        ("Mail", "email"),
    ]
    assert cadence.nodes["Mail"].where == ("nodes", 3, "name")
    assert (cadence.name, cadence.anchor, cadence.ambiguous) == ("Flow", "previous", False)
    assert not cadence.exits
    assert cadence.schedule


def test_one_output_wired_to_several_nodes_runs_them_all() -> None:
    cadence = one([HOOK, MAIL, TEXT, node("Log", "slack")], "Hook > Mail, Text, Log")
    fan = cadence.nodes[cadence.start or ""]
    assert isinstance(fan, Fan)
    assert fan.thens == ("Mail", "Text")  # a note to colleagues is no touch


def test_both_ways_of_an_if() -> None:
    cadence = one([HOOK, node("Is it?", "if"), MAIL, TEXT], "Hook > Is it?", "Is it? > Mail | Text")
    assert arms(cadence, "Is it?") == [
        ("Mail", "true", None, False),
        ("Text", "false", None, False),
    ]
    only_true = one([HOOK, node("Is it?", "if"), MAIL], "Hook > Is it?", "Is it? > Mail")
    assert [way[0] for way in arms(only_true, "Is it?")] == ["Mail", None]


def test_a_branch_whose_ways_meet_again_is_none() -> None:
    nodes = [HOOK, node("If", "if"), node("If 2", "if"), node("Set", "set"), MAIL]
    cadence = one(nodes, "Hook > If", "If > If 2 | Set", "If 2 > Set | Mail", "Set > Mail")
    assert list(cadence.nodes) == ["Mail"]


def test_branches_within_branches_that_meet_again_are_read_whatever_their_depth() -> None:
    nodes = [HOOK, MAIL, node("Set", "set"), *(node(f"If {n}", "if") for n in range(12))]
    wired = [f"If {n} > Mail | If {n - 1}" for n in range(1, 12)]
    cadence = one(nodes, "Hook > If 11", *wired, "If 0 > Mail | Set", "Set > Mail")
    assert cadence.start == "If 11"
    assert len(cadence.nodes) < 8
    shallow = one(nodes, "Hook > If 6", *wired[:6], "If 0 > Mail | Set", "Set > Mail")
    assert shallow.start == "Mail"


def test_a_switch_takes_one_of_its_outputs() -> None:
    rules = {
        "values": [
            {"outputKey": "Hot", "conditions": {"conditions": []}},
            {
                "conditions": {
                    "combinator": "or",
                    "conditions": [
                        {
                            "leftValue": "={{ $json.a }}",
                            "operator": {"operation": "gt"},
                            "rightValue": 7,
                        },
                        {"leftValue": "={{ $json.b }}", "operator": {"operation": "true"}},
                    ],
                }
            },
        ]
    }
    nodes = [HOOK, node("Which", "switch", 3, rules=rules), MAIL, TEXT]
    assert arms(one(nodes, "Hook > Which", "Which > Mail | Text"), "Which") == [
        ("Mail", "Hot", None, False),
        ("Text", "{{ $json.a }} gt 7 or {{ $json.b }} true", None, False),
        (None, "no rule fits", None, False),
    ]
    nodes[1]["parameters"]["options"] = {"fallbackOutput": "extra", "allMatchingOutputs": True}
    cadence = one(
        [*nodes, node("Call", "plivo", resource="call")],
        "Hook > Which",
        "Which > Mail | Text | Call",
    )
    assert [way[:2] for way in arms(cadence, "Which")][2:] == [("Call", "no rule fits")]
    assert [unknown.why for unknown in cadence.unknown] == [
        "may take several outputs at once; it is read as if it took one"
    ]
    nodes[1]["parameters"]["options"] = {"fallbackOutput": 1}
    assert len(arms(one(nodes, "Hook > Which", "Which > Mail | Text"), "Which")) == 2


@pytest.mark.parametrize(
    ("parameters", "ways"),
    [
        ({}, 3),
        ({"mode": "expression"}, 2),
        ({"fallbackOutput": -1}, 3),
        ({"fallbackOutput": 1}, 2),
        ({"rules": []}, 3),
    ],
)
def test_a_switch_of_the_first_version(parameters: Data, ways: int) -> None:
    nodes = [HOOK, node("Which", "switch", **parameters), MAIL, TEXT]
    found = arms(one(nodes, "Hook > Which", "Which > Mail | Text"), "Which")
    assert [way[0] for way in found][:2] == ["Mail", "Text"]
    assert len(found) == ways


def test_several_targets_of_a_way_run_together() -> None:
    nodes = [HOOK, node("If", "if"), MAIL, TEXT, node("Third", "gmail")]
    cadence = one(nodes, "Hook > If", "If > Mail, Text | Mail, Third")
    yes, no = (way[0] for way in arms(cadence, "If"))
    assert (yes, no) == ("If (output 1)", "If (output 2)")
    assert follow(cadence.nodes[yes or ""]) == ("Mail", "Text")
    assert follow(cadence.nodes[no or ""]) == ("Mail", "Third")


def test_a_filter_lets_through_or_not() -> None:
    condition = {"string": [{"value1": "={{ $json.tag }}", "value2": "new"}]}
    cadence = one(
        [HOOK, node("Only new", "filter", conditions=condition), MAIL],
        "Hook > Only new",
        "Only new > Mail",
    )
    assert arms(cadence, "Only new") == [
        ("Mail", "{{ $json.tag }} equal new", None, False),
        (None, "it is filtered out", None, False),
    ]


def test_another_output_is_another_way() -> None:
    nodes = [HOOK, node("Sort", AGENTS + "textClassifier"), MAIL, TEXT]
    cadence = one(nodes, "Hook > Sort", "Sort > Mail | Text")
    assert [way[:2] for way in arms(cadence, "Sort")] == [
        ("Mail", "output 1"),
        ("Text", "output 2"),
    ]
    nodes[1] = node("Sort", "code", onError="continueErrorOutput")
    cadence = one(nodes, "Hook > Sort", "Sort > Mail | Text")
    assert [way[:2] for way in arms(cadence, "Sort")] == [
        ("Mail", "output 1"),
        ("Text", "it fails"),
    ]


def test_what_follows_a_send_that_fails_comes_instead_of_it() -> None:
    nodes = [HOOK, node("Mail", "gmail", onError="continueErrorOutput"), TEXT]
    cadence = one(nodes, "Hook > Mail", "Mail > | Text")
    assert cadence.start == "Mail (error output)"
    assert arms(cadence, "Mail (error output)") == [
        ("Mail", "it is sent", None, False),
        ("Text", "sending fails", None, False),
    ]
    assert follow(cadence.nodes["Mail"]) == (None,)


def test_a_disabled_node_is_passed_through() -> None:
    nodes = [
        HOOK,
        node("Wait 3 Days", "wait", amount=3, unit="days", disabled=True),
        node("If", "if", disabled=True),
        node("Off", "gmail", disabled=True),
        MAIL,
        TEXT,
    ]
    cadence = one(nodes, "Hook > Wait 3 Days", "Wait 3 Days > If", "If > Off | Text", "Off > Mail")
    assert line(cadence) == ["Mail"]
    assert "Off" not in cadence.nodes
    (label,) = cadence.labels
    assert (label.seconds, label.label_seconds, label.contradicts) == (0, 3 * 86_400, True)


# -- loops and merges ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "outputs"), [(3, "Bye | Mail"), (2, "Mail | Bye"), (1, "Mail | Bye")]
)
def test_a_contact_goes_through_a_loop_over_items_once(version: float, outputs: str) -> None:
    nodes = [
        node("Cron", "cron"),
        node("Each", "splitInBatches", version),
        MAIL,
        node("Wait 1 hour", "wait"),
        node("Bye", "twilio"),
    ]
    cadence = one(
        nodes, "Cron > Each", f"Each > {outputs}", "Mail > Wait 1 hour", "Wait 1 hour > Each"
    )
    assert line(cadence) == ["Mail", "Wait 1 hour", "Each (done)", "Bye"]
    done = cadence.nodes["Each (done)"]
    assert isinstance(done, Pause)
    assert done.wait == Unknown("until the loop is through with the other contacts")
    assert (
        "the items of 'Each' are different contacts; each goes through it once" in cadence.assumes
    )


def test_a_loop_within_a_loop() -> None:
    nodes = [
        HOOK,
        node("Outer", "splitInBatches", 3),
        node("Inner", "splitInBatches", 3),
        MAIL,
        TEXT,
    ]
    cadence = one(
        nodes, "Hook > Outer", "Outer > Text | Inner", "Inner > Outer | Mail", "Mail > Inner"
    )
    assert line(cadence) == ["Mail", "Inner (done)", "Outer (done)", "Text"]


def test_a_loop_whose_items_do_nothing() -> None:
    cadence = one(
        [HOOK, node("Each", "splitInBatches", 3), MAIL], "Hook > Each", "Each > Mail | Each"
    )
    assert line(cadence) == ["Each (done)", "Mail"]
    assert (
        one([HOOK, node("Each", "splitInBatches", 3), MAIL], "Hook > Each", "Each > Mail").start
        is None
    )


def test_a_cycle_that_is_no_loop_over_items_stays() -> None:
    nodes = [HOOK, MAIL, node("Wait 1 hour", "wait"), node("If", "if")]
    cadence = one(nodes, "Hook > Mail", "Mail > Wait 1 hour", "Wait 1 hour > If", "If > Mail")
    assert [way[0] for way in arms(cadence, "If")] == ["Mail", None]


def test_a_merge_runs_once_for_what_runs_side_by_side() -> None:
    nodes = [
        HOOK,
        node("Wait 1 hour", "wait"),
        node("Wait 1 day", "wait", amount=1, unit="days"),
        node("Both", "merge"),
        MAIL,
    ]
    cadence = one(
        nodes,
        "Hook > Wait 1 hour, Wait 1 day",
        "Wait 1 hour > Both",
        "Wait 1 day > Both:1",
        "Both > Mail",
    )
    assert line(cadence) == ["Wait 1 day", "Mail"]  # it waits for the later one
    straight = one(
        [*nodes[:2], *nodes[3:]], "Hook > Wait 1 hour, Both", "Wait 1 hour > Both:1", "Both > Mail"
    )
    assert line(straight) == ["Wait 1 hour", "Mail"]


def test_a_merge_keeps_the_way_that_is_sure() -> None:
    nodes = [
        HOOK,
        node("If", "if"),
        node("Wait", "wait", amount=5, unit="days"),
        node("Set", "set"),
    ]
    nodes += [node("Both", "merge"), MAIL]
    cadence = one(
        nodes, "Hook > If, Set", "If > Wait", "Wait > Both", "Set > Both:1", "Both > Mail"
    )
    assert line(cadence) == ["Mail"]


def test_a_merge_after_a_branch_runs_for_the_way_taken() -> None:
    nodes = [HOOK, node("If", "if"), node("Wait 1 hour", "wait"), node("Both", "merge"), MAIL]
    cadence = one(
        nodes, "Hook > If", "If > Wait 1 hour | Both:1", "Wait 1 hour > Both", "Both > Mail"
    )
    assert [way[0] for way in arms(cadence, "If")] == ["Wait 1 hour", "Mail"]


def test_a_merge_in_a_cycle_and_one_that_is_wired_once() -> None:
    nodes = [HOOK, node("Both", "merge"), MAIL, node("One", "merge"), node("None", "merge")]
    cadence = one(nodes, "Hook > Both", "Both > Mail", "Mail > Both:1, One", "One > Mail")
    assert cadence.start == "Mail"


# -- agents --------------------------------------------------------------------------------------


def test_a_mail_tool_of_an_agent_may_send() -> None:
    nodes = [
        HOOK,
        node("Agent", AGENTS + "agent"),
        node("Write", "gmailTool", operation="send"),
        node("Look", "googleSheetsTool"),
        node("Off", "gmailTool", disabled=True),
        node("Ring", AGENTS + "toolHttpRequest", url="https://api.vapi.ai/call", method="POST"),
        node("Other flow", AGENTS + "toolWorkflow"),
        MAIL,
    ]
    cadence = one(
        nodes,
        "Hook > Agent",
        "Write ~ Agent",
        "Look ~ Agent",
        "Off ~ Agent",
        "Ring ~ Agent",
        "Other flow ~ Agent",
        "Agent > Mail",
    )
    assert line(cadence) == ["Write", "Ring", "Mail"]
    assert [(step.id, step.channel, step.possible) for step in cadence.steps] == [
        ("Write", "email", True),
        ("Ring", "call", True),
        ("Mail", "email", False),
    ]
    assert [unknown.what for unknown in cadence.unknown] == [
        f"tool 'Other flow' ({AGENTS}toolWorkflow)"
    ]


def test_a_tool_of_two_agents_and_of_an_agent_that_is_a_tool() -> None:
    nodes = [
        HOOK,
        node("One", AGENTS + "agent"),
        node("Two", AGENTS + "agent"),
        node("Sub", AGENTS + "agentTool"),
        node("Write", "gmailTool"),
    ]
    cadence = one(nodes, "Hook > One", "One > Two", "Write ~ One, Sub", "Sub ~ Two", "Two ~ Sub")
    assert line(cadence) == ["Write", "Write (Two)"]
    nodes.append(node("Write (Two)", "gmail"))
    cadence = one(nodes, "Hook > One", "One > Two", "Write ~ One, Two", "Two > Write (Two)")
    assert line(cadence) == ["Write", "Write (Two) (2)", "Write (Two)"]


def test_a_tool_that_is_also_wired_like_a_node() -> None:
    nodes = [HOOK, node("Agent", AGENTS + "agent"), node("Write", "gmailTool")]
    cadence = one(nodes, "Hook > Agent", "Write ~ Agent", "Agent > Write")
    assert line(cadence) == ["Write (Agent)", "Write"]


# -- triggers ------------------------------------------------------------------------------------


def test_each_trigger_that_reaches_a_send_is_a_cadence() -> None:
    nodes = [
        HOOK,
        node("Reply", "twilioTrigger"),
        node("Idle", "cron"),
        MAIL,
        TEXT,
        node("Set", "set"),
    ]
    file = load(workflow(nodes, "Hook > Mail", "Mail > Text", "Reply > Text", "Idle > Set"))
    assert [(cadence.name, line(cadence)) for cadence in file.cadences] == [
        ("Flow: Hook", ["Mail", "Text"]),
        ("Flow: Reply", ["Text"]),
    ]
    assert file.format == "n8n"


def test_triggers_of_one_flow_are_one_cadence() -> None:
    nodes = [
        node("Test", "manualTrigger"),
        node("Daily", "scheduleTrigger"),
        node("Reply", "webhook"),
    ]
    nodes += [MAIL, TEXT]
    file = load(workflow(nodes, "Test > Mail", "Daily > Mail", "Reply > Text"))
    assert [cadence.name for cadence in file.cadences] == ["Flow: Daily", "Flow: Reply"]


def test_a_handoff_to_a_sequencer_is_told_not_taken_for_a_touch() -> None:
    nodes = [HOOK, node("Add", "lemlist", resource="lead"), node("More", "webhook"), MAIL]
    first, second = load(workflow(nodes, "Hook > Add", "More > Mail")).cadences
    assert (first.name, first.start, first.schedule) == ("Flow: Hook", None, True)
    (unknown,) = first.unknown
    assert unknown.what == "node 'Add' (n8n-nodes-base.lemlist)"
    assert unknown.where == ("nodes", 1, "name")
    assert "hands the contact over to lemlist" in unknown.why
    assert second.unknown == ()


def test_what_no_trigger_reaches_stays_in_sight() -> None:
    nodes = [HOOK, MAIL, TEXT, node("Wait 1 day", "wait")]
    cadence = one(nodes, "Hook > Mail", "Text > Wait 1 day")
    assert list(cadence.nodes) == ["Mail", "Text"]
    assert line(cadence) == ["Mail"]
    assert [label.name for label in cadence.labels] == ["Wait 1 day"]
    lost = one([HOOK, MAIL])
    assert (lost.start, list(lost.nodes), lost.schedule) == (None, ["Mail"], False)


def test_a_workflow_without_a_trigger_begins_where_nothing_leads() -> None:
    assert line(one([MAIL, TEXT], "Mail > Text")) == ["Mail", "Text"]
    off = node("Off", "webhook", disabled=True)
    assert line(one([off, MAIL, TEXT], "Off > Mail")) == ["Mail"]
    assert one([], name="").name == "workflow"
    assert one([], name="", meta={"name": "Mine"}).name == "Mine"


def test_a_schedule_without_waits_is_no_schedule() -> None:
    daily, short = node("Daily", "scheduleTrigger"), node("Wait", "wait", 1.1)
    no = one([daily, short, MAIL], "Daily > Wait", "Wait > Mail")
    assert not no.schedule
    assert no.assumes == ("'Daily' runs at any time and lets a contact in once",)
    assert one([daily, node("Wait", "wait"), MAIL], "Daily > Wait", "Wait > Mail").schedule
    until = node("Wait", "wait", resume="webhook")
    assert one([daily, until, MAIL], "Daily > Wait", "Wait > Mail").schedule
    assert one([HOOK, MAIL], "Hook > Mail").schedule
    assert one([daily, node("Add", "lemlist")], "Daily > Add").schedule


def test_a_fixed_address_is_told() -> None:
    nodes = [
        HOOK,
        node("Mail", "gmail", sendTo="=boss@shop.example"),
        node("Text", "twilio", to="={{ 1 }}"),
    ]
    assert one(nodes, "Hook > Mail", "Mail > Text").assumes == (
        "'Mail' writes to one fixed address: taken as the contact's own",
    )


# -- waits ---------------------------------------------------------------------------------------


def wait_of(
    version: float = 1, *, zone: str | None = None, **parameters: Any
) -> tuple[Wait, list[str]]:
    cadence = one(
        [HOOK, node("Pause", "wait", version, **parameters), MAIL],
        "Hook > Pause",
        "Pause > Mail",
        settings={"timezone": zone},
    )
    pause = cadence.nodes["Pause"]
    assert isinstance(pause, Pause)
    (label,) = cadence.labels
    fixed = isinstance(pause.wait, Elapsed) and pause.wait.low == pause.wait.high
    assert label.seconds == (pause.wait.low / SECOND if fixed else None)  # type: ignore[union-attr]
    return pause.wait, [unknown.why for unknown in cadence.unknown]


@pytest.mark.parametrize(
    ("version", "parameters", "us"),
    [
        (1, {}, HOUR),
        (1.1, {}, 5 * SECOND),
        (2, {}, 5 * SECOND),
        (1, {"amount": 24}, DAY),
        (1, {"unit": "days"}, DAY),
        (1.1, {"unit": "minutes"}, 5 * MINUTE),
        (1.1, {"amount": 30}, 30 * SECOND),
        (1, {"amount": 0.5, "unit": "minutes"}, 30 * SECOND),
        (1, {"amount": "=3", "unit": "days"}, 3 * DAY),
        (1, {"amount": 0}, 0),
        (1, {"resume": "timeInterval", "amount": 2}, 2 * HOUR),
    ],
)
def test_the_time_of_a_wait_and_its_defaults(version: float, parameters: Data, us: int) -> None:
    assert wait_of(version, **parameters) == (Elapsed(us, us), [])


@pytest.mark.parametrize(
    "parameters",
    [
        {"amount": "={{ $json.days }}", "unit": "days"},
        {"unit": "={{ $json.unit }}"},
        {"resume": "={{ $json.when }}"},
        {"resume": "webhook"},
        {"resume": "form"},
        {"resume": "webhook", "limitWaitTime": True, "limitType": "atSpecifiedTime"},
        {"resume": "specificTime", "dateTime": "={{ $json.when }}"},
        {"resume": "specificTime", "dateTime": "2026-03-03T09:00:00"},
    ],
)
def test_a_wait_that_the_file_leaves_open(parameters: Data) -> None:
    wait, wrong = wait_of(**parameters)
    assert isinstance(wait, Unknown)
    assert wait.why.startswith(("until ", "for "))
    assert wrong == []


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"amount": -1}, "expected a number of them, 0 to 100 years"),
        ({"amount": 10**30}, "expected a number of them, 0 to 100 years"),
        ({"amount": "soon"}, "expected a number of them, 0 to 100 years"),
        ({"amount": True}, "expected a number of them, 0 to 100 years"),
        ({"amount": None}, "expected a number of them, 0 to 100 years"),
        ({"amount": []}, "expected a number of them, 0 to 100 years"),
        ({"unit": "weeks"}, "expected seconds, minutes, hours or days, not 'weeks'"),
        ({"unit": {}}, "expected seconds, minutes, hours or days, not 'dict'"),
        ({"resume": "later"}, "unknown way to resume: 'later'"),
        ({"resume": []}, "unknown way to resume: 'list'"),
        (
            {"resume": "webhook", "limitWaitTime": True, "resumeAmount": -1},
            "expected a number of them, 0 to 100 years",
        ),
        (
            {"resume": "specificTime", "dateTime": "tomorrow"},
            "expected a date and time, such as 2026-03-03T09:00:00, not 'tomorrow'",
        ),
        (
            {"resume": "specificTime", "dateTime": "9999-03-03T09:00:00"},
            "expected a date and time, such as 2026-03-03T09:00:00, not '9999-03-03T09:00:00'",
        ),
        (
            {"resume": "specificTime"},
            "expected a date and time, such as 2026-03-03T09:00:00, not 'None'",
        ),
    ],
)
def test_a_wait_that_is_wrong_is_told_and_of_unknown_length(parameters: Data, why: str) -> None:
    wait, wrong = wait_of(**parameters)
    assert isinstance(wait, Unknown)
    assert wrong == [why]


def test_a_webhook_with_a_limit_resumes_by_then() -> None:
    assert wait_of(resume="webhook", limitWaitTime=True)[0] == Elapsed(0, HOUR)
    limit = {"limitWaitTime": True, "resumeAmount": 2, "resumeUnit": "days"}
    assert wait_of(resume="form", **limit)[0] == Elapsed(0, 2 * DAY)


def test_a_date_is_read_in_its_own_zone_or_that_of_the_workflow() -> None:
    date = {"resume": "specificTime", "dateTime": "1970-01-03T00:00:00"}
    assert wait_of(zone="America/New_York", **date)[0] == UntilDate(2 * DAY + 5 * HOUR)
    assert isinstance(wait_of(zone="Nowhere/Here", **date)[0], Unknown)
    date["dateTime"] += "+01:00"
    assert wait_of(**date)[0] == UntilDate(2 * DAY - HOUR)


def test_a_message_that_asks_for_an_answer_waits_for_it() -> None:
    ask = node("Ask", "gmail", operation="sendAndWait")
    cadence = one([HOOK, ask, MAIL], "Hook > Ask", "Ask > Mail")
    assert line(cadence) == ["Ask", "Ask (answer)", "Mail"]
    colleague = node("Ask", "telegram", operation="sendAndWait")
    cadence = one([HOOK, colleague, MAIL], "Hook > Ask", "Ask > Mail")
    assert line(cadence) == ["Ask (answer)", "Mail"]
    assert (
        line(one([HOOK, node("Ask", "form"), MAIL], "Hook > Ask", "Ask > Mail"))[0]
        == "Ask (answer)"
    )


# -- conditions that read a signal ---------------------------------------------------------------


def condition(left: str, operation: str, right: object = "") -> Data:
    return {
        "conditions": {
            "conditions": [
                {"leftValue": left, "operator": {"operation": operation}, "rightValue": right}
            ]
        }
    }


@pytest.mark.parametrize(
    ("asked", "signal", "unless"),
    [
        (condition("={{ $json.replied }}", "true"), "replied", False),
        (condition("={{ $json.hasReplied }}", "false"), "replied", True),
        (condition("={{ $json['Has replied'] }}", "equals", "yes"), "replied", False),
        (condition("={{ $json.Reply }}", "equals", "no"), None, False),
        (condition("={{ $json.reply }}", "contains", "no"), None, False),
        (condition("={{ $json.replied }}", "contains", "yes"), None, False),
        (condition("={{ $json.reply }}", "equals", "false"), "replied", True),
        (condition('={{ $json["opted_out"] }}', "notEquals", True), "opt_out", True),
        (condition("={{ $json.unsubscribed }}", "notEquals", False), "opt_out", False),
        (condition("={{ $json.Status }}", "equals", "Replied"), "replied", False),
        (condition("={{ $json.Body }}", "contains", "STOP"), "opt_out", False),
        (condition("={{ $json.Body }}", "notContains", "STOP"), "opt_out", True),
        (condition("={{ $json.status }}", "equals", "booked"), "meeting_booked", False),
        ({"conditions": {"boolean": [{"value1": "={{ $json.purchased }}"}]}}, "purchased", True),
        (
            {"conditions": {"boolean": [{"value1": "={{ $json.dnc }}", "value2": True}]}},
            "opt_out",
            False,
        ),
        (condition("={{ $json.reply }}", "exists"), None, False),
        (condition("={{ $json.reply }}", "equals", "maybe"), None, False),
        (condition("={{ $json.replied.toString() }}", "true"), None, False),
        (condition("={{ $json.score }}", "true"), None, False),
        (condition("={{ $json.score }}", "gt", 7), None, False),
        (condition("replied", "equals", "yes"), None, False),
    ],
)
def test_a_branch_on_a_signal_says_so_only_if_it_is_plain(
    asked: Data, signal: str | None, unless: bool
) -> None:
    cadence = one([HOOK, node("If", "if", **asked), MAIL, TEXT], "Hook > If", "If > Mail | Text")
    yes, no = arms(cadence, "If")
    assert yes[2:] == (signal, unless)
    assert no[2:] == (signal, signal is not None and not unless)
    assert no[1] == f"not: {yes[1]}"


def test_two_conditions_are_no_plain_signal() -> None:
    both = {"string": [{"value1": "={{ $json.replied }}", "value2": "yes"}, {"value1": "a"}, 7]}
    nodes = [HOOK, node("If", "if", conditions=both, combineOperation="any"), MAIL]
    (way, *_) = arms(one(nodes, "Hook > If", "If > Mail"), "If")
    assert way[1:] == ("{{ $json.replied }} equal yes or a equal or equal", None, False)


def test_a_long_condition_is_cut() -> None:
    nodes = [HOOK, node("If", "if", **condition("x" * 5_000, "equals", "y")), MAIL]
    assert len(arms(one(nodes, "Hook > If", "If > Mail"), "If")[0][1]) == 120


# -- what is wrong, large or nested --------------------------------------------------------------


@pytest.mark.parametrize("zone_name", [None, "X/Nowhere", "Factory"])
def test_a_date_in_no_zone_is_no_long_search(
    zone_name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("cadence_guard.instants.nearest")
    nodes = [
        {"name": "go", "type": "n8n-nodes-base.manualTrigger"},
        {
            "name": "later",
            "type": "n8n-nodes-base.wait",
            "parameters": {"resume": "specificTime", "dateTime": "2026-03-03T09:00:00"},
        },
        {"name": "mail", "type": "n8n-nodes-base.gmail"},
    ]
    links = {
        name: {"main": [[{"node": to, "type": "main", "index": 0}]]}
        for name, to in (("go", "later"), ("later", "mail"))
    }
    data = {"nodes": nodes, "connections": links, "settings": {"timezone": zone_name}}
    if zone_name == "Factory":
        monkeypatch.undo()
    (cadence,) = n8n.read(Source("flow.json", json.dumps(data).encode())).cadences
    waits = [node.wait for node in cadence.nodes.values() if isinstance(node, Pause)]
    assert waits == [Unknown("until 2026-03-03T09:00:00, in a zone that the file does not name")]


def test_what_no_trigger_reaches_leads_into_no_other_cadence() -> None:
    nodes = [
        *(node("T1", "formTrigger"), node("T2", "formTrigger")),
        *(node("a", "gmail"), node("b", "gmail"), node("c", "gmail"), node("mine", "gmail")),
        *(node("later", "wait", amount=1, unit="days"), node("lone", "gmail")),
        *(node("fork", "if"), node("both", "set"), node("inner", "wait", amount=2, unit="days")),
    ]
    wired = ("T1 > a", "T2 > b", "b > c", "later > b", "lone > c", "fork > b | mine", "both > c, b")
    first, second = load(workflow(nodes, *wired, "inner > mine")).cadences
    assert set(second.nodes) == {"b", "c"}
    assert {"a", "mine", "later", "lone", "fork", "inner"} <= set(first.nodes)
    for cadence in (first, second):
        for each in cadence.nodes.values():
            assert {then for then in follow(each) if then is not None} <= set(cadence.nodes)
    assert follow(first.nodes["fork"]) == (None, "mine")
    assert follow(first.nodes["inner"]) == ("mine",)
    assert follow(first.nodes["later"]) == follow(first.nodes["lone"]) == (None,)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"typeVersion": "2"}, "the version of its type is '2', no number"),
        ({"typeVersion": None}, "the version of its type is 'None', no number"),
        ({"parameters": "3d"}, "its parameters are '3d'; expected a mapping"),
        ({"parameters": []}, "its parameters are 'list'; expected a mapping"),
        ({"disabled": "yes"}, "expected true or false, so it is taken as not disabled"),
    ],
)
def test_a_word_of_a_node_that_is_not_known_is_told(said: dict[str, Any], why: str) -> None:
    nodes = [
        {"name": "go", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1},
        {"name": "mail", "type": "n8n-nodes-base.gmail", "typeVersion": 2, **said},
    ]
    links = {"go": {"main": [[{"node": "mail", "type": "main", "index": 0}]]}}
    source = Source("flow.json", json.dumps({"nodes": nodes, "connections": links}).encode())
    (cadence,) = n8n.read(source).cadences
    (unknown,) = cadence.unknown
    assert (unknown.where, unknown.why) == (("nodes", 1, next(iter(said))), why)
    assert len(list(cadence.steps)) == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"nodes": {}, "connections": {}}, "flow.json:1:11: nodes must be a list of nodes"),
        ({"nodes": [], "connections": []}, "flow.json:1:30: connections must map the name of a"),
        (
            [workflow([]), 7],
            "expected a workflow of n8n, with nodes and connections",
        ),
    ],
)
def test_what_is_no_workflow_is_an_error_with_its_place(data: object, message: str) -> None:
    with pytest.raises(CadenceError, match=r"flow\.json:1:\d+: ") as caught:
        load(data)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "data", [[], {}, 7, "nodes", {"nodes": []}, {"workflow": 7}, [{"nodes": [], "edges": []}]]
)
def test_other_files_are_not_recognised(data: object) -> None:
    assert not n8n.recognises(Source("flow.json", json.dumps(data).encode()))


def test_wrapped_and_listed_workflows() -> None:
    flow = workflow([HOOK, MAIL], "Hook > Mail")
    (cadence,) = load({"workflow": flow}).cadences
    assert cadence.where == ("workflow", "name")
    first, second, third = load([flow, {"workflow": flow}, flow | {"name": "Flow (2)"}]).cadences
    assert [first.name, second.name, third.name] == ["Flow", "Flow (2)", "Flow (2) (2)"]
    assert second.nodes["Mail"].where == (1, "workflow", "nodes", 1, "name")


GHOSTS = (
    "they speak of nodes that are not there: 'Fifth', 'Ghost', 'Nobody' and 1 more;"
    " n8n leaves them out"
)


def test_what_n8n_would_leave_out_is_told() -> None:
    data = workflow([HOOK, MAIL, MAIL, 7, {"name": "x"}, {"type": "y"}], "Hook > Mail, Ghost")
    data["connections"] |= {"Nobody": {}, "Mail": 7, "Spook": {}}
    data["connections"]["Hook"]["main"] += [None, 7, [{"nod": "x"}, None]]
    data["connections"]["Hook"]["ai_tool"] = [[{"node": "Fifth"}]]
    (cadence,) = load(data).cadences
    assert line(cadence) == ["Mail"]
    assert [(each.what, each.why) for each in cadence.unknown] == [
        ("node 3", "another node is named 'Mail', too; n8n knows a node by its name"),
        ("node 4", "a node has a name and a type"),
        ("node 5", "a node has a name and a type"),
        ("node 6", "a node has a name and a type"),
        ("connections of 'Hook'", "expected lists of nodes, one an output"),
        ("connections of 'Mail'", "expected lists of nodes, one an output"),
        (
            "connections",
            GHOSTS,
        ),
    ]


def huge(data: object) -> CadenceFile:
    """Reads what would not end if it were read in more than linear time."""
    return n8n.read(Source("flow.json", json.dumps(data).encode()))


def test_a_long_chain_and_a_wide_fan_are_read() -> None:
    count = 4_000
    kinds = ("gmail", "wait", "set", "if")
    nodes = [HOOK] + [node(f"n{i}", kinds[i % 4]) for i in range(count)]
    chain = {f"n{i}": {"main": [[{"node": f"n{i + 1}"}]]} for i in range(count)}
    (cadence,) = huge({"nodes": nodes, "connections": chain | wires("Hook > n0")}).cadences
    assert len(cadence.nodes) == count // 4 * 3 - 2  # what follows the last send is left out
    fan = {"Hook": {"main": [[{"node": f"n{i}"} for i in range(count)]]}}
    (cadence,) = huge({"nodes": nodes, "connections": fan}).cadences
    assert len(follow(cadence.nodes["Hook (then)"])) == count // 4


@pytest.mark.parametrize("what", ["loops", "merges", "tools", "triggers"])
def test_more_than_can_be_followed_is_told(what: str) -> None:
    count = 1_500
    if what == "loops":
        nodes = [HOOK] + [node(f"n{i}", "splitInBatches", 3) for i in range(count)]
        wired = {
            f"n{i}": {
                "main": [[], [{"node": f"n{(i + 1) % count}"}, {"node": f"n{(i + 2) % count}"}]]
            }
            for i in range(count)
        } | wires("Hook > n0")
    elif what == "merges":
        nodes = [HOOK] + [node(f"n{i}", "merge") for i in range(count)]
        wired = {
            "Hook": {
                "main": [[{"node": f"n{i}", "index": j} for i in range(count) for j in (0, 1)]]
            }
        }
    elif what == "tools":
        nodes = [HOOK] + [node(f"n{i}", AGENTS + "agentTool") for i in range(count)]
        wired = {
            f"n{i + 1}": {"ai_tool": [[{"node": f"n{i}"}]], "main": [[{"node": f"n{i}"}]]}
            for i in range(count - 1)
        } | wires("Hook > n0")
    else:
        nodes = [node(f"t{i}", "webhook") for i in range(count)]
        nodes += [node(f"n{i}", "gmail") for i in range(count)]
        wired = {f"t{i}": {"main": [[{"node": f"n{i}"}]]} for i in range(count)}
        wired |= {f"n{i}": {"main": [[{"node": f"n{i + 1}"}]]} for i in range(count - 1)}
    file = huge({"nodes": nodes, "connections": wired})
    assert [each.why for each in file.cadences[0].unknown] == [
        f"too many {what} to follow them all"
    ]


def test_deep_parameters_do_not_matter() -> None:
    deep: Any = 1
    for _ in range(90):
        deep = {"conditions": [deep]}
    for kind in ("if", "switch", "wait", "gmail", "httpRequest", "filter"):
        for key in ("conditions", "rules", "amount", "unit", "resume", "url", "bodyParameters"):
            load(workflow([HOOK, node("x", kind, **{key: deep}), MAIL], "Hook > x", "x > Mail"))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        [
            "a",
            "b",
            "c",
            "={{ $json.replied }}",
            "days",
            "main",
            "webhook",
            "timeInterval",
            "2026-01-01",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["node", "index", "main", "ai_tool", "conditions", "values", "a", "b", "operator"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(["a", "b", "c", "d", "a (done)", "a (then)"])
KINDS = st.sampled_from(
    [
        BASE + kind
        for kind in (
            "webhook", "cron", "gmail", "gmailTool", "wait", "if", "switch", "filter", "merge",
            "splitInBatches", "set", "httpRequest", "twilio", "lemlist", "executeWorkflow", "form",
        )
    ]
    + [AGENTS + "agent", AGENTS + "agentTool", "x.y", "odd"]
)  # fmt: skip
NODES = st.fixed_dictionaries(
    {"name": NAMES, "type": KINDS},
    optional={
        "typeVersion": st.sampled_from([1, 1.1, 2, 3, None, "3"]),
        "parameters": VALUES
        | st.dictionaries(
            st.sampled_from(
                ["resume", "amount", "unit", "conditions", "rules", "options", "operation"]
            ),
            VALUES,
            max_size=3,
        ),
        "disabled": st.booleans(),
        "onError": st.just("continueErrorOutput"),
    },
)
WIRED = st.dictionaries(
    NAMES,
    VALUES
    | st.fixed_dictionaries(
        {},
        optional={
            kind: st.lists(
                st.lists(
                    st.fixed_dictionaries({"node": NAMES}, optional={"index": st.integers(0, 2)}),
                    max_size=3,
                )
                | VALUES,
                max_size=3,
            )
            for kind in ("main", "ai_tool")
        },
    ),
    max_size=6,
)


@settings(max_examples=400, deadline=None)
@given(st.lists(NODES | VALUES, max_size=8), WIRED, VALUES)
def test_any_workflow_is_read_or_refused(nodes: list[Any], wired: Data, rest: Any) -> None:
    data = {"nodes": nodes, "connections": wired, "name": rest, "settings": rest, "meta": rest}
    text = json.dumps(data, allow_nan=False) if _finite(data) else json.dumps({"nodes": []})
    source = Source("flow.json", text.encode())
    if n8n.recognises(source):
        whole(n8n.read(source))


def _finite(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def whole(file: CadenceFile) -> None:
    """A file that the checker can take: every way leads to a node, every place can be found."""
    assert len({cadence.name for cadence in file.cadences}) == len(file.cadences) > 0
    for cadence in file.cadences:
        assert cadence.start is None or cadence.start in cadence.nodes
        for key, each in cadence.nodes.items():
            assert key == each.id
            assert isinstance(each, Step | Pause | Branch | Fan)
            assert all(then is None or then in cadence.nodes for then in follow(each))
            assert not isinstance(each, Fan) or len(each.thens) > 1


# -- real workflows, and their answer keys -------------------------------------------------------

NOT_A_SEND = {
    ("2137", "Get previous message threads"): "reads threads",
    ("3123", "Get Emails Since"): "reads threads",
    ("5700", "Get_ALL_Data"): "a GET: asks Instantly for the mails it has",
    ("7233", "📊 Fetch Profile Results"): "a GET: asks PhantomBuster for what it found",
    ("7233", "📊 Fetch Tweet Results"): "a GET: asks PhantomBuster for what it found",
    ("8449", "scrape_profile"): "a GET: reads a profile",
    ("8449", "company_profile"): "a GET: reads a profile",
    ("3415", "Send SMS (Twilio)"): "is disabled",
}
"""Nodes that the answer key counts as sends by their type, and why they send nothing."""

HANDED_OVER = {
    ("5830", "Add to sequence for qualified"): "Saleshandy",
    ("5830", "Add to sequence for unqualified"): "Saleshandy",
    ("5830", "Add to sequence for semi-qualified"): "Saleshandy",
    ("7617", "Add Lead to Email Campaign"): "Instantly",
    ("Wait__0090", "Lemlist"): "lemlist",
    ("7233", "🚀 Launch Profile Scraper"): "PhantomBuster",
    ("7233", "🎯 Launch Tweet Scraper"): "PhantomBuster",
    ("9080", "Trigger PhantomBuster Agent"): "PhantomBuster",
}
"""Sends by a service, which the file does not show: told, not taken for a touch."""

OTHER_CHANNEL = {
    ("5700", "HTTP Request2"): ("sequencer", "email"),  # posts a reply by mail, through Instantly
}
OTHER_WAIT = {
    ("3415", "Wait 24 Hours"): (3_600, 0),  # is disabled, so it does not even wait its default
}
MORE_LABELS = {
    ("Wait__0090", "Wait 30s"): 30,  # the key overlooks it; it waits what it says
}


def real() -> Iterator[tuple[str, Data, CadenceFile]]:
    """(start of the file's name, row of the answer key, what was read)."""
    for folder in ("n8n", "n8n_mit"):
        manifest = REAL / f"{folder}_manifest.json"
        if not manifest.exists():
            pytest.skip("the shared data is not here")
        for row in json.loads(manifest.read_text("utf-8")):
            source = Source.open(REAL / folder / row["file"])
            assert n8n.recognises(source)
            name = row["file"]
            number = name.split("_")[0] if name[0].isdigit() else "__".join(name.split("_")[0:3:2])
            yield number, row, n8n.read(source)


def test_the_sends_of_real_workflows_are_all_seen() -> None:
    silent, handed, other = {}, {}, {}
    for number, row, file in real():
        steps = {step.id: step.channel for cadence in file.cadences for step in cadence.steps}
        unknown = {each.what: each.why for cadence in file.cadences for each in cadence.unknown}
        assert steps.keys() <= {send["name"] for send in row["sends"]}
        for send in row["sends"]:
            key = number, send["name"]
            told = unknown.get(f"node {send['name']!r} ({send['type']})")
            if send["name"] in steps:
                if steps[send["name"]] != send["channel"]:
                    other[key] = send["channel"], steps[send["name"]]
            elif told is not None:
                handed[key] = told
            else:
                silent[key] = send["channel"]
    assert silent.keys() == NOT_A_SEND.keys()
    assert handed.keys() == HANDED_OVER.keys()
    for key, service in HANDED_OVER.items():
        assert handed[key].startswith(f"hands the contact over to {service};")
    assert other == OTHER_CHANNEL


def test_the_waits_of_real_workflows_and_the_names_that_lie() -> None:
    other, more, conflicts = {}, {}, 0
    for number, row, file in real():
        labels = {label.name: label for cadence in file.cadences for label in cadence.labels}
        assert labels.keys() == {wait["name"] for wait in row["waits"]}
        for wait in row["waits"]:
            key, label = (number, wait["name"]), labels[wait["name"]]
            effective = wait.get("effective")
            seconds = effective and effective["amount"] * UNITS[effective["unit"]]
            if label.seconds != seconds:
                other[key] = seconds, label.seconds
            if label.label_seconds != wait.get("label_seconds"):
                more[key] = label.label_seconds
            assert label.contradicts == wait.get("label_conflict", False)
            conflicts += label.contradicts
    assert other == OTHER_WAIT
    assert more == MORE_LABELS
    assert conflicts == 15


def test_real_workflows_are_read_whole() -> None:
    count = 0
    for _, _, file in real():
        whole(file)
        count += 1
    assert count == 66


def test_the_four_weeks_of_a_real_workflow_are_four_hours() -> None:
    file = next(file for number, _, file in real() if number == "6213")
    reply, weeks = file.cadences
    assert line(reply) == ["Send AI Reply"]
    assert line(weeks) == [
        "Week 1 SMS", "Wait 1 Week", "Week 2 SMS", "Wait 2 Weeks", "Week 3 Email", "Wait 3 Weeks",
        "Week 4 SMS", "Wait 4 Weeks", "Final SMS",
    ]  # fmt: skip
    waits = [each.wait for each in weeks.nodes.values() if isinstance(each, Pause)]
    assert waits == [Elapsed(HOUR, HOUR)] * 4
    assert weeks.schedule


def test_the_example_has_the_same_flaw() -> None:
    (cadence,) = n8n.read(Source.open(EXAMPLE)).cadences
    assert cadence.name == "Reactivate leads"
    assert line(cadence) == [
        "Hello again", "Wait 1 Week", "What changed", "Wait 2 Weeks", "Offer email", "Wait 3 Weeks",
        "Offer ends", "Wait 4 Weeks", "Last message",
    ]  # fmt: skip
    assert [step.channel for step in cadence.steps] == ["sms", "sms", "email", "sms", "sms"]
    assert [label.seconds for label in cadence.labels] == [3_600] * 4
    assert [label.label_seconds for label in cadence.labels] == [604_800 * n for n in (1, 2, 3, 4)]
    assert all(label.contradicts for label in cadence.labels)
    assert cadence.unknown == ()
    source = Source.open(EXAMPLE)
    mark = source.mark(cadence.labels[0].where)
    assert '"Wait 1 Week"' in source.text.splitlines()[mark.line - 1]
