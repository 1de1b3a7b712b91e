"""Days on which care must not come late, who stands for a child, and how long a note marks its file."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

SUPERVISES = """EXISTS (SELECT FROM membership m JOIN public."case" c ON c.team_id = m.team_id
  WHERE c.id = case_id AND m.role = 'SUPERVISOR'
  AND m.user_id = nullif(current_setting('app.user', true), '')::uuid
  AND (m.valid_to IS NULL OR m.valid_to > current_date))"""
OWN = "author_id = nullif(current_setting('app.user', true), '')::uuid"
MINE = wall.owner_of("case_id")
READS_NOTE = (
    f"{MINE} AND (level = 'TEAM' OR (team_id = ANY ({wall.TEAMS}) AND "
    f"((level = 'AUTHOR_AND_SUPERVISOR' AND {OWN}) OR {SUPERVISES})))"
)


def upgrade() -> None:
    _table(
        "health_date",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('MEDICINE', 'PREGNANCY', 'INCIDENT')", name=op.f("ck_health_date_kind_known")
        ),
        sa.CheckConstraint(
            "kind <> 'INCIDENT' OR happens_at <= recorded_at", name=op.f("ck_health_date_incident_is_past")
        ),
        unique=["case_id", "kind"],
    )
    _table(
        "guardian",
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("authority_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ended_at >= named_at", name=op.f("ck_guardian_dates_in_order")),
        unique=["case_id"],
    )
    _marks()


def _table(name: str, *columns: Any, unique: list[str]) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        *columns,
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f(f"fk_{name}_case_id")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f(f"fk_{name}_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    for column in ("case_id", "recorded_by_id"):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column], unique=False)
    op.create_index(
        f"uq_{name}_current", name, unique, unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    wall.behind_policy(name, read=MINE)
    wall.grant(name, app="SI", work="SI")
    op.execute(f"GRANT UPDATE (ended_at) ON {name} TO acogida_app, acogida_work")


def _marks() -> None:
    op.add_column("case_note", sa.Column("marks_until", sa.Date(), nullable=True))
    op.execute("UPDATE case_note SET marks_until = written_on + 30 WHERE level <> 'TEAM'")
    op.execute(
        "ALTER TABLE case_note ADD CONSTRAINT ck_case_note_marks_above_team "
        "CHECK ((level = 'TEAM') = (marks_until IS NULL)) NOT VALID"
    )
    op.execute("ALTER TABLE case_note VALIDATE CONSTRAINT ck_case_note_marks_above_team")
    op.execute("GRANT UPDATE (marks_until) ON case_note TO acogida_app, acogida_work")
    # Whoever reads a note may look at it again; its words are nobody's to change.
    op.execute("DROP POLICY case_note_change ON case_note")
    op.execute(
        f"CREATE POLICY case_note_change ON case_note FOR UPDATE TO acogida_app USING ({READS_NOTE}) WITH CHECK ({READS_NOTE})"
    )
    # Beside the one before, which a running installation still asks until it is replaced.
    wall.definer_function(
        "kept_by_supervision(p_case uuid) RETURNS TABLE (what text, until date) LANGUAGE sql STABLE",
        f"""
        SELECT x.what, x.until FROM (
          SELECT 'NOTE' AS what, max(n.marks_until) AS until
            FROM public.case_note n JOIN public."case" c ON c.id = n.case_id
            WHERE n.case_id = p_case AND n.level <> 'TEAM' AND n.team_id = c.team_id
            HAVING count(*) > 0
          UNION ALL
          SELECT 'ALERT', NULL WHERE EXISTS (SELECT FROM public.case_alert a
            WHERE a.case_id = p_case AND a.seen_by = 'SUPERVISION' AND a.resolved_on IS NULL)) x
        WHERE EXISTS (SELECT FROM public."case" c WHERE c.id = p_case AND c.team_id = ANY ({wall.TEAMS}))
        """,
        to="acogida_app, acogida_work",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION kept_by_supervision(uuid)")
    op.execute("DROP POLICY case_note_change ON case_note")
    op.execute(
        f"CREATE POLICY case_note_change ON case_note FOR UPDATE TO acogida_app USING ({READS_NOTE}) WITH CHECK ({MINE} AND {OWN})"
    )
    op.execute("REVOKE UPDATE (marks_until) ON case_note FROM acogida_app, acogida_work")
    op.drop_constraint(op.f("ck_case_note_marks_above_team"), "case_note", type_="check")
    op.drop_column("case_note", "marks_until")
    for table in ("guardian", "health_date"):
        op.drop_table(table)
