"""Schemas, extensions, the roles' ground rights, code lists, outbox, audit and keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for schema in ("keyring", "facts", "released"):
        op.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for extension in ("btree_gist", "pg_trgm", "unaccent"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public")
    op.execute("GRANT USAGE ON SCHEMA public TO acogida_definer, acogida_app, acogida_work")
    op.execute("GRANT USAGE ON SCHEMA keyring TO acogida_app, acogida_work")
    op.execute("GRANT USAGE ON SCHEMA facts TO acogida_definer, acogida_facts")
    op.execute("GRANT USAGE ON SCHEMA released TO acogida_facts, acogida_figures")
    # A function's new owner needs CREATE on its schema at the moment of the change.
    op.execute("GRANT CREATE ON SCHEMA public, facts TO acogida_definer")
    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_actor", "audit", ["actor", "at"], unique=False)
    op.create_index("ix_audit_subject", "audit", ["subject", "subject_id"], unique=False)
    op.create_table(
        "event_kind",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label_es", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_event_kind")),
    )
    op.create_table(
        "case_key",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_key")),
        schema="keyring",
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("queue IN ('casework', 'figures')", name=op.f("ck_outbox_queue_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_done_at"), "outbox", ["done_at"], unique=False)
    op.create_index(op.f("ix_outbox_failed_at"), "outbox", ["failed_at"], unique=False)
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
    )
    op.create_table(
        "reference_code",
        sa.Column("list_name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label_es", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("code_group", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("maps_to", sa.Text(), nullable=True),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("list_name", "code", name=op.f("pk_reference_code")),
    )
    wall.grant("alembic_version", app="S", work="S")
    wall.grant("reference_code", app="S", work="S")
    wall.grant("event_kind", app="S", work="S")
    wall.grant("outbox", app="SIU", work="SIU")
    wall.grant("audit", app="SI", work="SI")
    wall.grant("keyring.case_key", app="SID", work="SID")


def downgrade() -> None:

    op.drop_table("reference_code")
    op.drop_table("outbox")
    op.drop_table("case_key", schema="keyring")
    op.drop_table("event_kind")
    op.drop_table("audit")
    op.execute("REVOKE CREATE ON SCHEMA public, facts FROM acogida_definer")
    op.execute("REVOKE USAGE ON SCHEMA public FROM acogida_definer, acogida_app, acogida_work")
    for extension in ("unaccent", "pg_trgm", "btree_gist"):
        op.execute(f"DROP EXTENSION {extension}")
    for schema in ("released", "facts", "keyring"):
        op.execute(f"DROP SCHEMA {schema}")
