"""The names that small teams give to delays, channels, stops and the like, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from cadence_guard.importers import _linear as linear
from cadence_guard.importers._linear import Means, listed, snake
from cadence_guard.importers._values import is_number, walk

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
ABANDON: Final = re.compile(rf"(?:abandon|give_up|timeout|expire)\w*?_{_U}")
RETRY: Final = re.compile(rf"retry_(?:after|every|delay|wait|interval)(?:_{_U})?|every")

_TELLS: Final = listed(
    "wait waits delay delays hour hours minutes days weeks month months date time times timezone"
    " clock daily weekly monthly weekday weekdays weekend weekends morning afternoon evening night"
    " every interval repeat repeats recurring retry retries resend again loop restart reenroll"
    " reenter enroll window windows quiet holidays deadline expire expires schedule gap spacing"
    " pace stagger lag cooldown jitter random business branch branches goto jump next then else"
    " otherwise also fallback backup secondary channel channels substeps children on at cap rrule"
    " cron tz dow timing hourly biweekly fortnightly yearly annually noon midnight snooze twice"
    " duplicate enrol reenrol"
)
TELL_IN_STEP: Final = _TELLS | listed(
    "after before until day week if when unless condition conditions require requires skip trigger"
    " attempts count sequence"
)
TELL_AROUND: Final = _TELLS | listed("between calls")
"""Parts of a name that say that it is about times, touches or ways, and must not be passed over."""
_RECORD: Final = re.compile(
    r"(?:created|updated|modified|deleted|archived|published|started|launched|imported|exported"
    r"|synced|sent|last_\w+)_(?:at|on|date|time)|(?:time_?)?stamp|\w+_timestamp"
)
"""Names of what was, not of what is planned."""
_OPAQUE: Final = listed(
    "metadata meta variables vars merge_fields merge_tags custom_fields placeholders"
    " personalization tags labels attachments tracking analytics stats statistics metrics comment"
    " comments note notes description prompt ai_prompt instructions source discovery enrichment"
    " validation dedup scoring llm logging database"
)
"""Names whose values, whatever is in them, plan nothing."""
_ADDRESS: Final = listed(
    "from sender to cc bcc reply address account accounts url link number profile domain provider"
    " inbox mailbox signature tone max min length chars words limit"
)
"""Beside one of these, the name of a channel says whose address it is, or how long a text."""
_CONTENT: Final = listed("subject body text script template html content message prompt copy intro")
_ORDER: Final = listed("step sequence seq order number no num nr sort index position stage phase")
"""What a number says that only numbers the steps."""
_OWN_TEXTS: Final = _CONTENT | listed("variant variants ab alternatives versions")
"""Parts of the names of a step's own text and of its variants."""
_PLANNED: Final = listed(
    "steps touches sequences messages followup followups follow reminder reminders nudge nudges"
    " bump bumps after before until"
)
"""Parts of a name that tell beside a number, a list or a mapping."""
_VAGUE: Final = listed("text connect direct meeting post ad ads letter voice li wa vm mail message")
"""Words for a channel that are most often something else in a name."""
_COUNTED: Final = listed(
    "max min words word chars characters length tokens token version priority score weight percent"
    " percentage probability split id ids index number size rank temperature budget cost price"
    " limit level total"
)
"""What a number in a step may be without saying a time."""
_READ_AROUND: Final = frozenset(
    {
        *STOPS,
        *ON_REPLY,
        *FLAGS,
        *CAPS,
        *IDS,
        "channel",
        *KIND_KEYS,
        *SWITCHES,
        *("anchor", "purpose", "team", "trigger", "trigger_type", "entry_signal"),
    }
)
"""The keys around a list that are read."""
_SCALAR: Final = frozenset({*IDS, *CHANNEL_KEYS, *KIND_KEYS})
_LOOKS_TIMED: Final = re.compile(
    r"[0-9]+(?:\.[0-9]+)? ?(?:[smhdw]|min|mins|hrs?|(?:second|minute|hour|day|week|month)s?)"
    r"|(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?(?: ?[ap]m)?|[0-9]{1,2} ?[ap]m"
    r"|(?:bi)?weekly|daily|monthly|hourly|fortnightly|quarterly|yearly|annually|weekdays?|weekends?"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|noon|midnight|nights?|mornings?|afternoons?"
    r"|evenings?|tonight|tomorrow"
    r"|P(?:[0-9]+[YMWD])+|P(?:[0-9]+[YMWD])*T(?:[0-9]+[HMS])+",
    re.IGNORECASE,
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.+Z-]+)?")
_LOOKS_ADDRESSED: Final = re.compile(r"\S+@\S+|https?://\S+|\+[0-9 ()-]+")

BUSINESS: Final = re.compile(r"\b(?:business|working|work)[ -]days?\b", re.IGNORECASE)
ANCHORS: Final = ("start", "previous")
FROM_START: Final = re.compile(
    r"\b(?:after|since|from)\s+(?:the\s+)?(?:first|start|entry|enrol|sign-?up|beginning)"
    r"|\banchor\s*[:=]\s*start\b",
    re.IGNORECASE,
)
FROM_PREVIOUS: Final = re.compile(
    r"\b(?:after|since|from)\s+(?:the\s+)?(?:previous|prior|last|preceding)\b"
    r"|\banchor\s*[:=]\s*previous\b",
    re.IGNORECASE,
)
"""What comments beside a delay say of it."""

OUTREACH: Final = listed(
    "first_touch follow_up follow_ups followup followups nurture touches cadence cadences sequence"
    " sequences outreach drip max_touches max_touches_without_reply min_days_between_touches"
    " quiet_hours channel_preferences requires_optout_line optout_phrases honour_optout_within_days"
    " optout_must_be_one_click stop_on reply_routing on_reply"
)
"""Two of these names make a file one about cadences, though it has no schedule."""


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


def holds(step: Data, keys: Iterable[str]) -> bool:
    """Whether a step says something under one of the keys."""
    return any(step.get(key) for key in keys)


@lru_cache(maxsize=4096)
def tells(key: str, words: frozenset[str]) -> bool:
    """Whether a part of the name is one of the words."""
    return not words.isdisjoint(snake(key).split("_"))


@lru_cache(maxsize=4096)
def _named(key: str) -> tuple[frozenset[str], str | None, bool]:
    """The parts of a name, the channel in it, and whether its values plan nothing."""
    name = snake(key)
    parts = frozenset(name.split("_"))
    channel = None
    if parts.isdisjoint(_ADDRESS):
        words = (part for part in name.split("_") if part.removesuffix("s") not in _VAGUE)
        known = (linear.means(word) or linear.means(word.removesuffix("s")) for word in words)
        channel = next((each.channel for each in known if each), None)
    return parts, channel, name in _OPAQUE or _RECORD.fullmatch(name) is not None


def may_plan(key: str, value: Any, words: frozenset[str], own: str | None = None) -> bool:
    """Whether a key that nothing reads may say something of touches, times or ways: its name has
    one of the words or the name of a channel that is not `own`, or its value looks like it."""
    parts, channel, plans_nothing = _named(key)
    in_step = words is TELL_IN_STEP
    if plans_nothing or (not in_step and is_read(snake(key), value, _READ_AROUND)):
        return False
    if value in (None, False, "", [], {}) and not _is_midnight(parts, value):
        return False
    if is_number(value) and parts <= _ORDER:
        return False
    if parts == {"channels"} and isinstance(value, list):
        return any((known := linear.means(each)) is None or known.channel != own for each in value)
    if not parts.isdisjoint(words) or _looks_timed(value):
        return True
    if isinstance(value, dict | list):
        told = channel is not None and (channel != own or not in_step) and _has_content(value)
        told = told or (in_step and channel is None and _holds_messages(parts, value))
        planned = not parts.isdisjoint(_PLANNED)
        return told or planned or plans(value, own if channel == own else None)
    if is_number(value):
        planned = in_step or channel is not None or not parts.isdisjoint(_PLANNED)
        return planned and parts.isdisjoint(_COUNTED)
    if key in CHANNEL_KEYS and linear.means(value) is not None:
        return True
    if not in_step:
        return value is True and channel is not None and len(parts) == 1
    if _addressed(value):
        return False
    return channel not in (None, own) or (isinstance(value, str) and bool(_DATE.match(value)))


def is_read(key: str, value: Any, known: Collection[str]) -> bool:
    """Whether a key is one of the known ones; a list or a mapping is no name and no channel."""
    return key in known and not (isinstance(value, dict | list) and key in _SCALAR)


def _addressed(value: Any) -> bool:
    return isinstance(value, str) and _LOOKS_ADDRESSED.fullmatch(value[:80]) is not None


def _looks_timed(value: Any) -> bool:
    return isinstance(value, str) and _LOOKS_TIMED.fullmatch(value[:40].strip()) is not None


def _is_midnight(parts: frozenset[str], value: Any) -> bool:
    return value == 0 and value is not False and not parts.isdisjoint({"hour", "at", "time"})


def _has_content(value: Any) -> bool:
    """Whether it holds a text to send, or is a list."""
    return isinstance(value, list) or not _CONTENT.isdisjoint(map(snake, value))


def _holds_messages(parts: frozenset[str], value: Any) -> bool:
    """Whether it holds texts to send beside that of its step, of which it is no variant."""
    if not parts.isdisjoint(_OWN_TEXTS):
        return False
    entries = value if isinstance(value, list) else [value]
    return any(isinstance(each, dict) and _has_content(each) for each in entries)


def plans(data: Any, own: str | None = None) -> bool:
    """Whether lists and mappings hold something of touches, times or ways, however deep: a channel
    that is not `own`, a delay, a time, a name that tells."""
    for where, value in walk(data):
        if any(isinstance(key, str) and snake(key) in _OPAQUE for key in where):
            continue
        if isinstance(value, list):
            ways = map(linear.means, value)
            told = any(way is not None and way.channel != own for way in ways)
            told = told or any(map(_looks_timed, value))
        else:
            told = any(_plans(key, below, own) for key, below in value.items())
        if told:
            return True
    return False


def _plans(key: str, value: Any, own: str | None) -> bool:
    """Whether a key of a mapping that nothing reads says something of touches, times or ways."""
    parts, channel, plans_nothing = _named(key)
    name = snake(key)
    if plans_nothing or value in (None, "", [], {}) or value is False:
        return False
    if anchor_of(name) is not None or (value and not parts.isdisjoint(_TELLS)):
        return True
    if name in CHANNEL_KEYS or (name in KIND_KEYS and snake(str(value)) not in _VAGUE):
        way = linear.means(value)
        return way is not None and way.channel != own
    return (channel not in (None, own) and not _addressed(value)) or _looks_timed(value)


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


def means_of(step: Data) -> Means | None:
    """How the touch of a step is made; None if no word of it is known."""
    keys = (*CHANNEL_KEYS, *KIND_KEYS)
    said = (step[key] for key in keys if key in step)
    return next((known for word in said if (known := linear.means(word))), None)
