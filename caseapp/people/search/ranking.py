"""How well a decrypted record fits what is sought, and why: 0 to 100 with reasons as codes.

Tokens bring candidates; this puts them in order. The name counts two thirds and birth one third; sex and
telephone are weak evidence; the same document outweighs all. Nothing here merges records: the reasons are
shown to the person who decides.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from caseapp.people.search.birth import birth_likeness
from caseapp.people.search.likeness import NameLikeness, Part, name_likeness, ways_to_say
from caseapp.people.search.names import UNKNOWN_BIRTH, BirthKnowledge, Document, PersonNames, Sought
from caseapp.people.search.reasons import Reason
from caseapp.people.search.tokens import document_family, document_number, phone_number

DUPLICATE_SCORE = 80  # from here on two records may be one person …
DUPLICATE_EVIDENCE = 5.0  # … if fewer than one in 100,000 would agree as much by chance …
DUPLICATE_GIVEN = 0.75  # … and the given names agree: siblings share everything else
GOOD_SCORE = 85
_BIRTH, _BIRTH_NOT_KNOWN = 0.32, 0.6
_ONE_PER_PERSON = frozenset({"CURP", "DIMEX", "NATIONAL_ID"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that search found, decrypted. `ref` is the caller's own (a person's id)."""

    ref: Hashable
    names: PersonNames
    birth: BirthKnowledge = UNKNOWN_BIRTH
    sex: str | None = None
    documents: tuple[Document, ...] = ()
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """`score` 0 to 100, `reasons` most telling first, `evidence` log10 of one in so many by chance."""

    candidate: Candidate
    score: int
    reasons: tuple[Reason, ...]
    evidence: float
    given: float


def rank(query: Sought, candidates: Sequence[Candidate]) -> list[Scored]:
    """The candidates, best first; equal ones in the order of evidence, then as they came."""
    ways = ways_to_say(query.names, query.loose)
    scored = [_score(query, ways, candidate) for candidate in candidates]
    return sorted(scored, key=lambda s: (-s.score, -s.evidence))


def found_enough(ranked: Sequence[Scored]) -> bool:
    """Whether the wider stage may be left out: the best one found fits well."""
    return bool(ranked) and ranked[0].score >= GOOD_SCORE


def compare(one: Candidate, other: Candidate) -> Scored:
    """How alike two records are; `candidate` of the answer is `other`."""
    return next(compare_each(one, (other,)))


def compare_each(one: Candidate, others: Iterable[Candidate]) -> Iterator[Scored]:
    """How alike a record and each of many others are."""
    sought = Sought(one.names, (), one.birth, one.documents, one.phones, sex=one.sex)
    ways = ways_to_say(one.names)
    return (_score(sought, ways, other, whole=True) for other in others)


def possible_duplicate(one: Candidate, other: Candidate) -> bool:
    """Whether two records deserve a person's look. The same either way round; a record is its own duplicate
    only when it says enough to be told apart."""
    return worth_a_look(compare(one, other))


def worth_a_look(found: Scored) -> bool:
    """Whether two records that were compared deserve a person's look."""
    if Reason.SAME_DOCUMENT in found.reasons:
        return True
    return (
        found.score >= DUPLICATE_SCORE
        and found.evidence >= DUPLICATE_EVIDENCE
        and found.given >= DUPLICATE_GIVEN
    )


def _score(query: Sought, ways: list[Part], candidate: Candidate, *, whole: bool = False) -> Scored:
    """`whole`: what is not said counts too, as between two records; a search says only what it asks."""
    name: NameLikeness | None = None
    if whole or ways:
        name = name_likeness(ways, ways_to_say(candidate.names))
    reasons: list[Reason] = []
    points, evidence = 0.0, 0.0
    if name is not None:
        points, evidence = name.score, name.evidence
        reasons += name.reasons
    birth = birth_likeness(query.birth, candidate.birth)
    if birth is not None:
        likeness, birth_evidence, reason = birth
        points = (1 - _BIRTH) * points + _BIRTH * likeness if name is not None else likeness
        evidence += birth_evidence
        reasons.append(reason)
    elif name is not None and (whole or query.birth.date_from is not None):
        points = (1 - _BIRTH) * points + _BIRTH * _BIRTH_NOT_KNOWN
    points *= 100
    if {query.sex, candidate.sex} == {"F", "M"}:
        points -= 5
        reasons.append(Reason.SEX_DIFFERS)
    number = _numbers(query, candidate)
    if number is Reason.SAME_DOCUMENT:
        points = max(points, 85.0 if name is not None and name.score < 0.5 else 97.0)
        evidence += 6
    elif number is Reason.SAME_NUMBER_OTHER_TYPE:
        points, evidence = points + 8, evidence + 4
    elif number is Reason.DOCUMENT_DIFFERS:
        points -= 8
    if _phones((*query.phones, *query.numbers)) & _phones(candidate.phones):
        points = points + 4 if name is not None else max(points, 90.0)
        reasons.insert(0, Reason.SAME_PHONE)
        evidence += 1.5
    if number is not None:
        reasons.insert(0, number)
    given = name.given if name is not None else 0.0
    return Scored(candidate, round(min(100.0, max(0.0, points))), tuple(reasons), evidence, given)


def _phones(phones: Iterable[str]) -> set[str]:
    return {number for number in map(phone_number, phones) if number}


def _numbers(query: Sought, candidate: Candidate) -> Reason | None:
    """What the document numbers say together; a difference counts only where a person has one number."""
    own = {(document_family(d.document_type), document_number(d)) for d in candidate.documents}
    own = {(family, number) for family, number in own if number}
    asked = {(document_family(d.document_type), document_number(d)) for d in query.documents}
    asked |= {(f, document_number(Document(f, n))) for n in query.numbers for f, _ in own}
    asked = {(family, number) for family, number in asked if number}
    if own & asked:
        return Reason.SAME_DOCUMENT
    if {number for _, number in own} & {number for _, number in asked}:
        return Reason.SAME_NUMBER_OTHER_TYPE
    typed = {document_family(d.document_type) for d in query.documents}
    apart = [
        OSA.normalized_similarity(a, b) < 0.8
        for family, a in own
        for asked_family, b in asked
        if family == asked_family and family in _ONE_PER_PERSON & typed
    ]
    return Reason.DOCUMENT_DIFFERS if apart and all(apart) else None
