"""Writes what is derived from the rules and checks: the index, the docs pages, the JSON schemas.

Run by `make generate`; CI checks that nothing changes.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "src" / "cadence_guard" / "rules"
PAGES = ROOT / "docs" / "reference" / "rules"
SCHEMA = ROOT / "src" / "cadence_guard" / "policy.schema.json"
CADENCE_SCHEMA = SCHEMA.with_name("cadence.schema.json")
FOR_RULES = (
    "Channels",
    "Elapsed",
    "Objection",
    "OpenStretch",
    "Params",
    "Purposes",
    "Rule",
    "Selecting",
    "Span",
    "Spans",
    "Words",
)
"""What a rule of one's own is made with."""


def index() -> str:
    """The rule index, read off the rule files without importing them."""
    found = []
    for path in sorted(RULES.glob("[a-z]*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and any(
                isinstance(base, ast.Name) and base.id in ("Rule", "Fact", "CoolDown")
                for base in node.bases
            ):
                code = next(
                    ast.literal_eval(line.value)
                    for line in node.body
                    if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code"
                )
                found.append((code, path.stem, node.name))
    imports = "\n".join(
        f"from cadence_guard.rules.{stem} import {name}"
        for _, stem, name in sorted(found, key=lambda rule: rule[1])
    )
    names = "\n".join(f"    {name}," for name in FOR_RULES)
    exported = "\n".join(f'    "{name}",' for name in ("RULES", *FOR_RULES))
    listed = "\n".join(f"    {name}.name: {name}," for _, _, name in sorted(found))
    return f'''"""Every rule, by name. Written by `make generate`: do not edit by hand."""

from __future__ import annotations

from typing import Final

from cadence_guard.rules._rule import (
{names}
)
{imports}

RULES: Final[dict[str, type[Rule]]] = {{
{listed}
}}

__all__ = [
{exported}
]
'''


def page(code: str, name: str, text: str) -> str:
    """The docs page of a rule: its file's docstring."""
    notice = "<!-- Written by `make generate` from the rule's docstring. -->"
    return f"{notice}\n\n# {code} {name}\n\n{text.strip()}\n"


def write(path: Path, text: str) -> None:
    """Writes a file if it changes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


def main() -> None:
    """Generates everything; the index first, since the rest imports it."""
    write(RULES / "__init__.py", index())
    sys.path.insert(0, str(ROOT / "src"))
    from cadence_guard.check import ignores, policy_check, shape
    from cadence_guard.importers.native.schema import json_schema
    from cadence_guard.rules import RULES as BY_NAME
    from cadence_guard.schema import policy_schema

    rows = []
    pages = {r.code: (r.name, sys.modules[r.__module__].__doc__ or "") for r in BY_NAME.values()}
    pages |= shape.pages() | ignores.pages() | policy_check.pages()
    for code, (name, text) in pages.items():
        write(PAGES / f"{name}.md", page(code, name, text))
        rows.append(f"| {code} | [{name}](rules/{name}.md) | {text.split('.')[0].strip()}. |")
    table = "\n".join(" ".join(row.split()) for row in rows)
    write(
        PAGES.parent / "rules.md",
        "<!-- Written by `make generate`. -->\n\n# Rules\n\n| code | name | |\n|---|---|---|\n"
        + table
        + "\n",
    )
    write(SCHEMA, json.dumps(policy_schema(), indent=2) + "\n")
    write(CADENCE_SCHEMA, json.dumps(json_schema(), indent=2) + "\n")


if __name__ == "__main__":
    main()
