"""The docs are true: links resolve, code runs and prints what is shown, events and policies load,
and every public word is on the page that owns it."""

from __future__ import annotations

import contextlib
import gc
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import click
import pytest

import cadence_guard
from cadence_guard import Decision, Policy, Touch, errors, rules, testing, words
from cadence_guard.cli import app, main
from cadence_guard.events import MODELS, parse_event
from cadence_guard.importers import IMPORTERS, unread
from cadence_guard.policy import pack_names
from cadence_guard.rules import RULES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
OWN_CODES = ("CG103", "CG901", "CG902", "CG904")
TOP = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES = sorted([*DOCS.rglob("*.md"), *TOP])
GIVEN = {
    "touch": Touch(
        id="m-1", contact="c-1", channel="email", to="a@b.example", purpose="transactional"
    ),
    "provider": SimpleNamespace(send=lambda *_: None),
}
"""What the code of a page may take as the reader's own."""


class Block(NamedTuple):
    """A fenced block: its page, the number of its first line, what it says it is, its text."""

    page: Path
    line: int
    info: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page. One after `<!-- not run: why -->` is left out."""
    lines = page.read_text("utf-8").splitlines()
    start, before = None, ""
    for number, line in enumerate(lines, 1):
        if start is None and line.startswith("```"):
            start = number
        elif start is not None and line == "```":
            info = lines[start - 1][3:]
            assert info, f"{page.name}:{start}: a block must say what it is"
            if not re.fullmatch(r"<!-- not run: .{10,} -->", before):
                yield Block(page, start, info, "\n".join(lines[start : number - 1]) + "\n")
            start = None
        if start is None:
            before = line or before
    assert start is None, f"{page.name}: a block is not closed"


ALL = [block for page in PAGES for block in blocks(page)]


def of(*kinds: str) -> pytest.MarkDecorator:
    """One test for each block of these kinds."""
    chosen = [block for block in ALL if block.info in kinds]
    assert chosen
    return pytest.mark.parametrize("block", chosen, ids=lambda block: block.name)


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the host of the repository makes them."""
    found = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


# -- links ------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name}: {target} is not there"
        if anchor:
            assert anchor in anchors(there), f"{page.name}: {target} has no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_are_there(page: Path) -> None:
    top = "src|tests|docs|examples|scripts|benchmarks|[.]ci"
    for path in re.findall(rf"`((?:{top})/[^`<*]*)`", prose(page)):
        assert (ROOT / path).exists(), f"{page.name}: {path} is not there"


def test_every_page_can_be_reached_from_the_index() -> None:
    seen: set[Path] = set()
    todo = [DOCS / "index.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in re.findall(r"\]\(([^)#\s]+\.md)", prose(page)):
            todo.append((page.parent / target).resolve())
    assert sorted(DOCS.rglob("*.md")) == sorted(page for page in seen if DOCS in page.parents)


# -- code, events, policies -------------------------------------------------------------------


def write_files(page: Path) -> None:
    """Writes the blocks of a page that are files (`python file=ourrules.py`) to this directory."""
    for block in blocks(page):
        _, _, name = block.info.partition(" file=")
        if name:
            Path(name).write_text(block.text, "utf-8")


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(block.info == "python" for block in blocks(page))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")  # a page does not tidy up
def test_code_runs_and_prints_what_is_shown(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    write_files(page)
    space: dict[str, object] = {"__name__": "docs", **GIVEN}
    printed = ""
    for block in blocks(page):
        if block.info == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(block.text, block.name, "exec"), space)
            printed = out.getvalue()
        elif block.info == "text output" or (page.name == "README.md" and block.info == "text"):
            assert printed == block.text, block.name
    space.clear()
    gc.collect()


def test_a_check_prints_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    compared = 0
    for block in blocks(DOCS / "tutorial" / "check-a-cadence.md"):
        _, _, name = block.info.partition(" file=")
        if name:
            Path(name).write_text(block.text, "utf-8")
        elif block.info == "console" and block.text.startswith("$ cadence-guard check "):
            main(shlex.split(block.text)[2:])
        elif block.info == "text checked":
            assert block.text in capsys.readouterr().out
            compared += 1
    assert compared == 2


@of("json")
def test_json_is_events_or_a_decision(block: Block) -> None:
    for line in block.text.splitlines():
        if line.startswith('{"event"'):
            parse_event(line, where=block.name)
        else:
            assert Decision.from_json(line).to_json() == line


@of("yaml", "yaml file=cadence-guard.yaml")
def test_yaml_is_a_policy(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    write_files(block.page)
    Policy.parse(block.text, block.name)


@of("console")
def test_commands_exist(block: Block) -> None:
    for line in block.text.splitlines():
        if not line.startswith("$ cadence-guard "):
            continue
        name, *arguments = shlex.split(re.split("[|>]", line)[0])[2:]
        command = app.commands[name]
        try:
            command.make_context(name, arguments)
        except click.UsageError as error:
            pytest.fail(f"{block.name}: {line}: {error.format_message()}")


# -- the reference is complete ----------------------------------------------------------------


def missing(page: Path, wanted: set[str]) -> set[str]:
    """The words that a page does not write as code."""
    said = " ".join(re.findall(r"`([^`]+)`", prose(page))) + " "
    said += " ".join(block.text for block in blocks(page))
    return {
        word for word in wanted if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", said)
    }


def test_every_rule_and_code() -> None:
    for page in ("decision.md", "policy.md", "semantics.md"):
        text = (REFERENCE / page).read_text("utf-8")
        for rule in RULES.values():
            assert rule.name in text, (page, rule.name)
            assert rule.code in text, (page, rule.code)
    text = (REFERENCE / "decision.md").read_text("utf-8")
    for code in OWN_CODES:
        assert f"| {code} |" in text or f"| [{code}]" in text or f"\n| {code} " in text, code


def test_every_parameter() -> None:
    lines = (REFERENCE / "policy.md").read_text("utf-8").splitlines()
    for rule in RULES.values():
        row = next((line for line in lines if f"](rules/{rule.name}.md)" in line), None)
        assert row is not None, f"policy.md has no row of {rule.name}"
        shared = {"effect", "channels", "purposes", "teams", "tags"}
        for name, field in rule.Params.model_fields.items():
            if name not in shared:
                assert f"`{field.alias or name}`" in row, (rule.name, name)
        assert ("*" in row.split("|")[1]) == ("teams" not in rule.Params.model_fields), rule.name


def test_every_policy_key_and_pack() -> None:
    keys = set(Policy.model_fields) | set(pack_names())
    assert not missing(REFERENCE / "policy.md", keys)


def test_every_module_is_on_the_map() -> None:
    package = Path(cadence_guard.__file__).parent
    modules = {path.stem for path in package.iterdir() if path.name[0] != "_"}
    wanted = {name for name in modules if not name.endswith(".schema")}
    assert not missing(DOCS / "explanation" / "where-things-are.md", wanted)


def test_every_format() -> None:
    text = (REFERENCE / "check.md").read_text("utf-8")
    for importer in IMPORTERS:
        assert importer.FORMAT == unread.FORMAT or f"\n| `{importer.FORMAT}` |" in text


def test_every_event_key() -> None:
    text = prose(REFERENCE / "events.md")
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## )", text, flags=re.MULTILINE | re.DOTALL))
    for kind, model in MODELS.items():
        keys = {field.alias or name for name, field in model.model_fields.items()} - {"event"}
        written = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", sections[kind]))))
        assert keys <= written, (kind, keys - written)


def test_every_word_of_the_closed_lists() -> None:
    wanted = {
        *words.CHANNELS,
        *words.KINDS,
        *words.USES,
        *words.SOURCES,
        *words.PURPOSES,
        *words.SIGNALS,
        *words.OUTCOMES,
        *words.STATUSES,
        *words.AUDIENCES,
    }
    assert not missing(REFERENCE / "events.md", wanted)
    assert not missing(REFERENCE / "decision.md", set(words.NEEDS))


def test_every_public_name() -> None:
    wanted = {*cadence_guard.__all__, *rules.__all__, *testing.__all__}
    assert not missing(REFERENCE / "python.md", wanted)


def test_every_error() -> None:
    raised = {name for name in vars(errors) if hasattr(getattr(errors, name), "with_traceback")}
    assert not missing(REFERENCE / "errors.md", raised)


def test_every_command_and_option() -> None:
    wanted = set(app.commands)
    for command in app.commands.values():
        wanted |= {name for param in command.params for name in param.opts if name[:2] == "--"}
    assert not missing(REFERENCE / "cli.md", wanted)


def test_the_list_for_machines_names_every_page() -> None:
    listed = set(re.findall(r"\]\(([^)]+)\)", (ROOT / "llms.txt").read_text("utf-8")))
    for target in listed:
        assert (ROOT / target).exists(), target
    for page in DOCS.rglob("*.md"):
        if page.parent.name != "rules":
            assert str(page.relative_to(ROOT)) in listed, page
