"""The files by which others run the check in CI: the pre-commit hook and the action."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cadence_guard._yaml12 import load
from cadence_guard.cli._commands import app
from cadence_guard.words import SIGNALS

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = load((ROOT / "action.yml").read_bytes()).data
BAD = """\
version: 1
cadence:
  name: drip
  purpose: sales
  exits: [EXITS]
  steps:
    - {id: a, channel: email}
    - wait: 1h
    - {id: b, channel: email}
""".replace("EXITS", ", ".join(SIGNALS))


def test_the_hook_runs_a_command_that_exists_on_native_files() -> None:
    (hook,) = load((ROOT / ".pre-commit-hooks.yaml").read_bytes()).data
    program, command, *rest = shlex.split(hook["entry"])
    assert program == "cadence-guard"
    app.commands[command].make_context(command, [*rest, *hook["args"]])
    assert re.search(hook["files"], "drips/trial.cadence.yaml")
    assert re.search(hook["files"], "drips/trial.cadence.yml")
    assert not re.search(hook["files"], "drips/trial.yml")
    assert re.search(hook["files"], "cadence-guard.yaml")  # what all of them are judged by
    assert not re.search(hook["files"], "drips/trial.yaml")
    assert not hook["pass_filenames"]  # one run for all files: those unchanged are named by others


def test_inputs_reach_the_scripts_by_the_environment_only() -> None:
    used = set(re.findall(r"inputs\.([\w-]+)", json.dumps(ACTION["runs"])))
    assert used == set(ACTION["inputs"])
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="the action needs bash")
@pytest.mark.parametrize(
    ("inputs", "code"), [({}, 1), ({"FILES": "good file.cadence.yaml\n-x.cadence.yaml\n"}, 0)]
)
def test_the_action_checks_and_leaves_a_report(
    tmp_path: Path, inputs: dict[str, str], code: int
) -> None:
    done = checked(tmp_path, **inputs)
    assert done.returncode == code, done.stderr
    assert ("::error file=bad.cadence.yaml,line=9," in done.stdout) == bool(code)
    (run,) = json.loads((tmp_path / "out.sarif").read_text("utf-8"))["runs"]
    assert any(result["level"] == "error" for result in run["results"]) == bool(code)
    assert (tmp_path / "summary.md").read_text("utf-8").startswith("## cadence-guard\n")
    assert (tmp_path / "output").read_text("utf-8") == "sarif=out.sarif\n"


@pytest.mark.skipif(shutil.which("bash") is None, reason="the action needs bash")
@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"FILES": "good file.cadence.yaml\nnope.yaml\n"}, "::error file=nope.yaml,title="),
        ({"POLICY": "nope.yaml"}, "::error file=nope.yaml,title="),
        ({"BASELINE": "nope.json"}, "::error file=nope.json,title="),
        ({"FAIL_ON": "never"}, ""),
    ],
)
def test_the_action_fails_and_uploads_nothing_if_not_all_was_checked(
    tmp_path: Path, inputs: dict[str, str], says: str
) -> None:
    done = checked(tmp_path, **inputs)
    assert done.returncode == 2
    assert says in done.stdout
    assert "nope" in (tmp_path / "summary.md").read_text("utf-8") or not says
    assert not (tmp_path / "output").exists()
    upload = next(
        step for step in ACTION["runs"]["steps"] if "upload-sarif" in step.get("uses", "")
    )
    assert "steps.check.outputs.sarif != ''" in upload["if"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="the action needs bash")
@pytest.mark.parametrize("broken", ["sarif", "markdown", "github"])
def test_the_action_fails_if_one_of_its_runs_does(tmp_path: Path, broken: str) -> None:
    own = tmp_path / "own"
    own.mkdir()
    program = own / "cadence-guard"
    program.write_text(f'#!/bin/sh\ncase "$*" in *{broken}*) exit 3;; esac\n', "utf-8")
    program.chmod(0o755)
    done = checked(tmp_path, PATH=f"{own}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 3
    assert (tmp_path / "output").exists() == (broken != "sarif")


def checked(tmp_path: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """A run of the action's step in a folder of one bad and two good files."""
    (step,) = [step for step in ACTION["runs"]["steps"] if step.get("id") == "check"]
    (tmp_path / "bad.cadence.yaml").write_text(BAD, "utf-8")
    for name in ("good file", "-x"):
        good = BAD.replace("1h", "8d")
        (tmp_path / f"{name}.cadence.yaml").write_text(good, "utf-8")
    policy = "version: 1\nrules:\n  over-cap: {max: 1, per: 7d}\n"
    (tmp_path / "p.yaml").write_text(policy, "utf-8")
    env = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "FILES": ".",
        "POLICY": "p.yaml",
        "BASELINE": "",
        "FAIL_ON": "sometimes",
        "SARIF": "out.sarif",
        "GITHUB_OUTPUT": "output",
        "GITHUB_STEP_SUMMARY": "summary.md",
        **inputs,
    }
    assert set(step["env"]) <= set(env)
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
