"""Search end to end: what a tired person types, and whom they find."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.db import session
from caseapp.people import queries, service
from caseapp.people.models import Case, NameToken
from caseapp.people.service import NewDocument, NewFamily
from caseapp.people.service.tokens import forget_tokens
from caseapp.reception.models import Arrival
from tests.people.conftest import restart
from tests.people.statements import counted
from tests.reception.families import TODAY, adult, born


@pytest.fixture
def sought(desk):
    """Somebody among others with common names."""
    wanted = desk.register(
        NewFamily(
            (
                adult(given_names="José Guadalupe", surname_1="Xicoténcatl", surname_2="Velásquez", called_name="Pepe",
                      birth=born(date(1991, 3, 2)), sex_in_document="M",
                      documents=(NewDocument("PASSPORT", "AB-778812", "HND"),)),
            )
        )
    )  # fmt: skip
    for i in range(8):
        desk.register(
            NewFamily((adult(given_names="María", surname_1="López", birth=born(date(1980 + i, 1, 1))),))
        )
    restart()
    return session.get_one(Case, wanted.cases[0].id)


@pytest.mark.parametrize(
    "text",
    [
        "José Guadalupe Xicoténcatl Velásquez", "jose xicotencatl", "XICOTENCATL VELASQUES", "Velásquez Xicoténcatl",
        "Xicotencal, Jose", "Pepe Xicoténcatl", "Xicoténcatl 1991", "José 2/3/1991", "Jicotencatl Belasques",
        "AB778812", "ab-778812", "Xicoténcatl 34 años",
    ],
)  # fmt: skip
def test_found_first(desk, sought, text):
    found = service.search(text, desk.principal, on=TODAY)
    assert found.hits and found.hits[0].summary.case_id == sought.id, found


def test_found_by_case_and_household_number(desk, sought):
    household = service.search(sought.number.lower(), desk.principal, on=TODAY).hits[0].summary.household
    assert [h.summary.case_id for h in service.search(household, desk.principal, on=TODAY).hits] == [
        sought.id
    ]


def test_one_common_name_is_too_general_and_nobody_is_shown(desk, sought):
    assert not service.search("María", desk.principal, on=TODAY).hits
    assert service.search("María", desk.principal, on=TODAY).too_general


def test_the_wall_stands_in_search(desk, sought, stranger):
    with access.acting_as(stranger.principal):
        restart()
        for text in ("José Xicoténcatl", "AB-778812", sought.number):
            assert not service.search(text, stranger.principal, on=TODAY).hits


def test_nobody_writes_or_reads_the_tokens_of_another_team(desk, sought, stranger):
    person = queries.person_of(sought)
    with access.acting_as(stranger.principal):
        restart()
        nested = session.begin_nested()
        with pytest.raises(sa.exc.ProgrammingError, match="another team"):
            forget_tokens("MEX", person.id)
        nested.rollback()
        nested = session.begin_nested()
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            session.execute(sa.select(NameToken.token))
        nested.rollback()
        assert session.scalars(sa.select(Arrival.id)).all() == []


def test_few_statements_whatever_is_found(desk, sought):
    restart()
    session.execute(sa.text("SELECT 1"))
    seen: list[str] = []
    with counted(seen):
        found = service.search("María López 1984", desk.principal, on=TODAY)
    assert len(found.hits) >= 3 and len(seen) <= 13, "\n".join(seen)


def test_a_united_record_leads_to_the_one_kept(desk, sought):
    other = desk.register(
        NewFamily((adult(given_names="Teodoro", surname_1="Huitzilópez", surname_2=""),))
    ).cases[0]
    service.merge(session.get_one(Case, other.id), sought, on=TODAY)
    restart()
    [hit] = service.search("Teodoro Huitzilópez", desk.principal, on=TODAY).hits
    assert hit.summary.case_id == sought.id and hit.also == "Teodoro Huitzilópez"


def test_who_is_registered_already_is_found_before_creating(desk, sought):
    twin = adult(given_names="Jose Guadalupe", surname_1="Xicotencatl", surname_2="Velazquez",
                 birth=born(date(1991, 2, 3)), sex_in_document="M")  # fmt: skip
    sibling = adult(
        given_names="Adelaida", surname_1="Xicoténcatl", surname_2="Velásquez", birth=born(date(1993, 3, 2))
    )
    by_paper = adult(
        given_names="Desconocido", surname_1="", documents=(NewDocument("PASSPORT", "ab778812"),)
    )
    restart()
    session.execute(sa.text("SELECT 1"))
    seen: list[str] = []
    with counted(seen):
        found = service.registered_already([twin, sibling, by_paper], "MEX")
    assert {(f.member, f.summary.case_id) for f in found} == {(0, sought.id), (2, sought.id)}
    assert len(seen) <= 10, "\n".join(seen)


def test_nobody_alike_asks_little(desk, sought):
    assert service.registered_already([adult(given_names="Zulma", surname_1="Bracamonteverde")], "MEX") == []
