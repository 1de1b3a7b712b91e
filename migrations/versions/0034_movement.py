"""A place in another state is booked with the authority's leave, or by a named authority where somebody is at risk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "movement_exception",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("to_admin1", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("authority_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("excepted_on", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "ground IN ('CHILD_AT_RISK', 'LIFE_AT_RISK')", name=op.f("ck_movement_exception_ground_known")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_movement_exception_case_id")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_movement_exception_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movement_exception")),
    )
    for column in ("case_id", "recorded_by_id"):
        op.create_index(op.f(f"ix_movement_exception_{column}"), "movement_exception", [column], unique=False)
    # As the limit itself: whoever may open the file may know to where its person may go.
    wall.behind_policy("movement_exception", read=wall.opens("case_id"), write=wall.owner_of("case_id"))
    wall.grant("movement_exception", app="SI", work="SI")
    op.execute(
        """
        CREATE FUNCTION keep_in_state() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (
            SELECT FROM public.movement_limit m JOIN public.site s ON s.id = NEW.site_id
            WHERE m.case_id = NEW.case_id AND m.ended_on IS NULL AND s.admin1 <> m.admin1
              AND NOT EXISTS (
                SELECT FROM public.movement_exception e
                WHERE e.case_id = NEW.case_id AND e.to_admin1 = s.admin1 AND e.valid_to >= NEW.first_night)) THEN
            RAISE EXCEPTION 'the leave to change state is missing'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_stay_has_leave';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    # Only who is sent needs leave: whoever stands at the door without a referral is not sent away for it.
    op.execute(
        "CREATE TRIGGER stay_has_leave BEFORE INSERT ON stay FOR EACH ROW "
        "WHEN (NEW.referral_id IS NOT NULL AND NEW.state NOT IN ('IN', 'ENDED', 'CANCELLED', 'NO_SHOW')) "
        "EXECUTE FUNCTION keep_in_state()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER stay_has_leave ON stay")
    op.execute("DROP FUNCTION keep_in_state()")
    op.drop_table("movement_exception")
