"""Registering a family: rows, events, tokens, few statements."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.people import queries, rules
from caseapp.people.refusals import CannotJoin
from caseapp.people.service import KnownPerson, NewFamily, NewRelation
from caseapp.reception.models import Arrival
from caseapp.reception.rules import ArrivalImpossible
from caseapp.reception.service import NewArrival, register_family
from tests.people.conftest import restart
from tests.people.statements import counted
from tests.reception.families import TODAY, adult, born, family_of_five


def events_of(case_id):
    return session.scalars(
        sa.select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.position)
    ).all()


def test_a_family_of_five_becomes_files_a_household_and_events(desk):
    made = desk.register()
    household = queries.household_of(made.cases[2].id)
    parts = queries.members_of(household)
    assert [p.person.given_names for p in parts] == ["Rosa Elena", "Wilmer", "Nahomy", "Yostin", "Kenia"]
    assert [p.member.is_head for p in parts] == [True, False, False, False, False]
    assert all(rules.is_number(p.case.number) and p.case.number[0] == "M" for p in parts)
    assert household.number[0] == "H" and rules.is_number(household.number)
    kinds = Counter(e.kind for p in parts for e in events_of(p.case.id))
    assert kinds == {
        "intake.opened": 5, "person.registered": 5, "person.profiled": 5, "case.opened": 5,
        "household.formed": 1, "relation.recorded": 4,
    }  # fmt: skip
    first = events_of(made.cases[2].id)[1]
    assert (first.kind, first.sex, first.age_band, first.origin, first.household_type, first.population) == (
        "person.registered", "F", "12-17", "HND", "FAMILY", "ASYLUM_SEEKER"
    )  # fmt: skip
    assert first.household_key is not None and first.team_id == desk.team.id and first.effective_on == TODAY


def test_details_and_arrival_are_kept(desk):
    made = desk.register()
    case = made.cases[0]
    assert queries.nationalities_of(case.id) == ["HND"] and queries.languages_of(case.id) == ["spa"]
    assert queries.documents_of(case.id)[0].number == "F1234567"
    assert queries.contacts_of(case.id)[0].number == "+504 9988 7766"
    assert [p.population for p in queries.populations_of(case.id)] == ["ASYLUM_SEEKER"]
    assert session.scalar(sa.select(sa.func.count()).select_from(Arrival)) == 5
    assert case.assigned_to_id == desk.principal.user_id
    relations = {(r.relation, r.evidence) for r in queries.relations_among(c.id for c in made.cases)}
    assert relations == {("SPOUSE", "CLAIMED"), ("CHILD", "DOCUMENT"), ("COUSIN", "CLAIMED")}


def test_statements_do_not_grow_with_the_family(desk):
    few, many = [], []
    one, five = NewFamily(family_of_five().members[:2]), family_of_five()
    with counted(few):
        register_family(one, NewArrival(TODAY), team=desk.team, on=TODAY)
    with counted(many):
        register_family(five, NewArrival(TODAY), team=desk.team, on=TODAY)
    assert len(many) <= len(few) + 1 and len(many) <= 18, "\n".join(many)


def test_numbers_can_follow_a_seed(desk):
    given = iter(range(10**9, 10**9 + 100))
    made = desk.register(numbers=lambda prefix: rules.number_of(prefix, next(given)))
    again = iter(range(10**9, 10**9 + 100))
    expected = [rules.number_of("M", next(again)) for _ in range(5)]
    assert [c.number for c in made.cases] == expected


def test_nobody_is_an_asylum_seeker_at_home_but_may_be_displaced(desk):
    with pytest.raises(rules.NationalNotAsylumSeeker):
        desk.register(NewFamily((adult(nationalities=("HND", "MEX")),)))
    made = desk.register(NewFamily((adult(nationalities=("MEX",), populations=("IDP",)),)))
    assert [p.population for p in queries.populations_of(made.cases[0].id)] == ["IDP"]


@pytest.mark.parametrize("day", [date(2025, 11, 24), date(2010, 1, 1)])
def test_an_arrival_lies_in_the_past_and_not_far(desk, day):
    with pytest.raises(ArrivalImpossible):
        register_family(NewFamily((adult(),)), NewArrival(day), team=desk.team, on=TODAY)


def test_a_known_person_joins_with_the_file_they_have(desk):
    before = desk.register(NewFamily((adult(),)))
    known = before.cases[0].id
    made = desk.register(NewFamily((adult(given_names="Otilia"), KnownPerson(known, "SIBLING"))))
    assert made.cases[1].id == known
    assert queries.household_of(known).id == made.household.id
    kinds = [e.kind for e in events_of(known)]
    assert kinds[-3:] == ["household.left", "household.joined", "relation.recorded"]
    assert kinds.count("person.registered") == 1


def test_another_teams_file_cannot_be_taken_into_a_family(desk, stranger):
    before = desk.register(NewFamily((adult(),)))
    with access.acting_as(stranger.principal):
        restart()
        with pytest.raises(CannotJoin):
            stranger.register(NewFamily((adult(given_names="Otilia"), KnownPerson(before.cases[0].id))))


def test_relations_between_others_make_the_household_type(desk):
    family = NewFamily(
        (
            adult(given_names="Abuela"),
            adult(given_names="Mamá"),
            adult(given_names="Bebé", birth=born(TODAY)),
        ),
        (NewRelation(1, 2, "PARENT", "DOCUMENT"),),
    )
    made = desk.register(family)
    assert made.codes[2]["household_type"] == "FAMILY" and made.codes[2]["age_band"] == "0-4"
