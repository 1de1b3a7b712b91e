"""For whom a service is, against what is known of a person. What is not known never shuts anybody out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

#: Whom a service says it is for, in the order in which a page names what does not fit.
GROUNDS = ("SEX", "AGE", "POPULATION", "HOUSEHOLD", "AREA")
#: Where somebody feels safe counts as well as what a document says (VOCABULARY A8).
SAFE_AS = {"WOMEN": "F", "MEN": "M"}


@dataclass(frozen=True)
class ForWhom:
    """What a service publishes; an empty set or None is no restriction. `areas` are P-codes or a country."""

    sexes: frozenset[str] = frozenset()
    age_from: int | None = None
    age_to: int | None = None
    populations: frozenset[str] = frozenset()
    households: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Asked:
    """What is known of somebody: sex in the document and where they feel safe, age in years (from, to), situations,
    type of household, and where they are (country, P-codes)."""

    sex: str | None = None
    feels_safe_in: str | None = None
    age: tuple[int, int] | None = None
    populations: frozenset[str] = frozenset()
    household: str | None = None
    areas: frozenset[str] = field(default_factory=frozenset)


def why_not(service: ForWhom, person: Asked) -> tuple[str, ...]:
    """The grounds (`GROUNDS`) on which a published rule of the service does not fit the person; empty: it may."""
    fits = {
        "SEX": _sex_fits(service.sexes, person),
        "AGE": _age_fits(service, person.age),
        "POPULATION": _one_of(service.populations, person.populations),
        "HOUSEHOLD": _one_of(service.households, {person.household} - {None}),
        "AREA": _area_fits(service.areas, person.areas),
    }
    return tuple(ground for ground in GROUNDS if not fits[ground])


def _sex_fits(sexes: frozenset[str], person: Asked) -> bool:
    known = {person.sex, SAFE_AS.get(person.feels_safe_in or "")} & {"F", "M"}
    return not sexes or person.sex not in {"F", "M"} or bool(known & sexes)


def _age_fits(service: ForWhom, age: tuple[int, int] | None) -> bool:
    """An estimated age fits if any year of it does."""
    if age is None:
        return True
    youngest, oldest = age
    return (service.age_from is None or oldest >= service.age_from) and (
        service.age_to is None or youngest <= service.age_to
    )


def _one_of(wanted: frozenset[str], known: Iterable[str | None]) -> bool:
    found = {k for k in known if k}
    return not wanted or not found or bool(wanted & found)


def _area_fits(areas: frozenset[str], known: frozenset[str]) -> bool:
    """A known division fits the service's own, and one that lies within the known division may be the person's."""
    divisions = {k for k in known if not (len(k) == 3 and k.isalpha())}
    if not areas or not known or areas & known:
        return True
    if not divisions:
        return any(len(area) > 3 for area in areas)  # only the country is known
    narrowest = max(divisions, key=len)
    return any(area.startswith(narrowest) for area in areas)
