"""A claim belongs to people and goes by dated steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

OPEN = "decided_on IS NULL AND closed_on IS NULL"


def upgrade() -> None:
    _claim()
    _applicants()
    _steps()
    _carry_over()
    _keep_in_order()
    _not_at_home()


def _claim() -> None:
    op.add_column("claim", sa.Column("sealed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("claim", sa.Column("closed_by_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_claim_closed_by_id"), "claim", "user_account", ["closed_by_id"], ["id"])
    op.create_index(op.f("ix_claim_closed_by_id"), "claim", ["closed_by_id"], unique=False)
    # Whatever reads a claim comes with this migration; an intention has no date of lodging yet.
    op.execute("-- squawk-ignore ban-drop-not-null\nALTER TABLE claim ALTER COLUMN lodged_on DROP NOT NULL")
    op.create_check_constraint(
        op.f("ck_claim_decided_was_lodged"), "claim", "decided_on IS NULL OR lodged_on IS NOT NULL"
    )
    # Whoever wrote the end of an earlier claim stands in the journal.
    op.execute(
        "UPDATE claim SET closed_by_id = split_part(e.actor, ':', 2)::uuid FROM case_event e "
        "WHERE e.kind = 'claim.closed' AND e.subject_id = claim.id AND e.actor LIKE 'user:%' "
        "AND claim.closed_on IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_claim_closed_by_person"), "claim", "closed_on IS NULL OR closed_by_id IS NOT NULL"
    )
    op.drop_index("uq_claim_open", table_name="claim")
    op.create_index(
        "uq_claim_open", "claim", ["case_id"],
        unique=True, postgresql_where=sa.text(f"{OPEN} AND NOT sealed"),
    )  # fmt: skip


def _applicants() -> None:
    op.create_table(
        "claim_applicant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("left_reason", sa.Text(), nullable=True),
        sa.Column("sealed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("pending", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.CheckConstraint(
            "role IN ('PRINCIPAL', 'DERIVATIVE', 'SEPARATED_OWN_CLAIM')",
            name=op.f("ck_claim_applicant_role_known"),
        ),
        sa.CheckConstraint(
            "left_reason IN ('SEPARATED', 'OWN_STATUS', 'WITHDREW', 'DIED', 'ERROR')",
            name=op.f("ck_claim_applicant_left_reason_known"),
        ),
        sa.CheckConstraint("left_on >= since", name=op.f("ck_claim_applicant_dates_in_order")),
        sa.CheckConstraint(
            "(left_on IS NULL) = (left_reason IS NULL)", name=op.f("ck_claim_applicant_left_has_reason")
        ),
        sa.CheckConstraint(
            "NOT pending OR left_on IS NULL", name=op.f("ck_claim_applicant_pending_while_in")
        ),
        sa.CheckConstraint(
            "sealed = (role = 'SEPARATED_OWN_CLAIM')", name=op.f("ck_claim_applicant_own_claim_is_sealed")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_applicant_claim_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_claim_applicant_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_applicant")),
    )
    op.create_index(op.f("ix_claim_applicant_claim_id"), "claim_applicant", ["claim_id"], unique=False)
    op.create_index(op.f("ix_claim_applicant_case_id"), "claim_applicant", ["case_id"], unique=False)
    for name, columns, where in (
        ("in", ["claim_id", "case_id"], "left_on IS NULL"),
        ("leads", ["claim_id"], "role <> 'DERIVATIVE'"),
        ("pending", ["case_id", "sealed"], "pending"),
    ):
        op.create_index(
            f"uq_claim_applicant_{name}", "claim_applicant", columns,
            unique=True, postgresql_where=sa.text(where),
        )  # fmt: skip
    # A team whose person is in a claim sees it; only the team of whoever leads it changes it.
    wall.behind_policy("claim_applicant", read=wall.owner_of("case_id"))
    wall.grant("claim_applicant", app="SIU", work="SIU")
    belongs = "EXISTS (SELECT FROM public.claim_applicant a WHERE a.claim_id = claim.id)"
    op.execute(f"ALTER POLICY claim_read ON claim USING ({wall.owner_of('case_id')} OR {belongs})")


def _steps() -> None:
    op.create_table(
        "claim_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("instance", sa.Integer(), server_default="1", nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "step IN ('INTENTION', 'LODGED', 'REGISTERED', 'DOCUMENT_ISSUED', 'INTERVIEW', 'DECISION', 'NOTIFIED', 'APPEAL', 'CLOSED', 'REOPENED')",
            name=op.f("ck_claim_step_step_known"),
        ),
        sa.CheckConstraint("instance >= 1", name=op.f("ck_claim_step_instance_from_one")),
        sa.CheckConstraint(
            "step NOT IN ('DECISION', 'CLOSED', 'REOPENED') OR code IS NOT NULL",
            name=op.f("ck_claim_step_says_what"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_step_claim_id")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_claim_step_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_step")),
    )
    op.create_index(op.f("ix_claim_step_claim_id"), "claim_step", ["claim_id"], unique=False)
    op.create_index(op.f("ix_claim_step_recorded_by_id"), "claim_step", ["recorded_by_id"], unique=False)
    op.create_index(
        "uq_claim_step_once", "claim_step", ["claim_id", "instance", "step"],
        unique=True, postgresql_where=sa.text("step NOT IN ('DOCUMENT_ISSUED', 'INTERVIEW')"),
    )  # fmt: skip
    own = f"EXISTS (SELECT FROM public.claim k WHERE k.id = claim_step.claim_id AND {wall.owner_of('k.case_id')})"
    wall.behind_policy(
        "claim_step", read="EXISTS (SELECT FROM public.claim k WHERE k.id = claim_step.claim_id)", write=own
    )
    # What was written of a claim stays: a mistake is corrected by what follows.
    wall.grant("claim_step", app="SI", work="SI")


def _carry_over() -> None:
    """Claims of before: one person each, with the dates that they have."""
    op.execute(
        "INSERT INTO claim_applicant (id, claim_id, case_id, role, since, pending) "
        "SELECT gen_random_uuid(), id, case_id, 'PRINCIPAL', lodged_on, decided_on IS NULL AND closed_on IS NULL "
        "FROM claim"
    )
    for step, on, code in (
        ("LODGED", "lodged_on", "NULL"),
        ("DECISION", "decided_on", "outcome"),
        ("CLOSED", "closed_on", "closure_reason"),
    ):
        op.execute(
            "INSERT INTO claim_step (id, claim_id, step, taken_on, code, recorded_at) "
            f"SELECT gen_random_uuid(), id, '{step}', {on}, {code}, now() FROM claim WHERE {on} IS NOT NULL"
        )


def _keep_in_order() -> None:
    """What no country's order allows: a step of a claim that was not lodged, or of one that was closed."""
    op.execute(
        """
        CREATE FUNCTION keep_claim_steps() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE found public.claim;
        BEGIN
          SELECT * INTO found FROM public.claim WHERE id = NEW.claim_id;
          IF (found.closed_on IS NOT NULL AND NEW.step NOT IN ('REOPENED', 'CLOSED'))
             OR (found.lodged_on IS NULL AND NEW.step NOT IN ('INTENTION', 'LODGED', 'CLOSED', 'REOPENED'))
             OR (NEW.step <> 'INTENTION' AND NEW.taken_on < found.lodged_on) THEN
            RAISE EXCEPTION 'a step out of order'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_claim_step_in_order';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER claim_step_in_order BEFORE INSERT ON claim_step "
        "FOR EACH ROW EXECUTE FUNCTION keep_claim_steps()"
    )


def _not_at_home() -> None:
    """Nobody is in a claim in the country they are a national of, from whichever side it is written."""
    op.execute(
        """
        CREATE FUNCTION refuse_claim_at_home() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (
            SELECT FROM public.claim_applicant a
            JOIN public."case" c ON c.id = a.case_id
            JOIN public.person_nationality n ON n.case_id = a.case_id AND n.country = c.country
            WHERE a.case_id = NEW.case_id AND a.pending) THEN
            RAISE EXCEPTION 'a national claims no asylum at home'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_claim_applicant_not_at_home';
          END IF;
          RETURN NULL;
        END $$
        """
    )
    for table in ("claim_applicant", "person_nationality"):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_no_claim_at_home AFTER INSERT OR UPDATE ON {table} "
            "DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION refuse_claim_at_home()"
        )


def downgrade() -> None:
    for table in ("claim_applicant", "person_nationality"):
        op.execute(f"DROP TRIGGER {table}_no_claim_at_home ON {table}")
    op.execute("DROP FUNCTION refuse_claim_at_home()")
    op.drop_table("claim_step")
    op.execute("DROP FUNCTION keep_claim_steps()")
    op.execute(f"ALTER POLICY claim_read ON claim USING ({wall.owner_of('case_id')})")
    op.drop_table("claim_applicant")
    # An intention, and a spouse's own claim beside the family's, have no place in what was before.
    op.execute("DELETE FROM claim WHERE lodged_on IS NULL OR sealed")
    op.drop_index("uq_claim_open", table_name="claim")
    op.create_index("uq_claim_open", "claim", ["case_id"], unique=True, postgresql_where=sa.text(OPEN))
    for name in ("closed_by_person", "decided_was_lodged"):
        op.drop_constraint(op.f(f"ck_claim_{name}"), "claim", type_="check")
    op.alter_column("claim", "lodged_on", nullable=False)
    op.drop_constraint(op.f("fk_claim_closed_by_id"), "claim", type_="foreignkey")
    op.drop_index(op.f("ix_claim_closed_by_id"), table_name="claim")
    op.drop_column("claim", "closed_by_id")
    op.drop_column("claim", "sealed")
