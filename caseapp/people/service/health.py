"""Days on which care must not come late, and who stands for a child. Nothing of the first is told to the journal: a
figure of them would be a figure of what happened to somebody."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.people.events import GUARDIAN_NAMED, happened
from caseapp.people.models import Case, Guardian, HealthDate
from caseapp.people.queries import today_of
from caseapp.people.rules import health as rules
from caseapp.people.rules.guardian import check_guardian


def note_medicine(case: Case, until: datetime) -> HealthDate:
    """The medicine lasts until then. Raises InPast."""
    rules.may_run_out(until, clock.now())
    return _note(case, "MEDICINE", until)


def note_pregnancy(case: Case, weeks: int | None) -> HealthDate:
    """So many weeks today. Raises WeeksWrong."""
    return _note(case, "PREGNANCY", rules.term_at(weeks, clock.now()))


def note_incident(case: Case, at: datetime) -> HealthDate:
    """When it happened; what, is not asked. Raises NotYetHappened."""
    rules.may_have_happened(at, clock.now())
    return _note(case, "INCIDENT", at)


def _note(case: Case, kind_: str, at: datetime) -> HealthDate:
    end_health_date(case, kind_)
    row = HealthDate(
        case_id=case.id, kind=kind_, at=at, recorded_at=clock.now(), recorded_by_id=access.current().user_id
    )
    session.add(row)
    session.flush()
    return row


def end_health_date(case: Case, kind_: str) -> None:
    """It is taken care of, or was a mistake."""
    session.execute(
        sa.update(HealthDate)
        .where(HealthDate.case_id == case.id, HealthDate.kind == kind_, HealthDate.ended_at.is_(None))
        .values(ended_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def name_guardian(case: Case, *, name: str, authority: str, at: datetime, child: bool) -> Guardian:
    """The authority named who stands for a child. Writes guardian.assigned. Raises GuardianOfAdult, GuardianMissing,
    GuardianAuthorityMissing, NamedLater."""
    check_guardian(name, authority, at, clock.now(), child=child)
    end_guardian(case)
    row = Guardian(case_id=case.id, named_at=at, recorded_by_id=access.current().user_id)
    row.name, row.authority = name.strip(), authority.strip()
    session.add(row)
    session.flush()
    happened(GUARDIAN_NAMED, case, on=today_of(case), subject_id=row.id, code="NAMED")
    session.flush()
    return row


def end_guardian(case: Case) -> None:
    """Nobody stands for the child now, or somebody else will."""
    session.execute(
        sa.update(Guardian)
        .where(Guardian.case_id == case.id, Guardian.ended_at.is_(None))
        .values(ended_at=sa.func.greatest(clock.now(), Guardian.named_at))
        .execution_options(synchronize_session=False)
    )
