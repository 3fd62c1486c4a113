"""`demo`: the story as it happened, as it should have been, and the numbers."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import resources

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
    sys.stdout.flush()
    return 0


def story(name: str) -> list[Event]:
    """The events of a file of the story."""
    text = resources.files("cadence_guard").joinpath("_story", f"{name}.jsonl").read_bytes()
    return list(parse_events(text))


def had_it_been_asked(ruleset: Ruleset, events: Sequence[Event]) -> Iterator[Judged]:
    """The decisions on a history's touches, had the guard been asked before each.

    A touch that is not allowed was never made: neither it nor what came back from it counts.
    """
    refused: set[str | None] = set()

    def told() -> Iterator[Event]:
        for event in events:
            if isinstance(event, Touch):
                yield event.model_copy(update={"outcome": None})
            elif not (isinstance(event, Signal) and event.touch in refused):
                yield event

    for touch, decision in judge_scenario(ruleset, new_book(), told()):
        if not decision:
            refused.add(touch.id)
        yield touch, decision


def _title(look: Style, text: str) -> None:
    click.echo(f"\n{look.paint(text, 'strong')}\n")


def _tell(judge: Judge, ruleset: Ruleset, events: Sequence[Event], look: Style) -> Tally:
    book = new_book()
    report = TextReport(sys.stdout.write, book, look)
    for touch, decision in judge(ruleset, book, events, str):
        report.judged(touch, decision)
    report.close()
    return report.tally
