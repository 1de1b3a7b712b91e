"""Commitments of the MIRPS: register, evidence, scores reviewed by another person, targets and costs; cooperation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import wall

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

WRITERS = "('COMMISSION_ANALYST', 'DATA_STEWARD', 'RELEASE_APPROVER')"


def _member(held: str) -> str:
    return (
        "EXISTS (SELECT FROM public.membership m JOIN public.team t ON t.id = m.team_id "
        f"WHERE m.user_id = {wall.ACTING_USER} AND ({held}))"
    )


def reads(country: str) -> str:
    """A commission reads its own country's and the region's; the regional secretariat reads all. `country` names its table:
    alone it would mean the team's."""
    return _member(
        f"(m.role IN {WRITERS} AND (t.country = {country} OR {country} = 'REG')) OR m.role = 'REGIONAL_ANALYST'"
    )


def writes(country: str) -> str:
    """A commission writes its own country's, the regional secretariat the region's."""
    return _member(
        f"(m.role IN {WRITERS} AND t.country = {country}) OR (m.role = 'REGIONAL_ANALYST' AND {country} = 'REG')"
    )


READS_IT = "EXISTS (SELECT FROM public.commitment c WHERE c.id = commitment_id)"
WRITES_IT = f"EXISTS (SELECT FROM public.commitment c WHERE c.id = commitment_id AND {writes('c.country')})"
COOPERATION = (
    "cooperation_actor", "cooperation_pledge", "cooperation_places", "cooperation_exchange", "cooperation_meeting",
    "cooperation_action", "cooperation_training",
)  # fmt: skip
REVIEW = "state, reviewer_id, reviewed_at, review_note"


def upgrade() -> None:
    op.create_table(
        "commitment_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_commitment_import_made_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_import")),
    )
    op.create_index(
        op.f("ix_commitment_import_made_by_id"), "commitment_import", ["made_by_id"], unique=False
    )
    op.create_table(
        "commitment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("pillar", sa.SmallInteger(), nullable=False),
        sa.Column("commitment_class", sa.Text(), server_default="COUNTRY", nullable=False),
        sa.Column("text_es", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("partners", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(withdrawn_on IS NULL) = (withdrawn_reason IS NULL) AND btrim(withdrawn_reason) <> ''",
            name=op.f("ck_commitment_withdrawn_for_a_reason"),
        ),
        sa.CheckConstraint(
            "CASE commitment_class WHEN 'COUNTRY' THEN country <> 'REG' AND pillar <= 4 WHEN 'PILLAR_5' THEN pillar = 5 ELSE true END",
            name=op.f("ck_commitment_class_fits"),
        ),
        sa.CheckConstraint(
            "btrim(text_es) <> '' AND length(text_es) <= 1000", name=op.f("ck_commitment_worded")
        ),
        sa.CheckConstraint(
            "commitment_class IN ('COUNTRY', 'PILLAR_5', 'SUPPORT_PLATFORM')",
            name=op.f("ck_commitment_commitment_class_known"),
        ),
        sa.CheckConstraint("country ~ '^[A-Z]{3}$'", name=op.f("ck_commitment_country_form")),
        sa.CheckConstraint("due_on >= starts_on", name=op.f("ck_commitment_due_after_start")),
        sa.CheckConstraint("pillar BETWEEN 1 AND 5", name=op.f("ck_commitment_pillar_known")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["commitment_import.id"], name=op.f("fk_commitment_import_id")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["user_account.id"], name=op.f("fk_commitment_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
        sa.UniqueConstraint("country", "code", name=op.f("uq_commitment_country_code")),
    )
    op.create_index(op.f("ix_commitment_import_id"), "commitment", ["import_id"], unique=False)
    op.create_index(op.f("ix_commitment_made_by_id"), "commitment", ["made_by_id"], unique=False)
    op.create_table(
        "commitment_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("added_by_id", sa.Uuid(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("btrim(title) <> ''", name=op.f("ck_commitment_evidence_titled")),
        sa.CheckConstraint(
            "kind IN ('DOCUMENT', 'LINK', 'RECORD', 'MATRIX')", name=op.f("ck_commitment_evidence_kind_known")
        ),
        sa.CheckConstraint(
            "media_type IN ('application/pdf', 'image/png', 'image/jpeg')",
            name=op.f("ck_commitment_evidence_file_known"),
        ),
        sa.CheckConstraint(
            "url ~* '^https?://[^[:space:]]+$'", name=op.f("ck_commitment_evidence_link_followable")
        ),
        sa.CheckConstraint(
            "num_nonnulls(content, sha256, media_type, file_name) IN (0, 4)",
            name=op.f("ck_commitment_evidence_file_described"),
        ),
        sa.CheckConstraint(
            "octet_length(content) BETWEEN 1 AND 5242880", name=op.f("ck_commitment_evidence_file_small")
        ),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["user_account.id"], name=op.f("fk_commitment_evidence_added_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_evidence_commitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_evidence")),
        sa.UniqueConstraint("id", "commitment_id", name="uq_commitment_evidence_id_commitment_id"),
    )
    op.create_index(
        op.f("ix_commitment_evidence_added_by_id"), "commitment_evidence", ["added_by_id"], unique=False
    )
    op.create_index(
        op.f("ix_commitment_evidence_commitment_id"), "commitment_evidence", ["commitment_id"], unique=False
    )
    op.create_table(
        "commitment_score",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("scored_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="PROPOSED", nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'PROPOSED') = (reviewer_id IS NULL) AND (reviewer_id IS NULL) = (reviewed_at IS NULL)",
            name=op.f("ck_commitment_score_reviewed_by_somebody"),
        ),
        sa.CheckConstraint(
            "state <> 'RETURNED' OR btrim(review_note) <> ''",
            name=op.f("ck_commitment_score_returned_for_a_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('PROPOSED', 'CONFIRMED', 'RETURNED')", name=op.f("ck_commitment_score_state_known")
        ),
        sa.CheckConstraint("reviewer_id <> author_id", name=op.f("ck_commitment_score_reviewed_by_another")),
        sa.CheckConstraint("score BETWEEN 0 AND 5", name=op.f("ck_commitment_score_score_on_scale")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_commitment_score_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_score_commitment_id")
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id", "commitment_id"],
            ["commitment_evidence.id", "commitment_evidence.commitment_id"],
            name="fk_commitment_score_evidence_id",
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["commitment_import.id"], name=op.f("fk_commitment_score_import_id")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["user_account.id"], name=op.f("fk_commitment_score_reviewer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_score")),
    )
    op.create_index(op.f("ix_commitment_score_author_id"), "commitment_score", ["author_id"], unique=False)
    op.create_index(
        "ix_commitment_score_commitment_id", "commitment_score", ["commitment_id", "scored_on"], unique=False
    )
    op.create_index(
        "ix_commitment_score_evidence_id", "commitment_score", ["evidence_id", "commitment_id"], unique=False
    )
    op.create_index(op.f("ix_commitment_score_import_id"), "commitment_score", ["import_id"], unique=False)
    op.create_index(
        op.f("ix_commitment_score_reviewer_id"), "commitment_score", ["reviewer_id"], unique=False
    )
    op.create_index(
        "uq_commitment_score_waiting",
        "commitment_score",
        ["commitment_id"],
        unique=True,
        postgresql_where=sa.text("state = 'PROPOSED'"),
    )
    op.create_table(
        "commitment_target",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("target", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.CheckConstraint(
            "indicator ~ '^P[1-5]-[0-9]{2}$'", name=op.f("ck_commitment_target_indicator_form")
        ),
        sa.CheckConstraint(
            "period ~ '^[0-9]{4}(-Q[1-4]|-(0[1-9]|1[0-2]))?$'", name=op.f("ck_commitment_target_period_form")
        ),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_target_commitment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_target")),
        sa.UniqueConstraint(
            "commitment_id",
            "indicator",
            "period",
            name=op.f("uq_commitment_target_commitment_id_indicator_period"),
        ),
    )
    op.create_table(
        "commitment_cost",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("budgeted", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.Column("funded", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.Column(
            "gap",
            sa.Numeric(precision=16, scale=2),
            sa.Computed("greatest(budgeted - funded, 0)", persisted=True),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_commitment_cost_currency_form")),
        sa.CheckConstraint(
            "budgeted >= 0 AND funded >= 0", name=op.f("ck_commitment_cost_amounts_not_negative")
        ),
        sa.CheckConstraint("year BETWEEN 2013 AND 2100", name=op.f("ck_commitment_cost_year_known")),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_cost_commitment_id")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_commitment_cost_made_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_cost")),
        sa.UniqueConstraint(
            "commitment_id", "year", "currency", name=op.f("uq_commitment_cost_commitment_id_year_currency")
        ),
    )
    op.create_index(op.f("ix_commitment_cost_made_by_id"), "commitment_cost", ["made_by_id"], unique=False)
    op.create_table(
        "cooperation_actor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('STATE', 'UN', 'REGIONAL_BODY', 'BANK', 'CIVIL_SOCIETY', 'ACADEMIA', 'PRIVATE', 'FAITH', 'OTHER')",
            name=op.f("ck_cooperation_actor_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_cooperation_actor_made_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cooperation_actor")),
        sa.UniqueConstraint("country", "name", name=op.f("uq_cooperation_actor_country_name")),
    )
    op.create_index(
        op.f("ix_cooperation_actor_made_by_id"), "cooperation_actor", ["made_by_id"], unique=False
    )
    op.create_table(
        "cooperation_pledge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("pledged_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("pledged", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.Column("received", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_cooperation_pledge_currency_form")),
        sa.CheckConstraint(
            "pledged >= 0 AND received >= 0", name=op.f("ck_cooperation_pledge_amounts_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["cooperation_actor.id"], name=op.f("fk_cooperation_pledge_actor_id")
        ),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name=op.f("fk_cooperation_pledge_commitment_id")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_cooperation_pledge_made_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cooperation_pledge")),
    )
    op.create_index(op.f("ix_cooperation_pledge_actor_id"), "cooperation_pledge", ["actor_id"], unique=False)
    op.create_index(
        op.f("ix_cooperation_pledge_commitment_id"), "cooperation_pledge", ["commitment_id"], unique=False
    )
    op.create_index(
        op.f("ix_cooperation_pledge_made_by_id"), "cooperation_pledge", ["made_by_id"], unique=False
    )
    op.create_table(
        "cooperation_places",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("offered_by", sa.CHAR(length=3), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("offered_by ~ '^[A-Z]{3}$'", name=op.f("ck_cooperation_places_offered_by_form")),
        sa.CheckConstraint("period ~ '^[0-9]{4}(-Q[1-4])?$'", name=op.f("ck_cooperation_places_period_form")),
        sa.CheckConstraint(
            "scheme IN ('RESETTLEMENT', 'PTA', 'OTHER_PATHWAY')",
            name=op.f("ck_cooperation_places_scheme_known"),
        ),
        sa.CheckConstraint(
            "offered >= 0 AND used BETWEEN 0 AND offered",
            name=op.f("ck_cooperation_places_used_within_offered"),
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_cooperation_places_made_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cooperation_places")),
        sa.UniqueConstraint(
            "country",
            "scheme",
            "offered_by",
            "period",
            name=op.f("uq_cooperation_places_country_scheme_offered_by_period"),
        ),
    )
    op.create_index(
        op.f("ix_cooperation_places_made_by_id"), "cooperation_places", ["made_by_id"], unique=False
    )
    op.create_table(
        "cooperation_exchange",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("with_countries", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("follow_up", sa.Text(), nullable=True),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_cooperation_exchange_made_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cooperation_exchange")),
    )
    op.create_index(
        op.f("ix_cooperation_exchange_made_by_id"), "cooperation_exchange", ["made_by_id"], unique=False
    )
    op.create_table(
        "cooperation_meeting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_cooperation_meeting_made_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cooperation_meeting")),
    )
    op.create_index(
        op.f("ix_cooperation_meeting_made_by_id"), "cooperation_meeting", ["made_by_id"], unique=False
    )
    op.create_table(
        "cooperation_action",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("commitment_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("btrim(owner) <> ''", name=op.f("ck_cooperation_action_owned")),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name=op.f("fk_cooperation_action_commitment_id")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_cooperation_action_made_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["cooperation_meeting.id"], name=op.f("fk_cooperation_action_meeting_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cooperation_action")),
    )
    op.create_index(
        op.f("ix_cooperation_action_commitment_id"), "cooperation_action", ["commitment_id"], unique=False
    )
    op.create_index(
        op.f("ix_cooperation_action_made_by_id"), "cooperation_action", ["made_by_id"], unique=False
    )
    op.create_index(
        op.f("ix_cooperation_action_meeting_id"), "cooperation_action", ["meeting_id"], unique=False
    )
    op.create_table(
        "cooperation_training",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("participants", sa.Integer(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "participants >= 0", name=op.f("ck_cooperation_training_participants_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_cooperation_training_made_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cooperation_training")),
    )
    op.create_index(
        op.f("ix_cooperation_training_made_by_id"), "cooperation_training", ["made_by_id"], unique=False
    )

    _walls()


def _walls() -> None:
    wall.behind_policy("commitment", read=reads("commitment.country"), write=writes("commitment.country"))
    wall.grant("commitment", app="SIU", work="SIU")
    for table in ("commitment_evidence", "commitment_target", "commitment_cost"):
        wall.behind_policy(table, read=READS_IT, write=WRITES_IT)
    # Evidence is added, never changed.
    wall.grant("commitment_evidence", app="SI", work="SI")
    wall.grant("commitment_target", app="SIUD", work="SIUD")
    wall.grant("commitment_cost", app="SIUD", work="SIUD")
    mine = f"(made_by_id = {wall.ACTING_USER})"
    wall.behind_policy(
        "commitment_import",
        read=f"{mine} OR EXISTS (SELECT FROM public.commitment c WHERE c.import_id = commitment_import.id)",
        write=mine,
    )
    wall.grant("commitment_import", app="SIU", work="SIU")
    _scores()
    for table in COOPERATION:
        wall.behind_policy(table, read=reads(f"{table}.country"), write=writes(f"{table}.country"))
        wall.grant(table, app="SIU", work="SIU")
    for table in (
        "commitment",
        "commitment_evidence",
        "commitment_score",
        "commitment_target",
        "commitment_cost",
    ):
        _for_figures(table)
    for table in COOPERATION:
        _for_figures(table)


def _scores() -> None:
    """A score comes in as a proposal; afterwards it can only be reviewed, once, by whoever acts."""
    wall.behind_policy("commitment_score", read=READS_IT, write=WRITES_IT)
    for name in ("add", "change", "remove"):
        op.execute(f"DROP POLICY commitment_score_{name} ON commitment_score")
    op.execute(
        "CREATE POLICY commitment_score_add ON commitment_score FOR INSERT TO acogida_app "
        f"WITH CHECK ({WRITES_IT} AND state = 'PROPOSED' AND author_id = {wall.ACTING_USER})"
    )
    op.execute(
        "CREATE POLICY commitment_score_change ON commitment_score FOR UPDATE TO acogida_app "
        f"USING ({WRITES_IT} AND state = 'PROPOSED') "
        f"WITH CHECK ({WRITES_IT} AND reviewer_id = {wall.ACTING_USER})"
    )
    wall.grant("commitment_score", app="SI", work="SI")
    op.execute(f"GRANT UPDATE ({REVIEW}) ON commitment_score TO acogida_app")


def _for_figures(table: str) -> None:
    """The annual report reads commitments beside the released tables, and writes nothing here."""
    wall.grant(table, figures="S")
    op.execute(f"CREATE POLICY {table}_figures ON {table} FOR SELECT TO acogida_figures USING (true)")


def downgrade() -> None:
    for table in (
        "cooperation_action", "cooperation_training", "cooperation_meeting", "cooperation_exchange",
        "cooperation_places", "cooperation_pledge", "cooperation_actor", "commitment_cost", "commitment_target",
        "commitment_score", "commitment_evidence",
    ):  # fmt: skip
        op.drop_table(table)
    op.execute("DROP POLICY commitment_import_read ON commitment_import")
    op.drop_table("commitment")
    op.drop_table("commitment_import")
