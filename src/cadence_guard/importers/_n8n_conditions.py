"""The ways out of a node of n8n that decides: an If, a Filter, a Switch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from cadence_guard._struct import struct
from cadence_guard.cadence import Arm
from cadence_guard.importers._n8n_boxes import LONGEST_TEXT, Box, at, clip
from cadence_guard.importers._values import is_number, text

_SIGNAL: Final = {
    "replied": "replied", "hasreplied": "replied", "isreplied": "replied", "reply": "replied",
    "responded": "replied", "hasresponded": "replied", "replyreceived": "replied",
    "unsubscribed": "opt_out", "isunsubscribed": "opt_out", "hasunsubscribed": "opt_out",
    "unsubscribe": "opt_out", "optout": "opt_out", "optedout": "opt_out", "hasoptedout": "opt_out",
    "isoptedout": "opt_out", "donotcontact": "opt_out", "dnc": "opt_out", "stop": "opt_out",
    "booked": "meeting_booked", "meetingbooked": "meeting_booked", "purchased": "purchased",
    "haspurchased": "purchased",
}  # fmt: skip
"""The names of fields, and the words in them, that plainly speak of a signal."""

_YES: Final = frozenset({"true", "yes", "y", "1"})
_NO: Final = frozenset({"false", "no", "n", "0"})
_EQUAL: Final = {
    "equals": True, "equal": True, "contains": True, "is": True,
    "notEquals": False, "notEqual": False, "notContains": False,
}  # fmt: skip
"""The operations that ask for a value, and whether it is to be that one."""
_CONTAINING: Final = frozenset({"contains", "notContains"})
_TRUTHS: Final = frozenset({"true", "false", "1", "0"})
_TEXTS: Final = frozenset({"reply", "stop"})
"""The fields among them that may hold what was written."""
_FIELD: Final = re.compile(r"([A-Za-z_][\w -]*)[\"']?\]?\s*\}\}\s*$")


@struct
class _Condition:
    left: str
    operation: str
    right: str

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.left, self.operation, self.right) if part)

    @property
    def signal(self) -> tuple[str, bool] | None:
        """The signal that it asks for, and whether it holds if that came; None if not plain."""
        match = _FIELD.search(self.left[-LONGEST_TEXT:])
        known = _SIGNAL.get(_plain(match[1])) if match else None
        if known is not None and self.operation in ("true", "false"):
            return known, self.operation == "true"
        if (holds := _EQUAL.get(self.operation)) is None:
            return None
        right = _plain(self.right)
        if match and known is not None and right in _YES | _NO:
            if self.operation in _CONTAINING or (
                _plain(match[1]) in _TEXTS and right not in _TRUTHS
            ):
                return None  # it asks what they have written, and not whether
            return known, holds is (right in _YES)
        said = _SIGNAL.get(right)
        return (said, holds) if said is not None else None


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


def _conditions(parameters: object) -> list[_Condition]:
    """The conditions of a node, of its first version or of a later one."""
    group = at(parameters, "conditions")
    found: list[_Condition] = []
    listed = at(group, "conditions")
    for each in listed if isinstance(listed, list) else ():
        operation = at(each, "operator", "operation") or at(each, "operator")
        found.append(_condition(at(each, "leftValue"), operation, at(each, "rightValue")))
    for kind in ("boolean", "number", "string", "dateTime"):
        listed = at(group, kind)
        for each in listed if isinstance(listed, list) else ():
            right = at(each, "value2")
            if right is None and kind == "boolean":
                right = False
            operation = at(each, "operation") or "equal"
            found.append(_condition(at(each, "value1"), operation, right))
    return found


def _condition(left: object, operation: object, right: object) -> _Condition:
    return _Condition(*(_word(part) for part in (left, operation, right)))


def _word(value: object) -> str:
    if isinstance(value, str):
        return clip(value.removeprefix("=").strip())
    return str(value).casefold() if isinstance(value, bool | int | float) else ""


def _arm(conditions: Sequence[_Condition], any_of: bool, label: str = "") -> Arm:
    """The way that is taken if the conditions hold."""
    text = (" or " if any_of else " and ").join(each.text for each in conditions)
    asked = conditions[0].signal if len(conditions) == 1 else None
    return Arm(
        None,
        signal=asked[0] if asked else None,
        unless=asked is not None and not asked[1],
        text=clip(label or text),
    )


def _any_of(parameters: object) -> bool:
    combined = at(parameters, "conditions", "combinator") or at(parameters, "combineOperation")
    return combined in ("or", "any")


def if_arms(box: Box) -> list[Arm]:
    yes = _arm(_conditions(box.parameters), _any_of(box.parameters))
    text = clip(f"not: {yes.text}") if yes.text else "false"
    no = replace(yes, unless=yes.signal is not None and not yes.unless, text=text)
    return [replace(yes, text=yes.text or "true"), no]


def switch_arms(box: Box, outputs: int) -> list[Arm]:
    rules = at(box.parameters, "rules", "values")
    arms: list[Arm] = []
    for rule in rules if isinstance(rules, list) else ():
        arms.append(_arm(_conditions(rule), _any_of(rule), text(at(rule, "outputKey")) or ""))
    if not arms:  # another version, or an expression that says the number of the output
        arms = [Arm(None, text=f"output {index + 1}") for index in range(outputs)]
    elif len(arms) < outputs:
        return [*arms, Arm(None, text="no rule fits")]
    if box.parameters.get("mode") == "expression" or _falls_back(box):
        return arms
    return [*arms, Arm(None, text="no rule fits")]


def _falls_back(box: Box) -> bool:
    """Whether one of the outputs takes what no rule fits."""
    fallback = at(box.parameters, "options", "fallbackOutput")
    if fallback is None:
        fallback = box.parameters.get("fallbackOutput", -1)
    return is_number(fallback) and fallback >= 0
