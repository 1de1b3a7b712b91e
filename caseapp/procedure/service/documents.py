"""Documents that an authority gives: issue, renew, and what the sweep does when one expires."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from caseapp.core import reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.sweeping import alone
from caseapp.deadline import service as deadline
from caseapp.deadline.rules import due_on
from caseapp.deadline.working_days import works_in
from caseapp.people import service as people
from caseapp.people.events import happened
from caseapp.people.models import Case
from caseapp.people.queries import today_at_site, today_of
from caseapp.places.models import Site
from caseapp.procedure import events, queries, rules
from caseapp.procedure.models import Claim, IssuedDocument
from caseapp.procedure.service.claim import take


def issue(
    case: Case,
    document_type: str,
    *,
    on: date,
    number: str = "",
    valid_to: date | None = None,
    claim: Claim | None = None,
) -> IssuedDocument:
    """Write down a document that the person was given, with its number (checked, encrypted, found by search) and until
    when it is valid; where nothing is said and the country's rule tells, until then. Where the claim's order has a
    place for it, this is the claim's step as well. Raises the errors of `rules.may_issue`, `rules.checked_number`
    and of the step."""
    rules.may_issue(document_type, case.country, on, valid_to, today_of(case))
    kept = rules.checked_number(document_type, number)
    valid_to = valid_to or valid_until(document_type, case.country, on)
    in_time = _step(case, claim, document_type, on)
    made = IssuedDocument(
        case_id=case.id, claim_id=claim.id if claim else None, document_type=document_type, issued_on=on,
        valid_to=valid_to, number=kept,
    )  # fmt: skip
    session.add(made)
    people.add_document(case, people.NewDocument(document_type, kept, case.country, valid_to, True))
    session.flush()
    _watch(case, made)
    happened(
        events.DOCUMENT_ISSUED,
        case,
        on=on,
        subject_id=made.id,
        code=document_type,
        reason_group=rules.within(in_time),
    )
    session.flush()
    return made


def valid_until(document_type: str, country: str, on: date) -> date | None:
    """Until when a document is valid by the country's own rule."""
    rule = rules.VALID_BY.get(document_type)
    if rule is None:
        return None
    try:
        return due_on(reference.clock_rule(rule, on, country), on, works_in(country))
    except reference.CodeUnknown:
        return None


def _step(case: Case, claim: Claim | None, document_type: str, on: date) -> bool | None:
    """Take the claim's step where its order has a place for it; whether the first document came in time."""
    if claim is None or claim.case_id != case.id:
        return None
    running = {c.rule: c for c in queries.clocks_of([claim.id])[claim.id] if c.is_open}
    order = reference.claim_procedure(case.country, claim.lodged_on or on).steps
    if "DOCUMENT_ISSUED" in rules.next_steps(order, queries.taken(queries.steps_of([claim.id])[claim.id])):
        take(case, claim, "DOCUMENT_ISSUED", on=on, code=document_type)
    limit = running.get("CLAIM_DOCUMENT_ISSUE")
    return limit.met_on_time if limit is not None else None


def _watch(case: Case, made: IssuedDocument) -> None:
    """The clock of a document's validity."""
    if made.valid_to is not None:
        deadline.start(
            case,
            "DOCUMENT_VALID",
            subject=("issued_document", made.id),
            started_at=made.issued_on,
            due_at=made.valid_to,
        )


def renew(
    case: Case,
    document: IssuedDocument,
    *,
    on: date,
    valid_to: date | None = None,
    version: int | None = None,
) -> IssuedDocument:
    """The document was renewed: another takes its place, with the same number. Raises the errors of
    `rules.may_renew`, ChangedMeanwhile."""
    if version is not None and version != document.version:
        raise ChangedMeanwhile
    kind, number = document.document_type, document.number or ""
    rules.may_renew(kind, document.state, document.issued_on, on, valid_to, today_of(case))
    valid_to = valid_to or valid_until(kind, case.country, on)
    document.state, document.ended_on = "RENEWED", on
    made = IssuedDocument(
        case_id=case.id, claim_id=document.claim_id, renews_id=document.id, document_type=kind, issued_on=on,
        valid_to=valid_to, number=number,
    )  # fmt: skip
    session.add(made)
    session.flush()
    deadline.meet(("issued_document", document.id), at=on)
    people.renew_document(case, kind, number, valid_to)
    _watch(case, made)
    happened(events.DOCUMENT_RENEWED, case, on=on, subject_id=made.id, code=kind)
    session.flush()
    return made


def look_at_documents(limit: int = 200) -> int:
    """Documents whose last day has passed at the file's site are expired (the clock of each has told whom it must). May run twice
    without harm, and side by side. Returns how many."""
    due = (
        sa.select(IssuedDocument, Case)
        .join(Case, Case.id == IssuedDocument.case_id)
        .join(Site, Site.id == Case.site_id)
        .where(
            IssuedDocument.state == "ISSUED", IssuedDocument.valid_to < today_at_site(), Case.status == "OPEN",
            Case.erased_at.is_(None),
        )
        .order_by(IssuedDocument.valid_to, IssuedDocument.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=IssuedDocument)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    found = session.execute(due).all()
    done = 0
    for document, case in found:
        with alone("documents", document.id):
            document.state, document.ended_on = "EXPIRED", document.valid_to
            happened(
                events.DOCUMENT_EXPIRED,
                case,
                on=today_of(case),
                subject_id=document.id,
                code=document.document_type,
            )
            session.flush()
            done += 1
    return done
