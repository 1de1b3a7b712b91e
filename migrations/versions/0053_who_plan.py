"""Ask who has room by hashing: the planner takes a country's sites for two and loops over all of them again and again."""

from __future__ import annotations

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

ASKED = "who_has_room(text, text, uuid[], text[], date, date, uuid, timestamptz)"


def upgrade() -> None:
    # 400 sites, 20,000 places: 1.7 s with nested loops, 0.1 s without (tests/bench/who.py).
    op.execute(f"ALTER FUNCTION {ASKED} SET enable_nestloop = off")


def downgrade() -> None:
    op.execute(f"ALTER FUNCTION {ASKED} RESET enable_nestloop")
