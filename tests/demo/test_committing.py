"""The demo's commitments: 180, scored by two people, and the same from the same seed."""

from __future__ import annotations

import os
from datetime import date

import sqlalchemy as sa

from caseapp import create_app
from caseapp.core.db import session
from tests.conftest import _environment, cloned
from workers.demo import committing, upkeep
from workers.demo.acting import acting
from workers.demo.filling import MAKER, casework_session

TODAY = date(2025, 11, 23)


def test_180_commitments_with_a_year_of_scores_by_two_people(cluster_url, tmp_path):
    with cloned(cluster_url, f"demo_committing_{os.getpid()}") as database, _environment(database):
        with create_app().app_context():
            upkeep.first_steps(tmp_path, 7, 84, TODAY, 1)
            casework_session()
            with acting(MAKER):
                committing.commit(7, TODAY)
                session.commit()
            session.remove()
        with sa.create_engine(database.owner).connect() as owner:

            def one(query):
                return owner.execute(sa.text(query)).one()

            assert (
                one("SELECT count(*) FROM commitment WHERE country <> 'REG' AND source LIKE '%demo%'")[0]
                == 180
            )
            least, most = one(
                "SELECT min(n), max(n) FROM (SELECT count(*) n FROM commitment WHERE country <> 'REG' GROUP BY country) x"
            )
            assert (least, most) == (12, 35)
            scores, reviewed, alone = one(
                "SELECT count(*), count(*) FILTER (WHERE state = 'CONFIRMED'), count(*) FILTER (WHERE author_id = reviewer_id) FROM commitment_score"
            )
            assert scores > 230 and 0 < scores - reviewed < 40 and alone == 0
            assert one("SELECT count(*) FROM cooperation_places")[0] == 4
