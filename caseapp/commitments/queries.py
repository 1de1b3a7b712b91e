"""What stands about commitments, as of any day; every select starts from what somebody may read (the policies say the
same). A role that is not casework's passes its own connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from caseapp.accounts.models import User
from caseapp.commitments import rules
from caseapp.commitments.access import read_by
from caseapp.commitments.models import (
    Commitment,
    CommitmentCost,
    CommitmentEvidence,
    CommitmentPast,
    CommitmentScore,
    CommitmentTarget,
    CooperationAction,
    CooperationActor,
    CooperationPledge,
)
from caseapp.commitments.rules import EvidenceKind, Scored, ScoreState
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours


def visible_to(who: Principal) -> sa.Select[Any]:
    found: sa.Select[Any] = readable(sa.select(Commitment), who, Commitment.country)
    return found


def readable(wanted: Any, who: Principal, country: Any) -> Any:
    """Rows of the countries that somebody reads."""
    countries = read_by(who)
    return wanted if countries is None else wanted.where(country.in_(countries))


@dataclass(frozen=True)
class Standing:
    """A commitment as it stood on a day."""

    id: UUID
    country: str
    code: str
    pillar: int
    commitment_class: str
    text_es: str
    text_en: str | None
    owner: str | None
    due_on: date | None
    is_withdrawn: bool
    made_on: date
    score: int | None
    scored_on: date | None
    evidence_on: date | None
    is_waiting: bool

    @property
    def scored(self) -> Scored:
        return Scored(self.country, self.pillar, self.score, self.commitment_class)

    def is_stalled(self, today: date) -> bool:
        return rules.is_stalled(
            score=self.score, changed_on=self.scored_on or self.made_on, due_on=self.due_on,
            is_withdrawn=self.is_withdrawn, today=today,
        )  # fmt: skip

    def is_old(self, today: date) -> bool:
        return not self.is_withdrawn and self.score != 5 and rules.is_old(self.evidence_on, today)


def _latest(on: date) -> Any:
    """Of each commitment, the last score confirmed by another person that had taken effect by a day."""
    return (
        sa.select(CommitmentScore.commitment_id, CommitmentScore.score, CommitmentScore.scored_on)
        .where(CommitmentScore.state == ScoreState.CONFIRMED, CommitmentScore.scored_on <= on)
        .ext(distinct_on(CommitmentScore.commitment_id))
        .order_by(CommitmentScore.commitment_id, CommitmentScore.scored_on.desc(), CommitmentScore.id.desc())
        .subquery("latest")
    )


def _proved(on: date) -> Any:
    """Of each commitment, the day of its newest evidence; an imported matrix proves nothing new."""
    return (
        sa.select(
            CommitmentEvidence.commitment_id, sa.func.max(CommitmentEvidence.issued_on).label("evidence_on")
        )
        .where(CommitmentEvidence.kind != EvidenceKind.MATRIX, CommitmentEvidence.issued_on <= on)
        .group_by(CommitmentEvidence.commitment_id)
        .subquery("proved")
    )


def standings(who: Principal, on: date, *, country: str | None = None, db: Any = session) -> list[Standing]:
    """Every commitment that somebody reads as it stood on a day, by country, pillar and code: one statement.
    Withdrawn ones are marked from the day on which they were."""
    latest, proved = _latest(on), _proved(on)
    wanted = readable(
        sa.select(
            Commitment.id, Commitment.country, Commitment.code, Commitment.pillar, Commitment.commitment_class,
            Commitment.text_es, Commitment.text_en, Commitment.owner, Commitment.due_on,
            sa.func.coalesce(Commitment.withdrawn_on <= on, False).label("is_withdrawn"),
            sa.cast(sa.func.timezone("UTC", Commitment.made_at), sa.Date).label("made_on"),
            latest.c.score, latest.c.scored_on, proved.c.evidence_on,
            sa.exists().where(
                CommitmentScore.commitment_id == Commitment.id, CommitmentScore.state == ScoreState.PROPOSED
            ).label("is_waiting"),
        )
        .outerjoin(latest, latest.c.commitment_id == Commitment.id)
        .outerjoin(proved, proved.c.commitment_id == Commitment.id)
        .order_by(Commitment.country, Commitment.pillar, Commitment.code),
        who, Commitment.country,
    )  # fmt: skip
    if country is not None:
        wanted = wanted.where(Commitment.country == country)
    return [Standing(**row._mapping) for row in db.execute(wanted)]


def commitment(who: Principal, commitment_id: UUID) -> Commitment:
    """One commitment. Raises NotYours."""
    row = session.scalars(visible_to(who).where(Commitment.id == commitment_id)).one_or_none()
    if row is None:
        raise NotYours
    return row  # type: ignore[no-any-return]


@dataclass(frozen=True)
class ScoreLine:
    """A score with who proposed and who reviewed it, and its evidence's title."""

    row: CommitmentScore
    author: str | None
    reviewer: str | None
    evidence: str


def history(commitment_id: UUID) -> list[ScoreLine]:
    """Every score that a commitment ever had, the newest first."""
    author, reviewer = sa.orm.aliased(User), sa.orm.aliased(User)
    rows = session.execute(
        sa.select(CommitmentScore, author.name, reviewer.name, CommitmentEvidence.title)
        .join(CommitmentEvidence, CommitmentEvidence.id == CommitmentScore.evidence_id)
        .outerjoin(author, author.id == CommitmentScore.author_id)
        .outerjoin(reviewer, reviewer.id == CommitmentScore.reviewer_id)
        .where(CommitmentScore.commitment_id == commitment_id)
        .order_by(CommitmentScore.scored_on.desc(), CommitmentScore.id.desc())
    )
    return [ScoreLine(*row) for row in rows]


@dataclass(frozen=True)
class PastLine:
    """What was written until somebody changed it, and who did."""

    row: CommitmentPast
    by: str | None


def past(commitment_id: UUID) -> list[PastLine]:
    """Every change of a commitment's text, targets and costs, the newest first."""
    rows = session.execute(
        sa.select(CommitmentPast, User.name)
        .outerjoin(User, User.id == CommitmentPast.changed_by_id)
        .where(CommitmentPast.commitment_id == commitment_id)
        .order_by(CommitmentPast.changed_at.desc(), CommitmentPast.id.desc())
    )
    return [PastLine(*row) for row in rows]


@dataclass(frozen=True)
class Helping:
    """A pledge (with its currency) or an action point (without) that names a commitment."""

    what: str
    who: str
    day: date
    currency: str | None
    pledged: Decimal
    received: Decimal
    is_done: bool


def cooperation_for(commitment_id: UUID) -> list[Helping]:
    """Pledges and action points tied to a commitment, the newest first (one statement)."""
    nothing = sa.literal(0, sa.Numeric(16, 2))
    pledges = (
        sa.select(
            CooperationPledge.purpose.label("what"), CooperationActor.name.label("who"), CooperationPledge.pledged_on.label("day"),
            CooperationPledge.currency, CooperationPledge.pledged, CooperationPledge.received, sa.false().label("is_done"),
        )
        .join(CooperationActor, CooperationActor.id == CooperationPledge.actor_id)
        .where(CooperationPledge.commitment_id == commitment_id)
    )  # fmt: skip
    actions = sa.select(
        CooperationAction.text, CooperationAction.owner, CooperationAction.due_on, sa.null(), nothing, nothing,
        CooperationAction.done_on.is_not(None),
    ).where(CooperationAction.commitment_id == commitment_id)  # fmt: skip
    both = sa.union_all(pledges, actions).subquery()
    return [
        Helping(*row) for row in session.execute(sa.select(both).order_by(both.c.day.desc(), both.c.what))
    ]


def evidence(commitment_id: UUID) -> list[CommitmentEvidence]:
    return list(
        session.scalars(
            sa.select(CommitmentEvidence)
            .where(CommitmentEvidence.commitment_id == commitment_id)
            .order_by(CommitmentEvidence.issued_on.desc(), CommitmentEvidence.id.desc())
        )
    )


def file_of(who: Principal, evidence_id: UUID) -> CommitmentEvidence:
    """A piece of evidence that has a file. Raises NotYours."""
    row = session.scalars(
        readable(
            sa.select(CommitmentEvidence)
            .join(Commitment, Commitment.id == CommitmentEvidence.commitment_id)
            .options(sa.orm.undefer(CommitmentEvidence.content))
            .where(CommitmentEvidence.id == evidence_id, CommitmentEvidence.file_name.is_not(None)),
            who, Commitment.country,
        )
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NotYours
    return row


def targets(commitment_id: UUID) -> list[CommitmentTarget]:
    return list(
        session.scalars(
            sa.select(CommitmentTarget)
            .where(CommitmentTarget.commitment_id == commitment_id)
            .order_by(CommitmentTarget.indicator, CommitmentTarget.period)
        )
    )


def costs(commitment_id: UUID) -> list[CommitmentCost]:
    return list(
        session.scalars(
            sa.select(CommitmentCost)
            .where(CommitmentCost.commitment_id == commitment_id)
            .order_by(CommitmentCost.year.desc(), CommitmentCost.currency)
        )
    )


@dataclass(frozen=True)
class Money:
    """What commitments cost together and what is missing, in one currency; `commitments` are costed."""

    country: str
    pillar: int
    year: int
    currency: str
    budgeted: Decimal
    funded: Decimal
    gap: Decimal
    commitments: int


def money(
    who: Principal, *, country: str | None = None, year: int | None = None, db: Any = session
) -> list[Money]:
    """Costs by country, pillar, year and currency; currencies are never added together. The gap is the sum of the
    commitments' gaps: what one has too much does not close another's."""
    keys = (Commitment.country, Commitment.pillar, CommitmentCost.year, CommitmentCost.currency)
    wanted = readable(
        sa.select(
            *keys, sa.func.sum(CommitmentCost.budgeted).label("budgeted"), sa.func.sum(CommitmentCost.funded).label("funded"),
            sa.func.sum(CommitmentCost.gap).label("gap"), sa.func.count(Commitment.id.distinct()).label("commitments"),
        )
        .join(Commitment, Commitment.id == CommitmentCost.commitment_id)
        .where(Commitment.withdrawn_on.is_(None))
        .group_by(*keys)
        .order_by(*keys),
        who, Commitment.country,
    )  # fmt: skip
    if country is not None:
        wanted = wanted.where(Commitment.country == country)
    if year is not None:
        wanted = wanted.where(CommitmentCost.year == year)
    return [Money(**row._mapping) for row in db.execute(wanted)]


def waiting_imports(who: Principal) -> list[Any]:
    """Imports with scores that still wait for another person: (import id, file, how many)."""
    from caseapp.commitments.models import CommitmentImport

    return list(
        session.execute(
            readable(
                sa.select(CommitmentImport.id, CommitmentImport.file_name, sa.func.count().label("waiting"))
                .join(CommitmentScore, CommitmentScore.import_id == CommitmentImport.id)
                .join(Commitment, Commitment.id == CommitmentScore.commitment_id)
                .where(
                    CommitmentScore.state == ScoreState.PROPOSED,
                    CommitmentScore.author_id.is_distinct_from(who.user_id),
                )
                .group_by(CommitmentImport.id, CommitmentImport.file_name)
                .order_by(CommitmentImport.id),
                who,
                Commitment.country,
            )
        )
    )
