"""A file offered to another team: who moves, what the receiver sees before the answer, what stays behind."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseapp.accounts.models import Team
from caseapp.casefile.rules.handing import BASES, DECLINING, KINDS, STATES, WITHDRAWING
from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of

USER = "user_account.id"


class Handover(Identified, Versioned, Base):
    """An offer of some files of one household to another team. Until it is accepted nothing moves. `case_id` is the
    first of the files: the words are encrypted with its key. `sealed_holder_id` is who of the receiving team takes
    what is sealed; without one it stays behind."""

    __tablename__ = "handover"
    __table_args__ = (
        one_of("state", STATES),
        one_of("kind", KINDS),
        one_of("decline_reason", DECLINING),
        one_of("withdraw_reason", WITHDRAWING),
        sa.CheckConstraint("from_team_id <> to_team_id", name="not_to_itself"),
        sa.CheckConstraint("(kind = 'COUNTRY') = (from_country <> to_country)", name="kind_is_countries"),
        sa.CheckConstraint("state = 'PREPARED' OR state = 'WITHDRAWN' OR state = 'LAPSED' OR offered_at IS NOT NULL", name="offered_has_time"),
        sa.CheckConstraint("(state IN ('ACCEPTED', 'DECLINED')) = (answered_at IS NOT NULL)", name="answered_has_time"),
        sa.CheckConstraint("(state = 'DECLINED') = (decline_reason IS NOT NULL)", name="declined_has_reason"),
        sa.CheckConstraint("(state = 'WITHDRAWN') = (withdraw_reason IS NOT NULL)", name="withdrawn_has_reason"),
        sa.Index("ix_handover_inbox", "to_team_id", "state"),
        sa.Index("ix_handover_outbox", "from_team_id", "state"),
        sa.Index("ix_handover_lapse", "lapse_at", postgresql_where=sa.text("state = 'OFFERED'")),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    household_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("household.id"), index=True)
    whole: Mapped[bool]
    from_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    to_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    from_country: Mapped[str] = mapped_column(sa.CHAR(3))
    to_country: Mapped[str] = mapped_column(sa.CHAR(3))
    kind: Mapped[str]
    state: Mapped[str]
    arrives_on: Mapped[date]
    prepared_at: Mapped[datetime]
    prepared_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey(USER), index=True)
    offered_at: Mapped[datetime | None]
    lapse_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    decline_reason: Mapped[str | None]
    withdraw_reason: Mapped[str | None]
    sealed_holder_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    words_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)

    words = Encrypted("words")
    from_team: Mapped[Team] = relationship(foreign_keys=[from_team_id], lazy="raise")
    to_team: Mapped[Team] = relationship(foreign_keys=[to_team_id], lazy="raise")
    members: Mapped[list[HandoverMember]] = relationship(
        lazy="raise", order_by="HandoverMember.position", back_populates="handover"
    )


class HandoverMember(Identified, Base):
    """One person of the offer: on what it rests, the minimum that the receiver sees before the answer (frozen), and
    whether they came."""

    __tablename__ = "handover_member"
    __table_args__ = (
        one_of("basis", BASES),
        sa.CheckConstraint("basis IS NULL OR basis_reason_sealed IS NOT NULL", name="basis_has_reason"),
        sa.CheckConstraint("basis IS NULL OR consent_id IS NULL", name="consent_or_basis"),
        sa.UniqueConstraint("handover_id", "case_id"),
    )

    handover_id: Mapped[UUID] = mapped_column(sa.ForeignKey("handover.id"))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    position: Mapped[int]
    consent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("consent.id"), index=True)
    basis: Mapped[str | None]
    basis_reason_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    sex: Mapped[str]
    age_band: Mapped[str]
    languages: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()), default=list, server_default="{}")
    requirements: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()), default=list, server_default="{}")
    arrived_on: Mapped[date | None]
    no_show_on: Mapped[date | None]

    basis_reason = Encrypted("basis_reason")
    handover: Mapped[Handover] = relationship(lazy="raise", back_populates="members")


class HeldApart(Base):
    """A row of a file that stayed with the team that wrote it when the file moved: nobody else sees it."""

    __tablename__ = "held_apart"

    id: Mapped[UUID] = mapped_column("row_id", primary_key=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    since: Mapped[datetime]
