"""Files change hands inside a team, when staff change."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.queries import users_of
from caseapp.casefile import events
from caseapp.casefile.models import CaseTask
from caseapp.casefile.rules import working
from caseapp.casefile.service.tasks import CLOCK, WORKERS
from caseapp.core import access
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _l
from caseapp.deadline import service as deadline
from caseapp.people import queries as people
from caseapp.people.events import happened
from caseapp.people.models import Case


class NobodyChosen(Refused):
    sentence = _l("Elija al menos un expediente.")
    field = "cases"


class SomeNotOwn(Refused):
    """Those of others and those that do not exist are counted alike: nobody learns which is which."""

    sentence = _l(
        "De los %(all)s expedientes elegidos, %(other)s no son expedientes abiertos de su equipo. No se movió ninguno."
    )
    field = "cases"


def assign(numbers: Sequence[str], *, to: UUID) -> list[Case]:
    """Give the files with these numbers, all of them or none, to somebody of the team, with the open tasks that their
    former holder had in them. Writes case.assigned for each that changes hands. Raises NobodyChosen, SomeNotOwn,
    NotOfTheTeam."""
    who = access.current()
    wanted = {n.strip().upper() for n in numbers if n.strip()}
    if not wanted:
        raise NobodyChosen
    cases = session.scalars(
        sa.select(Case)
        .where(
            Case.number.in_(wanted), Case.team_id.in_(who.teams_as("SUPERVISOR")), Case.status == "OPEN",
            Case.erased_at.is_(None),
        )
        .order_by(Case.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip
    if len(cases) != len(wanted):
        raise SomeNotOwn(all=len(wanted), other=len(wanted) - len(cases))
    for team_id in {c.team_id for c in cases}:
        if to not in {u.id for u in users_of(team_id, *WORKERS)}:
            raise working.NotOfTheTeam
    changed = [c for c in cases if c.assigned_to_id != to]
    for case in changed:
        _move(case, to)
    session.flush()
    return changed


def _move(case: Case, to: UUID) -> None:
    former, case.assigned_to_id = case.assigned_to_id, to
    if former is not None:
        tasks = sa.select(CaseTask).where(
            CaseTask.case_id == case.id, CaseTask.done_on.is_(None), CaseTask.assigned_to_id == former
        )
        for task in session.scalars(tasks):
            task.assigned_to_id = to
            deadline.hand_to((CLOCK, task.id), to)
    happened(events.ASSIGNED, case, on=people.today_of(case), code="REASSIGNED")
