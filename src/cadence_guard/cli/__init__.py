"""The command line. `main` is the entry point; what a command needs loads when it runs.

Exit codes: 0 nothing found, 1 findings, 2 the input or the policy is wrong, 3 an internal error.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import click

from cadence_guard.cli._commands import app
from cadence_guard.errors import CadenceGuardError

__all__ = ["app", "main"]

INTERRUPTED: Final = 130


def main(args: Sequence[str] | None = None) -> int:
    """Runs a command line and gives its exit code; errors go to standard error."""
    args = sys.argv[1:] if args is None else list(args)
    try:
        return int(app.main(args, prog_name="cadence-guard", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    except CadenceGuardError as error:
        click.echo(f"cadence-guard: {error}", err=True)
        return 2
    except Exception as error:
        if "--debug" in args:
            raise
        told = f"{type(error).__name__}: {error}".splitlines()[0]
        click.echo(
            f"cadence-guard: internal error: {told}; please report it in the project's issue"
            " tracker, with what `cadence-guard --debug ...` prints",
            err=True,
        )
        return 3
