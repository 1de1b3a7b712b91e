"""Files of people that were put in, what was wrong with them, families that wait, and what was imported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

CANDIDATES_OF = "candidates_of(text, integer[], smallint[], integer[], date[], date[], integer)"
KNOWN_IMPORTS = "known_imports(text, bytea[])"
NOT_AT_HOME = "refuse_national_asylum_seeker()"
REFUSE_NATIONAL = """
    CREATE OR REPLACE FUNCTION refuse_national_asylum_seeker() RETURNS trigger LANGUAGE plpgsql AS $$
    {body}
        RAISE EXCEPTION 'a national is no asylum-seeker at home'
          USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_person_population_not_at_home';
      END IF;
      RETURN NULL;
    END $$
"""
# Withdrawals are rare: the journal is read again only for an addition that has one.
NOTE_DIRTY = """
    CREATE OR REPLACE FUNCTION facts.note_dirty() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body$
    BEGIN
      INSERT INTO facts.dirty (country, person_key, event_id)
      SELECT a.country, a.person_key, a.id FROM added a
      UNION ALL
      SELECT a.country, a.other_key, a.id FROM added a WHERE a.other_key IS NOT NULL;
      {withdrawn}
      RETURN NULL;
    END $body$
"""
WITHDRAWN = """
      INSERT INTO facts.dirty (country, person_key, event_id)
      SELECT e.country, e.person_key, a.id FROM added a
      JOIN public.case_event e ON e.id = a.withdraws_id
      UNION ALL
      SELECT e.country, e.other_key, a.id FROM added a
      JOIN public.case_event e ON e.id = a.withdraws_id WHERE e.other_key IS NOT NULL
"""
JOINED = """
    BEGIN
      IF EXISTS (
        SELECT FROM public.person_population s
        JOIN public."case" c ON c.id = s.case_id
        JOIN public.person_nationality n ON n.person_id = s.person_id AND n.country = c.country
        WHERE s.person_id = NEW.person_id AND s.population = 'ASYLUM_SEEKER' AND s.ended_on IS NULL) THEN
"""
# The same question, asked of one person at a time: the join was planned over whole tables when they were new.
BY_PERSON = """
    DECLARE home bpchar;
    BEGIN
      SELECT c.country INTO home FROM public."case" c WHERE c.id = NEW.case_id;
      IF EXISTS (SELECT FROM public.person_nationality n WHERE n.person_id = NEW.person_id AND n.country = home)
        AND EXISTS (SELECT FROM public.person_population s WHERE s.person_id = NEW.person_id
                    AND s.population = 'ASYLUM_SEEKER' AND s.ended_on IS NULL) THEN
"""


def upgrade() -> None:
    op.create_table(
        "import_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("skip_bad", sa.Boolean(), nullable=False),
        sa.Column("file_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("file_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("step", sa.Text(), server_default="CHECK", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created", sa.Integer(), server_default="0", nullable=False),
        sa.Column("existing", sa.Integer(), server_default="0", nullable=False),
        sa.Column("skipped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("duplicates", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wrong", sa.Integer(), server_default="0", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('WAITING', 'RUNNING', 'DONE', 'REFUSED', 'FAILED')",
            name=op.f("ck_import_run_state_known"),
        ),
        sa.CheckConstraint(
            "(state IN ('WAITING', 'RUNNING')) = (ended_at IS NULL)", name=op.f("ck_import_run_ended_has_time")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_import_run_asked_by_id")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_import_run_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )  # fmt: skip
    op.create_index(op.f("ix_import_run_asked_by_id"), "import_run", ["asked_by_id"], unique=False)
    op.create_index(op.f("ix_import_run_team_id"), "import_run", ["team_id"], unique=False)
    op.create_table(
        "import_problem",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_problem_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_problem")),
    )
    op.create_index(op.f("ix_import_problem_run_id"), "import_problem", ["run_id"], unique=False)
    op.create_table(
        "import_held",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("first_row", sa.Integer(), nullable=False),
        sa.Column("people_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("alike", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_import_held_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_held_run_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_import_held_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_held")),
    )
    for column in ("decided_by_id", "run_id", "team_id"):
        op.create_index(op.f(f"ix_import_held_{column}"), "import_held", [column], unique=False)
    op.create_table(
        "import_source",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("held_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("num_nonnulls(case_id, held_id) = 1", name=op.f("ck_import_source_file_or_held")),
        sa.CheckConstraint("octet_length(key) = 32", name=op.f("ck_import_source_key_hashed")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_import_source_case_id")),
        sa.ForeignKeyConstraint(["held_id"], ["import_held.id"], name=op.f("fk_import_source_held_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_import_source_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_source")),
        sa.UniqueConstraint("country", "key", name=op.f("uq_import_source_country_key")),
    )
    for column in ("case_id", "held_id", "team_id"):
        op.create_index(op.f(f"ix_import_source_{column}"), "import_source", [column], unique=False)
    team = f"team_id = ANY ({wall.TEAMS})"
    for table in ("import_run", "import_held", "import_source"):
        wall.behind_policy(table, read=team)
        wall.grant(table, app="SIUD", work="SIUD")
    of_run = f"EXISTS (SELECT FROM import_run r WHERE r.id = run_id AND r.team_id = ANY ({wall.TEAMS}))"
    wall.behind_policy("import_problem", read=of_run)
    wall.grant("import_problem", app="SIUD", work="SIUD")
    op.execute("GRANT SELECT ON import_source TO acogida_definer")
    # Whether a row was imported anywhere in the country; which file it became is told to the file's own team.
    wall.definer_function(
        "known_imports(p_country text, p_keys bytea[]) "
        "RETURNS TABLE (key bytea, case_id uuid, waits boolean) LANGUAGE sql STABLE",
        f"""
        SELECT s.key, CASE WHEN c.team_id = ANY ({wall.TEAMS}) AND c.status = 'OPEN' THEN c.id END,
               s.held_id IS NOT NULL
        FROM public.import_source s LEFT JOIN public."case" c ON c.id = s.case_id
        WHERE s.country = p_country::bpchar AND s.key = ANY (p_keys)
        """,
        to="acogida_app, acogida_work",
    )
    # As `candidates`, for many people at once: those that share a token with each, by how many they share. A token
    # that very many share is not followed to its end, and births that lie apart are left out, save for documents.
    wall.definer_function(
        "candidates_of(p_country text, p_refs integer[], p_kinds smallint[], p_tokens integer[], "
        "p_earliest date[], p_latest date[], p_most integer) "
        "RETURNS TABLE (ref integer, person_id uuid) LANGUAGE sql STABLE",
        f"""
        WITH shared AS MATERIALIZED (
          SELECT q.ref, n.person_id, count(*) AS hits, bool_or(q.k = 1) AS by_document
          FROM unnest(p_refs, p_kinds, p_tokens) AS q(ref, k, t)
          CROSS JOIN LATERAL (
            SELECT t.person_id FROM public.name_token t
            WHERE t.country = p_country::bpchar AND t.token = q.t AND t.kind = q.k LIMIT 60) n
          GROUP BY q.ref, n.person_id)
        SELECT found.ref, found.person_id FROM (
          SELECT s.ref, s.person_id, row_number() OVER (
            PARTITION BY s.ref ORDER BY s.by_document DESC, s.hits DESC, s.person_id DESC) AS place
          FROM shared s
          JOIN unnest(p_earliest, p_latest) WITH ORDINALITY AS b(earliest, latest, ref) ON b.ref = s.ref + 1
          JOIN public.person p ON p.id = s.person_id
          JOIN public."case" c ON c.id = p.case_id
          WHERE c.erased_at IS NULL AND (c.team_id = ANY ({wall.TEAMS}) OR c.readers && {wall.TEAMS})
            AND (s.by_document OR b.earliest IS NULL OR p.birth_from IS NULL
                 OR (p.birth_from <= b.latest AND p.birth_to >= b.earliest))) found
        WHERE found.place <= p_most
        """,
        to="acogida_app, acogida_work",
    )

    op.execute(REFUSE_NATIONAL.format(body=BY_PERSON))
    op.execute(
        NOTE_DIRTY.format(
            withdrawn=f"IF EXISTS (SELECT FROM added a WHERE a.withdraws_id IS NOT NULL) THEN {WITHDRAWN}; END IF;"
        )
    )
    # However new the tables are, and whatever the planner knows of them, an import looks up by index.
    for function in (CANDIDATES_OF, KNOWN_IMPORTS, NOT_AT_HOME):
        op.execute(f"ALTER FUNCTION {function} SET enable_seqscan = off")


def downgrade() -> None:
    op.execute(f"ALTER FUNCTION {NOT_AT_HOME} RESET ALL")
    op.execute(REFUSE_NATIONAL.format(body=JOINED))
    op.execute(NOTE_DIRTY.format(withdrawn=f"{WITHDRAWN};"))
    op.execute(f"DROP FUNCTION {CANDIDATES_OF}")
    op.execute(f"DROP FUNCTION {KNOWN_IMPORTS}")
    op.drop_table("import_source")
    op.drop_table("import_held")
    op.drop_table("import_problem")
    op.drop_table("import_run")
