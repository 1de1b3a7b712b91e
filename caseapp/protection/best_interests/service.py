"""Verbs of a best-interests assessment: open, conclude, decide, stop. Each changes rows, appends its events, keeps its
clocks and flushes; none commits. Opening, concluding and stopping tell the journal nothing: what counts is an
assessment that a second person has approved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotPermitted, says
from caseapp.deadline import queries as clocks
from caseapp.deadline import service as deadline
from caseapp.people import present
from caseapp.people import queries as people
from caseapp.people.events import happened
from caseapp.people.models import Case
from caseapp.people.service import record_need
from caseapp.protection import events
from caseapp.protection.best_interests import queries, rules
from caseapp.protection.best_interests.models import BestInterests, BestInterestsAction
from caseapp.protection.best_interests.queries import CLOCK, RULE
from caseapp.protection.best_interests.rules import Action, Conclusion

REVIEW_RULE = "BEST_INTERESTS_REVIEW"
#: Handlers of areas above, called in the same transaction: what an approved assessment recommends, by when, and whether
#: it answers a sealed need.
recommended: list[Callable[[Case, str, date, bool], None]] = []
says("uq_best_interests_standing", rules.AssessmentRuns)
says("ck_best_interests_second_person", rules.OwnAssessment)
says("ck_best_interests_review_in_time", rules.ReviewWrong)
says("ck_best_interests_assessed_after_identified", rules.DayWrong)


def open_assessment(case: Case, *, kind: str) -> BestInterests:
    """Begin to assess a child who is alone or apart from the parents. The country's limit runs from the day on which
    that was known; of an assessment anew from the day for which it was due, or from today where the last one stayed with
    another team. Raises NotAChild, NotAlone, AssessmentRuns."""
    today, person = people.today_of(case), people.person_of(case)
    known = queries.of_case(case.id)
    before = next((row for row in known if row.state == "APPROVED"), None)
    since = queries.identified_on(case, person, today)
    runs = any(row.state in rules.STANDING for row in known)
    rules.may_open(child=present.is_child(person, today), identified=since, runs=runs)
    assert since is not None
    if before is not None and before.review_on is not None:
        since = min(before.review_on, today)
        deadline.meet((CLOCK, before.id), rule=REVIEW_RULE)
    elif queries.was_assessed(case.id):
        since = today
    row = BestInterests(
        case_id=case.id, kind=kind, identified_on=since, opened_on=today, opened_by_id=_acting()
    )
    session.add(row)
    session.flush()
    deadline.start(case, RULE, subject=(CLOCK, row.id), started_at=since, holder_id=row.opened_by_id)
    return row


def conclude(case: Case, row: BestInterests, told: Conclusion, *, version: int | None = None) -> None:
    """The child was assessed: what it came to waits for a second person. Raises the errors of `rules.may_conclude`,
    StepWrong, ChangedMeanwhile."""
    _unchanged(row, version)
    then = rules.after("conclude", row.state)
    rules.may_conclude(told, row.identified_on, people.today_of(case))
    row.assessed_on, row.review_on, row.views_heard = told.assessed_on, told.review_on, told.views_heard
    row.took_part, row.views, row.findings = told.took_part.strip(), told.views.strip(), told.findings.strip()
    row.state, row.concluded_by_id = then, _acting()
    row.decided_by_id = row.decided_at = row.remark = None
    _recommend(row, told.actions)
    session.flush()


def _recommend(row: BestInterests, actions: Sequence[Action]) -> None:
    session.execute(sa.delete(BestInterestsAction).where(BestInterestsAction.assessment_id == row.id))
    for each in actions:
        assert each.due_on is not None
        made = BestInterestsAction(
            case_id=row.case_id, assessment_id=row.id, due_on=each.due_on, need_code=each.need or None
        )
        made.words = each.words.strip()
        session.add(made)


def decide(
    case: Case, row: BestInterests, *, approve: bool, remark: str = "", version: int | None = None
) -> None:
    """A second person approves, or says what is missing and it goes on. Approved, its needs and actions stand in the
    file, the next review has a clock, and bia.completed is written, on this day: only now does it count. Raises
    OwnAssessment, RemarkMissing, StepWrong, ChangedMeanwhile."""
    _unchanged(row, version)
    who = _acting()
    then = rules.may_decide(row.state, approve=approve, own=who == row.concluded_by_id, remark=remark)
    assert row.assessed_on is not None
    timing = rules.timing(row.assessed_on, _due_on(case, row)) if approve else None
    row.state, row.timing, row.remark = then, timing, remark.strip() or None
    row.decided_by_id, row.decided_at = who, clock.now()
    session.flush()
    if approve:
        _approved(case, row)


def _approved(case: Case, row: BestInterests) -> None:
    """What an approval brings about, once it stands in the row."""
    assert row.assessed_on is not None and row.review_on is not None
    today, person = people.today_of(case), people.person_of(case)
    deadline.meet((CLOCK, row.id), rule=RULE, at=row.assessed_on)
    deadline.start(case, REVIEW_RULE, subject=(CLOCK, row.id), due_at=max(row.review_on, today))
    happened(
        events.BIA_COMPLETED, case, on=today, person=person, subject_id=row.id, code=row.timing,
        number=(row.assessed_on - row.identified_on).days,
    )  # fmt: skip
    for each in queries.actions_of(case.id):
        if each.assessment_id == row.id:
            _follow(case, each, today)
    session.flush()


def _due_on(case: Case, row: BestInterests) -> date | None:
    """The last local day of the limit; None where the country sets none."""
    kept = clocks.for_subject((CLOCK, row.id), rule=RULE)
    return clock.local(kept[-1].due_at, people.timezone_of(case)).date() if kept else None


def _follow(case: Case, action: BestInterestsAction, today: date) -> None:
    """A need that it shows is open in the file, and whoever works on the file has the action among the tasks: sealed
    as that need is."""
    words, code = action.words or "", action.need_code
    sealed = code is not None and "S" in reference.code("need_code", code).flags
    if code and all(n.code != code for n in people.needs_of(case.id, open_only=True)):
        priority = reference.code("need_code", code).extra.get("default_priority") or "MEDIUM"
        record_need(case, people.person_of(case), code, priority, words, on=today)
    for handler in recommended:
        handler(case, words, max(action.due_on, today), sealed)


def stop(case: Case, row: BestInterests, *, reason: str, version: int | None = None) -> None:
    """It does not go on: the child is with family, is an adult now, left, or it was opened in error. Raises
    StopReasonMissing, StepWrong, ChangedMeanwhile."""
    _unchanged(row, version)
    then = rules.after("stop", row.state)
    if reason not in rules.STOP_REASONS:
        raise rules.StopReasonMissing
    row.state, row.stop_reason = then, reason
    session.flush()
    deadline.cancel((CLOCK, row.id), "ERROR" if reason == "OPENED_IN_ERROR" else "NO_LONGER_NEEDED")


def _acting() -> UUID:
    """Who acts, by id. Raises NotPermitted for the system and the anonymous: these verbs are a person's."""
    user_id = access.current().user_id
    if user_id is None:
        raise NotPermitted
    return user_id


def _unchanged(row: BestInterests, version: int | None) -> None:
    if version is not None and version != row.version:
        raise ChangedMeanwhile
