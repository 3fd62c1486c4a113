"""The story, judged by the naive reference under `humane` (written down here as plain data)."""

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from naive import judge

STORY = Path(__file__).resolve().parents[3] / "shared" / "data" / "story"
PERSONAL = ["call", "sms", "whatsapp", "voicemail"]
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]

# 27: what judges transactional and service touches; everything else leaves them out.
FOR_SERVICE = ["over-cap", "too-soon", "missed-calls", "repeated-message", "outside-hours"]
FOR_SERVICE += ["private-point", "unknown-source", "wrong-name"]
FOR_SALES = ["missing-consent", "uninvited-channel", "unanswered-streak", "after-refusal"]
FOR_SALES += ["channel-hop", "not-the-holder", "overlapping-cadence", "already-answered"]
FOR_SALES += ["wrong-audience", "pressure", "paused"]

HUMANE = {
    "horizon": "90d",
    "answers": {"signals": ["replied", "invited", "meeting_booked"], "within": "7d"},
    "exempt": [
        {"purposes": ["transactional"], "from": FOR_SERVICE + FOR_SALES, "because": "27"},
        {"purposes": ["service"], "from": FOR_SALES, "because": "27"},
    ],
    "rules": {
        "over-cap": [
            {"channels": ["email"], "max": 2, "per": "7d"},
            {"channels": ["call"], "max": 2, "per": "7d"},
            {"max": 3, "per": "7d"},
            {"max": 8, "per": "30d"},
            {"max": 6, "per": "7d", "scope": "account"},
        ],
        "too-soon": [{"gap": "20h"}],
        "unanswered-streak": [{"steps": [{"after": 3, "gap": "7d"}, {"after": 6, "gap": "90d"}]}],
        "missed-calls": [{"max": 2, "per": "14d", "gap": "3d"}],
        "repeated-message": [{"per": "90d"}],
        "outside-hours": [
            {"channels": ["call"], "windows": [{"days": WEEKDAYS, "from": "09:00", "to": "18:00"}]},
            {
                "channels": ["sms", "whatsapp", "voicemail"],
                "windows": [{"from": "09:00", "to": "20:00"}],
            },
            {
                "channels": ["email"],
                "windows": [{"from": "06:00", "to": "22:00"}],
                "unknown": "open",
            },
        ],
        "missing-consent": [
            {"channels": [*PERSONAL, "ad"], "accept": ["consent", {"invited": "90d"}]},
            {
                "channels": ["email"],
                "accept": [
                    "consent",
                    {"invited": "90d"},
                    {"purchased": "P24M"},
                    {"trial_started": "30d"},
                ],
            },
        ],
        "private-point": [{"channels": PERSONAL, "unknown": "closed"}],
        "unknown-source": [
            {"channels": [*PERSONAL, "post"]},
            {"channels": ["email"], "effect": "warn"},
        ],
        "uninvited-channel": [{"channels": PERSONAL, "accept": ["consent", "invited"]}],
        "paused": [{}],
        "too-late": [{}],
        "wrong-name": [{}],
        "wrong-audience": [{}],
        "after-refusal": [{"not_now": "2d", "declined": "180d", "hung_up": "180d"}],
        "channel-hop": [{"for": "180d"}],
        "not-the-holder": [{"for": "30d", "lapses": "90d"}],
        "overlapping-cadence": [{"for": "14d", "share": []}],
        "already-answered": [
            {"for": "30d", "signals": ["replied", "meeting_booked", "purchased"]},
        ],
        "pressure": [
            {
                "caps": [
                    {"tags": ["urgent"], "max": 1, "per": "14d"},
                    {"tags": ["promotional"], "max": 4, "per": "60d"},
                ],
                "moved_deadline": True,
            }
        ],
        "mislabelled": [
            {"tags": ["promotional", "urgent"], "purposes": ["transactional", "service"]},
        ],
    },
}


def lines(name):
    if not (STORY / name).exists():
        pytest.skip(f"the story is not here: {STORY / name}")
    return [json.loads(line) for line in (STORY / name).read_text().splitlines() if line.strip()]


def planned(event):
    return {key: value for key, value in event.items() if key not in ("event", "outcome")}


def agrees(expected, judgement):
    assert judgement.verdict == expected["verdict"]
    assert set(expected["must_include"]) <= judgement.codes
    if "until" in expected:
        assert judgement.until == datetime.fromisoformat(expected["until"])
    assert (judgement.until is None) == (judgement.verdict != "defer")
    assert (judgement.codes == set()) == (judgement.verdict == "allow")


def test_as_it_happened_is_replayed():
    """Each touch against all lines strictly above it; its own outcome is not read."""
    events = lines("as-it-happened.jsonl")
    expected = {row["touch"]: row for row in lines("as-it-happened.expected.jsonl")}
    touches = [(i, event) for i, event in enumerate(events) if event["event"] == "touch"]
    assert {event["id"] for _, event in touches} == set(expected)
    for i, event in touches:
        agrees(expected[event["id"]], judge(HUMANE, events[:i], planned(event)))


def test_as_it_should_be_is_evaluated():
    """Down the file: a planned touch that was allowed counts for those below."""
    above = []
    expected = {row["touch"]: row for row in lines("as-it-should-be.expected.jsonl")}
    for event in lines("as-it-should-be.jsonl"):
        if event["event"] == "touch" and "outcome" not in event:
            judgement = judge(HUMANE, above, planned(event))
            agrees(expected.pop(event["id"]), judgement)
            if judgement.verdict != "allow":
                continue
        above.append(event)
    assert not expected


def test_until_is_the_first_free_instant():
    """Promise 4, over the story: allowed at `until`, not allowed one microsecond before it."""
    events = lines("as-it-happened.jsonl")
    for i, event in enumerate(events):
        if event["event"] != "touch":
            continue
        until = judge(HUMANE, events[:i], planned(event)).until
        if until is not None:
            moved = planned(event) | {"at": until.isoformat()}
            assert judge(HUMANE, events[:i], moved).verdict == "allow"
            moved["at"] = (until - timedelta(microseconds=1)).isoformat()
            assert judge(HUMANE, events[:i], moved).verdict == "defer"
