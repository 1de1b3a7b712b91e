"""Sites sign their month; a release says why it did not wait for them, and a revision why it was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

SIGNS = "('SUPERVISOR', 'SHELTER_COORDINATOR')"
SITES = "('BORDER_POINT', 'RECEPTION_CENTRE', 'SHELTER')"
#: Kinds that are never sealed (caseapp/casefile/month/rules.py, TOLD).
TOLD = "('person.registered', 'screening.completed', 'stay.started', 'stay.ended')"
ADDED = ("unconfirmed", "unconfirmed_code", "revision_code", "revision_reason")
CHECKS = {
    "edition_from_zero": "edition >= 0",
    "unconfirmed_explained": "(coalesce(unconfirmed, 0) > 0) = (unconfirmed_code IS NOT NULL)",
    "revision_explained": (
        "(edition > 0) = (revision_code IS NOT NULL) AND (edition > 0) = (revision_reason IS NOT NULL)"
    ),
}


def upgrade() -> None:
    op.create_table(
        "site_month",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("signed_by_id", sa.Uuid(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name=op.f("ck_site_month_month_form")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_site_month_number_from_one")),
        sa.CheckConstraint(
            "signed_at AT TIME ZONE 'UTC' >= to_date(month, 'YYYY-MM') + interval '1 month'",
            name=op.f("ck_site_month_month_is_over"),
        ),
        sa.ForeignKeyConstraint(
            ["signed_by_id"], ["user_account.id"], name=op.f("fk_site_month_signed_by_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_month_site_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_site_month_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_month")),
        sa.UniqueConstraint("team_id", "month", "number", name=op.f("uq_site_month_team_id_month_number")),
    )
    op.create_index(op.f("ix_site_month_site_id"), "site_month", ["site_id"], unique=False)
    op.create_index(op.f("ix_site_month_signed_by_id"), "site_month", ["signed_by_id"], unique=False)
    either = f"(team_id = ANY ({wall.TEAMS}) OR team_id = ANY ({wall.SITE_TEAMS}))"
    signer = (
        f"signed_by_id = {wall.ACTING_USER} AND EXISTS (SELECT FROM public.membership m "
        f"WHERE m.user_id = {wall.ACTING_USER} AND m.team_id = site_month.team_id AND m.role IN {SIGNS}) "
        "AND EXISTS (SELECT FROM public.team t WHERE t.id = site_month.team_id AND t.site_id = site_month.site_id)"
    )
    wall.behind_policy("site_month", read=either, add=f"{either} AND {signer}")
    # No U and no D: what was signed stays.
    wall.grant("site_month", app="SI", work="S")
    _confirmed()
    _release()


def _confirmed() -> None:
    """What the steward, the approver and the maker of figures learn of a month: which sites signed, whether anything
    changed since, and the remarks. Yes and no, never a count of events. Safe houses are not among the sites."""
    op.execute("GRANT SELECT ON site_month TO acogida_definer")
    for table in ("site", "team", "membership", "case_event"):
        op.execute(f"GRANT SELECT ON {table} TO acogida_definer")
    wall.definer_function(
        "months_confirmed(p_country text, p_month text, p_until timestamptz) RETURNS TABLE (site text, name text, "
        "teams integer, signed integer, changed boolean, signed_at timestamptz, notes text[]) LANGUAGE sql STABLE",
        f"""
        SELECT s.code, s.name, count(t.id)::integer, count(last.id)::integer,
               coalesce(bool_or(last.id IS NOT NULL AND EXISTS (
                 SELECT FROM public.case_event e
                 LEFT JOIN public.case_event w ON w.withdraws_id = e.id AND w.recorded_at <= p_until
                 WHERE e.team_id = t.id AND e.site_id = s.id AND e.kind IN {TOLD} AND e.recorded_at <= p_until
                   AND e.effective_on >= to_date(p_month, 'YYYY-MM')
                   AND e.effective_on < to_date(p_month, 'YYYY-MM') + interval '1 month'
                   AND ((e.recorded_at > last.signed_at AND w.id IS NULL)
                        OR (e.recorded_at <= last.signed_at AND w.recorded_at > last.signed_at)))), false),
               max(last.signed_at),
               coalesce(array_agg(DISTINCT last.note ORDER BY last.note) FILTER (WHERE last.note IS NOT NULL), '{{}}')
        FROM public.site s
        LEFT JOIN public.team t ON t.site_id = s.id AND t.active AND EXISTS (
          SELECT FROM public.membership m WHERE m.team_id = t.id AND m.role IN {SIGNS}
            AND m.valid_from <= p_until AND (m.valid_to IS NULL OR m.valid_to > p_until))
        LEFT JOIN LATERAL (
          SELECT x.id, x.signed_at, x.note FROM public.site_month x
          WHERE x.team_id = t.id AND x.month = p_month AND x.signed_at <= p_until
          ORDER BY x.number DESC LIMIT 1) last ON true
        WHERE s.country = p_country AND s.kind IN {SITES}
          AND coalesce(to_char(s.opened_on, 'YYYY-MM'), '') <= p_month
          AND coalesce(to_char(s.closed_on, 'YYYY-MM'), '9999-12') >= p_month
        GROUP BY s.code, s.name ORDER BY s.code
        """,
        to="acogida_app, acogida_facts",
    )


def _release() -> None:
    for column, kind in zip(ADDED, (sa.Integer(), sa.Text(), sa.Text(), sa.Text()), strict=True):
        op.add_column("release", sa.Column(column, kind, nullable=True), schema="released")
        op.execute(f"GRANT INSERT ({column}) ON released.release TO acogida_app")
    for name, rule in CHECKS.items():
        op.execute(f"ALTER TABLE released.release ADD CONSTRAINT ck_release_{name} CHECK ({rule}) NOT VALID")
        op.execute(f"ALTER TABLE released.release VALIDATE CONSTRAINT ck_release_{name}")
    op.execute(
        """
        CREATE FUNCTION released.refuse_edition() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.edition > 0 AND NOT EXISTS (
                SELECT FROM released.release r WHERE r.country = NEW.country AND r.period = NEW.period
                AND r.edition = NEW.edition - 1 AND r.status = 'APPROVED') THEN
                RAISE EXCEPTION 'an edition revises the one before it'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'release_edition_in_order';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute("GRANT EXECUTE ON FUNCTION released.refuse_edition() TO PUBLIC")
    op.execute(
        "CREATE TRIGGER release_edition_in_order BEFORE INSERT ON released.release FOR EACH ROW "
        "EXECUTE FUNCTION released.refuse_edition()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER release_edition_in_order ON released.release")
    op.execute("DROP FUNCTION released.refuse_edition()")
    for name in CHECKS:
        op.execute(f"ALTER TABLE released.release DROP CONSTRAINT ck_release_{name}")
    for column in ADDED:
        op.drop_column("release", column, schema="released")
    op.execute("DROP FUNCTION months_confirmed(text, text, timestamptz)")
    op.drop_table("site_month")
