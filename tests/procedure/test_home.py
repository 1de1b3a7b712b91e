"""Displaced at home, and returned: what is declared, what protects it, who was received; and no asylum claim."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.journal import CaseEvent
from caseapp.people.models import Case, PersonNationality, PersonPopulation
from caseapp.procedure import rules as claim_rules
from caseapp.procedure import service
from caseapp.procedure.models import Displacement, Property, ReturneeReception
from caseapp.procedure.rules import home as rules
from caseapp.procedure.service import NewProperty
from tests.factories import make_person, make_site, make_team, make_user, principal_of
from tests.procedure.routes import PROPERTY, dated

TODAY = date(2025, 11, 23)
PLACE = "MX07001"
POPULATIONS = [c.code for c in reference.codes("population")]


@pytest.mark.parametrize("population", POPULATIONS)
def test_who_declares_and_who_is_received(population):
    for ask, allowed, refusal in (
        (lambda: rules.may_declare([population], PLACE, "MX", TODAY, TODAY), {"IDP"}, rules.NotDisplaced),
        (lambda: rules.may_receive([population], TODAY, TODAY), rules.RETURNED, rules.NotReturned),
    ):
        if population in allowed:
            ask()
        else:
            with pytest.raises(refusal):
                ask()


def test_where_and_when():
    with pytest.raises(rules.OtherCountry):
        rules.may_declare(["IDP"], "GT0101", "MX", TODAY, TODAY)
    late = TODAY + timedelta(days=1)
    with pytest.raises(claim_rules.DateInFuture):
        rules.may_declare(["IDP"], PLACE, "MX", late, TODAY)
    with pytest.raises(claim_rules.DateInFuture):
        rules.may_receive(["RETURNEE_REFUGEE"], late, TODAY)


@pytest.mark.parametrize("before", rules.MEASURES)
@pytest.mark.parametrize("to", rules.MEASURES)
def test_how_a_measure_goes_on(before, to):
    allowed = {("NONE", "ASKED"), ("ASKED", "ACTIVE"), ("ASKED", "NONE"), ("ACTIVE", "NONE")}
    if (before, to) in allowed:
        rules.may_change_measure(before, to, TODAY, TODAY, TODAY)
        with pytest.raises(rules.MeasureBefore):
            rules.may_change_measure(before, to, TODAY, TODAY - timedelta(days=1), TODAY)
        with pytest.raises(claim_rules.DateInFuture):
            rules.may_change_measure(before, to, TODAY, TODAY + timedelta(days=1), TODAY)
    else:
        with pytest.raises(rules.MeasureOrder):
            rules.may_change_measure(before, to, TODAY, TODAY, TODAY)


def test_the_lists_are_those_of_the_reference():
    for name, codes in (
        ("property_kind", rules.PROPERTY_KINDS), ("property_tenure", rules.TENURES), ("property_state", rules.HAPPENED),
        ("property_measure", rules.MEASURES), ("returned_how", rules.HOW_RETURNED),
    ):  # fmt: skip
        assert tuple(c.code for c in reference.codes(name)) == codes
    assert {*rules.DISPLACED, *rules.RETURNED} <= set(POPULATIONS)


@pytest.fixture
def home(db):
    """A woman of the country, displaced in it; a boy who came back."""
    with db.as_owner():
        team = make_team(make_site(admin1="MX07"))
        woman, boy = make_person(team), make_person(team, birth=date(2013, 5, 1))
        for person, population in ((woman, "IDP"), (boy, "RETURNEE_WITH_NEEDS")):
            session.execute(sa.delete(PersonNationality).where(PersonNationality.case_id == person.case_id))
            session.execute(sa.delete(PersonPopulation).where(PersonPopulation.case_id == person.case_id))
            session.add(
                PersonNationality(case_id=person.case_id, person_id=person.id, country="MEX", position=0)
            )
            session.add(
                PersonPopulation(
                    case_id=person.case_id, person_id=person.id, population=population, since=TODAY
                )
            )
        user = make_user("CASEWORKER", team=team)
        ids = [woman.case_id, boy.case_id]
        numbers = [session.get_one(Case, i).number for i in ids]
    session.expunge_all()
    return {"db": db, "ids": ids, "numbers": numbers, "who": principal_of(user, ("CASEWORKER", team))}


@pytest.fixture
def cases(home):
    with access.acting_as(home["who"]):
        session.commit()
        yield [session.get_one(Case, i) for i in home["ids"]]


def told(case):
    rows = session.scalars(
        sa.select(CaseEvent)
        .where(CaseEvent.case_id == case.id, CaseEvent.kind.like("property.%"))
        .order_by(CaseEvent.position)
    )
    return [(e.kind, e.code, e.outcome, e.place) for e in rows]


def test_a_national_claims_no_asylum_at_home(cases):
    with pytest.raises(claim_rules.NationalAtHome):
        service.lodge(cases[0], on=TODAY)


def test_what_was_left_is_declared_and_protected(cases):
    woman = cases[0]
    service.declare_displacement(woman, place=PLACE, on=TODAY - timedelta(days=9))
    row = service.register_property(
        woman, NewProperty("HOUSE", "OWNED", "OCCUPIED", PLACE, "Calle 1, lote 4"), on=TODAY
    )
    assert row.whereabouts == "Calle 1, lote 4" and row.measure == "NONE"
    with pytest.raises(ChangedMeanwhile):
        service.change_measure(woman, row, "ASKED", on=TODAY, version=9)
    service.change_measure(woman, row, "ASKED", on=TODAY)
    service.change_measure(woman, row, "ACTIVE", on=TODAY)
    assert told(woman) == [
        ("property.registered", "HOUSE", None, PLACE), ("property.measure", "HOUSE", "ASKED", None),
        ("property.measure", "HOUSE", "ACTIVE", None),
    ]  # fmt: skip
    with pytest.raises(rules.NotReturned):
        service.receive_returned(woman, from_country="USA", how="REMOVED", on=TODAY)


def test_a_child_who_came_back_is_received(cases):
    _woman, boy = cases
    service.receive_returned(boy, from_country="USA", how="REMOVED", on=TODAY)
    [event] = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "child.returned_received"))
    assert (event.case_id, event.place) == (boy.id, "MX07")
    with pytest.raises(rules.NotDisplaced):
        service.declare_displacement(boy, place=PLACE, on=TODAY)


@pytest.mark.parametrize(
    ("table", "broken"),
    [
        (Displacement, {"displaced_on": TODAY + timedelta(days=1)}), (Property, {"kind": "CAR"}), (Property, {"tenure": "LENT"}),
        (Property, {"happened": "BURNT"}), (Property, {"measure": "ASKED"}), (Property, {"measure": "LIFTED", "measure_on": TODAY}),
        (Property, {"measure": "ASKED", "measure_on": TODAY - timedelta(days=1)}), (ReturneeReception, {"how": "RETURN"}),
    ],
)  # fmt: skip
def test_the_database_refuses_what_cannot_be(cases, table, broken):
    whole = {
        Displacement: {"from_place": PLACE, "displaced_on": TODAY, "declared_on": TODAY},
        Property: {
            "kind": "HOUSE",
            "tenure": "OWNED",
            "happened": "OCCUPIED",
            "place": PLACE,
            "registered_on": TODAY,
        },
        ReturneeReception: {"received_on": TODAY, "from_country": "USA", "how": "REMOVED"},
    }[table]
    with pytest.raises(sa.exc.IntegrityError, match=f"ck_{table.__tablename__}_"), session.begin_nested():
        session.add(table(case_id=cases[0].id, **{**whole, **broken}))
        session.flush()


def test_the_pages(client, home):
    url = f"/cases/{home['numbers'][0]}/at-home"
    client.sign_in(home["who"])
    assert "Todavía no declara." in client.get(url).get_data(as_text=True)
    assert 'name="state"' in client.get(f"{url}/displacement").get_data(as_text=True)
    assert client.post(f"{url}/displacement?state=MX07", data=dated(place=PLACE)).status_code == 302
    again = client.post(f"{url}/displacement?state=MX07", data=dated(place=PLACE))
    assert again.status_code == 422 and "ya está anotado" in again.get_data(as_text=True)
    wrong = client.post(f"{url}/property?state=MX07", data=dated(**{**PROPERTY, "kind": ""}))
    assert wrong.status_code == 422 and "Elija qué bien es." in wrong.get_data(as_text=True)
    assert "Calle 1" in wrong.get_data(as_text=True)
    assert client.post(f"{url}/property?state=MX07", data=dated(**PROPERTY)).status_code == 302
    page = client.get(url).get_data(as_text=True)
    assert "Ocupado por otras personas" in page and "Calle 1" not in page
    row = page.split(f"{url}/property/")[1].split('"')[0]
    assert "Calle 1" in client.get(f"{url}/property/{row}").get_data(as_text=True)
    assert client.post(f"{url}/property/{row}", data=dated(measure="ASKED", version="1")).status_code == 302
    assert "Solicitada" in client.get(url).get_data(as_text=True)
    boy = f"/cases/{home['numbers'][1]}/at-home"
    assert client.post(f"{boy}/reception", data=dated(from_country="USA", how="REMOVED")).status_code == 302
    assert "Deportación o expulsión" in client.get(boy).get_data(as_text=True)
