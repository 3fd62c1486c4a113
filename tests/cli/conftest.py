"""Running the command line in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from cadence_guard.cli import main

# Up to 8.1, click's runner mixes both streams unless it is told not to.
APART: dict[str, Any] = (
    {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
)
STORY = Path(__file__).parents[2] / "examples" / "story"


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def decisions(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `cadence-guard` in an empty folder; `input` is its standard input."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)

    def run(*args: object, input: bytes = b"", **env: str) -> Result:  # noqa: A002
        with CliRunner(**APART).isolation(input=input, env=env) as (out, err, *_):
            code = main([str(arg) for arg in args])
            return Result(code, out.getvalue().decode(), err.getvalue().decode())

    return run


@pytest.fixture
def story() -> Path:
    return STORY
