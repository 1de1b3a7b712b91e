"""Keep an entry of the directory true: confirm it, change it, take it off. Each verb leaves its line in the history."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, audit, clock
from caseapp.core.db import session, uuid7
from caseapp.core.errors import ChangedMeanwhile, Refused, says
from caseapp.core.i18n import _l
from caseapp.places.models import (
    DirectoryChange,
    Service,
    ServiceCapacity,
    ServiceClosure,
    ServiceContact,
    ServiceHours,
    ServiceLanguage,
    ServiceTerm,
)
from caseapp.places.rules.naming import sort_key
from caseapp.places.rules.opening import Closure, Hours


class ClosedTwice(Refused):
    """Two closures share a day."""

    sentence = _l("Hay dos cierres con los mismos días. Una o corrija las fechas.")
    field = "closed_from"


class AgesSwapped(Refused):
    """The youngest is older than the oldest."""

    sentence = _l("La edad mínima es mayor que la máxima. Corrija una de las dos.")
    field = "age_to"


class SafeHouseIsReachedApart(Refused):
    """A contact or an open address for a safe house."""

    sentence = _l("Los datos de una casa segura se guardan aparte, protegidos. No los escriba aquí.")


class MoreThanThereIs(Refused):
    """More is available than the maximum."""

    sentence = _l("Lo disponible no puede ser más que el máximo.")
    field = "available"


class OrganisationTwice(Refused):
    """Another organisation of the country bears this name."""

    sentence = _l(
        "Ya hay una organización con este nombre en el país. Elija la que existe o escriba otro nombre."
    )


says("uq_organisation_name_country", OrganisationTwice)
says("ex_service_closure_once", ClosedTwice)
says("ck_service_ages_in_order", AgesSwapped)
says("ck_site_address_not_of_safe_house", SafeHouseIsReachedApart)
says("ck_service_capacity_available_within", MoreThanThereIs)


@dataclass(frozen=True)
class Contact:
    """Who answers; a contact without telephone and address is none."""

    kind: str
    name: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Capacity:
    """How many of a unit are left, of how many (None: not told)."""

    unit: str
    available: int
    maximum: int | None = None


@dataclass(frozen=True)
class Changed:
    """An entry as the form leaves it. `terms` by kind; a kind that is missing stays as it is."""

    values: dict[str, Any]
    languages: Collection[str]
    terms: dict[str, Collection[str]]
    hours: Collection[Hours]
    closures: Collection[Closure]
    contacts: Collection[Contact] | None
    capacity: Capacity | None


def note(service_id: UUID, act: str, parts: Iterable[str] = ()) -> None:
    """A line of an entry's history, and of the audit."""
    who = access.current()
    session.add(
        DirectoryChange(
            at=clock.now(), actor=who.name, user_id=who.user_id, service_id=service_id, act=act, parts=sorted(parts)
        )
    )  # fmt: skip
    session.flush()
    audit.record(act.lower(), "service", service_id)


def confirm(service: Service) -> None:
    """Everything the entry says is still true today."""
    service.confirmed_at = clock.now()
    session.flush()
    note(service.id, "CONFIRMED")


def close(service: Service, *, version: int | None) -> None:
    """Take an entry off the directory; what was referred to it stays as it is. Raises ChangedMeanwhile."""
    _same(service, version)
    service.active = False
    session.flush()
    note(service.id, "CLOSED")


def change(service: Service, new: Changed, *, version: int | None) -> tuple[str, ...]:
    """Write an entry anew and confirm it; the parts that changed (words of the history). Raises ChangedMeanwhile,
    AgesSwapped, ClosedTwice."""
    _same(service, version)
    youngest, oldest = new.values.get("age_from"), new.values.get("age_to")
    if youngest is not None and oldest is not None and youngest > oldest:
        raise AgesSwapped
    if _overlap(new.closures):
        raise ClosedTwice
    parts = _values(service, new.values)
    parts |= _languages(service.id, new.languages)
    parts |= _terms(service.id, new.terms)
    parts |= _hours(service.id, new.hours)
    parts |= _closures(service.id, new.closures)
    parts |= set() if new.contacts is None else contacts(service.id, new.contacts)
    parts |= set() if new.capacity is None else capacity(service.id, new.capacity)
    service.confirmed_at = clock.now()
    session.flush()
    note(service.id, "CHANGED" if parts else "CONFIRMED", parts)
    return tuple(sorted(parts))


def _same(service: Service, version: int | None) -> None:
    if version is not None and version != service.version:
        raise ChangedMeanwhile


def _overlap(closures: Collection[Closure]) -> bool:
    ordered = sorted(closures)
    return any(a.last_day >= b.first_day for a, b in pairwise(ordered))


#: The part of the history under which a value of the entry is told.
PART_OF = {
    "name": "NAME", "description": "NAME", "age_from": "WHOM", "age_to": "WHOM", "eligibility_note": "WHOM",
    "referral_method": "METHOD", "answer_hours": "METHOD", "cost": "COST", "cost_note": "COST", "always_open": "HOURS",
    "offered_from": "HOURS", "offered_to": "HOURS",
}  # fmt: skip
PART_OF_TERM = {
    "SEX": "WHOM", "POPULATION": "WHOM", "HOUSEHOLD": "WHOM", "AREA": "AREA", "DOCUMENT": "DOCUMENTS",
    "ACCESSIBILITY": "ACCESSIBILITY",
}  # fmt: skip


def _values(service: Service, values: dict[str, Any]) -> set[str]:
    parts = set()
    for name, value in values.items():
        if getattr(service, name) != value:
            setattr(service, name, value)
            parts.add(PART_OF[name])
    service.sort_key = sort_key(service.name)
    return parts


def _languages(service_id: UUID, wanted: Collection[str]) -> set[str]:
    table = ServiceLanguage
    have = set(session.scalars(sa.select(table.language).where(table.service_id == service_id)))
    gone = have - set(wanted)
    if gone:
        session.execute(sa.delete(table).where(table.service_id == service_id, table.language.in_(gone)))
    session.add_all(table(service_id=service_id, language=x) for x in sorted(set(wanted) - have))
    return {"LANGUAGES"} if have != set(wanted) else set()


def _terms(service_id: UUID, wanted: dict[str, Collection[str]]) -> set[str]:
    table, parts = ServiceTerm, set()
    rows = session.execute(sa.select(table.kind, table.code).where(table.service_id == service_id)).all()
    for kind, codes in wanted.items():
        have = {code for of, code in rows if of == kind}
        gone = have - set(codes)
        if gone:
            session.execute(
                sa.delete(table).where(
                    table.service_id == service_id, table.kind == kind, table.code.in_(gone)
                )
            )
        session.add_all(table(service_id=service_id, kind=kind, code=c) for c in sorted(set(codes) - have))
        if have != set(codes):
            parts.add(PART_OF_TERM[kind])
    return parts


def _hours(service_id: UUID, wanted: Collection[Hours]) -> set[str]:
    table = ServiceHours
    rows = session.scalars(sa.select(table).where(table.service_id == service_id)).all()
    if {Hours(r.weekday, r.opens, r.closes) for r in rows} == set(wanted):
        return set()
    session.execute(sa.delete(table).where(table.service_id == service_id))
    session.add_all(table(service_id=service_id, **h._asdict()) for h in sorted(set(wanted)))
    return {"HOURS"}


def _closures(service_id: UUID, wanted: Collection[Closure]) -> set[str]:
    table = ServiceClosure
    rows = session.scalars(sa.select(table).where(table.service_id == service_id)).all()
    if {Closure(r.first_day, r.last_day, r.reason) for r in rows} == set(wanted):
        return set()
    session.execute(sa.delete(table).where(table.service_id == service_id))
    session.add_all(table(service_id=service_id, **c._asdict()) for c in sorted(set(wanted)))
    return {"CLOSURES"}


def contacts(service_id: UUID, wanted: Collection[Contact]) -> set[str]:
    """Write who answers; CONTACT if anything changed."""
    table = ServiceContact
    rows = session.scalars(sa.select(table).where(table.service_id == service_id)).all()
    have = {Contact(r.kind, r.name, r.phone, r.email) for r in rows}
    good = {c for c in wanted if c.phone or c.email}
    if have == good:
        return set()
    session.execute(sa.delete(table).where(table.service_id == service_id))
    session.add_all(
        table(service_id=service_id, kind=c.kind, name=c.name, phone=c.phone, email=c.email)
        for c in sorted(good, key=lambda c: c.kind)
    )
    return {"CONTACT"}


def capacity(service_id: UUID, wanted: Capacity) -> set[str]:
    """Write how much is left of a unit; CAPACITY if it changed. The moment is written anew in any case."""
    if wanted.maximum is not None and wanted.available > wanted.maximum:
        raise MoreThanThereIs
    table = ServiceCapacity
    row = session.scalars(
        sa.select(table).where(table.service_id == service_id, table.unit == wanted.unit)
    ).one_or_none()
    if row is None:
        session.add(
            table(
                service_id=service_id, unit=wanted.unit, available=wanted.available, maximum=wanted.maximum,
                updated_at=clock.now(),
            )
        )  # fmt: skip
        return {"CAPACITY"}
    same = (row.available, row.maximum) == (wanted.available, wanted.maximum)
    row.available, row.maximum, row.updated_at = wanted.available, wanted.maximum, clock.now()
    return set() if same else {"CAPACITY"}


def enter(site_id: UUID, kind: str, name: str, *, team_id: UUID | None = None, **values: Any) -> Service:
    """A new entry at a site; its facts come by `change`. Without a team of ours it is asked as `referral_method`."""
    made = Service(
        id=uuid7(), site_id=site_id, team_id=team_id, kind=kind, name=name, sort_key=sort_key(name), **values
    )
    session.add(made)
    session.flush()
    note(made.id, "CREATED")
    return made


def offered_until(service: Service, on: date) -> None:
    """The last day on which the service is offered."""
    service.offered_to = on
    session.flush()
    note(service.id, "CHANGED", {"HOURS"})
