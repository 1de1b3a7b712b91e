"""Role `figures` reads of which releases the region's pictures are: older ones are not shown beside newer figures."""

from __future__ import annotations

from alembic import op

from migrations import wall

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    wall.grant("released.region_drawing", figures="S")
    op.execute(
        "CREATE POLICY region_drawing_read ON released.region_drawing FOR SELECT TO acogida_figures USING (true)"
    )


def downgrade() -> None:
    op.execute("DROP POLICY region_drawing_read ON released.region_drawing")
    op.execute("REVOKE SELECT ON released.region_drawing FROM acogida_figures")
