"""A shelter that closes a referral reads the cases of whoever is still in on, because of the stay."""

from __future__ import annotations

from alembic import op

from migrations import wall

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Only for people who are in, by the referral that brought them, and while the shelter keeps more than the minimum
    # (after a consent has ended nothing opens again).
    op.execute(
        "CREATE POLICY case_access_reads_on ON case_access FOR INSERT TO acogida_app WITH CHECK ("
        f"scope = 'STAY' AND team_id = ANY ({wall.TEAMS}) AND EXISTS (SELECT FROM stay s WHERE s.referral_id = subject_id "
        "AND s.case_id = case_access.case_id AND s.team_id = case_access.team_id AND s.state = 'IN' AND NOT s.minimum))"
    )


def downgrade() -> None:
    op.execute("DROP POLICY case_access_reads_on ON case_access")
