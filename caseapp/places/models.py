"""Organisations, sites and services. Organisations are keyed by country: MX-INM is not HN-INM."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from caseapp.core.db import Base, Identified, one_of


class SiteKind(StrEnum):
    BORDER_POINT = "BORDER_POINT"
    RECEPTION_CENTRE = "RECEPTION_CENTRE"
    SHELTER = "SHELTER"
    SAFE_HOUSE = "SAFE_HOUSE"
    OFFICE = "OFFICE"
    HEALTH = "HEALTH"


class Organisation(Identified, Base):
    """An institution in one country. `sort_key` is lower(unaccent(name)), written by the application;
    `provider_class` says what kind of institution it is (list `provider_class`)."""

    __tablename__ = "organisation"
    __table_args__ = (
        one_of("provider_class", ("STATE", "UN", "NGO", "OTHER")),
        sa.UniqueConstraint("country", "code"),
    )

    country: Mapped[str] = mapped_column(sa.CHAR(3))
    code: Mapped[str]
    name: Mapped[str]
    sort_key: Mapped[str]
    provider_class: Mapped[str] = mapped_column(default="OTHER", server_default="OTHER")


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


class Service(Identified, Base):
    """What a team at a site offers (`kind` is a code of the list `service_kind`)."""

    __tablename__ = "service"
    __table_args__ = (sa.UniqueConstraint("team_id", "kind"),)

    site_id: Mapped[UUID] = mapped_column(sa.ForeignKey("site.id"), index=True)
    team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("team.id"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    sort_key: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    confirmed_at: Mapped[datetime | None]

    site: Mapped[Site] = relationship(lazy="raise")


class ServiceLanguage(Base):
    """A language in which a service works without an interpreter (ISO 639-3)."""

    __tablename__ = "service_language"
    __table_args__ = (sa.CheckConstraint("language ~ '^[a-z]{3}$'", name="language_form"),)

    service_id: Mapped[UUID] = mapped_column(sa.ForeignKey("service.id"), primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
