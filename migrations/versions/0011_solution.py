"""Solution plans and their steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "solution_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("pathway", sa.Text(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "pathway IN ('LOCAL_INTEGRATION', 'NATURALISATION', 'RESETTLEMENT', 'PTA', 'FAMILY_REUNIFICATION', 'HUMANITARIAN_VISA', 'LABOUR_MOBILITY', 'EDUCATION_PATHWAY', 'SPONSORSHIP', 'OTHER_PATHWAY', 'RELOCATION', 'VOLUNTARY_RETURN')",
            name=op.f("ck_solution_plan_pathway_known"),
        ),
        sa.CheckConstraint("ended_on >= agreed_on", name=op.f("ck_solution_plan_ended_after_agreed")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_solution_plan_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_solution_plan")),
    )
    op.create_index(op.f("ix_solution_plan_case_id"), "solution_plan", ["case_id"], unique=False)
    op.create_index(
        "uq_solution_plan_current",
        "solution_plan",
        ["case_id", "pathway"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "solution_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("reached_on", sa.Date(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "step IN ('PROPOSED', 'INFORMED', 'CHOSEN', 'APPLIED', 'ACCEPTED', 'PREPARED', 'HAPPENED', 'HELD_3M', 'HELD_6M', 'HELD_12M', 'REFUSED', 'FAILED', 'STOPPED_BY_PERSON')",
            name=op.f("ck_solution_step_step_known"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_solution_step_case_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["solution_plan.id"], name=op.f("fk_solution_step_plan_id")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_solution_step_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_solution_step")),
        sa.UniqueConstraint("plan_id", "step", name=op.f("uq_solution_step_plan_id_step")),
    )
    op.create_index(op.f("ix_solution_step_case_id"), "solution_step", ["case_id"], unique=False)
    op.create_index(op.f("ix_solution_step_plan_id"), "solution_step", ["plan_id"], unique=False)
    op.create_index(
        op.f("ix_solution_step_recorded_by_id"), "solution_step", ["recorded_by_id"], unique=False
    )
    for table in ("solution_plan", "solution_step"):
        wall.behind_policy(table, read=wall.owner_of("case_id"))
        wall.grant(table, app="SIUD", work="SIU")


def downgrade() -> None:

    op.drop_table("solution_step")
    op.drop_table("solution_plan")
