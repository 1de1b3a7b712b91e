"""Pictures of approved releases: drawn once by role facts, read by role figures, never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

TABLE = "released.picture"


def upgrade() -> None:
    op.create_table(
        "picture",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('SERIES', 'PARTS')", name=op.f("ck_picture_kind_known")),
        sa.CheckConstraint("language IN ('es', 'en')", name=op.f("ck_picture_language_known")),
        sa.CheckConstraint("format IN ('svg', 'png')", name=op.f("ck_picture_format_known")),
        sa.CheckConstraint("sha256 = encode(sha256(content), 'hex')", name=op.f("ck_picture_sealed")),
        sa.ForeignKeyConstraint(["release_id"], ["released.release.id"], name=op.f("fk_picture_release_id")),
        sa.PrimaryKeyConstraint(
            "release_id", "indicator", "kind", "language", "format", name=op.f("pk_picture")
        ),
        schema="released",
    )
    wall.grant(TABLE, facts="SI", figures="S")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    # Drawn of what is approved and of nothing else; and once.
    op.execute(f"CREATE POLICY picture_facts ON {TABLE} FOR SELECT TO acogida_facts USING (true)")
    op.execute(
        f"CREATE POLICY picture_draw ON {TABLE} FOR INSERT TO acogida_facts WITH CHECK "
        "(EXISTS (SELECT FROM released.release r WHERE r.id = release_id AND r.status = 'APPROVED'))"
    )
    op.execute(
        f"CREATE POLICY picture_read ON {TABLE} FOR SELECT TO acogida_figures "
        "USING (EXISTS (SELECT FROM released.release r WHERE r.id = release_id))"
    )
    op.execute(
        f"CREATE TRIGGER picture_is_final BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW "
        "EXECUTE FUNCTION released.refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("picture", schema="released")
