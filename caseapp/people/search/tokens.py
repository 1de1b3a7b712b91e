"""Keyed tokens by which an encrypted person is found again.

A token is an HMAC-SHA-256 of a pair of facts (two surnames, a given name and a surname, a surname and a birth
year …), cut to a signed 32-bit integer and kept apart by kind. One fact alone is a token only when it is rare.
What more than 300 persons per million would share is neither stored nor asked: it would find a crowd and would
let the holder of a copied database count surnames. A pair that is too common is told apart by a third fact.

Doubt is asked, not stored: nicknames, the years beside, day and month exchanged live on the query side only.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from itertools import combinations
from typing import NamedTuple

from caseapp.people.search.frequency import BOUND, YEAR, Frequency, frozen
from caseapp.people.search.names import (
    UNKNOWN_BIRTH,
    BirthKnowledge,
    Document,
    PersonNames,
    Sought,
    also_called,
    consecutive,
    given_and_surnames,
    keys_of,
    name_words,
)
from caseapp.people.search.phonetics import plain

TOKEN_VERSION = 1  # part of every token: raise it with any change of keys, lists or kinds, then reindex
MOST_STORED = 96  # per person; only absurd input comes near
MOST_ASKED = 400  # per stage


class Kind(IntEnum):
    """What a token is made of; stored as a small integer, never renumbered."""

    DOCUMENT = 1
    PHONE = 2
    SURNAMES = 10
    GIVEN_SURNAME = 11
    SURNAME_YEAR = 12
    GIVEN_DATE = 13
    GIVEN_SURNAMES = 20
    SURNAMES_YEAR = 21
    GIVEN_SURNAME_YEAR = 22
    GIVENS_SURNAME = 23
    SURNAME = 30
    GIVEN = 31


class StoredToken(NamedTuple):
    kind: Kind
    token: int


class StageName(IntEnum):
    """The order in which stages are asked."""

    EXACT = 1
    PAIRS = 2
    WIDER = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """Tokens to ask together. `tokens` may be empty: then there is nothing to ask at this stage."""

    name: StageName
    tokens: frozenset[StoredToken]


class _Facts(NamedTuple):
    given: tuple[str, ...]
    surnames: tuple[str, ...]
    years: tuple[int, ...]
    dates: tuple[date, ...]
    loose: bool = False


Parts = tuple[Kind, tuple[str, ...]]


def keyed(key: bytes, kind: Kind, parts: Iterable[str]) -> StoredToken:
    """The token of `parts` under `key`: HMAC-SHA-256 cut to 32 bits, separated by version and kind."""
    message = "\x1f".join((f"{TOKEN_VERSION}.{int(kind)}", *parts)).encode()
    return StoredToken(kind, int.from_bytes(hmac.digest(key, message, "sha256")[:4], "big", signed=True))


# --- what is stored -------------------------------------------------------------------------------------


def stored_tokens(
    names: PersonNames,
    birth: BirthKnowledge = UNKNOWN_BIRTH,
    documents: Iterable[Document] = (),
    phones: Iterable[str] = (),
    *,
    key: bytes,
    frequency: Frequency | None = None,
) -> frozenset[StoredToken]:
    """The tokens to keep for one person; `key` is the country's token key.

    A missing name, an unknown birth or a useless number gives fewer tokens, never an error.
    """
    given, surnames = given_and_surnames(names)
    facts = _Facts(keys_of(given), keys_of(surnames), birth.years, (birth.exact,) if birth.exact else ())
    frequency = frequency or frozen()
    parts = [*_numbers(documents, phones), *_pairs(facts, frequency), *_singles(facts, frequency)]
    return frozenset(keyed(key, *p) for p in _distinct(parts)[:MOST_STORED])


def _numbers(documents: Iterable[Document], phones: Iterable[str]) -> Iterator[Parts]:
    for document in documents:
        number = document_number(document)
        if number:
            yield Kind.DOCUMENT, (document_family(document.document_type), number)
    for phone in phones:
        digits = phone_number(phone)
        if digits:
            yield Kind.PHONE, (digits,)


def _pairs(facts: _Facts, f: Frequency) -> Iterator[Parts]:
    """Pairs that are rare enough; a triple that is rare enough where none of its pairs is."""
    couples = list(combinations(sorted(facts.surnames), 2))
    for a, b in couples:
        if f.of_surnames(a, b) <= BOUND:
            yield Kind.SURNAMES, (a, b)
    for s in facts.surnames:
        if f.of_surname(s) * YEAR <= BOUND:
            yield from ((Kind.SURNAME_YEAR, (s, str(y))) for y in facts.years)
    for g in facts.given:
        for s in facts.surnames:
            if _may_pair(g, s, facts) and f.of_given(g) * f.of_surname(s) <= BOUND:
                yield Kind.GIVEN_SURNAME, (g, s)
        for d in facts.dates:
            if f.of_given(g) * f.of_date(d) <= BOUND:
                yield Kind.GIVEN_DATE, (g, d.isoformat())
    yield from _triples(facts, couples, f)


def _triples(facts: _Facts, couples: list[tuple[str, str]], f: Frequency) -> Iterator[Parts]:
    for a, b in couples:
        share = f.of_surnames(a, b)
        if share <= BOUND:
            continue
        if share * YEAR <= BOUND < min(f.of_surname(a), f.of_surname(b)) * YEAR:
            yield from ((Kind.SURNAMES_YEAR, (a, b, str(y))) for y in facts.years)
        for g in facts.given:
            pair = f.of_given(g) * min(f.of_surname(a), f.of_surname(b))
            if pair > BOUND >= f.of_given(g) * share and _may_pair(g, a, facts) and _may_pair(g, b, facts):
                yield Kind.GIVEN_SURNAMES, (g, a, b)
    for s in facts.surnames:
        common = [
            g for g in facts.given if f.of_given(g) * f.of_surname(s) > BOUND and _may_pair(g, s, facts)
        ]
        for g in common:
            share = f.of_given(g) * f.of_surname(s) * YEAR
            if share <= BOUND < f.of_surname(s) * YEAR:
                yield from ((Kind.GIVEN_SURNAME_YEAR, (g, s, str(y))) for y in facts.years)
        for g, h in combinations(sorted(common), 2):
            if f.of_given(g) * f.of_given(h) * f.of_surname(s) <= BOUND:
                yield Kind.GIVENS_SURNAME, (g, h, s)


def _may_pair(given: str, surname: str, facts: _Facts) -> bool:
    # A word whose part is unknown is tried as both, but never with itself.
    return given != surname or not facts.loose


def _singles(facts: _Facts, f: Frequency) -> Iterator[Parts]:
    yield from ((Kind.SURNAME, (s,)) for s in facts.surnames if f.of_surname(s) <= BOUND)
    yield from ((Kind.GIVEN, (g,)) for g in facts.given if f.of_given(g) <= BOUND)


def _distinct(parts: Iterable[Parts]) -> list[Parts]:
    return list(dict.fromkeys(parts))


# --- what is asked --------------------------------------------------------------------------------------


def query_tokens(
    sought: Sought, *, key: bytes, frequency: Frequency | None = None, wider: bool = True
) -> tuple[Stage, ...]:
    """The stages to ask, always three, in order: EXACT (documents, telephones), PAIRS, WIDER (empty without
    `wider`: working out slips of the pen is most of the work).

    EXACT and PAIRS are asked together; WIDER only when they do not find enough. A later stage never repeats
    a token of an earlier one. When `too_general`, the person sought may well not be found.
    """
    frequency = frequency or frozen()
    stages: list[Stage] = []
    asked: set[StoredToken] = set()
    for name, parts in (
        (StageName.EXACT, _exact_parts(sought)),
        (StageName.PAIRS, _pairs(_asked_facts(sought), frequency)),
        (StageName.WIDER, _wider_parts(sought, frequency) if wider else ()),
    ):
        tokens = frozenset(keyed(key, *p) for p in _distinct(parts)[:MOST_ASKED]) - asked
        stages.append(Stage(name, tokens))
        asked |= tokens
    return tuple(stages)


def too_general(sought: Sought, *, frequency: Frequency | None = None) -> bool:
    """Whether the search, as it stands, is one that more than 300 persons per million would answer: then the
    person sought may not be among what is found, and the page asks for a second surname or a birth year."""
    if sought.documents or sought.phones or sought.numbers:
        return False
    f = frequency or frozen()
    given, surnames = map(keys_of, given_and_surnames(sought.names))
    loose = keys_of(word for text in sought.loose for word in name_words(text))
    # A word whose part is unknown is taken for what it more often is.
    given += tuple(key for key in loose if f.of_given(key) >= f.of_surname(key))
    surnames += tuple(key for key in loose if f.of_surname(key) >= f.of_given(key))
    dates = (sought.birth.exact,) if sought.birth.exact else ()
    facts = _Facts(given, surnames, sought.birth.years, dates, bool(loose))
    return not any(True for parts in (_pairs(facts, f), _singles(facts, f)) for _ in parts)


def _exact_parts(sought: Sought) -> Iterator[Parts]:
    yield from _numbers(sought.documents, sought.phones)
    for number in sought.numbers:
        yield from _numbers((Document(family, number) for family in DOCUMENT_FAMILIES), (number,))


def _asked_facts(sought: Sought) -> _Facts:
    given, surnames = given_and_surnames(sought.names)
    loose = list(keys_of(word for text in sought.loose for word in name_words(text)))
    called = _with_nicknames([*keys_of(given), *loose])
    return _Facts(called, tuple(dict.fromkeys([*keys_of(surnames), *loose])), near_years(sought.birth),
                  near_dates(sought.birth), bool(loose))  # fmt: skip


def _wider_parts(sought: Sought, f: Frequency) -> Iterator[Parts]:
    """Single names that are rare enough, slips of the pen, parts exchanged, neighbours written as one."""
    facts = _asked_facts(sought)
    yield from _singles(facts, f)
    slips = f.slips_of({*facts.given, *facts.surnames})
    if any(slips.values()):
        mended = facts._replace(
            given=_and_slips(facts.given, slips), surnames=_and_slips(facts.surnames, slips)
        )
        yield from _pairs(mended, f)
    words = [word for text in sought.loose for word in name_words(text)]
    given, surnames = given_and_surnames(sought.names)
    joined = keys_of(consecutive(given) + consecutive(surnames) + consecutive(words))
    everything = tuple(dict.fromkeys([*keys_of([*given, *surnames, *words]), *joined]))
    yield from _pairs(_Facts(everything, everything, facts.years, facts.dates, True), f)


def _and_slips(keys: tuple[str, ...], slips: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*keys, *(other for key in keys for other in slips.get(key, ()))]))


def _with_nicknames(keys: Iterable[str]) -> tuple[str, ...]:
    own = list(dict.fromkeys(keys))
    return tuple(dict.fromkeys([*own, *(other for key in own for other in sorted(also_called(key)))]))


def near_years(birth: BirthKnowledge) -> tuple[int, ...]:
    """The possible birth years and the year on each side."""
    years = birth.years
    return tuple(range(years[0] - 1, years[-1] + 2)) if years else ()


def near_dates(birth: BirthKnowledge) -> tuple[date, ...]:
    """The exact birth date, the same day a year off, and day and month exchanged; none when not exact."""
    day = birth.exact
    if day is None:
        return ()
    turns = ((day.year, day.month, day.day), (day.year, day.day, day.month),
             (day.year - 1, day.month, day.day), (day.year + 1, day.month, day.day))  # fmt: skip
    return tuple(dict.fromkeys(d for d in (_a_date(*t) for t in turns) if d))


def _a_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# --- numbers --------------------------------------------------------------------------------------------

DOCUMENT_FAMILIES = (
    "PASSPORT", "NATIONAL_ID", "BIRTH_CERTIFICATE", "CONSULAR_ID", "DRIVING_LICENCE", "CURP", "DIMEX",
    "CLAIM_CERTIFICATE", "REFUGEE_CARD", "HUMANITARIAN_CARD", "PROVISIONAL_STAY", "UNHCR_CERTIFICATE",
    "SCHOOL_RECORD", "OTHER",
)  # fmt: skip
_SHORTEST_NUMBER, _SHORTEST_PHONE, _PHONE_DIGITS = 4, 7, 8
_CURP_DIGITS = range(4, 10)  # the birth date inside a CURP


def document_family(document_type: str) -> str:
    """The type that a number is compared within; a temporary CURP is written where a CURP is asked."""
    return "CURP" if document_type == "CURP_TEMPORARY" else document_type


def document_number(document: Document) -> str:
    """The number as compared: letters and digits only; empty when it cannot tell anybody apart."""
    if document.document_type == "NONE":
        return ""
    number = re.sub(r"[^A-Z0-9]", "", plain(document.number).upper())
    if document.document_type == "DIMEX":
        number = re.sub(r"\D", "", number)
    if document_family(document.document_type) == "CURP" and len(number) == 18:
        number = "".join(_digit(c) if i in _CURP_DIGITS else c for i, c in enumerate(number))
    return number if len(number) >= _SHORTEST_NUMBER and len(set(number)) > 1 else ""


def _digit(character: str) -> str:
    return {"O": "0", "I": "1", "L": "1"}.get(character, character)


def phone_number(phone: str) -> str:
    """The last eight digits (a whole national number from Belize to Panama, and told apart enough in
    Mexico), so that country and trunk prefixes do not matter; empty when shorter than seven digits."""
    digits = re.sub(r"\D", "", plain(phone))
    return digits[-_PHONE_DIGITS:] if len(digits) >= _SHORTEST_PHONE and len(set(digits)) > 1 else ""
