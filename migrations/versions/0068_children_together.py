"""Children without family: at most four in a bedroom, girls and boys apart; and who has room asked in half the time."""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None

MINE = f"t.type <> 'SAFE_HOUSE' OR t.id = ANY ({wall.TEAMS}) OR t.id = ANY ({wall.SITE_TEAMS})"
HOLDS = "(s.state IN ('BOOKED', 'IN') OR s.state = 'HELD' AND s.held_until > p_now)"
#: The directory says that the site has a licence; dated ones, where there are any, say when. One of them covers all nights.
LICENSED = (
    "h.child_licence AND (NOT EXISTS (SELECT FROM public.child_licence k WHERE k.site_id = h.id) OR EXISTS ("
    "SELECT FROM public.child_licence k WHERE k.site_id = h.id AND k.valid_from <= p_first "
    "AND (k.valid_to IS NULL OR k.valid_to >= p_last)))"
)
ASKED = "text, text, uuid[], text[], date, date, uuid, timestamptz"
#: Where all of several children are safe: WOMEN or MEN; SEPARATE where they differ or it is not known.
ALIKE = (
    "CASE WHEN bool_and(s.child_safe_in IS NOT DISTINCT FROM 'WOMEN') FILTER (WHERE s.child) THEN 'WOMEN' "
    "WHEN bool_and(s.child_safe_in IS NOT DISTINCT FROM 'MEN') FILTER (WHERE s.child) THEN 'MEN' WHEN bool_or(s.child) THEN 'SEPARATE' END"
)


def upgrade() -> None:
    op.add_column("stay", sa.Column("child_safe_in", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_stay_child_safe_in_known"), "stay", "child_safe_in IN ('WOMEN', 'MEN', 'SEPARATE')"
    )
    op.create_check_constraint(
        op.f("ck_stay_child_safe_in_of_child"), "stay", "child OR child_safe_in IS NULL"
    )
    op.execute(
        """
        UPDATE stay SET child_safe_in = CASE
            WHEN p.feels_safe_in IN ('WOMEN', 'MEN') THEN p.feels_safe_in
            WHEN p.feels_safe_in IN ('SEPARATE', 'LGBTIQ_SITE') THEN 'SEPARATE'
            WHEN p.sex_in_document = 'F' THEN 'WOMEN' WHEN p.sex_in_document = 'M' THEN 'MEN' ELSE 'SEPARATE' END
        FROM person p WHERE p.case_id = stay.case_id AND stay.child AND stay.state IN ('HELD', 'BOOKED', 'IN')
        """
    )
    op.execute(
        "CREATE FUNCTION stay_forgets() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.child_safe_in := NULL; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER stay_forgets BEFORE UPDATE ON stay FOR EACH ROW WHEN (NEW.child_safe_in IS NOT NULL "
        "AND NEW.state NOT IN ('HELD', 'BOOKED', 'IN')) EXECUTE FUNCTION stay_forgets()"
    )
    _together()
    _company()
    op.execute(f"-- squawk-ignore ban-drop-function\nDROP FUNCTION who_has_room({ASKED})")
    _who()
    _confirmed()
    # All units at once, where none are named: asking of a whole country need not send its rooms.
    import_module("migrations.versions.0054_agreed")._parted(
        "(u.id = ANY (p_units) OR p_units IS NULL AND EXISTS "
        f"(SELECT FROM public.team t WHERE t.id = u.team_id AND ({MINE})))"
    )


def _together() -> None:
    """Asked when the transaction ends, so that a family that comes in row by row is looked at whole; whoever comes
    second waits for the unit. On each night on which it can change: no adult there, and children of several parties."""
    wall.definer_function(
        "stay_children_together() RETURNS trigger LANGUAGE plpgsql",
        """
        BEGIN
          PERFORM FROM public.unit u WHERE u.id = NEW.unit_id FOR NO KEY UPDATE;
          IF EXISTS (
            WITH mine AS (
              SELECT m.* FROM public.stay m WHERE m.id = NEW.id AND m.child AND m.state IN ('HELD', 'BOOKED', 'IN')
            ), there AS (
              SELECT s.* FROM mine JOIN public.stay s ON s.unit_id = mine.unit_id
              WHERE s.state IN ('HELD', 'BOOKED', 'IN') AND NOT (s.state = 'HELD' AND s.held_until <= mine.booked_at)
                AND NOT (mine.state = 'HELD' AND mine.held_until <= s.booked_at)
                AND s.first_night <= mine.last_night AND s.last_night >= mine.first_night
            ), night AS (
              SELECT DISTINCT greatest(t.first_night, mine.first_night) AS on FROM there t, mine
              UNION SELECT t.last_night + 1 FROM there t, mine WHERE t.last_night < mine.last_night
            )
            SELECT FROM night n JOIN there t ON t.first_night <= n.on AND t.last_night >= n.on
            GROUP BY n.on
            HAVING bool_and(t.child) AND count(DISTINCT coalesce(t.household_id, t.case_id)) > 1
              AND (count(DISTINCT t.case_id) > 4 OR count(DISTINCT coalesce(t.child_safe_in, 'SEPARATE')) > 1
                   OR bool_or(coalesce(t.child_safe_in, 'SEPARATE') = 'SEPARATE'))
          ) THEN
            RAISE EXCEPTION 'cannot be offered' USING ERRCODE = 'check_violation', CONSTRAINT = 'stay_children_together';
          END IF;
          RETURN NULL;
        END
        """,
        to="",
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER stay_children_together AFTER INSERT OR UPDATE OF unit_id, first_night, last_night, state, "
        "child, child_safe_in ON stay DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "WHEN (NEW.child AND NEW.state IN ('HELD', 'BOOKED', 'IN')) EXECUTE FUNCTION stay_children_together()"
    )


def _company() -> None:
    """How many children, and whether girls or boys alone: what the rule needs of a room of another team."""
    op.execute(
        "-- squawk-ignore ban-drop-function\nDROP FUNCTION unit_company(uuid[], date, date, uuid[], date, timestamptz)"
    )
    wall.definer_function(
        "unit_company(p_units uuid[], p_first date, p_last date, p_parties uuid[], p_tonight date, p_now timestamptz) "
        "RETURNS TABLE (unit_id uuid, adults boolean, children int, children_safe_in text) LANGUAGE sql STABLE",
        f"""
        SELECT s.unit_id, bool_or(NOT s.child), count(DISTINCT s.case_id) FILTER (WHERE s.child)::int, {ALIKE}
        FROM public.stay s JOIN public.team t ON t.id = s.team_id
        WHERE s.unit_id = ANY (p_units) AND ({MINE}) AND {HOLDS}
          AND NOT coalesce(s.household_id, s.case_id) = ANY (p_parties)
          AND (daterange(s.first_night, s.last_night, '[]') && daterange(p_first, p_last, '[]')
               OR (s.state = 'IN' AND s.last_night < p_first AND p_first <= p_tonight))
        GROUP BY s.unit_id
        """,
        to="acogida_app, acogida_work",
    )


def _who(licensed: str = LICENSED, *, replace: bool = False) -> None:
    """As before, the stays read once; a plan that is kept (400 sites, 20,000 places: tests/bench/who.py). Nested loops are
    off as in 0053."""
    wall.definer_function(
        "who_has_room(p_country text, p_kind text, p_teams uuid[], p_takes text[], p_first date, p_last date, "
        "p_party uuid, p_now timestamptz) "
        "RETURNS TABLE (team_id uuid, unit_id uuid, name text, takes text, one_household boolean, licence boolean, "
        "unit_traits text, kind text, place_traits text, free int, until date, adults boolean, children int, "
        "children_safe_in text, own uuid[]) LANGUAGE plpgsql STABLE SET enable_nestloop = off",
        f"""
        #variable_conflict use_column
        BEGIN
        RETURN QUERY
        WITH here AS MATERIALIZED (
          SELECT t.id AS team_id, {licensed} AS child_licence,
                 ((p_now AT TIME ZONE h.timezone) - make_interval(hours => h.rollover_hour))::date AS tonight
          FROM public.service v JOIN public.team t ON t.id = v.team_id JOIN public.site h ON h.id = v.site_id
          WHERE v.kind = p_kind AND v.active AND t.active AND t.country = p_country AND ({MINE})
            AND (h.closed_on IS NULL OR h.closed_on > p_last) AND (p_teams IS NULL OR t.id = ANY (p_teams))
        ), room AS MATERIALIZED (
          SELECT u.id, u.team_id, u.name, u.sort_key, u.takes, u.one_household, u.traits, u.turnaround_nights,
                 here.child_licence, here.tonight
          FROM here JOIN public.unit u ON u.team_id = here.team_id
          WHERE u.active AND (u.shut_on IS NULL OR u.shut_on > p_last) AND u.takes = ANY (p_takes)
        ), s AS MATERIALIZED (
          -- Who has nights that matter: `there` with whoever comes; `stands` keeps the place from whoever comes.
          SELECT s.place_id, s.unit_id, s.case_id, s.child, s.child_safe_in, s.first_night, x.strange,
                 s.first_night <= p_last AND (s.last_night >= p_first OR x.over AND p_first <= r.tonight) AS there,
                 s.first_night <= p_last + CASE WHEN x.strange THEN r.turnaround_nights ELSE 0 END
                 AND (s.last_night + CASE WHEN x.strange THEN s.turnaround ELSE 0 END >= p_first
                      OR x.over AND p_first <= r.tonight) AS stands
          FROM public.stay s
          JOIN room r ON r.id = s.unit_id
          CROSS JOIN LATERAL (SELECT coalesce(s.household_id, s.case_id) IS DISTINCT FROM p_party AS strange, s.state = 'IN' AS over) x
          WHERE s.state IN ('HELD', 'BOOKED', 'IN') AND {HOLDS} AND (s.last_night + s.turnaround >= p_first OR s.state = 'IN')
        ), company AS MATERIALIZED (
          SELECT s.unit_id, bool_or(s.stands AND s.strange) AS strangers, bool_or(s.there AND s.strange AND NOT s.child) AS adults
          FROM s GROUP BY s.unit_id
        ), young AS MATERIALIZED (
          SELECT s.unit_id, count(DISTINCT s.case_id)::int AS children, {ALIKE} AS safe
          FROM s WHERE s.there AND s.strange AND s.child GROUP BY s.unit_id
        ), later AS MATERIALIZED (
          SELECT s.place_id, min(s.first_night) AS night FROM s WHERE s.first_night > p_last GROUP BY s.place_id
        ), shut AS MATERIALIZED (
          SELECT s.place_id FROM s WHERE s.stands
          UNION ALL
          SELECT o.place_id FROM here JOIN public.place_out o ON o.team_id = here.team_id
          WHERE daterange(o.first_night, o.last_night, '[]') && daterange(p_first, p_last, '[]')
        ), free AS MATERIALIZED (
          SELECT p.unit_id, p.kind, p.traits, l.night, count(*)::int AS places
          FROM public.place p LEFT JOIN later l ON l.place_id = p.id
          WHERE p.opened_on <= p_first AND (p.closed_on IS NULL OR p.closed_on >= p_last)
            AND NOT EXISTS (SELECT FROM shut WHERE shut.place_id = p.id)
          GROUP BY p.unit_id, p.kind, p.traits, l.night
        ), own AS MATERIALIZED (
          SELECT s.unit_id, array_agg(s.case_id) AS cases FROM s JOIN public."case" k ON k.id = s.case_id
          WHERE NOT s.strange AND s.there AND k.team_id = ANY ({wall.TEAMS}) GROUP BY s.unit_id
        )
        SELECT r.team_id, r.id, r.name, r.takes, r.one_household, r.child_licence, r.traits::text, f.kind, f.traits::text, f.places,
               f.night - r.turnaround_nights, coalesce(c.adults, false), coalesce(y.children, 0), y.safe, own.cases
        FROM room r JOIN free f ON f.unit_id = r.id
        LEFT JOIN company c ON c.unit_id = r.id LEFT JOIN young y ON y.unit_id = r.id LEFT JOIN own ON own.unit_id = r.id
        WHERE NOT (r.one_household AND coalesce(c.strangers, false))
        ORDER BY r.team_id, r.sort_key, r.id, f.kind, f.traits, f.night;
        END
        """,
        to="acogida_app, acogida_work",
        replace=replace,
    )


def _confirmed() -> None:
    """The last word of each, found at the end of its index and not among all the days."""
    wall.definer_function(
        "capacity_confirmed_at(p_teams uuid[]) RETURNS TABLE (team_id uuid, at timestamptz) LANGUAGE sql STABLE",
        """
        SELECT t, (SELECT max(e.recorded_at) FROM public.case_event e WHERE e.team_id = t AND e.kind = 'capacity.confirmed')
        FROM unnest(p_teams) t
        """,
        to="acogida_app, acogida_work",
        replace=True,
    )


def downgrade() -> None:
    op.execute(f"DROP FUNCTION who_has_room({ASKED})")
    op.execute("DROP FUNCTION unit_company(uuid[], date, date, uuid[], date, timestamptz)")
    import_module("migrations.versions.0036_hold")._company()
    import_module("migrations.versions.0054_agreed")._parted()
    import_module("migrations.versions.0043_who")._free()
    import_module("migrations.versions.0049_true_places")._who()
    import_module("migrations.versions.0053_who_plan").upgrade()
    op.execute("DROP TRIGGER stay_children_together ON stay")
    op.execute("DROP FUNCTION stay_children_together()")
    op.execute("DROP TRIGGER stay_forgets ON stay")
    op.execute("DROP FUNCTION stay_forgets()")
    op.drop_constraint(op.f("ck_stay_child_safe_in_of_child"), "stay")
    op.drop_column("stay", "child_safe_in")
