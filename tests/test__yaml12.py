"""YAML is read as the 1.2 core schema, with positions; whatever is doubtful is refused."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cadence_guard._yaml12 import Mark, YamlError, load

LOADERS = ("libyaml", "python")


def refused(text: str | bytes, **limits: int) -> YamlError:
    """Return the error that loading `text` raises."""
    with pytest.raises(YamlError) as caught:
        load(text, **limits)
    return caught.value


@pytest.fixture(params=LOADERS)
def each_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with libyaml's parser and with PyYAML's own."""
    if request.param == "python":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("~", None),
        ("---", None),
        ("nULL", "nULL"),
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("false", False),
        ("False", False),
        ("FALSE", False),
        ("0", 0),
        ("-12", -12),
        ("+12", 12),
        ("0777", 777),
        ("0o17", 15),
        ("0x1F", 31),
        ("0o8", "0o8"),
        ("-0x1F", "-0x1F"),
        ("0b1", "0b1"),
        ("1_000", "1_000"),
        ("٣", "٣"),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("1.5E-1", 0.15),
        (".", "."),
        ("1e", "1e"),
        ("Infinity", "Infinity"),
        ("NaN", "NaN"),
        ("'1'", "1"),
        ('"null"', "null"),
        ("!!str 21", "21"),
        ("!!str", ""),
        ("|\n  5\n", "5\n"),
    ],
)
@pytest.mark.usefixtures("each_loader")
def test_scalars_follow_the_core_schema(text: str, value: Any) -> None:
    data = load(text).data
    assert data == value
    assert type(data) is type(value)


@pytest.mark.parametrize(
    "text", ["21:30", "190:20:30", "NO", "no", "yes", "on", "off", "y", "2024-01-01", "=", "<<"]
)
@pytest.mark.usefixtures("each_loader")
def test_what_only_yaml_1_1_converts_stays_text(text: str) -> None:
    assert load(text).data == text
    assert load(f"{text}: {text}").data == {text: text}


@pytest.mark.parametrize("text", [".inf", "-.Inf", "+.INF", ".nan", ".NaN", ".NAN", "1e999"])
def test_a_number_that_is_not_finite_is_refused(text: str) -> None:
    error = refused(f"max: {text}")
    assert str(error) == f"line 1, column 6: {text} is not a finite number"
    assert error.path == ("max",)


def test_an_integer_beyond_pythons_digit_limit_is_refused() -> None:
    assert refused("9" * 5000).problem == "integer of 5000 characters is too long"


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "\ufeff", b"\xef\xbb\xbf"])
@pytest.mark.usefixtures("each_loader")
def test_an_empty_document_is_none(text: str | bytes) -> None:
    document = load(text)
    assert document.data is None
    assert document.locate(("a", 0)) == Mark(1, 1, 1, 1)


TEXT = """\
limits:
  - max: 3
    per: [day,
          week]

  - {}
"größe 😀": |
  text
none:
"""


@pytest.mark.usefixtures("each_loader")
def test_every_value_and_key_has_its_mark() -> None:
    document = load(TEXT)
    assert document.data == {
        "limits": [{"max": 3, "per": ["day", "week"]}, {}],
        "größe 😀": "text\n",
        "none": None,
    }
    assert document.marks == {
        (): Mark(1, 1, 9, 6),
        ("limits",): Mark(2, 3, 6, 7),
        ("limits", 0): Mark(2, 5, 4, 16),
        ("limits", 0, "max"): Mark(2, 10, 2, 11),
        ("limits", 0, "per"): Mark(3, 10, 4, 16),
        ("limits", 0, "per", 0): Mark(3, 11, 3, 14),
        ("limits", 0, "per", 1): Mark(4, 11, 4, 15),
        ("limits", 1): Mark(6, 5, 6, 7),
        ("größe 😀",): Mark(7, 12, 9, 1),
        ("none",): Mark(9, 6, 9, 6),
    }
    assert document.key_marks == {
        ("limits",): Mark(1, 1, 1, 7),
        ("limits", 0, "max"): Mark(2, 5, 2, 8),
        ("limits", 0, "per"): Mark(3, 5, 3, 8),
        ("größe 😀",): Mark(7, 1, 7, 10),
        ("none",): Mark(9, 1, 9, 5),
    }


@pytest.mark.usefixtures("each_loader")
def test_a_pair_in_a_flow_sequence_ends_with_its_value() -> None:
    document = load("[a: 1 , b]")
    assert document.data == [{"a": 1}, "b"]
    assert document.marks[(0,)] == Mark(1, 2, 1, 6)


def test_locate_takes_the_longest_known_prefix() -> None:
    document = load("a:\n  b: 1\n")
    assert document.locate(("a", "b")) == Mark(2, 6, 2, 7)
    assert document.locate(["a", "b", "int", 0]) == Mark(2, 6, 2, 7)
    assert document.locate(("a", "tag", "b")) == Mark(2, 3, 2, 7)
    assert document.locate(("x",)) == Mark(1, 1, 2, 7)


def test_locate_prefers_the_key_if_asked_and_there_is_one() -> None:
    document = load("a: [1]\n")
    assert document.locate(("a",), key=True) == Mark(1, 1, 1, 2)
    assert document.locate(("a", 0), key=True) == Mark(1, 5, 1, 6)
    assert document.locate((), key=True) == Mark(1, 1, 1, 7)


def test_a_duplicate_key_is_refused_with_both_places() -> None:
    error = refused("limits:\n  max: 1\n  max: 2\n")
    assert str(error) == "line 3, column 3: duplicate key 'max' (first on line 2)"
    assert error.problem == "duplicate key 'max' (first on line 2)"
    assert (error.line, error.column, error.path) == (3, 3, ("limits", "max"))


def test_a_key_is_a_duplicate_however_it_is_quoted() -> None:
    assert refused("a: {max: 1, 'max': 2}").column == 13


def test_equal_keys_of_different_mappings_are_no_duplicates() -> None:
    assert load("[{a: {a: 1}}, {a: 2}]").data == [{"a": {"a": 1}}, {"a": 2}]


@pytest.mark.parametrize("key", ["1", "1.5", "null", "~", "true"])
def test_a_key_that_is_not_a_string_is_refused_and_told_to_be_quoted(key: str) -> None:
    error = refused(f"a:\n  {key}: x\n")
    assert str(error) == f"line 2, column 3: key is not a string: quote it, as in '{key}'"
    assert error.path == ("a",)
    assert load(f"a:\n  '{key}': x\n").data == {"a": {key: "x"}}


def test_an_empty_key_is_refused() -> None:
    assert refused("?\n: x").problem == "key is not a string: quote it, as in ''"


@pytest.mark.parametrize("text", ["? [a]\n: 1", "{{a: 1}: 2}", "[a]: 1"])
def test_a_key_that_is_a_collection_is_refused(text: str) -> None:
    assert refused(text).problem == "key is not a string but a collection"


@pytest.mark.parametrize(
    ("text", "column"),
    [("a: &x 1", 4), ("a: &x [1]", 4), ("a: *x", 4), ("&x a: 1", 1), ("{a: *x}", 5)],
)
@pytest.mark.usefixtures("each_loader")
def test_anchors_and_aliases_are_refused(text: str, column: int) -> None:
    error = refused(text)
    assert str(error) == f"line 1, column {column}: anchors and aliases are refused ('x')"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("!foo x", "!foo"),
        ("! x", "!"),
        ("!!int 3", "tag:yaml.org,2002:int"),
        ("!!python/object:os.system {}", "tag:yaml.org,2002:python/object:os.system"),
        ("!!str [x]", "tag:yaml.org,2002:str"),
        ("!!map {}", "tag:yaml.org,2002:map"),
        ("!foo k: v", "!foo"),
    ],
)
@pytest.mark.usefixtures("each_loader")
def test_a_tag_other_than_str_is_refused(text: str, tag: str) -> None:
    assert str(refused(text)) == f"line 1, column 1: the tag {tag!r} is refused"


@pytest.mark.parametrize("text", ["a\n---\nb\n", "---\n---\n", "a\n...\n---\n"])
def test_a_second_document_is_refused(text: str) -> None:
    error = refused(text)
    assert error.problem == "more than one document"
    assert error.line == text.rstrip("b\n").count("\n") + 1


@pytest.mark.usefixtures("each_loader")
def test_document_markers_around_one_document_are_fine() -> None:
    assert load("%YAML 1.2\n---\na: 1\n...\n").data == {"a": 1}


def test_nesting_is_allowed_up_to_the_limit() -> None:
    assert load("[{a: [1]}]", max_depth=3).data == [{"a": [1]}]
    error = refused("[{a: [1]}]", max_depth=2)
    assert str(error) == "line 1, column 6: nested deeper than 2 levels"
    assert error.path == (0, "a")
    load("[" * 100 + "]" * 100)
    assert refused("[" * 101 + "]" * 101).column == 101


@pytest.mark.parametrize("unit", ["[", "{a: ", "- ", "? ", "[\n", "{a: [", "? - "])
@pytest.mark.usefixtures("each_loader")
def test_absurd_nesting_is_refused(unit: str) -> None:
    refused(unit * 100_000)


def test_keys_values_and_collections_are_counted_up_to_the_limit() -> None:
    assert load("{a: [1, 2]}", max_nodes=5).data == {"a": [1, 2]}
    assert str(refused("{a: [1, 2]}", max_nodes=4)) == (
        "line 1, column 9: more than 4 keys and values"
    )


@pytest.mark.parametrize(
    "character",
    ["\0", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\ufffe", "\ud800"],
)
def test_a_raw_character_that_yaml_may_not_hold_is_refused(character: str) -> None:
    code = f"U+{ord(character):04X}"
    problem = f"character {code} is refused; use an escape in double quotes"
    assert str(refused(f'a: 1\r\né: "{character}"')) == f"line 2, column 5: {problem}"


@pytest.mark.usefixtures("each_loader")
def test_the_same_characters_are_fine_as_escapes() -> None:
    assert load(r'"\u0000\u0007\u007f\u0085\u2028\ufeff\ufffe"').data == (
        "\0\x07\x7f\x85\u2028\ufeff\ufffe"
    )


def test_utf_8_bytes_load_with_or_without_a_byte_order_mark() -> None:
    for text in ("é: 1", "\ufeffé: 1"):
        for source in (text, text.encode()):
            document = load(source)
            assert document.data == {"é": 1}
            assert document.marks[("é",)] == Mark(1, 4, 1, 5)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a: 1\nb: é".encode("latin-1"), "line 2, column 4: byte 0xe9 at offset 8 is not UTF-8"),
        ("ü: ".encode() + b"\xe9", "line 1, column 4: byte 0xe9 at offset 4 is not UTF-8"),
        (b"\xef\xbb\xbf\xe9", "line 1, column 1: byte 0xe9 at offset 3 is not UTF-8"),
        ("a".encode("utf-16"), "line 1, column 1: byte 0xff at offset 0 is not UTF-8"),
        (b"\xed\xa0\x80", "line 1, column 1: byte 0xed at offset 0 is not UTF-8"),
    ],
)
def test_bytes_that_are_not_utf_8_are_refused_at_their_offset(source: bytes, message: str) -> None:
    assert str(refused(source)) == message


@pytest.mark.parametrize(
    ("text", "line", "path"),
    [
        ("a: [1,\nb: 2", 2, ("a", 1)),
        ("a: 1\n b: 2", 2, ("a",)),
        ("a:\n  - 'x", 2, ("a", 0)),
        ("a: 1\n\tb: 2", 2, ("a",)),
        ("a: }", 1, ("a",)),
        ("@x", 1, ()),
        ("!x!y z", 1, ()),
        ("%YAML 2.0\n---\n", 1, ()),
    ],
)
@pytest.mark.usefixtures("each_loader")
def test_a_syntax_error_has_its_place(text: str, line: int, path: tuple[str | int, ...]) -> None:
    error = refused(text)
    assert error.line in (line, line + 1)
    assert error.column >= 1
    assert error.problem


def test_a_syntax_error_says_what_was_being_read() -> None:
    error = refused("a:\n  - [1, 2")
    assert error.problem.startswith("while parsing a flow sequence, ")
    assert error.path == ("a", 0, 2)


def test_an_escape_beyond_unicode_is_refused_by_either_scanner() -> None:
    """The Python scanner lets chr()'s error out, without a place: the last node's is given."""
    assert refused(r'["\U00110000"]').line == 1
    error = refused('- x\n- y\n- ["\\ud83d\\ude00", "\\U00110000"]')
    assert (error.line, error.column, error.path) == (2, 4, (2,))
    assert "chr()" in error.problem


def test_surrogate_pairs_as_json_writes_them_are_joined() -> None:
    text = json.dumps({"😀": ["a😀b", "\ufeff😀"]}, indent="\t")
    assert "\\ud83d\\ude00" in text
    document = load(text)
    assert document.data == {"😀": ["a😀b", "\ufeff😀"]}
    assert document.marks[("😀", 0)] == Mark(3, 3, 3, 19)


@pytest.mark.parametrize("text", [r'"\ud83d"', r'"\ude00\ud83d"', r'"\ud83dx"'])
def test_half_a_surrogate_pair_is_refused(text: str) -> None:
    assert str(refused(text)) == "line 1, column 1: escape of half a surrogate pair"


def test_the_slow_scanner_is_not_given_a_large_text() -> None:
    text = 'a: 1\nb: "\\ud83d\\ude00"\n'
    assert load(text + "#" * 100_000).data == {"a": 1, "b": "\U0001f600"}
    assert str(refused(text + "#" * 200_000)).startswith("line 2, column 5: so large a file")


def test_text_that_only_looks_like_a_surrogate_escape_is_kept() -> None:
    assert load(r"['\ud83d', \ud83d]").data == [r"\ud83d", r"\ud83d"]


@pytest.mark.usefixtures("each_loader")
def test_tabs_may_stand_between_tokens_but_not_indent_a_block() -> None:
    assert load('{\n\t"a":\t[1,\t2]\t}\t').data == {"a": [1, 2]}
    assert load("a:\t1\t# x\nb:\t[\n\t]").data == {"a": 1, "b": []}
    refused("a:\n\tb: 1\n")


def test_an_error_survives_pickling() -> None:
    error = refused("a: 1\na: 2")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.path) == (str(error), error.path)


def test_importing_the_module_does_not_import_yaml() -> None:
    code = "import sys, cadence_guard._yaml12; sys.exit('yaml' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# Raw U+007F is refused (json.dumps leaves it), and long keys are no YAML.
JSON_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x7f"))
JSON_DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | JSON_TEXT,
    lambda inner: (
        st.lists(inner) | st.dictionaries(JSON_TEXT.filter(lambda key: len(key) < 80), inner)
    ),
)


@given(JSON_DATA, st.sampled_from([None, 2, "\t"]))
def test_json_loads_as_the_same_data(data: Any, indent: int | str | None) -> None:
    loaded = load(json.dumps(data, indent=indent)).data
    assert loaded == data
    assert json.dumps(loaded) == json.dumps(data)


YAML_TOKENS = st.sampled_from(
    [
        *"[]{}:,-?!&*|>'\"%@`#~<=.\\ \n\t\r0aé😀\0\ufeff",
        *(": ", "- ", "\n  ", "---\n", "...\n", "%YAML 1.1\n", "!!str ", "1e999"),
        *("\\ud83d", "\\ude00", "\\x", "\\U00110000"),
    ]
)


@given(st.text() | st.lists(YAML_TOKENS).map("".join) | st.binary())
def test_any_text_loads_or_raises_a_yaml_error_with_a_place(text: str | bytes) -> None:
    try:
        load(text)
    except YamlError as error:
        place = (error.line, error.column)
    else:
        place = (1, 1)
    assert place >= (1, 1)
    assert place[1] >= 1
