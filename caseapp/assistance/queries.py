"""Deliveries, as the owner of the file sees them and as the team that wrote them does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.assistance import rules
from caseapp.assistance.models import Delivery, ItemTally
from caseapp.core import crypto, reference
from caseapp.core.access import Permission, Principal
from caseapp.core.db import session
from caseapp.people import keys
from caseapp.people import queries as people
from caseapp.people.models import Case, Household, HouseholdMember, Need, Person
from caseapp.places.models import Organisation, Site
from caseapp.shelter.models import Stay


def visible_to(principal: Principal) -> sa.Select[Delivery]:
    """Deliveries of files that the principal's teams hold, and those that their teams wrote of files they read."""
    teams = list(principal.case_teams)
    read = people.visible_to(principal).with_only_columns(Case.id)
    return (
        sa.select(Delivery)
        .join(Case, Case.id == Delivery.case_id)
        .where(
            sa.or_(
                Case.team_id.in_(teams),
                sa.and_(Delivery.team_id.in_(teams), ~Delivery.sealed, Delivery.case_id.in_(read)),
            )
        )
    )


def of_case(case_id: UUID, *, sealed: bool = False) -> sa.Select[Delivery]:
    """The deliveries of a case, the newest first, withdrawn ones among them; the sealed ones, or the others."""
    return (
        sa.select(Delivery)
        .where(Delivery.case_id == case_id, Delivery.sealed.is_(sealed))
        .order_by(Delivery.delivered_on.desc(), Delivery.id.desc())
    )


def written_on(principal: Principal, teams: Collection[UUID], first: date, last: date) -> sa.Select[Delivery]:
    """What these of the principal's teams wrote down for some days, the newest first; nothing that is sealed."""
    return (
        visible_to(principal)
        .where(
            Delivery.team_id.in_(teams),
            Delivery.delivered_on.between(first, last),
            Delivery.sealed.is_(False),
        )
        .order_by(Delivery.delivered_on.desc(), Delivery.id.desc())
    )


def nearest(case_id: UUID, item: str | None, on: date, *, sealed: bool = False) -> date | None:
    """The day nearest to `on` on which this item reached the person."""
    return session.scalar(
        sa.select(Delivery.delivered_on)
        .where(
            Delivery.case_id == case_id, Delivery.item == item, Delivery.withdrawn_on.is_(None),
            Delivery.result.in_(rules.DELIVERED), Delivery.sealed.is_(sealed),
        )
        .order_by(sa.func.abs(Delivery.delivered_on - on))
        .limit(1)
    )  # fmt: skip


def needs_to_answer(case_ids: Sequence[UUID], *, sealed: bool = False) -> Sequence[Need]:
    """Open needs of these cases that may be named in the log; with `sealed` those that only the private page names."""
    rows = session.scalars(
        sa.select(Need).where(Need.case_id.in_(case_ids), Need.state == "OPEN").order_by(Need.id)
    ).all()
    return [need for need in rows if ("S" in reference.code("need_code", need.code).flags) is sealed]


def providers(country: str) -> list[tuple[UUID, str]]:
    """The teams of a country that may be named as who gave something: those that work with people, no protected one."""
    never = {c.code for c in reference.codes("team_type") if "S" in c.flags} | keys.NOT_BY_NAME
    rows = session.execute(
        sa.select(Team.id, Team.name)
        .where(Team.country == country, Team.active, Team.type.not_in(never))
        .order_by(Team.sort_key, Team.id)
    )
    return [(row[0], row[1]) for row in rows]


def class_of(team_id: UUID) -> str | None:
    """What kind of institution a team belongs to; None for a team of no organisation."""
    return session.scalar(
        sa.select(Organisation.provider_class)
        .join(Site, Site.organisation_id == Organisation.id)
        .join(Team, Team.site_id == Site.id)
        .where(Team.id == team_id)
    )


def teams_of(principal: Principal, permission: Permission) -> list[tuple[Team, Site]]:
    """The principal's teams at a site in which they hold a permission."""
    rows = session.execute(
        sa.select(Team, Site)
        .join(Site, Site.id == Team.site_id)
        .where(Team.id.in_(principal.teams_as(*permission.roles)))
        .order_by(Team.sort_key, Team.id)
    )
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True)
class Named:
    """A person as a desk may call them: the number, and the name where it is shown to this team."""

    case: Case
    number: str
    name: str | None


def named(case_ids: Iterable[UUID], principal: Principal) -> dict[UUID, Named]:
    """Numbers and names of cases that the principal may open: a reading without NAME shows the number alone (three
    statements, whatever the number)."""
    ids = list(dict.fromkeys(case_ids))
    if not ids:
        return {}
    rows = session.execute(
        people.visible_to(principal)
        .join(Person, Person.case_id == Case.id)
        .where(Case.id.in_(ids))
        .add_columns(Person)
    ).all()
    crypto.load_keys(case.id for case, _person in rows)
    shown = keys.items_shown(ids, principal)
    return {case.id: Named(case, case.number, _name(case, person, shown, principal)) for case, person in rows}


def _name(
    case: Case, person: Person, shown: dict[UUID, frozenset[str] | None], principal: Principal
) -> str | None:
    items = shown.get(case.id)
    if case.team_id not in principal.case_teams and items is not None and "NAME" not in items:
        return None
    return person.full_name or person.called_name or None


def together_with(case_id: UUID) -> list[UUID]:
    """The person and those of the household whose open file may be opened, the person first (one statement)."""
    mine = sa.select(HouseholdMember.household_id).where(
        HouseholdMember.case_id == case_id, HouseholdMember.left_on.is_(None)
    )
    rows = session.scalars(
        sa.select(Case.id)
        .join(HouseholdMember, HouseholdMember.case_id == Case.id)
        .where(
            HouseholdMember.household_id.in_(mine), HouseholdMember.left_on.is_(None), Case.id != case_id,
            Case.status != "CLOSED", Case.erased_at.is_(None),
        )
        .order_by(HouseholdMember.is_head.desc(), HouseholdMember.id)
    )  # fmt: skip
    return [case_id, *rows]


def first_of_household(number: str) -> UUID | None:
    """Somebody of the household with this number whose file may be opened, the head before others."""
    return session.scalars(
        sa.select(Case.id)
        .join(HouseholdMember, HouseholdMember.case_id == Case.id)
        .join(Household, Household.id == HouseholdMember.household_id)
        .where(
            Household.number == number, HouseholdMember.left_on.is_(None), Case.status != "CLOSED", Case.erased_at.is_(None)
        )
        .order_by(HouseholdMember.is_head.desc(), HouseholdMember.id)
        .limit(1)
    ).first()  # fmt: skip


def lodged(principal: Principal) -> list[tuple[str, str]]:
    """Whoever is in at the principal's shelters and whose file they may open: number and called name, one line a
    household (two statements)."""
    teams = principal.teams_as("SHELTER_COORDINATOR")
    if not teams:
        return []
    rows = session.execute(
        people.visible_to(principal)
        .join(Stay, Stay.case_id == Case.id)
        .where(Stay.team_id.in_(teams), Stay.state == "IN", ~Stay.child)
        .add_columns(Stay)
        .order_by(Stay.household_id, Stay.id)
    ).all()
    crypto.load_keys(case.id for case, _stay in rows)
    found: dict[UUID, tuple[str, str]] = {}
    for case, stay in rows:
        found.setdefault(stay.household_id or case.id, (case.number, stay.called_name or case.number))
    return sorted(found.values(), key=lambda line: line[1])


def tallies(teams: Collection[UUID]) -> sa.Select[ItemTally]:
    """What these teams gave by number, the newest first."""
    return (
        sa.select(ItemTally)
        .where(ItemTally.team_id.in_(teams))
        .order_by(ItemTally.counted_on.desc(), ItemTally.id.desc())
    )
