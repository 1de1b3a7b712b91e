"""A file of another team is kept apart from ours when that team says so, not when we name its number; and whoever was
united with somebody is kept apart as that person is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

TABLE = "safety_separation"
HELD = f"{wall.ACTING_USER} = ANY (holders)"
HOLDS = "(s.state IN ('BOOKED', 'IN') OR s.state = 'HELD' AND s.held_until > p_now)"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("other_number", sa.Text(), nullable=True))
    op.add_column(TABLE, sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(TABLE, sa.Column("agreed_by_id", sa.Uuid(), nullable=True))
    op.add_column(TABLE, sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(f"UPDATE {TABLE} SET agreed_at = since, agreed_by_id = set_by_id")
    op.execute(
        f"-- squawk-ignore ban-drop-not-null\nALTER TABLE {TABLE} ALTER COLUMN other_case_id DROP NOT NULL"
    )
    op.create_foreign_key(
        op.f("fk_safety_separation_agreed_by_id"), TABLE, "user_account", ["agreed_by_id"], ["id"]
    )
    op.create_index(op.f("ix_safety_separation_agreed_by_id"), TABLE, ["agreed_by_id"])
    op.create_index("ix_safety_separation_asked", TABLE, ["other_number"])
    for name, rule in (
        ("asked_or_agreed", "(agreed_at IS NULL) = (other_number IS NOT NULL)"),
        ("agreed_on_somebody", "(agreed_at IS NULL) = (other_case_id IS NULL)"),
        ("agreed_by_somebody", "(agreed_at IS NULL) = (agreed_by_id IS NULL)"),
        ("agreed_by_a_holder", "agreed_by_id IS NULL OR agreed_by_id = ANY (holders)"),
        ("left_or_agreed", "left_at IS NULL OR agreed_at IS NULL"),
    ):
        op.create_check_constraint(op.f(f"ck_safety_separation_{name}"), TABLE, rule)
    # Whoever asks writes a number; only a file of their own team is bound by their word alone.
    op.execute(f"DROP POLICY {TABLE}_add ON {TABLE}")
    op.execute(f"DROP POLICY {TABLE}_change ON {TABLE}")
    op.execute(
        f"CREATE POLICY {TABLE}_add ON {TABLE} FOR INSERT TO acogida_app "
        f"WITH CHECK ({HELD} AND (other_case_id IS NULL OR {wall.owner_of('other_case_id')}))"
    )
    op.execute(
        f"CREATE POLICY {TABLE}_change ON {TABLE} FOR UPDATE TO acogida_app USING ({HELD}) WITH CHECK ({HELD})"
    )
    op.execute(f"REVOKE UPDATE ON {TABLE} FROM acogida_app")
    op.execute(f"GRANT UPDATE (ended_at, holders) ON {TABLE} TO acogida_app")
    # Whoever may call it learns whether a number is somebody's.
    op.execute("-- squawk-ignore ban-drop-function\nDROP FUNCTION case_to_separate(text)")
    _answering()
    _parted()
    _near()


def _answering() -> None:
    """What the acting user is asked of files of their own teams, and their answer. Teams of one country only."""
    op.execute("GRANT SELECT (id, name) ON user_account TO acogida_definer")
    op.execute(
        f"GRANT UPDATE (other_case_id, other_number, agreed_at, agreed_by_id, holders, left_at) ON {TABLE} TO acogida_definer"
    )
    asked = f"""
        x.other_number = c.number AND x.ended_at IS NULL AND x.agreed_at IS NULL AND x.left_at IS NULL
        AND c.erased_at IS NULL AND c.id <> x.case_id AND c.team_id = ANY ({wall.TEAMS})
        AND EXISTS (SELECT FROM public."case" mine WHERE mine.id = x.case_id AND mine.country = c.country)
        AND EXISTS (SELECT FROM public.membership m WHERE m.user_id = {wall.ACTING_USER} AND m.team_id = c.team_id
                    AND m.role IN ('SUPERVISOR', 'CHILD_OFFICER') AND m.valid_from <= p_today
                    AND (m.valid_to IS NULL OR m.valid_to > p_today))
    """
    wall.definer_function(
        "separations_asked(p_today date) RETURNS TABLE (id uuid, case_id uuid, number text, reach text, "
        "since timestamptz, by_name text, team_name text) LANGUAGE sql STABLE",
        f"""
        SELECT x.id, c.id, c.number, x.reach, x.since, u.name, t.name
        FROM public.safety_separation x JOIN public."case" c ON c.number = x.other_number
        JOIN public."case" theirs ON theirs.id = x.case_id JOIN public.team t ON t.id = theirs.team_id
        JOIN public.user_account u ON u.id = x.set_by_id
        WHERE {asked} ORDER BY x.since, x.id
        """,
        to="acogida_app",
    )
    wall.definer_function(
        "separation_answer(p_id uuid, p_agrees boolean, p_today date, p_now timestamptz) RETURNS uuid LANGUAGE sql",
        f"""
        UPDATE public.safety_separation x SET
          other_case_id = CASE WHEN p_agrees THEN c.id END, other_number = CASE WHEN NOT p_agrees THEN x.other_number END,
          agreed_at = CASE WHEN p_agrees THEN p_now END, agreed_by_id = CASE WHEN p_agrees THEN {wall.ACTING_USER} END,
          holders = CASE WHEN p_agrees AND NOT {wall.ACTING_USER} = ANY (x.holders) THEN x.holders || {wall.ACTING_USER}
                    ELSE x.holders END,
          left_at = CASE WHEN NOT p_agrees THEN p_now END
        FROM public."case" c WHERE x.id = p_id AND {asked} RETURNING x.id
        """,
        to="acogida_app",
    )


def _united(name: str, cases: str) -> str:
    """A recursive CTE `name` (person, case_id): everybody who was united with the people of these cases, in either
    direction, with themselves."""
    return f"""
        {name}(person, case_id) AS (
          SELECT p.id, p.case_id FROM public.person p WHERE p.case_id = ANY ({cases})
          UNION
          SELECT q.id, q.case_id FROM {name} u JOIN public.person p ON p.id = u.person
          CROSS JOIN LATERAL (
            SELECT k.id, k.case_id FROM public.person k WHERE k.id = p.merged_into_id
            UNION ALL SELECT k.id, k.case_id FROM public.person k WHERE k.merged_into_id = p.id) q
        )"""


MATTERS = """
        matter AS MATERIALIZED (
          SELECT x.id, x.reach, x.other_case_id AS other FROM public.safety_separation x JOIN mine ON mine.case_id = x.case_id
          WHERE x.ended_at IS NULL AND x.other_case_id IS NOT NULL
          UNION
          SELECT x.id, x.reach, x.case_id FROM public.safety_separation x JOIN mine ON mine.case_id = x.other_case_id
          WHERE x.ended_at IS NULL
        )"""
#: Of each matter every case of whoever is on the other side of it, united records among them.
OTHERS = """
        others(id, reach, person, case_id) AS (
          SELECT m.id, m.reach, p.id, p.case_id FROM matter m JOIN public.person p ON p.case_id = m.other
          UNION
          SELECT o.id, o.reach, q.id, q.case_id FROM others o JOIN public.person p ON p.id = o.person
          CROSS JOIN LATERAL (
            SELECT k.id, k.case_id FROM public.person k WHERE k.id = p.merged_into_id
            UNION ALL SELECT k.id, k.case_id FROM public.person k WHERE k.merged_into_id = p.id) q
        )"""


def _parted(named: str = "u.id = ANY (p_units)") -> None:
    """As in 0049, for everybody whom the two people were united with. (The downgrade leaves these: they read the older
    table as well.)"""
    wall.definer_function(
        "parted_units(p_cases uuid[], p_units uuid[], p_first date, p_last date, p_tonight date, p_now timestamptz) "
        "RETURNS SETOF uuid LANGUAGE sql STABLE",
        f"""
        WITH RECURSIVE {_united("mine", "p_cases")}, {MATTERS}, {OTHERS},
        near AS MATERIALIZED (
          SELECT s.site_id, s.unit_id, o.reach FROM others o JOIN public.stay s ON s.case_id = o.case_id
          WHERE {HOLDS} AND (daterange(s.first_night, s.last_night, '[]') && daterange(p_first, p_last, '[]')
                OR s.state = 'IN' AND s.last_night < p_first AND p_first <= p_tonight)
        )
        SELECT u.id FROM public.unit u WHERE {named} AND (
          EXISTS (SELECT FROM others o JOIN mine ON mine.case_id = o.case_id)
          OR EXISTS (SELECT FROM near n WHERE n.unit_id = u.id OR n.reach = 'SITE' AND n.site_id = u.site_id))
        """,
        to="acogida_app, acogida_work",
        replace=True,
    )
    wall.definer_function(
        "stay_apart() RETURNS trigger LANGUAGE plpgsql",
        f"""
        DECLARE found uuid;
        BEGIN
          FOR found IN WITH RECURSIVE {_united("mine", "ARRAY[NEW.case_id]")}, {MATTERS}
            SELECT DISTINCT matter.id FROM matter ORDER BY matter.id LOOP
            PERFORM pg_advisory_xact_lock(hashtextextended(found::text, 0));
          END LOOP;
          IF EXISTS (WITH RECURSIVE {_united("mine", "ARRAY[NEW.case_id]")}, {MATTERS}, {OTHERS}
              SELECT FROM others o JOIN public.stay s ON s.case_id = o.case_id
              WHERE s.state IN ('HELD', 'BOOKED', 'IN') AND s.id <> NEW.id
              AND (o.reach = 'SITE' AND s.site_id = NEW.site_id OR s.unit_id = NEW.unit_id)
              AND daterange(s.first_night, s.last_night, '[]') && daterange(NEW.first_night, NEW.last_night, '[]')
              AND NOT (s.state = 'HELD' AND s.held_until <= NEW.booked_at)) THEN
            RAISE EXCEPTION 'cannot be offered' USING ERRCODE = 'check_violation', CONSTRAINT = 'stay_cannot_be_offered';
          END IF;
          RETURN NEW;
        END
        """,
        to="",
        replace=True,
    )


def _near() -> None:
    """Of the matters that name the acting user: those whose two people have beds that they should not have together,
    with the file that is of the acting user's teams."""
    wall.definer_function(
        "separations_near(p_today date, p_now timestamptz) RETURNS TABLE (id uuid, case_id uuid, number text, reach text, "
        "since timestamptz, first_night date) LANGUAGE sql STABLE",
        f"""
        SELECT DISTINCT ON (x.id) x.id, c.id, c.number, x.reach, x.since, greatest(s.first_night, o.first_night)
        FROM public.safety_separation x
        JOIN public.stay s ON s.case_id = x.case_id JOIN public.stay o ON o.case_id = x.other_case_id
        JOIN public."case" c ON c.id IN (x.case_id, x.other_case_id) AND c.team_id = ANY ({wall.TEAMS})
        WHERE {wall.ACTING_USER} = ANY (x.holders) AND x.ended_at IS NULL
          AND {HOLDS} AND {HOLDS.replace("s.", "o.")}
          AND s.last_night >= p_today - 1 AND o.last_night >= p_today - 1
          AND daterange(s.first_night, s.last_night, '[]') && daterange(o.first_night, o.last_night, '[]')
          AND (x.reach = 'SITE' AND s.site_id = o.site_id OR s.unit_id = o.unit_id)
        ORDER BY x.id, c.id = x.case_id DESC, greatest(s.first_night, o.first_night)
        """,
        to="acogida_app",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION separations_near(date, timestamptz)")
    op.execute("DROP FUNCTION separation_answer(uuid, boolean, date, timestamptz)")
    op.execute("DROP FUNCTION separations_asked(date)")
    wall.definer_function(
        "case_to_separate(p_number text) RETURNS uuid LANGUAGE sql STABLE",
        'SELECT c.id FROM public."case" c WHERE c.number = p_number AND c.erased_at IS NULL',
        to="acogida_app",
    )
    op.execute("REVOKE SELECT (id, name) ON user_account FROM acogida_definer")
    op.execute(
        f"REVOKE UPDATE (other_case_id, other_number, agreed_at, agreed_by_id, holders, left_at) ON {TABLE} FROM acogida_definer"
    )
    op.execute(f"REVOKE UPDATE (ended_at, holders) ON {TABLE} FROM acogida_app")
    op.execute(f"GRANT UPDATE ON {TABLE} TO acogida_app")
    op.execute(f"DROP POLICY {TABLE}_add ON {TABLE}")
    op.execute(f"DROP POLICY {TABLE}_change ON {TABLE}")
    op.execute(f"CREATE POLICY {TABLE}_add ON {TABLE} FOR INSERT TO acogida_app WITH CHECK ({HELD})")
    op.execute(
        f"CREATE POLICY {TABLE}_change ON {TABLE} FOR UPDATE TO acogida_app USING ({HELD}) WITH CHECK ({HELD})"
    )
    # What nobody agreed to bound nobody.
    op.execute(f"DELETE FROM {TABLE} WHERE other_case_id IS NULL")
    op.alter_column(TABLE, "other_case_id", nullable=False)
    for column in ("left_at", "agreed_by_id", "agreed_at", "other_number"):
        op.drop_column(TABLE, column)
