"""Tables of the schema `facts`: de-identified facts, their markers and their counts; and the definitions that a
country's steward writes (schema `released`).

Of `facts`, only role `acogida_facts` reads and writes them, by set-based SQL (`caseapp.indicators.facts`); no row
names a case, a person or an actor. Everything but `dirty` and `horizon` can be recounted from the
journal (`acogida rollup --full`).
Definitions are written by role `app` behind a policy; once published everybody reads them and nobody changes them.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, Versioned, one_of

FACTS = {"schema": "facts"}
RELEASED = {"schema": "released"}


class State(StrEnum):
    """The states of a definition."""

    DRAFT = "DRAFT"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    PUBLISHED = "PUBLISHED"


class Definition(Identified, Versioned, Base):
    """A version of an indicator's definition for one country: first a draft, then waiting for a second person,
    then published for good (a trigger refuses any change but the day on which a later version ends it).

    `entry` is what stands in the YAML, without version and validity (`json`, not `jsonb`: the order of bands counts);
    `base` the number of the version that it was begun from; `number` its own, given when it is published;
    `writers` everybody who ever saved it, none of whom may approve it; `reason` why it changes, for all to read;
    `returned` what the approver asked to mend.
    """

    __tablename__ = "definition"
    __table_args__ = (
        one_of("state", State),
        sa.CheckConstraint("decided_by_id <> ALL (writers)", name="two_people"),
        sa.CheckConstraint("author_id = ANY (writers)", name="author_wrote"),
        sa.CheckConstraint("extract(day FROM valid_from) = 1", name="from_first_of_month"),
        sa.CheckConstraint("valid_from < valid_to", name="valid_span"),
        sa.CheckConstraint("(number IS NOT NULL) = (state = 'PUBLISHED')", name="numbered"),
        sa.CheckConstraint("number > base", name="number_rises"),
        sa.CheckConstraint("valid_to IS NULL OR state = 'PUBLISHED'", name="ends_once_published"),
        sa.CheckConstraint(
            "state = 'DRAFT' OR (length(btrim(reason)) >= 3 AND reason IS NOT NULL "
            "AND valid_from IS NOT NULL AND submitted_at IS NOT NULL)",
            name="reason_given",
        ),
        sa.CheckConstraint(
            "state <> 'PUBLISHED' OR (decided_by_id IS NOT NULL AND decided_at IS NOT NULL)", name="decided"
        ),
        sa.UniqueConstraint("code", "number", name="uq_definition_number"),
        sa.Index(
            "uq_definition_draft", "country", "code", unique=True, postgresql_where=sa.text("state <> 'PUBLISHED'")
        ),
        sa.Index(
            "uq_definition_in_force", "country", "code", unique=True,
            postgresql_where=sa.text("state = 'PUBLISHED' AND valid_to IS NULL"),
        ),
        pg.ExcludeConstraint(
            ("country", "="), ("code", "="), (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            using="gist", where=sa.text("state = 'PUBLISHED'"), name="ex_definition_overlap",
        ),
        RELEASED,
    )  # fmt: skip

    country: Mapped[str] = mapped_column(sa.CHAR(3))
    code: Mapped[str]
    state: Mapped[str]
    entry: Mapped[dict[str, Any]] = mapped_column(pg.JSON)
    base: Mapped[int]
    number: Mapped[int | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    reason: Mapped[str | None]
    returned: Mapped[str | None]
    author_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    writers: Mapped[list[UUID]] = mapped_column(pg.ARRAY(sa.Uuid()))
    written_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    decided_at: Mapped[datetime | None]


class Dirty(Base):
    """A queue of what events touched, filled by a trigger on the journal and never updated: an insert
    without a unique key waits for nobody. `person_key` is NULL for events about a site."""

    __tablename__ = "dirty"
    __table_args__ = (sa.Index("ix_dirty_country", "country"), FACTS)

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    person_key: Mapped[UUID | None]
    event_id: Mapped[UUID]


class Horizon(Base):
    """The first day of the month up to which a country's stays, capacities and stocks are counted."""

    __tablename__ = "horizon"
    __table_args__ = (FACTS,)

    country: Mapped[str] = mapped_column(sa.CHAR(3), primary_key=True)
    until: Mapped[date]


class Identity(Base):
    """Whom a merged pseudonym counts as: the smallest of those that the merges in force join."""

    __tablename__ = "identity"
    __table_args__ = (sa.Index("ix_identity_counts_as", "counts_as"), FACTS)

    country: Mapped[str] = mapped_column(sa.CHAR(3), primary_key=True)
    person_key: Mapped[UUID] = mapped_column(primary_key=True)
    counts_as: Mapped[UUID]


class Fact(Base):
    """Something that a domain counts: one event, one stay in one period, one open case at a quarter's end.

    `id` is the event it comes from; `stage` is the label of the domain's own split; `amount` is 1, or
    nights. `period` is a month (October in halves) or, for stocks, a quarter.
    """

    __tablename__ = "fact"
    __table_args__ = (
        sa.Index("ix_fact_person", "person"),
        sa.Index("ix_fact_bucket", "country", "domain", "period"),
        FACTS,
    )

    domain: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    person: Mapped[UUID]
    household: Mapped[UUID]
    site: Mapped[str]
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    sex: Mapped[str]
    age_band: Mapped[str]
    origin: Mapped[str]
    household_type: Mapped[str]
    stage: Mapped[str]
    sector: Mapped[str]
    amount: Mapped[int]


class FactAtom(Base):
    """One person at one site in one month, for domains that count persons; see `publication.cube.markers`,
    whose definitions of the two markers these are. `fact_id` is the first fact, whose codes it has."""

    __tablename__ = "atom"
    __table_args__ = (
        sa.Index("ix_atom_person", "person"),
        sa.Index("ix_atom_household", "household"),
        sa.Index("ix_atom_bucket", "country", "domain", "period"),
        FACTS,
    )

    domain: Mapped[str] = mapped_column(primary_key=True)
    fact_id: Mapped[UUID] = mapped_column(primary_key=True)
    period: Mapped[str]
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    person: Mapped[UUID]
    household: Mapped[UUID]
    site: Mapped[str]
    month: Mapped[str]
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    counted: Mapped[str]
    household_counted: Mapped[str]
    first_ever: Mapped[bool]


class FactCell(Base):
    """How much a cell holds (`amount`) and on how many persons and households it rests."""

    __tablename__ = "cell"
    __table_args__ = (FACTS,)

    country: Mapped[str] = mapped_column(sa.CHAR(3), primary_key=True)
    domain: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)
    sex: Mapped[str] = mapped_column(primary_key=True)
    age_band: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True)
    household_type: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    sector: Mapped[str] = mapped_column(primary_key=True)
    counted: Mapped[str] = mapped_column(primary_key=True)
    household_counted: Mapped[str] = mapped_column(primary_key=True)
    persons: Mapped[int]
    households: Mapped[int]
    amount: Mapped[int] = mapped_column(sa.BigInteger)


class SiteNumber(Base):
    """A number about no person, by site and period: BED_NIGHTS of a month, CASEWORKERS at a quarter's end."""

    __tablename__ = "site_number"
    __table_args__ = (FACTS,)

    country: Mapped[str] = mapped_column(sa.CHAR(3), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(sa.BigInteger)
