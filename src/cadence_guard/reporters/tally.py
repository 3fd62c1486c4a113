"""The numbers of many decisions."""

from __future__ import annotations

from collections import Counter

from cadence_guard.decision import Decision, Verdict


class Tally:
    """Counts verdicts, and the touches that each code was raised for."""

    def __init__(self) -> None:
        self.verdicts: Counter[Verdict] = Counter()
        self.blocking: Counter[str] = Counter()
        self.warning: Counter[str] = Counter()

    def add(self, decision: Decision) -> None:
        """Counts a decision; a code that several entries raised counts once."""
        self.verdicts[decision.verdict] += 1
        blocking, warning = decision.all_codes()
        for code in blocking:  # `update` would take a while to find out what it is given
            self.blocking[code] += 1
        for code in warning:
            self.warning[code] += 1

    @property
    def touches(self) -> int:
        """How many touches were judged."""
        return self.verdicts.total()

    @property
    def allowed(self) -> int:
        """How many of them were allowed."""
        return self.verdicts[Verdict.ALLOW]

    def __str__(self) -> str:
        """`3 of 12 touches allowed, 5 deferred, 4 refused; by rule: CG301 7, CG302 2`."""
        plural = "" if self.touches == 1 else "es"
        text = f"{self.allowed} of {self.touches} touch{plural} allowed"
        if later := self.verdicts[Verdict.DEFER]:
            text += f", {later} deferred"
        if never := self.verdicts[Verdict.DENY]:
            text += f", {never} refused"
        if self.blocking:
            text += f"; by rule: {_listed(self.blocking)}"
        if self.warning:
            text += f"; warnings: {_listed(self.warning)}"
        return text


def _listed(codes: Counter[str]) -> str:
    """The most frequent first; equals by code."""
    ranked = sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{code} {number}" for code, number in ranked)
