"""Search tokens of persons: computed here, compared only inside PostgreSQL (function `candidates`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from caseapp.core.db import session
from caseapp.people.models import Contact, IdentityDocument, Person
from caseapp.people.rules import Birth
from caseapp.people.search.names import BirthKnowledge, Document, PersonNames
from caseapp.people.search.tokens import StoredToken, stored_tokens
from config.settings import country_key

_PUT = sa.text("SELECT put_tokens(:country, :everyone, :persons, :kinds, :tokens)").bindparams(
    sa.bindparam("everyone", type_=pg.ARRAY(sa.Uuid())),
    sa.bindparam("persons", type_=pg.ARRAY(sa.Uuid())),
    sa.bindparam("kinds", type_=pg.ARRAY(sa.SmallInteger())),
    sa.bindparam("tokens", type_=pg.ARRAY(sa.Integer())),
)


@dataclass(frozen=True)
class Findable:
    """What a person is found by."""

    person_id: UUID
    names: PersonNames
    birth: BirthKnowledge
    documents: tuple[Document, ...] = ()
    phones: tuple[str, ...] = ()
    tokens: frozenset[StoredToken] | None = None  # where they were worked out already


def names_of(person: Person) -> PersonNames:
    """A person's decrypted names as search takes them."""
    return PersonNames.of(
        person.given_names, person.surname_1, person.surname_2, person.also_known_as, person.called_name
    )


def knowledge_of(birth: Birth) -> BirthKnowledge:
    return BirthKnowledge(birth.precision, birth.earliest, birth.latest)


def findable(person: Person, documents: Iterable[IdentityDocument], contacts: Iterable[Contact]) -> Findable:
    """What a stored person is found by. Numbers of telephones that are not the person's own count too."""
    return Findable(
        person.id,
        names_of(person),
        BirthKnowledge(person.birth_precision, person.birth_from, person.birth_to),
        tuple(Document(d.document_type, d.number) for d in documents if d.number),
        tuple(c.number for c in contacts if c.number and c.ended_at is None),
    )


def tokens_of(one: Findable, country: str) -> frozenset[StoredToken]:
    """The tokens under the country's token key."""
    if one.tokens is not None:
        return one.tokens
    key = country_key(country, "tokens")
    return stored_tokens(one.names, one.birth, one.documents, one.phones, key=key)


def put_tokens(country: str, people: Sequence[Findable]) -> None:
    """Replace the tokens of these persons in one statement."""
    rows = [(p.person_id, int(t.kind), t.token) for p in people for t in sorted(tokens_of(p, country))]
    session.execute(
        _PUT,
        {
            "country": country,
            "everyone": [p.person_id for p in people],
            "persons": [r[0] for r in rows],
            "kinds": [r[1] for r in rows],
            "tokens": [r[2] for r in rows],
        },
    )


def forget_tokens(country: str, person_id: UUID) -> None:
    """Nobody finds this person any more."""
    session.execute(
        _PUT, {"country": country, "everyone": [person_id], "persons": [], "kinds": [], "tokens": []}
    )
