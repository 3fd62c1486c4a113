"""Baselines: what is known does not fail."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadence_guard.check.baseline import dump, entries, parse, sift, updated
from cadence_guard.check.report import Finding
from cadence_guard.errors import CadenceError

FINDING = Finding("CG301", "over-cap", "block", "m", "a.yaml", 6, 9, 6, 36, "drip", "nudge")
OTHER = replace(FINDING, step="third")
NOTE = replace(FINDING, code="CG903", effect="note")
SHAPE = replace(FINDING, code="CG809", cadence=None, step=None, path="b.yaml")
CHECKED = ("a.yaml", "b.yaml")


def test_a_known_finding_stays_known_when_its_lines_move_and_its_words_change() -> None:
    known = entries([FINDING, SHAPE], str)
    moved = replace(FINDING, line=90, end_line=91, message="else", certainty="always")
    sifted = sift([moved, OTHER, SHAPE], known, CHECKED, str)
    assert (sifted.fresh, sifted.known, sifted.stale) == ((OTHER,), (moved, SHAPE), ())


@pytest.mark.parametrize(
    "change",
    [{"path": "b.yaml"}, {"cadence": "x"}, {"step": "x"}, {"code": "CG302"}, {"effect": "warn"}],
)
def test_another_path_cadence_step_code_or_effect_is_new(change: dict[str, str]) -> None:
    sifted = sift([replace(FINDING, **change)], entries([FINDING], str), CHECKED, str)
    assert (len(sifted.fresh), len(sifted.known), len(sifted.stale)) == (1, 0, 1)


def test_of_findings_alike_as_many_are_known_as_were() -> None:
    known = entries([FINDING, FINDING], str)
    assert len(sift([FINDING] * 3, known, CHECKED, str).fresh) == 1
    sifted = sift([FINDING], known, CHECKED, str)
    assert (sifted.fresh, sifted.stale) == ((), known[1:])


def test_who_accepted_a_warning_has_accepted_no_refusal() -> None:
    warning = replace(FINDING, effect="warn")
    known = entries([warning], str)
    assert sift([warning, FINDING], known, CHECKED, str).fresh == (FINDING,)
    assert sift([FINDING, warning], known, CHECKED, str).fresh == (FINDING,)


def test_notes_are_never_in_a_baseline() -> None:
    assert updated([NOTE], (), CHECKED, str) == ()
    assert sift([NOTE], entries([NOTE], str), CHECKED, str).fresh == (NOTE,)


def test_an_entry_of_a_file_that_was_not_checked_is_neither_stale_nor_lost() -> None:
    known = entries([FINDING, SHAPE], str)
    assert sift([], known, ["a.yaml"], str).stale == known[:1]
    assert updated([], known, ["a.yaml"], str) == known[1:]
    assert [str(entry) for entry in known] == ["a.yaml: CG301 drip nudge", "b.yaml: CG809"]


def test_paths_are_those_of_the_repository() -> None:
    (entry,) = entries([FINDING], lambda path: f"drips/{path}")
    assert entry.path == "drips/a.yaml"
    sifted = sift([replace(FINDING, path="x/../a.yaml")], [entry], [], lambda _: "drips/a.yaml")
    assert sifted.fresh == ()


def test_the_file_is_sorted_steady_and_an_entry_a_line() -> None:
    known = updated([SHAPE, OTHER, FINDING, replace(FINDING, step="ä")], (), CHECKED, str)
    text = dump(reversed(known))
    assert text == dump(known)
    assert [line.split('"step": ')[1][:8] for line in text.splitlines()[3:7]] == [
        '"nudge",',
        '"third",',
        '"ä", "co',
        "null, \"c",
    ]  # fmt: skip
    assert parse(text, "b.json") == known
    assert parse(dump(()), "b.json") == ()
    assert json.loads(dump(())) == {"version": 1, "findings": []}


_names = st.none() | st.text(max_size=3)
_findings = st.lists(
    st.builds(
        lambda path, cadence, step, code: replace(
            FINDING, path=path, cadence=cadence, step=step, code=code
        ),
        st.sampled_from(CHECKED),
        _names,
        _names,
        st.sampled_from(["CG301", "CG302"]),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(_findings)
def test_what_was_written_knows_all_and_nothing_is_stale(findings: list[Finding]) -> None:
    known = parse(dump(updated(findings, (), CHECKED, str)), "b.json")
    sifted = sift(findings, known, CHECKED, str)
    assert (sifted.fresh, sifted.stale) == ((), ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no baseline of version 1"),
        ('{"version": 2, "findings": []}', "; without it, --update-baseline writes one"),
        ('{"version": 1}', "'findings' of a baseline is a list"),
        ('{"version": 1, "findings": [1]}', r"findings\[0\]: expected a mapping"),
        ('{"version": 1, "findings": [{"path": "a"}]}', "'code' is missing or no text"),
        (
            '{"version": 1, "findings": [{"path": "a", "cadence": 1}]}',
            "'cadence' is missing or no text",
        ),
    ],
)
def test_what_is_no_baseline_is_told(text: str, problem: str) -> None:
    with pytest.raises(CadenceError, match=rf"^b.json: .*{problem}"):
        parse(text, "b.json")


def test_bytes_that_are_no_text_are_told() -> None:
    with pytest.raises(CadenceError, match="not JSON"):
        parse(b"\xff\xfe\xfa", "b.json")
