"""Tasks: set with a day and somebody who does it, given to another, done with an outcome."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from caseapp.accounts.queries import users_of
from caseapp.casefile import events
from caseapp.casefile.models import CaseTask, PlanGoal
from caseapp.casefile.rules import working
from caseapp.casefile.service.acting import unchanged, worker
from caseapp.core import access
from caseapp.core.db import session
from caseapp.core.errors import says
from caseapp.deadline import service as deadline
from caseapp.people import queries as people
from caseapp.people.events import happened
from caseapp.people.models import Case

says("ck_case_task_person_is_not_assigned", working.PersonDoesIt)
#: The subject of a task's clock.
CLOCK = "case_task"
#: Who may be given work on a file.
WORKERS = ("CASEWORKER", "SUPERVISOR")


def set_task(
    case: Case, *, kind: str, words: str, due_on: date, assigned_to: UUID | None = None, doer: str = "TEAM",
    goal: PlanGoal | None = None, sealed: bool = False,
) -> CaseTask:  # fmt: skip
    """Something to be done by a day. A step of a sealed goal is sealed. Writes task.set. Raises the errors of
    `may_set_task`, NotOfTheTeam."""
    today = people.today_of(case)
    working.may_set_task(words, due_on, today, doer=doer, assigned=assigned_to is not None)
    _of_the_team(case, assigned_to)
    task = CaseTask(
        case_id=case.id, goal_id=goal.id if goal else None, kind=kind, sealed=sealed or bool(goal and goal.sealed),
        doer=doer, assigned_to_id=assigned_to, due_on=due_on, set_on=today, set_by_id=access.current().user_id,
    )  # fmt: skip
    task.words = words.strip()
    session.add(task)
    happened(events.TASK_SET, case, on=today, subject_id=task.id, code=kind)
    session.flush()
    deadline.start(
        case, "TASK", subject=(CLOCK, task.id), due_at=due_on, holder_id=assigned_to, sealed=task.sealed
    )  # fmt: skip
    return task


def _of_the_team(case: Case, user_id: UUID | None) -> None:
    if user_id is not None and user_id not in {u.id for u in users_of(case.team_id, *WORKERS)}:
        raise working.NotOfTheTeam


def reassign_task(case: Case, task: CaseTask, *, to: UUID | None, version: int | None = None) -> None:
    """Somebody else of the team does it, or nobody yet. Raises TaskDone, NotOfTheTeam, PersonDoesIt,
    ChangedMeanwhile."""
    unchanged(task, version)
    if not task.is_open:
        raise working.TaskDone
    if task.doer == "PERSON" and to is not None:
        raise working.PersonDoesIt
    _of_the_team(case, to)
    task.assigned_to_id = to
    session.flush()
    deadline.hand_to((CLOCK, task.id), to)


def finish_task(case: Case, task: CaseTask, *, outcome: str, version: int | None = None) -> None:
    """The task is over, with what came of it. Writes task.done. Raises TaskDone, ChangedMeanwhile."""
    unchanged(task, version)
    if not task.is_open:
        raise working.TaskDone
    today = people.today_of(case)
    task.done_on, task.outcome, task.done_by_id = max(today, task.set_on), outcome, worker()
    happened(events.TASK_DONE, case, on=today, subject_id=task.id, code=task.kind, outcome=outcome)
    session.flush()
    deadline.meet((CLOCK, task.id))
