"""Who of many people about to be registered may be registered already, or twice among themselves.

The same comparison as at the desk (`registered_already`), for hundreds of people at a time: their tokens are
compared in one statement, what is found is decrypted together. Births that lie years apart are not compared: no
name makes up for that, and only the same document would.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from caseapp.core.db import session
from caseapp.people import queries
from caseapp.people.models import Person
from caseapp.people.search.names import Sought
from caseapp.people.search.ranking import Candidate, Scored, compare_each, worth_a_look
from caseapp.people.search.tokens import Kind, StoredToken, query_tokens, stored_tokens
from caseapp.people.service.new import NewPerson
from caseapp.people.service.search import Opened, candidate_of
from config.settings import country_key

MOST_EACH = 12  # decrypted for one person; more than that share a token only by being common
MOST_SHARING = 40  # earlier people of one list that share a token
APART = timedelta(days=800)

_ASK = sa.text(
    "SELECT ref, person_id FROM candidates_of(:country, :refs, :kinds, :tokens, :earliest, :latest, :most)"
).bindparams(
    sa.bindparam("refs", type_=pg.ARRAY(sa.Integer())),
    sa.bindparam("kinds", type_=pg.ARRAY(sa.SmallInteger())),
    sa.bindparam("tokens", type_=pg.ARRAY(sa.Integer())),
    sa.bindparam("earliest", type_=pg.ARRAY(sa.Date())),
    sa.bindparam("latest", type_=pg.ARRAY(sa.Date())),
).columns(ref=sa.Integer(), person_id=sa.Uuid())  # fmt: skip


@dataclass(frozen=True, slots=True)
class Alike:
    """Somebody who may be the same person: `score` 0 to 100, and either a file or another of the list (`ref`)."""

    score: int
    reasons: tuple[str, ...]
    case_id: UUID | None = None
    ref: Any = None


@dataclass(slots=True)
class Asked:
    """A person of the list with the tokens that find them and the tokens that find others like them."""

    candidate: Candidate
    asks: frozenset[StoredToken]
    is_found_by: frozenset[StoredToken]


def asked_of(new: NewPerson, ref: Any, country: str) -> Asked:
    """The person as compared."""
    key = country_key(country, "tokens")
    one = candidate_of(new, ref)
    sought = Sought(one.names, (), one.birth, one.documents, one.phones, sex=one.sex)
    asks = frozenset(t for s in query_tokens(sought, key=key, wider=False) for t in s.tokens)
    return Asked(one, asks, stored_tokens(one.names, one.birth, one.documents, one.phones, key=key))


@dataclass
class Seen:
    """The people of a list so far, found again by their tokens."""

    _people: list[Candidate] = field(default_factory=list)
    # Most tokens are one person's alone: its place by itself takes a third of the memory of a list of one.
    _by_token: dict[int, int | list[int]] = field(default_factory=dict)

    def add(self, one: Asked) -> None:
        place = len(self._people)
        self._people.append(one.candidate)
        for token in one.is_found_by:
            sharing = self._by_token.setdefault(_packed(token), place)
            if isinstance(sharing, int):
                if sharing != place:
                    self._by_token[_packed(token)] = [sharing, place]
            elif len(sharing) < MOST_SHARING:
                sharing.append(place)

    def alike(self, one: Asked) -> list[Alike]:
        """Earlier people of the list who may be this one, the likeliest first."""
        by_document: dict[int, bool] = {}
        for token in one.asks:
            sharing = self._by_token.get(_packed(token), ())
            for place in (sharing,) if isinstance(sharing, int) else sharing:
                by_document[place] = by_document.get(place, False) or token.kind is Kind.DOCUMENT
        others = [
            other
            for place, certain in by_document.items()
            for other in (self._people[place],)
            if certain or _near(one.candidate, other)
        ]
        found = [
            _alike(scored, ref=scored.candidate.ref)
            for scored in compare_each(one.candidate, others)
            if worth_a_look(scored)
        ]
        return sorted(found, key=lambda a: -a.score)


def _packed(token: StoredToken) -> int:
    return (int(token.kind) << 32) | (token.token & 0xFFFFFFFF)


def _near(one: Candidate, other: Candidate) -> bool:
    a, b = one.birth, other.birth
    if a.date_from is None or a.date_to is None or b.date_from is None or b.date_to is None:
        return True
    return a.date_from <= b.date_to + APART and b.date_from <= a.date_to + APART


def _alike(scored: Scored, **who: Any) -> Alike:
    return Alike(scored.score, tuple(str(r) for r in scored.reasons), **who)


def registered_alike(people: Sequence[Asked], country: str) -> dict[int, list[Alike]]:
    """For each place in the list who has any: the files of people who may be the same, the likeliest first. Only
    files that the caller may open are compared. Five statements, whatever the number."""
    rows = _ask(people, country)
    if not rows:
        return {}
    opened = Opened()
    held = {UUID(str(c.ref)): c for c in opened.candidates(sorted({person for _, person in rows}))}
    pairs = [
        (ref, UUID(str(scored.candidate.ref)), scored)
        for ref, found_by in groupby(rows, key=lambda row: row[0])
        for scored in compare_each(
            people[ref].candidate, (held[person] for _, person in found_by if person in held)
        )
        if worth_a_look(scored)
    ]
    case_of = _files({person for _, person, _ in pairs}, opened)
    found: dict[int, dict[UUID, Alike]] = {}
    for ref, person, scored in sorted(pairs, key=lambda p: -p[2].score):
        file = case_of[person]
        found.setdefault(ref, {}).setdefault(file, _alike(scored, case_id=file))
    return {ref: list(files.values()) for ref, files in found.items()}


def _ask(people: Sequence[Asked], country: str) -> list[tuple[int, UUID]]:
    tokens = [(ref, int(t.kind), t.token) for ref, one in enumerate(people) for t in sorted(one.asks)]
    if not tokens:
        return []
    births: list[tuple[date | None, date | None]] = [
        (b.date_from - APART, b.date_to + APART) if b.date_from and b.date_to else (None, None)
        for b in (one.candidate.birth for one in people)
    ]
    rows = session.execute(
        _ASK,
        {
            "country": country, "refs": [r for r, _, _ in tokens], "kinds": [k for _, k, _ in tokens],
            "tokens": [t for _, _, t in tokens], "earliest": [b[0] for b in births],
            "latest": [b[1] for b in births], "most": MOST_EACH,
        },
    )  # fmt: skip
    return sorted((row.ref, row.person_id) for row in rows)


def _files(persons: Iterable[UUID], opened: Opened) -> dict[UUID, UUID]:
    """The file of each person, or of the one that their record was united with."""
    wanted = set(persons)
    leads = queries.target_of(opened.united & wanted)
    found = {person: opened.case_of[person] for person in wanted}
    if leads:
        rows = session.execute(sa.select(Person.id, Person.case_id).where(Person.id.in_(leads.values())))
        target = {row.id: row.case_id for row in rows}
        found.update({person: target[to] for person, to in leads.items() if to in target})
    return found
