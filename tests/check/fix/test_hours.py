"""The hours that several entries leave open."""

from __future__ import annotations

from check.fix.support import (
    CALLING,
    HEAD,
    repaired,
    steps_after,
)


def test_the_hours_that_several_entries_leave_open() -> None:
    rules = {
        "outside-hours": [
            {"windows": [{"days": ["mon", "tue", "sat"], "from": "09:00", "to": "18:00"},
                         {"days": ["sun"], "from": "22:00", "to": "02:00"}]},
            {"channels": ["call"], "windows": [{"from": "00:00", "to": "12:00"},
                                               {"from": "10:00", "to": "11:00"},
                                               {"days": ["sun"], "from": "23:00", "to": "24:00"}]},
            {"channels": ["sms"], "windows": [{"from": "01:00", "to": "02:00"}]},
            {"effect": "warn", "windows": [{"from": "01:00", "to": "02:00"}]},
        ]
    }  # fmt: skip
    after = steps_after("    - {id: a, channel: call}\n", rules)
    assert after == (
        "    - wait: {until_open: ["
        '{days: [mon], from: "00:00", to: "02:00"}, '
        '{days: [mon, tue, sat], from: "09:00", to: "12:00"}, '
        '{days: [sun], from: "23:00", to: "24:00"}]}\n    - {id: a, channel: call}\n'
    )


def test_no_hour_is_open() -> None:
    entries = [CALLING, {"windows": [{"from": "18:00", "to": "20:00"}]}]
    done = repaired(HEAD + "    - {id: a, channel: call}\n", {"outside-hours": entries})
    assert done.changes == ()
    assert len(done.unrepaired) == 2
    assert "(no hour of the week is open to it)" in done.unrepaired[0]
