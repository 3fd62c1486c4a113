"""Formats that are known and not read: each is told by its content, and refused by its name.

`recognises` and `read` are for JSON and YAML, `refuse_text` is for texts that are neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

from cadence_guard.errors import CadenceError
from cadence_guard.importers._values import mapping, text

if TYPE_CHECKING:
    from cadence_guard.importers._source import Source

FORMAT: Final = "unread"


def recognises(source: Source) -> bool:
    """Whether it is of a known format that is not read."""
    return _known(source.data) is not None


def read(source: Source) -> NoReturn:
    """Raises CadenceError, which says what the file is and what to do."""
    raise _refusal(source.path, *(_known(source.data) or ("of no known format", False)))


def refuse_text(path: str, content: str) -> None:
    """Raises CadenceError if a text is of a known format that is neither JSON nor YAML: the XML of
    Odoo or Tryton and any other, a list of events or calls one a line, a table."""
    if content.lstrip().startswith("<"):
        marks = (what for mark, what in _XML.items() if mark in content)
        what = next(marks, None)
        raise _refusal(path, what or "XML of no known kind", cadence=what is not None)
    if lines := _LINES.match(content):
        what = "a list of objects, one a line"
        if '"event"' in lines[0]:
            what = "a list of events, one a line (`cadence-guard replay` reads those)"
        elif _CALLED.search(content):
            what = "a log of calls"
        raise _refusal(path, what, cadence=False)
    if _TABLE.match(content):
        raise _refusal(path, "a table", cadence=False)


def _refusal(path: str, what: str, cadence: bool) -> CadenceError:
    from cadence_guard.importers import IMPORTERS

    known = ", ".join(importer.FORMAT for importer in IMPORTERS if importer.FORMAT != FORMAT)
    if cadence:
        return CadenceError(
            f"{path}: {what}; cadence-guard does not read this format yet (it reads: {known});"
            " a mapping file may help"
        )
    return CadenceError(f"{path}: {what}, which is no cadence (cadence-guard reads: {known})")


_XML: Final = {
    "automation.configuration": "an Odoo automation",
    "marketing.automation.activity": "a Tryton marketing automation",
    "marketing.activity": "an Odoo marketing campaign",
}
"""What stands in the XML of each format and in no other. The longer ones come first."""
_LINES: Final = re.compile(r"\s*\{[^\n]*\}[ \t\r]*\n\s*\{")
_CALLED: Final = re.compile(r'"kind"\s*:\s*"call_')
_TABLE: Final = re.compile(r"[^-?#:{}\[\]\n,][^#:{}\[\]\n,]*,[^#:{}\[\]\n]*\n[^\n,]*,")


# -- each format -----------------------------------------------------------------------------------


def _dicts(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _inside(data: Any, *keys: str) -> Iterator[dict[str, Any]]:
    """The data and what stands under the keys, as far as they are mappings."""
    for value in (data, *(mapping(data).get(key) for key in keys)):
        if isinstance(value, dict):
            yield value


def _parcelvoy(data: Any) -> bool:
    return any(
        step.get("type") == "entrance" and isinstance(step.get("children"), list)
        for steps in _inside(data, "stepMap", "steps")
        for step in _dicts(list(steps.values()))
    )


def _laudspeaker(data: Any) -> bool:
    return any(
        any(node.get("type") == "start" for node in _dicts(layout.get("nodes")))
        and (
            "visualLayout" in data
            or any(
                edge.get("type") in ("primary", "branch") for edge in _dicts(layout.get("edges"))
            )
        )
        for layout in _inside(data, "visualLayout", "definition")
    )


def _klaviyo(data: Any) -> bool:
    attributes = mapping(mapping(mapping(data).get("data")).get("attributes"))
    return any(
        "entry_action_id" in flow and isinstance(flow.get("actions"), list)
        for flow in (*_inside(data, "definition"), *_inside(attributes, "definition"))
    )


def _fluentcrm(data: Any) -> bool:
    return any(
        "action_name" in item
        for funnel in _inside(data, "funnel")
        for item in _dicts(funnel.get("sequences"))
    )


def _hubspot_workflow(data: Any) -> bool:
    flow = mapping(data)
    return isinstance(flow.get("actions"), list) and (
        flow.get("type") in ("CONTACT_FLOW", "PLATFORM_FLOW")
        or "enrollmentCriteria" in flow
        or any("actionTypeId" in action for action in _dicts(flow["actions"]))
    )


def _hubspot_sequence(data: Any) -> bool:
    return any(
        "stepOrder" in step and "actionType" in step for step in _dicts(mapping(data).get("steps"))
    )


def _dittofeed_segment(data: Any) -> bool:
    return any(
        text(mapping(segment.get("entryNode")).get("type")) is not None
        and "id" in segment["entryNode"]
        and "child" not in segment["entryNode"]
        and isinstance(segment.get("nodes"), list)
        for segment in _inside(data, "definition")
    )


def _call_plan(data: Any) -> bool:
    return any(
        len(_PLANNED & plan.keys()) >= 2 for plan in _inside(data, "policy", "call_policy", "plan")
    )


def _call_event(data: Any) -> bool:
    event = mapping(data)
    return (text(event.get("type")) or "").startswith("call.") and isinstance(
        event.get("data"), dict
    )


_PLANNED: Final = {
    "allowed_window",
    "call_window_end",
    "call_window_start",
    "consent_basis",
    "max_attempts",
    "max_calls",
    "recipient_source",
}
_Format: TypeAlias = tuple[Callable[[Any], bool], str, bool]
_FORMATS: Final[tuple[_Format, ...]] = (
    (_parcelvoy, "a Parcelvoy journey", True),
    (_laudspeaker, "a Laudspeaker journey", True),
    (_klaviyo, "a Klaviyo flow", True),
    (_fluentcrm, "a FluentCRM funnel", True),
    (_hubspot_workflow, "a HubSpot workflow", True),
    (_hubspot_sequence, "a HubSpot sequence", True),
    (_dittofeed_segment, "a Dittofeed segment", False),
    (_call_plan, "a call plan", True),
    (_call_event, "what came of a call", False),
)
"""How each format is told, what it is, and whether it is a cadence."""


def _known(data: Any) -> tuple[str, bool] | None:
    """What the data is, and whether that is a cadence; None for no known format."""
    return next(((what, cadence) for told, what, cadence in _FORMATS if told(data)), None)
