"""A reminder before the deadline, a pause that ends, and a word to the sender where nobody answers or nobody arrives."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None

NOTICES = (
    "ARRIVED", "NEXT_CONTACT", "ESCALATED", "LAPSED", "INFO_ASKED", "INFO_GIVEN", "ACCEPTED", "PART_ACCEPTED", "DECLINED",
    "WITHDRAWN", "STARTED", "COMPLETED", "NOT_COMPLETED", "PERSON_LEFT", "CONSENT_ENDED", "PLACE_OFFERED", "NOBODY_THERE",
    "LINK_LOCKED", "NIGHTS_CHANGED", "REVIEW", "PERSON_MISSING",
)  # fmt: skip
MORE = ("REMINDER", "CALL_DUTY", "CLOCK_GOES_ON", "NOT_BEGUN")
COLUMNS = ("remind_at", "reminded_at", "pause_ends_at", "not_begun_told_at")
PAUSED = "ck_referral_paused_for_a_time"


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("referral", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    # Clocks that stand still now: an IMMEDIATE one goes on at once, the others have their time from today.
    op.execute(
        "UPDATE referral SET due_at = due_at + (now() - paused_at), told_at = told_at + (now() - paused_at), "
        "lapse_at = lapse_at + (now() - paused_at), paused_at = NULL WHERE paused_at IS NOT NULL AND priority = 'IMMEDIATE'"
    )
    op.execute(
        "UPDATE referral SET pause_ends_at = greatest(paused_at, now()) + CASE priority WHEN 'EMERGENCY' THEN interval '6 hours' "
        "WHEN 'URGENT' THEN interval '24 hours' ELSE interval '72 hours' END WHERE paused_at IS NOT NULL"
    )
    op.execute(
        f"ALTER TABLE referral ADD CONSTRAINT {PAUSED} CHECK (paused_at IS NULL OR "
        "(priority <> 'IMMEDIATE' AND pause_ends_at IS NOT NULL AND pause_ends_at > paused_at)) NOT VALID"
    )
    op.execute(f"ALTER TABLE referral VALIDATE CONSTRAINT {PAUSED}")
    op.create_index(
        "ix_referral_paused", "referral", ["pause_ends_at"], postgresql_where=sa.text("paused_at IS NOT NULL")
    )
    op.create_index(
        "ix_referral_not_begun", "referral", ["first_night"],
        postgresql_where=sa.text("state = 'ACCEPTED' AND not_begun_told_at IS NULL"),
    )  # fmt: skip
    _notices((*NOTICES, *MORE))


def _notices(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{k}'" for k in kinds)
    name = op.f("ck_referral_notice_kind_known")
    op.drop_constraint(name, "referral_notice", type_="check")
    op.execute(f"ALTER TABLE referral_notice ADD CONSTRAINT {name} CHECK (kind IN ({listed})) NOT VALID")
    op.execute(f"ALTER TABLE referral_notice VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    listed = ", ".join(f"'{k}'" for k in MORE)
    op.execute(f"DELETE FROM referral_notice WHERE kind IN ({listed})")
    _notices(NOTICES)
    op.drop_index("ix_referral_not_begun", "referral")
    op.drop_index("ix_referral_paused", "referral")
    op.drop_constraint(op.f(PAUSED), "referral", type_="check")
    for column in reversed(COLUMNS):
        op.drop_column("referral", column)
