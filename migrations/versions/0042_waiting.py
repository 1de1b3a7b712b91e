"""Waiting lists: entries, the history of each rank, and who was passed over with which reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

OPEN = "state IN ('WAITING', 'OFFERED', 'ASKED')"
STEPS = (
    "'JOINED', 'MOVED', 'CHANGED', 'OFFERED', 'NOT_NOW', 'OFFER_LAPSED', 'ASKED', 'BACK', 'PLACED', 'LEFT'"
)
NOTICE = "ck_referral_notice_kind_known"


def upgrade() -> None:
    _entry()
    _rank()
    _passed()
    _walls()
    _ranking()
    _notices("array_append", "PLACE_OFFERED")


def _key(table: str, column: str, of: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{of}.id"], name=op.f(f"fk_{table}_{column}"))


def _check(table: str, name: str, says: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(says, name=op.f(f"ck_{table}_{name}"))


def _entry() -> None:
    t = "waiting_entry"
    op.create_table(
        t,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("from_team_id", sa.Uuid(), nullable=False),
        sa.Column("to_team_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("adults", sa.Integer(), nullable=False),
        sa.Column("children", sa.Integer(), nullable=False),
        sa.Column("requirements", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("criteria", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="WAITING", nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offer_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offered_by_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _check(t, "state_known", "state IN ('WAITING', 'OFFERED', 'ASKED', 'PLACED', 'LEFT')"),
        _check(t, "priority_known", "priority IN ('IMMEDIATE', 'EMERGENCY', 'URGENT', 'NORMAL')"),
        _check(t, "not_to_itself", "from_team_id <> to_team_id"),
        _check(t, "somebody_waits", "adults >= 0 AND children >= 0 AND adults + children > 0"),
        _check(t, "open_has_rank", f"({OPEN}) = (rank IS NOT NULL)"),
        _check(t, "ended_has_time", f"({OPEN}) = (ended_at IS NULL)"),
        _check(
            t, "offer_has_clock", "(state = 'OFFERED') = (offer_until IS NOT NULL AND offered_at IS NOT NULL)"
        ),
        _key(t, "referral_id", "referral"),
        _key(t, "from_team_id", "team"),
        _key(t, "to_team_id", "team"),
        _key(t, "offered_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{t}")),
    )
    for column in ("referral_id", "to_team_id", "offered_by_id"):
        op.create_index(op.f(f"ix_{t}_{column}"), t, [column], unique=False)
    op.create_index("uq_waiting_entry_open", t, ["referral_id"], unique=True, postgresql_where=sa.text(OPEN))
    op.create_index(
        "ix_waiting_entry_list", t, ["to_team_id", "kind", "rank"], postgresql_where=sa.text(OPEN)
    )
    op.create_index("ix_waiting_entry_own", t, ["from_team_id", "state"])
    op.create_index(
        "ix_waiting_entry_offer", t, ["offer_until"], postgresql_where=sa.text("state = 'OFFERED'")
    )


def _rank() -> None:
    t = "waiting_rank"
    op.create_table(
        t,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _check(t, "step_known", f"step IN ({STEPS})"),
        _check(t, "rank_within_list", "rank BETWEEN 1 AND length"),
        _key(t, "entry_id", "waiting_entry"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{t}")),
    )
    op.create_index(op.f(f"ix_{t}_entry_id"), t, ["entry_id"], unique=False)


def _passed() -> None:
    t = "waiting_passed"
    op.create_table(
        t,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("offered_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        _check(
            t, "reason_known", "reason IN ('DOES_NOT_FIT', 'ASKED_TO_WAIT', 'NOT_REACHED', 'CANNOT_OFFER')"
        ),
        _check(t, "not_oneself", "entry_id <> offered_id"),
        _key(t, "entry_id", "waiting_entry"),
        _key(t, "offered_id", "waiting_entry"),
        _key(t, "by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{t}")),
    )
    for column in ("entry_id", "offered_id", "by_id"):
        op.create_index(op.f(f"ix_{t}_{column}"), t, [column], unique=False)


def _walls() -> None:
    """Both sides of an entry read it; the list as a whole is read by the team that keeps it. The history is written
    by the function below alone."""
    parties = f"from_team_id = ANY ({wall.TEAMS}) OR to_team_id = ANY ({wall.TEAMS})"
    wall.behind_policy("waiting_entry", read=parties)
    wall.grant("waiting_entry", app="SIU", work="SIU")
    seen = "EXISTS (SELECT FROM waiting_entry e WHERE e.id = entry_id)"
    wall.behind_policy("waiting_rank", read=seen)
    wall.grant("waiting_rank", app="S", work="S")
    wall.behind_policy("waiting_passed", read=seen)
    wall.grant("waiting_passed", app="SI", work="SI")


def _ranking() -> None:
    op.execute("GRANT SELECT, UPDATE (rank) ON waiting_entry TO acogida_definer")
    op.execute("GRANT INSERT ON waiting_rank TO acogida_definer")
    wall.definer_function(
        "rank_waiting(p_entry uuid, p_step text, p_at timestamptz) RETURNS void LANGUAGE plpgsql",
        f"""
        DECLARE
          e public.waiting_entry%ROWTYPE;
          n integer;
        BEGIN
          SELECT * INTO e FROM public.waiting_entry w WHERE w.id = p_entry
            AND (current_setting('app.user', true) = ''
                 OR w.from_team_id = ANY ({wall.TEAMS}) OR w.to_team_id = ANY ({wall.TEAMS}));
          IF NOT FOUND THEN
            RETURN;
          END IF;
          SELECT count(*) INTO n FROM public.waiting_entry w
            WHERE w.to_team_id = e.to_team_id AND w.kind = e.kind AND w.{OPEN};
          WITH numbered AS (
            SELECT w.id, w.rank AS had, row_number() OVER (ORDER BY w.sort_key COLLATE "C", w.id)::integer AS has
            FROM public.waiting_entry w
            WHERE w.to_team_id = e.to_team_id AND w.kind = e.kind AND w.{OPEN}
          ), moved AS (
            UPDATE public.waiting_entry w SET rank = x.has FROM numbered x
            WHERE w.id = x.id AND w.rank IS DISTINCT FROM x.has
          )
          INSERT INTO public.waiting_rank (id, entry_id, at, step, rank, length)
          SELECT gen_random_uuid(), x.id, p_at, CASE WHEN x.id = p_entry THEN p_step ELSE 'MOVED' END, x.has, n
          FROM numbered x WHERE x.id = p_entry OR x.had IS DISTINCT FROM x.has;
          IF e.rank IS NULL THEN
            INSERT INTO public.waiting_rank (id, entry_id, at, step, rank, length)
            VALUES (gen_random_uuid(), p_entry, p_at, p_step, NULL, n);
          END IF;
          IF p_step = 'OFFERED' THEN
            INSERT INTO public.referral_notice (id, referral_id, team_id, kind, made_at)
            VALUES (gen_random_uuid(), e.referral_id, e.from_team_id, 'PLACE_OFFERED', p_at);
          END IF;
        END
        """,
        to="acogida_app, acogida_work",
    )


def _notices(how: str, kind: str) -> None:
    """Add a word to a team to those that the constraint knows, or take it away; other migrations add theirs too."""
    op.execute(
        f"""
        DO $$
        DECLARE
          known text[];
        BEGIN
          SELECT {how}(array_agg(DISTINCT m[1]), '{kind}') INTO known
            FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([A-Z_]+)''', 'g') m
            WHERE c.conname = '{NOTICE}';
          EXECUTE 'ALTER TABLE referral_notice DROP CONSTRAINT {NOTICE}';
          EXECUTE format('ALTER TABLE referral_notice ADD CONSTRAINT {NOTICE} CHECK (kind IN (%s)) NOT VALID',
                         (SELECT string_agg(quote_literal(k), ', ') FROM unnest(known) k));
        END $$
        """
    )
    op.execute(f"ALTER TABLE referral_notice VALIDATE CONSTRAINT {NOTICE}")


def downgrade() -> None:
    op.execute("DELETE FROM referral_notice WHERE kind = 'PLACE_OFFERED'")
    _notices("array_remove", "PLACE_OFFERED")
    op.execute("DROP FUNCTION rank_waiting(uuid, text, timestamptz)")
    for table in ("waiting_passed", "waiting_rank", "waiting_entry"):
        op.drop_table(table)
