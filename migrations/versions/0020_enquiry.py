"""Enquiries about persons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "enquiry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("paper", sa.Text(), server_default="NONE", nullable=False),
        sa.Column("about_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("remark_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.Text(), server_default="DID_NOT_CONFIRM", nullable=False),
        sa.Column("logged_by_id", sa.Uuid(), nullable=False),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("about_case_id", sa.Uuid(), nullable=True),
        sa.Column("linked_by_id", sa.Uuid(), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("wiped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "answer = 'DID_NOT_CONFIRM' OR (consent_id IS NOT NULL AND about_case_id IS NOT NULL AND asked_by IN ('FAMILY_SAID', 'CONSULATE', 'LAWYER'))",
            name=op.f("ck_enquiry_answered_with_consent"),
        ),
        sa.CheckConstraint(
            "answer IN ('DID_NOT_CONFIRM', 'CONFIRMED_WITH_CONSENT')", name=op.f("ck_enquiry_answer_known")
        ),
        sa.CheckConstraint(
            "asked_by IN ('FAMILY_SAID', 'POLICE', 'MIGRATION', 'CONSULATE', 'LAWYER', 'PRESS', 'UNKNOWN')",
            name=op.f("ck_enquiry_asked_by_known"),
        ),
        sa.CheckConstraint("channel IN ('GATE', 'PHONE', 'MESSAGE')", name=op.f("ck_enquiry_channel_known")),
        sa.CheckConstraint(
            "paper IN ('NONE', 'BADGE', 'ID_CARD', 'LETTER', 'COURT_ORDER', 'POWER_OF_ATTORNEY', 'OTHER')",
            name=op.f("ck_enquiry_paper_known"),
        ),
        sa.CheckConstraint(
            "(about_case_id IS NULL) = (linked_at IS NULL)", name=op.f("ck_enquiry_linked_has_time")
        ),
        sa.CheckConstraint(
            "(about_case_id IS NULL) = (linked_by_id IS NULL)", name=op.f("ck_enquiry_linked_has_person")
        ),
        sa.ForeignKeyConstraint(["about_case_id"], ["case.id"], name=op.f("fk_enquiry_about_case_id")),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_enquiry_consent_id")),
        sa.ForeignKeyConstraint(["linked_by_id"], ["user_account.id"], name=op.f("fk_enquiry_linked_by_id")),
        sa.ForeignKeyConstraint(["logged_by_id"], ["user_account.id"], name=op.f("fk_enquiry_logged_by_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_enquiry_site_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_enquiry_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enquiry")),
    )
    op.create_index(op.f("ix_enquiry_about_case_id"), "enquiry", ["about_case_id"], unique=False)
    op.create_index(op.f("ix_enquiry_consent_id"), "enquiry", ["consent_id"], unique=False)
    op.create_index(op.f("ix_enquiry_country"), "enquiry", ["country"], unique=False)
    op.create_index(op.f("ix_enquiry_linked_by_id"), "enquiry", ["linked_by_id"], unique=False)
    op.create_index(op.f("ix_enquiry_logged_by_id"), "enquiry", ["logged_by_id"], unique=False)
    op.create_index(op.f("ix_enquiry_site_id"), "enquiry", ["site_id"], unique=False)
    op.create_index("ix_enquiry_team_newest", "enquiry", ["team_id", "id"], unique=False)
    op.create_index(
        "ix_enquiry_text_to_wipe",
        "enquiry",
        ["at"],
        unique=False,
        postgresql_where=sa.text("wiped_at IS NULL"),
    )
    # Their own teams, the site's, the country's supervisors once it was passed on, and whoever holds the file.
    near = (
        f"team_id = ANY ({wall.TEAMS}) OR team_id = ANY ({wall.SITE_TEAMS}) OR EXISTS (SELECT FROM team t "
        f"WHERE t.id = ANY ({wall.TEAMS}) AND (t.site_id = enquiry.site_id "
        "OR (enquiry.passed_at IS NOT NULL AND t.country = enquiry.country)))"
    )
    ours = f"team_id = ANY ({wall.TEAMS}) OR team_id = ANY ({wall.SITE_TEAMS})"
    seen = f"{near} OR {wall.owner_of('about_case_id')}"
    wall.behind_policy("enquiry", read=seen)
    op.execute("DROP POLICY enquiry_add ON enquiry")
    op.execute(f"CREATE POLICY enquiry_add ON enquiry FOR INSERT TO acogida_app WITH CHECK ({ours})")
    wall.grant("enquiry", app="SIU", work="SIU")


def downgrade() -> None:
    op.drop_table("enquiry")
