"""Requests of persons about their data, legal holds, retention runs and data breaches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subject_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="ASKED", nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("what_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("file_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collected_by_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(kind = 'CORRECTION') = (topic IS NOT NULL)",
            name=op.f("ck_subject_request_correction_has_topic"),
        ),
        sa.CheckConstraint(
            "(state IN ('ASKED', 'READY')) = (ended_at IS NULL)",
            name=op.f("ck_subject_request_ended_has_time"),
        ),
        sa.CheckConstraint(
            "(state IN ('GRANTED', 'PART', 'REFUSED')) = (decided_by_id IS NOT NULL)",
            name=op.f("ck_subject_request_decided_has_person"),
        ),
        sa.CheckConstraint(
            "(state IN ('PART', 'REFUSED')) = (reason IS NOT NULL)",
            name=op.f("ck_subject_request_refused_has_reason"),
        ),
        sa.CheckConstraint(
            "file_sealed IS NULL OR state = 'READY'", name=op.f("ck_subject_request_copy_until_collected")
        ),
        sa.CheckConstraint(
            "kind IN ('ACCESS', 'CORRECTION', 'ERASURE')", name=op.f("ck_subject_request_kind_known")
        ),
        sa.CheckConstraint(
            "reason IN ('NOT_THIS_PERSON', 'NOT_WRONG', 'LEGAL_DUTY', 'RIGHTS_OF_OTHERS')",
            name=op.f("ck_subject_request_reason_known"),
        ),
        sa.CheckConstraint(
            "state IN ('ASKED', 'READY', 'COLLECTED', 'GRANTED', 'PART', 'REFUSED', 'WITHDRAWN')",
            name=op.f("ck_subject_request_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('READY', 'COLLECTED') OR kind = 'ACCESS'",
            name=op.f("ck_subject_request_copy_of_access"),
        ),
        sa.CheckConstraint(
            "topic IN ('NAME', 'BIRTH', 'NATIONALITY', 'DOCUMENT', 'CONTACT', 'FAMILY', 'NEED', 'OTHER')",
            name=op.f("ck_subject_request_topic_known"),
        ),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name=op.f("ck_subject_request_second_person")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_subject_request_asked_by_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_subject_request_case_id")),
        sa.ForeignKeyConstraint(
            ["collected_by_id"], ["user_account.id"], name=op.f("fk_subject_request_collected_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_subject_request_decided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_request")),
    )
    op.create_index(op.f("ix_subject_request_asked_by_id"), "subject_request", ["asked_by_id"], unique=False)
    op.create_index(op.f("ix_subject_request_case_id"), "subject_request", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_subject_request_collected_by_id"), "subject_request", ["collected_by_id"], unique=False
    )
    op.create_index(
        op.f("ix_subject_request_decided_by_id"), "subject_request", ["decided_by_id"], unique=False
    )
    op.create_index("ix_subject_request_due", "subject_request", ["country", "due_on"], unique=False)
    op.create_index(
        "uq_subject_request_open",
        "subject_request",
        ["case_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state IN ('ASKED', 'READY')"),
    )
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "reason IN ('APPEAL', 'COURT', 'COMPLAINT', 'INVESTIGATION')",
            name=op.f("ck_legal_hold_reason_known"),
        ),
        sa.CheckConstraint(
            "(ended_on IS NULL) = (ended_by_id IS NULL)", name=op.f("ck_legal_hold_ended_has_person")
        ),
        sa.CheckConstraint("ended_on >= since", name=op.f("ck_legal_hold_dates_in_order")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_legal_hold_case_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["user_account.id"], name=op.f("fk_legal_hold_ended_by_id")),
        sa.ForeignKeyConstraint(["set_by_id"], ["user_account.id"], name=op.f("fk_legal_hold_set_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(op.f("ix_legal_hold_case_id"), "legal_hold", ["case_id"], unique=False)
    op.create_index(op.f("ix_legal_hold_ended_by_id"), "legal_hold", ["ended_by_id"], unique=False)
    op.create_index(op.f("ix_legal_hold_set_by_id"), "legal_hold", ["set_by_id"], unique=False)
    op.create_index(
        "uq_legal_hold_open",
        "legal_hold",
        ["case_id", "reason"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "retention_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="PROPOSED", nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state IN ('APPROVED', 'DONE')) = (approved_by_id IS NOT NULL)",
            name=op.f("ck_retention_run_approved_has_person"),
        ),
        sa.CheckConstraint(
            "(state IN ('DONE', 'CANCELLED')) = (ended_at IS NOT NULL)",
            name=op.f("ck_retention_run_ended_has_time"),
        ),
        sa.CheckConstraint(
            "state IN ('PROPOSED', 'APPROVED', 'DONE', 'CANCELLED')",
            name=op.f("ck_retention_run_state_known"),
        ),
        sa.CheckConstraint("approved_by_id <> proposed_by_id", name=op.f("ck_retention_run_second_person")),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["user_account.id"], name=op.f("fk_retention_run_approved_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["user_account.id"], name=op.f("fk_retention_run_proposed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
    )
    op.create_index(
        op.f("ix_retention_run_approved_by_id"), "retention_run", ["approved_by_id"], unique=False
    )
    op.create_index(
        op.f("ix_retention_run_proposed_by_id"), "retention_run", ["proposed_by_id"], unique=False
    )
    op.create_index(
        "uq_retention_run_open",
        "retention_run",
        ["country"],
        unique=True,
        postgresql_where=sa.text("state IN ('PROPOSED', 'APPROVED')"),
    )
    op.create_table(
        "retention_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("closure_group", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("held", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(outcome = 'HELD') = (held IS NOT NULL)", name=op.f("ck_retention_item_held_has_reason")
        ),
        sa.CheckConstraint(
            "outcome IN ('TO_ERASE', 'ERASED', 'HELD')", name=op.f("ck_retention_item_outcome_known")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_retention_item_case_id")),
        sa.ForeignKeyConstraint(["run_id"], ["retention_run.id"], name=op.f("fk_retention_item_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_item")),
        sa.UniqueConstraint("run_id", "case_id", name=op.f("uq_retention_item_run_id_case_id")),
    )
    op.create_index(op.f("ix_retention_item_case_id"), "retention_item", ["case_id"], unique=False)
    op.create_table(
        "data_breach",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("noticed_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("what_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("told_authority_on", sa.Date(), nullable=True),
        sa.Column("told_persons_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind IN ('LOST_DEVICE', 'WRONG_RECIPIENT', 'SEEN_BY_OTHERS', 'ACCOUNT_MISUSED', 'PAPER_LOST', 'ATTACK', 'OTHER')",
            name=op.f("ck_data_breach_kind_known"),
        ),
        sa.CheckConstraint("closed_on >= noticed_on", name=op.f("ck_data_breach_dates_in_order")),
        sa.CheckConstraint(
            "closed_on IS NULL OR told_authority_on IS NOT NULL", name=op.f("ck_data_breach_closed_when_told")
        ),
        sa.CheckConstraint("persons >= 0", name=op.f("ck_data_breach_persons_counted")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_data_breach_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_breach")),
    )
    op.create_index("ix_data_breach_country", "data_breach", ["country", "noticed_on"], unique=False)
    op.create_index(op.f("ix_data_breach_recorded_by_id"), "data_breach", ["recorded_by_id"], unique=False)
    owned = wall.owner_of("case_id")
    overseen = f"{owned} OR {wall.oversees('country')}"
    # The copy itself stays with those who hold the file and the data-protection officer who hands it over.
    wall.behind_policy("subject_request", read=overseen)
    op.execute("DROP POLICY subject_request_add ON subject_request")
    op.execute(
        f"CREATE POLICY subject_request_add ON subject_request FOR INSERT TO acogida_app WITH CHECK ({owned})"
    )
    wall.grant("subject_request", app="SIU", work="SIU")
    wall.behind_policy("legal_hold", read=owned)
    wall.grant("legal_hold", app="SIU", work="S")
    for table in ("retention_run", "data_breach"):
        wall.behind_policy(table, read=wall.oversees("country"))
        wall.grant(table, app="SIU", work="SU")
    of_run = "EXISTS (SELECT FROM retention_run r WHERE r.id = retention_item.run_id)"
    wall.behind_policy("retention_item", read=of_run)
    wall.grant("retention_item", app="SIU", work="SU")
    _holds()
    _counts()


def _holds() -> None:
    """A held file is erased by nobody: neither by a verb that forgot to ask nor by a rule."""
    op.execute(
        """
        CREATE FUNCTION refuse_erasing_held() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT FROM public.legal_hold h WHERE h.case_id = NEW.id AND h.ended_on IS NULL)
            OR EXISTS (SELECT FROM public.subject_request r WHERE r.case_id = NEW.id
                       AND r.kind <> 'ERASURE' AND r.state IN ('ASKED', 'READY'))
            OR EXISTS (SELECT FROM public.deadline d WHERE d.case_id = NEW.id AND d.kind = 'LEGAL'
                       AND d.state IN ('RUNNING', 'PAUSED', 'LATE')) THEN
            RAISE EXCEPTION 'the file is held'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'case_erased_when_nothing_holds';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        'CREATE TRIGGER refuse_erasing_held BEFORE UPDATE OF erased_at ON public."case" FOR EACH ROW '
        "WHEN (NEW.erased_at IS NOT NULL AND OLD.erased_at IS NULL) EXECUTE FUNCTION refuse_erasing_held()"
    )


def _counts() -> None:
    """What an officer who opens no file is told: numbers of closed files and what holds them, and counts."""
    op.execute("GRANT SELECT ON legal_hold, subject_request, deadline, consent TO acogida_definer")
    wall.definer_function(
        "closed_files(p_country text, p_before date) RETURNS TABLE (case_id uuid, number text, closed_on date, "
        "closure_reason text, held boolean, asked boolean, clocked boolean) LANGUAGE sql STABLE",
        f"""
        SELECT c.id, c.number, c.closed_on, c.closure_reason,
          EXISTS (SELECT FROM public.legal_hold h WHERE h.case_id = c.id AND h.ended_on IS NULL),
          EXISTS (SELECT FROM public.subject_request r WHERE r.case_id = c.id AND r.state IN ('ASKED', 'READY')),
          EXISTS (SELECT FROM public.deadline d WHERE d.case_id = c.id AND d.kind = 'LEGAL'
                  AND d.state IN ('RUNNING', 'PAUSED', 'LATE'))
        FROM public."case" c
        WHERE c.country = p_country::bpchar AND c.status = 'CLOSED' AND c.erased_at IS NULL
          AND c.closed_on < p_before AND {wall.oversees("p_country")}
        ORDER BY c.closed_on, c.number
        """,
        to="acogida_app, acogida_work",
    )
    wall.definer_function(
        "consent_counts(p_country text, p_since date) RETURNS TABLE (kind text, purpose text, counted bigint) "
        "LANGUAGE sql STABLE",
        f"""
        SELECT e.kind, e.code, count(*) FROM public.case_event e
        WHERE e.country = p_country::bpchar AND e.effective_on >= p_since
          AND e.kind IN ('consent.given', 'consent.refused', 'consent.withdrawn', 'consent.waived')
          AND {wall.oversees("p_country")}
        GROUP BY e.kind, e.code ORDER BY e.kind, e.code
        """,
        to="acogida_app",
    )
    wall.definer_function(
        "audited_file(p_number text) RETURNS uuid LANGUAGE sql STABLE",
        f"""
        SELECT c.id FROM public."case" c WHERE c.number = p_number AND {wall.oversees("c.country::text")}
        """,
        to="acogida_app",
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION audited_file(text)")
    op.execute("DROP FUNCTION consent_counts(text, date)")
    op.execute("DROP FUNCTION closed_files(text, date)")
    op.execute("REVOKE SELECT ON deadline, consent FROM acogida_definer")
    op.execute('DROP TRIGGER refuse_erasing_held ON public."case"')
    op.execute("DROP FUNCTION refuse_erasing_held()")
    for table in ("data_breach", "retention_item", "retention_run", "legal_hold", "subject_request"):
        op.drop_table(table)
