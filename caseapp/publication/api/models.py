"""Keys of the open interface. Of a key only the SHA-256 is kept: a copy of the database opens nothing."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified


class ApiKey(Identified, Base):
    """What an organisation's program may read of which countries, and until when. After it is made it can only be taken
    back. `hint` is its beginning, to tell keys apart; times are real UTC; `last_used_on` is written by the database."""

    __tablename__ = "api_key"
    __table_args__ = (
        sa.CheckConstraint("octet_length(token_hash) = 32", name="token_hashed"),
        sa.CheckConstraint(
            "cardinality(scopes) > 0 AND scopes <@ ARRAY['figures:read', 'cells:read', 'releases:read']",
            name="scopes_known",
        ),
        sa.CheckConstraint(
            "cardinality(countries) > 0 AND array_to_string(countries, ',') ~ '^[A-Z]{3}(,[A-Z]{3})*$'",
            name="countries_given",
        ),
        sa.CheckConstraint("name <> '' AND length(name) <= 80", name="named"),
        sa.CheckConstraint(
            "expires_on > CAST(made_at AT TIME ZONE 'UTC' AS date) "
            "AND expires_on <= CAST(made_at AT TIME ZONE 'UTC' AS date) + 366",
            name="expires_within_a_year",
        ),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by_id IS NULL)", name="revoked_by"),
    )

    organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    name: Mapped[str]
    hint: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()))
    countries: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()))
    made_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    made_at: Mapped[datetime]
    expires_on: Mapped[date]
    last_used_on: Mapped[date | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
