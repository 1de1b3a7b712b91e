"""Imports that were asked for on a page, a few seconds at a time, so that other tasks get their turn."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from caseapp.accounts.models import Team
from caseapp.core import access
from caseapp.core.db import engine, session
from caseapp.core.errors import Refused
from caseapp.places.models import Site
from caseapp.reception.service import importing, runs
from caseapp.reception.service.importing import Report
from workers.app import app

TURN = 3.0


@dataclass
class _Going:
    """An import in the hands of this process; another process takes it over when it falls silent."""

    run_id: UUID
    principal: access.Principal
    steps: Iterator[Report]
    report: Report


_in_hand: list[_Going] = []


@app.task(name="workers.reception.import_people", principal="import")
def import_people() -> int:
    """Go on with an import for some seconds; the rows dealt with so far."""
    if not _in_hand:
        runs.sweep()
        going = _begin()
        session.commit()
        if going is None:
            return 0
        _in_hand.append(going)
    going = _in_hand[0]
    try:
        if _go_on(going):
            _in_hand.clear()
    except BaseException:
        _in_hand.clear()
        raise
    return going.report.done


def _begin() -> _Going | None:
    run = runs.take_next()
    if run is None:
        return None
    principal = runs.principal_of_run(run)
    if principal is None:
        runs.end_failed(run.id, "NotPermitted")
        return None
    try:
        content = io.BytesIO(runs.content_of(run))
    except Refused as refusal:
        runs.end_failed(run.id, type(refusal).__name__)
        return None
    team = session.get_one(Team, run.team_id)
    where = runs.where_of(team, session.get_one(Site, team.site_id))
    steps = importing.import_people(
        content, where, team=team, run_id=run.id, dry_run=run.dry_run, skip_bad=run.skip_bad,
        created_before=0 if run.dry_run else run.created,
    )  # fmt: skip
    return _Going(run.id, principal, steps, Report())


def _go_on(going: _Going) -> bool:
    """Work for a turn as whoever asked, under the same policies as the desk; whether it ended."""
    ends = time.monotonic() + TURN
    session.remove()
    session(bind=engine("app"))
    with access.acting_as(going.principal):
        try:
            for report in going.steps:
                going.report = report
                runs.progressed(going.run_id, report)
                session.commit()
                runs.let_go()
                if time.monotonic() > ends:
                    return False
            runs.end(going.run_id, going.report)
        except Refused as refusal:
            session.rollback()
            runs.end_refused(going.run_id, type(refusal).__name__)
        except Exception as error:
            session.rollback()
            runs.end_failed(going.run_id, type(error).__name__)
        session.commit()
    session.remove()
    return True
