"""The administrators' page of queues and the auditors' page: codes and ids, and nothing beyond one's reach."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from caseapp.accounts import queries
from caseapp.core import access, audit, clock, jobs, outbox
from caseapp.core.audit import AuditRow
from caseapp.core.db import session, uuid7
from tests.factories import make_site, make_team, make_user, principal_of


@pytest.fixture
def site_team(db):
    with db.as_owner():
        return make_team(make_site())


def acting(db, role, team):
    with db.as_owner():
        return principal_of(make_user(role, team), (role, team))


def test_queues_count_each_state(db):
    for _ in range(3):
        outbox.leave("notice", uuid7())
    outbox.leave("notice", after=timedelta(hours=1))
    failed, done, handed = (outbox.leave("notice") for _ in range(3))
    moment = clock.real_now()
    failed.failed_at, done.done_at, handed.handed_at = moment, moment, moment
    outbox.leave("facts", queue="figures").done_at = moment - timedelta(days=3)
    session.flush()
    found = [q for q in queries.queues() if q.topic in ("notice", "facts")]
    assert [(q.waiting, q.due, q.handed, q.failed, q.done) for q in found] == [(1, 3, 1, 1, 1)]
    assert found[0].oldest_due_at <= moment


def test_an_administrator_retries_what_was_given_up(db, client, site_team):
    row = outbox.leave("notice", uuid7())
    row.failed_at, row.attempts, row.last_error = clock.real_now(), 8, "ConnectionError"
    session.flush()
    who = acting(db, "ADMINISTRATOR", site_team)
    client.sign_in(who)
    page = client.get("/jobs").get_data(as_text=True)
    assert "ConnectionError" in page and str(row.subject_id) in page
    assert client.post(f"/jobs/{row.id}/retry").status_code == 302
    again = session.get_one(outbox.OutboxRow, row.id)
    assert again.failed_at is None and again.attempts == 0
    assert client.post(f"/jobs/{row.id}/retry").status_code == 302
    acts = session.scalars(sa.select(AuditRow.act).where(AuditRow.subject_id == row.id)).all()
    assert acts == ["retried"]
    assert client.post(f"/jobs/{uuid7()}/retry").status_code == 404


def test_last_runs_and_failures_are_shown(db, client, site_team):
    client.sign_in(acting(db, "ADMINISTRATOR", site_team))
    first, second, third = jobs.started("roll_up", 10), jobs.started("sweep"), jobs.started("roll_up", 20)
    jobs.progressed(third.id, 7)
    jobs.ended(first.id)
    jobs.ended(second.id, "TimeoutError")
    session.expire_all()
    assert {run.id for run in queries.last_runs()} >= {second.id, third.id}
    assert first.id not in {run.id for run in queries.last_runs()}
    page = client.get("/jobs").get_data(as_text=True)
    assert "7 de 20" in page and "TimeoutError" in page and "En curso" in page


def test_an_auditor_reads_their_own_reach_only_and_is_recorded(db, client, site_team):
    with db.as_owner():
        foreign = make_team(make_site(country="HND", code="HN-AUD"))
    ours, theirs = acting(db, "CASEWORKER", site_team), acting(db, "CASEWORKER", foreign)
    seen, hidden = uuid7(), uuid7()
    with access.acting_as(ours):
        audit.record("viewed", "case", seen)
    with access.acting_as(theirs):
        audit.record("viewed", "case", hidden)
    auditor = acting(db, "AUDITOR", site_team)
    client.sign_in(auditor)
    page = client.get("/audit").get_data(as_text=True)
    assert str(seen) in page and str(hidden) not in page
    assert str(seen) in client.get(f"/audit?actor={ours.name}").get_data(as_text=True)
    assert str(seen) not in client.get(f"/audit?actor={theirs.name}").get_data(as_text=True)
    assert str(seen) in client.get(f"/audit?subject_id={seen}").get_data(as_text=True)
    looks = session.scalars(sa.select(AuditRow.subject).where(AuditRow.actor == auditor.name)).all()
    assert looks == ["audit"] * 4


def test_failed_sign_ins_of_ones_users_are_in_the_audit(db, client, site_team):
    ours = acting(db, "CASEWORKER", site_team)
    audit.record("sign_in_failed", "user_account", ours.user_id, "password")
    client.sign_in(acting(db, "AUDITOR", site_team))
    assert "sign_in_failed" in client.get("/audit").get_data(as_text=True)


def test_the_audit_has_pages(db, client, site_team):
    ours = acting(db, "CASEWORKER", site_team)
    with access.acting_as(ours):
        for _ in range(60):
            audit.record("viewed", "case", uuid7())
    client.sign_in(acting(db, "AUDITOR", site_team))
    first = client.get(f"/audit?actor={ours.name}").get_data(as_text=True)
    href = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(href).get_data(as_text=True)
    assert first.count("<code>viewed</code>") == 50 and second.count("<code>viewed</code>") == 10
    assert 'rel="next"' not in second and 'rel="prev"' in second
