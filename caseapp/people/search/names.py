"""What is known of a person, as search sees it: names in parts, birth, documents, telephones.

Plain values; nothing here knows where they are kept. Particles (de, del, de la, da, dos …) are dropped,
`San` and `Santa` are joined to their name, so that "de la Cruz", "Delacruz" and "Cruz" are one surname.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

from caseapp.people.search.phonetics import phonetic, plain

REFERENCE = Path(__file__).resolve().parents[3] / "config" / "reference"
PARTICLES = frozenset({
    "de", "del", "la", "las", "los", "lo", "el", "y", "e", "da", "das", "do", "dos", "di", "du", "van", "von",
    "der", "den", "of",
})  # fmt: skip
JOINED = frozenset({"san", "santa", "saint", "sainte", "mac", "mc", "o"})
# Particles written together with the name. A rule ("dela…") would eat Delgado, Delia and Delaney.
FUSED = {
    "delacruz": "cruz", "delatorre": "torre", "delarosa": "rosa", "delafuente": "fuente", "delagarza": "garza",
    "delapaz": "paz", "delavega": "vega", "delaluz": "luz", "delao": "o", "delossantos": "santos",
    "delosangeles": "angeles", "delosreyes": "reyes", "deleon": "leon", "delrio": "rio", "delvalle": "valle",
    "delcid": "cid", "delcarmen": "carmen", "delangel": "angel", "dejesus": "jesus", "desouza": "souza",
    "desousa": "sousa", "dasilva": "silva", "dossantos": "santos", "deoliveira": "oliveira",
}  # fmt: skip
ABBREVIATED = {"ma": "maria", "fco": "francisco", "gpe": "guadalupe",
               "sta": "santa", "sto": "santo", "st": "saint", "ste": "sainte", "hdez": "hernandez",
               "hdz": "hernandez", "rdz": "rodriguez", "rguez": "rodriguez", "mtz": "martinez",
               "glez": "gonzalez", "gzz": "gonzalez", "fdez": "fernandez", "lpz": "lopez"}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ`´][^\W\d_]+)*")
_ALIAS_BREAK = re.compile(r"[,;/\n|]+|\s[-–]\s|\balias\b")
WIDEST_YEARS = 11


@dataclass(frozen=True, slots=True)
class PersonNames:
    """Names in parts as written; `aliases` are other names the person uses or is called, each as one text."""

    given_names: str = ""
    surname_1: str = ""
    surname_2: str = ""
    aliases: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        given_names: str | None,
        surname_1: str | None,
        surname_2: str | None = None,
        also_known_as: str | None = None,
        called_name: str | None = None,
    ) -> PersonNames:
        """From nullable columns; `also_known_as` may hold several names split by comma, slash or line."""
        other = [part for text in (also_known_as, called_name) for part in _ALIAS_BREAK.split(text or "")]
        aliases = tuple(dict.fromkeys(part.strip() for part in other if part.strip()))
        return cls(given_names or "", surname_1 or "", surname_2 or "", aliases)

    @property
    def surnames(self) -> str:
        return f"{self.surname_1} {self.surname_2}".strip()


@dataclass(frozen=True, slots=True)
class BirthKnowledge:
    """Birth as precisely as known: a code of the list `birth_precision` and the bounds it gives."""

    precision: str = "UNKNOWN"
    date_from: date | None = None
    date_to: date | None = None

    @property
    def exact(self) -> date | None:
        """The birth date when it is known to the day."""
        return self.date_from if self.precision == "DAY" else None

    @property
    def years(self) -> tuple[int, ...]:
        """The birth years that are possible; none when unknown or when the span says next to nothing."""
        if self.date_from is None or self.date_to is None:
            return ()
        span = range(self.date_from.year, self.date_to.year + 1)
        return tuple(span) if len(span) <= WIDEST_YEARS else ()


UNKNOWN_BIRTH = BirthKnowledge()


@dataclass(frozen=True, slots=True)
class Document:
    """A document number as written, with its code of the list `document_type`."""

    document_type: str
    number: str


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for. `loose` are name words whose part is unknown ("María Lopes" typed in a box),
    `numbers` may be a document of any type or a telephone. `sex` is weak evidence only."""

    names: PersonNames = field(default_factory=PersonNames)
    loose: tuple[str, ...] = ()
    birth: BirthKnowledge = UNKNOWN_BIRTH
    documents: tuple[Document, ...] = ()
    phones: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    sex: str | None = None


def name_words(text: str) -> list[str]:
    """The words of a name in plain form, in order: no particles, San joined, abbreviations written out."""
    raw = [re.sub(r"[^a-z]", "", plain(w)) for w in _WORD.findall(unicodedata.normalize("NFC", text))]
    words: list[str] = []
    prefix = ""
    for word in raw:
        word = FUSED.get(word, ABBREVIATED.get(word, word))
        if word in JOINED and not prefix:
            prefix = word
            continue
        if word in PARTICLES and not prefix:
            continue
        words.append(prefix + word)
        prefix = ""
    if prefix:
        words.append(prefix)
    # "de la O": a name made of particles only is still a name.
    return [w for w in words if w] or [w for w in raw if w][-1:]


def split_whole_name(text: str) -> tuple[list[str], list[str]]:
    """Given words and surname words of a name written in one piece; a doubtful middle word is in both."""
    words = name_words(text)
    match len(words):
        case 0 | 1:
            return words, []
        case 2:
            return words[:1], words[1:]
        case 3:
            return words[:2], words[1:]
        case _:
            return words[:-2], words[-2:]


def given_and_surnames(names: PersonNames) -> tuple[list[str], list[str]]:
    """All given and all surname words of a person, aliases included, without repetition."""
    given, surnames = name_words(names.given_names), name_words(names.surname_1) + name_words(names.surname_2)
    for alias in names.aliases:
        more_given, more_surnames = split_whole_name(alias)
        given += more_given
        surnames += more_surnames
    return list(dict.fromkeys(given)), list(dict.fromkeys(surnames))


def keys_of(words: Iterable[str]) -> tuple[str, ...]:
    """The distinct phonetic keys of name words, in order."""
    return tuple(dict.fromkeys(key for key in map(phonetic, words) if key))


@cache
def _nicknames() -> dict[str, frozenset[str]]:
    linked: dict[str, set[str]] = {}
    with (REFERENCE / "nicknames.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pair = phonetic(row["nickname"]), phonetic(row["name"])
            for one, other in (pair, pair[::-1]):
                linked.setdefault(one, set()).add(other)
    return {key: frozenset(others - {key}) for key, others in linked.items()}


def also_called(key: str) -> frozenset[str]:
    """Phonetic keys of the nicknames of a given name, or of the names behind a nickname; without itself."""
    return _nicknames().get(key, frozenset())


def consecutive(words: list[str]) -> list[str]:
    """Each pair of neighbours written as one word: "Ana Maria" is also "Anamaria"."""
    return [a + b for a, b in pairwise(words)]
