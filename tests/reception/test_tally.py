"""A bus counted without names: rules, events, and the arithmetic by which nobody is counted twice."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.people.service import NewFamily
from caseapp.reception.models import Arrival, ArrivalTally
from caseapp.reception.rules import tally as rules
from caseapp.reception.service import NewArrival, register_family
from caseapp.reception.service import tally as verbs
from tests.people.conftest import restart
from tests.reception.families import TODAY, adult, born, family_of_five
from tests.reception.routes import COUNTED, ONE

NOW = datetime(2025, 11, 23, 12, 0)  # noqa: DTZ001


def test_there_are_five_bands_and_three_sexes():
    assert len(rules.CELLS) == 15 and rules.CELLS[0] == "0-4/F" and rules.CELLS[-1] == "60+/O"


@pytest.mark.parametrize(
    ("counts", "on", "hour", "error"),
    [
        ({}, TODAY, None, rules.NobodyCounted),
        ({"18-59/F": 0}, TODAY, None, rules.NobodyCounted),
        ({"elsewhere": 5}, TODAY, None, rules.NobodyCounted),
        ({"18-59/F": 400, "18-59/M": 101}, TODAY, None, rules.TooManyCounted),
        ({"18-59/F": 1}, TODAY + timedelta(days=1), None, rules.CountedImpossible),
        ({"18-59/F": 1}, TODAY - timedelta(days=32), None, rules.CountedImpossible),
        ({"18-59/F": 1}, TODAY, 24, rules.HourImpossible),
        ({"18-59/F": 1}, TODAY, 13, rules.HourImpossible),
    ],
)
def test_what_cannot_have_been_counted_is_refused(counts, on, hour, error):
    with pytest.raises(error):
        rules.may_count(counts, on, hour, NOW)


def test_what_may_be_counted():
    assert rules.may_count({"18-59/F": 500, "0-4/M": 0}, TODAY, 12, NOW) == {"18-59/F": 500}
    assert rules.may_count({"60+/O": 1}, TODAY - timedelta(days=31), 23, NOW) == {"60+/O": 1}


@pytest.mark.parametrize(
    ("band", "sex", "registered", "cell"),
    [
        ("18-59", "F", {}, "18-59/F"),
        ("18-59", "F", {"18-59/F": 2}, "18-59/M"),
        ("12-17", "M", {}, "5-11/M"),
        ("UNKNOWN", "M", {}, "5-11/M"),
        ("60+", "O", {"18-59/F": 2}, "18-59/M"),
    ],
)
def test_whoever_registers_leaves_the_nearest_cell(band, sex, registered, cell):
    assert rules.cell_of(band, sex, {"18-59/F": 2, "18-59/M": 1, "5-11/M": 1}, registered) == cell


def test_nobody_registers_out_of_an_empty_count():
    with pytest.raises(rules.NobodyLeft):
        rules.cell_of("18-59", "F", {"18-59/F": 1}, {"18-59/F": 1})


def received_of(day: date = TODAY) -> int:
    """What the journal says: numbers of persons.received that are not withdrawn, and persons registered."""
    withdrawn = sa.select(CaseEvent.withdraws_id).where(CaseEvent.withdraws_id.is_not(None))
    counted = session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(CaseEvent.number), 0)).where(
            CaseEvent.kind == "persons.received",
            CaseEvent.effective_on == day,
            CaseEvent.id.not_in(withdrawn),
        )
    )
    registered = session.scalar(
        sa.select(sa.func.count()).where(CaseEvent.kind == "intake.opened", CaseEvent.effective_on == day)
    )
    return counted + registered


def test_a_count_becomes_one_event_a_cell(desk):
    row = verbs.count(
        verbs.NewTally({"18-59/F": 12, "5-11/M": 4}, TODAY, 9, place="MX07", origin="HND"), team=desk.team
    )
    events = session.scalars(sa.select(CaseEvent).where(CaseEvent.subject_id == row.id)).all()
    assert {(e.kind, e.code, e.age_band, e.sex, e.number, e.place, e.origin, e.case_id) for e in events} == {
        ("persons.received", "18-59/F", "18-59", "F", 12, "MX07", "HND", None),
        ("persons.received", "5-11/M", "5-11", "M", 4, "MX07", "HND", None),
    }
    assert row.people == 16 and all(e.team_id == desk.team.id and e.effective_on == TODAY for e in events)


def test_nobody_is_counted_twice_whenever_they_register(desk):
    row = verbs.count(verbs.NewTally({"18-59/F": 10, "18-59/M": 8, "5-11/M": 2}, TODAY), team=desk.team)
    assert received_of() == 20
    made = register_family(family_of_five(), NewArrival(TODAY), team=desk.team, on=TODAY)
    assert received_of() == 25  # as if they had come on foot
    verbs.register_out_of(row, made)
    assert received_of() == 20 and (row.people, row.registered_people) == (20, 5)
    assert rules.received(row.counts, row.registered) == 15
    assert session.scalar(sa.select(sa.func.count()).where(Arrival.tally_id == row.id)) == 5
    alone = NewFamily((adult(given_names="Sola", birth=born(date(1990, 1, 2))),))
    register_family(alone, NewArrival(TODAY), team=desk.team, on=TODAY)
    assert received_of() == 21


def test_a_withdrawn_count_leaves_those_who_registered(desk):
    row = verbs.count(verbs.NewTally({"18-59/F": 10}, TODAY), team=desk.team)
    made = register_family(NewFamily((adult(),)), NewArrival(TODAY), team=desk.team, on=TODAY)
    verbs.register_out_of(row, made)
    verbs.withdraw(row)
    assert received_of() == 1
    with pytest.raises(rules.TallyWithdrawn):
        verbs.withdraw(row)
    with pytest.raises(rules.TallyWithdrawn):
        verbs.register_out_of(row, made)


def test_the_database_refuses_more_registered_than_counted(desk):
    row = verbs.count(verbs.NewTally({"18-59/F": 1}, TODAY), team=desk.team)
    row.registered_people = 2
    with pytest.raises(sa.exc.IntegrityError, match="nobody_counted_twice"):
        session.flush()


@pytest.fixture
def at_desk(desk, client):
    client.sign_in(desk.principal)
    return client


def test_a_bus_is_counted_and_a_family_registers_out_of_it(at_desk, desk):
    assert at_desk.post("/reception/tally", data=COUNTED).status_code == 302
    page = at_desk.get("/reception/tally").get_data(as_text=True)
    assert "16 personas, 0 registradas" in page
    form = at_desk.get("/families/new").get_data(as_text=True)
    [tally] = re.findall(r'<option value="([0-9a-f-]{36})">23 nov 2025, 9 h', form)
    assert at_desk.post("/families/new", data={**ONE, "tally": tally}).status_code == 302
    restart()
    assert session.scalars(sa.select(ArrivalTally.registered)).one() == {"18-59/F": 1}
    shown = at_desk.get(f"/reception/tally/{tally}").get_data(as_text=True)
    assert "16 personas, 1 registradas" in shown and "Chiapas" in shown
    assert at_desk.post(f"/reception/tally/{tally}/withdraw").status_code == 302
    assert at_desk.post(f"/reception/tally/{tally}/withdraw").status_code == 409
    assert "anulado" in at_desk.get("/reception/tally").get_data(as_text=True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"n-18-59/F": "doce"}, "Escriba solo cifras"),
        ({"n-18-59/F": "", "n-5-11/M": ""}, "Escriba al menos un número"),
        ({"arrived_on-day": "24"}, "debe ser hoy o del último mes"),
        ({"arrived_on-day": "31"}, "Escriba día, mes y año"),
        ({"hour": "23"}, "de 0 a 23"),
    ],
)
def test_what_was_typed_is_kept_beside_what_is_wrong(at_desk, changes, says):
    answer = at_desk.post("/reception/tally", data={**COUNTED, **changes})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and says in page
    assert re.search(r'<option selected value="MX07">|<option value="MX07" selected>', page)
