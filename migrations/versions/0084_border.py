"""What binds in one country binds there only; an offer of a file stands or falls with the consent it rests on, and the
answer that a carer gave for a child ends with childhood."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None

#: As it was (0034), and with `{guard}` of the country: the first two letters of a P-code are the country's.
KEEP_IN_STATE = """
CREATE OR REPLACE FUNCTION keep_in_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM public.movement_limit m JOIN public.site s ON s.id = NEW.site_id
    WHERE m.case_id = NEW.case_id AND m.ended_on IS NULL AND s.admin1 <> m.admin1{guard}
      AND NOT EXISTS (
        SELECT FROM public.movement_exception e
        WHERE e.case_id = NEW.case_id AND e.to_admin1 = s.admin1 AND e.valid_to >= NEW.first_night)) THEN
    RAISE EXCEPTION 'the leave to change state is missing'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_stay_has_leave';
  END IF;
  RETURN NEW;
END $$
"""
PAIRS = (
    ("PREPARED", "OFFERED"), ("OFFERED", "ACCEPTED"), ("OFFERED", "DECLINED"), ("PREPARED", "WITHDRAWN"),
    ("OFFERED", "WITHDRAWN"), ("OFFERED", "LAPSED"),
)  # fmt: skip
#: The consent behind an offer ran out before a second person had looked at it.
MORE = (("PREPARED", "LAPSED"),)
#: A claim that was lodged for the person of a file is neither decided nor closed.
PENDING = (
    "EXISTS (SELECT FROM public.claim_applicant a JOIN public.claim q ON q.id = a.claim_id WHERE a.case_id = {case} "
    "AND a.left_on IS NULL AND q.lodged_on IS NOT NULL AND q.decided_on IS NULL AND q.closed_on IS NULL)"
)
#: The last day on which somebody is protected as a child, as the application's rule has it: without a dispute or a
#: decision, until the latest day on which they can turn 18; nobody knows: no such day.
CHILD_UNTIL = """
CASE WHEN p.age_status IN ('DISPUTED_TREATED_AS_CHILD', 'DECIDED_ADULT') THEN NULL
     ELSE (p.birth_to + interval '18 years')::date - CASE WHEN to_char(p.birth_to, 'MM-DD') = '02-29' THEN 0 ELSE 1 END END
"""


def upgrade() -> None:
    op.execute(KEEP_IN_STATE.format(guard=" AND left(s.admin1, 2) = left(m.admin1, 2)"))
    _moves((*PAIRS, *MORE), " OR state = 'LAPSED'")
    _stands_on_consent()
    _ends_with_childhood()
    _waits_for_its_decision(PENDING)
    op.execute("GRANT SELECT ON claim, claim_applicant TO acogida_definer")
    wall.definer_function(
        "closed_with_claim(p_country text, p_before date) RETURNS SETOF uuid LANGUAGE sql STABLE",
        f"""
        SELECT c.id FROM public."case" c
        WHERE c.country = p_country::bpchar AND c.status = 'CLOSED' AND c.erased_at IS NULL
          AND c.closed_on < p_before AND {wall.oversees("p_country")} AND {PENDING.format(case="c.id")}
        """,
        to="acogida_app, acogida_work",
    )


def _waits_for_its_decision(pending: str) -> None:
    """Closing a file ends its clocks, so they hold no erasure: the claim that waits for its decision does."""
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION refuse_erasing_held() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT FROM public.legal_hold h WHERE h.case_id = NEW.id AND h.ended_on IS NULL)
            OR EXISTS (SELECT FROM public.subject_request r WHERE r.case_id = NEW.id
                       AND r.kind <> 'ERASURE' AND r.state IN ('ASKED', 'READY'))
            OR EXISTS (SELECT FROM public.deadline d WHERE d.case_id = NEW.id AND d.kind = 'LEGAL'
                       AND d.state IN ('RUNNING', 'PAUSED', 'LATE')){"" if not pending else f" OR {pending.format(case='NEW.id')}"} THEN
            RAISE EXCEPTION 'the file is held'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'case_erased_when_nothing_holds';
          END IF;
          RETURN NEW;
        END $$
        """
    )


def _moves(pairs: tuple[tuple[str, str], ...], unsent: str) -> None:
    listed = ", ".join(f"('{a}', '{b}')" for a, b in pairs)
    op.execute(
        f"""
        CREATE OR REPLACE FUNCTION handover_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF (OLD.state, NEW.state) NOT IN ({listed}) THEN
            RAISE EXCEPTION 'a hand-over does not go from % to %', OLD.state, NEW.state
              USING ERRCODE = 'check_violation', CONSTRAINT = 'handover_transition';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.drop_constraint(op.f("ck_handover_offered_has_time"), "handover", type_="check")
    op.create_check_constraint(
        op.f("ck_handover_offered_has_time"),
        "handover",
        sa.text(f"state = 'PREPARED' OR state = 'WITHDRAWN'{unsent} OR offered_at IS NOT NULL"),
    )


def _stands_on_consent() -> None:
    """Neither side sees what the other decided meanwhile: whoever sends or takes a file does so on a consent that opens
    for this receiver on that day at the site of the file."""
    op.execute("GRANT SELECT ON consent, site, person TO acogida_definer")
    addressed = (
        "k.case_id = m.case_id AND k.purpose = asked AND k.state <> 'NOT_ASKED' AND k.given_by <> 'CHILD_ASSENT' "
        "AND (k.recipient_team_id IS NULL OR k.recipient_team_id = NEW.to_team_id) "
        "AND (NEW.kind <> 'COUNTRY' OR k.recipient_country = NEW.to_country) "
        "AND (NEW.kind = 'COUNTRY' OR k.recipient_country IS NULL)"
    )
    wall.definer_function(
        "handover_stands_on_consent() RETURNS trigger LANGUAGE plpgsql",
        f"""
        DECLARE
          asked text := CASE WHEN NEW.kind = 'COUNTRY' THEN 'CROSS_BORDER' ELSE 'CASE_TRANSFER' END;
          day date;
        BEGIN
          SELECT (coalesce(NEW.answered_at, NEW.offered_at) AT TIME ZONE s.timezone)::date INTO day
          FROM public."case" c JOIN public.site s ON s.id = c.site_id WHERE c.id = NEW.case_id;
          IF EXISTS (
            SELECT FROM public.handover_member m
            LEFT JOIN LATERAL (SELECT k.state, k.expires_on FROM public.consent k WHERE {addressed}
                               ORDER BY k.id DESC LIMIT 1) latest ON true
            LEFT JOIN LATERAL (SELECT k.state FROM public.consent k WHERE {addressed}
                               AND (k.recipient_team_id IS NOT NULL OR k.recipient_country IS NOT NULL)
                               ORDER BY k.id DESC LIMIT 1) named ON true
            WHERE m.handover_id = NEW.id AND m.consent_id IS NOT NULL
              AND (latest.state IS DISTINCT FROM 'GIVEN' OR latest.expires_on < day
                   OR coalesce(named.state, 'GIVEN') IN ('REFUSED', 'WITHDRAWN'))
          ) OR EXISTS (  -- a child who moves on a carer's yes, and is an adult by now
            SELECT FROM public.handover_member m JOIN public.person p ON p.case_id = m.case_id
            WHERE m.handover_id = NEW.id AND m.consent_id IS NULL AND m.basis IS NULL
              AND (p.age_status = 'DECIDED_ADULT' OR ({CHILD_UNTIL}) < day)) THEN
            RAISE EXCEPTION 'the consent behind this hand-over ended'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'handover_consent_holds';
          END IF;
          RETURN NEW;
        END
        """,
        to="acogida_app, acogida_work",
    )
    op.execute(
        "CREATE TRIGGER handover_consent_holds BEFORE UPDATE ON handover FOR EACH ROW "
        "WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('OFFERED', 'ACCEPTED')) "
        "EXECUTE FUNCTION handover_stands_on_consent()"
    )


def _ends_with_childhood() -> None:
    others = "c.state = 'GIVEN' AND c.given_by NOT IN ('SELF', 'SUPPORTED_DECISION')"
    op.execute(
        f"UPDATE consent c SET expires_on = least(c.expires_on, {CHILD_UNTIL}) FROM person p "
        f"WHERE p.id = c.person_id AND {others}"
    )
    op.execute(
        f"UPDATE consent c SET expires_on = least(c.expires_on, current_date - 1) FROM person p "
        f"WHERE p.id = c.person_id AND {others} AND p.age_status = 'DECIDED_ADULT'"
    )
    wall.definer_function(
        "consent_ends_with_childhood() RETURNS trigger LANGUAGE plpgsql",
        f"""
        BEGIN
          IF NEW.expires_on > (SELECT {CHILD_UNTIL} FROM public.person p WHERE p.id = NEW.person_id) THEN
            RAISE EXCEPTION 'nobody answers for an adult'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_consent_ends_with_childhood';
          END IF;
          RETURN NEW;
        END
        """,
        to="acogida_app, acogida_work",
    )
    op.execute(
        "CREATE TRIGGER consent_ends_with_childhood AFTER INSERT OR UPDATE OF expires_on, state, given_by ON consent "
        "FOR EACH ROW WHEN (NEW.state = 'GIVEN' AND NEW.given_by NOT IN ('SELF', 'SUPPORTED_DECISION')) "
        "EXECUTE FUNCTION consent_ends_with_childhood()"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION closed_with_claim(text, date)")
    op.execute("DROP TRIGGER consent_ends_with_childhood ON consent")
    op.execute("DROP FUNCTION consent_ends_with_childhood()")
    op.execute("DROP TRIGGER handover_consent_holds ON handover")
    op.execute("DROP FUNCTION handover_stands_on_consent()")
    _moves(PAIRS, "")
    _waits_for_its_decision("")
    op.execute(KEEP_IN_STATE.format(guard=""))
