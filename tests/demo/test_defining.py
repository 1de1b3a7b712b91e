"""The demo's definitions: one published, one waiting, and nothing twice."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.db import connect, session
from tests.publication import made_up
from workers.demo import defining, filling, places


def test_one_version_is_published_and_another_waits(committed_db, monkeypatch):
    people = made_up.staff()
    roles = {"DATA_STEWARD": people.steward, "RELEASE_APPROVER": people.approver}
    monkeypatch.setattr(places, "worker", lambda role, team: roles[role])
    filling.casework_session()
    with access.acting_as(filling.MAKER):
        assert [defining.define(date(2025, 11, 23)) for _ in range(2)] == [True, False]
        session.commit()
    session.remove()
    with connect("owner") as connection:
        found = connection.execute(
            sa.text("SELECT code, state, number, valid_from FROM released.definition ORDER BY code")
        )
        assert [tuple(row) for row in found] == [
            (defining.WAITING, "AWAITING_APPROVAL", None, date(2025, 11, 1)),
            (defining.PUBLISHED, "PUBLISHED", 2, date(2025, 11, 1)),
        ]
