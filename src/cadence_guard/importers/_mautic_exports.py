"""The campaigns of Mautic and their events, in the three shapes in which files have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from cadence_guard.cadence import NotUnderstood, Where
from cadence_guard.importers._source import Source
from cadence_guard.importers._values import Ids, identifier, mapping, text


class Table(NamedTuple):
    """Campaigns and events of one export: their places and what is there. Without `events` each
    campaign holds its own."""

    campaigns: tuple[Where, Any]
    events: tuple[Where, Any] | None
    emails: Any


@dataclass
class Event:
    """One event of a campaign. `label` is what it is called here: names may be the same."""

    label: str
    where: Where
    data: Mapping[str, Any]
    children: list[Event] = field(default_factory=list)

    def get(self, name: str) -> Any:
        """A field of it."""
        return field_of(self.data, name)

    @property
    def parent(self) -> Any:
        """What it says of its parent."""
        parent = self.get("parent_id")
        if parent is None:
            parent = self.data.get("parent")
        return parent.get("id") if isinstance(parent, dict) else parent

    def said(self, name: str) -> Any:
        """What its form says; it is written twice, and once of the two may be missing."""
        properties = mapping(self.data.get("properties"))
        value = properties.get(name)
        return mapping(properties.get("properties")).get(name) if value is None else value


@dataclass
class Campaign:
    """One campaign and its events, by id, with their places."""

    id: str
    name: str
    where: Where
    restarts: Where | None
    """Where it says that a contact may enter it again."""
    emails: Mapping[str, str]
    events: dict[str, Event] = field(default_factory=dict)
    ids: Ids = field(default_factory=Ids)
    """The names of its events and of what they are made into."""
    strays: list[NotUnderstood] = field(default_factory=list)


def tables_of(data: Any) -> Iterator[Table]:
    things: list[tuple[Where, Any]] = [((), data)]
    if isinstance(data, list):
        things = [((index,), thing) for index, thing in enumerate(data)]
    for at, thing in things:
        if not isinstance(thing, dict):
            continue
        for one, many in (("campaign", "campaign_event"), ("campaigns", "campaign_events")):
            if one in thing and many in thing:
                emails = thing.get("email", thing.get("emails"))
                yield Table(((*at, one), thing[one]), ((*at, many), thing[many]), emails)
                break
            rows = [thing.get(one)] if one == "campaign" else rows_of(thing.get(one))
            events = (event for row in rows for event in rows_of(mapping(row).get("events")))
            if any(text(field_of(mapping(event), "event_type")) for event in events):
                yield Table(((*at, one), thing[one]), None, None)
                break


def rows_of(value: Any) -> list[Any]:
    """The rows of a list; PHP writes some lists as mappings."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _placed(at: Where, value: Any) -> Iterator[tuple[Where, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(rows_of(value))
    for key, row in pairs:
        yield (*at, key), row


def campaigns_of(source: Source, table: Table) -> list[Campaign]:
    """The campaigns of a table, and those that only its events tell of."""
    at, value = table.campaigns
    emails = {
        id_: name
        for row in map(mapping, rows_of(table.emails))
        if (id_ := identifier(row.get("id"))) and (name := text(row.get("name")))
    }
    found: dict[str, Campaign] = {}
    single = isinstance(value, dict) and "id" in value
    for place, row in [(at, value)] if single else _placed(at, value):
        id_ = identifier(mapping(row).get("id"))
        if id_ is None:
            raise source.error(place, "expected a campaign, a mapping with `id` and `name`")
        if id_ in found:
            raise source.error((*place, "id"), f"another campaign has the id {id_!r}, too")
        name = text(row.get("name")) or f"campaign {id_}"
        again = field_of(row, "allow_restart") in (1, "1")  # true, too
        restarts = (*place, "allow_restart") if again else None
        found[id_] = Campaign(id_, name, place, restarts, emails)
        if table.events is None:
            _add(found[id_], _placed((*place, "events"), row.get("events")))
    if table.events is not None:
        at, value = table.events
        if not isinstance(value, (dict, list)):
            raise source.error(at, "expected a list of events")
        for place, row in _placed(at, value):
            id_ = identifier(mapping(row).get("campaign_id"))
            if id_ is None and not found:
                raise source.error(place, "expected an event, a mapping with `campaign_id`")
            if id_ is None:
                id_ = next(iter(found))
                if len(found) > 1:
                    why = "expected an event, a mapping with `campaign_id`"
                    found[id_].strays.append(NotUnderstood("an event", place, why))
                    continue
            if id_ not in found:
                found[id_] = Campaign(id_, f"campaign {id_}", place, None, emails)
            _add(found[id_], [(place, row)])
    return list(found.values())


def _add(campaign: Campaign, rows: Iterable[tuple[Where, Any]]) -> None:
    """Adds events to their campaign; what is none is one of its strays."""
    for place, row in rows:
        id_ = identifier(mapping(row).get("id"))
        at, why = (*place, "id"), None
        if not isinstance(row, dict):
            at, why = place, "expected an event, a mapping with `id` and `type`"
        elif id_ is None:
            why = "expected an event's id, a number or a text"
        elif id_ in campaign.events:
            why = f"another event has the id {id_!r}, too"
        elif not row.get("deleted"):
            name = text(row.get("name")) or text(row.get("type")) or "event"
            campaign.events[id_] = Event(campaign.ids.fresh(f"{name} #{id_}"), place, row)
        if why is not None:
            campaign.strays.append(NotUnderstood("an event", at, why))


@cache
def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def field_of(row: Mapping[str, Any], name: str) -> Any:
    """A field by its name in the database, or as the export and the API write it."""
    value = row.get(name)
    return row.get(_camel(name)) if value is None else value
