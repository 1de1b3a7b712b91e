"""What came of a service, and by when a person must be seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

CHECKS = {
    "outcome_of_completed": "outcome IS NULL OR state = 'COMPLETED'",
    "seen_after_made": "be_seen_by > made_at",
}


def upgrade() -> None:
    op.add_column("referral", sa.Column("outcome", sa.Text(), nullable=True))
    op.add_column("referral", sa.Column("be_seen_by", sa.DateTime(timezone=True), nullable=True))
    for name, says in CHECKS.items():
        op.execute(f"ALTER TABLE referral ADD CONSTRAINT ck_referral_{name} CHECK ({says}) NOT VALID")
        op.execute(f"ALTER TABLE referral VALIDATE CONSTRAINT ck_referral_{name}")


def downgrade() -> None:
    op.drop_column("referral", "be_seen_by")
    op.drop_column("referral", "outcome")
