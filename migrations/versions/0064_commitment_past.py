"""What commitments, their targets and their costs said before they were changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

WRITERS = "('COMMISSION_ANALYST', 'DATA_STEWARD', 'RELEASE_APPROVER')"
READS = "EXISTS (SELECT FROM public.commitment c WHERE c.id = commitment_id)"
#: Whoever writes the commitment, as in 0058, and only under their own name.
ADDS = (
    "EXISTS (SELECT FROM public.commitment c, public.membership m JOIN public.team t ON t.id = m.team_id "
    f"WHERE c.id = commitment_id AND m.user_id = {wall.ACTING_USER} AND ((m.role IN {WRITERS} AND t.country = c.country) "
    "OR (m.role = 'REGIONAL_ANALYST' AND c.country = 'REG'))) "
    f"AND changed_by_id = {wall.ACTING_USER}"
)


def upgrade() -> None:
    op.create_table(
        "commitment_past",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("said", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("part IN ('TEXT', 'TARGET', 'COST')", name=op.f("ck_commitment_past_part_known")),
        sa.CheckConstraint("jsonb_typeof(said) = 'object'", name=op.f("ck_commitment_past_said_is_object")),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_past_commitment_id")
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["user_account.id"], name=op.f("fk_commitment_past_changed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_past")),
    )
    op.create_index("ix_commitment_past_commitment_id", "commitment_past", ["commitment_id", "changed_at"])
    op.create_index(op.f("ix_commitment_past_changed_by_id"), "commitment_past", ["changed_by_id"])
    wall.behind_policy("commitment_past", read=READS, write="false", add=ADDS)
    wall.grant("commitment_past", app="SI", work="SI")


def downgrade() -> None:
    op.drop_table("commitment_past")
