"""What kind of institution an organisation is, a fact of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

KNOWN = "provider_class IN ('STATE', 'UN', 'NGO', 'OTHER')"


def upgrade() -> None:
    op.add_column(
        "organisation", sa.Column("provider_class", sa.Text(), server_default="OTHER", nullable=False)
    )
    full = op.f("ck_organisation_provider_class_known")
    op.execute(f"ALTER TABLE organisation ADD CONSTRAINT {full} CHECK ({KNOWN}) NOT VALID")
    op.execute(f"ALTER TABLE organisation VALIDATE CONSTRAINT {full}")


def downgrade() -> None:
    op.drop_column("organisation", "provider_class")
