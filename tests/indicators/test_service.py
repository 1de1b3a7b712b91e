"""Counting caseworkers into the journal, and the command line."""

from __future__ import annotations

import json
from datetime import date

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from caseapp.core import db as core_db
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.indicators import rollup, service
from caseapp.indicators.commands import rollup as command
from tests.factories import make_team, make_user
from tests.indicators.histories import Journal


def test_caseworkers_are_counted_once(db):
    with db.as_owner():
        team = make_team()
        make_user("CASEWORKER", team)
        make_user("CASEWORKER", team)
        make_user("CASEWORKER", team, active=False)
        make_user("SUPERVISOR", team)
        assert service.count_caseworkers(date(2025, 9, 1)) == 1
        assert service.count_caseworkers(date(2025, 9, 2)) == 0
        make_user("CASEWORKER", team)
        assert service.count_caseworkers(date(2025, 9, 3)) == 1
        said = (
            sa.select(CaseEvent.number).where(CaseEvent.kind == "staff.counted").order_by(CaseEvent.position)
        )
        assert session.scalars(said).all() == [2, 3]


@pytest.fixture
def counted(committed_db):
    journal = Journal()
    for n in range(6):
        journal.event("person.registered", f"p{n}", "2025-09-01")
    journal.write()


def test_rollup_says_what_it_did(counted):
    answer = CliRunner().invoke(command, ["--json"])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout) == {"checked": 6, "differences": []}


def test_full_exits_1_on_a_difference_and_repair_mends_it(counted):
    assert CliRunner().invoke(command, ["--full"]).exit_code == 0
    with core_db.connect("facts") as connection:
        connection.execute(
            sa.text("DELETE FROM facts.fact WHERE person = (SELECT min(person::text)::uuid FROM facts.fact)")
        )
    answer = CliRunner().invoke(command, ["--full", "--json"])
    assert answer.exit_code == 1
    assert {d["table"] for d in json.loads(answer.stdout)["differences"]} == {"fact"}
    assert CliRunner().invoke(command, ["--full", "--repair"]).exit_code == 1
    assert CliRunner().invoke(command, ["--full"]).exit_code == 0
    assert CliRunner().invoke(command, ["--repair"]).exit_code == 2


def test_the_last_run_shows_on_the_page_of_jobs(counted):
    rollup.roll_up()
    rollup.roll_up()
    with core_db.connect("owner") as connection:
        rows = connection.execute(sa.text("SELECT job, state, done FROM job_run")).all()
    assert [tuple(row) for row in rows] == [("indicators.roll_up", "DONE", 6)]
