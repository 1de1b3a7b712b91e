"""What stands around a referral: who reads the inbox it went to, what was made because of it, how its nights were
changed, what a second person looks at, the one-time page, and who has already said no."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Membership, Team, User
from caseapp.core import clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.referral import rules
from caseapp.referral.access import ANSWER
from caseapp.referral.models import (
    Referral,
    ReferralLink,
    ReferralLook,
    ReferralMember,
    ReferralNights,
    ReferralReview,
)
from caseapp.referral.queries import WHOLE
from caseapp.shelter.models import Stay


def somebody_answers(team: Any) -> sa.ColumnElement[bool]:
    """Somebody with an active account may answer referrals in this team today."""
    return (
        sa.select(Membership.id)
        .join(User, User.id == Membership.user_id)
        .where(
            Membership.team_id == team, Membership.role.in_(sorted(ANSWER.roles)), User.active,
            Membership.valid_from <= clock.today(),
            sa.or_(Membership.valid_to.is_(None), Membership.valid_to > clock.today()),
        )
        .exists()
    )  # fmt: skip


def answering_teams(team_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of these teams in which somebody signs in and answers (one statement)."""
    return frozenset(
        session.scalars(sa.select(Team.id).where(Team.id.in_(team_ids), somebody_answers(Team.id)))
    )


def made_because_of(found: Referral) -> dict[UUID, Referral]:
    """Every referral that hangs on this one, directly or not, and has not ended; with teams and members."""
    below = sa.select(Referral.id).where(Referral.because_of_id == found.id).cte("below", recursive=True)
    below = below.union(sa.select(Referral.id).join(below, Referral.because_of_id == below.c.id))
    asked = (
        sa.select(Referral)
        .where(Referral.id.in_(sa.select(below.c.id)), Referral.state.in_(rules.NOT_ENDED))
        .options(*WHOLE)
        .order_by(Referral.id)
    )
    return {r.id: r for r in session.scalars(asked)}


def holding_for(referral_ids: Iterable[UUID]) -> list[Stay]:
    """The places held for people of these referrals."""
    ids = list(referral_ids)
    if not ids:
        return []
    asked = sa.select(Stay).where(Stay.referral_id.in_(ids), Stay.state.in_(("BOOKED", "IN")))
    return list(session.scalars(asked.order_by(Stay.id)))


def nights_of(found: Referral) -> list[ReferralNights]:
    """How the nights asked were changed, the oldest first: its `first_before` is what was asked originally."""
    asked = sa.select(ReferralNights).where(ReferralNights.referral_id == found.id)
    return list(session.scalars(asked.order_by(ReferralNights.at, ReferralNights.id)))


def review_of(found: Referral, principal: Principal, *, lock: bool = False) -> ReferralReview | None:
    """What a second person of the principal's teams has to look at, if anything."""
    asked = sa.select(ReferralReview).where(
        ReferralReview.referral_id == found.id, ReferralReview.team_id.in_(principal.case_teams),
        ReferralReview.reviewed_at.is_(None),
    )  # fmt: skip
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    return session.scalars(asked.order_by(ReferralReview.id)).first()


def said_no(case_ids: Collection[UUID], kind: str, since: datetime) -> frozenset[UUID]:
    """The teams that declined or let lapse this service for one of these people since a moment."""
    return frozenset(
        session.scalars(
            sa.select(Referral.to_team_id)
            .join(ReferralMember, ReferralMember.referral_id == Referral.id)
            .where(
                ReferralMember.case_id.in_(case_ids), Referral.kind == kind, Referral.ended_at >= since,
                Referral.state.in_(("DECLINED", "LAPSED", "NOT_COMPLETED")),
            )
        )
    )  # fmt: skip


def link_of(found: Referral) -> ReferralLink | None:
    """The one-time page of a referral that was not taken back; its sender's."""
    return session.scalars(
        sa.select(ReferralLink).where(ReferralLink.referral_id == found.id, ReferralLink.revoked_at.is_(None))
    ).one_or_none()


def looks_at(found: Referral, limit: int = 20) -> list[ReferralLook]:
    """Who gave a code to a page of this referral, the newest first."""
    asked = sa.select(ReferralLook).where(ReferralLook.referral_id == found.id)
    return list(session.scalars(asked.order_by(ReferralLook.at.desc(), ReferralLook.id.desc()).limit(limit)))
