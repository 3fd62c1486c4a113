"""`evaluate` and `replay`: a file of events in, a decision a touch out."""

from __future__ import annotations

import gc
import hmac
import os
import sys
from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

import click

from cadence_guard.book import Book
from cadence_guard.check.config import configured
from cadence_guard.cli._input import EventFile
from cadence_guard.decision import Decision
from cadence_guard.errors import PolicyError
from cadence_guard.points import HASHED
from cadence_guard.policy import Policy, find_policy
from cadence_guard.replay import Judged
from cadence_guard.reporters.tally import Tally
from cadence_guard.reporters.text import Style, TextReport, marks_for, plain, plain_json
from cadence_guard.ruleset import Ruleset
from cadence_guard.touch import Touch

Judge: TypeAlias = Callable[..., Iterator[Judged]]
"""`judge_scenario` or `replay`."""


class _Report(Protocol):
    tally: Tally

    def judged(self, touch: Touch, decision: Decision) -> None: ...

    def close(self) -> None: ...


class _Lines:
    """JSON: one decision a line, in UTF-8 whatever the terminal."""

    def __init__(self) -> None:
        self.tally = Tally()

    def judged(self, touch: Touch, decision: Decision) -> None:
        self.tally.add(decision)
        line = plain_json(decision.to_json())
        sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")

    def close(self) -> None:
        """Nothing follows the last decision."""


class _Numbers:
    """Text: only the numbers."""

    def __init__(self) -> None:
        self.tally = Tally()

    def judged(self, touch: Touch, decision: Decision) -> None:
        self.tally.add(decision)

    def close(self) -> None:
        sys.stdout.write(f"{self.tally}\n")


def run(
    judge: Judge,
    *,
    file: str,
    policy: str | None,
    format_: str,
    colour: str | None,
    show_points: bool,
    summary: bool,
    sort: bool = False,
) -> int:
    """Judges a file and writes the decisions; 1 if a touch is not allowed, else 0.

    What stands above a wrong line is judged and written before its EventError is raised.
    """
    ruleset = load_ruleset(policy)
    book = new_book(by_point=ruleset.by_point)
    report: _Report
    if format_ == "json":
        report = _Lines()
    elif summary:
        report = _Numbers()
    else:
        report = TextReport(sys.stdout.write, book, style(colour, show_points))
    quiet = format_ == "json" or summary or not sys.stdout.isatty()
    source = EventFile(file, sort=sort, progress=quiet)
    # A book makes no cyclic garbage; looking for it would take a third of the time of a long file.
    gc.disable()
    try:
        for touch, decision in judge(ruleset, book, source, source.where, lasting=False):
            report.judged(touch, decision)
    finally:
        gc.enable()
        if report.tally.touches:
            report.close()
        sys.stdout.flush()
    if not report.tally.touches:
        click.echo(
            "nothing to judge: evaluate judges touches without an outcome, replay all touches",
            err=True,
        )
    return int(report.tally.allowed < report.tally.touches)


def load_ruleset(policy: str | None) -> Ruleset:
    """The rules to judge by; standard error says which. Raises PolicyError with the file."""
    return load_policy(policy)[1]


def load_policy(policy: str | None) -> tuple[Policy, Ruleset]:
    """The policy to judge by, and its rules; standard error says which. Raises PolicyError with
    the file."""
    chosen, where = find_policy(configured() if policy is None else policy)
    click.echo(f"policy: {plain(str(where))}", err=True)
    try:
        return chosen, Ruleset(chosen)
    except PolicyError as error:
        raise PolicyError(f"{where}: {error}") from None


def new_book(*, by_point: bool = False) -> Book:
    """An empty book; the noes of the forgotten are kept under hashes of a key of this run."""
    key = os.urandom(32)
    return Book(
        lambda text: HASHED + hmac.digest(key, text.encode(), "sha256").hex(), by_point=by_point
    )


def style(colour: str | None, show_points: bool) -> Style:
    """How text may look on this standard output."""
    return Style(_wants_colour(colour), marks_for(sys.stdout.encoding), show_points)


def _wants_colour(choice: str | None) -> bool:
    """The flag; else NO_COLOR, FORCE_COLOR, and whether standard output is a terminal."""
    if choice in ("always", "never"):
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
