"""How and when a person arrived, kept by case (codes only); and files of people that were put in."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, one_of

MODES = (
    "ON_FOOT", "BUS", "PRIVATE_VEHICLE", "TRUCK", "TRAIN", "BOAT", "PLANE", "BROUGHT_BY_AUTHORITY",
    "BROUGHT_BY_SERVICE", "NOT_ASKED", "UNKNOWN", "DECLINED", "NOT_APPLICABLE",
)  # fmt: skip


class Arrival(Identified, Base):
    """A person's arrival at a site: the day, the P-code of the place where they came in, and by what means."""

    __tablename__ = "arrival"
    __table_args__ = (
        sa.CheckConstraint(f"mode IN ({', '.join(repr(m) for m in MODES)})", name="mode_known"),
        sa.UniqueConstraint("case_id", "arrived_on"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"))
    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    arrived_on: Mapped[date]
    place: Mapped[str | None]
    mode: Mapped[str] = mapped_column(default="NOT_ASKED", server_default="NOT_ASKED")
    tally_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("arrival_tally.id"), index=True)


class ArrivalTally(Identified, Base):
    """People who arrived together and were counted without names: `counts` by «age band/sex», `registered` how many
    of each cell have a file since (`arrival.tally_id`). A mistake is withdrawn, never changed."""

    __tablename__ = "arrival_tally"
    __table_args__ = (
        sa.CheckConstraint("people BETWEEN 1 AND 500", name="somebody_counted"),
        sa.CheckConstraint("registered_people BETWEEN 0 AND people", name="nobody_counted_twice"),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name="hour_of_day"),
        sa.Index("ix_arrival_tally_team_day", "team_id", "arrived_on"),
    )

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    arrived_on: Mapped[date]
    hour: Mapped[int | None] = mapped_column(sa.SmallInteger)
    place: Mapped[str | None]
    origin: Mapped[str | None] = mapped_column(sa.CHAR(3))
    counts: Mapped[dict[str, int]] = mapped_column(pg.JSONB)
    people: Mapped[int]
    registered: Mapped[dict[str, int]] = mapped_column(pg.JSONB, default=dict, server_default="{}")
    registered_people: Mapped[int] = mapped_column(default=0, server_default="0")
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    withdrawn_at: Mapped[datetime | None]


class ImportState(StrEnum):
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    REFUSED = "REFUSED"  # a row is wrong, so that nothing was imported; or the file cannot be read
    FAILED = "FAILED"


class ImportRun(Identified, Base):
    """A file of people that was put in: how far it is, and what became of its rows. The file and its name are
    encrypted under a key of the run's own, and are gone when the run has ended."""

    __tablename__ = "import_run"
    __table_args__ = (
        one_of("state", ImportState),
        sa.CheckConstraint(
            "(state IN ('WAITING', 'RUNNING')) = (ended_at IS NULL)", name="ended_has_time"
        ),
    )  # fmt: skip

    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    asked_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    state: Mapped[str]
    dry_run: Mapped[bool]
    skip_bad: Mapped[bool]
    file_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    file_name_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    refusal: Mapped[str | None]  # the class of a refusal of the whole file
    step: Mapped[str] = mapped_column(default="CHECK", server_default="CHECK")
    done: Mapped[int] = mapped_column(default=0, server_default="0")
    rows: Mapped[int] = mapped_column(default=0, server_default="0")
    created: Mapped[int] = mapped_column(default=0, server_default="0")
    existing: Mapped[int] = mapped_column(default=0, server_default="0")
    skipped: Mapped[int] = mapped_column(default=0, server_default="0")
    duplicates: Mapped[int] = mapped_column(default=0, server_default="0")
    wrong: Mapped[int] = mapped_column(default=0, server_default="0")
    made_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    file_name = Encrypted("file_name")

    @property
    def case_id(self) -> UUID:
        """The id that its key goes by."""
        return self.id


class ImportProblem(Identified, Base):
    """Something wrong in a file: row and column, a code of `rules.reasons`, and what its sentence names (row
    numbers and limits, never what a cell says)."""

    __tablename__ = "import_problem"

    run_id: Mapped[UUID] = mapped_column(sa.ForeignKey("import_run.id"), index=True)
    row: Mapped[int]
    column_name: Mapped[str]
    reason: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(pg.JSONB, default=dict, server_default="{}")


class ImportHeld(Identified, Base):
    """A family of a file that waits: one of them may be registered already. What the rows say is encrypted under
    a key of its own, which goes with the decision. `alike`: [{member, case_id, score, reasons}]."""

    __tablename__ = "import_held"

    run_id: Mapped[UUID] = mapped_column(sa.ForeignKey("import_run.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    first_row: Mapped[int]
    people_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    alike: Mapped[list[dict[str, Any]]] = mapped_column(pg.JSONB)
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)

    people = Encrypted("people")

    @property
    def case_id(self) -> UUID:
        """The id that its key goes by."""
        return self.id


class ImportSource(Identified, Base):
    """That a row was imported: a keyed hash of where it came from and what it is called there (or of all it
    says), so that no name stands here. It became a file, or it waits."""

    __tablename__ = "import_source"
    __table_args__ = (
        sa.UniqueConstraint("country", "key"),
        sa.CheckConstraint("octet_length(key) = 32", name="key_hashed"),
        sa.CheckConstraint("num_nonnulls(case_id, held_id) = 1", name="file_or_held"),
    )

    country: Mapped[str] = mapped_column(sa.CHAR(3))
    key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    case_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("case.id"), index=True)
    held_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("import_held.id"), index=True)


class ImportErased(Base):
    """That a row was imported whose person was erased since: a hash of its key, so that the same list does not bring
    the person back. It leads to no file and tells the month only; PostgreSQL writes it (trigger `forget_import`),
    and only its function `known_imports` reads it."""

    __tablename__ = "import_erased"
    __table_args__ = (
        sa.CheckConstraint("octet_length(mark) = 32", name="mark_hashed"),
        sa.CheckConstraint("extract(day FROM since) = 1", name="month_only"),
    )

    country: Mapped[str] = mapped_column(sa.CHAR(3), primary_key=True)
    mark: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    since: Mapped[date]
