"""How a person may be reached without harm, and each attempt to reach them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, one_of

RULES = ("SAFE_TO_CALL", "SAFE_TO_TEXT", "NO_MESSAGES", "ONLY_VIA")
CHANNELS = ("CALL", "TEXT", "CHAT", "VISIT", "VIA_CONTACT", "EMAIL")
RESULTS = ("REACHED", "NO_ANSWER", "WRONG_PERSON_DO_NOT_REUSE", "MESSAGE_LEFT_NEUTRAL")


class Contact(Identified, Base):
    """A way to reach the person. No message ever names asylum, Acogida, a site or a need."""

    __tablename__ = "contact"
    __table_args__ = (one_of("rule", RULES),)

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    number_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    whose_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    via_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    code_word_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    rule: Mapped[str]
    hours: Mapped[str | None]
    language: Mapped[str | None] = mapped_column(sa.CHAR(3))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    number = Encrypted("number")
    whose = Encrypted("whose")
    via = Encrypted("via")
    code_word = Encrypted("code_word")


class ContactAttempt(Identified, Base):
    """One attempt; three on two channels over thirty days come before "contact lost"."""

    __tablename__ = "contact_attempt"
    __table_args__ = (one_of("channel", CHANNELS), one_of("result", RESULTS))

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    channel: Mapped[str]
    result: Mapped[str]
    at: Mapped[datetime]
    by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
