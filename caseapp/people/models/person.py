"""A person as known: names in parts, birth as precisely as known, the three separate fields on sex,
gender and safety, nationalities, languages, documents, and their dated protection situation."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.crypto import Encrypted
from caseapp.core.db import Base, Identified, Versioned, one_of


class BirthPrecision(StrEnum):
    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"
    AGE_ESTIMATED = "AGE_ESTIMATED"
    UNKNOWN = "UNKNOWN"


SEX_IN_DOCUMENT = ("F", "M", "X", "NOT_ASKED", "UNKNOWN", "DECLINED", "NOT_APPLICABLE")
AGE_STATUS = (
    "STATED", "DOCUMENTED", "DISPUTED_TREATED_AS_CHILD", "DECIDED_CHILD", "DECIDED_ADULT",
)  # fmt: skip
FEELS_SAFE_IN = (
    "WOMEN", "MEN", "SEPARATE", "LGBTIQ_SITE", "NO_PREFERENCE",
    "NOT_ASKED", "UNKNOWN", "DECLINED", "NOT_APPLICABLE",
)  # fmt: skip


class Person(Identified, Versioned, Base):
    """One person; exactly one case. `birth_from`/`birth_to` bound the birth date (equal when exact;
    both null when unknown). `merged_into_id` points to the person this record turned out to be."""

    __tablename__ = "person"
    __table_args__ = (
        one_of("birth_precision", BirthPrecision),
        one_of("age_status", AGE_STATUS),
        one_of("sex_in_document", SEX_IN_DOCUMENT),
        one_of("feels_safe_in", FEELS_SAFE_IN),
        sa.CheckConstraint(
            "(birth_precision = 'UNKNOWN') = (birth_from IS NULL) AND (birth_from IS NULL) = (birth_to IS NULL)",
            name="birth_bounded",
        ),
        sa.CheckConstraint("birth_from <= birth_to", name="birth_in_order"),
        sa.CheckConstraint("birth_precision <> 'DAY' OR birth_from = birth_to", name="birth_exact"),
        sa.CheckConstraint("merged_into_id <> id", name="not_merged_into_itself"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), unique=True)
    merged_into_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    given_names_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    surname_1_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    surname_2_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    also_known_as_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    called_name_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    gender_self_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    birth_precision: Mapped[str]
    birth_from: Mapped[date | None]
    birth_to: Mapped[date | None]
    age_status: Mapped[str] = mapped_column(default="STATED", server_default="STATED")
    sex_in_document: Mapped[str]
    feels_safe_in: Mapped[str] = mapped_column(default="NOT_ASKED", server_default="NOT_ASKED")
    interpreter_needed: Mapped[bool | None]
    created_at: Mapped[datetime]

    given_names = Encrypted("given_names")
    surname_1 = Encrypted("surname_1")
    surname_2 = Encrypted("surname_2")
    also_known_as = Encrypted("also_known_as")
    called_name = Encrypted("called_name")
    gender_self = Encrypted("gender_self")

    @property
    def full_name(self) -> str:
        """Given names and surnames in reading order; empty after erasure."""
        return " ".join(p for p in (self.given_names, self.surname_1, self.surname_2) if p)


class PersonNationality(Identified, Base):
    """A nationality (ISO alpha-3), `XXX` stateless, `UNK` unknown. Position 1 is the main one."""

    __tablename__ = "person_nationality"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "position"),
        sa.UniqueConstraint("person_id", "country"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    position: Mapped[int]
    country: Mapped[str] = mapped_column(sa.CHAR(3))


class PersonLanguage(Identified, Base):
    """A language (ISO 639-3) in order of preference."""

    __tablename__ = "person_language"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "position"),
        sa.UniqueConstraint("person_id", "language"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    position: Mapped[int]
    language: Mapped[str] = mapped_column(sa.CHAR(3))


class PersonPopulation(Identified, Base):
    """A protection situation from a day on (several may hold); codes of the list `population`."""

    __tablename__ = "person_population"
    __table_args__ = (sa.CheckConstraint("ended_on IS NULL OR ended_on >= since", name="dates_in_order"),)

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    population: Mapped[str]
    since: Mapped[date]
    ended_on: Mapped[date | None]


class IdentityDocument(Identified, Base):
    """A document shown or declared; the number is encrypted, its keyed token finds it."""

    __tablename__ = "identity_document"

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    document_type: Mapped[str]
    issued_by: Mapped[str | None] = mapped_column(sa.CHAR(3))
    number_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    valid_to: Mapped[date | None]
    seen: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    number = Encrypted("number")
