"""What may be done with a plan, a task, a note, a raised alert and an approval.

A plan is agreed with the person: an adult agrees alone, a child with whoever cares for them, or the child authority
where nobody does. What is done or resolved is so once. Nobody approves their own.
"""

from __future__ import annotations

from datetime import date, timedelta

from caseapp.core.errors import Refused
from caseapp.core.i18n import _l

PLAN_STATES = ("PROPOSED", "ACTIVE", "ENDED")
AGREED_WITH = ("PERSON", "PERSON_AND_CARER", "CARER", "AUTHORITY")
PLAN_OUTCOMES = ("ON_TRACK", "CHANGED", "STALLED", "ACHIEVED", "STOPPED_BY_PERSON")
#: A review with one of these is the plan's last.
ENDING_OUTCOMES = frozenset({"ACHIEVED", "STOPPED_BY_PERSON"})
GOAL_STATES = ("OPEN", "REACHED", "DROPPED")
DOERS = ("TEAM", "PERSON")
TASK_KINDS = (
    "CALL", "VISIT", "ACCOMPANY", "APPOINTMENT", "DOCUMENT", "REFER", "INFORM", "ASK_CONSENT", "FOLLOW_UP",
    "SAFETY_CHECK", "OTHER",
)  # fmt: skip
TASK_OUTCOMES = ("DONE", "PART_DONE", "NOT_POSSIBLE", "NO_LONGER_NEEDED", "PERSON_DECLINED")
NOTE_LEVELS = ("TEAM", "SUPERVISOR", "AUTHOR_AND_SUPERVISOR")
ALERT_OUTCOMES = ("ACTED", "HANDED_TO_OTHERS", "NOT_CONFIRMED", "NO_LONGER", "RAISED_IN_ERROR")
APPROVAL_SUBJECTS = ("PLAN", "HANDOVER")
APPROVAL_STATES = ("ASKED", "APPROVED", "REFUSED", "WITHDRAWN")
#: A plan is looked at again within this time; a child's sooner. Own practice.
REVIEW_DAYS, CHILD_REVIEW_DAYS = 90, 30


#: How long a note above the team's level marks a file before somebody looks at it again. Own practice.
MARK_DAYS = 30


class PlanOpen(Refused):
    sentence = _l("Ya hay un plan en curso. Revíselo o termínelo antes de acordar otro.")


class PlanEnded(Refused):
    sentence = _l("Este plan ya terminó.")


class AgreedByOther(Refused):
    sentence = _l("El plan se acuerda con la propia persona adulta, a solas.")
    field = "agreed_with"


class CarerMissing(Refused):
    sentence = _l("El plan de una niña o un niño se acuerda con quien le cuida o con la autoridad de niñez.")
    field = "agreed_with"


class ReviewMissing(Refused):
    sentence = _l("Escriba cuándo se revisa el plan.")
    field = "review_on"


class ReviewTooSoon(Refused):
    sentence = _l("La revisión es después del acuerdo.")
    field = "review_on"


class ReviewTooLate(Refused):
    sentence = _l("La revisión es a más tardar en %(days)s días.")
    field = "review_on"


class WordsMissing(Refused):
    sentence = _l("Escriba en pocas palabras de qué se trata.")
    field = "words"


class GoalEnded(Refused):
    sentence = _l("Esta meta ya terminó.")


class DueInPast(Refused):
    sentence = _l("Esta fecha ya pasó. Elija hoy o un día posterior.")
    field = "due_on"


class TaskDone(Refused):
    sentence = _l("Esta tarea ya se cerró.")


class NotOfTheTeam(Refused):
    sentence = _l("Elija a una persona del equipo que lleva el expediente.")
    field = "assigned_to"


class PersonDoesIt(Refused):
    sentence = _l("Esta tarea la hace la propia persona; no se asigna a nadie del equipo.")
    field = "assigned_to"


class LevelUnknown(Refused):
    sentence = _l("Elija quién puede leer la nota.")
    field = "level"


class AlertRaised(Refused):
    sentence = _l("Esta alerta ya está activa.")
    field = "code"


class AlertNotRaised(Refused):
    """The rules show it and take it away as facts change; nobody raises it by hand."""

    sentence = _l("Esta alerta aparece sola cuando los datos la piden.")
    field = "code"


class AlertResolved(Refused):
    sentence = _l("Esta alerta ya se resolvió.")


class AlertReviewDate(Refused):
    sentence = _l("La revisión de esta alerta es entre hoy y los próximos %(days)s días.")
    field = "review_on"


class NoMark(Refused):
    sentence = _l("Una nota del equipo no marca el expediente.")


class OwnApproval(Refused):
    sentence = _l("Nadie aprueba lo que pidió. Lo decide otra persona de supervisión.")


class ApprovalDecided(Refused):
    sentence = _l("Esto ya se decidió.")


class ApprovalOpen(Refused):
    sentence = _l("Ya se pidió la aprobación.")


class RemarkMissing(Refused):
    sentence = _l("Escriba qué falta para aprobarlo.")
    field = "remark"


def may_agree(agreed_with: str, *, child: bool) -> None:
    """Who agreed to the plan. Raises AgreedByOther (an adult decides alone) or CarerMissing."""
    if not child and agreed_with != "PERSON":
        raise AgreedByOther
    if child and agreed_with == "PERSON":
        raise CarerMissing


def may_review_on(review_on: date | None, from_on: date, *, child: bool) -> None:
    """When a plan is looked at again. Raises ReviewMissing, ReviewTooSoon or ReviewTooLate."""
    if review_on is None:
        raise ReviewMissing
    if review_on <= from_on:
        raise ReviewTooSoon
    most = CHILD_REVIEW_DAYS if child else REVIEW_DAYS
    if review_on > from_on + timedelta(days=most):
        raise ReviewTooLate(days=most)


def ends_plan(outcome: str) -> bool:
    """Whether a review with this outcome is the last."""
    return outcome in ENDING_OUTCOMES


def may_set_task(words: str, due_on: date, today: date, *, doer: str, assigned: bool) -> None:
    """Raises WordsMissing, DueInPast or PersonDoesIt."""
    if not words.strip():
        raise WordsMissing
    if due_on < today:
        raise DueInPast
    if doer == "PERSON" and assigned:
        raise PersonDoesIt


def may_read_note(level: str, *, same_team: bool, author: bool, supervisor: bool) -> bool:
    """Whether a note is shown to somebody of the team that holds the file; the database's policy says the same."""
    if level == "TEAM":
        return True
    return same_team and (supervisor or (author and level == "AUTHOR_AND_SUPERVISOR"))


def marks_until(level: str, on: date) -> date | None:
    """Until when a note marks its file, looked at on a day: one for the team does not."""
    return None if level == "TEAM" else on + timedelta(days=MARK_DAYS)


def mark_after(level: str, today: date, *, keep: bool) -> date:
    """The last day of a mark after somebody looked again. Raises NoMark."""
    kept = marks_until(level, today)
    if kept is None:
        raise NoMark
    return kept if keep else today - timedelta(days=1)


def may_raise(code: str, review_on: date, today: date, most_days: int, *, derived: bool) -> None:
    """Raises AlertNotRaised or AlertReviewDate: an alert is looked at again within the days of its list."""
    if derived:
        raise AlertNotRaised
    if not today <= review_on <= today + timedelta(days=most_days):
        raise AlertReviewDate(days=most_days)


def may_decide(state: str, *, own: bool) -> None:
    """Decided once, and never one's own. Raises ApprovalDecided or OwnApproval."""
    if state != "ASKED":
        raise ApprovalDecided
    if own:
        raise OwnApproval
