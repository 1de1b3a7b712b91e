"""Figures of registers of institutions at a month's end, kept as they were counted: beds reported, space."""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None

WITH_PLACES = import_module("migrations.versions.0075_capacity_enrolment").WITH_PLACES
#: A place that may be slept in that night.
OPEN = "p.opened_on <= p_day AND (p.closed_on IS NULL OR p.closed_on >= p_day)"
#: Columns of the register of enrolments that the annual report tells; what stands has no small number in it.
TOLD = {
    "programme_enrolment": "project_id, country, period, starts_on, sex, age_band, enrolled, withdrawn_at",
    "joint_project": "id, country, code, kind, name_es, name_en, withdrawn_at",
}


def upgrade() -> None:
    _table()
    op.execute("GRANT SELECT ON unit, place, team, site, capacity_word, network_capacity TO acogida_definer")
    wall.definer_function(
        "figures_of_registers(p_country text, p_day date, p_known timestamptz) "
        "RETURNS TABLE (indicator text, standard text, facilities bigint, whole numeric, part numeric, largest numeric) "
        "LANGUAGE sql STABLE",
        f"""
        WITH kept AS (SELECT * FROM ({WITH_PLACES.format(country="p_country")}) k(site_id)),
        -- P5-05: overflow is over capacity and no bed of the network.
        own AS (
          SELECT u.site_id, count(*) AS beds, EXISTS (
                   SELECT FROM public.capacity_word w JOIN public.team t ON t.id = w.team_id
                   WHERE t.site_id = u.site_id AND w.night > p_day - 7 AND w.night <= p_day AND w.said_at < p_known) AS told
          FROM public.unit u JOIN public.place p ON p.unit_id = u.id
          WHERE u.site_id IN (SELECT site_id FROM kept) AND u.active AND p.kind <> 'SURGE' AND {OPEN}
          GROUP BY u.site_id
        ), others AS (
          SELECT DISTINCT ON (n.site_id) n.site_id, n.beds::bigint, n.reported_on > p_day - 7 AS told
          FROM public.network_capacity n JOIN public.site s ON s.id = n.site_id
          WHERE n.country = p_country AND n.reported_on <= p_day AND n.entered_at < p_known
            AND (n.withdrawn_at IS NULL OR n.withdrawn_at >= p_known)
            AND (s.closed_on IS NULL OR s.closed_on > p_day) AND s.kind <> 'SAFE_HOUSE'
            AND n.site_id NOT IN (SELECT site_id FROM own)
          ORDER BY n.site_id, n.reported_on DESC, n.entered_at DESC
        ), network AS (SELECT * FROM own UNION ALL SELECT * FROM others),
        -- P1-23: whoever sleeps in a room that night has a place in it, overflow too; a cot stands beside a bed.
        room AS (
          SELECT u.site_id, u.area_m2, count(*) AS people
          FROM public.unit u JOIN public.place p ON p.unit_id = u.id
          WHERE u.site_id IN (SELECT site_id FROM kept) AND u.active AND p.kind <> 'COT' AND {OPEN}
          GROUP BY u.site_id, u.id, u.area_m2
        ), standards(standard, each) AS (VALUES ('SPHERE', 3.5), ('EUAA', 4.0)),
        facility AS (
          SELECT r.site_id, s.standard, bool_and(r.area_m2 >= r.people * s.each) AS meets
          FROM room r CROSS JOIN standards s
          GROUP BY r.site_id, s.standard HAVING bool_and(r.area_m2 IS NOT NULL)
        )
        SELECT 'P5-05', '', count(*), sum(beds), coalesce(sum(beds) FILTER (WHERE told), 0), max(beds)
        FROM network HAVING count(*) > 0
        UNION ALL
        SELECT 'P1-23', s.standard, count(f.site_id), count(f.site_id)::numeric,
               (count(f.site_id) FILTER (WHERE f.meets))::numeric, least(count(f.site_id), 1)::numeric
        FROM standards s LEFT JOIN facility f USING (standard) WHERE EXISTS (SELECT FROM room) GROUP BY s.standard
        """,
        to="acogida_facts",
    )
    for table, columns in TOLD.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO acogida_figures")
        op.execute(
            f"CREATE POLICY {table}_told ON {table} FOR SELECT TO acogida_figures USING (withdrawn_at IS NULL)"
        )


def _table() -> None:
    table = "register_figure"
    op.create_table(
        table,
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("facilities", sa.Integer(), nullable=True),
        sa.Column("share", sa.Integer(), nullable=True),
        sa.Column("known_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("standard IN ('', 'SPHERE', 'EUAA')", name=op.f(f"ck_{table}_standard_known")),
        sa.CheckConstraint(
            "status IN ('PUBLISHED', 'FEW_SITES', 'ONE_DOMINATES')", name=op.f(f"ck_{table}_status_known")
        ),
        sa.CheckConstraint("month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f(f"ck_{table}_month_form")),
        sa.CheckConstraint("facilities >= 5", name=op.f(f"ck_{table}_no_few_sites")),
        sa.CheckConstraint("(status = 'FEW_SITES') = (facilities IS NULL)", name=op.f(f"ck_{table}_few_told")),
        sa.CheckConstraint("(status = 'PUBLISHED') = (share IS NOT NULL)", name=op.f(f"ck_{table}_share_told")),
        sa.CheckConstraint("share BETWEEN 0 AND 100 AND share % 5 = 0", name=op.f(f"ck_{table}_share_in_steps")),
        sa.PrimaryKeyConstraint(
            "country", "indicator", "month", "standard", name=op.f(f"pk_{table}")
        ),
        schema="released",
    )  # fmt: skip
    # Added and read, never changed: nobody holds UPDATE or DELETE.
    wall.grant(f"released.{table}", facts="SI", figures="S")
    op.execute(f"ALTER TABLE released.{table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE released.{table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY {table}_read ON released.{table} FOR SELECT TO acogida_facts, acogida_figures USING (true)"
    )
    op.execute(f"CREATE POLICY {table}_add ON released.{table} FOR INSERT TO acogida_facts WITH CHECK (true)")


def downgrade() -> None:
    for table, columns in TOLD.items():
        op.execute(f"DROP POLICY {table}_told ON {table}")
        op.execute(f"REVOKE SELECT ({columns}) ON {table} FROM acogida_figures")
    op.execute("DROP FUNCTION figures_of_registers(text, date, timestamptz)")
    op.drop_table("register_figure", schema="released")
