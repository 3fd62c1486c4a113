"""A cadence file as text and data, with places."""

from __future__ import annotations

from pathlib import Path

import pytest

from cadence_guard.errors import CadenceError
from cadence_guard.importers import read
from cadence_guard.importers._source import LARGEST, Source

JSON = '{"a": [1, {"b c": "x\\"y"}],\n  "d": {}, "e": []}'


@pytest.mark.parametrize(
    ("where", "line", "column"),
    [
        ((), 1, 1),
        (("a",), 1, 7),
        (("a", 0), 1, 8),
        (("a", 1), 1, 11),
        (("a", 1, "b c"), 1, 19),
        (("d",), 2, 8),
        (("e",), 2, 17),
        (("e", 4, "f"), 2, 17),
    ],
)
def test_every_value_of_json_has_its_place(
    where: tuple[str | int, ...], line: int, column: int
) -> None:
    mark = Source("f.json", JSON.encode()).mark(where)
    assert (mark.line, mark.column) == (line, column)


def test_a_key_has_a_place_of_its_own() -> None:
    mark = Source("f.json", JSON.encode()).mark(("d",), key=True)
    assert (mark.line, mark.column, mark.end_column) == (2, 3, 6)


def test_an_error_says_where() -> None:
    for source in (
        Source("f.json", JSON.encode()),
        Source("f.yaml", b"\xef\xbb\xbfa: 1\r\nd: 2\r\n"),
    ):
        assert str(source.error(("d",), "no")).startswith(f"{source.path}:2:")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: \xff", "byte 0xff at offset 3 is not UTF-8"),
        (b" " * (LARGEST + 1), f"larger than {LARGEST:,} bytes"),
        (b'{"a": 1, "a": 2}', "duplicate key 'a'"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b'{"a": 1', "f:1:8: not JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b"a: [1\n]]", "f:2:2: "),
        (b"a: &b 1", "f:1:4: "),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, problem: str) -> None:
    with pytest.raises(CadenceError) as caught:
        Source("f", content)
    assert str(caught.value).startswith("f")
    assert problem in str(caught.value)


def test_yaml_may_begin_with_a_brace() -> None:
    assert Source("f", b"{a: [1, two]}").data == {"a": [1, "two"]}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CadenceError, match="cannot be read: No such file"):
        Source.open(tmp_path / "nowhere.yaml")


def test_what_no_importer_recognises_is_no_pass() -> None:
    with pytest.raises(CadenceError, match="no known cadence format"):
        read(Source("f", b"just: text"))


@pytest.mark.parametrize(
    ("content", "place", "problem"),
    [
        (
            b"version: 1\ncadence: hello\n",
            ":2:10",
            ": 'cadence' is not a mapping with name, purpose",
        ),
        (b"cadence: [1]", ":1:10", ": 'cadence' is not a mapping"),
        (b"cadences: {a: 1}", ":1:11", ": 'cadences' is not a list of cadences"),
        (b"a: 1\ncadense: {}\n", ":2:1", ": unknown key 'cadense'; did you mean 'cadence'?"),
        (b'{"a": 1,\n "Cadences": []}', ":2:2", "; did you mean 'cadences'?"),
        (b"", "", ": the file says nothing"),
        (b"# only a comment\n", "", ": the file says nothing"),
        (b"audience: {}\n", "", None),
        (b"k" * 101 + b": 1", "", None),
        (b"\n".join(b"k%d: 1" % n for n in range(100)) + b"\ncadense: 1", "", None),
        (b"[cadence]", "", None),
    ],
)
def test_what_is_nearly_a_native_file_is_told_so(
    content: bytes, place: str, problem: str | None
) -> None:
    with pytest.raises(CadenceError) as caught:
        read(Source("f", content))
    text = str(caught.value)
    assert text.startswith(f"f{place}: no known cadence format")
    assert text.endswith("format") if problem is None else problem in text


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no file without an end here")
def test_a_file_without_an_end() -> None:
    with pytest.raises(CadenceError, match="larger than"):
        Source.open("/dev/zero")


def test_mappings_too_many_and_too_deep_for_their_places_are_refused() -> None:
    deep = b"[" * 98 + b",".join([b"[]"] * 60_000) + b"]" * 98
    found = Source("plan.json", deep)
    with pytest.raises(CadenceError, match=r"^plan\.json: too many lists and mappings, nested"):
        _ = found.collections
    wide = Source("plan.json", b"[" + b",".join([b"[]"] * 60_000) + b"]")
    assert len(wide.collections) == 60_001


def test_what_looks_like_brackets_in_a_text_is_none() -> None:
    source = Source("plan.json", rb'{"a\u0022]": ["}, [:", {"b": "\\"}], "c": 1}')
    assert source.mark(('a"]', 0)).column == 15
    assert source.mark(('a"]', 1, "b"), key=True).column == 25
    assert source.mark(("c",)).column == 43
    assert source.mark(('a"]', 1, "nowhere"), key=True) == source.mark(('a"]', 1))
