"""Publishing a version of a definition: proposed by a steward with a reason and a month, approved by another person.

Verbs flush and never commit. The trigger of the table ends the version before, and refuses a month that is counted.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import audit, clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import says
from caseapp.core.locking import locked
from caseapp.indicators import catalogue, versions
from caseapp.indicators.catalogue import Indicator
from caseapp.indicators.drafts import entry as entries
from caseapp.indicators.drafts import rules as drafting
from caseapp.indicators.drafts.queries import first_open_month
from caseapp.indicators.models import Definition, State
from caseapp.publication import defining as rules
from caseapp.publication.access import countries_as
from caseapp.publication.cube.grain import Grain
from caseapp.publication.models import Release, Status
from caseapp.publication.plan import Plan, cubes_of, domain_plans

STEWARD, APPROVER = "DATA_STEWARD", "RELEASE_APPROVER"

says("ck_definition_two_people", lambda: rules.OwnDefinition())
says("ck_definition_reason_given", lambda: rules.WhyMissing())
says("definition_month_released", lambda: rules.MonthReleased())
says("definition_after_the_last", lambda: rules.AfterTheLast())
says("definition_release_running", lambda: rules.ReleaseRunning())
says("ex_definition_overlap", lambda: rules.AfterTheLast())
says("uq_definition_in_force", lambda: rules.AfterTheLast())
says("uq_definition_number", lambda: rules.ReleaseRunning())


def propose(definition_id: UUID, *, month: str, reason: str, by: Principal) -> Definition:
    """Put a draft before the approver: from which month it counts, and why. The caller commits.

    Raises NotYours, NotDefinitionSteward, NotProposed, WhyMissing, NothingChanges, MonthUnknown, MonthReleased,
    AfterTheLast, CubeNotDrawn.
    """
    row = _locked(definition_id)
    if row.country not in countries_as(by, STEWARD):
        raise rules.NotDefinitionSteward
    if row.state != State.DRAFT.value:
        raise rules.NotProposed
    row.valid_from = _may_count_from(row, month)
    row.reason, row.submitted_at = rules.must_say_why(reason), clock.now()
    assert by.user_id is not None
    row.author_id, row.writers = by.user_id, sorted({*row.writers, by.user_id})
    row.state, row.returned, row.decided_by_id = State.AWAITING_APPROVAL.value, None, None
    session.flush()
    audit.record("proposed", "definition", row.id, row.code)
    return row


def _locked(definition_id: UUID) -> Definition:
    return locked(Definition, Definition.id == definition_id, Definition.state != State.PUBLISHED.value)


def _may_count_from(row: Definition, month: str) -> date:
    known = versions.of(session.connection(), row.country)
    newest = known.get(row.code)
    new = entries.checked(row.code, row.entry, number=newest.version + 1)
    if not drafting.changed(newest, new):
        raise rules.NothingChanges
    day = rules.may_take_force(month, first_open=first_open_month(row.country), last=_last_day_taken(row))
    rules.must_be_drawn(
        month, needed=_needed(row.country, new), drawn=drawn_before(row.country, month, known)
    )
    return day


def _last_day_taken(row: Definition) -> date | None:
    """From when the last published version counts."""
    return session.scalar(
        sa.select(sa.func.max(Definition.valid_from)).where(
            Definition.country == row.country, Definition.code == row.code,
            Definition.state == State.PUBLISHED.value,
        )
    )  # fmt: skip


def _plan(country: str) -> Plan | None:
    """The newest plan that a release of the country settled."""
    row = session.scalars(
        sa.select(Release)
        .where(Release.country == country, Release.status == Status.APPROVED.value)
        .order_by(Release.period.desc(), Release.edition.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Plan(
        country, row.period[:4], Grain(str(row.grain)), tuple(row.origins or ()), tuple(row.sites or ())
    )


def _needed(country: str, new: Indicator) -> frozenset[str]:
    plan = _plan(country)
    return cubes_of(domain_plans(plan, [new])) if plan else frozenset()


def drawn_before(country: str, month: str, known: versions.Catalogue) -> frozenset[str] | None:
    """The cubes that all earlier months of a month's year draw, released or still to be; None where there are none.

    What a year begins to draw it draws to its end, so these are the cubes of its first month.
    """
    first = session.scalar(
        sa.select(sa.func.min(Release.period)).where(
            Release.country == country, Release.status == Status.APPROVED.value
        )
    )
    plan = _plan(country)
    begun = max(f"{month[:4]}-01", first) if first else None
    if plan is None or begun is None or begun >= month:
        return None
    return cubes_of(domain_plans(plan, known.all(versions.last_day(begun))))


def take_back(definition_id: UUID, *, by: Principal) -> Definition:
    """A steward takes a proposal back to write in it again. The caller commits."""
    row = _locked(definition_id)
    if row.country not in countries_as(by, STEWARD):
        raise rules.NotDefinitionSteward
    if row.state != State.AWAITING_APPROVAL.value:
        raise rules.NotProposed
    assert by.user_id is not None
    row.state, row.author_id, row.writers = State.DRAFT.value, by.user_id, sorted({*row.writers, by.user_id})
    session.flush()
    audit.record("taken_back", "definition", row.id, row.code)
    return row


def publish(definition_id: UUID, *, by: Principal) -> Definition:
    """Approve a proposal: it has its number and counts from its month; the version before ends the day before.

    What was checked when it was proposed is checked again: months are released meanwhile. The caller commits.
    Raises NotYours, NotDefinitionApprover, OwnDefinition, NotProposed, and what `propose` raises of the month.
    """
    row = _locked(definition_id)
    _may_decide(row, by)
    assert row.valid_from is not None
    _may_count_from(row, f"{row.valid_from:%Y-%m}")
    row.number = _next_number(row.code)
    row.state, row.decided_by_id, row.decided_at = State.PUBLISHED.value, by.user_id, clock.now()
    session.flush()
    audit.record("published", "definition", row.id, row.code)
    return row


def _next_number(code: str) -> int:
    """Numbers rise over all countries, so that a number means one definition everywhere."""
    highest = session.scalar(sa.select(sa.func.max(Definition.number)).where(Definition.code == code))
    return max(highest or 0, catalogue.get(code).version) + 1


def send_back(definition_id: UUID, note: str, *, by: Principal) -> Definition:
    """Return a proposal to the stewards, saying what to mend. The caller commits."""
    row = _locked(definition_id)
    _may_decide(row, by)
    row.returned = rules.must_say_what(note)
    row.state, row.decided_by_id = State.DRAFT.value, by.user_id
    session.flush()
    audit.record("returned", "definition", row.id, row.code)
    return row


def _may_decide(row: Definition, by: Principal) -> None:
    rules.may_publish(
        row.state,
        country=row.country,
        approver_of=countries_as(by, APPROVER),
        writers=row.writers,
        by=by.user_id,
    )


__all__ = ["drawn_before", "propose", "publish", "send_back", "take_back"]
