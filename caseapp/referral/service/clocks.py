"""What the clock does: tells the next contact, escalates, lets lapse. May run twice without harm, and side by
side: rows are locked and skipped, and what was done stands in the row."""

from __future__ import annotations

import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.db import session
from caseapp.core.sweeping import alone
from caseapp.referral import events, queries, rules
from caseapp.referral.models import Referral
from caseapp.referral.queries import related
from caseapp.referral.service.inbox import tell_if_nobody_is_there
from caseapp.referral.service.steps import end_reading, moved, notice, step, tell_journal


def look_at_clocks(limit: int = 200) -> dict[str, int]:
    """Look at every referral that waits for an answer; the acting principal is the system. Returns how many
    were told, escalated and lapsed, and how many wait where nobody answers any more."""
    now = clock.now()
    done = {"told": 0, "escalated": 0, "lapsed": 0, "unread": 0}
    due = (
        sa.select(Referral)
        .where(
            Referral.state.in_(rules.AWAITING_RECEIVER),
            Referral.paused_at.is_(None),
            sa.or_(
                Referral.lapse_at <= now,
                sa.and_(Referral.told_at <= now, Referral.next_told_at.is_(None)),
                sa.and_(Referral.due_at <= now, Referral.escalated_at.is_(None)),
            ),
        )
        .order_by(Referral.lapse_at, Referral.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Referral)
        .options(*queries.WHOLE)
        .execution_options(populate_existing=True)
    )
    for found in session.scalars(due).all():
        with alone("referrals", found.id):
            what = _look_at(found)
            session.flush()
            done[what] += 1
    for found in session.scalars(_unread(limit)).all():
        with alone("referrals_unread", found.id):
            told = tell_if_nobody_is_there(found)
            session.flush()
            done["unread"] += told
    return done


def _unread(limit: int) -> sa.Select[Referral]:
    """Referrals that wait for a team in which nobody answers any more, and whose sender was not told."""
    return (
        sa.select(Referral)
        .where(
            Referral.state.in_(rules.AWAITING_RECEIVER),
            Referral.nobody_told_at.is_(None),
            ~related.somebody_answers(Referral.to_team_id),
        )
        .order_by(Referral.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Referral)
        .options(*queries.WHOLE)
        .execution_options(populate_existing=True)
    )


def _look_at(found: Referral) -> str:
    now = clock.now()
    assert found.lapse_at is not None and found.due_at is not None
    if found.lapse_at <= now:
        step(found, "lapse")
        tell_journal(events.LAPSED, found, rules.CLOCK, priority=found.priority, outcome="LATE")
        notice(found, "LAPSED", found.from_team_id, found.to_team_id)
        end_reading(found)
        moved(found)
        return "lapsed"
    if found.due_at <= now and found.escalated_at is None:
        found.escalated_at = now
        tell_journal(events.ESCALATED, found, rules.CLOCK, priority=found.priority)
        notice(found, "ESCALATED", found.from_team_id, found.to_team_id)
        return "escalated"
    found.next_told_at = now
    tell_journal(events.ESCALATED, found, rules.CLOCK, priority=found.priority)
    notice(found, "NEXT_CONTACT", found.to_team_id)
    return "told"
