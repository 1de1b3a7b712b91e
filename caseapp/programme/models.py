"""The registers as dated rows of head counts, beds and amounts; no row names anybody. What was entered never changes: a
correction withdraws the row and enters another, which says what it replaces."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from caseapp.core.db import Base, Identified, one_of
from caseapp.programme import rules


class Entry(Identified):
    """What every register's row has. `row_key` is the digest of an imported row: a file read twice enters nothing
    twice, also after the entry was withdrawn."""

    country: Mapped[str] = mapped_column(sa.CHAR(3))
    row_key: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    entered_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    @declared_attr
    def team_id(cls) -> Mapped[UUID]:
        return mapped_column(sa.ForeignKey("team.id"), index=True)

    @declared_attr
    def entered_by_id(cls) -> Mapped[UUID | None]:
        return mapped_column(sa.ForeignKey("user_account.id"), index=True)

    @declared_attr
    def withdrawn_by_id(cls) -> Mapped[UUID | None]:
        return mapped_column(sa.ForeignKey("user_account.id"), index=True)


class OfficialTraining(Entry, Base):
    """A training of public officials at one institution: heads by sex."""

    __tablename__ = "official_training"
    __table_args__ = (
        one_of("institution", rules.INSTITUTIONS),
        one_of("topic", rules.TOPICS),
        one_of("trainer", rules.TRAINERS),
        sa.CheckConstraint("place ~ '^[A-Z]{2}[0-9A-Z]+$'", name="place_form"),
        sa.CheckConstraint("women >= 0 AND men >= 0 AND others >= 0", name="no_negative_heads"),
        sa.CheckConstraint(
            f"women + men + others BETWEEN 1 AND {rules.MOST_HEADS}", name="somebody_attended"
        ),
        sa.UniqueConstraint("team_id", "row_key", name="uq_official_training_row"),
        sa.ForeignKeyConstraint(["replaces_id"], ["official_training.id"]),
        sa.Index("ix_official_training_replaces_id", "replaces_id"),
    )

    held_on: Mapped[date]
    place: Mapped[str]
    institution: Mapped[str]
    topic: Mapped[str]
    trainer: Mapped[str]
    women: Mapped[int]
    men: Mapped[int]
    others: Mapped[int]
    replaces_id: Mapped[UUID | None]


class JointProject(Entry, Base):
    """A joint project with a host community, or a programme that no case drives, under its public name."""

    __tablename__ = "joint_project"
    __table_args__ = (
        one_of("kind", rules.PROJECT_KINDS),
        sa.CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        sa.CheckConstraint("place ~ '^[A-Z]{2}[0-9A-Z]+$'", name="place_form"),
        sa.CheckConstraint("length(btrim(code)) >= 2", name="code_given"),
        sa.UniqueConstraint("team_id", "row_key", name="uq_joint_project_row"),
        sa.Index(
            "uq_joint_project_code", "team_id", "code", unique=True, postgresql_where=sa.text("withdrawn_at IS NULL")
        ),
        sa.ForeignKeyConstraint(["replaces_id"], ["joint_project.id"]),
        sa.Index("ix_joint_project_replaces_id", "replaces_id"),
    )  # fmt: skip

    code: Mapped[str]
    kind: Mapped[str]
    name_es: Mapped[str]
    name_en: Mapped[str]
    place: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    replaces_id: Mapped[UUID | None]


class Participation(Entry, Base):
    """Heads of one sex, age band and population on one date of a project (named by its code, which stays)."""

    __tablename__ = "project_participation"
    __table_args__ = (
        one_of("population", rules.POPULATIONS),
        one_of("sex", rules.SEXES),
        one_of("age_band", rules.BANDS),
        sa.CheckConstraint(f"heads BETWEEN 1 AND {rules.MOST_HEADS}", name="somebody_took_part"),
        sa.UniqueConstraint("team_id", "row_key", name="uq_project_participation_row"),
        sa.ForeignKeyConstraint(["replaces_id"], ["project_participation.id"]),
        sa.Index("ix_project_participation_replaces_id", "replaces_id"),
    )

    project_id: Mapped[UUID] = mapped_column(sa.ForeignKey("joint_project.id"), index=True)
    held_on: Mapped[date]
    population: Mapped[str]
    sex: Mapped[str]
    age_band: Mapped[str]
    heads: Mapped[int]
    replaces_id: Mapped[UUID | None]


class UnitCost(Entry, Base):
    """What one delivery of a kind of service costs the State, from a public source. Two costs of a kind and currency
    never hold on the same day."""

    __tablename__ = "unit_cost"
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
        sa.CheckConstraint("valid_to >= valid_from", name="ends_after_start"),
        sa.CheckConstraint("length(btrim(source)) >= 3", name="source_given"),
        sa.UniqueConstraint("team_id", "row_key", name="uq_unit_cost_row"),
        sa.ForeignKeyConstraint(["replaces_id"], ["unit_cost.id"]),
        sa.Index("ix_unit_cost_replaces_id", "replaces_id"),
        pg.ExcludeConstraint(
            ("country", "="), ("service_kind", "="), ("currency", "="),
            (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            using="gist", where=sa.text("withdrawn_at IS NULL"), name="ex_unit_cost_overlap",
        ),
    )  # fmt: skip

    service_kind: Mapped[str]
    currency: Mapped[str] = mapped_column(sa.CHAR(3))
    amount: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str]
    replaces_id: Mapped[UUID | None]


class NetworkCapacity(Entry, Base):
    """What a shelter whose places are not kept in Acogida reports for a day: beds registered, and usable. A trigger
    refuses a site of another country, a safe house, and one whose places are kept here."""

    __tablename__ = "network_capacity"
    __table_args__ = (
        sa.CheckConstraint(f"beds BETWEEN 1 AND {rules.MOST_BEDS}", name="beds_sane"),
        sa.CheckConstraint("usable BETWEEN 0 AND beds", name="usable_within_beds"),
        sa.UniqueConstraint("team_id", "row_key", name="uq_network_capacity_row"),
        sa.Index(
            "uq_network_capacity_day", "site_id", "reported_on", unique=True,
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
        sa.ForeignKeyConstraint(["replaces_id"], ["network_capacity.id"]),
        sa.Index("ix_network_capacity_replaces_id", "replaces_id"),
    )  # fmt: skip

    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    reported_on: Mapped[date]
    beds: Mapped[int]
    usable: Mapped[int]
    replaces_id: Mapped[UUID | None]


class ProgrammeEnrolment(Entry, Base):
    """How many enrolled in a programme of another institution in a period, as it reports; of one sex or age band where
    it says. `enrolled` None: fewer than five, which no number tells. A programme's period stands by one grain, and no two
    periods that overlap, so that no difference tells a small group either."""

    __tablename__ = "programme_enrolment"
    __table_args__ = (
        one_of("sex", rules.SEXES),
        one_of("age_band", rules.BANDS),
        sa.CheckConstraint(f"enrolled BETWEEN {rules.SMALLEST} AND {rules.MOST_ENROLLED}", name="no_small_number"),
        sa.CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        sa.CheckConstraint("length(btrim(source)) >= 3", name="source_given"),
        sa.UniqueConstraint("team_id", "row_key", name="uq_programme_enrolment_row"),
        sa.Index(
            "uq_programme_enrolment_group", "project_id", "period", sa.text("coalesce(sex, '')"),
            sa.text("coalesce(age_band, '')"), unique=True, postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
        pg.ExcludeConstraint(
            ("project_id", "="), ("period", "="),
            (sa.text("((sex IS NOT NULL)::int + 2 * (age_band IS NOT NULL)::int)"), "<>"),
            using="gist", where=sa.text("withdrawn_at IS NULL"), name="ex_programme_enrolment_grain",
        ),
        pg.ExcludeConstraint(
            ("project_id", "="), (sa.text("daterange(starts_on, ends_on, '[]')"), "&&"), ("period", "<>"),
            using="gist", where=sa.text("withdrawn_at IS NULL"), name="ex_programme_enrolment_period",
        ),
        sa.ForeignKeyConstraint(["replaces_id"], ["programme_enrolment.id"]),
        sa.Index("ix_programme_enrolment_replaces_id", "replaces_id"),
    )  # fmt: skip

    project_id: Mapped[UUID] = mapped_column(sa.ForeignKey("joint_project.id"), index=True)
    period: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    sex: Mapped[str | None]
    age_band: Mapped[str | None]
    enrolled: Mapped[int | None]
    source: Mapped[str]
    replaces_id: Mapped[UUID | None]
