"""Whether the person took their copy of a referral on paper."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("referral", sa.Column("client_copy", sa.Text(), nullable=True))
    name = op.f("ck_referral_client_copy_known")
    op.execute(
        f"ALTER TABLE referral ADD CONSTRAINT {name} CHECK (client_copy IN ('TAKEN', 'DECLINED')) NOT VALID"
    )
    op.execute(f"ALTER TABLE referral VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_referral_client_copy_known"), "referral", type_="check")
    op.drop_column("referral", "client_copy")
