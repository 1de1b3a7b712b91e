"""The asylum claim: the people it belongs to, its dated steps, documents given, and the duties that come with it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.procedure.rules import (
    APPLICATION_TYPES,
    CLOSURE_GROUPS,
    DOCUMENT_STATES,
    DUTY_ENDS,
    ISSUABLE,
    LEAVE_OUTCOMES,
    LEFT_REASONS,
    MAY_REPEAT,
    MOST_DAYS,
    OUTCOMES,
    ROLES,
    SIGNATURE_STATES,
    STEPS,
)
from caseapp.procedure.rules.home import HAPPENED, HOW_RETURNED, MEASURES, PROPERTY_KINDS, TENURES

_OPEN = "decided_on IS NULL AND closed_on IS NULL"


class Claim(Identified, Versioned, Base):
    """A claim for refugee status; `case_id` is the file of whoever leads it. `outcome` is the decision on the merits
    that stands (none while an appeal is pending); a claim that ends without one is closed with a reason ("otherwise
    closed"). `lodged_on` is empty while there is only an intention. One claim is open at a time; a sealed one, a
    spouse's own, may stand beside the family's and is shown on the private page only."""

    __tablename__ = "claim"
    __table_args__ = (
        one_of("application_type", APPLICATION_TYPES),
        one_of("outcome", OUTCOMES),
        one_of("closure_reason", tuple(CLOSURE_GROUPS)),
        sa.CheckConstraint("(decided_on IS NULL) = (outcome IS NULL)", name="decided_has_outcome"),
        sa.CheckConstraint("(closed_on IS NULL) = (closure_reason IS NULL)", name="closed_has_reason"),
        sa.CheckConstraint("decided_on IS NULL OR closed_on IS NULL", name="decided_or_closed"),
        sa.CheckConstraint("decided_on >= lodged_on", name="decided_after_lodged"),
        sa.CheckConstraint("decided_on IS NULL OR lodged_on IS NOT NULL", name="decided_was_lodged"),
        sa.CheckConstraint("closed_on >= lodged_on", name="closed_after_lodged"),
        # No claim is abandoned by a machine: a person writes down what the authority said.
        sa.CheckConstraint("closed_on IS NULL OR closed_by_id IS NOT NULL", name="closed_by_person"),
        sa.Index(
            "uq_claim_open", "case_id", unique=True, postgresql_where=sa.text(f"{_OPEN} AND NOT sealed"),
        ),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    application_type: Mapped[str] = mapped_column(default="N", server_default="N")
    sealed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    lodged_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    outcome: Mapped[str | None]
    closed_on: Mapped[date | None]
    closure_reason: Mapped[str | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)

    @property
    def is_open(self) -> bool:
        return self.decided_on is None and self.closed_on is None


class ClaimApplicant(Identified, Base):
    """Somebody in a claim from a day on: whoever leads it, or with them. Birth, death, marriage and separation change
    these rows, never the claim. `pending` follows the claim: it is open and the person is in it."""

    __tablename__ = "claim_applicant"
    __table_args__ = (
        one_of("role", ROLES),
        one_of("left_reason", LEFT_REASONS),
        sa.CheckConstraint("left_on >= since", name="dates_in_order"),
        sa.CheckConstraint("(left_on IS NULL) = (left_reason IS NULL)", name="left_has_reason"),
        sa.CheckConstraint("NOT pending OR left_on IS NULL", name="pending_while_in"),
        sa.CheckConstraint("sealed = (role = 'SEPARATED_OWN_CLAIM')", name="own_claim_is_sealed"),
        sa.Index("uq_claim_applicant_in", "claim_id", "case_id", unique=True, postgresql_where=sa.text("left_on IS NULL")),
        sa.Index(
            "uq_claim_applicant_leads", "claim_id", unique=True,
            postgresql_where=sa.text("role <> 'DERIVATIVE'"),
        ),
        sa.Index("uq_claim_applicant_pending", "case_id", "sealed", unique=True, postgresql_where=sa.text("pending")),
    )  # fmt: skip

    claim_id: Mapped[UUID] = mapped_column(sa.ForeignKey("claim.id"), index=True)
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    role: Mapped[str]
    since: Mapped[date]
    left_on: Mapped[date | None]
    left_reason: Mapped[str | None]
    sealed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    pending: Mapped[bool] = mapped_column(default=True, server_default=sa.true())


class ClaimStep(Identified, Base):
    """A step of a claim, in the order in which it was recorded. `code` is the outcome of a decision, the reason of an
    end or a reopening, or the document. `instance` grows with each appeal and reopening."""

    __tablename__ = "claim_step"
    __table_args__ = (
        one_of("step", STEPS),
        sa.CheckConstraint("instance >= 1", name="instance_from_one"),
        sa.CheckConstraint(
            "step NOT IN ('DECISION', 'CLOSED', 'REOPENED') OR code IS NOT NULL", name="says_what"
        ),
        sa.Index(
            "uq_claim_step_once", "claim_id", "instance", "step", unique=True,
            postgresql_where=sa.text(f"step NOT IN ({', '.join(repr(s) for s in MAY_REPEAT)})"),
        ),
    )  # fmt: skip

    claim_id: Mapped[UUID] = mapped_column(sa.ForeignKey("claim.id"), index=True)
    step: Mapped[str]
    on: Mapped[date] = mapped_column("taken_on")
    instance: Mapped[int] = mapped_column(default=1, server_default="1")
    code: Mapped[str | None]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)


class IssuedDocument(Identified, Versioned, Base):
    """A document that an authority gave: from which day, until when, and which one took its place. The number is
    encrypted; among the person's papers it has a search token like any other."""

    __tablename__ = "issued_document"
    __table_args__ = (
        one_of("document_type", ISSUABLE),
        one_of("state", DOCUMENT_STATES),
        sa.CheckConstraint("valid_to >= issued_on", name="valid_after_issued"),
        sa.CheckConstraint("ended_on >= issued_on", name="ended_after_issued"),
        sa.CheckConstraint("(state = 'ISSUED') = (ended_on IS NULL)", name="ended_has_date"),
        sa.CheckConstraint("renews_id <> id", name="renews_another"),
        sa.Index(
            "ix_issued_document_ends", "valid_to", postgresql_where=sa.text("state = 'ISSUED' AND valid_to IS NOT NULL")
        ),
    )  # fmt: skip

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    claim_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("claim.id"), index=True)
    renews_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("issued_document.id"), unique=True)
    document_type: Mapped[str]
    number_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    issued_on: Mapped[date]
    valid_to: Mapped[date | None]
    state: Mapped[str] = mapped_column(default="ISSUED", server_default="ISSUED")
    ended_on: Mapped[date | None]

    number = Encrypted("number")


class SignInterval(Identified, Base):
    """How often people sign at an office from a day on: the newest row that has begun holds."""

    __tablename__ = "sign_interval"
    __table_args__ = (
        sa.CheckConstraint(f"days BETWEEN 1 AND {MOST_DAYS}", name="days_in_bounds"),
        sa.UniqueConstraint("site_id", "valid_from"),
    )

    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"))
    days: Mapped[int]
    valid_from: Mapped[date]
    set_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)


class SignDuty(Identified, Versioned, Base):
    """That a person signs at intervals while their claim is open. `due_on` is the day by which the next one is."""

    __tablename__ = "sign_duty"
    __table_args__ = (
        one_of("end_reason", DUTY_ENDS),
        sa.CheckConstraint("(ended_on IS NULL) = (end_reason IS NULL)", name="ended_has_reason"),
        sa.CheckConstraint("ended_on >= started_on", name="dates_in_order"),
        sa.CheckConstraint("due_on >= started_on", name="due_after_start"),
        sa.Index(
            "uq_sign_duty_current", "case_id", unique=True, postgresql_where=sa.text("ended_on IS NULL")
        ),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    claim_id: Mapped[UUID] = mapped_column(sa.ForeignKey("claim.id"), index=True)
    started_on: Mapped[date]
    due_on: Mapped[date]
    ended_on: Mapped[date | None]
    end_reason: Mapped[str | None]


class Signature(Identified, Base):
    """What became of one day by which a signature was due. `on` is the day on which it was made."""

    __tablename__ = "signature"
    __table_args__ = (
        one_of("state", SIGNATURE_STATES),
        sa.CheckConstraint("(state = 'MISSED') = (signed_on IS NULL)", name="signed_has_date"),
        sa.UniqueConstraint("duty_id", "due_on", "state"),
    )

    duty_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sign_duty.id"))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    due_on: Mapped[date]
    state: Mapped[str]
    on: Mapped[date | None] = mapped_column("signed_on")


class LeaveRequest(Identified, Versioned, Base):
    """Leave asked of the authority to go to another state, and what it decided."""

    __tablename__ = "leave_request"
    __table_args__ = (
        one_of("outcome", LEAVE_OUTCOMES),
        sa.CheckConstraint("from_admin1 <> to_admin1", name="to_another_place"),
        sa.CheckConstraint("(decided_on IS NULL) = (outcome IS NULL)", name="decided_has_outcome"),
        sa.CheckConstraint("decided_on >= asked_on", name="decided_after_asked"),
        sa.Index(
            "uq_leave_request_open", "case_id", unique=True, postgresql_where=sa.text("decided_on IS NULL")
        ),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    from_admin1: Mapped[str]
    to_admin1: Mapped[str]
    asked_on: Mapped[date]
    decided_on: Mapped[date | None]
    outcome: Mapped[str | None]


class Displacement(Identified, Base):
    """A declaration of displacement inside the country: from which municipality (P-code), and when. The newest holds."""

    __tablename__ = "displacement"
    __table_args__ = (
        sa.CheckConstraint("displaced_on <= declared_on", name="left_before_declared"),
        sa.UniqueConstraint("case_id", "displaced_on", "from_place"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"))
    from_place: Mapped[str]
    displaced_on: Mapped[date]
    declared_on: Mapped[date]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)


class Property(Identified, Versioned, Base):
    """Something that a displaced person left: what, with what title, what happened to it, and the measure that protects
    it. `place` is the municipality (P-code); where it is exactly, and what papers there are, is sealed and read at the
    property desk only."""

    __tablename__ = "property"
    __table_args__ = (
        one_of("kind", PROPERTY_KINDS),
        one_of("tenure", TENURES),
        one_of("happened", HAPPENED),
        one_of("measure", MEASURES),
        sa.CheckConstraint("(measure = 'NONE') OR measure_on IS NOT NULL", name="measure_has_date"),
        sa.CheckConstraint("measure_on >= registered_on", name="measure_after_registered"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    kind: Mapped[str]
    tenure: Mapped[str]
    happened: Mapped[str]
    place: Mapped[str]
    whereabouts_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    registered_on: Mapped[date]
    measure: Mapped[str] = mapped_column(default="NONE", server_default="NONE")
    measure_on: Mapped[date | None]

    whereabouts = Encrypted("whereabouts")


class ReturneeReception(Identified, Base):
    """Somebody was received after coming back to their country: from where and how."""

    __tablename__ = "returnee_reception"
    __table_args__ = (one_of("how", HOW_RETURNED), sa.UniqueConstraint("case_id", "received_on"))

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"))
    received_on: Mapped[date]
    from_country: Mapped[str] = mapped_column(sa.CHAR(3))
    how: Mapped[str]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
