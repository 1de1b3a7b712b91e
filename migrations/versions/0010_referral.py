"""Referrals, their members, steps and notices; the state machine as a trigger, and what a check-in at the
gate may do to a referral that the gate cannot read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: The same pairs as `caseapp.referral.rules.pairs()`; a test compares them.
PAIRS = (
    ("DRAFT", "SENT"), ("SENT", "INFO_ASKED"), ("INFO_ASKED", "SENT"), ("SENT", "ACCEPTED"), ("INFO_ASKED", "ACCEPTED"),
    ("SENT", "PART_ACCEPTED"), ("INFO_ASKED", "PART_ACCEPTED"), ("PART_ACCEPTED", "ACCEPTED"),
    ("PART_ACCEPTED", "DECLINED"), ("SENT", "DECLINED"), ("INFO_ASKED", "DECLINED"), ("DRAFT", "WITHDRAWN"),
    ("SENT", "WITHDRAWN"), ("INFO_ASKED", "WITHDRAWN"), ("PART_ACCEPTED", "WITHDRAWN"), ("ACCEPTED", "WITHDRAWN"),
    ("STARTED", "WITHDRAWN"), ("SENT", "LAPSED"), ("INFO_ASKED", "LAPSED"), ("ACCEPTED", "STARTED"),
    ("ACCEPTED", "COMPLETED"), ("STARTED", "COMPLETED"), ("ACCEPTED", "NOT_COMPLETED"), ("STARTED", "NOT_COMPLETED"),
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=True),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("from_team_id", sa.Uuid(), nullable=False),
        sa.Column("to_team_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("items", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("first_night", sa.Date(), nullable=True),
        sa.Column("last_night", sa.Date(), nullable=True),
        sa.Column("message_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lapse_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("question_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reply_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_by_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answer_channel", sa.Text(), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column("unlocks_on", sa.Date(), nullable=True),
        sa.Column("unlocks_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("withdraw_reason", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("not_completed_reason", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (state IN ('DECLINED', 'WITHDRAWN', 'LAPSED', 'COMPLETED', 'NOT_COMPLETED'))",
            name=op.f("ck_referral_ended_has_time"),
        ),
        sa.CheckConstraint(
            "(state = 'COMPLETED') = (result IS NOT NULL)", name=op.f("ck_referral_completed_has_result")
        ),
        sa.CheckConstraint(
            "(state = 'DECLINED') = (decline_reason IS NOT NULL)",
            name=op.f("ck_referral_declined_has_reason"),
        ),
        sa.CheckConstraint(
            "(state = 'NOT_COMPLETED') = (not_completed_reason IS NOT NULL)",
            name=op.f("ck_referral_not_completed_has_reason"),
        ),
        sa.CheckConstraint(
            "(state = 'WITHDRAWN') = (withdraw_reason IS NOT NULL)",
            name=op.f("ck_referral_withdrawn_has_reason"),
        ),
        sa.CheckConstraint(
            "answer_channel IN ('SYSTEM', 'ONE_TIME_PAGE', 'PHONE_RECORDED_BY_SENDER', 'PAPER', 'IN_PERSON')",
            name=op.f("ck_referral_answer_channel_known"),
        ),
        sa.CheckConstraint(
            "items <@ ARRAY['NAME', 'AGE', 'SEX', 'LANGUAGES', 'RELATIONS']::text[]",
            name=op.f("ck_referral_items_known"),
        ),
        sa.CheckConstraint("mode IN ('SHARE', 'TRANSFER')", name=op.f("ck_referral_mode_known")),
        sa.CheckConstraint(
            "paused_at IS NULL OR state = 'INFO_ASKED'", name=op.f("ck_referral_paused_while_asked")
        ),
        sa.CheckConstraint(
            "priority IN ('IMMEDIATE', 'EMERGENCY', 'URGENT', 'NORMAL')",
            name=op.f("ck_referral_priority_known"),
        ),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'SENT', 'INFO_ASKED', 'ACCEPTED', 'PART_ACCEPTED', 'DECLINED', 'WITHDRAWN', 'LAPSED', 'STARTED', 'COMPLETED', 'NOT_COMPLETED')",
            name=op.f("ck_referral_state_known"),
        ),
        sa.CheckConstraint(
            "state IN ('DRAFT', 'WITHDRAWN') OR sent_at IS NOT NULL", name=op.f("ck_referral_sent_has_time")
        ),
        sa.CheckConstraint(
            "state NOT IN ('ACCEPTED', 'PART_ACCEPTED', 'DECLINED', 'STARTED', 'COMPLETED', 'NOT_COMPLETED') OR (answered_at IS NOT NULL AND answer_channel IS NOT NULL)",
            name=op.f("ck_referral_answered_has_time"),
        ),
        sa.CheckConstraint(
            "(first_night IS NULL) = (last_night IS NULL) AND last_night >= first_night",
            name=op.f("ck_referral_nights_whole"),
        ),
        sa.CheckConstraint("from_team_id <> to_team_id", name=op.f("ck_referral_not_to_itself")),
        sa.CheckConstraint(
            "sent_at IS NULL OR (due_at IS NOT NULL AND lapse_at IS NOT NULL AND lapse_at >= due_at)",
            name=op.f("ck_referral_sent_has_clock"),
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["user_account.id"], name=op.f("fk_referral_answered_by_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_referral_case_id")),
        sa.ForeignKeyConstraint(["from_team_id"], ["team.id"], name=op.f("fk_referral_from_team_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_referral_household_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user_account.id"], name=op.f("fk_referral_made_by_id")),
        sa.ForeignKeyConstraint(["to_team_id"], ["team.id"], name=op.f("fk_referral_to_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("number", name=op.f("uq_referral_number")),
    )
    op.create_index(op.f("ix_referral_answered_by_id"), "referral", ["answered_by_id"], unique=False)
    op.create_index(op.f("ix_referral_case_id"), "referral", ["case_id"], unique=False)
    op.create_index(
        "ix_referral_clock",
        "referral",
        ["lapse_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('SENT', 'INFO_ASKED') AND paused_at IS NULL"),
    )
    op.create_index(op.f("ix_referral_household_id"), "referral", ["household_id"], unique=False)
    op.create_index("ix_referral_inbox", "referral", ["to_team_id", "state", "due_at"], unique=False)
    op.create_index(op.f("ix_referral_made_by_id"), "referral", ["made_by_id"], unique=False)
    op.create_index("ix_referral_outbox", "referral", ["from_team_id", "state", "due_at"], unique=False)
    op.create_table(
        "referral_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('ARRIVED', 'NEXT_CONTACT', 'ESCALATED', 'LAPSED', 'INFO_ASKED', 'INFO_GIVEN', 'ACCEPTED', 'PART_ACCEPTED', 'DECLINED', 'WITHDRAWN', 'STARTED', 'COMPLETED', 'NOT_COMPLETED')",
            name=op.f("ck_referral_notice_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_notice_referral_id")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_referral_notice_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_notice")),
    )
    op.create_index(op.f("ix_referral_notice_referral_id"), "referral_notice", ["referral_id"], unique=False)
    op.create_index(op.f("ix_referral_notice_team_id"), "referral_notice", ["team_id"], unique=False)
    op.create_index(
        "ix_referral_notice_unseen",
        "referral_notice",
        ["team_id", "made_at"],
        unique=False,
        postgresql_where=sa.text("seen_at IS NULL"),
    )
    op.create_table(
        "referral_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_referral_step_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_step")),
    )
    op.create_index(op.f("ix_referral_step_referral_id"), "referral_step", ["referral_id"], unique=False)
    op.create_table(
        "referral_member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("requirements", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("life_critical_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("basis_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="WAITING", nullable=False),
        sa.Column("not_accepted_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "basis IN ('VITAL_INTEREST', 'CHILD_BEST_INTERESTS', 'LEGAL_DUTY', 'LACKS_CAPACITY')",
            name=op.f("ck_referral_member_basis_known"),
        ),
        sa.CheckConstraint(
            "outcome IN ('WAITING', 'ACCEPTED', 'NOT_ACCEPTED')",
            name=op.f("ck_referral_member_outcome_known"),
        ),
        sa.CheckConstraint(
            "basis IS NULL OR basis_reason_sealed IS NOT NULL",
            name=op.f("ck_referral_member_basis_has_reason"),
        ),
        sa.CheckConstraint(
            "basis IS NULL OR consent_id IS NULL", name=op.f("ck_referral_member_consent_or_basis")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_referral_member_case_id")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_referral_member_consent_id")),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_member_referral_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_member")),
        sa.UniqueConstraint("referral_id", "case_id", name=op.f("uq_referral_member_referral_id_case_id")),
    )
    op.create_index(op.f("ix_referral_member_case_id"), "referral_member", ["case_id"], unique=False)
    op.create_index(op.f("ix_referral_member_consent_id"), "referral_member", ["consent_id"], unique=False)

    op.create_foreign_key(op.f("fk_stay_referral_id"), "stay", "referral", ["referral_id"], ["id"])
    _policies()
    _machine()
    _stays()


def _policies() -> None:
    parties = (
        f"from_team_id = ANY ({wall.TEAMS}) OR (to_team_id = ANY ({wall.TEAMS}) AND sent_at IS NOT NULL)"
    )
    wall.behind_policy("referral", read=parties)
    wall.grant("referral", app="SIU", work="SIU")
    seen = "EXISTS (SELECT FROM referral r WHERE r.id = referral_id)"
    for table in ("referral_member", "referral_step"):
        wall.behind_policy(table, read=seen)
        wall.grant(table, app="SIU", work="SIU")
    # A team reads its own notices; either party may leave one for the other.
    wall.behind_policy("referral_notice", read=f"team_id = ANY ({wall.TEAMS}) OR {seen}")
    wall.grant("referral_notice", app="SIU", work="SIU")


def _machine() -> None:
    pairs = ", ".join(f"('{a}', '{b}')" for a, b in PAIRS)
    op.execute(
        f"""
        CREATE FUNCTION referral_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF (OLD.state, NEW.state) NOT IN ({pairs}) THEN
            RAISE EXCEPTION 'a referral does not go from % to %', OLD.state, NEW.state
              USING ERRCODE = 'check_violation', CONSTRAINT = 'referral_transition';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER referral_transition BEFORE UPDATE ON referral FOR EACH ROW "
        "WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION referral_moves()"
    )


def _stays() -> None:
    """What happens at the shelter moves the referral on, also when the gate does it, which sees no referral:
    the caller must see a stay of it, and gets back only what the journal says of it. `p_to` STARTED is done
    when somebody is in; COMPLETED and NOT_COMPLETED when no place is held any more."""
    op.execute("GRANT SELECT, UPDATE ON referral TO acogida_definer")
    op.execute("GRANT INSERT ON referral_step, referral_notice TO acogida_definer")
    op.execute("GRANT SELECT, UPDATE (ended_at) ON case_access TO acogida_definer")
    wall.definer_function(
        "referral_follows_stay(p_referral uuid, p_to text, p_code text, p_at timestamptz, p_actor text, "
        "p_step uuid, p_notice uuid) RETURNS TABLE (sector text, priority text, moved boolean) LANGUAGE plpgsql",
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
          sector := r.sector; priority := r.priority;
          RETURN NEXT;
        END
        """,
        to="acogida_app, acogida_work",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_stay_referral_id"), "stay", type_="foreignkey")
    op.execute("DROP FUNCTION referral_follows_stay(uuid, text, text, timestamptz, text, uuid, uuid)")
    op.drop_table("referral_notice")
    op.drop_table("referral_step")
    op.drop_table("referral_member")
    op.drop_table("referral")
    op.execute("DROP FUNCTION referral_moves()")
    op.execute("REVOKE UPDATE (ended_at) ON case_access FROM acogida_definer")
