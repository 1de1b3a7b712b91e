"""Find people by what is typed, and find who may be registered already.

Tokens of the query go to the definer function `candidates`, which compares them and gives back only files that
the caller may open; the candidates are decrypted with one fetch of keys and put in order here. A record that
was united with another leads to that other. At most thirteen statements, whatever is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from caseapp.core import crypto
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.people import queries, rules
from caseapp.people.models import Case, Contact, Household, HouseholdMember, IdentityDocument, Person
from caseapp.people.queries import Summary
from caseapp.people.search.names import BirthKnowledge, Document, Sought
from caseapp.people.search.query import parse_query
from caseapp.people.search.ranking import Candidate, Scored, compare, possible_duplicate, rank
from caseapp.people.search.reasons import Reason
from caseapp.people.search.tokens import StageName, StoredToken, query_tokens
from caseapp.people.service.register import NewPerson
from caseapp.people.service.tokens import knowledge_of, names_of
from config.settings import country_key

MOST_DECRYPTED = 200
ENOUGH = 5  # found by pairs: the wider tokens are not asked
WORTH_SHOWING = 45
GOOD = 60

_CANDIDATES = sa.text("SELECT person_id, case_id FROM candidates(:country, :kinds, :tokens, :most)").bindparams(
    sa.bindparam("kinds", type_=pg.ARRAY(sa.SmallInteger())),
    sa.bindparam("tokens", type_=pg.ARRAY(sa.Integer())),
).columns(person_id=sa.Uuid(), case_id=sa.Uuid())  # fmt: skip


@dataclass(frozen=True)
class Hit:
    """Somebody found: `score` 0 to 100, why, and under which other record's name (`also`) if it was united."""

    summary: Summary
    score: int
    reasons: tuple[Reason, ...]
    also: str = ""


@dataclass(frozen=True)
class Found:
    """An answer to a search. `too_general`: no token could be asked; a second name or a birth year is needed."""

    hits: tuple[Hit, ...]
    too_general: bool = False


def search(text: str, principal: Principal, *, on: date, most: int = 50) -> Found:
    """People whose file the principal may open and who fit `text` (names in any order, birth, document,
    telephone, case or household number), best first. `on` is today, needed to understand an age."""
    text = text.strip()
    if rules.is_number(text):
        hits = _by_number(text.upper(), principal)
        if hits:
            return Found(hits)
    sought = parse_query(text, today=on)
    found: dict[UUID, Hit] = {}
    asked = False
    opened = Opened()
    for country in principal.countries:
        stages = {s.name: s.tokens for s in query_tokens(sought, key=country_key(country, "tokens"))}
        near = stages[StageName.EXACT] | stages[StageName.PAIRS]
        wider = stages[StageName.WIDER]
        asked = asked or bool(near or wider)
        scored = rank(sought, opened.candidates(_candidates(country, near)))
        if sum(s.score >= GOOD for s in scored) < ENOUGH and wider:
            scored = rank(sought, opened.candidates(_candidates(country, near | wider)))
        for hit in _hits(scored[: most * 2], opened):
            found.setdefault(hit.summary.case_id, hit)
    best = [h for h in sorted(found.values(), key=lambda h: -h.score) if h.score >= WORTH_SHOWING][:most]
    return Found(tuple(best), too_general=not best and (not asked or _says_little(sought)))


def _says_little(sought: Sought) -> bool:
    """One name and nothing else."""
    return len(sought.loose) == 1 and sought.birth.date_from is None and not sought.numbers


def _by_number(number: str, principal: Principal) -> tuple[Hit, ...]:
    members = (
        sa.select(HouseholdMember.case_id)
        .join(Household, Household.id == HouseholdMember.household_id)
        .where(Household.number == number, HouseholdMember.left_on.is_(None))
    )
    asked = queries.visible_to(principal).where(sa.or_(Case.number == number, Case.id.in_(members)))
    ids = [c.id for c in session.scalars(asked.order_by(Case.id))]
    lines = queries.summary_of(ids)
    return tuple(Hit(lines[i], 100, ()) for i in ids if i in lines)


def _candidates(country: str, tokens: Iterable[StoredToken]) -> list[UUID]:
    asked = sorted(tokens)
    if not asked:
        return []
    rows = session.execute(
        _CANDIDATES,
        {
            "country": country, "kinds": [int(t.kind) for t in asked], "tokens": [t.token for t in asked],
            "most": MOST_DECRYPTED,
        },
    )  # fmt: skip
    return [row.person_id for row in rows]


class Opened:
    """The candidates decrypted so far in one search, so that wider tokens do not fetch anybody again."""

    def __init__(self) -> None:
        self.case_of: dict[UUID, UUID] = {}
        self.united: set[UUID] = set()  # records that were united with another
        self._held: dict[UUID, Candidate] = {}

    def candidates(self, person_ids: Sequence[UUID]) -> list[Candidate]:
        """The candidates with all that ranking compares, in the order given; four statements for new ones."""
        new = [i for i in person_ids if i not in self._held]
        if new:
            self._decrypt(new)
        return [self._held[i] for i in person_ids if i in self._held]

    def _decrypt(self, person_ids: Sequence[UUID]) -> None:
        people = list(session.scalars(sa.select(Person).where(Person.id.in_(person_ids))))
        cases = [p.case_id for p in people]
        crypto.load_keys(cases)
        papers: dict[UUID, list[Document]] = {}
        for d in session.scalars(sa.select(IdentityDocument).where(IdentityDocument.case_id.in_(cases))):
            if d.number:
                papers.setdefault(d.person_id, []).append(Document(d.document_type, d.number))
        phones: dict[UUID, list[str]] = {}
        for c in session.scalars(
            sa.select(Contact).where(Contact.case_id.in_(cases), Contact.ended_at.is_(None))
        ):
            if c.number:
                phones.setdefault(c.case_id, []).append(c.number)
        for p in people:
            self.case_of[p.id] = p.case_id
            if p.merged_into_id is not None:
                self.united.add(p.id)
            self._held[p.id] = Candidate(
                p.id, names_of(p), BirthKnowledge(p.birth_precision, p.birth_from, p.birth_to), p.sex_in_document,
                tuple(papers.get(p.id, ())), tuple(phones.get(p.case_id, ())),
            )  # fmt: skip


def _hits(scored: Sequence[Scored], opened: Opened) -> list[Hit]:
    """Hits of the records that they lead to; the best of those that lead to the same one."""
    persons = [UUID(str(s.candidate.ref)) for s in scored]
    leads = queries.target_of(opened.united.intersection(persons))
    case_of = _cases({leads.get(p, p) for p in persons}, opened)
    lines = queries.summary_of(list(case_of.values()))
    found: dict[UUID, Hit] = {}
    for one, person in zip(scored, persons, strict=True):
        case_id = case_of.get(leads.get(person, person))
        if case_id is None or case_id not in lines:
            continue
        names = one.candidate.names
        also = "" if lines[case_id].person_id == person else f"{names.given_names} {names.surnames}".strip()
        found.setdefault(case_id, Hit(lines[case_id], one.score, one.reasons, also))
    return list(found.values())


def _cases(person_ids: set[UUID], opened: Opened) -> dict[UUID, UUID]:
    """The cases of these persons; a statement only where somebody was not among the candidates."""
    others = person_ids - opened.case_of.keys()
    rows = (
        session.execute(sa.select(Person.id, Person.case_id).where(Person.id.in_(others))).all()
        if others
        else ()
    )
    return {i: opened.case_of[i] for i in person_ids - others} | {row.id: row.case_id for row in rows}


# -- duplicates --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Likeness:
    """A registered person who may be the one about to be registered (member number `member`, from 0)."""

    member: int
    summary: Summary
    score: int
    reasons: tuple[Reason, ...]


def candidate_of(new: NewPerson, ref: object = 0) -> Candidate:
    """Somebody about to be registered, as ranking compares them."""
    return Candidate(
        ref, new.names, knowledge_of(new.birth), new.sex_in_document,
        tuple(Document(d.document_type, d.number) for d in new.documents if d.number),
        tuple(c.number for c in new.contacts if c.number),
    )  # fmt: skip


def registered_already(members: Sequence[NewPerson], country: str, *, most_each: int = 3) -> list[Likeness]:
    """Who of the files that the caller may open may be one of these people; at most `most_each` for each.

    Files across teams that the caller may not open are not compared here. Eight statements in all."""
    wanted = [candidate_of(m, i) for i, m in enumerate(members)]
    asked: set[StoredToken] = set()
    for one in wanted:
        sought = Sought(one.names, (), one.birth, one.documents, one.phones, sex=one.sex)
        stages = query_tokens(sought, key=country_key(country, "tokens"), wider=False)
        asked |= {t for s in stages for t in s.tokens}
    opened = Opened()
    held = opened.candidates(_candidates(country, asked))
    pairs = [
        (int(str(one.ref)), replace(compare(one, other), candidate=other))
        for one in wanted
        for other in held
        if possible_duplicate(one, other)
    ]
    found: list[Likeness] = []
    hits = {h.summary.person_id: h for h in _hits([s for _, s in pairs], opened)} if pairs else {}
    leads = queries.target_of(opened.united.intersection(UUID(str(s.candidate.ref)) for _, s in pairs))
    seen: set[tuple[int, UUID]] = set()
    for member, scored in sorted(pairs, key=lambda p: (p[0], -p[1].score)):
        person = UUID(str(scored.candidate.ref))
        hit = hits.get(leads.get(person, person))
        if hit is None or (member, hit.summary.case_id) in seen:
            continue
        seen.add((member, hit.summary.case_id))
        if sum(f.member == member for f in found) < most_each:
            found.append(Likeness(member, hit.summary, scored.score, scored.reasons))
    return found
