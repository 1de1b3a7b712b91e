"""Where a person must stay, and papers that an authority gave them: facts that the procedure writes here."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.db import session
from caseapp.people import queries, rules
from caseapp.people.models import Case, IdentityDocument, MovementException, MovementLimit
from caseapp.people.service.register import NewDocument, document_row
from caseapp.people.service.tokens import findable, put_tokens


def limit_movement(case: Case, admin1: str, *, on: date) -> None:
    """From this day the person stays in this division (P-code); an earlier limit ends."""
    held = queries.movement_limits_of([case.id]).get(case.id)
    if held == admin1:
        return
    if held is not None:
        end_movement_limit(case, on=on)
    session.add(MovementLimit(case_id=case.id, admin1=admin1, since=on))
    session.flush()


def end_movement_limit(case: Case, *, on: date) -> None:
    """The person may go where they wish."""
    session.execute(
        sa.update(MovementLimit)
        .where(MovementLimit.case_id == case.id, MovementLimit.ended_on.is_(None))
        .values(ended_on=sa.func.greatest(on, MovementLimit.since))
        .execution_options(synchronize_session=False)
    )


def except_movement(
    case: Case, to_admin1: str, *, ground: str, authority: str, on: date
) -> MovementException:
    """The person may be moved to another state at once: a child or a life is at risk, and the authority named answers
    for it. Whether it may be is the rule `may_except`, which the caller asks."""
    row = MovementException(
        case_id=case.id, to_admin1=to_admin1, ground=ground, on=on, until=on + timedelta(days=rules.EXCEPTION_DAYS),
        recorded_by_id=access.current().user_id,
    )  # fmt: skip
    row.authority = authority.strip()
    session.add(row)
    session.flush()
    return row


def add_document(case: Case, new: NewDocument) -> UUID:
    """A document that was seen or given joins the others of the person, and is found by its number. Returns its id."""
    person = queries.person_of(case)
    row = document_row(case.id, person.id, new)
    session.add(row)
    session.flush()
    put_tokens(case.country, [findable(person, queries.documents_of(case.id), queries.contacts_of(case.id))])
    return row.id


def renew_document(case: Case, document_type: str, number: str, valid_to: date | None) -> None:
    """The same document is valid until another day."""
    for row in session.scalars(
        sa.select(IdentityDocument).where(
            IdentityDocument.case_id == case.id, IdentityDocument.document_type == document_type
        )
    ):
        if (row.number or "") == number:
            row.valid_to = valid_to
    session.flush()
