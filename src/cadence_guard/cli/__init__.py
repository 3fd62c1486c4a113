"""The command line. `main` is the entry point; what a command needs loads when it runs.

Exit codes: 0 nothing found, 1 findings, 2 the input or the policy is wrong, 3 an internal error,
141 the reader of the output went away.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Final

import click

from cadence_guard.cli._commands import app
from cadence_guard.errors import CadenceGuardError

__all__ = ["app", "main"]

INTERRUPTED: Final = 130
UNREAD: Final = 141
"""What a shell says of a program that wrote to a closed pipe."""
_LINE: Final = re.compile(r"\n(?=(?!\s*::)[^\n]*:\d+:\d+: )")
"""A break before a further place with a problem, which no build server takes for a command."""


def main(args: Sequence[str] | None = None) -> int:
    """Runs a command line and gives its exit code; errors go to standard error."""
    args = sys.argv[1:] if args is None else list(args)
    try:
        with (  # a stream that is closed is None
            open(os.devnull, "w", encoding="utf-8") as nowhere,
            redirect_stdout(sys.stdout or nowhere),
            redirect_stderr(sys.stderr or nowhere),
        ):
            return _run(args)
    except SystemExit:  # click's answer to a closed pipe; nothing else ends a command so
        return UNREAD
    except OSError:  # nobody can be told of an error
        if "--debug" in args:
            raise
        return 2


def printable(error: Exception | str) -> str:
    """An error as text for a terminal or a log: what a name of a file could steer them with, line
    breaks too, is escaped."""
    from cadence_guard.reporters.text import plain

    return "\n".join(map(plain, _LINE.split(str(error))))


def _run(args: list[str]) -> int:
    try:
        code = int(app.main(args, prog_name="cadence-guard", standalone_mode=False) or 0)
        sys.stdout.flush()  # what cannot be written is found out here, not when the process ends
        return code
    except BrokenPipeError:
        return UNREAD
    except click.ClickException as error:
        error.message = printable(error.message)  # type: ignore[misc]
        error.show()
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except CadenceGuardError as error:
        click.echo(f"cadence-guard: {printable(error)}", err=True)
        return 2
    except Exception as error:
        if "--debug" in args:
            raise
        if isinstance(error, OSError):
            click.echo(
                f"cadence-guard: the system says: {printable(error.strerror or error)}", err=True
            )
            return 2
        from cadence_guard.reporters.text import plain

        first = f"{type(error).__name__}: {error}".splitlines()[0]
        click.echo(
            f"cadence-guard: internal error: {plain(first)}; please report it in the project's"
            " issue tracker, with what `cadence-guard --debug ...` prints",
            err=True,
        )
        return 3
