"""Contact points: one spelling each, and masks that tell nobody whose they are."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cadence_guard import EventError, Guard, parse_events
from cadence_guard.events import parse_event
from cadence_guard.points import (
    HASHED,
    is_email,
    is_phone,
    kind_by_look,
    mask,
    normalise,
    written,
)
from cadence_guard.words import CHANNEL_KIND, KINDS


@pytest.fixture
def _without_phonenumbers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The extra `phone` is not installed, and nothing asked before is remembered."""
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    normalise.cache_clear()
    yield
    normalise.cache_clear()


@pytest.mark.parametrize(
    ("value", "point"),
    [
        (" AL@Example.ORG\t", "al@example.org"),
        ("ＡＬ＠example.org", "al@example.org"),
        ("al@example.org.", "al@example.org"),
        ("al@example.org..", "al@example.org"),
        ("al@Bücher.example", "al@xn--bcher-kva.example"),
        ("al@bu\u0308cher.example", "al@xn--bcher-kva.example"),
        ("al@BÜCHER.example.", "al@xn--bcher-kva.example"),
        ("al@XN--BCHER-KVA.example", "al@xn--bcher-kva.example"),
        ("STRASSE@b.example", "strasse@b.example"),
        ("Straße@b.example", "strasse@b.example"),
        ("a.l+news@b.example", "a.l+news@b.example"),
        ("al@b..example", "al@b..example"),
        ("al@bü..example", "al@bü..example"),
        ("al@" + "b" * 64 + ".example", "al@" + "b" * 64 + ".example"),
        ("al@localhost", "al@localhost"),
        ("al@", "al@"),
        ("Two  Words@b.example", "two words@b.example"),
        ("al@b.example\u3002", "al@b.example"),
        ("al@b\u3002example.\u3002", "al@b.example"),
        ("Al <AL@b.example>", "al@b.example"),
        ('"Berg, Al" <al@b.example>', "al@b.example"),
        ("mailto:al@b.example", "al@b.example"),
        ("\u200bal@b\u00ad.example", "al@b.example"),
        ("al<al@b.example", "al<al@b.example"),
    ],
)
def test_an_address_is_folded_and_its_domain_ascii(value: str, point: str) -> None:
    """Blanks, case, width, IDN and a trailing dot are no difference; what is no address is text."""
    assert normalise(value, "email") == normalise(value) == point


@pytest.mark.parametrize(
    ("value", "point"),
    [
        ("mailto:" + "a%40" * 50_000 + " x", None),
        ("mailto:" + "a" * 100_000 + " x", None),
        ("<a@" * 50_000, None),
        ("mailto:ada%40b.example?subject=" + "%40" * 50_000, "ada@b.example"),
        ("mailto:ada@b.example>", "ada@b.example"),
    ],
    ids=["marks", "letters", "brackets", "a subject", "the end of a bracket"],
)
def test_an_address_as_long_as_a_line_is_read_at_once(value: str, point: str | None) -> None:
    """Nothing is tried twice: this would take hours otherwise, and the others wait."""
    is_read = normalise(value) == (point or value)
    assert is_read


def test_dots_and_plus_tags_stay() -> None:
    """They are other mailboxes for all anybody can tell."""
    spellings = ("a.l@b.example", "al@b.example", "al+x@b.example")
    assert len({normalise(value) for value in spellings}) == 3


@pytest.mark.parametrize(
    "value",
    [
        *("+15125550143", " +1 512 555 0143 ", "+1 (512) 555-0143", "+1.512.555.0143"),
        *("+1 512 555 0143 ext. 5", "+15125550143;ext=5", "+1 512 555 0143 x 5", "+15125550143#5"),
        *("+1/512/555–0143", "tel:+1-512-555-0143", "TEL:+15125550143", "001 512 555 0143"),
        *("＋１５１２５５５０１４３", "+1\u00a0512\u00a05550143", "(+1) 512 555 0143"),
    ],
)
def test_an_international_number_is_e164(value: str) -> None:
    """Blanks, punctuation, width, `tel:` and `00` are no difference, with or without a country."""
    for kind in ("phone", None):
        for country in (None, "DE"):
            assert normalise(value, kind, country) == "+15125550143"


def test_the_zero_in_brackets_is_not_dialled() -> None:
    """`+44 (0)20` is `+44 20`; in a national number the zero says nothing and stays."""
    assert normalise("+44 (0)20 7946 0958", "phone") == "+442079460958"
    assert normalise("0044 (0)20 7946 0958", "phone") == "+442079460958"
    assert normalise("(+44) (0)20 7946 0958", "phone") == "+442079460958"
    assert normalise("tel: +44 (0)20 7946 0958", "phone") == "+442079460958"
    assert normalise("(0)20 7946 0958", "phone", "GB") == "+442079460958"
    assert not is_phone(normalise("(0)20 7946 0958", "phone"))


@pytest.mark.parametrize(
    ("value", "country", "point"),
    [
        ("(512) 555-0143", "US", "+15125550143"),
        ("512.555.0143", "CA", "+15125550143"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("030 901820", "DE", "+4930901820"),
        ("(512) 555-0143", None, "5125550143"),
        ("512-555-0143", None, "5125550143"),
        ("0512 555 0143", None, "5125550143"),
        ("12", "US", "12"),
        ("0123", None, "0123"),
        ("01234", None, "1234"),
        ("00000", None, "00000"),
        # What follows ten digits and a comma is dialled later.
        ("512 555 0143, 7", None, "5125550143"),
        ("51 255 5014, 7", None, "5125550147"),
        ("555 0143 555 0143 555 0143", "US", "555014355501435550143"),
        ("020 7946 0958", "ZZ", "2079460958"),
        ("Ring  Me", "US", "ring me"),
        ("()", "US", "()"),
        ("+0 512 555 0143", None, "+0 512 555 0143"),
        ("+1512+5550143", None, "+1512+5550143"),
        ("+123", None, "+123"),
        ("+1512555014\u0663", None, "+15125550143"),
        ("+1512555014\u0436", None, "+1512555014\u0436"),
    ],
)
def test_a_national_number_needs_its_country(value: str, country: str | None, point: str) -> None:
    """With one it is E.164 too; without, or if no such number can be, its digits stay."""
    assert normalise(value, "phone", country) == point
    assert is_phone(point) == (point[0] == "+" and point[1:].isdecimal() and len(point) > 6)


@pytest.mark.usefixtures("_without_phonenumbers")
def test_without_the_extra_the_digits_of_a_national_number_stay() -> None:
    """International ones need no extra."""
    assert normalise("(512) 555-0143", "phone", "US") == "5125550143"
    assert not is_phone(normalise("(512) 555-0143", "phone", "US"))
    assert normalise("+1 (512) 555-0143", "phone", "US") == "+15125550143"


@pytest.mark.parametrize(
    ("value", "kind", "point"),
    [
        ("@Anna_Lena", "social", "anna_lena"),
        ("Anna_Lena", "social", "anna_lena"),
        (" @ANNA ", None, "anna"),
        ("@anna@social.example", None, "anna@social.example"),
        ("12345678", "social", "12345678"),
        ("@ Home, Main Street", "post", "@ home, main street"),
        ("0123 456 789", "post", "0123 456 789"),
        ("Main  Street 1,\n78701 Austin", "post", "main street 1, 78701 austin"),
        ("  Some\tBody ", None, "some body"),
        ("", None, ""),
    ],
)
def test_a_handle_and_an_address_are_texts(value: str, kind: str | None, point: str) -> None:
    """A handle loses its `@`; all else is casefolded, with single blanks."""
    assert normalise(value, kind) == point


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("a@b.example", "email"),
        ("a@b", "email"),
        ("@anna", "social"),
        ("512 555 0143", "phone"),
        ("tel:+15125550143", "phone"),
        ("+15125550143", "phone"),
        ("1234", "post"),
        ("1 Main Street, 78701", "post"),
        ("call 512 555 0143", "post"),
        ("012 34", "phone"),
        ("a@b@c", "post"),
    ],
)
def test_the_kind_is_guessed_by_the_look(value: str, kind: str) -> None:
    """Without a kind: an `@` inside, one at the front, five digits without a letter, or text."""
    assert normalise(value, None, "US") == normalise(value, kind, "US")


@pytest.mark.parametrize(
    ("point", "others"),
    [
        ("+15125550143", {"15125550143", "5125550143", "125550143", "25550143"}),
        ("+4930901820", {"4930901820", "930901820", "30901820", "901820"}),
        ("+35312345", {"35312345", "5312345", "312345", "12345"}),
        ("+3531234", {"3531234", "531234", "31234"}),
        ("+390612345", {"390612345", "90612345", "612345"}),
        ("5125550143", set()),
        ("a@b.example", set()),
        ("anna-lena", set()),
    ],
)
def test_a_number_may_be_written_without_its_country(point: str, others: set[str]) -> None:
    """A code has one to three digits, and what is left of a number is one with five."""
    assert written(point)[0] == point
    assert set(written(point)[1:]) == others


@pytest.mark.parametrize(
    ("value", "country"),
    [("8 (912) 345-67-89", "RU"), ("06 20 123 4567", "HU"), ("8 029 123-45-67", "BY"),
     ("8 65 123456", "TM"), ("01632 960961", "GB")],
)  # fmt: skip
def test_what_is_dialled_at_home_is_among_what_may_be_written(value: str, country: str) -> None:
    point = normalise(value, "phone", country)
    assert point.startswith("+")
    assert normalise(value, "phone") in written(point)


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_a_hash_is_left_alone(kind: str | None) -> None:
    """Of a forgotten point only the keyed hash is known: nothing is to be folded."""
    assert normalise(f" {HASHED}0aF ", kind) == f"{HASHED}0aF"


def test_the_kind_of_a_channel_and_of_a_point() -> None:
    """A channel reaches points of one kind, or none; a point tells its kind as far as it looks."""
    assert {channel for channel, kind in CHANNEL_KIND.items() if kind is None} == {"ad", "meeting"}
    assert {channel for channel, kind in CHANNEL_KIND.items() if kind == "phone"} == {
        *("call", "voicemail", "sms", "whatsapp")
    }
    assert {kind for kind in CHANNEL_KIND.values() if kind} == set(KINDS)
    assert kind_by_look("a@b.example") == "email"
    assert kind_by_look("+15125550143") == "phone"
    assert kind_by_look("anna") is kind_by_look("512 555 0143") is None


@pytest.mark.parametrize(
    ("point", "masked"),
    [
        ("+15125550143", "+1512*****43"),
        ("+442079460958", "+4420******58"),
        ("+493090182", "+4930***82"),
        ("+49309018", "+4*****18"),
        ("+123456", "+1***56"),
        ("al@studio.example", "a***@studio.example"),
        ("a@studio.example", "a***@studio.example"),
        ("anna_lena", "a***"),
        ("1 main street", "1***"),
        ("", "***"),
        (f"{HASHED}0af1", f"{HASHED}0af1"),
    ],
)
def test_a_mask_keeps_little(point: str, masked: str) -> None:
    """A number keeps its length, its start and two digits; an address its domain."""
    assert mask(point) == masked


@given(st.from_regex(r"\+[1-9][0-9]{5,14}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_a_masked_number_hides_most_of_what_is_not_the_country(point: str) -> None:
    """At least two digits are hidden, of a number with nine or more at least three."""
    masked = mask(point)
    assert len(masked) == len(point)
    assert masked.count("*") >= (3 if len(point) > 9 else 2)
    assert all(shown in ("*", char) for shown, char in zip(masked, point, strict=True))


plain = st.text(
    st.characters(codec="latin-1", categories=("Lu", "Ll", "Nd", "Po", "Pd", "Ps", "Pe", "Zs")),
    max_size=20,
)
labels = st.from_regex(r"[A-Za-z0-9ÄÖÜäöüßÅåÉé]{1,10}", fullmatch=True)
mails = st.builds("{}@{}.{}{}".format, labels, labels, labels, st.sampled_from(("", ".", ".. ")))
numbers = st.from_regex(r"(tel:)?(\+|00)[1-9]([ ./-]?[0-9]){5,13}", fullmatch=True)
handles = st.from_regex(r" ?@?[A-Za-z0-9_.]{1,20} ?", fullmatch=True)


@given(mails | numbers | handles | plain.filter(lambda text: "@" not in text))
@settings(max_examples=300, deadline=None)
def test_a_normalised_point_is_its_own_spelling(value: str) -> None:
    """Normalising again changes nothing, whatever the kind, and letter case never matters."""
    # A handle loses its `@`, so that its kind cannot be guessed a second time.
    for kind in KINDS if value.strip().startswith("@") else (None, *KINDS):
        for country in (None, "US"):
            point = normalise(value, kind, country)
            assert normalise(point, kind, country) == point
            assert normalise(f" {value.swapcase()} ", kind, country) == normalise(
                value.lower(), kind, country
            )


@given(
    st.from_regex(r"0{0,2}[1-9]([ ./@-]?[0-9]){4,13}", fullmatch=True),
    st.sampled_from(("US", "DE", "GB", "IT", "RU", "HU", "SM", "AU")),
)
@example("1@0.00000", "US")
@example("01 512 555 0143", "US")
@settings(max_examples=300, deadline=None)
def test_a_national_number_normalised_is_its_own_spelling(value: str, country: str) -> None:
    """Also one with more zeros in front than its country has."""
    point = normalise(value, "phone", country)
    assert normalise(point, "phone", country) == point


@given(st.text(max_size=20), st.sampled_from(KINDS), st.sampled_from((None, "US")))
@example("\u00df\u0323", "post", None)
@example("@@ anna", "social", None)
@example("al@b.example\u3002", "email", None)
@settings(max_examples=500, deadline=None)
def test_any_text_normalised_is_its_own_spelling(
    value: str, kind: str, country: str | None
) -> None:
    """Whatever the script: normalising again changes nothing."""
    point = normalise(value, kind, country)
    assert normalise(point, kind, country) == point


@given(mails, numbers)
@settings(max_examples=200, deadline=None)
def test_addresses_and_numbers_look_like_it(address: str, number: str) -> None:
    """What is one when it comes is one when it is normalised, and not the other."""
    assert is_email(normalise(address))
    assert not is_phone(normalise(address))
    assert is_phone(normalise(number))
    assert kind_by_look(normalise(number)) == "phone"


# -- points in events -------------------------------------------------------------------------

OPT_OUT = {
    "event": "signal",
    "contact": "c1",
    "at": "2026-03-02T16:00:00Z",
    "kind": "opt_out",
    "point": "AL@b.example",
}


def test_an_event_comes_in_many_ways() -> None:
    """Alone or in a list, as a dict, a model or a line, with blanks before colons or without."""
    event = parse_event(OPT_OUT)
    line = json.dumps(OPT_OUT)
    for source in (OPT_OUT, event, [OPT_OUT], [event], line, line.encode(), [line.encode()]):
        assert list(parse_events(source)) == [event]
    blanks = json.dumps(OPT_OUT, separators=(" ,", " : "))
    assert list(parse_events(blanks)) == [event]
    twice = blanks.replace('"kind"', '"at" : "2026-03-02T16:00:00Z" , "kind"')
    with pytest.raises(EventError, match=r"line 1, column [0-9]+: duplicate key 'at'"):
        list(parse_events(twice))


@pytest.mark.parametrize("key", ["", b""])
def test_points_are_not_hashed_under_an_empty_key(key: str | bytes) -> None:
    """Whoever has the ledger could try every number: an empty secret is a ValueError."""
    with pytest.raises(ValueError, match="an empty key protects nothing; leave it out, or give a"):
        Guard(key=key)


def test_a_key_that_is_no_text_is_told_at_once_and_not_when_somebody_is_forgotten() -> None:
    with pytest.raises(TypeError, match="a key is str or bytes, not int"):
        Guard(key=12345)  # type: ignore[arg-type]
