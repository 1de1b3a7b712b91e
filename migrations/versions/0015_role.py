"""Roles of custody, of child protection and of data protection (VOCABULARY A6)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SPINE = (
    "CASEWORKER", "SUPERVISOR", "SHELTER_COORDINATOR", "SERVICE_FOCAL_POINT", "COMMISSION_ANALYST",
    "REGIONAL_ANALYST", "DATA_STEWARD", "RELEASE_APPROVER", "ADMINISTRATOR", "AUDITOR", "GATE_NIGHT",
)  # fmt: skip
MORE = ("CUSTODY_LIAISON", "CHILD_OFFICER", "DATA_PROTECTION_OFFICER")


def _only(roles: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{role}'" for role in roles)
    op.drop_constraint(op.f("ck_membership_role_known"), "membership", type_="check")
    op.create_check_constraint(op.f("ck_membership_role_known"), "membership", sa.text(f"role IN ({listed})"))


def upgrade() -> None:
    _only((*SPINE, *MORE))


def downgrade() -> None:
    listed = ", ".join(f"'{role}'" for role in MORE)
    op.execute(f"DELETE FROM membership WHERE role IN ({listed})")
    _only(SPINE)
