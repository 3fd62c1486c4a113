"""Every example runs, without network and clock, and prints what its docstring says."""

from __future__ import annotations

import ast
import runpy
import textwrap
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def printed(path: Path) -> str:
    """What an example's docstring says that it prints."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    _, _, block = text.partition("\nPrints:\n\n")
    assert block, f"{path.name} does not say what it prints"
    return textwrap.dedent(block).strip()


def test_there_are_examples() -> None:
    assert len(list(EXAMPLES.glob("*.py"))) >= 7


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_prints_what_it_says(
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out.strip() == printed(path)
