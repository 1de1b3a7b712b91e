"""What the log of deliveries offers of other areas: the referrals of these people. The file knows both sides."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.assistance.offering import ReferralLine, referral_offers
from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.referral.models import Referral, ReferralMember
from caseapp.referral.queries import visible_to

#: States in which something is given, or has been.
ANSWERED = ("ACCEPTED", "STARTED", "COMPLETED")


def referrals(case_ids: Sequence[UUID]) -> list[ReferralLine]:
    """The accepted referrals of these cases that the acting team sees, the newest first (one statement)."""
    if not case_ids:
        return []
    members = sa.func.array_agg(ReferralMember.case_id)
    rows = session.execute(
        visible_to(access.current())
        .join(ReferralMember, ReferralMember.referral_id == Referral.id)
        .join(Team, Team.id == Referral.to_team_id)
        .where(
            ReferralMember.case_id.in_(case_ids), ReferralMember.left_at.is_(None), ReferralMember.outcome == "ACCEPTED",
            Referral.state.in_(ANSWERED),
        )
        .with_only_columns(Referral.id, Referral.number, Referral.kind, Referral.to_team_id, Team.name, members)
        .group_by(Referral.id, Team.name)
        .order_by(Referral.made_at.desc(), Referral.id.desc())
    )  # fmt: skip
    return [_line(*row) for row in rows]


def _line(id_: UUID, number: str, kind: str, to: UUID, team: str, members: Sequence[UUID]) -> ReferralLine:
    sealed = "S" in reference.code("service_kind", kind).flags
    return ReferralLine(
        id_, frozenset(members), f"{reference.label('service_kind', kind)} · {team} · {number}", to, sealed
    )


if referrals not in referral_offers:
    referral_offers.append(referrals)
