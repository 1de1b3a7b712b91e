"""Entries out to a file and in from one. The same row of the same source changes its entry; a file never writes over what
somebody here wrote or confirmed after the last one. Safe houses and protected kinds of service never leave, and a safe house never comes in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, audit, clock, reference
from caseapp.core.db import session
from caseapp.places import queries
from caseapp.places.models import (
    DirectoryChange,
    Organisation,
    OrganisationName,
    Service,
    ServiceCapacity,
    ServiceClosure,
    ServiceContact,
    ServiceHours,
    ServiceLanguage,
    ServiceTerm,
    Site,
    SiteAddress,
    SiteKind,
)
from caseapp.places.rules import updating
from caseapp.places.rules.entry import Directory, Group, Offer, Problem, Spot
from caseapp.places.rules.naming import free_codes, sort_key

#: What an entry says of itself in its own row.
PLAIN = (
    "kind", "name", "referral_method", "description", "age_from", "age_to", "eligibility_note", "answer_hours", "cost",
    "cost_note", "always_open",
)  # fmt: skip
AT_ONCE = 50


# -- out --------------------------------------------------------------------------------------------------
def gathered(country: str | None = None) -> Directory:
    """Everything that may leave: active entries of open sites (of a country) that are not protected."""
    wanted = (
        sa.select(Service, Site)
        .join(Site, Site.id == Service.site_id)
        .where(
            Service.active, Site.kind != SiteKind.SAFE_HOUSE, Service.kind.not_in(queries.protected_kinds()),
            sa.or_(Site.closed_on.is_(None), Site.closed_on > clock.today()),
        )
        .order_by(Service.id)
    )  # fmt: skip
    if country:
        wanted = wanted.where(Site.country == country)
    rows = session.execute(wanted).all()
    services, sites = [row[0] for row in rows], {row[1].id: row[1] for row in rows}
    groups = _groups({s.organisation_id for s in sites.values() if s.organisation_id})
    audit.record("exported", "directory", detail=country or "ALL")
    return Directory(tuple(groups), tuple(_spots(sites)), tuple(_offers(services)))


def _groups(ids: set[UUID]) -> Iterator[Group]:
    names: dict[UUID, list[str]] = defaultdict(list)
    for name in session.scalars(sa.select(OrganisationName).order_by(OrganisationName.sort_key)):
        names[name.organisation_id].append(name.name)
    for one in session.scalars(
        sa.select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.id)
    ):
        yield Group(
            str(one.id),
            one.country,
            one.code,
            one.name,
            one.provider_class,
            tuple(names[one.id]),
            one.description,
            one.website,
        )


def _spots(sites: dict[UUID, Site]) -> Iterator[Spot]:
    addresses = {
        a.site_id: a for a in session.scalars(sa.select(SiteAddress).where(SiteAddress.site_id.in_(sites)))
    }
    for one in sorted(sites.values(), key=lambda s: s.id):
        where = addresses.get(one.id)
        yield Spot(
            str(one.id), one.code, one.country, one.kind, one.name, one.timezone,
            str(one.organisation_id) if one.organisation_id else None, one.admin1, one.admin2, _degrees(one.latitude),
            _degrees(one.longitude), where.address if where else None, where.directions if where else None,
            where.phone if where else None,
        )  # fmt: skip


def _degrees(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.5f}"


def _offers(services: list[Service]) -> Iterator[Offer]:
    ids = [s.id for s in services]
    facts = queries.facts_of(ids)
    contacts, capacities = _by_service(ServiceContact, ids), _by_service(ServiceCapacity, ids)
    for one in services:
        own = facts[one.id]
        yield Offer(
            str(one.id), str(one.site_id), one.kind, one.name, one.referral_method, one.description, one.age_from, one.age_to,
            one.eligibility_note, one.answer_hours, one.cost, one.cost_note, one.always_open, _iso(one.offered_from),
            _iso(one.offered_to), _iso(one.confirmed_at), one.source, one.source_key,
            tuple(sorted((kind, code) for kind, codes in own.terms.items() for code in codes)),
            tuple(sorted(own.languages)),
            tuple(sorted((h.weekday, f"{h.opens:%H:%M}", f"{h.closes:%H:%M}") for h in own.hours)),
            tuple(sorted((str(c.first_day), str(c.last_day), c.reason) for c in own.closures)),
            tuple(
                (kind, c.name, c.phone, c.email)
                for kind in ("PERSON", "DUTY", "NEXT_DUTY")
                for c in contacts[one.id]
                if c.kind == kind
            ),
            tuple(sorted((c.unit, c.available, c.maximum, str(_iso(c.updated_at))) for c in capacities[one.id])),
        )  # fmt: skip


def _by_service(table: Any, ids: list[UUID]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in session.scalars(sa.select(table).where(table.service_id.in_(ids))):
        found[row.service_id].append(row)
    return found


def _iso(value: date | datetime | None) -> str | None:
    return None if value is None else value.isoformat()


# -- in ---------------------------------------------------------------------------------------------------
@dataclass
class Report:
    """What became of a file: services made, there already, left out; what was wrong, and values not taken over."""

    rows: int = 0
    created: int = 0
    existing: int = 0
    updated: int = 0  # of those that stood
    kept: int = 0  # of those that stood: the file says something else, and somebody here said so later
    skipped: int = 0
    duplicates: int = 0
    errors: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    done: int = 0


@dataclass(frozen=True)
class Change:
    """An entry that stands, of which a file says something else: changed by it, or kept as it is here."""

    row: int
    name: str
    act: str
    parts: tuple[str, ...]


class _Ground:
    """The organisations and sites that stand, and what is made beside them."""

    def __init__(self) -> None:
        self.organisations = {o.id: o for o in session.scalars(sa.select(Organisation))}
        self.by_code = {(o.country, o.code): o for o in self.organisations.values()}
        self.by_name = {(o.country, o.sort_key): o for o in self.organisations.values()}
        for other in session.scalars(sa.select(OrganisationName)):
            self.by_name.setdefault(
                (other.country, other.sort_key), self.organisations[other.organisation_id]
            )
        self.sites = {s.id: s for s in session.scalars(sa.select(Site))}
        self.site_codes = {s.code: s for s in self.sites.values()}
        self.site_names = {(s.organisation_id, s.sort_key): s for s in self.sites.values()}
        self.names: list[OrganisationName] = []
        self._free: dict[str, Iterator[str]] = {}

    def organisation(self, group: Group) -> Organisation:
        """The organisation of an id, a code in its country, or a name or synonym there; else a new one."""
        found = (
            self.organisations.get(UUID(group.id))
            or self.by_code.get((group.country, group.code))
            or self.by_name.get((group.country, sort_key(group.name)))
        )
        if found is not None:
            return found
        made = Organisation(
            id=UUID(group.id), country=group.country, code=group.code, name=group.name, sort_key=sort_key(group.name),
            provider_class=group.provider_class, description=group.description, website=group.website,
        )  # fmt: skip
        session.add(made)
        session.flush()
        self.organisations[made.id] = self.by_code[made.country, made.code] = made
        self.by_name[made.country, made.sort_key] = made
        for name in group.names:
            key = sort_key(name)
            if (made.country, key) not in self.by_name:
                self.by_name[made.country, key] = made
                self.names.append(
                    OrganisationName(organisation_id=made.id, country=made.country, name=name, sort_key=key)
                )
        return made

    def site(self, spot: Spot, organisation: Organisation | None) -> Site:
        """The site of an id, a code, or a name of the same organisation; else a new one with a code of its own."""
        key = (organisation.id if organisation else None, sort_key(spot.name))
        found = self.sites.get(UUID(spot.id)) or self.site_codes.get(spot.code) or self.site_names.get(key)
        if found is not None:
            return found
        made = Site(
            id=UUID(spot.id), code=spot.code or self._code(spot.country), country=spot.country, kind=spot.kind,
            name=spot.name, sort_key=sort_key(spot.name), timezone=spot.timezone, organisation_id=key[0],
            admin1=spot.admin1, admin2=spot.admin2, latitude=_decimal(spot.latitude), longitude=_decimal(spot.longitude),
        )  # fmt: skip
        session.add(made)
        session.flush()
        self.sites[made.id] = self.site_codes[made.code] = self.site_names[key] = made
        if spot.address:
            session.add(
                SiteAddress(
                    site_id=made.id, address=spot.address, directions=spot.directions, phone=spot.phone
                )
            )
        return made

    def _code(self, country: str) -> str:
        if country not in self._free:
            iso2 = next(c.iso2 for c in reference.countries() if c.iso3 == country)
            self._free[country] = free_codes(iso2, frozenset(self.site_codes))
        return next(self._free[country])


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def take_in(
    directory: Directory,
    report: Report,
    *,
    rows: Mapping[str, int] | None = None,
    each: Callable[[Report], None] | None = None,
    keeps: Callable[[Site], bool] = lambda site: True,
) -> Report:
    """Write what is new, and change what the same source says otherwise now; what somebody here confirmed or wrote after
    the last file stays and is listed. The counts and problems go into `report`. `rows`: the row of each offer;
    `each`: called after every few entries (to commit, and to say how far it is). `keeps`: whose sites may be written at;
    it is asked of the sites that a file's ids, codes and sources come to, whatever the file says that they are."""
    ground = _Ground()
    groups = {g.id: ground.organisation(g) for g in directory.groups}
    sites = {s.id: ground.site(s, groups.get(s.group or "")) for s in directory.spots}
    session.add_all(ground.names)  # once there is a site, by which the database knows who keeps them
    session.flush()
    where = _Where(
        {spot: site.id for spot, site in sites.items()},
        frozenset(spot for spot, site in sites.items() if site.kind == SiteKind.SAFE_HOUSE),
        frozenset(site.id for site in ground.sites.values() if keeps(site)),
    )
    names = _marks()
    for start in range(0, len(directory.offers), AT_ONCE):
        part = directory.offers[start : start + AT_ONCE]
        _take(part, report, rows or {}, where, names)
        report.done += len(part)
        if each is not None:
            each(report)
    audit.record("imported", "directory")
    return report


def not_kept(offer: Offer, row: int = 0) -> Problem:
    """What is said of an entry that somebody else keeps."""
    return Problem(row, "site", f"{offer.name}: not of the directory that you keep")


@dataclass(frozen=True)
class _Where:
    """The sites that a file's spots come to, those that are safe houses, and the sites that may be written at."""

    sites: Mapping[str, UUID]
    houses: frozenset[str]
    kept: frozenset[UUID]


def _take(
    offers: Sequence[Offer], report: Report, rows: Mapping[str, int], where: _Where, names: set[tuple[UUID, str, str]]
) -> None:  # fmt: skip
    standing = _standing(offers)
    made = []
    for offer in offers:
        known = standing.get(offer.id)
        site = where.sites[offer.spot]
        mark = (site, offer.kind, sort_key(offer.name))
        if site not in where.kept or (known is not None and known.service.site_id not in where.kept):
            report.errors.append(not_kept(offer, rows.get(offer.id, 0)))
            report.skipped += 1
        elif known is None and offer.source is None and mark in names:
            report.existing += 1
        elif known is None and offer.spot in where.houses:
            report.errors.append(Problem(0, "location.kind", "a safe house never comes by file"))
            report.skipped += 1
        elif known is None:
            names.add(mark)
            made.append(offer)
            _enter(offer, site)
        else:
            report.existing += 1
            _compare(offer, known, report, rows.get(offer.id, 0))
    session.flush()
    for offer in made:
        session.add_all(_sides(offer))
    session.flush()
    report.created += len(made)


@dataclass(frozen=True)
class _Known:
    """An entry that stands, as a file would say it, with the acts of its history."""

    service: Service
    offer: Offer
    acts: tuple[str, ...]


def _compare(offer: Offer, known: _Known, report: Report, row: int) -> None:
    """Change what stands, or keep it; either is listed with its parts."""
    act = updating.what_becomes(known.offer, offer, known.acts, active=known.service.active)
    if act == updating.SAME or offer.source is None:
        return
    parts = updating.differs(known.offer, offer)
    report.changes.append(Change(row, known.service.name, act, parts))
    if act == updating.KEPT:
        report.kept += 1
        return
    report.updated += 1
    for name in PLAIN:
        setattr(known.service, name, getattr(offer, name))
    known.service.sort_key = sort_key(offer.name)
    known.service.offered_from, known.service.offered_to = _date(offer.offered_from), _date(offer.offered_to)
    for table in (ServiceTerm, ServiceLanguage, ServiceHours, ServiceClosure, ServiceContact):
        session.execute(sa.delete(table).where(table.service_id == known.service.id))
    session.add_all(_sides(replace(offer, id=str(known.service.id), capacities=()), parts))


def _marks() -> set[tuple[UUID, str, str]]:
    asked = sa.select(Service.site_id, Service.kind, Service.sort_key)
    return {(r[0], r[1], r[2]) for r in session.execute(asked)}


def _standing(offers: Sequence[Offer]) -> dict[str, _Known]:
    """The entries that stand for these offers, by the offer's id: the same id, or the same row of the same source."""
    keys = [(o.source, o.source_key) for o in offers if o.source]
    found = list(
        session.scalars(
            sa.select(Service).where(
                sa.or_(
                    Service.id.in_([UUID(o.id) for o in offers]),
                    sa.tuple_(Service.source, Service.source_key).in_(keys),
                )
            )
        )
    )
    said = {o.id: o for o in _offers(found)}
    acts: dict[UUID, list[str]] = defaultdict(list)
    history = sa.select(DirectoryChange.service_id, DirectoryChange.act).where(
        DirectoryChange.service_id.in_([s.id for s in found])
    )
    for service_id, act in session.execute(history.order_by(DirectoryChange.at, DirectoryChange.id)):
        acts[service_id].append(act)
    known = {s.id: _Known(s, said[str(s.id)], tuple(acts[s.id])) for s in found}
    by_source: dict[tuple[str | None, str | None], _Known] = {
        (k.service.source, k.service.source_key): k for k in known.values() if k.service.source
    }
    matched = {o.id: known.get(UUID(o.id)) or by_source.get((o.source, o.source_key)) for o in offers}
    return {offer_id: one for offer_id, one in matched.items() if one is not None}


def _enter(offer: Offer, site_id: UUID) -> None:
    session.add(
        Service(
            id=UUID(offer.id), site_id=site_id, sort_key=sort_key(offer.name),
            confirmed_at=datetime.fromisoformat(offer.confirmed_at) if offer.confirmed_at else None,
            offered_from=_date(offer.offered_from), offered_to=_date(offer.offered_to),
            **{name: getattr(offer, name) for name in (*PLAIN, "source", "source_key")},
        )
    )  # fmt: skip


def _date(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _sides(offer: Offer, parts: Iterable[str] = ()) -> Iterable[Any]:
    of, who = UUID(offer.id), access.current()
    yield from (ServiceTerm(service_id=of, kind=kind, code=code) for kind, code in offer.terms)
    yield from (ServiceLanguage(service_id=of, language=x) for x in offer.languages)
    for weekday, opens, closes in offer.hours:
        yield ServiceHours(
            service_id=of, weekday=weekday, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes)
        )
    for first, last, reason in offer.closures:
        yield ServiceClosure(
            service_id=of,
            first_day=date.fromisoformat(first),
            last_day=date.fromisoformat(last),
            reason=reason,
        )
    for kind, name, phone, email in offer.contacts:
        yield ServiceContact(service_id=of, kind=kind, name=name, phone=phone, email=email)
    for unit, available, maximum, updated in offer.capacities:
        yield ServiceCapacity(
            service_id=of,
            unit=unit,
            available=available,
            maximum=maximum,
            updated_at=datetime.fromisoformat(updated),
        )
    yield DirectoryChange(
        at=clock.now(),
        actor=who.name,
        user_id=who.user_id,
        service_id=of,
        act="IMPORTED",
        parts=sorted(parts),
    )
