"""Consent as a key: by purpose and recipient, each adult's own, expiring, withdrawable."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from caseapp.core.db import Base, Identified, one_of

STATES = ("GIVEN", "REFUSED", "WITHDRAWN", "EXPIRED", "NOT_ASKED")
GIVEN_BY = ("SELF", "PARENT", "GUARDIAN", "CHILD_AUTHORITY", "CHILD_ASSENT", "SUPPORTED_DECISION")
ASSENTS = ("GIVEN", "REFUSED")
FORMS = ("SIGNED", "THUMBPRINT", "SPOKEN_WITNESSED", "SPOKEN_REMOTE", "SIGN_LANGUAGE")


class Consent(Identified, Base):
    """One answer to one purpose. `adult` is frozen when asked: an adult's consent is given by the adult
    (or with support in deciding), never by another adult of the household."""

    __tablename__ = "consent"
    __table_args__ = (
        one_of("state", STATES),
        one_of("given_by", GIVEN_BY),
        sa.CheckConstraint(
            "NOT adult OR given_by IN ('SELF', 'SUPPORTED_DECISION')", name="adult_consents_alone"
        ),
        sa.CheckConstraint(
            "NOT adult OR state = 'NOT_ASKED' OR given_by_case_id IS NULL", name="adult_never_through_another"
        ),
        sa.CheckConstraint("(state = 'WITHDRAWN') = (withdrawn_at IS NOT NULL)", name="withdrawn_has_time"),
        sa.CheckConstraint(
            "adult OR given_by NOT IN ('SELF', 'SUPPORTED_DECISION')", name="child_with_carer"
        ),
        sa.CheckConstraint("state <> 'GIVEN' OR form IS NOT NULL", name="given_has_form"),
        sa.CheckConstraint("purpose <> 'MEDIA'", name="never_media"),
        # Consulate and return: alone, after legal advice, thirty days. A comparison with NULL would let pass.
        sa.CheckConstraint(
            "purpose NOT IN ('CONSULAR', 'RETURN_ASSISTANCE', 'COUNTRY_OF_ORIGIN') OR state <> 'GIVEN' OR (coalesce(alone, false) "
            "AND legal_advice_on IS NOT NULL AND expires_on IS NOT NULL AND expires_on <= asked_on + 30)",
            name="grave_with_care",
        ),
        sa.CheckConstraint(
            "purpose NOT IN ('CONSULAR', 'CROSS_BORDER', 'COUNTRY_OF_ORIGIN') OR state = 'NOT_ASKED' "
            "OR recipient_country IS NOT NULL",
            name="country_named",
        ),
        sa.CheckConstraint("state <> 'GIVEN' OR expires_on IS NOT NULL", name="given_ends"),
        one_of("assent", ASSENTS),
        sa.CheckConstraint("assent IS NULL OR NOT adult", name="assent_is_a_childs"),
        # From twelve on the child's own answer stands beside the carer's.
        sa.CheckConstraint(
            "adult OR state <> 'GIVEN' OR given_by = 'CHILD_ASSENT' OR coalesce(age_asked, 0) < 12 "
            "OR assent IS NOT NULL",
            name="assent_recorded",
        ),
        sa.Index("ix_consent_ends", "expires_on", postgresql_where=sa.text("state = 'GIVEN'")),
        sa.Index("ix_consent_purpose", "case_id", "purpose", "state"),
    )

    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case.id"))
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    purpose: Mapped[str]
    recipient_team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("team.id"), index=True)
    recipient_country: Mapped[str | None] = mapped_column(sa.CHAR(3))
    state: Mapped[str]
    adult: Mapped[bool]
    age_asked: Mapped[int | None] = mapped_column(sa.SmallInteger)  # a child's, frozen when asked
    assent: Mapped[str | None]  # what the child said themselves
    given_by: Mapped[str]
    given_by_case_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("case.id"), index=True)
    form: Mapped[str | None]
    language: Mapped[str | None] = mapped_column(sa.CHAR(3))
    interpreter: Mapped[str | None]
    alone: Mapped[bool | None]
    legal_advice_on: Mapped[date | None]
    text_version: Mapped[str]
    asked_on: Mapped[date]
    expires_on: Mapped[date | None]
    withdrawn_at: Mapped[datetime | None]
    recorded_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
