"""What a key of a hand-written file is that nothing reads: does it plan a touch, or move one?

The last noun of a name says what its value is: `voicemail_script` is a script, `daily_limit` a
limit, `next_step` a step. A text plans nothing, whatever it is about, unless it is that of another
touch; a limit and a condition make touches fewer. Whatever else has a name or a value that may be
about times, touches or ways is CG807. The rest plans nothing, and that is an assumption, which
names it: so the words below never decide that something is passed over in silence, except for
texts, labels and measures.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from cadence_guard._struct import struct
from cadence_guard.importers import _linear as linear
from cadence_guard.importers._handwritten_words import (
    CAPS,
    CHANNEL_KEYS,
    FLAGS,
    IDS,
    KIND_KEYS,
    ON_REPLY,
    STOPS,
    SWITCHES,
    anchor_of,
    is_address,
)
from cadence_guard.importers._linear import listed, snake
from cadence_guard.importers._values import is_number, walk


class Says(StrEnum):
    """What a key says that nothing reads; but for the first, in words."""

    NOTHING = ""
    PLANS = "it may be about times, touches or ways; not understood"
    UNREAD = "keys that are not read plan no touch and move none"
    CONDITION = "a step is made whatever its condition says"
    MESSAGE = "a call leaves no message, though there is a text for one"
    VARIANTS = "several texts of one step are one message, or variants of it"


_TELLS: Final = listed(
    "wait waits delay delays hour hours minutes days weeks month months date time times timezone"
    " clock daily weekly monthly weekday weekdays weekend weekends morning afternoon evening night"
    " every interval repeat repeats recurring retry retries resend again loop restart reenroll"
    " reenter enroll window windows quiet holidays deadline expire expires schedule gap spacing"
    " pace stagger lag cooldown jitter random business branch branches goto jump next then else"
    " otherwise also fallback backup secondary channel channels substeps children on at cap rrule"
    " cron tz dow timing hourly biweekly fortnightly yearly annually noon midnight snooze twice"
    " duplicate enrol reenrol parent depends"
)
_IN_STEP: Final = _TELLS | listed(
    "after before until day week if when unless condition conditions require requires skip trigger"
    " attempts count sequence"
)
_AROUND: Final = _TELLS | listed("between calls")
"""Parts of a name that say that it is about times, touches or ways, and must not be passed over."""
_ANOTHER: Final = listed(
    "followup followups reminder reminders nudge nudges bump bumps resend resends retry retries"
    " repeat repeats again next then else otherwise also fallback backup secondary second third"
    " extra additional another twice duplicate loop restart goto jump parent depends chase chaser"
    " ping"
)
"""Parts of the name of a text that say that it is that of another touch."""
_ANOTHERS: Final = listed("followup followups reminder reminders nudge nudges bump bumps chaser")
"""What is another touch, whatever more is said of it."""
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
_SENT: Final = _CONTENT | listed("bodies line note caption preheader preview headline signature ps")
_TEXTS: Final = (_SENT | {f"{word}s" for word in _CONTENT} - {"messages"}) | listed(
    "notes comment comments remark remarks description summary reason rationale explanation goal"
    " objective intent hint hints tip tips instruction instructions guidance guideline guidelines"
    " objection objections question questions points label title source sources origin"
)
"""What a value is that is read by people: the last noun of its name."""
_LABELS: Final = listed("name names label title id ids key slug ref uuid url link path file")
"""What names a thing: behind the name of a text, it stands for the text."""
_OF_ITS_OWN: Final = listed("sequence day campaign cadence")
"""Of what a label in a step may be the name, and it does not lead there."""
_LIMITS: Final = listed("limit limits cap caps max maximum quota throttle rate rates ratelimit")
_RATE: Final = listed(
    "per daily hourly weekly monthly hour minute day week month hours minutes days weeks second"
    " cap count"
)
"""What a limit is of, and only holds touches back."""
_TRIES: Final = _ANOTHER | listed("attempt attempts tries")
"""What a limit is of, and says that there are some."""
_MEASURES: Final = listed(
    "word words char chars character characters token tokens sentence sentences score weight"
    " percent percentage probability price cost temperature discount link links image images"
)
"""What a number counts, and it is no time and no touch."""
_CONDITIONS: Final = listed("if only_if skip_if unless condition conditions send_if run_if")
_ALWAYS: Final = listed("always true any default all everyone")
_NEVER: Final = listed("no none never off false null n_a")
_PARTS_OF_A_CONDITION: Final = listed(
    "if when unless condition conditions require requires skip on at channel sequence then date"
)
_ORDER: Final = listed("step sequence seq order number no num nr sort index position stage phase")
"""What a number says that only numbers the steps."""
_VARIANTS: Final = listed("variant variants ab alternatives versions")
_OWN_TEXTS: Final = _CONTENT | _VARIANTS
"""Parts of the names of a step's own text and of its variants."""
_PLANNED: Final = listed(
    "steps touches sequences messages followup followups reminder reminders nudge nudges bump bumps"
    " after before until"
)
"""Parts of a name that tell beside a number, a list or a mapping."""
_VAGUE: Final = listed("text connect direct meeting post ad ads letter voice li wa vm mail message")
"""Words for a channel that are most often something else in a name."""
_MAYBE_SENT: Final = listed("letter letters postcard vm wa li voice")
"""Those of them that make the text beside them one of another touch, perhaps."""
_COUNTED: Final = listed(
    "max min words word chars characters length tokens token version priority score weight percent"
    " percentage probability split id ids index number size rank temperature budget cost price"
    " limit level total"
)
"""What a number in a step may be without saying a time."""
_READ_AROUND: Final = listed("channel anchor purpose team trigger trigger_type entry_signal").union(
    STOPS, ON_REPLY, FLAGS, CAPS, IDS, KIND_KEYS, SWITCHES
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


_PAIRS: Final = {"text_message": "sms", "direct_mail": "post"}
"""Vague words that are clear together."""
_FOLLOW_UP: Final = re.compile(r"follow_(?=ups?(?:_|$))")


def way_of(word: Any) -> str | None:
    """The channel that a word means, if it is not one that is most often another thing."""
    known = linear.means(word)
    return known.channel if known and snake(word) not in _VAGUE else None


@struct
class _Name:
    """What the name of a key says: its words, the last noun and what that is about."""

    parts: frozenset[str]
    head: str
    about: frozenset[str]
    is_label: bool
    """Whether it is the name, the number or the place of what `head` says."""
    numbered: bool
    channel: str | None
    plans_nothing: bool


@lru_cache(maxsize=4096)
def _channel(word: str) -> str | None:
    """The channel that a word in a name means, but for words that are most often another thing."""
    one = word.removesuffix("s")
    known = None if one in _VAGUE else linear.means(word) or linear.means(one)
    return known.channel if known else None


@lru_cache(maxsize=4096)
def _named(key: str) -> _Name:
    name = snake(key)
    if "follow_up" in name:
        name = _FOLLOW_UP.sub("follow", name)
    words = name.split("_")
    parts = frozenset(words)
    channel = None
    if parts.isdisjoint(_ADDRESS):
        channel = next((known for word in words if (known := _channel(word))), None)
        channel = next((known for pair, known in _PAIRS.items() if pair in name), channel)
    nouns = [bare for word in words if (bare := word.rstrip("0123456789"))]
    is_label = bool(nouns) and nouns[-1] in _LABELS
    while len(nouns) > 1 and nouns[-1] in _LABELS:
        nouns.pop()
    return _Name(
        parts,
        head=nouns[-1] if nouns else "",
        about=frozenset(nouns[:-1]),
        is_label=is_label,
        numbered=words[-1][-1:].isdecimal() and not words[-1].endswith("1"),
        channel=channel,
        plans_nothing=name in _OPAQUE or _RECORD.fullmatch(name) is not None,
    )


def says_of(key: str, value: Any, *, in_step: bool, own: str | None = None) -> Says:
    """What a key says that nothing reads, in a step whose channel is `own` or around a list."""
    name = _named(key)
    if name.plans_nothing or (not in_step and is_read(snake(key), value, _READ_AROUND)):
        return Says.NOTHING
    if _is_no(value) or (value == 0 and not _is_hour(name.parts)):
        return Says.NOTHING
    if is_number(value) and name.parts <= _ORDER:
        return Says.NOTHING
    if name.parts == {"channels"} and isinstance(value, list):
        ways = map(linear.means, value)
        planned = any(way is None or way.channel != own for way in ways)
        return Says.PLANS if planned else Says.NOTHING
    if in_step and snake(key) in _CONDITIONS:
        return _condition(value)
    told = _by_its_noun(name, value, own, in_step=in_step)
    if told is not None:
        return told
    if _may_plan(key, name, value, own, in_step=in_step):
        return Says.PLANS
    if not name.parts.isdisjoint(_VARIANTS) or is_address(value):
        return Says.NOTHING
    if is_number(value) and not name.parts.isdisjoint(_COUNTED):
        return Says.NOTHING
    several = isinstance(value, list) and len(value) > 1 and name.head.removesuffix("s") in _SENT
    return Says.VARIANTS if in_step and several else Says.UNREAD


def _is_no(value: Any) -> bool:
    """Whether it is nothing, or a no."""
    if isinstance(value, str):
        return not value or (len(value) < 8 and snake(value) in _NEVER)
    return value is None or value is False or value in ([], {})


def _condition(value: Any) -> Says:
    """What the condition of a step says: it takes touches away, unless it is about times, too."""
    if not isinstance(value, str):
        return Says.NOTHING if value is True else Says.PLANS
    said = snake(value)
    if said in _ALWAYS:
        return Says.NOTHING
    words = frozenset(said.split("_"))
    timed = _IN_STEP - _PARTS_OF_A_CONDITION | {"send"}
    plain = len(value) < 80 and timed.isdisjoint(words) and not any(map(str.isdecimal, said))
    return Says.CONDITION if plain else Says.PLANS


def _by_its_noun(name: _Name, value: Any, own: str | None, *, in_step: bool) -> Says | None:
    """What a text, a label, a measure or a limit says; None for whatever else it is."""
    if name.head in _ANOTHERS and "is" not in name.parts and not name.is_label:
        return Says.PLANS
    measured = name.about if name.head == "count" else {name.head}
    if is_number(value) and not _MEASURES.isdisjoint(measured):
        return Says.NOTHING
    if name.head in _TEXTS:
        return _text(name, value, own, in_step=in_step)
    if name.is_label and not isinstance(value, bool | dict | list):
        about = name.about | {name.head}
        if not about.isdisjoint(_ANOTHER):
            return Says.PLANS
        plain = about.isdisjoint(_IN_STEP - _OF_ITS_OWN) and name.channel in (None, own)
        return Says.NOTHING if plain and not looks_timed(value) else None
    limited = name.head in _LIMITS or ("per" in name.parts and not name.parts.isdisjoint(_LIMITS))
    if limited and not isinstance(value, bool | list) and _is_flat(value):
        keys = value if isinstance(value, dict) else ()
        about = name.about.union(*(_named(key).parts for key in keys))
        if not about.isdisjoint(_TRIES):
            return Says.PLANS
        return Says.UNREAD if about.isdisjoint(_TELLS - _RATE) else None
    return None


def _text(name: _Name, value: Any, own: str | None, *, in_step: bool) -> Says | None:
    """What a text says: nothing, unless it is that of another touch."""
    if isinstance(value, bool) or not _is_flat(value) or _names_ways(value, own):
        return None
    if not name.about.isdisjoint(_IN_STEP) and looks_timed(value):
        return None
    if name.head in _SENT or name.is_label or name.head.removesuffix("s") in _SENT:
        if name.channel == "voicemail" and own == "call":
            return Says.MESSAGE
        another = not name.about.isdisjoint(_ANOTHER)
        if another or name.channel not in (None, own):
            return Says.PLANS if in_step else Says.UNREAD
        if not name.about.isdisjoint(_MAYBE_SENT):
            return Says.UNREAD
        several = name.numbered or (isinstance(value, list | dict) and len(value) > 1)
        if isinstance(value, dict) and _TEXTS.issuperset(map(snake, value)):
            several = False  # subject and body of one message
        if in_step and several and name.head.removesuffix("s") in _CONTENT:
            return Says.VARIANTS
    return Says.NOTHING


def _is_flat(value: Any) -> bool:
    """Whether it holds texts and numbers and no list or mapping below them."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return True
    return not any(isinstance(each, dict | list) for each in value)


def _goes_another_way(words: list[Any], own: str | None) -> bool:
    """Whether one of some words means a channel that is not `own`."""
    return any(way is not None and way.channel != own for way in map(linear.means, words))


def _names_ways(value: Any, own: str | None) -> bool:
    """Whether a mapping or list of texts has names of channels or delays for keys, or in place of
    texts."""
    if isinstance(value, list):
        return _goes_another_way(value, own)
    if not isinstance(value, dict):
        return False
    return any(
        _named(key).channel not in (None, own)
        or anchor_of(snake(key)) is not None
        or linear.unit_of(key) is not None
        or key in CHANNEL_KEYS
        or key in KIND_KEYS
        or looks_timed(below)
        for key, below in value.items()
    )


def _may_plan(key: str, name: _Name, value: Any, own: str | None, *, in_step: bool) -> bool:
    """Whether it may say something of touches, times or ways: its name has one of the words or the
    name of a channel that is not `own`, or its value looks like it."""
    parts, channel = name.parts, name.channel
    if not parts.isdisjoint(_IN_STEP if in_step else _AROUND) or looks_timed(value):
        return True
    if isinstance(value, dict | list):
        if channel is None:
            sends = in_step and _holds_messages(parts, value)
        elif in_step:
            several = _is_another(name) or _are_touches(name.head, value)
            sends = several or (channel != own and _has_content(value))
        else:
            sends = _has_content(value)
        planned = sends or not parts.isdisjoint(_PLANNED)
        return planned or plans(value, own if channel == own else None)
    if is_number(value):
        if in_step and name.head.endswith("s") and _channel(name.head):
            return True  # so many calls
        planned = in_step or channel is not None or not parts.isdisjoint(_PLANNED)
        return planned and parts.isdisjoint(_COUNTED)
    if key in CHANNEL_KEYS and linear.means(value) is not None:
        return True
    if not in_step:
        return value is True and channel is not None and len(parts) == 1
    if is_address(value):
        return False
    if (channel is not None and _is_another(name)) or way_of(value) not in (None, own):
        return True
    return channel not in (None, own) or (isinstance(value, str) and bool(_DATE.match(value)))


def _is_another(name: _Name) -> bool:
    """Whether it is a second one: `second_email`, `email_2`."""
    return name.numbered or not name.parts.isdisjoint(_ANOTHER)


def is_read(key: str, value: Any, known: Collection[str]) -> bool:
    """Whether a key is one of the known ones; a list or a mapping is no name and no channel."""
    return key in known and not (isinstance(value, dict | list) and key in _SCALAR)


def looks_timed(value: Any) -> bool:
    """Whether a value is a text that is a time, and nothing else."""
    return isinstance(value, str) and _LOOKS_TIMED.fullmatch(value[:40].strip()) is not None


def _is_hour(parts: frozenset[str]) -> bool:
    """Whether 0 is a time of day."""
    return not parts.isdisjoint({"hour", "at", "time"})


def _has_content(value: Any) -> bool:
    """Whether it holds a text to send, or is a list."""
    return isinstance(value, list) or not _CONTENT.isdisjoint(map(snake, value))


def _are_touches(head: str, value: Any) -> bool:
    """Whether a list, which is named for a channel, is one of several touches and no addresses."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and linear.means(head.removesuffix("s")) is not None
        and not all(map(is_address, value))
    )


def _holds_messages(parts: frozenset[str], value: Any) -> bool:
    """Whether it holds texts to send beside that of its step, of which it is no variant."""
    if not parts.isdisjoint(_OWN_TEXTS):
        return False
    entries = value if isinstance(value, list) else [value]
    return any(isinstance(each, dict) and _has_content(each) for each in entries)


def counts(key: str, value: Any, ways: Sequence[str]) -> bool:
    """Whether it counts how many had each of the touches that go these ways, `{email 1: 248, email
    2: 186}`: never more than had the one before, and its name says nothing of times."""
    if not isinstance(value, dict) or not _named(key).parts.isdisjoint(_IN_STEP - {"sequence"}):
        return False
    told = [known.channel for each in value if (known := linear.means(each))]
    numbers = [each for each in value.values() if is_number(each)]
    fall = all(later <= first for first, later in pairwise(numbers))
    return fall and told == [*ways] and len(numbers) == len(value) == len(told)


def plans(data: Any, own: str | None = None) -> bool:
    """Whether lists and mappings hold something of touches, times or ways, however deep: a channel
    that is not `own`, a delay, a time, a name that tells."""
    for where, value in walk(data):
        if any(isinstance(key, str) and snake(key) in _OPAQUE for key in where):
            continue
        if where and isinstance(where[-1], str):
            told = _by_its_noun(_named(where[-1]), value, own, in_step=True)
            if told is Says.PLANS:
                return True
            if told is not None:
                continue
        if isinstance(value, list):
            found = _goes_another_way(value, own) or any(map(looks_timed, value))
        else:
            found = any(_plans(key, below, own) for key, below in value.items())
            found = found or sum(way_of(below) is not None for below in value.values()) > 1
        if found:
            return True
    return False


def _plans(key: str, value: Any, own: str | None) -> bool:
    """Whether a key of a mapping that nothing reads says something of touches, times or ways."""
    name = _named(key)
    if name.plans_nothing or _is_no(value):
        return False
    if anchor_of(snake(key)) is not None:
        return True
    told = None
    if not isinstance(value, dict | list):  # those are walked to
        told = _by_its_noun(name, value, own, in_step=True)
    if told is not None:
        return told is Says.PLANS
    if value and not name.parts.isdisjoint(_TELLS):
        return True
    if snake(key) in CHANNEL_KEYS or (snake(key) in KIND_KEYS and snake(str(value)) not in _VAGUE):
        way = linear.means(value)
        return way is not None and way.channel != own
    return (name.channel not in (None, own) and not is_address(value)) or looks_timed(value)
