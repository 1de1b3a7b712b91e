"""Narratives by country, year, pillar and part: versions, who approved them, the figures they quote."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

WRITERS = "('COMMISSION_ANALYST', 'DATA_STEWARD', 'RELEASE_APPROVER')"
PARTS = "('ACHIEVEMENTS', 'CHALLENGES', 'PRIORITIES')"
STATES = "('DRAFT', 'WAITING', 'APPROVED', 'RETURNED')"


def _member(held: str) -> str:
    return (
        "EXISTS (SELECT FROM public.membership m JOIN public.team t ON t.id = m.team_id "
        f"WHERE m.user_id = {wall.ACTING_USER} AND ({held}))"
    )


#: A commission reads its own country's and the region's, and writes its own; the secretariat reads all and writes the
#: region's.
READS = _member(
    f"(m.role IN {WRITERS} AND (t.country = narrative_version.country OR narrative_version.country = 'REG')) OR m.role = 'REGIONAL_ANALYST'"
)
WRITES = _member(
    f"(m.role IN {WRITERS} AND t.country = narrative_version.country) OR (m.role = 'REGIONAL_ANALYST' AND narrative_version.country = 'REG')"
)
OPEN = "state IN ('DRAFT', 'WAITING')"


def upgrade() -> None:
    op.create_table(
        "narrative_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(3), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("pillar", sa.SmallInteger(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("text_es", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="DRAFT", nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(f"part IN {PARTS}", name=op.f("ck_narrative_version_part_known")),
        sa.CheckConstraint(f"state IN {STATES}", name=op.f("ck_narrative_version_state_known")),
        sa.CheckConstraint("country ~ '^[A-Z]{3}$'", name=op.f("ck_narrative_version_country_form")),
        sa.CheckConstraint(
            "pillar BETWEEN 1 AND 5 AND year BETWEEN 2017 AND 2100 AND number > 0", name=op.f("ck_narrative_version_placed")
        ),
        sa.CheckConstraint(
            "btrim(text_es) <> '' AND btrim(text_en) <> '' AND length(text_es) <= 6000 AND length(text_en) <= 6000",
            name=op.f("ck_narrative_version_written"),
        ),
        sa.CheckConstraint("decided_by_id <> author_id", name=op.f("ck_narrative_version_read_by_another")),
        sa.CheckConstraint(
            "(state IN ('APPROVED', 'RETURNED')) = (decided_by_id IS NOT NULL) "
            "AND (decided_by_id IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_narrative_version_decided"),
        ),
        sa.CheckConstraint(
            "state <> 'RETURNED' OR btrim(reason) <> ''", name=op.f("ck_narrative_version_returned_for_a_reason")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_narrative_version_author_id")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_narrative_version_decided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_narrative_version")),
        sa.UniqueConstraint(
            "country", "year", "pillar", "part", "number", name=op.f("uq_narrative_version_country_year_pillar_part_number")
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_narrative_version_author_id"), "narrative_version", ["author_id"])
    op.create_index(op.f("ix_narrative_version_decided_by_id"), "narrative_version", ["decided_by_id"])
    op.create_index(
        "uq_narrative_version_open", "narrative_version", ["country", "year", "pillar", "part"], unique=True,
        postgresql_where=sa.text(OPEN),
    )  # fmt: skip
    op.create_table(
        "narrative_quote",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("country", sa.CHAR(3), nullable=False),
        sa.Column("release_name", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["narrative_version.id"], name=op.f("fk_narrative_quote_version_id")
        ),
        sa.PrimaryKeyConstraint(
            "version_id", "indicator", "period", "country", name=op.f("pk_narrative_quote")
        ),
    )
    wall.behind_policy("narrative_version", read=READS, write=WRITES)
    # What somebody decided about stands; whoever decides is whoever acts.
    op.execute("DROP POLICY narrative_version_change ON narrative_version")
    op.execute("DROP POLICY narrative_version_remove ON narrative_version")
    op.execute(
        f"CREATE POLICY narrative_version_change ON narrative_version FOR UPDATE TO acogida_app USING ({WRITES} AND {OPEN}) "
        f"WITH CHECK ({WRITES} AND (decided_by_id IS NULL OR decided_by_id = {wall.ACTING_USER}))"
    )
    wall.grant("narrative_version", app="SIU", work="SIU")
    whose = "EXISTS (SELECT FROM public.narrative_version v WHERE v.id = version_id{})"
    wall.behind_policy("narrative_quote", read=whose.format(""), write=whose.format(f" AND v.{OPEN}"))
    wall.grant("narrative_quote", app="SID", work="SID")
    # The annual report reads what is approved, beside the released tables.
    wall.grant("narrative_version", figures="S")
    wall.grant("narrative_quote", figures="S")
    op.execute(
        "CREATE POLICY narrative_version_figures ON narrative_version FOR SELECT TO acogida_figures USING (state = 'APPROVED')"
    )
    op.execute(
        f"CREATE POLICY narrative_quote_figures ON narrative_quote FOR SELECT TO acogida_figures USING ({whose.format('')})"
    )


def downgrade() -> None:
    op.drop_table("narrative_quote")
    op.drop_table("narrative_version")
