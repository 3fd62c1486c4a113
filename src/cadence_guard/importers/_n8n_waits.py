"""What a Wait node of n8n waits for. What it leaves out is the default of its version."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf
from typing import Final

from cadence_guard.cadence import Elapsed, Unknown, UntilDate, Wait, fixed
from cadence_guard.importers._n8n_boxes import Box, clip, is_expression, show
from cadence_guard.importers._values import LONGEST, is_number, zone_named
from cadence_guard.instants import SECOND, parse_instant, to_us

UNITS: Final = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
"""The units of a wait, in seconds."""


def wait_of(box: Box, zone_name: str | None) -> tuple[Wait, str | None]:
    """What a wait waits for, and what is wrong with it. `zone_name` is the zone of its workflow."""
    parameters = box.parameters
    resume = parameters.get("resume", "timeInterval")
    if resume == "timeInterval":
        units = ("hours", 1) if box.version == 1 else ("seconds", 5)
        return _interval(parameters.get("amount", units[1]), parameters.get("unit", units[0]))
    if resume == "specificTime":
        return _until(parameters.get("dateTime"), zone_name)
    if resume in ("webhook", "form"):
        what = "a webhook is called" if resume == "webhook" else "a form is sent in"
        if parameters.get("limitWaitTime") is not True:
            return Unknown(f"until {what}"), None
        if parameters.get("limitType", "afterTimeInterval") == "afterTimeInterval":
            longest, wrong = _interval(
                parameters.get("resumeAmount", 1), parameters.get("resumeUnit", "hours")
            )
            if isinstance(longest, Elapsed):
                return Elapsed(0, longest.high), None
            return longest, wrong
        return Unknown(f"until {what} or a date comes"), None
    if is_expression(resume):
        return Unknown(f"until what {clip(resume)} says"), None
    return Unknown("for what is not known here"), f"unknown way to resume: {clip(show(resume))!r}"


def _until(date: object, zone_name: str | None) -> tuple[Wait, str | None]:
    if is_expression(date):
        return Unknown(f"until {clip(date)}"), None
    text = show(date).removeprefix("=")
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return UntilDate(to_us(parse_instant(moment))), None
        local = to_us(parse_instant(moment.replace(tzinfo=UTC)))
    except ValueError:
        why = f"expected a date and time, such as 2026-03-03T09:00:00, not {clip(text)!r}"
        return Unknown("until a date that is none"), why
    if zone_name is None or (where := zone_named(zone_name)) is None:
        # It is the zone of the machine that runs it.
        return Unknown(f"until {clip(text)}, in a zone that the file does not name"), None
    return UntilDate(where.instant(local, latest=False)), None


def _interval(amount: object, unit: object) -> tuple[Wait, str | None]:
    if is_expression(amount) or is_expression(unit):
        return Unknown(f"for {clip(f'{show(amount)} {show(unit)}')}"), None
    if isinstance(amount, str):
        try:
            amount = float(amount.removeprefix("="))
        except ValueError:
            amount = inf
    factor = UNITS.get(unit) if isinstance(unit, str) else None
    if factor is None:
        why = f"expected seconds, minutes, hours or days, not {clip(show(unit))!r}"
        return Unknown("for a time in an unknown unit"), why
    if not is_number(amount) or not 0 <= amount <= LONGEST // (factor * SECOND):
        return Unknown("for a time that is none"), "expected a number of them, 0 to 100 years"
    return fixed(amount * factor), None
