"""An alert for the site is read where the person sleeps, not by every team that was referred to."""

from __future__ import annotations

from alembic import op

from migrations import wall

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

SUPERVISES = """EXISTS (SELECT FROM membership m JOIN public."case" c ON c.team_id = m.team_id
  WHERE c.id = case_id AND m.role = 'SUPERVISOR'
  AND m.user_id = nullif(current_setting('app.user', true), '')::uuid
  AND (m.valid_to IS NULL OR m.valid_to > current_date))"""
SLEEPS_HERE = (
    f"EXISTS (SELECT FROM stay s WHERE s.case_id = case_alert.case_id AND s.state IN ('BOOKED', 'IN') "
    f"AND s.team_id = ANY ({wall.TEAMS}))"
)


def _read(site: str) -> None:
    mine = wall.owner_of("case_id")
    op.execute("DROP POLICY case_alert_read ON case_alert")
    op.execute(
        "CREATE POLICY case_alert_read ON case_alert FOR SELECT TO acogida_app USING "
        f"(({mine} AND (seen_by <> 'SUPERVISION' OR {SUPERVISES})) "
        f"OR (seen_by = 'SITE' AND resolved_on IS NULL AND {site}))"
    )


def upgrade() -> None:
    _read(SLEEPS_HERE)


def downgrade() -> None:
    _read(wall.opens("case_id"))
