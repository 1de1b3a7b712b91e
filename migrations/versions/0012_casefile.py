"""The case file: requests to close it, and what keeps it open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "closure_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="ASKED", nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'ASKED') = (decided_at IS NULL)", name=op.f("ck_closure_request_decided_has_time")
        ),
        sa.CheckConstraint(
            "(state IN ('ASKED', 'WITHDRAWN')) = (decided_by_id IS NULL)",
            name=op.f("ck_closure_request_decided_has_person"),
        ),
        sa.CheckConstraint(
            "reason IN ('SOLUTION_LOCAL', 'SOLUTION_NATURALISED', 'SOLUTION_RESETTLED', 'SOLUTION_PTA', 'SOLUTION_PATHWAY', 'SOLUTION_REUNIFIED', 'SOLUTION_RETURN_VOLUNTARY', 'SOLUTION_IDP', 'SOLUTION_REINTEGRATED', 'NEEDS_MET', 'REFERRED_ON', 'NO_NEED_FOUND', 'PERSON_ASKED', 'CONTACT_LOST', 'LEFT_TOLD', 'LEFT_LEARNT', 'REMOVED', 'DIED', 'DUPLICATE', 'ERROR')",
            name=op.f("ck_closure_request_reason_known"),
        ),
        sa.CheckConstraint(
            "state IN ('ASKED', 'APPROVED', 'REFUSED', 'WITHDRAWN')",
            name=op.f("ck_closure_request_state_known"),
        ),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name=op.f("ck_closure_request_second_person")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_closure_request_asked_by_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_closure_request_case_id")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_closure_request_decided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure_request")),
    )
    op.create_index(op.f("ix_closure_request_asked_by_id"), "closure_request", ["asked_by_id"], unique=False)
    op.create_index(op.f("ix_closure_request_case_id"), "closure_request", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_closure_request_decided_by_id"), "closure_request", ["decided_by_id"], unique=False
    )
    op.create_index(
        "uq_closure_request_open",
        "closure_request",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("state = 'ASKED'"),
    )

    wall.behind_policy("closure_request", read=wall.owner_of("case_id"))
    wall.grant("closure_request", app="SIU", work="SIU")
    # The rules of closing a second time: nothing urgent, no stay, and a second person where one is asked for.
    op.execute(
        """
        CREATE FUNCTION refuse_closing_open_case() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT FROM public.need n WHERE n.case_id = NEW.id AND n.state = 'OPEN'
                     AND n.priority IN ('EMERGENCY', 'HIGH')) THEN
            RAISE EXCEPTION 'an urgent need is open'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'case_closes_without_urgent_need';
          END IF;
          IF EXISTS (SELECT FROM public.stay s WHERE s.case_id = NEW.id AND s.state IN ('BOOKED', 'IN')) THEN
            RAISE EXCEPTION 'a stay is open'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'case_closes_without_stay';
          END IF;
          IF NEW.closure_reason IN ('REMOVED', 'DIED', 'ERROR') AND NOT EXISTS (
            SELECT FROM public.closure_request r WHERE r.case_id = NEW.id AND r.state = 'APPROVED'
            AND r.reason = NEW.closure_reason AND r.decided_by_id <> r.asked_by_id) THEN
            RAISE EXCEPTION 'a second person has not approved'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'case_closes_with_second_person';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        'CREATE TRIGGER refuse_closing_open_case BEFORE UPDATE OF status ON public."case" FOR EACH ROW '
        "WHEN (NEW.status = 'CLOSED' AND OLD.status <> 'CLOSED') EXECUTE FUNCTION refuse_closing_open_case()"
    )


def downgrade() -> None:
    op.execute('DROP TRIGGER refuse_closing_open_case ON public."case"')
    op.execute("DROP FUNCTION refuse_closing_open_case()")
    op.drop_table("closure_request")
