"""Real files of small teams and sequencers, and the answers that somebody read out of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cadence_guard.cadence import (
    Await,
    BusinessDays,
    Cadence,
    CadenceFile,
    Elapsed,
    LocalDays,
    Pause,
    Step,
    Unknown,
    UntilOpen,
)
from cadence_guard.importers._source import Source
from cadence_guard.instants import DAY

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "real" / "configs"
CHANNELS = {
    "voice": "call",
    "linkedin": "social",
    "linkedin_connect": "social",
    "linkedin_message": "social",
}
ANCHORS = {"previous_step": "previous", "start": "start", None: None}


def answers(folder: str) -> dict[str, list[dict[str, Any]]]:
    """The answers to the files of a folder, by file; none if the data is not here."""
    path = FOLDER / "expected_steps.jsonl"
    told: dict[str, list[dict[str, Any]]] = {}
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        row = json.loads(line)
        if row["file"].startswith(f"{folder}/"):
            told.setdefault(row["file"].removeprefix(f"{folder}/"), []).append(row)
    return told


def real(file: str) -> Source:
    """A real file; skips the test if it is not here."""
    path = FOLDER / file
    if not path.is_file():
        pytest.skip(f"no such file under {FOLDER}")
    return Source.open(path)


def source(text: str, path: str = "plan.yaml") -> Source:
    """A file of this text."""
    return Source(path, text.encode())


def touches(cadence: Cadence) -> list[tuple[str, float | None]]:
    """The channels of a linear cadence and the days from its start, at the earliest; a day counts
    as one, business day or not, and None is a day that nobody knows."""
    told: list[tuple[str, float | None]] = []
    day: float | None = 0
    node = cadence.nodes[cadence.start] if cadence.start else None
    while node is not None:
        match node:
            case Step(channel=channel):
                told.append((channel, day))
            case Pause(wait=Unknown()):
                day = None
            case Pause(wait=UntilOpen()) | Await():
                pass
            case Pause(wait=Elapsed(low=low), since_start=since_start):
                day = low / DAY + (0 if since_start or day is None else day)
            case Pause(wait=BusinessDays(days=days) | LocalDays(days=days), since_start=since):
                day = days + (0 if since or day is None else day)
        then = node.arms[0].then if isinstance(node, Await) else node.then  # type: ignore[union-attr]
        node = cadence.nodes[then] if then else None
    return told


def differs(cadence: Cadence, row: dict[str, Any]) -> set[str]:
    """What of an answer a cadence does not agree with."""
    steps = [(CHANNELS.get(step["channel"], step["channel"]), step["day"]) for step in row["steps"]]
    units = {step.get("unit") for step in row["steps"]} - {None}
    waits = [node.wait for node in cadence.nodes.values() if isinstance(node, Pause)]
    manual = [step.get("manual", False) for step in row["steps"]]
    compared = {
        "steps": (touches(cadence), steps),
        "business": (any(isinstance(w, BusinessDays) for w in waits), units == {"business_day"}),
        "anchor": (cadence.anchor, ANCHORS[row["delay_anchor"]]),
        "ambiguous": (cadence.ambiguous, row.get("ambiguous", False)),
        "manual": ([not step.automated for step in cadence.steps], manual),
        "schedule": (cadence.schedule, bool(steps)),
    }
    return {what for what, (ours, theirs) in compared.items() if ours != theirs}


def one(read: Callable[[Source], CadenceFile], text: str, path: str = "plan.yaml") -> Cadence:
    """The only cadence of a text."""
    (cadence,) = read(source(text, path)).cadences
    return cadence


def missed(cadence: Cadence) -> list[str]:
    """What of a cadence was not understood."""
    return [unknown.what for unknown in cadence.unknown]
