"""The program: `python -m cadence_guard`, and the command `cadence-guard`."""

from __future__ import annotations

import gc
import os
import sys
from typing import Final

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
    return code


if __name__ == "__main__":
    sys.exit(run())
