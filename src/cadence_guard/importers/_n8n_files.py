"""How a file of n8n is told, and its workflows found: apart from what reads them, since every file
is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from cadence_guard.cadence import Where
    from cadence_guard.importers._source import Source


def recognises(source: Source) -> bool:
    """Whether the file holds workflows of n8n: nodes and connections."""
    return any(is_workflow(data) for _, data in workflows(source.data))


def workflows(data: object) -> Iterator[tuple[Where, object]]:
    """The workflows of an export: one, one in a wrapper, or a list of them."""
    items = enumerate(data) if isinstance(data, list) else ((None, data),)
    for index, item in items:
        where: Where = () if index is None else (index,)
        if isinstance(item, dict) and "nodes" not in item and "workflow" in item:
            yield (*where, "workflow"), item["workflow"]
        else:
            yield where, item


def is_workflow(data: object) -> TypeGuard[dict[str, Any]]:
    """Whether data is a workflow: nodes and connections."""
    return isinstance(data, dict) and "nodes" in data and "connections" in data
