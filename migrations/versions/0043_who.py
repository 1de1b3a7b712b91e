"""Who can take these people: free places of a country by unit, what is alike counted together, in one question."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

MINE = f"t.type <> 'SAFE_HOUSE' OR t.id = ANY ({wall.TEAMS}) OR t.id = ANY ({wall.SITE_TEAMS})"
HOLDS = "(s.state IN ('BOOKED', 'IN') OR s.state = 'HELD' AND s.held_until > p_now)"


def upgrade() -> None:
    op.create_index(
        "ix_case_event_capacity",
        "case_event",
        ["team_id", "recorded_at"],
        postgresql_where=sa.text("kind = 'capacity.confirmed'"),
    )
    # Stays that keep a place are few beside those that ended: what is asked every time lies together.
    op.create_index(
        "ix_stay_holding",
        "stay",
        ["team_id", "last_night"],
        postgresql_where=sa.text("state IN ('HELD', 'BOOKED', 'IN')"),
    )
    op.execute("GRANT SELECT ON service TO acogida_definer")
    _free()
    _confirmed()


def _free() -> None:
    # Of who is in a room the caller learns that an adult or a child is there, and which of the asking party's own
    # cases are, where the caller's team owns these; a protected shelter answers only its own people.
    wall.definer_function(
        "who_has_room(p_country text, p_kind text, p_teams uuid[], p_takes text[], p_first date, p_last date, "
        "p_party uuid, p_now timestamptz) "
        "RETURNS TABLE (team_id uuid, unit_id uuid, name text, takes text, one_household boolean, licence boolean, "
        "unit_traits text[], kind text, place_traits text[], free bigint, until date, adults boolean, children boolean, own uuid[]) "
        "LANGUAGE sql STABLE",
        f"""
        WITH here AS MATERIALIZED (
          SELECT t.id AS team_id, h.child_licence, ((p_now AT TIME ZONE h.timezone) - make_interval(hours => h.rollover_hour))::date AS tonight
          FROM public.service v JOIN public.team t ON t.id = v.team_id JOIN public.site h ON h.id = v.site_id
          WHERE v.kind = p_kind AND v.active AND t.active AND t.country = p_country AND ({MINE})
            AND (h.closed_on IS NULL OR h.closed_on > p_last) AND (p_teams IS NULL OR t.id = ANY (p_teams))
        ), busy AS MATERIALIZED (
          SELECT s.place_id, s.unit_id, s.case_id, s.child, coalesce(s.household_id, s.case_id) AS party
          FROM here JOIN public.stay s ON s.team_id = here.team_id
          WHERE s.state IN ('HELD', 'BOOKED', 'IN') AND {HOLDS} AND s.first_night <= p_last
            AND (s.last_night >= p_first OR s.state = 'IN' AND p_first <= here.tonight)
        ), later AS MATERIALIZED (
          SELECT s.place_id, min(s.first_night) AS night
          FROM here JOIN public.stay s ON s.team_id = here.team_id
          WHERE s.state IN ('HELD', 'BOOKED', 'IN') AND s.last_night > p_last AND {HOLDS} AND s.first_night > p_last
          GROUP BY s.place_id
        ), company AS MATERIALIZED (
          SELECT b.unit_id, coalesce(bool_or(NOT b.child) FILTER (WHERE b.party IS DISTINCT FROM p_party), false) AS adults,
                 coalesce(bool_or(b.child) FILTER (WHERE b.party IS DISTINCT FROM p_party), false) AS children,
                 coalesce(array_agg(b.case_id) FILTER (WHERE b.party = p_party), '{{}}') AS own
          FROM busy b GROUP BY b.unit_id
        ), out AS MATERIALIZED (
          SELECT DISTINCT o.place_id FROM here JOIN public.place_out o ON o.team_id = here.team_id
          WHERE daterange(o.first_night, o.last_night, '[]') && daterange(p_first, p_last, '[]')
        )
        SELECT u.team_id, u.id, u.name, u.takes, u.one_household, here.child_licence, u.traits, p.kind, p.traits, count(*), min(l.night),
               coalesce(c.adults, false), coalesce(c.children, false),
               ARRAY (SELECT k.id FROM public."case" k WHERE k.id = ANY (c.own) AND k.team_id = ANY ({wall.TEAMS}))
        FROM here
        JOIN public.unit u ON u.team_id = here.team_id AND u.active AND u.takes = ANY (p_takes)
        JOIN public.place p ON p.unit_id = u.id AND p.opened_on <= p_first AND (p.closed_on IS NULL OR p.closed_on >= p_last)
        LEFT JOIN later l ON l.place_id = p.id
        LEFT JOIN company c ON c.unit_id = u.id
        WHERE NOT EXISTS (SELECT FROM busy b WHERE b.place_id = p.id)
          AND NOT EXISTS (SELECT FROM out o WHERE o.place_id = p.id)
          AND NOT (u.one_household AND coalesce(c.adults OR c.children, false))
        GROUP BY u.team_id, here.child_licence, u.id, p.kind, p.traits, l.night, c.adults, c.children, c.own
        ORDER BY u.team_id, u.sort_key, u.id, p.kind, p.traits, l.night
        """,
        to="acogida_app, acogida_work",
    )


def _confirmed() -> None:
    wall.definer_function(
        "capacity_confirmed_at(p_teams uuid[]) RETURNS TABLE (team_id uuid, at timestamptz) LANGUAGE sql STABLE",
        """
        SELECT e.team_id, max(e.recorded_at) FROM public.case_event e
        WHERE e.team_id = ANY (p_teams) AND e.kind = 'capacity.confirmed' GROUP BY e.team_id
        """,
        to="acogida_app, acogida_work",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION capacity_confirmed_at(uuid[])")
    op.execute("DROP FUNCTION who_has_room(text, text, uuid[], text[], date, date, uuid, timestamptz)")
    op.execute("REVOKE SELECT ON service FROM acogida_definer")
    op.drop_index("ix_stay_holding", "stay")
    op.drop_index("ix_case_event_capacity", "case_event")
