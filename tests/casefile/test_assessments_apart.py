"""A child's file goes to another team: what the child said in an assessment stays, unless somebody was named to take it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from caseapp.accounts.models import Team
from caseapp.casefile import service as casefile
from caseapp.casefile.models import CaseTask
from caseapp.casefile.queries import handing, work
from caseapp.core import access, migrate
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.deadline import queries as clocks
from caseapp.deadline import service as deadline
from caseapp.deadline.models import Deadline
from caseapp.people import queries as people
from caseapp.people.models import Case, Need, Person
from caseapp.protection.best_interests import queries, service
from caseapp.protection.best_interests.models import BestInterests, BestInterestsAction
from caseapp.protection.best_interests.rules import Action, Conclusion
from tests.casefile.conftest import restart
from tests.factories import make_household, make_person, make_site, make_team, make_user, principal_of
from tests.factories.referral import consent
from tests.protection.routes import make_alone

TODAY = date(2025, 11, 23)
ROLES = ("CHILD_OFFICER", "SUPERVISOR", "CASEWORKER")
TOLD = Conclusion(
    TODAY, "El niño y su tutora", "YES", "Quiere ir con su tía", "Está bien con su tía", date(2026, 2, 1),
    [Action("Cita en la clínica", date(2025, 12, 1), "SM-MI"), Action("Inscribirle", date(2025, 12, 3), "CR-NE")],
)  # fmt: skip


@dataclass
class Handing:
    db: Any
    boy: Person
    number: str
    here: dict[str, access.Principal]
    there: dict[str, access.Principal]
    abroad: dict[str, access.Principal]
    teams: dict[str, Team]

    @property
    def case(self) -> Case:
        return session.get_one(Case, self.boy.case_id)


def _staff(team: Team) -> dict[str, access.Principal]:
    return {role: principal_of(make_user(role, team), (role, team)) for role in ROLES}


@pytest.fixture
def hand(db: Any) -> Handing:
    with db.as_owner():
        site = make_site(country="GTM", code="GT-998", admin1="GT01", timezone="America/Guatemala")
        teams = {"here": make_team(), "there": make_team(), "abroad": make_team(site)}
        boy = make_person(teams["here"], birth=date(2012, 1, 1))
        make_household(teams["here"], boy)
        carer: dict[str, Any] = {"given_by": "CHILD_AUTHORITY", "adult": False}
        consent(boy, "CASE_TRANSFER", **carer)
        consent(boy, "CROSS_BORDER", recipient_country="GTM", **carer)
        number = session.get_one(Case, boy.case_id).number
        staff = {name: _staff(team) for name, team in teams.items()}
    make_alone(db, boy)
    return Handing(db, boy, number, staff["here"], staff["there"], staff["abroad"], teams)


def assessed(hand: Handing, upto: str = "APPROVED") -> Any:
    """The id of an assessment by the first team, brought to a state."""
    with access.acting_as(hand.here["CHILD_OFFICER"]):
        restart()
        row = service.open_assessment(hand.case, kind="BIA")
        if upto != "OPEN":
            service.conclude(hand.case, row, TOLD)
        session.commit()
        made = row.id
    if upto == "APPROVED":
        with access.acting_as(hand.here["SUPERVISOR"]):
            restart()
            service.decide(hand.case, queries.one_of_case(hand.case, made), approve=True)
            session.commit()
    return made


def handed(hand: Handing, to: str = "there", holder: Any = None) -> None:
    """The file is offered to another team, which takes it."""
    with access.acting_as(hand.here["CASEWORKER"]):
        restart()
        team = session.merge(hand.teams[to])
        offer = casefile.Offer([hand.boy.case_id], team, TODAY + timedelta(days=2), holder=holder)
        made = casefile.offer_handover(hand.case, offer).id
        session.commit()
    if to == "abroad":
        with access.acting_as(hand.here["SUPERVISOR"]):
            restart()
            casefile.decide_approval(hand.case, work.open_approval(made), approve=True)
            session.commit()
    with access.acting_as({"there": hand.there, "abroad": hand.abroad}[to]["CASEWORKER"]):
        restart()
        casefile.accept_handover(handing.one(made, access.current(), lock=True))
        session.commit()


def clocks_about(hand: Handing, *subjects: Any) -> set[tuple[str, str, str | None]]:
    """Rule, state and reason of clocks, as the owner of the database sees them."""
    with hand.db.as_owner():
        session.expire_all()
        asked = sa.select(Deadline.rule, Deadline.state, Deadline.cancel_reason)
        return {tuple(r) for r in session.execute(asked.where(Deadline.subject_id.in_(subjects)))}


# -- a recommended action whose need is sealed --------------------------------------------------------
def test_an_action_is_sealed_as_the_need_is_that_it_answers(hand, client):
    assessed(hand)
    with access.acting_as(hand.here["CASEWORKER"]):
        restart()
        tasks = {t.words: (t.sealed, t.id) for t in session.scalars(sa.select(CaseTask))}
        assert {words: sealed for words, (sealed, _id) in tasks.items()} == {
            "Cita en la clínica": True, "Inscribirle": False,
        }  # fmt: skip
        shown = {
            sealed: {c.subject_id for c in clocks.of_case(hand.boy.case_id, sealed=sealed)}
            for sealed in (True, False)
        }
        assert tasks["Cita en la clínica"][1] in shown[True] and tasks["Inscribirle"][1] in shown[False]
        assert tasks["Cita en la clínica"][1] not in shown[False]
    client.sign_in(hand.here["CASEWORKER"])
    for path in ("", "/tasks", "/clocks", "/plan"):
        assert "Cita en la clínica" not in client.get(f"/cases/{hand.number}{path}").get_data(as_text=True), (
            path
        )
    assert "Cita en la clínica" not in client.get("/today").get_data(as_text=True)
    private = f"/cases/{hand.number}/private/tasks"
    page = client.get(private).get_data(as_text=True)
    assert "Cita en la clínica" in page and "Inscribirle" not in page
    assert private in client.get(f"/cases/{hand.number}/private").get_data(as_text=True)
    finish = f"/cases/{hand.number}/tasks/{tasks['Cita en la clínica'][1]}/finish"
    wrong = client.post(finish, data={"version": "1"})
    assert wrong.status_code == 422 and "Cita en la clínica" in wrong.get_data(as_text=True)
    done = client.post(finish, data={"version": "1", "outcome": "DONE"})
    assert done.status_code == 302 and done.location.endswith(private)
    assert clocks_about(hand, tasks["Cita en la clínica"][1]) == {("TASK", "MET", None)}


def test_a_sealed_action_stays_behind_with_its_clock(hand, client):
    assessed(hand)
    with hand.db.as_owner():
        sealed = session.scalars(sa.select(CaseTask.id).where(CaseTask.sealed)).one()
        plain = session.scalars(sa.select(CaseTask.id).where(~CaseTask.sealed)).one()
    handed(hand)
    assert clocks_about(hand, sealed) == {("TASK", "CANCELLED", "MOVED_AWAY")}
    assert clocks_about(hand, plain) == {("TASK", "RUNNING", None)}
    with access.acting_as(hand.there["CASEWORKER"]):
        restart()
        assert [t.words for t in session.scalars(sa.select(CaseTask))] == ["Inscribirle"]
        assert {n.code for n in session.scalars(sa.select(Need))} == {"SC-UC", "CR-NE"}
        assert {c.subject_id for c in session.scalars(sa.select(Deadline))} == {plain}
    client.sign_in(hand.there["CASEWORKER"])
    for path in ("", "/tasks", "/clocks", "/private", "/private/tasks", "/private/clocks"):
        assert "Cita en la clínica" not in client.get(f"/cases/{hand.number}{path}").get_data(as_text=True), (
            path
        )


# -- the assessment itself ----------------------------------------------------------------------------
@pytest.mark.parametrize("to", ["there", "abroad"])
@pytest.mark.parametrize("state", ["OPEN", "CONCLUDED", "APPROVED"])
def test_what_the_child_said_stays_with_the_team_that_heard_it(hand, client, state, to):
    made = assessed(hand, state)
    handed(hand, to)
    for who in getattr(hand, to).values():
        with access.acting_as(who):
            restart()
            assert hand.case.team_id == hand.teams[to].id
            assert session.scalars(sa.select(BestInterests)).all() == []
            assert session.scalars(sa.select(BestInterestsAction)).all() == []
            assert session.scalars(sa.select(Deadline).where(Deadline.subject_id == made)).all() == []
        client.sign_in(who)
        page = client.get(f"/cases/{hand.number}/private/best-interests")
        assert page.status_code == 200
        for words in (
            "Quiere ir con su tía",
            "Está bien con su tía",
            "Cita en la clínica",
            "Enfermedad mental",
        ):
            assert words not in page.get_data(as_text=True), words
    ended = clocks_about(hand, made)
    assert {c for c in ended if c[1] in ("RUNNING", "PAUSED", "LATE")} == set()
    rule = "BEST_INTERESTS_REVIEW" if state == "APPROVED" else "BEST_INTERESTS"
    assert (rule, "CANCELLED", "MOVED_AWAY") in ended


@pytest.mark.parametrize(
    ("state", "then"), [("OPEN", "STOPPED"), ("CONCLUDED", "STOPPED"), ("APPROVED", "APPROVED")]
)
def test_the_new_team_opens_its_own(hand, state, then):
    made = assessed(hand, state)
    handed(hand)
    with hand.db.as_owner():
        session.expire_all()
        kept = session.get_one(BestInterests, made)
        assert (kept.state, kept.stop_reason) == (then, "HANDED_OVER" if then == "STOPPED" else None)
    officer = hand.there["CHILD_OFFICER"]
    with access.acting_as(officer):
        restart()
        assert [line.what for line in queries.work_of(officer, TODAY, 8)] == ["TO_OPEN"]
        row = service.open_assessment(hand.case, kind="BIA")
        # A child whom the first team had assessed is not late at the second.
        assert row.identified_on == (TODAY if state == "APPROVED" else date(2025, 11, 20))
        service.conclude(hand.case, row, replace(TOLD, actions=()))
        session.commit()
        again = row.id
    with access.acting_as(hand.there["SUPERVISOR"]):
        restart()
        assert [r.id for r in queries.of_case(hand.boy.case_id)] == [again]
        service.decide(hand.case, queries.one_of_case(hand.case, again), approve=True)
        session.commit()
    assert ("BEST_INTERESTS", "MET", None) in clocks_about(hand, again)


def test_a_clock_that_stood_still_ends_too(hand):
    made = assessed(hand, "OPEN")
    with access.acting_as(hand.here["CHILD_OFFICER"]):
        restart()
        assert deadline.pause(("best_interests", made), "HEALTH") == 1
        session.commit()
    handed(hand)
    assert clocks_about(hand, made) == {("BEST_INTERESTS", "CANCELLED", "MOVED_AWAY")}
    with hand.db.as_owner():
        assert session.scalar(sa.text("SELECT count(*) FROM deadline_pause WHERE ended_at IS NULL")) == 0


def test_it_goes_along_with_whoever_was_named_to_take_it(hand):
    made = assessed(hand, "CONCLUDED")
    handed(hand, holder=hand.there["CASEWORKER"].user_id)
    with access.acting_as(hand.there["SUPERVISOR"]):
        restart()
        assert [r.views for r in queries.of_case(hand.boy.case_id)] == ["Quiere ir con su tía"]
        assert len(queries.actions_of(hand.boy.case_id)) == 2
        service.decide(hand.case, queries.one_of_case(hand.case, made), approve=True)
        session.commit()
    assert ("BEST_INTERESTS", "MET", None) in clocks_about(hand, made)


def test_where_the_file_comes_back_it_is_there_and_another_is_due(hand):
    made = assessed(hand, "CONCLUDED")
    handed(hand)
    with hand.db.as_owner():
        session.execute(
            sa.update(Case).where(Case.id == hand.boy.case_id).values(team_id=hand.teams["here"].id)
        )
        session.commit()
    officer = hand.here["CHILD_OFFICER"]
    with access.acting_as(officer):
        restart()
        (kept,) = queries.of_case(hand.boy.case_id)
        assert (kept.id, kept.state, kept.views) == (made, "STOPPED", "Quiere ir con su tía")
        assert [line.what for line in queries.work_of(officer, TODAY, 8)] == ["TO_OPEN"]
        assert people.today_of(hand.case) == TODAY


def test_nobody_stops_one_as_handed_over_by_hand(hand, client):
    made = assessed(hand, "OPEN")
    client.sign_in(hand.here["CHILD_OFFICER"])
    here = f"/cases/{hand.number}/private/best-interests"
    assert "El expediente pasó a otro equipo" not in client.get(here).get_data(as_text=True)
    answer = {"stop-version": "1", "stop-reason": "HANDED_OVER"}
    assert client.post(f"{here}/{made}/stop", data=answer).status_code == 422


# -- files that had moved before ----------------------------------------------------------------------
def test_the_migration_mends_what_had_gone_along(hand):
    made = assessed(hand)
    handed(hand)
    script = ScriptDirectory.from_config(migrate.alembic_config())
    (step,) = [r.module for r in script.walk_revisions() if hasattr(r.module, "GONE_ALONG")]
    ours = sa.text("SELECT row_id FROM held_apart WHERE case_id = :c").bindparams(c=hand.boy.case_id)
    with hand.db.as_owner():
        kept = set(session.scalars(ours))
        session.execute(sa.text("DELETE FROM held_apart"))
        session.execute(sa.text("UPDATE case_task SET sealed = false"))
        session.execute(sa.text("UPDATE deadline SET sealed = false"))
        session.execute(
            sa.text("UPDATE deadline SET state = 'LATE', ended_at = NULL, cancel_reason = NULL WHERE state = 'CANCELLED'")
        )  # fmt: skip
        for statement in (step.SEAL_TASKS, step.SEAL_CLOCKS, step.GONE_ALONG.format(rows=step.WRITTEN)):
            session.execute(sa.text(statement))
        for each in step.FOLLOWS:
            session.execute(sa.text(each.format(of="true", at="now()")))
        mended = set(session.scalars(ours))
        needs = set(session.scalars(sa.select(Need.id)))
        assert mended == kept - needs - set(session.scalars(sa.select(CaseEvent.id)))
        assert [t.words for t in session.scalars(sa.select(CaseTask).where(CaseTask.sealed))] == [
            "Cita en la clínica"
        ]
    assert ("BEST_INTERESTS_REVIEW", "CANCELLED", "MOVED_AWAY") in clocks_about(hand, made)
    with access.acting_as(hand.there["SUPERVISOR"]):
        restart()
        assert queries.of_case(hand.boy.case_id) == []
        assert [t.words for t in session.scalars(sa.select(CaseTask))] == ["Inscribirle"]
