"""Screenings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "screening",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("questionnaire", sa.Text(), nullable=False),
        sa.Column("questionnaire_version", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="STARTED", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("alone", sa.Text(), nullable=False),
        sa.Column("private_place", sa.Text(), nullable=False),
        sa.Column("interpreter", sa.Text(), nullable=False),
        sa.Column("interviewer_as_wished", sa.Text(), nullable=False),
        sa.Column("interpreter_as_wished", sa.Text(), nullable=False),
        sa.Column("incomplete_reason", sa.Text(), nullable=True),
        sa.Column("main_outcome", sa.Text(), nullable=True),
        sa.Column("interviewer_id", sa.Uuid(), nullable=True),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'COMPLETED') = (completed_at IS NOT NULL)", name=op.f("ck_screening_completed_has_time")
        ),
        sa.CheckConstraint(
            "(state = 'STARTED') = (main_outcome IS NULL)", name=op.f("ck_screening_ended_has_outcome")
        ),
        sa.CheckConstraint(
            "(state = 'UNFINISHED') = (coalesce(main_outcome, '') = 'INCOMPLETE')",
            name=op.f("ck_screening_unfinished_is_incomplete"),
        ),
        sa.CheckConstraint(
            "(state = 'UNFINISHED') = (incomplete_reason IS NOT NULL)",
            name=op.f("ck_screening_unfinished_has_reason"),
        ),
        sa.CheckConstraint(
            "alone IN ('YES', 'NO', 'CHILD_WITH_SUPPORT')", name=op.f("ck_screening_alone_known")
        ),
        sa.CheckConstraint(
            "incomplete_reason IN ('NO_PRIVACY', 'NO_INTERPRETER', 'DISTRESS', 'TIME', 'LEFT', 'REFUSED')",
            name=op.f("ck_screening_incomplete_reason_known"),
        ),
        sa.CheckConstraint(
            "interpreter IN ('NONE', 'STAFF', 'PROFESSIONAL', 'REMOTE', 'FAMILY_MEMBER')",
            name=op.f("ck_screening_interpreter_known"),
        ),
        sa.CheckConstraint(
            "interpreter_as_wished IN ('YES', 'NO', 'NOT_ASKED', 'NOT_APPLICABLE')",
            name=op.f("ck_screening_interpreter_as_wished_known"),
        ),
        sa.CheckConstraint(
            "interviewer_as_wished IN ('YES', 'NO', 'NOT_ASKED', 'NOT_APPLICABLE')",
            name=op.f("ck_screening_interviewer_as_wished_known"),
        ),
        sa.CheckConstraint("private_place IN ('YES', 'NO')", name=op.f("ck_screening_private_place_known")),
        sa.CheckConstraint(
            "state <> 'COMPLETED' OR (alone IN ('YES', 'CHILD_WITH_SUPPORT') AND private_place = 'YES' AND interpreter <> 'FAMILY_MEMBER')",
            name=op.f("ck_screening_completed_in_private"),
        ),
        sa.CheckConstraint(
            "state IN ('STARTED', 'COMPLETED', 'UNFINISHED')", name=op.f("ck_screening_state_known")
        ),
        sa.CheckConstraint("completed_at >= started_at", name=op.f("ck_screening_completed_after_start")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_screening_case_id")),
        sa.ForeignKeyConstraint(
            ["interviewer_id"], ["user_account.id"], name=op.f("fk_screening_interviewer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening")),
    )
    op.create_index(op.f("ix_screening_case_id"), "screening", ["case_id"], unique=False)
    op.create_index(op.f("ix_screening_interviewer_id"), "screening", ["interviewer_id"], unique=False)
    op.create_index(
        "uq_screening_started",
        "screening",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("state = 'STARTED'"),
    )
    op.create_table(
        "screening_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("screening_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("priority", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(decision = 'NOT_NOW') = (reason IS NOT NULL)",
            name=op.f("ck_screening_decision_refused_has_reason"),
        ),
        sa.CheckConstraint(
            "code <> 'IP_WISH' OR decision = 'CONFIRMED'", name=op.f("ck_screening_decision_wish_stands")
        ),
        sa.CheckConstraint(
            "decision IN ('CONFIRMED', 'NOT_NOW')", name=op.f("ck_screening_decision_decision_known")
        ),
        sa.CheckConstraint(
            "kind IN ('NEED', 'REQUIREMENT', 'OUTCOME')", name=op.f("ck_screening_decision_kind_known")
        ),
        sa.CheckConstraint(
            "reason IN ('MISUNDERSTOOD', 'ALREADY_ANSWERED', 'NOT_PRESENT', 'PERSON_DECLINED')",
            name=op.f("ck_screening_decision_reason_known"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_screening_decision_case_id")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_screening_decision_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["screening_id"], ["screening.id"], name=op.f("fk_screening_decision_screening_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_decision")),
        sa.UniqueConstraint(
            "screening_id", "kind", "code", name=op.f("uq_screening_decision_screening_id_kind_code")
        ),
    )
    op.create_index(op.f("ix_screening_decision_case_id"), "screening_decision", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_screening_decision_decided_by_id"), "screening_decision", ["decided_by_id"], unique=False
    )
    op.create_table(
        "screening_outcome",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("screening_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('IP_NEED', 'IP_WISH', 'CHILD_PROCESS', 'SOCIAL_ASSISTANCE', 'FAMILY_TRACING', 'TRAFFICKING_INDICATORS', 'GBV_SERVICES', 'HEALTH_NOW', 'OTHER_STATUS', 'IDP_REGISTER', 'RETURN_COUNSELLING', 'NO_FURTHER_NEED', 'INCOMPLETE')",
            name=op.f("ck_screening_outcome_outcome_known"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_screening_outcome_case_id")),
        sa.ForeignKeyConstraint(
            ["screening_id"], ["screening.id"], name=op.f("fk_screening_outcome_screening_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_outcome")),
        sa.UniqueConstraint(
            "screening_id", "outcome", name=op.f("uq_screening_outcome_screening_id_outcome")
        ),
    )
    op.create_index(op.f("ix_screening_outcome_case_id"), "screening_outcome", ["case_id"], unique=False)

    # Exactly one main outcome, and it is one of the outcomes.
    op.create_foreign_key(
        "fk_screening_main_outcome",
        "screening",
        "screening_outcome",
        ["id", "main_outcome"],
        ["screening_id", "outcome"],
    )
    owned = wall.owner_of("case_id")
    wall.behind_policy("screening", read=owned)
    wall.grant("screening", app="SIU", work="SIU")
    # What follows from a screening is only added to: nobody takes an outcome or a decision away afterwards.
    for table in ("screening_outcome", "screening_decision"):
        wall.behind_policy(table, read=owned)
        wall.grant(table, app="SI", work="SI")


def downgrade() -> None:
    op.drop_constraint("fk_screening_main_outcome", "screening", type_="foreignkey")
    op.drop_table("screening_outcome")
    op.drop_table("screening_decision")
    op.drop_table("screening")
