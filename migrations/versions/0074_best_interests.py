"""Best-interests assessments of children: read by the team that holds the file, written by its child officers, approved
by its supervisors; what was approved or stopped is never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

T, A = "best_interests", "best_interests_action"
MINE = wall.owner_of("case_id")
HOLDS = (
    'EXISTS (SELECT FROM public.membership m JOIN public."case" c ON c.team_id = m.team_id WHERE c.id = case_id '
    f"AND m.user_id = {wall.ACTING_USER} AND m.role IN ({{roles}}))"
)
OFFICER = HOLDS.format(roles="'CHILD_OFFICER'")
SUPERVISOR = HOLDS.format(roles="'SUPERVISOR'")
DECIDES = f"{MINE} AND (({OFFICER} AND state <> 'APPROVED') OR ({SUPERVISOR} AND decided_by_id IS NOT NULL))"
STANDING = "state IN ('OPEN', 'CONCLUDED')"
#: An action is changed as long as its assessment is.
OF_STANDING = f"EXISTS (SELECT FROM public.best_interests b WHERE b.id = assessment_id AND b.{STANDING})"
TOLD = (
    "assessed_on IS NOT NULL AND views_heard IS NOT NULL AND review_on IS NOT NULL AND concluded_by_id IS NOT NULL "
    "AND took_part_sealed IS NOT NULL AND views_sealed IS NOT NULL AND findings_sealed IS NOT NULL"
)
KNOWN = {
    "kind": "'BIA_SHORT', 'BIA'",
    "state": "'OPEN', 'CONCLUDED', 'APPROVED', 'STOPPED'",
    "views_heard": "'YES', 'NO'",
    "timing": "'ON_TIME', 'LATE', 'NO_LIMIT'",
    "stop_reason": "'WITH_FAMILY', 'ADULT_NOW', 'LEFT', 'OPENED_IN_ERROR'",
}
CHECKS = {
    **{f"{column}_known": f"{column} IN ({codes})" for column, codes in KNOWN.items()},
    "concluded_is_told": f"state NOT IN ('CONCLUDED', 'APPROVED') OR ({TOLD})",
    "assessed_after_identified": "assessed_on >= identified_on",
    "review_in_time": "review_on > assessed_on AND review_on <= assessed_on + 180",
    "second_person": "decided_by_id <> concluded_by_id",
    "approved_by_somebody": (
        "(state = 'APPROVED') = (timing IS NOT NULL) AND (state <> 'APPROVED' OR decided_by_id IS NOT NULL)"
    ),
    "decided_has_time": "(decided_by_id IS NULL) = (decided_at IS NULL)",
    "stopped_has_reason": "(state = 'STOPPED') = (stop_reason IS NOT NULL)",
}
USERS = ("opened_by_id", "concluded_by_id", "decided_by_id")


def upgrade() -> None:
    _assessments()
    _actions()


def _assessments() -> None:
    op.create_table(
        T,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="OPEN", nullable=False),
        sa.Column("identified_on", sa.Date(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("opened_by_id", sa.Uuid(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=True),
        sa.Column("took_part_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("views_heard", sa.Text(), nullable=True),
        sa.Column("views_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("findings_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("concluded_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("timing", sa.Text(), nullable=True),
        sa.Column("stop_reason", sa.Text(), nullable=True),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{T}_{name}")) for name, rule in CHECKS.items()),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f(f"fk_{T}_case_id")),
        *(sa.ForeignKeyConstraint([c], ["user_account.id"], name=op.f(f"fk_{T}_{c}")) for c in USERS),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{T}")),
    )
    for column in ("case_id", *USERS):
        op.create_index(op.f(f"ix_{T}_{column}"), T, [column], unique=False)
    op.create_index(
        f"uq_{T}_standing",
        T,
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('OPEN', 'CONCLUDED')"),
    )
    op.create_index(f"ix_{T}_review", T, ["review_on"], postgresql_where=sa.text("state = 'APPROVED'"))
    wall.behind_policy(T, read=MINE, write=f"{MINE} AND {STANDING}", add=DECIDES)
    wall.grant(T, app="SIU", work="SIU")


def _actions() -> None:
    op.create_table(
        A,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("need_code", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f(f"fk_{A}_case_id")),
        sa.ForeignKeyConstraint(["assessment_id"], [f"{T}.id"], name=op.f(f"fk_{A}_assessment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{A}")),
    )
    for column in ("case_id", "assessment_id"):
        op.create_index(op.f(f"ix_{A}_{column}"), A, [column], unique=False)
    wall.behind_policy(A, read=MINE, write=f"{MINE} AND {OFFICER} AND {OF_STANDING}")
    wall.grant(A, app="SID", work="SID")


def downgrade() -> None:
    op.drop_table(A)
    op.drop_table(T)
