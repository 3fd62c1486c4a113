"""The page about differences says what the tables say, and the tables speak of cases there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from peers import test_cadences, test_calls, test_caps, test_hours, test_permission
from peers.cases import FOLDER, NOT_APPLICABLE, read

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "differences-from-peers.md"
MODULES = (test_cadences, test_calls, test_caps, test_hours, test_permission)
TABLE = {id_: reason for module in MODULES for id_, reason in module.DIFFERENCES.items()}
LEFT_OUT = ("optout_keywords", "optout_portuguese", "spoken_optout")
"""Files about words, which this product leaves to others."""


def test_the_page_says_what_the_tables_say() -> None:
    page = re.sub(r"\n  +", " ", PAGE.read_text("utf-8"))
    told: dict[str, str] = {}
    for line in page.splitlines():
        if (match := re.fullmatch(r"- (.+): ((?:`\w+-\d+`(?:, )?)+)", line)) is not None:
            for id_ in re.findall(r"`([^`]+)`", match[2]):
                assert id_ not in told, f"{id_} is told twice"
                told[id_] = match[1]
    assert told == {id_: reason.removeprefix(NOT_APPLICABLE) for id_, reason in TABLE.items()}


def test_the_tables_speak_of_cases_there_are() -> None:
    files = [path.stem for path in FOLDER.glob("*.jsonl")]
    if not files:
        pytest.skip(f"no cases under {FOLDER}")
    known = {case["id"] for file in files if file not in LEFT_OUT for case in read(file)}
    assert TABLE.keys() <= known


def test_every_file_is_run_or_left_out_on_the_page() -> None:
    files = {path.stem for path in FOLDER.glob("*.jsonl")}
    if not files:
        pytest.skip(f"no cases under {FOLDER}")
    named = set()
    for module in MODULES:
        source = Path(module.__file__ or "").read_text("utf-8")
        for called in re.findall(r"@parametrized\(([^)]*)\)", source):
            named |= set(re.findall(r'"(\w+)"', called))
    assert named | set(LEFT_OUT) == files
    page = PAGE.read_text("utf-8")
    assert all(f"`{file}`" in page for file in LEFT_OUT)
