"""Cases and people, and the wall around them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("readers", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("status", sa.Text(), server_default="OPEN", nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closure_reason", sa.Text(), nullable=True),
        sa.Column("assigned_to_id", sa.Uuid(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(status = 'CLOSED') = (closed_on IS NOT NULL)", name=op.f("ck_case_closed_has_date")
        ),
        sa.CheckConstraint(
            "(status = 'CLOSED') = (closure_reason IS NOT NULL)", name=op.f("ck_case_closed_has_reason")
        ),
        sa.CheckConstraint("status IN ('OPEN', 'CLOSED')", name=op.f("ck_case_status_known")),
        sa.CheckConstraint("closed_on >= opened_on", name=op.f("ck_case_closed_after_opened")),
        sa.ForeignKeyConstraint(["assigned_to_id"], ["user_account.id"], name=op.f("fk_case_assigned_to_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_case_site_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_case_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case")),
        sa.UniqueConstraint("number", name=op.f("uq_case_number")),
    )
    op.create_index(op.f("ix_case_assigned_to_id"), "case", ["assigned_to_id"], unique=False)
    op.create_index(op.f("ix_case_country"), "case", ["country"], unique=False)
    op.create_index("ix_case_readers", "case", ["readers"], unique=False, postgresql_using="gin")
    op.create_index(op.f("ix_case_site_id"), "case", ["site_id"], unique=False)
    op.create_index("ix_case_team_open", "case", ["team_id", "status", "opened_on"], unique=False)
    op.create_table(
        "household",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("formed_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_household_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
        sa.UniqueConstraint("number", name=op.f("uq_household_number")),
    )
    op.create_index(op.f("ix_household_country"), "household", ["country"], unique=False)
    op.create_index(op.f("ix_household_team_id"), "household", ["team_id"], unique=False)
    op.create_table(
        "case_access",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("scope IN ('REFERRAL', 'SHARE', 'STAY')", name=op.f("ck_case_access_scope_known")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_access_case_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_case_access_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_access")),
    )
    op.create_index(op.f("ix_case_access_case_id"), "case_access", ["case_id"], unique=False)
    op.create_index(
        "ix_case_access_current",
        "case_access",
        ["case_id", "team_id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(op.f("ix_case_access_subject_id"), "case_access", ["subject_id"], unique=False)
    op.create_index(op.f("ix_case_access_team_id"), "case_access", ["team_id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("whose_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("via_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("code_word_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.Column("language", sa.CHAR(length=3), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "rule IN ('SAFE_TO_CALL', 'SAFE_TO_TEXT', 'NO_MESSAGES', 'ONLY_VIA')",
            name=op.f("ck_contact_rule_known"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_contact_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_case_id"), "contact", ["case_id"], unique=False)
    op.create_table(
        "contact_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('CALL', 'TEXT', 'CHAT', 'VISIT', 'VIA_CONTACT', 'EMAIL')",
            name=op.f("ck_contact_attempt_channel_known"),
        ),
        sa.CheckConstraint(
            "result IN ('REACHED', 'NO_ANSWER', 'WRONG_PERSON_DO_NOT_REUSE', 'MESSAGE_LEFT_NEUTRAL')",
            name=op.f("ck_contact_attempt_result_known"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_contact_attempt_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_contact_attempt_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_attempt")),
    )
    op.create_index(op.f("ix_contact_attempt_by_id"), "contact_attempt", ["by_id"], unique=False)
    op.create_index(op.f("ix_contact_attempt_case_id"), "contact_attempt", ["case_id"], unique=False)
    op.create_table(
        "duplicate_candidate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("other_case_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("decision", sa.Text(), server_default="OPEN", nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "decision IN ('OPEN', 'SAME', 'NOT_SAME')", name=op.f("ck_duplicate_candidate_decision_known")
        ),
        sa.CheckConstraint("case_id < other_case_id", name=op.f("ck_duplicate_candidate_kept_once")),
        sa.CheckConstraint(
            "(decision = 'OPEN') = (decided_at IS NULL)", name=op.f("ck_duplicate_candidate_decided_has_time")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_duplicate_candidate_case_id")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_duplicate_candidate_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["other_case_id"], ["case.id"], name=op.f("fk_duplicate_candidate_other_case_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_candidate")),
        sa.UniqueConstraint(
            "case_id", "other_case_id", name=op.f("uq_duplicate_candidate_case_id_other_case_id")
        ),
    )
    op.create_index(op.f("ix_duplicate_candidate_case_id"), "duplicate_candidate", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_duplicate_candidate_decided_by_id"), "duplicate_candidate", ["decided_by_id"], unique=False
    )
    op.create_index(
        op.f("ix_duplicate_candidate_other_case_id"), "duplicate_candidate", ["other_case_id"], unique=False
    )
    op.create_table(
        "household_member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("is_head", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "left_on IS NULL OR left_on >= joined_on", name=op.f("ck_household_member_dates_in_order")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_household_member_case_id")),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_household_member_household_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_member")),
    )
    op.create_index(op.f("ix_household_member_case_id"), "household_member", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_household_member_household_id"), "household_member", ["household_id"], unique=False
    )
    op.create_index(
        "uq_household_member_current",
        "household_member",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("left_on IS NULL"),
    )
    op.create_index(
        "uq_household_member_head",
        "household_member",
        ["household_id"],
        unique=True,
        postgresql_where=sa.text("left_on IS NULL AND is_head"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
        sa.Column("given_names_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("surname_1_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("surname_2_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("also_known_as_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("called_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("gender_self_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("birth_precision", sa.Text(), nullable=False),
        sa.Column("birth_from", sa.Date(), nullable=True),
        sa.Column("birth_to", sa.Date(), nullable=True),
        sa.Column("age_status", sa.Text(), server_default="STATED", nullable=False),
        sa.Column("sex_in_document", sa.Text(), nullable=False),
        sa.Column("feels_safe_in", sa.Text(), server_default="NOT_ASKED", nullable=False),
        sa.Column("interpreter_needed", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(birth_precision = 'UNKNOWN') = (birth_from IS NULL) AND (birth_from IS NULL) = (birth_to IS NULL)",
            name=op.f("ck_person_birth_bounded"),
        ),
        sa.CheckConstraint(
            "age_status IN ('STATED', 'DOCUMENTED', 'DISPUTED_TREATED_AS_CHILD', 'DECIDED_CHILD', 'DECIDED_ADULT')",
            name=op.f("ck_person_age_status_known"),
        ),
        sa.CheckConstraint(
            "birth_precision <> 'DAY' OR birth_from = birth_to", name=op.f("ck_person_birth_exact")
        ),
        sa.CheckConstraint(
            "birth_precision IN ('DAY', 'MONTH', 'YEAR', 'AGE_ESTIMATED', 'UNKNOWN')",
            name=op.f("ck_person_birth_precision_known"),
        ),
        sa.CheckConstraint(
            "feels_safe_in IN ('WOMEN', 'MEN', 'SEPARATE', 'LGBTIQ_SITE', 'NO_PREFERENCE', 'NOT_ASKED', 'UNKNOWN', 'DECLINED', 'NOT_APPLICABLE')",
            name=op.f("ck_person_feels_safe_in_known"),
        ),
        sa.CheckConstraint(
            "sex_in_document IN ('F', 'M', 'X', 'NOT_ASKED', 'UNKNOWN', 'DECLINED', 'NOT_APPLICABLE')",
            name=op.f("ck_person_sex_in_document_known"),
        ),
        sa.CheckConstraint("birth_from <= birth_to", name=op.f("ck_person_birth_in_order")),
        sa.CheckConstraint("merged_into_id <> id", name=op.f("ck_person_not_merged_into_itself")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_person_case_id")),
        sa.ForeignKeyConstraint(["merged_into_id"], ["person.id"], name=op.f("fk_person_merged_into_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("case_id", name=op.f("uq_person_case_id")),
    )
    op.create_index(op.f("ix_person_merged_into_id"), "person", ["merged_into_id"], unique=False)
    op.create_table(
        "placement_requirement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("requirement", sa.Text(), nullable=False),
        sa.Column("detail_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("life_critical", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_placement_requirement_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement_requirement")),
    )
    op.create_index(
        op.f("ix_placement_requirement_case_id"), "placement_requirement", ["case_id"], unique=False
    )
    op.create_index(
        "uq_placement_requirement_current",
        "placement_requirement",
        ["case_id", "requirement"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "relation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("other_case_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), server_default="CLAIMED", nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "evidence IN ('CLAIMED', 'DOCUMENT', 'BOTH_AGREE_ALONE', 'VERIFIED_BY_AUTHORITY', 'DISPROVED')",
            name=op.f("ck_relation_evidence_known"),
        ),
        sa.CheckConstraint(
            "relation IN ('PARENT', 'CHILD', 'SPOUSE', 'PARTNER', 'SIBLING', 'GRANDPARENT', 'GRANDCHILD', 'AUNT_UNCLE', 'NIECE_NEPHEW', 'COUSIN', 'STEP_PARENT', 'STEP_CHILD', 'IN_LAW', 'GUARDIAN_LEGAL', 'WARD', 'CUSTOMARY_CARER', 'CARED_FOR', 'GODPARENT', 'GODCHILD', 'TRAVEL_COMPANION', 'NONE')",
            name=op.f("ck_relation_relation_known"),
        ),
        sa.CheckConstraint("case_id <> other_case_id", name=op.f("ck_relation_not_with_itself")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_relation_case_id")),
        sa.ForeignKeyConstraint(["other_case_id"], ["case.id"], name=op.f("fk_relation_other_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relation")),
        sa.UniqueConstraint("case_id", "other_case_id", name=op.f("uq_relation_case_id_other_case_id")),
    )
    op.create_index(op.f("ix_relation_case_id"), "relation", ["case_id"], unique=False)
    op.create_index(op.f("ix_relation_other_case_id"), "relation", ["other_case_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recipient_team_id", sa.Uuid(), nullable=True),
        sa.Column("recipient_country", sa.CHAR(length=3), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("adult", sa.Boolean(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_by_case_id", sa.Uuid(), nullable=True),
        sa.Column("form", sa.Text(), nullable=True),
        sa.Column("language", sa.CHAR(length=3), nullable=True),
        sa.Column("interpreter", sa.Text(), nullable=True),
        sa.Column("alone", sa.Boolean(), nullable=True),
        sa.Column("legal_advice_on", sa.Date(), nullable=True),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(state = 'WITHDRAWN') = (withdrawn_at IS NOT NULL)", name=op.f("ck_consent_withdrawn_has_time")
        ),
        sa.CheckConstraint(
            "NOT adult OR given_by IN ('SELF', 'SUPPORTED_DECISION')",
            name=op.f("ck_consent_adult_consents_alone"),
        ),
        sa.CheckConstraint(
            "NOT adult OR state = 'NOT_ASKED' OR given_by_case_id IS NULL",
            name=op.f("ck_consent_adult_never_through_another"),
        ),
        sa.CheckConstraint(
            "given_by IN ('SELF', 'PARENT', 'GUARDIAN', 'CHILD_AUTHORITY', 'CHILD_ASSENT', 'SUPPORTED_DECISION')",
            name=op.f("ck_consent_given_by_known"),
        ),
        sa.CheckConstraint(
            "adult OR given_by NOT IN ('SELF', 'SUPPORTED_DECISION')",
            name=op.f("ck_consent_child_with_carer"),
        ),
        sa.CheckConstraint("state <> 'GIVEN' OR form IS NOT NULL", name=op.f("ck_consent_given_has_form")),
        sa.CheckConstraint("purpose <> 'MEDIA'", name=op.f("ck_consent_never_media")),
        sa.CheckConstraint(
            "purpose NOT IN ('CONSULAR', 'RETURN_ASSISTANCE') OR state <> 'GIVEN' OR (coalesce(alone, false) "
            "AND legal_advice_on IS NOT NULL AND expires_on IS NOT NULL AND expires_on <= asked_on + 30)",
            name=op.f("ck_consent_grave_with_care"),
        ),
        sa.CheckConstraint(
            "purpose NOT IN ('CONSULAR', 'CROSS_BORDER', 'COUNTRY_OF_ORIGIN') OR state = 'NOT_ASKED' "
            "OR recipient_country IS NOT NULL",
            name=op.f("ck_consent_country_named"),
        ),
        sa.CheckConstraint(
            "state IN ('GIVEN', 'REFUSED', 'WITHDRAWN', 'EXPIRED', 'NOT_ASKED')",
            name=op.f("ck_consent_state_known"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_consent_case_id")),
        sa.ForeignKeyConstraint(["given_by_case_id"], ["case.id"], name=op.f("fk_consent_given_by_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_person_id")),
        sa.ForeignKeyConstraint(
            ["recipient_team_id"], ["team.id"], name=op.f("fk_consent_recipient_team_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_consent_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_given_by_case_id"), "consent", ["given_by_case_id"], unique=False)
    op.create_index(op.f("ix_consent_person_id"), "consent", ["person_id"], unique=False)
    op.create_index("ix_consent_purpose", "consent", ["case_id", "purpose", "state"], unique=False)
    op.create_index(op.f("ix_consent_recipient_team_id"), "consent", ["recipient_team_id"], unique=False)
    op.create_index(op.f("ix_consent_recorded_by_id"), "consent", ["recorded_by_id"], unique=False)
    op.create_table(
        "identity_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.CHAR(length=3), nullable=True),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("seen", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_identity_document_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identity_document_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_document")),
    )
    op.create_index(op.f("ix_identity_document_case_id"), "identity_document", ["case_id"], unique=False)
    op.create_index(op.f("ix_identity_document_person_id"), "identity_document", ["person_id"], unique=False)
    op.create_table(
        "name_token",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_name_token_person_id")),
        sa.PrimaryKeyConstraint("person_id", "kind", "token", name=op.f("pk_name_token")),
    )
    op.create_index(
        "ix_name_token_token", "name_token", ["country", "token", "kind", "person_id"], unique=False
    )
    op.create_table(
        "need",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="OPEN", nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("screening_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("(state = 'OPEN') = (ended_on IS NULL)", name=op.f("ck_need_ended_has_date")),
        sa.CheckConstraint(
            "priority IN ('EMERGENCY', 'HIGH', 'MEDIUM', 'LOW')", name=op.f("ck_need_priority_known")
        ),
        sa.CheckConstraint("state IN ('OPEN', 'MET', 'ENDED')", name=op.f("ck_need_state_known")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_need_case_id")),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"], ["user_account.id"], name=op.f("fk_need_confirmed_by_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_need_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need")),
    )
    op.create_index(op.f("ix_need_case_id"), "need", ["case_id"], unique=False)
    op.create_index(op.f("ix_need_confirmed_by_id"), "need", ["confirmed_by_id"], unique=False)
    op.create_index(op.f("ix_need_person_id"), "need", ["person_id"], unique=False)
    op.create_index(op.f("ix_need_screening_id"), "need", ["screening_id"], unique=False)
    op.create_index(
        "uq_need_open", "need", ["case_id", "code"], unique=True, postgresql_where=sa.text("state = 'OPEN'")
    )
    op.create_table(
        "person_language",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("language", sa.CHAR(length=3), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_person_language_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_language_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_language")),
        sa.UniqueConstraint("person_id", "language", name=op.f("uq_person_language_person_id_language")),
        sa.UniqueConstraint("person_id", "position", name=op.f("uq_person_language_person_id_position")),
    )
    op.create_index(op.f("ix_person_language_case_id"), "person_language", ["case_id"], unique=False)
    op.create_table(
        "person_nationality",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_person_nationality_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_nationality_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_nationality")),
        sa.UniqueConstraint("person_id", "country", name=op.f("uq_person_nationality_person_id_country")),
        sa.UniqueConstraint("person_id", "position", name=op.f("uq_person_nationality_person_id_position")),
    )
    op.create_index(op.f("ix_person_nationality_case_id"), "person_nationality", ["case_id"], unique=False)
    op.create_table(
        "person_population",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "ended_on IS NULL OR ended_on >= since", name=op.f("ck_person_population_dates_in_order")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_person_population_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_population_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_population")),
    )
    op.create_index(op.f("ix_person_population_case_id"), "person_population", ["case_id"], unique=False)
    op.create_index(op.f("ix_person_population_person_id"), "person_population", ["person_id"], unique=False)
    readable = wall.opens("case_id")
    owned = wall.owner_of("case_id")
    wall.behind_policy(
        'public."case"',
        read=f"team_id = ANY ({wall.TEAMS}) OR readers && {wall.TEAMS}",
        write=f"team_id = ANY ({wall.TEAMS})",
    )
    wall.grant('"case"', app="SIUD", work="SU")
    # Only the owner grants; a reader may end its own reading, and sees only its own lines.
    wall.behind_policy("case_access", read=f"team_id = ANY ({wall.TEAMS}) OR {owned}")
    op.execute("DROP POLICY case_access_add ON case_access")
    op.execute(f"CREATE POLICY case_access_add ON case_access FOR INSERT TO acogida_app WITH CHECK ({owned})")
    wall.grant("case_access", app="SIUD", work="SIU")
    for table in ("person", "person_language", "household_member", "relation", "placement_requirement"):
        wall.behind_policy(table, read=readable, write=owned)
        wall.grant(table, app="SIUD", work="SIUD")
    for table in (
        "person_nationality",
        "person_population",
        "identity_document",
        "consent",
        "contact",
        "contact_attempt",
        "need",
    ):
        wall.behind_policy(table, read=owned)
        wall.grant(table, app="SIUD", work="SIUD")
    wall.behind_policy(
        "household",
        read=f"team_id = ANY ({wall.TEAMS}) OR EXISTS "
        "(SELECT FROM household_member m WHERE m.household_id = household.id)",
        write=f"team_id = ANY ({wall.TEAMS})",
    )
    wall.grant("household", app="SIUD", work="SIU")
    wall.behind_policy(
        "duplicate_candidate",
        read=f"({owned} OR {wall.owner_of('other_case_id')}) AND {wall.opens('case_id')} "
        f"AND {wall.opens('other_case_id')}",
    )
    wall.grant("duplicate_candidate", app="SIUD", work="SIUD")
    op.execute('GRANT SELECT, UPDATE (readers) ON "case" TO acogida_definer')
    op.execute("GRANT SELECT ON case_access, person TO acogida_definer")
    op.execute("GRANT SELECT, INSERT, DELETE ON name_token TO acogida_definer")
    wall.grant("name_token", work="SD")

    # `readers` follows `case_access` whoever writes there, even a team that may not change the case.
    wall.definer_function(
        "keep_readers() RETURNS trigger LANGUAGE plpgsql",
        """
        BEGIN
          UPDATE public."case" SET readers = ARRAY(
            SELECT DISTINCT a.team_id FROM public.case_access a
            WHERE a.case_id = coalesce(NEW.case_id, OLD.case_id) AND a.ended_at IS NULL ORDER BY 1)
          WHERE id = coalesce(NEW.case_id, OLD.case_id);
          RETURN NULL;
        END
        """,
        to="acogida_app, acogida_work",
    )
    op.execute(
        "CREATE TRIGGER keep_readers AFTER INSERT OR UPDATE OR DELETE ON case_access "
        "FOR EACH ROW EXECUTE FUNCTION keep_readers()"
    )
    # Search: tokens are compared here and nowhere else; only cases that the caller may open come back.
    # The tokens of several persons are written at once: arrays of the same length, one place for each token.
    wall.definer_function(
        "put_tokens(p_country text, p_all uuid[], p_persons uuid[], p_kinds smallint[], p_tokens integer[]) "
        "RETURNS void LANGUAGE plpgsql",
        f"""
        BEGIN
          IF current_setting('app.user', true) <> '' AND EXISTS (
            SELECT FROM public.person p JOIN public."case" c ON c.id = p.case_id
            WHERE p.id = ANY (p_all) AND c.team_id = ANY ({wall.TEAMS}) IS NOT TRUE) THEN
            RAISE insufficient_privilege USING MESSAGE = 'tokens of another team''s person';
          END IF;
          DELETE FROM public.name_token WHERE person_id = ANY (p_all);
          INSERT INTO public.name_token (person_id, kind, token, country)
          SELECT p, k, t, p_country FROM unnest(p_persons, p_kinds, p_tokens) AS x(p, k, t)
          WHERE p = ANY (p_all) ON CONFLICT DO NOTHING;
        END
        """,
        to="acogida_app, acogida_work",
    )
    # The country is cast to the column's own type: compared as text the index on it would lie idle.
    wall.definer_function(
        "candidates(p_country text, p_kinds smallint[], p_tokens integer[], p_limit integer) "
        "RETURNS TABLE (person_id uuid, case_id uuid, hits bigint) LANGUAGE sql STABLE",
        f"""
        SELECT p.id, c.id, h.hits FROM (
          SELECT n.person_id, count(*) AS hits
          FROM unnest(p_kinds, p_tokens) AS q(k, t)
          JOIN public.name_token n ON n.country = p_country::bpchar AND n.token = q.t AND n.kind = q.k
          GROUP BY n.person_id) h
        JOIN public.person p ON p.id = h.person_id
        JOIN public."case" c ON c.id = p.case_id
        WHERE c.erased_at IS NULL AND (c.team_id = ANY ({wall.TEAMS}) OR c.readers && {wall.TEAMS})
        ORDER BY h.hits DESC, p.id DESC LIMIT p_limit
        """,
        to="acogida_app, acogida_work",
    )
    # Nobody is an asylum-seeker in the country they are a national of, from whichever side it is written.
    op.execute(
        """
        CREATE FUNCTION refuse_national_asylum_seeker() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (
            SELECT FROM public.person_population s
            JOIN public."case" c ON c.id = s.case_id
            JOIN public.person_nationality n ON n.person_id = s.person_id AND n.country = c.country
            WHERE s.person_id = NEW.person_id AND s.population = 'ASYLUM_SEEKER' AND s.ended_on IS NULL) THEN
            RAISE EXCEPTION 'a national is no asylum-seeker at home'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_person_population_not_at_home';
          END IF;
          RETURN NULL;
        END $$
        """
    )
    for table in ("person_population", "person_nationality"):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_not_at_home AFTER INSERT OR UPDATE ON {table} "
            "DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION refuse_national_asylum_seeker()"
        )


def downgrade() -> None:
    op.execute("DROP TRIGGER keep_readers ON case_access")
    op.execute("DROP FUNCTION keep_readers()")
    op.execute("DROP FUNCTION put_tokens(text, uuid[], uuid[], smallint[], integer[])")
    op.execute("DROP FUNCTION candidates(text, smallint[], integer[], integer)")
    for table in ("person_population", "person_nationality"):
        op.execute(f"DROP TRIGGER {table}_not_at_home ON {table}")
    op.execute("DROP FUNCTION refuse_national_asylum_seeker()")
    # `opens()` policies of other tables lean on household_member and case: take them off first.
    op.execute("DROP POLICY household_read ON household")
    op.drop_table("person_population")
    op.drop_table("person_nationality")
    op.drop_table("person_language")
    op.drop_table("need")
    op.drop_table("name_token")
    op.drop_table("identity_document")
    op.drop_table("consent")
    op.drop_table("relation")
    op.drop_table("placement_requirement")
    op.drop_table("person")
    op.drop_table("household_member")
    op.drop_table("duplicate_candidate")
    op.drop_table("contact_attempt")
    op.drop_table("contact")
    op.drop_table("case_access")
    op.drop_table("household")
    op.drop_table("case")
