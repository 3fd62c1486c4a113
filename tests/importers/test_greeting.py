"""Which placeholders of a greeting stand for the name of the contact."""

from __future__ import annotations

import pytest

from cadence_guard.importers._greeting import not_understood, with_name


@pytest.mark.parametrize(
    "placeholder",
    [
        "{call_me}",
        "{{ first_name }}",
        "{{contact.firstName}}",
        '{{ lead.first_name | default: "there" }}',
        "{contactfield=firstname}",
        "*|FNAME|*",
        "%FIRSTNAME%",
        "[First Name]",
        "[First-Name]",
        "<%= user.name %>",
        "$name",
    ],
)
def test_a_name(placeholder: str) -> None:
    assert with_name(f"Hi {placeholder}!", "Anna-Lena") == "Hi Anna-Lena!"
    assert not_understood(f"Hi {placeholder}!") is None


@pytest.mark.parametrize(
    "placeholder", ["{company}", "{{ company.name }}", "[]", "{{ sender.name }}"]
)
def test_no_name(placeholder: str) -> None:
    assert with_name(f"Hi {placeholder}", "Robin") is None
    assert not_understood(f"Hi {placeholder}, you") == (
        placeholder,
        "expected one for the contact's name, such as {call_me}",
    )
    both = f"Hi {{call_me}} of {placeholder}"
    assert with_name(both, "Robin") == f"Hi Robin of {placeholder}"
    assert not_understood(both) is None


def test_the_nearest_name_is_told() -> None:
    assert not_understood("Hi {{ first_nme }}") == (
        "{{ first_nme }}",
        "did you mean 'first_name'? expected one for the contact's name, such as {call_me}",
    )


@pytest.mark.parametrize("greeting", [None, "", "Hello there"])
def test_nobody(greeting: str | None) -> None:
    assert with_name(greeting, "Robin") is None
    assert not_understood(greeting) is None


@pytest.mark.parametrize("opened", ["{", "{{", "[", "<%", "*| "])
def test_what_is_never_closed_is_no_placeholder(opened: str) -> None:
    """Nor is it looked for to the end from each of its places."""
    found = not_understood(opened * 20_000), with_name(opened * 20_000, "Anna")
    assert found == (None, None)
