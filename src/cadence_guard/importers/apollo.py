"""Apollo: sequences (`emailer_campaign`) with their `emailer_steps`.

A wait counts from the previous step. Hours and what ends a sequence are settings elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cadence_guard.cadence import Cadence, CadenceFile, Unknown, Wait, Where
from cadence_guard.importers import _linear as linear
from cadence_guard.importers._handwritten_lists import beside
from cadence_guard.importers._linear import Item, Notes, first_text
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import named, unknown_word

FORMAT: Final = "apollo"
_MODES: Final = ("second", "minute", "hour", "day")


def recognises(source: Source) -> bool:
    """A mapping with a list `emailer_steps`."""
    return next(_sequences(source), None) is not None


def _sequences(source: Source) -> Iterator[tuple[Where, dict[str, Any]]]:
    for where, value in source.collections:
        if isinstance(value, dict) and isinstance(value.get("emailer_steps"), list):
            yield where, value


def read(source: Source) -> CadenceFile:
    """The sequences of the file."""
    told = [_cadence(source, where, data) for where, data in _sequences(source)]
    return CadenceFile(FORMAT, beside(source, named(told)))


def _cadence(source: Source, where: Where, data: dict[str, Any]) -> Cadence:
    notes = Notes(source)
    beside = data.get("emailer_campaign")  # an answer of its API has the steps beside the campaign
    campaign = beside if isinstance(beside, dict) else data
    place = (*where, "emailer_steps")
    items = _items(notes, place, data["emailer_steps"])
    if campaign.get("emailer_schedule_id"):
        why = "the hours are not in the file; touches are laid out at any hour"
        key = ("emailer_campaign",) if campaign is beside else ()
        notes.missed("emailer_schedule_id", (*where, *key, "emailer_schedule_id"), why)
    else:
        notes.assume("touches go out at any hour: the file says no sending window")
    notes.assume("Apollo itself stops at an unsubscribe")
    notes.assume("Apollo stops at any reply, as it does unless told otherwise")
    name = first_text(campaign, "name", "id")
    return linear.cadence(notes, name, place, items, (*linear.REPLIES, "opt_out"))


def _items(notes: Notes, where: Where, steps: list[Any]) -> list[Item]:
    placed: list[tuple[float, Item]] = []
    for number, place, step in linear.mappings(notes, where, steps, "a step of a sequence"):
        if step.get("exact_datetime"):
            notes.missed("exact_datetime", (*place, "exact_datetime"), "a date of its own")
        mode, waits_at = step.get("wait_mode", "day"), (*place, "wait_time")
        wait: Wait | None
        if (unit := linear.unit_of(mode)) is None:
            wait = Unknown(unknown_word(mode, _MODES, "wait_mode"))
            notes.missed("wait_mode", (*place, "wait_mode"), wait.why)
        else:
            wait = linear.wait_of(notes, waits_at, step.get("wait_time", 0), unit)
        if "wait_time" not in step and placed:
            notes.assume("a step without wait_time comes at once")
        if "type" not in step:
            notes.assume("a step without a type is an automatic e-mail")
        kind = step.get("type", "auto_email")
        channel = linear.channel(notes, (*place, "type"), kind)
        automated = isinstance(kind, str) and kind.startswith("auto")
        title = first_text(step, "id") or str(number)
        item = Item(title, place, channel, wait, waits_at, more={"automated": automated})
        placed.append((linear.number(notes, step, place, "position", number), item))
    return [item for _, item in sorted(placed, key=lambda pair: pair[0])]
