"""What the demo's shelters keep of themselves."""

from __future__ import annotations

import os
from datetime import date

import sqlalchemy as sa

from caseapp import create_app
from caseapp.core.db import session
from tests.conftest import _environment, cloned
from workers.demo import keeping, upkeep
from workers.demo.acting import acting
from workers.demo.filling import MAKER, casework_session

TODAY = date(2025, 11, 23)


def test_each_shelter_is_measured_inspected_and_declares(cluster_url, tmp_path):
    with cloned(cluster_url, f"demo_keeping_{os.getpid()}") as database, _environment(database):
        with create_app().app_context():
            upkeep.first_steps(tmp_path, 7, 84, TODAY, 1)
            casework_session()
            with acting(MAKER):
                keeping.keep_true(7, TODAY)
                session.commit()
            session.remove()
        with sa.create_engine(database.owner).connect() as owner:

            def one(query):
                return owner.execute(sa.text(query)).one()

            units, measured, shut = one("SELECT count(*), count(area_m2), count(shut_on) FROM unit")
            assert units == measured > 20 and shut == 1
            assert one("SELECT count(DISTINCT unit_id), count(*) FROM unit_inspection") == (units, units + 1)
            assert one("SELECT count(*) FROM place WHERE kind = 'SURGE'")[0] == 4
            assert one("SELECT count(*) FROM hold_policy")[0] > 3
            licensed = one("SELECT count(*) FROM site WHERE child_licence")[0]
            assert one("SELECT count(DISTINCT site_id) FROM child_licence")[0] <= licensed
            assert one("SELECT count(*) FROM unit_inspection WHERE inspected_on < '2025-11-01'")[0] == 0
