"""Nodes of n8n as the file has them, and the values in their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from cadence_guard._struct import struct
from cadence_guard.cadence import Where

LONGEST_TEXT: Final = 120
"""Characters of a text that are shown."""
_TRIGGERS: Final = frozenset({"webhook", "cron", "interval", "start", "emailreadimap"})


@struct
class Box:
    """A node as the file has it. `name` identifies it, `kind` is its type; `short` that without
    the package, in small letters."""

    name: str
    kind: str
    short: str
    version: float
    parameters: Mapping[str, Any]
    where: Where
    disabled: bool
    error_output: bool

    @property
    def named_at(self) -> Where:
        """Where its name stands."""
        return (*self.where, "name")

    @property
    def is_trigger(self) -> bool:
        """Whether a workflow begins at it."""
        return self.short in _TRIGGERS or self.short.endswith("trigger")

    @property
    def is_loop(self) -> bool:
        """Whether it goes through items one by one."""
        return self.short == "splitinbatches" and not self.disabled


def at(data: object, *keys: str) -> Any:
    """What mappings within one another hold, or None."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def is_expression(value: object) -> TypeGuard[str]:
    """Whether n8n works it out when it runs."""
    return isinstance(value, str) and "{{" in value


def show(value: object) -> str:
    """A value as text, if it is no list and no mapping."""
    return str(value) if isinstance(value, str | int | float | None) else type(value).__name__


def clip(text: str) -> str:
    """The beginning of a text, if that is long."""
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
