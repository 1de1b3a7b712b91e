"""A closed file: no area writes in it, its pages offer nothing, and what must still work does."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.casefile import service as casefile
from caseapp.core import access, journal
from caseapp.core.db import session
from caseapp.core.errors import refusal_of
from caseapp.people import queries, rules
from caseapp.people import service as people
from caseapp.people.models import Case
from caseapp.people.service import NewConsent
from tests.factories import make_person, make_team, make_user, principal_of
from tests.procedure.routes import dated

ON = date(2025, 11, 23)


@pytest.fixture
def desk(db):
    with db.as_owner():
        team = make_team()
        person, other = make_person(team), make_person(team)
        number = session.get_one(Case, person.case_id).number
        users = [principal_of(make_user(role, team), (role, team)) for role in ("CASEWORKER", "SUPERVISOR")]
    session.expunge_all()
    return person, other, number, *users


@pytest.fixture
def closed(desk):
    with access.acting_as(desk[3]):
        session.commit()
        case = session.get_one(Case, desk[0].case_id)
        casefile.close(case, reason="LEFT_TOLD")
        session.commit()
        yield case


@pytest.mark.parametrize("kind", sorted(journal.kinds()))
def test_each_kind_of_event_is_taken_or_refused_by_rule_and_by_postgresql(db, closed, kind):
    taken = kind in rules.ON_CLOSED
    with db.as_owner():
        row = sa.text(
            "INSERT INTO case_event (id, kind, effective_on, recorded_at, country, actor, case_id, reason, "
            "reason_group) VALUES (gen_random_uuid(), :kind, '2025-11-23', now(), 'MEX', 'system:test', :case, "
            "'LEFT_TOLD', 'LOST')"
        )
        given = {"kind": kind, "case": closed.id}
        if taken:
            rules.may_happen(kind, True)
            session.execute(row, given)
            return
        with (
            pytest.raises(sa.exc.IntegrityError, match="the file is closed") as raised,
            session.begin_nested(),
        ):
            session.execute(row, given)
    assert isinstance(refusal_of(raised.value), rules.FileClosed)
    with pytest.raises(rules.FileClosed):
        rules.may_happen(kind, True)
    rules.may_happen(kind, False)


@pytest.mark.parametrize(
    ("reason", "group"), [("CONTACT_LOST", "SOLUTION"), ("REMOVED", "SOLUTION"), ("SOLUTION_LOCAL", "LOST")]
)
def test_no_figure_can_call_a_loss_or_a_deportation_a_solution(db, closed, reason, group):
    with (
        db.as_owner(),
        pytest.raises(sa.exc.IntegrityError, match="disagree about a solution"),
        session.begin_nested(),
    ):
        session.execute(
            sa.text(
                "INSERT INTO case_event (id, kind, effective_on, recorded_at, country, actor, case_id, reason, "
                "reason_group) VALUES (gen_random_uuid(), 'case.closed', '2025-11-23', now(), 'MEX', 's', :case, "
                ":reason, :group)"
            ),
            {"case": closed.id, "reason": reason, "group": group},
        )


def test_verbs_are_refused_and_change_nothing(closed):
    with pytest.raises(rules.FileClosed), session.begin_nested():
        people.record_attempt(closed, channel="CALL", result="NO_ANSWER", on=ON)
    with pytest.raises(rules.FileClosed), session.begin_nested():
        casefile.add_note(closed, level="TEAM", words="Vino a preguntar.")
    casefile.reopen(closed, reason="RETURNED")
    people.record_attempt(closed, channel="CALL", result="NO_ANSWER", on=ON)


def test_a_consent_is_withdrawn_and_records_are_united_and_separated(desk):
    person, other, _number, caseworker, _supervisor = desk
    with access.acting_as(caseworker):
        session.commit()
        case, kept = session.get_one(Case, person.case_id), session.get_one(Case, other.case_id)
        given = people.record_consent(
            case, queries.person_of(case), NewConsent("REGISTER", "GIVEN", "SELF", form="SIGNED", language="spa", alone=True),
            on=ON,
        )  # fmt: skip
        casefile.close(case, reason="PERSON_ASKED")
        people.withdraw_consent(case, given, on=ON)
        people.merge(case, kept, on=ON)
        people.unmerge(case, on=ON)
        session.commit()
        assert case.status == "CLOSED"


PAGES = (
    "solutions", "claim", "custody", "needs", "contact", "consents", "person", "plan", "notes", "tasks",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_pages_offer_nothing_and_say_how_to_open_it(client, desk, closed, page):
    number, who = desk[2], desk[3]
    client.sign_in(who)
    shown = client.get(f"/cases/{number}/{page}").get_data(as_text=True)
    content = shown.split('<main id="content"')[1].split("</main>")[0]
    assert 'method="post"' not in content
    assert "aquí se lee y no se anota" in content and f"/cases/{number}/reopen" in content


def test_a_post_to_a_closed_file_comes_back_with_the_sentence(client, desk, closed):
    number, who = desk[2], desk[3]
    client.sign_in(who)
    answer = client.post(f"/cases/{number}/solutions", data=dated("new-", pathway="LOCAL_INTEGRATION"))
    assert answer.status_code == 422
    assert "Este expediente está cerrado. Ábralo de nuevo" in answer.get_data(as_text=True)
    assert 'method="post"' in client.get(f"/cases/{number}/reopen").get_data(as_text=True)
