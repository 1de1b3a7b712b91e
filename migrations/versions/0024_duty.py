"""Documents given during the procedure, staying in a state, and signing at intervals."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _movement()
    _documents()
    _signatures()
    _leave()
    for table in ("issued_document", "sign_duty", "signature", "leave_request"):
        wall.behind_policy(table, read=wall.owner_of("case_id"))
        wall.grant(table, app="SIU", work="SIU")
    # Whoever may open a file may know where its person must stay: a place elsewhere is of no use to them.
    wall.behind_policy("movement_limit", read=wall.opens("case_id"), write=wall.owner_of("case_id"))
    wall.grant("movement_limit", app="SIU", work="SIU")
    # How often an office asks for a signature is no secret of a person.
    wall.grant("sign_interval", app="SI", work="SI")


def _table(
    name: str, *columns: Any, keys: dict[str, str], checks: dict[str, str], more: tuple[Any, ...] = ()
) -> None:
    """A table with its id, foreign keys (column: table) and checks."""
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        *columns,
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{name}_{key}")) for key, rule in checks.items()),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}"))
            for column, table in keys.items()
        ),
        *more,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def _one(table: str, name: str, column: str, where: str) -> None:
    op.create_index(f"uq_{table}_{name}", table, [column], unique=True, postgresql_where=sa.text(where))


def _movement() -> None:
    _table(
        "movement_limit",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("admin1", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        keys={"case_id": "case"},
        checks={"dates_in_order": "ended_on IS NULL OR ended_on >= since"},
    )
    _index("movement_limit", "case_id")
    _one("movement_limit", "current", "case_id", "ended_on IS NULL")


def _documents() -> None:
    _table(
        "issued_document",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("renews_id", sa.Uuid(), nullable=True),
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), server_default="ISSUED", nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        keys={"case_id": "case", "claim_id": "claim", "renews_id": "issued_document"},
        checks={
            "document_type_known": "document_type IN ('CURP_TEMPORARY', 'DIMEX', 'CLAIM_CERTIFICATE', 'REFUGEE_CARD', 'HUMANITARIAN_CARD', 'PROVISIONAL_STAY', 'UNHCR_CERTIFICATE')",
            "state_known": "state IN ('ISSUED', 'RENEWED', 'EXPIRED', 'WITHDRAWN')",
            "valid_after_issued": "valid_to >= issued_on",
            "ended_after_issued": "ended_on >= issued_on",
            "ended_has_date": "(state = 'ISSUED') = (ended_on IS NULL)",
            "renews_another": "renews_id <> id",
        },
        more=(sa.UniqueConstraint("renews_id", name=op.f("uq_issued_document_renews_id")),),
    )
    _index("issued_document", "case_id", "claim_id")
    op.create_index(
        "ix_issued_document_ends", "issued_document", ["valid_to"],
        unique=False, postgresql_where=sa.text("state = 'ISSUED' AND valid_to IS NOT NULL"),
    )  # fmt: skip


def _signatures() -> None:
    _table(
        "sign_interval",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=True),
        keys={"site_id": "site", "set_by_id": "user_account"},
        checks={"days_in_bounds": "days BETWEEN 1 AND 90"},
        more=(
            sa.UniqueConstraint("site_id", "valid_from", name=op.f("uq_sign_interval_site_id_valid_from")),
        ),
    )
    _index("sign_interval", "set_by_id")
    _table(
        "sign_duty",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        keys={"case_id": "case", "claim_id": "claim"},
        checks={
            "end_reason_known": "end_reason IN ('DECIDED', 'CLAIM_CLOSED', 'LIFTED')",
            "ended_has_reason": "(ended_on IS NULL) = (end_reason IS NULL)",
            "dates_in_order": "ended_on >= started_on",
            "due_after_start": "due_on >= started_on",
        },
    )
    _index("sign_duty", "case_id", "claim_id")
    _one("sign_duty", "current", "case_id", "ended_on IS NULL")
    _table(
        "signature",
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        keys={"duty_id": "sign_duty", "case_id": "case"},
        checks={
            "state_known": "state IN ('SIGNED', 'MISSED', 'EXCUSED')",
            "signed_has_date": "(state = 'MISSED') = (signed_on IS NULL)",
        },
        more=(
            sa.UniqueConstraint("duty_id", "due_on", "state", name=op.f("uq_signature_duty_id_due_on_state")),
        ),
    )
    _index("signature", "case_id")


def _leave() -> None:
    _table(
        "leave_request",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("from_admin1", sa.Text(), nullable=False),
        sa.Column("to_admin1", sa.Text(), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        keys={"case_id": "case"},
        checks={
            "outcome_known": "outcome IN ('GRANTED', 'REFUSED', 'WITHDRAWN')",
            "to_another_place": "from_admin1 <> to_admin1",
            "decided_has_outcome": "(decided_on IS NULL) = (outcome IS NULL)",
            "decided_after_asked": "decided_on >= asked_on",
        },
    )
    _index("leave_request", "case_id")
    _one("leave_request", "open", "case_id", "decided_on IS NULL")


def downgrade() -> None:
    for table in (
        "leave_request",
        "signature",
        "sign_duty",
        "sign_interval",
        "issued_document",
        "movement_limit",
    ):
        op.drop_table(table)
