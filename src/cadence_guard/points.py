"""Contact points, normalised: the same address or number is the same point, however it is written.

E-mail: trimmed, casefolded whole, domain by IDNA; plus-tags and dots stay; `mailto:` and the name
in `Ada <ada@b.example>` do not. Phone: E.164, without an extension, or the digits of a number whose
country nobody knows. Social: casefolded, without `@`. What is neither is compared as text,
casefolded and with single blanks. Signs that nobody sees are left out.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_E164: Final = re.compile(r"\+[1-9][0-9]{5,14}")
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_MAILBOX: Final = re.compile(r".*<([^@\s<>]++@[^@\s<>]++)>|mailto:([^@\s<>?]++@[^@\s<>?]++)\S*+")
"""Nothing is tried twice: a recipient may be as long as a line."""
_POINT_IN: Final = re.compile(
    r"""(?<![^\s<>()\[\]{}"'`,;:=])[^\s<>()\[\]{}"'`,;:=@]*@[^\s<>()\[\]{}"'`,;:=]+"""
    r"|(?<!\w)\+?\(?\d(?:[ ().\-/]*\d){4,}"
)
"""An address or a handle, or a number of so many digits as a phone number may have."""
_DIALLED: Final = re.compile(r"(?:tel|callto|sms|whatsapp):")
_EXTENSION: Final = re.compile(r"\s*(?:(;ext=|\bext(?:ension)?\b\.?:?|\bx)|;|,|#)\s*[0-9]{1,7}$")
_WHOLE: Final = 10
"""So many digits before a comma are a number by themselves; what follows is an extension."""
_NATIONAL: Final = 5
"""Fewer digits are no phone number."""
_TRUNKS: Final = (("7", "8"), ("36", "6"), ("375", "8"), ("375", "80"), ("993", "8"))
"""What is dialled at home before a national number in place of the code of the country, where that
is more than a zero (Hungary: 06). Source: libphonenumber, national prefixes."""
HASHED: Final = "hmac-sha256:"
"""How a point or a contact begins of which only a keyed hash is known."""


@lru_cache(maxsize=65_536)
def normalise(value: str, kind: str | None = None, country: str | None = None) -> str:
    """The one spelling under which a point is compared; `kind` is guessed when not given.

    A national phone number needs the extra `phone` and a country; without them its digits stay, and
    `is_phone` of the answer is false; `written` gives what may have been meant.
    """
    text = unicodedata.normalize("NFKC", value)
    if not text.isascii():
        text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    text = text.strip()
    if text.startswith(HASHED):
        return text
    # Casefolding may take apart what NFKC had put together.
    text = " ".join(unicodedata.normalize("NFKC", text.casefold()).split())
    kind = kind or _guess(text)
    if kind == "email":
        text = _mailbox(text) or text
        return _email(text) if _MAIL.fullmatch(text) else text
    if kind == "phone":
        return _phone(text, country) or text
    if kind == "social":
        return text.lstrip("@ ")
    return text


def kind_by_look(point: str) -> str | None:
    """The kind of a normalised point, as far as its look tells; None for a handle or an address."""
    return "email" if is_email(point) else "phone" if is_phone(point) else None


def is_email(point: str) -> bool:
    """Whether a normalised point is an e-mail address."""
    return _MAIL.fullmatch(point) is not None


def is_phone(point: str) -> bool:
    """Whether a normalised point is a phone number."""
    return _E164.fullmatch(point) is not None


@lru_cache(maxsize=65_536)
def written(point: str) -> tuple[str, ...]:
    """A normalised point, and all that somebody may have written for it who left out its country:
    a code has one to three digits."""
    if not is_phone(point):
        return (point,)
    digits = point[1:]
    national = [digits[size:].lstrip("0") for size in (1, 2, 3)]
    national += [trunk + digits[len(code) :] for code, trunk in _TRUNKS if digits.startswith(code)]
    return (point, digits, *(text for text in national if len(text) >= _NATIONAL))


def mask(point: str) -> str:
    """A point fit for a log: `+1512*****43`, `a***@studio.example`."""
    if is_phone(point):
        shown = 5 if len(point) > 9 else 2
        return point[:shown] + "*" * (len(point) - shown - 2) + point[-2:]
    if is_email(point):
        name, _, domain = point.rpartition("@")
        return f"{name[:1]}***@{domain}"
    return point if point.startswith(HASHED) else f"{point[:1]}***"


def mask_in(text: str) -> str:
    """A text of somebody else's, with whatever looks like a point in it masked."""
    return _POINT_IN.sub(lambda found: mask(normalise(found[0])), text)


def _guess(text: str) -> str | None:
    if (_MAIL.fullmatch(text) and not text.startswith("@")) or _mailbox(text):
        return "email"
    if text.startswith("@"):
        return "social"
    digits = sum(char.isdigit() for char in text)
    letters = sum(char.isalpha() for char in _EXTENSION.sub("", _DIALLED.sub("", text, count=1)))
    return "phone" if digits >= _NATIONAL and not letters else None


def _mailbox(text: str) -> str | None:
    """The address in `Ada <ada@b.example>` or `mailto:ada@b.example?subject=hello`."""
    if text.startswith("mailto:"):
        text = text.replace("%40", "@")
    found = _MAILBOX.fullmatch(text)
    return (found[1] or found[2]) if found else None


def _email(text: str) -> str:
    name, _, domain = text.rpartition("@")
    domain = domain.rstrip(".\u3002,;")  # the ideographic full stop ends a label too
    if "xn--" in domain:  # what two standards encode otherwise is one name
        domain = ".".join(map(_decoded, domain.split(".")))
    if domain.isascii():  # nothing to encode, and the codec takes long to load
        return f"{name}@{domain}"
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return f"{name}@{domain}"  # no such domain can exist; compare it as it stands
    return f"{name}@{domain}"


def _decoded(label: str) -> str:
    """A label of a domain as people read it."""
    if not label.startswith("xn--"):
        return label
    try:
        return unicodedata.normalize("NFKC", label[4:].encode().decode("punycode").casefold())
    except UnicodeError:
        return label


def _phone(text: str, country: str | None) -> str:
    """A phone number in E.164, or the digits of one whose country nobody knows; else the text."""
    number = _DIALLED.sub("", text, count=1)
    cut = _EXTENSION.search(number)
    if cut and (cut[1] or sum(char.isdigit() for char in number[: cut.start()]) >= _WHOLE):
        number = number[: cut.start()]
    abroad = number.lstrip(" (").startswith(("+", "00"))
    # Letters of any script stay: a number that lost one would be somebody else's.
    bare = re.sub(r"[^+\w]|_", "", number.replace("(0)", "") if abroad else number)
    bare = "".join(str(unicodedata.decimal(char, char)) for char in bare)
    international = "+" + bare[2:] if bare.startswith("00") else bare
    if _E164.fullmatch(international):
        return international
    if found := _abroad(number, country):
        return found
    if len(bare) < _NATIONAL or not bare.isdecimal():
        return text
    digits = bare.lstrip("0")
    return _abroad(digits, country) or digits  # as if only these had been written


def _abroad(number: str, country: str | None) -> str | None:
    """A national number in E.164, with the extra `phone` and a country."""
    if country is None:
        return None
    try:
        import phonenumbers
    except ImportError:
        return None
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
