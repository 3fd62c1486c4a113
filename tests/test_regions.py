"""The regions' zones are those that the tz database lists under their country."""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from cadence_guard import _regions
from cadence_guard._regions import REGION_ZONES, TERRITORIES
from cadence_guard.instants import zones_of

US_STATES = """
    AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH
    NJ NM NV NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY
"""


def country_zones() -> dict[str, set[str]]:
    """Return the zones that zone.tab lists under each country code."""
    zones = defaultdict(set)
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            zones[country].add(zone)
    return zones


COUNTRY_ZONES = country_zones()
COUNTRIES = {code.partition("-")[0] for code in REGION_ZONES}


@pytest.mark.parametrize("region", REGION_ZONES)
def test_a_region_has_distinct_zones_of_its_country(region: str) -> None:
    assert re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", region)
    zones = REGION_ZONES[region]
    assert zones
    assert len(set(zones)) == len(zones)
    assert set(zones) <= COUNTRY_ZONES[region[:2]]


@pytest.mark.parametrize(
    "zone", sorted({zone for zones in REGION_ZONES.values() for zone in zones})
)
def test_a_zone_loads(zone: str) -> None:
    assert ZoneInfo(zone).key == zone


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_every_zone_of_a_listed_country_is_in_use_in_some_region(country: str) -> None:
    used = {
        zone for region, zones in REGION_ZONES.items() if region[:2] == country for zone in zones
    }
    assert used == COUNTRY_ZONES[country]


def test_the_countries_listed_have_several_zones() -> None:
    assert {"AU", "BR", "CA", "CL", "EC", "ES", "ID", "MX", "NZ", "PT", "US"} == COUNTRIES
    assert all(len(COUNTRY_ZONES[country]) > 1 for country in COUNTRIES)


def test_every_us_state_and_dc_is_listed() -> None:
    listed = {region for region in REGION_ZONES if region.startswith("US-")}
    assert listed == {f"US-{state}" for state in US_STATES.split()}


@pytest.mark.parametrize(
    ("country", "count"),
    [
        *[("AU", 8), ("BR", 27), ("CA", 13), ("CL", 16), ("EC", 24)],
        *[("ID", 38), ("MX", 32), ("NZ", 17), ("PT", 20), ("US", 51)],
    ],
)
def test_all_regions_of_a_country_are_listed(country: str, count: int) -> None:
    assert sum(region.startswith(f"{country}-") for region in REGION_ZONES) == count


def test_no_region_is_written_twice() -> None:
    """A dict keeps the last of equal keys silently, so its source is read."""
    tree = ast.parse(inspect.getsource(_regions))
    table, *_ = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    keys = [ast.literal_eval(key) for key in table.keys if key is not None]
    assert len(keys) == len(set(keys)) == len(table.keys)


@pytest.mark.parametrize(
    ("region", "zones"),
    [
        ("US-TX", {"America/Chicago", "America/Denver"}),
        ("US-FL", {"America/New_York", "America/Chicago"}),
        ("US-AZ", {"America/Phoenix", "America/Denver"}),
        ("US-TN", {"America/New_York", "America/Chicago"}),
        ("US-OR", {"America/Los_Angeles", "America/Boise"}),
        ("US-ID", {"America/Los_Angeles", "America/Boise"}),
        ("US-MI", {"America/Detroit", "America/Menominee"}),
        ("CA-NL", {"America/St_Johns", "America/Goose_Bay"}),
        ("ES-CN", {"Atlantic/Canary"}),
        ("PT-20", {"Atlantic/Azores"}),
        ("PT-30", {"Atlantic/Madeira"}),
        ("NZ-CIT", {"Pacific/Chatham"}),
    ],
)
def test_a_split_or_remote_region_has_exactly_its_zones(region: str, zones: set[str]) -> None:
    assert set(REGION_ZONES[region]) == zones


def test_a_territory_has_the_zones_of_its_own_code() -> None:
    """Nine in the morning in Guam is not nine in the morning in Hawaii."""
    for region, code in TERRITORIES.items():
        assert region not in REGION_ZONES
        assert zones_of(region) == zones_of(code) != ()
    assert [zone.name for zone in zones_of("US-GU")] == ["Pacific/Guam"]
