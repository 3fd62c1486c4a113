"""What a newcomer sees first: the README's ten lines, the public names, a light import."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import cadence_guard
from cadence_guard.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_readme_prints_what_it_says() -> None:
    """The first code block of the README, run, prints the block below it."""
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    told = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert code is not None
    assert told is not None
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code[1], "README.md", "exec"), {})
    assert out.getvalue() == told[1]
    assert len([line for line in code[1].splitlines() if line.strip()]) <= 12


def test_the_readme_shows_what_check_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every line of the console block is printed by its command, in the folder it names."""
    block = re.search(r"```console\n\$ cd (.*)\n\$ cadence-guard (.*)\n((?:.*\n)*?)```", README)
    assert block is not None
    monkeypatch.chdir(ROOT / block[1])
    assert main(block[2].split()) == 1
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in block[3].splitlines() if line not in ("...", *printed)] == []


def test_every_public_name_is_there_and_nothing_else() -> None:
    """`__all__` is what the package gives, each name resolves, and there are about 25."""
    assert sorted(cadence_guard.__all__) == list(cadence_guard.__all__)
    for name in cadence_guard.__all__:
        assert getattr(cadence_guard, name).__name__ == name
    assert set(cadence_guard.__all__) <= set(dir(cadence_guard))
    assert 20 <= len(cadence_guard.__all__) <= 28


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that is not there fails as in any module."""
    with pytest.raises(AttributeError, match="Gaurd"):
        cadence_guard.Gaurd  # noqa: B018


def test_the_package_knows_its_version() -> None:
    """As it is installed, and looked up only when somebody asks."""
    code = (
        "import sys, cadence_guard\n"
        "assert 'importlib.metadata' not in sys.modules\n"
        "print(cadence_guard.__version__, vars(cadence_guard)['__version__'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    installed = version("cadence-guard")
    assert (done.returncode, done.stdout.split()) == (0, [installed, installed]), done.stderr
    assert cadence_guard.__version__ == installed


def test_importing_loads_nothing_heavy() -> None:
    """The package alone imports no model, driver, CLI or logger; the guard no CLI and no driver."""
    code = (
        "import sys, cadence_guard\n"
        "heavy = {'yaml', 'click', 'sqlite3', 'pendulum', 'structlog', 'asyncio'}\n"
        "assert not {'pydantic', *heavy} & set(sys.modules)\n"
        "from cadence_guard import Guard, Policy\n"
        "assert not heavy & set(sys.modules)\n"
        "import logging\n"
        "from cadence_guard._log import log\n"
        "log().warning('heard', by='nobody')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_package_says_that_it_is_typed() -> None:
    """PEP 561."""
    assert (Path(cadence_guard.__file__).parent / "py.typed").is_file()
