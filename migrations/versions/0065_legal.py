"""Legal aid: a provider's blind check for conflicts of interest, and who represents a person by which power."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

GUEST = "(SELECT nullif(current_setting('app.guest', true), '')::uuid)"
#: The cases of one person: records that were united are one side of a conflict.
SAME = (
    "SELECT q.case_id FROM public.person p JOIN public.person q ON q.id = p.id OR q.id = p.merged_into_id "
    "OR q.merged_into_id = p.id OR q.merged_into_id = p.merged_into_id WHERE p.case_id = {case}"
)
CHECK = f"""
DECLARE
  r public.referral%ROWTYPE;
  said text;
BEGIN
  SELECT * INTO r FROM public.referral k WHERE k.id = p_referral AND k.kind = 'LEGAL'
    AND (k.to_team_id = ANY ({wall.TEAMS}) OR k.id = {GUEST}) FOR UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT c.outcome INTO said FROM public.legal_check c WHERE c.referral_id = r.id;
  IF FOUND THEN RETURN said; END IF;
  IF r.state NOT IN ('SENT', 'INFO_ASKED') THEN RETURN NULL; END IF;
  -- One provider at a time: the count holds however many press at once.
  PERFORM pg_advisory_xact_lock(hashtextextended('legal_check' || r.to_team_id::text, 0));
  IF (SELECT count(*) FROM public.legal_check c
      WHERE c.team_id = r.to_team_id AND c.asked_at > p_at - interval '24 hours') >= 30
  THEN RETURN 'TOO_MANY'; END IF;
  WITH asked AS (
    SELECT DISTINCT s.case_id FROM public.referral_member m, LATERAL ({SAME.format(case="m.case_id")}) s
    WHERE m.referral_id = r.id AND m.left_at IS NULL
  ), clients AS (
    SELECT DISTINCT s.case_id FROM public.referral k JOIN public.referral_member m ON m.referral_id = k.id,
      LATERAL ({SAME.format(case="m.case_id")}) s
    WHERE k.to_team_id = r.to_team_id AND k.kind = 'LEGAL' AND k.id <> r.id AND m.outcome = 'ACCEPTED'
      AND k.state IN ('ACCEPTED', 'PART_ACCEPTED', 'STARTED', 'COMPLETED', 'NOT_COMPLETED')
    UNION SELECT a.case_id FROM asked a
  )
  SELECT CASE WHEN EXISTS (
    SELECT FROM asked a JOIN clients b ON b.case_id <> a.case_id
    WHERE EXISTS (
      SELECT FROM public.safety_separation x WHERE x.ended_at IS NULL AND x.other_case_id IS NOT NULL
        AND (x.case_id, x.other_case_id) IN ((a.case_id, b.case_id), (b.case_id, a.case_id)))
    OR EXISTS (
      SELECT FROM public.claim_applicant o WHERE o.sealed AND o.case_id IN (a.case_id, b.case_id))
    AND (EXISTS (
        SELECT FROM public.relation n WHERE n.relation IN ('SPOUSE', 'PARTNER') AND n.evidence <> 'DISPROVED'
          AND (n.case_id, n.other_case_id) IN ((a.case_id, b.case_id), (b.case_id, a.case_id)))
      OR EXISTS (
        SELECT FROM public.claim_applicant i JOIN public.claim_applicant j ON j.claim_id = i.claim_id
        WHERE i.case_id = a.case_id AND j.case_id = b.case_id AND 'PRINCIPAL' IN (i.role, j.role)))
  ) THEN 'CONFLICT' ELSE 'CLEAR' END INTO said;
  INSERT INTO public.legal_check (id, referral_id, team_id, asked_at, asked_by_id, outcome)
  VALUES (p_id, r.id, r.to_team_id, p_at, {wall.ACTING_USER}, said);
  IF said = 'CLEAR' THEN
    -- A consent that ran out meanwhile opens nobody; whoever is carried by somebody else's goes with them.
    INSERT INTO public.case_access (id, case_id, team_id, scope, subject_id, purpose, items, since)
    SELECT gen_random_uuid(), m.case_id, r.to_team_id, 'REFERRAL', r.id,
      CASE WHEN m.consent_id IS NOT NULL THEN 'REFER_LEGAL' END, r.items, p_at
    FROM public.referral_member m LEFT JOIN public.consent c ON c.id = m.consent_id
    WHERE m.referral_id = r.id AND m.left_at IS NULL
      AND (m.consent_id IS NULL OR (c.state = 'GIVEN' AND c.expires_on >= p_today))
      AND (m.consent_id IS NOT NULL OR m.basis IS NOT NULL OR EXISTS (
        SELECT FROM public.referral_member w JOIN public.consent k ON k.id = w.consent_id
        WHERE w.referral_id = r.id AND w.left_at IS NULL AND k.state = 'GIVEN' AND k.expires_on >= p_today));
  END IF;
  RETURN said;
END
"""
#: Open it, or say why not: as before (0045), but a referral for legal aid opens to be checked before anybody is read.
UNREAD = (
    "NOT (r.kind = 'LEGAL' AND NOT EXISTS (SELECT FROM public.legal_check c WHERE c.referral_id = r.id)) AND "
)
TRY = """
#variable_conflict use_column
DECLARE
  l public.referral_link%ROWTYPE;
  r public.referral%ROWTYPE;
BEGIN
  verdict := 'CLOSED';
  SELECT * INTO l FROM public.referral_link k WHERE k.token_hash = p_hash;
  IF NOT FOUND THEN RETURN NEXT; RETURN; END IF;
  -- Always the referral before its link, as whoever makes a link or takes it back.
  SELECT * INTO r FROM public.referral k WHERE k.id = l.referral_id FOR UPDATE;
  SELECT * INTO l FROM public.referral_link k WHERE k.token_hash = p_hash FOR UPDATE;
  IF l.revoked_at IS NOT NULL OR l.locked_at IS NOT NULL OR l.expires_at <= p_at
    OR r.state NOT IN ('SENT', 'INFO_ASKED', 'ACCEPTED')
    OR NOT EXISTS (SELECT FROM public.referral_member m WHERE m.referral_id = r.id AND m.left_at IS NULL)
    OR {unread}EXISTS (
      SELECT FROM public.referral_member m WHERE m.referral_id = r.id AND m.left_at IS NULL
      AND m.outcome <> 'NOT_ACCEPTED' AND NOT EXISTS (
        SELECT FROM public.case_access a
        WHERE a.subject_id = r.id AND a.case_id = m.case_id AND a.ended_at IS NULL))
  THEN RETURN NEXT; RETURN; END IF;
  referral_id := r.id;
  number := r.number;
  verdict := CASE WHEN l.code_mac = p_mac THEN 'OPENED' ELSE 'WRONG' END;
  INSERT INTO public.referral_look (id, referral_id, link_id, at, what)
  VALUES (p_look, r.id, l.id, p_at, verdict);
  IF verdict = 'WRONG' THEN
    UPDATE public.referral_link k SET wrong = k.wrong + 1,
      locked_at = CASE WHEN k.wrong + 1 = 5 THEN p_at END
    WHERE k.id = l.id;
    IF l.wrong + 1 = 5 THEN
      INSERT INTO public.referral_notice (id, referral_id, team_id, kind, made_at)
      VALUES (p_notice, r.id, r.from_team_id, 'LINK_LOCKED', p_at);
    END IF;
  END IF;
  RETURN NEXT;
END
"""


def upgrade() -> None:
    op.create_table(
        "legal_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.CheckConstraint("outcome IN ('CLEAR', 'CONFLICT')", name=op.f("ck_legal_check_outcome_known")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_legal_check_referral_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_legal_check_team_id")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_legal_check_asked_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_check")),
        sa.UniqueConstraint("referral_id", name=op.f("uq_legal_check_referral_id")),
    )
    op.create_index("ix_legal_check_team", "legal_check", ["team_id", "asked_at"], unique=False)
    op.create_index(op.f("ix_legal_check_asked_by_id"), "legal_check", ["asked_by_id"], unique=False)
    wall.behind_policy(
        "legal_check", read=f"team_id = ANY ({wall.TEAMS}) OR referral_id = {GUEST}", write="false"
    )
    # Whoever asks writes no answer: the function does.
    wall.grant("legal_check", app="S", work="S")
    _mandates()
    op.execute("GRANT SELECT, INSERT ON legal_check TO acogida_definer")
    op.execute("GRANT SELECT ON claim_applicant, relation, legal_mandate TO acogida_definer")
    wall.definer_function(
        "legal_conflict_check(p_referral uuid, p_id uuid, p_at timestamptz, p_today date) RETURNS text LANGUAGE plpgsql",
        CHECK, to="acogida_app",
    )  # fmt: skip
    _link(UNREAD)
    wall.definer_function(
        "referral_legal_checked() RETURNS trigger LANGUAGE plpgsql",
        """
        BEGIN
          IF NOT EXISTS (SELECT FROM public.legal_check c WHERE c.referral_id = NEW.id AND c.outcome = 'CLEAR') THEN
            RAISE EXCEPTION 'nobody is taken on before the check for conflicts'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'referral_legal_checked';
          END IF;
          RETURN NEW;
        END
        """,
        to="",
    )
    op.execute(
        "CREATE TRIGGER referral_legal_checked BEFORE UPDATE ON referral FOR EACH ROW WHEN (NEW.kind = 'LEGAL' "
        "AND OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('ACCEPTED', 'PART_ACCEPTED') "
        "AND OLD.state <> 'PART_ACCEPTED' AND NEW.answer_channel IN ('SYSTEM', 'ONE_TIME_PAGE')) "
        "EXECUTE FUNCTION referral_legal_checked()"
    )


def _link(unread: str) -> None:
    wall.definer_function(
        "referral_link_try(p_hash bytea, p_mac bytea, p_at timestamptz, p_look uuid, p_notice uuid) "
        "RETURNS TABLE (verdict text, referral_id uuid, number text) LANGUAGE plpgsql",
        TRY.replace("{unread}", unread), to="acogida_app", replace=True,
    )  # fmt: skip


def _mandates() -> None:
    op.create_table(
        "legal_mandate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("lawyer_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("assigned_on", sa.Date(), nullable=False),
        sa.Column("power_on", sa.Date(), nullable=True),
        sa.Column("power_until", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(power_on IS NULL) = (power_until IS NULL) AND power_on >= assigned_on AND power_until > power_on "
            "AND power_until <= power_on + 1830 AND ended_on >= assigned_on",
            name=op.f("ck_legal_mandate_dates_in_order"),
        ),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_legal_mandate_referral_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_legal_mandate_case_id")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_legal_mandate_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_mandate")),
    )
    op.create_index(
        "uq_legal_mandate_current", "legal_mandate", ["referral_id", "case_id"], unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )  # fmt: skip
    for column in ("referral_id", "case_id", "recorded_by_id"):
        op.create_index(op.f(f"ix_legal_mandate_{column}"), "legal_mandate", [column], unique=False)
    wall.behind_policy("legal_mandate", read="EXISTS (SELECT FROM referral r WHERE r.id = referral_id)")
    wall.grant("legal_mandate", app="SIU", work="S")
    op.execute(
        """
        CREATE FUNCTION legal_mandate_of_accepted() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NOT EXISTS (
            SELECT FROM referral r JOIN referral_member m ON m.referral_id = r.id AND m.case_id = NEW.case_id
            WHERE r.id = NEW.referral_id AND r.kind = 'LEGAL' AND r.state IN ('ACCEPTED', 'STARTED')
              AND m.outcome = 'ACCEPTED' AND m.left_at IS NULL) THEN
            RAISE EXCEPTION 'somebody is represented whom the provider took on'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'legal_mandate_of_accepted';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER legal_mandate_of_accepted BEFORE INSERT ON legal_mandate FOR EACH ROW "
        "EXECUTE FUNCTION legal_mandate_of_accepted()"
    )
    op.execute(
        """
        CREATE FUNCTION referral_tells_of_lawyer() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NOT EXISTS (
            SELECT FROM legal_mandate m WHERE m.referral_id = NEW.id AND m.ended_on IS NULL
              AND (NEW.outcome <> 'POWER_SIGNED' OR m.power_until >= NEW.ended_at::date - 1)) THEN
            RAISE EXCEPTION 'no representation bears that out'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'referral_tells_of_lawyer';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER referral_tells_of_lawyer BEFORE UPDATE ON referral FOR EACH ROW "
        "WHEN (OLD.outcome IS DISTINCT FROM NEW.outcome AND NEW.outcome IN ('LAWYER_ASSIGNED', 'POWER_SIGNED')) "
        "EXECUTE FUNCTION referral_tells_of_lawyer()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER referral_tells_of_lawyer ON referral")
    op.execute("DROP FUNCTION referral_tells_of_lawyer()")
    op.execute("DROP TRIGGER referral_legal_checked ON referral")
    op.execute("DROP FUNCTION referral_legal_checked()")
    _link("")
    op.execute("DROP FUNCTION legal_conflict_check(uuid, uuid, timestamptz, date)")
    op.execute("REVOKE SELECT ON claim_applicant, relation FROM acogida_definer")
    op.drop_table("legal_mandate")
    op.execute("DROP FUNCTION legal_mandate_of_accepted()")
    op.drop_table("legal_check")
