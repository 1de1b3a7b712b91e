"""Organisations and sites."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("country", "code", name=op.f("uq_organisation_country_code")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("admin1", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("rollover_hour", sa.Integer(), server_default="12", nullable=False),
        sa.Column("no_show_after_hour", sa.Integer(), server_default="10", nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("child_licence", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("code ~ '^[A-Z]{2}-[A-Z0-9]{3}$'", name=op.f("ck_site_code_form")),
        sa.CheckConstraint(
            "kind IN ('BORDER_POINT', 'RECEPTION_CENTRE', 'SHELTER', 'SAFE_HOUSE', 'OFFICE', 'HEALTH')",
            name=op.f("ck_site_kind_known"),
        ),
        sa.CheckConstraint(
            "no_show_after_hour BETWEEN 0 AND 23", name=op.f("ck_site_no_show_after_hour_of_day")
        ),
        sa.CheckConstraint("rollover_hour BETWEEN 0 AND 23", name=op.f("ck_site_rollover_hour_of_day")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_site_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("code", name=op.f("uq_site_code")),
    )
    op.create_index(op.f("ix_site_country"), "site", ["country"], unique=False)
    op.create_index(op.f("ix_site_organisation_id"), "site", ["organisation_id"], unique=False)
    # Names of organisations and sites are searched by trigram; nothing here is a secret of a person.
    op.execute("CREATE INDEX ix_site_sort_key_trgm ON site USING gin (sort_key gin_trgm_ops)")
    wall.grant("organisation", app="SIU", work="S")
    wall.grant("site", app="SIU", work="S")
    wall.grant("organisation", facts="S")
    wall.grant("site", facts="S")
    op.execute("GRANT USAGE ON SCHEMA public TO acogida_facts")
    op.execute("GRANT SELECT ON site, organisation TO acogida_definer")


def downgrade() -> None:
    op.execute("REVOKE USAGE ON SCHEMA public FROM acogida_facts")
    op.drop_table("site")
    op.drop_table("organisation")
