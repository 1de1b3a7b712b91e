"""The clocks of a file: stopped for a reason, told to a second person, taken up again with the file; and the lists of the
day, whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from caseapp.casefile import service
from caseapp.core import access, clock, reference
from caseapp.core.db import session, uuid7
from caseapp.deadline import rules
from caseapp.deadline import service as deadline
from caseapp.deadline.models import Deadline, DeadlineNotice
from tests.casefile.conftest import restart
from tests.conftest import NOW
from tests.factories import make_person

DUE, CLOSED = datetime(2025, 12, 1, tzinfo=UTC), datetime(2025, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize("kind", rules.KINDS)
@pytest.mark.parametrize("rule", ["CLAIM_DECIDE", *sorted(rules.NEVER_PAUSED)])
def test_which_clock_a_person_stops(kind, rule):
    assert rules.pausable(kind, rule) is (kind in ("LEGAL", "PROTOCOL") and rule == "CLAIM_DECIDE")


@pytest.mark.parametrize("kind", rules.KINDS)
@pytest.mark.parametrize("days", [0, 5, 10, 40])
def test_when_a_clock_of_a_file_that_was_closed_ends(kind, days):
    now = CLOSED + timedelta(days=days)
    due = rules.due_again(kind, DUE, CLOSED, now)
    if kind in ("LEGAL", "DOCUMENT") or now <= DUE:
        assert due == DUE
    else:
        assert due == now + timedelta(days=10)


def test_the_reasons_are_those_of_the_reference():
    assert tuple(c.code for c in reference.codes("clock_pause_reason")) == rules.PAUSE_REASONS


def start(desk, *, rule="CLAIM_DECIDE", due=timedelta(days=9), sealed=False):
    case = desk.case(desk.woman)
    return deadline.start(
        case,
        rule,
        subject=("claim", uuid7()),
        started_at=NOW - timedelta(days=20),
        due_at=NOW + due,
        sealed=sealed,
    )


def url(desk, path=""):
    return f"/cases/{desk.numbers[desk.woman.case_id]}{path}"


def test_a_clock_is_stopped_for_a_reason_and_goes_on_with_what_was_left(desk, client):
    with access.acting_as(desk.caseworker):
        restart()
        row = start(desk)
        clock_id, due = row.id, row.due_at
        session.commit()
    client.sign_in(desk.caseworker)
    page = client.get(url(desk, "/clocks")).get_data(as_text=True)
    assert "Poner en pausa" in page
    wrong = client.post(url(desk, f"/clocks/{clock_id}/pause"), data={"reason": ""})
    assert wrong.status_code == 422 and "Elija el motivo." in wrong.get_data(as_text=True)
    assert client.post(url(desk, f"/clocks/{clock_id}/pause"), data={"reason": "HEALTH"}).status_code == 302
    page = client.get(url(desk, "/clocks")).get_data(as_text=True)
    assert "Salud de la persona" in page and "Corre de nuevo" in page
    again = client.post(url(desk, f"/clocks/{clock_id}/pause"), data={"reason": "HEALTH"})
    assert again.status_code == 422 and "ya no corre" in again.get_data(as_text=True)
    with clock.held_at(NOW + timedelta(days=3)):
        assert client.post(url(desk, f"/clocks/{clock_id}/resume")).status_code == 302
    with desk.db.as_owner():
        assert session.get_one(Deadline, clock_id).due_at == due + timedelta(days=3)


def test_the_clock_of_a_child_in_custody_is_never_stopped(desk, client):
    with access.acting_as(desk.caseworker):
        restart()
        row = start(desk, rule="CUSTODY_CHILD_AUTHORITY")
        clock_id = row.id
        session.commit()
    client.sign_in(desk.caseworker)
    assert "Poner en pausa" not in client.get(url(desk, "/clocks")).get_data(as_text=True)
    refused = client.post(url(desk, f"/clocks/{clock_id}/pause"), data={"reason": "HEALTH"})
    assert refused.status_code == 422 and "no se detiene" in refused.get_data(as_text=True)


def test_the_clock_of_a_sealed_claim_is_on_the_private_page_and_nowhere_else(desk, client):
    with access.acting_as(desk.caseworker):
        restart()
        start(desk, sealed=True, due=timedelta(days=-1))
        session.commit()
        with access.acting_as(access.system("clocks")):
            deadline.look()
        session.commit()
    words = reference.label("clock", "CLAIM_DECIDE")
    for who in (desk.caseworker, desk.supervisor):
        client.sign_in(who)
        for page in ("/today", "/today/list?of=clocks", url(desk), url(desk, "/clocks")):
            assert words not in client.get(page).get_data(as_text=True)
        assert words in client.get(url(desk, "/private/clocks")).get_data(as_text=True)
    client.sign_in(desk.coordinator)
    assert client.get(url(desk, "/private/clocks")).status_code == 403


def test_a_late_clock_is_told_to_a_second_person_who_says_that_they_saw_it(desk, client):
    with access.acting_as(desk.caseworker):
        restart()
        start(desk, rule="SOLUTION_HELD_3M", due=timedelta(hours=-1))
        session.commit()
    with desk.db.as_owner():
        with access.acting_as(access.system("clocks")):
            deadline.look()
        notice = session.scalars(sa.select(DeadlineNotice)).one()
        assert (notice.kind, notice.user_id) == ("LATE", desk.supervisor.user_id)
    client.sign_in(desk.caseworker)
    assert "se le avisó a usted" not in client.get("/today").get_data(as_text=True)
    client.sign_in(desk.supervisor)
    page = client.get("/today").get_data(as_text=True)
    row = page.split('id="clocks"')[1].split("</section>")[0]
    assert (
        reference.label("clock", "SOLUTION_HELD_3M") in row
        and "Ver y anotar visto" in row
        and "se le avisó a usted" in row
    )
    assert "Se le avisó de un plazo vencido" in client.get(url(desk, "/clocks")).get_data(as_text=True)
    assert client.post(url(desk, "/clocks/seen")).status_code == 302
    assert "Se le avisó de un plazo vencido" not in client.get(url(desk, "/clocks")).get_data(as_text=True)
    assert "se le avisó a usted" not in client.get("/today").get_data(as_text=True)


def clocks_on_today(client, who):
    client.sign_in(who)
    part = client.get("/today").get_data(as_text=True).partition('id="clocks"')[2]
    return part.partition("</section>")[0]


def swept_at(desk, at):
    with desk.db.as_owner(), clock.held_at(at), access.acting_as(access.system("clocks")):
        return deadline.look()


def test_what_was_warned_of_stands_on_today_by_the_days_of_its_own_rule_until_it_is_seen(desk, client):
    words = reference.label("clock", "DOCUMENT_VALID")
    with access.acting_as(desk.caseworker):
        restart()
        start(desk, rule="DOCUMENT_VALID", due=timedelta(days=31))
        session.commit()
    assert swept_at(desk, NOW)["warned"] == 0
    assert words not in clocks_on_today(client, desk.caseworker)
    later = NOW + timedelta(days=2)
    assert swept_at(desk, later)["warned"] == 1
    with clock.held_at(later):
        # Nobody holds the file: the whole team is told, and one of them says that they saw it.
        for who in (desk.caseworker, desk.supervisor):
            row = clocks_on_today(client, who)
            assert words in row and "aviso antes de que venza" in row and "Ver y anotar visto" in row
        assert "antes de que venza" in client.get(url(desk, "/clocks")).get_data(as_text=True)
        assert client.post(url(desk, "/clocks/seen")).status_code == 302
        assert words not in clocks_on_today(client, desk.caseworker)
    with clock.held_at(NOW + timedelta(days=29)):
        row = clocks_on_today(client, desk.caseworker)
        assert words in row and "aviso antes" not in row


def test_where_no_second_person_is_the_team_is_told(desk, client):
    with desk.db.as_owner():
        case = desk.case(desk.woman)
        case.assigned_to_id = desk.supervisor.user_id
    with access.acting_as(desk.caseworker):
        restart()
        start(desk, rule="SOLUTION_HELD_3M", due=timedelta(hours=-1))
        session.commit()
    assert swept_at(desk, NOW)["escalated"] == 1
    with desk.db.as_owner():
        assert session.scalars(sa.select(DeadlineNotice)).one().user_id is None
    row = clocks_on_today(client, desk.caseworker)
    assert reference.label("clock", "SOLUTION_HELD_3M") in row and "se le avisó a usted" in row
    assert client.post(url(desk, "/clocks/seen")).status_code == 302
    assert "se le avisó a usted" not in clocks_on_today(client, desk.supervisor)


def test_a_request_about_own_data_goes_on_past_the_closing_and_is_told_on_today(desk, client):
    with access.acting_as(desk.caseworker):
        restart()
        row = start(desk, rule="SUBJECT_ACCESS", due=timedelta(days=4))
        row_id = row.id
        service.close(desk.case(desk.woman), reason="PERSON_ASKED")
        session.commit()
    assert swept_at(desk, NOW)["warned"] == 1
    row = clocks_on_today(client, desk.caseworker)
    assert reference.label("clock", "SUBJECT_ACCESS") in row
    assert client.get(url(desk, "/clocks")).status_code == 200
    assert client.post(url(desk, "/clocks/seen")).status_code == 302
    assert swept_at(desk, NOW + timedelta(days=5))["escalated"] == 1
    with desk.db.as_owner():
        assert session.get_one(Deadline, row_id).state == "LATE"
    assert "se le avisó a usted" in clocks_on_today(client, desk.supervisor)


def test_a_file_that_is_opened_again_takes_its_follow_ups_up(desk):
    with access.acting_as(desk.caseworker):
        restart()
        case, row = desk.case(desk.woman), start(desk, rule="SOLUTION_HELD_3M", due=timedelta(days=60))
        subject = (row.subject_kind, row.subject_id)
        service.close(case, reason="PERSON_ASKED")
        session.refresh(row)
        assert (row.state, row.cancel_reason) == ("CANCELLED", "FILE_CLOSED")
        service.reopen(case, reason="RETURNED")
        assert deadline.running(subject, "SOLUTION_HELD_3M")
        session.refresh(row)
        assert row.cancel_reason == "SUBJECT_ENDED"
        service.close(case, reason="PERSON_ASKED")
        service.reopen(case, reason="RETURNED")
        running = sa.select(sa.func.count()).where(
            Deadline.subject_id == subject[1], Deadline.state == "RUNNING"
        )
        assert session.scalar(running) == 1


def test_a_list_of_the_day_leads_to_the_whole_list_page_by_page(desk, client):
    with desk.db.as_owner():
        for _n in range(27):
            make_person(desk.team)
    client.sign_in(desk.supervisor)
    page = client.get("/today").get_data(as_text=True)
    part = page.split('id="screen"')[1].split("</section>")[0]
    assert part.count("queue-row") <= 8 or part.count("<li") <= 8
    assert 'href="/today/list?of=screen"' in part
    first = client.get("/today/list?of=screen").get_data(as_text=True)
    second = client.get("/today/list?of=screen&page=2").get_data(as_text=True)
    assert first.count("/screenings/new") == 25 and "page=2" in first
    assert 0 < second.count("/screenings/new") < 25 and "page=1" in second
    assert "No hay más en esta lista." in client.get("/today/list?of=screen&page=9").get_data(as_text=True)
    assert client.get("/today/list?of=nothing").status_code == 302
