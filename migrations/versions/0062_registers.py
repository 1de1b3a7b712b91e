"""Registers of what no case drives: trainings of officials, projects and who took part, unit costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

TABLES = ("official_training", "joint_project", "project_participation", "unit_cost")
TOLD = "kind IN ('training.attended', 'project.participation', 'event.withdrawn') AND case_id IS NULL"


def keeps(table: str) -> str:
    """The acting user is the data steward of the row's team."""
    return (
        "EXISTS (SELECT FROM public.membership m "
        f"WHERE m.user_id = {wall.ACTING_USER} AND m.role = 'DATA_STEWARD' AND m.team_id = {table}.team_id)"
    )


def _one_of(table: str, column: str, *codes: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{code}'" for code in codes)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}_known"))


def _check(table: str, name: str, says: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(says, name=op.f(f"ck_{table}_{name}"))


def _day(name: str, *, needed: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=not needed)


def _words(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _heads(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _register(table: str, columns: Sequence[Any]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("row_key", sa.LargeBinary(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("entered_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        *columns,
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f(f"fk_{table}_team_id")),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["user_account.id"], name=op.f(f"fk_{table}_entered_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_by_id"], ["user_account.id"], name=op.f(f"fk_{table}_withdrawn_by_id")
        ),
        sa.ForeignKeyConstraint(["replaces_id"], [f"{table}.id"], name=op.f(f"fk_{table}_replaces_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("team_id", "row_key", name=f"uq_{table}_row"),
    )
    for column in ("team_id", "entered_by_id", "withdrawn_by_id", "replaces_id"):
        op.create_index(f"ix_{table}_{column}", table, [column])
    wall.behind_policy(table, read=keeps(table))
    wall.grant(table, app="SIU", work="SIU")


def upgrade() -> None:
    _trainings()
    _projects()
    _costs()
    of_steward = f"{TOLD} AND {keeps('case_event')}"
    op.execute(
        f"CREATE POLICY case_event_register_read ON case_event FOR SELECT TO acogida_app USING ({of_steward})"
    )
    op.execute(
        f"CREATE POLICY case_event_register_add ON case_event FOR INSERT TO acogida_app WITH CHECK ({of_steward})"
    )


def _trainings() -> None:
    table = "official_training"
    _register(
        table,
        [
            _day("held_on"),
            *_words("place", "institution", "topic", "trainer"),
            *_heads("women", "men", "others"),
            _one_of(
                table, "institution", "ASYLUM_AUTHORITY", "MIGRATION_AUTHORITY", "POLICE", "ARMED_FORCES", "CHILD_AUTHORITY",
                "JUSTICE", "OMBUDSPERSON", "HEALTH", "EDUCATION", "SOCIAL", "LABOUR", "MUNICIPALITY", "OTHER",
            ),
            _one_of(
                table, "topic", "ASYLUM_LAW", "IDENTIFICATION", "NON_REFOULEMENT", "CHILDREN", "GBV", "TRAFFICKING",
                "INTERNAL_DISPLACEMENT", "RECEPTION", "INTEGRATION", "OTHER",
            ),
            _one_of(table, "trainer", "STATE", "UN", "NGO", "OTHER"),
            _check(table, "place_form", "place ~ '^[A-Z]{2}[0-9A-Z]+$'"),
            _check(table, "no_negative_heads", "women >= 0 AND men >= 0 AND others >= 0"),
            _check(table, "somebody_attended", "women + men + others BETWEEN 1 AND 5000"),
        ],
    )  # fmt: skip


def _projects() -> None:
    table = "joint_project"
    _register(
        table,
        [
            *_words("code", "kind", "name_es", "name_en", "place"),
            _day("starts_on"),
            _day("ends_on", needed=False),
            _one_of(table, "kind", "JOINT_PROJECT", "PROGRAMME"),
            _check(table, "ends_after_start", "ends_on >= starts_on"),
            _check(table, "place_form", "place ~ '^[A-Z]{2}[0-9A-Z]+$'"),
            _check(table, "code_given", "length(btrim(code)) >= 2"),
        ],
    )
    op.create_index(
        "uq_joint_project_code", table, ["team_id", "code"], unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )  # fmt: skip
    table = "project_participation"
    _register(
        table,
        [
            sa.Column("project_id", sa.Uuid(), nullable=False),
            _day("held_on"),
            *_words("population", "sex", "age_band"),
            *_heads("heads"),
            _one_of(table, "population", "HOST", "DISPLACED"),
            _one_of(table, "sex", "F", "M", "O"),
            _one_of(table, "age_band", "0-4", "5-11", "12-17", "18-59", "60+", "UNKNOWN"),
            _check(table, "somebody_took_part", "heads BETWEEN 1 AND 5000"),
            sa.ForeignKeyConstraint(
                ["project_id"], ["joint_project.id"], name=op.f(f"fk_{table}_project_id")
            ),
        ],
    )
    op.create_index(f"ix_{table}_project_id", table, ["project_id"])


def _costs() -> None:
    table = "unit_cost"
    _register(
        table,
        [
            *_words("service_kind"),
            sa.Column("currency", sa.CHAR(length=3), nullable=False),
            sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
            _day("valid_from"),
            _day("valid_to", needed=False),
            *_words("source"),
            _check(table, "amount_positive", "amount > 0"),
            _check(table, "currency_form", "currency ~ '^[A-Z]{3}$'"),
            _check(table, "ends_after_start", "valid_to >= valid_from"),
            _check(table, "source_given", "length(btrim(source)) >= 3"),
            postgresql.ExcludeConstraint(
                ("country", "="), ("service_kind", "="), ("currency", "="),
                (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
                using="gist", where=sa.text("withdrawn_at IS NULL"), name="ex_unit_cost_overlap",
            ),
        ],
    )  # fmt: skip


def downgrade() -> None:
    op.execute("DROP POLICY case_event_register_add ON case_event")
    op.execute("DROP POLICY case_event_register_read ON case_event")
    for table in reversed(TABLES):
        op.drop_table(table)
