"""Casework: plan, goals, tasks, notes with their own level, raised alerts, approvals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import wall

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STANDING = ("INTERPRETER_NEEDED", "ALLERGY_LIFE", "CONSENT_ENDS", "DOCUMENT_EXPIRES", "CHILD_TURNS_18")
#: The acting user supervises the team that holds the case.
SUPERVISES = """EXISTS (SELECT FROM membership m JOIN public."case" c ON c.team_id = m.team_id
  WHERE c.id = case_id AND m.role = 'SUPERVISOR'
  AND m.user_id = nullif(current_setting('app.user', true), '')::uuid
  AND (m.valid_to IS NULL OR m.valid_to > current_date))"""


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), nullable=False)


def _case() -> sa.Column[object]:
    return sa.Column("case_id", sa.Uuid(), nullable=False)


def _user(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _version() -> sa.Column[object]:
    return sa.Column("version", sa.Integer(), server_default="1", nullable=False)


def _known(table: str, column: str, *codes: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{c}'" for c in codes)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}_known"))


def _check(table: str, name: str, sql: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(sql, name=op.f(f"ck_{table}_{name}"))


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, target in columns.items()
    ]


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def upgrade() -> None:
    _plan()
    _task()
    _note()
    _alert()
    _approval()
    _supervision()


def _plan() -> None:
    t = "case_plan"
    op.create_table(
        t, _id(), _case(),
        sa.Column("state", sa.Text(), server_default="PROPOSED", nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("agreed_with", sa.Text(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        _user("made_by_id", nullable=False), _user("approved_by_id"),
        sa.Column("ended_on", sa.Date(), nullable=True), _version(),
        _known(t, "state", "PROPOSED", "ACTIVE", "ENDED"),
        _known(t, "agreed_with", "PERSON", "PERSON_AND_CARER", "CARER", "AUTHORITY"),
        _known(t, "outcome", "ON_TRACK", "CHANGED", "STALLED", "ACHIEVED", "STOPPED_BY_PERSON"),
        _check(t, "review_later", "review_on > agreed_on"),
        _check(t, "ended_has_date", "(state = 'ENDED') = (ended_on IS NOT NULL)"),
        _check(t, "second_person", "approved_by_id <> made_by_id"),
        _check(t, "active_is_approved", "state <> 'ACTIVE' OR approved_by_id IS NOT NULL"),
        *_references(t, case_id="case", made_by_id="user_account", approved_by_id="user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{t}")),
    )  # fmt: skip
    _index(t, "case_id", "made_by_id", "approved_by_id")
    open_ = sa.text("state <> 'ENDED'")
    op.create_index("uq_case_plan_open", t, ["case_id"], unique=True, postgresql_where=open_)
    op.create_index("ix_case_plan_review", t, ["review_on"], unique=False, postgresql_where=open_)
    wall.behind_policy(t, read=wall.owner_of("case_id"))
    wall.grant(t, app="SIU", work="SIU")

    t = "plan_goal"
    op.create_table(
        t, _id(), _case(), sa.Column("plan_id", sa.Uuid(), nullable=False), sa.Column("need_id", sa.Uuid(), nullable=True),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state", sa.Text(), server_default="OPEN", nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False), sa.Column("ended_on", sa.Date(), nullable=True), _version(),
        _known(t, "state", "OPEN", "REACHED", "DROPPED"),
        _check(t, "ended_has_date", "(state = 'OPEN') = (ended_on IS NULL)"),
        *_references(t, case_id="case", plan_id="case_plan", need_id="need"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{t}")),
    )  # fmt: skip
    _index(t, "case_id", "plan_id", "need_id")
    wall.behind_policy(t, read=wall.owner_of("case_id"))
    wall.grant(t, app="SIU", work="SIU")


def _task() -> None:
    t = "case_task"
    op.create_table(
        t, _id(), _case(), sa.Column("goal_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("doer", sa.Text(), server_default="TEAM", nullable=False),
        _user("assigned_to_id"), sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False), _user("set_by_id"),
        sa.Column("done_on", sa.Date(), nullable=True), sa.Column("outcome", sa.Text(), nullable=True),
        _user("done_by_id"), _version(),
        _known(t, "kind", "CALL", "VISIT", "ACCOMPANY", "APPOINTMENT", "DOCUMENT", "REFER", "INFORM", "ASK_CONSENT",
               "FOLLOW_UP", "SAFETY_CHECK", "OTHER"),
        _known(t, "doer", "TEAM", "PERSON"),
        _known(t, "outcome", "DONE", "PART_DONE", "NOT_POSSIBLE", "NO_LONGER_NEEDED", "PERSON_DECLINED"),
        _check(t, "done_has_outcome", "(done_on IS NULL) = (outcome IS NULL)"),
        _check(t, "done_has_person", "(done_on IS NULL) = (done_by_id IS NULL)"),
        _check(t, "person_is_not_assigned", "doer = 'TEAM' OR assigned_to_id IS NULL"),
        *_references(t, case_id="case", goal_id="plan_goal", assigned_to_id="user_account", set_by_id="user_account",
                     done_by_id="user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{t}")),
    )  # fmt: skip
    _index(t, "case_id", "goal_id", "assigned_to_id", "set_by_id", "done_by_id")
    op.create_index(
        "ix_case_task_due", t, ["assigned_to_id", "due_on"], unique=False, postgresql_where=sa.text("done_on IS NULL")
    )  # fmt: skip
    wall.behind_policy(t, read=wall.owner_of("case_id"))
    wall.grant(t, app="SIU", work="SIU")


def _note() -> None:
    t = "case_note"
    op.create_table(
        t, _id(), _case(), sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Text(), server_default="TEAM", nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False), _user("author_id", nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        _known(t, "level", "TEAM", "SUPERVISOR", "AUTHOR_AND_SUPERVISOR"),
        *_references(t, case_id="case", team_id="team", author_id="user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{t}")),
    )  # fmt: skip
    _index(t, "case_id", "team_id", "author_id")
    op.create_index("ix_case_note_newest", t, ["case_id", "written_at"], unique=False)
    mine = wall.owner_of("case_id")
    own = "author_id = nullif(current_setting('app.user', true), '')::uuid"
    wall.behind_policy(
        t,
        read=f"{mine} AND (level = 'TEAM' OR (team_id = ANY ({wall.TEAMS}) AND "
        f"((level = 'AUTHOR_AND_SUPERVISOR' AND {own}) OR {SUPERVISES})))",
        add=f"{mine} AND {own}",
    )
    # A note is never changed: what was wrong is said in another.
    wall.grant(t, app="SI", work="S")


def _alert() -> None:
    t = "case_alert"
    op.create_table(
        t, _id(), _case(), sa.Column("code", sa.Text(), nullable=False),
        sa.Column("seen_by", sa.Text(), nullable=False), sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("raised_on", sa.Date(), nullable=False), _user("raised_by_id"),
        sa.Column("review_on", sa.Date(), nullable=False), sa.Column("resolved_on", sa.Date(), nullable=True),
        _user("resolved_by_id"), sa.Column("outcome", sa.Text(), nullable=True), _version(),
        _known(t, "seen_by", "CASE_TEAM", "SITE", "SUPERVISION", "MATTER"),
        _known(t, "outcome", "ACTED", "HANDED_TO_OTHERS", "NOT_CONFIRMED", "NO_LONGER", "RAISED_IN_ERROR"),
        _check(t, "resolved_has_outcome", "(resolved_on IS NULL) = (outcome IS NULL)"),
        _check(t, "review_not_before", "review_on >= raised_on"),
        *_references(t, case_id="case", raised_by_id="user_account", resolved_by_id="user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{t}")),
    )  # fmt: skip
    _index(t, "case_id", "raised_by_id", "resolved_by_id")
    open_ = sa.text("resolved_on IS NULL")
    op.create_index("uq_case_alert_open", t, ["case_id", "code"], unique=True, postgresql_where=open_)
    op.create_index("ix_case_alert_review", t, ["review_on"], unique=False, postgresql_where=open_)
    mine = wall.owner_of("case_id")
    wall.behind_policy(
        t,
        read=f"({mine} AND (seen_by <> 'SUPERVISION' OR {SUPERVISES})) "
        f"OR (seen_by = 'SITE' AND resolved_on IS NULL AND {wall.opens('case_id')})",
        write=f"{mine} AND (seen_by <> 'SUPERVISION' OR {SUPERVISES})",
        add=mine,
    )
    wall.grant(t, app="SIU", work="SIU")


def _approval() -> None:
    t = "approval"
    op.create_table(
        t, _id(), _case(), sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="ASKED", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False), _user("asked_by_id", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True), _user("decided_by_id"),
        sa.Column("remark_sealed", sa.LargeBinary(), nullable=True), _version(),
        _known(t, "subject", "PLAN", "HANDOVER"),
        _known(t, "state", "ASKED", "APPROVED", "REFUSED", "WITHDRAWN"),
        _check(t, "decided_has_person", "(state IN ('ASKED', 'WITHDRAWN')) = (decided_by_id IS NULL)"),
        _check(t, "decided_has_time", "(state = 'ASKED') = (decided_at IS NULL)"),
        _check(t, "second_person", "decided_by_id <> asked_by_id"),
        *_references(t, case_id="case", asked_by_id="user_account", decided_by_id="user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{t}")),
    )  # fmt: skip
    _index(t, "case_id", "subject_id", "asked_by_id", "decided_by_id")
    op.create_index(
        "uq_approval_open", t, ["subject_id"], unique=True, postgresql_where=sa.text("state = 'ASKED'")
    )  # fmt: skip
    wall.behind_policy(t, read=wall.owner_of("case_id"))
    wall.grant(t, app="SIU", work="SIU")


def _supervision() -> None:
    """What only the supervision reads is still there: the neutral mark is shown for it, and an alert keeps the file
    open for everybody."""
    op.execute("GRANT SELECT ON case_note, case_alert TO acogida_definer")
    wall.definer_function(
        "kept_for_supervision(p_case uuid) RETURNS TABLE (what text) LANGUAGE sql STABLE",
        f"""
        SELECT x.what FROM (
          SELECT 'NOTE' AS what WHERE EXISTS (SELECT FROM public.case_note n JOIN public."case" c ON c.id = n.case_id
            WHERE n.case_id = p_case AND n.level <> 'TEAM' AND n.team_id = c.team_id)
          UNION ALL
          SELECT 'ALERT' WHERE EXISTS (SELECT FROM public.case_alert a
            WHERE a.case_id = p_case AND a.seen_by = 'SUPERVISION' AND a.resolved_on IS NULL)) x
        WHERE EXISTS (SELECT FROM public."case" c WHERE c.id = p_case AND c.team_id = ANY ({wall.TEAMS}))
        """,
        to="acogida_app, acogida_work",
    )
    standing = ", ".join(f"'{c}'" for c in STANDING)
    wall.definer_function(
        "refuse_closing_with_alert() RETURNS trigger LANGUAGE plpgsql",
        f"""
        BEGIN
          IF EXISTS (SELECT FROM public.case_alert a WHERE a.case_id = NEW.id AND a.resolved_on IS NULL
                     AND a.code NOT IN ({standing})
                     AND NOT (NEW.closure_reason IN ('DIED', 'DUPLICATE', 'ERROR') AND a.code LIKE 'CHILD\\_%')) THEN
            RAISE EXCEPTION 'an alert is open'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'case_closes_without_alert';
          END IF;
          RETURN NEW;
        END
        """,
        to="acogida_app, acogida_work",
    )
    op.execute(
        'CREATE TRIGGER refuse_closing_with_alert BEFORE UPDATE OF status ON public."case" FOR EACH ROW '
        "WHEN (NEW.status = 'CLOSED' AND OLD.status <> 'CLOSED') EXECUTE FUNCTION refuse_closing_with_alert()"
    )


def downgrade() -> None:
    op.execute('DROP TRIGGER refuse_closing_with_alert ON public."case"')
    op.execute("DROP FUNCTION refuse_closing_with_alert()")
    op.execute("DROP FUNCTION kept_for_supervision(uuid)")
    for table in ("approval", "case_alert", "case_note", "case_task", "plan_goal", "case_plan"):
        op.drop_table(table)
