"""The roll of the nights, and the alerts that a house may know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

HERE = f"team_id = ANY ({wall.TEAMS}) OR team_id = ANY ({wall.SITE_TEAMS})"


def upgrade() -> None:
    op.create_table(
        "presence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("marked_by_id", sa.Uuid(), nullable=True),
        sa.Column("back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("back_at IS NULL OR state = 'SEEN'", name=op.f("ck_presence_back_is_seen")),
        sa.CheckConstraint("state IN ('SEEN', 'ABSENT')", name=op.f("ck_presence_state_known")),
        sa.CheckConstraint(
            "way IN ('ROLL_CALL', 'GATE', 'ARRIVAL', 'BACK', 'PAPER')", name=op.f("ck_presence_way_known")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_presence_case_id")),
        sa.ForeignKeyConstraint(["marked_by_id"], ["user_account.id"], name=op.f("fk_presence_marked_by_id")),
        sa.ForeignKeyConstraint(["stay_id"], ["stay.id"], name=op.f("fk_presence_stay_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_presence_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence")),
        sa.UniqueConstraint("stay_id", "night", name=op.f("uq_presence_stay_id_night")),
    )
    op.create_index(op.f("ix_presence_case_id"), "presence", ["case_id"], unique=False)
    op.create_index(op.f("ix_presence_marked_by_id"), "presence", ["marked_by_id"], unique=False)
    op.create_index("ix_presence_team_night", "presence", ["team_id", "night"], unique=False)
    # The shelter's people write it, the gate among them; the team that holds the case reads along.
    wall.behind_policy("presence", read=f"{HERE} OR {wall.owner_of('case_id')}", write=HERE)
    wall.grant("presence", app="SIU", work="S")
    _alerts()


def _alerts() -> None:
    """The gate opens no case; of the alerts for the site it learns the codes, for whoever sleeps here. Once
    consent has ended only what is life-critical is told."""
    wall.definer_function(
        "alerts_of_the_house(p_team uuid) RETURNS TABLE (case_id uuid, code text) LANGUAGE sql STABLE",
        f"""
        SELECT DISTINCT a.case_id, a.code
        FROM public.case_alert a
        JOIN public.stay s ON s.case_id = a.case_id AND s.state IN ('BOOKED', 'IN')
        WHERE s.team_id = p_team AND (p_team = ANY ({wall.TEAMS}) OR p_team = ANY ({wall.SITE_TEAMS}))
          AND a.seen_by = 'SITE' AND a.resolved_on IS NULL
          AND (NOT s.minimum OR a.code IN ('ALLERGY_LIFE', 'MEDICAL_NOW'))
        ORDER BY 1, 2
        """,
        to="acogida_app",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION alerts_of_the_house(uuid)")
    op.drop_table("presence")
