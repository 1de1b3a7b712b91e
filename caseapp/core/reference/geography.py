"""Countries, languages and divisions. Country names come from Babel, so that no list of names is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import NamedTuple

import yaml
from babel import Locale

from caseapp.core.reference.source import ROOT, CodeUnknown, language_of, rows_of

STATELESS, UNKNOWN_COUNTRY, OTHER_COUNTRY = "XXX", "UNK", "OTHER"


class Country(NamedTuple):
    """A country or territory; `group` is MIRPS, REGION or WORLD, or SPECIAL for stateless and unknown."""

    iso3: str
    iso2: str
    unhcr_code: str
    group: str


class Language(NamedTuple):
    iso639_3: str
    label_es: str
    label_en: str


class Admin1(NamedTuple):
    """First administrative level: department, province, state or district, with its accents."""

    pcode: str
    iso3: str
    name: str
    iso_3166_2: str
    valid_from: date


class Admin2(NamedTuple):
    """Second administrative level: municipality or canton, named as in the P-code tables (no accents)."""

    pcode: str
    parent: str
    name: str


@cache
def _countries() -> Mapping[str, Country]:
    fields = Country._fields
    return {row["iso3"]: Country(*(row[field] for field in fields)) for row in rows_of("countries.csv")}


def countries() -> tuple[Country, ...]:
    """All countries and territories, and XXX (stateless) and UNK (unknown)."""
    return tuple(_countries().values())


def mirps_countries() -> tuple[str, ...]:
    """The countries of the MIRPS, by code."""
    return tuple(sorted(one.iso3 for one in countries() if one.group == "MIRPS"))


def country_label(iso3: str, locale: object | None = None) -> str:
    """The name of a country from Babel; words of our own for stateless, unknown and the group OTHER."""
    language = language_of(locale)
    special = {
        STATELESS: {"es": "Apátrida", "en": "Stateless"},
        UNKNOWN_COUNTRY: {"es": "Se desconoce", "en": "Unknown"},
        OTHER_COUNTRY: {"es": "Otros países", "en": "Other countries"},
    }
    if iso3 in special:
        return special[iso3][language]
    if iso3 not in _countries():
        raise CodeUnknown(f"no country {iso3!r}")
    return str(Locale(language).territories.get(_countries()[iso3].iso2, iso3))


@cache
def _origin_groups() -> Mapping[str, tuple[str, ...]]:
    held = yaml.safe_load((ROOT / "origin_groups.yml").read_text(encoding="utf-8"))
    return {iso3: tuple(groups) for iso3, groups in held["countries"].items()}


def origin_groups(asylum: str) -> tuple[str, ...]:
    """The origins that figures of this country tell apart, OTHER last."""
    try:
        return _origin_groups()[asylum]
    except KeyError:
        raise CodeUnknown(f"no origin groups for {asylum!r}") from None


def origin_group(asylum: str, origin: str) -> str:
    """The origin itself where figures of the country of asylum tell it apart, else OTHER."""
    return origin if origin in origin_groups(asylum) else OTHER_COUNTRY


@cache
def _languages() -> Mapping[str, Language]:
    fields = Language._fields
    return {row["iso639_3"]: Language(*(row[field] for field in fields)) for row in rows_of("languages.csv")}


def languages() -> tuple[Language, ...]:
    """The languages that a person or an interpreter may speak, the commonest first."""
    return tuple(_languages().values())


def language_label(iso639_3: str, locale: object | None = None) -> str:
    found = _languages().get(iso639_3)
    if found is None:
        raise CodeUnknown(f"no language {iso639_3!r}")
    return found.label_en if language_of(locale) == "en" else found.label_es


@cache
def _admin1() -> Mapping[str, Admin1]:
    return {
        row["pcode"]: Admin1(
            row["pcode"], row["iso3"], row["name"], row["iso_3166_2"], date.fromisoformat(row["valid_from"])
        )
        for row in rows_of("admin1.csv")
    }


def admin1(iso3: str) -> tuple[Admin1, ...]:
    """The first-level divisions of a country; empty for a country without P-codes here."""
    return tuple(each for each in _admin1().values() if each.iso3 == iso3)


def admin1_named(pcode: str) -> Admin1:
    """The division with this P-code."""
    if pcode not in _admin1():
        raise CodeUnknown(f"no division {pcode!r}")
    return _admin1()[pcode]


@cache
def _admin2() -> Mapping[str, tuple[Admin2, ...]]:
    found: dict[str, list[Admin2]] = {}
    for row in rows_of("admin2.csv"):
        found.setdefault(row["parent"], []).append(Admin2(row["pcode"], row["parent"], row["name"]))
    return {parent: tuple(members) for parent, members in found.items()}


def admin2(parent: str) -> tuple[Admin2, ...]:
    """The municipalities under a first-level P-code (MIRPS countries; Belize publishes none)."""
    return _admin2().get(parent, ())


@cache
def place_name(pcode: str) -> str:
    """The name of a municipality with its state, or of a state; the code itself where neither is known."""
    if pcode in _admin1():
        return _admin1()[pcode].name
    for parent, members in _admin2().items():
        for each in members:
            if each.pcode == pcode:
                return f"{each.name}, {_admin1()[parent].name}"
    return pcode
