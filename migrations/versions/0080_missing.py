"""Somebody of a referral did not come while others did: its sender is told. A second person looks at a booking that was
given up because the place was not ready."""

from __future__ import annotations

from alembic import op

from migrations import wall

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None

NOTICES = (
    "ARRIVED", "NEXT_CONTACT", "ESCALATED", "LAPSED", "INFO_ASKED", "INFO_GIVEN", "ACCEPTED", "PART_ACCEPTED", "DECLINED",
    "WITHDRAWN", "STARTED", "COMPLETED", "NOT_COMPLETED", "PERSON_LEFT", "CONSENT_ENDED", "PLACE_OFFERED", "NOBODY_THERE",
    "LINK_LOCKED", "NIGHTS_CHANGED", "REVIEW",
)  # fmt: skip
NEW = "referral_follows_stay(uuid, text, text, timestamptz, text, uuid, uuid, boolean, text, uuid, uuid)"


def upgrade() -> None:
    _notices((*NOTICES, "PERSON_MISSING"))
    op.execute("GRANT INSERT ON referral_review TO acogida_definer")
    _follows(
        """
          IF p_missing AND NOT moved THEN
            INSERT INTO public.referral_notice (id, referral_id, team_id, kind, made_at)
            VALUES (p_notice, p_referral, r.from_team_id, 'PERSON_MISSING', p_at);
          END IF;
          IF p_reviewed IS NOT NULL AND r.state IN ('PART_ACCEPTED', 'ACCEPTED', 'STARTED') THEN
            INSERT INTO public.referral_review (id, referral_id, team_id, what, reason, asked_at, asked_by_id, version)
            VALUES (p_review, p_referral, r.to_team_id, 'NOT_COMPLETED', p_reviewed, p_at,
                    nullif(current_setting('app.user', true), '')::uuid, 1)
            ON CONFLICT DO NOTHING;
            IF FOUND THEN
              INSERT INTO public.referral_notice (id, referral_id, team_id, kind, made_at)
              VALUES (p_review_notice, p_referral, r.to_team_id, 'REVIEW', p_at);
            END IF;
          END IF;
        """,
    )


def _follows(more: str) -> None:
    """Beside the one with fewer arguments, which a process that has not been restarted yet still calls. What happens at the shelter moves the referral on, also when the gate does it, which sees no referral: the caller
    must see a stay of it, and gets back only what the journal says of it, how it stood and whether it moved."""
    wall.definer_function(
        "referral_follows_stay(p_referral uuid, p_to text, p_code text, p_at timestamptz, p_actor text, "
        "p_step uuid, p_notice uuid, p_missing boolean, p_reviewed text, p_review uuid, p_review_notice uuid) "
        "RETURNS TABLE (sector text, priority text, stood text, moved boolean) LANGUAGE plpgsql",
        f"""
        DECLARE
          r public.referral%ROWTYPE;
          held bigint; inside bigint;
        BEGIN
          IF current_setting('app.user', true) <> '' AND NOT EXISTS (
            SELECT FROM public.stay s WHERE s.referral_id = p_referral
            AND (s.team_id = ANY ({wall.TEAMS}) OR s.team_id = ANY ({wall.SITE_TEAMS}))) THEN
            RETURN;
          END IF;
          SELECT * INTO r FROM public.referral WHERE id = p_referral FOR UPDATE;
          SELECT count(*) FILTER (WHERE s.state IN ('BOOKED', 'IN')), count(*) FILTER (WHERE s.state = 'IN')
          INTO held, inside FROM public.stay s WHERE s.referral_id = p_referral;
          moved := (p_to = 'STARTED' AND r.state = 'ACCEPTED' AND inside > 0)
            OR (p_to = 'COMPLETED' AND r.state = 'STARTED' AND held = 0)
            OR (p_to = 'NOT_COMPLETED' AND r.state = 'ACCEPTED' AND held = 0);
          IF moved THEN
            UPDATE public.referral SET state = p_to, version = version + 1,
              result = CASE WHEN p_to = 'COMPLETED' THEN p_code END,
              not_completed_reason = CASE WHEN p_to = 'NOT_COMPLETED' THEN p_code END,
              ended_at = CASE WHEN p_to = 'STARTED' THEN NULL ELSE p_at END
            WHERE id = p_referral;
            INSERT INTO public.referral_step (id, referral_id, at, verb, from_state, to_state, party, actor, code)
            VALUES (p_step, p_referral, p_at,
                    CASE p_to WHEN 'STARTED' THEN 'start' WHEN 'COMPLETED' THEN 'complete' ELSE 'not_complete' END,
                    r.state, p_to, 'STAY', p_actor, p_code);
            INSERT INTO public.referral_notice (id, referral_id, team_id, kind, made_at)
            VALUES (p_notice, p_referral, r.from_team_id, p_to, p_at);
            IF p_to <> 'STARTED' THEN
              UPDATE public.case_access SET ended_at = p_at WHERE subject_id = p_referral AND ended_at IS NULL;
            END IF;
          END IF;
          sector := r.sector; priority := r.priority; stood := r.state;
          {more}
          RETURN NEXT;
        END
        """,
        to="acogida_app, acogida_work",
    )


def _notices(kinds: tuple[str, ...]) -> None:
    name = op.f("ck_referral_notice_kind_known")
    op.drop_constraint(name, "referral_notice", type_="check")
    listed = ", ".join(f"'{k}'" for k in kinds)
    op.execute(f"ALTER TABLE referral_notice ADD CONSTRAINT {name} CHECK (kind IN ({listed})) NOT VALID")
    op.execute(f"ALTER TABLE referral_notice VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {NEW}")
    op.execute("REVOKE INSERT ON referral_review FROM acogida_definer")
    op.execute("DELETE FROM referral_notice WHERE kind = 'PERSON_MISSING'")
    _notices(NOTICES)
