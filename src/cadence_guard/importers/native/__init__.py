"""The native cadence file: `*.cadence.yaml`, the shape this project asks people to write.

`steps` is one list, and what stands in it happens in that order: touches, waits, branches, loops.
A wait stands where it happens, never inside a touch, so that nobody has to know what it counts
from.

To be read in this order: what is said in a text (`values`), the waits (`waits`), what stands in the
file (`models`), how it is read (`items`), the graph that comes of it (`flow`), and the schema.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, Final

from cadence_guard._model import Faults
from cadence_guard.cadence import CadenceFile, Where
from cadence_guard.importers._comments import ignores
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import mapping
from cadence_guard.importers.native.flow import SLOT, Flow
from cadence_guard.importers.native.items import MOST, Reading, fault_error, never_right, refuse
from cadence_guard.importers.native.models import CadenceSaid, FileSaid
from cadence_guard.importers.native.values import MOST_FAULTS, Fault, validated

__all__ = ["FORMAT", "MOST", "MOST_FAULTS", "SLOT", "read", "recognises"]

FORMAT: Final = "cadence"
_HAND_WRITTEN: Final = re.compile(r"(?:.*_)?(?:days?|hours?|minutes?|delay|offset)(?:_.*)?")


_HEAD: Final = frozenset(("version", *CadenceSaid.model_fields))


def recognises(source: Source) -> bool:
    """A mapping with `cadence: {...}` or `cadences: [...]`; or with what belongs in a cadence, and
    nothing else, which `read` refuses.

    Without `version` it is somebody's own format if a step has a key such as `delay_days`.
    """
    data = source.data
    if not isinstance(data, dict):
        return False
    one, several = data.get("cadence"), data.get("cadences")
    if _is_bare(data):
        one = data
    if not isinstance(one, dict) and not isinstance(several, list):
        return False
    return "version" in data or not any(
        isinstance(key, str) and _HAND_WRITTEN.fullmatch(key)
        for cadence in (one, *(several if isinstance(several, list) else ()))
        if isinstance(cadence, dict) and isinstance(cadence.get("steps"), list)
        for item in cadence["steps"]
        if isinstance(item, dict)
        for key in item
    )


def read(source: Source, *, slots: bool = False) -> CadenceFile:
    """What a native file says. Raises CadenceError with the place of every fault.

    With `slots` there is a wait of no time wherever one could be written: before each item, and in
    the body of a loop after each, so that it is between the turns and not before the first.
    """
    refuse(source, list(islice(never_right(source), MOST_FAULTS)))
    if _is_bare(source.data):
        key = next(key for key in source.data if key != "version")
        problem = "expected 'cadence:' above this, and all of it below that, indented"
        raise source.error((key,), problem, key=True)
    try:
        said = validated(FileSaid, source.data)
    except Faults as error:
        raise fault_error(source, _with_steps(source, error.faults)) from None
    if said.cadence:
        placed: list[tuple[Where, CadenceSaid]] = [(("cadence",), said.cadence)]
    else:
        placed = [(("cadences", i), each) for i, each in enumerate(said.cadences or ())]
    reading = Reading(source, slots)
    read_flows = [Flow(reading, where, each) for where, each in placed]
    reading.twice([(each.name, (*where, "name")) for where, each in placed], "cadence")
    refuse(source, reading.faults)
    reading.count = 0  # now with every turn of a loop
    return CadenceFile(
        FORMAT,
        tuple(flow.cadence() for flow in read_flows),
        said.together,
        ignores(source, reading.places),
    )


def _is_bare(data: Any) -> bool:
    """Whether it is a cadence that nobody has put under `cadence`."""
    return isinstance(data, dict) and {"name", "purpose", "steps"} <= data.keys() <= _HEAD


def _with_steps(source: Source, faults: list[Fault]) -> list[Fault]:
    """The faults around the steps of cadences, and those in the steps."""
    reading = Reading(source, faults=list(faults))
    data = mapping(source.data)
    heads: list[tuple[Where, Any]] = [(("cadence",), data.get("cadence"))]
    if isinstance(several := data.get("cadences"), list):
        heads += [(("cadences", i), each) for i, each in enumerate(several)]
    for where, head in heads:
        steps = mapping(head).get("steps")
        if isinstance(steps, list):
            reading.items(steps, (*where, "steps"))
    return reading.faults
