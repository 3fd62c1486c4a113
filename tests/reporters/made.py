"""Reports made by hand, for the tests of the reporters."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from cadence_guard.check.report import (
    Fault,
    FileRead,
    Finding,
    Report,
    Witness,
    WitnessSignal,
    WitnessTouch,
)
from cadence_guard.instants import parse_instant

YAML = """\
version: 1
cadences:
  - name: trial-drip
    steps:
      - {id: welcome, channel: email}
      - {id: nudge, channel: email}
"""


def at(text: str) -> datetime:
    return parse_instant(text)


def touch(when: str, step: str = "welcome", verdict: str = "allow", *codes: str) -> WitnessTouch:
    return WitnessTouch("trial-drip", step, at(when), "email", verdict, codes)


WITNESS = Witness(
    starts={"trial-drip": at("2026-03-02T15:00:00Z")},
    zone="America/Chicago",
    touches=(
        touch("2026-03-02T15:00:00Z"),
        touch("2026-03-06T15:00:00Z", "offer", "deny", "CG703"),
        touch("2026-03-08T16:00:00.000001Z", "nudge", "defer", "CG301"),
    ),
    signals=(WitnessSignal("opened", at("2026-03-06T15:00:00Z")),),
    since=at("2026-03-06T15:00:00Z"),
)
FINDING = Finding(
    "CG301",
    "over-cap",
    "block",
    "a 2nd email within 7d (max 1)",
    "trial.cadence.yaml",
    6,
    9,
    6,
    36,
    "trial-drip",
    "nudge",
    "sometimes",
    WITNESS,
    "wait 5d more before nudge",
)
WARNING = Finding(
    "CG809", "no-end", "warn", "it never ends", "trial.cadence.yaml", 3, 5, 6, 36, "trial-drip"
)
NOTE = replace(WARNING, code="CG903", name="check-incomplete", effect="note", cadence=None)
REPORT = Report(
    files=(FileRead("trial.cadence.yaml", "native", 1, 2),),
    findings=(WARNING, FINDING, NOTE),
    assumes=("trial-drip: consent for email by all of the audience",),
)
BROKEN = replace(
    REPORT,
    errors=(
        Fault("unknown key 'x'", "a|b.yaml", 2, 7),
        Fault("cannot be read", "p.yaml"),
        Fault("no\n::error::reason"),
    ),
)


def with_witness(**changes: Any) -> Finding:
    """The finding with another witness."""
    return replace(FINDING, witness=replace(WITNESS, **changes))
