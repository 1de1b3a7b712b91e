"""A clock that the closing of its file ended is told apart: it goes on as the file is opened again."""

from __future__ import annotations

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

BEFORE = "'NO_LONGER_NEEDED', 'SUBJECT_ENDED', 'MOVED_AWAY', 'ERROR'"


def _reasons(known: str) -> None:
    name = op.f("ck_deadline_cancel_reason_known")
    op.drop_constraint(name, "deadline", type_="check")
    op.execute(f"ALTER TABLE deadline ADD CONSTRAINT {name} CHECK (cancel_reason IN ({known})) NOT VALID")
    op.execute(f"ALTER TABLE deadline VALIDATE CONSTRAINT {name}")


def upgrade() -> None:
    _reasons(f"{BEFORE}, 'FILE_CLOSED'")


def downgrade() -> None:
    op.execute("UPDATE deadline SET cancel_reason = 'SUBJECT_ENDED' WHERE cancel_reason = 'FILE_CLOSED'")
    _reasons(BEFORE)
