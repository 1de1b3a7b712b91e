"""What stays of an imported row when its person is erased: a mark that leads to nobody (decision 0092)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

SIGNATURE = (
    "known_imports(p_country text, p_keys bytea[]) "
    "RETURNS TABLE (key bytea, case_id uuid, waits boolean) LANGUAGE sql STABLE"
)
#: As it stood from migration 0022 on.
KNOWN = f"""
        SELECT s.key, CASE WHEN c.team_id = ANY ({wall.TEAMS}) AND c.status = 'OPEN' THEN c.id END,
               s.held_id IS NOT NULL
        FROM public.import_source s LEFT JOIN public."case" c ON c.id = s.case_id
        WHERE s.country = p_country::bpchar AND s.key = ANY (p_keys)
        """
ALSO_ERASED = """
        UNION ALL
        SELECT k.key, NULL, false
        FROM unnest(p_keys) AS k(key)
        JOIN public.import_erased e ON e.country = p_country::bpchar AND e.mark = sha256('erased'::bytea || k.key)
        """


def upgrade() -> None:
    # No id and no moment: a time-ordered id or a timestamp would lead from the mark to the file that was erased.
    op.create_table(
        "import_erased",
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.CheckConstraint("octet_length(mark) = 32", name=op.f("ck_import_erased_mark_hashed")),
        sa.CheckConstraint("extract(day FROM since) = 1", name=op.f("ck_import_erased_month_only")),
        sa.PrimaryKeyConstraint("country", "mark", name=op.f("pk_import_erased")),
    )
    # Nobody reads it but the function below; the worker throws away what is old.
    op.execute("ALTER TABLE import_erased ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE import_erased FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY import_erased_work ON import_erased FOR ALL TO acogida_work USING (true)")
    wall.grant("import_erased", work="SD")
    op.execute("GRANT SELECT, INSERT ON import_erased TO acogida_definer")
    op.execute("GRANT DELETE ON import_source TO acogida_definer")
    wall.definer_function(
        "forget_import() RETURNS trigger LANGUAGE plpgsql",
        """
        BEGIN
          WITH gone AS (
            DELETE FROM public.import_source WHERE case_id = NEW.id RETURNING country, key)
          INSERT INTO public.import_erased (country, mark, since)
          SELECT country, sha256('erased'::bytea || key), date_trunc('month', NEW.erased_at AT TIME ZONE 'UTC')::date
          FROM gone ON CONFLICT DO NOTHING;
          RETURN NULL;
        END
        """,
        to="acogida_app, acogida_work",
    )
    op.execute(
        'CREATE TRIGGER forget_import AFTER UPDATE OF erased_at ON "case" FOR EACH ROW '
        "WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL) EXECUTE FUNCTION forget_import()"
    )
    # Those that were erased before: the same.
    op.execute(
        """
        WITH gone AS (
          DELETE FROM import_source s USING "case" c WHERE c.id = s.case_id AND c.erased_at IS NOT NULL
          RETURNING s.country, s.key, c.erased_at)
        INSERT INTO import_erased (country, mark, since)
        SELECT country, sha256('erased'::bytea || key), date_trunc('month', erased_at AT TIME ZONE 'UTC')::date
        FROM gone ON CONFLICT DO NOTHING
        """
    )
    _known(KNOWN + ALSO_ERASED)


def downgrade() -> None:
    _known(KNOWN)
    op.execute('DROP TRIGGER forget_import ON "case"')
    op.execute("DROP FUNCTION forget_import()")
    op.execute("REVOKE DELETE ON import_source FROM acogida_definer")
    op.drop_table("import_erased")


def _known(body: str) -> None:
    """The function anew: owner and grants stay as they are. It looks up by index, whatever the planner knows."""
    op.execute(
        f"CREATE OR REPLACE FUNCTION {SIGNATURE} SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp "
        f"SET enable_seqscan = off AS $body${body}$body$"
    )
