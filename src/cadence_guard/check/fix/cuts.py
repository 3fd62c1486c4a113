"""Writing a native file: what changes of its text, and nothing else."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cadence_guard.cadence import BusinessDays, Elapsed, LocalDays, Wait, Where
from cadence_guard.check.fix.edits import PUT, Edit, text_of
from cadence_guard.importers import native
from cadence_guard.importers._source import Source


class _Cut(NamedTuple):
    """A piece of a text, and what stands there instead."""

    start: int
    end: int
    text: str


def written(source: Source, edits: Sequence[Edit]) -> str:
    """The text of a file after the edits; all else stays, comments too."""
    text = source.text
    breaks = "\n" if source.is_json else "\r\n|\r|\n"
    lines = [0, *(match.end() for match in re.finditer(breaks, text))]
    cuts: list[_Cut] = []
    puts: dict[Where, dict[str, Edit]] = {}
    for edit in edits:
        if edit.old is None:
            item, kind = _item_of(edit.where)
            puts.setdefault(item, {})[kind] = edit
        else:
            path = edit.where if edit.where[-1] == "every" else (*edit.where, "wait")
            cuts += _set_cuts(source, lines, path, edit.new)
    for item, kinds in puts.items():
        jumps = tuple(_jumps(source, item)) if set(kinds) - {native.SLOT} else ()
        for place in (item, *jumps):
            put = [kind for kind in PUT if kind in kinds and (place == item or kind != native.SLOT)]
            cuts.append(_put_cut(source, lines, place, [kinds[kind].said for kind in put]))
    for cut in sorted(cuts, reverse=True):
        text = text[: cut.start] + cut.text + text[cut.end :]
    return text


def _item_of(where: Where) -> tuple[Where, str]:
    """The item before which a wait is put, and its kind."""
    kind = str(where[-1])
    while where[-1] in PUT:
        where = where[:-1]
    return where, kind


def _jumps(source: Source, item: Where) -> Iterator[Where]:
    """The items of the same cadence that jump to a step: what is put before it goes there, too."""
    id_ = _value(source.data, item).get("id")
    top = item[: item.index("steps")]
    todo: list[tuple[Where, Any]] = [(top, _value(source.data, top))]
    while todo:
        where, value = todo.pop()
        if isinstance(value, dict):
            if id_ is not None and value.get("go_to") == id_:
                yield where
            todo += [((*where, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            todo += [((*where, place), inner) for place, inner in enumerate(value)]


def _value(data: Any, where: Where) -> Any:
    for key in where:
        data = data[key]
    return data


def _span(source: Source, lines: Sequence[int], where: Where) -> tuple[int, int]:
    mark = source.mark(where)
    start = lines[mark.line - 1] + mark.column - 1
    if source.is_json and source.text[start] in "{[":  # its mark is that of the bracket
        return start, json.JSONDecoder().raw_decode(source.text, start)[1]
    return start, lines[mark.end_line - 1] + mark.end_column - 1


def _set_cuts(source: Source, lines: Sequence[int], path: Where, wait: Wait) -> Iterator[_Cut]:
    """What is changed in a wait as written."""

    def cut(where: Where, text: str) -> _Cut:
        start, end = _span(source, lines, where)
        quote = source.text[start]
        if quote in "|>":  # a block ends with the line
            end = start + len(source.text[start:end].rstrip())
        return _Cut(start, end, f"{quote}{text}{quote}" if quote in "\"'" else text)

    said = _value(source.data, path)
    if isinstance(wait, LocalDays):
        yield cut((*path, "local_days"), str(wait.days))
        return
    if isinstance(wait, BusinessDays):
        yield cut((*path, "business_days"), str(wait.days))
        return
    assert isinstance(wait, Elapsed)  # nothing else is set
    texts = {"min": text_of(wait.low)}
    if wait.high is not None:
        texts["max"] = text_of(wait.high)
    exact = wait.low == wait.high
    if isinstance(said, str):
        yield cut(path, texts["min"] if exact or ".." not in said else "..".join(texts.values()))
        return
    start, end = _span(source, lines, path)
    in_flow = source.text[start] == "{"
    if exact and in_flow and "#" not in source.text[start:end]:  # a comment stays
        yield _Cut(start, end, _flow(texts["min"], as_json=source.is_json))
        return
    for key in said:
        yield cut((*path, key), texts[key])
    if "min" not in said:
        mark = source.mark((*path, "max"), key=True)
        place = lines[mark.line - 1] + mark.column - 1
        first = _flow({"min": texts["min"]}, as_json=source.is_json)[1:-1]
        yield _Cut(place, place, first + (", " if in_flow else "\n" + " " * (mark.column - 1)))


def _put_cut(source: Source, lines: Sequence[int], item: Where, waits: Sequence[Any]) -> _Cut:
    """The waits as items before another, or at the end of its list.

    If that one stands on lines of its own, so do they, above its comments.
    """
    text = source.text
    at_end = item[-1] == len(_value(source.data, item[:-1]))
    beside = (*item[:-1], int(item[-1]) - 1) if at_end else item
    start, end = _span(source, lines, beside)
    steps, _ = _span(source, lines, item[:-1])
    if source.is_json or text[steps] == "[":
        items = [_flow({"wait": wait}, as_json=source.is_json) for wait in waits]
        if at_end:
            return _Cut(end, end, "".join(f", {one}" for one in items))
        return _Cut(start, start, "".join(f"{one}, " for one in items))
    row = bisect_right(lines, steps) - 1
    indent = text[lines[row] : steps]
    if indent.strip():
        raise source.error(
            item[:-1], "a wait is to be put into this list; begin it on a line of its own"
        )
    row = source.mark(beside).line - 1
    while not text.startswith(f"{indent}-", lines[row]):  # the dash may stand above
        row -= 1
    new_line = next((end for end in ("\r\n", "\n", "\r") if end in text), "\n")
    put = [f"{indent}- wait: {_flow(wait, as_json=False)}{new_line}" for wait in waits]
    if at_end:
        row = bisect_right(lines, len(text[:end].rstrip()) - 1)
        if row == len(lines):  # the last line, and nothing ends it
            return _Cut(len(text), len(text), new_line + "".join(put).removesuffix(new_line))
    else:
        while row and text[lines[row - 1] : lines[row]].lstrip().startswith("#"):
            row -= 1
    return _Cut(lines[row], lines[row], "".join(put))


def _flow(value: Any, *, as_json: bool) -> str:
    """A value on one line, as JSON or as YAML."""
    if as_json:
        return json.dumps(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_flow(v, as_json=False)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one, as_json=False) for one in value) + "]"
    return json.dumps(value) if ":" in value else value
