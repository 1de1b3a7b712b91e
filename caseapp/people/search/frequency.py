"""How common a name is, and therefore which pairs are too common to be tokens.

`config/reference/name_frequency.csv` is a frozen list: phonetic key of a given name or surname, and how many
persons per million bear it. What it does not list counts as rare. The list decides what is stored, so it
changes only together with `TOKEN_VERSION`; `estimate` makes it anew from weighted names.
(Sources of the list: weights of given names and surnames of Chile and Colombia as in Faker, MIT; surnames of
the US Census of 2010 weighted by their Hispanic bearers, public domain; for Haiti our own rough estimates in
`config/reference/name_weights_haiti.csv`.)

`python -m caseapp.people.search.frequency given_names.csv surnames.csv [more.csv …] > name_frequency.csv`.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from rapidfuzz.distance import OSA

from caseapp.people.search.names import REFERENCE, name_words
from caseapp.people.search.phonetics import phonetic

BOUND = 300e-6  # share of persons above which a token is neither stored nor asked
RARE = 50e-6  # what an unlisted name counts as, and the least share that is listed
YEAR = 0.03  # the fullest birth year among people on the move, near enough
DATE = YEAR / 365
FIRST_OF_JANUARY = YEAR / 10  # where only the year is known, the first of January is written
MOST_SLIPS = 4
GIVEN_PER_PERSON, SURNAMES_PER_PERSON = 1.7, 2.0


@dataclass(frozen=True, eq=False)
class Frequency:
    """Shares of persons (0 to 1) by phonetic key of a given name and of a surname."""

    given: Mapping[str, float]
    surname: Mapping[str, float]

    @cached_property
    def known(self) -> tuple[str, ...]:
        """All listed keys."""
        return tuple(sorted({*self.given, *self.surname}))

    def of_given(self, key: str) -> float:
        return self.given.get(key, RARE)

    def of_surname(self, key: str) -> float:
        return self.surname.get(key, RARE)

    def of_surnames(self, one: str, other: str) -> float:
        """Persons who bear both surnames, in either order."""
        return self.of_surname(one) * self.of_surname(other) / (4 if one == other else 2)

    def slips_of(self, keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """For each key that is no known name: the commonest known names one slip of the pen away."""
        return {key: _near(key, self) for key in keys if key not in self.given and key not in self.surname}

    def of_date(self, day: date) -> float:
        return FIRST_OF_JANUARY if (day.month, day.day) == (1, 1) else DATE


@lru_cache(maxsize=1 << 12)
def _near(key: str, frequency: Frequency) -> tuple[str, ...]:
    slips = 2 if len(key) >= 8 else 1
    found = [
        (distance, -max(frequency.given.get(known, 0), frequency.surname.get(known, 0)), known)
        for known in frequency.known
        if abs(len(known) - len(key)) <= slips
        and (distance := OSA.distance(key, known, score_cutoff=slips)) <= slips
    ]
    return tuple(known for _, _, known in sorted(found)[:MOST_SLIPS])


class Population(NamedTuple):
    """Weighted names of one country; weights on any scale, an empty name stands for all others."""

    part: str  # given or surname
    language: str
    names: list[tuple[str, float]]


def estimate(populations: Iterable[Population]) -> Frequency:
    """The share of persons who bear each phonetic key as one of their names.

    Populations of one language count the same; between languages the fuller share stands, because a desk
    may serve speakers of one language only.
    """
    populations = list(populations)
    given = _shares([p for p in populations if p.part == "given"], GIVEN_PER_PERSON)
    return Frequency(given, _shares([p for p in populations if p.part == "surname"], SURNAMES_PER_PERSON))


def _shares(populations: list[Population], per_person: float) -> dict[str, float]:
    fullest: dict[str, float] = {}
    for language in sorted({p.language for p in populations}):
        alike = [p.names for p in populations if p.language == language]
        for key, share in _mean_share(alike).items():
            fullest[key] = max(fullest.get(key, 0.0), min(1.0, per_person * share))
    return fullest


def _mean_share(populations: list[list[tuple[str, float]]]) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for names in populations:
        total = sum(weight for _, weight in names)
        for name, weight in names:
            for key in {phonetic(word) for word in name_words(name)}:
                sums[key] += weight / total / len(populations)
    return sums


@cache
def frozen() -> Frequency:
    """The frequencies in use."""
    shares: dict[str, dict[str, float]] = {"given": {}, "surname": {}}
    with (REFERENCE / "name_frequency.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            shares[row["part"]][row["key"]] = int(row["per_million"]) / 1_000_000
    return Frequency(shares["given"], shares["surname"])


def populations_of(paths: Iterable[Path]) -> list[Population]:
    """The populations in CSV files with `locale`, `weight` and either `surname`, or `name` and perhaps
    `part`. Rows without weight say nothing about frequency and are left out."""
    found: dict[tuple[str, str], Population] = {}
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["weight"]:
                    part = row.get("part") or ("surname" if "surname" in row else "given")
                    language = row["locale"][:2] if row["locale"][2:3] == "_" else "es"
                    population = found.setdefault((part, row["locale"]), Population(part, language, []))
                    population.names.append(
                        (row["surname" if "surname" in row else "name"], float(row["weight"]))
                    )
    return [found[key] for key in sorted(found)]


def _write(paths: list[Path]) -> None:
    frequency = estimate(populations_of(paths))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("part", "key", "per_million"))
    for part, shares in (("given", frequency.given), ("surname", frequency.surname)):
        writer.writerows((part, k, round(v * 1e6)) for k, v in sorted(shares.items()) if v > RARE)


if __name__ == "__main__":
    _write([Path(argument) for argument in sys.argv[1:]])
