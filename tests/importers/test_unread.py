"""Formats that are known and not read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cadence_guard.errors import CadenceError
from cadence_guard.importers import IMPORTERS, dittofeed, mautic, unread
from cadence_guard.importers._source import Source

CONFIGS = Path(__file__).parents[2].parent / "shared" / "data" / "real" / "configs"

START = {"id": "a", "type": "start", "data": {}}
KNOWN: dict[str, tuple[str, Any]] = {
    "parcelvoy": (
        "a Parcelvoy journey",
        {"e": {"type": "entrance", "children": [{"external_id": "d"}]}, "d": {"type": "delay"}},
    ),
    "laudspeaker": (
        "a Laudspeaker journey",
        {"nodes": [START], "edges": [{"type": "primary", "source": "a", "target": "b"}]},
    ),
    "laudspeaker-api": ("a Laudspeaker journey", {"visualLayout": {"nodes": [START], "edges": []}}),
    "klaviyo": (
        "a Klaviyo flow",
        {"data": {"attributes": {"definition": {"actions": [], "entry_action_id": "1"}}}},
    ),
    "klaviyo-definition": ("a Klaviyo flow", {"actions": [], "entry_action_id": "1"}),
    "fluentcrm": ("a FluentCRM funnel", {"sequences": [{"action_name": "fluentcrm_wait_times"}]}),
    "hubspot-v4": ("a HubSpot workflow", {"type": "CONTACT_FLOW", "actions": []}),
    "hubspot-criteria": ("a HubSpot workflow", {"enrollmentCriteria": {}, "actions": []}),
    "hubspot-actions": ("a HubSpot workflow", {"actions": [5, {"actionTypeId": "0-1"}]}),
    "hubspot-sequence": (
        "a HubSpot sequence",
        {"steps": [{"stepOrder": 0, "actionType": "EMAIL", "delayMillis": 0}]},
    ),
    "call-plan": ("a call plan", {"allowed_window": {}, "max_attempts": 3}),
    "drive": ("a call plan", {"policy": {"max_calls": 3, "call_window_start": "x"}}),
}
NO_CADENCE: dict[str, tuple[str, Any]] = {
    "segment": ("a Dittofeed segment", {"entryNode": {"id": "1", "type": "Trait"}, "nodes": []}),
    "call": ("what came of a call", {"type": "call.completed", "data": {}}),
}
TEXTS = {
    "odoo": ('<odoo><record model="automation.configuration.step"/></odoo>', "an Odoo automation"),
    "odoo-marketing": ('<odoo><record model="marketing.activity"/></odoo>', "an Odoo marketing"),
    "tryton": ('<tryton><record model="marketing.automation.activity"/></tryton>', "a Tryton"),
}
NO_CADENCE_TEXTS = {
    "xml": ("\n <html></html>", "XML of no known kind"),
    "calls": ('{"at": 1}\n{"kind":"call_attempt"}\n', "a log of calls"),
    "events": ('{"event": "touch"}\n{"event": "signal"}\n', "`cadence-guard replay` reads those"),
    "lines": ('{"a": 1}\r\n\n{"a": 2}', "a list of objects, one a line"),
    "table": ("name,phone\nAda,+15125550143\n", "a table"),
}
CADENCES = (
    "name: Trial\nsteps: []\n",
    "# name, phone\na: 1, 2\n",
    "- email, sms\n- 1, 2\n",
    '{"a": {}\n}',
    '{"a": [{},\n{}]}',
    "name,phone",
    "a, b\nc",
)


def source(data: Any) -> Source:
    return Source("x/flow.json", json.dumps(data).encode())


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_cadence_says_what_it_is_and_the_way_out(name):
    what, data = KNOWN[name]
    assert unread.recognises(source(data))
    with pytest.raises(CadenceError) as raised:
        unread.read(source(data))
    text = str(raised.value)
    assert text.startswith(f"x/flow.json: {what}; cadence-guard does not read this format yet (it")
    assert text.endswith("a mapping file may help")
    assert "unread" not in text


@pytest.mark.parametrize("name", NO_CADENCE)
def test_what_is_no_cadence_says_so(name):
    what, data = NO_CADENCE[name]
    assert unread.recognises(source(data))
    with pytest.raises(CadenceError, match=rf"^x/flow\.json: {what}, which is no cadence \("):
        unread.read(source(data))


def test_the_formats_that_are_read_are_named(monkeypatch):
    monkeypatch.setattr("cadence_guard.importers.IMPORTERS", (mautic, dittofeed, unread))
    with pytest.raises(CadenceError, match=r"\(it reads: mautic, dittofeed\)"):
        unread.read(source(KNOWN["parcelvoy"][1]))


@pytest.mark.parametrize(
    "data",
    [
        None,
        5,
        [],
        {},
        [5],
        {"steps": {"a": 5}},
        {"e": {"type": "entrance", "children": 5}},
        {"nodes": [START], "edges": [{"type": "smoothstep"}]},
        {"nodes": [{"type": "n8n-nodes-base.start"}], "connections": {}},
        {"visualLayout": 5},
        {"actions": 5, "entry_action_id": 1},
        {"actions": [{"type": "DELAY"}]},
        {"sequences": [{"steps": []}]},
        {"steps": [{"stepOrder": 1}]},
        {"entryNode": {"type": "EntryNode", "child": "x", "id": "y"}, "nodes": []},
        {"entryNode": {"type": "Trait", "id": "x"}},
        {"max_attempts": 3},
        {"type": "call.completed"},
        {"type": ["call.completed"], "data": {}},
    ],
)
def test_what_is_not_known(data):
    assert not unread.recognises(source(data))
    with pytest.raises(CadenceError, match="of no known format"):
        unread.read(source(data))


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_a_known_cadence(name):
    content, what = TEXTS[name]
    with pytest.raises(CadenceError, match=rf"^a/b: {what}.*; cadence-guard does not read this"):
        unread.refuse_text("a/b", content)


@pytest.mark.parametrize("name", NO_CADENCE_TEXTS)
def test_a_text_that_is_no_cadence(name):
    content, what = NO_CADENCE_TEXTS[name]
    with pytest.raises(CadenceError, match="which is no cadence") as raised:
        unread.refuse_text("a/b", content)
    assert what in str(raised.value)


@pytest.mark.parametrize("content", CADENCES)
def test_a_text_that_may_be_a_cadence(content):
    unread.refuse_text("a/b", content)


@pytest.mark.parametrize(
    "content",
    ["a," * 2_000_000 + "\nb", "{}" * 2_000_000 + "\n", "{" + "}   " * 1_000_000, " " * 4_000_000],
    ids=["commas", "braces", "blanks", "nothing"],
)
def test_long_texts_are_told_quickly(content):
    unread.refuse_text("a/b", content)
    with pytest.raises(CadenceError, match="a list of objects"):
        unread.refuse_text("a/b", '{"a": 1}\n{' + '"kind"   ' * 400_000)


# -- the originals ---------------------------------------------------------------------------------

OURS = {"mautic": mautic, "dittofeed": dittofeed}
UNREAD = {
    "parcelvoy": "a Parcelvoy journey",
    "laudspeaker": "a Laudspeaker journey",
    "fluentcrm_funnel.json": "a FluentCRM funnel",
    "hubspot_workflow_delay_example.json": "a HubSpot workflow",
    "klaviyo_flow_actions.json": "a Klaviyo flow",
    "eventEntry_L460.json": "a Dittofeed segment",
    "journeys_reEnter_L116.json": "a Dittofeed segment",
    "segments_updateManualSegmentJourney_L88.json": "a Dittofeed segment",
    "automation_oca__demo.xml": "an Odoo automation",
    "call_neuron__shortlist-template.csv": "a table",
    "callflow__example_contacts.csv": "a table",
    "multi_party_scheduler__ledger.example.jsonl": "a log of calls",
    "surplus_signal__drive.example.json": "a call plan",
    "zapier_fixture-success.json": "what came of a call",
    "expected_steps.jsonl": "a list of objects",
}
"""What each real file is, by its name or by its folder's."""

FILES = sorted(path for path in CONFIGS.rglob("*") if path.is_file())


def refusal(path: Path) -> str | None:
    """Why a file is neither JSON nor YAML, if it is not."""
    try:
        unread.refuse_text(path.name, path.read_text("utf-8"))
        Source.open(path)
    except CadenceError as error:
        return str(error)
    return None


@pytest.mark.skipif(not FILES, reason=f"no real files under {CONFIGS}")
def test_every_real_file_is_told_as_what_it_is():
    assert len(FILES) > 100
    modules = (*OURS.values(), unread)
    for path in FILES:
        what = UNREAD.get(path.name) or UNREAD.get(path.parent.name)
        if (why := refusal(path)) is not None:
            assert what, why
            assert why.startswith(f"{path.name}: {what}")
            continue
        expected = unread if what else OURS.get(path.parent.name)
        given = Source.open(path)
        told = [each for each in modules if each.recognises(given)]
        assert told == ([expected] if expected else []), path
        if expected:
            first = next(each for each in IMPORTERS if each.recognises(given))
            assert first.FORMAT == expected.FORMAT, path
        if what:
            with pytest.raises(CadenceError, match=f": {what}[;,]"):
                unread.read(given)
