"""The one engine for clocks: legal, protocol, task and document limits of every area.

An area above starts a clock when its own verb makes one run, and says when the thing is done:

    deadline.service.start(case, "TASK", subject=("task", task.id), due_at=moment, holder_id=user_id)
    deadline.service.start(case, "SOLUTION_HELD_3M", subject=("solution_plan", plan.id), started_at=day)
    deadline.service.meet(("task", task.id))
    deadline.service.cancel(("solution_plan", plan.id), "SUBJECT_ENDED")

A clock's length is a dated rule of `config/reference/clocks.yml`, reckoned on the working days of the case's country
and in the zone of its site; a rule without length needs `due_at`. `subject` is the table's name and the row's id; one
clock of a rule runs for a subject at a time. The engine warns the holder and tells a second person by itself
(`look`). Verbs flush and never commit. A subject without a running clock is no error: `meet`, `cancel`, `pause`,
`resume` and `move` say how many clocks they changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.queries import users_of
from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import says
from caseapp.core.sweeping import alone
from caseapp.deadline import rules
from caseapp.deadline.events import ALERT_RAISED
from caseapp.deadline.models import Deadline, DeadlineNotice, DeadlinePause
from caseapp.deadline.queries import Subject
from caseapp.deadline.working_days import works_in
from caseapp.people.events import happened
from caseapp.people.models import Case
from caseapp.people.queries import timezone_of
from caseapp.places.models import Site

says("uq_deadline_open", rules.ClockRuns)


def start(
    case: Case,
    rule: str,
    *,
    subject: Subject,
    started_at: datetime | date | None = None,
    due_at: datetime | date | None = None,
    team_id: UUID | None = None,
    holder_id: UUID | None = None,
    sealed: bool = False,
) -> Deadline | None:
    """Start a clock by a rule of `clocks.yml`, and return it; None where the country's rule sets no limit and no
    `due_at` is given.

    A date stands for a local day of the case's site: a limit that began on a date, or is due on one, ends with the
    last second of that day. `started_at` is now, if not given; `due_at` outweighs the rule's length (a date set by
    hand, a document's validity). `team_id` must act (default: the team that holds the file); `holder_id` is warned
    (default: whoever the file is assigned to by then); `sealed` keeps it out of every list.
    Raises CodeUnknown (no such rule in that country on that day), DueUnknown, DueBeforeStart, ClockRuns.
    """
    timezone = timezone_of(case)
    began = _beginning(started_at, timezone)
    on = clock.local(began, timezone).date()
    law = reference.clock_rule(rule, on, case.country)
    due = _due(law, started_at, began, on, due_at, timezone, case.country)
    if due is None:
        if law.extra.get("kind") in ("TASK", "DOCUMENT"):
            raise rules.DueUnknown
        return None
    if due < began:
        raise rules.DueBeforeStart
    made = Deadline(
        case_id=case.id,
        team_id=team_id or case.team_id,
        holder_id=holder_id,
        subject_kind=subject[0],
        subject_id=subject[1],
        rule=rule,
        kind=law.extra.get("kind", "PROTOCOL"),
        unit=law.unit if due_at is None else None,
        sealed=sealed,
        started_at=began,
        due_at=due,
        warn_at=rules.warn_at(began, due, law.extra.get("warn_days")),
    )
    session.add(made)
    session.flush()
    return made


def meet(subject: Subject, *, rule: str | None = None, at: datetime | date | None = None) -> int:
    """What was awaited has happened (now, or at a moment or on a day): its clocks (those of one rule, if given) are
    met, in time or late. Returns how many."""

    def done(found: Deadline) -> None:
        when = clock.now() if at is None else at
        if not isinstance(when, datetime):
            # What happened on a day happened in time if that day was in time.
            when = min(clock.now(), rules.end_of(when, _timezone_of(found.case_id)))
        _end_pause(found, when)
        found.ended_at = max(when, found.started_at)

    return _change(subject, rule, "meet", done)


def running(subject: Subject, rule: str) -> bool:
    """Whether a clock of a rule runs, stands still or ran out for a subject."""
    asked = sa.select(Deadline.id).where(
        Deadline.subject_kind == subject[0], Deadline.subject_id == subject[1], Deadline.rule == rule,
        Deadline.state.in_(rules.OPEN),
    )  # fmt: skip
    return session.scalar(asked) is not None


def cancel(subject: Subject, reason: str, *, rule: str | None = None) -> int:
    """Nothing is awaited any more. `reason` is one of `rules.CANCEL_REASONS`. Returns how many."""
    if reason not in rules.CANCEL_REASONS:
        raise rules.ReasonUnknown

    def done(found: Deadline) -> None:
        _end_pause(found, clock.now())
        found.ended_at, found.cancel_reason = clock.now(), reason

    return _change(subject, rule, "cancel", done)


def leave_country(case: Case, country: str) -> int:
    """A file moved out of a country: what that country's law sets, or what runs by a rule of its own, is awaited no more.
    What everybody does everywhere (a task, a plan, a document's end) goes on. Returns how many ended."""
    timezone, ended = timezone_of(case), 0
    found = session.scalars(
        sa.select(Deadline)
        .where(Deadline.case_id == case.id, Deadline.state.in_(rules.OPEN))
        .order_by(Deadline.id)
    ).all()
    for each in found:
        law = _law(each, country, timezone)
        if each.kind == "LEGAL" or (law is not None and law.country == country):
            ended += cancel((each.subject_kind, each.subject_id), "MOVED_AWAY", rule=each.rule)
    return ended


def pause(subject: Subject, reason: str, *, rule: str | None = None) -> int:
    """The clocks stand still from now, for one of `rules.PAUSE_REASONS`. Returns how many."""
    if reason not in rules.PAUSE_REASONS:
        raise rules.ReasonUnknown

    def done(found: Deadline) -> None:
        found.paused_at = clock.now()
        session.add(
            DeadlinePause(deadline_id=found.id, case_id=found.case_id, reason=reason, began_at=clock.now())
        )

    return _change(subject, rule, "pause", done)


def resume(subject: Subject, *, rule: str | None = None) -> int:
    """The clocks go on with the time they had left (`rules.resumed`). Returns how many."""

    def done(found: Deadline) -> None:
        case = session.get_one(Case, found.case_id)
        assert found.paused_at is not None
        due = rules.resumed(
            found.due_at, found.unit, found.paused_at, clock.now(), timezone_of(case), works_in(case.country)
        )
        if found.warn_at is not None:
            found.warn_at = max(found.started_at, found.warn_at + (due - found.due_at))
        found.due_at = due
        _end_pause(found, clock.now())

    return _change(subject, rule, "resume", done)


def restart(case: Case) -> int:
    """A closed file is opened again: the clocks that its closing ended go on (`rules.due_again`). Returns how many."""
    ended = session.scalars(
        sa.select(Deadline)
        .where(
            Deadline.case_id == case.id,
            Deadline.state == "CANCELLED",
            Deadline.cancel_reason == "FILE_CLOSED",
        )
        .order_by(Deadline.id)
        .with_for_update()
    ).all()
    now, begun = clock.now(), 0
    for old in ended:
        old.cancel_reason = "SUBJECT_ENDED"
        assert old.ended_at is not None
        if running((old.subject_kind, old.subject_id), old.rule):
            continue
        due = rules.due_again(old.kind, old.due_at, old.ended_at, now)
        made = Deadline(
            case_id=case.id, team_id=case.team_id, holder_id=None, subject_kind=old.subject_kind,
            subject_id=old.subject_id, rule=old.rule, kind=old.kind, unit=old.unit, sealed=old.sealed,
            started_at=old.started_at, due_at=due,
            warn_at=rules.warn_at(old.started_at, due, _said(old, case).get("warn_days")),
        )  # fmt: skip
        session.add(made)
        session.flush()
        begun += 1
    return begun


def move(subject: Subject, due_at: datetime | date, *, rule: str | None = None) -> int:
    """Another end was agreed: it is warned of and told anew. Raises DueBeforeStart. Returns how many."""

    def done(found: Deadline) -> None:
        case = session.get_one(Case, found.case_id)
        due = _moment(due_at, timezone_of(case))
        if due < found.started_at:
            raise rules.DueBeforeStart
        found.due_at, found.unit = due, None
        found.warn_at = rules.warn_at(found.started_at, due, _said(found, case).get("warn_days"))
        found.warned_at = found.escalated_at = found.escalated_to_id = None
        session.execute(sa.delete(DeadlineNotice).where(DeadlineNotice.deadline_id == found.id))

    return _change(subject, rule, "move", done)


def hand_to(subject: Subject, holder_id: UUID | None, *, team_id: UUID | None = None) -> int:
    """Somebody else holds what is awaited (another team too, if given). Returns how many clocks that are."""

    def done(found: Deadline) -> None:
        found.holder_id, found.team_id = holder_id, team_id or found.team_id
        if found.escalated_to_id == holder_id:
            found.escalated_to_id = None

    found = _open(subject, None)
    for each in found:
        done(each)
    session.flush()
    return len(found)


# -- the minute sweep ---------------------------------------------------------------------------------
def look(limit: int = 200) -> dict[str, int]:
    """Warn whoever holds a clock that is about to end, and tell a second person of one that ran out. May run twice
    without harm, and side by side: rows are locked and skipped, and what was done stands in the row. The acting
    principal is the system. Each clock is in a savepoint of its own. Returns how many were warned and
    escalated."""
    now = clock.now()
    done = {"warned": 0, "escalated": 0}
    due = (
        sa.select(Deadline, Case)
        .join(Case, Case.id == Deadline.case_id)
        .where(
            Deadline.state == "RUNNING",
            sa.or_(Case.status == "OPEN", Deadline.rule.in_(rules.PAST_CLOSING)),
            Case.erased_at.is_(None),
            sa.or_(
                Deadline.due_at < now, sa.and_(Deadline.warn_at <= now, Deadline.warned_at.is_(None))
            ),
        )
        .order_by(Deadline.due_at, Deadline.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Deadline)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    for found, case in session.execute(due).all():
        late = found.due_at < now
        with alone("clocks", found.id):
            if late:
                _escalate(found, case)
            else:
                found.warned_at = now
                _tell(found, "WARNING", found.holder_id or case.assigned_to_id)
            session.flush()
            done["escalated" if late else "warned"] += 1
    return done


def _escalate(found: Deadline, case: Case) -> None:
    holder = found.holder_id or case.assigned_to_id
    others = [user.id for user in users_of(found.team_id, "SUPERVISOR") if user.id != holder]
    second = others[0] if others else None
    found.state = rules.after("run_out", found.state)
    found.escalated_at = clock.now()
    found.escalated_to_id = second if second != found.holder_id else None
    _tell(found, "LATE", second)
    alert = _said(found, case).get("alert") or {
        "LEGAL": "LEGAL_DEADLINE",
        "DOCUMENT": "DOCUMENT_EXPIRES",
    }.get(found.kind)
    if alert and not found.sealed and case.status == "OPEN":
        on = clock.today(timezone_of(case))
        happened(ALERT_RAISED, case, on=on, subject_id=found.id, code=alert)


def _tell(found: Deadline, kind: str, user_id: UUID | None) -> None:
    session.add(
        DeadlineNotice(
            deadline_id=found.id, case_id=found.case_id, team_id=found.team_id, user_id=user_id, kind=kind,
            made_at=clock.now(),
        )
    )  # fmt: skip


def seen(case_id: UUID) -> None:
    """The acting person has seen the clocks of a file, and with them what was said of these to them or to their team."""
    session.execute(
        sa.update(DeadlineNotice)
        .where(
            DeadlineNotice.case_id == case_id, DeadlineNotice.seen_at.is_(None),
            sa.or_(DeadlineNotice.user_id == access.current().user_id, DeadlineNotice.user_id.is_(None)),
        )
        .values(seen_at=clock.now())
        .execution_options(synchronize_session=False)
    )  # fmt: skip


# -- what they share ----------------------------------------------------------------------------------
def _open(subject: Subject, rule: str | None) -> list[Deadline]:
    asked = sa.select(Deadline).where(
        Deadline.subject_kind == subject[0], Deadline.subject_id == subject[1], Deadline.state.in_(rules.OPEN)
    )
    if rule is not None:
        asked = asked.where(Deadline.rule == rule)
    session.flush()
    locked = asked.order_by(Deadline.id).with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(locked))


def _change(subject: Subject, rule: str | None, verb: str, done: Callable[[Deadline], None]) -> int:
    changed = 0
    for found in _open(subject, rule):
        if found.state in rules.TRANSITIONS[verb][0]:
            then = rules.after(verb, found.state)
            done(found)
            found.state = then
            changed += 1
    session.flush()
    return changed


def _end_pause(found: Deadline, at: datetime) -> None:
    if found.paused_at is None:
        return
    session.execute(
        sa.update(DeadlinePause)
        .where(DeadlinePause.deadline_id == found.id, DeadlinePause.ended_at.is_(None))
        .values(ended_at=sa.func.greatest(at, DeadlinePause.began_at))
        .execution_options(synchronize_session=False)
    )
    found.paused_at = None


def _due(
    law: reference.ClockRule,
    given: datetime | date | None,
    began: datetime,
    on: date,
    due_at: datetime | date | None,
    timezone: str,
    country: str,
) -> datetime | None:
    if due_at is not None:
        return _moment(due_at, timezone)
    works = works_in(country)
    if given is None or isinstance(given, datetime) or law.unit in ("minutes", "hours"):
        return rules.due_at(law, began, timezone, works)
    day = rules.due_on(law, on, works)
    return None if day is None else rules.end_of(day, timezone)


def _beginning(given: datetime | date | None, timezone: str) -> datetime:
    if given is None:
        return clock.now()
    return given if isinstance(given, datetime) else clock.at(given, 0, 0, timezone)


def _moment(given: datetime | date, timezone: str) -> datetime:
    return given if isinstance(given, datetime) else rules.end_of(given, timezone)


def _law(found: Deadline, country: str, timezone: str) -> reference.ClockRule | None:
    """The rule as it stood when the clock was started; None where the country has none: the file came with a clock of
    the one that it left, and a row that is already there never stops a verb or a sweep."""
    try:
        return reference.clock_rule(found.rule, clock.local(found.started_at, timezone).date(), country)
    except reference.CodeUnknown:
        return None


def _said(found: Deadline, case: Case) -> Mapping[str, Any]:
    """What the rule of a clock says beside its length."""
    law = _law(found, case.country, timezone_of(case))
    return law.extra if law is not None else {}


def _timezone_of(case_id: UUID) -> str:
    return session.scalars(
        sa.select(Site.timezone).join(Case, Case.site_id == Site.id).where(Case.id == case_id)
    ).one()
