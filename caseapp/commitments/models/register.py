"""Commitments, what proves them, how they were scored and what they cost. None of it is about a person: texts are the
public words of institutions, evidence is their paper. `REG` in `country` is the region as a whole."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.commitments.rules import CommitmentClass, EvidenceKind, PastPart, ScoreState
from caseapp.core.db import Base, Identified, Versioned, one_of

MONEY = sa.Numeric(16, 2)


class CommitmentImport(Identified, Base):
    """A matrix that was read from a file: which bytes, by whom, and how many commitments it brought."""

    __tablename__ = "commitment_import"

    file_name: Mapped[str]
    sha256: Mapped[str]
    created: Mapped[int]
    made_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    made_by: Mapped[str]  # the principal's name where no person read the file
    made_at: Mapped[datetime]


class Commitment(Identified, Versioned, Base):
    """What a country (or the region, or the support platform) said it would do. `code` names it within its country.
    A withdrawn commitment stays, with its reason. `source` says where it comes from (`demo` is invented)."""

    __tablename__ = "commitment"
    __table_args__ = (
        sa.UniqueConstraint("country", "code"),
        one_of("commitment_class", CommitmentClass),
        sa.CheckConstraint("country ~ '^[A-Z]{3}$'", name="country_form"),
        sa.CheckConstraint("pillar BETWEEN 1 AND 5", name="pillar_known"),
        sa.CheckConstraint(
            "CASE commitment_class WHEN 'COUNTRY' THEN country <> 'REG' AND pillar <= 4 "
            "WHEN 'PILLAR_5' THEN pillar = 5 ELSE true END",
            name="class_fits",
        ),
        sa.CheckConstraint("due_on >= starts_on", name="due_after_start"),
        sa.CheckConstraint("btrim(text_es) <> '' AND length(text_es) <= 1000", name="worded"),
        sa.CheckConstraint(
            "(withdrawn_on IS NULL) = (withdrawn_reason IS NULL) AND btrim(withdrawn_reason) <> ''",
            name="withdrawn_for_a_reason",
        ),
    )

    country: Mapped[str] = mapped_column(sa.CHAR(3))
    code: Mapped[str]
    pillar: Mapped[int] = mapped_column(sa.SmallInteger)
    commitment_class: Mapped[str] = mapped_column(default="COUNTRY", server_default="COUNTRY")
    text_es: Mapped[str]
    text_en: Mapped[str | None]
    owner: Mapped[str | None]
    partners: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()), server_default="{}", default=list)
    starts_on: Mapped[date | None]
    due_on: Mapped[date | None]
    withdrawn_on: Mapped[date | None]
    withdrawn_reason: Mapped[str | None]
    source: Mapped[str | None]
    import_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("commitment_import.id"), index=True)
    made_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class CommitmentPast(Identified, Base):
    """What a commitment, a target or a cost said before somebody changed it, and who changed it when. Rows are added,
    never changed, so that what was promised can be read as it was."""

    __tablename__ = "commitment_past"
    __table_args__ = (
        one_of("part", PastPart),
        sa.CheckConstraint("jsonb_typeof(said) = 'object'", name="said_is_object"),
        sa.Index("ix_commitment_past_commitment_id", "commitment_id", "changed_at"),
    )

    commitment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("commitment.id"))
    part: Mapped[str]
    said: Mapped[dict[str, Any]] = mapped_column(pg.JSONB)
    changed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    changed_at: Mapped[datetime]


class CommitmentEvidence(Identified, Base):
    """Paper of public institutions that shows how far a commitment is: a link, a file or a reference. It is added and
    never changed. Not about persons; the form says so. `content` is a PDF, PNG or JPEG told by its first bytes."""

    __tablename__ = "commitment_evidence"
    __table_args__ = (
        one_of("kind", EvidenceKind),
        sa.CheckConstraint("btrim(title) <> ''", name="titled"),
        sa.CheckConstraint("url ~* '^https?://[^[:space:]]+$'", name="link_followable"),
        sa.CheckConstraint(
            "num_nonnulls(content, sha256, media_type, file_name) IN (0, 4)", name="file_described"
        ),
        sa.CheckConstraint("octet_length(content) BETWEEN 1 AND 5242880", name="file_small"),
        sa.CheckConstraint("media_type IN ('application/pdf', 'image/png', 'image/jpeg')", name="file_known"),
        sa.UniqueConstraint("id", "commitment_id", name="uq_commitment_evidence_id_commitment_id"),
    )

    commitment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("commitment.id"), index=True)
    kind: Mapped[str]
    title: Mapped[str]
    issued_on: Mapped[date]
    url: Mapped[str | None]
    file_name: Mapped[str | None]
    media_type: Mapped[str | None]
    sha256: Mapped[str | None]
    content: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    added_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    added_at: Mapped[datetime]


class CommitmentScore(Identified, Base):
    """A score 0–5 from a day on: proposed with evidence by one person, confirmed or returned by another. Only confirmed
    ones count. `author_id` is empty where the system read a file; then every person is another."""

    __tablename__ = "commitment_score"
    __table_args__ = (
        one_of("state", ScoreState),
        sa.CheckConstraint("score BETWEEN 0 AND 5", name="score_on_scale"),
        sa.CheckConstraint("reviewer_id <> author_id", name="reviewed_by_another"),
        sa.CheckConstraint(
            "(state = 'PROPOSED') = (reviewer_id IS NULL) AND (reviewer_id IS NULL) = (reviewed_at IS NULL)",
            name="reviewed_by_somebody",
        ),
        sa.CheckConstraint("state <> 'RETURNED' OR btrim(review_note) <> ''", name="returned_for_a_reason"),
        sa.ForeignKeyConstraint(
            ["evidence_id", "commitment_id"], ["commitment_evidence.id", "commitment_evidence.commitment_id"],
            name="fk_commitment_score_evidence_id",
        ),
        sa.Index("ix_commitment_score_evidence_id", "evidence_id", "commitment_id"),
        sa.Index("ix_commitment_score_commitment_id", "commitment_id", "scored_on"),
        sa.Index(
            "uq_commitment_score_waiting", "commitment_id", unique=True,
            postgresql_where=sa.text("state = 'PROPOSED'"),
        ),
    )  # fmt: skip

    commitment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("commitment.id"))
    score: Mapped[int] = mapped_column(sa.SmallInteger)
    scored_on: Mapped[date]
    reason: Mapped[str]
    evidence_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(default="PROPOSED", server_default="PROPOSED")
    author_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    made_at: Mapped[datetime]
    import_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("commitment_import.id"), index=True)
    reviewer_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[str | None]


class CommitmentTarget(Identified, Base):
    """What a commitment wants to reach: an indicator of the catalogue, a value, by the end of a period."""

    __tablename__ = "commitment_target"
    __table_args__ = (
        sa.UniqueConstraint("commitment_id", "indicator", "period"),
        sa.CheckConstraint("indicator ~ '^P[1-5]-[0-9]{2}$'", name="indicator_form"),
        sa.CheckConstraint("period ~ '^[0-9]{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?$'", name="period_form"),
    )

    commitment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("commitment.id"))
    indicator: Mapped[str]
    period: Mapped[str]
    target: Mapped[Decimal] = mapped_column(sa.Numeric(16, 2))


class CommitmentCost(Identified, Base):
    """What a commitment costs in a year and what of it is funded, in one currency, with its source. The gap is
    computed by the database; more money than budgeted is no negative gap."""

    __tablename__ = "commitment_cost"
    __table_args__ = (
        sa.UniqueConstraint("commitment_id", "year", "currency"),
        sa.CheckConstraint("budgeted >= 0 AND funded >= 0", name="amounts_not_negative"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
        sa.CheckConstraint("year BETWEEN 2013 AND 2100", name="year_known"),
    )

    commitment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("commitment.id"))
    year: Mapped[int] = mapped_column(sa.SmallInteger)
    currency: Mapped[str] = mapped_column(sa.CHAR(3))
    budgeted: Mapped[Decimal] = mapped_column(MONEY)
    funded: Mapped[Decimal] = mapped_column(MONEY)
    gap: Mapped[Decimal] = mapped_column(MONEY, sa.Computed("greatest(budgeted - funded, 0)", persisted=True))
    source: Mapped[str]
    made_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    made_at: Mapped[datetime]
