"""Correct what is known of a person. The journal is not rewritten: person.corrected says that it happened, and
where sex, birth or origin changed, person.profiled states the codes anew.

A new person.profiled speaks for all earlier-recorded events of the person. The age band depends on the day, so one
is written for each run of equal bands among the days of the person's events, effective on the first of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.journal import CaseEvent
from caseapp.people import events, queries, rules
from caseapp.people.models import (
    Case,
    IdentityDocument,
    Person,
    PersonLanguage,
    PersonNationality,
)
from caseapp.people.service.consent import end_with_childhood
from caseapp.people.service.register import NewDocument, document_row
from caseapp.people.service.tokens import findable, put_tokens


@dataclass(frozen=True, slots=True)
class PersonDetails:
    """All that the correction page shows of a person; what is not changed is passed as it was."""

    given_names: str
    surname_1: str
    surname_2: str
    called_name: str
    also_known_as: str
    birth: rules.Birth
    age_status: str
    sex_in_document: str
    feels_safe_in: str
    interpreter_needed: bool | None
    nationalities: tuple[str, ...]
    languages: tuple[str, ...]
    documents: tuple[NewDocument, ...]


def details_of(person: Person) -> PersonDetails:
    """What is known of a person now (three statements)."""
    papers = queries.documents_of(person.case_id)
    return PersonDetails(
        person.given_names or "", person.surname_1 or "", person.surname_2 or "", person.called_name or "",
        person.also_known_as or "", queries.birth_of(person), person.age_status, person.sex_in_document,
        person.feels_safe_in, person.interpreter_needed, tuple(queries.nationalities_of(person.case_id)),
        tuple(queries.languages_of(person.case_id)),
        tuple(NewDocument(d.document_type, d.number or "", d.issued_by, d.valid_to, d.seen) for d in papers),
    )  # fmt: skip


def check_version(held: int, read: int | None) -> None:
    """Refuse (409) if the record was saved by somebody else since it was read."""
    if held != read:
        raise ChangedMeanwhile


def correct_person(
    case: Case, person: Person, details: PersonDetails, *, version: int | None, on: date
) -> None:
    """Save corrected details. `person` was read with `queries.person_of(case, lock=True)`, `version` is what the
    form carried (None skips the comparison: imports). Writes person.corrected and, where figures change,
    person.profiled. Raises ChangedMeanwhile, what `may_register` refuses, BirthInFuture."""
    if version is not None:
        check_version(person.version, version)
    before = details_of(person)
    if before == details:
        return
    situations = [p.population for p in queries.populations_of(case.id) if p.ended_on is None]
    rules.may_register(
        names=(details.given_names, details.surname_1, details.called_name),
        nationalities=details.nationalities, populations=situations, country=case.country,
    )  # fmt: skip
    rules.check_birth(details.birth, on)
    for name in ("given_names", "surname_1", "surname_2", "called_name", "also_known_as"):
        if getattr(before, name) != getattr(details, name):
            setattr(person, name, getattr(details, name).strip())
    person.birth_precision = details.birth.precision
    person.birth_from, person.birth_to = details.birth.earliest, details.birth.latest
    person.age_status, person.sex_in_document = details.age_status, details.sex_in_document
    person.feels_safe_in, person.interpreter_needed = details.feels_safe_in, details.interpreter_needed
    _replace_rows(person, before, details)
    flag_modified(person, "created_at")  # rows beside the person count as a change of the person
    session.flush()
    put_tokens(case.country, [findable(person, queries.documents_of(case.id), queries.contacts_of(case.id))])
    events.happened(events.CORRECTED, case, on=on, person=person, code=_what(before, details))
    if before.birth != details.birth or before.age_status != details.age_status:
        end_with_childhood(case, person, on=on)
    if _figures_differ(before, details):
        restate(case, person, on)
    session.flush()
    if (before.birth, before.age_status) != (details.birth, details.age_status):
        for handler in events.age_corrected:
            handler(case, on)


def _replace_rows(person: Person, before: PersonDetails, details: PersonDetails) -> None:
    of = {"case_id": person.case_id, "person_id": person.id}
    if before.nationalities != details.nationalities:
        _clear(PersonNationality, person)
        session.add_all(
            PersonNationality(**of, position=i, country=c) for i, c in enumerate(details.nationalities, 1)
        )
    if before.languages != details.languages:
        _clear(PersonLanguage, person)
        session.add_all(
            PersonLanguage(**of, position=i, language=c) for i, c in enumerate(details.languages, 1)
        )
    if before.documents != details.documents:
        _clear(IdentityDocument, person)
        session.add_all(document_row(person.case_id, person.id, d) for d in details.documents)


def _clear(
    table: type[PersonNationality] | type[PersonLanguage] | type[IdentityDocument], person: Person
) -> None:
    session.execute(sa.delete(table).where(table.person_id == person.id))


def _what(before: PersonDetails, after: PersonDetails) -> str:
    """One code for what was corrected: the first that applies, figures first."""
    changed = {f for f in PersonDetails.__slots__ if getattr(before, f) != getattr(after, f)}
    for code, fields in (
        ("BIRTH", {"birth"}),
        ("AGE_STATUS", {"age_status"}),
        ("SEX", {"sex_in_document"}),
        ("NATIONALITY", {"nationalities"}),
        ("NAME", {"given_names", "surname_1", "surname_2", "called_name", "also_known_as"}),
        ("DOCUMENT", {"documents"}),
    ):
        if changed & fields:
            return code
    return "OTHER"


def _figures_differ(before: PersonDetails, after: PersonDetails) -> bool:
    """A change that earlier counts must follow. A *decision* about age works forward only and is no correction
    of the past; a change of the birth date is."""
    return (
        before.birth != after.birth
        or rules.sex_in_figures(before.sex_in_document) != rules.sex_in_figures(after.sex_in_document)
        or before.nationalities[:1] != after.nationalities[:1]
    )


def restate(case: Case, person: Person, on: date) -> None:
    """State the codes anew for all days on which something happened to this person. The type of the household is
    restated too (with its present members): who was thought an adult alone may have been a child alone."""
    days = session.scalars(
        sa.select(CaseEvent.effective_on)
        .where(CaseEvent.case_id == case.id)
        .distinct()
        .order_by(CaseEvent.effective_on)
    ).all()
    for first, band in first_of_runs(person, days or [on]):
        codes = {**events.profile(person, first), "age_band": band}
        events.happened(events.PROFILED, case, on=first, person=person, codes_of=codes)


def first_of_runs(person: Person, days: Iterable[date]) -> list[tuple[date, str]]:
    """The first day of each run of equal age bands among these days, in order."""
    birth = queries.birth_of(person)
    found: list[tuple[date, str]] = []
    for day in days:
        band = rules.age_band(birth, person.age_status, day)
        if not found or found[-1][1] != band:
            found.append((day, band))
    return found


def set_gender_self(person: Person, words: str | None) -> None:
    """What the person says of their gender, asked alone and never required; it is in no list, event or figure."""
    person.gender_self = words or None
    session.flush()
