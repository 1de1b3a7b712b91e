"""Questions about sites and the directory. Nothing here is a secret of a person; lists are sorted by the stored key.

Where a safe house is, is asked of `service.safe_house` alone. What is offered in one, and the protected kinds of
service, are listed to the team that offers them (and kept by whoever keeps that site's directory), to nobody else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from caseapp.core import clock, reference
from caseapp.core.access import CASE_ROLES, SITE_ROLES, Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.places.access import KEEPERS, OF_TEAM
from caseapp.places.models import (
    DirectoryChange,
    Organisation,
    OrganisationName,
    SafeHouseAccess,
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
from caseapp.places.rules import freshness as fresh
from caseapp.places.rules.eligibility import Asked, ForWhom, why_not
from caseapp.places.rules.naming import sort_key
from caseapp.places.rules.opening import Closure, Hours, Opening, Timetable, opening

#: Entries that are looked through for one page of results.
MOST = 2000


def sites(country: str | None = None, *, closed: bool = False) -> Sequence[Site]:
    """The sites of a country (ISO 3166 alpha-3; None: of all), without those closed unless asked."""
    wanted = sa.select(Site).order_by(Site.sort_key)
    if country is not None:
        wanted = wanted.where(Site.country == country)
    if not closed:
        wanted = wanted.where(sa.or_(Site.closed_on.is_(None), Site.closed_on > clock.today()))
    return session.scalars(wanted).all()


def site(site_id: UUID) -> Site:
    """One site; raises `sqlalchemy.exc.NoResultFound` for an id that is not there."""
    return session.get_one(Site, site_id)


def site_of_code(code: str) -> Site | None:
    """The site called `MX-TAP`, or None."""
    return session.scalars(sa.select(Site).where(Site.code == code)).one_or_none()


# -- who sees and keeps what -----------------------------------------------------------------------------
def protected_kinds() -> tuple[str, ...]:
    """Kinds of service that are sealed (VOCABULARY: flag S)."""
    return tuple(c.code for c in reference.codes("service_kind") if "S" in c.flags)


def is_protected(service: Service, of_site: Site) -> bool:
    """Whether an entry is listed to its own team only."""
    return of_site.kind == SiteKind.SAFE_HOUSE or service.kind in protected_kinds()


def _kept(who: Principal) -> sa.ColumnElement[bool]:
    """Sites whose directory somebody keeps: their own, in a national team the country's."""
    grants = [g for g in who.grants if g.role in KEEPERS]
    here = {g.site_id for g in grants if g.site_id is not None}
    countries = {g.country for g in grants if g.site_id is None}
    return sa.or_(Site.id.in_(here), Site.country.in_(countries))


def _listed(who: Principal) -> sa.ColumnElement[bool]:
    house = Site.kind == SiteKind.SAFE_HOUSE
    sealed = Service.kind.in_(protected_kinds())
    grants = [g for g in who.grants if g.role in CASE_ROLES | SITE_ROLES]
    own = Service.team_id.in_({g.team_id for g in grants})
    told = sa.select(SafeHouseAccess.id).where(
        SafeHouseAccess.site_id == Site.id,
        SafeHouseAccess.team_id.in_({g.team_id for g in grants}),
        SafeHouseAccess.ended_at.is_(None),
        SafeHouseAccess.valid_to > clock.today(),
    )
    return sa.or_(
        sa.and_(~house, ~sealed), own, sa.and_(house, told.exists()), sa.and_(~house, sealed, _kept(who))
    )


def listed_to(who: Principal) -> sa.Select[Service, Site, Organisation | None]:
    """Entries that somebody may read, with site and organisation; protected ones only to their own."""
    return (
        sa.select(Service, Site, Organisation)
        .join(Site, Site.id == Service.site_id)
        .outerjoin(Organisation, Organisation.id == Site.organisation_id)
        .where(_listed(who), sa.or_(Site.closed_on.is_(None), Site.closed_on > clock.today()))
    )


def keeps(who: Principal, of_site: Site) -> bool:
    """Whether somebody keeps the directory of this site."""
    return any(
        g.role in KEEPERS
        and (g.site_id == of_site.id or (g.site_id is None and g.country == of_site.country))
        for g in who.grants
    )


def may_edit(who: Principal, service: Service, of_site: Site) -> bool:
    """Whether somebody may change and confirm an entry: of the team that offers it, or keeping the directory."""
    return keeps(who, of_site) or (service.team_id is not None and service.team_id in who.teams_as(*OF_TEAM))


#: How a service without a team of ours wants to be asked, where somebody can be referred to it.
REACHED_BY = ("ONE_TIME_PAGE", "PHONE", "EMAIL", "PAPER", "OTHER_SYSTEM", "WALK_IN")


def is_reached(service: Service, of_site: Site) -> bool:
    """Whether somebody can be referred to an entry that no team of ours offers (a trigger says the same). What is offered
    in a safe house, and the protected kinds, have teams of their own."""
    return (
        service.active
        and service.team_id is None
        and service.referral_method in REACHED_BY
        and not is_protected(service, of_site)
    )


def leads_somewhere(service: Service, of_site: Site) -> bool:
    """Whether an entry says how somebody is referred to it: by the team that offers it, or as it wants to be asked."""
    return (
        service.team_id is not None or is_protected(service, of_site) or service.referral_method in REACHED_BY
    )


def contacts_of(who: Principal, service_id: UUID) -> Sequence[ServiceContact]:
    """Who answers for an entry that somebody may read, the telephone on duty among them."""
    asked = (
        sa.select(ServiceContact)
        .join(Service, Service.id == ServiceContact.service_id)
        .join(Site, Site.id == Service.site_id)
        .where(ServiceContact.service_id == service_id, _listed(who))
    )
    return session.scalars(asked.order_by(ServiceContact.kind)).all()


def without_team(
    who: Principal,
    kind: str,
    country: str,
    *,
    near: sa.ScalarSelect[Any],
    words: str = "",
    first: UUID | None = None,
) -> sa.Select[Service, Site, Organisation | None]:
    """Entries of a kind that no team of ours offers and to which somebody can be referred (`is_reached`), as far as this
    principal reads them; `first` before all, then those of the division that `near` finds, the freshly confirmed ones first.
    `words`: of a name."""
    today = clock.today()
    found = listed_to(who).where(
        Service.kind == kind, Site.country == country, Service.active, Service.team_id.is_(None),
        Service.referral_method.in_(REACHED_BY), Site.kind != SiteKind.SAFE_HOUSE,
        Service.kind.not_in(protected_kinds()), sa.func.coalesce(Service.offered_to, today) >= today,
    )  # fmt: skip
    if words.strip():
        found = found.where(sa.or_(_called(sort_key(words)), Service.id == first))
    return found.order_by(
        sa.case((Service.id == first, 0), else_=1), sa.case((Site.admin1 == near, 0), else_=1),
        Service.confirmed_at.desc().nulls_last(), Service.sort_key, Service.id,
    )  # fmt: skip


# -- one entry and many -------------------------------------------------------------------------------
@dataclass(frozen=True)
class Turn:
    """Hours of a weekday."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True)
class Days:
    """Days on which a service is closed."""

    id: UUID
    first_day: date
    last_day: date
    reason: str


@dataclass
class Facts:
    """What the side tables hold of an entry."""

    languages: list[str] = field(default_factory=list)
    terms: dict[str, list[str]] = field(default_factory=dict)
    hours: list[Turn] = field(default_factory=list)
    closures: list[Days] = field(default_factory=list)

    def codes(self, kind: str) -> frozenset[str]:
        return frozenset(self.terms.get(kind, ()))


@dataclass(frozen=True)
class Entry:
    """A line of the directory as pages show it; `misfits` are the grounds on which it is not for whom was asked."""

    service: Service
    site: Site
    organisation: Organisation | None
    facts: Facts
    opening: Opening
    freshness: str
    misfits: tuple[str, ...] = ()


def facts_of(service_ids: Collection[UUID]) -> dict[UUID, Facts]:
    """The side tables of many entries in one statement."""
    found = {i: Facts() for i in service_ids}
    code, number, days, times = (sa.null().cast(t) for t in (sa.Text(), sa.Integer(), sa.Date(), sa.Time()))

    def part(table: type[Any], name: str, *columns: Any) -> sa.Select[Any]:
        own = [sa.literal(name).label("part"), table.service_id, *columns]
        return sa.select(*own).where(table.service_id.in_(found))

    rows = session.execute(
        sa.union_all(
            part(ServiceLanguage, "LANGUAGE", sa.null().cast(sa.Uuid()).label("id"), ServiceLanguage.language.label("code"),
                 code.label("kind"), number.label("weekday"), times.label("opens"), times.label("closes"),
                 days.label("first_day"), days.label("last_day")),
            part(ServiceTerm, "TERM", sa.null().cast(sa.Uuid()), ServiceTerm.code, ServiceTerm.kind, number, times, times, days, days),
            part(ServiceHours, "HOURS", ServiceHours.id, code, code, ServiceHours.weekday, ServiceHours.opens,
                 ServiceHours.closes, days, days),
            part(ServiceClosure, "CLOSURE", ServiceClosure.id, ServiceClosure.reason, code, number, times, times,
                 ServiceClosure.first_day, ServiceClosure.last_day),
        ).order_by("part", "kind", "weekday", "opens", "first_day", "code")
    )  # fmt: skip
    for row in rows:
        own = found[row.service_id]
        if row.part == "LANGUAGE":
            own.languages.append(row.code)
        elif row.part == "TERM":
            own.terms.setdefault(row.kind, []).append(row.code)
        elif row.part == "HOURS":
            own.hours.append(Turn(row.weekday, row.opens, row.closes))
        else:
            own.closures.append(Days(row.id, row.first_day, row.last_day, row.code))
    return found


def timetable(service: Service, facts: Facts) -> Timetable:
    """When a service works, for `rules.opening`."""
    return Timetable(
        service.always_open,
        tuple(Hours(h.weekday, h.opens, h.closes) for h in facts.hours),
        tuple(Closure(c.first_day, c.last_day, c.reason) for c in facts.closures),
        service.offered_from, service.offered_to,
    )  # fmt: skip


def for_whom(service: Service, facts: Facts) -> ForWhom:
    """Whom a service says it is for, for `rules.eligibility`."""
    return ForWhom(
        facts.codes("SEX"), service.age_from, service.age_to, facts.codes("POPULATION"), facts.codes("HOUSEHOLD"),
        facts.codes("AREA"),
    )  # fmt: skip


def entries(
    rows: Sequence[tuple[Service, Site, Organisation | None]], asked: Asked | None = None
) -> list[Entry]:
    """Each row with its facts as they stand now (one statement for all of them)."""
    facts = facts_of([service.id for service, _site, _organisation in rows])
    moment, found = clock.now(), []
    for service, of_site, organisation in rows:
        own = facts[service.id]
        found.append(
            Entry(
                service, of_site, organisation, own,
                opening(timetable(service, own), moment.astimezone(ZoneInfo(of_site.timezone))),
                fresh.freshness(service.kind, service.confirmed_at, moment),
                why_not(for_whom(service, own), asked) if asked else (),
            )
        )  # fmt: skip
    return found


def entry(who: Principal, service_id: UUID, *, lock: bool = False) -> Entry:
    """One entry that somebody may read, or `NotYours`. `lock`: for a verb, read afresh."""
    wanted = listed_to(who).where(Service.id == service_id)
    if lock:
        wanted = wanted.with_for_update(of=Service).execution_options(populate_existing=True)
    row = session.execute(wanted).one_or_none()
    if row is None:
        raise NotYours
    return entries([(row[0], row[1], row[2])])[0]


@dataclass(frozen=True)
class Reached:
    """How a service is reached, and how much it has left."""

    address: SiteAddress | None
    contacts: tuple[ServiceContact, ...]
    capacity: tuple[ServiceCapacity, ...]
    changes: tuple[DirectoryChange, ...]
    names: tuple[str, ...]


def reached(found: Entry) -> Reached:
    """The rest of what a page shows of an entry (five statements)."""
    of_service = found.service.id
    order = {kind: n for n, kind in enumerate(("PERSON", "DUTY", "NEXT_DUTY"))}
    contacts = session.scalars(sa.select(ServiceContact).where(ServiceContact.service_id == of_service)).all()
    capacity = session.scalars(
        sa.select(ServiceCapacity)
        .where(ServiceCapacity.service_id == of_service)
        .order_by(ServiceCapacity.unit)
    ).all()
    changes = session.scalars(
        sa.select(DirectoryChange)
        .where(DirectoryChange.service_id == of_service)
        .order_by(DirectoryChange.at.desc(), DirectoryChange.id.desc())
        .limit(20)
    ).all()
    names = session.scalars(
        sa.select(OrganisationName.name)
        .where(OrganisationName.organisation_id == (found.organisation.id if found.organisation else None))
        .order_by(OrganisationName.sort_key)
    ).all()
    address = session.get(SiteAddress, found.site.id, populate_existing=True)
    return Reached(
        address,
        tuple(sorted(contacts, key=lambda c: order[c.kind])),
        tuple(capacity),
        tuple(changes),
        tuple(names),
    )


def duty_of(who: Principal, team_id: UUID, kind: str) -> dict[str, str]:
    """The telephones of a team's entry for those who wait for its answer: DUTY, and NEXT_DUTY where nobody answers there."""
    rows = session.execute(
        sa.select(ServiceContact.kind, ServiceContact.phone)
        .join(Service, Service.id == ServiceContact.service_id)
        .join(Site, Site.id == Service.site_id)
        .where(
            Service.team_id == team_id, Service.kind == kind, ServiceContact.kind.in_(("DUTY", "NEXT_DUTY")),
            ServiceContact.phone.is_not(None), _listed(who),
        )
    )  # fmt: skip
    return {row.kind: row.phone for row in rows if row.phone}


# -- the search -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Wanted:
    """What is looked for: words of a name, kind, country and area, a language, for whom, and whether open now."""

    words: str = ""
    kind: str = ""
    country: str = ""
    area: str = ""
    language: str = ""
    asked: Asked | None = None
    open_now: bool = False
    ended: bool = False


def search(who: Principal, wanted: Wanted) -> list[Entry]:
    """Entries that answer, those open now and freshly confirmed first, then by name (five statements)."""
    found = (
        listed_to(who).where(Service.active).order_by(Service.sort_key, Site.sort_key, Service.id).limit(MOST)
    )
    if wanted.country:
        found = found.where(Site.country == wanted.country)
    if wanted.kind:
        found = found.where(Service.kind == wanted.kind)
    if wanted.area:
        found = found.where(_serves(wanted.area))
    if wanted.language:
        speaks = sa.select(ServiceLanguage.language).where(
            ServiceLanguage.service_id == Service.id, ServiceLanguage.language == wanted.language
        )
        found = found.where(speaks.exists())
    if wanted.words.strip():
        found = found.where(_called(sort_key(wanted.words)))
    rows = [(row[0], row[1], row[2]) for row in session.execute(found)]
    good = [e for e in entries(rows, wanted.asked) if not e.misfits and _timely(e, wanted)]
    return sorted(good, key=lambda e: (e.opening.state != "OPEN", fresh.STATES.index(e.freshness)))


def _timely(found: Entry, wanted: Wanted) -> bool:
    state = found.opening.state
    return state == "OPEN" if wanted.open_now else (wanted.ended or state != "ENDED")


def _serves(area: str) -> sa.ColumnElement[bool]:
    """A site that lies in the area, or a service that says it covers it or the whole country."""
    covers = sa.select(ServiceTerm.code).where(
        ServiceTerm.service_id == Service.id,
        ServiceTerm.kind == "AREA",
        sa.or_(ServiceTerm.code.startswith(area, autoescape=True), ServiceTerm.code == Site.country),
    )
    return sa.or_(Site.admin1 == area, Site.admin2 == area, covers.exists())


def _called(key: str) -> sa.ColumnElement[bool]:
    """By parts of a word or a likely misspelling, in the names of service, site and organisation and its others."""

    def like(column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        return sa.or_(
            column.contains(key, autoescape=True), sa.literal(key).op("<%", is_comparison=True)(column)
        )

    other = sa.select(OrganisationName.id).where(
        OrganisationName.organisation_id == Site.organisation_id,
        like(sa.type_coerce(OrganisationName.sort_key, sa.Text)),
    )
    own = (Service.sort_key, Site.sort_key, Organisation.sort_key)
    return sa.or_(*(like(sa.type_coerce(c, sa.Text)) for c in own), other.exists())


def countries_listed() -> list[str]:
    """Countries that have an entry, by code."""
    return list(session.scalars(sa.select(Site.country).join(Service, Service.site_id == Site.id).distinct()))


def kept_by(who: Principal) -> list[Entry]:
    """Active entries whose directory somebody keeps, or that their own team offers, the longest unconfirmed first."""
    mine = sa.or_(_kept(who), Service.team_id.in_(who.teams_as(*OF_TEAM)))
    rows = session.execute(
        listed_to(who)
        .where(Service.active, mine)
        .order_by(Service.confirmed_at.nulls_first(), Service.sort_key, Service.id)
        .limit(MOST)
    )
    return entries([(row[0], row[1], row[2]) for row in rows])


def local_now(of_site: Site) -> datetime:
    """The moment in a site's zone."""
    return clock.now().astimezone(ZoneInfo(of_site.timezone))
