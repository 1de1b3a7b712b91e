"""Assistance asked for one adult, a second person's decision, and its payments; who asks never decides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

ITEMS = (
    "CASH", "VOUCHER", "FOOD", "HYGIENE", "CLOTHING", "DIGNITY_KIT", "BABY", "MEDICINE", "RENT", "TRANSPORT_LOCAL",
    "DOCUMENT_FEE", "PHONE_CREDIT",
)  # fmt: skip
MECHANISMS = ("CARD", "TRANSFER", "CASH_IN_HAND", "MOBILE")
REFUSALS = (
    "NOT_ELIGIBLE", "NO_FUNDS", "ALREADY_ASSISTED", "INFO_MISSING", "CONSENT_ENDED", "PERSON_DECLINED", "REQUEST_ERROR"
)  # fmt: skip
STATES = ("PLANNED", "SENT", "COLLECTED", "RETURNED", "FAILED", "RECONCILED")
FAILURES = ("WRONG_ID", "NAME_MISMATCH", "NO_COLLECTION", "PROVIDER")
DECISION_MOVES = (
    ("", "APPROVED"), ("", "REFUSED"), ("REFUSED", "APPEALED"), ("APPEALED", "APPROVED"), ("APPEALED", "REFUSED")
)  # fmt: skip
MOVES = (
    ("PLANNED", "SENT"), ("PLANNED", "FAILED"), ("SENT", "COLLECTED"), ("SENT", "RETURNED"), ("SENT", "FAILED"),
    ("COLLECTED", "RECONCILED"), ("RETURNED", "RECONCILED"), ("FAILED", "RECONCILED"),
)  # fmt: skip


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


def _pairs(pairs: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"('{a}', '{b}')" for a, b in pairs)


ASSISTANCE = {
    "item_known": f"item IN ({_listed(ITEMS)})",
    "mechanism_known": f"mechanism IN ({_listed(MECHANISMS)})",
    "decision_known": "decision IN ('APPROVED', 'REFUSED', 'APPEALED')",
    "refusal_known": f"refusal IN ({_listed(REFUSALS)})",
    "payee_adult": "payee_adult",
    "amount_of_money": "(item IN ('CASH', 'VOUCHER')) = (amount IS NOT NULL)",
    "cash_has_mechanism": "(item = 'CASH') = (mechanism IS NOT NULL)",
    "amount_sane": "amount BETWEEN 1 AND 99999",
    "planned_later": "until_on >= asked_on AND until_on <= asked_on + 366",
    "requester_never_decides": "decided_by_id <> asked_by_id",
    "another_decides_again": "decided_by_id <> refused_by_id",
    "refused_by_another": "refused_by_id <> asked_by_id",
    "decided_whole": "(COALESCE(decision, '') IN ('APPROVED', 'REFUSED')) = (decided_by_id IS NOT NULL) "
    "AND (decided_by_id IS NULL) = (decided_on IS NULL)",
    "refused_has_reason": "(COALESCE(decision, '') IN ('REFUSED', 'APPEALED')) = (refusal IS NOT NULL)",
    "appealed_whole": "(refused_by_id IS NULL) = (appealed_on IS NULL) AND "
    "(COALESCE(decision, '') <> 'APPEALED' OR appealed_on IS NOT NULL)",
    "delivered_if_approved": "delivered_on IS NULL OR COALESCE(decision, '') = 'APPROVED'",
}
PAYMENT = {
    "state_known": f"state IN ({_listed(STATES)})",
    "failure_known": f"failure IN ({_listed(FAILURES)})",
    "mechanism_known": f"mechanism IN ({_listed(MECHANISMS)})",
    "amount_sane": "amount BETWEEN 1 AND 99999",
    "failed_has_reason": "(state <> 'FAILED' OR failure IS NOT NULL) "
    "AND (failure IS NULL OR state IN ('FAILED', 'RECONCILED'))",
    "collected_has_day": "(state <> 'COLLECTED' OR collected_on IS NOT NULL) "
    "AND (collected_on IS NULL OR state IN ('COLLECTED', 'RECONCILED'))",
    "reconciled_has_who": "(state = 'RECONCILED') = (reconciled_by_id IS NOT NULL)",
    "another_reconciles": "reconciled_by_id <> moved_by_id",
}
ASSISTANCE_FOREIGN = {
    "case_id": "case", "team_id": "team", "from_team_id": "team", "consent_id": "consent",
    "asked_by_id": "user_account", "decided_by_id": "user_account", "refused_by_id": "user_account",
    "appealed_by_id": "user_account",
}  # fmt: skip
PAYMENT_FOREIGN = {
    "assistance_id": "assistance", "case_id": "case", "team_id": "team", "delivery_id": "delivery",
    "moved_by_id": "user_account", "reconciled_by_id": "user_account",
}  # fmt: skip


def _constraints(table: str, checks: dict[str, str], foreign: dict[str, str]) -> list[sa.Constraint]:
    return [
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in checks.items()),
        *(
            sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
            for column, other in foreign.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    op.create_table(
        "assistance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("from_team_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.CHAR(length=3), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("mechanism", sa.Text(), nullable=True),
        sa.Column("payee_adult", sa.Boolean(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("refused_by_id", sa.Uuid(), nullable=True),
        sa.Column("appealed_on", sa.Date(), nullable=True),
        sa.Column("appealed_by_id", sa.Uuid(), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *_constraints("assistance", ASSISTANCE, ASSISTANCE_FOREIGN),
        sa.UniqueConstraint("number", name=op.f("uq_assistance_number")),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assistance_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("mechanism", sa.Text(), nullable=True),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="PLANNED", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("collected_on", sa.Date(), nullable=True),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("moved_by_id", sa.Uuid(), nullable=False),
        sa.Column("reconciled_by_id", sa.Uuid(), nullable=True),
        sa.Column("delivery_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *_constraints("payment", PAYMENT, PAYMENT_FOREIGN),
    )
    for table, foreign in (("assistance", ASSISTANCE_FOREIGN), ("payment", PAYMENT_FOREIGN)):
        for column in foreign:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
    op.create_index(
        "uq_assistance_open", "assistance", ["case_id", "item"], unique=True,
        postgresql_where=sa.text("COALESCE(decision, '') IN ('', 'APPEALED')"),
    )  # fmt: skip
    team = f"team_id = ANY ({wall.TEAMS})"
    wall.behind_policy(
        "assistance",
        read=f"{wall.owner_of('case_id')} OR {team}",
        add=f"{wall.owner_of('case_id')} OR {team}",
    )
    wall.behind_policy("payment", read=f"{wall.owner_of('case_id')} OR {team}", write=team)
    for table in ("assistance", "payment"):
        wall.grant(table, app="SIU", work="SIU")
    _asking()
    _deciding()
    _paying()


def _asking() -> None:
    """Nothing is asked without the person's own yes to assistance by this team: the key that opens today is kept."""
    op.execute("GRANT SELECT ON consent TO acogida_definer")
    wall.definer_function(
        "keep_cash_consent() RETURNS trigger LANGUAGE plpgsql",
        """
        DECLARE held record;
        BEGIN
          SELECT c.id, c.state, c.expires_on INTO held FROM public.consent c
          WHERE c.case_id = NEW.case_id AND c.purpose = 'CASH' AND c.state <> 'NOT_ASKED'
            AND c.given_by <> 'CHILD_ASSENT' AND c.recipient_country IS NULL
            AND (c.recipient_team_id IS NULL OR c.recipient_team_id = NEW.team_id)
          ORDER BY c.id DESC LIMIT 1;
          IF held.id IS NULL OR held.state <> 'GIVEN' OR held.expires_on < NEW.asked_on OR COALESCE((
            SELECT c.state FROM public.consent c
            WHERE c.case_id = NEW.case_id AND c.purpose = 'CASH' AND c.state <> 'NOT_ASKED'
              AND c.given_by <> 'CHILD_ASSENT' AND c.recipient_team_id = NEW.team_id
            ORDER BY c.id DESC LIMIT 1), 'GIVEN') IN ('REFUSED', 'WITHDRAWN') THEN
            RAISE EXCEPTION 'the person has not said yes to assistance by this team'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_assistance_cash_consent';
          END IF;
          NEW.consent_id := held.id;
          RETURN NEW;
        END
        """,
        to="",
    )
    op.execute(
        "CREATE TRIGGER cash_consent BEFORE INSERT ON assistance FOR EACH ROW EXECUTE FUNCTION keep_cash_consent()"
    )


def _deciding() -> None:
    op.execute(
        f"""
        CREATE FUNCTION keep_decision_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'INSERT' THEN
            IF NEW.decision IS NOT NULL THEN
              RAISE EXCEPTION 'a request begins without a decision'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_assistance_decision_moves';
            END IF;
          ELSIF NEW.decision IS DISTINCT FROM OLD.decision
            AND (COALESCE(OLD.decision, ''), COALESCE(NEW.decision, '')) NOT IN ({_pairs(DECISION_MOVES)}) THEN
            RAISE EXCEPTION 'a decision does not move like that'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_assistance_decision_moves';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER decision_moves BEFORE INSERT OR UPDATE OF decision ON assistance "
        "FOR EACH ROW EXECUTE FUNCTION keep_decision_moves()"
    )


def _paying() -> None:
    """A payment begins as planned, moves by the table, and all that may still arrive is never more than was approved."""
    op.execute(
        f"""
        CREATE FUNCTION keep_payment_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE approved integer; arriving integer;
        BEGIN
          IF TG_OP = 'UPDATE' THEN
            IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN ({_pairs(MOVES)}) THEN
              RAISE EXCEPTION 'a payment does not move like that'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_payment_moves';
            END IF;
            IF (NEW.amount, NEW.assistance_id, NEW.case_id) IS DISTINCT FROM (OLD.amount, OLD.assistance_id, OLD.case_id)
            THEN
              RAISE EXCEPTION 'what a payment is does not change'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_payment_moves';
            END IF;
            RETURN NEW;
          END IF;
          IF NEW.state <> 'PLANNED' THEN
            RAISE EXCEPTION 'a payment begins as planned'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_payment_moves';
          END IF;
          SELECT a.amount INTO approved FROM public.assistance a
          WHERE a.id = NEW.assistance_id AND a.case_id = NEW.case_id AND a.decision = 'APPROVED' FOR UPDATE;
          SELECT COALESCE(sum(p.amount), 0) INTO arriving FROM public.payment p
          WHERE p.assistance_id = NEW.assistance_id
            AND (p.state IN ('PLANNED', 'SENT', 'COLLECTED') OR p.collected_on IS NOT NULL);
          IF approved IS NULL OR arriving + NEW.amount > approved THEN
            RAISE EXCEPTION 'more than was approved'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_payment_within_approval';
          END IF;
          RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER payment_moves BEFORE INSERT OR UPDATE ON payment "
        "FOR EACH ROW EXECUTE FUNCTION keep_payment_moves()"
    )


def downgrade() -> None:
    op.drop_table("payment")
    op.drop_table("assistance")
    for name in ("keep_payment_moves", "keep_decision_moves", "keep_cash_consent"):
        op.execute(f"DROP FUNCTION {name}()")
