"""The log of deliveries; one of the same within its interval says why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SECTORS = (
    "SHELTER", "HEALTH", "MHPSS", "CHILD_PROTECTION", "FAMILY_TRACING", "LEGAL", "ASYLUM_AUTHORITY", "IDP_REGISTRATION",
    "EDUCATION", "LIVELIHOODS", "SOCIAL_REGISTRY", "CASH", "FOOD", "RELIEF_ITEMS", "DISABILITY", "DOCUMENTATION",
    "SOLUTIONS", "OTHER",
)  # fmt: skip
ITEMS = (
    "CASH", "VOUCHER", "FOOD", "HYGIENE", "CLOTHING", "DIGNITY_KIT", "BABY", "MEDICINE", "RENT", "TRANSPORT_LOCAL",
    "DOCUMENT_FEE", "PHONE_CREDIT",
)  # fmt: skip
LISTS = {
    "sector": SECTORS,
    "item": ITEMS,
    "result": (
        "DELIVERED_FULL",
        "DELIVERED_PART",
        "ASSESSED_NOT_ELIGIBLE",
        "REFERRED_ON",
        "PERSON_STOPPED",
    ),
    "mechanism": ("CARD", "TRANSFER", "CASH_IN_HAND", "MOBILE"),
    "provider_class": ("STATE", "UN", "NGO", "OTHER"),
    "again_reason": ("LOST", "STOLEN", "DAMAGED", "BABY", "NEW_MEMBER", "OTHER_NEED"),
    "withdrawn_reason": ("WRONG_ENTRY", "WRONG_PERSON", "NOT_HANDED_OVER"),
}
CHECKS = {
    "amount_of_cash": "COALESCE(item, '') IN ('CASH', 'VOUCHER') OR num_nonnulls(mechanism, amount) = 0",
    "cash_says_how_much": "COALESCE(item, '') <> 'CASH' OR result NOT IN ('DELIVERED_FULL', 'DELIVERED_PART') "
    "OR num_nonnulls(mechanism, amount) = 2",
    "amount_sane": "amount BETWEEN 1 AND 99999",
    "interval_sane": "interval_days > 0",
    "withdrawn_has_reason": "(withdrawn_on IS NULL) = (withdrawn_reason IS NULL)",
}
FOREIGN = {
    "case_id": "case",
    "provider_team_id": "team",
    "need_id": "need",
    "referral_id": "referral",
    "recorded_by_id": "user_account",
    "team_id": "team",
}


def upgrade() -> None:
    listed = {
        f"{column}_known": f"{column} IN ({', '.join(repr(c) for c in codes)})"
        for column, codes in LISTS.items()
    }
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("result", sa.Text(), server_default="DELIVERED_FULL", nullable=False),
        sa.Column("mechanism", sa.Text(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("provider_class", sa.Text(), nullable=False),
        sa.Column("provider_team_id", sa.Uuid(), nullable=True),
        sa.Column("need_id", sa.Uuid(), nullable=True),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("interval_days", sa.Integer(), nullable=True),
        sa.Column("again_reason", sa.Text(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        *(
            sa.CheckConstraint(c, name=op.f(f"ck_delivery_{name}"))
            for name, c in {**listed, **CHECKS}.items()
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_delivery_{column}"))
            for column, table in FOREIGN.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    for column in FOREIGN:
        op.create_index(op.f(f"ix_delivery_{column}"), "delivery", [column], unique=False)
    wall.behind_policy("delivery", read=wall.owner_of("case_id"))
    wall.grant("delivery", app="SIUD", work="SIU")
    # The lock is taken before the look, and the look sees what was committed while it waited.
    op.execute(
        """
        CREATE FUNCTION question_delivery_again() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.item IS NULL OR NEW.interval_days IS NULL OR NEW.again_reason IS NOT NULL
             OR NEW.withdrawn_on IS NOT NULL OR NEW.result NOT IN ('DELIVERED_FULL', 'DELIVERED_PART') THEN
            RETURN NEW;
          END IF;
          PERFORM pg_advisory_xact_lock(hashtextextended(NEW.case_id::text || NEW.item, 7203));
          IF EXISTS (
            SELECT FROM public.delivery d
            WHERE d.case_id = NEW.case_id AND d.item = NEW.item AND d.id <> NEW.id AND d.withdrawn_on IS NULL
              AND d.result IN ('DELIVERED_FULL', 'DELIVERED_PART')
              AND abs(d.delivered_on - NEW.delivered_on) < NEW.interval_days) THEN
            RAISE EXCEPTION 'the same was given within its interval'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_delivery_asked_again';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER asked_again BEFORE INSERT OR UPDATE OF item, delivered_on, result, interval_days, again_reason "
        "ON delivery FOR EACH ROW EXECUTE FUNCTION question_delivery_again()"
    )


def downgrade() -> None:
    op.drop_table("delivery")
    op.execute("DROP FUNCTION question_delivery_again()")
