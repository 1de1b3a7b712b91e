"""Children who come alone and without a referral: two of the staff by name, and whom of the child authority was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

NAME = "ck_child_emergency_two_and_the_authority"


def upgrade() -> None:
    op.add_column("child_emergency", sa.Column("second_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("child_emergency", sa.Column("authority_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("child_emergency", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        f"ALTER TABLE child_emergency ADD CONSTRAINT {NAME} CHECK ((second_sealed IS NULL) = (told_at IS NULL) "
        "AND (authority_sealed IS NULL) = (told_at IS NULL)) NOT VALID"
    )
    op.execute(f"ALTER TABLE child_emergency VALIDATE CONSTRAINT {NAME}")


def downgrade() -> None:
    op.drop_constraint(NAME, "child_emergency", type_="check")
    for column in ("told_at", "authority_sealed", "second_sealed"):
        op.drop_column("child_emergency", column)
