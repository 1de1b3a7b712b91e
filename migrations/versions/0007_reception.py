"""Arrivals, kept by case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "arrival",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("mode", sa.Text(), server_default="NOT_ASKED", nullable=False),
        sa.CheckConstraint(
            "mode IN ('ON_FOOT', 'BUS', 'PRIVATE_VEHICLE', 'TRUCK', 'TRAIN', 'BOAT', 'PLANE', "
            "'BROUGHT_BY_AUTHORITY', 'BROUGHT_BY_SERVICE', 'NOT_ASKED', 'UNKNOWN', 'DECLINED', 'NOT_APPLICABLE')",
            name=op.f("ck_arrival_mode_known"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_arrival_case_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_arrival_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
        sa.UniqueConstraint("case_id", "arrived_on", name=op.f("uq_arrival_case_id_arrived_on")),
    )
    op.create_index(op.f("ix_arrival_site_id"), "arrival", ["site_id"], unique=False)
    wall.behind_policy("arrival", read=wall.owner_of("case_id"))
    wall.grant("arrival", app="SIUD", work="SIUD")


def downgrade() -> None:
    op.drop_table("arrival")
