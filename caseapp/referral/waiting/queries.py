"""What is read of waiting lists. Every query starts from `visible_to`; PostgreSQL's policies say it again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.referral.models import Referral, ReferralMember
from caseapp.referral.waiting import rules
from caseapp.referral.waiting.models import WaitingEntry, WaitingPassed, WaitingRank

WHOLE = (
    joinedload(WaitingEntry.referral, innerjoin=True).load_only(Referral.number, Referral.state),
    joinedload(WaitingEntry.from_team, innerjoin=True),
    joinedload(WaitingEntry.to_team, innerjoin=True),
)


def visible_to(principal: Principal) -> sa.Select[WaitingEntry]:
    """Entries of the principal's teams, on either side. The system sees all."""
    found = sa.select(WaitingEntry)
    if principal.kind == "system":
        return found
    teams = list(principal.case_teams)
    return found.where(sa.or_(WaitingEntry.from_team_id.in_(teams), WaitingEntry.to_team_id.in_(teams)))


def entry(principal: Principal, entry_id: UUID, *, lock: bool = False) -> WaitingEntry:
    """One entry with both teams, or `NotYours`. `lock`: for a verb; the whole list stands still until it is done, for
    every verb changes ranks of others. Its referral is the sender's draft: only the sender reads it."""
    asked = visible_to(principal).where(WaitingEntry.id == entry_id)
    if lock:
        hold_list(*_list_of(asked))
        asked = asked.with_for_update(of=WaitingEntry).execution_options(populate_existing=True)
    found = session.scalars(asked.options(*TEAMS)).one_or_none()
    if found is None:
        raise NotYours
    return found


def _list_of(asked: sa.Select[WaitingEntry]) -> tuple[UUID, str]:
    row = session.execute(asked.with_only_columns(WaitingEntry.to_team_id, WaitingEntry.kind)).one_or_none()
    if row is None:
        raise NotYours
    return row[0], row[1]


def hold_list(to_team_id: UUID, kind: str) -> None:
    """Wait until nobody else changes this list; it is ours until the transaction ends. Taken before any of its rows,
    so that two verbs never wait for each other."""
    session.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"waiting {to_team_id} {kind}", 0)))
    )


TEAMS = (
    joinedload(WaitingEntry.from_team, innerjoin=True),
    joinedload(WaitingEntry.to_team, innerjoin=True),
)


def lists_of(principal: Principal) -> list[tuple[UUID, str, int]]:
    """The lists that the principal's teams keep for others: team, kind and how many wait."""
    rows = session.execute(
        visible_to(principal)
        .where(
            WaitingEntry.to_team_id.in_(list(principal.case_teams)), WaitingEntry.state.in_(rules.OPEN)
        )
        .with_only_columns(WaitingEntry.to_team_id, WaitingEntry.kind, sa.func.count())
        .group_by(WaitingEntry.to_team_id, WaitingEntry.kind)
        .order_by(WaitingEntry.to_team_id, WaitingEntry.kind)
    )  # fmt: skip
    return [(row[0], row[1], row[2]) for row in rows]


def kept(principal: Principal, kind: str | None = None) -> sa.Select[WaitingEntry]:
    """Who waits for the principal's teams, in the order of each list."""
    asked = visible_to(principal).where(
        WaitingEntry.to_team_id.in_(list(principal.case_teams)), WaitingEntry.state.in_(rules.OPEN)
    )
    if kind:
        asked = asked.where(WaitingEntry.kind == kind)
    return asked.options(*TEAMS).order_by(WaitingEntry.to_team_id, WaitingEntry.kind, WaitingEntry.rank)


def own(principal: Principal) -> sa.Select[WaitingEntry]:
    """Whom the principal's teams have on the lists of others: an offer first, then who waits longest."""
    return (
        visible_to(principal)
        .where(
            WaitingEntry.from_team_id.in_(list(principal.case_teams)), WaitingEntry.state.in_(rules.OPEN)
        )
        .options(*WHOLE)
        .order_by(WaitingEntry.state != rules.OFFERED, WaitingEntry.offer_until, WaitingEntry.since, WaitingEntry.id)
    )  # fmt: skip


def before(found: WaitingEntry) -> list[WaitingEntry]:
    """Who stands before an entry on its list and waits without an offer, first come first."""
    return list(
        session.scalars(
            sa.select(WaitingEntry)
            .where(
                WaitingEntry.to_team_id == found.to_team_id, WaitingEntry.kind == found.kind,
                WaitingEntry.state == rules.WAITING, WaitingEntry.rank < found.rank,
            )
            .options(*TEAMS)
            .order_by(WaitingEntry.rank)
        )
    )  # fmt: skip


def of_referral(referral_id: UUID, states: Collection[str] = rules.OPEN) -> WaitingEntry | None:
    """The open entry that stands on a referral, locked with its list."""
    asked = sa.select(WaitingEntry).where(
        WaitingEntry.referral_id == referral_id, WaitingEntry.state.in_(states)
    )  # fmt: skip
    try:
        hold_list(*_list_of(asked))
    except NotYours:
        return None
    return session.scalars(
        asked.options(*TEAMS).with_for_update(of=WaitingEntry).execution_options(populate_existing=True)
    ).one_or_none()


def since_of(referral_id: UUID) -> datetime | None:
    """Since when the people of a referral had waited when it was accepted; None if they did not."""
    return session.scalar(
        sa.select(sa.func.min(WaitingEntry.since)).where(
            WaitingEntry.referral_id == referral_id, WaitingEntry.state == rules.PLACED
        )
    )


def of_case(case_id: UUID, kinds: Collection[str] = ()) -> list[WaitingEntry]:
    """The open entries whose referral includes a case, with the referral (its sender asks)."""
    asked = (
        sa.select(WaitingEntry)
        .join(ReferralMember, ReferralMember.referral_id == WaitingEntry.referral_id)
        .where(
            ReferralMember.case_id == case_id, ReferralMember.left_at.is_(None), WaitingEntry.state.in_(rules.OPEN)
        )
        .options(*TEAMS)
        .order_by(WaitingEntry.since, WaitingEntry.id)
    )  # fmt: skip
    if kinds:
        asked = asked.where(WaitingEntry.kind.in_(kinds))
    return list(session.scalars(asked))


def waits_already(case_ids: Collection[UUID], to_team_id: UUID, kind: str) -> bool:
    """Whether one of these is on this list already."""
    asked = (
        sa.select(WaitingEntry.id)
        .join(ReferralMember, ReferralMember.referral_id == WaitingEntry.referral_id)
        .where(
            ReferralMember.case_id.in_(case_ids), ReferralMember.left_at.is_(None), WaitingEntry.to_team_id == to_team_id,
            WaitingEntry.kind == kind, WaitingEntry.state.in_(rules.OPEN),
        )
        .limit(1)
    )  # fmt: skip
    return session.scalars(asked).first() is not None


def history_of(found: WaitingEntry) -> Sequence[WaitingRank]:
    """Every rank an entry had, the newest first."""
    return session.scalars(
        sa.select(WaitingRank).where(WaitingRank.entry_id == found.id).order_by(WaitingRank.position.desc())
    ).all()


def passings_of(found: WaitingEntry) -> Sequence[WaitingPassed]:
    """When an offer went past this entry, and why, the newest first."""
    return session.scalars(
        sa.select(WaitingPassed)
        .where(WaitingPassed.entry_id == found.id)
        .order_by(WaitingPassed.at.desc(), WaitingPassed.id.desc())
    ).all()


def offers_to_lapse(now: datetime, limit: int) -> list[UUID]:
    """The offers whose time ran out."""
    return list(
        session.scalars(
            sa.select(WaitingEntry.id)
            .where(WaitingEntry.state == rules.OFFERED, WaitingEntry.offer_until <= now)
            .order_by(WaitingEntry.offer_until, WaitingEntry.id)
            .limit(limit)
        )
    )
