"""The daily work on a file: plan with goals, tasks, notes with their own level, alerts that a person raised, and
requests for a second person's approval. All words are encrypted with the case's key."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.casefile.rules.alerts import SEEN_BY
from caseapp.casefile.rules.working import (
    AGREED_WITH,
    ALERT_OUTCOMES,
    APPROVAL_STATES,
    APPROVAL_SUBJECTS,
    DOERS,
    GOAL_STATES,
    NOTE_LEVELS,
    PLAN_OUTCOMES,
    PLAN_STATES,
    TASK_KINDS,
    TASK_OUTCOMES,
)
from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of

USER = "user_account.id"


class CasePlan(Identified, Versioned, Base):
    """What was agreed with the person, from a day on, and when it is looked at again. One plan is open at a time; it
    is PROPOSED until a supervisor who did not make it approves it."""

    __tablename__ = "case_plan"
    __table_args__ = (
        one_of("state", PLAN_STATES),
        one_of("agreed_with", AGREED_WITH),
        one_of("outcome", PLAN_OUTCOMES),
        sa.CheckConstraint("review_on > agreed_on", name="review_later"),
        sa.CheckConstraint("(state = 'ENDED') = (ended_on IS NOT NULL)", name="ended_has_date"),
        sa.CheckConstraint("approved_by_id <> made_by_id", name="second_person"),
        sa.CheckConstraint("state <> 'ACTIVE' OR approved_by_id IS NOT NULL", name="active_is_approved"),
        sa.Index(
            "uq_case_plan_open", "case_id", unique=True, postgresql_where=sa.text("state <> 'ENDED'")
        ),
        sa.Index("ix_case_plan_review", "review_on", postgresql_where=sa.text("state <> 'ENDED'")),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    state: Mapped[str] = mapped_column(default="PROPOSED", server_default="PROPOSED")
    agreed_on: Mapped[date]
    agreed_with: Mapped[str]
    review_on: Mapped[date]
    outcome: Mapped[str | None]  # of the newest review
    made_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey(USER), index=True)
    approved_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    ended_on: Mapped[date | None]


class PlanGoal(Identified, Versioned, Base):
    """A goal of a plan in the person's own words, and the need that it answers. `sealed`: the need has no words
    outside its matter, so the goal and its steps stand on the private page only."""

    __tablename__ = "plan_goal"
    __table_args__ = (
        one_of("state", GOAL_STATES),
        sa.CheckConstraint("(state = 'OPEN') = (ended_on IS NULL)", name="ended_has_date"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    plan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case_plan.id"), index=True)
    need_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("need.id"), index=True)
    words_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    sealed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    state: Mapped[str] = mapped_column(default="OPEN", server_default="OPEN")
    set_on: Mapped[date]
    ended_on: Mapped[date | None]

    words = Encrypted("words")


class CaseTask(Identified, Versioned, Base):
    """Something to be done by a day, by somebody of the team or by the person; a step of a goal if it has one."""

    __tablename__ = "case_task"
    __table_args__ = (
        one_of("kind", TASK_KINDS),
        one_of("doer", DOERS),
        one_of("outcome", TASK_OUTCOMES),
        sa.CheckConstraint("(done_on IS NULL) = (outcome IS NULL)", name="done_has_outcome"),
        sa.CheckConstraint("(done_on IS NULL) = (done_by_id IS NULL)", name="done_has_person"),
        sa.CheckConstraint("doer = 'TEAM' OR assigned_to_id IS NULL", name="person_is_not_assigned"),
        sa.Index("ix_case_task_due", "assigned_to_id", "due_on", postgresql_where=sa.text("done_on IS NULL")),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    goal_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("plan_goal.id"), index=True)
    kind: Mapped[str]
    words_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    sealed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    doer: Mapped[str] = mapped_column(default="TEAM", server_default="TEAM")
    assigned_to_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    due_on: Mapped[date]
    set_on: Mapped[date]
    set_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    done_on: Mapped[date | None]
    outcome: Mapped[str | None]
    done_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)

    words = Encrypted("words")

    @property
    def is_open(self) -> bool:
        return self.done_on is None


class CaseNote(Identified, Base):
    """A note, never changed once written. `level` says who reads it; the policy says it again. Notes above TEAM are
    read in the team that wrote them only, and put the neutral mark on the file until a day: somebody who reads it
    looks again by then, or the mark goes."""

    __tablename__ = "case_note"
    __table_args__ = (
        one_of("level", NOTE_LEVELS),
        sa.CheckConstraint("(level = 'TEAM') = (marks_until IS NULL)", name="marks_above_team"),
        sa.Index("ix_case_note_newest", "case_id", "written_at"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    level: Mapped[str] = mapped_column(default="TEAM", server_default="TEAM")
    words_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    author_id: Mapped[UUID] = mapped_column(sa.ForeignKey(USER), index=True)
    written_on: Mapped[date]
    written_at: Mapped[datetime]
    marks_until: Mapped[date | None]

    words = Encrypted("words")


class CaseAlert(Identified, Versioned, Base):
    """An alert of VOCABULARY A5 that a person (or a clock) raised. `seen_by` is the list's, frozen: the case team, the
    site where the person sleeps too, the supervision alone, or those of the matter."""

    __tablename__ = "case_alert"
    __table_args__ = (
        one_of("seen_by", SEEN_BY),
        one_of("outcome", ALERT_OUTCOMES),
        sa.CheckConstraint("(resolved_on IS NULL) = (outcome IS NULL)", name="resolved_has_outcome"),
        sa.CheckConstraint("review_on >= raised_on", name="review_not_before"),
        sa.Index(
            "uq_case_alert_open", "case_id", "code", unique=True,
            postgresql_where=sa.text("resolved_on IS NULL"),
        ),
        sa.Index("ix_case_alert_review", "review_on", postgresql_where=sa.text("resolved_on IS NULL")),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    code: Mapped[str]
    seen_by: Mapped[str]
    words_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    raised_on: Mapped[date]
    raised_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    review_on: Mapped[date]
    resolved_on: Mapped[date | None]
    resolved_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    outcome: Mapped[str | None]

    words = Encrypted("words")


class Approval(Identified, Versioned, Base):
    """Somebody asks a supervisor to approve a plan or a hand-over; nobody decides on their own. (Closing has requests
    of its own: they carry the reason that the database compares.)"""

    __tablename__ = "approval"
    __table_args__ = (
        one_of("subject", APPROVAL_SUBJECTS),
        one_of("state", APPROVAL_STATES),
        sa.CheckConstraint("(state IN ('ASKED', 'WITHDRAWN')) = (decided_by_id IS NULL)", name="decided_has_person"),
        sa.CheckConstraint("(state = 'ASKED') = (decided_at IS NULL)", name="decided_has_time"),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name="second_person"),
        sa.Index("uq_approval_open", "subject_id", unique=True, postgresql_where=sa.text("state = 'ASKED'")),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    subject: Mapped[str]
    subject_id: Mapped[UUID] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(default="ASKED", server_default="ASKED")
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey(USER), index=True)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    remark_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)

    remark = Encrypted("remark")
