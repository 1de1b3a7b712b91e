"""Users, teams and memberships, sessions and one-time links. A user's role is held in a team; separation of
duties is a constraint. Of tokens only the SHA-256 is kept: a copy of the database signs nobody in."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseapp.core.db import Base, Identified, Versioned, one_of
from caseapp.places.models import Site


class Role(StrEnum):
    """The roles that an account may hold (VOCABULARY A6)."""

    CASEWORKER = "CASEWORKER"
    SUPERVISOR = "SUPERVISOR"
    SHELTER_COORDINATOR = "SHELTER_COORDINATOR"
    SERVICE_FOCAL_POINT = "SERVICE_FOCAL_POINT"
    COMMISSION_ANALYST = "COMMISSION_ANALYST"
    REGIONAL_ANALYST = "REGIONAL_ANALYST"
    DATA_STEWARD = "DATA_STEWARD"
    RELEASE_APPROVER = "RELEASE_APPROVER"
    ADMINISTRATOR = "ADMINISTRATOR"
    AUDITOR = "AUDITOR"
    GATE_NIGHT = "GATE_NIGHT"
    CUSTODY_LIAISON = "CUSTODY_LIAISON"
    CHILD_OFFICER = "CHILD_OFFICER"
    DATA_PROTECTION_OFFICER = "DATA_PROTECTION_OFFICER"
    ASSISTANCE_OFFICER = "ASSISTANCE_OFFICER"
    PAYMENTS_APPROVER = "PAYMENTS_APPROVER"
    SHELTER_VOLUNTEER = "SHELTER_VOLUNTEER"


class Team(Identified, Base):
    """A team at a site; `code` is `<site>-<TYPE>`, national teams `<ISO3>-<TYPE>`. One of type DIRECTORY stands for an
    entry of the directory that no team of ours offers: it receives referrals, nobody signs in for it (a trigger), and the
    database makes it (`receiver_of_service`)."""

    __tablename__ = "team"
    __table_args__ = (
        sa.CheckConstraint("type ~ '^[A-Z_]+$'", name="type_form"),
        sa.CheckConstraint("(type = 'DIRECTORY') = (stands_for_id IS NOT NULL)", name="stands_for_by_type"),
    )

    code: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    country: Mapped[str] = mapped_column(sa.CHAR(3), index=True)
    site_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("site.id"), index=True)
    name: Mapped[str]
    sort_key: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    # The two tables name each other.
    stands_for_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("service.id", use_alter=True, name="fk_team_stands_for_id"), unique=True
    )

    site: Mapped[Site | None] = relationship(lazy="raise")


class User(Identified, Versioned, Base):
    """A person with an account. `email` is kept lower-case; `password_hash` is Argon2id."""

    __tablename__ = "user_account"
    __table_args__ = (
        sa.CheckConstraint("email = lower(email)", name="email_lower"),
        one_of("language", ("es", "en")),
    )

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    totp_secret_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    totp_last_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    language: Mapped[str] = mapped_column(default="es", server_default="es")
    active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    failed_count: Mapped[int] = mapped_column(default=0, server_default="0")
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]


class Membership(Identified, Base):
    """A role in a team from `valid_from` to the day before `valid_to` (the same day: it never held). A data
    steward is never a release approver; an administrator holds no other role, so that an administrator
    opens no case; nor does the liaison in a migratory station."""

    __tablename__ = "membership"
    __table_args__ = (
        one_of("role", Role),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates_in_order"),
        sa.UniqueConstraint("user_id", "team_id", "role", "valid_from"),
        pg.ExcludeConstraint(
            ("user_id", "="),
            ("role", "<>"),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            where=sa.text("role IN ('DATA_STEWARD', 'RELEASE_APPROVER')"),
            name="ex_membership_steward_or_approver",
            using="gist",
        ),
        pg.ExcludeConstraint(
            ("user_id", "="),
            (sa.text("((role = 'ADMINISTRATOR')::int)"), "<>"),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            name="ex_membership_administrator_alone",
            using="gist",
        ),
        pg.ExcludeConstraint(
            ("user_id", "="),
            (sa.text("((role = 'CUSTODY_LIAISON')::int)"), "<>"),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            name="ex_membership_liaison_alone",
            using="gist",
        ),
    )

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    role: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    user: Mapped[User] = relationship(lazy="raise")
    team: Mapped[Team] = relationship(lazy="raise")


class Stage(StrEnum):
    """How far a session has come: the password was right, or the second factor as well."""

    PASSWORD_GIVEN = "PASSWORD_GIVEN"
    SIGNED_IN = "SIGNED_IN"


class UserSession(Identified, Base):
    """One browser of one user. Times are real UTC; `expires_at` is the absolute limit. `locked_at`: the
    screen is hidden until the password is given. The address is cut to its network (/24, /48)."""

    __tablename__ = "user_session"
    __table_args__ = (
        one_of("stage", Stage),
        sa.CheckConstraint("octet_length(token_hash) = 32", name="token_hashed"),
        sa.CheckConstraint("expires_at > created_at", name="expires_later"),
    )

    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    stage: Mapped[str]
    enrol_secret_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    locked_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    network: Mapped[str | None]
    agent: Mapped[str | None]


class PasswordReset(Identified, Base):
    """A one-time link with which a user sets a password. `clears_second_factor`: the telephone was lost.
    `made_by_id` is None for the command line."""

    __tablename__ = "password_reset"
    __table_args__ = (
        sa.CheckConstraint("octet_length(token_hash) = 32", name="token_hashed"),
        sa.CheckConstraint("expires_at > created_at", name="expires_later"),
    )

    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    made_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    clears_second_factor: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
