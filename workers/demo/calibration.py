"""The real figures that the demo's people follow (`config/reference/demo`, sources in `SOURCES.md`).

UNHCR shows 1 to 4 as 5; the demo takes what is shown. `UNK` (Honduras 2025) takes the country's newest
known origins instead: a demo of nothing but unknown nationalities would show nobody anything.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import yaml

ROOT = Path(__file__).resolve().parents[2] / "config" / "reference"
COUNTRIES = ("MEX", "GTM", "HND", "SLV", "CRI", "PAN", "BLZ")
LEAST = 12
BANDS = ("0_4", "5_11", "12_17", "18_59", "60")
ENDS = ("recognised", "complementary", "rejected", "closed")

Item = TypeVar("Item")


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file under `config/reference`."""
    with (ROOT / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def stream(*parts: object) -> Random:
    """Random numbers that follow from these words alone, whatever else was drawn before."""
    return Random("|".join(str(p) for p in parts))


def drawn(random: Random, weights: Mapping[Item, float]) -> Item:
    """One key, by weight."""
    return random.choices(list(weights), list(weights.values()))[0]


def shared_out(total: int, weights: Mapping[Item, float], least: int = 0) -> dict[Item, int]:
    """Whole numbers that add up to `total` in proportion to the weights, none below `least`
    (largest remainders; whoever would fall short is given `least` first)."""
    if total < least * len(weights):
        raise ValueError(f"{total} cannot give {least} to each of {len(weights)}")
    short: set[Item] = set()
    while True:
        left = total - least * len(short)
        whole = sum(w for k, w in weights.items() if k not in short) or 1.0
        exact = {k: left * w / whole for k, w in weights.items() if k not in short}
        newly = {k for k, share in exact.items() if share < least}
        if not newly:
            break
        short |= newly
    found = {k: least if k in short else int(exact[k]) for k in weights}
    rest = sorted(exact, key=lambda k: (-(exact[k] % 1), list(weights).index(k)))
    for key in rest[: total - sum(found.values())]:
        found[key] += 1
    return found


@cache
def _claims() -> dict[str, dict[int, dict[str, int]]]:
    found: dict[str, dict[int, dict[str, int]]] = {}
    for row in rows("demo/claims.csv"):
        origins = found.setdefault(row["asylum"], {}).setdefault(int(row["year"]), {})
        origins[row["origin"]] = origins.get(row["origin"], 0) + int(row["claims"])
    return found


def claims(country: str, year: int) -> dict[str, int]:
    """New claims by origin in a year; the nearest year that the figures have, where they lack it."""
    years = _claims()[country]
    near = max((y for y in years if y <= year), default=min(years))
    if set(years[near]) == {"UNK"}:
        known = max((y for y in years if y <= near and set(years[y]) != {"UNK"}), default=near)
        total, parts = sum(years[near].values()), years[known]
        return {o: max(1, round(n * total / sum(parts.values()))) for o, n in parts.items() if o != "UNK"}
    return {o: n for o, n in years[near].items() if o not in (country, "UNK")} or {"OTHER": 1}


def _days(year: int, today: date) -> int:
    last = date(year, 12, 31) if year < today.year else today
    return (last - date(year, 1, 1)).days + 1


def arrivals(country: str, today: date) -> dict[int, float]:
    """The weight of the year before `today`'s and of `today`'s year so far."""
    return {y: sum(claims(country, y).values()) * _days(y, today) / 365 for y in (today.year - 1, today.year)}


def cases_by_country(cases: int, today: date) -> dict[str, int]:
    """The split of the demo's cases over the seven countries by real claims, at least twelve in each."""
    return shared_out(cases, {c: sum(arrivals(c, today).values()) for c in COUNTRIES}, LEAST)


@cache
def age_sex(country: str) -> dict[tuple[str, str], float]:
    """Shares of (sex, age band) among a country's asylum-seekers."""
    row = next(r for r in rows("demo/age_sex.csv") if r["asylum"] == country)
    return {(sex, band): float(row[f"{sex}_{band}"]) for sex in "FM" for band in BANDS}


@cache
def outcomes(country: str, year: int) -> dict[str, float]:
    """Shares of how claims ended in a year, "otherwise closed" never below a small part."""
    own = {int(r["year"]): r for r in rows("demo/outcomes.csv") if r["asylum"] == country}
    row = own[max((y for y in own if y <= year), default=min(own))]
    return {end: float(row[end]) for end in ENDS}


@cache
def languages(origin: str) -> dict[tuple[str, str], float]:
    """Shares of (language, naming) of an origin."""
    found = {
        (r["language"], r["naming"]): float(r["share"])
        for r in rows("demo/languages_by_origin.csv")
        if r["origin"] == origin
    }
    return found or languages("OTHER")


@dataclass(frozen=True)
class Names:
    """Weighted names of one naming tradition; `cumulative` makes a draw quick."""

    words: Sequence[str]
    cumulative: Sequence[float]

    def draw(self, random: Random) -> str:
        return random.choices(self.words, cum_weights=self.cumulative)[0]


def _names(found: list[tuple[str, float]]) -> Names:
    total, running = 0.0, []
    for _, weight in found:
        total += weight
        running.append(total)
    return Names([n for n, _ in found], running)


@cache
def given_names(sex: str, naming: str) -> Names:
    found = [
        (r["name"], float(r["weight"]))
        for r in rows("demo/given_names.csv")
        if (r["sex"], r["naming"]) == (sex, naming)
    ]
    return _names(found)


@cache
def surnames(naming: str) -> Names:
    return _names(
        [(r["surname"], float(r["weight"])) for r in rows("demo/surnames.csv") if r["naming"] == naming]
    )


@cache
def nicknames() -> dict[str, tuple[str, ...]]:
    """What somebody of a given name is called."""
    found: dict[str, list[str]] = {}
    for row in rows("nicknames.csv"):
        found.setdefault(row["name"], []).append(row["nickname"])
    return {name: tuple(words) for name, words in found.items()}


@cache
def second_levels(admin1: str) -> tuple[str, ...]:
    """The second-level P-codes of a division, or itself where there is none (Belize)."""
    return tuple(r["pcode"] for r in rows("admin2.csv") if r["parent"] == admin1) or (admin1,)


@cache
def sites_file() -> dict[str, Any]:
    """`demo/sites.yml` as it is."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "demo" / "sites.yml").read_text("utf-8"))
    return found
