"""The shelters of a country together: nights of stay and answers, rounded before they leave the database."""

from __future__ import annotations

from alembic import op

from migrations import wall

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

# Only who keeps places in that country asks; safe houses are never among the answers.
MEMBER = (
    "EXISTS (SELECT FROM public.team m JOIN public.membership g ON g.team_id = m.id "
    f"WHERE m.id = ANY ({wall.SITE_TEAMS}) AND m.country = p_country "
    f"AND g.user_id = {wall.ACTING_USER} AND g.role = 'SHELTER_COORDINATOR' "
    "AND g.valid_from <= current_date AND (g.valid_to IS NULL OR g.valid_to > current_date))"
)
LEAST_PEOPLE, LEAST_HOUSEHOLDS, STEP = 10, 3, 5


def upgrade() -> None:
    wall.definer_function(
        "network_lengths(p_country text, p_since date) RETURNS TABLE (team_id uuid, median double precision, "
        "p90 double precision) LANGUAGE sql STABLE",
        f"""
        SELECT s.team_id,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY s.last_night - s.first_night + 1),
               percentile_cont(0.9) WITHIN GROUP (ORDER BY s.last_night - s.first_night + 1)
        FROM public.stay s JOIN public.team t ON t.id = s.team_id
        WHERE {MEMBER} AND t.country = p_country AND t.type = 'SHELTER' AND t.active AND s.state = 'ENDED'
          AND s.last_night >= p_since AND s.end_reason NOT IN ('DATA_ERROR', 'NEVER_ARRIVED')
        GROUP BY s.team_id
        HAVING count(*) >= {LEAST_PEOPLE}
           AND count(DISTINCT coalesce(s.household_id, s.case_id)) >= {LEAST_HOUSEHOLDS}
        """,
        to="acogida_app",
    )
    wall.definer_function(
        "network_answers(p_country text, p_since date) RETURNS TABLE (team_id uuid, reason_group text, "
        "referrals integer) LANGUAGE sql STABLE",
        f"""
        SELECT a.team_id, a.reason_group,
               CASE WHEN count(*) < {STEP} THEN 0 ELSE {STEP} * ((count(*) + {STEP // 2}) / {STEP}) END::integer
        FROM (
          SELECT r.to_team_id AS team_id, g.reason_group
          FROM public.referral r
          JOIN public.team t ON t.id = r.to_team_id
          LEFT JOIN public.reference_code c ON c.list_name = 'decline_reason' AND c.code = r.decline_reason
          CROSS JOIN LATERAL (
            SELECT NULL::text AS reason_group
            UNION ALL SELECT coalesce(c.code_group, 'OTHER') WHERE r.state = 'DECLINED') g
          WHERE {MEMBER} AND t.country = p_country AND t.type = 'SHELTER' AND t.active AND r.sector = 'SHELTER'
            AND r.answered_at IS NOT NULL AND r.answered_at >= p_since
        ) a
        GROUP BY a.team_id, a.reason_group
        """,
        to="acogida_app",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION network_answers(text, date)")
    op.execute("DROP FUNCTION network_lengths(text, date)")
