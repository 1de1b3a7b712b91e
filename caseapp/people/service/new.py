"""What registration takes and gives: people, families and how they came, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from caseapp.people import rules
from caseapp.people.models import Case, Household, Person
from caseapp.people.search.names import PersonNames
from caseapp.people.search.tokens import StoredToken


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document shown (`seen`) or declared; `issued_by` is a country."""

    document_type: str
    number: str = ""
    issued_by: str | None = None
    valid_to: date | None = None
    seen: bool = False


@dataclass(frozen=True, slots=True)
class NewContact:
    """A way to reach the person; `rule` of the list `contact_rule`, `whose` of `contact_phone_owner`."""

    rule: str
    number: str = ""
    whose: str = ""
    via: str = ""
    code_word: str = ""
    hours: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to register. `relation_to_head`: this person is <relation> of the head (the first member). `tokens` are
    those that find them, where a comparison worked them out just before."""

    given_names: str = ""
    surname_1: str = ""
    surname_2: str = ""
    called_name: str = ""
    also_known_as: str = ""
    birth: rules.Birth = rules.UNKNOWN_BIRTH
    age_status: str = "STATED"
    sex_in_document: str = "NOT_ASKED"
    feels_safe_in: str = "NOT_ASKED"
    interpreter_needed: bool | None = None
    nationalities: tuple[str, ...] = ("UNK",)
    languages: tuple[str, ...] = ()
    populations: tuple[str, ...] = ()
    documents: tuple[NewDocument, ...] = ()
    contacts: tuple[NewContact, ...] = ()
    relation_to_head: str | None = None
    evidence: str = "CLAIMED"
    tokens: frozenset[StoredToken] | None = field(default=None, compare=False, repr=False)

    @property
    def names(self) -> PersonNames:
        return PersonNames.of(
            self.given_names, self.surname_1, self.surname_2, self.also_known_as, self.called_name
        )


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A member who has a file already (search or the check for duplicates found it)."""

    case_id: UUID
    relation_to_head: str | None = None
    evidence: str = "CLAIMED"


@dataclass(frozen=True, slots=True)
class NewRelation:
    """Member number `one` is <relation> of member number `other` (counted from 0)."""

    one: int
    other: int
    relation: str
    evidence: str = "CLAIMED"


@dataclass(frozen=True, slots=True)
class NewFamily:
    """A family or a person alone; the first member is its head."""

    members: tuple[NewPerson | KnownPerson, ...]
    relations: tuple[NewRelation, ...] = ()


@dataclass(frozen=True, slots=True)
class Registered:
    """What a registration made; `cases` and `persons` in the order of the members."""

    household: Household
    cases: tuple[Case, ...]
    persons: tuple[Person, ...]
    codes: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Came:
    """When (default: the day of registration), where (P-code) and how (list `arrival_mode`) somebody arrived."""

    on: date | None = None
    place: str | None = None
    mode: str | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """A family and how its members came: one `Came` for all, or one for each."""

    family: NewFamily
    came: tuple[Came, ...] = (Came(),)

    def of_each(self) -> tuple[Came, ...]:
        return self.came if len(self.came) > 1 else self.came * len(self.family.members)
