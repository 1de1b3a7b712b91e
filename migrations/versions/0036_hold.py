"""A place held while a shelter answers: by the policy it declares, until a time, one hold a person."""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

NIGHTS = "daterange(first_night, last_night, '[]')"
HERE = f"team_id = ANY ({wall.TEAMS}) OR team_id = ANY ({wall.SITE_TEAMS})"
MINE = f"t.type <> 'SAFE_HOUSE' OR t.id = ANY ({wall.TEAMS}) OR t.id = ANY ({wall.SITE_TEAMS})"
BEFORE = "'BOOKED', 'IN', 'ENDED', 'CANCELLED', 'NO_SHOW'"


def upgrade() -> None:
    op.create_table(
        "hold_policy",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "priority IN ('IMMEDIATE', 'EMERGENCY', 'URGENT', 'NORMAL')", name=op.f("ck_hold_policy_priority_known")
        ),
        sa.CheckConstraint("minutes BETWEEN 5 AND 4320", name=op.f("ck_hold_policy_minutes_sane")),
        sa.ForeignKeyConstraint(["set_by_id"], ["user_account.id"], name=op.f("fk_hold_policy_set_by_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_hold_policy_team_id")),
        sa.PrimaryKeyConstraint("team_id", "priority", name=op.f("pk_hold_policy")),
    )  # fmt: skip
    op.create_index(op.f("ix_hold_policy_set_by_id"), "hold_policy", ["set_by_id"], unique=False)
    # It is declared: whoever sends may read it. It holds nothing of people, and nothing of where a house is.
    wall.behind_policy("hold_policy", read="true", write=HERE)
    wall.grant("hold_policy", app="SIUD", work="S")
    op.add_column("stay", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    _constraints(
        "'HELD', 'BOOKED', 'IN', 'ENDED', 'CANCELLED', 'NO_SHOW', 'RELEASED'", "'HELD', 'BOOKED', 'IN'"
    )
    op.create_check_constraint(
        op.f("ck_stay_held_has_end"), "stay", "(state = 'HELD') = (held_until IS NOT NULL)"
    )
    op.create_index("ix_stay_held_until", "stay", ["held_until"], postgresql_where=sa.text("state = 'HELD'"))
    # One hold a person, wherever: a family that asks at three doors does not keep three rooms.
    _exclude("ex_stay_person_held_once", "case_id WITH =", "state = 'HELD'")
    _who_may_hold()
    op.execute("GRANT UPDATE ON unit, place TO acogida_definer")  # to lock rows
    op.execute("GRANT UPDATE (state, held_until, version) ON stay TO acogida_definer")
    op.execute(
        "-- squawk-ignore ban-drop-function\nDROP FUNCTION free_places(uuid[], date, date, uuid, date)"
    )
    op.execute("-- squawk-ignore ban-drop-function\nDROP FUNCTION shelter_occupancy(uuid, date, date, date)")
    _availability()
    _facts()
    _lapse()


def _constraints(states: str, holding: str) -> None:
    """The closed list of states, and the three rules that two stays never break, over the states that hold."""
    op.drop_constraint(op.f("ck_stay_state_known"), "stay")
    op.create_check_constraint(op.f("ck_stay_state_known"), "stay", f"state IN ({states})")
    holds = f"state IN ({holding})"
    for name, columns, where in (
        ("ex_stay_place_taken", "place_id WITH =", holds),
        (
            "ex_stay_room_of_one_household",
            "unit_id WITH =, coalesce(household_id, case_id) WITH <>",
            f"one_household AND {holds}",
        ),
        ("ex_stay_person_once", "case_id WITH =, team_id WITH =", holds),
    ):
        op.drop_constraint(name, "stay")
        _exclude(name, columns, where)


def _exclude(name: str, columns: str, where: str) -> None:
    op.execute(
        f"ALTER TABLE stay ADD CONSTRAINT {name} EXCLUDE USING gist ({columns}, {NIGHTS} WITH &&) WHERE ({where})"
    )


def _who_may_hold() -> None:
    """Who owns a case asks for a place by holding it, as the shelter's policy says; the shelter alone gives it."""
    op.execute("DROP POLICY stay_add ON stay")
    op.execute(
        f"CREATE POLICY stay_add ON stay FOR INSERT TO acogida_app "
        f"WITH CHECK ({HERE} OR (state = 'HELD' AND {wall.owner_of('case_id')}))"
    )
    op.execute(
        f"""
        CREATE FUNCTION stay_of_the_shelter() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF current_user <> 'acogida_app' OR NEW.team_id = ANY ({wall.TEAMS})
             OR NEW.team_id = ANY ({wall.SITE_TEAMS}) THEN
            RETURN NEW;
          END IF;
          IF NEW.state <> 'HELD' THEN
            RAISE insufficient_privilege USING MESSAGE = 'only the shelter gives its places';
          END IF;
          IF NOT EXISTS (SELECT FROM public.hold_policy p WHERE p.team_id = NEW.team_id
                         AND NEW.held_until <= NEW.booked_at + p.minutes * interval '1 minute') THEN
            RAISE EXCEPTION 'held longer than the shelter declares'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'stay_held_by_policy';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER stay_held BEFORE INSERT ON stay FOR EACH ROW WHEN (NEW.state = 'HELD') "
        "EXECUTE FUNCTION stay_of_the_shelter()"
    )
    op.execute(
        "CREATE TRIGGER stay_given BEFORE UPDATE OF state, place_id, held_until ON stay FOR EACH ROW "
        "WHEN (NEW.state IN ('HELD', 'BOOKED', 'IN') AND (OLD.state, OLD.place_id, OLD.held_until) "
        "IS DISTINCT FROM (NEW.state, NEW.place_id, NEW.held_until)) EXECUTE FUNCTION stay_of_the_shelter()"
    )


#: A stay that holds its place at a moment.
HOLDS = "(s.state IN ('BOOKED', 'IN') OR s.state = 'HELD' AND s.held_until > p_now)"


def _availability() -> None:
    # `p_referral`: the holds of this referral are about to become its bookings and are not in its way.
    others = f"{HOLDS} AND NOT coalesce(s.state = 'HELD' AND s.referral_id = p_referral, false)"
    wall.definer_function(
        "free_places(p_teams uuid[], p_first date, p_last date, p_party uuid, p_tonight date, p_now timestamptz, "
        "p_referral uuid) "
        "RETURNS TABLE (team_id uuid, unit_id uuid, place_id uuid, free_until date) LANGUAGE sql STABLE",
        f"""
        SELECT u.team_id, u.id, p.id,
               (SELECT min(s.first_night) FROM public.stay s
                WHERE s.place_id = p.id AND {others} AND s.first_night > p_last)
        FROM public.place p
        JOIN public.unit u ON u.id = p.unit_id
        JOIN public.team t ON t.id = u.team_id
        WHERE u.team_id = ANY (p_teams) AND u.active AND t.active AND ({MINE})
          AND p.opened_on <= p_first AND (p.closed_on IS NULL OR p.closed_on >= p_last)
          AND NOT EXISTS (
            SELECT FROM public.place_out o WHERE o.place_id = p.id
            AND daterange(o.first_night, o.last_night, '[]') && daterange(p_first, p_last, '[]'))
          AND NOT EXISTS (
            SELECT FROM public.stay s WHERE s.place_id = p.id AND {others}
            AND (daterange(s.first_night, s.last_night, '[]') && daterange(p_first, p_last, '[]')
                 OR (s.state = 'IN' AND s.last_night < p_first AND p_first <= p_tonight)))
          AND NOT (u.one_household AND EXISTS (
            SELECT FROM public.stay s WHERE s.unit_id = u.id AND {others}
            AND coalesce(s.household_id, s.case_id) IS DISTINCT FROM p_party
            AND (daterange(s.first_night, s.last_night, '[]') && daterange(p_first, p_last, '[]')
                 OR (s.state = 'IN' AND s.last_night < p_first AND p_first <= p_tonight))))
        ORDER BY u.sort_key, u.id, p.code
        """,
        to="acogida_app, acogida_work",
    )
    there = f"({HOLDS} AND s.last_night >= d.night OR s.state = 'IN' AND d.night <= p_tonight)"
    wall.definer_function(
        "shelter_occupancy(p_team uuid, p_first date, p_last date, p_tonight date, p_now timestamptz) "
        "RETURNS TABLE (night date, capacity bigint, taken bigint, blocked bigint, surge bigint, "
        "surge_taken bigint, held bigint) "
        "LANGUAGE sql STABLE",
        f"""
        SELECT d.night, count(*) FILTER (WHERE NOT b.surge AND NOT b.out), count(*) FILTER (WHERE b.taken),
               count(*) FILTER (WHERE b.given AND NOT b.taken AND NOT b.surge AND NOT b.out),
               count(*) FILTER (WHERE b.surge AND NOT b.out), count(*) FILTER (WHERE b.surge AND b.taken),
               count(*) FILTER (WHERE b.held)
        FROM (SELECT (p_first + i)::date AS night FROM generate_series(0, least(p_last - p_first, 400)) i) d
        JOIN LATERAL (
          SELECT p.kind = 'SURGE' AS surge,
                 EXISTS (SELECT FROM public.place_out o WHERE o.place_id = p.id AND o.first_night <= d.night
                         AND (o.last_night IS NULL OR o.last_night >= d.night)) AS out,
                 EXISTS (SELECT FROM public.stay s WHERE s.place_id = p.id AND s.first_night <= d.night
                         AND ({there} OR s.state = 'ENDED' AND s.last_night >= d.night AND d.night < p_tonight)) AS taken,
                 EXISTS (SELECT FROM public.stay s WHERE s.place_id = p.id AND s.first_night <= d.night
                         AND s.last_night >= d.night AND s.state = 'HELD' AND s.held_until > p_now) AS held,
                 u.one_household AND EXISTS (SELECT FROM public.stay s WHERE s.unit_id = u.id
                         AND s.first_night <= d.night AND {there}) AS given
          FROM public.place p JOIN public.unit u ON u.id = p.unit_id JOIN public.team t ON t.id = u.team_id
          WHERE u.team_id = p_team AND u.active AND ({MINE}) AND p.opened_on <= d.night
            AND (p.closed_on IS NULL OR p.closed_on >= d.night)) b ON true
        GROUP BY d.night ORDER BY d.night
        """,
        to="acogida_app, acogida_work",
    )


def _facts() -> None:
    # What the rules ask of a place, for whoever is about to hold or book it; `p_lock` locks units, then places,
    # each in id order, until the transaction ends.
    wall.definer_function(
        "place_facts(p_places uuid[], p_lock boolean) RETURNS TABLE (place_id uuid, unit_id uuid, team_id uuid, "
        "site_id uuid, code text, kind text, place_traits text[], name text, takes text, unit_traits text[], "
        "one_household boolean) LANGUAGE plpgsql",
        f"""
        BEGIN
          IF p_lock THEN
            PERFORM FROM public.unit u WHERE u.id IN (SELECT p.unit_id FROM public.place p WHERE p.id = ANY (p_places))
              ORDER BY u.id FOR UPDATE;
            PERFORM FROM public.place p WHERE p.id = ANY (p_places) ORDER BY p.id FOR UPDATE;
          END IF;
          RETURN QUERY
            SELECT p.id, u.id, u.team_id, u.site_id, p.code, p.kind, p.traits, u.name, u.takes, u.traits, u.one_household
            FROM public.place p JOIN public.unit u ON u.id = p.unit_id JOIN public.team t ON t.id = u.team_id
            WHERE p.id = ANY (p_places) AND ({MINE}) ORDER BY u.sort_key, u.id, p.code;
        END
        """,
        to="acogida_app, acogida_work",
    )
    _company()


def _company() -> None:
    # Whether others than these parties are in a unit on those nights: adults, children; nothing else of them.
    wall.definer_function(
        "unit_company(p_units uuid[], p_first date, p_last date, p_parties uuid[], p_tonight date, p_now timestamptz) "
        "RETURNS TABLE (unit_id uuid, adults boolean, children boolean) LANGUAGE sql STABLE",
        f"""
        SELECT s.unit_id, bool_or(NOT s.child), bool_or(s.child)
        FROM public.stay s JOIN public.team t ON t.id = s.team_id
        WHERE s.unit_id = ANY (p_units) AND ({MINE}) AND {HOLDS}
          AND NOT coalesce(s.household_id, s.case_id) = ANY (p_parties)
          AND (daterange(s.first_night, s.last_night, '[]') && daterange(p_first, p_last, '[]')
               OR (s.state = 'IN' AND s.last_night < p_first AND p_first <= p_tonight))
        GROUP BY s.unit_id
        """,
        to="acogida_app, acogida_work",
    )


def _lapse() -> None:
    # A hold whose time has come is in nobody's way. Whoever comes for its place, or for its person, ends it; a row
    # that somebody else has in hand is left to them.
    wall.definer_function(
        "lapse_holds(p_units uuid[], p_cases uuid[], p_now timestamptz) RETURNS SETOF uuid LANGUAGE sql",
        """
        UPDATE public.stay SET state = 'RELEASED', held_until = NULL, version = version + 1
        WHERE id IN (SELECT s.id FROM public.stay s WHERE s.state = 'HELD' AND s.held_until <= p_now
                     AND (s.unit_id = ANY (p_units) OR s.case_id = ANY (p_cases))
                     ORDER BY s.id FOR UPDATE SKIP LOCKED)
        RETURNING id
        """,
        to="acogida_app, acogida_work",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION lapse_holds(uuid[], uuid[], timestamptz)")
    op.execute("DROP FUNCTION unit_company(uuid[], date, date, uuid[], date, timestamptz)")
    op.execute("DROP FUNCTION place_facts(uuid[], boolean)")
    op.execute("DROP FUNCTION shelter_occupancy(uuid, date, date, date, timestamptz)")
    op.execute("DROP FUNCTION free_places(uuid[], date, date, uuid, date, timestamptz, uuid)")
    op.execute("DROP TRIGGER stay_given ON stay")
    op.execute("DROP TRIGGER stay_held ON stay")
    op.execute("DROP FUNCTION stay_of_the_shelter()")
    op.execute("DROP POLICY stay_add ON stay")
    op.execute(
        f"CREATE POLICY stay_add ON stay FOR INSERT TO acogida_app WITH CHECK ({HERE} OR {wall.owner_of('case_id')})"
    )
    op.execute(
        "UPDATE stay SET state = 'CANCELLED', cancel_reason = 'BOOKED_IN_ERROR' WHERE state IN ('HELD', 'RELEASED')"
    )
    op.drop_constraint("ex_stay_person_held_once", "stay")
    _constraints(BEFORE, "'BOOKED', 'IN'")
    op.execute("REVOKE UPDATE (state, held_until, version) ON stay FROM acogida_definer")
    op.drop_column("stay", "held_until")
    op.drop_table("hold_policy")
    op.execute("REVOKE UPDATE ON unit, place FROM acogida_definer")
    import_module("migrations.versions.0006_shelter")._availability()
