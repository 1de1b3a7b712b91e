"""How well two names fit, word by word.

A word is the same, sounds alike, is a nickname of the other, or is a slip of the pen away. Rare names count
more than common ones; a name that is missing on one side costs less than two that differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import log10
from typing import NamedTuple

from rapidfuzz.distance import OSA

from caseapp.people.search.frequency import frozen
from caseapp.people.search.names import PersonNames, also_called, name_words, split_whole_name
from caseapp.people.search.phonetics import phonetic
from caseapp.people.search.reasons import Reason

SAME, NICKNAME, INITIAL = 1.0, 0.93, 0.75
_LEAST = 0.62  # below this two words are two names
_ABSENT = 0.25  # what a name that one side lacks counts, beside one that contradicts
_ABSENT_BESIDE_LOOSE = 0.08  # somebody who types two words does not deny the others


class Part(NamedTuple):
    """Words of one name: `given`, `surnames`, and `loose` ones whose part is unknown."""

    given: tuple[str, ...]
    surnames: tuple[str, ...]
    loose: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NameLikeness:
    """`score` 0 to 1; `evidence` log10 of one in so many persons who would agree by chance; `given` how well
    the given names fit (two siblings share their surnames)."""

    score: float
    evidence: float
    given: float
    reasons: tuple[Reason, ...]


NOTHING = NameLikeness(0.0, 0.0, 0.0, (Reason.NAME_DIFFERS,))


class _Match(NamedTuple):
    score: float
    one: str
    other: str
    part_one: str
    part_other: str


def ways_to_say(names: PersonNames, loose: tuple[str, ...] = ()) -> list[Part]:
    """The names a person goes by: the recorded one first, then each alias (with the recorded surnames when
    the alias has none)."""
    given = tuple(name_words(names.given_names))
    surnames = (*name_words(names.surname_1), *name_words(names.surname_2))
    parts = [Part(given, surnames, tuple(word for text in loose for word in name_words(text)))]
    for alias in names.aliases:
        other_given, other_surnames = split_whole_name(alias)
        if len(other_given) + len(other_surnames) == 3 and set(other_given) & set(other_surnames):
            other_given = other_given[:1]
        parts.append(Part(tuple(other_given), tuple(other_surnames) or surnames))
    return [part for part in parts if any(part)]


def name_likeness(ones: list[Part], others: list[Part]) -> NameLikeness:
    """The best likeness among the ways to say two names; symmetric when neither side has loose words."""
    best, best_rank = NOTHING, -1.0
    for i, one in enumerate(ones):
        for j, other in enumerate(others):
            found = _two_names(one, other)
            rank = found.score * (1.0 if i == j == 0 else 0.98)
            if rank > best_rank:
                alias = (Reason.ALIAS,) if i or j else ()
                best_rank = rank
                best = NameLikeness(rank, found.evidence, found.given, (*found.reasons, *alias))
    return best


def _two_names(one: Part, other: Part) -> NameLikeness:
    matches, left_one, left_other = _assign(one, other)
    got = sum(weight(m) * m.score for m in matches)
    of = sum(weight(m) for m in matches)
    for part in ("given", "surnames", "loose"):
        lacking, extra = left_one.get(part, []), left_other.get(part, [])
        if part == "loose":
            of += sum(word_weight(w, "loose") for w in lacking)
            continue
        against, absent = _opposed(lacking, extra, part)
        of += against + absent * (_ABSENT_BESIDE_LOOSE if one.loose else _ABSENT)
    if not matches:
        return NOTHING
    score = got / of
    given = _given_score(matches, left_one.get("given", []), left_other.get("given", []), one, other)
    return NameLikeness(score, got, given, _reasons(matches, score, one, other))


def _opposed(lacking: list[str], extra: list[str], part: str) -> tuple[float, float]:
    """Weight of the words that contradict each other (as many as both sides have left), and of those that
    are merely absent on one side. The same whichever side is which."""
    fewer, more = sorted(
        (sorted((max(word_weight(w, part), 1.5) for w in words), reverse=True) for words in (lacking, extra)),
        key=lambda weights: (len(weights), weights),
    )
    against = sum((a + b) / 2 for a, b in zip(fewer, more, strict=False))
    return against, sum(more[len(fewer) :])


def _assign(one: Part, other: Part) -> tuple[list[_Match], dict[str, list[str]], dict[str, list[str]]]:
    """Greedy: the most alike words find each other first; ties by weight so that rare names go first."""
    words_one = [(p, i, w) for p in ("given", "surnames", "loose") for i, w in enumerate(getattr(one, p))]
    words_other = [(p, i, w) for p in ("given", "surnames", "loose") for i, w in enumerate(getattr(other, p))]
    possible = []
    for p, i, a in words_one:
        for q, j, b in words_other:
            score = word_likeness(a, b, surname=p == q == "surnames")
            if p != q and "loose" not in (p, q):
                score *= 0.9
            if score >= _LEAST:
                possible.append((_Match(score, a, b, p, q), (p, i), (q, j)))
    possible.sort(key=lambda found: (-found[0].score, -weight(found[0]), found[1], found[2]))
    taken_one: set[tuple[str, int]] = set()
    taken_other: set[tuple[str, int]] = set()
    matches = []
    for match, at_one, at_other in possible:
        if at_one not in taken_one and at_other not in taken_other:
            matches.append(match)
            taken_one.add(at_one)
            taken_other.add(at_other)
    return matches, _left(words_one, taken_one), _left(words_other, taken_other)


def _left(words: list[tuple[str, int, str]], taken: set[tuple[str, int]]) -> dict[str, list[str]]:
    left: dict[str, list[str]] = {}
    for part, i, word in words:
        if (part, i) not in taken:
            left.setdefault(part, []).append(word)
    return left


@lru_cache(maxsize=1 << 15)
def word_likeness(one: str, other: str, *, surname: bool = False) -> float:
    """Likeness of two plain words, 0 to 1, the same either way round; surnames have no nicknames."""
    if one == other:
        return SAME
    key, other_key = phonetic(one), phonetic(other)
    if key and key == other_key:
        # López and Lupe share a key, Vásquez and Básques too; how they are written tells them apart.
        return 0.9 + 0.08 * OSA.normalized_similarity(one, other)
    if len(one) == 1 or len(other) == 1:
        return INITIAL if one[0] == other[0] else 0.0
    if not surname and (other_key in also_called(key) or key in also_called(other_key)):
        return NICKNAME
    written, heard = OSA.normalized_similarity(one, other), OSA.normalized_similarity(key, other_key)
    return 0.97 * max(written, 0.5 * written + 0.5 * heard)


@lru_cache(maxsize=1 << 15)
def word_weight(word: str, part: str) -> float:
    """How much agreeing on a word says: log10 of one in so many persons, between 0.8 and 4."""
    key, frequency = phonetic(word), frozen()
    share = frequency.of_given(key) if part == "given" else frequency.of_surname(key)
    if part == "loose":
        share = max(frequency.of_given(key), share)
    return min(4.0, max(0.8, -log10(share)))


def weight(match: _Match) -> float:
    """The lesser of both words' weights: a slip of the pen makes a common name look rare."""
    return min(word_weight(match.one, match.part_one), word_weight(match.other, match.part_other))


def _given_score(
    matches: list[_Match], left_one: list[str], left_other: list[str], one: Part, other: Part
) -> float:
    """How well the given names fit, by weight: María José and María Fernanda agree in little."""
    found = [m for m in matches if "surnames" not in (m.part_one, m.part_other)]
    if not found:
        return 0.0 if one.given or other.given else 1.0
    against, _ = _opposed(left_one, left_other, "given")
    return sum(weight(m) * m.score for m in found) / (sum(map(weight, found)) + against)


def _reasons(matches: list[_Match], score: float, one: Part, other: Part) -> tuple[Reason, ...]:
    if score < 0.6:
        return (Reason.NAME_DIFFERS,)
    reasons = []
    least = min(m.score for m in matches)
    everything = len(matches) == sum(map(len, one)) and (one.loose or len(matches) == sum(map(len, other)))
    if not everything:
        reasons.append(Reason.NAME_PARTLY)
    elif least == SAME:
        reasons.append(Reason.NAME_SAME)
    elif all(phonetic(m.one) == phonetic(m.other) for m in matches):
        reasons.append(Reason.NAME_SOUNDS_ALIKE)
    else:
        reasons.append(Reason.NAME_CLOSE)
    if any(m.score == NICKNAME for m in matches):
        reasons.append(Reason.NICKNAME)
    if any(m.part_one != m.part_other and "loose" not in (m.part_one, m.part_other) for m in matches):
        reasons.append(Reason.PARTS_EXCHANGED)
    return tuple(reasons)
