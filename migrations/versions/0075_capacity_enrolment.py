"""Registers of the beds that shelters elsewhere report, and of who enrolled in programmes of other institutions."""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None

registers = import_module("migrations.versions.0062_registers")
STANDS = sa.text("withdrawn_at IS NULL")
#: Sites whose places are kept in Acogida, of a country; never a safe house.
WITH_PLACES = """
    SELECT DISTINCT u.site_id FROM public.unit u JOIN public.site s ON s.id = u.site_id
    WHERE s.country = {country} AND s.kind <> 'SAFE_HOUSE' AND u.active
      AND EXISTS (SELECT FROM public.place p WHERE p.unit_id = u.id)
"""


def upgrade() -> None:
    _capacity()
    _enrolments()


def _capacity() -> None:
    table = "network_capacity"
    registers._register(
        table,
        [
            sa.Column("site_id", sa.Uuid(), nullable=False),
            sa.Column("reported_on", sa.Date(), nullable=False),
            sa.Column("beds", sa.Integer(), nullable=False),
            sa.Column("usable", sa.Integer(), nullable=False),
            sa.CheckConstraint("beds BETWEEN 1 AND 5000", name=op.f(f"ck_{table}_beds_sane")),
            sa.CheckConstraint("usable BETWEEN 0 AND beds", name=op.f(f"ck_{table}_usable_within_beds")),
            sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f(f"fk_{table}_site_id")),
        ],
    )
    op.create_index(f"ix_{table}_site_id", table, ["site_id"])
    op.create_index(
        "uq_network_capacity_day", table, ["site_id", "reported_on"], unique=True, postgresql_where=STANDS
    )
    op.execute("GRANT SELECT ON unit, place TO acogida_definer")
    wall.definer_function(
        "sites_with_places(p_country text) RETURNS SETOF uuid LANGUAGE sql STABLE",
        WITH_PLACES.format(country="p_country"),
        to="acogida_app, acogida_work",
    )
    wall.definer_function(
        "network_capacity_of_others() RETURNS trigger LANGUAGE plpgsql",
        f"""
        BEGIN
          IF NEW.site_id IN ({WITH_PLACES.format(country="NEW.country")}) OR NOT EXISTS (
            SELECT FROM public.site s
            WHERE s.id = NEW.site_id AND s.country = NEW.country AND s.kind <> 'SAFE_HOUSE')
          THEN
            RAISE EXCEPTION 'whose places are kept here is not reported'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'network_capacity_site';
          END IF;
          RETURN NEW;
        END
        """,
        to="",
    )
    op.execute(
        "CREATE TRIGGER network_capacity_site BEFORE INSERT ON network_capacity "
        "FOR EACH ROW EXECUTE FUNCTION network_capacity_of_others()"
    )


def _enrolments() -> None:
    table = "programme_enrolment"
    registers._register(
        table,
        [
            sa.Column("project_id", sa.Uuid(), nullable=False),
            sa.Column("period", sa.Text(), nullable=False),
            sa.Column("starts_on", sa.Date(), nullable=False),
            sa.Column("ends_on", sa.Date(), nullable=False),
            sa.Column("sex", sa.Text(), nullable=True),
            sa.Column("age_band", sa.Text(), nullable=True),
            sa.Column("enrolled", sa.Integer(), nullable=True),
            sa.Column("source", sa.Text(), nullable=False),
            registers._one_of(table, "sex", "F", "M", "O"),
            registers._one_of(table, "age_band", "0-4", "5-11", "12-17", "18-59", "60+", "UNKNOWN"),
            sa.CheckConstraint("enrolled BETWEEN 5 AND 1000000", name=op.f(f"ck_{table}_no_small_number")),
            sa.CheckConstraint("ends_on >= starts_on", name=op.f(f"ck_{table}_ends_after_start")),
            sa.CheckConstraint("length(btrim(source)) >= 3", name=op.f(f"ck_{table}_source_given")),
            sa.ForeignKeyConstraint(
                ["project_id"], ["joint_project.id"], name=op.f(f"fk_{table}_project_id")
            ),
            postgresql.ExcludeConstraint(
                ("project_id", "="), ("period", "="),
                (sa.text("((sex IS NOT NULL)::int + 2 * (age_band IS NOT NULL)::int)"), "<>"),
                using="gist", where=STANDS, name="ex_programme_enrolment_grain",
            ),
            postgresql.ExcludeConstraint(
                ("project_id", "="), (sa.text("daterange(starts_on, ends_on, '[]')"), "&&"), ("period", "<>"),
                using="gist", where=STANDS, name="ex_programme_enrolment_period",
            ),
        ],
    )  # fmt: skip
    op.create_index(f"ix_{table}_project_id", table, ["project_id"])
    op.create_index(
        "uq_programme_enrolment_group", table,
        ["project_id", "period", sa.text("coalesce(sex, '')"), sa.text("coalesce(age_band, '')")], unique=True,
        postgresql_where=STANDS,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("programme_enrolment")
    op.drop_table("network_capacity")
    op.execute("DROP FUNCTION network_capacity_of_others()")
    op.execute("DROP FUNCTION sites_with_places(text)")
