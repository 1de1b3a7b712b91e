"""A night's placement: proposals, their lines, and how their outcome is shared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    numbers = postgresql.ARRAY(sa.Integer())
    op.create_table(
        "placement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(3), nullable=False),
        sa.Column("admin1", sa.Text(), nullable=True),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_by_id", sa.Uuid(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("proven", sa.Boolean(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("sites", sa.Integer(), nullable=True),
        sa.Column("persons", numbers, server_default="{}", nullable=False),
        sa.Column("served", numbers, server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state IN ('WAITING', 'RUNNING', 'READY', 'BOOKING', 'DONE', 'FAILED')",
            name=op.f("ck_placement_state_known"),
        ),
        sa.CheckConstraint(
            "step IN ('GATHER', 'OPTIONS', 'WHO', 'WHERE')", name=op.f("ck_placement_step_known")
        ),
        sa.CheckConstraint(
            "(state IN ('DONE', 'FAILED')) = (ended_at IS NOT NULL)", name=op.f("ck_placement_ended_has_time")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_placement_team_id")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["user_account.id"], name=op.f("fk_placement_asked_by_id")),
        sa.ForeignKeyConstraint(
            ["booked_by_id"], ["user_account.id"], name=op.f("fk_placement_booked_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement")),
    )
    for column in ("team_id", "asked_by_id", "booked_by_id"):
        op.create_index(op.f(f"ix_placement_{column}"), "placement", [column])
    op.create_index(
        "ix_placement_waiting",
        "placement",
        ["made_at"],
        postgresql_where=sa.text("state IN ('WAITING', 'RUNNING', 'BOOKING')"),
    )
    _lines()
    # The team that asked reviews; its worker makes and sends. Nothing here identifies anyone.
    wall.behind_policy("placement", read=f"team_id = ANY ({wall.TEAMS})")
    wall.grant("placement", app="SIU", work="SU")
    of_it = "EXISTS (SELECT FROM placement p WHERE p.id = placement_id)"
    for table, app in (("placement_line", "SU"), ("placement_share", "S")):
        wall.behind_policy(table, read=of_it)
        wall.grant(table, app=app, work="SIU")


def _lines() -> None:
    op.create_table(
        "placement_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("from_team_id", sa.Uuid(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("requirements", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("to_team_id", sa.Uuid(), nullable=True),
        sa.Column("last_night", sa.Date(), nullable=False),
        sa.Column("in_rooms", sa.Integer(), server_default="0", nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("km", sa.Integer(), nullable=True),
        sa.Column("strange", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rooms", sa.Integer(), server_default="0", nullable=False),
        sa.Column("beds", sa.Integer(), server_default="0", nullable=False),
        sa.Column("held", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_referral_id", sa.Uuid(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('PROPOSED', 'NO_PLACE', 'STRUCK', 'QUEUED', 'SENT', 'REFUSED')",
            name=op.f("ck_placement_line_state_known"),
        ),
        sa.CheckConstraint(
            "priority IN ('IMMEDIATE', 'EMERGENCY', 'URGENT', 'NORMAL')",
            name=op.f("ck_placement_line_priority_known"),
        ),
        sa.CheckConstraint("people > 0 AND rank > 0", name=op.f("ck_placement_line_somebody_ranked")),
        sa.CheckConstraint(
            "(state = 'NO_PLACE') = (to_team_id IS NULL)", name=op.f("ck_placement_line_placed_has_team")
        ),
        sa.CheckConstraint(
            "(state = 'REFUSED') = (refused IS NOT NULL)", name=op.f("ck_placement_line_refused_has_reason")
        ),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_placement_line_placement_id")
        ),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_placement_line_referral_id")),
        sa.ForeignKeyConstraint(["from_team_id"], ["team.id"], name=op.f("fk_placement_line_from_team_id")),
        sa.ForeignKeyConstraint(["to_team_id"], ["team.id"], name=op.f("fk_placement_line_to_team_id")),
        sa.ForeignKeyConstraint(
            ["sent_referral_id"], ["referral.id"], name=op.f("fk_placement_line_sent_referral_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement_line")),
        sa.UniqueConstraint("placement_id", "rank", name=op.f("uq_placement_line_placement_id_rank")),
    )
    for column in ("referral_id", "from_team_id", "to_team_id", "sent_referral_id"):
        op.create_index(op.f(f"ix_placement_line_{column}"), "placement_line", [column])
    op.create_table(
        "placement_share",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("placed", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "dimension IN ('SEX', 'ORIGIN', 'REQUIREMENT')", name=op.f("ck_placement_share_dimension_known")
        ),
        sa.CheckConstraint("placed BETWEEN 0 AND waiting", name=op.f("ck_placement_share_placed_within")),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_placement_share_placement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement_share")),
        sa.UniqueConstraint(
            "placement_id",
            "dimension",
            "value",
            name=op.f("uq_placement_share_placement_id_dimension_value"),
        ),
    )


def downgrade() -> None:
    op.drop_table("placement_share")
    op.drop_table("placement_line")
    op.drop_table("placement")
