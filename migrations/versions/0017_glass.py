"""Exceptional access to another team's file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "glass_access",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "ends_at > since AND ends_at <= since + interval '3 hours'",
            name=op.f("ck_glass_access_three_hours"),
        ),
        sa.CheckConstraint(
            "outcome IN ('JUSTIFIED', 'NOT_JUSTIFIED', 'TAKEN_FURTHER')",
            name=op.f("ck_glass_access_outcome_known"),
        ),
        sa.CheckConstraint(
            "reason IN ('LIFE_AT_RISK', 'MEDICAL_EMERGENCY', 'CHILD_AT_RISK', 'PERSON_HERE_TEAM_AWAY', 'SITE_EMERGENCY')",
            name=op.f("ck_glass_access_reason_known"),
        ),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (outcome IS NULL)", name=op.f("ck_glass_access_reviewed_has_outcome")
        ),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (reviewed_by_id IS NULL)",
            name=op.f("ck_glass_access_reviewed_has_person"),
        ),
        sa.CheckConstraint("reviewed_by_id <> user_id", name=op.f("ck_glass_access_second_person")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_glass_access_case_id")),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"], ["user_account.id"], name=op.f("fk_glass_access_reviewed_by_id")
        ),
        sa.ForeignKeyConstraint(["seen_by_id"], ["user_account.id"], name=op.f("fk_glass_access_seen_by_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_glass_access_team_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_glass_access_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_glass_access")),
    )
    op.create_index(op.f("ix_glass_access_case_id"), "glass_access", ["case_id"], unique=False)
    op.create_index("ix_glass_access_open", "glass_access", ["user_id", "case_id", "ends_at"], unique=False)
    op.create_index(op.f("ix_glass_access_reviewed_by_id"), "glass_access", ["reviewed_by_id"], unique=False)
    op.create_index(op.f("ix_glass_access_seen_by_id"), "glass_access", ["seen_by_id"], unique=False)
    op.create_index(op.f("ix_glass_access_team_id"), "glass_access", ["team_id"], unique=False)
    op.create_index(
        "ix_glass_access_to_review",
        "glass_access",
        ["country", "id"],
        unique=False,
        postgresql_where=sa.text("reviewed_at IS NULL"),
    )
    # A row is only made by `break_glass`; role `app` may add to it, and never move its times.
    op.execute("ALTER TABLE glass_access ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE glass_access FORCE ROW LEVEL SECURITY")
    mine = f"user_id = {wall.ACTING_USER}"
    seen = f"{mine} OR {wall.owner_of('case_id')} OR {wall.oversees('country')}"
    op.execute(f"CREATE POLICY glass_access_read ON glass_access FOR SELECT TO acogida_app USING ({seen})")
    op.execute(
        f"CREATE POLICY glass_access_change ON glass_access FOR UPDATE TO acogida_app USING ({seen}) WITH CHECK ({seen})"
    )
    op.execute(
        "CREATE POLICY glass_access_work ON glass_access FOR ALL TO acogida_work USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT ON glass_access TO acogida_app, acogida_work")
    op.execute(
        "GRANT UPDATE (note_sealed, ended_at, seen_at, seen_by_id, reviewed_at, reviewed_by_id, outcome, version) "
        "ON glass_access TO acogida_app"
    )
    op.execute("GRANT UPDATE (note_sealed, told_at, version) ON glass_access TO acogida_work")
    op.execute("GRANT SELECT, INSERT ON glass_access TO acogida_definer")
    op.execute("GRANT SELECT ON membership, person_nationality, reference_code TO acogida_definer")
    # Whose file and by whom: a team of the same country that is neither custody nor consulate, a file that is not
    # with a sealed team, and nobody who works in a country of which the person is a national. What is refused
    # answers like what is not there.
    wall.definer_function(
        "break_glass(p_id uuid, p_number text, p_reason text, p_at timestamptz) RETURNS TABLE (case_id uuid) "
        "LANGUAGE plpgsql",
        f"""
        #variable_conflict use_column
        DECLARE
          who uuid := nullif(current_setting('app.user', true), '')::uuid;
          file record;
        BEGIN
          IF (SELECT count(*) FROM public.glass_access g
              WHERE g.user_id = who AND g.since > statement_timestamp() - interval '24 hours') >= 5 THEN
            RAISE EXCEPTION 'too many files in a day'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'glass_access_limit';
          END IF;
          SELECT c.id, c.number, c.country, t.id AS team INTO file
          FROM public."case" c
          JOIN public.team held ON held.id = c.team_id
          JOIN public.team t ON t.country = c.country AND t.id = ANY ({wall.TEAMS}) AND t.active
            AND t.type NOT IN ('MIGRATION_CUSTODY', 'CONSULAR')
          JOIN public.membership m ON m.team_id = t.id AND m.user_id = who
            AND m.role IN ('CASEWORKER', 'SUPERVISOR', 'CHILD_OFFICER')
          WHERE c.number = p_number AND c.erased_at IS NULL
            AND c.team_id <> ALL ({wall.TEAMS})
            AND held.type NOT IN ('SAFE_HOUSE', 'GBV_SPECIALIST', 'PTA_CELL')
            AND NOT EXISTS (
              SELECT FROM public.membership x WHERE x.user_id = who AND x.role IN ('ADMINISTRATOR', 'CUSTODY_LIAISON')
              AND (x.valid_to IS NULL OR x.valid_to > p_at::date))
            AND NOT EXISTS (
              SELECT FROM public.team o JOIN public.person_nationality n ON n.country = o.country
              WHERE o.id = ANY ({wall.TEAMS}) AND n.case_id = c.id)
          ORDER BY t.code LIMIT 1;
          IF file.id IS NULL THEN RETURN; END IF;
          INSERT INTO public.glass_access
            (id, case_id, number, country, user_id, team_id, reason, opened_at, since, ends_at, version)
          VALUES (p_id, file.id, file.number, file.country, who, file.team, p_reason, p_at,
            statement_timestamp(), statement_timestamp() + interval '3 hours', 1);
          RETURN QUERY SELECT file.id;
        END
        """,
        to="acogida_app",
    )
    # The file that this transaction reads through the glass: only the one it named, only while it runs.
    wall.definer_function(
        "glass_case() RETURNS uuid LANGUAGE sql STABLE",
        """
        SELECT g.case_id FROM public.glass_access g
        WHERE g.case_id = nullif(current_setting('app.glass', true), '')::uuid
          AND g.user_id = nullif(current_setting('app.user', true), '')::uuid
          AND g.ended_at IS NULL AND g.since <= statement_timestamp() AND g.ends_at > statement_timestamp()
        LIMIT 1
        """,
        to="acogida_app",
    )
    op.execute(
        'CREATE POLICY case_glass ON public."case" FOR SELECT TO acogida_app USING (id = (SELECT glass_case()))'
    )
    for table in ("person_nationality", "contact"):
        op.execute(
            f"CREATE POLICY {table}_glass ON {table} FOR SELECT TO acogida_app "
            "USING (case_id = (SELECT glass_case()))"
        )
    op.execute(
        "CREATE POLICY need_glass ON need FOR SELECT TO acogida_app USING (case_id = (SELECT glass_case()) "
        "AND EXISTS (SELECT FROM reference_code r WHERE r.list_name = 'need_code' AND r.code = need.code "
        "AND NOT 'S' = ANY (r.flags)))"
    )


def downgrade() -> None:
    for table in ("need", "contact", "person_nationality"):
        op.execute(f"DROP POLICY {table}_glass ON {table}")
    op.execute('DROP POLICY case_glass ON public."case"')
    op.execute("DROP FUNCTION glass_case()")
    op.execute("DROP FUNCTION break_glass(uuid, text, text, timestamptz)")
    op.execute("REVOKE SELECT ON membership, person_nationality, reference_code FROM acogida_definer")
    op.drop_table("glass_access")
