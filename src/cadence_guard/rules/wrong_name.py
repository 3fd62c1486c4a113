"""Objects when the greeting is not what the contact wants to be called.

A `greeting`, when given, contains `call_me` (without one: the first word of `name`) as whole words,
however it is composed and cased; a hyphen is part of a word. A greeting that names nobody is left
out of the touch.

## Why

"Hi. Anna?" to somebody whose name is Anna-Lena: friends and family know better.

## Parameters

`effect`.

## Policy

    wrong-name: {}

## Refused

    {"event":"contact","contact":"c-1","at":"2026-03-01T00:00:00Z","name":"Anna-Lena Berg"}
    {"event":"touch","contact":"c-1","at":"2026-03-12T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","greeting":"Hi. Anna?"}

## Allowed

    {"event":"contact","contact":"c-1","at":"2026-03-01T00:00:00Z","name":"Anna-Lena Berg"}
    {"event":"touch","contact":"c-1","at":"2026-03-12T10:00:00Z","channel":"email","to":"a@b.example","purpose":"sales","greeting":"Hello, is this Anna-Lena?"}
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from cadence_guard.history import Case
from cadence_guard.instants import NEVER
from cadence_guard.points import mask_in
from cadence_guard.rules._rule import NOT_EVER, Fact, Objection, OpenStretch, Spans

_HYPHENS = "\u2010\u2011\u00ad\u2043\ufe63\uff0d"


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """The words of a text, casefolded and composed; hyphens and accents are parts of words."""
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    for hyphen in _HYPHENS:
        text = text.replace(hyphen, "-")
    spaced = "".join(
        char if char == "-" or unicodedata.category(char)[0] in "LMN" else " " for char in text
    )
    return tuple(stripped for part in spaced.split() if (stripped := part.strip("-")))


@lru_cache(maxsize=4096)
def names(greeting: str, called: str) -> bool:
    """Whether a greeting contains a name as whole words."""
    said, wanted = tokens(greeting), tokens(called)
    if not wanted:  # a name without a letter can only be compared as it stands
        return called.strip() in greeting
    return f" {' '.join(wanted)} " in f" {' '.join(said)} "


class WrongName(Fact):
    code = "CG701"
    name = "wrong-name"
    spans = Spans()
    hears = frozenset()

    def next_open(self, t: int, case: Case) -> OpenStretch:
        greeting = case.touch.greeting
        if greeting is None:
            return t, NEVER
        called = _called(case)
        return (t, NEVER) if called and names(greeting, called) else NOT_EVER

    def objection(self, t: int, case: Case) -> Objection:
        called = _called(case)
        if called is None:
            return Objection("nobody knows what the contact wants to be called", ("call_me",))
        return Objection(
            f"the greeting does not say {mask_in(called)!r}",
            facts={"greeting": case.touch.greeting},
        )


def _called(case: Case) -> str | None:
    """What the contact wants to be called."""
    memo = case.view.memo
    if "called" not in memo:
        facts = case.view.facts
        first = next(iter(facts.get("name", "").split()), None)
        memo["called"] = facts.get("call_me", "").strip() or first
    called: str | None = memo["called"]
    return called
