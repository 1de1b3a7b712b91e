"""Referrals: what would make a declined one possible, what was made because of one, the nights as asked and as changed,
a second person's look, and the one-time page with what it may reach."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

NOTICES = (
    "ARRIVED", "NEXT_CONTACT", "ESCALATED", "LAPSED", "INFO_ASKED", "INFO_GIVEN", "ACCEPTED", "PART_ACCEPTED", "DECLINED",
    "WITHDRAWN", "STARTED", "COMPLETED", "NOT_COMPLETED", "PERSON_LEFT", "CONSENT_ENDED",
    "PLACE_OFFERED",
)  # fmt: skip
MORE_NOTICES = ("NOBODY_THERE", "LINK_LOCKED", "NIGHTS_CHANGED", "REVIEW")
SILENT = "unlocks_code IS NULL AND unlocks_on IS NULL AND unlocks_sealed IS NULL"
#: Rules on a table that is in use.
CHECKS = (
    ("not_because_of_itself", "because_of_id <> id"),
    (
        "unlocks_hour_of_day",
        "unlocks_hour IS NULL OR (unlocks_hour BETWEEN 0 AND 23 AND unlocks_on IS NOT NULL)",
    ),
    ("unlocks_of_a_decline", f"decline_reason IS NOT NULL OR ({SILENT})"),
    ("protected_says_nothing", f"decline_reason NOT IN ('CANNOT_OFFER', 'PREVIOUS_INCIDENT') OR ({SILENT})"),
    ("not_eligible_by_which_rule", "decline_reason <> 'NOT_ELIGIBLE' OR unlocks_code IS NOT NULL"),
    (
        "telephone_read_back",
        "answer_channel <> 'PHONE_RECORDED_BY_SENDER' OR (coalesce(read_back, false) AND answered_by_name_sealed IS NOT NULL)",
    ),
    ("page_says_who", "answer_channel <> 'ONE_TIME_PAGE' OR answered_by_name_sealed IS NOT NULL"),
)
#: The one referral of whoever came in by a one-time page; NULL for everybody else.
GUEST = "(SELECT nullif(current_setting('app.guest', true), '')::uuid)"


def upgrade() -> None:
    for column in (
        sa.Column("because_of_id", sa.Uuid(), nullable=True),
        sa.Column("nobody_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_back", sa.Boolean(), nullable=True),
        sa.Column("unlocks_code", sa.Text(), nullable=True),
        sa.Column("unlocks_hour", sa.SmallInteger(), nullable=True),
    ):
        op.add_column("referral", column)
    op.create_unique_constraint(op.f("uq_referral_id_from_team_id"), "referral", ["id", "from_team_id"])
    op.execute(
        "ALTER TABLE referral ADD CONSTRAINT fk_referral_because_of FOREIGN KEY (because_of_id, from_team_id) "
        "REFERENCES referral (id, from_team_id) NOT VALID"
    )
    op.execute("ALTER TABLE referral VALIDATE CONSTRAINT fk_referral_because_of")
    op.create_index(op.f("ix_referral_because_of_id"), "referral", ["because_of_id"], unique=False)
    # The page has always asked to read the answer back before it is saved; now it is written down. Of an earlier decline
    # no published rule was named, and what was said beside a protected reason is forgotten.
    op.execute("UPDATE referral SET read_back = true WHERE answer_channel = 'PHONE_RECORDED_BY_SENDER'")
    op.execute(
        "UPDATE referral SET unlocks_code = 'RULE_NOT_PUBLISHED' WHERE decline_reason = 'NOT_ELIGIBLE'"
    )
    op.execute(
        "UPDATE referral SET unlocks_on = NULL, unlocks_sealed = NULL "
        "WHERE decline_reason IN ('CANNOT_OFFER', 'PREVIOUS_INCIDENT')"
    )
    for name, rule in CHECKS:
        op.execute(f"ALTER TABLE referral ADD CONSTRAINT ck_referral_{name} CHECK ({rule}) NOT VALID")
        op.execute(f"ALTER TABLE referral VALIDATE CONSTRAINT ck_referral_{name}")
    _notices((*NOTICES, *MORE_NOTICES))
    op.execute(
        """
        CREATE FUNCTION referral_keeps_its_ground() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'what a referral was made because of does not change'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'referral_because_of_is_final';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER referral_because_of_is_final BEFORE UPDATE ON referral FOR EACH ROW "
        "WHEN (OLD.because_of_id IS DISTINCT FROM NEW.because_of_id) EXECUTE FUNCTION referral_keeps_its_ground()"
    )
    _nights()
    _reviews()
    _links()
    _guest()


def _notices(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{k}'" for k in kinds)
    name = op.f("ck_referral_notice_kind_known")
    op.drop_constraint(name, "referral_notice", type_="check")
    op.execute(f"ALTER TABLE referral_notice ADD CONSTRAINT {name} CHECK (kind IN ({listed})) NOT VALID")
    op.execute(f"ALTER TABLE referral_notice VALIDATE CONSTRAINT {name}")


def _nights() -> None:
    op.create_table(
        "referral_nights",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.Column("first_before", sa.Date(), nullable=False),
        sa.Column("last_before", sa.Date(), nullable=False),
        sa.Column("first_after", sa.Date(), nullable=False),
        sa.Column("last_after", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "last_before >= first_before AND last_after >= first_after",
            name=op.f("ck_referral_nights_nights_in_order"),
        ),
        sa.CheckConstraint(
            "(first_before, last_before) <> (first_after, last_after)",
            name=op.f("ck_referral_nights_something_changed"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["user_account.id"], name=op.f("fk_referral_nights_changed_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_nights_referral_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_nights")),
    )
    op.create_index(op.f("ix_referral_nights_referral_id"), "referral_nights", ["referral_id"], unique=False)
    op.create_index(
        op.f("ix_referral_nights_changed_by_id"), "referral_nights", ["changed_by_id"], unique=False
    )
    wall.behind_policy("referral_nights", read="EXISTS (SELECT FROM referral r WHERE r.id = referral_id)")
    wall.grant("referral_nights", app="SI", work="SI")


def _reviews() -> None:
    op.create_table(
        "referral_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "what IN ('DECLINE', 'NOT_COMPLETED')", name=op.f("ck_referral_review_what_known")
        ),
        sa.CheckConstraint(
            "outcome IN ('UPHELD', 'NOT_UPHELD')", name=op.f("ck_referral_review_outcome_known")
        ),
        sa.CheckConstraint("reviewed_by_id <> asked_by_id", name=op.f("ck_referral_review_by_another")),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (outcome IS NULL) AND (outcome IS NULL) = (reviewed_by_id IS NULL)",
            name=op.f("ck_referral_review_reviewed_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_referral_review_asked_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"], ["user_account.id"], name=op.f("fk_referral_review_reviewed_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_review_referral_id")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_referral_review_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_review")),
        sa.UniqueConstraint("referral_id", "what", name=op.f("uq_referral_review_referral_id_what")),
    )
    for column in ("team_id", "asked_by_id", "reviewed_by_id"):
        op.create_index(op.f(f"ix_referral_review_{column}"), "referral_review", [column], unique=False)
    op.create_index(
        "ix_referral_review_open", "referral_review", ["team_id"], unique=False,
        postgresql_where=sa.text("reviewed_at IS NULL"),
    )  # fmt: skip
    wall.behind_policy("referral_review", read=f"team_id = ANY ({wall.TEAMS})")
    wall.grant("referral_review", app="SIU", work="SIU")


def _links() -> None:
    op.create_table(
        "referral_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_mac", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrong", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("wrong BETWEEN 0 AND 5", name=op.f("ck_referral_link_wrong_codes_counted")),
        sa.CheckConstraint(
            "(wrong = 5) = (locked_at IS NOT NULL)", name=op.f("ck_referral_link_locked_by_wrong_codes")
        ),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_referral_link_expires")),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_referral_link_made_by_id")
        ),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_referral_link_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_referral_link_token_hash")),
    )
    op.create_index(op.f("ix_referral_link_referral_id"), "referral_link", ["referral_id"], unique=False)
    op.create_index(op.f("ix_referral_link_made_by_id"), "referral_link", ["made_by_id"], unique=False)
    op.create_index(
        "uq_referral_link_live", "referral_link", ["referral_id"], unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "referral_look",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.CheckConstraint("what IN ('OPENED', 'WRONG')", name=op.f("ck_referral_look_what_known")),
        sa.ForeignKeyConstraint(["link_id"], ["referral_link.id"], name=op.f("fk_referral_look_link_id")),
        sa.ForeignKeyConstraint(["referral_id"], ["referral.id"], name=op.f("fk_referral_look_referral_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_look")),
    )
    op.create_index(op.f("ix_referral_look_referral_id"), "referral_look", ["referral_id"], unique=False)
    op.create_index(op.f("ix_referral_look_link_id"), "referral_look", ["link_id"], unique=False)
    sender = (
        f"EXISTS (SELECT FROM referral r WHERE r.id = referral_id AND r.from_team_id = ANY ({wall.TEAMS}))"
    )
    wall.behind_policy("referral_link", read=sender)
    wall.behind_policy("referral_look", read=sender)
    wall.grant("referral_link", app="SIU", work="SIU")
    wall.grant("referral_look", app="S", work="S")


def _guest() -> None:
    """Whoever comes by a one-time page proves link and code to a function; from then on, and in that transaction only,
    `app.guest` names the one referral, and these policies open that one: to be read, and to be left in three states."""
    op.execute("GRANT SELECT, UPDATE ON referral_link TO acogida_definer")
    op.execute("GRANT INSERT ON referral_look TO acogida_definer")
    op.execute("GRANT SELECT ON referral_member, person_language TO acogida_definer")
    op.execute(f"CREATE POLICY referral_guest ON referral FOR SELECT TO acogida_app USING (id = {GUEST})")
    op.execute(
        f"CREATE POLICY referral_guest_answers ON referral FOR UPDATE TO acogida_app USING (id = {GUEST}) "
        f"WITH CHECK (id = {GUEST} AND state IN ('ACCEPTED', 'DECLINED', 'STARTED'))"
    )
    op.execute(
        f"CREATE POLICY case_access_guest ON case_access FOR SELECT TO acogida_app USING (subject_id = {GUEST})"
    )
    op.execute(
        f"CREATE POLICY case_access_guest_ends ON case_access FOR UPDATE TO acogida_app USING (subject_id = {GUEST}) "
        f"WITH CHECK (subject_id = {GUEST} AND ended_at IS NOT NULL)"
    )
    op.execute(
        f"CREATE POLICY case_event_guest ON case_event FOR SELECT TO acogida_app USING (subject_id = {GUEST})"
    )
    op.execute(
        "CREATE POLICY case_event_guest_tells ON case_event FOR INSERT TO acogida_app "
        f"WITH CHECK (subject_id = {GUEST} AND kind IN ('referral.accepted', 'referral.declined', 'referral.started'))"
    )
    wall.definer_function(
        "referral_link_try(p_hash bytea, p_mac bytea, p_at timestamptz, p_look uuid, p_notice uuid) "
        "RETURNS TABLE (verdict text, referral_id uuid, number text) LANGUAGE plpgsql",
        """
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
            OR EXISTS (
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
        """,
        to="acogida_app",
    )
    wall.definer_function(
        "referral_guest_people() RETURNS TABLE (case_id uuid, person_id uuid, member_id uuid, called_sealed bytea, "
        "given_sealed bytea, birth_precision text, birth_from date, birth_to date, age_status text, sex text, "
        "languages text[], requirements text[], life_sealed bytea) LANGUAGE sql STABLE",
        f"""
        SELECT m.case_id, p.id, m.id, p.called_name_sealed,
               CASE WHEN p.called_name_sealed IS NULL THEN p.given_names_sealed END,
               CASE WHEN 'AGE' = ANY (r.items) THEN p.birth_precision END,
               CASE WHEN 'AGE' = ANY (r.items) THEN p.birth_from END,
               CASE WHEN 'AGE' = ANY (r.items) THEN p.birth_to END,
               CASE WHEN 'AGE' = ANY (r.items) THEN p.age_status END,
               CASE WHEN 'SEX' = ANY (r.items) THEN p.sex_in_document END,
               CASE WHEN 'LANGUAGES' = ANY (r.items) THEN ARRAY(
                 SELECT l.language::text FROM public.person_language l WHERE l.case_id = m.case_id ORDER BY l.position) END,
               CASE WHEN 'REQUIREMENTS' = ANY (r.items) THEN m.requirements END,
               CASE WHEN 'REQUIREMENTS' = ANY (r.items) THEN m.life_critical_sealed END
        FROM public.referral r
        JOIN public.referral_member m ON m.referral_id = r.id AND m.left_at IS NULL AND m.outcome <> 'NOT_ACCEPTED'
        JOIN public.person p ON p.case_id = m.case_id
        WHERE r.id = {GUEST} AND EXISTS (
          SELECT FROM public.case_access a WHERE a.subject_id = r.id AND a.case_id = m.case_id AND a.ended_at IS NULL)
        ORDER BY m.position
        """,
        to="acogida_app",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION referral_guest_people()")
    op.execute("DROP FUNCTION referral_link_try(bytea, bytea, timestamptz, uuid, uuid)")
    for policy, table in (
        ("case_event_guest_tells", "case_event"), ("case_event_guest", "case_event"), ("case_access_guest_ends", "case_access"),
        ("case_access_guest", "case_access"), ("referral_guest_answers", "referral"), ("referral_guest", "referral"),
    ):  # fmt: skip
        op.execute(f"DROP POLICY {policy} ON {table}")
    op.execute("REVOKE SELECT ON referral_member, person_language FROM acogida_definer")
    op.drop_table("referral_look")
    op.drop_table("referral_link")
    op.drop_table("referral_review")
    op.drop_table("referral_nights")
    op.execute("DROP TRIGGER referral_because_of_is_final ON referral")
    op.execute("DROP FUNCTION referral_keeps_its_ground()")
    listed = ", ".join(f"'{k}'" for k in MORE_NOTICES)
    op.execute(f"DELETE FROM referral_notice WHERE kind IN ({listed})")
    _notices(NOTICES)
    for name, _rule in CHECKS:
        op.drop_constraint(op.f(f"ck_referral_{name}"), "referral", type_="check")
    op.drop_index(op.f("ix_referral_because_of_id"), table_name="referral")
    op.drop_constraint("fk_referral_because_of", "referral", type_="foreignkey")
    op.drop_constraint(op.f("uq_referral_id_from_team_id"), "referral", type_="unique")
    for column in ("unlocks_hour", "unlocks_code", "read_back", "nobody_told_at", "because_of_id"):
        op.drop_column("referral", column)
