"""The docstring of a rule, read as what it is: its page, with a policy and two examples."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any

from cadence_guard._yaml12 import load
from cadence_guard.rules import RULES


@dataclass(frozen=True)
class Page:
    """The sections of a page, and its examples as data."""

    first: str
    sections: dict[str, str]
    policy: dict[str, Any]
    refused: list[str]
    allowed: list[str]


def page_of(rule: str) -> Page:
    """The page of a rule, out of the docstring of its file."""
    text = sys.modules[RULES[rule].__module__].__doc__ or ""
    first, *parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    return Page(
        first.strip(),
        sections,
        load(block(sections["Policy"])).data,
        block(sections["Refused"]).splitlines(),
        block(sections["Allowed"]).splitlines(),
    )


def block(section: str) -> str:
    """The indented lines of a section, without their indent."""
    lines = section.splitlines()
    return "\n".join(line[4:] for line in lines if line.startswith("    "))
