"""How far the pictures of each approved release are, and which of them could not be drawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

APPROVED = "EXISTS (SELECT FROM released.release r WHERE r.id = release_id AND r.status = 'APPROVED')"


def upgrade() -> None:
    op.create_table(
        "drawing",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("least(drawn, failed) >= 0 AND drawn + failed <= wanted", name=op.f("ck_drawing_counts_fit")),
        sa.ForeignKeyConstraint(["release_id"], ["released.release.id"], name=op.f("fk_drawing_release_id")),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_drawing")),
        schema="released",
    )  # fmt: skip
    op.create_table(
        "drawing_failure",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("tries > 0", name=op.f("ck_drawing_failure_tried")),
        sa.ForeignKeyConstraint(
            ["release_id"], ["released.release.id"], name=op.f("fk_drawing_failure_release_id")
        ),
        sa.PrimaryKeyConstraint("release_id", "indicator", name=op.f("pk_drawing_failure")),
        schema="released",
    )
    for name in ("drawing", "drawing_failure"):
        table = f"released.{name}"
        wall.grant(table, facts="SIUD", figures="S")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {name}_facts ON {table} FOR ALL TO acogida_facts USING (true) WITH CHECK ({APPROVED})"
        )
        op.execute(
            f"CREATE POLICY {name}_read ON {table} FOR SELECT TO acogida_figures "
            "USING (EXISTS (SELECT FROM released.release r WHERE r.id = release_id))"
        )


def downgrade() -> None:
    op.drop_table("drawing_failure", schema="released")
    op.drop_table("drawing", schema="released")
