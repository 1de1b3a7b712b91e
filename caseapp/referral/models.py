"""Referrals: a family (or one person) asked of another team, its states (VOCABULARY A1) and their history.

A receiver is told requirements and the items chosen for it, never needs. What is written in free text is
sealed with the key of a member's case; a member's life-critical text with their own.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseapp.accounts.models import Team
from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.people.models import Case
from caseapp.people.rules.waiver import BASES
from caseapp.referral.rules import linking, reviewing


class State(StrEnum):
    DRAFT = "DRAFT"
    SENT = "SENT"
    INFO_ASKED = "INFO_ASKED"
    ACCEPTED = "ACCEPTED"
    PART_ACCEPTED = "PART_ACCEPTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"
    STARTED = "STARTED"
    COMPLETED = "COMPLETED"
    NOT_COMPLETED = "NOT_COMPLETED"


class Mode(StrEnum):
    """SHARE: responsibility stays with the sender. TRANSFER: it moves on acceptance."""

    SHARE = "SHARE"
    TRANSFER = "TRANSFER"


PRIORITIES = ("IMMEDIATE", "EMERGENCY", "URGENT", "NORMAL")
CHANNELS = ("SYSTEM", "ONE_TIME_PAGE", "PHONE_RECORDED_BY_SENDER", "PAPER", "IN_PERSON")
OUTCOMES = ("WAITING", "ACCEPTED", "NOT_ACCEPTED")
REVIEWED = ("DECLINE", "NOT_COMPLETED")
CLIENT_COPY = ("TAKEN", "DECLINED")
LOOKS = ("OPENED", "WRONG")
#: What the sender may choose to show of each person, and what is chosen if nothing is said.
ITEMS = ("NAME", "AGE", "SEX", "LANGUAGES", "RELATIONS", "REQUIREMENTS", "CONTACT", "DOCUMENTS")
USUAL = ITEMS[:6]
NOTICES = (
    "ARRIVED", "NEXT_CONTACT", "ESCALATED", "LAPSED", "INFO_ASKED", "INFO_GIVEN", "ACCEPTED", "PART_ACCEPTED", "DECLINED",
    "WITHDRAWN", "STARTED", "COMPLETED", "NOT_COMPLETED", "PERSON_LEFT", "CONSENT_ENDED", "PLACE_OFFERED", "NOBODY_THERE",
    "LINK_LOCKED", "NIGHTS_CHANGED", "REVIEW", "PERSON_MISSING", "REMINDER", "CALL_DUTY",
    "CLOCK_GOES_ON", "NOT_BEGUN",
)  # fmt: skip


class Referral(Identified, Versioned, Base):
    """One asking. `case_id` is the first member's: its key seals the texts. `due_at` is when the answer is
    due, `remind_at` when the receiver is reminded, `told_at` when the next contact is told, `lapse_at` when it lapses; they
    stand still while `paused_at` is set (the receiver truly needs the sender's answer), once and until `pause_ends_at`."""

    __tablename__ = "referral"
    __table_args__ = (
        one_of("state", State),
        one_of("mode", Mode),
        one_of("priority", PRIORITIES),
        one_of("answer_channel", CHANNELS),
        one_of("client_copy", CLIENT_COPY),
        sa.CheckConstraint(f"items <@ ARRAY[{', '.join(repr(i) for i in ITEMS)}]::text[]", name="items_known"),
        sa.CheckConstraint("from_team_id <> to_team_id", name="not_to_itself"),
        sa.CheckConstraint("state IN ('DRAFT', 'WITHDRAWN') OR sent_at IS NOT NULL", name="sent_has_time"),
        sa.CheckConstraint(
            "sent_at IS NULL OR (due_at IS NOT NULL AND lapse_at IS NOT NULL AND lapse_at >= due_at)", name="sent_has_clock"
        ),
        sa.CheckConstraint(
            "state NOT IN ('ACCEPTED', 'PART_ACCEPTED', 'DECLINED', 'STARTED', 'COMPLETED', 'NOT_COMPLETED') "
            "OR (answered_at IS NOT NULL AND answer_channel IS NOT NULL)", name="answered_has_time",
        ),
        sa.CheckConstraint("(state = 'DECLINED') = (decline_reason IS NOT NULL)", name="declined_has_reason"),
        sa.CheckConstraint("(state = 'WITHDRAWN') = (withdraw_reason IS NOT NULL)", name="withdrawn_has_reason"),
        sa.CheckConstraint("(state = 'COMPLETED') = (result IS NOT NULL)", name="completed_has_result"),
        sa.CheckConstraint("outcome IS NULL OR state = 'COMPLETED'", name="outcome_of_completed"),
        sa.CheckConstraint("be_seen_by > made_at", name="seen_after_made"),
        sa.CheckConstraint(
            "(state = 'NOT_COMPLETED') = (not_completed_reason IS NOT NULL)", name="not_completed_has_reason"
        ),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (state IN ('DECLINED', 'WITHDRAWN', 'LAPSED', 'COMPLETED', 'NOT_COMPLETED'))",
            name="ended_has_time",
        ),
        sa.CheckConstraint("(first_night IS NULL) = (last_night IS NULL) AND last_night >= first_night", name="nights_whole"),
        sa.CheckConstraint("paused_at IS NULL OR state = 'INFO_ASKED'", name="paused_while_asked"),
        sa.CheckConstraint(
            "paused_at IS NULL OR (priority <> 'IMMEDIATE' AND pause_ends_at IS NOT NULL AND pause_ends_at > paused_at)",
            name="paused_for_a_time",
        ),
        sa.Index("ix_referral_paused", "pause_ends_at", postgresql_where=sa.text("paused_at IS NOT NULL")),
        sa.Index(
            "ix_referral_not_begun", "first_night", postgresql_where=sa.text("state = 'ACCEPTED' AND not_begun_told_at IS NULL")
        ),
        # What a dependant depends on was sent by the same team, and never changes: so there is no ring.
        sa.UniqueConstraint("id", "from_team_id"),
        sa.ForeignKeyConstraint(
            ["because_of_id", "from_team_id"], ["referral.id", "referral.from_team_id"], name="fk_referral_because_of"
        ),
        sa.CheckConstraint("because_of_id <> id", name="not_because_of_itself"),
        sa.CheckConstraint("unlocks_hour IS NULL OR (unlocks_hour BETWEEN 0 AND 23 AND unlocks_on IS NOT NULL)", name="unlocks_hour_of_day"),
        sa.CheckConstraint(
            "decline_reason IS NOT NULL OR (unlocks_code IS NULL AND unlocks_on IS NULL AND unlocks_sealed IS NULL)",
            name="unlocks_of_a_decline",
        ),
        # A protected reason says nothing that would tell it from an ordinary one.
        sa.CheckConstraint(
            "decline_reason NOT IN ('CANNOT_OFFER', 'PREVIOUS_INCIDENT') "
            "OR (unlocks_code IS NULL AND unlocks_on IS NULL AND unlocks_sealed IS NULL)", name="protected_says_nothing",
        ),
        sa.CheckConstraint("decline_reason <> 'NOT_ELIGIBLE' OR unlocks_code IS NOT NULL", name="not_eligible_by_which_rule"),
        sa.CheckConstraint(
            "answer_channel <> 'PHONE_RECORDED_BY_SENDER' OR (coalesce(read_back, false) AND answered_by_name_sealed IS NOT NULL)",
            name="telephone_read_back",
        ),
        sa.CheckConstraint(
            "answer_channel <> 'ONE_TIME_PAGE' OR answered_by_name_sealed IS NOT NULL", name="page_says_who"
        ),
        sa.Index("ix_referral_inbox", "to_team_id", "state", "due_at"),
        sa.Index("ix_referral_outbox", "from_team_id", "state", "due_at"),
        sa.Index(
            "ix_referral_clock", "lapse_at", postgresql_where=sa.text("state IN ('SENT', 'INFO_ASKED') AND paused_at IS NULL")
        ),
    )  # fmt: skip

    number: Mapped[str] = mapped_column(unique=True)
    because_of_id: Mapped[UUID | None] = mapped_column(index=True)  # withdrawn with that one
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    household_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("household.id"), index=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    from_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    to_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    kind: Mapped[str]  # a code of the list `service_kind`
    sector: Mapped[str]  # what journal and figures say of the kind
    mode: Mapped[str]
    priority: Mapped[str]
    state: Mapped[str]
    items: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()))
    first_night: Mapped[date | None]
    last_night: Mapped[date | None]
    message_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    sent_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    lapse_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]  # when the receiver was reminded
    next_told_at: Mapped[datetime | None]  # when the next contact was told
    escalated_at: Mapped[datetime | None]  # when somebody above was told that the deadline has passed
    nobody_told_at: Mapped[datetime | None]  # when the sender was told that nobody reads this inbox
    paused_at: Mapped[datetime | None]
    pause_ends_at: Mapped[datetime | None]  # stays when the pause is over: there is one
    not_begun_told_at: Mapped[datetime | None]  # when the sender was told that nobody has arrived
    question_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    reply_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    answered_by_name_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    answer_channel: Mapped[str | None]
    read_back: Mapped[bool | None]  # the answer by telephone was read back and confirmed
    decline_reason: Mapped[str | None]
    unlocks_code: Mapped[str | None]  # list `unlock`, or a placement requirement
    unlocks_hour: Mapped[int | None] = mapped_column(sa.SmallInteger)
    unlocks_on: Mapped[date | None]
    unlocks_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    withdraw_reason: Mapped[str | None]
    result: Mapped[str | None]
    outcome: Mapped[str | None]  # what came of it, for kinds that tell it back (list `service_outcome`)
    be_seen_by: Mapped[datetime | None]  # by when the person must be seen, for kinds where hours decide
    not_completed_reason: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    client_copy: Mapped[str | None]  # the person took their copy, or did not want it

    from_team: Mapped[Team] = relationship(lazy="raise", foreign_keys=[from_team_id])
    to_team: Mapped[Team] = relationship(lazy="raise", foreign_keys=[to_team_id])
    #: Whoever is still of it; who took their consent back is told of nowhere but in their own file.
    members: Mapped[list[ReferralMember]] = relationship(
        lazy="raise", order_by="ReferralMember.position", viewonly=True,
        primaryjoin="and_(ReferralMember.referral_id == Referral.id, ReferralMember.left_at.is_(None))",
    )  # fmt: skip

    message = Encrypted("message")
    question = Encrypted("question")
    reply = Encrypted("reply")
    answered_by_name = Encrypted("answered_by_name")
    unlocks = Encrypted("unlocks")


class ReferralMember(Identified, Base):
    """A person of the referral: the requirements as they were when it was sent, and on what it may be sent:
    the consent, or a legal basis with its reason (sealed)."""

    __tablename__ = "referral_member"
    __table_args__ = (
        one_of("outcome", OUTCOMES),
        one_of("basis", BASES),
        sa.UniqueConstraint("referral_id", "case_id"),
        sa.CheckConstraint("basis IS NULL OR basis_reason_sealed IS NOT NULL", name="basis_has_reason"),
        sa.CheckConstraint("basis IS NULL OR consent_id IS NULL", name="consent_or_basis"),
    )

    referral_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referral.id"))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    position: Mapped[int]
    requirements: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text()), default=list, server_default="{}")
    life_critical_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    consent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("consent.id"), index=True)
    basis: Mapped[str | None]
    basis_reason_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    outcome: Mapped[str] = mapped_column(default="WAITING", server_default="WAITING")
    not_accepted_reason: Mapped[str | None]
    contact_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    documents_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    left_at: Mapped[datetime | None]  # the ground on which they were referred is gone

    referral: Mapped[Referral] = relationship(lazy="raise")
    case: Mapped[Case] = relationship(lazy="raise")

    life_critical = Encrypted("life_critical")
    contact = Encrypted("contact")
    documents = Encrypted("documents")
    basis_reason = Encrypted("basis_reason")


class ReferralStep(Identified, Base):
    """One step of a referral: which verb, from which state to which, by whom, when."""

    __tablename__ = "referral_step"

    referral_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referral.id"), index=True)
    at: Mapped[datetime]
    verb: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    party: Mapped[str]  # SENDER, RECEIVER, CLOCK or STAY
    actor: Mapped[str]
    code: Mapped[str | None]  # a reason as it may be shown to both


class ReferralNotice(Identified, Base):
    """A word to a team about a referral, for its inbox and its today page."""

    __tablename__ = "referral_notice"
    __table_args__ = (
        one_of("kind", NOTICES),
        sa.Index(
            "ix_referral_notice_unseen", "team_id", "made_at", postgresql_where=sa.text("seen_at IS NULL")
        ),
    )

    referral_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referral.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    kind: Mapped[str]
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]


class ReferralNights(Identified, Base):
    """The nights asked were changed: from which to which, by whom, why. The first of these holds what was asked
    originally."""

    __tablename__ = "referral_nights"
    __table_args__ = (
        sa.CheckConstraint("last_before >= first_before AND last_after >= first_after", name="nights_in_order"),
        sa.CheckConstraint("(first_before, last_before) <> (first_after, last_after)", name="something_changed"),
    )  # fmt: skip

    referral_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referral.id"), index=True)
    at: Mapped[datetime]
    party: Mapped[str]
    actor: Mapped[str]
    changed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    first_before: Mapped[date]
    last_before: Mapped[date]
    first_after: Mapped[date]
    last_after: Mapped[date]
    reason: Mapped[str]  # a code of the list `nights_change_reason`


class ReferralReview(Identified, Versioned, Base):
    """A reason that a second person of the team that wrote it down looks at (flag R); another team never sees it."""

    __tablename__ = "referral_review"
    __table_args__ = (
        one_of("what", REVIEWED),
        one_of("outcome", reviewing.OUTCOMES),
        sa.CheckConstraint("reviewed_by_id <> asked_by_id", name="by_another"),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (outcome IS NULL) AND (outcome IS NULL) = (reviewed_by_id IS NULL)", name="reviewed_whole"
        ),
        sa.UniqueConstraint("referral_id", "what"),
        sa.Index("ix_referral_review_open", "team_id", postgresql_where=sa.text("reviewed_at IS NULL")),
    )  # fmt: skip

    referral_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referral.id"))
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    what: Mapped[str]
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    outcome: Mapped[str | None]


class ReferralLink(Identified, Base):
    """A one-time page for a receiver without an account. Neither link nor code can be read from it: the token is
    kept as a hash, the code as an HMAC under a key that is not in the database."""

    __tablename__ = "referral_link"
    __table_args__ = (
        sa.CheckConstraint(f"wrong BETWEEN 0 AND {linking.MOST_WRONG}", name="wrong_codes_counted"),
        sa.CheckConstraint(f"(wrong = {linking.MOST_WRONG}) = (locked_at IS NOT NULL)", name="locked_by_wrong_codes"),
        sa.CheckConstraint("expires_at > made_at", name="expires"),
        sa.CheckConstraint("expires_at <= made_at + interval '14 days'", name="expires_in_two_weeks"),
        sa.Index(
            "uq_referral_link_live", "referral_id", unique=True, postgresql_where=sa.text("revoked_at IS NULL")
        ),
    )  # fmt: skip

    referral_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referral.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    code_mac: Mapped[bytes] = mapped_column(sa.LargeBinary)
    made_at: Mapped[datetime]
    made_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    expires_at: Mapped[datetime]
    wrong: Mapped[int] = mapped_column(sa.SmallInteger, default=0, server_default="0")
    locked_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ReferralLook(Identified, Base):
    """Somebody gave a code to a one-time page: the right one (OPENED) or a wrong one."""

    __tablename__ = "referral_look"
    __table_args__ = (one_of("what", LOOKS),)

    referral_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referral.id"), index=True)
    link_id: Mapped[UUID] = mapped_column(sa.ForeignKey("referral_link.id"), index=True)
    at: Mapped[datetime]
    what: Mapped[str]
