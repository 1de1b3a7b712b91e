"""The liaison in a migratory station holds no other role."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE membership ADD CONSTRAINT ex_membership_liaison_alone EXCLUDE USING gist "
        "(user_id WITH =, ((role = 'CUSTODY_LIAISON')::int) WITH <>, daterange(valid_from, valid_to) WITH &&)"
    )


def downgrade() -> None:
    op.drop_constraint("ex_membership_liaison_alone", "membership")
