"""The asylum claim."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("application_type", sa.Text(), server_default="N", nullable=False),
        sa.Column("lodged_on", sa.Date(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closure_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "application_type IN ('N', 'R', 'RA')", name=op.f("ck_claim_application_type_known")
        ),
        sa.CheckConstraint(
            "closure_reason IN ('EXPLICIT_WITHDRAWAL', 'IMPLICIT_WITHDRAWAL', 'DEATH', 'DEPARTED', 'DUPLICATE', 'OTHER_STATUS', 'INADMISSIBLE')",
            name=op.f("ck_claim_closure_reason_known"),
        ),
        sa.CheckConstraint(
            "outcome IN ('RECOGNISED', 'COMPLEMENTARY', 'REJECTED')", name=op.f("ck_claim_outcome_known")
        ),
        sa.CheckConstraint(
            "(closed_on IS NULL) = (closure_reason IS NULL)", name=op.f("ck_claim_closed_has_reason")
        ),
        sa.CheckConstraint(
            "(decided_on IS NULL) = (outcome IS NULL)", name=op.f("ck_claim_decided_has_outcome")
        ),
        sa.CheckConstraint("closed_on >= lodged_on", name=op.f("ck_claim_closed_after_lodged")),
        sa.CheckConstraint("decided_on >= lodged_on", name=op.f("ck_claim_decided_after_lodged")),
        sa.CheckConstraint(
            "decided_on IS NULL OR closed_on IS NULL", name=op.f("ck_claim_decided_or_closed")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_claim_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_case_id"), "claim", ["case_id"], unique=False)
    op.create_index(
        "uq_claim_open",
        "claim",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("decided_on IS NULL AND closed_on IS NULL"),
    )
    wall.behind_policy("claim", read=wall.owner_of("case_id"))
    wall.grant("claim", app="SIUD", work="SIU")


def downgrade() -> None:

    op.drop_table("claim")
