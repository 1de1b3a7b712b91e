"""Needs that a person confirmed, and the placement requirements that a shelter receives instead of them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.people import events, queries, rules
from caseapp.people.models import Case, Need, Person, PlacementRequirement
from caseapp.people.refusals import CotIsForBaby, NeedClosed, NeedOpen, RequirementSet, UnknownCode
from caseapp.people.service.correct import check_version


def record_need(
    case: Case,
    person: Person,
    code: str,
    priority: str,
    reason: str,
    *,
    on: date,
    screening_id: UUID | None = None,
) -> Need:
    """A need (UNHCR code) confirmed by whoever acts, with its reason (encrypted). Writes need.recorded.
    Raises NeedOpen if the same need is open, UnknownCode."""
    if not reference.known("need_code", code) or code in reference.BLANKS:
        raise UnknownCode(field="code")
    if any(n.code == code for n in queries.needs_of(case.id, open_only=True)):
        raise NeedOpen
    row = Need(
        case_id=case.id, person_id=person.id, code=code, category=reference.group_of("need_code", code) or code[:2],
        priority=priority, screening_id=screening_id, recorded_on=on, confirmed_by_id=access.current().user_id,
        reason=reason,
    )  # fmt: skip
    session.add(row)
    _tell(events.NEED_RECORDED, case, row, on, person, priority=priority)
    session.flush()
    return row


def change_need(case: Case, need: Need, *, priority: str, reason: str, version: int | None, on: date) -> None:
    """Another priority or reason. `version` as the form carried it (None: not from a form). Writes
    need.changed. Raises ChangedMeanwhile, NeedClosed."""
    _check(need, version)
    need.priority, need.reason = priority, reason
    _tell(events.NEED_CHANGED, case, need, on, priority=priority)
    session.flush()


def meet_need(
    case: Case, need: Need, *, outcome: str | None = None, version: int | None = None, on: date
) -> None:
    """The need was answered; `outcome` is a code of who or what did. Writes need.met."""
    _check(need, version)
    need.state, need.ended_on = "MET", max(on, need.recorded_on)
    _tell(events.NEED_MET, case, need, on, outcome=outcome)
    session.flush()


def end_need(case: Case, need: Need, *, reason: str, version: int | None = None, on: date) -> None:
    """The need is no longer there (a code, `need_refused_reason` or of the area that ends it). Writes
    need.ended."""
    _check(need, version)
    need.state, need.ended_on, need.end_reason = "ENDED", max(on, need.recorded_on), reason
    _tell(events.NEED_ENDED, case, need, on, reason=reason)
    session.flush()


def _check(need: Need, version: int | None) -> None:
    if version is not None:
        check_version(need.version, version)
    if need.state != "OPEN":
        raise NeedClosed


def _tell(
    kind: events.EventKind,
    case: Case,
    need: Need,
    on: date,
    person: Person | None = None,
    **codes: Any,
) -> None:
    events.happened(
        kind,
        case,
        on=on,
        person=person,
        subject_id=need.id,
        code=need.code,
        need_category=need.category,
        **codes,
    )


def set_requirement(case: Case, requirement: str, *, on: date, detail: str = "") -> PlacementRequirement:
    """What a place must have for this person. Whether life depends on it stands in the list. Writes
    requirement.set. Raises RequirementSet, UnknownCode, CotIsForBaby."""
    if not reference.known("placement_requirement", requirement) or requirement in reference.BLANKS:
        raise UnknownCode(field="requirement")
    if any(r.requirement == requirement for r in queries.requirements_of([case.id])):
        raise RequirementSet
    if not rules.fits_age(requirement, queries.birth_of(queries.person_of(case)), on):
        raise CotIsForBaby
    held = reference.code("placement_requirement", requirement)
    row = PlacementRequirement(
        case_id=case.id, requirement=requirement, life_critical=held.extra.get("life_critical") == "yes",
        set_on=on, detail=detail.strip(),
    )  # fmt: skip
    session.add(row)
    events.happened(events.REQUIREMENT_SET, case, on=on, code=requirement)
    session.flush()
    return row


def end_requirement(case: Case, row: PlacementRequirement, *, on: date) -> None:
    """The requirement no longer holds. Writes requirement.ended."""
    if row.ended_on is not None:
        return
    row.ended_on = max(on, row.set_on)
    events.happened(events.REQUIREMENT_ENDED, case, on=on, code=row.requirement)
    session.flush()
