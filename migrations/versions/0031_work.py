"""Work permits, trainings, jobs and the steps of a voluntary return; categories of resettlement; why a solution failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLES = ("return_step", "work_permit", "training", "employment")
CATEGORIES = "'LEGAL_PHYSICAL', 'VIOLENCE_TORTURE', 'MEDICAL', 'WOMEN_GIRLS_AT_RISK', 'FAMILY', 'CHILDREN_AT_RISK', 'NO_ALTERNATIVE'"
PLAN_CHECKS = {
    "category_known": f"category IN ({CATEGORIES})",
    "second_category_known": f"second_category IN ({CATEGORIES})",
    "priority_known": "priority IN ('EMERGENCY', 'URGENT', 'NORMAL')",
    "category_of_resettlement": "pathway = 'RESETTLEMENT' OR num_nonnulls(category, second_category, priority) = 0",
    "second_category_is_another": "second_category <> category",
}
STEP_CHECKS = {
    "reason_known": "reason IN ('INCOME_LOST', 'HOUSING_LOST', 'UNSAFE', 'STATUS_LOST', 'SEPARATED', 'HEALTH', 'RETURNED_TO_ROUTE', 'OFFER_WITHDRAWN', 'OTHER')",
    "reason_of_failure": "reason IS NULL OR step = 'FAILED'",
}


def upgrade() -> None:
    for column in ("category", "second_category", "priority"):
        op.add_column("solution_plan", sa.Column(column, sa.Text(), nullable=True))
    op.add_column("solution_step", sa.Column("reason", sa.Text(), nullable=True))
    for table, checks in (("solution_plan", PLAN_CHECKS), ("solution_step", STEP_CHECKS)):
        for name, condition in checks.items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, sa.text(condition))
    op.create_table(
        "return_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("reached_on", sa.Date(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "step IN ('COUNSELLED', 'LEGAL_ADVICE', 'DECLARED_VOLUNTARY', 'COOLING_OFF', 'CONFIRMED_AT_DEPARTURE', 'ARRIVED', 'MONITORED', 'CHANGED_MIND')",
            name=op.f("ck_return_step_step_known"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_return_step_case_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["solution_plan.id"], name=op.f("fk_return_step_plan_id")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_return_step_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_step")),
        sa.UniqueConstraint("plan_id", "step", name=op.f("uq_return_step_plan_id_step")),
    )
    op.create_index(op.f("ix_return_step_case_id"), "return_step", ["case_id"], unique=False)
    op.create_index(op.f("ix_return_step_plan_id"), "return_step", ["plan_id"], unique=False)
    op.create_index(op.f("ix_return_step_recorded_by_id"), "return_step", ["recorded_by_id"], unique=False)
    op.create_table(
        "work_permit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.Column("missing", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("complete_on", sa.Date(), nullable=True),
        sa.Column("holder_status", sa.Text(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'DOCUMENTS_MISSING') = (cardinality(missing) > 0)",
            name=op.f("ck_work_permit_missing_listed"),
        ),
        sa.CheckConstraint(
            "(state = 'REFUSED') = (refusal IS NOT NULL)", name=op.f("ck_work_permit_refused_has_reason")
        ),
        sa.CheckConstraint(
            "missing <@ ARRAY['STATUS_DOCUMENT','IDENTITY','PHOTOGRAPH','JOB_OFFER','TAX_NUMBER','FEE_PAID','FORM_SIGNED']::text[]",
            name=op.f("ck_work_permit_missing_known"),
        ),
        sa.CheckConstraint(
            "refusal IN ('STATUS_NOT_ACCEPTED', 'DOCUMENT_NOT_ACCEPTED', 'UNDER_AGE', 'NO_ANSWER_TO_REQUEST', 'OTHER')",
            name=op.f("ck_work_permit_refusal_known"),
        ),
        sa.CheckConstraint(
            "state IN ('NOT_ELIGIBLE_YET', 'DOCUMENTS_MISSING') = (complete_on IS NULL)",
            name=op.f("ck_work_permit_complete_has_date"),
        ),
        sa.CheckConstraint(
            "state IN ('NOT_ELIGIBLE_YET', 'DOCUMENTS_MISSING', 'FILE_COMPLETE', 'SUBMITTED', 'ISSUED', 'RENEWED', 'EXPIRED', 'LOST', 'REFUSED')",
            name=op.f("ck_work_permit_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('ISSUED', 'RENEWED') OR valid_to > issued_on",
            name=op.f("ck_work_permit_valid_after_issue"),
        ),
        sa.CheckConstraint(
            "(complete_on IS NULL) = (holder_status IS NULL)",
            name=op.f("ck_work_permit_status_frozen_at_filing"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_work_permit_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_permit")),
    )
    op.create_index(op.f("ix_work_permit_case_id"), "work_permit", ["case_id"], unique=False)
    op.create_index(
        "uq_work_permit_current",
        "work_permit",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'REFUSED'"),
    )
    op.create_table(
        "training",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="ENROLLED", nullable=False),
        sa.Column("enrolled_on", sa.Date(), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.Column("level_in", sa.Text(), nullable=True),
        sa.Column("level_out", sa.Text(), nullable=True),
        sa.Column("drop_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'DROPPED') = (drop_reason IS NOT NULL)", name=op.f("ck_training_dropped_has_reason")
        ),
        sa.CheckConstraint(
            "drop_reason IN ('WORK', 'CHILDCARE', 'TRANSPORT', 'MOVED', 'HEALTH', 'LEVEL', 'OTHER')",
            name=op.f("ck_training_drop_reason_known"),
        ),
        sa.CheckConstraint(
            "kind <> 'LANGUAGE' OR level_in IS NOT NULL", name=op.f("ck_training_language_has_level")
        ),
        sa.CheckConstraint(
            "kind IN ('LANGUAGE', 'TRADE', 'DIGITAL', 'BUSINESS', 'CERTIFICATION', 'ORIENTATION', 'OTHER')",
            name=op.f("ck_training_kind_known"),
        ),
        sa.CheckConstraint(
            "level_in IN ('A0', 'A1', 'A2', 'B1', 'B2', 'C1', 'C2')", name=op.f("ck_training_level_in_known")
        ),
        sa.CheckConstraint(
            "level_out IN ('A0', 'A1', 'A2', 'B1', 'B2', 'C1', 'C2')",
            name=op.f("ck_training_level_out_known"),
        ),
        sa.CheckConstraint(
            "state IN ('ENROLLED', 'ATTENDING', 'COMPLETED', 'CERTIFIED', 'DROPPED')",
            name=op.f("ck_training_state_known"),
        ),
        sa.CheckConstraint("changed_on >= enrolled_on", name=op.f("ck_training_changed_after_enrolled")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_training_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training")),
    )
    op.create_index(op.f("ix_training_case_id"), "training", ["case_id"], unique=False)
    op.create_table(
        "employment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="OFFERED", nullable=False),
        sa.Column("offered_on", sa.Date(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("employer_checked_on", sa.Date(), nullable=True),
        sa.Column("age", sa.Integer(), nullable=True),
        sa.Column("legal_age", sa.Integer(), nullable=False),
        sa.Column("employer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'ENDED') = (end_reason IS NOT NULL)", name=op.f("ck_employment_ended_has_reason")
        ),
        sa.CheckConstraint(
            "end_reason IN ('TERM', 'RESIGNED', 'DISMISSED', 'EXPLOITATION')",
            name=op.f("ck_employment_end_reason_known"),
        ),
        sa.CheckConstraint(
            "form IN ('FORMAL_INSURED', 'FORMAL', 'INFORMAL', 'SELF')", name=op.f("ck_employment_form_known")
        ),
        sa.CheckConstraint(
            "state IN ('OFFERED', 'ENDED') OR started_on IS NOT NULL",
            name=op.f("ck_employment_started_has_date"),
        ),
        sa.CheckConstraint(
            "state IN ('OFFERED', 'STARTED', 'STILL_1M', 'STILL_3M', 'STILL_6M', 'ENDED')",
            name=op.f("ck_employment_state_known"),
        ),
        sa.CheckConstraint("age >= legal_age", name=op.f("ck_employment_of_legal_age")),
        sa.CheckConstraint("started_on >= offered_on", name=op.f("ck_employment_started_after_offered")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_employment_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employment")),
    )
    op.create_index(op.f("ix_employment_case_id"), "employment", ["case_id"], unique=False)
    for table in TABLES:
        wall.behind_policy(table, read=wall.owner_of("case_id"))
        wall.grant(table, app="SIUD", work="SIU")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    for table, checks in (("solution_step", STEP_CHECKS), ("solution_plan", PLAN_CHECKS)):
        for name in checks:
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.drop_column("solution_step", "reason")
    for column in ("priority", "second_category", "category"):
        op.drop_column("solution_plan", column)
