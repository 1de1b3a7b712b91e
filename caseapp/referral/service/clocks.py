"""What the clock does: reminds, tells the next contact, escalates, lets lapse; lets a clock that stood still go on; and
tells the sender of an acceptance to which nobody came. May run twice without harm, and side by
side: rows are locked and skipped, and what was done stands in the row."""

from __future__ import annotations

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.core.sweeping import alone
from caseapp.places.models import Site
from caseapp.referral import events, queries, rules
from caseapp.referral.models import Referral
from caseapp.referral.queries import related
from caseapp.referral.service.inbox import tell_if_nobody_is_there
from caseapp.referral.service.pausing import resume
from caseapp.referral.service.steps import end_reading, moved, notice, step, tell_journal


def look_at_clocks(limit: int = 200) -> dict[str, int]:
    """Look at every referral that waits for an answer; the acting principal is the system. Returns how many clocks
    went on, how many were reminded, told, escalated and lapsed, how many wait where nobody answers any more, and how many
    senders were told that nobody has arrived."""
    done = {
        "gone_on": 0, "reminded": 0, "told": 0, "escalated": 0, "lapsed": 0, "unread": 0, "not_begun": 0,
    }  # fmt: skip
    for found in session.scalars(_paused_enough(limit)).all():
        with alone("referrals_paused", found.id):
            resume(found)
            notice(found, "CLOCK_GOES_ON", found.from_team_id, found.to_team_id)
            session.flush()
            done["gone_on"] += 1
    for found in session.scalars(_due(limit)).all():
        with alone("referrals", found.id):
            what = look_at(found)
            session.flush()
            done[what] += 1
    for found in session.scalars(_unread(limit)).all():
        with alone("referrals_unread", found.id):
            told = tell_if_nobody_is_there(found)
            session.flush()
            done["unread"] += told
    for found in session.scalars(_not_begun(limit)).all():
        with alone("referrals_not_begun", found.id):
            found.not_begun_told_at = clock.now()
            notice(found, "NOT_BEGUN", found.from_team_id)
            session.flush()
            done["not_begun"] += 1
    return done


def _locked(wanted: sa.Select[Referral], limit: int) -> sa.Select[Referral]:
    return (
        wanted.limit(limit)
        .with_for_update(skip_locked=True, of=Referral)
        .options(*queries.WHOLE)
        .execution_options(populate_existing=True)
    )


def _paused_enough(limit: int) -> sa.Select[Referral]:
    """Clocks that stood still for as long as they may."""
    wanted = sa.select(Referral).where(Referral.paused_at.is_not(None), Referral.pause_ends_at <= clock.now())
    return _locked(wanted.order_by(Referral.pause_ends_at, Referral.id), limit)


def _not_begun(limit: int) -> sa.Select[Referral]:
    """Accepted, and nobody came by when they were to be seen, or by the shelter's hour on the morning after the first
    night (`no_show_after_hour`)."""
    now, hours = clock.now(), sa.func.make_interval(0, 0, 0, 0, Site.no_show_after_hour)
    morning = sa.func.timezone(Site.timezone, sa.cast(Referral.first_night + 1, sa.TIMESTAMP) + hours)
    night_over = (
        sa.exists()
        .where(Team.id == Referral.to_team_id, Site.id == Team.site_id, morning <= now)
        .correlate(Referral)
    )
    wanted = sa.select(Referral).where(
        Referral.state == "ACCEPTED", Referral.not_begun_told_at.is_(None),
        sa.or_(Referral.be_seen_by <= now, sa.and_(Referral.first_night.is_not(None), night_over)),
    )  # fmt: skip
    return _locked(wanted.order_by(Referral.id), limit)


def _due(limit: int) -> sa.Select[Referral]:
    """Referrals whose clock says something now."""
    now = clock.now()
    quiet = sa.and_(Referral.next_told_at.is_(None), Referral.escalated_at.is_(None))
    wanted = (
        sa.select(Referral)
        .where(
            Referral.state.in_(rules.AWAITING_RECEIVER),
            Referral.paused_at.is_(None),
            sa.or_(
                Referral.lapse_at <= now,
                sa.and_(Referral.told_at <= now, Referral.next_told_at.is_(None)),
                sa.and_(Referral.due_at <= now, Referral.escalated_at.is_(None)),
                sa.and_(Referral.remind_at <= now, Referral.reminded_at.is_(None), quiet),
            ),
        )
        .order_by(Referral.lapse_at, Referral.id)
    )
    return _locked(wanted, limit)


def _unread(limit: int) -> sa.Select[Referral]:
    """Referrals that wait for a team in which nobody answers any more, and whose sender was not told."""
    wanted = sa.select(Referral).where(
        Referral.state.in_(rules.AWAITING_RECEIVER),
        Referral.nobody_told_at.is_(None),
        ~related.somebody_answers(Referral.to_team_id),
    )
    return _locked(wanted.order_by(Referral.id), limit)


def look_at(found: Referral) -> str:
    """What the clock of a referral that waits says now, once it says something: one step a call. Returns which of
    `look_at_clocks` it counts as."""
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
    if found.told_at is not None and found.told_at <= now and found.next_told_at is None:
        found.next_told_at = now
        tell_journal(events.ESCALATED, found, rules.CLOCK, priority=found.priority)
        notice(found, "NEXT_CONTACT", found.to_team_id)
        notice(found, "CALL_DUTY", found.from_team_id)
        return "told"
    found.reminded_at = now
    notice(found, "REMINDER", found.to_team_id)
    return "reminded"
