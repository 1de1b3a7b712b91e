"""Erase a person: not a flag, but the end of what could tell who they were.

The data key of the case is deleted first: everything ever encrypted under it, in every table of every area and in
every backup whose key ring has gone, can never be read again. Wiped besides, so that no ciphertext stays either:

| table | wiped | stays |
| --- | --- | --- |
| `keyring.case_key` | the row | |
| `name_token` | all tokens of the person | |
| `person` | given_names, surname_1, surname_2, also_known_as, called_name, gender_self; birth_from, birth_to (precision becomes UNKNOWN); sex_in_document, feels_safe_in (NOT_ASKED); interpreter_needed | id, case, pointer of a merge, age_status, created_at |
| `person_language`, `person_nationality` | the rows | |
| `identity_document`, `contact` | the rows (type, country, number, whose, via, code word, hours) | |
| `contact_attempt` | | channel, result, time |
| `consent` | | purpose, answer, dates: the legal basis of what was done |
| `need` | reason | code, priority, dates |
| `placement_requirement` | detail | code, dates |
| `household_member`, `relation`, `person_population` | | codes and dates, which name nobody |
| `duplicate_candidate` | the rows | |
| `case` | erased_at is set: no query shows the case | number, country, team, dates, closure reason |
| `case_event` (journal), `audit` | | codes only; they never held a name |
| `import_source` | the row: a keyed hash of the row of a list, and its file | in `import_erased` a hash of that hash with its month, which leads to nobody (decision 0092) |
| `import_held` | what a list says of the person where a family of it still waits, and whom they were compared with | the rest of the family, which waits on (decision 0372) |
| `arrival`, `stay`, `referral`, `screening` and other areas | encrypted columns become unreadable with the key | codes and dates |

Figures stay as they were published; person.erased lets facts be rebuilt without the person where a definition
asks for it. The key ring is backed up apart and kept for 35 days, then the erasure holds in backups too.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from caseapp.core import audit, clock, crypto
from caseapp.core.db import session
from caseapp.people import events, queries
from caseapp.people.models import (
    Case,
    Contact,
    DuplicateCandidate,
    IdentityDocument,
    Need,
    Person,
    PersonLanguage,
    PersonNationality,
    PlacementRequirement,
)
from caseapp.people.refusals import AlreadyErased
from caseapp.people.service.tokens import forget_tokens

#: What a person's row becomes; the docstring's table in code.
WIPED: dict[str, Any] = {
    "given_names_sealed": None, "surname_1_sealed": None, "surname_2_sealed": None, "also_known_as_sealed": None,
    "called_name_sealed": None, "gender_self_sealed": None, "birth_precision": "UNKNOWN", "birth_from": None,
    "birth_to": None, "sex_in_document": "NOT_ASKED", "feels_safe_in": "NOT_ASKED", "interpreter_needed": None,
}  # fmt: skip
ROWS: tuple[Any, ...] = (PersonLanguage, PersonNationality, IdentityDocument, Contact)


def erase(case: Case, reason: str, *, on: date) -> None:
    """Erase the person of this case; `reason` is a code (PERSON_ASKED, RETENTION_ENDED, ERROR …). Writes
    person.erased and an audit row. Raises AlreadyErased."""
    if case.erased_at is not None:
        raise AlreadyErased
    person = queries.person_of(case, lock=True)
    events.happened(events.ERASED, case, on=on, person=person, reason=reason)
    audit.record("erased", "case", case.id, reason)
    session.flush()
    for handler in events.being_erased:
        handler(case)
    forget_tokens(case.country, person.id)
    for table in ROWS:
        session.execute(sa.delete(table).where(table.case_id == case.id))
    session.execute(
        sa.delete(DuplicateCandidate).where(
            sa.or_(DuplicateCandidate.case_id == case.id, DuplicateCandidate.other_case_id == case.id)
        )
    )
    session.execute(sa.update(Need).where(Need.case_id == case.id).values(reason_sealed=None))
    session.execute(
        sa.update(PlacementRequirement)
        .where(PlacementRequirement.case_id == case.id)
        .values(detail_sealed=None)
    )
    _wipe(person)
    case.erased_at = clock.now()
    session.flush()
    crypto.destroy_key(case.id)


def _wipe(person: Person) -> None:
    for name, value in WIPED.items():
        setattr(person, name, value)
