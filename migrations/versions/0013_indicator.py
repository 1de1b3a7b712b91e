"""Facts, their markers and cells, and the queue of what the journal touched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# One row an event and person; a merge touches both persons, a withdrawal also that of what it withdraws.
TOUCHED = """
    INSERT INTO facts.dirty (country, person_key, event_id)
    SELECT a.country, a.person_key, a.id FROM {source} a
    UNION ALL
    SELECT a.country, a.other_key, a.id FROM {source} a WHERE a.other_key IS NOT NULL
    UNION ALL
    SELECT e.country, e.person_key, a.id FROM {source} a
    JOIN public.case_event e ON e.id = a.withdraws_id
    UNION ALL
    SELECT e.country, e.other_key, a.id FROM {source} a
    JOIN public.case_event e ON e.id = a.withdraws_id WHERE e.other_key IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "atom",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("household", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("household_counted", sa.Text(), nullable=False),
        sa.Column("first_ever", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("domain", "fact_id", name=op.f("pk_atom")),
        schema="facts",
    )
    op.create_index("ix_atom_bucket", "atom", ["country", "domain", "period"], unique=False, schema="facts")
    op.create_index("ix_atom_household", "atom", ["household"], unique=False, schema="facts")
    op.create_index("ix_atom_person", "atom", ["person"], unique=False, schema="facts")
    op.create_table(
        "cell",
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("age_band", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("household_type", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("household_counted", sa.Text(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "country",
            "domain",
            "period",
            "site",
            "sex",
            "age_band",
            "origin",
            "household_type",
            "stage",
            "sector",
            "counted",
            "household_counted",
            name=op.f("pk_cell"),
        ),
        schema="facts",
    )
    op.create_table(
        "dirty",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("person_key", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dirty")),
        schema="facts",
    )
    op.create_index("ix_dirty_country", "dirty", ["country"], unique=False, schema="facts")
    op.create_table(
        "fact",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("household", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("age_band", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("household_type", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("domain", "id", "period", name=op.f("pk_fact")),
        schema="facts",
    )
    op.create_index("ix_fact_bucket", "fact", ["country", "domain", "period"], unique=False, schema="facts")
    op.create_index("ix_fact_person", "fact", ["person"], unique=False, schema="facts")
    op.create_table(
        "horizon",
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("country", name=op.f("pk_horizon")),
        schema="facts",
    )
    op.create_table(
        "identity",
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("person_key", sa.Uuid(), nullable=False),
        sa.Column("counts_as", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("country", "person_key", name=op.f("pk_identity")),
        schema="facts",
    )
    op.create_index("ix_identity_counts_as", "identity", ["counts_as"], unique=False, schema="facts")
    op.create_table(
        "site_number",
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("country", "kind", "site", "period", name=op.f("pk_site_number")),
        schema="facts",
    )
    for table in ("dirty", "horizon", "identity", "fact", "atom", "cell", "site_number"):
        wall.grant(f"facts.{table}", facts="SIUD")
    # The roll-up shows its last run on the administrators' page.
    wall.grant("public.job_run", facts="SIU")
    op.execute("GRANT USAGE ON SCHEMA public TO acogida_facts")
    op.execute("GRANT INSERT ON facts.dirty TO acogida_definer")
    body = f"BEGIN {TOUCHED.format(source='added')}; RETURN NULL; END"
    wall.definer_function("facts.note_dirty() RETURNS trigger LANGUAGE plpgsql", body, to="")
    op.execute(
        "CREATE TRIGGER case_event_counts AFTER INSERT ON public.case_event REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION facts.note_dirty()"
    )
    op.execute(TOUCHED.format(source="public.case_event"))


def downgrade() -> None:
    op.execute("DROP TRIGGER case_event_counts ON public.case_event")
    op.execute("DROP FUNCTION facts.note_dirty()")
    op.execute("REVOKE ALL ON public.job_run FROM acogida_facts")
    op.execute("REVOKE USAGE ON SCHEMA public FROM acogida_facts")
    op.drop_table("site_number", schema="facts")
    op.drop_table("identity", schema="facts")
    op.drop_table("horizon", schema="facts")
    op.drop_table("fact", schema="facts")
    op.drop_table("dirty", schema="facts")
    op.drop_table("cell", schema="facts")
    op.drop_table("atom", schema="facts")
