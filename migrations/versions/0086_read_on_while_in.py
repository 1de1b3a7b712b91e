"""Nobody, not even the owner of a file, lets a shelter read it because of a stay that is over or of which it keeps the
minimum; and what was left open so ends now."""

from __future__ import annotations

from alembic import op

from migrations import wall

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None

OWNED = wall.owner_of("case_id")
#: The person is in, by this stay or by the referral that brought them, and nothing less than the file is kept of them.
IN = (
    "EXISTS (SELECT FROM stay s WHERE case_access.subject_id IN (s.id, s.referral_id) AND s.case_id = case_access.case_id "
    "AND s.team_id = case_access.team_id AND s.state = 'IN' AND NOT s.minimum)"
)
#: Until now the file could be read, so that is when it ended.
CLOSE = f"UPDATE case_access SET ended_at = now() WHERE scope = 'STAY' AND ended_at IS NULL AND NOT {IN}"


def upgrade() -> None:
    op.execute(CLOSE)
    op.execute(
        f"ALTER POLICY case_access_add ON case_access WITH CHECK ({OWNED} AND (scope <> 'STAY' OR {IN}))"
    )


def downgrade() -> None:
    op.execute(f"ALTER POLICY case_access_add ON case_access WITH CHECK ({OWNED})")
