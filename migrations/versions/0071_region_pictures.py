"""Pictures of the countries side by side, by year."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "region_picture",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("language IN ('es', 'en')", name=op.f("ck_region_picture_language_known")),
        sa.CheckConstraint("sha256 = encode(sha256(content), 'hex')", name=op.f("ck_region_picture_sealed")),
        sa.CheckConstraint("period ~ '^[0-9]{4}$'", name=op.f("ck_region_picture_period_is_year")),
        sa.PrimaryKeyConstraint("period", "indicator", "language", name=op.f("pk_region_picture")),
        schema="released",
    )
    op.create_table(
        "region_drawing",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("rests_on", sa.Text(), nullable=False),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_region_drawing")),
        schema="released",
    )
    # Made of approved releases alone, which role `figures` reads whatever the country; no row is of one country.
    wall.grant("released.region_picture", facts="SID", figures="S")
    wall.grant("released.region_drawing", facts="SIU")
    for name in ("region_picture", "region_drawing"):
        op.execute(f"ALTER TABLE released.{name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE released.{name} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {name}_facts ON released.{name} FOR ALL TO acogida_facts USING (true) WITH CHECK (true)"
        )
    op.execute(
        "CREATE POLICY region_picture_read ON released.region_picture FOR SELECT TO acogida_figures USING (true)"
    )


def downgrade() -> None:
    op.drop_table("region_drawing", schema="released")
    op.drop_table("region_picture", schema="released")
