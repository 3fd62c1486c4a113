"""Which policy a project names in its `pyproject.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cadence_guard.errors import PolicyError
from cadence_guard.policy import has_default
from cadence_guard.words import expected

PROJECT: Final = "pyproject.toml"


def configured() -> str | None:
    """The policy that ./pyproject.toml names, if there is no ./cadence-guard.yaml: `policy` of its
    table `[tool.cadence-guard]`. Raises PolicyError if that is not the path of a file, or a key is
    unknown."""
    project = Path(PROJECT)
    if has_default() or not project.is_file():
        return None
    import tomllib

    try:
        said = tomllib.loads(project.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise PolicyError(f"{project}: cannot be read: {error}") from error
    tools = said.get("tool", {})
    table = tools.get("cadence-guard", {}) if isinstance(tools, dict) else None
    if not isinstance(table, dict):
        raise PolicyError(f"{project}: [tool.cadence-guard] is no table")
    for key in table:
        if key != "policy":
            raise PolicyError(
                f"{project}: [tool.cadence-guard]: " + expected(key, ("policy",), "key")
            )
    named = table.get("policy")
    if named is not None and not isinstance(named, str):
        raise PolicyError(f"{project}: 'policy' of [tool.cadence-guard] is the path of a file")
    if named is not None and not Path(named).is_file():
        raise PolicyError(
            f"{project}: 'policy' of [tool.cadence-guard]: {named}: cannot be read: no such file"
        )
    return named
