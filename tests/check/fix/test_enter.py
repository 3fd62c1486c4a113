"""Cadences that are entered from others: which is repaired first, and what waits."""

from __future__ import annotations

from dataclasses import replace

from cadence_guard import Policy
from cadence_guard.cadence import Audience, CadenceFile, Enter, Pause, Unknown, fixed
from cadence_guard.check.fix import fix
from cadence_guard.importers import native
from check.fix.support import END, GAP, HOURS, OTHER, START, foreign, repaired, source_of, step

HEAD = """\
  - name: {}
    purpose: sales
    audience: {{zones: [America/Chicago]}}
    exits: [opt_out, complained, wrong_person]
    steps:
"""
X, Y = HEAD.format("x"), HEAD.format("y")


def file_of(x: str, y: str) -> str:
    return f"version: 1\ncadences:\n{X}{x}{Y}{y}"


def test_a_touch_of_it_that_is_too_soon_waits_before_it_is_entered() -> None:
    x = "      - {id: a, channel: email}\n      - {enter: y}\n"
    y = "      - {id: b, channel: email}\n"
    done = repaired(file_of(x, y), GAP)
    assert not done.unrepaired
    assert done.text == file_of(x.replace("      - {e", "      - wait: 20h\n      - {e"), y)
    assert [change.text for change in done.changes] == ["wait 20 hours before 'enter y'"]


def test_what_is_entered_is_repaired_first_whatever_comes_first_in_the_file() -> None:
    """Its second touch comes 19 hours later then, so the one behind it does as well."""
    x = """\
      - {enter: y}
      - wait: 22h
      - {id: a, channel: email}
"""
    y = """\
      - {id: b, channel: email}
      - wait: 1h
      - {id: c, channel: email}
"""
    done = repaired(file_of(x, y), GAP)
    assert not done.unrepaired
    assert done.text == file_of(x.replace("22h", "40h"), y.replace("1h", "20h"))


def test_a_wait_before_a_cadence_in_a_loop_is_of_each_turn() -> None:
    x = """\
      - repeat:
          times: 2
          steps:
            - {enter: y}
            - {id: a, channel: email}
"""
    y = "      - wait: 1h\n      - {id: b, channel: email}\n"
    done = repaired(file_of(x, y), GAP)
    assert not done.unrepaired
    after = x.replace("            - {id", "            - wait: 21h\n            - {id")
    after += "            - wait: 19h\n"
    assert done.text == file_of(after, y)


def test_cadences_that_enter_each_other_are_repaired_in_their_order() -> None:
    x = "      - {id: a, channel: email}\n      - wait: 3h\n      - {enter: y}\n"
    y = """\
      - {id: b, channel: email}
      - wait: 2h
      - {id: c, channel: email}
      - {enter: x}
"""
    source = source_of(file_of(x, y))
    text = fix(native.read(source), source, Policy(rules=GAP), START, END).text
    assert text is not None
    done = repaired(text, GAP)
    assert (done.changes, done.unrepaired) == ((), ())
    assert text == file_of("      - wait: 20h\n" + x.replace("3h", "20h"), y.replace("2h", "20h"))


def test_what_comes_too_soon_behind_a_touch_beside_it_is_told() -> None:
    """A wait before both moves both; that of the touch beside it is not too short for itself."""
    x = "      - {enter: y}\n      - wait: 1h\n      - {id: a, channel: email}\n"
    y = "      - wait: 2h\n      - {id: b, channel: email}\n"
    done = repaired(file_of(x, y), GAP)
    assert done.changes == ()
    (told,) = done.unrepaired
    assert told.startswith("x: b: CG302 ")
    assert told.endswith("(however long it waits, some start is refused)")


def test_hours_of_what_is_entered_are_its_own() -> None:
    text = file_of("      - {enter: y}\n", "      - {id: b, channel: call}\n")
    hours = "{from: '09:00', to: '18:00'}"
    done = repaired(
        text.replace(Y, Y.replace("    steps", f"    entry: {{hours: {hours}}}\n    steps")), HOURS
    )
    assert done.changes == ()
    assert any("(it is a touch of 'y')" in told for told in done.unrepaired)


def test_behind_a_wait_that_nobody_knows_it_is_a_touch_of_its_own() -> None:
    """What follows it is entered at any instant, so no wait before the whole helps."""
    x = foreign(Enter("e", ("steps", 0), "y", None)).cadences[0]
    y = foreign(
        Pause("u", ("steps", 1), Unknown("why"), "f"),
        step("f", "w", 1),
        Pause("w", ("steps", 1), fixed(60), "g"),
        step("g", None, 2),
        name="y",
    ).cadences[0]
    none = Audience(zones=("America/Chicago",), grounds=())
    file = CadenceFile("other", (replace(x, audience=none), replace(y, audience=none)))
    rules = Policy(rules={"missing-consent": {"accept": ["consent"]}})
    done = fix(file, OTHER, rules, START, END)
    assert done.changes == ()
    assert any("x: f: " in told and "(it is a touch of 'y')" in told for told in done.unrepaired)
