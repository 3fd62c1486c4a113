"""The program: `python -m cadence_guard`, and the command `cadence-guard`."""

from __future__ import annotations

import gc
import os
import sys
from typing import Final, TextIO

from cadence_guard.cli import main

SELDOM: Final = 50_000
"""Objects more than at the last look for garbage before the next: some 10 MB of them."""


def run() -> int:
    """Runs the command line in a process that ends with it; gives the exit code."""
    # Pydantic would look for plugins in the metadata of every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Nearly all that a command loads and makes is in use until it ends. To look through it for
    # garbage as often as Python does takes a tenth of the time of a check.
    gc.set_threshold(SELDOM)
    code = main()
    gc.disable()  # the process takes with it what is left
    for stream in filter(None, (sys.stdout, sys.stderr)):  # one that is closed is None
        _let_go(stream)
    return code


def _let_go(stream: TextIO) -> None:
    """Drops what a stream holds that cannot be written: when the process ends Python would try to
    write it again, complain, and end with a code of its own."""
    try:
        stream.flush()
    except OSError:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


if __name__ == "__main__":
    sys.exit(run())
