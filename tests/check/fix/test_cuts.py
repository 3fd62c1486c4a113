"""What a repaired native file looks like: the waits are other ones, and all else stays."""

from __future__ import annotations

import pytest

from cadence_guard import Policy
from cadence_guard.check.fix import fix
from cadence_guard.errors import CadenceError
from cadence_guard.importers import native
from check.fix.support import (
    END,
    GAP,
    HEAD,
    HOURS,
    START,
    repaired,
    source_of,
    steps_after,
)


def test_waits_grow_and_comments_stay() -> None:
    before = """\
    - id: a  # the first
      channel: email

    - wait: 3h   # too short
    # the second
    - id: b
      channel: email
    - wait: 2d
    - {id: c, channel: email}
"""
    assert steps_after(before, GAP) == before.replace("3h ", "20h ")


def test_a_wait_and_the_hours_are_put_above_a_step_and_its_comment() -> None:
    before = """\
    - {id: a, channel: email}

    # the call
    - id: b
      channel: call
"""
    put = """\
    - wait: 30h
    - wait: {until_open: {from: "09:00", to: "18:00"}}
    # the call
"""
    after = before.replace("    # the call\n", put)
    assert steps_after(before, {"too-soon": {"gap": "30h"}} | HOURS) == after


@pytest.mark.parametrize(
    ("wait", "after"),
    [
        ("3h", "20h"),
        ('"3h"', '"20h"'),
        ("3h..1d", "20h..1d"),
        ("3h..4h", "20h"),
        ('"3h..4h"', '"20h"'),
        ("{min: 3h, max: 30h}", "{min: 20h, max: 30h}"),
        ("{max: 30h, min: 3h}", "{max: 30h, min: 20h}"),
        ("{min: 3h}", "{min: 20h}"),
        ("{max: 30h}", "{min: 20h, max: 30h}"),
        ("{max: 3h}", "20h"),
        ("{min: 3h, max: 4h}", "20h"),
        ("{max: 3h  # so\n        }", "{min: 20h, max: 20h  # so\n        }"),
    ],
)
def test_every_way_to_write_a_time(wait: str, after: str) -> None:
    before = f"""\
    - {{id: a, channel: email}}
    - wait: {wait}
    - {{id: b, channel: email}}
"""
    assert steps_after(before, GAP) == before.replace(f"wait: {wait}\n", f"wait: {after}\n")


def test_flow_lists_and_json() -> None:
    text = HEAD.replace("steps:\n", "steps: [{id: a, channel: email}, {id: b, channel: sms}]\n")
    assert repaired(text, GAP).text == text.replace("}, {id: b", "}, {wait: 20h}, {id: b")
    json = (
        '{"version": 1, "cadence": {"name": "x", "purpose": "sales", "audience": {"zones":'
        ' ["America/Chicago"]}, "exits": ["opt_out", "complained", "wrong_person"],'
        ' "steps": [{"id": "a", "channel": "email"}, {"wait": "3h"},'
        ' {"id": "b", "channel": "email"}, {"wait": {"max": "3h"}}, {"id": "c", "channel":'
        ' "call"}]}}'
    )
    after = (
        json.replace('{"wait": "3h"}', '{"wait": "20h"}')
        .replace('{"max": "3h"}', '"20h"')
        .replace(
            '{"id": "c"', '{"wait": {"until_open": {"from": "09:00", "to": "18:00"}}}, {"id": "c"'
        )
    )
    assert repaired(json, GAP | HOURS).text == after


def test_a_range_in_block_style() -> None:
    before = """\
    - {id: a, channel: email}
    - wait:
        # at most
        max: 3h  # so
    - {id: b, channel: email}
"""
    after = before.replace("max: 3h", "min: 20h\n        max: 20h")
    assert steps_after(before, GAP) == after


def test_line_ends_stay() -> None:
    text = HEAD + "    - {id: a, channel: email}\n    - {id: b, channel: email}\n"
    done = repaired(text.replace("\n", "\r\n"), GAP).text or ""
    assert done == (
        HEAD + "    - {id: a, channel: email}\n    - wait: 20h\n    - {id: b, channel: email}\n"
    ).replace("\n", "\r\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_style_of_list_and_line(end: str) -> None:
    before = """\
    -
      id: a  # - the first
      channel: email
    # the second
    -
      # - why
      id: b
      channel: email
    - wait: |-
        3h

    # after
    - {id: d, channel: email}
    - wait:
        3h
    - repeat:
        times: 2
        steps:
        - id: c
          channel: email
        # at its end
    # then
    - handoff: sales
"""
    after = (
        before.replace("    # the second", "    - wait: 20h\n    # the second")
        .replace("|-\n        3h", "20h")
        .replace("wait:\n        3h", "wait:\n        20h")
        .replace("        # at", "        - wait: 20h\n        # at")
    )
    text = (HEAD + before).replace("\n", end)
    done = repaired(text, GAP)
    assert not done.unrepaired
    assert done.text == (HEAD + after).replace("\n", end)


def test_a_list_on_the_line_of_its_key() -> None:
    text = HEAD.replace("  steps:\n", "  ? steps\n  : - {id: a, channel: email}\n")
    text += "    - {id: b, channel: email}\n"
    source = source_of(text)
    with pytest.raises(CadenceError, match=r"x\.cadence\.yaml:8:5: a wait is to be put into this"):
        fix(native.read(source), source, Policy(rules=GAP), START, END)


def test_waits_between_turns_in_flow_style() -> None:
    loop = "[{repeat: {times: 2, steps: [{id: a, channel: email}, {handoff: sales}]}}]"
    text = HEAD.replace("steps:\n", f"steps: {loop}\n")
    assert repaired(text, GAP).text == text.replace("sales}", "sales}, {wait: 20h}")
    file = (
        '{"version": 1, "cadence": {"name": "x", "purpose": "sales", "exits": ["opt_out",'
        ' "complained", "wrong_person"], "steps": [{"repeat": {"times": 2, "steps":\r'
        ' [{"id": "a", "channel": "email", "tags": ["}"]}]}}]}}'
    )
    after = file.replace('"}"]}', '"}"]}, {"wait": "20h"}')
    assert repaired(file, GAP).text == after
    unquoted = file.replace('"cadence"', "cadence").replace("\r", "")
    assert repaired(unquoted, GAP).text == unquoted.replace('"}"]}', '"}"]}, {wait: 20h}')
