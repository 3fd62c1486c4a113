"""`demo`: the story as it happened, as it should have been, the numbers; and a cadence that could
have been stopped before launch."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from importlib import resources
from typing import Final

import click

from cadence_guard.cli._judging import Judge, new_book, style
from cadence_guard.contact import Signal
from cadence_guard.events import Event, parse_events
from cadence_guard.policy import Policy
from cadence_guard.replay import Judged, judge_scenario, replay
from cadence_guard.reporters.tally import Tally
from cadence_guard.reporters.text import Style, TextReport
from cadence_guard.ruleset import Ruleset
from cadence_guard.touch import Touch

_FIRST: Final = date(2026, 3, 2)
"""The day from which the cadence could start: that of the story."""


def run_demo(*, colour: str | None, show_points: bool) -> int:
    """The command `demo`; always 0."""
    ruleset = Ruleset(Policy(packs=["humane"]))
    look = style(colour, show_points)
    happened = story("as-it-happened")

    _title(look, "As it happened: a download was taken for an invitation")
    real = _tell(replay, ruleset, happened, look)
    _title(look, "As it should be: the same person, treated as a person")
    _tell(judge_scenario, ruleset, story("as-it-should-be"), look)
    asked = Tally()
    for _, decision in had_it_been_asked(ruleset, happened):
        asked.add(decision)

    _title(look, "In numbers: how many touches would have reached her")
    click.echo(f"{real.touches:>3} of {real.touches}  without a guard")
    click.echo(
        f"{asked.allowed:>3} of {real.touches}  had the guard been asked before each touch"
        " (one that is not made does not count)"
    )
    click.echo(f"{real.allowed:>3} of {real.touches}  are in order, given all that was really sent")
    _title(look, "Before launch: four weeks on the label, one afternoon in truth")
    _before_launch(look)
    sys.stdout.flush()
    return 0


def _before_launch(look: Style) -> None:
    """What `check` says of an n8n workflow whose waits are named after weeks."""
    from cadence_guard.check.run import check_files, open_file
    from cadence_guard.importers._source import Source
    from cadence_guard.reporters.witness import in_lines

    name = "reactivate-leads.n8n.json"
    content = resources.files("cadence_guard").joinpath("_story", name).read_bytes()
    policy = Policy(packs=["humane"])
    report = check_files([open_file(Source(name, content))], policy, _FIRST)
    for finding in report.findings:
        if finding.code == "CG805":
            click.echo(f"{look.paint(finding.code, 'strong')} {finding.message}")
    proven = [finding for finding in report.findings if finding.witness]
    last = max(proven, key=lambda finding: len(finding.witness.touches) if finding.witness else 0)
    assert last.witness is not None  # those without were left out
    click.echo("\nwhat a person would have received, and what the guard says of it:")
    for line in in_lines(last.witness, look.marks):
        click.echo(f"  {line}")
    click.echo(f"\n{len(report.findings)} findings: cadence-guard check {name}")


def story(name: str) -> list[Event]:
    """The events of a file of the story."""
    text = resources.files("cadence_guard").joinpath("_story", f"{name}.jsonl").read_bytes()
    return list(parse_events(text))


def had_it_been_asked(ruleset: Ruleset, events: Sequence[Event]) -> Iterator[Judged]:
    """The decisions on a history's touches, had the guard been asked before each.

    A touch that is not allowed was never made: neither it nor what came back from it counts.
    """
    refused: set[str | None] = set()

    def planned() -> Iterator[Event]:
        for event in events:
            if isinstance(event, Touch):
                yield event.model_copy(update={"outcome": None})
            elif not (isinstance(event, Signal) and event.touch in refused):
                yield event

    for touch, decision in judge_scenario(ruleset, new_book(), planned()):
        if not decision:
            refused.add(touch.id)
        yield touch, decision


def _title(look: Style, text: str) -> None:
    click.echo(f"\n{look.paint(text, 'strong')}\n")


def _tell(judge: Judge, ruleset: Ruleset, events: Sequence[Event], look: Style) -> Tally:
    book = new_book()
    report = TextReport(sys.stdout.write, book, look)
    for touch, decision in judge(ruleset, book, events):
        report.judged(touch, decision)
    report.close()
    return report.tally
