"""`acogida user …`: one line, exit 0, 1 or 2; what it did stands in the database afterwards."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from caseapp.accounts.commands import user
from tests.factories import make_site, make_team


@pytest.fixture
def run(committed_db):
    from caseapp.core.db import session

    engine = sa.create_engine(committed_db.owner)
    session(bind=engine)
    make_team(make_site(code="MX-TAP"), code="MX-TAP-RECEPTION_DESK")
    session.commit()
    session.remove()

    def ask(*arguments):
        return CliRunner().invoke(user, list(arguments))

    ask.one = lambda sql: engine.connect().execute(sa.text(sql)).one()
    yield ask
    engine.dispose()


ADD = (
    "add",
    "Ines@Prueba.example",
    "--name",
    "Inés Robles",
    "--role",
    "caseworker",
    "--team",
    "MX-TAP-RECEPTION_DESK",
)


def test_adding_resetting_and_disabling(run):
    made = run(*ADD, "--json")
    assert made.exit_code == 0, made.output
    answer = json.loads(made.stdout)
    assert answer["email"] == "ines@prueba.example" and "/reset/" in answer["link"]
    again = run("reset", "ines@prueba.example", "--second-factor")
    assert again.exit_code == 0 and again.stdout.count("\n") == 1 and answer["link"] not in again.stdout
    links = "SELECT count(*), count(*) FILTER (WHERE used_at IS NULL) FROM password_reset"
    assert tuple(run.one(links)) == (2, 1)
    assert run("disable", "ines@prueba.example").exit_code == 0
    assert run.one("SELECT active FROM user_account").active is False
    assert set(run.one("SELECT array_agg(DISTINCT actor) FROM audit")[0]) == {"system:command"}
    assert run("reset", "ines@prueba.example").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (("disable", "nadie@prueba.example"), 1, "There is no account nadie@prueba.example."),
        ((*ADD[:-1], "MX-NO-TEAM"), 1, "There is no team MX-NO-TEAM."),
        ((*ADD[:5], "KING", *ADD[6:]), 2, "There is no role KING"),
        (("add", "sin-arroba", *ADD[2:]), 2, "sin-arroba is not an address."),
    ],
)
def test_refusals_are_one_line(run, arguments, exit_code, says):
    answer = run(*arguments)
    assert answer.exit_code == exit_code
    assert says in answer.stderr and answer.stderr.count("\n") == 1
    assert tuple(run.one("SELECT count(*) FROM user_account")) == (0,)


def test_the_same_address_twice_is_refused(run):
    assert run(*ADD).exit_code == 0
    twice = run(*ADD)
    assert twice.exit_code == 1 and twice.stderr.count("\n") == 1
