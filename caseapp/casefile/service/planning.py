"""The plan of a file: made and agreed with the person, its goals, its reviews."""

from __future__ import annotations

from datetime import date

from caseapp.casefile import events
from caseapp.casefile.models import CasePlan, PlanGoal
from caseapp.casefile.queries import work
from caseapp.casefile.rules import working
from caseapp.casefile.sentences import sealed_codes
from caseapp.casefile.service.acting import unchanged, worker
from caseapp.casefile.service.approving import ask_approval, withdraw_approval
from caseapp.core.db import session
from caseapp.core.errors import says
from caseapp.deadline import service as deadline
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.events import happened
from caseapp.people.models import Case, Need

says("uq_case_plan_open", working.PlanOpen)
says("ck_case_plan_review_later", working.ReviewTooSoon)
#: The subject of a plan's clock: the day on which it is looked at again.
CLOCK = "case_plan"


def make_plan(case: Case, *, agreed_with: str, review_on: date | None, on: date | None = None) -> CasePlan:
    """A plan agreed with the person, on the site's date unless another is given; a supervisor is asked to approve it.
    Writes plan.made and approval.asked. Raises PlanOpen and the errors of `may_agree` and `may_review_on`."""
    on = on or people.today_of(case)
    child = _is_child(case, on)
    working.may_agree(agreed_with, child=child)
    working.may_review_on(review_on, on, child=child)
    if work.plan_of(case.id) is not None:
        raise working.PlanOpen
    plan = CasePlan(
        case_id=case.id, agreed_on=on, agreed_with=agreed_with, review_on=review_on, made_by_id=worker()
    )
    session.add(plan)
    happened(events.PLAN_MADE, case, on=on, subject_id=plan.id, code=agreed_with)
    session.flush()
    deadline.start(case, "PLAN_REVIEW", subject=(CLOCK, plan.id), due_at=review_on)
    ask_approval(case, "PLAN", plan.id)
    return plan


def add_goal(
    case: Case, plan: CasePlan, *, words: str, need: Need | None = None, on: date | None = None
) -> PlanGoal:
    """A goal in the person's words, for a need or for none. Raises PlanEnded, WordsMissing."""
    if plan.state == "ENDED":
        raise working.PlanEnded
    if not words.strip():
        raise working.WordsMissing
    sealed = need is not None and need.code in sealed_codes("need_code")
    goal = PlanGoal(
        case_id=case.id, plan_id=plan.id, need_id=need.id if need else None, sealed=sealed,
        set_on=on or people.today_of(case),
    )  # fmt: skip
    goal.words = words.strip()
    session.add(goal)
    session.flush()
    return goal


def end_goal(
    case: Case, goal: PlanGoal, *, state: str, on: date | None = None, version: int | None = None
) -> None:
    """A goal is REACHED or DROPPED. Raises GoalEnded, ChangedMeanwhile."""
    unchanged(goal, version)
    if goal.state != "OPEN":
        raise working.GoalEnded
    goal.state, goal.ended_on = state, on or people.today_of(case)
    session.flush()


def review_plan(
    case: Case, plan: CasePlan, *, outcome: str, next_on: date | None = None, on: date | None = None, version: int | None = None
) -> None:  # fmt: skip
    """The plan was looked at with the person: it goes on until `next_on`, or it ends and its open goals with it.
    Writes plan.reviewed. Raises PlanEnded, ChangedMeanwhile and the errors of `may_review_on`."""
    unchanged(plan, version)
    if plan.state == "ENDED":
        raise working.PlanEnded
    on = on or people.today_of(case)
    ends = working.ends_plan(outcome)
    if not ends:
        working.may_review_on(next_on, on, child=_is_child(case, on))
    deadline.meet((CLOCK, plan.id))
    if ends:
        _end(plan, outcome, on)
    elif next_on is not None:
        plan.review_on = next_on
        deadline.start(case, "PLAN_REVIEW", subject=(CLOCK, plan.id), due_at=next_on)
    plan.outcome = outcome
    happened(events.PLAN_REVIEWED, case, on=on, subject_id=plan.id, outcome=outcome)
    session.flush()


def _end(plan: CasePlan, outcome: str, on: date) -> None:
    plan.state, plan.ended_on = "ENDED", max(on, plan.agreed_on)
    for goal in work.goals_of(plan.id):
        if goal.state == "OPEN":
            goal.state, goal.ended_on = ("REACHED" if outcome == "ACHIEVED" else "DROPPED"), plan.ended_on
    asked = work.open_approval(plan.id)
    if asked is not None:
        withdraw_approval(asked)


def _is_child(case: Case, on: date) -> bool:
    return present.is_child(people.person_of(case), on)
