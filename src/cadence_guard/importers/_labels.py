"""The duration that a wait's name promises: "Wait 4 Weeks", "24 hr", "Wait 30s"."""

from __future__ import annotations

import re
from math import inf
from typing import Final, NamedTuple

_HOUR: Final = 3_600.0
_DAY: Final = 86_400.0
_LONGEST_NAME: Final = 200
"""Characters of a name that are read."""


class _Said(NamedTuple):
    """The seconds that words allow, and those they mean if nothing else settles it."""

    low: float
    nominal: float
    high: float


def _exactly(seconds: float) -> _Said:
    return _Said(seconds, seconds, seconds)


_UNITS: Final = {
    _exactly(0.001): "ms msec msecs millisecond milliseconds millisekunden",
    _exactly(1): "s sec secs second seconds sek sekunde sekunden seconde secondes segundo segundos"
    " seconden",
    _exactly(60): "m min mins minute minutes minuten minuto minutos minuut",
    _exactly(_HOUR): "h hr hrs hour hours std stunde stunden heure heures hora horas uur uren",
    _exactly(_DAY): "d day days tag tage tagen jour jours día días dia dias dag dagen",
    _exactly(7 * _DAY): "w wk wks week weeks woche wochen semaine semaines semana semanas weken",
    _Said(28 * _DAY, 30 * _DAY, 31 * _DAY): "mo mos month months monat monate monaten mois mes"
    " meses mês maand maanden",
    _Said(365 * _DAY, 365 * _DAY, 366 * _DAY): "y yr yrs year years jahr jahre jahren",
}
_UNIT: Final = {word: said for said, words in _UNITS.items() for word in words.split()}
_NUMBERS: Final = {
    "half an": 0.5, "half a": 0.5, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0,
    "six": 6.0, "seven": 7.0, "eight": 8.0, "nine": 9.0, "ten": 10.0, "twelve": 12.0,
    "fifteen": 15.0, "twenty": 20.0, "thirty": 30.0, "an": 1.0, "a": 1.0,
}  # fmt: skip

_NUMBER: Final = rf"(?:\d{{1,6}}(?:[.,]\d{{1,3}})?|(?:{'|'.join(_NUMBERS)})(?=[\s_-]))"
_DURATION: Final = re.compile(
    r"(?:(?<![^\W_])|(?<=wait)|(?<=delay)|(?<=pause)|(?<=sleep)|(?<=\d[wdhm]))(?<![.,:/])"
    rf"(?P<low>{_NUMBER})(?:\s*(?:[-–—]|to|bis)\s*(?P<high>{_NUMBER}))?"
    rf"[\s_-]*(?P<working>(?:business|working|work|week)[\s_-]?(?=days?\b))?"
    rf"(?P<unit>{'|'.join(sorted(_UNIT, key=len, reverse=True))})(?![^\W\d_])"
    r"(?![\s_-]*(?:ago|old|trial|reminder)\b)",
    re.IGNORECASE,
)
_JOIN: Final = re.compile(r"[\s,+&_-]*(?:and|und|et|y|e|en)?[\s_-]*", re.IGNORECASE)
_UNTIL: Final = re.compile(r"\b(?:until|till|til|bis)\b", re.IGNORECASE)
_AT_LEAST: Final = re.compile(
    r"(?:\bat least|\bmin(?:imum)?\.?|\bover|\bmore than|\blonger than|>=?|≥)[\s_]*$", re.IGNORECASE
)
_AT_MOST: Final = re.compile(
    r"(?:\bat most|\bmax(?:imum)?\.?|\bup to|\bless than|\bunder|\bwithin|<=?|≤)[\s_]*$",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(
    r"(?:\babout|\baround|\bapprox(?:imately|\.)?|\broughly|\bca\.?|~|≈)[\s_]*$", re.IGNORECASE
)


def label_seconds(name: str, seconds: float | None) -> float | None:
    """The seconds that the name of a wait says, or None if it says no duration plainly.

    `seconds` is what the wait really lasts, if that is known. It settles what a name leaves open:
    a month of 28 to 31 days, "2-3 days", "at least 1 h", "~5 min". If it does not fit, the answer
    is the plainest reading of the name.
    """
    said = _read(name[:_LONGEST_NAME])
    if said is None:
        return None
    if seconds is not None and said.low - 1e-6 <= seconds <= said.high + 1e-6:
        return seconds
    return said.nominal


def _read(name: str) -> _Said | None:
    """What the name says. Two durations that do not agree say nothing."""
    found: _Said | None = None
    end, smallest = -1, inf
    for match in _DURATION.finditer(name):
        said = _one(match)
        if said is None or _UNTIL.search(name, 0, match.start()):
            continue
        unit = _UNIT[match["unit"].casefold()].low
        if found is None:
            found = _bounds(said, name[: match.start()])
        elif unit < smallest and _JOIN.fullmatch(name, end, match.start()):
            found = _Said(*(a + b for a, b in zip(found, said, strict=True)))  # 1 h 30 min
        else:  # 24 hours (1 day)
            low, high = max(found.low, said.low), min(found.high, said.high)
            if low > high:
                return None
            found = _Said(low, min(max(found.nominal, low), high), high)
        end, smallest = match.end(), unit
    return found


def _one(match: re.Match[str]) -> _Said | None:
    unit = match["unit"]
    if len(unit) == 1 and unit in "SMDWY":  # 3D, 5M
        return None
    word = match["low"].casefold()
    said = _UNIT[unit.casefold()]
    if word in ("a", "an") and said.low < _HOUR:  # "wait a minute" promises none
        return None
    low = _number(word)
    high = _number(match["high"].casefold()) if match["high"] else low
    if high < low:  # "Step 3 - 2 days"
        low = high
    if match["working"]:  # five of them may hold a weekend each
        said = said._replace(high=said.high * 3)
    return _Said(low * said.low, low * said.nominal, high * said.high)


def _number(word: str) -> float:
    if word in _NUMBERS:
        return _NUMBERS[word]
    whole, _, rest = word.replace(",", ".").partition(".")
    if "," in word and len(rest) == 3:  # 1,500 ms
        return float(whole + rest)
    return float(f"{whole}.{rest or 0}")


def _bounds(said: _Said, before: str) -> _Said:
    if _AT_LEAST.search(before):
        return said._replace(high=inf)
    if _AT_MOST.search(before):
        return _Said(0.0, said.high, said.high)
    if _ABOUT.search(before):
        return said._replace(low=said.low / 2, high=said.high * 3 / 2)
    return said
