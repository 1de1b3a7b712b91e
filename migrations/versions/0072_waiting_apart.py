"""Of people who wait for a place: who is not put near whom, told to the worker that proposes a night, as yes or no."""

from __future__ import annotations

from alembic import op

from migrations import wall

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # As stay_apart and parted_units (0054): everybody is whoever they were united with.
    wall.definer_function(
        "parted_pairs(p_cases uuid[]) RETURNS TABLE (one uuid, other uuid, at_site boolean) LANGUAGE sql STABLE",
        """
        WITH RECURSIVE same(start, person, case_id) AS (
          SELECT p.case_id, p.id, p.case_id FROM public.person p WHERE p.case_id = ANY (p_cases)
          UNION
          SELECT u.start, q.id, q.case_id FROM same u JOIN public.person p ON p.id = u.person
          CROSS JOIN LATERAL (
            SELECT k.id, k.case_id FROM public.person k WHERE k.id = p.merged_into_id
            UNION ALL SELECT k.id, k.case_id FROM public.person k WHERE k.merged_into_id = p.id) q
        )
        SELECT a.start, b.start, bool_or(x.reach = 'SITE')
        FROM public.safety_separation x JOIN same a ON a.case_id = x.case_id JOIN same b ON b.case_id = x.other_case_id
        WHERE x.ended_at IS NULL AND a.start <> b.start GROUP BY a.start, b.start
        """,
        to="acogida_work",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION parted_pairs(uuid[])")
