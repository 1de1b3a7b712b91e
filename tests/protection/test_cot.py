"""A cot belongs to the baby: what a mother says of it is set on the baby's file, and on no other."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.db import session
from caseapp.core.errors import refusal_of
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.models import HouseholdMember, PlacementRequirement
from caseapp.people.refusals import CotIsForBaby, RequirementSet
from caseapp.protection import service
from caseapp.protection.rules import Decision
from tests.factories import make_person
from tests.protection.answering import answer_all
from tests.protection.conftest import PRIVATE

ON = date(2025, 11, 23)
SAYS = {"first_needs": ["BABY_ITEMS"]}


@pytest.fixture
def baby(desk):
    with desk.db.as_owner():
        found = make_person(desk.team, birth=date(2025, 2, 1))
        mother = session.scalars(
            sa.select(HouseholdMember).where(HouseholdMember.case_id == desk.mother.case_id)
        ).one()
        session.add(
            HouseholdMember(
                household_id=mother.household_id, case_id=found.case_id, is_head=False, joined_on=ON
            )
        )
        session.flush()
    return found


def requirements(desk):
    with desk.db.as_owner():
        return {(r.case_id, r.requirement) for r in session.scalars(sa.select(PlacementRequirement))}


def screened(desk, person):
    """A whole talk in which somebody asks for things for a baby and confirms all that is proposed."""
    with access.acting_as(desk.caseworker):
        session.commit()
        session.expunge_all()
        case = desk.case(person)
        screening = service.start(case, PRIVATE)
        answer_all(case, screening, **SAYS)
        proposed = service.standing(case, people.person_of(case), screening).proposed
        made = [Decision(p.kind, p.code, True, p.priority) for p in proposed]
        service.decide(case, screening, made)
        session.commit()
        session.expunge_all()
    return {(p.kind, p.code) for p in proposed}


def test_the_cot_that_a_mother_asks_for_is_the_babys(desk, baby):
    assert ("REQUIREMENT", "COT") in screened(desk, desk.mother)
    assert requirements(desk) == {(baby.case_id, "COT")}


def test_a_second_adult_who_says_the_same_sets_it_once(desk, baby):
    screened(desk, desk.mother)
    with access.acting_as(desk.caseworker):
        session.commit()
        session.expunge_all()
        with pytest.raises(RequirementSet):
            people_service.set_requirement(desk.case(baby), "COT", on=ON)
    assert requirements(desk) == {(baby.case_id, "COT")}


def test_where_there_is_no_baby_no_cot_is_proposed(desk):
    proposed = screened(desk, desk.mother)
    assert ("REQUIREMENT", "COT") not in proposed and ("NEED", "LP-BN") in proposed
    assert requirements(desk) == set()


def test_nobody_writes_a_cot_on_another_file(desk, client):
    client.sign_in(desk.caseworker)
    with desk.db.as_owner():
        number = desk.case(desk.mother).number
    answer = client.post(f"/cases/{number}/requirements", data={"requirement": "COT"})
    assert answer.status_code == 422
    assert "niño menor de 2 años" in answer.get_data(as_text=True)


def test_the_database_says_it_again(desk, baby):
    with desk.db.as_owner():
        for person, refused in ((desk.mother, True), (desk.child, True), (baby, False)):
            nested = session.begin_nested()
            session.add(PlacementRequirement(case_id=person.case_id, requirement="COT", set_on=ON))
            if not refused:
                session.flush()
                continue
            with pytest.raises(sa.exc.IntegrityError) as error:
                session.flush()
            nested.rollback()
            assert isinstance(refusal_of(error.value), CotIsForBaby)
