"""Places that are true: space, inspections that close a room, licences by date, nights between two parties, no bed
over an outage; the daily word; decisions about a stay's length; and two people who are never placed near each other."""

from __future__ import annotations

from importlib import import_module

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

HERE = f"team_id = ANY ({wall.TEAMS}) OR team_id = ANY ({wall.SITE_TEAMS})"
MINE = f"t.type <> 'SAFE_HOUSE' OR t.id = ANY ({wall.TEAMS}) OR t.id = ANY ({wall.SITE_TEAMS})"
HOLDS = "(s.state IN ('BOOKED', 'IN') OR s.state = 'HELD' AND s.held_until > p_now)"
#: The directory says that the site has a licence; dated ones, where there are any, say when. One of them covers all nights.
LICENSED = (
    "h.child_licence AND (NOT EXISTS (SELECT FROM public.child_licence k WHERE k.site_id = h.id) OR EXISTS ("
    "SELECT FROM public.child_licence k WHERE k.site_id = h.id AND k.valid_from <= p_first "
    "AND (k.valid_to IS NULL OR k.valid_to >= p_last)))"
)
PARTY = "coalesce(household_id, case_id)"
OUT = ("REPAIR", "CLEANING", "HEALTH", "OTHER")
EXTENSION = (
    "NO_OTHER_PLACE", "PROCEDURE_WAITS", "HEALTH", "CHILD_OR_SCHOOL", "SAFETY", "PERSON_ASKED",
)  # fmt: skip


def _known(column: str, codes: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(c) for c in codes)})"


def upgrade() -> None:
    op.add_column("unit", sa.Column("area_m2", sa.Numeric(7, 2), nullable=True))
    op.add_column("unit", sa.Column("turnaround_nights", sa.Integer(), server_default="0", nullable=False))
    op.add_column("unit", sa.Column("shut_on", sa.Date(), nullable=True))
    op.create_check_constraint(op.f("ck_unit_area_sane"), "unit", "area_m2 BETWEEN 1 AND 5000")
    op.create_check_constraint(op.f("ck_unit_turnaround_sane"), "unit", "turnaround_nights BETWEEN 0 AND 14")
    op.add_column("stay", sa.Column("turnaround", sa.Integer(), server_default="0", nullable=False))
    op.add_column("stay", sa.Column("plan_destination", sa.Text(), nullable=True))
    op.add_column("stay", sa.Column("plan_review_on", sa.Date(), nullable=True))
    op.add_column("stay", sa.Column("plan_set_on", sa.Date(), nullable=True))
    op.create_check_constraint(
        op.f("ck_stay_plan_whole"),
        "stay",
        "num_nonnulls(plan_destination, plan_review_on, plan_set_on) IN (0, 3)",
    )
    _outs((*OUT, "TURNAROUND"))
    _turnaround("daterange(first_night, last_night + turnaround, '[]')")
    _tables()
    _rules()
    _availability()
    op.execute("GRANT SELECT ON child_licence TO acogida_definer")
    _who()
    _parted()


def _outs(reasons: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_place_out_reason_known"), "place_out")
    op.create_check_constraint(op.f("ck_place_out_reason_known"), "place_out", _known("reason", reasons))


def _turnaround(nights: str) -> None:
    """A room that one household has is empty for its turnaround before the next; a bed of a shared room as well."""
    holds = "state IN ('HELD', 'BOOKED', 'IN')"
    op.drop_constraint("ex_stay_room_of_one_household", "stay")
    for name, column, where in (
        ("ex_stay_room_of_one_household", "unit_id", f"one_household AND {holds}"),
        ("ex_stay_place_turned", "place_id", holds),
    ):
        op.execute(
            f"ALTER TABLE stay ADD CONSTRAINT {name} EXCLUDE USING gist "
            f"({column} WITH =, {PARTY} WITH <>, {nights} WITH &&) WHERE ({where})"
        )


def _tables() -> None:
    def of_team(name: str, *columns: sa.Column[object], user: str = "by_id", **checks: str) -> None:
        op.create_table(
            name,
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("team_id", sa.Uuid(), nullable=False),
            *columns,
            sa.Column(user, sa.Uuid(), nullable=True),
            *(sa.CheckConstraint(text, name=op.f(f"ck_{name}_{label}")) for label, text in checks.items()),
            sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f(f"fk_{name}_team_id")),
            sa.ForeignKeyConstraint([user], ["user_account.id"], name=op.f(f"fk_{name}_{user}")),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        )
        _indexed(name, "team_id", user)

    of_team(
        "unit_inspection",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        outcome_known=_known("outcome", ("PASSED", "WITH_REMARKS", "FAILED")),
        next_is_later="next_due_on > inspected_on",
    )
    _refers("unit_inspection", "unit_id", "unit")
    wall.behind_policy("unit_inspection", read=HERE)
    wall.grant("unit_inspection", app="SI", work="S")

    of_team(
        "child_licence",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        dates_in_order="valid_to >= valid_from",
    )
    _refers("child_licence", "site_id", "site")
    # Whether a site may take children is no secret: who sends a child must know.
    wall.behind_policy("child_licence", read="true", write=HERE)
    wall.grant("child_licence", app="SIU", work="S")

    of_team(
        "capacity_word",
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("free", sa.Integer(), nullable=False),
        sa.Column("out", sa.Integer(), nullable=False),
        sa.Column("leaving", sa.Integer(), nullable=False),
        sa.Column("shown_free", sa.Integer(), nullable=False),
        numbers_sane="least(free, out, leaving, shown_free) >= 0",
    )
    wall.behind_policy("capacity_word", read=HERE)
    wall.grant("capacity_word", app="SI", work="SI")

    op.create_table(
        "stay_policy",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("max_nights", sa.Integer(), nullable=True),
        sa.CheckConstraint("max_nights BETWEEN 1 AND 366", name=op.f("ck_stay_policy_max_sane")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_stay_policy_team_id")),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_stay_policy")),
    )
    wall.behind_policy("stay_policy", read="true", write=HERE)
    wall.grant("stay_policy", app="SIU", work="S")

    def of_stay(name: str, *columns: sa.Column[object], **checks: str) -> None:
        of_team(name, sa.Column("stay_id", sa.Uuid(), nullable=False), sa.Column("case_id", sa.Uuid(), nullable=False),
                *columns, **checks)  # fmt: skip
        _refers(name, "stay_id", "stay")
        _refers(name, "case_id", "case")
        wall.behind_policy(name, read=f"{HERE} OR {wall.owner_of('case_id')}", write=HERE)

    of_stay(
        "stay_extension",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_night", sa.Date(), nullable=False),
        sa.Column("to_night", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("beyond_max", sa.Boolean(), nullable=False),
        reason_known=_known("reason", EXTENSION),
        not_by_wish_alone="NOT (beyond_max AND reason = 'PERSON_ASKED')",
    )
    wall.grant("stay_extension", app="SI", work="S")
    of_stay(
        "child_emergency",
        sa.Column("staff_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        second_person="reviewed_by_id <> by_id",
        reviewed_whole="(reviewed_at IS NULL) = (reviewed_by_id IS NULL)",
        within_72_hours="review_due_at <= since + interval '72 hours'",
    )
    _refers("child_emergency", "reviewed_by_id", "user_account")
    wall.grant("child_emergency", app="SIU", work="S")


def _indexed(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def _refers(table: str, column: str, other: str) -> None:
    op.create_foreign_key(op.f(f"fk_{table}_{column}"), table, other, [column], ["id"])
    _indexed(table, column)


def _rules() -> None:
    # A failed inspection closes the unit from that day; a later one that passes opens it.
    op.execute(
        """
        CREATE FUNCTION inspection_shuts() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          UPDATE public.unit SET shut_on = CASE WHEN NEW.outcome = 'FAILED' THEN NEW.inspected_on END
          WHERE id = NEW.unit_id AND NOT EXISTS (SELECT FROM public.unit_inspection i WHERE i.unit_id = NEW.unit_id
            AND i.id <> NEW.id AND i.inspected_on > NEW.inspected_on);
          RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER inspection_shuts AFTER INSERT ON unit_inspection FOR EACH ROW EXECUTE FUNCTION inspection_shuts()"
    )
    # No night is given in a place that is not in service then. Nights that somebody has already stay theirs: an
    # outage that meets them is shown, and people move them.
    wall.definer_function(
        "stay_in_service() RETURNS trigger LANGUAGE plpgsql",
        """
        DECLARE given daterange := daterange(NEW.first_night, NEW.last_night, '[]'); had daterange;
        BEGIN
          IF TG_OP = 'UPDATE' AND OLD.place_id = NEW.place_id AND OLD.state IN ('HELD', 'BOOKED', 'IN') THEN
            had := daterange(OLD.first_night, OLD.last_night, '[]');
            IF given <@ had THEN RETURN NEW; END IF;
            given := daterange(CASE WHEN NEW.first_night < OLD.first_night THEN NEW.first_night ELSE OLD.last_night + 1 END,
                               NEW.last_night, '[]');
          END IF;
          IF EXISTS (SELECT FROM public.place p JOIN public.unit u ON u.id = p.unit_id WHERE p.id = NEW.place_id
                     AND (NOT u.active OR u.shut_on <= upper(given) - 1 OR p.opened_on > lower(given)
                          OR p.closed_on < upper(given) - 1))
             OR EXISTS (SELECT FROM public.place_out o WHERE o.place_id = NEW.place_id
                        AND daterange(o.first_night, o.last_night, '[]') && given) THEN
            RAISE EXCEPTION 'the place is not in service' USING ERRCODE = 'check_violation', CONSTRAINT = 'stay_in_service';
          END IF;
          RETURN NEW;
        END
        """,
        to="",
    )
    op.execute(
        "CREATE TRIGGER stay_in_service BEFORE INSERT OR UPDATE OF place_id, first_night, last_night, state ON stay "
        "FOR EACH ROW WHEN (NEW.state IN ('HELD', 'BOOKED', 'IN')) EXECUTE FUNCTION stay_in_service()"
    )


def _availability() -> None:
    others = f"{HOLDS} AND NOT coalesce(s.state = 'HELD' AND s.referral_id = p_referral, false)"
    # The nights asked and those of the other stay, each with the nights that the unit stands empty afterwards.
    turned = (
        "daterange(s.first_night, s.last_night + s.turnaround, '[]') "
        "&& daterange(p_first, p_last + u.turnaround_nights, '[]')"
    )
    overdue = "(s.state = 'IN' AND s.last_night < p_first AND p_first <= p_tonight)"
    differs = "coalesce(s.household_id, s.case_id) IS DISTINCT FROM p_party"
    wall.definer_function(
        "free_places(p_teams uuid[], p_first date, p_last date, p_party uuid, p_tonight date, p_now timestamptz, "
        "p_referral uuid) "
        "RETURNS TABLE (team_id uuid, unit_id uuid, place_id uuid, free_until date) LANGUAGE sql STABLE",
        f"""
        SELECT u.team_id, u.id, p.id,
               (SELECT min(s.first_night) - u.turnaround_nights FROM public.stay s
                WHERE s.place_id = p.id AND {others} AND s.first_night > p_last)
        FROM public.place p
        JOIN public.unit u ON u.id = p.unit_id
        JOIN public.team t ON t.id = u.team_id
        WHERE u.team_id = ANY (p_teams) AND u.active AND t.active AND ({MINE})
          AND (u.shut_on IS NULL OR u.shut_on > p_last)
          AND p.opened_on <= p_first AND (p.closed_on IS NULL OR p.closed_on >= p_last)
          AND NOT EXISTS (
            SELECT FROM public.place_out o WHERE o.place_id = p.id
            AND daterange(o.first_night, o.last_night, '[]') && daterange(p_first, p_last, '[]'))
          AND NOT EXISTS (
            SELECT FROM public.stay s WHERE s.place_id = p.id AND {others}
            AND (daterange(s.first_night, s.last_night, '[]') && daterange(p_first, p_last, '[]')
                 OR {differs} AND {turned} OR {overdue}))
          AND NOT (u.one_household AND EXISTS (
            SELECT FROM public.stay s WHERE s.unit_id = u.id AND {others} AND {differs} AND ({turned} OR {overdue})))
        ORDER BY u.sort_key, u.id, p.code
        """,
        to="acogida_app, acogida_work",
        replace=True,
    )
    there = f"({HOLDS} AND s.last_night >= d.night OR s.state = 'IN' AND d.night <= p_tonight)"
    wall.definer_function(
        "shelter_occupancy(p_team uuid, p_first date, p_last date, p_tonight date, p_now timestamptz) "
        "RETURNS TABLE (night date, capacity bigint, taken bigint, blocked bigint, surge bigint, "
        "surge_taken bigint, held bigint) "
        "LANGUAGE sql STABLE",
        f"""
        SELECT d.night, count(*) FILTER (WHERE NOT b.surge AND NOT b.out), count(*) FILTER (WHERE b.taken),
               count(*) FILTER (WHERE (b.given OR b.turning) AND NOT b.taken AND NOT b.surge AND NOT b.out),
               count(*) FILTER (WHERE b.surge AND NOT b.out), count(*) FILTER (WHERE b.surge AND b.taken),
               count(*) FILTER (WHERE b.held)
        FROM (SELECT (p_first + i)::date AS night FROM generate_series(0, least(p_last - p_first, 400)) i) d
        JOIN LATERAL (
          SELECT p.kind = 'SURGE' AS surge,
                 u.shut_on <= d.night IS TRUE OR EXISTS (
                   SELECT FROM public.place_out o WHERE o.place_id = p.id AND o.first_night <= d.night
                   AND (o.last_night IS NULL OR o.last_night >= d.night)) AS out,
                 EXISTS (SELECT FROM public.stay s WHERE s.place_id = p.id AND s.first_night <= d.night
                         AND ({there} OR s.state = 'ENDED' AND s.last_night >= d.night AND d.night < p_tonight)) AS taken,
                 EXISTS (SELECT FROM public.stay s WHERE s.place_id = p.id AND s.first_night <= d.night
                         AND s.last_night >= d.night AND s.state = 'HELD' AND s.held_until > p_now) AS held,
                 EXISTS (SELECT FROM public.stay s WHERE (s.place_id = p.id OR u.one_household AND s.unit_id = u.id)
                         AND {HOLDS} AND s.last_night < d.night AND s.last_night + s.turnaround >= d.night) AS turning,
                 u.one_household AND EXISTS (SELECT FROM public.stay s WHERE s.unit_id = u.id
                         AND s.first_night <= d.night AND {there}) AS given
          FROM public.place p JOIN public.unit u ON u.id = p.unit_id JOIN public.team t ON t.id = u.team_id
          WHERE u.team_id = p_team AND u.active AND ({MINE}) AND p.opened_on <= d.night
            AND (p.closed_on IS NULL OR p.closed_on >= d.night)) b ON true
        GROUP BY d.night ORDER BY d.night
        """,
        to="acogida_app, acogida_work",
        replace=True,
    )
    op.execute("-- squawk-ignore ban-drop-function\nDROP FUNCTION place_facts(uuid[], boolean)")
    _facts(", u.turnaround_nights", ", turnaround_nights int")
    # The last word of each shelter, for whoever looks for a place there.
    op.execute("GRANT SELECT ON capacity_word TO acogida_definer")
    wall.definer_function(
        "capacity_words(p_teams uuid[]) RETURNS TABLE (team_id uuid, said_at timestamptz) LANGUAGE sql STABLE",
        f"""
        SELECT t.id, (SELECT max(w.said_at) FROM public.capacity_word w WHERE w.team_id = t.id)
        FROM public.team t WHERE t.id = ANY (p_teams) AND ({MINE})
        """,
        to="acogida_app, acogida_work",
    )


def _who() -> None:
    """The same for who looks over a whole country: closed rooms, licences by date, nights between two parties."""
    wall.definer_function(
        "who_has_room(p_country text, p_kind text, p_teams uuid[], p_takes text[], p_first date, p_last date, "
        "p_party uuid, p_now timestamptz) "
        "RETURNS TABLE (team_id uuid, unit_id uuid, name text, takes text, one_household boolean, licence boolean, "
        "unit_traits text[], kind text, place_traits text[], free bigint, until date, adults boolean, children boolean, own uuid[]) "
        "LANGUAGE sql STABLE",
        f"""
        WITH here AS MATERIALIZED (
          SELECT t.id AS team_id, {LICENSED} AS child_licence, ((p_now AT TIME ZONE h.timezone) - make_interval(hours => h.rollover_hour))::date AS tonight
          FROM public.service v JOIN public.team t ON t.id = v.team_id JOIN public.site h ON h.id = v.site_id
          WHERE v.kind = p_kind AND v.active AND t.active AND t.country = p_country AND ({MINE})
            AND (h.closed_on IS NULL OR h.closed_on > p_last) AND (p_teams IS NULL OR t.id = ANY (p_teams))
        ), busy AS MATERIALIZED (
          SELECT s.place_id, s.unit_id, s.case_id, s.child, coalesce(s.household_id, s.case_id) AS party,
                 s.first_night <= p_last AND (s.last_night >= p_first OR s.state = 'IN' AND p_first <= here.tonight) AS there
          FROM here JOIN public.stay s ON s.team_id = here.team_id
          JOIN public.unit u ON u.id = s.unit_id
          WHERE s.state IN ('HELD', 'BOOKED', 'IN') AND {HOLDS}
            AND s.first_night <= p_last + CASE WHEN coalesce(s.household_id, s.case_id) = p_party THEN 0 ELSE u.turnaround_nights END
            AND (s.last_night + CASE WHEN coalesce(s.household_id, s.case_id) = p_party THEN 0 ELSE s.turnaround END >= p_first OR s.state = 'IN' AND p_first <= here.tonight)
        ), later AS MATERIALIZED (
          SELECT s.place_id, min(s.first_night) AS night
          FROM here JOIN public.stay s ON s.team_id = here.team_id
          WHERE s.state IN ('HELD', 'BOOKED', 'IN') AND s.last_night > p_last AND {HOLDS} AND s.first_night > p_last
          GROUP BY s.place_id
        ), company AS MATERIALIZED (
          SELECT b.unit_id, coalesce(bool_or(NOT b.child) FILTER (WHERE b.party IS DISTINCT FROM p_party), false) AS adults,
                 coalesce(bool_or(b.child) FILTER (WHERE b.party IS DISTINCT FROM p_party), false) AS children,
                 coalesce(array_agg(b.case_id) FILTER (WHERE b.party = p_party), '{{}}') AS own
          FROM busy b WHERE b.there GROUP BY b.unit_id
        ), out AS MATERIALIZED (
          SELECT DISTINCT o.place_id FROM here JOIN public.place_out o ON o.team_id = here.team_id
          WHERE daterange(o.first_night, o.last_night, '[]') && daterange(p_first, p_last, '[]')
        )
        SELECT u.team_id, u.id, u.name, u.takes, u.one_household, here.child_licence, u.traits, p.kind, p.traits, count(*), min(l.night),
               coalesce(c.adults, false), coalesce(c.children, false),
               ARRAY (SELECT k.id FROM public."case" k WHERE k.id = ANY (c.own) AND k.team_id = ANY ({wall.TEAMS}))
        FROM here
        JOIN public.unit u ON u.team_id = here.team_id AND u.active AND (u.shut_on IS NULL OR u.shut_on > p_last) AND u.takes = ANY (p_takes)
        JOIN public.place p ON p.unit_id = u.id AND p.opened_on <= p_first AND (p.closed_on IS NULL OR p.closed_on >= p_last)
        LEFT JOIN later l ON l.place_id = p.id
        LEFT JOIN company c ON c.unit_id = u.id
        WHERE NOT EXISTS (SELECT FROM busy b WHERE b.place_id = p.id)
          AND NOT EXISTS (SELECT FROM out o WHERE o.place_id = p.id)
          AND NOT (u.one_household AND EXISTS (SELECT FROM busy b WHERE b.unit_id = u.id AND b.party IS DISTINCT FROM p_party))
        GROUP BY u.team_id, here.child_licence, u.id, p.kind, p.traits, l.night, c.adults, c.children, c.own
        ORDER BY u.team_id, u.sort_key, u.id, p.kind, p.traits, l.night
        """,
        to="acogida_app, acogida_work",
        replace=True,
    )


def _facts(column: str, declared: str) -> None:
    wall.definer_function(
        "place_facts(p_places uuid[], p_lock boolean) RETURNS TABLE (place_id uuid, unit_id uuid, team_id uuid, "
        "site_id uuid, code text, kind text, place_traits text[], name text, takes text, unit_traits text[], "
        f"one_household boolean{declared}) LANGUAGE plpgsql",
        f"""
        BEGIN
          IF p_lock THEN
            PERFORM FROM public.unit u WHERE u.id IN (SELECT p.unit_id FROM public.place p WHERE p.id = ANY (p_places))
              ORDER BY u.id FOR UPDATE;
            PERFORM FROM public.place p WHERE p.id = ANY (p_places) ORDER BY p.id FOR UPDATE;
          END IF;
          RETURN QUERY
            SELECT p.id, u.id, u.team_id, u.site_id, p.code, p.kind, p.traits, u.name, u.takes, u.traits,
                   u.one_household{column}
            FROM public.place p JOIN public.unit u ON u.id = p.unit_id JOIN public.team t ON t.id = u.team_id
            WHERE p.id = ANY (p_places) AND ({MINE}) ORDER BY u.sort_key, u.id, p.code;
        END
        """,
        to="acogida_app, acogida_work",
    )


def _parted() -> None:
    """Two people who are never placed near each other. Only who is named in the matter reads it; everybody else
    learns that a place cannot be offered, as of any other place."""
    op.create_table(
        "safety_separation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("other_case_id", sa.Uuid(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_by_id", sa.Uuid(), nullable=False),
        sa.Column("holders", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.CheckConstraint(_known("reach", ("SITE", "UNIT")), name=op.f("ck_safety_separation_reach_known")),
        sa.CheckConstraint("case_id <> other_case_id", name=op.f("ck_safety_separation_two_people")),
        sa.CheckConstraint("set_by_id = ANY (holders)", name=op.f("ck_safety_separation_held")),
        sa.ForeignKeyConstraint(
            ["set_by_id"], ["user_account.id"], name=op.f("fk_safety_separation_set_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_separation")),
    )
    _indexed("safety_separation", "set_by_id")
    _refers("safety_separation", "case_id", "case")
    _refers("safety_separation", "other_case_id", "case")
    wall.behind_policy("safety_separation", read=f"{wall.ACTING_USER} = ANY (holders)")
    wall.grant("safety_separation", app="SIU", work="S")
    op.execute("GRANT SELECT ON safety_separation TO acogida_definer")
    near = """
        SELECT {what} FROM public.safety_separation x
        JOIN public.stay s ON s.case_id = CASE WHEN x.case_id = {who} THEN x.other_case_id ELSE x.case_id END
        WHERE {who} IN (x.case_id, x.other_case_id) AND x.ended_at IS NULL
    """
    wall.definer_function(
        "parted_units(p_cases uuid[], p_units uuid[], p_first date, p_last date, p_tonight date, p_now timestamptz) "
        "RETURNS SETOF uuid LANGUAGE sql STABLE",
        f"""
        WITH near AS MATERIALIZED (
          SELECT s.site_id, s.unit_id, x.reach
          FROM public.safety_separation x JOIN public.stay s
            ON s.case_id = x.other_case_id AND x.case_id = ANY (p_cases)
            OR s.case_id = x.case_id AND x.other_case_id = ANY (p_cases)
          WHERE x.ended_at IS NULL AND (x.case_id = ANY (p_cases) OR x.other_case_id = ANY (p_cases)) AND {HOLDS}
            AND (daterange(s.first_night, s.last_night, '[]') && daterange(p_first, p_last, '[]')
                 OR s.state = 'IN' AND s.last_night < p_first AND p_first <= p_tonight)
        )
        SELECT u.id FROM public.unit u WHERE u.id = ANY (p_units) AND (
          EXISTS (SELECT FROM public.safety_separation x WHERE x.ended_at IS NULL
                  AND x.case_id = ANY (p_cases) AND x.other_case_id = ANY (p_cases))
          OR EXISTS (SELECT FROM near n WHERE n.unit_id = u.id OR n.reach = 'SITE' AND n.site_id = u.site_id))
        """,
        to="acogida_app, acogida_work",
    )
    # The same once more under every verb, and for two who are booked at one moment: the second waits for the first.
    wall.definer_function(
        "stay_apart() RETURNS trigger LANGUAGE plpgsql",
        f"""
        DECLARE found uuid;
        BEGIN
          FOR found IN SELECT x.id FROM public.safety_separation x
            WHERE NEW.case_id IN (x.case_id, x.other_case_id) AND x.ended_at IS NULL ORDER BY x.id LOOP
            PERFORM pg_advisory_xact_lock(hashtextextended(found::text, 0));
          END LOOP;
          IF EXISTS ({near.format(what="1", who="NEW.case_id")}
              AND s.state IN ('HELD', 'BOOKED', 'IN') AND (x.reach = 'SITE' AND s.site_id = NEW.site_id OR s.unit_id = NEW.unit_id)
              AND daterange(s.first_night, s.last_night, '[]') && daterange(NEW.first_night, NEW.last_night, '[]')
              AND NOT (s.state = 'HELD' AND s.held_until <= NEW.booked_at)) THEN
            RAISE EXCEPTION 'cannot be offered' USING ERRCODE = 'check_violation', CONSTRAINT = 'stay_cannot_be_offered';
          END IF;
          RETURN NEW;
        END
        """,
        to="",
    )
    op.execute(
        "CREATE TRIGGER stay_apart BEFORE INSERT OR UPDATE OF place_id, unit_id, first_night, last_night ON stay "
        "FOR EACH ROW WHEN (NEW.state IN ('HELD', 'BOOKED', 'IN')) EXECUTE FUNCTION stay_apart()"
    )
    # A number leads to a file that the acting team may not open, for this one purpose.
    wall.definer_function(
        "case_to_separate(p_number text) RETURNS uuid LANGUAGE sql STABLE",
        'SELECT c.id FROM public."case" c WHERE c.number = p_number AND c.erased_at IS NULL',
        to="acogida_app",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION case_to_separate(text)")
    op.execute("DROP TRIGGER stay_apart ON stay")
    op.execute("DROP FUNCTION stay_apart()")
    op.execute("DROP FUNCTION parted_units(uuid[], uuid[], date, date, date, timestamptz)")
    op.drop_table("safety_separation")
    op.execute("DROP FUNCTION capacity_words(uuid[])")
    op.execute("DROP FUNCTION shelter_occupancy(uuid, date, date, date, timestamptz)")
    op.execute("DROP FUNCTION free_places(uuid[], date, date, uuid, date, timestamptz, uuid)")
    op.execute("DROP FUNCTION place_facts(uuid[], boolean)")
    op.execute("DROP FUNCTION who_has_room(text, text, uuid[], text[], date, date, uuid, timestamptz)")
    import_module("migrations.versions.0043_who")._free()
    import_module("migrations.versions.0036_hold")._availability()
    _facts("", "")
    op.execute("DROP TRIGGER stay_in_service ON stay")
    op.execute("DROP FUNCTION stay_in_service()")
    for table in (
        "child_emergency",
        "stay_extension",
        "stay_policy",
        "capacity_word",
        "child_licence",
        "unit_inspection",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION inspection_shuts()")
    op.drop_constraint("ex_stay_place_turned", "stay")
    op.drop_constraint("ex_stay_room_of_one_household", "stay")
    op.execute(
        f"ALTER TABLE stay ADD CONSTRAINT ex_stay_room_of_one_household EXCLUDE USING gist (unit_id WITH =, {PARTY} WITH <>, "
        "daterange(first_night, last_night, '[]') WITH &&) WHERE (one_household AND state IN ('HELD', 'BOOKED', 'IN'))"
    )
    op.execute("UPDATE place_out SET reason = 'CLEANING' WHERE reason = 'TURNAROUND'")
    _outs(OUT)
    for column in ("plan_set_on", "plan_review_on", "plan_destination", "turnaround"):
        op.drop_column("stay", column)
    for column in ("shut_on", "turnaround_nights", "area_m2"):
        op.drop_column("unit", column)
