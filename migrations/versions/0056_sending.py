"""A proposal whose lines are being sent says so, so that no second worker sends them beside the first."""

from __future__ import annotations

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

BEFORE = "'GATHER', 'OPTIONS', 'WHO', 'WHERE'"


def _steps(known: str) -> None:
    name = op.f("ck_placement_step_known")
    op.drop_constraint(name, "placement", type_="check")
    op.execute(f"ALTER TABLE placement ADD CONSTRAINT {name} CHECK (step IN ({known})) NOT VALID")
    op.execute(f"ALTER TABLE placement VALIDATE CONSTRAINT {name}")


def upgrade() -> None:
    _steps(f"{BEFORE}, 'SEND'")


def downgrade() -> None:
    op.execute("UPDATE placement SET step = NULL WHERE step = 'SEND'")
    _steps(BEFORE)
