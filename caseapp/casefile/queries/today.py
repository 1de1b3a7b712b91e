"""What must be done today, for whoever holds files: lists that are short, oldest first, and say why now. A
caseworker sees the files that are theirs or nobody's, a supervisor those of the whole team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from caseapp.casefile.models import ClosureRequest
from caseapp.casefile.sentences import sealed_codes
from caseapp.core import clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.deadline.queries import Pressing, Told, pressing
from caseapp.people import queries as people
from caseapp.people.models import Case, Consent, HouseholdMember, Need
from caseapp.protection.models import Screening
from caseapp.referral.models import Referral, ReferralMember
from caseapp.referral.queries import WHOLE

LIMIT = 8


@dataclass(frozen=True)
class Window:
    """Which rows of a list are wanted: the first few on the page of the day, more on a list's own page."""

    size: int = LIMIT
    first: int = 0

    def of(self, asked: Any) -> Any:
        return asked.limit(self.size).offset(self.first)


FEW = Window()
#: How long an ended referral asks for another option.
NEXT_OPTION_DAYS = 14
CONSENT_DAYS = 30
#: Clocks of the daily work, which has lists of its own (`duties`).
OWN_LISTS = ("TASK", "PLAN_REVIEW")


def mine(who: Principal) -> sa.Select[Case]:
    """Open files that are this person's business: their own and nobody's; for a supervisor the team's."""
    whole, own = who.teams_as("SUPERVISOR"), who.teams_as("CASEWORKER")
    return (
        people.visible_to(who)
        .where(Case.status == "OPEN")
        .where(
            sa.or_(
                Case.team_id.in_(whole),
                sa.and_(
                    Case.team_id.in_(own),
                    sa.or_(Case.assigned_to_id == who.user_id, Case.assigned_to_id.is_(None)),
                ),
            )
        )
    )


@dataclass(frozen=True)
class ToScreen:
    """A person whom nobody has screened to the end: since when, and how the newest talk stands."""

    case: Case
    arrived_on: date | None
    written_at: datetime | None
    state: str | None
    why: str | None


def to_screen(who: Principal, window: Window = FEW) -> list[ToScreen]:
    """Who waits for a first screening, the longest wait first (one statement)."""
    done = sa.select(Screening.id).where(Screening.case_id == Case.id, Screening.state == "COMPLETED")

    def newest(column: Any) -> Any:
        return (
            sa.select(column)
            .where(Screening.case_id == Case.id)
            .order_by(Screening.id.desc())
            .limit(1)
            .scalar_subquery()
        )

    arrival = aliased(CaseEvent)
    rows = session.execute(
        mine(who)
        .outerjoin(arrival, sa.and_(arrival.case_id == Case.id, arrival.kind == "intake.opened"))
        .where(~done.exists())
        .add_columns(
            arrival.effective_on,
            arrival.recorded_at,
            newest(Screening.state),
            newest(Screening.incomplete_reason),
        )
        .order_by(Case.opened_on, Case.id)
        .limit(window.size)
        .offset(window.first)
    ).all()
    return [ToScreen(*row) for row in rows]


def without_consent(who: Principal, window: Window = FEW) -> Sequence[Case]:
    """Files opened lately whose person has not been asked whether they may be kept (one statement)."""
    asked = sa.select(Consent.id).where(
        Consent.case_id == Case.id, Consent.purpose == "REGISTER", Consent.state != "NOT_ASKED"
    )
    since = clock.today() - timedelta(days=CONSENT_DAYS)
    return session.scalars(
        mine(who)
        .where(Case.opened_on >= since, ~asked.exists())
        .order_by(Case.opened_on, Case.id)
        .limit(window.size)
        .offset(window.first)
    ).all()


def to_refer_again(who: Principal, window: Window = FEW) -> list[Referral]:
    """Referrals that lapsed or were declined, of files that are still open and were not referred for the same
    since (with teams and members)."""
    later, also = aliased(Referral), aliased(ReferralMember)
    again = (
        sa.select(later.id)
        .join(also, also.referral_id == later.id)
        .where(
            also.case_id == Referral.case_id, later.kind == Referral.kind, later.made_at > Referral.made_at
        )
    )
    held = mine(who).with_only_columns(Case.id)
    return list(
        session.scalars(
            sa.select(Referral)
            .where(
                Referral.state.in_(("LAPSED", "DECLINED")), Referral.from_team_id.in_(who.case_teams),
                Referral.ended_at >= clock.now() - timedelta(days=NEXT_OPTION_DAYS), Referral.case_id.in_(held),
                ~again.exists(),
            )
            .options(*WHOLE)
            .order_by(Referral.ended_at)
            .limit(window.size)
        .offset(window.first)
        )
    )  # fmt: skip


@dataclass(frozen=True)
class Unanswered:
    """A person with an emergency that nobody has been asked to answer, and since when. Why is in the file."""

    case: Case
    since: date


def emergencies(who: Principal, window: Window = FEW) -> list[Unanswered]:
    """Open emergencies with no referral and no stay since; those whose only cause is sealed are on no list."""
    asked = (
        sa.select(ReferralMember.id)
        .join(Referral, Referral.id == ReferralMember.referral_id)
        .where(ReferralMember.case_id == Case.id, sa.cast(Referral.made_at, sa.Date) >= Need.recorded_on)
    )
    rows = session.execute(
        mine(who)
        .join(Need, Need.case_id == Case.id)
        .where(
            Need.state == "OPEN", Need.priority == "EMERGENCY", Need.code.not_in(sealed_codes("need_code")),
            ~asked.exists(),
        )
        .with_only_columns(Case, sa.func.min(Need.recorded_on))
        .group_by(Case.id)
        .order_by(sa.func.min(Need.recorded_on), Case.id)
        .limit(window.size)
        .offset(window.first)
    ).all()  # fmt: skip
    return [Unanswered(*row) for row in rows]


@dataclass(frozen=True)
class Family:
    """A family registered today: its first person and how many came."""

    case: Case
    size: int


def registered_on(who: Principal, day: date, window: Window = FEW) -> list[Family]:
    """Families whose files were opened on a day, the newest first (one statement)."""
    group = sa.func.coalesce(HouseholdMember.household_id, Case.id)
    first = sa.func.first_value(Case.id).over(
        partition_by=group, order_by=(sa.func.coalesce(HouseholdMember.is_head, sa.false()).desc(), Case.id)
    )
    size = sa.func.count().over(partition_by=group)
    marked = (
        mine(who)
        .outerjoin(
            HouseholdMember, sa.and_(HouseholdMember.case_id == Case.id, HouseholdMember.left_on.is_(None))
        )
        .where(Case.opened_on == day)
        .with_only_columns(Case.id.label("id"), first.label("first"), size.label("size"))
        .subquery()
    )
    rows = session.execute(
        sa.select(Case, marked.c.size)
        .join(marked, sa.and_(marked.c.id == Case.id, marked.c.first == Case.id))
        .order_by(Case.id.desc())
        .limit(window.size)
        .offset(window.first)
    ).all()
    return [Family(*row) for row in rows]


@dataclass(frozen=True)
class ToDecide:
    case: Case
    reason: str
    asked_at: datetime


def to_decide(who: Principal, window: Window = FEW) -> list[ToDecide]:
    """Requests to close that this supervisor may decide: never their own."""
    rows = session.execute(
        people.visible_to(who)
        .join(ClosureRequest, ClosureRequest.case_id == Case.id)
        .where(
            Case.team_id.in_(who.teams_as("SUPERVISOR")), ClosureRequest.state == "ASKED",
            ClosureRequest.asked_by_id != who.user_id,
        )
        .add_columns(ClosureRequest.reason, ClosureRequest.asked_at)
        .order_by(ClosureRequest.asked_at)
        .limit(window.size)
        .offset(window.first)
    ).all()  # fmt: skip
    return [ToDecide(*row) for row in rows]


#: Clocks that end within these days are on the page.
CLOCK_DAYS = 3


def clocks(who: Principal, window: Window = FEW) -> Sequence[Pressing]:
    """Clocks of which this person or their team was told, late or before the end, and has not said to have seen; then
    those of the files that are their business, late or about to be."""
    return pressing(
        mine(who).with_only_columns(Case.id), days=CLOCK_DAYS, limit=window.size, first=window.first,
        without=OWN_LISTS, told_to=told(who),
    )  # fmt: skip


def told(who: Principal) -> Told:
    """What the sweep tells this person: what is for them, and what is for nobody in particular of their teams."""
    return Told(who.user_id, tuple(who.teams_as("CASEWORKER", "SUPERVISOR")))


def known_of(case_ids: Sequence[UUID]) -> dict[UUID, people.Summary]:
    """Names and numbers for the rows of a page (two statements)."""
    return people.summary_of(list(dict.fromkeys(case_ids)))


def names_of(case_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Names for the rows of a page (two statements)."""
    return {i: s.name or s.called for i, s in known_of(case_ids).items()}
