"""Releases: what is published, who decided on it, and the exact numbers behind it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

PARTS = ("cube", "sheet", "figure", "coverage", "revision", "file")
BEHIND = ("ledger", "frozen", "withdrawal")


def holds(role: str) -> str:
    """The acting user holds a role in the release's country (their dates are the first wall's)."""
    return (
        "EXISTS (SELECT FROM public.membership m JOIN public.team t ON t.id = m.team_id "
        "WHERE m.user_id = (SELECT nullif(current_setting('app.user', true), ''))::uuid "
        f"AND m.role = '{role}' AND t.country = release.country)"
    )


STEWARD, APPROVER = holds("DATA_STEWARD"), holds("RELEASE_APPROVER")
ACTING = "(SELECT nullif(current_setting('app.user', true), ''))::uuid"


def upgrade() -> None:
    op.create_table(
        "release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("known_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("code_version", sa.Text(), nullable=True),
        sa.Column("grain", sa.Text(), nullable=True),
        sa.Column("origins", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("sites", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("since", sa.Text(), nullable=True),
        sa.Column("manifest", sa.Text(), nullable=True),
        sa.CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_release_period_is_month")),
        sa.CheckConstraint("status <> 'REFUSED' OR reason IS NOT NULL", name=op.f("ck_release_reason_given")),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'AWAITING_APPROVAL', 'APPROVED', 'REFUSED')",
            name=op.f("ck_release_status_known"),
        ),
        sa.CheckConstraint(
            "status IN ('DRAFT', 'REFUSED') OR manifest IS NOT NULL", name=op.f("ck_release_whole")
        ),
        sa.CheckConstraint(
            "status NOT IN ('APPROVED', 'REFUSED') OR (decided_by_id IS NOT NULL AND decided_at IS NOT NULL) "
            "OR (status = 'REFUSED' AND problem IS NOT NULL)",
            name=op.f("ck_release_decided"),
        ),
        sa.CheckConstraint("decided_by_id <> made_by_id", name=op.f("ck_release_two_people")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_release_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["user_account.id"], name=op.f("fk_release_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        schema="released",
    )
    op.create_index(op.f("ix_release_country"), "release", ["country"], unique=False, schema="released")
    op.create_index(
        op.f("ix_release_decided_by_id"), "release", ["decided_by_id"], unique=False, schema="released"
    )
    op.create_index(op.f("ix_release_made_by_id"), "release", ["made_by_id"], unique=False, schema="released")
    op.create_index(
        "uq_release_approved",
        "release",
        ["country", "period", "edition"],
        unique=True,
        schema="released",
        postgresql_where=sa.text("status = 'APPROVED'"),
    )
    op.create_index(
        "uq_release_open",
        "release",
        ["country"],
        unique=True,
        schema="released",
        postgresql_where=sa.text("status IN ('DRAFT', 'AWAITING_APPROVAL')"),
    )
    op.create_table(
        "frozen",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Uuid(), nullable=False),
        sa.Column("own_period", sa.Text(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("household", sa.Uuid(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("household_counted", sa.Text(), nullable=False),
        sa.Column("first_ever", sa.Boolean(), nullable=False),
        sa.Column("covers", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("age_band", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["released.release.id"], name=op.f("fk_frozen_release_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("release_id", "domain", "occurrence", "own_period", name=op.f("pk_frozen")),
        schema="facts",
    )
    op.create_index("ix_frozen_household", "frozen", ["household"], unique=False, schema="facts")
    op.create_index("ix_frozen_person", "frozen", ["person"], unique=False, schema="facts")
    op.create_table(
        "ledger",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("cube", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("truth", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["released.release.id"], name=op.f("fk_ledger_release_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("release_id", "cube", "period", name=op.f("pk_ledger")),
        schema="facts",
    )
    op.create_table(
        "withdrawal",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Uuid(), nullable=False),
        sa.Column("own_period", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["released.release.id"], name=op.f("fk_withdrawal_release_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "release_id", "domain", "occurrence", "own_period", name=op.f("pk_withdrawal")
        ),
        schema="facts",
    )
    op.create_table(
        "coverage",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("place_level", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reporting", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["released.release.id"], name=op.f("fk_coverage_release_id")),
        sa.PrimaryKeyConstraint(
            "release_id", "domain", "period", "place_level", "place", name=op.f("pk_coverage")
        ),
        schema="released",
    )
    op.create_table(
        "cube",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("split_dimension", sa.Text(), nullable=True),
        sa.Column("axes", postgresql.JSONB(), nullable=False),
        sa.Column("hierarchy", postgresql.JSONB(), nullable=False),
        sa.Column("k", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["released.release.id"], name=op.f("fk_cube_release_id")),
        sa.PrimaryKeyConstraint("release_id", "name", name=op.f("pk_cube")),
        schema="released",
    )
    op.create_table(
        "figure",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("place_level", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("age_band", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("household_type", sa.Text(), nullable=False),
        sa.Column("need_group", sa.Text(), nullable=False),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=True),
        sa.Column("denominator", sa.BigInteger(), nullable=True),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("cube", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["released.release.id"], name=op.f("fk_figure_release_id")),
        sa.PrimaryKeyConstraint("release_id", "position", name=op.f("pk_figure")),
        schema="released",
    )
    op.create_index(
        "ix_figure_indicator", "figure", ["release_id", "indicator"], unique=False, schema="released"
    )
    op.create_table(
        "file",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["release_id"], ["released.release.id"], name=op.f("fk_file_release_id")),
        sa.PrimaryKeyConstraint("release_id", "file", name=op.f("pk_file")),
        schema="released",
    )
    op.create_table(
        "revision",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("cube", sa.Text(), nullable=False),
        sa.Column("cell", sa.Text(), nullable=False),
        sa.Column("old", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("revises", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["released.release.id"], name=op.f("fk_revision_release_id")),
        sa.PrimaryKeyConstraint("release_id", "cube", "cell", name=op.f("pk_revision")),
        schema="released",
    )
    op.create_table(
        "sheet",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("cube", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("y", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("shown", postgresql.ARRAY(sa.Boolean()), nullable=False),
        sa.Column("merged", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id", "cube"], ["released.cube.release_id", "released.cube.name"], name="fk_sheet_cube"
        ),
        sa.PrimaryKeyConstraint("release_id", "cube", "period", name=op.f("pk_sheet")),
        schema="released",
    )

    _grants()
    _policies()
    _finality()


def _grants() -> None:
    op.execute("GRANT USAGE ON SCHEMA released TO acogida_app, acogida_work")
    wall.grant("released.release", facts="SIUD", figures="S", app="S", work="S")
    op.execute(
        "GRANT INSERT (id, name, country, period, edition, status, made_by_id, made_at, size) ON released.release "
        "TO acogida_app"
    )
    op.execute("GRANT UPDATE (status, decided_by_id, decided_at, reason) ON released.release TO acogida_app")
    for table in PARTS:
        wall.grant(f"released.{table}", facts="SIUD", figures="S", app="S", work="S")
    for table in BEHIND:
        wall.grant(f"facts.{table}", facts="SIUD")


def _policies() -> None:
    """Role facts makes releases; role figures sees what is approved; role app what its steward or approver may."""
    for table in ("release", *PARTS):
        op.execute(f"ALTER TABLE released.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE released.{table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {table}_facts ON released.{table} FOR ALL TO acogida_facts USING (true) WITH CHECK (true)"
        )
    op.execute(
        "CREATE POLICY release_figures ON released.release FOR SELECT TO acogida_figures "
        "USING (status = 'APPROVED')"
    )
    op.execute("CREATE POLICY release_work ON released.release FOR SELECT TO acogida_work USING (true)")
    op.execute(
        f"CREATE POLICY release_read ON released.release FOR SELECT TO acogida_app USING ({STEWARD} OR {APPROVER})"
    )
    op.execute(
        "CREATE POLICY release_add ON released.release FOR INSERT TO acogida_app "
        f"WITH CHECK (status = 'DRAFT' AND made_by_id = {ACTING} AND {STEWARD})"
    )
    op.execute(
        "CREATE POLICY release_decide ON released.release FOR UPDATE TO acogida_app "
        f"USING (status = 'AWAITING_APPROVAL' AND {APPROVER}) "
        f"WITH CHECK (status IN ('APPROVED', 'REFUSED') AND decided_by_id = {ACTING} AND {APPROVER})"
    )
    for table in PARTS:
        # What is seen of a release is what the same role sees of its row in `release`.
        op.execute(
            f"CREATE POLICY {table}_read ON released.{table} FOR SELECT TO acogida_figures, acogida_app, acogida_work "
            "USING (EXISTS (SELECT FROM released.release r WHERE r.id = release_id))"
        )


def _finality() -> None:
    op.execute(
        "CREATE FUNCTION released.refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'what is approved never changes' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER release_is_final BEFORE UPDATE OR DELETE ON released.release FOR EACH ROW "
        "WHEN (OLD.status = 'APPROVED') EXECUTE FUNCTION released.refuse_change()"
    )
    op.execute(
        """
        CREATE FUNCTION released.refuse_part() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE wanted uuid := CASE WHEN TG_OP = 'INSERT' THEN NEW.release_id ELSE OLD.release_id END;
        BEGIN
            IF EXISTS (SELECT FROM released.release WHERE id = wanted AND status = 'APPROVED') THEN
                RAISE EXCEPTION 'what is approved never changes' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        END $$
        """
    )
    op.execute("GRANT EXECUTE ON FUNCTION released.refuse_change(), released.refuse_part() TO PUBLIC")
    for schema, tables in (("released", PARTS), ("facts", BEHIND)):
        for table in tables:
            op.execute(
                f"CREATE TRIGGER {table}_is_final BEFORE INSERT OR UPDATE OR DELETE ON {schema}.{table} "
                "FOR EACH ROW EXECUTE FUNCTION released.refuse_part()"
            )


def downgrade() -> None:
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA released FROM acogida_app, acogida_work")
    op.drop_table("sheet", schema="released")
    op.drop_table("revision", schema="released")
    op.drop_table("file", schema="released")
    op.drop_table("figure", schema="released")
    op.drop_table("cube", schema="released")
    op.drop_table("coverage", schema="released")
    op.drop_table("withdrawal", schema="facts")
    op.drop_table("ledger", schema="facts")
    op.drop_table("frozen", schema="facts")
    op.drop_table("release", schema="released")
    op.execute("DROP FUNCTION released.refuse_part()")
    op.execute("DROP FUNCTION released.refuse_change()")
    op.execute("REVOKE USAGE ON SCHEMA released FROM acogida_app, acogida_work")
