"""Two records of one person: candidates, decisions, and uniting as a pointer.

Uniting sets `merged_into_id` and nothing else: each record keeps what was entered on it, reading follows the
pointer, and undoing clears it, so that it is exact. What was added after the merge stays with the record it was
entered on. The event person.merged lies on the case of the record that points, `other_key` is the record kept.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.people import events, queries, rules
from caseapp.people.models import Case, DuplicateCandidate, Person
from caseapp.people.refusals import AlreadyDecided, NotUnited


def merge(case: Case, kept: Case, *, on: date) -> None:
    """The person of `case` turned out to be the person of `kept`. Writes person.merged. Raises NotMergeable if
    the two are one already, would make a circle, or lie in different countries."""
    one, other = queries.person_of(case, lock=True), queries.person_of(kept, lock=True)
    rules.may_merge(
        one.id,
        other.id,
        kept_leads_to=_leads_to(other),
        same_country=case.country == kept.country,
        merged=one.merged_into_id is not None,
    )
    one.merged_into_id = other.id
    session.flush()
    events.happened(events.MERGED, case, on=on, person=one, other_case_id=kept.id, code="SAME_PERSON")
    _settle(case.id, kept.id, "SAME")
    session.flush()


def unmerge(case: Case, *, on: date) -> Person:
    """Undo: the record stands for itself again, with all that was ever entered on it. Returns the person it was
    united with. Writes person.unmerged. Raises NotUnited."""
    one = queries.person_of(case, lock=True)
    if one.merged_into_id is None:
        raise NotUnited
    kept = session.get_one(Person, one.merged_into_id)
    one.merged_into_id = None
    session.flush()
    events.happened(events.UNMERGED, case, on=on, person=one, other_case_id=kept.case_id, code="UNMERGED")
    _settle(case.id, kept.case_id, "NOT_SAME")
    session.flush()
    return kept


def _leads_to(person: Person) -> list[UUID]:
    """The persons that the pointers of `person` lead through, to the end."""
    chain = (
        sa.select(Person.id, Person.merged_into_id).where(Person.id == person.id).cte("chain", recursive=True)
    )
    chain = chain.union(
        sa.select(Person.id, Person.merged_into_id).join(chain, Person.id == chain.c.merged_into_id)
    )
    return list(session.scalars(sa.select(chain.c.id)))


def note_candidate(case_id: UUID, other_case_id: UUID, score: int, decision: str = "OPEN") -> None:
    """Two records may be one person. An earlier decision stands; a pair is noted once."""
    first, second = sorted((case_id, other_case_id))
    moment = clock.now()
    row = _pair(first, second)
    if row is None:
        row = DuplicateCandidate(case_id=first, other_case_id=second, found_at=moment)
        session.add(row)
    elif row.decision != "OPEN":
        return
    row.score = score
    _decided(row, decision)
    session.flush()


def _pair(first: UUID, second: UUID) -> DuplicateCandidate | None:
    return session.scalars(
        sa.select(DuplicateCandidate).where(
            DuplicateCandidate.case_id == first, DuplicateCandidate.other_case_id == second
        )
    ).one_or_none()


def _decided(row: DuplicateCandidate, decision: str) -> None:
    row.decision = decision
    opened = decision == "OPEN"
    row.decided_at = None if opened else clock.now()
    row.decided_by_id = None if opened else access.current().user_id


def _settle(case_id: UUID, other_case_id: UUID, decision: str) -> None:
    row = _pair(*sorted((case_id, other_case_id)))
    if row is not None:
        _decided(row, decision)


def decide_candidate(row: DuplicateCandidate, decision: str, *, on: date) -> None:
    """SAME unites the younger record with the older one, NOT_SAME lets the pair rest. Raises AlreadyDecided."""
    if row.decision != "OPEN":
        raise AlreadyDecided
    if decision == "SAME":
        # Case ids are time-ordered and the pair is kept smaller first: the older file stays.
        merge(session.get_one(Case, row.other_case_id), session.get_one(Case, row.case_id), on=on)
    _decided(row, decision)
    session.flush()


def rest_pairs(new: list[tuple[UUID, UUID, int]], decision: str = "NOT_SAME") -> None:
    """Note many pairs (case, other case, score) that were decided, or left open, while registering."""
    for case_id, other_case_id, score in new:
        note_candidate(case_id, other_case_id, score, decision)
