"""The journal, which is only added to, and its de-identified view."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("withdraws_id", sa.Uuid(), nullable=True),
        sa.Column("person_key", sa.Uuid(), nullable=True),
        sa.Column("household_key", sa.Uuid(), nullable=True),
        sa.Column("subject_key", sa.Uuid(), nullable=True),
        sa.Column("other_key", sa.Uuid(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_group", sa.Text(), nullable=True),
        sa.Column("priority", sa.Text(), nullable=True),
        sa.Column("sector", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("population", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("need_category", sa.Text(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("age_band", sa.Text(), nullable=True),
        sa.Column("origin", sa.CHAR(length=3), nullable=True),
        sa.Column("household_type", sa.Text(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_event_case_id")),
        sa.ForeignKeyConstraint(["kind"], ["event_kind.kind"], name=op.f("fk_case_event_kind")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_case_event_site_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_case_event_team_id")),
        sa.ForeignKeyConstraint(["withdraws_id"], ["case_event.id"], name=op.f("fk_case_event_withdraws_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
    )
    op.create_index(op.f("ix_case_event_case_id"), "case_event", ["case_id"], unique=False)
    op.create_index(op.f("ix_case_event_kind"), "case_event", ["kind"], unique=False)
    op.create_index(op.f("ix_case_event_person_key"), "case_event", ["person_key"], unique=False)
    op.create_index(op.f("ix_case_event_position"), "case_event", ["position"], unique=False)
    op.create_index(op.f("ix_case_event_site_id"), "case_event", ["site_id"], unique=False)
    op.create_index(op.f("ix_case_event_subject_id"), "case_event", ["subject_id"], unique=False)
    op.create_index(op.f("ix_case_event_team_id"), "case_event", ["team_id"], unique=False)
    op.create_index(op.f("ix_case_event_withdraws_id"), "case_event", ["withdraws_id"], unique=False)
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the journal is only added to' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER case_event_is_final BEFORE UPDATE OR DELETE ON case_event "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER case_event_is_whole BEFORE TRUNCATE ON case_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    either = f"team_id = ANY ({wall.TEAMS}) OR team_id = ANY ({wall.SITE_TEAMS})"
    wall.behind_policy("case_event", read=f"{either} OR {wall.owner_of('case_id')}")
    wall.grant("case_event", app="SI", work="SI")
    # What the facts role sees of the journal: codes and pseudonyms, never a case, a person or an actor.
    op.execute(
        """
        CREATE VIEW facts.journal AS
        SELECT e.position, e.id, e.withdraws_id, e.kind, e.effective_on, e.recorded_at, e.country,
               s.code AS site, s.admin1, s.kind AS site_kind, t.code AS team, t.type AS team_type,
               e.person_key, e.household_key, e.subject_key, e.other_key,
               e.code, e.reason, e.reason_group, e.priority, e.sector, e.outcome, e.population, e.place,
               e.need_category, e.sex, e.age_band, e.origin, e.household_type, e.number
        FROM public.case_event e
        LEFT JOIN public.site s ON s.id = e.site_id
        LEFT JOIN public.team t ON t.id = e.team_id
        """
    )
    op.execute("GRANT SELECT ON case_event TO acogida_definer")
    op.execute("ALTER VIEW facts.journal OWNER TO acogida_definer")
    op.execute("GRANT SELECT ON facts.journal TO acogida_facts")


def downgrade() -> None:
    op.execute("DROP VIEW facts.journal")
    op.drop_table("case_event")
    op.execute("DROP FUNCTION refuse_change()")
