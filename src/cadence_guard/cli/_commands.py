"""The commands and their options. Their work is done in the modules they import when they run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_policy = click.option(
    "--policy",
    metavar="FILE",
    help="The policy file. Without it: ./cadence-guard.yaml, else the pack humane.",
)
_colour = click.option(
    "--color",
    "colour",
    type=click.Choice(["auto", "always", "never"]),
    help="Colours in text; auto looks at NO_COLOR, FORCE_COLOR and the terminal.",
)
_points = click.option(
    "--show-points", is_flag=True, help="Show addresses and numbers in full, not masked."
)


def _judging(command: Command) -> Command:
    """The options of the commands that judge a file of touches."""
    for option in (
        click.option(
            "--summary", is_flag=True, help="Only the numbers, for large files (text only)."
        ),
        _points,
        _colour,
        click.option(
            "--format",
            "format_",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            help="json: one decision a line.",
        ),
        _policy,
        click.argument("file", metavar="FILE"),
    ):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cadence-guard", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def app(debug: bool) -> None:
    """Judges planned outreach, so that no follow-up sequence ever stalks a person.

    Exit codes: 0 nothing found, 1 findings (a touch that is not allowed), 2 the input or the policy
    is wrong, 3 an internal error. A FILE may be - for standard input.
    """
    from cadence_guard.cli._logging import log_to_stderr

    log_to_stderr()
    if isinstance(sys.stdout, TextIOWrapper):  # a name must not end the program on a poor terminal
        sys.stdout.reconfigure(errors="backslashreplace")


@app.command()
@_judging
def evaluate(**options: Any) -> int:
    """Judge the planned touches of a scenario.

    FILE holds JSON events, one a line. Each planned touch is judged against the lines above it, and
    counts for those below if it was allowed. Touches with an outcome are facts.
    """
    from cadence_guard.cli._judging import run
    from cadence_guard.replay import judge_scenario

    return run(judge_scenario, **options)


@app.command()
@_judging
@click.option("--sort", is_flag=True, help="Order the events by their instants first.")
def replay(**options: Any) -> int:
    """Judge every touch of a history at its own instant.

    FILE holds JSON events, one a line, in the order of time. Each touch is judged against what
    really happened before it.
    """
    from cadence_guard import replay as history
    from cadence_guard.cli._judging import run

    return run(history.replay, **options)


@app.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--ledger", required=True, metavar="URL", help="The ledger, such as sqlite:///outreach.db."
)
@click.option(
    "--key",
    envvar="CADENCE_GUARD_KEY",
    show_envvar=True,
    help="The key of Guard(key=...), for events of forgotten people; better set than typed.",
)
def record(file: str, ledger: str, key: str | None) -> int:
    """Record events in a ledger.

    FILE holds JSON events, one a line; recording them again changes nothing. The whole file is
    checked before anything is written. A touch needs an outcome: planned touches are booked by
    `reserve`, in Python.
    """
    from cadence_guard.cli._record import run_record

    return run_record(file, ledger, key)


@app.command()
def rules() -> None:
    """List the rules: code, name, what each objects to."""
    from cadence_guard.cli._pages import list_rules

    list_rules()


@app.command()
def packs() -> None:
    """List the packs, published policies to stand on."""
    from cadence_guard.cli._pages import list_packs

    list_packs()


@app.command()
@click.argument("code")
def explain(code: str) -> None:
    """Print the page of a rule.

    CODE is its code (CG301) or its name (over-cap).
    """
    from cadence_guard.cli._pages import explain_code

    explain_code(code)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the policy file, for editors."""
    from cadence_guard.cli._pages import print_schema

    print_schema()


@app.command()
@_colour
@_points
def demo(**options: Any) -> int:
    """Show the story, and how it could have gone.

    Twelve touches reached a customer who asked for none of them.
    """
    from cadence_guard.cli._demo import run_demo

    return run_demo(**options)
