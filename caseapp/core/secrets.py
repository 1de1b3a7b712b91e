"""`acogida secrets`: what a new installation keeps secret, made once and shown to nobody."""

from __future__ import annotations

import base64
import json
import os
import secrets as random
from pathlib import Path

import click

from caseapp.core import reference
from caseapp.core.command_line import Failed, Misused
from config.country_keys import KEY_BYTES

SETTINGS, COUNTRY_KEYS = "acogida.env", "country-keys.json"
#: Variables of docker-compose.yml that hold a secret.
NAMES = (
    "SECRET_KEY", "RELEASE_SECRET", "ACOGIDA_METRICS_TOKEN", "POSTGRES_PASSWORD", "APP_PASSWORD", "WORK_PASSWORD",
    "FACTS_PASSWORD", "FIGURES_PASSWORD", "BROKER_PASSWORD",
)  # fmt: skip


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the two files.")
@click.option(
    "--country", "countries", multiple=True, required=True, help="ISO 3166 alpha-3; may be repeated."
)
def secrets(out: Path, countries: tuple[str, ...]) -> None:
    """Make the secrets of a new installation (mode 0600): settings, and the countries' keys apart from them."""
    known = {country.iso3 for country in reference.countries()}
    for iso3 in countries:
        if iso3 not in known:
            raise Misused(f"{iso3} is not an ISO 3166 alpha-3 code.")
    there = [name for name in (SETTINGS, COUNTRY_KEYS) if (out / name).exists()]
    if there:
        raise Failed(f"{out / there[0]} exists: its keys open the data, so it is never written over.")
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    lines = [f"{name}={random.token_urlsafe(32)}" for name in NAMES]
    keys = {iso3: base64.b64encode(os.urandom(KEY_BYTES)).decode() for iso3 in countries}
    _write(out / SETTINGS, "\n".join(lines) + "\n")
    _write(out / COUNTRY_KEYS, json.dumps(keys, indent=1) + "\n")
    click.echo(
        f"Written: {out / SETTINGS}, {out / COUNTRY_KEYS}. Keep a copy of each, in two different places."
    )


def _write(file: Path, text: str) -> None:
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
