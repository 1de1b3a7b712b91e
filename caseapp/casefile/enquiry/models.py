"""Enquiries about persons. What was typed is sealed under a key of the enquiry's own, so that it can be wiped alone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.casefile.enquiry.rules import ANSWERS, ASKED_BY, CHANNELS, CONSENTS, PAPERS
from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of

USER = "user_account.id"
_ANSWERABLE = ", ".join(f"'{who}'" for who in CONSENTS)


class Enquiry(Identified, Versioned, Base):
    """Somebody asked. `about_case_id` is set later, by a supervisor who holds that file, or never."""

    __tablename__ = "enquiry"
    __table_args__ = (
        one_of("asked_by", ASKED_BY),
        one_of("channel", CHANNELS),
        one_of("paper", PAPERS),
        one_of("answer", ANSWERS),
        sa.CheckConstraint("(about_case_id IS NULL) = (linked_by_id IS NULL)", name="linked_has_person"),
        sa.CheckConstraint("(about_case_id IS NULL) = (linked_at IS NULL)", name="linked_has_time"),
        sa.CheckConstraint(
            f"answer = 'DID_NOT_CONFIRM' OR (consent_id IS NOT NULL AND about_case_id IS NOT NULL AND asked_by IN ({_ANSWERABLE}))",
            name="answered_with_consent",
        ),
        sa.Index("ix_enquiry_team_newest", "team_id", "id"),
        sa.Index("ix_enquiry_text_to_wipe", "at", postgresql_where=sa.text("wiped_at IS NULL")),
    )  # fmt: skip

    country: Mapped[str] = mapped_column(sa.CHAR(3), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"))
    site_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("site.id"), index=True)
    at: Mapped[datetime]
    asked_by: Mapped[str]
    channel: Mapped[str]
    paper: Mapped[str] = mapped_column(default="NONE", server_default="NONE")
    about_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    remark_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    answer: Mapped[str] = mapped_column(default="DID_NOT_CONFIRM", server_default="DID_NOT_CONFIRM")
    logged_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey(USER), index=True)
    passed_at: Mapped[datetime | None]
    about_case_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("case.id"), index=True)
    linked_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(USER), index=True)
    linked_at: Mapped[datetime | None]
    consent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("consent.id"), index=True)
    wiped_at: Mapped[datetime | None]

    about = Encrypted("about")
    remark = Encrypted("remark")

    @property
    def case_id(self) -> UUID:
        """Whose key seals the text: the enquiry's own (nothing is known of a case when it is written)."""
        return self.id
