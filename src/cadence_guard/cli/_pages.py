"""`rules`, `packs`, `explain` and `schema`: what the package says about itself."""

from __future__ import annotations

import sys
import textwrap
from importlib import resources
from typing import Final

import click

_OWN: Final = {
    "CG901": (
        "rule-failed",
        """\
A rule raised an error, answered with an instant before the one it was asked about, or the search
for a common free time did not end. Nothing may be sent: the touch is denied, and the finding names
the rule and the error. A rule of your own is the usual cause; mend it and ask again.
""",
    ),
    "CG902": (
        "ledger-down",
        """\
The ledger cannot be read or written, or others were faster again and again. What cannot be looked
up may be a no, so `evaluate` denies, and `reserve` raises Refused with this finding. `record`,
`confirm`, `release` and `forget` raise LedgerUnavailable. Ask again when the ledger is back.
""",
    ),
    "CG903": (
        "check-incomplete",
        """\
The check of a cadence file could not be finished: it has more ways, steps or turns of a loop than
are followed, or an entry of the policy cannot say where its answer changes (a rule of your own
without `spans`), or the file lists or enters a cadence that is not among those checked. What was
judged is in the report; the rest is not called clean. Split the cadence, count the turns of its
loops, give the rule its spans, or give check the file that is missing.
""",
    ),
    "CG904": (
        "unknown-fact",
        """\
Nothing is known of the contact: no contact event, no consent, no signal. This is a warning, since a
policy of caps alone must work without a CRM; rules that lack a fact object under their own codes.
Record a contact event, or give the facts with the call: evaluate(touch, contact=Contact(...)).
""",
    ),
}
"""The codes of the guard itself, which no rule file holds."""


def list_rules() -> None:
    """Code, name and first sentence of every rule and check."""
    ended = "One was in force, and ran out or was withdrawn; see CG102."
    pages = _pages() | _OWN | {"CG103": ("expired-consent", ended)}
    for code, (name, text) in sorted(pages.items()):
        first, _, _ = " ".join(text.split()).partition(". ")
        click.echo(f"{code}  {name:<25}  {first.removesuffix('.')}.")


def list_packs() -> None:
    """Name, title, date and description of every pack."""
    from cadence_guard.policy import load_pack, pack_names

    for name in pack_names():
        pack = load_pack(name)
        click.echo(f"{name}: {pack.title} (as of {pack.as_of})")
        click.echo(textwrap.indent(textwrap.fill(pack.about, 76), "    "))


def explain_code(asked: str) -> None:
    """The page of a rule, a check, or one of the guard's own codes. click.UsageError with the
    nearest."""
    from cadence_guard import words

    pages = {code: (code, *page) for code, page in (_pages() | _OWN).items()}
    by_word = {name: page for page in pages.values() for name in (page[0].casefold(), page[1])}
    by_word["cg103"] = by_word["expired-consent"] = pages["CG102"]
    page = by_word.get(asked.strip().casefold())
    if page is None:
        near = words.nearest(asked, by_word)
        near = near.upper() if near in {code.casefold() for code in pages} else near
        hint = f"did you mean {near!r}? " if near else ""
        raise click.UsageError(f"no rule {asked!r}; {hint}`cadence-guard rules` lists them")
    code, name, text = page
    click.echo(f"# {code} {name}\n\n{text.rstrip()}")


def page_of(code: str) -> str:
    """The page of a code; empty for one that has none, such as that of a rule of one's own."""
    pages = _pages() | _OWN
    _, text = pages.get("CG102" if code == "CG103" else code, ("", ""))
    return text


def print_schema(file: str) -> None:
    """The schema of a file, `policy` or `cadence`, that is shipped with the package."""
    shipped = resources.files("cadence_guard").joinpath(f"{file}.schema.json")
    sys.stdout.write(shipped.read_text("utf-8"))


def _pages() -> dict[str, tuple[str, str]]:
    """The pages of rules and checks: (name, text) by code."""
    from cadence_guard.check import ignores, policy_check, shape
    from cadence_guard.rules import RULES

    rules = {rule.code: (name, _page(rule)) for name, rule in RULES.items()}
    return rules | shape.pages() | ignores.pages() | policy_check.pages()


def _page(rule: type) -> str:
    """The docstring of a rule's file."""
    return (sys.modules[rule.__module__].__doc__ or "").strip() + "\n"
