"""A yes given outside the system turns what was held for the referral into bookings, as the shelter's own yes does."""

from __future__ import annotations

from alembic import op

from migrations import wall

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

GUEST = "(SELECT nullif(current_setting('app.guest', true), '')::uuid)"


def upgrade() -> None:
    op.execute("GRANT UPDATE (booked_at) ON stay TO acogida_definer")
    # Neither a guest nor a sender may give a shelter's place. What the shelter declared and holds is already promised;
    # with its yes written down in this transaction, the promise is kept: for whoever was accepted, and only while it
    # holds. Whatever else was held for the referral is let go.
    wall.definer_function(
        "held_become_bookings(p_referral uuid, p_now timestamptz) RETURNS TABLE (stay_id uuid, booked boolean) "
        "LANGUAGE plpgsql",
        f"""
        BEGIN
          IF NOT EXISTS (
            SELECT FROM public.referral r WHERE r.id = p_referral AND r.state IN ('ACCEPTED', 'PART_ACCEPTED')
              AND r.answer_channel <> 'SYSTEM' AND r.answered_at = p_now
              AND (r.id = {GUEST} OR r.from_team_id = ANY ({wall.TEAMS})))
          THEN
            RAISE insufficient_privilege USING MESSAGE = 'only a yes given outside keeps what was held';
          END IF;
          PERFORM FROM public.stay s WHERE s.referral_id = p_referral AND s.state = 'HELD' ORDER BY s.id FOR UPDATE;
          RETURN QUERY
            UPDATE public.stay s SET state = 'BOOKED', held_until = NULL, booked_at = p_now, version = s.version + 1
            WHERE s.referral_id = p_referral AND s.state = 'HELD' AND s.held_until > p_now AND EXISTS (
              SELECT FROM public.referral_member m WHERE m.referral_id = p_referral AND m.case_id = s.case_id
              AND m.left_at IS NULL AND m.outcome = 'ACCEPTED')
            RETURNING s.id, true;
          RETURN QUERY
            UPDATE public.stay s SET state = 'RELEASED', held_until = NULL, version = s.version + 1
            WHERE s.referral_id = p_referral AND s.state = 'HELD' RETURNING s.id, false;
        END
        """,
        to="acogida_app",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION held_become_bookings(uuid, timestamptz)")
    op.execute("REVOKE UPDATE (booked_at) ON stay FROM acogida_definer")
