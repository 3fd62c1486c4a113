"""Scenarios and histories, judged line by line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cadence_guard import EventError, Policy, parse_events
from cadence_guard.book import Book
from cadence_guard.contact import Signal
from cadence_guard.instants import to_text
from cadence_guard.replay import judge_scenario, replay
from cadence_guard.ruleset import Ruleset

STORY = Path(__file__).parents[1] / "examples" / "story"
SHARED = Path(__file__).parents[2] / "shared" / "data" / "story"
AT = "2026-03-02T16:00:00Z"
GAP = Ruleset(Policy(rules={"too-soon": {"gap": "1d"}}))


def touch(id_: str | None, at: str, **more: Any) -> dict[str, Any]:
    given = {"id": id_} if id_ else {}
    return {
        "event": "touch",
        "contact": "c-1",
        "at": at,
        "channel": "email",
        "to": "al@b.example",
        "purpose": "sales",
        **given,
        **more,
    }


def book() -> Book:
    return Book(lambda text: f"hmac-sha256:{text[::-1]}")


def verdicts(judge: Any, events: Iterable[Any], ruleset: Ruleset = GAP) -> list[tuple[Any, str]]:
    return [
        (judged.id, decision.verdict.value)
        for judged, decision in judge(ruleset, book(), parse_events(events))
    ]


@pytest.mark.parametrize("folder", [STORY, SHARED], ids=["examples", "shared"])
@pytest.mark.parametrize(
    ("judge", "name"), [(replay, "as-it-happened"), (judge_scenario, "as-it-should-be")]
)
def test_the_story_gets_the_expected_verdicts(folder: Path, judge: Any, name: str) -> None:
    if not folder.is_dir():
        pytest.skip("the shared data is not here")
    ruleset = Ruleset(Policy(packs=["humane"]))
    expected = (folder / f"{name}.expected.jsonl").read_text("utf-8").splitlines()
    judged = list(judge(ruleset, book(), parse_events(folder / f"{name}.jsonl")))
    for wanted, (made, decision) in zip(map(json.loads, expected), judged, strict=True):
        codes = {finding.code for finding in decision.findings}
        assert (made.id, decision.verdict.value) == (wanted["touch"], wanted["verdict"])
        assert set(wanted["must_include"]) <= codes
        if "until" in wanted:
            assert to_text(decision.until) == wanted["until"]


def test_the_shipped_story_is_the_one_for_people() -> None:
    shipped = Path(replay.__code__.co_filename).parent / "_story"
    for name in ("as-it-happened.jsonl", "as-it-should-be.jsonl"):
        assert (shipped / name).read_bytes() == (STORY / name).read_bytes()
    name = "reactivate-leads.n8n.json"
    assert (shipped / name).read_bytes() == (STORY.parent / "cadences" / name).read_bytes()


def test_in_a_scenario_a_refused_touch_does_not_count() -> None:
    events = [
        touch("a", "2026-03-02T10:00:00Z"),
        touch("b", "2026-03-03T09:00:00Z"),
        touch("c", "2026-03-03T10:00:00Z"),
    ]
    assert verdicts(judge_scenario, events) == [("a", "allow"), ("b", "defer"), ("c", "allow")]
    assert verdicts(replay, events) == [("a", "allow"), ("b", "defer"), ("c", "defer")]


def test_a_scenario_goes_down_the_file_whatever_the_instants() -> None:
    events = [touch("late", "2026-03-03T10:00:00Z"), touch("early", "2026-03-02T11:00:00Z")]
    assert verdicts(judge_scenario, events) == [("late", "allow"), ("early", "defer")]


def test_in_a_scenario_touches_with_an_outcome_are_facts() -> None:
    events = [
        touch("a", "2026-03-02T10:00:00Z", outcome="sent"),
        touch("b", "2026-03-02T11:00:00Z", outcome="sent"),
        touch("c", "2026-03-02T12:00:00Z"),
    ]
    assert verdicts(judge_scenario, events) == [("c", "defer")]
    assert [id_ for id_, _ in verdicts(replay, events)] == ["a", "b", "c"]


@pytest.mark.parametrize("judge", [judge_scenario, replay])
def test_an_outcome_told_later_is_no_new_touch(judge: Any) -> None:
    events = [
        touch("a", "2026-03-02T10:00:00Z"),
        {"event": "signal", "contact": "c-1", "at": "2026-03-02T10:30:00Z", "kind": "opened"},
        touch("a", "2026-03-02T10:00:00Z", outcome="failed"),
        touch("b", "2026-03-02T11:00:00Z"),
    ]
    # Nothing left the building, so the second is not too soon.
    assert verdicts(judge, events) == [("a", "allow"), ("b", "allow")]


def test_a_refused_touch_that_was_made_all_the_same_is_a_fact() -> None:
    events = [
        touch("a", "2026-03-02T10:00:00Z"),
        touch("b", "2026-03-02T11:00:00Z", to="AL@b.example"),
        touch("b", "2026-03-02T11:00:00Z"),
        touch("b", "2026-03-02T11:00:00Z", outcome="sent"),
        touch("c", "2026-03-03T10:30:00Z"),
    ]
    assert verdicts(judge_scenario, events) == [("a", "allow"), ("b", "defer"), ("c", "defer")]


def test_touches_without_id_are_each_their_own() -> None:
    events = [touch(None, "2026-03-02T10:00:00Z"), touch(None, "2026-03-02T11:00:00Z")]
    assert verdicts(judge_scenario, events) == [(None, "allow"), (None, "defer")]
    assert verdicts(replay, events) == [(None, "allow"), (None, "defer")]


def test_the_outcome_of_the_judged_touch_is_not_read() -> None:
    hung_up = touch("a", "2026-03-02T16:00:00Z", channel="call", to="+15125550143")
    ruleset = Ruleset(Policy(rules={"after-refusal": {"hung_up": "180d"}}))
    events = [
        {**hung_up, "outcome": "hung_up"},
        {**hung_up, "id": "b", "at": "2026-03-02T17:00:00Z"},
    ]
    assert verdicts(replay, events, ruleset) == [("a", "allow"), ("b", "deny")]


def test_equal_instants_stand_as_they_are() -> None:
    at = "2026-03-02T10:00:00Z"
    no = {"event": "signal", "contact": "c-1", "at": at, "kind": "opt_out"}
    assert verdicts(replay, [touch("a", at), no]) == [("a", "allow")]
    assert verdicts(replay, [no, touch("a", at)]) == [("a", "deny")]


@pytest.mark.parametrize("judge", [replay, judge_scenario])
def test_what_is_told_twice_is_told_once_until_it_is_forgotten(judge: Any) -> None:
    """Of one instant, where the order of the lines decides."""
    given = {"event": "consent", "contact": "c-1", "at": AT, "purpose": "sales",
        "channel": "email", "status": "granted", "evidence": "form 1"}  # fmt: skip
    refused = {"event": "signal", "contact": "c-1", "at": AT, "kind": "opt_out"}
    forgotten = {"event": "forget", "contact": "c-1", "at": AT}
    planned = touch(None, AT)
    for told, expected in (
        ([refused, given], ()),
        ([given, refused, given], ("CG101",)),
        ([given, refused, forgotten, given], ()),
        ([given, refused, forgotten, forgotten], ("CG104",)),
    ):
        *_, (_, decision) = judge(Ruleset(Policy()), book(), parse_events([*told, planned]))
        assert decision.codes == expected


@pytest.mark.parametrize("judge", [replay, judge_scenario])
def test_a_release_can_be_told_again(judge: Any) -> None:
    cap = Policy.model_validate({"rules": {"over-cap": {"max": 1, "per": "7d"}}})
    booked = touch("t-1", AT, outcome="unknown")
    taken = {"event": "release", "touch": "t-1", "contact": "c-1", "at": AT}
    told = [booked, taken, booked, taken, touch(None, AT)]
    *_, (_, decision) = judge(Ruleset(cap), book(), parse_events(told))
    assert decision.codes == ()


@pytest.mark.parametrize("judge", [replay, judge_scenario])
def test_what_was_made_is_not_taken_back(judge: Any) -> None:
    made = touch("t-1", AT, outcome="delivered")
    taken = {"event": "release", "touch": "t-1", "contact": "c-1", "at": AT}
    with pytest.raises(EventError, match="event 2: touch 't-1' was made already: delivered"):
        verdicts(judge, [made, taken])


def test_what_was_told_of_one_is_still_told_when_another_is_forgotten() -> None:
    """Told once more, an older description would count as the latest."""
    told = [
        {"event": "contact", "contact": "c-1", "at": AT, "time_zone": zone}
        for zone in ("America/Chicago", "Asia/Tokyo", "America/Chicago")
    ]
    told.insert(2, {"event": "forget", "contact": "c-2", "at": AT})
    window = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}
    hours = Ruleset(Policy(rules={"outside-hours": {"windows": [window]}}))
    planned = touch("a", "2026-03-03T17:00:00Z")
    assert verdicts(judge_scenario, [*told, planned], hours) == [("a", "defer")]
    told[2]["contact"] = "c-1"
    assert verdicts(judge_scenario, [*told, planned], hours) == [("a", "allow")]


def test_findings_speak_of_the_history_as_it_was() -> None:
    events = [touch(name, f"2026-03-02T1{hour}:00:00Z") for hour, name in enumerate("abc")]
    judged = list(replay(GAP, book(), parse_events(events)))
    assert [f.facts["touches"] for f in judged[1][1].findings if f.code == "CG302"] == [["a"]]


def test_a_history_out_of_order_names_the_place_after_what_stands_above() -> None:
    events = [touch("a", "2026-03-02T10:00:00Z"), touch("b", "2026-03-02T09:59:59Z")]
    judged = replay(GAP, book(), parse_events(events))
    assert next(judged)[0].id == "a"
    with pytest.raises(
        EventError, match=r"^event 2: 2026-03-02T09:59:59Z is earlier than 2026-03-02T10:00:00Z"
    ):
        next(judged)


@pytest.mark.parametrize("judge", [judge_scenario, replay])
@pytest.mark.parametrize("first", ["2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z"])
def test_one_id_with_different_content_is_an_error_with_the_place(judge: Any, first: str) -> None:
    # The first start leaves `b` allowed, the other one has it refused.
    events = [
        touch("a", "2026-03-01T12:00:00Z", outcome="sent"),
        touch("b", first),
        touch("b", first, team="sales"),
    ]
    told = r"^events.jsonl:3: touch 'b' was told before with other content: team; only its outcome"
    with pytest.raises(EventError, match=told):
        list(judge(GAP, book(), parse_events(events), lambda: "events.jsonl:3"))


def test_an_event_without_an_instant_is_an_error() -> None:
    with pytest.raises(EventError, match=r"^event 1: 'at' is missing"):
        list(replay(GAP, book(), [Signal(contact="c-1", kind="opened")]))
