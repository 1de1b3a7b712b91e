"""What an auditor sees of departures from the order of exit; clocks of requests about own data that a closing had ended
go on."""

from __future__ import annotations

from alembic import op

from migrations import wall

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

SIGNATURE = (
    "audited_departures() RETURNS TABLE (custody_id uuid, number text, station text, exit_on date, reason text, "
    "exit_by_id uuid, reviewed_at timestamptz, reviewed_by_id uuid, passed text[]) LANGUAGE sql STABLE"
)


#: An auditor, in a country that they oversee.
AUDITS = f"""
    {wall.oversees("c.country::text")} AND EXISTS (
      SELECT FROM public.membership m
      WHERE m.user_id = {wall.ACTING_USER} AND m.role = 'AUDITOR' AND m.valid_from <= CURRENT_DATE
        AND (m.valid_to IS NULL OR m.valid_to > CURRENT_DATE))
"""


def audited(whose: str = AUDITS, order: str = "p.position", *, replace: bool = False) -> None:
    """By number and typed reason: no name, no rank (which may tell of somebody what is sealed) and no words that were
    written beside. `whose`: of which station `t` or file `c`; `order`: how those passed over follow each other."""
    wall.definer_function(
        SIGNATURE,
        f"""
        SELECT k.id, c.number, t.name, k.exit_on, k.departure_reason, k.exit_by_id, k.departure_reviewed_at,
               k.departure_reviewed_by_id,
               ARRAY(
                 SELECT pc.number FROM public.custody_passed_over p
                 JOIN public.custody pk ON pk.id = p.passed_id
                 JOIN public."case" pc ON pc.id = pk.case_id
                 WHERE p.custody_id = k.id ORDER BY {order})
        FROM public.custody k
        JOIN public."case" c ON c.id = k.case_id
        JOIN public.team t ON t.id = k.station_id
        WHERE k.order_outcome = 'ORDER_DEPARTED' AND {whose}
        """,
        to="acogida_app",
        replace=replace,
    )


def upgrade() -> None:
    op.execute("GRANT SELECT ON custody_passed_over TO acogida_definer")
    audited()
    op.execute(
        "UPDATE deadline d SET state = 'RUNNING', ended_at = NULL, cancel_reason = NULL "
        "WHERE d.state = 'CANCELLED' AND d.cancel_reason = 'FILE_CLOSED' AND d.subject_kind = 'subject_request' "
        "AND EXISTS (SELECT FROM subject_request r WHERE r.id = d.subject_id AND r.ended_at IS NULL)"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION audited_departures()")
    op.execute("REVOKE SELECT ON custody_passed_over FROM acogida_definer")
