"""Load YAML as the YAML 1.2 core schema, with the position of every key and value.

PyYAML reads YAML 1.1, where ``21:30`` is 1290, ``NO`` is False and the last of two equal keys
wins silently. Only its parser is used here: its events are turned into data by an explicit
stack (never by recursion), and whatever could be read in two ways is refused.

JSON loads as what it is, with these limits, each of which raises: a key longer than about 1,000
characters, and the characters U+007F to U+009F, U+2028, U+2029, U+FEFF, U+FFFE and U+FFFF
unless they are escaped. A half of a surrogate pair is refused even as an escape.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cadence_guard._struct import struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Path = tuple[str | int, ...]

_BOM = "\ufeff"
_STR_TAG = "tag:yaml.org,2002:str"
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
# U+0085, U+2028 and U+2029 are line breaks to PyYAML but not in YAML 1.2, so they are refused too.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\(?:u|U0000)[dD][89a-fA-F]")
_LARGEST_ESCAPED = 200_000
"""Characters of the largest text that PyYAML's own, slow scanner is given."""
_PLAIN = re.compile(
    r"""(?P<null>null|Null|NULL|~|)
    |(?P<true>true|True|TRUE)
    |(?P<false>false|False|FALSE)
    |(?P<decimal>[-+]?[0-9]+)
    |(?P<prefixed>0o[0-7]+|0x[0-9a-fA-F]+)
    |(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)
    |(?P<special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))""",
    re.VERBOSE,
)


class YamlError(ValueError):
    """The text cannot be loaded; says what is wrong and where (line and column from 1)."""

    def __init__(self, problem: str, line: int, column: int, path: Path = ()) -> None:
        super().__init__(problem, line, column, path)
        self.problem = problem
        self.line = line
        self.column = column
        self.path = path

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.problem}"


@struct
class Mark:
    """Where a node starts and where it has ended; from 1, columns in code points."""

    line: int
    column: int
    end_line: int
    end_column: int


@struct
class Document:
    """The data of a document, the marks of its values and of its keys, both by path."""

    data: Any
    marks: dict[Path, Mark]
    key_marks: dict[Path, Mark]

    def locate(self, path: Sequence[str | int], *, key: bool = False) -> Mark:
        """Return the mark of the longest known prefix of `path`; with `key`, its key's if any."""
        whole = tuple(path)
        prefixes = (whole[:size] for size in range(len(whole), -1, -1))
        known = next(prefix for prefix in prefixes if prefix in self.marks)
        value_mark = self.marks[known]
        return self.key_marks.get(known, value_mark) if key else value_mark


def load(text: str | bytes, *, max_nodes: int = 200_000, max_depth: int = 100) -> Document:
    """Load one YAML 1.2 document (bytes must be UTF-8); an empty one gives data None.

    Raises YamlError for text that is not YAML, and for what this module refuses: control
    characters, tags other than !!str, anchors, aliases, duplicate or non-string keys, infinite
    and not-a-number values, a second document, more than `max_nodes` keys, values and
    collections, collections nested deeper than `max_depth`, and escapes of surrogate pairs in a
    text of more than 200,000 characters.
    """
    import yaml

    source = _decode(text)
    builder = _Builder(max_nodes, max_depth)
    try:
        builder.build(yaml.parse(source, Loader=_loader(source)))
    except YamlError:
        raise
    # The Python scanner lets the errors of chr() and int() out for absurd escapes and versions.
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise _syntax_error(error, builder) from error
    return Document(builder.data, builder.marks, builder.key_marks)


def _decode(text: str | bytes) -> str:
    """Return the text without its byte order mark; raise YamlError for what YAML may not hold."""
    if isinstance(text, bytes):
        try:
            source = text.decode()
        except UnicodeDecodeError as error:
            offset = error.start
            problem = f"byte 0x{text[offset]:02x} at offset {offset} is not UTF-8"
            raise YamlError(problem, *_end(text[:offset].decode().removeprefix(_BOM))) from error
    else:
        source = text
    source = source.removeprefix(_BOM)
    if bad := _FORBIDDEN.search(source):
        problem = f"character U+{ord(bad[0]):04X} is refused; use an escape in double quotes"
        raise YamlError(problem, *_end(source[: bad.start()]))
    return source


def _end(text: str) -> tuple[int, int]:
    """Return the line and the column that follow `text`."""
    lines = _LINE_BREAK.split(text)
    return len(lines), len(lines[-1]) + 1


def _loader(source: str) -> Any:
    """Return the PyYAML loader class to parse `source` with."""
    import yaml

    # libyaml refuses the surrogate pairs that JSON writes; PyYAML's own scanner passes them on.
    escape = _SURROGATE_ESCAPE.search(source)
    if escape is None and hasattr(yaml, "CSafeLoader"):
        return yaml.CSafeLoader
    if escape is not None and len(source) > _LARGEST_ESCAPED:
        problem = "so large a file with escapes of surrogate pairs is refused; write the character"
        raise YamlError(problem, *_end(source[: escape.start()]))

    class TabLoader(yaml.SafeLoader):
        """The Python loader, allowing tabs between tokens where libyaml does (JSON has them)."""

        def scan_to_next_token(self) -> None:
            super().scan_to_next_token()
            while (self.flow_level or not self.allow_simple_key) and self.peek() == "\t":
                self.forward()
                super().scan_to_next_token()

    return TabLoader


def _syntax_error(error: Exception, builder: _Builder) -> YamlError:
    """Return a YamlError for an error of PyYAML's, placed at the last node if it has no place."""
    parts = [getattr(error, name, None) for name in ("context", "problem")]
    problem = ", ".join(part for part in parts if part) or str(error)
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else builder.end
    return YamlError(problem, line, column, builder.path)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read."""

    node: Any  # dict or list
    path: Path
    start: Mark
    slot: str | int | None  # where the next value goes: key or index; None while a key is due


@dataclass(slots=True)
class _Builder:
    """Turns the events of PyYAML's parser into data and marks."""

    max_nodes: int
    max_depth: int
    data: Any = None
    marks: dict[Path, Mark] = field(default_factory=lambda: {(): Mark(1, 1, 1, 1)})
    key_marks: dict[Path, Mark] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    nodes: int = 0
    end: tuple[int, int] = (1, 1)  # where the last key or value ended

    @property
    def path(self) -> Path:
        """The path of the value that comes next, or of the mapping whose key comes next."""
        if not self.stack:
            return ()
        top = self.stack[-1]
        return top.path if top.slot is None else (*top.path, top.slot)

    def build(self, events: Iterable[Any]) -> None:
        """Read all events; raise YamlError for what is refused."""
        import yaml

        has_document = False
        for event in events:
            mark = _mark(event)
            if isinstance(event, yaml.DocumentStartEvent):
                if has_document:
                    raise self._error("more than one document", mark)
                has_document = True
            elif isinstance(event, yaml.NodeEvent):
                self._check(event, mark)
                if isinstance(event, yaml.ScalarEvent):
                    self._scalar(event, mark)
                elif isinstance(event, yaml.MappingStartEvent):
                    self._open({}, None, mark)
                else:
                    self._open([], 0, mark)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close(mark)

    def _error(self, problem: str, mark: Mark) -> YamlError:
        return YamlError(problem, mark.line, mark.column, self.path)

    def _check(self, event: Any, mark: Mark) -> None:
        """Count a node; refuse one too many, an alias, an anchor, and a tag that is not !!str."""
        import yaml

        self.nodes += 1
        if self.nodes > self.max_nodes:
            raise self._error(f"more than {self.max_nodes} keys and values", mark)
        if event.anchor is not None:  # an alias has one too: what it refers to
            raise self._error(f"anchors and aliases are refused ({event.anchor!r})", mark)
        is_string = isinstance(event, yaml.ScalarEvent) and event.tag == _STR_TAG
        if event.tag is not None and not is_string:
            raise self._error(f"the tag {event.tag!r} is refused", mark)

    def _scalar(self, event: Any, mark: Mark) -> None:
        """Read a key, or a value that is not a collection."""
        is_plain = event.implicit[0] and event.tag is None
        try:
            value = _resolve(event.value) if is_plain else _join_surrogates(event.value)
        except ValueError as error:
            raise self._error(str(error), mark) from error
        if self.stack and self.stack[-1].slot is None:
            if not isinstance(value, str):
                raise self._error(f"key is not a string: quote it, as in '{event.value}'", mark)
            self._key(value, mark)
        else:
            self.marks[self._put(value)] = mark
        self.end = mark.end_line, mark.end_column

    def _key(self, key: str, mark: Mark) -> None:
        """Remember a key of the innermost mapping for the value that comes next."""
        top = self.stack[-1]
        top.slot = key
        if key in top.node:
            line = self.key_marks[self.path].line
            raise self._error(f"duplicate key {key!r} (first on line {line})", mark)
        self.key_marks[self.path] = mark

    def _put(self, value: Any) -> Path:
        """Add a value to the innermost collection, or as the root, and return its path."""
        path = self.path
        if not self.stack:
            self.data = value
            return path
        top = self.stack[-1]
        if isinstance(top.slot, int):
            top.node.append(value)
            top.slot += 1
        else:
            top.node[top.slot] = value
            top.slot = None
        return path

    def _open(self, node: Any, slot: int | None, mark: Mark) -> None:
        """Start a collection."""
        if self.stack and self.stack[-1].slot is None:
            raise self._error("key is not a string but a collection", mark)
        if len(self.stack) == self.max_depth:
            raise self._error(f"nested deeper than {self.max_depth} levels", mark)
        self.stack.append(_Open(node, self._put(node), mark, slot))

    def _close(self, mark: Mark) -> None:
        """End the innermost collection."""
        # Without a bracket the end event has no width and stands at the next token, maybe lines
        # below; such a collection ends where its last value did.
        if (mark.line, mark.column) != (mark.end_line, mark.end_column):
            self.end = mark.end_line, mark.end_column
        top = self.stack.pop()
        self.marks[top.path] = Mark(top.start.line, top.start.column, *self.end)


def _mark(event: Any) -> Mark:
    """Return the place of an event."""
    start, end = event.start_mark, event.end_mark
    return Mark(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _resolve(text: str) -> str | int | float | bool | None:
    """Return the core schema's reading of a plain scalar; raise ValueError for what is refused."""
    match = _PLAIN.fullmatch(text)
    kind = match.lastgroup if match else None
    if kind is None:
        return text
    if kind == "null":
        return None
    if kind in ("true", "false"):
        return kind == "true"
    if kind == "prefixed":
        return int(text, 0)
    if kind == "decimal":
        try:
            return int(text)
        except ValueError:  # Python's limit on digits
            raise ValueError(f"integer of {len(text)} characters is too long") from None
    number = math.inf if kind == "special" else float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is not a finite number")
    return number


def _join_surrogates(text: str) -> str:
    """Return `text` with surrogate pairs joined; raise ValueError for half a pair."""
    if not _SURROGATE.search(text):
        return text
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise ValueError("escape of half a surrogate pair") from None
