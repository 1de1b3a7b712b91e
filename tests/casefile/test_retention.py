"""Closed files are kept for the time of their group, then erased by two persons; what holds them stays."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from caseapp.casefile.breach import rules as breach_rules
from caseapp.casefile.breach import service as breaches
from caseapp.casefile.breach.models import DataBreach
from caseapp.casefile.retention import queries, rules, service
from caseapp.casefile.retention.models import RetentionItem, RetentionRun
from caseapp.core import access, crypto, outbox, reference
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.core.outbox import OutboxRow
from caseapp.people.models import Case
from caseapp.procedure.models import Claim, ClaimApplicant
from tests.casefile.conftest import restart
from tests.factories import make_person, make_team, make_user, principal_of

TODAY = date(2025, 11, 23)


def test_every_group_of_the_closure_reasons_has_a_period_with_its_source():
    groups = {c.group for c in reference.codes("case_closure_reason")}
    assert groups == set(rules.GROUPS)
    for group in rules.GROUPS:
        rule = queries.period(group, TODAY, "MEX")
        assert rule.unit == "years" and rule.value and rule.source and rule.confidence == "low"
        assert reference.known("reason_group", group)


@pytest.mark.parametrize(
    ("due_on", "held", "expected"),
    [
        (None, (), None),
        (TODAY, (), None),
        (TODAY - timedelta(days=1), (), "TO_ERASE"),
        (TODAY - timedelta(days=1), ("LEGAL_HOLD",), "HELD"),
        (TODAY, ("LEGAL_HOLD",), None),
    ],
)
def test_a_file_is_kept_to_the_end_of_its_last_day(due_on, held, expected):
    assert rules.decide(rules.Kept(due_on, held), TODAY) == expected


@pytest.mark.parametrize(
    ("state", "own", "refusal"),
    [
        ("PROPOSED", False, None), ("PROPOSED", True, rules.OwnRun), ("APPROVED", False, rules.RunEnded),
        ("DONE", False, rules.RunEnded), ("CANCELLED", False, rules.RunEnded),
    ],
)  # fmt: skip
def test_a_run_is_approved_once_and_by_another(state, own, refusal):
    if refusal is None:
        rules.may_approve(state, own=own)
        rules.may_cancel(state)
    else:
        with pytest.raises(refusal):
            rules.may_approve(state, own=own)


def test_one_run_at_a_time_and_not_for_nothing():
    with pytest.raises(rules.RunOpen):
        rules.may_propose(True, 3)
    with pytest.raises(rules.NothingToErase):
        rules.may_propose(False, 0)
    rules.may_propose(False, 1)
    with pytest.raises(rules.RunEnded):
        rules.may_cancel("DONE")


# -- on files -----------------------------------------------------------------------------------------
CASES = {
    "old": ("NO_NEED_FOUND", date(2023, 11, 22)),
    "last_day": ("NO_NEED_FOUND", date(2023, 11, 23)),
    "young": ("CONTACT_LOST", date(2023, 1, 1)),
    "held": ("DUPLICATE", date(2024, 1, 1)),
}


@pytest.fixture
def files(desk: Any) -> dict[str, Any]:
    """Closed files of different ages, and two officers of the country."""
    with desk.db.as_owner():
        made = {}
        for name, (reason, on) in CASES.items():
            person = make_person(desk.team, given_names=f"Nombre{name}")
            case = session.get_one(Case, person.case_id)
            case.opened_on = date(2022, 1, 1)
            case.status, case.closed_on, case.closure_reason = "CLOSED", on, reason
            made[name] = person
        session.flush()
        session.execute(
            sa.text(
                "INSERT INTO legal_hold (id, case_id, reason, since, set_by_id) "
                "VALUES (gen_random_uuid(), :c, 'COURT', '2024-01-02', :u)"
            ),
            {"c": made["held"].case_id, "u": desk.supervisor.user_id},
        )
        national = make_team(country="MEX", type="COMMISSION_STATISTICS")
        for name in ("officer", "second"):
            user = make_user("DATA_PROTECTION_OFFICER", national)
            made[name] = principal_of(user, ("DATA_PROTECTION_OFFICER", national))
        made["old_id"] = made["old"].case_id
        made["numbers"] = {n: session.get_one(Case, made[n].case_id).number for n in CASES}
    return made


def test_what_would_be_erased_and_why_not_is_told_by_number(desk, files, client):
    client.sign_in(files["officer"])
    page = client.get("/data-protection/retention").get_data(as_text=True)
    numbers = files["numbers"]
    assert numbers["old"] in page and numbers["held"] in page and "Hay una retención legal" in page
    assert numbers["last_day"] not in page and numbers["young"] not in page
    assert "Nombreold" not in page and "Nombreheld" not in page
    with desk.db.as_owner():
        assert (
            session.scalar(sa.select(sa.func.count()).select_from(Case).where(Case.erased_at.is_not(None)))
            == 0
        )


def test_a_claim_that_waits_for_its_decision_holds_the_file(desk, files):
    """Closing a file ended its clocks; the authority decides all the same."""
    on = date(2022, 3, 1)
    with desk.db.as_owner():
        claim = Claim(case_id=files["old_id"], lodged_on=on)
        session.add(claim)
        session.flush()
        part = ClaimApplicant(
            claim_id=claim.id, case_id=files["old_id"], role="PRINCIPAL", since=on, pending=True
        )
        session.add(part)
    for ended, held in ((None, ("OPEN_CLAIM",)), (date(2022, 9, 9), ())):
        with desk.db.as_owner():
            row = session.get_one(Claim, claim.id)
            row.decided_on, row.outcome = ended, ended and "REJECTED"
            session.get_one(ClaimApplicant, part.id).pending = ended is None
        with access.acting_as(files["officer"]):
            restart()
            [found] = [d for d in queries.due("MEX", TODAY) if d.case_id == files["old_id"]]
            assert found.held == held


def test_nobody_else_is_told(desk, files):
    with access.acting_as(desk.supervisor):
        restart()
        assert queries.due("MEX", TODAY) == []
    with access.acting_as(files["officer"]):
        restart()
        assert queries.due("GTM", TODAY) == []
        assert [d.number for d in queries.due("MEX", TODAY)] == [
            files["numbers"]["old"],
            files["numbers"]["held"],
        ]


def perform(desk: Any) -> None:
    while True:
        with desk.db.as_owner():
            waiting = session.scalars(
                sa.select(OutboxRow.id).where(
                    OutboxRow.topic == "retention.perform", OutboxRow.done_at.is_(None)
                )
            ).all()
        if not waiting:
            return
        desk.db.as_role("work")
        with access.acting_as(access.system("outbox")):
            restart()
            for message in waiting:
                assert outbox.deliver(message)
            session.commit()


def test_two_persons_erase_and_what_came_to_hold_a_file_meanwhile_stays(desk, files, client, monkeypatch):
    monkeypatch.setattr(service, "AT_ONCE", 1)
    with desk.db.as_owner():
        other = make_person(desk.team, given_names="Nombrelate")
        case = session.get_one(Case, other.case_id)
        case.opened_on = date(2022, 1, 1)
        case.status, case.closed_on, case.closure_reason = "CLOSED", date(2023, 1, 1), "NO_NEED_FOUND"
        late = case.number
    client.sign_in(files["officer"])
    url = client.post("/data-protection/retention").headers["Location"]
    assert client.post("/data-protection/retention").status_code == 422
    refused = client.post(url + "/approve")
    assert refused.status_code == 422 and "La aprueba otra persona" in refused.get_data(as_text=True)
    client.sign_in(files["second"])
    assert client.post(url + "/approve").status_code == 302
    with desk.db.as_owner():
        session.execute(
            sa.text(
                "INSERT INTO legal_hold (id, case_id, reason, since, set_by_id) "
                "SELECT gen_random_uuid(), id, 'COMPLAINT', '2025-11-23', :u FROM \"case\" WHERE number = :n"
            ),
            {"n": late, "u": desk.supervisor.user_id},
        )
    perform(desk)
    with desk.db.as_owner():
        run = session.scalars(sa.select(RetentionRun).execution_options(populate_existing=True)).one()
        assert run.state == "DONE"
        items = session.execute(
            sa.select(RetentionItem.number, RetentionItem.outcome, RetentionItem.held)
        ).all()
        assert sorted(items) == sorted(
            [
                (files["numbers"]["old"], "ERASED", None), (late, "HELD", "LEGAL_HOLD"),
                (files["numbers"]["held"], "HELD", "LEGAL_HOLD"),
            ]
        )  # fmt: skip
        erased = session.scalars(sa.select(Case.number).where(Case.erased_at.is_not(None))).all()
        assert erased == [files["numbers"]["old"]]
        [event] = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "person.erased")).all()
        assert (event.case_id, event.reason) == (files["old_id"], "RETENTION_ENDED")
        keys = sa.select(crypto.CaseKey.case_id).where(crypto.CaseKey.case_id == files["old_id"])
        assert session.scalars(keys).all() == []
    desk.db.as_role("app")
    page = client.get(url).get_data(as_text=True)
    assert "Borrado" in page and "Hay una retención legal" in page


def test_a_cancelled_run_erases_nothing(desk, files, client):
    client.sign_in(files["officer"])
    url = client.post("/data-protection/retention").headers["Location"]
    assert client.post(url + "/cancel").status_code == 302
    assert client.post(url + "/cancel").status_code == 422
    with access.acting_as(access.system("work")):
        desk.db.as_role("work")
        restart()
        [run] = session.scalars(sa.select(RetentionRun)).all()
        assert service.perform(run.id) == 0


def test_postgresql_lets_nobody_approve_their_own_run(desk, files, client):
    client.sign_in(files["officer"])
    client.post("/data-protection/retention")
    with (
        desk.db.as_owner(),
        pytest.raises(sa.exc.IntegrityError, match="second_person"),
        session.begin_nested(),
    ):
        session.execute(
            sa.text("UPDATE retention_run SET state = 'APPROVED', approved_by_id = proposed_by_id")
        )


def test_an_officer_of_another_country_sees_no_run(desk, files, client):
    client.sign_in(files["officer"])
    url = client.post("/data-protection/retention").headers["Location"]
    with desk.db.as_owner():
        abroad = make_team(country="HND", type="COMMISSION_STATISTICS")
        other = principal_of(
            make_user("DATA_PROTECTION_OFFICER", abroad), ("DATA_PROTECTION_OFFICER", abroad)
        )
    client.sign_in(other)
    assert client.get(url).status_code == 404 and client.post(url + "/approve").status_code == 404


# -- the command line ---------------------------------------------------------------------------------
def test_the_command_shows_and_never_erases(committed_db):
    from caseapp.casefile.commands import retention

    with committed_db_session(committed_db):
        team = make_team()
        person = make_person(team)
        case = session.get_one(Case, person.case_id)
        case.opened_on = date(2022, 1, 1)
        case.status, case.closed_on, case.closure_reason = "CLOSED", date(2023, 11, 22), "NO_NEED_FOUND"
        session.commit()
        number = case.number
    done = CliRunner().invoke(retention, ["--dry-run", "--json", "--country", "mex"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.output)
    assert (answer["to_erase"], answer["held"], answer["dry_run"]) == (1, 0, True)
    assert answer["countries"][0]["files"][0] == {
        "number": number, "closed_on": "2023-11-22", "group": "SCREENED_OUT", "kept_until": "2025-11-22",
        "outcome": "TO_ERASE", "why": [],
    }  # fmt: skip
    assert CliRunner().invoke(retention, []).exit_code == 2
    assert CliRunner().invoke(retention, ["--dry-run", "--country", "XXX"]).exit_code == 2


def committed_db_session(database: Any) -> Any:
    from contextlib import contextmanager

    @contextmanager
    def opened() -> Any:
        session.remove()
        session(bind=sa.create_engine(database.owner))
        try:
            yield session
        finally:
            session().get_bind().dispose()
            session.remove()

    return opened()


# -- breaches -----------------------------------------------------------------------------------------
def test_the_list_of_breaches_is_that_of_the_rules():
    assert tuple(c.code for c in reference.codes("breach_kind")) == breach_rules.KINDS


@pytest.mark.parametrize(
    ("on", "what", "refusal"),
    [
        (TODAY, "Se perdió.", None),
        (TODAY + timedelta(days=1), "Se perdió.", breach_rules.NoticedInFuture),
        (TODAY, " ", breach_rules.WordsMissing),
    ],
)
def test_what_is_recorded_of_a_breach(on, what, refusal):
    if refusal is None:
        breach_rules.may_record(on, TODAY, what)
    else:
        with pytest.raises(refusal):
            breach_rules.may_record(on, TODAY, what)


def test_a_breach_is_closed_when_the_authority_was_told(desk, files, client):
    client.sign_in(files["officer"])
    data = {"kind": "PAPER_LOST", "on-day": "20", "on-month": "11", "on-year": "2025", "persons": "12", "what": "Una lista."}  # fmt: skip
    assert client.post("/data-protection/breaches", data=data).status_code == 302
    with desk.db.as_owner():
        [breach] = session.scalars(sa.select(DataBreach)).all()
        breach_id = breach.id
        assert b"Una lista" not in breach.what_sealed
    assert "Una lista." in client.get("/data-protection/breaches").get_data(as_text=True)
    url = f"/data-protection/breaches/{breach_id}"
    with access.acting_as(files["officer"]):
        restart()
        with pytest.raises(breach_rules.AuthorityNotTold):
            breaches.close(breaches.one(breach_id, ["MEX"]), TODAY)
        session.rollback()
    for verb in ("authority", "persons", "close"):
        assert client.post(f"{url}/{verb}").status_code == 302
    with desk.db.as_owner():
        row = session.get_one(DataBreach, breach_id, populate_existing=True)
        assert (row.told_authority_on, row.told_persons_on, row.closed_on) == (TODAY, TODAY, TODAY)
    with pytest.raises(breach_rules.BreachClosed):
        breach_rules.may_close(True, True)


def test_the_officers_page_counts_and_names_nobody(desk, files, client):
    client.sign_in(files["officer"])
    page = client.get("/data-protection").get_data(as_text=True)
    assert "Solicitudes en curso" in page and desk.woman.given_names not in page
