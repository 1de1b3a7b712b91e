"""Register a family in one pass: plain data in, files of every member and their household out.

A handful of statements whatever the number of members, because the demo and imports call it thousands of
times: rows of one table are written together, the profile for figures is worked out in memory.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import access, clock, crypto
from caseapp.core.db import Base, insert_rows, session, uuid7
from caseapp.people import events, rules
from caseapp.people.models import (
    Case,
    Contact,
    Household,
    HouseholdMember,
    IdentityDocument,
    Person,
    PersonLanguage,
    PersonNationality,
    PersonPopulation,
    Relation,
)
from caseapp.people.refusals import CannotJoin
from caseapp.people.rules.number import HOUSEHOLD
from caseapp.people.search.names import Document
from caseapp.people.service.new import (
    Came,
    Intake,
    KnownPerson,
    NewContact,
    NewDocument,
    NewFamily,
    NewPerson,
    NewRelation,
    Registered,
)
from caseapp.people.service.tokens import Findable, knowledge_of, put_tokens

#: Gives a public number for a prefix letter; the demo passes one that follows its seed.
Numbers = Callable[[str], str]


def fresh_number(prefix: str) -> str:
    """A public number that nobody can guess."""
    return rules.number_of(prefix, secrets.randbits(48))


def register(
    family: NewFamily,
    *,
    team: Team,
    on: date,
    arrived_on: date | None = None,
    place: str | None = None,
    mode: str | None = None,
    numbers: Numbers = fresh_number,
    assigned_to: UUID | None = None,
) -> Registered:
    """Open a file for each new member, form their household and record their relations.

    `on` is the site's local date, `arrived_on` (default `on`) the day of arrival, `place` its P-code, `mode` of
    the list `arrival_mode`. The files belong to `team` and are assigned to whoever acts, unless said otherwise.
    Writes intake.opened, person.registered, person.profiled and case.opened for each new person,
    household.formed and relation.recorded. Raises what `rules.may_register` refuses.
    """
    intake = Intake(family, (Came(arrived_on, place, mode),))
    who = assigned_to or access.current().user_id
    return register_all([intake], team=team, on=on, numbers=numbers, assigned_to=who)[0]


def register_all(
    intakes: Sequence[Intake],
    *,
    team: Team,
    on: date,
    numbers: Numbers = fresh_number,
    assigned_to: UUID | None = None,
) -> list[Registered]:
    """`register` for many families, in as many statements as for one; what each becomes is the same. Without
    `assigned_to` the files are nobody's yet."""
    assert team.site_id is not None
    families = [intake.family for intake in intakes]
    for family in families:
        if not family.members:
            raise rules.HeadMissing
        for member in family.members:
            if isinstance(member, NewPerson):
                _check(member, team.country, on)
    known = [_known(family, team) for family in families]
    cases = _open_cases(families, known, team, on, numbers, assigned_to)
    persons = [_persons(f, k, c) for f, k, c in zip(families, known, cases, strict=True)]
    session.flush()
    households = [
        # The version is said for it to be written with many others: a default that the database gives is read back.
        Household(number=numbers(HOUSEHOLD), country=team.country, team_id=team.id, formed_on=on, version=1)
        for _ in families
    ]
    session.add_all(households)
    for held in known:
        _leave_former(held, on)
    session.flush()
    details = _Details()
    made = [_join(*parts, details, on) for parts in zip(intakes, households, cases, persons, strict=True)]
    details.write()
    put_tokens(team.country, [one for f, p in zip(families, persons, strict=True) for one in _findable(f, p)])
    return made


class _Details:
    """What hangs on the files of many families, written together, a table after the other."""

    def __init__(self) -> None:
        self._rows: defaultdict[type[Base], list[Base]] = defaultdict(list)

    def add(self, rows: Iterable[Base]) -> None:
        for row in rows:
            self._rows[type(row)].append(row)

    def write(self) -> None:
        session.flush()
        for rows in self._rows.values():
            insert_rows(rows)


def _join(
    intake: Intake,
    household: Household,
    cases: list[Case],
    persons: list[Person],
    details: _Details,
    on: date,
) -> Registered:
    """The household with its members, relations, details and events."""
    family = intake.family
    details.add(
        HouseholdMember(household_id=household.id, case_id=c.id, is_head=i == 0, joined_on=on)
        for i, c in enumerate(cases)
    )
    relations = _relations(family, cases, on)
    details.add(relations)
    codes = _profiles(family, persons, relations, on)
    _add_details(details, family, cases, persons, on)
    _tell(intake, household, cases, relations, codes, on)
    return Registered(household, tuple(cases), tuple(persons), tuple(codes))


def _check(member: NewPerson, country: str, on: date) -> None:
    rules.may_register(
        names=(member.given_names, member.surname_1, member.called_name),
        nationalities=member.nationalities,
        populations=member.populations,
        country=country,
    )
    rules.check_birth(member.birth, on)


def _known(family: NewFamily, team: Team) -> dict[UUID, tuple[Case, Person]]:
    """The files that members have already: open, and this team's own."""
    ids = [m.case_id for m in family.members if isinstance(m, KnownPerson)]
    if not ids:
        return {}
    rows = session.execute(
        sa.select(Case, Person).join(Person, Person.case_id == Case.id).where(Case.id.in_(ids))
    ).all()
    found = {case.id: (case, person) for case, person in rows}
    if any(i not in found or found[i][0].team_id != team.id or found[i][0].status != "OPEN" for i in ids):
        raise CannotJoin
    return found


def _open_cases(
    families: Sequence[NewFamily],
    known: Sequence[dict[UUID, tuple[Case, Person]]],
    team: Team,
    on: date,
    numbers: Numbers,
    assigned_to: UUID | None,
) -> list[list[Case]]:
    prefix = rules.prefix_of(team.country)
    found: list[list[Case]] = []
    new: list[Case] = []
    for family, held in zip(families, known, strict=True):
        cases: list[Case] = []
        for member in family.members:
            if isinstance(member, KnownPerson):
                cases.append(held[member.case_id][0])
                continue
            case = Case(
                number=numbers(prefix), country=team.country, team_id=team.id, site_id=team.site_id, opened_on=on,
                status="OPEN", readers=[], assigned_to_id=assigned_to, version=1,
            )  # fmt: skip
            cases.append(case)
            new.append(case)
        found.append(cases)
    session.add_all(new)
    session.flush()
    crypto.new_keys([c.id for c in new], team.country)
    return found


def open_case(
    person: NewPerson,
    *,
    team: Team,
    on: date,
    numbers: Numbers = fresh_number,
    assigned_to: UUID | None = None,
) -> Case:
    """The file of one person registered alone (a household of one); see `register`."""
    return register(NewFamily((person,)), team=team, on=on, numbers=numbers, assigned_to=assigned_to).cases[0]


def _persons(
    family: NewFamily, known: dict[UUID, tuple[Case, Person]], cases: Sequence[Case]
) -> list[Person]:
    persons = []
    for member, case in zip(family.members, cases, strict=True):
        if isinstance(member, KnownPerson):
            persons.append(known[case.id][1])
            continue
        person = Person(
            id=uuid7(), case_id=case.id, birth_precision=member.birth.precision, birth_from=member.birth.earliest,
            birth_to=member.birth.latest, age_status=member.age_status, sex_in_document=member.sex_in_document,
            feels_safe_in=member.feels_safe_in, interpreter_needed=member.interpreter_needed,
            created_at=clock.now(), given_names=member.given_names.strip(), surname_1=member.surname_1.strip(),
            surname_2=member.surname_2.strip(), called_name=member.called_name.strip(),
            also_known_as=member.also_known_as.strip(), version=1,
        )  # fmt: skip
        session.add(person)
        persons.append(person)
    return persons


def _leave_former(known: dict[UUID, tuple[Case, Person]], on: date) -> None:
    """Whoever had a household leaves it for the new one."""
    for case, person in known.values():
        row = session.scalars(
            sa.select(HouseholdMember).where(
                HouseholdMember.case_id == case.id, HouseholdMember.left_on.is_(None)
            )
        ).one_or_none()
        if row is not None:
            events.happened(
                events.HOUSEHOLD_LEFT,
                case,
                on=on,
                person=person,
                household_id=row.household_id,
                reason="JOINED_OTHER",
            )
            row.left_on, row.is_head = max(on, row.joined_on), False


def _relations(family: NewFamily, cases: Sequence[Case], on: date) -> list[Relation]:
    wanted = [
        NewRelation(i, 0, m.relation_to_head, m.evidence)
        for i, m in enumerate(family.members)
        if i > 0 and m.relation_to_head
    ]
    wanted += family.relations
    held = _held_relations(family, cases)
    found = {}
    for w in wanted:
        one, other = cases[w.one].id, cases[w.other].id
        if (one, other) in held or (other, one) in held:
            continue
        found[one, other] = Relation(
            case_id=one, other_case_id=other, relation=w.relation, evidence=w.evidence, recorded_on=on
        )
    return list(found.values())


def _held_relations(family: NewFamily, cases: Sequence[Case]) -> set[tuple[UUID, UUID]]:
    ids = [c.id for m, c in zip(family.members, cases, strict=True) if isinstance(m, KnownPerson)]
    if len(ids) < 2:
        return set()
    rows = session.execute(
        sa.select(Relation.case_id, Relation.other_case_id).where(
            Relation.case_id.in_(ids), Relation.other_case_id.in_(ids)
        )
    )
    return {(one, other) for one, other in rows}


def _profiles(
    family: NewFamily, persons: Sequence[Person], relations: Sequence[Relation], on: date
) -> list[dict[str, Any]]:
    """The codes for figures of every member, worked out without a statement (none for known ones)."""
    parent, carer = rules.with_parent_or_carer(
        (r.case_id, r.other_case_id, r.relation) for r in relations if r.evidence != "DISPROVED"
    )
    births = [rules.Birth(p.birth_precision, p.birth_from, p.birth_to) for p in persons]
    kind = rules.household_type(
        [
            rules.Member(rules.is_child(b, p.age_status, on), p.case_id in parent, p.case_id in carer)
            for b, p in zip(births, persons, strict=True)
        ]
    )
    return [
        {
            "sex": rules.sex_in_figures(person.sex_in_document),
            "age_band": rules.age_band(birth, person.age_status, on),
            "origin": member.nationalities[0],
            "household_type": kind,
        }
        if isinstance(member, NewPerson)
        else {**events.profile(person, on), "household_type": kind}
        for member, person, birth in zip(family.members, persons, births, strict=True)
    ]


def _add_details(
    details: _Details, family: NewFamily, cases: Sequence[Case], persons: Sequence[Person], on: date
) -> None:
    for member, case, person in zip(family.members, cases, persons, strict=True):
        if isinstance(member, NewPerson):
            of = {"case_id": case.id, "person_id": person.id}
            details.add(
                PersonNationality(**of, position=i, country=c) for i, c in enumerate(member.nationalities, 1)
            )
            details.add(
                PersonLanguage(**of, position=i, language=c)
                for i, c in enumerate(dict.fromkeys(member.languages), 1)
            )
            details.add(
                PersonPopulation(**of, population=c, since=on) for c in dict.fromkeys(member.populations)
            )
            details.add(document_row(case.id, person.id, d) for d in member.documents)
            details.add(contact_row(case.id, c) for c in member.contacts)


def document_row(case_id: UUID, person_id: UUID, new: NewDocument) -> IdentityDocument:
    """The row of a document, its number encrypted."""
    return IdentityDocument(
        case_id=case_id, person_id=person_id, document_type=new.document_type, issued_by=new.issued_by or None,
        valid_to=new.valid_to, seen=new.seen, number=new.number.strip(),
    )  # fmt: skip


def contact_row(case_id: UUID, new: NewContact) -> Contact:
    """The row of a way to reach somebody, encrypted."""
    return Contact(
        case_id=case_id, rule=new.rule, hours=new.hours.strip() or None, language=new.language or None,
        created_at=clock.now(), number=new.number.strip(), whose=new.whose, via=new.via.strip(),
        code_word=new.code_word.strip(),
    )  # fmt: skip


def _tell(
    intake: Intake,
    household: Household,
    cases: Sequence[Case],
    relations: Sequence[Relation],
    codes: Sequence[dict[str, Any]],
    on: date,
) -> None:
    happened = events.happened
    profile_of = {case.id: held for case, held in zip(cases, codes, strict=True)}
    by_id = {case.id: case for case in cases}
    for member, case, came in zip(intake.family.members, cases, intake.of_each(), strict=True):
        told: dict[str, Any] = {"household_id": household.id, "codes_of": profile_of[case.id]}
        if isinstance(member, KnownPerson):
            happened(events.HOUSEHOLD_JOINED, case, on=on, code=_role(case, cases), **told)
            continue
        first = next(iter(member.populations), None)
        arrived_on = min(came.on or on, on)
        happened(events.INTAKE_OPENED, case, on=arrived_on, place=came.place, code=came.mode, **told)
        happened(events.REGISTERED, case, on=on, population=first, place=came.place, **told)
        happened(events.PROFILED, case, on=on, population=first, **told)
        happened(events.CASE_OPENED, case, on=on, population=first, **told)
    head = cases[0]
    kind = profile_of[head.id]["household_type"]
    happened(
        events.HOUSEHOLD_FORMED, head, on=on, number=len(cases), code=kind, household_id=household.id,
        codes_of=profile_of[head.id],
    )  # fmt: skip
    for r in relations:
        happened(
            events.RELATION_RECORDED, by_id[r.case_id], on=on, code=r.relation, outcome=r.evidence,
            household_id=household.id, codes_of=profile_of[r.case_id],
        )  # fmt: skip


def _role(case: Case, cases: Sequence[Case]) -> str:
    return "HEAD" if case is cases[0] else "MEMBER"


def _findable(family: NewFamily, persons: Sequence[Person]) -> list[Findable]:
    return [
        Findable(
            person.id,
            member.names,
            knowledge_of(member.birth),
            tuple(Document(d.document_type, d.number) for d in member.documents if d.number),
            tuple(c.number for c in member.contacts if c.number),
            member.tokens,
        )
        for member, person in zip(family.members, persons, strict=True)
        if isinstance(member, NewPerson)
    ]


__all__ = [
    "Came", "Intake", "KnownPerson", "NewContact", "NewDocument", "NewFamily", "NewPerson", "NewRelation", "Registered",
    "fresh_number", "open_case", "register", "register_all",
]  # fmt: skip
