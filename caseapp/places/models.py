"""Organisations, sites and the services of the directory (after Open Referral HSDS 3). Organisations are keyed by
country: MX-INM is not HN-INM. Where a safe house is stands in a table of its own (`SafeHouse`)."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseapp.core.db import Base, Identified, Versioned, one_of


class SiteKind(StrEnum):
    BORDER_POINT = "BORDER_POINT"
    RECEPTION_CENTRE = "RECEPTION_CENTRE"
    SHELTER = "SHELTER"
    SAFE_HOUSE = "SAFE_HOUSE"
    OFFICE = "OFFICE"
    HEALTH = "HEALTH"


class ReferralMethod(StrEnum):
    """How a service wants to be asked."""

    SYSTEM = "SYSTEM"
    ONE_TIME_PAGE = "ONE_TIME_PAGE"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    PAPER = "PAPER"
    OTHER_SYSTEM = "OTHER_SYSTEM"
    WALK_IN = "WALK_IN"
    NOT_ACCEPTED = "NOT_ACCEPTED"


class Term(StrEnum):
    """What a service says in codes: whom it is for (SEX, POPULATION, HOUSEHOLD; where: AREA, P-codes or a country),
    what to bring, and how it can be used. No row of a kind: no restriction."""

    SEX = "SEX"
    POPULATION = "POPULATION"
    HOUSEHOLD = "HOUSEHOLD"
    AREA = "AREA"
    DOCUMENT = "DOCUMENT"
    ACCESSIBILITY = "ACCESSIBILITY"


COSTS = ("FREE", "VOLUNTARY", "PART", "PAID")
CLOSURES = ("SEASON", "HOLIDAY", "WORKS", "STAFF", "FULL", "OTHER")
UNITS = ("PLACE", "APPOINTMENT", "PERSON", "FAMILY", "KIT")
CONTACTS = ("PERSON", "DUTY", "NEXT_DUTY")
IMPORT_STATES = ("WAITING", "RUNNING", "DONE", "FAILED")
ACTS = ("CREATED", "CHANGED", "CONFIRMED", "CLOSED", "IMPORTED")


class Organisation(Identified, Base):
    """An institution in one country. `sort_key` is lower(unaccent(name)), written by the application;
    `provider_class` says what kind of institution it is (list `provider_class`)."""

    __tablename__ = "organisation"
    __table_args__ = (
        one_of("provider_class", ("STATE", "UN", "NGO", "OTHER")),
        sa.UniqueConstraint("country", "code"),
        sa.UniqueConstraint("id", "country", name="uq_organisation_id_country"),
        sa.Index(
            "ix_organisation_sort_key_trgm", "sort_key", postgresql_using="gin",
            postgresql_ops={"sort_key": "gin_trgm_ops"},
        ),
    )  # fmt: skip

    country: Mapped[str] = mapped_column(sa.CHAR(3))
    code: Mapped[str]
    name: Mapped[str]
    sort_key: Mapped[str]
    provider_class: Mapped[str] = mapped_column(default="OTHER", server_default="OTHER")
    description: Mapped[str | None]
    website: Mapped[str | None]


class OrganisationName(Identified, Base):
    """Another name of an organisation (an acronym, the name people say). In a country no name means two; a trigger
    compares with the organisations' own names."""

    __tablename__ = "organisation_name"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["organisation_id", "country"], ["organisation.id", "organisation.country"],
            name="fk_organisation_name_organisation_id",
        ),
        sa.UniqueConstraint("country", "sort_key", name="uq_organisation_name_country"),
        sa.Index("ix_organisation_name_organisation_id", "organisation_id", "country"),
    )  # fmt: skip

    organisation_id: Mapped[UUID]
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    name: Mapped[str]
    sort_key: Mapped[str]


class Site(Identified, Base):
    """A place of work: `code` is `<ISO2>-<AAA>`. A night runs to `rollover_hour` (local) of the next day;
    nobody is marked a no-show before `no_show_after_hour` (local) of the next morning. The coordinates are those of
    the municipality's centre; a safe house has none, nor a municipality."""

    __tablename__ = "site"
    __table_args__ = (
        one_of("kind", SiteKind),
        sa.CheckConstraint("rollover_hour BETWEEN 0 AND 23", name="rollover_hour_of_day"),
        sa.CheckConstraint("no_show_after_hour BETWEEN 0 AND 23", name="no_show_after_hour_of_day"),
        sa.CheckConstraint("code ~ '^[A-Z]{2}-[A-Z0-9]{3}$'", name="code_form"),
        sa.CheckConstraint(
            "kind <> 'SAFE_HOUSE' OR num_nonnulls(latitude, longitude, admin2) = 0",
            name="no_safe_house_located",
        ),
        sa.CheckConstraint("num_nonnulls(latitude, longitude) <> 1", name="both_coordinates"),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_on_earth"),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_on_earth"),
    )

    code: Mapped[str] = mapped_column(unique=True)
    country: Mapped[str] = mapped_column(sa.CHAR(3), index=True)
    organisation_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    sort_key: Mapped[str]
    admin1: Mapped[str | None]  # P-code
    admin2: Mapped[str | None]  # P-code of the municipality
    latitude: Mapped[Decimal | None] = mapped_column(sa.Numeric(8, 5))
    longitude: Mapped[Decimal | None] = mapped_column(sa.Numeric(8, 5))
    timezone: Mapped[str]
    rollover_hour: Mapped[int] = mapped_column(default=12, server_default="12")
    no_show_after_hour: Mapped[int] = mapped_column(default=10, server_default="10")
    opened_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    child_licence: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class Service(Identified, Versioned, Base):
    """What is offered at a site (`kind` is a code of the list `service_kind`), by a team of ours or by somebody
    without one. `confirmed_at`: when somebody last said that the entry is true. `source` and `source_key` name the
    row of the file it came from."""

    __tablename__ = "service"
    __table_args__ = (
        sa.UniqueConstraint("team_id", "kind"),
        sa.UniqueConstraint("source", "source_key", name="uq_service_source"),
        one_of("referral_method", ReferralMethod),
        one_of("cost", COSTS),
        sa.CheckConstraint("age_from BETWEEN 0 AND 120", name="age_from_of_life"),
        sa.CheckConstraint("age_to BETWEEN 0 AND 120", name="age_to_of_life"),
        sa.CheckConstraint("age_from <= age_to", name="ages_in_order"),
        sa.CheckConstraint("answer_hours BETWEEN 1 AND 8760", name="answer_hours_sane"),
        sa.CheckConstraint("offered_from <= offered_to", name="offered_in_order"),
        sa.CheckConstraint("num_nonnulls(source, source_key) <> 1", name="source_whole"),
        sa.Index(
            "ix_service_sort_key_trgm", "sort_key", postgresql_using="gin", postgresql_ops={"sort_key": "gin_trgm_ops"}
        ),
    )  # fmt: skip

    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    team_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("team.id"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    sort_key: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    confirmed_at: Mapped[datetime | None]
    description: Mapped[str | None]
    age_from: Mapped[int | None]
    age_to: Mapped[int | None]
    eligibility_note: Mapped[str | None]
    referral_method: Mapped[str] = mapped_column(default="SYSTEM", server_default="SYSTEM")
    answer_hours: Mapped[int | None]
    cost: Mapped[str | None]
    cost_note: Mapped[str | None]
    always_open: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    offered_from: Mapped[date | None]
    offered_to: Mapped[date | None]
    source: Mapped[str | None]
    source_key: Mapped[str | None]

    site: Mapped[Site] = relationship(lazy="raise")


class ServiceLanguage(Base):
    """A language in which a service works without an interpreter (ISO 639-3)."""

    __tablename__ = "service_language"
    __table_args__ = (sa.CheckConstraint("language ~ '^[a-z]{3}$'", name="language_form"),)

    service_id: Mapped[UUID] = mapped_column(sa.ForeignKey("service.id"), primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)


class ServiceTerm(Base):
    """A code that a service says of itself (`Term`)."""

    __tablename__ = "service_term"
    __table_args__ = (one_of("kind", Term),)

    service_id: Mapped[UUID] = mapped_column(sa.ForeignKey("service.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)


class ServiceHours(Identified, Base):
    """Opening on a weekday (ISO: Monday is 1), in the site's zone; one that closes before it opens goes on past
    midnight."""

    __tablename__ = "service_hours"
    __table_args__ = (
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday_of_week"),
        sa.CheckConstraint("opens <> closes", name="opens_some_time"),
        sa.UniqueConstraint("service_id", "weekday", "opens", name="uq_service_hours_service_id"),
    )

    service_id: Mapped[UUID] = mapped_column(sa.ForeignKey("service.id"))
    weekday: Mapped[int]
    opens: Mapped[time]
    closes: Mapped[time]


class ServiceClosure(Identified, Base):
    """Days on which a service is closed, whatever its hours."""

    __tablename__ = "service_closure"
    __table_args__ = (
        one_of("reason", CLOSURES),
        sa.CheckConstraint("first_day <= last_day", name="days_in_order"),
        pg.ExcludeConstraint(
            ("service_id", "="), (sa.text("daterange(first_day, last_day, '[]')"), "&&"),
            name="ex_service_closure_once", using="gist",
        ),
    )  # fmt: skip

    service_id: Mapped[UUID] = mapped_column(sa.ForeignKey("service.id"), index=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    reason: Mapped[str]


class ServiceCapacity(Identified, Base):
    """How much of a unit a service has left, as it last said (HSDS `service_capacity`). Beds are counted by the
    shelter itself."""

    __tablename__ = "service_capacity"
    __table_args__ = (
        one_of("unit", UNITS),
        sa.CheckConstraint("available >= 0", name="available_counts"),
        sa.CheckConstraint("available <= maximum", name="available_within"),
        sa.UniqueConstraint("service_id", "unit", name="uq_service_capacity_service_id"),
    )

    service_id: Mapped[UUID] = mapped_column(sa.ForeignKey("service.id"))
    unit: Mapped[str]
    available: Mapped[int]
    maximum: Mapped[int | None]
    updated_at: Mapped[datetime]


class ServiceContact(Identified, Base):
    """Who answers: a person, the telephone on duty, the next one. A safe house's stands with its address."""

    __tablename__ = "service_contact"
    __table_args__ = (
        one_of("kind", CONTACTS),
        sa.CheckConstraint("num_nonnulls(phone, email) > 0", name="reaches_somebody"),
        sa.UniqueConstraint("service_id", "kind", name="uq_service_contact_service_id"),
    )

    service_id: Mapped[UUID] = mapped_column(sa.ForeignKey("service.id"))
    kind: Mapped[str]
    name: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]


class SiteAddress(Base):
    """The open address of a site; a trigger refuses one for a safe house."""

    __tablename__ = "site_address"

    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), primary_key=True)
    address: Mapped[str]
    directions: Mapped[str | None]
    phone: Mapped[str | None]


class SafeHouse(Versioned, Base):
    """Where a safe house is and how it is reached, sealed with a key of its own (`service.safe_house`). Its policy
    shows the row to the site's own teams and to teams that were given the right; the worker's role has no grant."""

    __tablename__ = "safe_house"

    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), primary_key=True)
    whereabouts_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)


class SafeHouseAccess(Identified, Base):
    """A team's right to a safe house's address, given by the house until a day."""

    __tablename__ = "safe_house_access"

    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    granted_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    granted_at: Mapped[datetime]
    valid_to: Mapped[date]
    ended_at: Mapped[datetime | None]


class DirectoryChange(Identified, Base):
    """Who changed an entry when, and which parts of it (words of the form, never what was typed)."""

    __tablename__ = "directory_change"
    __table_args__ = (
        one_of("act", ACTS),
        sa.Index("ix_directory_change_service_id", "service_id", "at"),
    )

    at: Mapped[datetime]
    actor: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    service_id: Mapped[UUID] = mapped_column(sa.ForeignKey("service.id"))
    act: Mapped[str]
    parts: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text), server_default="{}", default=list)


class DirectoryImport(Identified, Base):
    """A file for the directory that somebody put in: first looked at without writing, then taken in; how far it is, and
    what becomes of each row. The file goes when it was taken in, or after a day."""

    __tablename__ = "directory_import"
    __table_args__ = (
        one_of("state", IMPORT_STATES),
        sa.CheckConstraint("(state IN ('WAITING', 'RUNNING')) = (ended_at IS NULL)", name="ended_has_time"),
        sa.CheckConstraint("dry_run OR ended_at IS NULL OR content IS NULL", name="file_goes"),
    )

    asked_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    asked_by: Mapped[str]
    state: Mapped[str]
    dry_run: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    country: Mapped[str] = mapped_column(sa.CHAR(3))
    file_name: Mapped[str]
    map_text: Mapped[str | None]  # of a plain table; none: an HSDS package
    content: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    done: Mapped[int] = mapped_column(default=0, server_default="0")
    of: Mapped[int] = mapped_column(default=0, server_default="0")
    counts: Mapped[dict[str, int]] = mapped_column(pg.JSONB, default=dict, server_default="{}")
    lines: Mapped[list[dict[str, Any]]] = mapped_column(pg.JSONB, default=list, server_default="[]")
    refusal: Mapped[str | None]
    made_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
