"""Releases: what is published (schema `released`), and the exact numbers behind it (schema `facts`).

Role `figures` reads `released` and there only what is approved; role `app` sees the releases of the countries
whose steward or approver acts; role `facts` makes them. The exact numbers (`Ledger`, `Frozen`) are for role
`facts` alone. What is approved never changes (a trigger refuses it).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, one_of
from caseapp.publication.api.models import ApiKey

__all__ = [
    "ApiKey", "CoverageRow", "Drawing", "DrawingFailure", "FigureRow", "FileRow", "Frozen", "Ledger", "Picture", "RegisterFigure", "Release", "ReleasedCube", "RevisionRow", "Sheet",
    "Status", "Withdrawal",
]  # fmt: skip

RELEASED = {"schema": "released"}
FACTS = {"schema": "facts"}


class Status(StrEnum):
    """The states of a release (code list `release_status`)."""

    DRAFT = "DRAFT"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


class Release(Identified, Base):
    """One month of one country. `edition` is 0 for the first publication and counts revisions.

    `grain`, `origins`, `sites` and `since` are what the year shows, settled with its first release. `size` is a
    public number of persons a month that the steward gave to settle a first year's grain by. `known_until` is the
    cut-off: the moment at which it was asked for. `manifest` is the exact text of the exported file. `problem` names the error of a release that could
    not be made (it is REFUSED by the system then). `unconfirmed` is how many sites had not signed their month when it
    was asked for, `unconfirmed_code` why it did not wait for them (list `unconfirmed_reason`). A revision (edition 1,
    2 …) has `revision_code` (list `revision_reason`) and, in a sentence for readers, `revision_reason`.
    """

    __tablename__ = "release"
    __table_args__ = (
        one_of("status", Status),
        sa.CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="period_is_month"),
        sa.CheckConstraint("decided_by_id <> made_by_id", name="two_people"),
        sa.CheckConstraint(
            "status NOT IN ('APPROVED', 'REFUSED') OR (decided_by_id IS NOT NULL AND decided_at IS NOT NULL) "
            "OR (status = 'REFUSED' AND problem IS NOT NULL)",
            name="decided",
        ),
        sa.CheckConstraint("status IN ('DRAFT', 'REFUSED') OR manifest IS NOT NULL", name="whole"),
        sa.CheckConstraint("status <> 'REFUSED' OR reason IS NOT NULL", name="reason_given"),
        sa.CheckConstraint("edition >= 0", name="edition_from_zero"),
        sa.CheckConstraint(
            "(coalesce(unconfirmed, 0) > 0) = (unconfirmed_code IS NOT NULL)", name="unconfirmed_explained"
        ),
        sa.CheckConstraint(
            "(edition > 0) = (revision_code IS NOT NULL) AND (edition > 0) = (revision_reason IS NOT NULL)",
            name="revision_explained",
        ),
        sa.Index(
            "uq_release_approved",
            "country",
            "period",
            "edition",
            unique=True,
            postgresql_where=sa.text("status = 'APPROVED'"),
        ),
        sa.Index(
            "uq_release_open",
            "country",
            unique=True,
            postgresql_where=sa.text("status IN ('DRAFT', 'AWAITING_APPROVAL')"),
        ),
        RELEASED,
    )

    name: Mapped[str]
    country: Mapped[str] = mapped_column(sa.CHAR(3), index=True)
    period: Mapped[str]
    edition: Mapped[int] = mapped_column(default=0, server_default="0")
    status: Mapped[str]
    made_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    made_at: Mapped[datetime]
    size: Mapped[int | None]
    known_until: Mapped[datetime | None]
    unconfirmed: Mapped[int | None]
    unconfirmed_code: Mapped[str | None]
    revision_code: Mapped[str | None]
    revision_reason: Mapped[str | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    problem: Mapped[str | None]
    code_version: Mapped[str | None]
    grain: Mapped[str | None]
    origins: Mapped[list[str] | None] = mapped_column(pg.ARRAY(sa.Text()))
    sites: Mapped[list[str] | None] = mapped_column(pg.ARRAY(sa.Text()))
    since: Mapped[str | None]
    manifest: Mapped[str | None]


class ReleasedCube(Base):
    """How a cube of a release is laid out: `axes` is the labels of each dimension in the order of its arrays,
    `hierarchy` the coarser labels, `k` a number or one for each part."""

    __tablename__ = "cube"
    __table_args__ = (RELEASED,)

    release_id: Mapped[UUID] = mapped_column(sa.ForeignKey("released.release.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    domain: Mapped[str]
    unit: Mapped[str]
    parent: Mapped[str | None]
    split_dimension: Mapped[str | None]
    axes: Mapped[list[Any]] = mapped_column(pg.JSONB)
    hierarchy: Mapped[dict[str, Any]] = mapped_column(pg.JSONB)
    k: Mapped[Any] = mapped_column(pg.JSONB)


class Sheet(Base):
    """The published cells of a cube in one cube period, flat in the order of its axes; a cell that is not
    `shown` is not written out. `merged`: origins that stand under *other*."""

    __tablename__ = "sheet"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["release_id", "cube"], ["released.cube.release_id", "released.cube.name"], name="fk_sheet_cube"
        ),
        RELEASED,
    )

    release_id: Mapped[UUID] = mapped_column(primary_key=True)
    cube: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    y: Mapped[list[int]] = mapped_column(pg.ARRAY(sa.Integer()))
    shown: Mapped[list[bool]] = mapped_column(pg.ARRAY(sa.Boolean()))
    merged: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()))


class FigureRow(Base):
    """A row of `figures.csv`, in its columns and order (docs/release-format.md)."""

    __tablename__ = "figure"
    __table_args__ = (sa.Index("ix_figure_indicator", "release_id", "indicator"), RELEASED)

    release_id: Mapped[UUID] = mapped_column(sa.ForeignKey("released.release.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    indicator: Mapped[str]
    measure: Mapped[str]
    unit: Mapped[str]
    period: Mapped[str]
    place_level: Mapped[str]
    place: Mapped[str]
    sex: Mapped[str]
    age_band: Mapped[str]
    origin: Mapped[str]
    household_type: Mapped[str]
    need_group: Mapped[str]
    counted: Mapped[str]
    numerator: Mapped[int | None] = mapped_column(sa.BigInteger)
    denominator: Mapped[int | None] = mapped_column(sa.BigInteger)
    value: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    status: Mapped[str]
    cube: Mapped[str]


class CoverageRow(Base):
    """A row of `coverage.csv`: how many of the expected sites reported."""

    __tablename__ = "coverage"
    __table_args__ = (RELEASED,)

    release_id: Mapped[UUID] = mapped_column(sa.ForeignKey("released.release.id"), primary_key=True)
    domain: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    place_level: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    reporting: Mapped[int]
    expected: Mapped[int]


class RegisterFigure(Base):
    """A figure of registers of institutions at a month's end, as it was counted at the cut-off (`known_until`). It stands
    in no release and in no cube, rests on no person, and never changes. `standard`: of space, else empty."""

    __tablename__ = "register_figure"
    __table_args__ = (
        one_of("status", ("PUBLISHED", "FEW_SITES", "ONE_DOMINATES")),
        one_of("standard", ("", "SPHERE", "EUAA")),
        sa.CheckConstraint("month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="month_form"),
        sa.CheckConstraint("facilities >= 5", name="no_few_sites"),
        sa.CheckConstraint("(status = 'FEW_SITES') = (facilities IS NULL)", name="few_told"),
        sa.CheckConstraint("(status = 'PUBLISHED') = (share IS NOT NULL)", name="share_told"),
        sa.CheckConstraint("share BETWEEN 0 AND 100 AND share % 5 = 0", name="share_in_steps"),
        RELEASED,
    )

    country: Mapped[str] = mapped_column(sa.CHAR(3), primary_key=True)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(primary_key=True)
    standard: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    facilities: Mapped[int | None]
    share: Mapped[int | None]
    known_until: Mapped[datetime]
    counted_at: Mapped[datetime]


class RevisionRow(Base):
    """A row of `revisions.csv`: a cell whose published value this release changes."""

    __tablename__ = "revision"
    __table_args__ = (RELEASED,)

    release_id: Mapped[UUID] = mapped_column(sa.ForeignKey("released.release.id"), primary_key=True)
    cube: Mapped[str] = mapped_column(primary_key=True)
    cell: Mapped[str] = mapped_column(primary_key=True)
    old: Mapped[int]
    new: Mapped[int]
    revises: Mapped[str]
    reason: Mapped[str]


class FileRow(Base):
    """The seal of an exported file: SHA-256 of its bytes; `cells` is its number of data rows. `content`: the text of a
    file made of words (README, description), which is not made again from the tables."""

    __tablename__ = "file"
    __table_args__ = (RELEASED,)

    release_id: Mapped[UUID] = mapped_column(sa.ForeignKey("released.release.id"), primary_key=True)
    file: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    cells: Mapped[int | None]
    content: Mapped[str | None]


class Picture(Base):
    """A picture of an approved release: drawn once, from its figures alone, and never again. `kind`: SERIES (periods) or
    PARTS (groups); `title` is the finding, `description` the picture in words, `alt` of whoever does not see it. It is no
    file of the export: what it shows is sealed there as numbers."""

    __tablename__ = "picture"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('SERIES', 'PARTS')", name="kind_known"),
        sa.CheckConstraint("language IN ('es', 'en')", name="language_known"),
        sa.CheckConstraint("format IN ('svg', 'png')", name="format_known"),
        sa.CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="sealed"),
        RELEASED,
    )

    release_id: Mapped[UUID] = mapped_column(sa.ForeignKey("released.release.id"), primary_key=True)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    sha256: Mapped[str]
    content: Mapped[bytes]


class RegionPicture(Base):
    """The countries side by side in a year, by indicator and language: drawn of approved releases, and anew when a country
    has published another (`RegionDrawing` says of which). Nothing rests on it that stands nowhere as a number."""

    __tablename__ = "region_picture"
    __table_args__ = (
        sa.CheckConstraint("language IN ('es', 'en')", name="language_known"),
        sa.CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="sealed"),
        sa.CheckConstraint("period ~ '^[0-9]{4}$'", name="period_is_year"),
        RELEASED,
    )

    period: Mapped[str] = mapped_column(primary_key=True)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    description: Mapped[str]
    sha256: Mapped[str]
    content: Mapped[bytes]


class RegionDrawing(Base):
    """Of which releases the region's pictures of a year are: a hash of the newest approved release of each country."""

    __tablename__ = "region_drawing"
    __table_args__ = (RELEASED,)

    period: Mapped[str] = mapped_column(primary_key=True)
    rests_on: Mapped[str]
    worked_at: Mapped[datetime]


class Drawing(Base):
    """How far the pictures of an approved release are: of so many `wanted` indicators, how many are drawn and how many
    could not be. While `drawn + failed < wanted` it is being worked on; a release without a row waits."""

    __tablename__ = "drawing"
    __table_args__ = (
        sa.CheckConstraint("least(drawn, failed) >= 0 AND drawn + failed <= wanted", name="counts_fit"),
        RELEASED,
    )

    release_id: Mapped[UUID] = mapped_column(sa.ForeignKey("released.release.id"), primary_key=True)
    wanted: Mapped[int]
    drawn: Mapped[int]
    failed: Mapped[int]
    worked_at: Mapped[datetime]


class DrawingFailure(Base):
    """An indicator whose pictures could not be drawn: the name of the error, how often it was tried and when last."""

    __tablename__ = "drawing_failure"
    __table_args__ = (sa.CheckConstraint("tries > 0", name="tried"), RELEASED)

    release_id: Mapped[UUID] = mapped_column(sa.ForeignKey("released.release.id"), primary_key=True)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    problem: Mapped[str]
    tries: Mapped[int]
    failed_at: Mapped[datetime]


class Ledger(Base):
    """The exact numbers that a sheet was drawn from, which later draws need; `counter` is the draw taken."""

    __tablename__ = "ledger"
    __table_args__ = (FACTS,)

    release_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("released.release.id", ondelete="CASCADE"), primary_key=True
    )
    cube: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    truth: Mapped[list[int]] = mapped_column(pg.ARRAY(sa.Integer()))
    counter: Mapped[int]


class Frozen(Base):
    """What a release counted: an atom with the markers it was given, or an event, or the nights of a stay.

    `position` is its place in the order of the release, `own_period` the fact's, `period` the cube period that it was counted in, `covers` the months (quarters)
    that an atom stands for.
    """

    __tablename__ = "frozen"
    __table_args__ = (
        sa.Index("ix_frozen_person", "person"),
        sa.Index("ix_frozen_household", "household"),
        FACTS,
    )

    release_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("released.release.id", ondelete="CASCADE"), primary_key=True
    )
    domain: Mapped[str] = mapped_column(primary_key=True)
    occurrence: Mapped[UUID] = mapped_column(primary_key=True)
    own_period: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[UUID]
    household: Mapped[UUID]
    site: Mapped[str]
    position: Mapped[int]
    period: Mapped[str]
    late: Mapped[bool]
    counted: Mapped[str]
    household_counted: Mapped[str]
    first_ever: Mapped[bool]
    covers: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()))
    amount: Mapped[int]
    sex: Mapped[str]
    age_band: Mapped[str]


class Withdrawal(Base):
    """What a release took back of what an earlier one counted: shown beside, never subtracted."""

    __tablename__ = "withdrawal"
    __table_args__ = (FACTS,)

    release_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("released.release.id", ondelete="CASCADE"), primary_key=True
    )
    domain: Mapped[str] = mapped_column(primary_key=True)
    occurrence: Mapped[UUID] = mapped_column(primary_key=True)
    own_period: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[int]
