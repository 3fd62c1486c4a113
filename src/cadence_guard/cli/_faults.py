"""An error as what a report says of it: its text begins with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cadence_guard.check.report import Fault
from cadence_guard.errors import CadenceGuardError


def faults(error: CadenceGuardError, names: Iterable[str]) -> list[Fault]:
    """What an error says, a fault a line that begins with a place (`path:line:column: `).

    `names` are the paths it may be about; another one is known by the line and column behind it.
    """
    text = str(error)
    own = max((name for name in names if text.startswith(f"{name}:")), key=len, default=None)
    path = r"[^\n]+?" if own is None else re.escape(own)
    place = re.compile(rf"({path}):(\d+):(\d+): (.*)", re.DOTALL)
    found = []
    for said in re.split(rf"\n(?={path}:\d+:\d+: )", text):
        if match := place.match(said):
            name, line, column, message = match.groups()
            found.append(Fault(message, name, int(line), int(column)))
        else:
            found.append(Fault(said.removeprefix(f"{own}:").strip(), own))
    return found
