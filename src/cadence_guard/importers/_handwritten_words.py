"""The names that small teams give to delays, channels, stops and the like, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from cadence_guard.importers import _linear as linear
from cadence_guard.importers._linear import Means, listed, snake

Data: TypeAlias = Mapping[str, Any]
_U: Final = r"(?:seconds?|minutes?|mins?|hours?|days?|weeks?|business_days?|working_days?)"
_UNIT: Final = re.compile(rf"(?:^|_)({_U})(?=_|$)")
_AFTER: Final = r"(?:after|since|from)_(?:the_)?"
_START: Final = re.compile(
    rf"(?:send_)?(?:on_)?day(?:_offset|_number)?|offset_{_U}|{_U}_offset"
    rf"|(?:(?:wait|delay)_)?{_U}_{_AFTER}(?:start|first|entry|enrol\w*|signup|beginning)(?:_\w+)?"
)
_PREVIOUS: Final = re.compile(
    rf"(?:(?:wait|delay|gap)_)?{_U}_{_AFTER}(?:prev|previous|last|prior)(?:_\w+)?"
    rf"|gap_{_U}|(?:wait|delay)_{_AFTER}(?:prev|previous|last|prior)"
)
_UNSETTLED: Final = re.compile(
    rf"(?:delay|wait|follow_?up|after|send_after|interval)(?:_in)?(?:_{_U})?"
    rf"|{_U}_(?:delay|wait|after)|wait_time"
)
WEAK: Final = listed("day delay wait after interval wait_time follow_up followup")
"""Names of delays that files of quite another kind have, too."""
UNIT_KEYS: Final = ("unit", "delay_unit", "wait_unit", "wait_mode", "time_unit")
AMOUNT_KEYS: Final = ("amount", "value", "duration", "for", "time")

CHANNEL_KEYS: Final = ("channel", "medium", "via")
KIND_KEYS: Final = ("step_type", "type", "action_type", "action", "kind", "method")
WRITTEN: Final = ("subject", "template", "template_id", "email_body")
MESSAGE: Final = ("body", "message", "variants")
ADDRESSES: Final = ("url", "webhook_url", "endpoint", "uri")
NUMBERS: Final = ("step", "step_order", "step_number", "touch", "position", "order", "seq")
IDS: Final = ("id", "step_id", "key", "name", "label", "title", *NUMBERS)
WAIT_KINDS: Final = listed("wait delay pause sleep")

PLAN: Final = listed(
    "steps step touches touch sequence sequences cadence cadences drip drips nurture outreach"
    " followup followups follow_up follow_ups campaign campaigns emails messages reminders"
)
"""Names of lists of touches, and of what is around them."""
GENERIC: Final = listed(
    "steps touches sequence sequences cadence cadences emails messages items campaigns drips flow"
)
"""Names that do not tell one cadence from the next."""
DAY_LIST: Final = re.compile(rf"(follow_?up|reminder|nudge)?(touch|send|email)?s?_{_U}")
FOLLOW_UPS: Final = re.compile(r"follow_?ups?|reminders?|nudges?|bumps?")
COUNTS: Final = ("max_attempts", "max_followups", "max_follow_ups", "attempts", "count", "times")
CAPS: Final = ("max_touches", "max_steps", "max_touches_without_reply")

STOPS: Final = listed(
    "stop_on stop_when stop_if cancel_on exit_on exits exit_conditions stop_conditions end_on"
)
ON_REPLY: Final = listed("on_reply reply_routing reply_handling on_replies")
FLAGS: Final[Mapping[str, str]] = {
    "stop_on_reply": "reply",
    "exit_on_reply": "reply",
    "remove_replied": "reply",
    "stop_on_unsubscribe": "unsubscribed",
    "stop_on_opt_out": "unsubscribed",
    "stop_on_bounce": "bounced",
    "remove_bounced": "bounced",
    "stop_on_meeting": "meeting_booked",
    "stop_on_meeting_booked": "meeting_booked",
}
MACHINES: Final = listed("out_of_office ooo auto_reply autoreply no_reply none bounce bounced")
"""Rows of a table of replies that no person wrote."""
SAID_BY_PEOPLE: Final = listed("objection question questions neutral positive other referral any")
"""Rows of a table of replies that are no signal of their own."""
_ENDS: Final = listed("exit_sequence exit stop stop_sequence end suppress remove archive")
PUT_OFF: Final = listed("defer snooze resume delay wait pause")
_AGAIN: Final = listed("reenroll enroll reenter restart repeat loop again")
SWITCHES: Final = ("enabled", "active", "is_active")
BY_HAND: Final = ("manual", "manual_send", "is_manual")
BY_ITSELF: Final = ("automated", "auto", "auto_send")
GATES: Final = ("requires", "require", "wait_for")
IS_NOT: Final = re.compile(r"(?:no|not|without|never)_.+")
"""What is said of something that has not come: no signal to wait for."""
_UNREPLIED: Final = listed(
    "no_reply no_replies no_response not_replied has_not_replied did_not_reply unreplied"
)
_REPLIED: Final = listed("reply replied any_reply has_replied response responded")
ABANDON: Final = re.compile(rf"(?:abandon|give_up|timeout|expire)\w*?_{_U}")
RETRY: Final = re.compile(rf"retry_(?:after|every|delay|wait|interval)(?:_{_U})?|every")

BUSINESS: Final = re.compile(r"\b(?:business|working|work)[ -]days?\b", re.IGNORECASE)
ANCHORS: Final = ("start", "previous")
_TOUCH_WORD: Final = r"(?:step|touch|message|e-?mail|mail|send|contact|one|attempt|follow-?up)\b"
FROM_START: Final = re.compile(
    rf"\b(?:after|since|from)\s+(?:the\s+)?(?:first\s+{_TOUCH_WORD}|entry|enrol|sign-?up"
    r"|(?:start|beginning)(?!\s+of\s+(?:the\s+)?(?:year|quarter|month|week|day)\b))"
    r"|\banchor\s*[:=]\s*start\b",
    re.IGNORECASE,
)
FROM_PREVIOUS: Final = re.compile(
    rf"\b(?:after|since|from)\s+(?:the\s+)?(?:(?:previous|prior|preceding|last)\s+{_TOUCH_WORD}"
    r"|(?:previous|prior|preceding)\s*(?:$|[.,;:)]))"
    r"|\banchor\s*[:=]\s*previous\b",
    re.IGNORECASE | re.MULTILINE,
)
"""What comments beside a delay say of it."""
_DENIES: Final = re.compile(
    r"(?:\b(?:not|no|never|neither|nor|without|instead\s+of|rather\s+than)\b|n't\b)[^.;,\n]*$",
    re.IGNORECASE,
)
AFTER_ITS_STEP: Final = re.compile(
    r"\b(?:gap|wait\w*|delay\w*|pause|interval|days?|hours?|time)\b[^.;]{0,30}"
    r"\bafter\s+(?:that|this|the|its|each|every)\s+(?:step|touch|message|e-?mail|mail|send)\b",
    re.IGNORECASE,
)
"""What a comment says of a delay that is the time before the next step, not before its own."""
_ADDRESS: Final = re.compile(r"\S+@\S+|https?://\S+|\+[0-9 ()-]+")

OUTREACH: Final = listed(
    "first_touch follow_up follow_ups followup followups nurture touches cadence cadences sequence"
    " sequences outreach drip max_touches max_touches_without_reply min_days_between_touches"
    " quiet_hours channel_preferences requires_optout_line optout_phrases honour_optout_within_days"
    " optout_must_be_one_click stop_on reply_routing on_reply"
)
"""Two of these names make a file one about cadences, though it has no schedule."""


def says(pattern: re.Pattern[str], comment: str) -> bool:
    """Whether a comment says something, and not that it is not so."""
    starts = (found.start() for found in pattern.finditer(comment))
    return any(not _DENIES.search(comment[max(0, start - 200) : start]) for start in starts)


@lru_cache(maxsize=4096)
def anchor_of(name: str) -> str | None:
    """What the name of a delay says it counts from, "" if it does not say; None: no delay."""
    if _START.fullmatch(name):
        return "start"
    if _PREVIOUS.fullmatch(name):
        return "previous"
    return "" if _UNSETTLED.fullmatch(name) else None


def unit_in(name: str) -> str | None:
    """The unit in the name of a delay."""
    found = _UNIT.search(name)
    return linear.unit_of(found[1]) if found else None


def unless_replied(step: Data) -> str | None:
    """The key of a step by which it is made only while nobody has replied."""
    words: dict[str, frozenset[str]] = dict.fromkeys(
        ("condition", "if", "only_if", "send_if", *GATES), _UNREPLIED
    )
    words |= dict.fromkeys(("skip_if", "unless"), _REPLIED)
    told = ((key, said) for key in words if isinstance(said := step.get(key), str))
    return next((key for key, said in told if snake(said) in words[key]), None)


def holds(step: Data, keys: Iterable[str]) -> bool:
    """Whether a step says something under one of the keys."""
    return any(step.get(key) for key in keys)


def is_address(value: Any) -> bool:
    """Whether a value is an address or a number to reach somebody by, and nothing else."""
    return isinstance(value, str) and _ADDRESS.fullmatch(value[:80]) is not None


@lru_cache(maxsize=4096)
def tells(key: str, words: frozenset[str]) -> bool:
    """Whether a part of the name is one of the words."""
    return not words.isdisjoint(snake(key).split("_"))


def ends_it(row: Any) -> bool:
    """Whether a row of a table of replies ends the cadence."""
    if isinstance(row, dict):
        ends = (value is True for key, value in row.items() if snake(key) in _ENDS)
        return any(ends) or ends_it(row.get("action"))
    return row is True or (isinstance(row, str) and snake(row) in _ENDS)


def enters_again(row: Any) -> bool:
    """Whether a row of a table of replies may let somebody enter again."""
    if isinstance(row, dict):
        says = (tells(key, _AGAIN) for key, value in row.items() if value)
        return any(says) or any(map(enters_again, filter(_is_word, row.values())))
    return isinstance(row, str) and tells(row[:60], _AGAIN)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and " " not in value.strip()


def is_hook(step: Data) -> bool:
    """Whether a step calls a webhook, whose `method: POST` is no post."""
    return "webhook" in (step.get(key) for key in KIND_KEYS[:-1])


def means_of(step: Data) -> Means | None:
    """How the touch of a step is made; None if no word of it is known."""
    keys = (*CHANNEL_KEYS, *(KIND_KEYS[:-1] if is_hook(step) else KIND_KEYS))
    said = (step[key] for key in keys if key in step)
    return next((known for word in said if (known := linear.means(word))), None)
