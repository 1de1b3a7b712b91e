"""Arrivals counted without names, and which registrations were among those counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "arrival_tally",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("origin", sa.CHAR(length=3), nullable=True),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("registered", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("registered_people", sa.Integer(), server_default="0", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("people BETWEEN 1 AND 500", name=op.f("ck_arrival_tally_somebody_counted")),
        sa.CheckConstraint(
            "registered_people BETWEEN 0 AND people", name=op.f("ck_arrival_tally_nobody_counted_twice")
        ),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_arrival_tally_hour_of_day")),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_arrival_tally_made_by_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_arrival_tally_site_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_arrival_tally_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival_tally")),
    )
    op.create_index("ix_arrival_tally_team_day", "arrival_tally", ["team_id", "arrived_on"], unique=False)
    op.create_index(op.f("ix_arrival_tally_site_id"), "arrival_tally", ["site_id"], unique=False)
    op.create_index(op.f("ix_arrival_tally_made_by_id"), "arrival_tally", ["made_by_id"], unique=False)
    wall.behind_policy("arrival_tally", read=f"team_id = ANY ({wall.TEAMS})")
    wall.grant("arrival_tally", app="SIU", work="SIU")
    op.add_column("arrival", sa.Column("tally_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_arrival_tally_id"),
        "arrival",
        "arrival_tally",
        ["tally_id"],
        ["id"],
        postgresql_not_valid=True,
    )
    op.create_index(op.f("ix_arrival_tally_id"), "arrival", ["tally_id"], unique=False)


def downgrade() -> None:
    op.drop_column("arrival", "tally_id")
    op.drop_table("arrival_tally")
