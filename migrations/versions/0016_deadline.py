"""Running clocks: one table for every limit, its pauses and who was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OPEN = "state IN ('RUNNING', 'PAUSED', 'LATE')"


def upgrade() -> None:
    op.create_table(
        "deadline",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("sealed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), server_default="RUNNING", nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_to_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state IN ('RUNNING', 'PAUSED', 'LATE', 'MET', 'CANCELLED')",
            name=op.f("ck_deadline_state_known"),
        ),
        sa.CheckConstraint(
            "kind IN ('LEGAL', 'PROTOCOL', 'REFERRAL', 'TASK', 'DOCUMENT')",
            name=op.f("ck_deadline_kind_known"),
        ),
        sa.CheckConstraint(
            "unit IN ('minutes', 'hours', 'days', 'working_days', 'weeks', 'months', 'years')",
            name=op.f("ck_deadline_unit_known"),
        ),
        sa.CheckConstraint(
            "cancel_reason IN ('NO_LONGER_NEEDED', 'SUBJECT_ENDED', 'MOVED_AWAY', 'ERROR')",
            name=op.f("ck_deadline_cancel_reason_known"),
        ),
        sa.CheckConstraint("subject_kind ~ '^[a-z][a-z_]*$'", name=op.f("ck_deadline_subject_kind_form")),
        sa.CheckConstraint("rule ~ '^[A-Z][A-Z0-9_]*$'", name=op.f("ck_deadline_rule_form")),
        sa.CheckConstraint("due_at >= started_at", name=op.f("ck_deadline_due_after_start")),
        sa.CheckConstraint(
            "warn_at >= started_at AND warn_at <= due_at", name=op.f("ck_deadline_warned_before_due")
        ),
        sa.CheckConstraint(
            "(state = 'PAUSED') = (paused_at IS NOT NULL)", name=op.f("ck_deadline_paused_has_time")
        ),
        sa.CheckConstraint(
            "(state IN ('MET', 'CANCELLED')) = (ended_at IS NOT NULL)",
            name=op.f("ck_deadline_ended_has_time"),
        ),
        sa.CheckConstraint(
            "(state = 'CANCELLED') = (cancel_reason IS NOT NULL)",
            name=op.f("ck_deadline_cancelled_has_reason"),
        ),
        sa.CheckConstraint(
            "escalated_to_id IS NULL OR escalated_at IS NOT NULL",
            name=op.f("ck_deadline_escalated_has_time"),
        ),
        sa.CheckConstraint("escalated_to_id <> holder_id", name=op.f("ck_deadline_escalated_to_another")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_deadline_case_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_deadline_team_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["user_account.id"], name=op.f("fk_deadline_holder_id")),
        sa.ForeignKeyConstraint(
            ["escalated_to_id"], ["user_account.id"], name=op.f("fk_deadline_escalated_to_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline")),
    )
    for column in ("case_id", "team_id", "holder_id", "escalated_to_id"):
        op.create_index(op.f(f"ix_deadline_{column}"), "deadline", [column], unique=False)
    op.create_index("ix_deadline_subject", "deadline", ["subject_id"], unique=False)
    op.create_index(
        "uq_deadline_open", "deadline", ["subject_id", "rule", "subject_kind"],
        unique=True, postgresql_where=sa.text(OPEN),
    )  # fmt: skip
    op.create_index("ix_deadline_due", "deadline", ["due_at"], unique=False, postgresql_where=sa.text(OPEN))
    op.create_index(
        "ix_deadline_warn", "deadline", ["warn_at"],
        unique=False, postgresql_where=sa.text("warned_at IS NULL AND state = 'RUNNING'"),
    )  # fmt: skip
    _pauses()
    _notices()
    ours = f"team_id = ANY ({wall.TEAMS}) AND {wall.opens('case_id')}"
    held = wall.owner_of("case_id")
    # Beside the file's holder, the team that must act sees its own clocks, but no sealed one.
    wall.behind_policy("deadline", read=f"{held} OR (NOT sealed AND {ours})")
    wall.behind_policy(
        "deadline_pause",
        read=f"{held} OR EXISTS (SELECT FROM deadline d WHERE d.id = deadline_pause.deadline_id)",
    )
    wall.behind_policy(
        "deadline_notice",
        read=f"{held} OR EXISTS (SELECT FROM deadline d WHERE d.id = deadline_notice.deadline_id)",
    )
    wall.grant("deadline", app="SIU", work="SIU")
    wall.grant("deadline_pause", app="SIU", work="SIU")
    wall.grant("deadline_notice", app="SIUD", work="SIUD")


def _pauses() -> None:
    op.create_table(
        "deadline_pause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deadline_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reason IN ('AUTHORITY_SUSPENDED', 'FORCE_MAJEURE', 'INFORMATION_AWAITED', 'INTERPRETER_AWAITED', 'PERSON_UNAVAILABLE', 'HEALTH')",
            name=op.f("ck_deadline_pause_reason_known"),
        ),
        sa.CheckConstraint("ended_at >= began_at", name=op.f("ck_deadline_pause_dates_in_order")),
        sa.ForeignKeyConstraint(["deadline_id"], ["deadline.id"], name=op.f("fk_deadline_pause_deadline_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_deadline_pause_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_pause")),
    )
    op.create_index(op.f("ix_deadline_pause_deadline_id"), "deadline_pause", ["deadline_id"], unique=False)
    op.create_index(op.f("ix_deadline_pause_case_id"), "deadline_pause", ["case_id"], unique=False)
    op.create_index(
        "uq_deadline_pause_open", "deadline_pause", ["deadline_id"],
        unique=True, postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip


def _notices() -> None:
    op.create_table(
        "deadline_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("deadline_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('WARNING', 'LATE')", name=op.f("ck_deadline_notice_kind_known")),
        sa.ForeignKeyConstraint(
            ["deadline_id"], ["deadline.id"], name=op.f("fk_deadline_notice_deadline_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_deadline_notice_case_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_deadline_notice_team_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_deadline_notice_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_notice")),
        sa.UniqueConstraint("deadline_id", "kind", name=op.f("uq_deadline_notice_deadline_id_kind")),
    )
    for column in ("case_id", "team_id", "user_id"):
        op.create_index(op.f(f"ix_deadline_notice_{column}"), "deadline_notice", [column], unique=False)
    op.create_index(
        "ix_deadline_notice_unseen", "deadline_notice", ["user_id"],
        unique=False, postgresql_where=sa.text("seen_at IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("deadline_notice")
    op.drop_table("deadline_pause")
    op.drop_table("deadline")
