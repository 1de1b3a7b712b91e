"""Units, places and stays; availability as definer functions that give ids and counts only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stay_end_pair",
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("reason", "destination", name=op.f("pk_stay_end_pair")),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("takes", sa.Text(), nullable=False),
        sa.Column("traits", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("one_household", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(takes = 'WOMEN') = ('WOMEN_ONLY' = ANY (traits))", name=op.f("ck_unit_women_only_takes_women")
        ),
        sa.CheckConstraint(
            "NOT ('FAMILY_ROOM' = ANY (traits)) OR one_household",
            name=op.f("ck_unit_family_room_one_household"),
        ),
        sa.CheckConstraint(
            "takes IN ('FAMILIES', 'WOMEN', 'MEN', 'ANYONE', 'CHILDREN')", name=op.f("ck_unit_takes_known")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_unit_site_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_unit_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("id", "one_household", name="uq_unit_id_one_household"),
        sa.UniqueConstraint("team_id", "code", name=op.f("uq_unit_team_id_code")),
    )
    op.create_index(op.f("ix_unit_site_id"), "unit", ["site_id"], unique=False)
    op.create_table(
        "place",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("traits", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("opened_by_id", sa.Uuid(), nullable=True),
        sa.Column("surge_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind <> 'SURGE' OR (opened_by_id IS NOT NULL AND surge_reason IS NOT NULL AND closed_on IS NOT NULL)",
            name=op.f("ck_place_surge_has_name_reason_end"),
        ),
        sa.CheckConstraint("kind IN ('BED', 'COT', 'MAT', 'SURGE')", name=op.f("ck_place_kind_known")),
        sa.CheckConstraint(
            "surge_reason IN ('ARRIVALS', 'SITE_CLOSED', 'WEATHER', 'OTHER')",
            name=op.f("ck_place_surge_reason_known"),
        ),
        sa.CheckConstraint(
            "closed_on IS NULL OR closed_on >= opened_on", name=op.f("ck_place_dates_in_order")
        ),
        sa.ForeignKeyConstraint(["opened_by_id"], ["user_account.id"], name=op.f("fk_place_opened_by_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_place_team_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_place_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
        sa.UniqueConstraint("id", "unit_id", name="uq_place_id_unit_id"),
        sa.UniqueConstraint("unit_id", "code", name=op.f("uq_place_unit_id_code")),
    )
    op.create_index(op.f("ix_place_opened_by_id"), "place", ["opened_by_id"], unique=False)
    op.create_index(op.f("ix_place_team_id"), "place", ["team_id"], unique=False)
    op.create_table(
        "place_out",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("first_night", sa.Date(), nullable=False),
        sa.Column("last_night", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('REPAIR', 'CLEANING', 'HEALTH', 'OTHER')", name=op.f("ck_place_out_reason_known")
        ),
        sa.CheckConstraint(
            "last_night IS NULL OR last_night >= first_night", name=op.f("ck_place_out_nights_in_order")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_place_out_by_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_place_out_place_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_place_out_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_out")),
    )
    op.create_index(op.f("ix_place_out_by_id"), "place_out", ["by_id"], unique=False)
    op.create_index(op.f("ix_place_out_place_id"), "place_out", ["place_id"], unique=False)
    op.create_index(op.f("ix_place_out_team_id"), "place_out", ["team_id"], unique=False)
    op.create_table(
        "stay",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=True),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=False),
        sa.Column("one_household", sa.Boolean(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("first_night", sa.Date(), nullable=False),
        sa.Column("last_night", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("child", sa.Boolean(), nullable=False),
        sa.Column("immediate", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("called_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("life_critical_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("requirements", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("end_destination", sa.Text(), nullable=True),
        sa.Column("end_confirmed", sa.Boolean(), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("proposed_reason", sa.Text(), nullable=True),
        sa.Column("proposed_destination", sa.Text(), nullable=True),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=True),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("case_id"), "="),
            (sa.column("team_id"), "="),
            (sa.text("daterange(first_night, last_night, '[]')"), "&&"),
            where=sa.text("state IN ('BOOKED', 'IN')"),
            using="gist",
            name="ex_stay_person_once",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("case_id"), "="),
            (sa.text("daterange(first_night, last_night, '[]')"), "&&"),
            where=sa.text("state = 'IN'"),
            using="gist",
            name="ex_stay_person_in_once",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("place_id"), "="),
            (sa.text("daterange(first_night, last_night, '[]')"), "&&"),
            where=sa.text("state IN ('BOOKED', 'IN')"),
            using="gist",
            name="ex_stay_place_taken",
        ),
        postgresql.ExcludeConstraint(
            (sa.column("unit_id"), "="),
            (sa.text("coalesce(household_id, case_id)"), "<>"),
            (sa.text("daterange(first_night, last_night, '[]')"), "&&"),
            where=sa.text("one_household AND state IN ('BOOKED', 'IN')"),
            using="gist",
            name="ex_stay_room_of_one_household",
        ),
        sa.CheckConstraint(
            "(state = 'CANCELLED') = (cancel_reason IS NOT NULL)", name=op.f("ck_stay_cancelled_has_reason")
        ),
        sa.CheckConstraint(
            "(state = 'ENDED') = (end_reason IS NOT NULL)", name=op.f("ck_stay_ended_has_reason")
        ),
        sa.CheckConstraint("(state = 'ENDED') = (left_at IS NOT NULL)", name=op.f("ck_stay_ended_has_time")),
        sa.CheckConstraint(
            "cancel_reason IN ('REFERRAL_WITHDRAWN', 'PERSON_DECLINED', 'BETTER_OPTION_FOUND', 'PLACE_NOT_READY', 'BOOKED_IN_ERROR')",
            name=op.f("ck_stay_cancel_reason_known"),
        ),
        sa.CheckConstraint(
            "state IN ('BOOKED', 'IN', 'ENDED', 'CANCELLED', 'NO_SHOW')", name=op.f("ck_stay_state_known")
        ),
        sa.CheckConstraint(
            "state NOT IN ('IN', 'ENDED') OR arrived_at IS NOT NULL", name=op.f("ck_stay_in_has_arrival")
        ),
        sa.CheckConstraint(
            "(end_reason IS NULL) = (end_destination IS NULL)", name=op.f("ck_stay_end_whole")
        ),
        sa.CheckConstraint("last_night >= first_night", name=op.f("ck_stay_nights_in_order")),
        sa.CheckConstraint("left_at IS NULL OR left_at >= arrived_at", name=op.f("ck_stay_times_in_order")),
        sa.CheckConstraint(
            "reviewed_by_id IS NULL OR reviewed_by_id <> ended_by_id", name=op.f("ck_stay_second_person")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_stay_case_id")),
        sa.ForeignKeyConstraint(
            ["end_reason", "end_destination"],
            ["stay_end_pair.reason", "stay_end_pair.destination"],
            name="fk_stay_end_pair",
        ),
        sa.ForeignKeyConstraint(["ended_by_id"], ["user_account.id"], name=op.f("fk_stay_ended_by_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_stay_household_id")),
        sa.ForeignKeyConstraint(
            ["place_id", "unit_id"], ["place.id", "place.unit_id"], name="fk_stay_place_unit"
        ),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["user_account.id"], name=op.f("fk_stay_proposed_by_id")),
        sa.ForeignKeyConstraint(["reviewed_by_id"], ["user_account.id"], name=op.f("fk_stay_reviewed_by_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_stay_site_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_stay_team_id")),
        sa.ForeignKeyConstraint(
            ["unit_id", "one_household"],
            ["unit.id", "unit.one_household"],
            name="fk_stay_unit_kind",
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay")),
    )
    op.create_index(op.f("ix_stay_case_id"), "stay", ["case_id"], unique=False)
    op.create_index(op.f("ix_stay_ended_by_id"), "stay", ["ended_by_id"], unique=False)
    op.create_index(op.f("ix_stay_household_id"), "stay", ["household_id"], unique=False)
    op.create_index(op.f("ix_stay_place_id"), "stay", ["place_id"], unique=False)
    op.create_index(op.f("ix_stay_proposed_by_id"), "stay", ["proposed_by_id"], unique=False)
    op.create_index(op.f("ix_stay_referral_id"), "stay", ["referral_id"], unique=False)
    op.create_index(op.f("ix_stay_reviewed_by_id"), "stay", ["reviewed_by_id"], unique=False)
    op.create_index(op.f("ix_stay_site_id"), "stay", ["site_id"], unique=False)
    op.create_index("ix_stay_end", "stay", ["end_reason", "end_destination"], unique=False)
    op.create_index("ix_stay_team_state", "stay", ["team_id", "state", "first_night"], unique=False)
    op.create_index(op.f("ix_stay_unit_id"), "stay", ["unit_id"], unique=False)

    _policies()
    _availability()
    _profiles()


def _policies() -> None:
    here = f"team_id = ANY ({wall.TEAMS}) OR team_id = ANY ({wall.SITE_TEAMS})"
    for table in ("unit", "place", "place_out"):
        wall.behind_policy(table, read=here)
        wall.grant(table, app="SIUD", work="S")
    # The shelter's own people, the gate among them, and the team that owns the case (which may cancel).
    wall.behind_policy("stay", read=f"{here} OR {wall.owner_of('case_id')}")
    wall.grant("stay", app="SIU", work="SU")
    wall.grant("stay_end_pair", app="S", work="S")
    op.execute("GRANT SELECT ON unit, place, place_out, stay TO acogida_definer")


def _availability() -> None:
    # A protected shelter answers nobody but its own people.
    mine = f"t.type <> 'SAFE_HOUSE' OR t.id = ANY ({wall.TEAMS}) OR t.id = ANY ({wall.SITE_TEAMS})"
    wall.definer_function(
        "free_places(p_teams uuid[], p_first date, p_last date, p_party uuid, p_tonight date) "
        "RETURNS TABLE (team_id uuid, unit_id uuid, place_id uuid, free_until date) LANGUAGE sql STABLE",
        f"""
        SELECT u.team_id, u.id, p.id,
               (SELECT min(n.first_night) FROM public.stay n
                WHERE n.place_id = p.id AND n.state IN ('BOOKED', 'IN') AND n.first_night > p_last)
        FROM public.place p
        JOIN public.unit u ON u.id = p.unit_id
        JOIN public.team t ON t.id = u.team_id
        WHERE u.team_id = ANY (p_teams) AND u.active AND t.active AND ({mine})
          AND p.opened_on <= p_first AND (p.closed_on IS NULL OR p.closed_on >= p_last)
          AND NOT EXISTS (
            SELECT FROM public.place_out o WHERE o.place_id = p.id
            AND daterange(o.first_night, o.last_night, '[]') && daterange(p_first, p_last, '[]'))
          AND NOT EXISTS (
            SELECT FROM public.stay s WHERE s.place_id = p.id AND s.state IN ('BOOKED', 'IN')
            AND (daterange(s.first_night, s.last_night, '[]') && daterange(p_first, p_last, '[]')
                 OR (s.state = 'IN' AND s.last_night < p_first AND p_first <= p_tonight)))
          AND NOT (u.one_household AND EXISTS (
            SELECT FROM public.stay s WHERE s.unit_id = u.id AND s.state IN ('BOOKED', 'IN')
            AND coalesce(s.household_id, s.case_id) IS DISTINCT FROM p_party
            AND (daterange(s.first_night, s.last_night, '[]') && daterange(p_first, p_last, '[]')
                 OR (s.state = 'IN' AND s.last_night < p_first AND p_first <= p_tonight))))
        ORDER BY u.sort_key, u.id, p.code
        """,
        to="acogida_app, acogida_work",
    )
    wall.definer_function(
        "shelter_occupancy(p_team uuid, p_first date, p_last date, p_tonight date) "
        "RETURNS TABLE (night date, capacity bigint, taken bigint, blocked bigint, surge bigint, "
        "surge_taken bigint) "
        "LANGUAGE sql STABLE",
        f"""
        SELECT d.night, count(*) FILTER (WHERE NOT b.surge AND NOT b.out), count(*) FILTER (WHERE b.taken),
               count(*) FILTER (WHERE b.given AND NOT b.taken AND NOT b.surge AND NOT b.out),
               count(*) FILTER (WHERE b.surge AND NOT b.out), count(*) FILTER (WHERE b.surge AND b.taken)
        FROM (SELECT (p_first + i)::date AS night FROM generate_series(0, least(p_last - p_first, 400)) i) d
        JOIN LATERAL (
          SELECT p.kind = 'SURGE' AS surge,
                 EXISTS (SELECT FROM public.place_out o WHERE o.place_id = p.id AND o.first_night <= d.night
                         AND (o.last_night IS NULL OR o.last_night >= d.night)) AS out,
                 EXISTS (SELECT FROM public.stay s WHERE s.place_id = p.id AND s.first_night <= d.night
                         AND (s.state IN ('BOOKED', 'IN') AND s.last_night >= d.night
                              OR s.state = 'IN' AND d.night <= p_tonight
                              OR s.state = 'ENDED' AND s.last_night >= d.night AND d.night < p_tonight)) AS taken,
                 u.one_household AND EXISTS (SELECT FROM public.stay s WHERE s.unit_id = u.id
                         AND s.first_night <= d.night AND (s.state IN ('BOOKED', 'IN') AND s.last_night >= d.night
                              OR s.state = 'IN' AND d.night <= p_tonight)) AS given
          FROM public.place p JOIN public.unit u ON u.id = p.unit_id JOIN public.team t ON t.id = u.team_id
          WHERE u.team_id = p_team AND u.active AND ({mine}) AND p.opened_on <= d.night
            AND (p.closed_on IS NULL OR p.closed_on >= d.night)) b ON true
        GROUP BY d.night ORDER BY d.night
        """,
        to="acogida_app, acogida_work",
    )


def _profiles() -> None:
    """A receiving team may not read the origin of a person, and the gate not even the person; the facts of
    what they do need its codes. So an event about a case that carries no profile takes that of the case's
    last event which has one, here, where nobody reads it on the way."""
    wall.definer_function(
        "fill_profile() RETURNS trigger LANGUAGE plpgsql",
        """
        BEGIN
          SELECT e.sex, e.age_band, e.origin, e.household_type
          INTO NEW.sex, NEW.age_band, NEW.origin, NEW.household_type
          FROM public.case_event e
          WHERE e.case_id = NEW.case_id AND e.sex IS NOT NULL
          ORDER BY e.position DESC LIMIT 1;
          RETURN NEW;
        END
        """,
        to="acogida_app, acogida_work",
    )
    op.execute(
        "CREATE TRIGGER case_event_profile BEFORE INSERT ON case_event FOR EACH ROW "
        "WHEN (NEW.case_id IS NOT NULL AND NEW.sex IS NULL AND NEW.age_band IS NULL AND NEW.origin IS NULL "
        "AND NEW.household_type IS NULL) EXECUTE FUNCTION fill_profile()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER case_event_profile ON case_event")
    op.execute("DROP FUNCTION fill_profile()")
    op.execute("DROP FUNCTION shelter_occupancy(uuid, date, date, date)")
    op.execute("DROP FUNCTION free_places(uuid[], date, date, uuid, date)")
    op.drop_table("stay")
    op.drop_table("place_out")
    op.drop_table("place")
    op.drop_table("unit")
    op.drop_table("stay_end_pair")
