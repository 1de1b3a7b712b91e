"""The directory as plain values, between the tables of the database and those of a file. Times and dates are ISO text;
everything is ordered, so that the same directory gives the same file."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

#: Ids of rows that a file names in its own way are made from these, so that the same row is the same row twice.
NAMESPACE = UUID("6f0b0b3c-7f3e-5d0a-9a55-3a1d6f3b6c11")


def made_id(*parts: str) -> str:
    """The id that stands for these words."""
    return str(uuid5(NAMESPACE, ":".join(parts)))


def known_id(given: str, source: str) -> str:
    """An id as it is if it is a UUID, else one made from the source's own."""
    try:
        return str(UUID(given))
    except ValueError:
        return made_id(source, given)


@dataclass(frozen=True)
class Group:
    """An organisation."""

    id: str
    country: str
    code: str
    name: str
    provider_class: str = "OTHER"
    names: tuple[str, ...] = ()
    description: str | None = None
    website: str | None = None


@dataclass(frozen=True)
class Spot:
    """A site; `code` may be empty in a file from elsewhere, and is given here."""

    id: str
    code: str
    country: str
    kind: str
    name: str
    timezone: str
    group: str | None = None
    admin1: str | None = None
    admin2: str | None = None
    latitude: str | None = None
    longitude: str | None = None
    address: str | None = None
    directions: str | None = None
    phone: str | None = None


@dataclass(frozen=True)
class Offer:
    """A service at a site. hours: (weekday, opens, closes); closures: (first, last, reason); contacts: (kind, name,
    phone, email); capacities: (unit, available, maximum, updated)."""

    id: str
    spot: str
    kind: str
    name: str
    referral_method: str
    description: str | None = None
    age_from: int | None = None
    age_to: int | None = None
    eligibility_note: str | None = None
    answer_hours: int | None = None
    cost: str | None = None
    cost_note: str | None = None
    always_open: bool = False
    offered_from: str | None = None
    offered_to: str | None = None
    confirmed_at: str | None = None
    source: str | None = None
    source_key: str | None = None
    terms: tuple[tuple[str, str], ...] = ()
    languages: tuple[str, ...] = ()
    hours: tuple[tuple[int, str, str], ...] = ()
    closures: tuple[tuple[str, str, str], ...] = ()
    contacts: tuple[tuple[str, str | None, str | None, str | None], ...] = ()
    capacities: tuple[tuple[str, int, int | None, str], ...] = ()


@dataclass(frozen=True)
class Directory:
    """Organisations, sites and services, each ordered by id."""

    groups: tuple[Group, ...] = ()
    spots: tuple[Spot, ...] = ()
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row (as the spreadsheet numbers it; the first after the head is 2), and where."""

    row: int
    column: str
    reason: str
