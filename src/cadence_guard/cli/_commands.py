"""The commands and their options. Their work is done in the modules they import when they run."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from io import TextIOWrapper
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_policy = click.option(
    "--policy",
    metavar="FILE",
    help="The policy file. Without it: ./cadence-guard.yaml, else what ./pyproject.toml names,"
    " else the pack humane.",
)
_colour = click.option(
    "--color",
    "colour",
    type=click.Choice(["auto", "always", "never"]),
    help="Colours in text; auto looks at NO_COLOR, FORCE_COLOR and the terminal.",
)
_mapping = click.option(
    "--mapping", metavar="FILE", help="How to read a format of your own: a mapping file."
)


class _Day(click.DateTime):
    """A day, written in full."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The day. Raises BadParameter."""
        if not (isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII)):
            self.fail(f"{value!r} does not match the format YYYY-MM-DD", param, ctx)
        day: datetime = super().convert(value, param, ctx)
        return day


_first = click.option(
    "--from",
    "first",
    type=_Day(["%Y-%m-%d"]),
    metavar="DATE",
    help="Judge the starts of the 13 months from this day (YYYY-MM-DD) on; today unless told.",
)
_points = click.option(
    "--show-points", is_flag=True, help="Show addresses and numbers in full, not masked."
)


def _format(formats: Sequence[str], help_: str) -> Callable[[Command], Command]:
    """The option for how results are written; text unless told."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default="text",
        show_default=True,
        help=help_,
    )


def _judging(command: Command) -> Command:
    """The options of the commands that judge a file of touches."""
    for option in (
        click.option(
            "--summary", is_flag=True, help="Only the numbers, for large files (text only)."
        ),
        _points,
        _colour,
        _format(["text", "json"], "json: one decision a line."),
        _policy,
        click.argument("file", metavar="FILE"),
    ):
        command = option(command)
    return command


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
)
@click.version_option(package_name="cadence-guard", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
@click.pass_context
def app(context: click.Context, debug: bool) -> None:
    """Judges planned outreach, so that no follow-up sequence ever stalks a person.

    Exit codes: 0 nothing found, 1 findings (a touch that is not allowed), 2 the input or the policy
    is wrong, 3 an internal error. A FILE may be - for standard input.
    """
    from cadence_guard.cli._logging import log_to_stderr

    log_to_stderr()
    if isinstance(sys.stdout, TextIOWrapper):  # a name must not end the program on a poor terminal
        sys.stdout.reconfigure(errors="backslashreplace")
    if context.invoked_subcommand is None:  # versions of click differ in what they would do
        click.echo(context.get_help(), err=True)
        context.exit(2)


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
@click.argument("files", metavar="FILES...", nargs=-1, required=True)
@_policy
@_format(
    ["text", "json", "sarif", "github", "markdown"],
    "github: workflow commands; markdown: a job summary.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["always", "sometimes"]),
    default="sometimes",
    show_default=True,
    help="Exit 1 on what happens whenever somebody starts, or also on what only can happen.",
)
@click.option("--exit-zero", is_flag=True, help="Exit 0 also if there are findings.")
@click.option("--baseline", metavar="FILE", help="Findings that are known, and do not fail.")
@click.option(
    "--update-baseline", is_flag=True, help="Write what was found to the file of --baseline."
)
@click.option(
    "--picture", metavar="DIR", help="Write a picture (SVG) of each time line to this folder."
)
@click.option("--allow-empty", is_flag=True, help="A folder may hold no cadence file.")
@_mapping
@_first
@_colour
def check(**options: Any) -> int:
    """Prove that no cadence can stalk.

    FILES are cadence files, native (*.cadence.yaml) or of other tools, told by their content;
    folders, searched for native ones (.yaml or .yml); or policies. Each finding is a step and a
    rule of the policy that refuses it, with a time line that somebody could live through.

    Exit codes: 0 nothing found, 1 a finding that blocks, 2 a file or the policy is wrong, 3 an
    internal error. Warnings and notes never fail.
    """
    from cadence_guard.cli._check import run_check

    return run_check(**options)


@app.command()
@click.argument("file", metavar="FILE")
@_policy
@click.option("--diff", is_flag=True, help="Show what would change, as a unified diff.")
@click.option("--write", is_flag=True, help="Change the file; its comments stay.")
@_mapping
@_first
@_colour
def fix(**options: Any) -> int:
    """Set the least waits that the policy allows.

    Without --diff and --write the waits to set are listed, for files of other tools too. Nothing
    but waits is changed; what waiting cannot repair is told, and makes the exit code 1.
    """
    from cadence_guard.cli._fix import run_fix

    return run_fix(**options)


@app.command()
@click.argument("file", metavar="FILE")
@_format(["text", "json"], "json: one object.")
@_mapping
def read(**options: Any) -> int:
    """Print what was understood of a cadence file.

    Steps with their times after the entry, waits that have a name, exits, and what could not be
    read.
    """
    from cadence_guard.cli._read import run_read

    return run_read(**options)


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
@click.argument("file", type=click.Choice(["policy", "cadence"]), default="policy")
def schema(file: str) -> None:
    """Print the JSON Schema of a file, for editors.

    Of the policy file, or of the native cadence file (*.cadence.yaml).
    """
    from cadence_guard.cli._pages import print_schema

    print_schema(file)


@app.command()
@_colour
@_points
def demo(**options: Any) -> int:
    """Show the story, and how it could have gone.

    Twelve touches reached a customer who asked for none of them.
    """
    from cadence_guard.cli._demo import run_demo

    return run_demo(**options)
