"""A one-time page may accept some of the people, and opens two weeks at the longest."""

from __future__ import annotations

from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

GUEST = "(SELECT nullif(current_setting('app.guest', true), '')::uuid)"
NAME = "ck_referral_link_expires_in_two_weeks"


def upgrade() -> None:
    op.execute(
        f"ALTER TABLE referral_link ADD CONSTRAINT {NAME} CHECK (expires_at <= made_at + interval '14 days') NOT VALID"
    )
    op.execute(f"ALTER TABLE referral_link VALIDATE CONSTRAINT {NAME}")
    _may("'ACCEPTED', 'PART_ACCEPTED', 'DECLINED', 'STARTED'")
    _tells("'referral.accepted', 'referral.part_accepted', 'referral.declined', 'referral.started'")


def _may(states: str) -> None:
    op.execute(
        f"ALTER POLICY referral_guest_answers ON referral WITH CHECK (id = {GUEST} AND state IN ({states}))"
    )


def _tells(kinds: str) -> None:
    op.execute(
        f"ALTER POLICY case_event_guest_tells ON case_event WITH CHECK (subject_id = {GUEST} AND kind IN ({kinds}))"
    )


def downgrade() -> None:
    _tells("'referral.accepted', 'referral.declined', 'referral.started'")
    _may("'ACCEPTED', 'DECLINED', 'STARTED'")
    op.drop_constraint(NAME, "referral_link", type_="check")
