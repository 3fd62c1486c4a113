"""Cadences that a file names and that are not among those checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from cadence_guard import Policy
from cadence_guard.check import names
from cadence_guard.check.names import same_names, unknown_names
from cadence_guard.check.report import Finding
from cadence_guard.check.run import check_files, fails, open_file
from cadence_guard.importers import read
from cadence_guard.importers._source import Source

POLICY = Policy(rules={"over-cap": {"max": 9, "per": "7d"}})
CADENCE = """\
  - name: {}
    purpose: sales
    exits: [replied, opt_out, complained, wrong_person]
    steps: [{{id: {}, channel: email}}{}]
"""


def text(*named: str, more: str = "", enters: str = "") -> str:
    """A file of cadences, of which the first one enters another."""
    cadences = (
        CADENCE.format(name, name, f", enter: {enters}" if enters and not n else "")
        for n, name in enumerate(named)
    )
    return "".join(("version: 1\ncadences:\n", *cadences, more))


def unknown(files: Mapping[str, str]) -> list[Finding]:
    sources = [Source(path, content.encode()) for path, content in files.items()]
    return list(unknown_names([(source, read(source)) for source in sources]))


def places(found: list[Finding]) -> list[tuple[str, int, int, int]]:
    return [(each.path, each.line, each.column, each.end_column) for each in found]


def test_a_name_that_no_cadence_has_is_a_finding_at_its_place() -> None:
    (found,) = unknown({"a.yaml": text("trial", "drip", more="together: [trial, dripp]\n")})
    assert places([found]) == [("a.yaml", 11, 19, 24)]
    assert (found.code, found.name, found.effect, found.certainty) == (
        "CG903",
        "check-incomplete",
        "block",
        "always",
    )
    assert found.message == (
        "'dripp' is not among the cadences checked (trial, drip), so what it does together with"
        " 'trial' was not proved; did you mean 'drip'?"
    )
    assert found.help == "give check the file that holds it as well"
    assert (found.cadence, found.step, found.witness) == (None, None, None)


@pytest.mark.parametrize(
    ("listed", "place"),
    [
        ("together: [zoo, trial]", (7, 12, 15)),
        ("together: [trial, zoo]", (7, 19, 22)),
        ("together: [[trial, zoo]]", (7, 20, 23)),
        ("together: [[zoo, trial]]", (7, 13, 16)),
        ("together: [[trial, drip], [drip, zoo]]", (7, 34, 37)),
        ("together:\n  - trial\n  - zoo", (9, 5, 8)),
        ("together:\n  - - trial\n    - zoo", (9, 7, 10)),
    ],
)
def test_every_shape_of_the_list_has_the_place_of_the_name(
    listed: str, place: tuple[int, int, int]
) -> None:
    found = unknown({"a.yaml": text("trial", more=listed), "b.yaml": text("drip")})
    assert places(found) == [("a.yaml", *place)]
    assert ";" not in found[0].message


def test_a_name_listed_twice_is_one_finding_with_all_that_it_is_with() -> None:
    listed = "together: [[a, gone], [gone, b], [gone, c]]"
    (found,) = unknown({"x.yaml": text("a", "b", "c", more=listed)})
    assert "together with 'a', 'b' and 'c' was not proved" in found.message


def test_a_name_may_be_that_of_another_file() -> None:
    files = {"a.yaml": text("a", more="together: [a, b]"), "b.yaml": text("b")}
    assert unknown(files) == []


def test_a_cadence_that_is_entered_is_to_be_there() -> None:
    (found,) = unknown({"a.yaml": text("trial", enters="drip")})
    assert places([found]) == [("a.yaml", 6, 49, 53)]
    assert (found.cadence, found.effect) == ("trial", "block")
    assert found.message == (
        "'drip' is not among the cadences checked (trial), so what a contact of 'trial' gets from"
        " it was not judged"
    )
    assert unknown({"a.yaml": text("trial", enters="drip"), "b.yaml": text("drip")}) == []


def test_a_name_of_two_files_is_settled_by_the_own_file_or_not_at_all() -> None:
    twice = {"b.yaml": text("drip"), "c.yaml": text("drip")}
    found = unknown({"a.yaml": text("trial", more="together: [trial, drip]"), **twice})
    assert [each.message for each in found] == [
        (
            "'drip' is a cadence of b.yaml and c.yaml: which one is meant is not settled, so"
            " what it does together with 'trial' was not proved"
        )
    ]
    assert found[0].help == "give each cadence a name of its own"
    own = text("trial", "drip", more="together: [trial, drip]")
    assert unknown({"a.yaml": own, **twice}) == []


def test_of_many_names_some_are_shown() -> None:
    known = [f"cadence-{n}" for n in range(12)]
    (found,) = unknown({"a.yaml": text(*known, more="together: [cadence-3, zoo]")})
    assert "(cadence-0, cadence-1, " in found.message
    assert "cadence-9, and 2 more), so" in found.message


def test_many_unknown_names_are_told_without_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "OFFERED", 1)
    found = unknown({"a.yaml": text("trial", more="together: [trial, trail, trals]")})
    assert ["did you mean" in each.message for each in found] == [True, False]


def test_the_run_fails_and_a_comment_can_answer_for_it() -> None:
    ignored = "  # cadence-guard: ignore[CG903] theirs is proved"
    for comment, failed in (("", True), (ignored, False)):
        content = text("trial", more=f"together: [trial, theirs]{comment}\n")
        file = open_file(Source("a.yaml", content.encode()))
        findings = check_files([file], POLICY, date(2026, 3, 1)).findings
        assert fails(findings, "always") is failed, findings


def test_a_name_that_cadences_of_several_files_have_is_a_note_at_the_second() -> None:
    files = {"a.yaml": text("trial"), "b.yaml": text("drip", "trial"), "c.yaml": text("trial")}
    sources = [Source(path, content.encode()) for path, content in files.items()]
    (found,) = same_names([(source, read(source)) for source in sources])
    assert (found.path, found.line, found.cadence, found.effect) == ("b.yaml", 7, "trial", "note")
    assert found.message == (
        "'trial' is a cadence of a.yaml, b.yaml and c.yaml: each is judged by itself, but events,"
        " policies and other cadences know them by that one name"
    )
    assert found.help == "give each cadence a name of its own"


def test_of_many_files_with_one_name_the_first_are_told() -> None:
    sources = [Source(f"{n}.yaml", text("trial").encode()) for n in range(13)]
    (found,) = same_names([(source, read(source)) for source in sources])
    assert "9.yaml and 3 more files" in found.message


def test_the_note_about_one_name_is_in_the_report_and_fails_nothing() -> None:
    files = {"a.yaml": text("trial"), "b.yaml": text("trial")}
    opened = [open_file(Source(path, content.encode())) for path, content in files.items()]
    report = check_files(opened, POLICY, date(2026, 3, 1))
    assert [f.path for f in report.findings if "by that one name" in f.message] == ["b.yaml"]
    assert not fails(report.findings)
