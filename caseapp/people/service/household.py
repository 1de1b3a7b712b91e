"""Households change: somebody joins, leaves, another is the head; relations and protection situations."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from caseapp.core.db import session
from caseapp.people import events, queries, rules
from caseapp.people.models import Case, Household, HouseholdMember, PersonPopulation, Relation
from caseapp.people.refusals import AlreadyIn, AlreadyMember, CannotJoin, HeadStays, NotMember
from caseapp.people.rules.number import HOUSEHOLD
from caseapp.people.service.correct import check_version
from caseapp.people.service.register import Numbers, fresh_number


def _current(case: Case) -> HouseholdMember | None:
    return session.scalars(
        sa.select(HouseholdMember).where(
            HouseholdMember.case_id == case.id, HouseholdMember.left_on.is_(None)
        )
    ).one_or_none()


def _touch(household: Household, version: int | None) -> None:
    if version is not None:
        check_version(household.version, version)
    flag_modified(household, "formed_on")


def join_household(
    case: Case, household: Household, *, on: date, version: int | None = None
) -> HouseholdMember:
    """The person of `case` is served with this household from a day on. Writes household.joined. Raises
    AlreadyMember, CannotJoin (another team's or a closed file), ChangedMeanwhile."""
    _touch(household, version)
    if case.team_id != household.team_id or case.status != "OPEN":
        raise CannotJoin
    held = _current(case)
    if held is not None:
        if held.household_id == household.id:
            raise AlreadyMember
        leave_household(case, on=on, reason="JOINED_OTHER", alone=False)
    row = HouseholdMember(
        household_id=household.id, case_id=case.id, joined_on=on, is_head=_is_empty(household)
    )
    session.add(row)
    household.closed_on = None
    session.flush()
    events.happened(events.HOUSEHOLD_JOINED, case, on=on, household_id=household.id, code="MEMBER")
    session.flush()
    return row


def _is_empty(household: Household) -> bool:
    return not session.scalar(
        sa.select(sa.func.count())
        .select_from(HouseholdMember)
        .where(HouseholdMember.household_id == household.id, HouseholdMember.left_on.is_(None))
    )


def leave_household(
    case: Case,
    *,
    on: date,
    reason: str,
    alone: bool = True,
    version: int | None = None,
    numbers: Numbers = fresh_number,
) -> Household | None:
    """The person leaves: the family is split without a trace in what others see. With `alone` a household of
    their own is formed and returned. Writes household.left (and household.formed). Raises NotMember, HeadStays
    while others remain, ChangedMeanwhile."""
    row = _current(case)
    if row is None:
        raise NotMember
    household = session.get_one(Household, row.household_id)
    _touch(household, version)
    others = session.scalar(
        sa.select(sa.func.count())
        .select_from(HouseholdMember)
        .where(HouseholdMember.household_id == household.id, HouseholdMember.left_on.is_(None))
        .where(HouseholdMember.case_id != case.id)
    )
    if row.is_head and others:
        raise HeadStays
    events.happened(events.HOUSEHOLD_LEFT, case, on=on, household_id=household.id, reason=reason)
    row.left_on, row.is_head = max(on, row.joined_on), False
    if not others:
        household.closed_on = max(on, household.formed_on)
    session.flush()
    return form_household(case, on=on, numbers=numbers) if alone else None


def form_household(case: Case, *, on: date, numbers: Numbers = fresh_number) -> Household:
    """A household of this person alone. Writes household.formed."""
    household = Household(number=numbers(HOUSEHOLD), country=case.country, team_id=case.team_id, formed_on=on)
    session.add(household)
    session.flush()
    session.add(HouseholdMember(household_id=household.id, case_id=case.id, is_head=True, joined_on=on))
    session.flush()
    kind = events.profile(queries.person_of(case), on)["household_type"]
    events.happened(events.HOUSEHOLD_FORMED, case, on=on, household_id=household.id, number=1, code=kind)
    session.flush()
    return household


def split_household(
    cases: list[Case], *, on: date, reason: str = "SPLIT", numbers: Numbers = fresh_number
) -> Household:
    """These members leave and form a household of their own, the first its head."""
    first, *rest = cases
    made = leave_household(first, on=on, reason=reason, numbers=numbers)
    assert made is not None
    for case in rest:
        leave_household(case, on=on, reason=reason, alone=False)
        join_household(case, made, on=on)
    return made


def name_head(case: Case, *, version: int | None = None) -> None:
    """This member is the head from now on. Raises NotMember, ChangedMeanwhile."""
    row = _current(case)
    if row is None:
        raise NotMember
    household = session.get_one(Household, row.household_id)
    _touch(household, version)
    former = session.scalars(
        sa.select(HouseholdMember).where(
            HouseholdMember.household_id == household.id,
            HouseholdMember.left_on.is_(None),
            HouseholdMember.is_head,
        )
    ).one_or_none()
    if former is not None:
        former.is_head = False
        session.flush()
    row.is_head = True
    session.flush()


def record_relation(case: Case, other: Case, *, relation: str, evidence: str, on: date) -> Relation:
    """`case` is <relation> of `other`, with its evidence; what was recorded between the two is replaced. Writes
    relation.recorded."""
    row = session.scalars(
        sa.select(Relation).where(
            sa.or_(
                sa.and_(Relation.case_id == case.id, Relation.other_case_id == other.id),
                sa.and_(Relation.case_id == other.id, Relation.other_case_id == case.id),
            )
        )
    ).one_or_none()
    if row is None:
        row = Relation(case_id=case.id, other_case_id=other.id, relation=relation)
        session.add(row)
    row.relation = relation if row.case_id == case.id else rules.inverse(relation)
    row.evidence, row.recorded_on = evidence, on
    session.flush()
    events.happened(events.RELATION_RECORDED, case, on=on, code=relation, outcome=evidence)
    session.flush()
    return row


def begin_population(case: Case, population: str, *, on: date) -> PersonPopulation:
    """A protection situation holds from a day on (several may hold). Writes population.changed. Raises
    NationalNotAsylumSeeker, AlreadyIn."""
    person = queries.person_of(case)
    rules.may_be(population, queries.nationalities_of(case.id), case.country)
    if any(p.population == population and p.ended_on is None for p in queries.populations_of(case.id)):
        raise AlreadyIn
    row = PersonPopulation(case_id=case.id, person_id=person.id, population=population, since=on)
    session.add(row)
    events.happened(
        events.POPULATION_CHANGED, case, on=on, person=person, population=population, code="BEGAN"
    )
    session.flush()
    return row


def end_population(case: Case, row: PersonPopulation, *, on: date) -> None:
    """The situation no longer holds. Writes population.changed."""
    if row.ended_on is not None:
        return
    row.ended_on = max(on, row.since)
    events.happened(events.POPULATION_CHANGED, case, on=on, population=row.population, code="ENDED")
    session.flush()


def change_population(case: Case, old: str, new: str, *, on: date) -> None:
    """One situation follows another (asylum-seeker → refugee) on the same day."""
    for row in queries.populations_of(case.id):
        if row.population == old and row.ended_on is None:
            end_population(case, row, on=on)
    begin_population(case, new, on=on)
