"""Consent as a key: the purpose that a reading rests on, the child's own answer, acting without consent with its
review, who left a referral because the ground was gone, and cots for babies only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

GRAVE = (
    "state <> 'GIVEN' OR (coalesce(alone, false) AND legal_advice_on IS NOT NULL AND expires_on IS NOT NULL "
    "AND expires_on <= asked_on + 30)"
)
ITEMS = ("NAME", "AGE", "SEX", "LANGUAGES", "RELATIONS")
MORE_ITEMS = ("REQUIREMENTS", "CONTACT", "DOCUMENTS")
NOTICES = (
    "ARRIVED", "NEXT_CONTACT", "ESCALATED", "LAPSED", "INFO_ASKED", "INFO_GIVEN", "ACCEPTED", "PART_ACCEPTED", "DECLINED",
    "WITHDRAWN", "STARTED", "COMPLETED", "NOT_COMPLETED",
)  # fmt: skip
MORE_NOTICES = ("PERSON_LEFT", "CONSENT_ENDED")


def upgrade() -> None:
    op.add_column("case_access", sa.Column("purpose", sa.Text(), nullable=True))
    op.add_column("case_access", sa.Column("items", postgresql.ARRAY(sa.Text()), nullable=True))
    _consents(("CONSULAR", "RETURN_ASSISTANCE", "COUNTRY_OF_ORIGIN"))
    op.add_column("consent", sa.Column("age_asked", sa.SmallInteger(), nullable=True))
    op.add_column("consent", sa.Column("assent", sa.Text(), nullable=True))
    # What was recorded without an end ends a year after it was asked.
    op.execute("UPDATE consent SET expires_on = asked_on + 365 WHERE state = 'GIVEN' AND expires_on IS NULL")
    for name, rule in (
        ("given_ends", "state <> 'GIVEN' OR expires_on IS NOT NULL"),
        ("assent_known", "assent IN ('GIVEN', 'REFUSED')"),
        ("assent_is_a_childs", "assent IS NULL OR NOT adult"),
        (
            "assent_recorded",
            "adult OR state <> 'GIVEN' OR given_by = 'CHILD_ASSENT' OR coalesce(age_asked, 0) < 12 OR assent IS NOT NULL",
        ),
    ):
        _check("consent", name, rule)
    op.create_index(
        "ix_consent_ends",
        "consent",
        ["expires_on"],
        unique=False,
        postgresql_where=sa.text("state = 'GIVEN'"),
    )
    _waivers()
    _referrals()
    op.add_column("stay", sa.Column("minimum", sa.Boolean(), server_default=sa.false(), nullable=False))
    _cots()


def _check(table: str, name: str, rule: str) -> None:
    """A CHECK on a table that is in use: added without looking, then validated."""
    full = op.f(f"ck_{table}_{name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {full} CHECK ({rule}) NOT VALID")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {full}")


def _consents(purposes: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{p}'" for p in purposes)
    op.drop_constraint(op.f("ck_consent_grave_with_care"), "consent", type_="check")
    _check("consent", "grave_with_care", f"purpose NOT IN ({listed}) OR {GRAVE}")


def _waivers() -> None:
    op.create_table(
        "consent_waiver",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recipient_team_id", sa.Uuid(), nullable=True),
        sa.Column("recipient_country", sa.CHAR(length=3), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("adult", sa.Boolean(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("told_by_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "basis IN ('VITAL_INTEREST', 'CHILD_BEST_INTERESTS', 'LEGAL_DUTY', 'LACKS_CAPACITY')",
            name=op.f("ck_consent_waiver_basis_known"),
        ),
        sa.CheckConstraint(
            "outcome IN ('UPHELD', 'NOT_UPHELD')", name=op.f("ck_consent_waiver_outcome_known")
        ),
        sa.CheckConstraint(
            "purpose NOT IN ('CONSULAR', 'COUNTRY_OF_ORIGIN', 'MEDIA', 'RESEARCH_IDENTIFIED')",
            name=op.f("ck_consent_waiver_never_for_these"),
        ),
        sa.CheckConstraint(
            "basis <> 'CHILD_BEST_INTERESTS' OR NOT adult",
            name=op.f("ck_consent_waiver_best_interests_of_a_child"),
        ),
        sa.CheckConstraint(
            "reviewed_by_id <> made_by_id", name=op.f("ck_consent_waiver_second_person_reviews")
        ),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (outcome IS NULL)", name=op.f("ck_consent_waiver_reviewed_whole")
        ),
        sa.CheckConstraint(
            "reviewed_at IS NULL OR reviewed_by_id IS NOT NULL",
            name=op.f("ck_consent_waiver_reviewed_by_somebody"),
        ),
        sa.CheckConstraint(
            "outcome <> 'NOT_UPHELD' OR note_sealed IS NOT NULL",
            name=op.f("ck_consent_waiver_not_upheld_has_note"),
        ),
        sa.CheckConstraint("told_on >= made_on", name=op.f("ck_consent_waiver_told_afterwards")),
        sa.CheckConstraint(
            "(told_on IS NULL) = (told_by_id IS NULL)", name=op.f("ck_consent_waiver_told_by_somebody")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_consent_waiver_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_waiver_person_id")),
        sa.ForeignKeyConstraint(
            ["recipient_team_id"], ["team.id"], name=op.f("fk_consent_waiver_recipient_team_id")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_consent_waiver_made_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["reviewed_by_id"], ["user_account.id"], name=op.f("fk_consent_waiver_reviewed_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["told_by_id"], ["user_account.id"], name=op.f("fk_consent_waiver_told_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_waiver")),
    )
    for column in (
        "person_id",
        "recipient_team_id",
        "subject_id",
        "made_by_id",
        "reviewed_by_id",
        "told_by_id",
    ):
        op.create_index(op.f(f"ix_consent_waiver_{column}"), "consent_waiver", [column], unique=False)
    op.create_index("ix_consent_waiver_case", "consent_waiver", ["case_id", "made_on"], unique=False)
    op.create_index(
        "ix_consent_waiver_open", "consent_waiver", ["case_id"],
        unique=False, postgresql_where=sa.text("reviewed_at IS NULL OR told_on IS NULL"),
    )  # fmt: skip
    wall.behind_policy("consent_waiver", read=wall.owner_of("case_id"))
    wall.grant("consent_waiver", app="SIU", work="SIU")
    # Nothing is overridden by default: where the key opens, there is nothing to waive.
    op.execute(
        """
        CREATE FUNCTION waiver_is_needed() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          latest record; by_name text;
        BEGIN
          SELECT c.state, c.expires_on INTO latest FROM consent c
          WHERE c.case_id = NEW.case_id AND c.purpose = NEW.purpose AND c.state <> 'NOT_ASKED'
            AND c.given_by <> 'CHILD_ASSENT'
            AND (c.recipient_team_id IS NULL OR c.recipient_team_id = NEW.recipient_team_id)
            AND (c.recipient_country IS NULL OR c.recipient_country = NEW.recipient_country)
          ORDER BY c.id DESC LIMIT 1;
          SELECT c.state INTO by_name FROM consent c
          WHERE c.case_id = NEW.case_id AND c.purpose = NEW.purpose AND c.state <> 'NOT_ASKED'
            AND c.given_by <> 'CHILD_ASSENT'
            AND (c.recipient_team_id = NEW.recipient_team_id OR c.recipient_country = NEW.recipient_country)
          ORDER BY c.id DESC LIMIT 1;
          IF latest.state = 'GIVEN' AND latest.expires_on >= NEW.made_on
             AND coalesce(by_name, '') NOT IN ('REFUSED', 'WITHDRAWN') THEN
            RAISE EXCEPTION 'the consent is there' USING ERRCODE = 'check_violation',
              CONSTRAINT = 'consent_waiver_needed';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER consent_waiver_needed BEFORE INSERT ON consent_waiver FOR EACH ROW "
        "EXECUTE FUNCTION waiver_is_needed()"
    )


def _referrals() -> None:
    op.add_column("referral_member", sa.Column("contact_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("referral_member", sa.Column("documents_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("referral_member", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    # Requirements were always shown; now they are one of the items that are chosen.
    _items((*ITEMS, *MORE_ITEMS))
    op.execute("UPDATE referral SET items = array_append(items, 'REQUIREMENTS')")
    op.execute("UPDATE case_access a SET items = r.items FROM referral r WHERE r.id = a.subject_id")
    _notices((*NOTICES, *MORE_NOTICES))


def _items(items: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{i}'" for i in items)
    op.drop_constraint(op.f("ck_referral_items_known"), "referral", type_="check")
    _check("referral", "items_known", f"items <@ ARRAY[{listed}]::text[]")


def _notices(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{k}'" for k in kinds)
    op.drop_constraint(op.f("ck_referral_notice_kind_known"), "referral_notice", type_="check")
    _check("referral_notice", "kind_known", f"kind IN ({listed})")


def _cots() -> None:
    """A cot belongs to somebody who may still be under two; what was set before stands until it is ended."""
    op.execute(
        """
        CREATE FUNCTION cot_is_for_an_infant() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.requirement = 'COT' AND NOT EXISTS (
            SELECT FROM person p WHERE p.case_id = NEW.case_id AND p.birth_to > NEW.set_on - interval '2 years') THEN
            RAISE EXCEPTION 'a cot is for a child under two' USING ERRCODE = 'check_violation',
              CONSTRAINT = 'placement_requirement_for_infant';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER placement_requirement_for_infant BEFORE INSERT ON placement_requirement FOR EACH ROW "
        "EXECUTE FUNCTION cot_is_for_an_infant()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER placement_requirement_for_infant ON placement_requirement")
    op.execute("DROP FUNCTION cot_is_for_an_infant()")
    op.drop_column("stay", "minimum")
    listed = ", ".join(f"'{k}'" for k in MORE_NOTICES)
    op.execute(f"DELETE FROM referral_notice WHERE kind IN ({listed})")
    _notices(NOTICES)
    for item in MORE_ITEMS:
        op.execute(f"UPDATE referral SET items = array_remove(items, '{item}')")
    _items(ITEMS)
    for column in ("left_at", "documents_sealed", "contact_sealed"):
        op.drop_column("referral_member", column)
    op.drop_table("consent_waiver")
    op.execute("DROP FUNCTION waiver_is_needed()")
    op.drop_index("ix_consent_ends", table_name="consent")
    for name in ("assent_recorded", "assent_is_a_childs", "assent_known", "given_ends"):
        op.drop_constraint(op.f(f"ck_consent_{name}"), "consent", type_="check")
    op.drop_column("consent", "assent")
    op.drop_column("consent", "age_asked")
    _consents(("CONSULAR", "RETURN_ASSISTANCE"))
    op.drop_column("case_access", "items")
    op.drop_column("case_access", "purpose")
