"""Placeholders of a greeting: which of them stand for the contact's name."""

from __future__ import annotations

import re
from typing import Final

from cadence_guard import words

_PLACEHOLDER: Final = re.compile(
    r"\{\{.{0,200}?\}\}|\{.{0,200}?\}|<%.{0,200}?%>|\*\|.{0,200}?\|\*"
    r"|%\w{1,200}%|\[[^\]]{0,200}\]|\$\w+"
)
"""Of a bounded length: what is never closed would be looked for to the end, again and again."""
_NAMES: Final = (
    "call_me",
    "first_name",
    "fname",
    "first",
    "name",
    "given_name",
    "forename",
    "nickname",
    "preferred_name",
    "display_name",
    "full_name",
    "user_name",
    "contact_name",
    "customer_name",
    "lead_name",
    "person_name",
    "prospect_name",
    "recipient_name",
)
_KNOWN: Final = frozenset(name.replace("_", "") for name in _NAMES)
_OTHERS: Final = frozenset(("account", "company", "organization", "owner", "sender", "team"))
"""Whose name is not the contact's: `company.name`."""


def _is_name(placeholder: str) -> bool:
    """`{{ contact.firstName | default: "there" }}` is one, `{company}` is none."""
    said = placeholder.casefold().strip("*|").partition("|")[0]
    *before, last = [part.strip() for part in re.split(r"[^\w\s-]+", said) if part.strip()] or [""]
    return re.sub(r"[\W_]", "", last) in _KNOWN and _OTHERS.isdisjoint(before)


def with_name(greeting: str | None, name: str) -> str | None:
    """A greeting with a name in the placeholders for it; None if it has none: it names nobody."""
    if greeting is None or not any(map(_is_name, _PLACEHOLDER.findall(greeting))):
        return None
    return _PLACEHOLDER.sub(lambda found: name if _is_name(found[0]) else found[0], greeting)


def not_understood(greeting: str | None) -> tuple[str, str] | None:
    """The first placeholder, and what is wrong, if a greeting has some and none is a name."""
    found = _PLACEHOLDER.findall(greeting or "")
    if not found or any(map(_is_name, found)):
        return None
    bare = (one.strip("{}[]<>%*|$ ") for one in found)
    near = next((near for one in bare if (near := words.nearest(one, _NAMES[:2]))), None)
    hint = f"did you mean {near!r}? " if near else ""
    return found[0], f"{hint}expected one for the contact's name, such as {{call_me}}"
