"""Versions of an indicator's definition, drafted by a steward and published by a second person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

TABLE = "released.definition"
#: What those may read who only count by a definition: nobody's account.
PUBLIC = "id, country, code, state, entry, base, number, valid_from, valid_to, reason, decided_at"
LOCK = 7315


def holds(role: str) -> str:
    """The acting user holds a role in the definition's country (their dates are the first wall's)."""
    return (
        "EXISTS (SELECT FROM public.membership m JOIN public.team t ON t.id = m.team_id "
        f"WHERE m.user_id = {wall.ACTING_USER} AND m.role = '{role}' AND t.country = definition.country)"
    )


STEWARD, APPROVER = holds("DATA_STEWARD"), holds("RELEASE_APPROVER")


def upgrade() -> None:
    op.create_table(
        "definition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entry", postgresql.JSON(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("returned", sa.Text(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("writers", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'AWAITING_APPROVAL', 'PUBLISHED')", name=op.f("ck_definition_state_known")
        ),
        sa.CheckConstraint("decided_by_id <> ALL (writers)", name=op.f("ck_definition_two_people")),
        sa.CheckConstraint("author_id = ANY (writers)", name=op.f("ck_definition_author_wrote")),
        sa.CheckConstraint(
            "extract(day FROM valid_from) = 1", name=op.f("ck_definition_from_first_of_month")
        ),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_definition_valid_span")),
        sa.CheckConstraint(
            "(number IS NOT NULL) = (state = 'PUBLISHED')", name=op.f("ck_definition_numbered")
        ),
        sa.CheckConstraint("number > base", name=op.f("ck_definition_number_rises")),
        sa.CheckConstraint(
            "valid_to IS NULL OR state = 'PUBLISHED'", name=op.f("ck_definition_ends_once_published")
        ),
        sa.CheckConstraint(
            "state = 'DRAFT' OR (length(btrim(reason)) >= 3 AND reason IS NOT NULL "
            "AND valid_from IS NOT NULL AND submitted_at IS NOT NULL)",
            name=op.f("ck_definition_reason_given"),
        ),
        sa.CheckConstraint(
            "state <> 'PUBLISHED' OR (decided_by_id IS NOT NULL AND decided_at IS NOT NULL)",
            name=op.f("ck_definition_decided"),
        ),
        postgresql.ExcludeConstraint(
            ("country", "="), ("code", "="), (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            using="gist", where=sa.text("state = 'PUBLISHED'"), name="ex_definition_overlap",
        ),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_definition_author_id")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_definition_decided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definition")),
        sa.UniqueConstraint("code", "number", name="uq_definition_number"),
        schema="released",
    )  # fmt: skip
    for column in ("author_id", "decided_by_id"):
        op.create_index(op.f(f"ix_definition_{column}"), "definition", [column], schema="released")
    for name, which in (
        ("uq_definition_draft", "state <> 'PUBLISHED'"),
        ("uq_definition_in_force", "state = 'PUBLISHED' AND valid_to IS NULL"),
    ):
        op.create_index(
            name, "definition", ["country", "code"], unique=True, schema="released", postgresql_where=sa.text(which)
        )  # fmt: skip
    _policies()
    _publishing()


def _policies() -> None:
    """Published definitions are for everybody; a draft for the stewards and approvers of its country."""
    for role in ("facts", "figures"):
        op.execute(f"GRANT SELECT ({PUBLIC}) ON {TABLE} TO acogida_{role}")
    wall.grant(TABLE, app="SIUD", work="S")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY definition_counted ON {TABLE} FOR SELECT TO acogida_facts, acogida_figures, acogida_work "
        "USING (state = 'PUBLISHED')"
    )
    op.execute(
        f"CREATE POLICY definition_read ON {TABLE} FOR SELECT TO acogida_app "
        f"USING (state = 'PUBLISHED' OR {STEWARD} OR {APPROVER})"
    )
    op.execute(
        f"CREATE POLICY definition_add ON {TABLE} FOR INSERT TO acogida_app "
        f"WITH CHECK (state = 'DRAFT' AND author_id = {wall.ACTING_USER} AND {STEWARD})"
    )
    op.execute(
        f"CREATE POLICY definition_write ON {TABLE} FOR UPDATE TO acogida_app "
        f"USING (state <> 'PUBLISHED' AND {STEWARD}) "
        f"WITH CHECK (state <> 'PUBLISHED' AND author_id = {wall.ACTING_USER} AND {STEWARD})"
    )
    op.execute(
        f"CREATE POLICY definition_decide ON {TABLE} FOR UPDATE TO acogida_app "
        f"USING (state = 'AWAITING_APPROVAL' AND {APPROVER}) "
        f"WITH CHECK (state <> 'AWAITING_APPROVAL' AND decided_by_id = {wall.ACTING_USER} AND {APPROVER})"
    )
    op.execute(
        f"CREATE POLICY definition_remove ON {TABLE} FOR DELETE TO acogida_app USING (state = 'DRAFT' AND {STEWARD})"
    )


def _publishing() -> None:
    """A version takes force in a month that no release has counted or is being counted by, after every other; it ends
    the one before it. What is published never changes otherwise."""
    wall.definer_function(
        "months_open_from(country text) RETURNS text LANGUAGE sql STABLE",
        "SELECT to_char(to_date(max(r.period), 'YYYY-MM') + interval '1 month', 'YYYY-MM') FROM released.release r "
        "WHERE r.country = months_open_from.country AND r.status IN ('DRAFT', 'AWAITING_APPROVAL', 'APPROVED')",
        to="acogida_app, acogida_work, acogida_facts",
    )
    op.execute("GRANT USAGE ON SCHEMA released TO acogida_definer")
    op.execute("GRANT SELECT ON released.release TO acogida_definer")
    op.execute("GRANT SELECT, UPDATE ON released.definition TO acogida_definer")
    wall.definer_function(
        "publish_definition() RETURNS trigger LANGUAGE plpgsql",
        f"""
        BEGIN
            IF NOT pg_try_advisory_xact_lock({LOCK}, hashtext(NEW.country)) THEN
                RAISE EXCEPTION 'a release of this country is being asked for'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'definition_release_running';
            END IF;
            IF to_char(NEW.valid_from, 'YYYY-MM') < months_open_from(NEW.country) THEN
                RAISE EXCEPTION 'a release has counted this month'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'definition_month_released';
            END IF;
            IF EXISTS (SELECT FROM released.definition d WHERE d.country = NEW.country AND d.code = NEW.code
                       AND d.state = 'PUBLISHED' AND d.id <> NEW.id AND d.valid_from >= NEW.valid_from) THEN
                RAISE EXCEPTION 'a version takes force later already'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'definition_after_the_last';
            END IF;
            UPDATE released.definition d SET valid_to = NEW.valid_from - 1
            WHERE d.country = NEW.country AND d.code = NEW.code AND d.state = 'PUBLISHED' AND d.valid_to IS NULL
              AND d.id <> NEW.id;
            RETURN NEW;
        END
        """,
        to="",
    )
    op.execute(
        f"CREATE TRIGGER definition_published BEFORE UPDATE OF state ON {TABLE} FOR EACH ROW "
        "WHEN (NEW.state = 'PUBLISHED' AND OLD.state <> 'PUBLISHED') EXECUTE FUNCTION publish_definition()"
    )
    op.execute(
        f"CREATE TRIGGER definition_added BEFORE INSERT ON {TABLE} FOR EACH ROW "
        "WHEN (NEW.state = 'PUBLISHED') EXECUTE FUNCTION publish_definition()"
    )
    op.execute(
        """
        CREATE FUNCTION released.refuse_definition() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND OLD.valid_to IS NULL AND NEW.valid_to IS NOT NULL
               AND to_jsonb(NEW) - 'valid_to' = to_jsonb(OLD) - 'valid_to' THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'what is published never changes' USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute("GRANT EXECUTE ON FUNCTION released.refuse_definition() TO PUBLIC")
    op.execute(
        f"CREATE TRIGGER definition_is_final BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW "
        "WHEN (OLD.state = 'PUBLISHED') EXECUTE FUNCTION released.refuse_definition()"
    )
    op.execute(
        f"""
        CREATE FUNCTION released.hold_definitions() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock({LOCK}, hashtext(NEW.country));
            RETURN NEW;
        END $$
        """
    )
    op.execute("GRANT EXECUTE ON FUNCTION released.hold_definitions() TO PUBLIC")
    op.execute(
        "CREATE TRIGGER release_holds_definitions BEFORE INSERT ON released.release FOR EACH ROW "
        "EXECUTE FUNCTION released.hold_definitions()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER release_holds_definitions ON released.release")
    op.drop_table("definition", schema="released")
    for function in ("released.hold_definitions()", "released.refuse_definition()", "publish_definition()"):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP FUNCTION months_open_from(text)")
    op.execute("REVOKE SELECT ON released.release FROM acogida_definer")
    op.execute("REVOKE USAGE ON SCHEMA released FROM acogida_definer")
