"""On every way to a touch it is the wait of that way which grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cadence_guard import Policy
from cadence_guard.cadence import (
    Arm,
    Await,
    Branch,
    Enter,
    Fan,
    Handover,
    Node,
    Pause,
    Unknown,
    fixed,
)
from cadence_guard.check.fix import fix, routes
from check.fix.support import (
    END,
    GAP,
    OTHER,
    START,
    foreign,
    step,
    steps_after,
)

if TYPE_CHECKING:
    import pytest


def test_a_repeated_step_waits_in_every_turn() -> None:
    before = """\
    - repeat:
        times: 3
        steps:
          - {id: a, channel: email}
          - wait: 2h
          - {id: b, channel: email}
"""
    after = before.replace("2h", "20h") + "          - wait: 20h\n"
    assert steps_after(before, GAP) == after
    assert steps_after(before.removesuffix("\n"), GAP) == after.removesuffix("\n")


def test_what_stands_before_a_loop_grows_for_its_first_turn() -> None:
    before = """\
    - {id: x, channel: email}
    - wait: 1h  # before
    - repeat:
        times: 3
        steps:
          - {id: a, channel: email}
          - wait: 2h  # between
    - {id: c, channel: email}
"""
    after = before.replace("1h", "20h").replace("2h", "20h")
    assert steps_after(before, GAP) == after


def test_a_wait_of_a_loop_is_not_longer_for_what_is_around_it() -> None:
    before = """\
    - {id: x, channel: email}
    - repeat:
        times: 2
        steps:
          - wait: 20h
          - {id: a, channel: email}
    # after it
    - {id: c, channel: email}
"""
    rules = {"over-cap": {"max": 2, "per": "60h"}}
    after = before.replace("20h", "30h").replace("    # after", "    - wait: 30h\n    # after")
    assert steps_after(before, rules) == after
    before = before.replace("- wait: 20h\n          - {id: a", "- {id: a")
    before = before.replace("email}\n    # after", "email}\n          - wait: 20h\n    # after")
    after = before.replace("    - repeat", "    - wait: 20h\n    - repeat")
    after = after.replace("    # after", "    - wait: 40h\n    # after")
    assert steps_after(before, {"over-cap": {"max": 3, "per": "100h"}} | GAP) == after


def test_each_arm_has_its_wait() -> None:
    before = """\
    - {id: a, channel: email}
    - branch:
        - if: clicked
          steps: [{wait: 1h}]
      else: [{wait: 2h}, {handoff: sales}, {wait: 3h}]
    - {id: b, channel: email}
"""
    after = before.replace("1h", "20h").replace("3h", "18h")
    assert steps_after(before, GAP) == after


def test_a_jump_waits_as_well() -> None:
    before = """\
    - {id: a, channel: email}
    - wait: 1d
    - branch:
        - share: 50%
          steps: [{go_to: a}]
    - {id: b, channel: email}
"""
    after = before.replace("[{go", "[{wait: 6h}, {go").replace(
        "    - {id: b", "    - wait: 6h\n    - {id: b"
    )
    rules = {"too-soon": {"gap": "30h"}}
    assert steps_after(before, rules) == after


def test_a_way_that_is_not_found_waits_before_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "ROUTES", 0)
    before = """\
    - {id: a, channel: email}
    - wait: 1h
    - branch:
        - share: 50%
          steps: [{go_to: c}]
    - {id: b, channel: email}
    - {id: c, channel: email}
"""
    after = before.replace("[{go", "[{wait: 20h}, {go")
    after = after.replace("    - {id: b", "    - wait: 19h\n    - {id: b")
    after = after.replace("    - {id: c", "    - wait: 20h\n    - {id: c")
    assert steps_after(before, GAP) == after


def test_branches_and_signals_lead_to_the_wait() -> None:
    before = """\
    - {id: a, channel: email}
    - wait_for: [clicked]
      at_most: 1h
      else: [{handoff: sales}]
    - {id: b, channel: email}
    - branch:
        - if: clicked
          steps: [{wait: 1h}]
    - {id: c, channel: email}
"""
    done = steps_after(before, GAP)
    assert "    - wait: 20h\n    - {id: b" in done
    assert "    - wait: 20h\n    - {id: c" in done


def test_every_kind_of_node_leads_to_a_wait_that_was_put() -> None:
    nodes: tuple[Node, ...] = (
        step("a", "f"),
        Fan("f", (), ("h", "p")),
        Handover("h", (), "sales", "e"),
        Enter("e", (), "y", "q"),
        Branch("q", (), (Arm("z", share=0.5), Arm(None))),
        Pause("p", (), Unknown("why"), "w"),
        Await("w", (), (Arm("z", "replied"),), fixed(60), "z"),
        step("z", None, 1),
    )
    done = fix(foreign(*nodes), OTHER, Policy(rules=GAP), START, END)
    assert [change.text for change in done.changes] == ["wait 20 hours before 'z'"]
    assert done.unrepaired == ("x: CG807 the wait 'p' is not understood: why",)
