"""Settings: what is accepted, what is derived, and what a production refuses."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import AliasChoices

from caseapp.core.launcher import home_secrets
from config.settings import (
    CountryKeyMissing,
    Settings,
    SettingsError,
    country_key,
    environment_for_celery,
    home_folder,
    reset_settings,
    settings,
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """None of our variables is set; what was read is forgotten before and after."""
    for field in Settings.model_fields.values():
        alias = field.validation_alias
        for name in alias.choices if isinstance(alias, AliasChoices) else [alias]:
            monkeypatch.delenv(str(name), raising=False)
    reset_settings()
    yield monkeypatch
    monkeypatch.undo()
    reset_settings()


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
def production(environment: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """A complete production environment."""
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"MEX": key(), "GTM": key()}))
    whole = {
        "SECRET_KEY": secrets.token_hex(32),
        "RELEASE_SECRET": secrets.token_hex(32),
        "DATABASE_URL_APP": f"postgresql://acogida_app:{secrets.token_hex(16)}@db/acogida",
        "BROKER_URL": "redis://broker:6379/0",
        "ACOGIDA_COUNTRY_KEYS_FILE": str(keys),
    }
    for name, value in whole.items():
        environment.setenv(name, value)
    return whole


def refused(environment: pytest.MonkeyPatch, name: str, value: str | None) -> str:
    if value is None:
        environment.delenv(name)
    else:
        environment.setenv(name, value)
    reset_settings()
    with pytest.raises(SettingsError) as caught:
        settings()
    return str(caught.value)


def test_a_complete_production_starts(production: dict[str, str]) -> None:
    assert settings().is_production
    assert settings().database_url_app == production["DATABASE_URL_APP"].replace("://", "+psycopg://", 1)
    assert production["SECRET_KEY"] not in repr(settings())
    assert "acogida_app" not in repr(settings())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SECRET_KEY", None, "SECRET_KEY is missing"),
        ("SECRET_KEY", "", "SECRET_KEY is missing"),
        ("SECRET_KEY", "only-31-characters-are-too-few!", "SECRET_KEY is too short"),
        ("SECRET_KEY", "a" * 64, "SECRET_KEY is too short"),
        ("RELEASE_SECRET", None, "RELEASE_SECRET is missing"),
        ("RELEASE_SECRET", "demo-" + "0123456789abcdef" * 3, "RELEASE_SECRET is a demo secret"),
        ("DATABASE_URL_APP", None, "No database is set"),
        ("DATABASE_URL_APP", "postgresql://a:demo-1@db/acogida", "DATABASE_URL_APP holds a demo password"),
        ("DATABASE_URL_APP", "mysql://db/acogida", "DATABASE_URL_APP: must begin with postgresql://"),
        ("BROKER_URL", None, "BROKER_URL is missing"),
        ("BROKER_URL", "amqp://broker", "BROKER_URL: must begin with unix:/// or redis://"),
        ("ACOGIDA_COUNTRY_KEYS_FILE", None, "ACOGIDA_COUNTRY_KEYS_FILE is missing"),
        ("ACOGIDA_COUNTRY_KEYS_FILE", "/nowhere/keys.json", "The country keys cannot be read"),
        ("ACOGIDA_NOW", "2025-11-23", "ACOGIDA_NOW and ACOGIDA_CLOCK_OFFSET_SECONDS are for"),
        ("ACOGIDA_CLOCK_OFFSET_SECONDS", "60", "ACOGIDA_NOW and ACOGIDA_CLOCK_OFFSET_SECONDS are for"),
        ("ACOGIDA_ENV", "staging", "ACOGIDA_ENV: input should be"),
    ],
)
@pytest.mark.usefixtures("production")
def test_a_production_refuses_in_one_sentence(
    environment: pytest.MonkeyPatch, name: str, value: str | None, said: str
) -> None:
    sentence = refused(environment, name, value)
    assert sentence.startswith(said) and "\n" not in sentence and sentence.endswith(".")
    assert not value or len(value) < 40 or value not in sentence


def test_a_production_refuses_every_secret_that_a_demo_makes(
    environment: pytest.MonkeyPatch, production: dict[str, str], tmp_path: Path
) -> None:
    demo = home_secrets(tmp_path, countries=("MEX",))
    for name, value in demo.environment.items():
        assert refused(environment, name, value).startswith(f"{name} is a demo secret")
        environment.setenv(name, production[name])
    sentence = refused(environment, "ACOGIDA_COUNTRY_KEYS_FILE", str(demo.country_keys_file))
    assert "demo's country keys" in sentence


ZEROS = json.dumps({"MEX": base64.b64encode(bytes(32)).decode()})


@pytest.mark.parametrize("content", ["[]", "{", '{"Mexico": "x"}', '{"MEX": "short"}', ZEROS])
@pytest.mark.usefixtures("production")
def test_a_bad_key_file_is_refused(environment: pytest.MonkeyPatch, tmp_path: Path, content: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(content)
    assert str(file) in refused(environment, "ACOGIDA_COUNTRY_KEYS_FILE", str(file))


def test_two_countries_with_one_key_are_refused(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "same.json"
    same = key()
    file.write_text(json.dumps({"MEX": same, "GTM": same}))
    environment.setenv("ACOGIDA_ENV", "demo")
    environment.setenv("ACOGIDA_COUNTRY_KEYS_FILE", str(file))
    with pytest.raises(SettingsError, match="two countries the same key"):
        country_key("MEX", "wrapping")


@pytest.mark.usefixtures("production")
def test_each_country_and_purpose_has_its_own_key() -> None:
    purposes = ("wrapping", "tokens", "pseudonyms")
    made = {country_key(iso3, purpose) for iso3 in ("MEX", "GTM") for purpose in purposes}
    assert len(made) == 6 and {len(one) for one in made} == {32}
    with pytest.raises(CountryKeyMissing, match="no country key for PAN"):
        country_key("PAN", "tokens")
    with pytest.raises(ValueError):
        country_key("MEX", "signing")


def test_tests_need_no_key_file_and_the_demo_does(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ACOGIDA_ENV", "test")
    assert country_key("MEX", "tokens") != country_key("PAN", "tokens")
    environment.setenv("ACOGIDA_ENV", "demo")
    reset_settings()
    with pytest.raises(SettingsError, match="ACOGIDA_COUNTRY_KEYS_FILE is missing"):
        country_key("MEX", "tokens")


@pytest.mark.parametrize(
    ("broker", "celery", "limiter"),
    [
        (
            "unix:///run/a/valkey.sock",
            "redis+socket:///run/a/valkey.sock?virtual_host=0",
            "redis+unix:///run/a/valkey.sock?db=1",
        ),
        ("redis://:secret@broker:6379", "redis://:secret@broker:6379/0", "redis://:secret@broker:6379/1"),
        ("rediss://broker:6379/0?ssl=1", "rediss://broker:6379/0?ssl=1", "rediss://broker:6379/1?ssl=1"),
    ],
)
def test_one_broker_setting_in_the_spelling_of_each(
    environment: pytest.MonkeyPatch, broker: str, celery: str, limiter: str
) -> None:
    environment.setenv("ACOGIDA_ENV", "test")
    environment.setenv("BROKER_URL", broker)
    assert settings().celery_broker_url == celery
    assert settings().limiter_storage_url == limiter


def test_the_command_line_of_celery_does_not_meet_the_setting(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ACOGIDA_ENV", "test")
    handed_on = environment_for_celery({"BROKER_URL": "unix:///run/a/valkey.sock", "LANG": "C"})
    assert "BROKER_URL" not in handed_on and handed_on["LANG"] == "C"
    for name, value in handed_on.items():
        environment.setenv(name, value)
    assert settings().celery_broker_url == "redis+socket:///run/a/valkey.sock?virtual_host=0"


@pytest.mark.parametrize("written", ["2025-11-23T10:00", "2025-11-23T10:00Z", "2025-11-23T04:00-06:00"])
def test_time_without_a_zone_is_utc(environment: pytest.MonkeyPatch, written: str) -> None:
    environment.setenv("ACOGIDA_ENV", "test")
    environment.setenv("ACOGIDA_NOW", written)
    assert settings().frozen_now == datetime(2025, 11, 23, 10, tzinfo=UTC)


def test_the_home_folder(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("XDG_DATA_HOME", str(tmp_path))
    assert home_folder() == tmp_path / "acogida"
    environment.setenv("ACOGIDA_HOME", str(tmp_path / "elsewhere"))
    assert home_folder() == tmp_path / "elsewhere"
    assert os.path.isabs(home_folder())
