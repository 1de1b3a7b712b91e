"""Alerts that a person, or a clock, raises (VOCABULARY A5): raised with what is known, looked at again by a day,
resolved with an outcome. A raised alert keeps the file open."""

from __future__ import annotations

from datetime import date, timedelta

from caseapp.casefile import events, rules
from caseapp.casefile.models import CaseAlert
from caseapp.casefile.queries import work
from caseapp.casefile.rules import working
from caseapp.casefile.rules.alerts import DERIVED
from caseapp.casefile.service.acting import unchanged
from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.core.errors import says
from caseapp.people import queries as people
from caseapp.people.events import happened
from caseapp.people.models import Case

says("uq_case_alert_open", working.AlertRaised)
says("case_closes_without_alert", rules.AlertOpen)


def review_days(code: str) -> int:
    """Within how many days an alert is looked at again, by its list."""
    return int(reference.code("alert", code).extra["review_days"])


def raise_alert(
    case: Case, *, code: str, words: str = "", review_on: date | None = None, on: date | None = None
) -> CaseAlert:
    """Raise an alert; it is looked at again by `review_on`, at the latest after the days of its list. Writes
    alert.raised. Raises AlertNotRaised, AlertRaised, AlertReviewDate."""
    today = on or people.today_of(case)
    most = review_days(code)
    review_on = review_on or today + timedelta(days=most)
    working.may_raise(code, review_on, today, most, derived=code in DERIVED)
    if work.open_alert(case.id, code) is not None:
        raise working.AlertRaised
    row = CaseAlert(
        case_id=case.id, code=code, seen_by=reference.code("alert", code).extra["who_sees"], raised_on=today,
        raised_by_id=access.current().user_id, review_on=review_on,
    )  # fmt: skip
    row.words = words.strip() or None
    session.add(row)
    happened(events.ALERT_RAISED, case, on=today, subject_id=row.id, code=code)
    session.flush()
    return row


def review_alert(case: Case, row: CaseAlert, *, review_on: date, version: int | None = None) -> None:
    """It still holds, and is looked at again by another day. Raises AlertResolved, AlertReviewDate,
    ChangedMeanwhile."""
    unchanged(row, version)
    if row.resolved_on is not None:
        raise working.AlertResolved
    working.may_raise(row.code, review_on, people.today_of(case), review_days(row.code), derived=False)
    row.review_on = review_on
    session.flush()


def resolve_alert(
    case: Case, row: CaseAlert, *, outcome: str, on: date | None = None, version: int | None = None
) -> None:
    """It holds no longer, with why. Writes alert.resolved. Raises AlertResolved, ChangedMeanwhile."""
    unchanged(row, version)
    if row.resolved_on is not None:
        raise working.AlertResolved
    on = max(on or people.today_of(case), row.raised_on)
    row.resolved_on, row.resolved_by_id, row.outcome = on, access.current().user_id, outcome
    happened(events.ALERT_RESOLVED, case, on=on, subject_id=row.id, code=row.code, outcome=outcome)
    session.flush()
