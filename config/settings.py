"""The one validated settings object, read from the environment; imports nothing of ours.

``settings()`` reads the environment once and keeps the result. A process that changes its environment later
(the launcher, a test) calls ``reset_settings()``. What is wrong is said in one sentence (``SettingsError``).

Demo secrets begin with ``demo-`` and the country key file of a demo carries ``"demo": true``: they are known
wherever they turn up, and outside demo and test nothing starts with one of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.country_keys import (
    CountryKeyMissing,
    CountryKeys,
    Purpose,
    SettingsError,
    derive,
    made_for_tests,
    read_country_keys,
)

__all__ = [
    "CountryKeyMissing",
    "Environment",
    "Purpose",
    "Settings",
    "SettingsError",
    "country_key",
    "environment_for_celery",
    "home_folder",
    "reset_settings",
    "settings",
]

DEMO_MARK = "demo-"
SHORTEST_SECRET = 32
DRIVER = "postgresql+psycopg"
BROKER_OF_OURS = "ACOGIDA_BROKER_URL"


class Environment(StrEnum):
    """Where this installation runs; production unless something else is said."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


def _with_driver(url: str | None) -> str | None:
    """Accept ``postgresql://`` as administrators write it; name the driver that SQLAlchemy needs."""
    if url is None:
        return None
    scheme, separator, rest = url.partition("://")
    if scheme not in {"postgresql", "postgres", DRIVER} or not separator:
        raise ValueError("must begin with postgresql://")
    return f"{DRIVER}://{rest}"


def _known_broker(url: str) -> str:
    if not url.startswith(("unix:///", "redis://", "rediss://")):
        raise ValueError("must begin with unix:/// or redis://")
    return url


def _aware(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _empty_is_none(value: Any) -> Any:
    """``NAME=`` in an environment file means "not set"."""
    return None if value == "" else value


DatabaseUrl = Annotated[str | None, BeforeValidator(_empty_is_none), AfterValidator(_with_driver)]
Moment = Annotated[datetime | None, BeforeValidator(_empty_is_none), AfterValidator(_aware)]
OptionalPath = Annotated[Path | None, BeforeValidator(_empty_is_none)]


class Settings(BaseSettings):
    """Every setting of the installation. In: the environment. Out: typed, checked values."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=True, populate_by_name=True)

    environment: Environment = Field(Environment.PRODUCTION, validation_alias="ACOGIDA_ENV")

    # One credential per role; a process gets only those it needs. The first is the owner's (migrate, backup).
    database_url: DatabaseUrl = Field(None, validation_alias="DATABASE_URL", repr=False)
    database_url_app: DatabaseUrl = Field(None, validation_alias="DATABASE_URL_APP", repr=False)
    database_url_work: DatabaseUrl = Field(None, validation_alias="DATABASE_URL_WORK", repr=False)
    database_url_facts: DatabaseUrl = Field(None, validation_alias="DATABASE_URL_FACTS", repr=False)
    database_url_figures: DatabaseUrl = Field(None, validation_alias="DATABASE_URL_FIGURES", repr=False)
    #: Role figures at a streaming replica, for pages that only read; without it they read where they write.
    database_url_figures_read: DatabaseUrl = Field(
        None, validation_alias="DATABASE_URL_FIGURES_READ", repr=False
    )

    broker_url: Annotated[str, AfterValidator(_known_broker)] = Field(
        "redis://127.0.0.1:6379/0", validation_alias=AliasChoices(BROKER_OF_OURS, "BROKER_URL"), repr=False
    )

    # The defaults carry the demo's mark: production refuses them like any other demo secret.
    secret_key: str = Field("demo-only-for-tests-and-the-demo-0", validation_alias="SECRET_KEY", repr=False)
    release_secret: str = Field(
        "demo-only-for-tests-and-the-demo-1", validation_alias="RELEASE_SECRET", repr=False
    )
    country_keys_file: OptionalPath = Field(None, validation_alias="ACOGIDA_COUNTRY_KEYS_FILE")

    frozen_now: Moment = Field(None, validation_alias="ACOGIDA_NOW")
    clock_offset_seconds: int = Field(0, validation_alias="ACOGIDA_CLOCK_OFFSET_SECONDS")

    home: OptionalPath = Field(None, validation_alias="ACOGIDA_HOME")
    base_url: str = Field("http://127.0.0.1:8000", validation_alias="ACOGIDA_BASE_URL")
    session_idle_minutes: int = Field(30, ge=1, le=24 * 60, validation_alias="ACOGIDA_SESSION_IDLE_MINUTES")
    session_absolute_hours: int = Field(
        12, ge=1, le=7 * 24, validation_alias="ACOGIDA_SESSION_ABSOLUTE_HOURS"
    )
    log_level: str = Field(
        "INFO", validation_alias="ACOGIDA_LOG_LEVEL", pattern="^(DEBUG|INFO|WARNING|ERROR)$"
    )

    # Whether released figures are given to everybody or to holders of a key (docs/open-data.md).
    open_data: Literal["keyed", "open"] = Field("keyed", validation_alias="ACOGIDA_OPEN_DATA")

    # Without a token there is no /metrics.
    metrics_token: str | None = Field(None, validation_alias="ACOGIDA_METRICS_TOKEN", repr=False)

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def is_demo(self) -> bool:
        return self.environment is Environment.DEMO

    @property
    def session_idle(self) -> timedelta:
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def session_absolute(self) -> timedelta:
        return timedelta(hours=self.session_absolute_hours)

    @property
    def celery_broker_url(self) -> str:
        """The broker as Celery (kombu) spells it, database 0; also good as its result backend."""
        return self._broker("redis+socket", "virtual_host", 0)

    @property
    def limiter_storage_url(self) -> str:
        """The broker as Flask-Limiter (limits) spells it, database 1."""
        return self._broker("redis+unix", "db", 1)

    def _broker(self, socket_scheme: str, parameter: str, database: int) -> str:
        parts = urlsplit(self.broker_url)
        if parts.scheme == "unix":
            return f"{socket_scheme}://{parts.path}?{parameter}={database}"
        return urlunsplit(parts._replace(path=f"/{database}"))

    @property
    def database_urls(self) -> dict[str, str]:
        """Variable name → URL of the credentials this process holds."""
        urls = {
            "DATABASE_URL": self.database_url,
            "DATABASE_URL_APP": self.database_url_app,
            "DATABASE_URL_WORK": self.database_url_work,
            "DATABASE_URL_FACTS": self.database_url_facts,
            "DATABASE_URL_FIGURES": self.database_url_figures,
            "DATABASE_URL_FIGURES_READ": self.database_url_figures_read or self.database_url_figures,
        }
        return {name: url for name, url in urls.items() if url}

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.is_production:
            for name, secret in (("SECRET_KEY", self.secret_key), ("RELEASE_SECRET", self.release_secret)):
                _must_be_a_secret(name, secret, given=name.lower() in self.model_fields_set)
            if self.metrics_token:
                _must_be_a_secret("ACOGIDA_METRICS_TOKEN", self.metrics_token, given=True)
            if self.secret_key == self.release_secret:
                raise SettingsError("SECRET_KEY and RELEASE_SECRET are the same: each needs its own value.")
            _must_have_real_credentials(self)
            _must_have_real_keys(self.country_keys_file)
            if self.frozen_now is not None or self.clock_offset_seconds:
                raise SettingsError(
                    "ACOGIDA_NOW and ACOGIDA_CLOCK_OFFSET_SECONDS are for the demo and tests only."
                )
        return self


def _must_be_a_secret(name: str, value: str, *, given: bool) -> None:
    if not given or not value:
        raise SettingsError(f"{name} is missing: set it to at least {SHORTEST_SECRET} random characters.")
    if value.startswith(DEMO_MARK):
        raise SettingsError(f"{name} is a demo secret and may not be used in production: make a new one.")
    if len(value) < SHORTEST_SECRET or len(set(value)) < 8:
        raise SettingsError(f"{name} is too short: it needs at least {SHORTEST_SECRET} random characters.")


def _must_have_real_credentials(given: Settings) -> None:
    if not given.database_urls:
        raise SettingsError("No database is set: give DATABASE_URL_APP (and the others) or DATABASE_URL.")
    if "broker_url" not in given.model_fields_set:
        raise SettingsError("BROKER_URL is missing: give unix:///path or redis://host:port.")
    for name, url in (*given.database_urls.items(), ("BROKER_URL", given.broker_url)):
        if unquote(urlsplit(url).password or "").startswith(DEMO_MARK):
            raise SettingsError(f"{name} holds a demo password and may not be used in production.")


def _must_have_real_keys(file: Path | None) -> None:
    if file is None:
        raise SettingsError("ACOGIDA_COUNTRY_KEYS_FILE is missing: give the file with the countries' keys.")
    keys = read_country_keys(file)
    if keys.demo:
        raise SettingsError(f"{file} holds the demo's country keys and may not be used in production.")
    if not keys.keys:
        raise SettingsError(f"{file} holds no country key.")


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. Raises ``SettingsError`` with one sentence when they cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None


def reset_settings() -> None:
    """Forget what was read: the next ``settings()`` reads the environment again."""
    settings.cache_clear()
    _country_keys.cache_clear()
    _derived.cache_clear()


def _sentence(error: ValidationError) -> str:
    """The first problem only, without the value (it may be a secret)."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = str(first["loc"][0]) if first["loc"] else "The configuration"
    field = Settings.model_fields.get(place)
    name = str(field.validation_alias) if field and field.validation_alias else place
    name = "BROKER_URL" if name == BROKER_OF_OURS else name
    reason = first["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{name}: {reason[:1].lower()}{reason[1:]}."


def country_key(iso3: str, purpose: Purpose | str) -> bytes:
    """The 32-byte key of a country for one purpose (``wrapping``, ``tokens``, ``pseudonyms``).

    Derived by HKDF-SHA-256 (RFC 5869) from the country's key, so that a token key tells nothing of a wrapping
    key. Raises ``CountryKeyMissing`` for a country that this installation has no key for.
    """
    return _derived(iso3, Purpose(purpose))


@lru_cache(maxsize=256)
def _derived(iso3: str, purpose: Purpose) -> bytes:
    return derive(_country_keys().of(iso3), iso3, purpose)


@lru_cache(maxsize=1)
def _country_keys() -> CountryKeys:
    given = settings()
    if given.country_keys_file is not None:
        return read_country_keys(given.country_keys_file)
    if given.environment is Environment.TEST:
        return made_for_tests()
    raise SettingsError("ACOGIDA_COUNTRY_KEYS_FILE is missing: give the file with the countries' keys.")


def environment_for_celery(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for Celery's command line, with BROKER_URL under a name of ours.

    Celery reads BROKER_URL itself, before the application says anything, and does not know ``unix://``.
    """
    handed_on = dict(environment)
    if broker := handed_on.pop("BROKER_URL", None):
        handed_on[BROKER_OF_OURS] = broker
    return handed_on


def home_folder() -> Path:
    """Where this installation keeps its own files: ``$ACOGIDA_HOME``, else the user's data folder."""
    given = os.environ.get("ACOGIDA_HOME")
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "acogida"
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "acogida"
