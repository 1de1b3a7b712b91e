"""The night at the gate: the page by the night, roll call, absence and its alert, the paper entered back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from caseapp.casefile.alerting import codes_of
from caseapp.casefile.models import CaseAlert
from caseapp.casefile.queries import file
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.core.outbox import OutboxRow, deliver
from caseapp.people.models import Case
from caseapp.shelter import errors, queries, service
from caseapp.shelter.models import Stay
from caseapp.shelter.night import queries as night
from caseapp.shelter.night import rules
from caseapp.shelter.night import service as roll
from caseapp.shelter.night.models import Presence
from tests.factories import make_person
from tests.factories.shelter import TONIGHT, make_stay, places_in
from tests.shelter.conftest import restart

ARRIVED = datetime(2025, 11, 22, 20, tzinfo=UTC)
INSIDE = {"state": "IN", "arrived_at": ARRIVED, "first_night": date(2025, 11, 22)}
EVENING, SMALL_HOURS = datetime(2025, 11, 24, 5, 50, tzinfo=UTC), datetime(2025, 11, 24, 8, 10, tzinfo=UTC)


@pytest.fixture
def family(as_coordinator):
    """A mother and child in a family room, a woman among women; all came in yesterday."""
    house = as_coordinator
    with house.db.as_owner():
        f1, m1 = places_in(house.shelter, "F1"), places_in(house.shelter, "M1")
        ids = [
            make_stay(house.mother, f1[0], called_name="Lucha", **INSIDE).id,
            make_stay(house.child, f1[1], called_name="Beto", child=True, **INSIDE).id,
            make_stay(house.woman, m1[0], called_name="Irma", **INSIDE).id,
        ]
    restart()
    return [session.get_one(Stay, i) for i in ids]


def events_of(kind):
    return session.scalars(
        sa.select(CaseEvent).where(CaseEvent.kind == kind).order_by(CaseEvent.position)
    ).all()


def left():
    return [(r.subject_id, r.note) for r in session.scalars(sa.select(OutboxRow).order_by(OutboxRow.id))]


def test_the_night_is_the_same_before_and_after_midnight(family, house):
    team = queries.shelters_of(house.coordinator)[0]
    ids = []
    for moment in (EVENING, SMALL_HOURS):  # 23:50 and 02:10 in the site's zone
        with clock.held_at(moment):
            seen = night.tonight(team, whole=True)
            names = ("expected", "overdue_in", "present", "leaving", "overdue_out", "arriving")
            ids.append((seen.night, *([s.id for s in getattr(seen, n)] for n in names), seen.count))
    assert ids[0] == ids[1] and ids[0][0] == TONIGHT


def test_somebody_expected_comes_in_at_ten_past_two_on_last_evenings_night(as_coordinator):
    house = as_coordinator
    with clock.held_at(SMALL_HOURS):
        bed = places_in(house.shelter, "M1")[0].id
        (stay,) = service.book(
            {house.woman.case_id: bed}, team_id=house.shelter.id, first_night=TONIGHT, last_night=TONIGHT
        )
        service.check_in([stay])
    row = session.scalars(sa.select(Presence)).one()
    assert (row.night, row.state, row.way) == (TONIGHT, "SEEN", "ARRIVAL")
    assert stay.last_night == TONIGHT


def test_the_roll_ticks_who_is_here_and_marks_the_rest_only_when_finished(family):
    mother, child, woman = family
    assert roll.call_roll(family, {mother.id, child.id}, finished=False) == (2, 0)
    assert len(events_of("presence.seen")) == 2 and events_of("presence.absent") == []
    assert roll.call_roll(family, {mother.id, child.id}, finished=True) == (0, 1)
    (event,) = events_of("presence.absent")
    assert (event.case_id, event.number, event.effective_on) == (woman.case_id, 1, TONIGHT)
    assert left() == []  # one night of an adult alone is asked about, no alert
    assert roll.call_roll(family, set(), finished=True) == (0, 0)  # who was seen stays seen


def test_a_child_missing_one_night_is_an_alert_in_the_file(family, house):
    child = family[1]
    roll.absent([child], way="GATE")
    assert left() == [(child.id, "ABSENT_AT_RISK")]
    row = session.scalars(sa.select(OutboxRow)).one()
    with house.db.as_owner():
        assert deliver(row.id)
    assert [e.code for e in events_of("alert.raised")] == ["ABSENT_AT_RISK"]
    assert "ABSENT_AT_RISK" in alerts_of(house, child.case_id)
    roll.seen([session.get_one(Stay, child.id)], way="GATE")
    assert "ABSENT_AT_RISK" not in alerts_of(house, child.case_id)


def alerts_of(house, case_id):
    """The alerts of a file as its caseworker reads them."""
    session.commit()
    with access.acting_as(house.caseworker):
        restart()
        case = session.get_one(Case, case_id)
        found = codes_of(file.file_of(file.open_file(case.number, house.caseworker), house.caseworker))
    with access.acting_as(house.coordinator):
        restart()
    return found


def test_the_mother_of_a_child_in_the_house_counts_as_one(family):
    roll.absent([family[0]], way="GATE")
    assert left() == [(family[0].id, "ABSENT_AT_RISK")]


def test_a_second_night_is_an_alert_and_coming_back_ends_the_count(family):
    woman = family[2]
    for days in (0, 1):
        with clock.held_at(EVENING + timedelta(days=days)):
            roll.absent([woman], way="ROLL_CALL")
    assert [e.number for e in events_of("presence.absent")] == [1, 2]
    assert left() == [(woman.id, "ABSENT_AT_RISK")]
    with clock.held_at(SMALL_HOURS + timedelta(days=1)):
        assert roll.seen([woman], way="GATE") == 1
        assert roll.seen([woman], way="GATE") == 0
    rows = night.nights_of(woman)
    assert [(r.state, r.way, r.back_at is not None) for r in rows] == [
        ("ABSENT", "ROLL_CALL", False),
        ("SEEN", "BACK", True),
    ]
    assert [e.code for e in events_of("presence.seen")] == ["BACK"]
    with clock.held_at(EVENING + timedelta(days=2)):
        roll.absent([woman], way="ROLL_CALL")
    assert events_of("presence.absent")[-1].number == 1


def test_the_roll_is_of_people_who_are_in(as_coordinator):
    house = as_coordinator
    with house.db.as_owner():
        stay_id = make_stay(house.woman, places_in(house.shelter, "M1")[0]).id
    with pytest.raises(errors.WrongState):
        roll.absent([session.get_one(Stay, stay_id)], way="GATE")


def test_the_alerts_of_the_house_reach_the_gate_as_codes(family, house, client):
    with house.db.as_owner():
        for person, code, seen_by in (
            (house.mother, "MEDICAL_NOW", "SITE"), (house.child, "ABSENT_AT_RISK", "CASE_TEAM"),
            (house.woman, "DO_NOT_CONFIRM_PRESENCE", "SITE"),
        ):  # fmt: skip
            row = CaseAlert(
                case_id=person.case_id, code=code, seen_by=seen_by, raised_on=TONIGHT,
                review_on=TONIGHT,
            )  # fmt: skip
            session.add(row)
        session.flush()
    session.commit()
    client.sign_in(house.gate)
    page = client.get("/shelter/tonight").get_data(as_text=True)
    assert "Atención médica ya" in page and "No confirmar presencia" in page
    assert "Ausencia de persona en riesgo" not in page
    paper = client.get("/shelter/tonight/print").get_data(as_text=True)
    assert "Atención médica ya" not in paper and "No confirmar presencia" not in paper
    with access.acting_as(house.caseworker):
        restart()
        assert night.alerts_at(house.shelter.id) == {}


def test_after_consent_ended_only_the_life_critical_alert_is_told(family, house):
    with house.db.as_owner():
        for code in ("MEDICAL_NOW", "PREGNANCY_TERM"):
            session.add(
                CaseAlert(case_id=house.woman.case_id, code=code, seen_by="SITE", raised_on=TONIGHT, review_on=TONIGHT)
            )  # fmt: skip
        session.get_one(Stay, family[2].id).minimum = True
        session.flush()
    restart()
    assert night.alerts_at(house.shelter.id) == {house.woman.case_id: ("MEDICAL_NOW",)}


def test_the_page_tells_what_is_free_by_unit_jointly(family, house):
    team = queries.shelters_of(house.coordinator)[0]
    free = {f.unit.code: f for f in night.tonight(team, whole=True).free}
    assert sum(sum(f.kinds.values()) for f in free.values()) == 10  # the family room is given
    assert "F1" not in free and free["M1"].kinds == {"BED": 2}
    assert free["A1"].traits == ("ACCESSIBLE_BATH", "POWER_SOCKET", "STEP_FREE")
    assert night.tonight(team, whole=False).free == []


# -- pages --------------------------------------------------------------------------------------------
def test_the_gate_calls_the_roll_and_somebody_comes_back(family, house, client):
    client.sign_in(house.gate)
    page = client.get("/shelter/tonight/roll").get_data(as_text=True)
    assert "Lucha" in page and " checked" not in page and "Listas de las últimas noches" not in page
    assert client.get("/shelter/tonight/roll?all=1").get_data(as_text=True).count(" checked") == 3
    listed = [str(s.id) for s in family]
    nothing = client.post("/shelter/tonight/roll", data={"listed": listed, "team": house.shelter.code})
    assert nothing.status_code == 422 and "Señale a quienes están." in nothing.get_data(as_text=True)
    answer = client.post(
        "/shelter/tonight/roll",
        data={"listed": listed, "stay": listed[:2], "finished": "1", "team": house.shelter.code},
    )
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "2 personas presentes. 1 ausente." in page and "Ausentes esta noche" in page
    assert "noche sin aviso" not in page  # how long is for the coordinator
    page = client.get(client.post(f"/shelter/stays/{listed[2]}/back").headers["Location"]).get_data(
        as_text=True
    )
    assert "Irma está aquí" in page and "Ausentes esta noche" not in page
    client.sign_in(house.coordinator)
    assert "Listas de las últimas noches" in client.get("/shelter/tonight/roll").get_data(as_text=True)


def test_the_coordinator_sees_how_long_and_who_leaves(family, house, client):
    client.sign_in(house.coordinator)
    client.post(f"/shelter/stays/{family[2].id}/absent")
    page = client.get("/shelter/tonight").get_data(as_text=True)
    assert "1 noche sin aviso" in page and "Qué hay libre, cuarto por cuarto" in page
    stay = client.get(f"/shelter/stays/{family[2].id}").get_data(as_text=True)
    assert "Lista, noche por noche" in stay and "ausente" in stay


def test_the_paper_is_entered_in_one_pass(family, house, client):
    with house.db.as_owner():
        other = make_stay(_man(house), places_in(house.shelter, "H1")[0], called_name="Chepe").id
        session.commit()
    client.sign_in(house.gate)
    mother, child, woman = (str(s.id) for s in family)
    data = {
        "team": house.shelter.code, f"mark-{other}": "HERE", f"at-{other}": "0210", f"mark-{mother}": "HERE",
        f"mark-{child}": "HERE", f"mark-{woman}": "HOSPITAL", f"at-{woman}": "23:15",
    }  # fmt: skip
    with clock.held_at(SMALL_HOURS + timedelta(hours=1)):
        wrong = client.post("/shelter/tonight/paper", data={**data, f"at-{other}": "04:10"})
        text = wrong.get_data(as_text=True)
        assert wrong.status_code == 422 and "Escriba una hora de esta noche que ya pasó." in text
        assert 'value="04:10"' in text and 'value="23:15"' in text  # nothing typed is lost
        assert client.post("/shelter/tonight/paper", data={**data, f"at-{other}": "2h"}).status_code == 422
        data[f"at-{other}"] = "02:10"
        answer = client.post("/shelter/tonight/paper", data=data)
        assert answer.status_code == 302, answer.get_data(as_text=True)
        page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "1 ingresaron, 2 presentes, 0 ausentes, 1 salieron" in page
    with house.db.as_owner():
        came, gone = session.get_one(Stay, other), session.get_one(Stay, family[2].id)
        assert (came.state, came.arrived_at) == ("IN", SMALL_HOURS)
        assert (gone.state, gone.end_reason, gone.end_destination) == ("ENDED", "HEALTH", "HOSPITAL")
        assert gone.left_at == datetime(2025, 11, 24, 5, 15, tzinfo=UTC)


def test_a_paper_that_says_something_impossible_changes_nothing(family, house, client):
    with house.db.as_owner():
        coming = make_stay(_man(house), places_in(house.shelter, "H1")[0], called_name="Chepe").id
        session.commit()
    client.sign_in(house.gate)
    answer = client.post(
        "/shelter/tonight/paper",
        data={"team": house.shelter.code, f"mark-{family[0].id}": "HERE", f"mark-{coming}": "ABSENT"},
    )
    assert answer.status_code == 422  # who never came is not missing
    empty = client.post("/shelter/tonight/paper", data={"team": house.shelter.code})
    assert empty.status_code == 422 and "Anote al menos una línea." in empty.get_data(as_text=True)
    with house.db.as_owner():
        assert session.scalar(sa.select(sa.func.count()).select_from(Presence)) == 0


def _man(house):
    """A man of the desk's."""
    return make_person(house.desk, sex_in_document="M")


def test_the_sheet_has_boxes_and_lines_and_marks_who_is_expected(family, house, client):
    client.sign_in(house.gate)
    page = client.get("/shelter/tonight/print").get_data(as_text=True)
    assert page.count('class="to-write"') == 8 and page.count('class="box"') == 6
    assert "Llegaron sin estar en la lista" in page and "Destruir antes de:" in page
    assert "asilo" not in page.lower() and "refugi" not in page.lower()
    assert (
        client.get("/shelter/tonight/print?night=2025-11-22").get_data(as_text=True).count("23 nov 2025") >= 1
    )


def test_the_paper_of_the_night_that_is_over_is_entered_after_the_roll_over_hour(family, house, client):
    """The network comes back at 13:00: who came at 02:10 is still of last night."""
    with house.db.as_owner():
        other = make_stay(_man(house), places_in(house.shelter, "H1")[0], called_name="Chepe").id
        later = make_stay(
            _man(house), places_in(house.shelter, "H1")[1], called_name="Nando", first_night=TONIGHT + timedelta(days=1)
        ).id  # fmt: skip
        session.commit()
    client.sign_in(house.gate)
    woman, mother = family[2].id, family[0].id
    data = {
        "team": house.shelter.code, "night": "before", f"mark-{other}": "HERE", f"mark-{mother}": "HERE",
        f"mark-{woman}": "ABSENT",
    }  # fmt: skip
    with clock.held_at(datetime(2025, 11, 24, 19, tzinfo=UTC)):
        now = client.get("/shelter/tonight/paper").get_data(as_text=True)
        assert "noche del 24 nov 2025" in now and "La hoja de la noche del 23 nov 2025" in now
        page = client.get("/shelter/tonight/paper?night=before").get_data(as_text=True)
        assert "noche del 23 nov 2025" in page and "Chepe" in page and "Nando" not in page
        refused = client.post("/shelter/tonight/paper", data={**data, "night": "", f"at-{other}": "02:10"})
        assert refused.status_code == 422  # 02:10 of the night that runs is still to come
        unsaid = client.post("/shelter/tonight/paper", data=data)
        assert unsaid.status_code == 422 and "esa noche ya terminó" in unsaid.get_data(as_text=True)
        answer = client.post("/shelter/tonight/paper", data={**data, f"at-{other}": "02:10"})
        assert answer.status_code == 302, answer.get_data(as_text=True)
    with house.db.as_owner():
        assert session.get_one(Stay, other).arrived_at == SMALL_HOURS
        assert session.get_one(Stay, later).state == "BOOKED"
        marks = {(r.stay_id, r.night, r.state) for r in session.scalars(sa.select(Presence))}
        assert marks == {(other, TONIGHT, "SEEN"), (mother, TONIGHT, "SEEN"), (woman, TONIGHT, "ABSENT")}


@pytest.mark.parametrize("over", [True, False])
@pytest.mark.parametrize("expected", [True, False])
@pytest.mark.parametrize("mark", rules.PAPER_MARKS)
def test_which_lines_of_the_paper_need_their_hour(mark, expected, over):
    came_or_left = mark in rules.PAPER_LEFT or (mark == "HERE" and expected)
    assert rules.must_say_hour(mark, expected, over=over) == (over and came_or_left)


def test_an_absence_of_last_night_is_no_alert_for_who_was_seen_since(family, house):
    with clock.held_at(datetime(2025, 11, 24, 19, tzinfo=UTC)):
        child = family[1]
        roll.seen([child], way="GATE")
        assert roll.absent([child], way="PAPER", night=TONIGHT) == 1
        assert not [note for _id, note in left() if note == "ABSENT_AT_RISK"]
        assert roll.absent([family[0]], way="PAPER", night=TONIGHT) == 1
        assert (family[0].id, "ABSENT_AT_RISK") in left()
