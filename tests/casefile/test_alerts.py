"""Every alert of VOCABULARY A5: what raises it, what to do, and who sees it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from caseapp.casefile import alerting, minding, queries, rules, service
from caseapp.casefile.forms import raisable
from caseapp.casefile.models import CaseAlert, CaseNote
from caseapp.casefile.queries.file import site_alerts
from caseapp.casefile.rules import AlertFacts, working
from caseapp.casefile.rules.alerts import DERIVED, GUARDIAN_HOURS, MEDICINE_DAYS, SEEN_BY
from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.people import service as people_service
from caseapp.people.models import HealthDate
from tests.casefile.conftest import restart
from tests.conftest import NOW
from tests.factories import make_team, make_user, principal_of
from tests.factories.shelter import make_stay, open_to, places_in

TODAY = date(2025, 11, 23)
CODES = [c.code for c in reference.codes("alert")]
SOON = TODAY + timedelta(days=3)
#: Facts from which each alert follows by rule; the others are raised.
FOLLOWS = {
    "CHILD_ALONE": {"child": True},
    "CHILD_NO_GUARDIAN_24H": {"child": True, "adults_here": 1, "hours_here": 24.0},
    "CHILD_AGE_DISPUTED": {"age_disputed": True},
    "CHILD_IN_CUSTODY": {"child": True, "custody": True},
    "CHILD_WITH_UNVERIFIED_ADULT": {"child": True, "adults_here": 1},
    "CHILD_SPOUSE": {"child": True, "in_union": True},
    "CHILD_TURNS_18": {"turns_18_on": SOON},
    "ABSENT_AT_RISK": {"gone_on": TODAY, "at_risk": True},
    "ALLERGY_LIFE": {"requirements": ["ALLERGY_LIFE"]},
    "MEDICINE_RUNS_OUT": {"medicine_ends": SOON},
    "PREGNANCY_TERM": {"term_from": TODAY},
    "PEP_WINDOW": {"incident_hours": 71.9},
    "EC_WINDOW": {"incident_hours": 119.9},
    "CUSTODY": {"custody": True},
    "LEGAL_DEADLINE": {"legal_clocks": [SOON]},
    "DOCUMENT_EXPIRES": {"documents_end": [SOON]},
    "WEEKLY_SIGN_IN_MISSED": {"signature_due": TODAY - timedelta(days=1)},
    "LEAVE_OF_STATE_NEEDED": {"stays_in": "MX07", "going_to": ["MX09"]},
    "POSSIBLE_DUPLICATE": {"possible_duplicates": 1},
    "CONSENT_ENDS": {"consents_end": [SOON]},
    "INTERPRETER_NEEDED": {"interpreter_needed": True},
}
#: Raised when a clock or another record says so, and by hand too.
RECORDED = {"NO_SHOW_HANDOVER", "AUTHORITY_ASKED", "THIRD_PARTY_ASKED"}
BY_HAND = {
    "MEDICAL_NOW", "SAFETY_SEPARATION", "DO_NOT_CONFIRM_PRESENCE", "SELF_HARM", "REFOULEMENT_RISK", "REMOVAL_DATE",
    "DATA_BREACH",
}  # fmt: skip


def test_each_alert_has_somebody_or_something_that_raises_it():
    assert set(CODES) == {*FOLLOWS, *RECORDED, *BY_HAND}
    assert set(FOLLOWS) >= DERIVED
    assert not set(raisable()) & DERIVED
    assert set(raisable()) >= {*RECORDED, *BY_HAND}


@pytest.mark.parametrize("code", CODES)
def test_what_raises_it(code):
    said = reference.code("alert", code).extra["raised_by"]
    if code in FOLLOWS:
        assert code in rules.alerts(AlertFacts(TODAY, **FOLLOWS[code]))
        assert code not in rules.alerts(AlertFacts(TODAY))
    if code in DERIVED:
        assert said == "RULE"
        with pytest.raises(working.AlertNotRaised):
            working.may_raise(code, TODAY, TODAY, 1, derived=True)
    else:
        working.may_raise(code, TODAY, TODAY, 1, derived=code in DERIVED)
    assert said == "PERSON" or code in {*FOLLOWS, *RECORDED}


@pytest.mark.parametrize("code", CODES)
def test_what_to_do_is_one_sentence_in_both_languages(code):
    row = reference.code("alert", code)
    for language in ("es", "en"):
        words = row.extra[f"what_to_do_{language}"]
        assert words.endswith(".") and words.count(". ") == 0 and len(words) < 120
    assert row.extra["who_sees"] in SEEN_BY and int(row.extra["review_days"]) > 0
    assert ("S" in row.flags) == (row.extra["who_sees"] == "MATTER")


@pytest.mark.parametrize(
    ("facts", "code", "holds"),
    [
        ({"child": True, "hours_here": 23.9}, "CHILD_NO_GUARDIAN_24H", False),
        ({"child": True, "hours_here": 30.0, "guardian": True}, "CHILD_NO_GUARDIAN_24H", False),
        ({"child": True, "hours_here": 30.0, "adults_here": 1, "related_adults_here": 1}, "CHILD_NO_GUARDIAN_24H", False),
        ({"hours_here": 30.0}, "CHILD_NO_GUARDIAN_24H", False),
        ({"gone_on": TODAY}, "ABSENT_AT_RISK", False),
        ({"gone_on": TODAY, "at_risk": True, "housed": True}, "ABSENT_AT_RISK", False),
        ({"gone_on": TODAY, "at_risk": True, "reached_on": TODAY}, "ABSENT_AT_RISK", False),
        ({"gone_on": TODAY, "at_risk": True, "reached_on": TODAY - timedelta(days=1)}, "ABSENT_AT_RISK", True),
        ({"gone_on": TODAY - timedelta(days=29), "at_risk": True}, "ABSENT_AT_RISK", True),
        ({"gone_on": TODAY - timedelta(days=30), "at_risk": True}, "ABSENT_AT_RISK", False),
        ({"medicine_ends": TODAY + timedelta(days=4)}, "MEDICINE_RUNS_OUT", False),
        ({"medicine_ends": TODAY - timedelta(days=9)}, "MEDICINE_RUNS_OUT", True),
        ({"term_from": TODAY + timedelta(days=1)}, "PREGNANCY_TERM", False),
        ({"term_from": TODAY - timedelta(days=57)}, "PREGNANCY_TERM", False),
        ({"incident_hours": 72.0}, "PEP_WINDOW", False),
        ({"incident_hours": 120.0}, "EC_WINDOW", False),
        ({"incident_hours": 1.0, "man": True}, "EC_WINDOW", False),
        ({"incident_hours": 1.0, "man": True}, "PEP_WINDOW", True),
    ],
)  # fmt: skip
def test_where_it_begins_and_ends(facts, code, holds):
    assert (code in rules.alerts(AlertFacts(TODAY, **facts))) is holds


def test_the_hours_are_those_of_the_clocks():
    for code, hours in (
        ("HIV_PEP", rules.PEP_HOURS), ("EMERGENCY_CONTRACEPTION", rules.EC_HOURS), ("CHILD_GUARDIAN", GUARDIAN_HOURS),
    ):  # fmt: skip
        law = reference.clock_rule(code, TODAY, "MEX")
        assert (law.value, law.unit) == (hours, "hours")
    assert int(reference.code("alert", "MEDICINE_RUNS_OUT").extra["review_days"]) == MEDICINE_DAYS


# -- who sees it ----------------------------------------------------------------------------------------
@pytest.fixture
def raised(desk):
    """The woman sleeps at a shelter; another team holds nothing of hers."""
    with desk.db.as_owner():
        open_to(desk.woman, desk.shelter)
        make_stay(desk.woman, places_in(desk.shelter, "M1")[0])
        other = make_team()
        stranger = principal_of(make_user("SUPERVISOR", other), ("SUPERVISOR", other))
    number = desk.numbers[desk.woman.case_id]

    def see(code):
        with desk.db.as_owner():
            row = reference.code("alert", code)
            session.add(
                CaseAlert(
                    case_id=desk.woman.case_id, code=code, seen_by=row.extra["who_sees"], raised_on=TODAY, review_on=TODAY
                )
            )  # fmt: skip
        found = {}
        for name, who in (("worker", desk.caseworker), ("supervisor", desk.supervisor)):
            with access.acting_as(who):
                restart()
                shown, mark = minding.alerts_of(queries.file_of(queries.open_file(number, who), who))
                found[name] = ({a["code"] for a in shown}, mark)
        for name, who in (("shelter", desk.coordinator), ("stranger", stranger)):
            with access.acting_as(who):
                restart()
                found[name] = (
                    set(site_alerts(desk.woman.case_id)), session.scalar(sa.select(sa.func.count()).select_from(CaseAlert))
                )  # fmt: skip
        return found

    return see


@pytest.mark.parametrize("code", CODES)
def test_who_sees_it(raised, code):
    row = reference.code("alert", code)
    who_sees, found = row.extra["who_sees"], raised(code)
    sealed = "S" in row.flags
    for_supervision = who_sees == "SUPERVISION"
    assert found["supervisor"] == (set() if sealed else {code}, sealed or for_supervision)
    assert found["worker"] == (
        set() if sealed or for_supervision else {code},
        sealed or for_supervision,
    )
    at_site = who_sees == "SITE"
    assert found["shelter"] == ({code} if at_site else set(), int(at_site))
    assert found["stranger"] == (set(), 0)


# -- days on which care must not come late, and guardians -------------------------------------------------
def test_hours_that_are_left_stand_on_the_private_page_and_nowhere_else(desk, client):
    with access.acting_as(desk.caseworker):
        restart()
        people_service.note_incident(desk.case(desk.woman), NOW - timedelta(hours=30))
        session.commit()
    client.sign_in(desk.caseworker)
    url = f"/cases/{desk.numbers[desk.woman.case_id]}"
    private = client.get(f"{url}/private/alerts").get_data(as_text=True)
    assert "Plazo de tratamiento por vencer" in private
    assert "Quedan 42 horas." in private and "Quedan 90 horas." in private
    for page in (url, f"{url}/alerts", f"{url}/notes", "/today"):
        assert "tratamiento" not in client.get(page).get_data(as_text=True)
    assert "Consulte a supervisión" in client.get(url).get_data(as_text=True)


def test_health_dates_are_written_changed_and_ended(desk, client):
    client.sign_in(desk.caseworker)
    number = desk.numbers[desk.woman.case_id]
    url = f"/cases/{number}/private/health"
    late = client.post(url, data={"verb": "MEDICINE", "medicine-until": "2025-11-20"})
    assert late.status_code == 422 and "hoy o después" in late.get_data(as_text=True)
    assert 'value="2025-11-20"' in late.get_data(as_text=True)
    assert client.post(url, data={"verb": "MEDICINE", "medicine-until": "2025-11-25"}).status_code == 302
    file = client.get(f"/cases/{number}").get_data(as_text=True)
    assert "Se acaba la medicina" in file
    wrong = client.post(url, data={"verb": "PREGNANCY", "pregnancy-weeks": "50"})
    assert wrong.status_code == 422 and "de 1 a 43" in wrong.get_data(as_text=True)
    assert client.post(url, data={"verb": "PREGNANCY", "pregnancy-weeks": "37"}).status_code == 302
    assert "Embarazo de 36 semanas" in client.get(f"/cases/{number}").get_data(as_text=True)
    soon = client.post(url, data={"verb": "INCIDENT", "incident-at": "2025-11-24T09:00"})
    assert soon.status_code == 422 and "aún no llega" in soon.get_data(as_text=True)
    assert client.post(url, data={"verb": "end-MEDICINE"}).status_code == 302
    assert "Se acaba la medicina" not in client.get(f"/cases/{number}").get_data(as_text=True)


def test_the_database_keeps_one_day_of_a_kind_and_no_incident_to_come(desk):
    now = datetime(2025, 11, 23, 18, tzinfo=UTC)
    with desk.db.as_owner():
        row = {"case_id": desk.woman.case_id, "recorded_at": now}
        session.add(HealthDate(**row, kind="MEDICINE", at=now))
        session.flush()
        for broken, name in (
            ({"kind": "MEDICINE", "at": now}, "uq_health_date_current"),
            ({"kind": "INCIDENT", "at": now + timedelta(hours=1)}, "incident_is_past"),
            ({"kind": "OTHER", "at": now}, "kind_known"),
        ):
            with pytest.raises(sa.exc.IntegrityError, match=name), session.begin_nested():
                session.add(HealthDate(**row, **broken))
                session.flush()


def test_what_a_screening_was_told_becomes_a_day(desk):
    from caseapp.protection.service import _dates, answers_of  # noqa: F401

    class Said:
        answers = '{"medicine_days_left": 2, "pregnancy_weeks": 36}'

    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        _dates(case, Said(), TODAY)
        file = queries.file_of(queries.open_file(case.number, desk.caseworker), desk.caseworker)
        assert {"MEDICINE_RUNS_OUT", "PREGNANCY_TERM"} <= set(alerting.codes_of(file))


def test_a_guardian_is_named_with_authority_and_hour(desk, client):
    client.sign_in(desk.caseworker)
    url = f"/cases/{desk.numbers[desk.child.case_id]}/guardian"
    fields = {
        "name": "Lic. Prueba Inventada, 000 0000",
        "authority": "Procuraduría de prueba",
        "at": "2025-11-24T09:00",
    }
    late = client.post(url, data=fields)
    assert late.status_code == 422 and "aún no llega" in late.get_data(as_text=True)
    assert client.post(url, data={**fields, "at": "2025-11-23T09:00"}).status_code == 302
    assert "Lic. Prueba Inventada" in client.get(url).get_data(as_text=True)
    adult = client.post(
        f"/cases/{desk.numbers[desk.woman.case_id]}/guardian", data={**fields, "at": "2025-11-23T09:00"}
    )
    assert adult.status_code == 422 and "decide por sí misma" in adult.get_data(as_text=True)


# -- the mark of a note ends ------------------------------------------------------------------------------
@pytest.mark.parametrize("level", working.NOTE_LEVELS)
def test_how_long_a_note_marks(level):
    until = working.marks_until(level, TODAY)
    if level == "TEAM":
        assert until is None
        with pytest.raises(working.NoMark):
            working.mark_after(level, TODAY, keep=True)
    else:
        assert until == TODAY + timedelta(days=30)
        assert working.mark_after(level, TODAY, keep=True) == until
        assert working.mark_after(level, TODAY, keep=False) < TODAY


def test_the_mark_of_a_note_ends_by_itself_and_when_it_was_looked_at(desk, client):
    def marked():
        with access.acting_as(desk.caseworker):
            restart()
            number = desk.numbers[desk.woman.case_id]
            file = queries.file_of(queries.open_file(number, desk.caseworker), desk.caseworker)
            return minding.alerts_of(file)[1]

    assert not marked()
    with access.acting_as(desk.caseworker):
        restart()
        row = service.add_note(
            desk.case(desk.woman), words="Hablar con supervisión", level="AUTHOR_AND_SUPERVISOR"
        )
        note_id = row.id
        session.commit()
    assert marked()
    with desk.db.as_owner():
        session.execute(sa.update(CaseNote).values(marks_until=TODAY - timedelta(days=1)))
    assert not marked()
    client.sign_in(desk.supervisor)
    url = f"/cases/{desk.numbers[desk.woman.case_id]}/notes/{note_id}/mark"
    assert client.post(url, data={"verb": "keep"}).status_code == 302
    assert marked()
    assert client.post(url, data={"verb": "end"}).status_code == 302
    assert not marked()


def test_the_words_of_a_note_are_nobodys_to_change(desk):
    with access.acting_as(desk.supervisor):
        restart()
        note = service.add_note(desk.case(desk.woman), words="Así fue", level="SUPERVISOR")
        session.flush()
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(sa.update(CaseNote).where(CaseNote.id == note.id).values(words_sealed=b"x"))
