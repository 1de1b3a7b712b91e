"""Files for the service directory that were put in on a page: how far they are, and what becomes of each row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directory_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("country", sa.CHAR(3), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("map_text", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("of", sa.Integer(), server_default="0", nullable=False),
        sa.Column("counts", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("lines", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('WAITING', 'RUNNING', 'DONE', 'FAILED')", name=op.f("ck_directory_import_state_known")
        ),
        sa.CheckConstraint(
            "(state IN ('WAITING', 'RUNNING')) = (ended_at IS NULL)",
            name=op.f("ck_directory_import_ended_has_time"),
        ),
        sa.CheckConstraint(
            "dry_run OR ended_at IS NULL OR content IS NULL", name=op.f("ck_directory_import_file_goes")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_directory_import_asked_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_import")),
    )
    op.create_index(
        op.f("ix_directory_import_asked_by_id"), "directory_import", ["asked_by_id"], unique=False
    )
    wall.behind_policy("directory_import", read=f"asked_by_id = {wall.ACTING_USER}")
    wall.grant("directory_import", app="SIU", work="SIU")


def downgrade() -> None:
    op.drop_table("directory_import")
